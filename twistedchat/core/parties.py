"""Who a session deals with: what it writes to, what it tells its events to, what brings it its time."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from twistedchat.core.frames import Envelope

if TYPE_CHECKING:
    from twistedchat.core.session import Session


class Receiver(Protocol):
    """What a session writes to; ``twistedchat.interfaces.IReceiver`` says more."""

    envelope: Envelope
    streaming: bool
    writable: bool
    room: int

    def write(self, data: bytes) -> None: ...
    def close(self, code: int, reason: str) -> None: ...
    def end(self) -> None: ...
    def abort(self) -> None: ...


class Application(Protocol):
    """What a session tells its events to. None of these may raise."""

    def opened(self) -> None: ...
    def received(self, messages: Sequence[str]) -> None: ...
    def closed(self, code: int, reason: str) -> None: ...
    def writableChanged(self, writable: bool) -> None: ...


class Driver(Protocol):
    """What brings a session its time."""

    def dirty(self, session: "Session") -> None:
        """Call ``flush`` at the end of this turn."""

    def due(self, session: "Session") -> None:
        """``deadline`` has changed."""

    def forget(self, session: "Session") -> None:
        """The session is GONE."""
