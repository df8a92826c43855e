"""What one mount of SockJS allows, as data: every limit with its unit and its reason."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

# Longest id of a session. Clients choose 8 to 26 characters; one of 16 KB would be kept as long as the session.
MAX_SESSION_ID = 256

# Six connections a host, ten tabs: each poll of a mount for "brief" polls gives its connection back this soon.
BRIEF_HOLD_S = 0.25

# Every transport in sockjs-client's words, in the order in which a client tries them.
ALL_TRANSPORTS = (
    "websocket",
    "xhr-streaming",
    "eventsource",
    "iframe-eventsource",
    "htmlfile",
    "iframe-htmlfile",
    "xhr-polling",
    "iframe-xhr-polling",
    "jsonp-polling",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MountPolicy:
    """Limits and habits of one mount.

    Attributes:
        transports: enabled transports in sockjs-client's words, in order of preference; the URLs of the others answer
            404. An ``iframe-`` variant shares its URL with the plain one: either enables it.
        heartbeat_s: seconds between ``h`` frames while a receiver waits. Below 35, where JSONP clients give up.
        disconnect_delay_s: seconds without a receiver after which a session is over. SockJS's own default.
        linger_s: seconds for which a closed session's id still answers with its close frame.
        hold_s: seconds that a poll without news is held; None holds it to the next heartbeat. Short where
            six connections a host are shared by many tabs.
        stall_s: seconds that a reader may leave its connection full; then it is cut. Buffers of readers
            that never read would otherwise stay for ever.
        response_limit_bytes: bytes of frames after which a streaming response is ended and asked for again, since
            browsers keep all of it in memory. SockJS's own default.
        max_message_bytes: largest single message from a client, in bytes of UTF-8.
        max_body_bytes: largest body of one send request and largest WebSocket message.
        max_batch: most messages in one body; beyond it the work of one request would hold up others.
        outbox_bytes: characters that wait for a reader before the session is closed with 1013.
        outbox_messages: sends that wait for a reader before the session is closed with 1013.
        piece_bytes: characters of waiting messages that are joined into one frame: what fits into one socket buffer.
        conflict: what a second receiver does: "refuse" answers it ``c[2010]``, "newest" gives that to the first one.
        abort: what a receiver cut by the client does: "close" ends the session, "keep" waits ``disconnect_delay_s``.
        cookie: set and echo JSESSIONID on session URLs, for load balancers that need it.
        document_domain: write the protocol's ``document.domain`` lines. Firefox makes a same-origin htmlfile unreadable to
            its parent after that assignment, so False where a page of ours reads it.
        iframe_cache_s: seconds that the iframe page may be cached; 0 sends ``no-cache``, which lets its
            ``frame-ancestors`` follow the allow list at once.
        sockjs_url: where the iframe page loads the client from; its version must equal the main page's.
        max_sessions: sessions of this mount in this process; beyond it 503.
        max_sessions_per_address: sessions of one client address; beyond it 503. Loopback is not counted: a proxy or
            the operator sits there.
    """

    transports: tuple[str, ...] = ALL_TRANSPORTS
    heartbeat_s: float = 25.0
    disconnect_delay_s: float = 5.0
    linger_s: float = 5.0
    hold_s: float | None = None
    stall_s: float = 30.0
    response_limit_bytes: int = 131_072
    max_message_bytes: int = 65_536
    max_body_bytes: int = 1_000_000
    max_batch: int = 5_000
    outbox_bytes: int = 1_048_576
    outbox_messages: int = 4_096
    piece_bytes: int = 65_536
    conflict: Literal["refuse", "newest"] = "refuse"
    abort: Literal["close", "keep"] = "close"
    cookie: bool = False
    document_domain: bool = True
    iframe_cache_s: int = 0
    sockjs_url: str = "/static/vendor/sockjs-client-1.6.1/sockjs.min.js"
    max_sessions: int = 20_000
    max_sessions_per_address: int = 500

    def __post_init__(self) -> None:
        unknown = [name for name in self.transports if name not in ALL_TRANSPORTS]
        if unknown:
            raise ValueError(
                f"unknown transports: {', '.join(unknown)}; known are {', '.join(ALL_TRANSPORTS)}"
            )

    @property
    def websocket(self) -> bool:
        """True when WebSocket is enabled."""
        return "websocket" in self.transports

    @property
    def framed(self) -> bool:
        """True when a transport inside SockJS's iframe page is enabled."""
        return any(name.startswith("iframe-") for name in self.transports)

    def allows(self, names: Iterable[str]) -> bool:
        """Return whether one of the transports ``names`` is enabled."""
        return any(name in self.transports for name in names)
