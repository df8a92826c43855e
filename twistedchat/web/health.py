"""For probes and monitors: ``/healthz``, ``/readyz`` and ``/metrics``.

They are answered whatever the Host header says, since probes come with an address there. So what they tell everyone is one
word; details and figures are for this machine and for those whom ``metrics_allow`` names.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from twisted.web.resource import Resource
from twisted.web.server import Request

from twistedchat.config import Network
from twistedchat.core.addresses import parse_address
from twistedchat.web.hosts import Hosts, Proxies

NAMES = ("healthz", "readyz", "metrics")

_FORWARDED = ("x-forwarded-for", "forwarded", "x-real-ip")


class Insiders:
    """Who may see details: this machine, trusted proxies themselves, and ``allow``; nobody else behind a proxy.

    Args:
        allow: further address ranges.
        proxies: those whose word is taken for a visitor's address.
        hosts: our hosts. By another name nobody is an insider: a foreign page may have made that name ours.
    """

    def __init__(self, allow: Iterable[Network], proxies: Proxies, hosts: Hosts) -> None:
        self._allow = tuple(allow)
        self._proxies = proxies
        self._hosts = hosts

    def has(self, request: Request) -> bool:
        """Say whether a request comes from an insider."""
        host = request.getHeader("host") or ""
        if not (self._hosts.ours(host) or self._hosts.literal(host)):
            return False
        if any(request.requestHeaders.hasHeader(name) for name in _FORWARDED):
            return self._has_forwarded(request)
        peer = getattr(request.client, "host", None)
        if peer is None:
            return True  # a socket in the file system
        known = parse_address(str(peer))
        return known is not None and (
            known.is_loopback or self._proxies.trust(str(peer)) or self._named(str(peer))
        )

    def _has_forwarded(self, request: Request) -> bool:
        """Only a trusted proxy's word counts, and then only a visitor whom ``allow`` names: a proxy is on loopback often."""
        said = ",".join(request.requestHeaders.getRawHeaders("x-forwarded-for") or ())
        visitor = self._proxies.visitor(request.client, said)
        return visitor is not request.client and self._named(str(getattr(visitor, "host", "")))

    def _named(self, host: str) -> bool:
        known = parse_address(host)
        return known is not None and any(known in network for network in self._allow)


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether the house can serve, and what stands in the way.

    Attributes:
        ready: whether new visitors should be sent here.
        state: ``running``, ``loading`` or ``stopping``.
        store: ``ok``, or what is wrong with the store.
        store_waiting: what was asked of the store and is not answered.
        clients: live clients.
        sessions: SockJS sessions.
        rooms: rooms that are known.
    """

    ready: bool
    state: str
    store: str
    store_waiting: int
    clients: int
    sessions: int
    rooms: int


class _Plain(Resource):
    isLeaf = True

    def _answer(self, request: Request, code: int, kind: str, body: bytes) -> bytes:
        request.setResponseCode(code)
        request.setHeader("Content-Type", kind)
        request.setHeader("Cache-Control", "no-store")
        return body


class Healthz(_Plain):
    """Says ok while the reactor turns."""

    def render_GET(self, request: Request) -> bytes:
        """Answer."""
        return self._answer(request, 200, "text/plain; charset=utf-8", b"ok\n")


class Readyz(_Plain):
    """Says as JSON whether new visitors should be sent here: 200 or 503; to insiders also why.

    Args:
        look: returns the present state.
        insiders: who is told why.
    """

    def __init__(self, look: Callable[[], Readiness], insiders: Insiders) -> None:
        super().__init__()
        self._look = look
        self._insiders = insiders

    def render_GET(self, request: Request) -> bytes:
        """Answer."""
        found = self._look()
        told: dict[str, Any] = asdict(found) if self._insiders.has(request) else {"ready": found.ready}
        return self._answer(
            request, 200 if found.ready else 503, "application/json", json.dumps(told).encode() + b"\n"
        )


class MetricsPage(_Plain):
    """Serves figures to insiders, 403 to others.

    Args:
        text: returns them in Prometheus' text format.
        insiders: who may read them.
    """

    def __init__(self, text: Callable[[], bytes], insiders: Insiders) -> None:
        super().__init__()
        self._text = text
        self._insiders = insiders

    def render_GET(self, request: Request) -> bytes:
        """Answer."""
        if not self._insiders.has(request):
            return self._answer(request, 403, "text/plain; charset=utf-8", b"Not for you.\n")
        return self._answer(request, 200, "text/plain; version=0.0.4; charset=utf-8", self._text())
