"""The two kinds of receivers over HTTP: a poll takes one frame, a stream takes many."""

from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IAddress
from zope.interface import implementer

from twistedchat.comet.answers import UNBUFFERED, Headers, text
from twistedchat.core.frames import Envelope, close_frame
from twistedchat.core.session import Session
from twistedchat.interfaces import IExchange, IExchangeListener, IReceiver


class _HttpReceiver:
    """What both kinds have in common: an exchange, and the session that hears of its pauses and its end."""

    __slots__ = (
        "_exchange",
        "_headers",
        "_now",
        "address",
        "envelope",
        "gone",
        "name",
        "origin",
        "room",
        "session",
        "writable",
    )

    def __init__(
        self, name: str, exchange: IExchange, envelope: Envelope, headers: Headers, now: Callable[[], float]
    ) -> None:
        self.name = name
        self.envelope = envelope
        self.address: IAddress = exchange.address
        self.origin: str | None = exchange.header(b"origin")
        self.room = 1
        self.writable = True
        self.gone = False
        self.session: Session | None = None
        self._exchange = exchange
        self._headers = headers
        self._now = now

    def refuse(self, status: int, message: str) -> None:
        """Answer without a session; only before ``start``."""
        text(self._exchange, status, message, self._headers[1:])

    def close(self, code: int, reason: str) -> None:
        """Send the close frame and end."""
        self.write(self.envelope.wrap(close_frame(code, reason)))
        self.end()

    def write(self, data: bytes) -> None:
        """Send framed bytes."""
        raise NotImplementedError

    def end(self) -> None:
        """End normally."""
        self._exchange.end()

    def abort(self) -> None:
        """Drop the connection."""
        self._exchange.abort()

    def exchangePaused(self) -> None:
        """The reader does not keep up."""
        if self.writable:
            self.writable = False
            if self.session is not None:
                self.session.paused(_receiver(self), self._now())

    def exchangeResumed(self) -> None:
        """The reader has caught up."""
        if not self.writable:
            self.writable = True
            if self.session is not None:
                self.session.resumed(_receiver(self), self._now())

    def exchangeGone(self) -> None:
        """The client went away."""
        self.gone = True
        if self.session is not None:
            self.session.gone(_receiver(self), self._now())


def _receiver(receiver: Any) -> Any:
    """A receiver as core knows it."""
    return receiver


@implementer(IReceiver, IExchangeListener)
class PollReceiver(_HttpReceiver):
    """Takes one frame as a whole answer."""

    __slots__ = ()
    streaming = False

    def start(self) -> None:
        """Nothing comes before the frame."""

    def write(self, data: bytes) -> None:
        """Send the frame, and with it the whole answer."""
        exchange = self._exchange
        self.room = 0
        exchange.head(200, self._headers, len(data))
        exchange.write(data)
        exchange.end()


@implementer(IReceiver, IExchangeListener)
class StreamReceiver(_HttpReceiver):
    """Takes frames up to a byte limit.

    The limit counts frames without the chunks that they travel in, so that a proxy's chunking changes nothing.
    """

    __slots__ = ("_chunked", "_prelude", "_send")
    streaming = True

    def __init__(
        self,
        name: str,
        exchange: IExchange,
        envelope: Envelope,
        headers: Headers,
        now: Callable[[], float],
        limit: int,
        prelude: bytes,
    ) -> None:
        super().__init__(name, exchange, envelope, headers, now)
        self.room = limit
        self._prelude = prelude
        self._chunked: bool = exchange.http11
        self._send: Callable[[bytes], None] = exchange.writeFramed

    def start(self) -> None:
        """Send head and prelude."""
        exchange = self._exchange
        exchange.head(200, (*self._headers, UNBUFFERED))
        exchange.write(self._prelude)
        self._send = exchange.writeFramed
        # There are very many idle streams, and an htmlfile page has 2 KB.
        self._headers, self._prelude = (), b""

    def write(self, data: bytes) -> None:
        """Send framed bytes."""
        size = len(data)
        # A chunk is its size in hex digits, two line ends, and the frame.
        self.room -= size - 4 - ((size.bit_length() + 3) >> 2) if self._chunked else size
        self._send(data)

    def end(self) -> None:
        """End normally."""
        self._send = self._exchange.writeFramed
        self._exchange.end()
