"""Small requests that would cost the server much: time by the size of the house, memory by what others wrote."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest
from twisted.internet.task import Clock

from twistedchat.backends.memory import MemoryBackend
from twistedchat.channels.hub import Hub
from twistedchat.chat.house import Chat
from twistedchat.chat.people import People
from twistedchat.core.presence import Person, Presence

MANY = 3000


@contextmanager
def calls_counted() -> Iterator[list[int]]:
    """Count the calls of functions, Python's and C's, that are made inside: a cost that no busy machine changes."""
    count = [0]

    def tally(frame: FrameType, event: str, argument: Any) -> None:
        count[0] += event in ("call", "c_call")

    sys.setprofile(tally)
    try:
        yield count
    finally:
        sys.setprofile(None)


def cost(call: Callable[[], object]) -> int:
    with calls_counted() as count:
        call()
    return count[0]


def crowd(count: int) -> Presence:
    presence = Presence()
    for number in range(count):
        presence.enter(Person(f"key-{number}", f"Name {number * 7919 % count:06}"), "client")
    presence.tick(1)
    return presence


def test_pages_of_people_are_sorted_once_a_version() -> None:
    presence = crowd(MANY)
    first = presence.page(None, 200)
    assert [person.name for person in first] == [f"Name {number:06}" for number in range(200)]
    assert cost(lambda: presence.page(first[-1].key, 200)) < 100
    assert presence.page(first[-1].key, 2)[0].name == "Name 000200"


def test_a_page_of_people_follows_what_was_published() -> None:
    presence = crowd(10)
    last = presence.page(None, 3)[-1]
    presence.leave(last.key, "client")
    presence.enter(Person("late", "Name 000000"), "client")
    assert presence.page(last.key, 1)[0].name == "Name 000003", "nothing is published yet"
    presence.tick(3)
    assert [person.key for person in presence.page(None, 3)][1] == "late"
    assert presence.page(last.key, 1)[0].name == "Name 000000", "who left is no place to go on from"


@pytest.fixture
def chat() -> Chat:
    clock = Clock()
    hub = Hub(MemoryBackend(), clock, clock.seconds)
    people = People("secret", clock.seconds, 5, 20, 100)
    made = Chat(hub.open, hub.get, people, clock.seconds, clock.seconds)
    made.clock = clock  # type: ignore[attr-defined]
    return made


def test_a_long_list_of_rooms_is_made_once_a_second(chat: Any) -> None:
    for number in range(MANY):
        chat.open_room(f"Room {number}")
    assert len(chat.rooms()) == 200
    assert cost(chat.rooms) < 50
    chat.clock.advance(1)
    assert cost(chat.rooms) > MANY


def test_a_short_list_of_rooms_is_never_old(chat: Any) -> None:
    for number in range(100):
        chat.open_room(f"Room {number}")
        assert len(chat.rooms()) == number + 2
