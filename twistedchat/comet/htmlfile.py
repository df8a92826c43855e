"""htmlfile: an endless HTML page in an iframe whose scripts hand each frame to the page around it."""

from twistedchat.comet.answers import HTML, NO_CACHE, NOSNIFF
from twistedchat.comet.callbacks import callback_of
from twistedchat.comet.mount import Mount
from twistedchat.comet.receivers import StreamReceiver
from twistedchat.comet.xhr import cookies
from twistedchat.core.frames import HTMLFILE, HTMLFILE_CHUNKED
from twistedchat.interfaces import IExchange

_HEAD = """<!doctype html>
<html><head>
  <meta http-equiv="X-UA-Compatible" content="IE=edge" />
  <meta http-equiv="Content-Type" content="text/html; charset=UTF-8" />
</head><body><h2>Don't panic!</h2>
  <script>
"""
_DOMAIN = "    document.domain = document.domain;\n"
_TAIL = """    var c = parent.%s;
    c.start();
    function p(d) {c.message(d);};
    window.onload = function() {c.stop();};
  </script>"""
# WebKits show nothing of a streamed frame below 512 bytes, others below 1024.
_SIZE = 2048


def page(callback: str, document_domain: bool) -> bytes:
    """Return what comes before the first frame; ``callback`` must have been checked."""
    whole = _HEAD + (_DOMAIN if document_domain else "") + _TAIL % callback
    return (whole.ljust(_SIZE) + "\r\n\r\n").encode("ascii")


def stream(mount: Mount, exchange: IExchange, session_id: str) -> None:
    """GET ``htmlfile?c=CALLBACK``: the page, then a script element a frame."""
    callback = callback_of(exchange)
    if callback is None:
        return
    policy = b"default-src 'none'; script-src 'unsafe-inline'"
    ancestors = mount.origins.ancestors()
    if ancestors is not None:
        policy += b"; frame-ancestors " + ancestors.encode("ascii")
    receiver = StreamReceiver(
        "htmlfile",
        exchange,
        HTMLFILE_CHUNKED if exchange.http11 else HTMLFILE,
        [HTML, NO_CACHE, NOSNIFF, (b"Content-Security-Policy", policy), *cookies(mount, exchange)],
        mount.clockwork.now,
        mount.policy.response_limit_bytes,
        page(callback, mount.policy.document_domain),
    )
    exchange.watch(receiver)
    mount.receive(session_id, receiver)
