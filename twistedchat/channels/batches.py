"""Batches that were framed lately, kept for the readers that stand at the same place: a bound for all channels together."""

from collections import OrderedDict

from twistedchat.core.entry import Batch

MAX_BATCHES = 4096
MAX_CHARS = 2_000_000  # each character is kept once a form on the wire: up to ten times

_Place = tuple[object, int, int]  # whose, after which offset, up to which


class Batches:
    """The batches that were made last. Whose log they are of is told by an object that no other channel has: one that is
    opened again may have another log under the same name.

    Args:
        most: batches kept; the oldest go first.
        max_chars: characters of all that are kept together; as well. A batch that is longer alone is not kept.
    """

    __slots__ = ("_by_place", "_chars", "_max_chars", "_most")

    def __init__(self, most: int = MAX_BATCHES, max_chars: int = MAX_CHARS) -> None:
        self._most = most
        self._max_chars = max_chars
        self._by_place: OrderedDict[_Place, Batch] = OrderedDict()
        self._chars = 0

    def __len__(self) -> int:
        return len(self._by_place)

    @property
    def chars(self) -> int:
        """Characters of all that is kept."""
        return self._chars

    def find(self, owner: object, before: int, last: int) -> Batch | None:
        """Return the batch of the entries after ``before`` up to ``last`` of the log of ``owner``."""
        return self._by_place.get((owner, before, last))

    def keep(self, owner: object, batch: Batch) -> Batch:
        """Keep ``batch`` of the log of ``owner`` in place of older ones, and return it."""
        place = owner, batch.before, batch.last
        self._drop(place)
        if batch.prepared.size <= self._max_chars:
            self._by_place[place] = batch
            self._chars += batch.prepared.size
        while len(self._by_place) > self._most or self._chars > self._max_chars:
            self._drop(next(iter(self._by_place)))
        return batch

    def _drop(self, place: _Place) -> None:
        batch = self._by_place.pop(place, None)
        if batch is not None:
            self._chars -= batch.prepared.size
