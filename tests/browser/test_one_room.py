"""Every transport, in both browsers, from our own pages and another site's, in one room at the same time."""

import pytest
from browserkit.chatter import (
    FOREIGN_TRANSPORTS,
    TRANSPORTS,
    Chatter,
    assert_same_log,
    foreign_page,
    own_page,
)
from browserkit.drive import Browser
from browserkit.server import ChatServer, ForeignSite

ROOM = "everybody"
MESSAGES = 1000


def open_pages(browser: Browser, server: ChatServer, foreign: ForeignSite) -> dict[Chatter, str]:
    """Open a page for each transport, of each origin that allows it; return them with their transports."""
    pages: dict[Chatter, str] = {}
    for transport in TRANSPORTS:
        name = f"{browser.name[0]} own {transport}"
        url = own_page(server.url, name, ROOM, transport)
        pages[Chatter(browser.open(url), name, ROOM)] = transport
    for transport in FOREIGN_TRANSPORTS:
        name = f"{browser.name[0]} foreign {transport}"
        url = foreign_page(foreign.origin, server.url, name, ROOM, transport)
        pages[Chatter(browser.open(url), name, ROOM)] = transport
    return pages


@pytest.mark.timeout(240)
def test_a_thousand_messages_reach_every_page_once_and_in_one_order(
    chromium: Browser, firefox: Browser, server: ChatServer, foreign: ForeignSite
) -> None:
    pages = {**open_pages(chromium, server, foreign), **open_pages(firefox, server, foreign)}
    for chatter in pages:
        chatter.joined()
    for chatter, transport in pages.items():
        chatter.on_transport(transport)
    texts: dict[Chatter, list[str]] = {chatter: [] for chatter in pages}
    everyone = list(pages)
    for number in range(MESSAGES):
        chatter = everyone[number % len(everyone)]
        texts[chatter].append(f"{number} from {chatter}")
    for chatter in pages:
        chatter.say(*texts[chatter])
    for chatter in pages:
        chatter.settled(MESSAGES)
    assert_same_log(everyone, {text for said in texts.values() for text in said})
    for chatter, transport in pages.items():
        chatter.on_transport(transport)
        own = [line.text for line in chatter.lines() if line.author == chatter.name]
        assert own == texts[chatter], f"{chatter} was reordered"
