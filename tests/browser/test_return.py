"""A page that goes and comes back: reload, duplicated tab, back-forward cache, a server that restarts under it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from browserkit.chatter import Chatter, assert_same_log, enter
from browserkit.drive import Browser, Page
from browserkit.server import ChatServer, ForeignSite

YOU = "() => twistedchatPage.chat && twistedchatPage.chat.you && twistedchatPage.chat.you.key"


@pytest.fixture
def own_server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ChatServer]:
    """A server that the test may end, with the options that the test names."""
    server = ChatServer(tmp_path, *request.param).start()
    yield server
    server.stop()


def log_in(page: Page, name: str, room: str) -> Chatter:
    """Log in by the form, as a visitor whose ticket is kept; return the chatter in the page."""
    page.wait_until("() => window.twistedchatPage && !!twistedchatPage.chat")
    page.evaluate(
        """(name) => { document.getElementById("name").value = name; document.getElementById("login").click(); }""",
        name,
    )
    page.wait_until(YOU)
    return Chatter(page, name, room).joined()


def test_a_reload_is_the_same_person_with_the_same_history(browser: Browser, server: ChatServer) -> None:
    room = f"reload-{browser.name}"
    chatter = log_in(browser.open(f"{server.url}?room={room}"), f"reloading {browser.name}", room)
    chatter.say("one", "two", "three")
    chatter.settled(3)
    key, lines = chatter.page.evaluate(YOU), chatter.lines()
    chatter.page.reload()
    chatter.joined()
    chatter.settled(3)
    assert chatter.page.evaluate(YOU) == key
    assert chatter.lines() == lines


def test_a_duplicated_tab_is_another_page_of_the_same_person(browser: Browser, server: ChatServer) -> None:
    room, profile = f"duplicate-{browser.name}", browser.profile()
    url = f"{server.url}?room={room}"
    first = log_in(browser.open(url, profile), f"doubled {browser.name}", room)
    second = Chatter(browser.open(url, profile), first.name, room).joined()
    assert first.page.evaluate(YOU) == second.page.evaluate(YOU)
    for number in range(5):
        first.say(f"{number} first")
        second.say(f"{number} second")
    texts = {f"{number} {which}" for number in range(5) for which in ("first", "second")}
    for chatter in (first, second):
        chatter.settled(len(texts))
        chatter.on_transport("websocket")
    assert_same_log([first, second], texts)


def test_a_page_that_was_left_and_is_gone_back_to_carries_on(
    browser: Browser, chromium: Browser, server: ChatServer, foreign: ForeignSite
) -> None:
    room = f"back-{browser.name}"
    other = enter(chromium, server.url, f"staying {room}", room, "websocket")
    chatter = log_in(browser.open(f"{server.url}?room={room}&transport=xhr-polling"), f"going {room}", room)
    chatter.say("before")
    chatter.settled(1)
    key = chatter.page.evaluate(YOU)
    chatter.page.evaluate("() => addEventListener('pageshow', (event) => { window.kept = event.persisted; })")
    chatter.page.goto(f"{foreign.origin}/pages/echo.html")
    other.say("meanwhile")
    other.settled(2)
    chatter.page.back()
    # Firefox keeps no page with an unload listener, and the stock sockjs-client has one: there it is loaded anew.
    if not chatter.page.evaluate("() => window.kept"):
        assert browser.name == "firefox", "Chromium keeps the page in its back-forward cache"
        chatter.joined()
    chatter.on_transport("xhr-polling")
    chatter.say("after")
    for each in (chatter, other):
        each.settled(3)
    assert chatter.page.evaluate(YOU) == key
    assert_same_log([chatter, other], {"before", "meanwhile", "after"})


FORGOTTEN = "The server was restarted and has forgotten what was said before"
STORY = "() => [...document.querySelectorAll('#log .text, #log .hole')].map((node) => node.textContent)"


@pytest.mark.parametrize(
    ("own_server", "between"),
    [(["--backend=memory:"], [FORGOTTEN]), ([], [])],
    indirect=["own_server"],
    ids=["memory", "default"],
)
def test_a_page_survives_a_restart_of_the_server_and_says_what_was_forgotten(
    browser: Browser, own_server: ChatServer, between: list[str]
) -> None:
    room = "restart"
    written = ["written while it was away", "and another"]
    chatter = log_in(browser.open(f"{own_server.url}?room={room}"), "steadfast", room)
    chatter.say("before")
    chatter.settled(1)
    key = chatter.page.evaluate(YOU)
    own_server.stop()
    chatter.page.wait_until("() => twistedchatPage.chat.live.status().state === 'waiting'")
    chatter.say(*written)
    own_server.start()
    chatter.page.wait_until("() => twistedchatPage.chat.live.status().state === 'open'", timeout_s=60)
    chatter.settled(2 if between else 3, timeout_s=60)
    assert chatter.page.evaluate(YOU) == key
    # A backend in memory forgets what was sent before: the page still shows it, above the word of it.
    assert [line.text for line in chatter.lines()] == (written if between else ["before", *written])
    assert chatter.page.evaluate(STORY) == ["before", *between, *written]
    assert {line["state"] for line in chatter.shown()} == {"sent"}
