"""Every transport to every other, with the connection cut at every point: nothing lost, doubled or reordered."""

import os
from collections.abc import Iterator
from itertools import product

import pytest

from twistedchat.testing import TRANSPORTS, Client, Cut, MemoryHouse, Outcome

ROOM = "room/lobby"
SOAK = os.environ.get("TWISTEDCHAT_SOAK") == "1"
EVERY = list(product(TRANSPORTS, TRANSPORTS, Cut))
# Every transport is left and arrived at, and every cut made on each of them, within a few seconds.
SOME = [case for number, case in enumerate(EVERY) if number % 5 == 0]


@pytest.fixture
def house() -> Iterator[MemoryHouse]:
    house = MemoryHouse()
    yield house
    house.stop()


def assert_same(one: Client, other: Client, count: int) -> None:
    """Both show the same ``count`` messages once, in the log's order, without a hole."""
    for client in (one, other):
        shown = client.shown(ROOM)
        assert [entry.offset for entry in shown] == list(range(1, count + 1))
        assert client.holes(ROOM) == []
        assert client.peer.problems == []
    assert one.shown(ROOM) == other.shown(ROOM)


def test_some_cases_cover_all_transports_and_cuts() -> None:
    assert {(case[0], case[2]) for case in SOME} == set(product(TRANSPORTS, Cut))
    assert {case[1] for case in SOME} == set(TRANSPORTS)


@pytest.mark.parametrize(("before", "after", "where"), EVERY if SOAK else SOME)
def test_a_cut_loses_nothing(house: MemoryHouse, before: str, after: str, where: Cut) -> None:
    mover, other = house.member("Mover", before), house.member("Other", "websocket")
    calls = [house.run(other.say(ROOM, f"first {number}")) for number in range(3)]
    assert calls == [1, 2, 3]
    mover.cut(where, then=after)
    says = []
    for number in range(5):
        says += [mover.saying(ROOM, f"mine {number}"), other.saying(ROOM, f"theirs {number}")]
    house.until(lambda: all(say.outcome is not Outcome.PENDING for say in says))
    house.until(lambda: len(mover.shown(ROOM)) == len(other.shown(ROOM)) == 13)
    house.advance(1)
    assert (mover.sessions, mover.transport) == (2, after)
    assert [say.outcome for say in says] == [Outcome.DONE] * 10
    assert mover.peer.welcomes == [False, True]
    assert_same(mover, other, 13)


@pytest.mark.parametrize(("before", "after"), list(product(TRANSPORTS, TRANSPORTS))[:: 1 if SOAK else 5])
def test_a_cut_while_history_arrives_loses_nothing(house: MemoryHouse, before: str, after: str) -> None:
    mover, other = house.member("Mover", before), house.member("Other", "xhr-streaming")
    mover.freeze()
    mover.cut(Cut.IDLE)
    for number in range(400):
        other.saying(ROOM, f"{number} {'x' * 500}")
    house.until(lambda: len(other.shown(ROOM)) == 400)
    mover.cut(Cut.HISTORY, then=after)
    mover.thaw()
    house.until(lambda: len(mover.shown(ROOM)) == 400)
    assert mover.sessions == 3
    assert mover.transport == after
    assert_same(mover, other, 400)


@pytest.mark.parametrize(("before", "after"), list(product(TRANSPORTS, TRANSPORTS))[:: 1 if SOAK else 5])
def test_a_hop_in_the_middle_of_a_sentence_loses_nothing(house: MemoryHouse, before: str, after: str) -> None:
    mover, other = house.member("Mover", before), house.member("Other", "jsonp-polling")
    says = [mover.saying(ROOM, f"before {number}") for number in range(5)]
    says += [other.saying(ROOM, f"other {number}") for number in range(5)]
    hopped = mover.hop(after)
    says += [mover.saying(ROOM, f"after {number}") for number in range(5)]
    house.run(hopped)
    house.until(lambda: all(say.outcome is Outcome.DONE for say in says))
    house.until(lambda: len(mover.shown(ROOM)) == len(other.shown(ROOM)) == 15)
    mine = [text for text in other.texts(ROOM) if not text.startswith("other")]
    assert mine == [f"{when} {number}" for when in ("before", "after") for number in range(5)]
    assert_same(mover, other, 15)


@pytest.mark.parametrize("where", [Cut.INSIDE_REQUEST, Cut.AFTER_SEND])
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_call_under_way_when_the_window_ends_is_unknown(
    house: MemoryHouse, transport: str, where: Cut
) -> None:
    mover = house.member("Mover", transport)
    mover.cut(where)
    call = mover.calling("rooms")
    mover.freeze()
    house.advance(120)
    mover.thaw()
    house.until(lambda: call.outcome is not Outcome.PENDING)
    assert call.outcome is Outcome.UNKNOWN
    house.until(lambda: mover.peer.ready and mover.peer.channels[ROOM].joined)
    assert mover.peer.welcomes == [False, False]
    assert house.run(mover.say(ROOM, "still here")) == 1


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_refused_call_ends_refused_over_a_cut(house: MemoryHouse, transport: str) -> None:
    mover = house.member("Mover", transport)
    mover.cut(Cut.AFTER_SEND)
    call = mover.calling("noSuchMethod")
    house.until(lambda: call.outcome is not Outcome.PENDING)
    assert call.outcome is Outcome.REFUSED
    assert call.value["error"] == "NotExposed"
