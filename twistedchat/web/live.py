"""Live objects in a site of one's own: what their pages need below one path, as a twisted.web resource."""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.web.resource import IResource, Resource
from twisted.web.server import Request
from twisted.web.static import File
from twisted.web.template import Tag, tags

from twistedchat.comet.clockwork import Clockwork
from twistedchat.comet.resource import CometResource
from twistedchat.core.origins import OriginPolicy
from twistedchat.core.policy import BRIEF_HOLD_S, MountPolicy
from twistedchat.live.element import LiveElement
from twistedchat.live.scripts import Scripts
from twistedchat.live.server import LiveLimits, LiveServer
from twistedchat.paths import static_dir
from twistedchat.web.pages import YEAR

DRAIN_S = 0.5  # time for what tells the pages that the server stops
_SCRIPT = re.compile(r'<script src="static/([^"]+)"')


class LiveResource(Resource):
    """Serves a live element, and what its pages need, at one place of anyone's twisted.web or klein site.

    In klein, return it from a route with ``branch=True``; a page of your own that has ``body()`` shows the element. Call
    ``stop`` when your site stops. Paths below ``comet`` carry the ids of sessions, which an access log should not have.

    Args:
        factory: makes the element of one page; called once per page that connects. May return a Deferred, or be a coroutine.
        at: path of this resource as browsers see it, such as ``/live``.
        reactor: for time; the installed one unless given.
        origins: pages of which other sites may use it; see ``CometResource``.
        policy: transports, limits and habits of the connections.
        limits: the bounds of what pages may do.

    Raises:
        MissingScript: the factory says which element it makes, and the script of that one's widget is not there.

    Attributes:
        live: the live server.
    """

    def __init__(
        self,
        factory: Callable[[], LiveElement | Any],
        at: str,
        *,
        reactor: Any = None,
        origins: Iterable[str] = (),
        policy: MountPolicy | None = None,
        limits: LiveLimits | None = None,
    ) -> None:
        super().__init__()
        if reactor is None:
            from twisted.internet import reactor as installed

            reactor = installed
        self._reactor = reactor
        self._at = at.rstrip("/")
        page = (static_dir() / "live.html").read_text("utf-8")
        self._scripts = _SCRIPT.findall(page)
        sockjs = next(name for name in self._scripts if name.startswith("vendor/sockjs-client"))
        self._policy = replace(
            policy or MountPolicy(), document_domain=False, sockjs_url=f"{self._at}/static/{sockjs}"
        )
        scripts = Scripts(f"{self._at}/js")
        scripts.check(factory)
        self.live = LiveServer(reactor, {"element": lambda client: factory()}, scripts, limits)
        self._clockwork = Clockwork(reactor)
        self._mounts = [
            CometResource(
                self.live,
                replace(self._policy, hold_s=hold_s),
                reactor=reactor,
                origins=OriginPolicy(origins),
                clockwork=self._clockwork,
            )
            for hold_s in (self._policy.hold_s, BRIEF_HOLD_S)
        ]
        for name, child in zip((b"comet", b"comet-brief"), self._mounts, strict=True):
            self.putChild(name, child)
        static = _Static(str(static_dir()))
        static.indexNames = []  # the chat's own page is not this site's
        self.putChild(b"static", static)
        self.putChild(b"js", _ElementScripts(scripts.read))

    def body(self, *children: Any) -> Tag:
        """Return the ``<body>`` of a page that shows the element below ``children``, ready for a ``twisted.web.template``.

        Beside the element, in ``#live``, there is ``#live-status``, which tells of a lost connection. The page needs no
        inline scripts; ``twistedchat.web.pages.page_policy`` has a Content-Security-Policy that fits.
        """
        told = {
            "data-comet": f"{self._at}/comet",
            "data-root": "element",
            "data-transports": ",".join(self._policy.transports),
        }
        return tags.body(
            *children,
            tags.div(id="live"),
            tags.div("Connecting…", id="live-status", role="status"),
            *(tags.script(src=f"{self._at}/static/{name}") for name in self._scripts),
            **told,
        )

    def stop(self) -> Deferred[None]:
        """Tell every page to come back later, take no new ones, then cancel every timer; fires when that is done.

        As a trigger: ``reactor.addSystemEventTrigger("before", "shutdown", live.stop)``.
        """
        self.live.stop()
        for mount in self._mounts:
            mount.stop()
        drained: Deferred[None] = deferLater(self._reactor, DRAIN_S)
        return drained.addCallback(lambda _: self._release())

    def _release(self) -> None:
        for mount in self._mounts:
            mount.release()
        self._clockwork.stop()


class _Static(File):
    """The browser's half; what has its version in its path may be kept for ever."""

    def directoryListing(self) -> IResource:
        """There is no list of files."""
        nothing: IResource = self.childNotFound
        return nothing

    def render_GET(self, request: Request) -> Any:
        """Serve a file, always all of it: a header that asks for one range a thousand times would be given it."""
        versioned = b"/vendor/" in request.path
        request.setHeader("Cache-Control", YEAR if versioned else "no-cache")
        request.requestHeaders.removeHeader("Range")
        return super().render_GET(request)

    render_HEAD = render_GET


class _ElementScripts(Resource):
    """The scripts of elements, under their content hashes."""

    isLeaf = True

    def __init__(self, find: Callable[[str], bytes | None]) -> None:
        super().__init__()
        self._find = find

    def render_GET(self, request: Request) -> bytes:
        """Serve the script with the hash that is the first part of the path."""
        path = request.postpath or [b""]
        content = self._find(path[0].decode("latin-1"))
        if content is None:
            request.setResponseCode(404)
            request.setHeader("Content-Type", "text/plain; charset=utf-8")
            return b"No such script.\n"
        request.setHeader("Content-Type", "text/javascript; charset=utf-8")
        request.setHeader("Cache-Control", YEAR)
        return content
