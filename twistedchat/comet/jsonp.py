"""JSONP polling: frames as calls of a function of the page, and its form-encoded sends."""

from urllib.parse import parse_qsl

from twistedchat.comet.answers import JAVASCRIPT, NO_CACHE, NOSNIFF
from twistedchat.comet.callbacks import callback_of
from twistedchat.comet.mount import Mount
from twistedchat.comet.receivers import PollReceiver
from twistedchat.comet.xhr import cookies, deliver
from twistedchat.core.frames import jsonp_envelope
from twistedchat.interfaces import IExchange

# A form has one field; whoever sends more is not one of ours.
_MAX_FIELDS = 10


def poll(mount: Mount, exchange: IExchange, session_id: str) -> None:
    """GET ``jsonp?c=CALLBACK``: one frame as a call of CALLBACK."""
    callback = callback_of(exchange)
    if callback is None:
        return
    headers = [JAVASCRIPT, NO_CACHE, NOSNIFF, *cookies(mount, exchange)]
    receiver = PollReceiver("jsonp-polling", exchange, jsonp_envelope(callback), headers, mount.clockwork.now)
    exchange.watch(receiver)
    mount.receive(session_id, receiver)


def send(mount: Mount, exchange: IExchange, session_id: str) -> None:
    """POST ``jsonp_send``: the form field ``d``, or the JSON itself; answers ``ok``."""
    body = exchange.body()
    kind = (exchange.header(b"content-type") or "").partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded" and len(body) <= 3 * mount.policy.max_body_bytes:
        body = _field(body)
    deliver(mount, exchange, session_id, body, 200, b"ok", [])


def _field(body: bytes) -> bytes:
    """Return the field ``d`` of a form, or nothing."""
    try:
        fields = dict(parse_qsl(body.decode("latin-1"), encoding="latin-1", max_num_fields=_MAX_FIELDS))
    except ValueError:
        return b""
    return fields.get("d", "").encode("latin-1")
