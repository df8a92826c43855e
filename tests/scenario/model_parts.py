"""What the model puts between a real server and its peers: lines, a store that fails, a face that counts."""

from collections import Counter, deque
from typing import Any

from twisted.internet.defer import Deferred, fail
from twisted.internet.task import Clock, deferLater
from twisted.python.failure import Failure
from zope.interface import implementer

from twistedchat.backends.memory import MemoryBackend
from twistedchat.chat.chatter import Chatter
from twistedchat.core.entry import Appended, Revision
from twistedchat.core.errors import StoreUnavailable, StoreUnknown
from twistedchat.core.frames import Prepared
from twistedchat.interfaces import IBackend, ISessionTransport
from twistedchat.live.element import expose

ROOM = "room/lobby"


class CountingChatter(Chatter):
    """The chat's face, with a method that counts how often it ran for each token."""

    counts: Counter[str]

    @expose
    def count(self, token: str) -> str:
        self.counts[token] += 1
        return token


@implementer(IBackend)
class Store(MemoryBackend):
    """A memory backend whose next append may fail, be late, or be done and not answered."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.fate = "done"
        self.truth: dict[int, str] = {}
        self._clock = clock

    def append(
        self, channel: str, identity: str, id: str, event: str, at: float, revision: Revision | None = None
    ) -> "Deferred[Appended]":
        fate, self.fate = self.fate, "done"
        if fate == "unavailable":
            return fail(StoreUnavailable("down"))
        if fate == "unknown, not done":
            return fail(StoreUnknown("no answer"))
        d = super().append(channel, identity, id, event, at, revision)
        if channel == ROOM:
            d.addCallback(self._remember)
        if fate == "unknown, done":
            return d.addCallback(lambda _: fail(StoreUnknown("no answer")))
        if fate == "late":
            return deferLater(self._clock, 3, lambda: d)
        return d

    def _remember(self, appended: Appended) -> Appended:
        self.truth[appended.entry.offset] = appended.entry.id
        return appended


@implementer(ISessionTransport)
class Line:
    """One session between a peer and the server: the server's transport, and two queues.

    Attributes:
        up, down: what is under way; a ``(code, reason)`` in ``down`` is a close.
        cut: nothing passes any more.
        open: the server's protocol has not heard of its end.
    """

    origin = None
    peer = "203.0.113.7"

    def __init__(self, clock: Clock, name: str) -> None:
        self.name = name
        self.writable = True
        self.disconnecting = False
        self.up: deque[str] = deque()
        self.down: deque[str | tuple[int, str]] = deque()
        self.delivered = ""
        self.cut = False
        self.open = True
        self._clock = clock
        self._producer: Any = None
        self.protocol: Any = None

    # --- ISessionTransport

    def send(self, prepared: Prepared) -> None:
        if not self.disconnecting and not self.cut:
            self.down += prepared.messages

    def write(self, data: bytes) -> None:
        self.send(Prepared(data.decode()))

    def writeSequence(self, iovec: Any) -> None:
        for data in iovec:
            self.write(data)

    def close(self, code: int = 3000, reason: str = "Go away!") -> None:
        if not self.disconnecting:
            self.disconnecting = True
            self.writable = False
            self.down.append((code, reason))
            self._clock.callLater(0, self.lose)

    def loseConnection(self) -> None:
        self.close()

    def abortConnection(self) -> None:
        self.close(1002, "aborted")

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        self._producer = producer
        if self.disconnecting:
            producer.stopProducing()

    def unregisterProducer(self) -> None:
        self._producer = None

    def getPeer(self) -> None:
        return None

    def getHost(self) -> None:
        return None

    # --- what the model does to it

    def lose(self) -> None:
        """The server hears that the session is over."""
        if self.open:
            self.open = False
            self.disconnecting = True
            self.writable = False
            self.protocol.connectionLost(Failure(ConnectionError()))

    def flow(self, writable: bool) -> None:
        """The client's connection is full, or has room again."""
        if self.disconnecting or writable is self.writable:
            return
        self.writable = writable
        if self._producer is not None:
            (self._producer.resumeProducing if writable else self._producer.pauseProducing)()
