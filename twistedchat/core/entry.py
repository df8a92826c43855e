"""Entries of a channel's log, and batches of them with their wire form made once for all readers."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from twistedchat.core.frames import Prepared
from twistedchat.core.position import Position

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a log.

    Attributes:
        offset: place in the log, from 1.
        id: the sender's id for it.
        identity: who sent it.
        event: JSON text of ``[method, arg, …]``.
        at: seconds since 1970.
    """

    offset: int
    id: str
    identity: str
    event: str
    at: float


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of an append: the entry, and whether it is ``new`` or was there already."""

    entry: Entry
    new: bool


@dataclass(frozen=True, slots=True)
class Revision:
    """What an append does to an earlier entry of its log: an edit, or a deletion.

    Attributes:
        offset: of the earlier entry. One that is not kept any more is no error.
        event: JSON text that it has from now on.
        trace: JSON text that earlier revisions of the same entry have from now on: what they said is blanked.
    """

    offset: int
    event: str
    trace: str


@dataclass(frozen=True, slots=True)
class LogState:
    """A log as a backend opens it: its epoch and its last entries, oldest first."""

    epoch: str
    tail: Sequence[Entry]


def event_text(channel: str, entry: Entry) -> str:
    """Return the wire message ``["event", channel, offset, id, [method, …], at]`` of ``entry``."""
    head = _encode(["event", channel, entry.offset, entry.id]).decode()
    return f"{head[:-1]},{entry.event},{entry.at:.3f}]"


class Batch:
    """Consecutive entries of one channel and their prepared wire form.

    Attributes:
        before: offset after which they come.
        last: offset of the last of them; equal to ``before`` when empty.
        prepared: all of them as SockJS messages, framed once per envelope.
    """

    __slots__ = ("before", "channel", "entries", "last", "prepared")

    def __init__(self, channel: str, before: int, entries: Sequence[Entry]) -> None:
        self.channel = channel
        self.before = before
        self.entries = entries
        self.last = entries[-1].offset if entries else before
        self.prepared = Prepared(*(event_text(channel, entry) for entry in entries))

    def end(self, epoch: str) -> Position:
        """Return the position after this batch (of at least one entry)."""
        return Position(epoch, self.last, self.entries[-1].id)
