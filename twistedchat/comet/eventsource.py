"""EventSource: frames as server-sent events."""

from twistedchat.comet.answers import EVENT_STREAM, NO_CACHE, cors_for_eventsource
from twistedchat.comet.mount import Mount
from twistedchat.comet.receivers import StreamReceiver
from twistedchat.comet.xhr import cookies
from twistedchat.core.frames import EVENTSOURCE, EVENTSOURCE_CHUNKED
from twistedchat.interfaces import IExchange


def stream(mount: Mount, exchange: IExchange, session_id: str) -> None:
    """GET ``eventsource``: a line end, then one event a frame."""
    receiver = StreamReceiver(
        "eventsource",
        exchange,
        EVENTSOURCE_CHUNKED if exchange.http11 else EVENTSOURCE,
        [EVENT_STREAM, NO_CACHE, *cookies(mount, exchange), *cors_for_eventsource(exchange)],
        mount.clockwork.now,
        mount.policy.response_limit_bytes,
        b"\r\n",
    )
    exchange.watch(receiver)
    mount.receive(session_id, receiver)
