"""Live elements: objects on the server whose other half is a widget in a page.

Source: Nevow Athena's LiveElement, by its published behaviour.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from twisted.internet.defer import Deferred
from twisted.web.template import Element

from twistedchat.core.errors import NoSuchElement, NotExposed
from twistedchat.live.arguments import Arguments

if TYPE_CHECKING:
    from twistedchat.live.client import LiveClient

_Method = TypeVar("_Method", bound=Callable[..., Any])


def expose(method: _Method) -> _Method:
    """Let pages call ``method``, with arguments that fit its annotations.

    It may return a JSON value, a Deferred of one, or be a coroutine. A ``SafeError`` that it raises is told to the page by
    class name and text; any other error is logged with an id, and the page is told the id alone.

    Raises:
        TypeError: at class definition, when a page could never call it.
    """
    method.__live_arguments__ = Arguments(method)  # type: ignore[attr-defined]
    return method


class LiveElement(Element):
    """An object that calls methods of its widget in the page, and whose exposed methods the widget calls.

    Attributes:
        jsClass: the widget's dotted name, ``Module.Widget``.
        jsModule: FilePath of the script that defines it; by default ``js/Module.js`` beside the element's own module.
        docFactory: any ``twisted.web.template`` loader, or None for an element without markup.
        client: the live client, from ``connectionMade`` to ``connectionLost``.
        connected: True between those two.
        parent: the element above, or None for the root.
    """

    jsClass: str = "TwistedChat.Widget"
    jsModule: Any = None
    docFactory: Any = None
    client: "LiveClient | None" = None
    element_id: int = 0
    _exposed: ClassVar[dict[str, tuple[Any, Arguments]]] = {}
    connected: bool = False
    parent: "LiveElement | None" = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Collect what is exposed, inherited included; an override must be exposed again."""
        super().__init_subclass__(**kwargs)
        cls._exposed = {}
        for name in dir(cls):
            method = getattr(cls, name, None)
            arguments = getattr(method, "__live_arguments__", None)
            if isinstance(arguments, Arguments):
                cls._exposed[name] = (method, arguments)

    def __init__(self, loader: Any = None) -> None:
        super().__init__(loader or self.docFactory)
        self.docFactory = self.loader

    # --- what an application overrides

    def getInitialArguments(self) -> list[Any]:
        """Return JSON values that the widget's ``init`` gets."""
        return []

    def connectionMade(self) -> None:
        """The page is there, on whatever transport. Exactly once."""

    def connectionLost(self, reason: str) -> None:
        """The page is gone for good, or this element was detached. Exactly once after ``connectionMade``."""

    def clientDetached(self) -> None:
        """The client lost its session; it may come back within the window, when ``clientAttached`` is called."""

    def clientAttached(self) -> None:
        """The client came back on a new session."""

    # --- what an application calls

    def callRemote(self, method: str, *args: Any, timeout_s: float | None = None) -> Deferred[Any]:
        """Call ``method`` of the widget; fire with its answer.

        Args:
            method: name of a method that the widget exposes.
            args: JSON values.
            timeout_s: seconds to wait; None for the server's own limit of 60.

        Errors: RemoteError (the widget refused, or raised), OutcomeUnknown (no answer in time, or the page is gone: it may
        have run), CancelledError after ``cancel()`` of the Deferred, which also tells the page; NoSuchElement at once when
        there is no page (it has not run).
        """
        return self._page().call(self.element_id, method, args, timeout_s)

    def notify(self, method: str, *args: Any) -> None:
        """Call ``method`` of the widget and want no answer. In order with ``callRemote``; dropped without a page."""
        if self.client is not None:
            self.client.notify(self.element_id, method, args)

    def setFragmentParent(self, parent: "LiveElement") -> None:
        """Put this element into the page of ``parent``, below it."""
        self.parent = parent
        parent._page().elements.add(self, parent.element_id)

    def detach(self) -> None:
        """Take this element and those below it out of the page."""
        if self.client is not None:
            self.client.elements.remove(self.element_id, "detached")

    # --- what the live client calls

    def find_exposed(self, name: str) -> tuple[Any, Arguments]:
        """Return the exposed method ``name`` and its parameters.

        Raises:
            NotExposed: there is none.
        """
        try:
            return self._exposed[name]
        except KeyError:
            raise NotExposed(f"{name[:100]!r} cannot be called") from None

    def _page(self) -> "LiveClient":
        if self.client is None:
            raise NoSuchElement("there is no page")
        return self.client
