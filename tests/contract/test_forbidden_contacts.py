"""Whom somebody blocks, and strangers: every way to reach or to see a person is tried on the wire, and refused."""

from collections.abc import Iterator
from typing import Any

import pytest
from test_forbidden import ask, key_of

from twistedchat.backends.memory import MemoryBackend
from twistedchat.config import Settings
from twistedchat.testing.backends import message_id
from twistedchat.testing.client import Client
from twistedchat.testing.kit import UNHURRIED, MemoryHouse

SILENT = "NotAllowed: this person does not talk with you"


@pytest.fixture
def house() -> Iterator[MemoryHouse]:
    made = MemoryHouse(Settings(limits=UNHURRIED), MemoryBackend())
    yield made
    made.stop()


def told(house: MemoryHouse, client: Client) -> list[tuple[str, str, bool]]:
    """Name, state and online of every change of contacts that a page was told of since the last time."""
    house.settle()
    notes = [tuple(args[1:]) for method, args in client.peer.notes if method == "contact"]
    client.peer.notes.clear()
    return notes


def befriend(house: MemoryHouse, one: Client, other: Client) -> None:
    house.run(one.call("askContact", key_of(other)))
    assert house.run(other.call("askContact", key_of(one))) == "friend"
    told(house, one), told(house, other)


@pytest.mark.parametrize("transport", ["websocket", "xhr-polling"])
def test_who_is_blocked_reaches_nobody_in_any_way(house: MemoryHouse, transport: str) -> None:
    ann, bob = house.member("Ann"), house.member("Bob", transport)
    befriend(house, ann, bob)
    channel = house.run(ann.call("private", key_of(bob)))
    house.run(ann.join(channel)), house.run(bob.join(channel))
    house.run(bob.say(channel, "before"))
    assert house.run(ann.call("block", key_of(bob))) == "blocked"
    assert told(house, bob) == [("Ann", "none", False)]
    told(house, ann)
    shown = ann.texts(channel)
    for method, args in [
        ("private", (key_of(ann),)),
        ("say", (channel, message_id(1), "hi")),
        ("edit", (channel, message_id(2), 1, "hi")),
        ("delete", (channel, message_id(3), 1)),
        ("typing", (channel,)),
        ("command", (channel, message_id(4), "/me waves")),
        ("command", (channel, message_id(5), "/notice hi")),
        ("command", (channel, message_id(6), "//hi")),
        ("command", ("room/lobby", message_id(7), "/msg Ann hi")),
    ]:
        assert ask(house, bob, method, *args) == SILENT, (method, args)
    assert ask(house, bob, "command", channel, message_id(8), "/topic mine").startswith("NotAllowed")
    assert ask(house, bob, "askContact", key_of(ann)) == "asked"
    assert ask(house, bob, "command", "room/lobby", message_id(9), "/contact Ann") == {"text": "Ann is asked"}
    assert ask(house, bob, "contacts") == [[key_of(ann), "Ann", "asked", False]]
    house.advance(2)
    assert told(house, ann) == [] and ann.texts(channel) == shown
    house.run(bob.say("room/lobby", "in rooms nothing changes"))


def test_who_is_blocked_sees_the_other_neither_online_nor_in_their_chat(house: MemoryHouse) -> None:
    ann, bob = house.member("Ann"), house.member("Bob")
    befriend(house, ann, bob)
    channel = house.run(bob.call("private", key_of(ann)))
    house.run(ann.join(channel))
    seen = house.run(bob.join(channel))
    house.advance(2)
    assert seen.people is not None and key_of(ann) in seen.people
    house.run(ann.call("block", key_of(bob)))
    told(house, bob)
    house.advance(2)
    assert list(seen.people) == [key_of(bob)]
    ann.peer.leave(channel)
    house.run(ann.join(channel))
    house.advance(2)
    assert list(seen.people) == [key_of(bob)]
    assert ask(house, bob, "people", channel, None) == [[key_of(bob), "Bob"]]
    assert ask(house, ann, "typing", channel) is None
    ann.stop()
    house.advance(120)
    assert told(house, bob) == []
    assert ask(house, bob, "private", key_of(ann)) == SILENT
    assert ask(house, bob, "askContact", key_of(ann)) == "asked"


def test_a_stranger_is_told_nothing_of_who_is_online(house: MemoryHouse) -> None:
    ann, bob, eve = house.member("Ann"), house.member("Bob"), house.member("Eve")
    befriend(house, ann, bob)
    house.run(eve.call("askContact", key_of(ann)))
    listed = ask(house, eve, "contacts")
    assert listed == [[key_of(ann), "Ann", "asked", False]]
    told(house, eve)
    house.run(ann.call("logout"))
    house.settle()
    assert told(house, bob) == [("Ann", "friend", False)]
    assert told(house, eve) == [] and ask(house, eve, "contacts") == listed
    assert ask(house, eve, "askContact", key_of(ann)) == "asked"


def test_a_key_that_nobody_has_is_refused_like_one_that_cannot_be(house: MemoryHouse) -> None:
    eve = house.member("Eve")
    for key in ("n" * 22, "", "x", "../room/lobby", key_of(eve)):
        assert ask(house, eve, "askContact", key) == "NoSuchPerson: there is no such person"
        assert ask(house, eve, "private", key) == "NoSuchPerson: this person is not here"
    assert ask(house, eve, "askContact", "x" * 65).startswith("BadArguments")


def test_nobody_who_is_not_logged_in_has_contacts(house: MemoryHouse) -> None:
    ann, page = house.member("Ann"), house.client()
    house.run(page.connect("websocket"))
    for method, args in [
        ("contacts", ()),
        ("privates", ()),
        *(
            (method, (key_of(ann),))
            for method in ("askContact", "removeContact", "block", "unblock", "private")
        ),
    ]:
        assert ask(house, page, method, *args) == "NotLoggedIn: log in first"


def test_one_sees_ones_own_lists_only(house: MemoryHouse) -> None:
    ann, bob, eve = house.member("Ann"), house.member("Bob"), house.member("Eve")
    befriend(house, ann, bob)
    channel = house.run(ann.call("private", key_of(bob)))
    house.run(ann.say(channel, "hi"))
    assert ask(house, eve, "contacts") == ask(house, eve, "privates") == []
    [[found, other, head, _]] = ask(house, bob, "privates")
    assert (found, other, head) == (channel, [key_of(ann), "Ann"], 1)
    house.restart()
    again = house.client()
    house.run(again.connect("websocket"))
    house.run(again.login("Bob", bob.peer.ticket))
    assert ask(house, again, "privates")[0][:3] == [channel, [key_of(ann), "Ann"], 1]


# --- who is online, on the wire


def test_a_reload_is_no_news_and_a_visit_is_told_once_each_way(house: MemoryHouse) -> None:
    ann, bob = house.member("Ann"), house.member("Bob")
    befriend(house, ann, bob)
    ticket = bob.peer.ticket
    bob.stop()
    house.advance(10)
    tabs = [house.client(), house.client()]
    for tab in tabs:
        house.run(tab.connect("websocket"))
        house.run(tab.login("Bob", ticket))
    house.advance(30)
    assert told(house, ann) == []
    tabs[0].stop()
    house.advance(120)
    assert told(house, ann) == []
    tabs[1].freeze()
    house.advance(200)
    assert told(house, ann) == [("Bob", "friend", False)]
    assert ask(house, ann, "contacts") == [[key_of(bob), "Bob", "friend", False]]
    tabs[1].thaw()
    house.advance(10)
    assert told(house, ann) == [("Bob", "friend", True)]
    house.run(tabs[1].call("rename", "Robert"))
    assert told(house, ann) == [("Robert", "friend", True)]
    house.run(tabs[1].call("logout"))
    assert told(house, ann) == [("Robert", "friend", False)]


def test_every_page_of_both_is_told_of_a_change(house: MemoryHouse) -> None:
    ann, bob = house.member("Ann"), house.member("Bob")
    tab: Any = house.client()
    house.run(tab.connect("xhr-polling"))
    house.run(tab.login("Ann", ann.peer.ticket))
    house.run(bob.call("askContact", key_of(ann)))
    house.advance(1)
    assert told(house, ann) == told(house, tab) == [("Bob", "asking", False)]
    house.run(tab.call("removeContact", key_of(bob)))
    house.advance(1)
    assert told(house, ann) == told(house, tab) == [("Bob", "none", False)]
    assert told(house, bob) == [("Ann", "asked", False), ("Ann", "none", False)]
