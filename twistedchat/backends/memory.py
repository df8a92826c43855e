"""The memory backend: fast, and forgets everything when the process ends (a restart is a new epoch)."""

import hashlib
import secrets
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

from twisted.internet.defer import Deferred, fail, succeed
from zope.interface import implementer

from twistedchat.backends.memory_records import MemoryRecords
from twistedchat.core.entry import Appended, Entry, LogState, Revision
from twistedchat.core.errors import IdReused, StoreUnavailable
from twistedchat.core.position import Position
from twistedchat.interfaces import IBackend, IBackendListener


@dataclass(frozen=True, slots=True)
class _Seen:
    """What is remembered of an entry against doubles: not its text, which may be long gone."""

    offset: int
    at: float
    digest: bytes


class _Log:
    """One channel: its last entries, and the ids it has seen."""

    __slots__ = ("entries", "epoch", "head", "revisions", "seen")

    def __init__(self, epoch: str) -> None:
        self.epoch = epoch
        self.entries: deque[Entry] = deque()
        self.head = 0
        self.revisions: dict[int, list[int]] = {}  # offsets of kept entries, and of what revised them
        self.seen: OrderedDict[tuple[str, str], _Seen] = OrderedDict()

    def at(self, offset: int) -> Entry | None:
        """Return the kept entry with ``offset``."""
        index = offset - self.entries[0].offset if self.entries else -1
        return self.entries[index] if 0 <= index < len(self.entries) else None

    def set(self, offset: int, event: str) -> int:
        """Let the kept entry with ``offset`` say ``event``; return how many characters that is more."""
        entry = self.at(offset)
        if entry is None:
            return 0
        self.entries[offset - self.entries[0].offset] = replace(entry, event=event)
        return len(event) - len(entry.event)

    def oldest_gone(self) -> int:
        """Forget the oldest entry; return its characters."""
        gone = self.entries.popleft()
        self.revisions.pop(gone.offset, None)
        return len(gone.event)


@implementer(IBackend)
class MemoryBackend(MemoryRecords):
    """Keeps logs and records in memory.

    Args:
        keep_entries: entries kept per channel; the oldest go first.
        keep_ids: ids remembered per channel against doubles; the oldest go first.
        max_channels: channels with entries. For one more the log that was closed longest ago is forgotten; where all are
            open it is refused with StoreUnavailable.
        max_chars: characters of all entries together. Beyond it closed logs are forgotten, the longest closed first, and
            then of the log that was silent longest all but the newest entry.
        max_records: see MemoryRecords.
    """

    durable = False
    trouble = None

    def __init__(
        self,
        keep_entries: int = 1000,
        keep_ids: int = 10_000,
        max_channels: int = 20_000,
        max_chars: int = 128_000_000,
        max_records: int = 1_000_000,
    ) -> None:
        super().__init__(max_records)
        self._logs: OrderedDict[str, _Log] = OrderedDict()  # the longest silent first
        self._open: dict[str, str] = {}  # epochs by name
        self._closed: OrderedDict[str, None] = (
            OrderedDict()
        )  # logs that are not open, the longest closed first
        self._chars = 0
        self._new_epoch()
        self._keep_entries = keep_entries
        self._keep_ids = keep_ids
        self._max_channels = max_channels
        self._max_chars = max_chars

    def watch(self, listener: IBackendListener) -> None:
        """See IBackend. There is nothing to tell: nobody else writes, and memory is always there."""

    def open(self, channel: str, tail: int) -> Deferred[LogState]:
        """See IBackend."""
        log = self._logs.get(channel)
        self._closed.pop(channel, None)
        epoch = self._open.setdefault(channel, log.epoch if log else self._epoch)
        return succeed(LogState(epoch, list(log.entries)[-tail:] if log and tail > 0 else []))

    def closed(self, channel: str) -> None:
        """See IBackend."""
        self._open.pop(channel, None)
        if channel in self._logs:
            self._closed[channel] = None

    def append(
        self, channel: str, identity: str, id: str, event: str, at: float, revision: Revision | None = None
    ) -> Deferred[Appended]:
        """See IBackend."""
        log = self._logs.get(channel)
        if log is None:
            if len(self._logs) >= self._max_channels and not self._forget_closed():
                return fail(StoreUnavailable("there are too many rooms"))
            log = self._logs[channel] = _Log(self._open.get(channel, self._epoch))
        digest = hashlib.blake2b(event.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        had = log.seen.get((identity, id))
        if had is not None:
            if had.digest != digest:
                return fail(IdReused("this id was used for something else"))
            first = log.at(had.offset) or Entry(had.offset, id, identity, event, had.at)
            return succeed(Appended(first, new=False))
        log.head += 1
        entry = Entry(log.head, id, identity, event, at)
        log.seen[identity, id] = _Seen(log.head, at, digest)
        if len(log.seen) > self._keep_ids:
            log.seen.popitem(last=False)
        if revision is not None:
            self._revise(log, revision)
        self._keep(channel, log, entry)
        return succeed(Appended(entry, new=True))

    def _revise(self, log: _Log, revision: Revision) -> None:
        """Change what an earlier entry says, and blank what earlier revisions of it said."""
        if log.at(revision.offset) is None:
            return
        self._chars += log.set(revision.offset, revision.event)
        earlier = log.revisions.setdefault(revision.offset, [])
        for offset in earlier:
            self._chars += log.set(offset, revision.trace)
        earlier[:] = [log.head]  # the others say nothing any more

    def read(self, channel: str, after: int, limit: int) -> Deferred[list[Entry]]:
        """See IBackend."""
        log = self._logs.get(channel)
        if log is None:
            return succeed([])
        return succeed([entry for entry in log.entries if entry.offset > after][:limit])

    def before(self, channel: str, offset: int, limit: int) -> Deferred[list[Entry]]:
        """See IBackend."""
        log = self._logs.get(channel)
        if log is None or limit <= 0:
            return succeed([])
        return succeed([entry for entry in log.entries if entry.offset < offset][-limit:])

    def heads(self, channels: Sequence[str]) -> Deferred[dict[str, Position]]:
        """See IBackend."""
        return succeed({channel: self._head(channel) for channel in channels})

    def _head(self, channel: str) -> Position:
        log = self._logs.get(channel)
        if log is None:
            return Position(self._open.get(channel, self._epoch), 0, "")
        return Position(log.epoch, log.head, log.entries[-1].id)

    def trim(self, channel: str, keep: int, since: float) -> Deferred[int]:
        """See IBackend."""
        log = self._logs.get(channel)
        gone = 0
        while (
            log is not None
            and len(log.entries) > 1
            and (len(log.entries) > keep or log.entries[0].at < since)
        ):
            self._chars -= log.oldest_gone()
            gone += 1
        return succeed(gone)

    def erase(self, channel: str) -> Deferred[None]:
        """See IBackend."""
        log = self._logs.pop(channel, None)
        if log is not None:
            self._trim(log, 0)
        self._open.pop(channel, None)
        self._closed.pop(channel, None)
        self._new_epoch()
        return succeed(None)

    def stop(self) -> Deferred[None]:
        """See IBackend."""
        return succeed(None)

    # --- bounds

    def _keep(self, channel: str, log: _Log, entry: Entry) -> None:
        log.entries.append(entry)
        self._chars += len(entry.event)
        self._trim(log, self._keep_entries)
        self._logs.move_to_end(channel)
        while self._chars > self._max_chars and self._forget_closed():
            pass
        if self._chars > self._max_chars:
            silent = next((log for log in self._logs.values() if len(log.entries) > 1), log)
            self._trim(silent, 1)

    def _trim(self, log: _Log, keep: int) -> None:
        while len(log.entries) > keep:
            self._chars -= log.oldest_gone()

    def _forget_closed(self) -> bool:
        """Forget a log that nobody has open. Whoever opens it again finds another epoch, and knows."""
        if not self._closed:
            return False
        name, _ = self._closed.popitem(last=False)
        self._trim(self._logs.pop(name), 0)
        self._new_epoch()
        return True

    def _new_epoch(self) -> None:
        self._epoch = secrets.token_urlsafe(12)
