"""Who is in a channel: people, not tabs; with a grace for those whose last tab went, and changes in versions.

Two views are kept apart: who is here (at once), and what was *published* (at most once a second). A snapshot is always
the published view with its version, so a reader's snapshot and the changes that follow fit together.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from heapq import heappop, heappush
from math import inf

RETURN_S = 90.0  # after a start, whoever was here before has this long to come back: it is no news


class Kind(Enum):
    """How much a change tells."""

    DELTA = "delta"
    FULL = "full"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Person:
    """Someone as others see them: ``key`` is theirs alone, ``name`` is shown."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Change:
    """What a new version brings.

    Attributes:
        version: the version after it.
        kind: DELTA with ``came`` and ``went``; FULL where a delta follows a count; COUNT where there are too many to name.
        came: new people, and those with a new name.
        went: people who left.
        count: how many are here now.
    """

    version: int
    kind: Kind
    came: tuple[Person, ...]
    went: tuple[Person, ...]
    count: int


@dataclass(slots=True)
class _Here:
    person: Person
    clients: set[str] = field(default_factory=set)
    graces: dict[str, float] = field(default_factory=dict)  # lost clients, and until when they may return


_Place = tuple[str, str, Person]  # name for sorting, key, who


class TooManyPeople(Exception):
    """The channel is full."""


class Presence:
    """The people of one channel.

    Args:
        grace_s: seconds that a client which lost its connection has to come back; a person with no client and nothing to
            wait for leaves.
        interval_s: seconds between two published changes at least.
        named: above this many people only their number is published.
        max_people: one more raises TooManyPeople.

    Attributes:
        version: grows with each published change.
        news: who came, or has another name, and who went with the last published change, however it was told.
    """

    __slots__ = (
        "_ends",
        "_full",
        "_grace_s",
        "_here",
        "_interval_s",
        "_leaving",
        "_max_people",
        "_named",
        "_next_publish",
        "_order",
        "_published",
        "_touched",
        "news",
        "version",
    )

    def __init__(
        self, grace_s: float = 15, interval_s: float = 1, named: int = 200, max_people: int = 50_000
    ) -> None:
        self._grace_s = grace_s
        self._interval_s = interval_s
        self._named = named
        self._max_people = max_people
        self._here: dict[str, _Here] = {}
        self._leaving: dict[str, float] = {}  # key -> when the last grace ends, of those who have no client
        self._ends: list[tuple[float, str]] = []  # a heap of the same; some are over, or were put off
        self._published: dict[str, Person] = {}
        self._order: list[_Place] | None = None  # the published people by name; None until asked for again
        self._touched: set[str] = set()
        self._next_publish = -inf
        self._full = False
        self.version = 0
        self.news: tuple[list[Person], list[Person]] = [], []

    @property
    def count(self) -> int:
        """How many people are here as published."""
        return len(self._published)

    @property
    def empty(self) -> bool:
        """True when nobody is here, not even in grace."""
        return not self._here

    @property
    def deadline(self) -> float:
        """When ``tick`` has something to do; ``inf`` for never."""
        publish = self._next_publish if self._touched else inf
        self._drop_old_ends()
        return min(publish, self._ends[0][0] if self._ends else inf)

    def people(self) -> list[Person] | None:
        """Return the published people by name, or None where they are too many to name."""
        return None if len(self._published) > self._named else self._sorted()

    def page(self, after: str | None, limit: int) -> list[Person]:
        """Return at most ``limit`` published people by name, those after the key ``after``; unknown keys begin anew."""
        order = self._in_order()
        last = None if after is None else self._published.get(after)
        start = 0 if last is None else bisect_right(order, _place(last))
        return [person for _, _, person in order[start : start + limit]]

    def everyone(self) -> list[Person]:
        """Return all who are here, published or not, in no order."""
        return [here.person for here in self._here.values()]

    def find(self, key: str) -> Person | None:
        """Return the person with ``key`` who is here, published or not."""
        here = self._here.get(key)
        return here.person if here else None

    def enter(self, person: Person, client: str, returning: bool = False) -> None:
        """``person`` is here by ``client``; idempotent, also brings them back out of grace and renames them.

        With ``returning`` the next change is a full set instead of news: they were here before a restart.

        Raises:
            TooManyPeople: nothing was changed.
        """
        here = self._here.get(person.key)
        if here is None:
            if len(self._here) >= self._max_people:
                raise TooManyPeople
            here = self._here[person.key] = _Here(person)
            self._touched.add(person.key)
            self._full = self._full or returning
        elif here.person != person:
            here.person = person
            self._touched.add(person.key)
        here.clients.add(client)
        here.graces.pop(client, None)
        here.graces.pop("", None)
        self._leaving.pop(person.key, None)

    def restore(self, person: Person, until: float) -> None:
        """``person`` was here before a restart and may come back until then. The next change is a full set: it is no news."""
        if person.key in self._here or len(self._here) >= self._max_people:
            return
        self._here[person.key] = _Here(person, graces={"": until})
        self._touched.add(person.key)
        self._full = True
        self._wait_or_remove(person.key, self._here[person.key])

    def away(self, key: str, client: str, now: float) -> None:
        """``client`` lost its connection and may come back for a while. Idempotent."""
        here = self._here.get(key)
        if here is None or client not in here.clients:
            return
        here.clients.discard(client)
        here.graces = {other: until for other, until in here.graces.items() if until > now}
        here.graces[client] = now + self._grace_s
        self._wait_or_remove(key, here)

    def leave(self, key: str, client: str) -> None:
        """``client`` of a person leaves on purpose; where it was the last, and none may come back, they are gone at once.
        Idempotent."""
        here = self._here.get(key)
        if here is None:
            return
        here.clients.discard(client)
        here.graces.pop(client, None)
        self._wait_or_remove(key, here)

    def _wait_or_remove(self, key: str, here: _Here) -> None:
        if here.clients:
            return
        if not here.graces:
            self._remove(key)
            return
        until = max(here.graces.values())
        if self._leaving.get(key) != until:
            self._leaving[key] = until
            heappush(self._ends, (until, key))

    def _drop_old_ends(self) -> None:
        """Let the first end be one that still holds."""
        while self._ends and self._leaving.get(self._ends[0][1]) != self._ends[0][0]:
            heappop(self._ends)

    def tick(self, now: float) -> Change | None:
        """End what graces are over; return the change to publish, or None."""
        self._drop_old_ends()
        while self._ends and self._ends[0][0] <= now:
            self._remove(self._ends[0][1])
            self._drop_old_ends()
        if not self._touched or now < self._next_publish:
            return None
        return self._publish(now)

    def _remove(self, key: str) -> None:
        self._leaving.pop(key, None)
        del self._here[key]
        self._touched.add(key)

    def _publish(self, now: float) -> Change | None:
        came: list[Person] = []
        went: list[Person] = []
        for key in self._touched:
            before = self._published.get(key)
            here = self._here.get(key)
            if here is None:
                if before is not None:
                    went.append(self._published.pop(key))
            elif here.person != before:
                self._published[key] = here.person
                came.append(here.person)
        self._touched.clear()
        if not came and not went:
            return None
        self._order = None
        self.news = came, went
        self._next_publish = now + self._interval_s
        self.version += 1
        return self._change(came, went)

    def _change(self, came: list[Person], went: list[Person]) -> Change:
        count = len(self._published)
        if count > self._named:
            self._full = True  # who comes below the limit again needs every name
            return Change(self.version, Kind.COUNT, (), (), count)
        if self._full:
            self._full = False
            return Change(self.version, Kind.FULL, tuple(self._sorted()), (), count)
        return Change(self.version, Kind.DELTA, tuple(_by_name(came)), tuple(_by_name(went)), count)

    def _sorted(self) -> list[Person]:
        return [person for _, _, person in self._in_order()]

    def _in_order(self) -> list[_Place]:
        """The published people by name; sorted once a version, since any page may ask at any time."""
        if self._order is None:
            self._order = sorted(map(_place, self._published.values()))
        return self._order


def _place(person: Person) -> _Place:
    return person.name.casefold(), person.key, person


def _by_name(people: Iterable[Person]) -> list[Person]:
    return sorted(people, key=lambda person: (person.name.casefold(), person.key))
