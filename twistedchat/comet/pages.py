"""What a mount serves besides sessions: greeting, iframe page, info."""

import hashlib
import secrets
from email.utils import formatdate
from functools import lru_cache
from html import escape
from time import time

import msgspec

from twistedchat.comet.answers import HTML, JSON, NO_CACHE, TEXT, YEAR_S, answer, cors
from twistedchat.comet.mount import Mount
from twistedchat.interfaces import IExchange

_IFRAME = """<!DOCTYPE html>
<html>
<head>
  <meta http-equiv="X-UA-Compatible" content="IE=edge" />
  <meta http-equiv="Content-Type" content="text/html; charset=UTF-8" />
  <script src="%s"></script>
  <script>
%s    SockJS.bootstrap_iframe();
  </script>
</head>
<body>
  <h2>Don't panic!</h2>
  <p>This is a SockJS hidden iframe. It's used for cross domain magic.</p>
</body>
</html>"""


def greeting(mount: Mount, exchange: IExchange) -> None:
    """GET the mount itself."""
    answer(exchange, 200, b"Welcome to SockJS!\n", [TEXT])


@lru_cache(maxsize=8)
def iframe_page(sockjs_url: str, document_domain: bool) -> tuple[bytes, str]:
    """Return the iframe page and its entity tag."""
    domain = "    document.domain = document.domain;\n" if document_domain else ""
    body = (_IFRAME % (escape(sockjs_url), domain)).encode("utf-8")
    return body, f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def iframe(mount: Mount, exchange: IExchange) -> None:
    """GET ``iframe….html``: the page in which a cross-origin client works.

    Its ``frame-ancestors`` follow the allow list; otherwise it would be a hole through it.
    """
    policy = mount.policy
    body, etag = iframe_page(policy.sockjs_url, policy.document_domain)
    headers = [(b"ETag", etag.encode("ascii")), *_caching(policy.iframe_cache_s)]
    ancestors = mount.origins.ancestors()
    if ancestors is not None:
        headers.append((b"Content-Security-Policy", _iframe_csp(policy.sockjs_url, ancestors)))
    if _matches(exchange.header(b"if-none-match"), etag):
        answer(exchange, 304, b"", headers)
    else:
        answer(exchange, 200, body, [HTML, *headers])


def _iframe_csp(sockjs_url: str, ancestors: str) -> bytes:
    parts = sockjs_url.split("/")
    source = f"'self' {'/'.join(parts[:3])}" if "://" in sockjs_url else "'self'"
    return (
        f"default-src 'none'; script-src {source} 'unsafe-inline'; connect-src 'self'; frame-src 'self'; "
        f"base-uri 'none'; frame-ancestors {ancestors}"
    ).encode("ascii")


def _caching(seconds: int) -> list[tuple[bytes, bytes]]:
    if not seconds:
        return [(b"Cache-Control", b"no-cache")]
    return [
        (b"Cache-Control", b"public, max-age=%d" % seconds),
        (b"Expires", formatdate(time() + seconds, usegmt=True).encode("ascii")),
    ]


def _matches(header: str | None, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/") for tag in (header or "").split(",")]
    return etag in tags or "*" in tags


def info(mount: Mount, exchange: IExchange) -> None:
    """GET ``info``: what this mount can do, and randomness for clients that have none."""
    policy = mount.policy
    body = msgspec.json.encode(
        {
            "websocket": policy.websocket,
            "origins": ["*:*"],
            "cookie_needed": policy.cookie,
            "entropy": secrets.randbits(32),
        }
    )
    answer(exchange, 200, body, [JSON, NO_CACHE, *cors(exchange)])


def preflight(exchange: IExchange, methods: str) -> None:
    """OPTIONS: what a cross-origin page may do here."""
    headers = [
        (b"Access-Control-Allow-Methods", methods.encode("ascii")),
        (b"Access-Control-Max-Age", b"%d" % YEAR_S),
        *_caching(YEAR_S),
        *cors(exchange),
    ]
    asked = exchange.header(b"access-control-request-headers")
    if asked:
        headers.append((b"Access-Control-Allow-Headers", asked.encode("latin-1")))
    answer(exchange, 204, b"", headers)
