"""A SockJS mount as a twisted.web resource: from URLs to transports."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from twisted.internet.interfaces import IAddress, IProtocolFactory
from twisted.web.http import Request
from twisted.web.iweb import IRequest
from twisted.web.resource import IResource
from twisted.web.server import NOT_DONE_YET
from zope.interface import implementer

from twistedchat.comet import eventsource, htmlfile, jsonp, pages, xhr
from twistedchat.comet.answers import answer, not_found, text
from twistedchat.comet.clockwork import Clockwork
from twistedchat.comet.exchange import WebExchange
from twistedchat.comet.mount import Mount
from twistedchat.core.codes import SHUTTING_DOWN
from twistedchat.core.origins import OriginPolicy
from twistedchat.core.policy import MAX_SESSION_ID, MountPolicy
from twistedchat.interfaces import IEntrance, IExchange, ISessionDirectory

_IFRAME_NAME = re.compile(rb"iframe[0-9-.a-z_]*\.html\Z")

_STREAMS = ("xhr-streaming",)
_POLLS = ("xhr-polling", "iframe-xhr-polling")
_EVENTS = ("eventsource", "iframe-eventsource")
_FILES = ("htmlfile", "iframe-htmlfile")
_JSONP = ("jsonp-polling",)


@dataclass(frozen=True, slots=True)
class Route:
    """What serves the last part of a session's URL.

    Attributes:
        serve: called with the mount, the exchange and the session's id.
        method: the request method, besides OPTIONS where ``options`` is True.
        transports: any of these being enabled enables the URL.
    """

    serve: Callable[[Mount, IExchange, str], None]
    method: str
    options: bool
    transports: tuple[str, ...]

    @property
    def allow(self) -> str:
        """The value of an Allow header."""
        return f"OPTIONS, {self.method}" if self.options else self.method


ROUTES: dict[bytes, Route] = {
    b"xhr": Route(xhr.poll, "POST", True, _POLLS),
    b"xhr_streaming": Route(xhr.stream, "POST", True, _STREAMS),
    b"xhr_send": Route(xhr.send, "POST", True, _POLLS + _STREAMS + _EVENTS + _FILES),
    b"eventsource": Route(eventsource.stream, "GET", False, _EVENTS),
    b"htmlfile": Route(htmlfile.stream, "GET", False, _FILES),
    b"jsonp": Route(jsonp.poll, "GET", False, _JSONP),
    b"jsonp_send": Route(jsonp.send, "POST", False, _JSONP),
}


def client_address(request: Any) -> IAddress:
    """The client's address as the site's requests tell it."""
    address: IAddress = request.getClientAddress()
    return address


@implementer(IResource, IEntrance)
class CometResource:
    """Serves an application's protocols to every browser, at one place of anyone's twisted.web or klein site.

    Args:
        factory: makes one protocol a session; its transport is an ``ISessionTransport``.
        policy: the limits and habits of this mount.
        reactor: for time; the installed one unless given.
        origins: the allow list of origins, as entries or ready; the site's own origin is always in it.
        address_of: finds the client's address of a request; behind proxies a site knows better than we do.
        clockwork: shared by several mounts of a process.
        directory: where sessions are found; in memory unless given.
    """

    isLeaf = True

    def __init__(
        self,
        factory: IProtocolFactory,
        policy: MountPolicy | None = None,
        *,
        reactor: Any = None,
        origins: OriginPolicy | Iterable[str] = (),
        address_of: Callable[[Any], IAddress] = client_address,
        clockwork: Clockwork | None = None,
        directory: ISessionDirectory | None = None,
    ) -> None:
        if reactor is None:
            from twisted.internet import reactor as installed

            reactor = installed
        policy = policy or MountPolicy()
        allowed = origins if isinstance(origins, OriginPolicy) else OriginPolicy(origins)
        self.mount = Mount(factory, policy, clockwork or Clockwork(reactor), allowed, directory)
        self._own_clockwork = clockwork is None
        self._address_of = address_of
        self._routes = {name: route for name, route in ROUTES.items() if policy.allows(route.transports)}
        self._entrances = self._make_entrances() if address_of is client_address else {}
        self._websockets = self._make_websockets(reactor) if policy.websocket else None

    def entrance(self, method: str, name: bytes) -> Callable[[IExchange, str], None] | None:
        """See IEntrance. A mount with an ``address_of`` of its own has none: only a twisted.web request can tell it."""
        return self._entrances.get((method, name))

    def stop(self, code: int = SHUTTING_DOWN.code, reason: str = SHUTTING_DOWN.reason) -> None:
        """Close every session with a code that its client sees; refuse new ones with 503. Idempotent."""
        self.mount.stop(code, reason)

    def release(self) -> None:
        """After ``stop``: forget what is left and cancel every timer. Idempotent."""
        self.mount.release()
        if self._own_clockwork:
            self.mount.clockwork.stop()

    def render(self, request: IRequest) -> int:
        """Serve a request, now or later."""
        http: Any = request
        exchange = WebExchange(http, self._address_of(http))
        path = http.postpath
        if len(path) == 4 and not path[3]:
            path = path[:3]
        if len(path) == 3:
            self._session(http, exchange, path)
        else:
            self._page(http, exchange, path)
        return NOT_DONE_YET

    def getChildWithDefault(self, name: bytes, request: IRequest) -> IResource:
        """A leaf: everything below is its own."""
        return self

    def putChild(self, path: bytes, child: IResource) -> None:
        """Nothing can be put below a mount."""
        raise NotImplementedError("a mount has no children")

    def _session(self, request: Request, exchange: WebExchange, path: list[bytes]) -> None:
        server, session, name = path
        route = self._routes.get(name)
        if not server or not session or b"." in server or b"." in session or len(session) > MAX_SESSION_ID:
            not_found(exchange)
        elif route is not None:
            self._route(exchange, route, session.decode("latin-1"))
        elif name == b"websocket" and self._websockets is not None:
            self._websocket(request, exchange, self._websockets[0])
        else:
            not_found(exchange)

    def _route(self, exchange: WebExchange, route: Route, session_id: str) -> None:
        if exchange.method == route.method:
            self._serve(route, exchange, session_id)
        elif exchange.method == "OPTIONS" and route.options:
            self._preflight(exchange, route.allow)
        else:
            answer(exchange, 405, b"", [(b"Allow", route.allow.encode("ascii"))])

    def _make_entrances(self) -> dict[tuple[str, bytes], Callable[[IExchange, str], None]]:
        return {(route.method, name): partial(self._serve, route) for name, route in self._routes.items()}

    def _serve(self, route: Route, exchange: IExchange, session_id: str) -> None:
        if self._allowed(exchange):
            route.serve(self.mount, exchange, session_id)

    def _page(self, request: Request, exchange: WebExchange, path: list[bytes]) -> None:
        name = path[0] if path else b""
        policy = self.mount.policy
        if len(path) > 1:
            not_found(exchange)
        elif not name:
            self._get(exchange, pages.greeting)
        elif name == b"info":
            self._info(exchange)
        elif name == b"websocket" and self._websockets is not None:
            self._websocket(request, exchange, self._websockets[1])
        elif policy.framed and _IFRAME_NAME.match(name):
            self._get(exchange, pages.iframe)
        else:
            not_found(exchange)

    def _get(self, exchange: WebExchange, serve: Callable[[Mount, IExchange], None]) -> None:
        if exchange.method in ("GET", "HEAD"):
            serve(self.mount, exchange)
        else:
            answer(exchange, 405, b"", [(b"Allow", b"GET, HEAD")])

    def _info(self, exchange: WebExchange) -> None:
        if exchange.method == "OPTIONS":
            self._preflight(exchange, "OPTIONS, GET")
        elif exchange.method != "GET":
            answer(exchange, 405, b"", [(b"Allow", b"OPTIONS, GET")])
        elif self._allowed(exchange):
            pages.info(self.mount, exchange)

    def _preflight(self, exchange: WebExchange, methods: str) -> None:
        if self._allowed(exchange):
            pages.preflight(exchange, methods)

    def _allowed(self, exchange: IExchange) -> bool:
        """Ask the allow list; a request that it refuses has been answered."""
        if self.mount.origins.anyone or self.mount.origins.allows(exchange.evidence()):
            return True
        text(exchange, 403, "This origin is not allowed here.\n")
        return False

    def _websocket(self, request: Request, exchange: WebExchange, factory: Any) -> None:
        from twistedchat.comet.websocket import upgrade

        if exchange.method != "GET":
            answer(exchange, 405, b"", [(b"Allow", b"GET")])
        elif self._allowed(exchange):
            upgrade(self.mount, exchange, request, factory)

    def _make_websockets(self, reactor: Any) -> tuple[Any, Any]:
        # Imported here: autobahn installs a reactor when it is imported.
        from twistedchat.comet.websocket import websocket_factory

        size = self.mount.policy.max_body_bytes
        return websocket_factory(reactor, size, raw=False), websocket_factory(reactor, size, raw=True)
