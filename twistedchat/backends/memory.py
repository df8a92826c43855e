"""The memory backend: fast, and forgets everything when the process ends (a restart is a new epoch)."""

import hashlib
import secrets
from collections import OrderedDict, deque
from dataclasses import dataclass

from twisted.internet.defer import Deferred, fail, succeed
from zope.interface import implementer

from twistedchat.core.entry import Appended, Entry, LogState
from twistedchat.core.errors import IdReused, StoreUnavailable
from twistedchat.interfaces import IBackend


@dataclass(frozen=True, slots=True)
class _Seen:
    """What is remembered of an entry against doubles: not its text, which may be long gone."""

    offset: int
    at: float
    digest: bytes


class _Log:
    """One channel: its last entries, and the ids it has seen."""

    __slots__ = ("entries", "epoch", "head", "seen")

    def __init__(self, epoch: str) -> None:
        self.epoch = epoch
        self.entries: deque[Entry] = deque()
        self.head = 0
        self.seen: OrderedDict[tuple[str, str], _Seen] = OrderedDict()


@implementer(IBackend)
class MemoryBackend:
    """Keeps logs in memory.

    Args:
        keep_entries: entries kept per channel; the oldest go first.
        keep_ids: ids remembered per channel against doubles; the oldest go first.
        max_channels: channels with entries. For one more the log that was closed longest ago is forgotten; where all are
            open it is refused with StoreUnavailable.
        max_chars: characters of all entries together. Beyond it closed logs are forgotten, the longest closed first, and
            then of the log that was silent longest all but the newest entry.
    """

    def __init__(
        self,
        keep_entries: int = 1000,
        keep_ids: int = 10_000,
        max_channels: int = 20_000,
        max_chars: int = 128_000_000,
    ) -> None:
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

    def append(self, channel: str, identity: str, id: str, event: str, at: float) -> Deferred[Appended]:
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
            return succeed(Appended(Entry(had.offset, id, identity, event, had.at), new=False))
        log.head += 1
        entry = Entry(log.head, id, identity, event, at)
        log.seen[identity, id] = _Seen(log.head, at, digest)
        if len(log.seen) > self._keep_ids:
            log.seen.popitem(last=False)
        self._keep(channel, log, entry)
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
            self._chars -= len(log.entries.popleft().event)

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
