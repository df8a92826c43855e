"""What exchanges have in common, and an ``IExchange`` over twisted.web's Request."""

from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet.interfaces import IAddress, IPushProducer
from twisted.python.failure import Failure
from twisted.web.http import Request
from zope.interface import implementer

from twistedchat.core.frames import chunk
from twistedchat.core.origins import Evidence
from twistedchat.interfaces import IExchange, IExchangeListener

Headers = Sequence[tuple[bytes, bytes]]


@implementer(IPushProducer)
class Watched:
    """An exchange's listener, and how it hears of pauses and of the client's going."""

    __slots__ = ("_listener", "_over", "writeFramed")

    writeFramed: Callable[[bytes], None]

    def __init__(self) -> None:
        self._listener: IExchangeListener | None = None
        self._over = False
        self.writeFramed = _nowhere

    def pauseProducing(self) -> None:
        """The socket's buffer is full."""
        if self._listener is not None:
            self._listener.exchangePaused()

    def resumeProducing(self) -> None:
        """The socket's buffer has emptied."""
        if self._listener is not None:
            self._listener.exchangeResumed()

    def stopProducing(self) -> None:
        """The connection ends; ``exchangeGone`` tells it."""

    def _close(self) -> None:
        """From now on nothing is written and nobody hears anything."""
        self._over = True
        self._listener = None
        self.writeFramed = _nowhere

    def _gone(self) -> None:
        """The client went; its going after the end is no news."""
        listener = self._listener
        self._close()
        if listener is not None:
            listener.exchangeGone()


@implementer(IExchange)
class WebExchange(Watched):
    """One request of twisted.web.

    On HTTP/1 the pieces of a stream go straight to the connection's transport, since twisted.web's own write costs as much
    again; on anything else (HTTP/2 in a foreign site) they go through the Request.
    """

    __slots__ = ("_head", "_request", "_streaming", "address", "http11", "method", "peer")

    def __init__(self, request: Request, address: IAddress) -> None:
        super().__init__()
        self._request = request
        self._head = b""
        self._streaming = False
        self.method = request.method.decode("ascii", "replace")
        self.http11 = request.clientproto == b"HTTP/1.1"
        self.address = address
        self.peer = getattr(address, "host", None) or str(address)
        self.writeFramed = request.write

    def header(self, name: bytes) -> str | None:
        """The first header ``name``, or None; bytes beyond ASCII are read as Latin-1."""
        values = self._request.requestHeaders.getRawHeaders(name)
        return values[0].decode("latin-1") if values else None

    def argument(self, name: bytes) -> str | None:
        """The first query argument ``name``, or None."""
        values = self._request.args.get(name)
        return values[0].decode("utf-8", "replace") if values else None

    def body(self) -> bytes:
        """The whole body."""
        content: Any = self._request.content
        content.seek(0)
        data: bytes = content.read()
        return data

    def evidence(self) -> Evidence:
        """The headers that tell an origin, with the scheme and host that the visitor used."""
        header = self.header
        origin = header(b"origin")
        scheme, host = "https" if self._request.isSecure() else "http", header(b"host") or ""
        if origin is not None:  # the others would not be asked
            return Evidence(origin, None, None, scheme, host)
        return Evidence(None, header(b"sec-fetch-site"), header(b"referer"), scheme, host)

    def watch(self, listener: IExchangeListener) -> None:
        """Tell ``listener`` when the client goes before the end."""
        self._listener = listener
        self._request.notifyFinish().addErrback(self._lost)

    def head(self, status: int, headers: Headers, length: int | None = None) -> None:
        """Send the head; with ``length`` None also become the producer of the stream."""
        if self._over:
            return
        request = self._request
        request.setResponseCode(status)
        if (
            length
            and self.http11
            and request.method != b"HEAD"
            and getattr(request, "_encoder", None) is None
        ):
            self._ready_head(headers, length)
            return
        put = request.responseHeaders.setRawHeaders
        for name, value in headers:
            put(name, [value])
        if length is not None:
            if status not in (204, 304):
                put(b"Content-Length", [b"%d" % length])
            return
        self._streaming = True
        request.write(b"")
        transport = getattr(request.channel, "transport", None)
        if transport is not None and request.clientproto in (b"HTTP/1.1", b"HTTP/1.0"):
            self.writeFramed = transport.write
        request.registerProducer(self, True)

    def write(self, data: bytes) -> None:
        """Send a piece of the body."""
        if self._over:
            return
        if self._streaming:
            self.writeFramed(chunk(data) if self.http11 else data)
        elif self._head:
            head, self._head = self._head, b""
            self._request.channel.write(head + data)
        else:
            self._request.write(data)

    def end(self) -> None:
        """Finish normally. Idempotent."""
        if self._over:
            return
        self._finish()
        self._request.finish()

    def abort(self) -> None:
        """Drop the connection. Idempotent."""
        if self._over:
            return
        channel: Any = self._request.channel
        self._finish()
        if hasattr(channel, "abortConnection"):
            channel.abortConnection()
        else:
            channel.transport.abortConnection()

    def _ready_head(self, headers: Headers, length: int) -> None:
        """Make the head ourselves, to go out in one piece with the body: half of what twisted.web takes for it.

        What others have put into the request's answer (a site's own headers, Connection: close) is kept. Nothing of
        a client's gets in here unparsed, so no value can hold a line end.
        """
        request = self._request
        lines = [b"HTTP/1.1 %d %b" % (request.code, request.code_message)]
        for name, values in request.responseHeaders.getAllRawHeaders():
            lines += [name + b": " + value for value in values]
        lines += [name + b": " + value for name, value in headers]
        lines.append(b"Content-Length: %d\r\n\r\n" % length)
        self._head = b"\r\n".join(lines)
        request.startedWriting = 1
        request.sentLength = length

    def _finish(self) -> None:
        self._close()
        if self._streaming:
            self._request.unregisterProducer()

    def _lost(self, reason: Failure) -> None:
        self._gone()


def _nowhere(data: bytes) -> None:
    """Where the bytes for a client that is gone go."""
