"""XHR polling, XHR streaming, and how their clients send."""

from twisted.logger import Logger
from twisted.python.failure import Failure

from twistedchat.comet.answers import (
    JAVASCRIPT,
    NO_CACHE,
    TEXT,
    Headers,
    answer,
    cors,
    jsessionid,
    not_found,
    text,
)
from twistedchat.comet.mount import Mount
from twistedchat.comet.receivers import PollReceiver, StreamReceiver
from twistedchat.core.frames import XHR, XHR_CHUNKED
from twistedchat.core.inbound import BadInput, decode_body
from twistedchat.interfaces import IExchange

# Browsers hold a stream back until they have seen about 2 KB of it.
PRELUDE = b"h" * 2048 + b"\n"
_log = Logger()


def poll(mount: Mount, exchange: IExchange, session_id: str) -> None:
    """POST ``xhr``: one frame and a line end."""
    headers = [JAVASCRIPT, NO_CACHE, *cookies(mount, exchange), *cors(exchange)]
    receiver = PollReceiver("xhr-polling", exchange, XHR, headers, mount.clockwork.now)
    exchange.watch(receiver)
    mount.receive(session_id, receiver)


def stream(mount: Mount, exchange: IExchange, session_id: str) -> None:
    """POST ``xhr_streaming``: 2 KB of nothing, then frames, each with a line end."""
    headers = [JAVASCRIPT, NO_CACHE, *cookies(mount, exchange), *cors(exchange)]
    receiver = StreamReceiver(
        "xhr-streaming",
        exchange,
        XHR_CHUNKED if exchange.http11 else XHR,
        headers,
        mount.clockwork.now,
        mount.policy.response_limit_bytes,
        PRELUDE,
    )
    exchange.watch(receiver)
    mount.receive(session_id, receiver)


def send(mount: Mount, exchange: IExchange, session_id: str) -> None:
    """POST ``xhr_send``: a JSON array of strings; 204 once the application has them."""
    deliver(mount, exchange, session_id, exchange.body(), 204, b"", cors(exchange))


def deliver(
    mount: Mount,
    exchange: IExchange,
    session_id: str,
    body: bytes,
    status: int,
    thanks: bytes,
    headers: Headers,
) -> None:
    """Deliver a send request's body and answer it.

    Args:
        status: of the answer when all is well.
        thanks: its body.
        headers: of every answer.
    """
    headers = [NO_CACHE, *cookies(mount, exchange), *headers]
    policy = mount.policy
    try:
        if len(body) > policy.max_body_bytes:
            text(exchange, 413, "Body too big.", headers)
            return
        messages = decode_body(body, policy.max_message_bytes, policy.max_batch)
    except BadInput as error:
        text(exchange, 413 if error.too_big else 500, error.text, headers)
        return
    delivered = mount.deliver(session_id, messages)
    delivered.addCallback(_delivered, exchange, status, thanks, headers).addErrback(_failed, exchange)


def cookies(mount: Mount, exchange: IExchange) -> list[tuple[bytes, bytes]]:
    """Return the cookie header of a session URL, where the mount wants one."""
    return [jsessionid(exchange)] if mount.policy.cookie else []


def _delivered(found: bool, exchange: IExchange, status: int, thanks: bytes, headers: Headers) -> None:
    if found:
        answer(exchange, status, thanks, [TEXT, *headers])
    else:
        not_found(exchange, headers)


def _failed(failure: Failure, exchange: IExchange) -> None:
    _log.failure("messages could not be delivered", failure=failure)
    exchange.abort()
