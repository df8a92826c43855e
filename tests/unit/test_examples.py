"""The Python of the live examples, with pages in memory: the faults of the old tutorial are not among theirs."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from kit import Page
from twisted.internet.task import Clock
from twisted.web.template import flattenString

from twistedchat.live.server import LiveLimits, LiveServer

ROOT = Path(__file__).parents[2]
CHATTHING = ROOT / "examples" / "chatthing"
ECHOTHING = ROOT / "examples" / "echothing"
WINDOW_S = 90


@pytest.fixture
def examples(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The modules of both examples, imported as from their own folders."""
    for folder in (CHATTHING, ECHOTHING):
        monkeypatch.syspath_prepend(str(folder))
    import chatthing.chatterbox
    import chatthing.stan
    import echothing.echobox
    import echothing.stan

    yield SimpleNamespace(
        chatterbox=chatthing.chatterbox,
        stan_chat=chatthing.stan,
        echobox=echothing.echobox,
        stan_echo=echothing.stan,
    )
    for name in [name for name in sys.modules if name.partition(".")[0] in ("chatthing", "echothing")]:
        del sys.modules[name]


class Talk:
    """A chat room and its pages."""

    def __init__(self, chatterbox: Any, most: int = 500, **limits: Any) -> None:
        self.clock = Clock()
        self.room = chatterbox.ChatRoom(most)
        self.server = LiveServer(
            self.clock,
            {"chat": lambda client: self.room.makeChatter()},
            limits=LiveLimits(window_s=WINDOW_S, **limits),
        )

    def page(self, name: str, username: str | None = None) -> Page:
        """Open a page; with ``username`` log it in."""
        page = Page(self.server, name)
        page.connect()
        self.clock.advance(0)
        if username is not None:
            assert page.answer("setUsername", username) == [True, username]
        return page

    def heard(self, page: Page) -> list[str]:
        """Return what the page's widget was told to show."""
        self.clock.advance(0)
        return [": ".join(args) for _, _, args in page.actions("notify")]


@pytest.fixture
def talk(examples: Any) -> Talk:
    return Talk(examples.chatterbox)


def refusal(answer: Any) -> str:
    ok, told = answer
    assert not ok
    return str(told["error"])


def test_who_logs_in_hears_what_everyone_says(talk: Talk) -> None:
    ada = talk.page("a", "Ada")
    bob = talk.page("b", "Bob")
    assert ada.answer("say", "Hello") == [True, None]
    assert bob.answer("say", "Hello, Ada") == [True, None]
    assert talk.heard(ada) == ["Ada has joined", "Bob has joined", "Ada: Hello", "Bob: Hello, Ada"]
    assert talk.heard(bob) == ["Bob has joined", "Ada: Hello", "Bob: Hello, Ada"]


def test_pages_without_a_name_are_not_in_the_room(talk: Talk) -> None:
    pages = [talk.page(f"crawler{number}") for number in range(20)]
    ada = talk.page("a", "Ada")
    ada.answer("say", "Hello")
    assert list(talk.room.chatters) == ["ada"]
    assert all(talk.heard(page) == [] for page in pages)


def test_who_has_no_name_says_nothing_and_is_told_why(talk: Talk) -> None:
    ada, nobody = talk.page("a", "Ada"), talk.page("n")
    ok, told = nobody.answer("say", "Hello")
    assert (ok, told["error"], told["text"]) == (False, "NotLoggedIn", "Log in before you say something.")
    assert talk.heard(ada) == ["Ada has joined"]


@pytest.mark.parametrize("same", ["Ada", "ada", " Ada ", "\uff21da"])
def test_two_people_with_one_name_are_refused(talk: Talk, same: str) -> None:
    talk.page("a", "Ada")
    other = talk.page("o")
    assert refusal(other.answer("setUsername", same)) == "NameTaken"
    assert refusal(other.answer("say", "Hello")) == "NotLoggedIn"
    assert other.answer("setUsername", "Bob") == [True, "Bob"]


@pytest.mark.parametrize("name", ["", "  ", "x" * 41, "A\u200bda", "\u202eadA", "A\0da"])
def test_what_is_no_name_is_refused(talk: Talk, name: str) -> None:
    assert refusal(talk.page("a").answer("setUsername", name)) == "BadName"
    assert talk.room.chatters == {}


def test_a_name_is_for_as_long_as_the_page(talk: Talk) -> None:
    ada = talk.page("a", "Ada")
    assert refusal(ada.answer("setUsername", "Bob")) == "AlreadyNamed"
    assert list(talk.room.chatters) == ["ada"]


def test_names_and_texts_are_told_as_they_are(talk: Talk) -> None:
    ada = talk.page("a", "<b>Ada</b>")
    ada.answer("say", "<script>alert(1)</script>")
    assert talk.heard(ada)[1:] == ["<b>Ada</b>: <script>alert(1)</script>"]


@pytest.mark.parametrize("arguments", [[], [1], [None], [""], ["x" * 2001], ["a", "b"]])
def test_what_is_no_text_is_refused(talk: Talk, arguments: list[Any]) -> None:
    ada = talk.page("a", "Ada")
    assert refusal(ada.answer("say", *arguments)) == "BadArguments"
    assert talk.heard(ada) == ["Ada has joined"]


def test_who_leaves_is_forgotten(talk: Talk) -> None:
    ada, bob = talk.page("a", "Ada"), talk.page("b", "Bob")
    bob.say(["bye"])
    assert talk.heard(ada)[-1] == "Bob has left"
    assert list(talk.room.chatters) == ["ada"]
    assert talk.page("o", "Bob").actions("notify")


def test_who_lost_the_connection_hears_the_rest_when_it_is_back(talk: Talk) -> None:
    ada, bob = talk.page("a", "Ada"), talk.page("b", "Bob")
    bob.session.lost()
    ada.answer("say", "Are you there?")
    assert talk.heard(ada)[-1] == "Ada: Are you there?"
    bob.connect(ack=-1)
    assert talk.heard(bob) == ["Bob has joined", "Ada: Are you there?"]


def test_who_does_not_come_back_is_forgotten(talk: Talk) -> None:
    ada, bob = talk.page("a", "Ada"), talk.page("b", "Bob")
    bob.session.lost()
    for _ in range(WINDOW_S // 30 + 1):
        talk.clock.advance(30)
        ada.say(["at", -1, {}])
    assert talk.heard(ada)[-1] == "Bob has left"
    assert list(talk.room.chatters) == ["ada"]


def test_a_name_without_a_connection_is_free_for_the_page_that_was_reloaded(talk: Talk) -> None:
    ada, bob = talk.page("a", "Ada"), talk.page("b", "Bob")
    bob.session.lost()
    again = talk.page("again", "Bob")
    assert talk.heard(ada)[2:] == ["Bob has left", "Bob has joined"]
    assert talk.heard(again) == ["Bob has joined"]
    bob.seq = 0  # another life, as its page learns by the welcome
    bob.connect(ack=-1)
    assert bob.heard("welcome")[0][1]["resumed"] is False
    talk.clock.advance(0)
    assert refusal(bob.answer("say", "It is me")) == "NotLoggedIn"


def test_who_is_lost_while_others_are_told_stops_nobody_and_is_told_next(examples: Any) -> None:
    talk = Talk(examples.chatterbox, basket_chars=4000)
    ada = talk.page("a", "Ada")
    talk.page("b", "Bob")  # told between the two; never acknowledges anything
    cleo = talk.page("c", "Cleo")
    texts = [f"{number} " + "x" * 1500 for number in range(4)]
    for text in texts:
        ada.answer("say", text)
        for page in (ada, cleo):
            page.say(["at", len(page.actions()) - 1, {}])
    assert list(talk.room.chatters) == ["ada", "cleo"]
    heard = talk.heard(cleo)
    assert heard == talk.heard(ada)[-len(heard) :]
    assert [line for line in heard if line.startswith("Ada: ")] == [f"Ada: {text}" for text in texts]
    left = heard.index("Bob has left")
    assert heard[left - 1].startswith("Ada: "), "what was being told is told before"


def test_who_is_lost_while_entering_is_forgotten(talk: Talk) -> None:
    ada, bob = talk.page("a", "Ada"), talk.page("b")
    talk.server.clients[bob.id]._basket._max_messages = 1  # has its element, and room for nothing more
    bob.call("setUsername", "Bob")
    assert bob.session.ended is not None
    assert list(talk.room.chatters) == ["ada"]
    assert talk.heard(ada)[1:] == ["Bob has joined", "Bob has left"]


def test_the_room_is_bounded(examples: Any) -> None:
    talk = Talk(examples.chatterbox, most=1)
    talk.page("a", "Ada").say(["bye"])
    talk.page("b", "Bob")
    assert refusal(talk.page("c").answer("setUsername", "Cleo")) == "RoomFull"


def markup(element: Any) -> str:
    found: list[bytes] = []
    flattenString(None, element).addCallback(found.append)
    return re.sub(r">\s+", ">", re.sub(r"\s+<", "<", found[0].decode()))


def test_both_templates_are_the_same(examples: Any) -> None:
    chats = (examples.chatterbox.chat(), examples.stan_chat.chat())
    assert [type(element).__name__ for element in chats] == ["ChatterElement", "StanChatterElement"]
    assert markup(chats[0]) == markup(chats[1])
    assert markup(examples.echobox.EchoElement()) == markup(examples.stan_echo.StanEchoElement())


def test_the_echo_answers_what_its_widget_answers(examples: Any) -> None:
    clock = Clock()
    page = Page(LiveServer(clock, {"chat": lambda client: examples.echobox.EchoElement()}))
    page.connect()
    clock.advance(0)
    cid = page.call("say", "Hello")
    clock.advance(0)
    [[asked, element, method, args]] = page.actions("call")
    assert (element, method, args) == (1, "addText", ["Hello"])
    assert page.answers() == {}
    page.do("respond", asked, True, 7)
    clock.advance(0)
    assert page.answers() == {cid: [True, 7]}


def without_blank_lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


def test_the_tutorial_shows_every_file_of_the_chat_whole() -> None:
    tutorial = (ROOT / "docs" / "tutorial-live.md").read_text()
    shown: dict[str, str] = {}
    for name, code in re.findall(r"^```\w+ (chatthing/\S+)\n(.*?)^```$", tutorial, re.DOTALL | re.MULTILINE):
        shown[name] = shown.get(name, "") + code
    files = {
        str(path.relative_to(CHATTHING)): path.read_text()
        for path in (CHATTHING / "chatthing").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert shown.keys() == files.keys()
    for name, text in files.items():
        assert without_blank_lines(shown[name]) == without_blank_lines(text), name


@pytest.mark.parametrize(
    "page", ["docs/tutorial-live.md", "examples/chatthing/README.md", "examples/echothing/README.md"]
)
def test_every_command_that_is_shown_names_something_that_is_there(examples: Any, page: str) -> None:
    commands = re.findall(r"--element=([\w.]+)|python -m ([\w.]+)", (ROOT / page).read_text())
    assert commands
    for element, module in commands:
        if element:
            package, _, factory = element.rpartition(".")
            assert callable(getattr(sys.modules[package], factory)), element
        else:
            assert (CHATTHING / f"{module.replace('.', '/')}.py").is_file(), module
