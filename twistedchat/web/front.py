"""The front: a twisted.web Site that no slow, greedy or lying client gets the better of.

twisted.web bounds headers and idle connections. What it does not bound is bounded here: bodies, the time that a whole request
may take, the time that an ended connection may linger, connections of one address. Here it is also decided which
hosts are ours, and whose word is taken for a client's address and scheme.
"""

import socket
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any

from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel
from twisted.web.resource import IResource
from twisted.web.server import Request, Site

from twistedchat.config import Network, Settings
from twistedchat.core.addresses import home, parse_address
from twistedchat.core.plain import PlainHead, PlainRequest, read_request
from twistedchat.core.policy import MAX_SESSION_ID
from twistedchat.interfaces import IEntrance, IExchange
from twistedchat.web.bounds import Deadlines, FrontLimits, Lease
from twistedchat.web.health import NAMES
from twistedchat.web.hosts import Hosts, Proxies
from twistedchat.web.lean import Caller, LeanExchange, make_caller

# Seconds that an ended connection may still be written to and read from: then whoever does not read is cut.
_LINGER_S = 15.0
_DRAIN_S = 5.0
# Milliseconds until the kernel gives up on data that nobody acknowledges: a laptop that was shut is noticed.
_USER_TIMEOUT_MS = 60_000
_TOO_LARGE = b"413 Content Too Large"
_HEADERS_TOO_LARGE = b"431 Request Header Fields Too Large"
_MISDIRECTED = 421


class Stage(Enum):
    """Where a connection is between two requests."""

    IDLE = "idle"
    RECEIVING = "receiving"
    SERVING = "serving"
    ENDED = "ended"
    REFUSED = "refused"


class BoundedRequest(Request):
    """A request with a bound for its body and, behind trusted proxies, the visitor's own address and scheme."""

    _received = 0
    _refused = False
    channel: "BoundedChannel"
    site: "BoundedSite"

    def gotLength(self, length: int | None) -> None:
        """Refuse a body that says it is too long."""
        if length is not None and length > self.channel.site.limits.max_body_bytes:
            self._too_large()
            length = 0
        super().gotLength(length)

    def handleContentChunk(self, data: bytes) -> None:
        """Refuse a body that turns out too long."""
        self._received += len(data)
        if self._refused:
            return
        if self._received > self.channel.site.limits.max_body_bytes:
            self._too_large()
        else:
            super().handleContentChunk(data)

    def process(self) -> None:
        """Answer for our own hosts only."""
        if self._refused:
            return
        site = self.channel.site
        host = self.requestHeaders.getRawHeaders(b"host")
        # HTTP/1.0 clients may send none; a browser always does.
        if (
            host is not None
            and self.path not in site.open_paths
            and (len(host) > 1 or not site.hosts.ours(host[0].decode("latin-1")))
        ):
            self._misdirected()
        else:
            super().process()

    def getClientAddress(self) -> IAddress:
        """The visitor's address, after trusted proxies."""
        address: IAddress = super().getClientAddress()
        forwarded = self.requestHeaders.getRawHeaders(b"x-forwarded-for")
        return self.channel.site.proxies.visitor(address, b",".join(forwarded or ()).decode("latin-1"))

    def isSecure(self) -> bool:
        """Whether the visitor came over https, by the word of a trusted proxy."""
        protocol = self.requestHeaders.getRawHeaders(b"x-forwarded-proto")
        said = protocol[-1].decode("latin-1") if protocol else ""
        return self.channel.site.proxies.secure(super().getClientAddress(), said, bool(super().isSecure()))

    def _misdirected(self) -> None:
        body = b"This server does not serve that host.\n"
        self.setResponseCode(_MISDIRECTED, b"Misdirected Request")
        self.setHeader(b"Content-Type", b"text/plain; charset=UTF-8")
        self.setHeader(b"Content-Length", b"%d" % len(body))
        self.write(body)
        self.finish()

    def _too_large(self) -> None:
        self._refused = True
        self.channel.refuse(_TOO_LARGE)


class BoundedChannel(HTTPChannel):
    """A connection whose requests must arrive in time, and whose end does not wait for a reader that never reads.

    A request that is plain, and for which the site has an entrance, is served past twisted.web's parser and Request.

    Attributes:
        caller: what was found out at the last such request, which the next one mostly resembles.
        lease: its place in its address's count, where that is counted.
    """

    site: "BoundedSite"
    lease: Lease | None = None
    _stage = Stage.IDLE
    caller: Caller | None = None

    def connectionMade(self) -> None:
        """Let the kernel notice dead peers."""
        super().connectionMade()
        _watch_for_dead_peers(self.transport)
        self.site.deadlines.expect(self, self.site.limits.idle_timeout_s)

    def dataReceived(self, data: bytes) -> None:
        """Serve a plain request at once; start another's time with its first bytes; after a refusal only drain."""
        if self._stage is Stage.REFUSED:
            return
        if self._stage is Stage.IDLE and self._serve_plain(data):
            return
        super().dataReceived(data)
        if self._stage is Stage.IDLE and (self.requests or self._buffer):
            self._stage = Stage.RECEIVING
            self.site.deadlines.expect(self, self.site.limits.request_deadline_s)

    def allContentReceived(self) -> None:
        """The request is whole: its time no longer counts."""
        if self._stage is not Stage.REFUSED:
            self._serving()
            super().allContentReceived()

    def requestDone(self, request: Any) -> None:
        """The answer is complete: the connection waits for the next request, or ends."""
        self.site.answers[request.code // 100] += 1
        if self._stage is Stage.SERVING:
            self._stage = Stage.IDLE
            self.site.deadlines.expect(self, self.site.limits.idle_timeout_s)
        super().requestDone(request)

    def lineLengthExceeded(self, line: bytes) -> None:
        """A header line beyond 16 KB."""
        self.refuse(_HEADERS_TOO_LARGE)

    def loseConnection(self) -> None:
        """Close after what is written, but not later than a while."""
        if self._stage is not Stage.REFUSED:
            self._stage = Stage.ENDED
        self.site.deadlines.expect(self, _LINGER_S)
        super().loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Forget everything."""
        self.site.deadlines.settle(self)
        self._release()
        super().connectionLost(reason)

    def refuse(self, status: bytes) -> None:
        """Answer with ``status`` and nothing else, read on for a moment so that the answer arrives, then close."""
        if self._stage is Stage.REFUSED:
            return
        self._stage = Stage.REFUSED
        self.site.answers[int(status[:1])] += 1
        transport: Any = self.transport
        transport.write(b"HTTP/1.1 %b\r\nConnection: close\r\nContent-Length: 0\r\n\r\n" % status)
        self.site.deadlines.expect(self, _DRAIN_S)
        if hasattr(transport, "loseWriteConnection"):
            transport.loseWriteConnection()
        else:
            transport.loseConnection()

    def late(self) -> None:
        """The time is over: an idle connection is closed, any other cut."""
        transport: Any = self.transport
        if self._stage is Stage.IDLE:
            self.loseConnection()
        elif transport is not None:
            transport.abortConnection()

    def _serving(self) -> None:
        self._stage = Stage.SERVING
        self.site.deadlines.settle(self)

    def _serve_plain(self, data: bytes) -> bool:
        """Serve ``data`` past the parser if it is all of a plain request with an entrance, and nothing else is under way.

        Where this says False nothing has happened.
        """
        transport: Any = self.transport
        if not self._at_rest or transport.disconnecting:
            return False
        request = read_request(data)
        found = self.site.find_entrance(request) if request is not None else None
        if request is None or found is None:
            return False
        caller = self.caller
        if caller is None or caller.head is not request.head:
            caller = self.caller = self._make_caller(request.head)
            if caller is None:
                return False
        self._begin(LeanExchange(self, request, caller), *found)
        return True

    def _begin(
        self, exchange: LeanExchange, serve: Callable[[IExchange, str], None], session_id: str
    ) -> None:
        """Serve an exchange; until its end it is to the channel what a Request of twisted.web is."""
        self._serving()
        self.requests.append(exchange)
        self._handlingRequest = True
        self.setRawMode()
        try:
            serve(exchange, session_id)
        except Exception:
            self._log.failure("a request could not be served")
            exchange.abort()

    @property
    def _at_rest(self) -> bool:
        """True when the parser has not begun with anything: neither a request nor the one empty line before it."""
        channel: Any = self
        first_line = channel._HTTPChannel__first_line == 1  # 0 in a request, 2 after an empty line
        return first_line and not (self._busyReceiving or self._waitingForTransport)

    def _make_caller(self, head: PlainHead) -> Caller | None:
        """Find out who calls; None where the host that they call is not ours."""
        site, fields = self.site, head.fields
        if not site.hosts.ours(fields[b"host"]):
            return None
        peer = self.getPeer()
        secure = site.proxies.secure(peer, fields.get(b"x-forwarded-proto", ""), bool(self.isSecure()))
        return make_caller(
            head,
            site.proxies.visitor(peer, fields.get(b"x-forwarded-for", "")),
            "https" if secure else "http",
        )

    def _release(self) -> None:
        if self.lease is not None:
            self.lease.release()
            self.lease = None


class BoundedSite(Site):
    """A Site with the front's limits. See ``make_site``."""

    requestFactory = BoundedRequest

    def __init__(
        self,
        resource: IResource,
        limits: FrontLimits,
        hosts: Hosts,
        trusted_proxies: Iterable[Network],
        reactor: Any,
        entrances: Mapping[bytes, IEntrance] | None = None,
        open_paths: Iterable[bytes] = (),
        answers: Counter[int] | None = None,
    ) -> None:
        # No timer of its own for each idle connection: all deadlines are in one place.
        super().__init__(resource, timeout=None, reactor=reactor, parsePOSTFormSubmission=False)
        self.protocol = BoundedChannel  # type: ignore[method-assign,assignment]  # Twisted's own way, HTTP/1 only
        self.limits = limits
        self.hosts = hosts
        self.proxies = Proxies(trusted_proxies)
        self._connections: dict[str, int] = {}
        self.deadlines = Deadlines(reactor)
        self.open_paths = frozenset(open_paths)
        self.answers: Counter[int] = Counter() if answers is None else answers
        self._entrances = {} if entrances is None else entrances

    @property
    def connections(self) -> dict[str, int]:
        """Counted connections by address."""
        return dict(self._connections)

    def buildProtocol(self, addr: IAddress | None) -> Any:
        """Make a channel, or None where the address has as many connections as it may."""
        host = str(getattr(addr, "host", ""))
        counted, host = not self._is_free(host), home(host)
        if counted and self._connections.get(host, 0) >= self.limits.max_connections_per_address:
            return None
        channel = super().buildProtocol(addr)
        if counted:
            channel.lease = Lease(self._connections, host)
        return channel

    def stopFactory(self) -> None:
        """Cancel the timer."""
        self.deadlines.stop()
        super().stopFactory()

    def log(self, request: Any) -> None:
        """No access log: paths carry session ids, and formatting a line costs a third of a request."""

    def acceptableProtocols(self) -> list[bytes]:
        """HTTP/1.1 only; a proxy speaks anything newer."""
        return [b"http/1.1"]

    def find_entrance(self, request: PlainRequest) -> tuple[Callable[[IExchange, str], None], str] | None:
        """Return what serves a plain request past twisted.web, and the id of its session; None where nothing does."""
        parts = request.path.rsplit(b"/", 3)
        entrance = self._entrances.get(parts[0])
        if entrance is None or len(parts) < 4 or not (parts[1] and 0 < len(parts[2]) <= MAX_SESSION_ID):
            return None
        if len(request.body) > self.limits.max_body_bytes:
            return None
        serve = entrance.entrance(request.method, parts[3])
        return None if serve is None else (serve, parts[2].decode("ascii"))

    def _is_free(self, host: str) -> bool:
        known = parse_address(host)
        return known is None or known.is_loopback or self.proxies.trust(host)


def make_site(
    resource: IResource,
    settings: Settings,
    reactor: Any,
    entrances: Mapping[bytes, IEntrance] | None = None,
    answers: Counter[int] | None = None,
) -> BoundedSite:
    """Return the site that serves ``resource`` within the operator's settings.

    Args:
        resource: the root.
        settings: its public URLs, trusted proxies and limits count here.
        reactor: for time.
        entrances: parts of ``resource`` whose plain requests go past twisted.web, by their paths without a slash at the end.
        answers: where answers are counted, by the first digit of their status.
    """
    chosen = settings.limits
    limits = FrontLimits(
        max_body_bytes=chosen.max_body_bytes,
        request_deadline_s=chosen.request_deadline_s,
        idle_timeout_s=chosen.idle_timeout_s,
    )
    hosts = Hosts(settings.public_urls)
    open_paths = [f"{settings.prefix}/{name}".encode() for name in NAMES]
    return BoundedSite(
        resource, limits, hosts, settings.trusted_proxies, reactor, entrances, open_paths, answers
    )


def _watch_for_dead_peers(transport: Any) -> None:
    """Turn on TCP's own probes, and a limit for unacknowledged data where the system has one (Linux)."""
    handle = getattr(transport, "getHandle", None)
    if handle is None or not hasattr(transport, "setTcpKeepAlive"):
        return
    try:
        transport.setTcpKeepAlive(True)
        option = getattr(socket, "TCP_USER_TIMEOUT", None)
        if option is not None:
            handle().setsockopt(socket.IPPROTO_TCP, option, _USER_TIMEOUT_MS)
    except (OSError, AttributeError):
        return
