"""Small requests that would cost the server much: time by the size of the house, memory by what others wrote."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from twistedchat.backends.memory import MemoryBackend
from twistedchat.channels.hub import Hub
from twistedchat.chat.house import Chat
from twistedchat.chat.online import Online
from twistedchat.chat.people import People
from twistedchat.core.presence import Person, Presence
from twistedchat.testing.backends import message_id, settled

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
    store = MemoryBackend()
    hub = Hub(store, clock, clock.seconds)
    people = People("secret", clock.seconds, 5, 20, 100)
    made = Chat(hub.open, hub.get, hub.erase, store, people, clock.seconds, clock.seconds, Online(clock))
    settled(Deferred.fromCoroutine(made.load()))
    made.clock = clock  # type: ignore[attr-defined]
    return made


def test_a_long_list_of_rooms_is_made_once_a_second(chat: Any) -> None:
    for number in range(MANY):
        chat.rooms.open(f"Room {number}")
    assert len(chat.listed()) == 200
    assert cost(chat.listed) < 50
    chat.clock.advance(1)
    assert cost(chat.listed) > MANY


def test_a_short_list_of_rooms_is_never_old(chat: Any) -> None:
    for number in range(100):
        chat.rooms.open(f"Room {number}")
        assert len(chat.listed()) == number + 2


def test_readers_that_rewind_everywhere_fill_no_memory_with_framed_texts() -> None:
    clock = Clock()
    hub = Hub(MemoryBackend(), clock, clock.seconds)
    channels = [settled(hub.open(f"room/{number}")) for number in range(40)]
    for channel in channels:
        for number in range(40):
            channel.post("ann", message_id(number), '["message",{"text":"%s"}]' % ("x" * 2000))
        clock.advance(0)
        for offset in range(40):  # each place, and each time another piece
            batch = channel.after(offset, 60_000)
            assert channel.after(offset, 60_000) is batch, "one piece is framed once"
    assert hub._batches.chars <= 2_000_000
    hub.stop()


def test_a_channel_opened_again_shows_nothing_of_its_earlier_life() -> None:
    clock = Clock()
    clock.advance(100)
    backend = MemoryBackend(max_channels=1)
    hub = Hub(backend, clock, clock.seconds, max_open=1)
    for name, text in (("room/x", "old"), ("room/y", "other"), ("room/x", "new")):
        channel = settled(hub.open(name))
        channel.post("ann", message_id(1), f'["message",{{"text":"{text}"}}]')
        clock.advance(3)
        assert text in channel.after(0, 1000).prepared.messages[0]
    hub.stop()
