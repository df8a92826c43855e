"""Pages: everything that klein serves. The hot paths of comet lie beside klein, not behind it."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from klein import Klein
from twisted.web.resource import IResource, Resource
from twisted.web.server import Request
from twisted.web.static import File
from zope.interface import implementer

YEAR = "public, max-age=31536000, immutable"
_BODY = re.compile(r"<body\b")


def page_policy(ancestors: str | None) -> str:
    """Return the Content-Security-Policy of our pages: our own scripts and styles, nothing inline, nobody else's.

    Args:
        ancestors: sources that may frame the page, or None for everyone.
    """
    framed = f"; frame-ancestors {ancestors}" if ancestors is not None else ""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self' ws: wss:; "
        f"frame-src 'self'; form-action 'self'; base-uri 'none'{framed}"
    )


class Pages:
    """The klein application.

    Args:
        static: folder of the browser's half.
        transports: what the operator offers, the preferred first; told to the pages.
        find_script: returns the script of an element by its content hash, or None (``live.Scripts.read``).
        ancestors: who may frame our pages; see ``page_policy``.
        element: whether ``/`` shows the operator's own element instead of the chat.
        registration: whether visitors can make accounts; told to the pages.
    """

    app = Klein()

    def __init__(
        self,
        static: Path,
        transports: Sequence[str],
        find_script: Callable[[str], bytes | None],
        ancestors: str | None,
        element: bool = False,
        registration: bool = True,
    ) -> None:
        self._static = File(str(static))
        self._find_script = find_script
        self._policy = page_policy(ancestors)
        accounts = "open" if registration else "closed"
        told = f'<body data-transports="{",".join(transports)}" data-registration="{accounts}"'
        self._chat = _shell(static / "index.html", told)
        self._demo = _shell(static / "demo.html", told)
        self._live = _shell(static / "live.html", told)
        self._front = self._live if element else self._chat

    @property
    def resource(self) -> IResource:
        """The application as a twisted.web resource."""
        return self.app.resource()

    @app.route("/", methods=["GET", "HEAD"])
    def front(self, request: Request) -> bytes:
        """Serve the chat, or the operator's own element."""
        return self._page(request, self._front)

    @app.route("/chat", methods=["GET", "HEAD"])
    def chat(self, request: Request) -> bytes:
        """Serve the chat, also where ``/`` is something else."""
        return self._page(request, self._chat)

    @app.route("/demo", methods=["GET", "HEAD"])
    def demo(self, request: Request) -> bytes:
        """Serve one room in panes, each on another transport."""
        return self._page(request, self._demo)

    @app.route("/static/", branch=True, methods=["GET", "HEAD"])
    def static(self, request: Request) -> Any:
        """Serve the browser's half; what has its version in its path may be kept for ever."""
        versioned = b"/vendor/" in request.path
        request.setHeader("Cache-Control", YEAR if versioned else "no-cache")
        # Our files are small. A header that asks for the same range a thousand times would be given it.
        request.requestHeaders.removeHeader("Range")
        return self._static

    @app.route("/live/js/<digest>/<name>", methods=["GET", "HEAD"])
    def script(self, request: Request, digest: str, name: str) -> bytes:
        """Serve the script of an element, under its content hash."""
        content = self._find_script(digest)
        if content is None:
            request.setResponseCode(404)
            return b"No such script.\n"
        request.setHeader("Content-Type", "text/javascript; charset=utf-8")
        request.setHeader("Cache-Control", YEAR)
        return content

    def _page(self, request: Request, content: bytes) -> bytes:
        request.setHeader("Content-Type", "text/html; charset=utf-8")
        request.setHeader("Content-Security-Policy", self._policy)
        request.setHeader("Cache-Control", "no-cache")
        # A listener to `unload`, as SockJS has one in the page and in its frames, would keep the page out of the
        # back-forward cache; a browser that knows this policy ignores such listeners.
        request.setHeader("Permissions-Policy", "unload=()")
        return content


def _shell(path: Path, body: str) -> bytes:
    """Return a static page whose body is told what this server offers."""
    return _BODY.sub(body, path.read_text("utf-8"), count=1).encode()


def is_text(path: Sequence[bytes]) -> bool:
    """Say whether a path is UTF-8 without NUL: klein and the file system log an error for each that is not."""
    whole = b"/".join(path)
    try:
        whole.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return b"\0" not in whole


class _Nowhere(Resource):
    """Answers 404 to everything."""

    isLeaf = True

    def render(self, request: Request) -> bytes:
        """Say that there is nothing."""
        request.setResponseCode(404)
        request.setHeader("Content-Type", "text/plain; charset=utf-8")
        return b"Not found\n"


_NOWHERE = _Nowhere()


@implementer(IResource)
class Front(Resource):
    """The root of the site: a few fast resources by their first path segment, and klein for all else.

    Args:
        fast: resources by segment, such as ``comet``.
        pages: everything else.
    """

    def __init__(self, fast: dict[str, IResource], pages: IResource) -> None:
        super().__init__()
        self._pages = pages
        for segment, resource in fast.items():
            self.putChild(segment.encode(), resource)

    def getChild(self, path: bytes, request: Request) -> IResource:
        """Hand what is not fast to klein, with its path restored."""
        above, below = request.prepath or [], request.postpath or []
        request.postpath = [above.pop(), *below]
        return self._pages if is_text(request.postpath) else _NOWHERE


def under_prefix(prefix: str, resource: IResource) -> IResource:
    """Return ``resource`` mounted below a path such as ``/chat``, or itself for ""; the path without a slash redirects."""
    for segment in reversed(prefix.strip("/").split("/") if prefix else []):
        above = Resource()
        above.putChild(segment.encode(), _WithSlash(resource))
        resource = above
    return resource


class _WithSlash(Resource):
    """A resource below whose path a slash must stand, since its pages use relative URLs."""

    isLeaf = False

    def __init__(self, inner: IResource) -> None:
        super().__init__()
        self._inner = inner

    def getChild(self, path: bytes, request: Request) -> Any:
        """Look ``path`` up in the inner resource."""
        return self._inner.getChildWithDefault(path, request)

    def render(self, request: Request) -> bytes:
        """Redirect to the same path with a slash."""
        request.redirect(request.path + b"/")
        return b""
