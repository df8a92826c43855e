"""WebSocket on the HTTP port: autobahn for the handshake and for receiving, ready-framed bytes past it for sending.

Source: RFC 6455; the SockJS 0.3 protocol.
"""

from typing import Any

from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from twisted.internet.interfaces import IAddress, IPushProducer
from twisted.logger import Logger
from twisted.web.http import Request
from zope.interface import implementer

from twistedchat.comet.answers import TEXT, text
from twistedchat.comet.exchange import WebExchange
from twistedchat.comet.leftovers import settled, shed
from twistedchat.comet.mount import BUSY, Mount
from twistedchat.comet.transport import SessionTransport
from twistedchat.core.errors import TooManySessions
from twistedchat.core.frames import RAW_WEBSOCKET, WEBSOCKET, Envelope, close_frame
from twistedchat.core.inbound import BadInput, decode_frame, mend
from twistedchat.core.session import Session
from twistedchat.interfaces import IReceiver

_ENDLESS = 1 << 62
_MAX_REASON_BYTES = 123
UNSUPPORTED_DATA, INVALID_PAYLOAD, TOO_BIG = 1003, 1007, 1009


class _QuietLog:
    """What autobahn logs to. What a peer did wrong is told to the peer: a line for each would flood the log."""

    _log = Logger()

    def debug(self, *args: Any, **fields: Any) -> None:
        """Nothing."""

    info = warn = debug

    def error(self, text: str = "", **fields: Any) -> None:
        """Log an error of ours."""
        self._log.error("websocket: " + text, **fields)

    def failure(self, text: str = "", **fields: Any) -> None:
        """Log a failure of ours."""
        self._log.failure("websocket: " + text, **fields)


@implementer(IReceiver, IPushProducer)
class WebSocketReceiver(WebSocketServerProtocol):  # type: ignore[misc]  # autobahn has no types
    """One WebSocket: at the same time the protocol on the socket and the session's receiver for all its life."""

    log = _QuietLog()
    streaming = True
    name = "websocket"
    envelope: Envelope = WEBSOCKET
    room = _ENDLESS
    writable = True
    session: Session | None = None
    closeHandshakeTimeoutCall: Any
    origin: str | None = None
    address: IAddress

    def adopt(self, mount: Mount, exchange: WebExchange, lease: Any) -> SessionTransport:
        """Take a place in ``mount``.

        Args:
            lease: the front's count of this connection, or None; released with the connection.

        Raises:
            TooManySessions: there is none left.
        """
        self.address = exchange.address
        self.origin = exchange.header(b"origin")
        self._mount = mount
        self._lease = lease
        self._session_transport = mount.admit(None, self)
        return self._session_transport

    # --- as a receiver

    def start(self) -> None:
        """Nothing comes before the first frame."""

    def write(self, data: bytes) -> None:
        """Send framed bytes straight to the transport; nothing after a close frame went out."""
        if self.session is not None:
            self.transport.write(data)

    def close(self, code: int, reason: str) -> None:
        """Send the session's close frame, and close the WebSocket."""
        if self.session is None:
            return
        if self.envelope.bare:
            self._finish(code, reason)
        else:
            self.transport.write(self.envelope.wrap(close_frame(code, reason)))
            self._finish(1000, "")

    def end(self) -> None:
        """A WebSocket is never ended to be opened again."""

    def abort(self) -> None:
        """Drop the connection."""
        self._leave()
        self.transport.abortConnection()

    def pauseProducing(self) -> None:
        """The socket's buffer is full."""
        if self.writable:
            self.writable = False
            if self.session is not None:
                self.session.paused(self, self._mount.clockwork.now())

    def resumeProducing(self) -> None:
        """The socket's buffer has emptied."""
        if not self.writable:
            self.writable = True
            if self.session is not None:
                self.session.resumed(self, self._mount.clockwork.now())

    def stopProducing(self) -> None:
        """The connection ends; ``connectionLost`` tells it."""

    # --- as autobahn's protocol

    def onOpen(self) -> None:
        """The handshake is done: drop what it needed, and open the session."""
        # The dead HTTP channel is still the transport's producer; it would keep itself alive and hide pauses from us.
        self.transport.unregisterProducer()
        self.transport.registerProducer(self, True)
        shed(self)
        self.session = self._session_transport.session
        self._session_transport.attach(self, self._mount.clockwork.now())

    def dataReceived(self, data: bytes) -> None:
        """Bytes came; autobahn's own way here formats a log line that nobody reads."""
        self._dataReceived(data)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        """A whole message: a JSON array of strings or one string."""
        session = self.session
        if session is None:
            return
        if isBinary:
            self._finish(UNSUPPORTED_DATA, "Text only.")
            return
        try:
            messages = self._decode(payload)
        except BadInput as error:
            self._finish(TOO_BIG if error.too_big else INVALID_PAYLOAD, error.text)
            return
        if messages:
            session.receive(messages)

    def onCloseFrame(self, code: int | None, reasonRaw: bytes | None) -> Any:
        """The client closes: nothing more is sent than the answer to that, and nothing to one that does not read."""
        if not self.writable:
            self.abort()
            return True
        self._leave()
        return super().onCloseFrame(code, reasonRaw)

    def sendCloseFrame(self, *args: Any, **options: Any) -> None:
        """Whoever closes, autobahn for a broken frame too: nothing is sent after that, and the session is over."""
        self._leave()
        super().sendCloseFrame(*args, **options)

    def connectionLost(self, reason: Any = None) -> None:
        """The connection is gone."""
        self._leave()
        self._mount.forget(self._session_transport)
        if self._lease is not None:
            self._lease.release()
            self._lease = None
        closing: Any = self.closeHandshakeTimeoutCall
        self.closeHandshakeTimeoutCall = None
        if closing is not None and closing.active():
            closing.cancel()
        super().connectionLost(reason)

    def _decode(self, payload: bytes) -> list[str]:
        policy = self._mount.policy
        return decode_frame(payload, policy.max_message_bytes, policy.max_batch)

    def _finish(self, code: int, reason: str) -> None:
        self.sendCloseFrame(
            code, reason.encode("utf-8")[:_MAX_REASON_BYTES].decode("utf-8", "ignore").encode("utf-8")
        )

    def _leave(self) -> None:
        session, self.session = self.session, None
        if session is not None:
            # A transport with a paused producer would never finish closing.
            self.transport.unregisterProducer()
            session.gone(self, self._mount.clockwork.now())


class RawWebSocketReceiver(WebSocketReceiver):
    """The same without SockJS's frames: a WebSocket message is a message."""

    name = "websocket-raw"
    envelope = RAW_WEBSOCKET

    def _decode(self, payload: bytes) -> list[str]:
        if len(payload) > self._mount.policy.max_message_bytes:
            raise BadInput("Message too big.", too_big=True)
        return [mend(payload.decode("utf-8", "replace"))]


def websocket_factory(reactor: Any, max_message_bytes: int, raw: bool) -> Any:
    """Return autobahn's factory, with limits set, its own pings and compression off.

    Compression costs 40 KB a connection and chat messages are small; heartbeats come from the clockwork.
    """
    factory = WebSocketServerFactory(reactor=reactor)
    factory.setProtocolOptions(
        webStatus=False,
        maxFramePayloadSize=max_message_bytes,
        maxMessagePayloadSize=max_message_bytes,
        failByDrop=False,
        echoCloseCodeReason=True,
        autoPingInterval=0,
        # The handshake is shown to it whole.
        openHandshakeTimeout=0,
        closeHandshakeTimeout=5,
        tcpNoDelay=True,
        perMessageCompressionAccept=lambda _: None,
        # The allow list has been asked before.
        allowNullOrigin=True,
    )
    factory.protocol = settled(RawWebSocketReceiver if raw else WebSocketReceiver, factory)
    # autobahn's own timer uses the installed reactor and leaves calls behind.
    factory._batched_timer = _Timer(reactor)
    return factory


class _Timer:
    """The timer that autobahn asks for, on the reactor that it was given."""

    __slots__ = ("_reactor",)

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor

    def call_later(self, delay_s: float, call: Any, *args: Any) -> Any:
        """Call later; returns what can be cancelled."""
        return self._reactor.callLater(delay_s, call, *args)


def upgrade(mount: Mount, exchange: WebExchange, request: Request, factory: Any) -> None:
    """Take the connection over from HTTP, or answer why not."""
    if (exchange.header(b"upgrade") or "").lower() != "websocket":
        text(exchange, 400, 'Can "Upgrade" only to "WebSocket".')
    elif "upgrade" not in (exchange.header(b"connection") or "").lower():
        text(exchange, 400, '"Connection" must be "Upgrade".')
    elif request.channel.transport is None or not exchange.http11:
        exchange.head(426, [TEXT, (b"Upgrade", b"websocket")], 0)
        exchange.end()
    else:
        receiver = factory.buildProtocol(exchange.address)
        try:
            receiver.adopt(mount, exchange, getattr(request.channel, "lease", None))
        except TooManySessions:
            text(exchange, 503, BUSY)
            return
        take_over(request, receiver)


def take_over(request: Request, protocol: Any) -> None:
    """Make ``protocol`` the owner of the request's connection, and show it the request again."""
    channel: Any = request.channel
    if hasattr(channel, "lease"):
        channel.lease = None
    transport: Any = channel.transport
    channel.transport = None
    owner: Any = getattr(transport, "protocol", None)
    if hasattr(transport, "wrappedProtocol"):  # TLS: the transport is the wrapper
        transport.wrappedProtocol = protocol
    elif hasattr(owner, "wrappedProtocol"):
        owner.wrappedProtocol = protocol
    else:
        transport.protocol = protocol
    protocol.makeConnection(transport)
    if hasattr(transport, "resumeProducing"):
        transport.resumeProducing()
    lines = [request.method + b" " + request.uri + b" HTTP/1.1"]
    for name, values in request.requestHeaders.getAllRawHeaders():
        lines.append(name + b": " + b",".join(values))
    protocol.dataReceived(b"\r\n".join(lines) + b"\r\n\r\n")
