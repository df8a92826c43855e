"""The memory backend: fast, and forgets everything when the process ends (a restart is a new epoch)."""

import secrets
from collections import OrderedDict, deque

from twisted.internet.defer import Deferred, fail, succeed
from zope.interface import implementer

from twistedchat.core.entry import Appended, Entry, LogState
from twistedchat.core.errors import IdReused, StoreUnavailable
from twistedchat.interfaces import IBackend


class _Log:
    """One channel: its last entries, and the ids it has seen."""

    __slots__ = ("entries", "head", "seen")

    def __init__(self, keep_entries: int) -> None:
        self.entries: deque[Entry] = deque(maxlen=keep_entries)
        self.head = 0
        self.seen: OrderedDict[tuple[str, str], Entry] = OrderedDict()


@implementer(IBackend)
class MemoryBackend:
    """Keeps logs in memory.

    Args:
        keep_entries: entries kept per channel; the oldest go first.
        keep_ids: ids remembered per channel against doubles; the oldest go first.
        max_channels: one more is refused with StoreUnavailable.
    """

    def __init__(self, keep_entries: int = 1000, keep_ids: int = 10_000, max_channels: int = 20_000) -> None:
        self._logs: dict[str, _Log] = {}
        self._epoch = secrets.token_urlsafe(12)
        self._keep_entries = keep_entries
        self._keep_ids = keep_ids
        self._max_channels = max_channels

    def open(self, channel: str, tail: int) -> Deferred[LogState]:
        """See IBackend."""
        log = self._logs.get(channel)
        entries = list(log.entries)[-tail:] if log and tail > 0 else []
        return succeed(LogState(self._epoch, entries))

    def append(self, channel: str, identity: str, id: str, event: str, at: float) -> Deferred[Appended]:
        """See IBackend."""
        log = self._logs.get(channel)
        if log is None:
            if len(self._logs) >= self._max_channels:
                return fail(StoreUnavailable("there are too many rooms"))
            log = self._logs[channel] = _Log(self._keep_entries)
        had = log.seen.get((identity, id))
        if had is not None:
            if had.event != event:
                return fail(IdReused("this id was used for something else"))
            return succeed(Appended(had, new=False))
        log.head += 1
        entry = Entry(log.head, id, identity, event, at)
        log.entries.append(entry)
        log.seen[identity, id] = entry
        if len(log.seen) > self._keep_ids:
            log.seen.popitem(last=False)
        return succeed(Appended(entry, new=True))

    def read(self, channel: str, after: int, limit: int) -> Deferred[list[Entry]]:
        """See IBackend."""
        log = self._logs.get(channel)
        if log is None:
            return succeed([])
        return succeed([entry for entry in log.entries if entry.offset > after][:limit])

    def stop(self) -> Deferred[None]:
        """See IBackend."""
        return succeed(None)
