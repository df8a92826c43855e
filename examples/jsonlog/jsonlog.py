"""A toy backend: one file of JSON lines, a line for each change, all of them done again at the start."""

import json
import os
from dataclasses import asdict, replace

from twisted.internet.defer import fail, succeed
from twisted.plugin import IPlugin
from zope.interface import implementer

from twistedchat.config import Refusal
from twistedchat.core.entry import Appended, Entry, LogState
from twistedchat.core.errors import Conflict, IdReused, StoreUnavailable
from twistedchat.core.position import Position
from twistedchat.core.records import Record
from twistedchat.interfaces import IBackend, IBackendMaker


class Log:
    """A channel: entries by offset, offsets by who said what under which id, and what revised which entry."""

    def __init__(self):
        self.head = 0
        self.entries = {}
        self.ids = {}
        self.revised_by = {}


@implementer(IBackend)
class JsonLog:
    """See the module. It answers at once, since it waits for the disk in the reactor's thread: a toy.

    Args:
        path: of the file; made where it is missing.

    Raises:
        OSError: it cannot be opened.
        ValueError: it is no file of ours.
    """

    durable = True
    trouble = None

    def __init__(self, path):
        self._listener = None
        self._logs = {}
        self._lives = {}  # how often a channel was erased
        self._records = {}
        self._versions = 0
        self._file = os.fdopen(os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600), "a+b", buffering=0)
        self._file.seek(0)
        lines = self._file.readlines()
        if lines and not lines[-1].endswith(b"\n"):
            lines.pop()  # a crash cut it short, so nobody was told that it is there
        self._size = sum(map(len, lines))
        self._file.truncate(self._size)
        for line in lines:
            self._do(*json.loads(line))
        if not lines:
            self._change("named", os.urandom(9).hex())

    # --- one change: on the disk first, then done

    def _change(self, *what):
        try:
            self._file.write(json.dumps(what).encode() + b"\n")
            os.fsync(self._file.fileno())
        except (OSError, ValueError) as error:
            if not self._file.closed:
                self._file.truncate(self._size)
            self._told(str(error))
            raise StoreUnavailable("the file cannot be written") from error
        self._size = self._file.seek(0, os.SEEK_END)
        self._told(None)
        return self._do(*what)

    def _told(self, trouble):
        before, self.trouble = self.trouble, trouble
        if self._listener is not None and trouble != before:
            self._listener.storeLost(trouble) if trouble else self._listener.storeBack()

    def _do(self, kind, *arguments):
        return {
            "named": self._named,
            "appended": self._appended,
            "trimmed": self._trimmed,
            "erased": self._erased,
            "changed": self._changed,
        }[kind](*arguments)

    def _named(self, name):
        self._name = name

    def _appended(self, channel, identity, id, event, at, revision):
        log = self._logs.setdefault(channel, Log())
        log.head += 1
        if revision is not None and revision["offset"] in log.entries:
            for offset in log.revised_by.get(revision["offset"], []):
                log.entries[offset] = replace(log.entries[offset], event=revision["trace"])
            log.revised_by[revision["offset"]] = [log.head]
            earlier = log.entries[revision["offset"]]
            log.entries[earlier.offset] = replace(earlier, event=revision["event"])
        log.entries[log.head] = Entry(log.head, id, identity, event, at)
        log.ids[identity, id] = log.head, event
        return log.entries[log.head]

    def _trimmed(self, channel, first):
        log = self._logs[channel]
        gone = [log.entries.pop(offset) for offset in list(log.entries) if offset < first]
        for entry in gone:
            del log.ids[entry.identity, entry.id]
            log.revised_by.pop(entry.offset, None)
        for offsets in log.revised_by.values():
            offsets[:] = [offset for offset in offsets if offset in log.entries]
        return len(gone)

    def _erased(self, channel):
        self._logs.pop(channel, None)
        self._lives[channel] = self._lives.get(channel, 0) + 1

    def _changed(self, changes):
        for kind, key, value, until in changes:
            self._versions += 1
            self._records.pop((kind, key), None)
            if value is not None:
                self._records[kind, key] = Record(kind, key, value, self._versions, until)

    # --- IBackend

    def watch(self, listener):
        self._listener = listener

    def _entries(self, channel):
        return list(self._logs[channel].entries.values()) if channel in self._logs else []

    def _epoch(self, channel):
        return f"{self._name}.{self._lives.get(channel, 0)}"

    def open(self, channel, tail):
        return succeed(LogState(self._epoch(channel), self._entries(channel)[-tail:] if tail else []))

    def closed(self, channel):
        pass

    def append(self, channel, identity, id, event, at, revision=None):
        log = self._logs.get(channel, Log())
        if (identity, id) in log.ids:
            offset, first = log.ids[identity, id]
            if event != first:
                return fail(IdReused("this id was used for something else"))
            return succeed(Appended(log.entries[offset], new=False))
        told = asdict(revision) if revision else None
        done = _answer(self._change, "appended", channel, identity, id, event, at, told)
        return done.addCallback(lambda entry: Appended(entry, new=True))

    def read(self, channel, after, limit):
        return succeed([entry for entry in self._entries(channel) if entry.offset > after][:limit])

    def before(self, channel, offset, limit):
        found = [entry for entry in self._entries(channel) if entry.offset < offset]
        return succeed(found[-limit:] if limit > 0 else [])

    def heads(self, channels):
        return succeed({channel: self._head(channel) for channel in channels})

    def _head(self, channel):
        last = self._entries(channel)[-1:]
        return Position(self._epoch(channel), last[0].offset if last else 0, last[0].id if last else "")

    def trim(self, channel, keep, since):
        entries = self._entries(channel)
        gone = 0
        while gone < len(entries) - 1 and (len(entries) - gone > keep or entries[gone].at < since):
            gone += 1
        return _answer(self._change, "trimmed", channel, entries[gone].offset) if gone else succeed(0)

    def erase(self, channel):
        return _answer(self._change, "erased", channel)

    def get(self, kind, key):
        return succeed(self._records.get((kind, key)))

    def page(self, kind, prefix, after, limit):
        keys = sorted(
            key for of, key in self._records if of == kind and key.startswith(prefix) and key > after
        )
        return succeed([self._records[kind, key] for key in keys[: max(0, limit)]])

    def commit(self, changes):
        for change in changes:
            had = self._records.get((change.kind, change.key))
            if change.expected is not None and change.expected != (had.version if had else 0):
                return fail(Conflict(f"this {change.kind} was changed meanwhile"))
        return _answer(self._change, "changed", [(c.kind, c.key, c.value, c.until) for c in changes])

    def sweep(self, now):
        over = [one for one in self._records.values() if one.until is not None and one.until < now][:1000]
        gone = [(one.kind, one.key, None, None) for one in over]
        return _answer(self._change, "changed", gone).addCallback(lambda _: len(over))

    def stop(self):
        self._file.close()
        return succeed(None)


def _answer(function, *arguments):
    try:
        return succeed(function(*arguments))
    except StoreUnavailable as error:
        return fail(error)


@implementer(IPlugin, IBackendMaker)
class Maker:
    """``--backend=jsonlog:PATH``; a relative path counts from the state directory."""

    scheme = "jsonlog"

    def make(self, url, settings, reactor):
        path = os.path.join(settings.state_dir or ".", url.partition(":")[2] or "chat.jsonlog")
        try:
            return JsonLog(path)
        except (OSError, ValueError) as error:
            raise Refusal(f"cannot use {path} as the store: {' '.join(str(error).split())}") from error
