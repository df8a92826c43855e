"""Whoever opens, fills and leaves channels without end takes neither the store nor the hub away from the others."""

from typing import Any

import pytest
from twisted.internet.task import Clock

from twistedchat.backends.memory import MemoryBackend
from twistedchat.channels.hub import Hub
from twistedchat.core.entry import Entry
from twistedchat.core.errors import StoreUnavailable
from twistedchat.testing.backends import message_id, settled


def say(backend: MemoryBackend, channel: str, number: int, text: str = "x") -> Any:
    return settled(backend.append(channel, "ann", message_id(number), text, 0))


def entries(backend: MemoryBackend, channel: str) -> list[int]:
    return [entry.offset for entry in settled(backend.read(channel, 0, 1000))]


def test_logs_that_nobody_reads_make_room_for_new_ones() -> None:
    backend = MemoryBackend(max_channels=3)
    for name in ("room/used", "private/1", "private/2"):
        settled(backend.open(name, 10))
        say(backend, name, 1)
    epoch = settled(backend.open("private/1", 10)).epoch
    with pytest.raises(StoreUnavailable):
        say(backend, "room/new", 1)
    backend.closed("private/1")
    backend.closed("private/2")
    assert say(backend, "room/new", 1).new
    assert entries(backend, "room/used") == [1] and entries(backend, "private/2") == [1]
    again = settled(backend.open("private/1", 10))
    assert list(again.tail) == [] and again.epoch != epoch, "its readers see that it began anew"


def test_a_channel_that_was_opened_empty_keeps_its_epoch_whatever_is_forgotten() -> None:
    backend = MemoryBackend(max_channels=1)
    epoch = settled(backend.open("room/empty", 10)).epoch
    say(backend, "room/old", 1)
    backend.closed("room/old")
    say(backend, "room/empty", 1)
    backend.closed("room/empty")
    assert settled(backend.open("room/empty", 10)).epoch == epoch


def test_the_text_of_all_logs_together_is_bounded() -> None:
    backend = MemoryBackend(max_chars=1000)
    for name in ("room/silent", "room/closed", "room/busy"):
        settled(backend.open(name, 10))
        for number in range(3):
            say(backend, name, number, "x" * 100)
    backend.closed("room/closed")
    say(backend, "room/busy", 3, "x" * 200)
    assert entries(backend, "room/closed") == [], "first goes what nobody reads"
    assert entries(backend, "room/silent") == [1, 2, 3]
    for number in range(4, 7):
        say(backend, "room/busy", number, "x" * 100)
    assert entries(backend, "room/silent") == [3], "then the older part of the most silent one"
    assert entries(backend, "room/busy") == [1, 2, 3, 4, 5, 6, 7]
    assert say(backend, "room/silent", 3).entry.offset == 4, "offsets go on"


def test_ids_are_remembered_without_the_texts() -> None:
    backend = MemoryBackend(keep_entries=1, keep_ids=100)
    text = "x" * 10_000
    for number in range(50):
        say(backend, "room/x", number, text + str(number))
    log = backend._logs["room/x"]
    assert sum(len(entry.event) for entry in log.entries) < 20_000
    assert not any(isinstance(seen, Entry) for seen in log.seen.values())
    again = say(backend, "room/x", 0, text + "0")
    assert (again.new, again.entry.offset, again.entry.event) == (False, 1, text + "0")


def test_channels_asked_for_and_left_do_not_keep_others_out() -> None:
    clock = Clock()
    clock.advance(100)
    hub = Hub(MemoryBackend(), clock, clock.seconds, max_open=10)
    for number in range(10):
        settled(hub.open(f"private/{number}"))
    with pytest.raises(StoreUnavailable):
        settled(hub.open("room/new"))
    clock.advance(3)
    assert settled(hub.open("room/new")).name == "room/new"
    hub.stop()


def test_a_full_hub_is_searched_once_a_second() -> None:
    clock = Clock()
    clock.advance(100)
    hub = Hub(MemoryBackend(), clock, clock.seconds, max_open=1)
    used = settled(hub.open("room/used"))
    reader: Any = object()
    used.subscribe(reader)
    clock.advance(60)
    with pytest.raises(StoreUnavailable):
        settled(hub.open("room/a"))
    used.unsubscribe(reader)
    with pytest.raises(StoreUnavailable):
        settled(hub.open("room/a"))
    clock.advance(1)
    assert settled(hub.open("room/a")).name == "room/a"
    hub.stop()


def test_a_hub_tells_the_store_what_it_closed() -> None:
    clock = Clock()
    clock.advance(100)
    backend = MemoryBackend(max_channels=2)
    hub = Hub(backend, clock, clock.seconds, max_open=1)
    for number in range(5):
        channel = settled(hub.open(f"private/{number}"))
        settled(channel.post("ann", message_id(1), "[]"))
        clock.advance(3)
    assert len(backend._logs) == 2
    hub.stop()
