"""Settings: what the operator chose, checked once; and every limit, named, with its unit and its reason.

Nothing here knows of Twisted's option parser: ``tap`` turns a command line into ``Settings``, a test or somebody's own
program makes them directly.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from twistedchat.core.addresses import Network as Network
from twistedchat.core.policy import ALL_TRANSPORTS

# sockjs-client's names, the best first.
TRANSPORTS = ALL_TRANSPORTS

# The three faces of the house, for people who do not know sockjs-client's names.
TRANSPORT_ALIASES = {
    "websocket": ("websocket",),
    "streaming-iframe": ("iframe-htmlfile", "htmlfile"),
    "long-poll": ("xhr-polling", "iframe-xhr-polling", "jsonp-polling"),
}

DEFAULT_ENDPOINT = "tcp:8080"
DEFAULT_STATE_NAME = "twistedchat-state"
DEFAULT_BACKEND = "sqlite:"
ROOM_KINDS = ("public", "unlisted", "members")
TOKEN_ALGORITHMS = ("HS256", "EdDSA")
API_RIGHTS = ("post", "alert", "look", "rooms")


class Refusal(Exception):
    """What the operator asked for cannot be done; ``str()`` is the one line that tells why."""


class WrongValue(Refusal):
    """The value of one setting cannot be carried out; ``str()`` begins with the setting's name in a file.

    Attributes:
        key: that name.
        what: what is wrong.
    """

    def __init__(self, key: str, what: str) -> None:
        super().__init__(f"{key}: {what}")
        self.key = key
        self.what = what

    def at(self, places: Mapping[str, str]) -> str:
        """Return the line with the place where it was said, where ``places`` knows it."""
        return f"{places.get(self.key, self.key)}: {self.what}"


class Faults(Refusal):
    """Several things are wrong in what the operator wrote.

    Attributes:
        lines: one line for each; ``str()`` is all of them.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = tuple(lines)
        super().__init__("\n".join(self.lines))


@dataclass(frozen=True, slots=True)
class Limits:
    """Every bound of the house. Each is on by default.

    Attributes:
        max_body_bytes: largest request body. A send of the largest message, every character escaped, fits in.
        max_message_chars: longest message of a client. SockJS clients are promised 100 KB texts.
        max_text_chars: longest chat text; four screens of prose.
        request_deadline_s: a request must have arrived whole within this; trickling does not prolong it.
        idle_timeout_s: a kept-alive connection without a request is closed; the twisted.web default.
        heartbeat_s: a frame at least this often on every stream and poll; proxies commonly cut at 30 s or 60 s, and
            sockjs-client gives up a JSONP poll after 35 s.
        disconnect_delay_s: a session without a receiver lives this long between two polls; SockJS's 5 s.
        response_limit_bytes: a streaming response is ended and asked for again after this; SockJS's 128 KB keeps what
            a browser holds of an endless response small.
        session_buffer_bytes: what waits for a session's client before the session is closed; two full responses.
        max_sessions: sessions of all clients; at about 20 KB each, 1 GB.
        max_sessions_per_address: sessions of one address; an office behind one address has this many people.
        max_unproven_per_address: sessions of one address before their hello; nothing honest opens more at once.
        max_clients_per_address: live clients of one address, detached ones too: those that it has connections for, and
            pages that were just reloaded. For one more the longest detached is over.
        hello_timeout_s: a session says hello within this, or is closed.
        window_s: a live client without a session is kept this long, to resume; longer than a change of network.
        silence_s: a client that said nothing for this long is detached; three statements of ``at`` were missed.
        max_basket_bytes: what one live client has not acknowledged, each direction; it is gone beyond.
        max_baskets_per_address_bytes: the same of all live clients of one address together; beyond it those are gone that
            have more than 16 KB when something is added.
        max_channels_per_client: channels one page may join.
        refill_bytes: a reader that is behind is refilled in pieces of this size, so that it holds back nobody.
        log_tail: entries of a channel kept ready for readers that are behind or resume; who lacks more gets a snapshot
            and is shown the hole.
        snapshot: entries a page is shown when it joins.
        max_rooms: rooms that may exist; anyone may open one.
        max_channels: channels open at once: everyone's own, rooms, private chats; at about 2 KB each, 400 MB.
        max_log_chars: text that is kept of all channels together; beyond it what nobody reads is forgotten first.
        max_people: people known at a time, guests too.
        presence_grace_s: a person's leave is told this long after their last page went; a reload is shorter.
        presence_interval_s: presence of a channel is told at most once in this; 5000 joins cost a linear number.
        presence_names: up to this many people are told by name, above it by count.
        calls_per_s: calls of one live client, sustained.
        calls_burst: calls of one live client at once.
        says_per_s: chat messages of one person, sustained.
        says_burst: chat messages of one person at once.
        address_says_per_s: chat messages of all people of one address together, sustained; an office is behind one.
        address_says_burst: chat messages of all people of one address together, at once.
        address_rooms_per_s: rooms that all people of one address make together, sustained; each that is used stays.
        address_rooms_burst: rooms that all people of one address make together, at once.
        address_accounts_per_s: accounts that are made from one address, sustained; each stays.
        address_accounts_burst: accounts that are made from one address at once; a school class is behind one.
        edit_s: a message can be changed or taken back by its author for this long.
        api_per_s: requests of one API key, sustained; a busy site that posts what happens there.
        api_burst: requests of one API key at once.
        stop_s: everything is written and closed within this after SIGTERM; supervisors commonly kill after 10 s.
    """

    max_body_bytes: int = 1_048_576
    max_message_chars: int = 131_072
    max_text_chars: int = 8_000
    request_deadline_s: float = 10.0
    idle_timeout_s: float = 60.0
    heartbeat_s: float = 25.0
    disconnect_delay_s: float = 5.0
    response_limit_bytes: int = 131_072
    session_buffer_bytes: int = 262_144
    max_sessions: int = 50_000
    max_sessions_per_address: int = 10_000
    max_unproven_per_address: int = 1_000
    max_clients_per_address: int = 2_500
    hello_timeout_s: float = 10.0
    window_s: float = 90.0
    silence_s: float = 75.0
    max_basket_bytes: int = 1_048_576
    max_baskets_per_address_bytes: int = 32_000_000
    max_channels_per_client: int = 200
    refill_bytes: int = 65_536
    log_tail: int = 1_000
    snapshot: int = 50
    max_rooms: int = 10_000
    max_channels: int = 200_000
    max_log_chars: int = 128_000_000
    max_people: int = 100_000
    presence_grace_s: float = 15.0
    presence_interval_s: float = 1.0
    presence_names: int = 200
    calls_per_s: float = 20.0
    calls_burst: int = 100
    says_per_s: float = 5.0
    says_burst: int = 20
    address_says_per_s: float = 100.0
    address_says_burst: int = 1_000
    address_rooms_per_s: float = 0.02
    address_rooms_burst: int = 30
    address_accounts_per_s: float = 0.01
    address_accounts_burst: int = 30
    edit_s: float = 900.0
    api_per_s: float = 50.0
    api_burst: int = 500
    stop_s: float = 4.0


@dataclass(frozen=True, slots=True)
class Owner:
    """Who the process will be after it has shed its privileges; None for what stays as it is."""

    uid: int | None
    gid: int | None


@dataclass(frozen=True, slots=True)
class RoomSetting:
    """A room that is there from the start.

    Attributes:
        title: the name that is shown, as the operator wrote it.
        kind: ``public`` (listed, for everyone), ``unlisted`` (for everyone who has its name) or ``members``.
        topic: what the room is about; "" for nothing.
        retention_entries: newest entries that are kept; 0 for all.
        retention_days: age in days after which entries are forgotten; 0 for never.
    """

    title: str
    kind: str = "public"
    topic: str = ""
    retention_entries: int = 0
    retention_days: float = 0.0


@dataclass(frozen=True, slots=True)
class TokenKey:
    """A key whose tokens are taken; an algorithm is bound to its key id.

    Attributes:
        kid: the key's id, as in a token's header.
        alg: ``HS256`` or ``EdDSA``.
        issuer: whose key it is; people are told apart by it. A token's ``iss``, where it has one, must be this.
        key: the key's text: a secret for HS256 (base64url), a public key for EdDSA (base64url or PEM), or what gen-key
            made (JSON). Never shown or logged.
        not_after: seconds since 1970 after which its tokens are refused, or None for never.
    """

    kid: str
    alg: str
    issuer: str
    key: str = field(repr=False)
    not_after: float | None = None


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key with which a program of the operator may use the API.

    Attributes:
        name: the program's name: what it says is shown under it, and its ids are its own.
        may: what it may do: ``post`` (speak in any room), ``alert`` (to everyone), ``look`` (which rooms there are, who is in
            them), ``rooms`` (make and delete them).
        key: the key's text, at least 32 characters. Never shown or logged.
    """

    name: str
    may: tuple[str, ...]
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the operator chose; checked, and in the form in which it is used.

    Attributes:
        http: Twisted endpoint strings to listen on.
        state_dir: absolute path of the state directory, or None for no state on disk.
        owner: who the state directory must belong to, or None for whoever starts the process.
        backend: where logs and records are kept: ``sqlite:`` (a file in the state directory), ``sqlite:PATH``,
            ``redis://[user:password@]host[:port][/db]``, ``rediss:`` for the same by TLS, ``memory:``, or what a plugin
            offers.
        transports: names of the transports that are offered, the preferred first.
        allow_origins: origins of foreign pages that may use this chat, besides our own; ``*`` for all.
        public_urls: URLs under which visitors reach this chat, without a slash at the end; empty for local use.
        trusted_proxies: addresses whose ``X-Forwarded-*`` headers are believed.
        prefix: path before all of ours: "" or "/chat", without a slash at the end.
        element: dotted name of the factory of the root element ``element``, or None.
        sockjs_test: whether the echo endpoints of the SockJS protocol are offered.
        rooms: the rooms that are always there; the first is where newcomers go.
        user_rooms: whether visitors may open rooms of their own.
        registration: whether visitors may make accounts for themselves.
        token_keys: keys of those who may vouch for people.
        api_keys: keys of programs that may use the API; without one there is none.
        token_audiences: what a token's ``aud`` may be, besides the public URLs.
        avatar_origins: origins whose pictures tokens may name for people, besides our own.
        metrics_allow: addresses that may read ``/metrics`` and the details of ``/readyz``, besides this machine itself.
        log_json: whether the log is written as JSON, one object a line.
        limits: the bounds.
    """

    http: tuple[str, ...] = (DEFAULT_ENDPOINT,)
    state_dir: str | None = None
    owner: Owner | None = None
    backend: str = DEFAULT_BACKEND
    transports: tuple[str, ...] = TRANSPORTS
    allow_origins: tuple[str, ...] = ()
    public_urls: tuple[str, ...] = ()
    trusted_proxies: tuple[Network, ...] = ()
    prefix: str = ""
    element: str | None = None
    sockjs_test: bool = False
    rooms: tuple[RoomSetting, ...] = (RoomSetting("Lobby"),)
    user_rooms: bool = True
    registration: bool = True
    token_keys: tuple[TokenKey, ...] = ()
    api_keys: tuple[ApiKey, ...] = ()
    token_audiences: tuple[str, ...] = ()
    avatar_origins: tuple[str, ...] = ()
    metrics_allow: tuple[Network, ...] = ()
    log_json: bool = False
    limits: Limits = field(default_factory=Limits)
