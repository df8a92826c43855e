"""What an application's protocol talks to: a SockJS session as a Twisted transport."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IAddress, IProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from twistedchat.core.frames import Prepared
from twistedchat.core.parties import Receiver
from twistedchat.core.session import Session, State
from twistedchat.interfaces import IReceiver, ISessionTransport

if TYPE_CHECKING:
    from twistedchat.comet.mount import Mount

INTERNAL_ERROR = (1011, "Internal error")
TRY_LATER = (1013, "Try again later")


class SessionClosed(ConnectionDone):
    """A session has ended.

    Attributes:
        code: the SockJS close code; 1002 when the client went without a word.
        reason: the text that goes with it.
    """

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


@implementer(ISessionTransport)
class SessionTransport:
    """One session: between its state machine and the application's protocol.

    Errors that the protocol raises are logged and close the session with 1011; they reach no other session.
    """

    _log = Logger()
    __slots__ = (
        "_lingers",
        "_mount",
        "_producer",
        "_protocol",
        "address",
        "disconnecting",
        "id",
        "name",
        "origin",
        "peer",
        "session",
        "writable",
    )

    def __init__(self, mount: "Mount", session_id: str | None, receiver: IReceiver) -> None:
        """Make a session for its first receiver; ``session_id`` is None for a WebSocket."""
        self.id = session_id
        self.name: str = receiver.name
        self.origin: str | None = receiver.origin
        self.address: IAddress = receiver.address
        self.peer: str = getattr(self.address, "host", None) or str(self.address)
        self.writable = False
        self.disconnecting = False
        self._mount = mount
        self._producer: Any = None
        self._protocol: IProtocol | None = None
        self.session = Session(mount.policy, self, self, lingers=session_id is not None)

    # --- for the application

    def send(self, prepared: Prepared) -> None:
        """Send prepared messages."""
        self.session.send(prepared)

    def write(self, data: bytes) -> None:
        """Send one message, UTF-8; what is not UTF-8 becomes U+FFFD."""
        self.session.send(Prepared(data.decode("utf-8", "replace")))

    def writeSequence(self, iovec: Iterable[bytes]) -> None:
        """Send each piece as a message."""
        messages = [data.decode("utf-8", "replace") for data in iovec]
        if messages:
            self.session.send(Prepared(*messages))

    def close(self, code: int = 3000, reason: str = "Go away!") -> None:
        """Close with a code that the client sees, after what was sent before."""
        self.disconnecting = True
        self.session.close(code, reason)

    def loseConnection(self) -> None:
        """The same as ``close()``."""
        self.close()

    def abortConnection(self) -> None:
        """Drop the connection and what waits for it."""
        self.disconnecting = True
        self.session.abort()

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """Pause and resume ``producer`` with the session.

        Raises:
            RuntimeError: there is one already, or it is a pull producer.
        """
        if not streaming:
            raise RuntimeError("only push producers can be registered with a session")
        if self._producer is not None:
            raise RuntimeError("a producer is registered already")
        self._producer = producer
        if self.session.state is not State.OPEN:
            producer.stopProducing()
        elif not self.writable:
            producer.pauseProducing()

    def unregisterProducer(self) -> None:
        """Forget the producer."""
        self._producer = None

    def getPeer(self) -> IAddress:
        """The client's address."""
        return self.address

    def getHost(self) -> IAddress:
        """The client's address too: a session has no end of its own on this side."""
        return self.address

    # --- for the session

    def opened(self) -> None:
        """The client was told ``o``: make the application's protocol."""
        try:
            protocol = self._mount.factory.buildProtocol(self.address)
            if protocol is None:
                self.close(*TRY_LATER)
                return
            self._protocol = protocol
            protocol.makeConnection(self)
        except Exception:
            self._failed()

    def received(self, messages: Sequence[str]) -> None:
        """Messages came; they end with the one that closes the session."""
        protocol = self._protocol
        if protocol is None:
            return
        try:
            for message in messages:
                protocol.dataReceived(message.encode("utf-8"))
                if self.session.state is not State.OPEN:
                    return
        except Exception:
            self._failed()

    def closed(self, code: int, reason: str) -> None:
        """The session is over."""
        self.disconnecting = True
        protocol, self._protocol = self._protocol, None
        self._producer = None
        if protocol is None:
            return
        try:
            protocol.connectionLost(Failure(SessionClosed(code, reason)))
        except Exception:
            self._log.failure("connectionLost failed")

    def writableChanged(self, writable: bool) -> None:
        """Carry the session's state over, and to the producer."""
        self.writable = writable
        producer = self._producer
        if producer is None:
            return
        try:
            if writable:
                producer.resumeProducing()
            else:
                producer.pauseProducing()
        except Exception:
            self._failed()

    def dirty(self, session: Session) -> None:
        """The session wants a flush."""
        self._mount.clockwork.dirty(session)

    def due(self, session: Session) -> None:
        """The session's deadline has changed."""
        self._mount.clockwork.due(session)

    def forget(self, session: Session) -> None:
        """The session's id is free again."""
        self._mount.forget(self)

    # --- for the mount

    def attach(self, receiver: IReceiver, now: float) -> None:
        """Give the session a receiver; its transport's name becomes the session's."""
        self.name = receiver.name
        self.session.attach(_as_receiver(receiver), now)

    def _failed(self) -> None:
        self._log.failure("the application failed; its session is closed")
        self.close(*INTERNAL_ERROR)


def _as_receiver(receiver: IReceiver) -> Receiver:
    """The same object, for the type checker: an IReceiver is what core calls a Receiver."""
    whole: Any = receiver
    typed: Receiver = whole
    return typed
