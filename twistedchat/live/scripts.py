"""What the page needs to show an element: its markup, rendered, and the script that defines its widget."""

import hashlib
import inspect
import sys
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.web.template import flattenString

from twistedchat.live.element import LiveElement

Shown = Deferred[tuple[list[str], str]]

MAX_SCRIPTS = 1000  # scripts known to one server
BUILT_IN = "TwistedChat"  # widgets of this module come with the page


class MissingScript(Exception):
    """The script that should define a widget class is not there; the text says where it was looked for."""


class Scripts:
    """Scripts of elements, served under a content hash so that pages may keep them for ever.

    Args:
        base: URL of the folder under which they are served, relative to the page.
    """

    def __init__(self, base: str = "live/js") -> None:
        self._base = base
        self._by_hash: dict[str, bytes] = {}
        self._urls: dict[Path, tuple[int, str]] = {}

    def read(self, digest: str) -> bytes | None:
        """Return the script with this content hash, or None."""
        return self._by_hash.get(digest)

    def url(self, element: LiveElement | type[LiveElement]) -> str | None:
        """Return the URL of the script that defines the element's widget, or None for a widget of the page's own.

        A script that changed on disk gets another URL.

        Raises:
            MissingScript: there is none.
        """
        module = element.jsClass.partition(".")[0]
        if module == BUILT_IN and element.jsModule is None:
            return None
        path = _path(element, module)
        try:
            changed = path.stat().st_mtime_ns
        except OSError:
            raise MissingScript(
                f"{element.jsClass} should be defined in {path}, which is not there"
            ) from None
        known = self._urls.get(path)
        if known is None or known[0] != changed:
            known = self._urls[path] = (changed, self._load(path, module))
        return known[1]

    def check(self, factory: Callable[..., Any]) -> None:
        """Look for the script of the element that ``factory`` makes, where it says which: a class, or an annotated function.

        Raises:
            MissingScript: it is not there.
        """
        kind: Any = factory
        if not inspect.isclass(factory):
            try:
                kind = typing.get_type_hints(factory).get("return")
            except (
                NameError,
                TypeError,
            ):  # a name for the type checker alone; a callable that has no annotations
                return
        if inspect.isclass(kind) and issubclass(kind, LiveElement):
            self.url(kind)

    def _load(self, path: Path, module: str) -> str:
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()[:24]
        if digest not in self._by_hash and len(self._by_hash) >= MAX_SCRIPTS:
            del self._by_hash[next(iter(self._by_hash))]
        self._by_hash[digest] = content
        return f"{self._base}/{digest}/{module}.js"


def _path(element: LiveElement | type[LiveElement], module: str) -> Path:
    if element.jsModule is not None:
        return Path(getattr(element.jsModule, "path", element.jsModule))
    kind = element if isinstance(element, type) else type(element)
    home = getattr(sys.modules[kind.__module__], "__file__", None) or "."
    return Path(home).parent / "js" / f"{module}.js"


def renderer(scripts: Scripts) -> Callable[[LiveElement], Shown]:
    """Return what renders an element: fires with the URLs of its scripts and its markup."""

    def render(element: LiveElement) -> Shown:
        url = scripts.url(element)
        urls = [url] if url else []
        if element.loader is None:
            return succeed((urls, ""))
        return flattenString(None, element).addCallback(lambda html: (urls, html.decode()))

    return render
