"""The contracts of the house. Each method says order, loss, idempotence and errors; implementations are verified."""

from typing import TYPE_CHECKING

from twisted.internet.interfaces import ITransport
from zope.interface import Attribute, Interface

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from twisted.internet.defer import Deferred

    from twistedchat.config import Settings
    from twistedchat.core.entry import Appended, Batch, Entry, LogState, Revision
    from twistedchat.core.frames import Prepared
    from twistedchat.core.origins import Evidence
    from twistedchat.core.position import Position
    from twistedchat.core.presence import Person
    from twistedchat.core.records import Change, Record


# --- comet: from HTTP to sessions -------------------------------------------------------------------------------


class IExchangeListener(Interface):
    """Who wants to know what becomes of an exchange."""

    def exchangePaused() -> None:
        """The reader does not keep up; stop writing. May be repeated."""

    def exchangeResumed() -> None:
        """Writing is fine again. May be repeated."""

    def exchangeGone() -> None:
        """The client went away before ``end`` was called; nothing further can be written. At most once."""


class IExchange(Interface):
    """One HTTP request and its answer. A transport talks to this, never to twisted.web's Request.

    ``head`` comes once, then any number of ``write``, then ``end``. Writing after ``end`` or after the client went
    away does nothing. Nothing is ever buffered here beyond what the socket's own buffer holds.
    """

    method = Attribute("request method, upper case str")
    address = Attribute("the client's address, an IAddress, after trusted proxies")
    peer = Attribute("the client's address as text")
    http11 = Attribute("True when the answer can be chunked")

    def header(name: bytes) -> "str | None":
        """Return the request header ``name`` (lower case), or None."""

    def argument(name: bytes) -> "str | None":
        """Return the first query argument ``name``, percent-decoded, or None."""

    def body() -> bytes:
        """Return the request's whole body."""

    def evidence() -> "Evidence":
        """Return what the request says about the page that it comes from."""

    def watch(listener: IExchangeListener) -> None:
        """Tell ``listener`` of pauses and of the client's going. Once."""

    def head(status: int, headers: "Sequence[tuple[bytes, bytes]]", length: "int | None" = None) -> None:
        """Send status and headers. With ``length`` None the body is streamed (chunked, or closed at its end)."""

    def write(data: bytes) -> None:
        """Send a piece of the body, at once, as a chunk of its own."""

    def writeFramed(data: bytes) -> None:
        """Send a piece of a streamed body that is a chunk already where ``http11`` says so: the hot path."""

    def end() -> None:
        """Finish the answer normally; on HTTP/1.1 the connection stays for the next request."""

    def abort() -> None:
        """Drop the connection without finishing."""


class IReceiver(Interface):
    """The end of a session towards the client: takes framed bytes, says how many more it wants."""

    envelope = Attribute("the Envelope in which this receiver wants its frames")
    streaming = Attribute("False when one frame fills it (the polls)")
    writable = Attribute("False while the client's connection is full")
    room = Attribute("bytes left before it is to be ended; at 0 or below the session ends it")
    name = Attribute("the transport's name in sockjs-client's words, for example 'xhr-polling'")
    origin = Attribute("the page's origin as text, or None where the transport tells none")
    address = Attribute("the client's address, an IAddress")

    def start() -> None:
        """Send what comes before the first frame. Once, before anything else."""

    def write(data: bytes) -> None:
        """Send framed bytes. After ``end`` or loss it does nothing."""

    def close(code: int, reason: str) -> None:
        """Send the frame that ends a session, and end."""

    def end() -> None:
        """End the response normally: the client comes back for more."""

    def abort() -> None:
        """Drop the connection."""


class IEntrance(Interface):
    """A part of a site with a few fixed URLs, whose plain requests may come to it past twisted.web.

    What it answers there must be what it answers behind twisted.web, byte for byte but for the Date.
    """

    def entrance(method: str, name: bytes) -> "Callable[[IExchange, str], None] | None":
        """Return what serves ``method`` at ``<path>/<server>/<session>/<name>``; called with the exchange and the session's
        id. None leaves the request to the site."""


class ISessionDirectory(Interface):
    """Finds sessions by the id in a request's path; answers with Deferreds so that it may live elsewhere."""

    def here(session_id: str) -> "Any | None":
        """Return the session where it can be told at once; None says nothing, ``find`` is asked then."""

    def find(session_id: str) -> "Deferred[Any]":
        """Fire with the session, or with None."""

    def add(session_id: str, session: "Any") -> "Deferred[None]":
        """Remember a session. Raises TooManySessions beyond the bound."""

    def discard(session_id: str) -> None:
        """Forget a session; unknown ids are ignored."""


class ISessionTransport(ITransport):
    """What an application's protocol talks to: one SockJS session over whatever transport; one write, one message.

    Messages arrive at the protocol's ``dataReceived`` one by one as UTF-8 bytes, in order. Messages sent are buffered while
    the client has no receiver open, up to the mount's bound; beyond it the session is closed with 1013. A protocol that
    registers a push producer is paused while the session is not writable and needs no such buffer.
    """

    name = Attribute("the transport's name, for example 'websocket' or 'xhr-streaming'")
    origin = Attribute("the page's origin as text, or None")
    peer = Attribute("the client's address as text")
    writable = Attribute(
        "True when a message sent now goes to the client at once; plain attribute, read on hot paths"
    )

    def send(prepared: "Prepared") -> None:
        """Send prepared messages. In order; nothing happens on a closed session."""

    def write(data: bytes) -> None:
        """Send one message, UTF-8."""

    def close(code: int = 3000, reason: str = "Go away!") -> None:
        """Close with a code that the client sees, after what was sent before. Idempotent."""

    def loseConnection() -> None:
        """The same as ``close()``."""

    def abortConnection() -> None:
        """End at once; what is buffered is dropped, the client sees a broken connection."""

    def registerProducer(producer: "Any", streaming: bool) -> None:
        """Pause and resume ``producer`` as the session stops and starts being writable. Only push producers."""

    def unregisterProducer() -> None:
        """Forget the producer."""


# --- channels and their stores ----------------------------------------------------------------------------------


class IBackendListener(Interface):
    """Who wants to know how the store is, and that a log grew. Every method returns at once and must not raise."""

    def logGrew(channel: str, offset: int) -> None:
        """The log of an open channel has an entry at ``offset``. A hint: may be late, doubled or missing."""

    def storeLost(reason: str) -> None:
        """The store cannot be reached; ``reason`` is for the operator. May be repeated."""

    def storeBack() -> None:
        """The store can be reached again. Logs may have grown, or have lost their tail: compare ``heads``."""


class IBackend(Interface):
    """Where the logs of channels are kept, and records. One contract suite runs against every implementation.

    Errors, all from ``twistedchat.core.errors``: StoreUnavailable (nothing was done), StoreUnknown (it may have been done:
    ask again with the same id), IdReused, Conflict.
    """

    durable = Attribute("True when what was answered outlives the process")
    trouble = Attribute("None while all is well, else what is wrong, for the operator")

    def watch(listener: IBackendListener) -> None:
        """Tell ``listener`` from now on. Once."""

    # --- logs

    def open(channel: str, tail: int) -> "Deferred[LogState]":
        """Fire with the log's epoch and its last ``tail`` entries; an unknown channel is an empty log. Idempotent."""

    def closed(channel: str) -> None:
        """Nobody in this process reads or writes the channel until it is opened again. Idempotent, unknown names too.

        A backend that keeps only so much may now forget the log; it then begins anew with another epoch.
        """

    def append(
        channel: str, identity: str, id: str, event: str, at: float, revision: "Revision | None" = None
    ) -> "Deferred[Appended]":
        """Append an event once.

        Args:
            channel: the channel's name.
            identity: who sends; ids are unique for one identity in one channel.
            id: 22 to 64 characters of A-Z a-z 0-9 - _.
            event: JSON text of ``[method, arg, …]``.
            at: seconds since 1970.
            revision: what becomes of an earlier entry, in the same transaction.

        Fires with the entry and whether it is new, after the store has it. The same identity and id again answers
        with the first entry, as it is by now, and ``new=False``; nothing is revised again. With another ``event`` it
        raises IdReused. Offsets are consecutive from 1. An id is remembered as long as its entry is kept, at least.
        """

    def read(channel: str, after: int, limit: int) -> "Deferred[list[Entry]]":
        """Fire with at most ``limit`` entries that follow offset ``after``, in order; fewer when the log ends."""

    def before(channel: str, offset: int, limit: int) -> "Deferred[list[Entry]]":
        """Fire with the newest ``limit`` entries below ``offset``, oldest first; fewer where the log begins."""

    def heads(channels: "Sequence[str]") -> "Deferred[dict[str, Position]]":
        """Fire with the position of the last entry of each log; offset 0 and id "" where it is empty."""

    def trim(channel: str, keep: int, since: float) -> "Deferred[int]":
        """Forget all but the newest ``keep`` entries, and those from before ``since`` (seconds since 1970); fire with how
        many went. The newest entry always stays, and offsets go on."""

    def erase(channel: str) -> "Deferred[None]":
        """Forget the whole log; the channel begins anew with another epoch. Idempotent, unknown names too."""

    # --- records

    def get(kind: str, key: str) -> "Deferred[Record | None]":
        """Fire with a record, or None."""

    def page(kind: str, prefix: str, after: str, limit: int) -> "Deferred[list[Record]]":
        """Fire with at most ``limit`` records whose keys begin with ``prefix`` and are above ``after``, by code points."""

    def commit(changes: "Sequence[Change]") -> "Deferred[None]":
        """Make all ``changes``, or none; fires after the store has them. At most 100, no key twice.

        Raises Conflict where a version is not the expected one.
        """

    def sweep(now: float) -> "Deferred[int]":
        """Remove records whose ``until`` is before ``now``; fire with how many went, at most 1000 at a time."""

    def stop() -> "Deferred[None]":
        """Write what is accepted, release everything. Idempotent; what is asked afterwards may fail with StoreUnavailable."""


class IBackendMaker(Interface):
    """Makes backends of one kind; a third party's is a Twisted plugin: an object in a module of ``twisted.plugins``."""

    scheme = Attribute("the part of the operator's URL before the colon, lower case")

    def make(url: str, settings: "Settings", reactor: "Any") -> IBackend:
        """Return the backend that ``url`` means, opened; ``settings.state_dir`` is where files may be kept.

        Raises config.Refusal with one line for the operator. The process may fork and change its user between this and
        the start of the reactor: threads and connections begin then (``reactor.callWhenRunning``).
        """


class ISubscriber(Interface):
    """A reader of a channel. Called from the fan-out loop: must return at once and may raise without harm to others."""

    def arrived(batch: "Batch") -> None:
        """The channel has grown by ``batch``: consecutive entries, with their wire form made once for all readers."""

    def presenceChanged(change: "Any") -> None:
        """The channel's presence has a new version (a ``core.presence.Change``)."""

    def hinted(prepared: "Prepared") -> None:
        """Something that matters only now; a reader who is not right there never gets it."""

    def removed(reason: str) -> None:
        """The subscription is over: the channel is gone or the reader may not read it any more."""


class IChannel(Interface):
    """An ordered log, its subscribers, its presence."""

    name = Attribute("the channel's name, as on the wire")
    head = Attribute("Position of the last entry")
    presence = Attribute("core.presence.Presence")
    closed = Attribute(
        "True once nothing is fanned out any more: it was idle; whoever wants it opens it anew"
    )

    def post(
        identity: str, id: str, event: str, revision: "Revision | None" = None, blanks: "Sequence[int]" = ()
    ) -> "Deferred[Appended]":
        """Append an event and fan it out; fires after the store has it. Errors as IBackend.append.

        ``blanks`` are the offsets of what revised the same entry before, as far as ``last`` has them.
        """

    def subscribe(subscriber: ISubscriber) -> None:
        """Start telling ``subscriber``, from the entry after ``head`` on. Idempotent."""

    def unsubscribe(subscriber: ISubscriber) -> None:
        """Stop telling it. Idempotent."""

    def after(offset: int, max_bytes: int) -> "Batch | None":
        """Return the entries that follow ``offset``, of about ``max_bytes``; an empty batch at the head; None when
        the kept tail no longer reaches back that far."""

    def find(position: "Any") -> bool:
        """Say whether ``position`` is in the kept tail: same epoch, and the same id at its offset."""

    def last(count: int) -> "Sequence[Entry]":
        """Return the last ``count`` entries, oldest first."""

    def trim(keep: int, since: float) -> "Deferred[int]":
        """Forget old entries, as ``IBackend.trim``; a reader that still lacks one is shown a hole."""

    def hint(text: str) -> None:
        """Tell readers the wire message ``text`` now or never; it is kept nowhere."""

    def enter(person: "Person", client: str, returning: bool = False) -> None:
        """``person`` is here by ``client``; idempotent. ``returning``: they were here before a restart, so readers get the
        full set instead of news. Raises core.presence.TooManyPeople."""

    def away(key: str, client: str) -> None:
        """``client`` of a person lost its connection: the grace begins with their last one. Idempotent."""

    def leave(key: str, client: str) -> None:
        """``client`` of a person leaves on purpose. Idempotent."""


# --- live -------------------------------------------------------------------------------------------------------


class ILiveClient(Interface):
    """One page or program, over many sessions."""

    id = Attribute("the client's id")
    attached = Attribute("True while a session is there")
    transport = Attribute("name of the transport in use, or None")
    peer = Attribute("the client's address as text")

    def subscribe(channel: IChannel) -> None:
        """Subscribe from the channel's head; idempotent."""

    def unsubscribe(channel_name: str, reason: "str | None" = None) -> None:
        """End a subscription; with a reason the page is told by ``reset``."""

    def close(code: "Any") -> None:
        """End this live client for good."""


class IJoiner(Interface):
    """A root element whose page may join channels."""

    def joining(name: str) -> "Any":
        """Return (or a Deferred of, or a coroutine for) a ``live.reading.Joining`` for the channel ``name``, or raise a
        ``SafeError`` that says why not. Idempotent; called again whenever the page asks again."""

    def leaving(name: str) -> None:
        """The page leaves the channel ``name``. Idempotent."""
