"""What can be done with messages and people in the page, on the real server: change, take back, page back, keep order."""

from itertools import count

import pytest
from browserkit.chatter import Chatter, enter, shows
from browserkit.drive import Browser
from browserkit.server import ChatServer

_rooms = count(1)
TEXTS = "() => twistedchatPage.shown().map((line) => line.text)"
NOTICES = "() => [...document.querySelectorAll('#log .notice')].map((node) => node.textContent)"
FIELD = "() => document.getElementById('text').value"
ROW = "(name) => [...document.querySelectorAll('#people li button')].find((row) => row.title === name)"

AT_END = """() => {
  const log = document.getElementById("log");
  return log.scrollHeight - log.scrollTop - log.clientHeight < 2;
}"""

WRITERS, EACH = 7, 30  # people, each with few enough messages for how fast one may write

# The lines that a screen reader takes for news: not those that were changed.
READ_ALOUD = """() => [...document.querySelectorAll("#log[aria-relevant=additions] .text")]
  .filter((node) => !node.closest("[aria-live=off]")).map((node) => node.textContent)"""

FILL = """(channel, writers, each) => {
  for (let writer = 0; writer < writers; writer += 1) {
    const chat = new TwistedChat.Chat({ url: twistedchatPage.chat.options.url, ticketKey: null, transport: "websocket" });
    const room = chat.join(channel);
    for (let i = 0; i < each; i += 1) { room.say(`line ${i} of ${writer}`); }
    chat.start();
    chat.login(`writer ${writer} ${Math.random()}`.slice(0, 20));
  }
}"""


@pytest.fixture
def both(browser: Browser, server: ChatServer) -> tuple[Chatter, Chatter]:
    """Two people in a room that the first of them made, and owns."""
    room = f"order-{browser.name}-{next(_rooms)}"
    owner = enter(browser, server.url, f"Ann {room}", room, "websocket")
    return owner, enter(browser, server.url, f"Bob {room}", room, "websocket")


def write(chatter: Chatter, text: str) -> None:
    """Type a line into the message field and send it."""
    chatter.page.evaluate("() => document.getElementById('text').focus()")
    chatter.page.write(text)
    chatter.page.press("Enter")


def pick(chatter: Chatter, label: str) -> None:
    """Choose from the menu that is open, with the keyboard."""
    at = chatter.page.wait_until(
        """(label) => {
          const items = [...document.querySelectorAll("#menu [role=menuitem]")];
          return 1 + items.findIndex((item) => item.textContent === label);
        }""",
        label,
    )
    chatter.page.press("Home", *["ArrowDown"] * (at - 1), "Enter")


def open_menu(chatter: Chatter, text: str) -> None:
    """Open the menu of the message that says ``text``, with the keyboard."""
    chatter.page.evaluate(
        """(text) => [...document.querySelectorAll("#log .message")]
          .find((node) => node.querySelector(".text").textContent === text).querySelector(".more-button").focus()""",
        text,
    )
    chatter.page.press("Enter")


def open_person(chatter: Chatter, name: str) -> None:
    """Open the menu of a person, with the keyboard."""
    chatter.page.wait_until(f"(name) => !!({ROW})(name)", name)
    chatter.page.evaluate(f"(name) => ({ROW})(name).focus()", name)
    chatter.page.press("Enter")


def test_what_is_edited_and_deleted_is_so_on_the_other_page(both: tuple[Chatter, Chatter]) -> None:
    ann, bob = both
    write(ann, "frist")
    write(ann, "second")
    shows(bob, "frist", "second")
    open_menu(ann, "frist")
    pick(ann, "Edit")
    assert ann.page.evaluate(FIELD) == "frist"
    ann.page.evaluate("() => document.getElementById('text').select()")
    write(ann, "first")
    shows(bob, "first", "second")
    assert bob.page.evaluate("() => document.querySelectorAll('#log .edited').length") == 1
    assert bob.page.evaluate(READ_ALOUD) == ["second"]
    ann.page.wait_until("() => document.getElementById('task').getAttribute('hidden') !== null")
    open_menu(ann, "second")
    pick(ann, "Delete…")
    pick(ann, "Delete it for everyone")
    shows(bob, "first", "This message was deleted")
    shows(ann, "first", "This message was deleted")
    assert bob.told_twice() == {}


def test_up_in_an_empty_field_edits_ones_last_message_and_escape_ends_it(
    both: tuple[Chatter, Chatter],
) -> None:
    ann, bob = both
    write(bob, "not Ann's")
    write(ann, "teh")
    shows(ann, "not Ann's", "teh")
    ann.page.press("ArrowUp")
    assert ann.page.evaluate(FIELD) == "teh"
    ann.page.write("n")
    ann.page.press("Escape")
    assert ann.page.evaluate(FIELD) == ""
    ann.page.press("ArrowUp")
    ann.page.evaluate("() => document.getElementById('text').select()")
    write(ann, "the")
    shows(bob, "not Ann's", "the")


def test_earlier_messages_come_in_order_and_what_is_read_stays_where_it_is(
    browser: Browser, both: tuple[Chatter, Chatter], server: ChatServer
) -> None:
    ann, _ = both
    ann.page.evaluate(FILL, ann.channel, WRITERS, EACH)
    total = WRITERS * EACH
    ann.page.wait_until("(total) => twistedchatPage.shown().length === total", total, timeout_s=60)
    texts = ann.page.evaluate(TEXTS)
    cat = enter(browser, server.url, f"Cat {ann.channel[5:]}", ann.channel[5:], "websocket")
    shows(cat, *texts[-50:])
    cat.page.wait_until(AT_END)
    cat.page.evaluate(
        """() => {
          const log = document.getElementById("log");
          log.scrollTop = 30;
          window.seen = [...log.querySelectorAll(".message")].find((node) =>
            node.getBoundingClientRect().bottom > log.getBoundingClientRect().top);
          window.seenAt = seen.getBoundingClientRect().top;
        }"""
    )
    cat.page.wait_until("() => twistedchatPage.shown().length === 100")
    assert abs(cat.page.evaluate("() => seen.getBoundingClientRect().top - seenAt")) <= 1
    cat.page.evaluate("() => document.querySelector('#log .earlier').focus()")
    cat.page.press("Enter")
    cat.page.wait_until("() => twistedchatPage.shown().length > 100")
    cat.page.wait_until(
        "(total) => { document.getElementById('log').scrollTop = 0; return twistedchatPage.shown().length === total; }",
        total,
    )
    assert cat.page.evaluate(TEXTS) == texts
    cat.page.wait_until("() => document.querySelector('#log .earlier') === null")


def test_who_types_is_shown_and_gone_with_the_message(both: tuple[Chatter, Chatter]) -> None:
    ann, bob = both
    bob.page.evaluate("() => document.getElementById('text').focus()")
    bob.page.write("I am")
    typing = "(text) => document.getElementById('typing').textContent === text"
    ann.page.wait_until(typing, f"{bob.name} is typing…")
    bob.page.press("Enter")
    shows(ann, "I am")
    ann.page.wait_until(typing, "")


def test_me_and_topic_and_an_answer_for_oneself(both: tuple[Chatter, Chatter]) -> None:
    ann, bob = both
    write(ann, "/me waves")
    write(ann, "/topic Tomatoes <b>")
    write(ann, "/help")
    shows(bob, f"* {ann.name} waves")
    bob.page.wait_until("() => document.getElementById('topic').title === 'Tomatoes <b>'")
    assert f"{ann.name} set the topic: Tomatoes <b>" in bob.page.evaluate(NOTICES)
    ann.page.wait_until(
        "() => [...document.querySelectorAll('#log .answer')].some((node) => /\\/me TEXT/.test(node.textContent))"
    )
    assert bob.page.evaluate("() => document.querySelectorAll('#log .answer').length") == 0


def test_a_muted_person_is_told_so_and_a_kicked_one_is_out_and_told_why(
    both: tuple[Chatter, Chatter],
) -> None:
    ann, bob = both
    open_person(ann, bob.name)
    pick(ann, "Mute for 10 minutes…")
    assert ann.page.evaluate(FIELD) == f'/mute "{bob.name}" 10 '
    write(ann, "too loud")
    bob.page.wait_until(
        "(text) => [...document.querySelectorAll('#log .notice')].some((node) => node.textContent === text)",
        f"{bob.name} was muted by {ann.name} for 10 minutes: too loud",
    )
    write(bob, "but")
    bob.page.wait_until("() => twistedchatPage.shown().some((line) => line.state === 'failed')")
    assert "too loud" in bob.page.evaluate("() => document.querySelector('#log .state').textContent")
    open_person(ann, bob.name)
    pick(ann, "Kick…")
    write(ann, "and go")
    bob.page.wait_until("() => document.querySelector('#alerts .alert') !== null")
    assert f"you were kicked out by {ann.name}: and go" in bob.page.evaluate(
        "() => document.getElementById('alerts').textContent"
    )
    assert bob.page.evaluate("() => twistedchatPage.chat.open.length") == 0
