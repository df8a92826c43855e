"""Who is here, across a restart of a server whose store remembers: who comes back was never gone, who does not has left."""

from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail
from twisted.internet.task import Clock

from twistedchat.backends.memory import MemoryBackend
from twistedchat.channels import register as register_module
from twistedchat.channels.register import AT_ONCE, Register
from twistedchat.core.errors import StoreUnavailable
from twistedchat.core.presence import Person
from twistedchat.testing.backends import settled
from twistedchat.testing.client import Client
from twistedchat.testing.kit import MemoryHouse

LOBBY = "room/lobby"


class Lasting(MemoryBackend):
    """A store that outlives the server, and may be away."""

    durable = True
    away = False

    def commit(self, changes: Any) -> "Deferred[None]":
        return fail(StoreUnavailable("down")) if self.away else super().commit(changes)


@pytest.fixture
def house() -> Iterator[MemoryHouse]:
    made = MemoryHouse(backend=Lasting())
    yield made
    made.stop()


def news(client: Client) -> list[tuple[str, str]]:
    """Listen from now on: what the client is told of people, as ("came" or "went", name)."""
    told: list[tuple[str, str]] = []
    seen = client.peer.channels[LOBBY]
    was = seen.presence

    def presence(version: int, kind: str, args: Any, now: float) -> None:
        if kind == "delta":
            told.extend(("came", name) for _, name in args[0])
            told.extend(("went", name) for _, name in args[1])
        was(version, kind, args, now)

    seen.presence = presence  # type: ignore[method-assign]
    return told


def test_a_restart_is_no_leave_and_no_join_but_for_who_really_left_or_came(house: MemoryHouse) -> None:
    zoe, ann, bob = house.member("Zoe"), house.member("Ann", "xhr-polling"), house.member("Bob")
    house.advance(3)
    told = news(zoe)
    house.shut()
    bob.stop()
    house.start()
    house.until(lambda: zoe.peer.ready and ann.peer.ready)
    house.advance(5)
    assert told == []
    names = sorted((zoe.peer.channels[LOBBY].people or {}).values())
    assert names == ["Ann", "Bob", "Zoe"], "Bob may still come back"
    house.member("Carol")
    house.advance(3)
    assert told == [("came", "Carol")], "who is new is told, also so soon after the start"
    house.advance(90)
    assert told == [("came", "Carol"), ("went", "Bob")]


def test_who_was_in_a_room_that_nobody_opened_since_has_left_it(house: MemoryHouse) -> None:
    house.member("Ann", channel=LOBBY)
    house.advance(3)
    house.shut()
    for client in house.clients:
        client.stop()
    house.start()
    assert len(settled(house.house.backend.page("here", "", "", 9))) == 1
    house.advance(91)
    assert settled(house.house.backend.page("here", "", "", 9)) == []


def test_who_left_while_the_store_was_away_is_written_down_when_it_is_back() -> None:
    clock, store = Clock(), Lasting()
    register = Register(store, clock)
    ann, bob = Person("a", "Ann"), Person("b", "Bob")
    register.tell(LOBBY, [ann, bob], [])
    store.away = True
    register.tell(LOBBY, [], [ann])
    register.tell(LOBBY, [Person("b", "Bobby")], [])
    clock.advance(1)
    register.tell(LOBBY, [ann], [])
    store.away = False
    clock.advance(1)
    again = Register(store, clock)
    settled(Deferred.fromCoroutine(again.load()))
    assert sorted(again.before(LOBBY), key=lambda person: person.key) == [ann, Person("b", "Bobby")]
    assert again.before(LOBBY) == [], "once"
    assert not clock.getDelayedCalls()


def test_a_crowd_that_waited_is_written_however_fast_the_store_answers() -> None:
    clock, store = Clock(), Lasting()
    register = Register(store, clock)
    store.away = True
    crowd = [Person(f"{number:05}", "x") for number in range(300 * AT_ONCE)]
    register.tell(LOBBY, crowd, [])
    store.away = False
    clock.advance(1)
    assert len(settled(store.page("here", "", "", 10**6))) == len(crowd)
    assert not clock.getDelayedCalls()


def test_an_answer_after_the_end_sets_no_timer() -> None:
    clock, store = Clock(), Lasting()
    held: list[Deferred[None]] = []
    store.commit = lambda changes: held.append(Deferred()) or held[-1]  # type: ignore[method-assign,func-returns-value]
    register = Register(store, clock)
    register.tell(LOBBY, [Person("a", "Ann")], [])
    register.stop()
    held[0].errback(StoreUnavailable("down"))
    assert not clock.getDelayedCalls()


def test_what_waits_is_bounded_and_written_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(register_module, "MOST_WAITING", 3 * AT_ONCE)
    clock, store = Clock(), Lasting()
    register = Register(store, clock)
    store.away = True
    register.tell(LOBBY, [Person(f"{number:04}", "x") for number in range(4 * AT_ONCE)], [])
    store.away = False
    register.stop()
    kept = settled(store.page("here", "", "", 10_000))
    assert 3 * AT_ONCE <= len(kept) <= 4 * AT_ONCE
    assert kept[-1].key.endswith(f"{4 * AT_ONCE - 1:04}"), "the newest are not forgotten"
    assert not clock.getDelayedCalls()
