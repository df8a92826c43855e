"""Records in memory: the part of the memory backend that keeps documents."""

from bisect import bisect_right, insort
from collections.abc import Sequence

from twisted.internet.defer import Deferred, fail, succeed

from twistedchat.core.errors import Conflict, StoreUnavailable
from twistedchat.core.records import Change, Record

SWEPT = 1000  # at most so many go in one sweep


class MemoryRecords:
    """See IBackend for the methods.

    Args:
        max_records: records of all kinds together; a change that would make more is refused with StoreUnavailable.
    """

    def __init__(self, max_records: int = 1_000_000) -> None:
        self._max_records = max_records
        self._records: dict[tuple[str, str], Record] = {}
        self._keys: dict[str, list[str]] = {}  # of each kind, sorted
        self._version = 0

    def get(self, kind: str, key: str) -> "Deferred[Record | None]":
        """See IBackend."""
        return succeed(self._records.get((kind, key)))

    def page(self, kind: str, prefix: str, after: str, limit: int) -> Deferred[list[Record]]:
        """See IBackend."""
        keys = self._keys.get(kind, [])
        first = bisect_right(keys, after) if after >= prefix else bisect_right(keys, prefix)
        if after < prefix and (kind, prefix) in self._records:
            first -= 1
        found = []
        for key in keys[first : first + max(0, limit)]:
            if not key.startswith(prefix):
                break
            found.append(self._records[kind, key])
        return succeed(found)

    def commit(self, changes: Sequence[Change]) -> Deferred[None]:
        """See IBackend."""
        for change in changes:
            had = self._records.get((change.kind, change.key))
            if change.expected is not None and change.expected != (had.version if had else 0):
                return fail(Conflict(f"this {change.kind} was changed meanwhile"))
        if len(self._records) + self._more(changes) > self._max_records:
            return fail(StoreUnavailable("the store is full"))
        for change in changes:
            self._apply(change)
        return succeed(None)

    def sweep(self, now: float) -> Deferred[int]:
        """See IBackend."""
        over = [r for r in self._records.values() if r.until is not None and r.until < now][:SWEPT]
        for record in over:
            self._apply(Change(record.kind, record.key, None))
        return succeed(len(over))

    def _more(self, changes: Sequence[Change]) -> int:
        return sum(
            (change.value is not None) - ((change.kind, change.key) in self._records) for change in changes
        )

    def _apply(self, change: Change) -> None:
        place = change.kind, change.key
        if change.value is None:
            if self._records.pop(place, None) is not None:
                keys = self._keys[change.kind]
                del keys[bisect_right(keys, change.key) - 1]
            return
        if place not in self._records:
            insort(self._keys.setdefault(change.kind, []), change.key)
        self._version += 1
        self._records[place] = Record(change.kind, change.key, change.value, self._version, change.until)
