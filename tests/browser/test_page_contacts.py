"""Contacts in the page, on the real server: asked, accepted, seen online, blocked; private chats found again; a password
that is changed elsewhere."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from browserkit.drive import Browser, Page
from browserkit.server import ChatServer

_rooms = count(1)
IN = """() => {
  const chat = window.twistedchatPage && twistedchatPage.chat;
  return !!chat && !!chat.you && chat.open.length > 0;
}"""
OUT = "() => document.getElementById('entry').offsetWidth > 0"

ROW = "(id, name) => [...document.querySelectorAll(`#${id} .row`)].find((row) => row.textContent.includes(name))"
ITEM = "(label) => [...document.querySelectorAll('#menu button')].find((item) => item.textContent === label)"
CONTACT = """(name, words) => [...document.querySelectorAll("#contact-list li")]
  .some((li) => li.querySelector(".label").textContent === name && li.querySelector(".self").textContent === words)"""


@pytest.fixture(scope="module")
def server_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChatServer]:
    """A server of this file's own: how many rooms and accounts one address may make is bounded."""
    server = ChatServer(tmp_path_factory.mktemp("contacts")).start()
    yield server
    server.stop()


@pytest.fixture
def room(browser: Browser) -> str:
    """A room of this test's own."""
    return f"contacts-{browser.name}-{next(_rooms)}"


def come(browser: Browser, server: ChatServer, name: str, room: str) -> Page:
    """Open the page and be in the room as a guest, with a ticket that is kept."""
    page = browser.open(f"{server.url}?room={room}&name={name}")
    page.wait_until(OUT)
    page.evaluate("() => document.getElementById('login').click()")
    page.wait_until(IN)
    return page


@pytest.fixture
def both(browser: Browser, server: ChatServer, room: str) -> Iterator[tuple[Page, Page]]:
    """Ann and Bob in one room; afterwards neither console has anything."""
    pages = come(browser, server, f"Ann-{room}", room), come(browser, server, f"Bob-{room}", room)
    yield pages
    for page in pages:
        assert page.complaints() == []


def press(page: Page, row_list: str, name: str, *labels: str) -> None:
    """Open the menu of a person's row and choose from it."""
    page.wait_until(f"(id, name) => !!({ROW})(id, name)", row_list, name)
    page.evaluate(f"(id, name) => ({ROW})(id, name).click()", row_list, name)
    for label in labels:
        page.wait_until(f"(label) => !!({ITEM})(label)", label)
        page.evaluate(f"(label) => ({ITEM})(label).click()", label)


def befriend(ann: Page, bob: Page, room: str) -> None:
    """Ann asks, Bob accepts."""
    press(ann, "people", f"Bob-{room}", "Add contact")
    ann.wait_until(CONTACT, f"Bob-{room}", "asked")
    bob.wait_until("() => document.querySelector('#request-list .who') !== null")
    assert bob.evaluate("() => document.querySelector('#request-list .who').textContent") == (
        f"Ann-{room} asks to be a contact"
    )
    bob.evaluate("() => document.querySelector('#request-list .accept').focus()")
    bob.press("Enter")
    ann.wait_until(CONTACT, f"Bob-{room}", "online")
    bob.wait_until(CONTACT, f"Ann-{room}", "online")
    assert bob.evaluate("() => document.querySelector('#request-list li')") is None


def test_two_people_become_contacts_and_see_each_other_come_and_go(
    both: tuple[Page, Page], room: str
) -> None:
    ann, bob = both
    befriend(ann, bob, room)
    assert bob.evaluate("() => document.activeElement.closest('#contact-list') !== null"), "the focus goes on"
    key = bob.evaluate("() => twistedchatPage.chat.you.key")
    bob.evaluate("() => document.getElementById('logout').click()")
    ann.wait_until(CONTACT, f"Bob-{room}", "offline")
    assert ann.evaluate("(key) => twistedchatPage.chat.contact(key).online", key) is False
    press(ann, "contact-list", f"Bob-{room}", "Remove from contacts…", f"Remove Bob-{room}")
    ann.wait_until("() => document.getElementById('contact-part').offsetWidth === 0")


def test_who_is_blocked_is_marked_and_not_heard_in_private(both: tuple[Page, Page], room: str) -> None:
    ann, bob = both
    press(bob, "people", f"Ann-{room}", f"Private chat with Ann-{room}")
    bob.wait_until("(name) => document.getElementById('title').textContent === name", f"Ann-{room}")
    press(ann, "people", f"Bob-{room}", "Block…", f"Block Bob-{room}")
    ann.wait_until(CONTACT, f"Bob-{room}", "blocked")
    ann.wait_until(
        "(name) => [...document.querySelectorAll('#people li')].some((li) => li.textContent.includes(`${name} blocked`))",
        f"Bob-{room}",
    )
    bob.wait_until("() => document.activeElement.id === 'text'")
    bob.write("do you hear me")
    bob.press("Enter")
    bob.wait_until(
        "() => /does not talk with you/.test(document.querySelector('.message[data-state=failed] .state')?.textContent)"
    )
    press(ann, "contact-list", f"Bob-{room}", "Unblock")
    ann.wait_until("() => document.getElementById('contact-part').offsetWidth === 0")


def test_a_private_chat_is_found_again_while_the_other_one_is_away(
    both: tuple[Page, Page], room: str
) -> None:
    ann, bob = both
    press(ann, "people", f"Bob-{room}", f"Private chat with Bob-{room}")
    ann.wait_until("(name) => document.getElementById('title').textContent === name", f"Bob-{room}")
    ann.wait_until("() => document.activeElement.id === 'text'")
    ann.write("for later")
    ann.press("Enter")
    ann.wait_until(
        "() => twistedchatPage.shown().some((line) => line.text === 'for later' && line.state === 'sent')"
    )
    bob.wait_until(f"(id, name) => !!({ROW})(id, name)", "private-list", f"Ann-{room}")
    ann.evaluate("() => document.getElementById('logout').click()")
    bob.reload()
    bob.wait_until(IN)
    press(bob, "private-list", f"Ann-{room}")
    bob.wait_until("() => twistedchatPage.shown().some((line) => line.text === 'for later')")
    bob.evaluate("() => document.getElementById('leave').click()")
    bob.wait_until(
        """(name) => [...document.querySelectorAll("#private-list li")]
          .some((li) => li.textContent.includes(name) && !li.className.includes("joined"))""",
        f"Ann-{room}",
    )
    press(bob, "private-list", f"Ann-{room}")
    bob.wait_until("() => twistedchatPage.shown().some((line) => line.text === 'for later')")


def test_a_password_changed_in_one_browser_logs_the_other_out_and_leaves_its_own_tabs_in(
    browser: Browser, server: ChatServer, room: str
) -> None:
    name, profile = f"Own-{room}", browser.profile()
    first = browser.open(f"{server.url}?room={room}", profile)
    first.wait_until(OUT)
    first.evaluate("(name) => void twistedchatPage.chat.register(name, 'the first of them')", name)
    first.wait_until(IN)
    beside = browser.open(f"{server.url}?room={room}", profile)
    elsewhere = browser.open(f"{server.url}?room={room}")
    elsewhere.wait_until(OUT)
    elsewhere.evaluate("(name) => void twistedchatPage.chat.login(name, 'the first of them')", name)
    for page in (beside, elsewhere):
        page.wait_until(IN)
    first.evaluate(
        "() => void twistedchatPage.chat.changePassword('the first of them', 'the second of them')"
    )
    elsewhere.wait_until(
        "() => /password was changed/.test(document.getElementById('login-error').textContent)"
    )
    assert elsewhere.evaluate("() => document.getElementById('app').offsetWidth") == 0
    assert elsewhere.evaluate("() => twistedchatPage.chat.hasTicket()") is False
    beside.wait_until(IN)
    for page in (first, beside):
        page.reload()
        page.wait_until(IN)
        assert page.evaluate("() => twistedchatPage.chat.you.name") == name


def test_where_accounts_cannot_be_made_none_is_offered(browser: Browser, tmp_path: Path) -> None:
    server = ChatServer(tmp_path, "--registration", "no").start()
    try:
        page = browser.open(f"{server.url}?name=Guest")
        page.wait_until(OUT)
        shown = """() => [...document.querySelectorAll("#login-ways button")]
          .filter((button) => button.offsetWidth > 0).map((button) => button.dataset.way)"""
        assert page.evaluate(shown) == ["account"]
        page.evaluate("() => document.getElementById('login').click()")
        page.wait_until(IN)
        page.evaluate("() => document.getElementById('me').click()")
        labels = "() => [...document.querySelectorAll('#menu button')].map((item) => item.textContent)"
        assert page.evaluate(labels) == ["Take another name…", "Log out"]
    finally:
        server.stop()
