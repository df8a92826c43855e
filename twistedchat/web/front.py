"""The front: a twisted.web Site that no slow, greedy or lying client gets the better of.

twisted.web bounds headers and idle connections. What it does not bound is bounded here: bodies, the time that a whole request
may take, the time that an ended connection may linger, connections of one address. Here it is also decided which
hosts are ours, and whose word is taken for a client's address and scheme.
"""

import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IAddress, IDelayedCall
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel
from twisted.web.resource import IResource
from twisted.web.server import Request, Site

from twistedchat.config import Network, Settings
from twistedchat.web.hosts import Hosts, literal

# Seconds between two looks at who is late; lateness is a matter of seconds.
_SWEEP_S = 1.0
# Seconds that an ended connection may still be written to and read from: then whoever does not read is cut.
_LINGER_S = 15.0
_DRAIN_S = 5.0
# Milliseconds until the kernel gives up on data that nobody acknowledges: a laptop that was shut is noticed.
_USER_TIMEOUT_MS = 60_000
_TOO_LARGE = b"413 Content Too Large"
_HEADERS_TOO_LARGE = b"431 Request Header Fields Too Large"
_MISDIRECTED = 421


@dataclass(frozen=True, slots=True)
class FrontLimits:
    """What the front bounds.

    Attributes:
        max_body_bytes: largest request body; 413 beyond.
        request_deadline_s: a request must have arrived whole within this; trickling does not prolong it.
        idle_timeout_s: a kept-alive connection without a request is closed after this.
        max_connections_per_address: open connections of one address; further ones are dropped. Loopback and trusted
            proxies are not counted, since many people are behind them.
    """

    max_body_bytes: int = 1_048_576
    request_deadline_s: float = 10.0
    idle_timeout_s: float = 60.0
    max_connections_per_address: int = 2_000


class Lease:
    """One connection's place in its address's count, to be given back once."""

    __slots__ = ("_counts", "_host")

    def __init__(self, counts: dict[str, int], host: str) -> None:
        self._counts: dict[str, int] | None = counts
        self._host = host
        counts[host] = counts.get(host, 0) + 1

    def release(self) -> None:
        """Give the place back. Idempotent."""
        counts, self._counts = self._counts, None
        if counts is None:
            return
        left = counts[self._host] - 1
        if left:
            counts[self._host] = left
        else:
            del counts[self._host]


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
        if host is not None and (len(host) > 1 or not site.hosts.ours(host[0].decode("latin-1"))):
            self._misdirected()
        else:
            super().process()

    def getClientAddress(self) -> IAddress:
        """The visitor's address, after trusted proxies."""
        address: IAddress = super().getClientAddress()
        forwarded = self.requestHeaders.getRawHeaders(b"x-forwarded-for")
        if not forwarded or not self.channel.site.trusts(address):
            return address
        return self.channel.site.forwarded_for(address, b",".join(forwarded).decode("latin-1"))

    def isSecure(self) -> bool:
        """Whether the visitor came over https, by the word of a trusted proxy."""
        protocol = self.requestHeaders.getRawHeaders(b"x-forwarded-proto")
        if protocol and self.channel.site.trusts(super().getClientAddress()):
            return bool(protocol[-1].strip().lower() == b"https")
        return bool(super().isSecure())

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
    """A connection whose requests must arrive in time, and whose end does not wait for a reader that never reads."""

    site: "BoundedSite"
    lease: Lease | None = None
    _refusing = False
    _receiving = False

    def connectionMade(self) -> None:
        """Let the kernel notice dead peers."""
        super().connectionMade()
        _watch_for_dead_peers(self.transport)

    def dataReceived(self, data: bytes) -> None:
        """Start the request's time with its first byte; after a refusal only drain."""
        if self._refusing:
            return
        if not self._receiving and not self._handlingRequest:
            self._receiving = True
            self.site.expect(self, self.site.limits.request_deadline_s)
        super().dataReceived(data)

    def allContentReceived(self) -> None:
        """The request is whole: its time no longer counts."""
        if self._refusing:
            return
        if self._receiving:
            self._receiving = False
            self.site.settle(self)
        super().allContentReceived()

    def lineLengthExceeded(self, line: bytes) -> None:
        """A header line beyond 16 KB."""
        self.refuse(_HEADERS_TOO_LARGE)

    def loseConnection(self) -> None:
        """Close after what is written, but not later than a while."""
        self.site.expect(self, _LINGER_S)
        super().loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Forget everything."""
        self.site.settle(self)
        self._release()
        super().connectionLost(reason)

    def refuse(self, status: bytes) -> None:
        """Answer with ``status`` and nothing else, read on for a moment so that the answer arrives, then close."""
        if self._refusing:
            return
        self._refusing = True
        transport: Any = self.transport
        transport.write(b"HTTP/1.1 %b\r\nConnection: close\r\nContent-Length: 0\r\n\r\n" % status)
        self.site.expect(self, _DRAIN_S)
        if hasattr(transport, "loseWriteConnection"):
            transport.loseWriteConnection()
        else:
            transport.loseConnection()

    def late(self) -> None:
        """The time is over."""
        transport: Any = self.transport
        if transport is not None:
            transport.abortConnection()

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
    ) -> None:
        super().__init__(
            resource, timeout=limits.idle_timeout_s, reactor=reactor, parsePOSTFormSubmission=False
        )
        self.protocol = BoundedChannel  # type: ignore[method-assign,assignment]  # Twisted's own way, HTTP/1 only
        self.limits = limits
        self.hosts = hosts
        self._trusted = tuple(trusted_proxies)
        self._connections: dict[str, int] = {}
        self._expected: dict[BoundedChannel, float] = {}
        self._sweep: IDelayedCall | None = None

    @property
    def connections(self) -> dict[str, int]:
        """Counted connections by address."""
        return dict(self._connections)

    def buildProtocol(self, addr: IAddress | None) -> Any:
        """Make a channel, or None where the address has as many connections as it may."""
        host = str(getattr(addr, "host", ""))
        counted = not self._is_free(host)
        if counted and self._connections.get(host, 0) >= self.limits.max_connections_per_address:
            return None
        channel = super().buildProtocol(addr)
        if counted:
            channel.lease = Lease(self._connections, host)
        return channel

    def stopFactory(self) -> None:
        """Cancel the timer."""
        if self._sweep is not None and self._sweep.active():
            self._sweep.cancel()
        self._sweep = None
        super().stopFactory()

    def log(self, request: Any) -> None:
        """No access log: paths carry session ids, and formatting a line costs a third of a request."""

    def acceptableProtocols(self) -> list[bytes]:
        """HTTP/1.1 only; a proxy speaks anything newer."""
        return [b"http/1.1"]

    def expect(self, channel: BoundedChannel, within_s: float) -> None:
        """Cut ``channel`` after ``within_s`` unless ``settle`` is called before."""
        self._expected[channel] = self.reactor.seconds() + within_s
        if self._sweep is None:
            self._sweep = self.reactor.callLater(_SWEEP_S, self._look)

    def settle(self, channel: BoundedChannel) -> None:
        """Nothing is expected of ``channel`` any more."""
        self._expected.pop(channel, None)

    def trusts(self, address: IAddress) -> bool:
        """Say whether ``address`` is a trusted proxy's."""
        return self._trusted_host(getattr(address, "host", None))

    def forwarded_for(self, address: IAddress, header: str) -> IAddress:
        """Return the last address in X-Forwarded-For that is no trusted proxy's; ``address`` where it makes no sense."""
        host = None
        for text in reversed(header.split(",")):
            address_there = literal(text.strip())
            if address_there is None:
                break
            host = address_there
            if not self._trusted_host(str(host)):
                break
        if host is None:
            return address
        kind = IPv6Address if host.version == 6 else IPv4Address
        return kind("TCP", str(host), getattr(address, "port", 0))

    def _trusted_host(self, host: str | None) -> bool:
        known = literal(host or "")
        return known is not None and any(known in network for network in self._trusted)

    def _is_free(self, host: str) -> bool:
        known = literal(host)
        return known is None or known.is_loopback or self._trusted_host(host)

    def _look(self) -> None:
        self._sweep = None
        now = self.reactor.seconds()
        for channel in [channel for channel, due in self._expected.items() if due <= now]:
            self.settle(channel)
            channel.late()
        if self._expected and self._sweep is None:
            self._sweep = self.reactor.callLater(_SWEEP_S, self._look)


def make_site(resource: IResource, settings: Settings, reactor: Any) -> BoundedSite:
    """Return the site that serves ``resource`` within the operator's settings.

    Args:
        resource: the root.
        settings: its public URLs, trusted proxies and limits count here.
        reactor: for time.
    """
    chosen = settings.limits
    limits = FrontLimits(
        max_body_bytes=chosen.max_body_bytes,
        request_deadline_s=chosen.request_deadline_s,
        idle_timeout_s=chosen.idle_timeout_s,
    )
    return BoundedSite(resource, limits, Hosts(settings.public_urls), settings.trusted_proxies, reactor)


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
