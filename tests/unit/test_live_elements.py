"""Elements: shown, told, lost, each once; children with their parents; failing hooks harm nobody; scripts."""

import os
from pathlib import Path
from typing import Any

import pytest
from kit import Page
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.python.filepath import FilePath
from twisted.web.template import XMLString, renderer

from twistedchat.core.errors import NoSuchElement
from twistedchat.live.calls import RemoteError
from twistedchat.live.element import LiveElement
from twistedchat.live.elements import MAX_ELEMENTS
from twistedchat.live.scripts import MAX_SCRIPTS, MissingScript, Scripts
from twistedchat.live.server import LiveLimits, LiveServer


class Noted(LiveElement):
    """Notes its hooks."""

    def __init__(self, name: str = "root", notes: list[str] | None = None) -> None:
        super().__init__()
        self.name = name
        self.notes = [] if notes is None else notes

    def getInitialArguments(self) -> list[Any]:
        return [self.name]

    def connectionMade(self) -> None:
        self.notes.append(f"{self.name} made")

    def connectionLost(self, reason: str) -> None:
        self.notes.append(f"{self.name} lost: {reason}")


class Simple(Noted):
    docFactory = XMLString(
        '<p xmlns:t="http://twistedmatrix.com/ns/twisted.web.template/0.1">1 &lt; 2 <b t:render="who"/></p>'
    )

    @renderer
    def who(self, request: Any, tag: Any) -> Any:
        return tag("it is ", self.name)


def show(root: LiveElement, **limits: Any) -> tuple[Page, Clock]:
    clock = Clock()
    page = Page(LiveServer(clock, {"chat": lambda client: root}, limits=LiveLimits(**limits)))
    page.connect()
    clock.advance(0)
    return page, clock


def test_the_page_gets_markup_and_initial_arguments() -> None:
    page, _ = show(Simple("<Ann>"))
    assert page.actions("element") == [
        [1, 0, "TwistedChat.Widget", [], "<p>1 &lt; 2 <b>it is &lt;Ann&gt;</b></p>", ["<Ann>"]]
    ]


def test_children_come_and_go_with_their_parents_each_once() -> None:
    root = Noted()
    page, clock = show(root)
    child, grandchild = Noted("child", root.notes), Noted("grandchild", root.notes)
    child.setFragmentParent(root)
    grandchild.setFragmentParent(child)
    assert grandchild.parent is child and grandchild.connected
    clock.advance(0)
    assert [args[:2] for args in page.actions("element")] == [[1, 0], [2, 1], [3, 2]]
    child.detach()
    child.detach()
    clock.advance(0)
    assert page.actions("detach") == [[2]]
    assert page.answer("x", element=3)[1]["error"] == "NoSuchElement"
    page.say(["bye"])
    assert root.notes == [
        "root made",
        "child made",
        "grandchild made",
        "grandchild lost: detached",
        "child lost: detached",
        "root lost: the page was left",
    ]
    assert root.client is None and not root.connected


def test_a_child_needs_a_page() -> None:
    with pytest.raises(NoSuchElement):
        Noted().setFragmentParent(Noted())


def test_an_element_is_in_one_page_at_most() -> None:
    root = Noted()
    show(root)
    child = Noted("child", root.notes)
    child.setFragmentParent(root)
    with pytest.raises(ValueError, match="already"):
        child.setFragmentParent(root)
    assert root.notes == ["root made", "child made"]


def test_the_number_of_elements_is_bounded() -> None:
    root = Noted()
    page, _ = show(root, basket_chars=10_000_000)
    page.say(["at", 0, {}])
    client = root.client
    assert client is not None
    client._basket._max_messages = 10_000
    for _ in range(MAX_ELEMENTS - 1):
        Noted("child").setFragmentParent(root)
    with pytest.raises(RemoteError, match="Overflow"):
        Noted("child").setFragmentParent(root)


class Clumsy(Noted):
    """Fails in every hook."""

    def connectionMade(self) -> None:
        raise RuntimeError("made")

    def connectionLost(self, reason: str) -> None:
        raise RuntimeError("lost")

    def clientDetached(self) -> None:
        raise RuntimeError("detached")

    def clientAttached(self) -> None:
        raise RuntimeError("attached")

    def leaving(self, name: str) -> None:
        raise RuntimeError("leaving")


def test_failing_hooks_are_logged_and_harm_nobody(logged_failures: list[Failure]) -> None:
    root = Clumsy()
    page, _ = show(root)
    notes: list[str] = []
    Noted("child", notes).setFragmentParent(root)
    page.say(["leave", 1, ["room/x"]])
    assert page.heard("left") == [["left", 1, ["room/x"]]]
    page.session.lost()
    page.connect()
    page.say(["bye"])
    assert notes == ["child made", "child lost: the page was left"]
    assert [str(failure.value) for failure in logged_failures] == [
        "made",
        "leaving",
        "detached",
        "attached",
        "lost",
    ]
    logged_failures.clear()


class Unsayable(Noted):
    def getInitialArguments(self) -> list[Any]:
        return [object()]


class Unrenderable(Noted):
    docFactory = XMLString(
        '<p xmlns:t="http://twistedmatrix.com/ns/twisted.web.template/0.1" t:render="no"/>'
    )


class Scriptless(Noted):
    jsClass = "Nowhere.Widget"


@pytest.mark.parametrize("kind", [Unsayable, Unrenderable, Scriptless])
def test_a_child_that_cannot_be_shown_is_logged_and_leaves_nothing(
    kind: type[Noted], logged_failures: list[Failure]
) -> None:
    root = Noted()
    page, clock = show(root)
    child = kind("child", root.notes)
    child.setFragmentParent(root)
    clock.advance(0)
    assert child.client is None and root.notes == ["root made"]
    assert len(page.actions()) == 1 and page.session.ended is None
    assert len(logged_failures) == 1
    logged_failures.clear()


@pytest.mark.parametrize("kind", [Unsayable, Unrenderable, Scriptless])
def test_a_root_that_cannot_be_shown_ends_the_client_with_later(
    kind: type[Noted], logged_failures: list[Failure]
) -> None:
    root = kind()
    page, _ = show(root)
    assert page.session.ended is not None and page.session.ended[0] == 4102
    assert root.notes == [] and page.server.clients == {}
    assert len(logged_failures) == 1
    logged_failures.clear()


def test_an_element_too_large_for_the_basket_is_never_told_that_it_is_there() -> None:
    root = Noted("x" * 2000)
    page, _ = show(root, basket_chars=1000)
    assert page.session.ended is not None and page.session.ended[0] == 4103
    assert root.notes == [] and not root.connected


class Slow(Noted):
    """Its markup takes a while."""

    def __init__(self, notes: list[str]) -> None:
        super().__init__("slow", notes)
        self.markup: Deferred[str] = Deferred()
        self.loader = self

    def load(self) -> list[Any]:
        return [self.markup]

    def render(self, request: Any) -> Any:
        return [self.markup]


def test_an_element_that_was_taken_out_while_it_was_rendered_is_never_told() -> None:
    root = Noted()
    page, clock = show(root)
    slow = Slow(root.notes)
    slow.setFragmentParent(root)
    slow.detach()
    slow.markup.callback("late")
    clock.advance(0)
    assert root.notes == ["root made"] and len(page.actions()) == 1


# --- scripts


class Scripted(Noted):
    jsClass = "Thing.Widget"


def test_a_script_is_served_under_its_content(tmp_path: Path) -> None:
    script = tmp_path / "Thing.js"
    script.write_text("var Thing = 1;")
    scripts = Scripts("js")
    root = Scripted()
    root.jsModule = FilePath(str(script))
    url = scripts.url(root)
    assert url is not None and url.startswith("js/") and url.endswith("/Thing.js")
    digest = url.split("/")[1]
    assert scripts.read(digest) == b"var Thing = 1;"
    assert scripts.read("other") is None
    assert scripts.url(root) == url
    script.write_text("var Thing = 2;")
    os.utime(script, ns=(1, 1))
    changed = scripts.url(root)
    assert changed not in (None, url)


def test_a_script_lies_beside_the_elements_module_unless_told(tmp_path: Path) -> None:
    with pytest.raises(MissingScript) as caught:
        Scripts().url(Scripted)
    assert str(Path(__file__).parent / "js" / "Thing.js") in str(caught.value)


def test_widgets_of_the_page_need_no_script() -> None:
    assert Scripts().url(Noted) is None


def test_the_number_of_scripts_is_bounded(tmp_path: Path) -> None:
    scripts = Scripts()
    script = tmp_path / "Thing.js"
    root = Scripted()
    root.jsModule = script
    urls = []
    for number in range(MAX_SCRIPTS + 1):
        script.write_text(str(number))
        os.utime(script, ns=(number, number))
        urls.append(scripts.url(root))
    digests = [url.split("/")[2] for url in urls if url]
    assert scripts.read(digests[0]) is None
    assert scripts.read(digests[-1]) == str(MAX_SCRIPTS).encode()


def test_the_page_is_told_where_the_script_is(tmp_path: Path) -> None:
    script = tmp_path / "Thing.js"
    script.write_text("x")
    root = Scripted()
    root.jsModule = script
    page, _ = show(root)
    [[_, _, kind, [url], _, _]] = page.actions("element")
    assert kind == "Thing.Widget" and page.server.scripts.read(url.split("/")[2]) == b"x"
