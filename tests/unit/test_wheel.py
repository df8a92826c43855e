"""The timer wheel: never early, never late by more than its step."""

from dataclasses import dataclass, field
from math import inf

from hypothesis import given
from hypothesis import strategies as st

from twistedchat.core.wheel import Wheel


@dataclass(eq=False)
class Item:
    deadline: float
    wheel_slot: int | None = field(default=None)


def test_finds_what_is_due_and_forgets_it() -> None:
    wheel: Wheel[Item] = Wheel(0)
    early, late = Item(2.5), Item(9)
    wheel.add(early)
    wheel.add(late)
    assert len(wheel) == 2
    assert wheel.advance(2) == []
    assert wheel.advance(3) == [early]
    assert early.wheel_slot is None and len(wheel) == 1
    assert wheel.advance(9) == [late]


def test_a_deadline_that_moved_later_is_looked_at_again_then() -> None:
    wheel: Wheel[Item] = Wheel(0)
    item = Item(2)
    wheel.add(item)
    item.deadline = 5
    assert wheel.advance(2) == []
    assert len(wheel) == 1
    assert wheel.advance(5) == [item]


def test_a_deadline_that_moved_earlier_counts_once_added_again() -> None:
    wheel: Wheel[Item] = Wheel(0)
    item = Item(9)
    wheel.add(item)
    item.deadline = 3
    wheel.add(item)
    wheel.add(item)
    assert len(wheel) == 1
    assert wheel.advance(3) == [item]


def test_a_deadline_that_is_over_comes_up_at_the_next_step() -> None:
    wheel: Wheel[Item] = Wheel(10)
    item = Item(1)
    wheel.add(item)
    assert wheel.advance(11) == [item]


def test_no_deadline_is_not_watched() -> None:
    wheel: Wheel[Item] = Wheel(0)
    never, ceased = Item(inf), Item(1)
    wheel.add(never)
    wheel.add(ceased)
    ceased.deadline = inf
    assert wheel.advance(100) == [] and len(wheel) == 0


def test_discarded_items_are_not_found_and_share_no_slot_with_others() -> None:
    wheel: Wheel[Item] = Wheel(0)
    one, other = Item(2), Item(2)
    wheel.discard(one)
    wheel.add(one)
    wheel.add(other)
    wheel.discard(one)
    wheel.discard(one)
    assert wheel.advance(2) == [other]


def test_an_item_of_a_slot_that_is_gone_can_be_discarded() -> None:
    wheel: Wheel[Item] = Wheel(0)
    item = Item(2, wheel_slot=99)
    wheel.discard(item)
    assert item.wheel_slot is None


def test_a_clock_that_jumped_far_costs_no_more_than_there_are_items() -> None:
    wheel: Wheel[Item] = Wheel(0)
    items = [Item(deadline) for deadline in (5, 1e9, 2e9)]
    for item in items:
        wheel.add(item)
    assert wheel.advance(1.5e9) == items[:2]


def test_a_clock_that_went_back_is_harmless() -> None:
    wheel: Wheel[Item] = Wheel(100)
    item = Item(101)
    wheel.add(item)
    assert wheel.advance(50) == []
    assert wheel.advance(101) == [item]


@given(
    tick=st.sampled_from([0.1, 0.25, 1.0, 3.0]),
    start=st.floats(0, 1e6),
    delays=st.lists(st.floats(0, 50), max_size=20),
    moves=st.lists(st.tuples(st.integers(0, 19), st.floats(0, 50)), max_size=10),
)
def test_never_early_and_never_late_by_more_than_its_step(
    tick: float, start: float, delays: list[float], moves: list[tuple[int, float]]
) -> None:
    wheel: Wheel[Item] = Wheel(start, tick)
    items = [Item(start + delay) for delay in delays]
    for item in items:
        wheel.add(item)
    for index, delay in moves:
        if index < len(items):
            items[index].deadline = start + delay
            wheel.add(items[index])
    found: set[Item] = set()
    now = start
    slack = 1e-6
    while now < start + 60:
        now += tick
        for item in wheel.advance(now):
            assert item.deadline <= now
            assert now - item.deadline <= 2 * tick + slack  # its own step, and that of the one who turns it
            assert item not in found
            found.add(item)
    assert found == set(items)
