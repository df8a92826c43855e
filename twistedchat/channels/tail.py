"""The last entries of a channel's log, kept ready for readers that are behind."""

from collections.abc import Sequence
from dataclasses import replace

from twistedchat.core.entry import Entry
from twistedchat.core.position import Position

TAIL_ENTRIES = 1000  # recovery reaches back this far; beyond it a reader gets a snapshot
TAIL_CHARS = 8_000_000


class Tail:
    """The last entries of a log, bounded in number and size; finds by offset."""

    __slots__ = ("_chars", "_entries", "_first", "_keep")

    def __init__(self, entries: Sequence[Entry], keep: int = TAIL_ENTRIES) -> None:
        self._keep = keep
        self._entries: list[Entry] = list(entries)
        self._first = (
            0  # index of the oldest kept entry; what lies before it is dropped in one go now and then
        )
        self._chars = sum(len(entry.event) for entry in entries)

    def append(self, entry: Entry) -> None:
        """Keep ``entry``; drop the oldest beyond the bounds, but never the newest."""
        self._entries.append(entry)
        self._chars += len(entry.event)
        while len(self._entries) - self._first > self._keep or (
            self._chars > TAIL_CHARS and len(self._entries) - self._first > 1
        ):
            self._chars -= len(self._entries[self._first].event)
            self._first += 1
        if self._first >= self._keep:
            del self._entries[: self._first]
            self._first = 0

    def trim(self, keep: int, since: float) -> None:
        """Drop all but the newest ``keep`` entries, and those from before ``since``; never the newest."""
        while len(self) > 1 and (len(self) > keep or self._entries[self._first].at < since):
            self._chars -= len(self._entries[self._first].event)
            self._first += 1
        del self._entries[: self._first]
        self._first = 0

    def set(self, offset: int, event: str) -> None:
        """Let the entry with ``offset`` say ``event`` from now on; nothing where it is not kept."""
        entry = self.at(offset)
        oldest = self.oldest()
        if entry is not None and oldest is not None:
            self._chars += len(event) - len(entry.event)
            self._entries[self._first + offset - oldest.offset] = replace(entry, event=event)

    def __len__(self) -> int:
        return len(self._entries) - self._first

    def oldest(self) -> Entry | None:
        """Return the oldest kept entry."""
        return self._entries[self._first] if len(self) else None

    def head(self, epoch: str) -> Position:
        """Return the position of the newest entry, or of the place before the first one."""
        return (
            Position(epoch, self._entries[-1].offset, self._entries[-1].id)
            if len(self)
            else Position(epoch, 0, "")
        )

    def at(self, offset: int) -> Entry | None:
        """Return the kept entry with ``offset``."""
        oldest = self.oldest()
        if oldest is None or not 0 <= offset - oldest.offset < len(self):
            return None
        return self._entries[self._first + offset - oldest.offset]

    def after(self, offset: int, max_chars: int) -> list[Entry]:
        """Return kept entries that follow ``offset``: at least one where there is one, of about ``max_chars``."""
        oldest = self.oldest()
        if oldest is None:
            return []
        found: list[Entry] = []
        size = 0
        for index in range(self._first + max(0, offset + 1 - oldest.offset), len(self._entries)):
            entry = self._entries[index]
            size += len(entry.event)
            if found and size > max_chars:
                break
            found.append(entry)
        return found

    def last(self, count: int) -> list[Entry]:
        """Return the newest ``count`` entries, oldest first."""
        return self._entries[max(self._first, len(self._entries) - count) :] if count > 0 else []
