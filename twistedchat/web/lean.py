"""Exchanges past twisted.web: what a plain request to a part of the site that offers an entrance is answered through.

The channel is twisted.web's own all the same: while an exchange is under way it stands in the channel's queue as a request
does, so that pipelined bytes wait, a reader's pauses and the connection's end are told, and limits hold as ever.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from time import time
from typing import TYPE_CHECKING, Any

from twisted.internet.interfaces import IAddress
from twisted.python.failure import Failure
from twisted.web.http import NO_BODY_CODES, RESPONSES, datetimeToString, parse_qs
from twisted.web.server import version
from zope.interface import implementer

from twistedchat.comet.exchange import Watched
from twistedchat.core.frames import chunk
from twistedchat.core.origins import Evidence
from twistedchat.core.plain import PlainHead, PlainRequest
from twistedchat.interfaces import IExchange

if TYPE_CHECKING:
    from twistedchat.web.front import BoundedChannel

Headers = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True, eq=False)
class Caller:
    """What was found out about whoever sends requests with a certain head on a certain connection.

    Attributes:
        head: that head.
        address: the client's address, after trusted proxies.
        evidence: what the head says about the page.
    """

    head: PlainHead
    address: IAddress
    evidence: Evidence


def make_caller(head: PlainHead, address: IAddress, scheme: str) -> Caller:
    """Return who sends ``head``, from ``address`` (after trusted proxies) by ``scheme``, "http" or "https"."""
    fields = head.fields
    origin, host = fields.get(b"origin"), fields[b"host"]
    if origin is not None:  # the others would not be asked
        evidence = Evidence(origin, None, None, scheme, host)
    else:
        evidence = Evidence(None, fields.get(b"sec-fetch-site"), fields.get(b"referer"), scheme, host)
    return Caller(head, address, evidence)


@implementer(IExchange)
class LeanExchange(Watched):
    """One plain request and its answer."""

    __slots__ = (
        "_caller",
        "_channel",
        "_head",
        "_request",
        "_streaming",
        "address",
        "code",
        "method",
        "peer",
    )

    http11 = True

    def __init__(self, channel: "BoundedChannel", request: PlainRequest, caller: Caller) -> None:
        super().__init__()
        self.method = request.method
        self.address = caller.address
        self.peer: str = getattr(caller.address, "host", None) or str(caller.address)
        self._channel = channel
        self._caller: Caller | None = caller
        self._request: PlainRequest | None = request
        self._head = b""
        self._streaming = False
        self.code = 0

    def header(self, name: bytes) -> str | None:
        """The request header ``name``, or None; before ``head``."""
        assert self._request is not None
        return self._request.head.fields.get(name)

    def argument(self, name: bytes) -> str | None:
        """The first query argument ``name``, or None; before ``head``."""
        assert self._request is not None
        values = parse_qs(self._request.query, 1).get(name)
        return values[0].decode("utf-8", "replace") if values else None

    def body(self) -> bytes:
        """The whole body; before ``head``."""
        assert self._request is not None
        return self._request.body

    def evidence(self) -> Evidence:
        """What the request says about its page; before ``head``."""
        assert self._caller is not None
        return self._caller.evidence

    def watch(self, listener: Any) -> None:
        """Tell ``listener`` when the client goes before the end."""
        self._listener = listener

    def head(self, status: int, headers: Headers, length: int | None = None) -> None:
        """Keep the head for the first piece of the body; of a stream send it, and become the channel's producer."""
        if self._over:
            return
        self.code = status
        self._request = self._caller = None  # a stream may last for hours
        parts = [_status(status), _stamp(int(time()))]
        parts += [b"%b: %b\r\n" % header for header in headers]
        if length is None:
            self._streaming = True
            channel = self._channel
            channel.caller = None
            channel.write(b"".join((*parts, b"Transfer-Encoding: chunked\r\n\r\n")))
            transport: Any = channel.transport
            self.writeFramed = transport.write
            channel.registerProducer(self, True)
            return
        parts.append(b"\r\n" if status in NO_BODY_CODES else b"Content-Length: %d\r\n\r\n" % length)
        self._head = b"".join(parts)

    def write(self, data: bytes) -> None:
        """Send a piece of the body, the first one together with the head."""
        if self._over:
            return
        if self._streaming:
            self.writeFramed(chunk(data))
        else:
            head, self._head = self._head, b""
            self._channel.write(head + data)

    def end(self) -> None:
        """Finish normally: the connection is the next request's. Idempotent."""
        if self._over:
            return
        if self._streaming:
            self.writeFramed(b"0\r\n\r\n")
        elif self._head:
            self._channel.write(self._head)
        self._finish()
        self._channel.requestDone(self)

    def abort(self) -> None:
        """Drop the connection. Idempotent."""
        if self._over:
            return
        self._finish()
        transport: Any = self._channel.transport
        transport.abortConnection()

    def connectionLost(self, reason: Failure) -> None:
        """The channel's word that the client went."""
        self._gone()

    def _finish(self) -> None:
        self._close()
        if self._streaming:
            self._channel.unregisterProducer()


@lru_cache(maxsize=64)
def _status(code: int) -> bytes:
    return b"HTTP/1.1 %d %b\r\n" % (code, RESPONSES.get(code, b"Unknown Status"))


@lru_cache(maxsize=2)
def _stamp(second: int) -> bytes:
    """The fields that twisted.web puts first, good for one second."""
    return b"Server: %b\r\nDate: %b\r\n" % (version, datetimeToString(second))
