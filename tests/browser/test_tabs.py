"""Ten tabs of one profile: HTTP/1.1 gives all of them together six connections, and yet all receive and can send."""

from typing import Any

import pytest
from browserkit.chatter import Chatter, enter
from browserkit.drive import Browser
from browserkit.server import ChatServer

TABS = 10
LIMIT_MS = 2000  # the requirement itself

# Says a text in the room; every tab notes when it came, on the machine's clock.
SEND = """(channel, text) => {
  const sentAt = Date.now();
  twistedchatPage.chat.room(channel).say(text);
  return sentAt;
}"""
LISTEN = """(channel) => {
  window.cameAt = {};
  const note = (message) => {
    if (message.offset !== null && !cameAt[message.text]) { cameAt[message.text] = Date.now(); }
  };
  twistedchatPage.chat.room(channel).on("message", note).on("state", note);
}"""


def open_tabs(browser: Browser, server: ChatServer, transport: str) -> list[Chatter]:
    """Open ten tabs of one profile, all asked to use ``transport``."""
    profile = browser.profile()
    room = f"tabs-{browser.name}-{transport}"
    names = [f"{browser.name[0]} {transport} {number}" for number in range(TABS)]
    tabs = [enter(browser, server.url, name, room, transport, profile) for name in names]
    for tab in tabs:
        tab.page.evaluate(LISTEN, tab.channel)
    return tabs


def slowest_ms(sender: Chatter, tabs: list[Chatter], text: str) -> float:
    """Let one tab send; return the time from there to the last tab's receipt."""
    sent_at = sender.page.evaluate(SEND, sender.channel, text)
    came_at = [tab.page.wait_until("(text) => cameAt[text]", text) for tab in tabs]
    return float(max(came_at) - sent_at)


@pytest.mark.parametrize("transport", ["htmlfile", "iframe-htmlfile", "xhr-polling"])
def test_ten_tabs_of_one_profile_all_receive_and_can_send_within_two_seconds(
    browser: Browser, server: ChatServer, transport: str, record_testsuite_property: Any
) -> None:
    tabs = open_tabs(browser, server, transport)
    slowest = [slowest_ms(tab, tabs, f"from tab {number}") for number, tab in enumerate(tabs)]
    record_testsuite_property(f"slowest_ms.{browser.name}.{transport}", max(slowest))
    print(f"{browser.name}, {transport}: the last of {TABS} tabs had it after {slowest} ms")
    assert max(slowest) <= LIMIT_MS
