"""A timer wheel: very many coarse deadlines, moved often, at the price of one timer for all of them."""

from math import ceil, inf
from typing import Generic, Protocol, TypeVar


class Timed(Protocol):
    """Something with a deadline.

    Attributes:
        deadline: seconds on the clock that the wheel goes by; ``inf`` for none.
        wheel_slot: the wheel's own mark; None at first.
    """

    deadline: float
    wheel_slot: int | None


T = TypeVar("T", bound=Timed)


class Wheel(Generic[T]):
    """Finds what is due, to the tick (a second unless told).

    A deadline that moves later costs nothing: the item is looked at when its old slot comes up and is put where it belongs
    now. One that moves earlier needs ``add`` again. Each item stands in one slot at most, so items bound the wheel.
    """

    __slots__ = ("_slots", "_through", "_tick_s")

    def __init__(self, now: float, tick_s: float = 1.0) -> None:
        self._slots: dict[int, set[T]] = {}
        self._tick_s = tick_s
        self._through = int(now / tick_s)

    def __len__(self) -> int:
        return sum(map(len, self._slots.values()))

    def add(self, item: T) -> None:
        """Watch ``item``; call it again when its deadline has moved earlier. Idempotent."""
        if item.deadline == inf:
            return
        slot = max(ceil(item.deadline / self._tick_s), self._through + 1)
        if item.wheel_slot is not None:
            if item.wheel_slot <= slot:
                return
            self.discard(item)
        item.wheel_slot = slot
        self._slots.setdefault(slot, set()).add(item)

    def discard(self, item: T) -> None:
        """Watch ``item`` no more. Idempotent."""
        if item.wheel_slot is not None:
            slot = self._slots.get(item.wheel_slot)
            if slot is not None:
                slot.discard(item)
                if not slot:
                    del self._slots[item.wheel_slot]
            item.wheel_slot = None

    def advance(self, now: float) -> list[T]:
        """Return the items that are due at ``now``, earliest slot first; they are not watched any more until added again."""
        due: list[T] = []
        reached = int(now / self._tick_s)
        if reached - self._through > len(self._slots):  # a clock that jumped: go by the slots there are
            slots = sorted(slot for slot in self._slots if slot <= reached)
        else:
            slots = list(range(self._through + 1, reached + 1))
        self._through = max(self._through, reached)
        for slot in slots:
            for item in self._slots.pop(slot, ()):
                item.wheel_slot = None
                if item.deadline <= now:
                    due.append(item)
                else:
                    self.add(item)
        return due
