"""Headers and short answers that the transports share. Source: the SockJS 0.3 protocol."""

from collections.abc import Sequence
from functools import lru_cache

from twistedchat.interfaces import IExchange

Headers = Sequence[tuple[bytes, bytes]]

NO_CACHE = (b"Cache-Control", b"no-store, no-cache, no-transform, must-revalidate, max-age=0")
TEXT = (b"Content-Type", b"text/plain; charset=UTF-8")
JAVASCRIPT = (b"Content-Type", b"application/javascript; charset=UTF-8")
HTML = (b"Content-Type", b"text/html; charset=UTF-8")
EVENT_STREAM = (b"Content-Type", b"text/event-stream")
JSON = (b"Content-Type", b"application/json; charset=UTF-8")
NOSNIFF = (b"X-Content-Type-Options", b"nosniff")
# Proxies that buffer would hold a stream back for ever.
UNBUFFERED = (b"X-Accel-Buffering", b"no")

YEAR_S = 31_536_000
_VARY = (b"Vary", b"Origin")
_ANY_ORIGIN = (b"Access-Control-Allow-Origin", b"*")
_CREDENTIALS = (b"Access-Control-Allow-Credentials", b"true")
_COOKIE_SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~!#$&'*+/=:@%|")
_MAX_COOKIE = 256


def answer(exchange: IExchange, status: int, body: bytes = b"", headers: Headers = ()) -> None:
    """Send a whole answer."""
    exchange.head(status, headers, len(body))
    if body:
        exchange.write(body)
    exchange.end()


def text(exchange: IExchange, status: int, message: str, headers: Headers = ()) -> None:
    """Send a short text."""
    answer(exchange, status, message.encode("utf-8"), (TEXT, *headers))


def not_found(exchange: IExchange, headers: Headers = ()) -> None:
    """404, in plain text."""
    text(exchange, 404, "Not found\n", headers)


def cors(exchange: IExchange) -> Headers:
    """Return the headers that let a page of the request's (allowed) origin read the answer."""
    return _cors(exchange.header(b"origin"))


@lru_cache(maxsize=256)  # the same few come with every request
def _cors(origin: str | None) -> Headers:
    if origin is None:
        return (_ANY_ORIGIN, _VARY)
    return ((b"Access-Control-Allow-Origin", origin.encode("latin-1")), _CREDENTIALS, _VARY)


def cors_for_eventsource(exchange: IExchange) -> Headers:
    """As ``cors``; an opaque origin gets ``*``, which is what EventSource implementations accept."""
    if exchange.header(b"origin") == "null":
        return _cors(None)
    return cors(exchange)


def jsessionid(exchange: IExchange) -> tuple[bytes, bytes]:
    """Return the cookie header that echoes JSESSIONID, or sets "dummy"; a value that could harm is not echoed."""
    value = "dummy"
    for part in (exchange.header(b"cookie") or "").split(";"):
        name, _, sent = part.strip().partition("=")
        if name == "JSESSIONID" and sent and len(sent) <= _MAX_COOKIE and _COOKIE_SAFE.issuperset(sent):
            value = sent
    return (b"Set-Cookie", f"JSESSIONID={value}; path=/".encode("ascii"))
