"""One channel as a client of the live protocol sees it: where it stands, what it showed, where holes are, who is there."""

from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

IDS_KEPT = 1000
SHOWN_KEPT = 100_000
REWIND_S = 5.0


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry of a channel's log that was shown.

    Attributes:
        epoch: the life of the log that it stands in.
        offset: its place there.
        id: the sender's id for it.
        event: ``[method, arg, …]``.
        at: seconds since 1970.
    """

    epoch: str
    offset: int
    id: str
    event: Sequence[Any]
    at: float

    @property
    def text(self) -> str:
        """The text of a chat message, or "" for any other event."""
        told = self.event[1] if len(self.event) > 1 else None
        return str(told.get("text", "")) if isinstance(told, dict) else ""


class Seen:
    """A channel in the page.

    Attributes:
        position: ``(epoch, offset, id)`` of the last entry had, or None before the first answer to a join.
        joined: True from the answer to a join until a reset, a leave or a new live client.
        wanted: True when the client asks for it (again) on a new session.
        rid: number of the join that is under way; 0 for "to be asked"; None for neither.
        shown: what was shown, oldest first.
        holes: for each hole the number of entries that were shown before it.
        doubles: entries that came again and were dropped.
        refusal: the error of a refused join.
        people: names by key, or None where only a number is told.
        count: how many people are there.
        info: what the server told with the join.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.position: tuple[str, int, str] | None = None
        self.joined = False
        self.wanted = True
        self.rid: int | None = 0
        self.ask_at = 0.0
        self.asked_at = float("-inf")
        self.shown: deque[Shown] = deque(maxlen=SHOWN_KEPT)
        self.holes: list[int] = []
        self.doubles = 0
        self.refusal: dict[str, Any] | None = None
        self.people: dict[str, str] | None = {}
        self.count = 0
        self.version = -1
        self.info: dict[str, Any] = {}
        self.listener: Callable[[Shown], None] | None = None
        self._ids: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._stated: tuple[str, int, str] | None = None
        self._rewound_at = float("-inf")

    def want(self) -> None:
        """Have it asked for at the next chance, also where it was refused. Idempotent."""
        if not self.joined and self.rid is None:
            self.wanted = True
            self.rid = 0
            self.ask_at = 0.0
            self.refusal = None

    def ask(self, rid: int, now: float) -> tuple[str, int, str] | None:
        """A join is sent under ``rid``; return the position that it states."""
        self.rid = rid
        self.asked_at = now
        self._stated = self.position
        return self.position

    def forget_session(self, resumed: bool) -> None:
        """A new session was welcomed: what is not joined is asked again; without a resume, all that is wanted."""
        self._rewound_at = float("-inf")
        if not resumed:
            self.joined = False
            self.rid = None
        if self.wanted and (not self.joined or self.rid is not None):
            self.rid = 0

    # --- answers to a join

    def was_joined(self, result: dict[str, Any]) -> None:
        """The server let us in: carry on after our position, or show the last entries with a hole before them."""
        epoch, offset, id = result["at"]
        again, mine = self.joined, self.position
        self.rid = None
        self.joined = True
        self.refusal = None
        self.info = result["info"]
        self._rewound_at = float("-inf")
        recovered = result["recovered"]
        if not recovered:
            self._take_last(result["entries"], epoch, again)
        if not (recovered and mine is not None and mine[0] == epoch and mine[1] > offset):
            self.position = (epoch, offset, id)
        self._full(result["people"]["version"], result["people"]["list"], result["people"]["count"])

    def _take_last(self, entries: Sequence[Any], epoch: str, again: bool) -> None:
        if self._stated is not None:
            self.holes.append(len(self.shown))
        for offset, id, event, at in entries:
            self._show(Shown(epoch, offset, id, event, at))

    def was_refused(self, error: dict[str, Any], now: float) -> None:
        """The server did not let us in; what time heals we ask again."""
        self.joined = False
        self.rid = None
        if error.get("error") in ("TooFast", "StoreUnavailable"):
            self.rid = 0
            self.ask_at = now + float(error.get("retry", 1))
        else:
            self.wanted = False
            self.refusal = error

    def was_reset(self, reason: str) -> None:
        """We are out; unless we were removed we ask again."""
        self.joined = False
        self.version = -1
        self.wanted = reason != "removed"
        self.rid = 0 if self.wanted else None

    # --- events

    def event(self, offset: int, id: str, event: Sequence[Any], at: float, now: float) -> bool:
        """Take the next entry, drop one that we have; return True when entries are missing and a rewind is due."""
        if not self.joined or self.position is None or offset <= self.position[1]:
            self.doubles += self.joined
            return False
        if offset != self.position[1] + 1:
            due = now - self._rewound_at >= REWIND_S
            if due:
                self._rewound_at = now
            return due
        self._rewound_at = float("-inf")
        self.position = (self.position[0], offset, id)
        self._show(Shown(self.position[0], offset, id, event, at))
        return False

    def _show(self, shown: Shown) -> None:
        mark = (shown.id, _sender(shown.event))
        if mark in self._ids:
            self.doubles += 1
            return
        self._ids[mark] = None
        if len(self._ids) > IDS_KEPT:
            self._ids.popitem(last=False)
        self.shown.append(shown)
        if self.listener is not None:
            self.listener(shown)

    # --- who is here

    def presence(self, version: int, kind: str, told: Sequence[Any], now: float) -> None:
        """Take a presence message; one that does not fit makes us ask for the full set by joining again."""
        if not self.joined or version < self.version:
            return
        if kind == "full":
            self._full(version, told[0], len(told[0]))
        elif kind == "count":
            self._full(version, None, told[0])
        elif version == self.version + 1 and self.people is not None:
            self.version = version
            self.people.update(dict(told[0]))
            for key, _ in told[1]:
                self.people.pop(key, None)
            self.count = told[2]
        elif version != self.version and self.rid is None and now - self.asked_at >= 1:
            self.rid = 0

    def _full(self, version: int, people: Sequence[Any] | None, count: int) -> None:
        self.version = version
        self.people = None if people is None else dict(people)
        self.count = count


def _sender(event: Sequence[Any]) -> str:
    """Who sent an event, as far as it says so: an id is its sender's, and another's with the same id is another entry."""
    body = event[1] if len(event) > 1 else None
    sender = body.get("from") if isinstance(body, dict) else None
    return str(sender[0]) if sender else ""
