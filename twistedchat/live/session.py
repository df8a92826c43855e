"""The protocol that each comet session speaks: probes, a hello, and then its live client's messages."""

from math import inf
from typing import TYPE_CHECKING

from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure

from twistedchat.core import codes, wire
from twistedchat.core.errors import ProtocolError
from twistedchat.interfaces import ISessionTransport

if TYPE_CHECKING:
    from twistedchat.live.client import LiveClient
    from twistedchat.live.server import LiveServer

_log = Logger()

MAX_PROBES = 10


class LiveProtocol(Protocol):
    """One comet session: probes, then a hello, then whatever its live client makes of it."""

    transport: ISessionTransport

    def __init__(self, server: "LiveServer") -> None:
        self._server = server
        self._client: LiveClient | None = None
        self._probes = 0
        self._admitted = False
        self.deadline = inf
        self.wheel_slot: int | None = None

    def connectionMade(self) -> None:
        """A session before hello has no authority, and not for long; an address has not many of them."""
        if not self._server.admit(self.transport.peer):
            self.transport.close(codes.OVERLOADED.code, codes.OVERLOADED.reason)
            return
        self._admitted = True
        self.deadline = self._server.clock.seconds() + self._server.limits.hello_within_s
        self._server.watch(self)

    def tick(self, now: float) -> None:
        """The wheel's turn: no hello came in time."""
        if not self._admitted:
            return
        self._settle()
        self._close(codes.NO_HELLO)

    def dataReceived(self, data: bytes) -> None:
        """Handle one message; what breaks the protocol ends the session with the code that says why."""
        try:
            message = wire.decode(data)
            if self._client is None:
                self._before_hello(message)
            elif self._client.session is self.transport:
                self._client.received(message)
        except ProtocolError as error:
            _log.debug("{peer} broke the protocol: {error}", peer=self.transport.peer, error=error)
            self._close(error.code)

    def _before_hello(self, message: wire.Message) -> None:
        match message:
            case wire.Hello():
                self._settle()
                self._client = self._server.hello(message.fields, self.transport)
            case wire.Probe() if self._probes < MAX_PROBES:
                self._probes += 1
                self.transport.write(wire.encode(["probe", message.token]).encode())
            case _:
                raise ProtocolError(codes.BAD_HELLO, "no hello came first")

    def _close(self, code: codes.CloseCode) -> None:
        client = self._client
        if client is not None and client.session is self.transport:
            client.detach()
        self.transport.close(code.code, code.reason)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The session is gone; its live client waits for another."""
        self._settle()
        client = self._client
        if client is not None and client.session is self.transport:
            client.detach()

    def _settle(self) -> None:
        if self._admitted:
            self._admitted = False
            self._server.settled(self, self.transport.peer)
