"""The elements of one live client: a tree with one root, made, told to the page, and lost, each exactly once."""

from typing import TYPE_CHECKING

from twisted.internet.defer import maybeDeferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from twistedchat.core import codes
from twistedchat.live.calls import RemoteError

if TYPE_CHECKING:
    from collections.abc import Callable

    from twistedchat.live.client import LiveClient
    from twistedchat.live.element import LiveElement
    from twistedchat.live.scripts import Shown

_log = Logger()

MAX_ELEMENTS = 1000  # in one page


class Elements:
    """See the module. An application's hook that raises is logged and harms nobody else."""

    __slots__ = ("_by_number", "_client", "_next", "_render")

    def __init__(self, client: "LiveClient", render: "Callable[[LiveElement], Shown]") -> None:
        self._client = client
        self._render = render
        self._by_number: dict[int, LiveElement] = {}
        self._next = 1

    @property
    def root(self) -> "LiveElement | None":
        """The root element, from when it was added."""
        return self._by_number.get(1)

    def get(self, number: int) -> "LiveElement | None":
        """Return the element ``number`` of this page."""
        return self._by_number.get(number)

    def add(self, element: "LiveElement", parent: int = 0) -> None:
        """Give the page a new element: rendered first, then told, then its ``connectionMade``.

        Raises:
            RemoteError: "Overflow", more than MAX_ELEMENTS.
            ValueError: the element is in a page already.
        """
        if element.client is not None:
            raise ValueError(f"this {type(element).__qualname__} is in a page already")
        if len(self._by_number) >= MAX_ELEMENTS:
            raise RemoteError("Overflow", "too many elements in this page")
        element.client = self._client
        element.element_id = self._next
        self._by_number[self._next] = element
        self._next += 1
        shown = maybeDeferred(self._render, element)
        shown.addCallback(self._rendered, element, parent)
        shown.addErrback(self._not_rendered, element)

    def _rendered(self, shown: tuple[list[str], str], element: "LiveElement", parent: int) -> None:
        if element.client is not self._client:
            return
        scripts, html = shown
        arguments = element.getInitialArguments()
        self._client.push("element", [element.element_id, parent, element.jsClass, scripts, html, arguments])
        if element.client is not self._client:
            return  # that was more than the page's basket takes
        element.connected = True
        guard(element.connectionMade)

    def _not_rendered(self, failure: Failure, element: "LiveElement") -> None:
        _log.failure("{element} could not be shown", failure, element=type(element).__qualname__)
        if element is self.root:
            self._client.close(codes.OVERLOADED)
        self.remove(element.element_id, "could not be shown")

    def remove(self, number: int, reason: str) -> None:
        """Take an element and all below it out of the page. Idempotent."""
        element = self._by_number.get(number)
        if element is not None:
            if element.connected:
                self._client.push("detach", [number])
            self._lose(element, reason)

    def _lose(self, element: "LiveElement", reason: str) -> None:
        for child in [one for one in self._by_number.values() if one.parent is element]:
            self._lose(child, reason)
        if self._by_number.pop(element.element_id, None) is None:
            return
        element.client = None
        if element.connected:
            element.connected = False
            guard(element.connectionLost, reason)

    def lose_all(self, reason: str) -> None:
        """The page is gone."""
        for element in list(self._by_number.values()):
            self._lose(element, reason)

    def tell(self, hook: str) -> None:
        """Call ``hook`` of every connected element."""
        for element in list(self._by_number.values()):
            if element.connected:
                guard(getattr(element, hook))


def guard(hook: "Callable[..., object]", *args: object) -> None:
    """Call an application's hook; what it raises is logged, and stops nobody else."""
    try:
        hook(*args)
    except Exception:
        _log.failure("{hook} failed", hook=getattr(hook, "__qualname__", repr(hook)))
