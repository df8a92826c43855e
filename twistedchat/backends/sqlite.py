"""The SQLite backend: one file, durable, written and read in threads of their own."""

import os
import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred, fail
from twisted.logger import Logger
from zope.interface import implementer

from twistedchat.backends import sqlite_logs as logs
from twistedchat.backends import sqlite_records as records
from twistedchat.backends.sqlite_append import append_all, make_post, set_up
from twistedchat.backends.sqlite_schema import connect, take
from twistedchat.backends.sqlite_thread import Many, StoreThread
from twistedchat.config import Owner
from twistedchat.core.entry import Appended, Entry, LogState, Revision
from twistedchat.core.position import Position
from twistedchat.core.records import Change, Record
from twistedchat.interfaces import IBackend, IBackendListener

_log = Logger()

_READS_AT_ONCE = 16  # in one transaction: a long page must not hold back the next ones for long

Connect = Callable[..., sqlite3.Connection]


@implementer(IBackend)
class SqliteBackend:
    """Keeps logs and records in a SQLite file.

    What is asked for in a while is written in one transaction, and answered when that is on the disk. Reads have a
    connection and a thread of their own: they see whatever was answered before they were asked for, and hold back no
    writer.

    The file is opened and checked at once, the threads begin when the reactor runs: a daemon has made its forks by then.

    Args:
        path: of the file; made where it is missing, for its owner alone. A file beside it, with ``.lock`` behind its name,
            keeps other processes out.
        reactor: answers come in its thread.
        owner: who shall own what is made here; needs the privilege to give files away.
        max_bytes: the file does not grow beyond this; None for as large as the disk. Then writes are refused with
            StoreUnavailable until something is trimmed.
        max_waiting: writes, and reads, that may wait; one more is refused with StoreUnavailable.
        batch: writes in one transaction.
        probe_s: while the file cannot be written, it is tried again every so many seconds.
        connect: makes a connection (``sqlite_schema.connect``).

    Raises:
        Refusal: the file cannot be used; one line says why.
    """

    durable = True

    def __init__(
        self,
        path: str,
        reactor: Any,
        *,
        owner: Owner | None = None,
        max_bytes: int | None = None,
        max_waiting: int = 10_000,
        batch: int = 500,
        probe_s: float = 1.0,
        connect: Connect = connect,
    ) -> None:
        self.path = os.path.realpath(path)
        self._lock: int | None
        self._lock, key = take(self.path, owner)
        self._epochs = logs.Epochs(key)
        self._listener: IBackendListener | None = None
        self._troubles: dict[bool, str | None] = {}
        self._stopping = False
        make = partial(StoreThread, reactor=reactor, max_waiting=max_waiting, probe_s=probe_s)
        self._writer = make(
            "sqlite-writer",
            connect=lambda: _able(connect(self.path, max_bytes=max_bytes)),
            trouble=partial(self._told, True),
            writes=True,
            batch=batch,
        )
        self._reader = make(
            "sqlite-reader",
            connect=partial(connect, self.path, reads_only=True),
            trouble=partial(self._told, False),
            writes=False,
            batch=_READS_AT_ONCE,
        )
        reactor.callWhenRunning(self._start)

    def _start(self) -> None:
        if not self._stopping:
            self._writer.start()
            self._reader.start()
            self._clear()  # what a crash left of an erased log

    # --- how it is

    @property
    def trouble(self) -> str | None:
        """See IBackend."""
        return self._troubles.get(True) or self._troubles.get(False)

    def watch(self, listener: IBackendListener) -> None:
        """See IBackend. That a log grew is not told: nobody else writes."""
        self._listener = listener

    def _told(self, writing: bool, reason: str | None) -> None:
        before = self.trouble
        self._troubles[writing] = reason
        now = self.trouble
        if now == before:
            return
        if now:
            _log.error("the store {path} is in trouble: {reason}", path=self.path, reason=now)
        else:
            _log.info("the store {path} is well again", path=self.path)
        if self._listener is not None:
            if now:
                self._listener.storeLost(now)
            else:
                self._listener.storeBack()

    # --- logs

    def open(self, channel: str, tail: int) -> Deferred[LogState]:
        """See IBackend."""
        return self._reader.ask(lambda connection: logs.open_log(connection, self._epochs, channel, tail))

    def closed(self, channel: str) -> None:
        """See IBackend. Nothing is forgotten."""

    def append(
        self, channel: str, identity: str, id: str, event: str, at: float, revision: Revision | None = None
    ) -> Deferred[Appended]:
        """See IBackend."""
        try:
            post = make_post(self._epochs, (channel, identity, id), event, at, revision)
        except (ValueError, OverflowError) as error:
            return fail(error)
        return self._writer.ask(Many(append_all, post))

    def read(self, channel: str, after: int, limit: int) -> Deferred[list[Entry]]:
        """See IBackend."""
        return self._reader.ask(lambda connection: logs.read(connection, channel, after, limit))

    def before(self, channel: str, offset: int, limit: int) -> Deferred[list[Entry]]:
        """See IBackend."""
        return self._reader.ask(lambda connection: logs.before(connection, channel, offset, limit))

    def heads(self, channels: Sequence[str]) -> Deferred[dict[str, Position]]:
        """See IBackend."""
        return self._reader.ask(lambda connection: logs.heads(connection, self._epochs, channels))

    def trim(self, channel: str, keep: int, since: float) -> Deferred[int]:
        """See IBackend. It goes piece by piece, so that others write in between; a stop ends it early."""
        return Deferred.fromCoroutine(self._trim(channel, keep, since))

    async def _trim(self, channel: str, keep: int, since: float) -> int:
        gone = 0
        while True:
            piece: int = await self._writer.ask(
                lambda connection: logs.trim_piece(connection, channel, keep, since)
            )
            gone += piece
            if piece < logs.PIECE or self._stopping:
                return gone

    def erase(self, channel: str) -> Deferred[None]:
        """See IBackend. Nobody finds the old entries from then on; they leave the file piece by piece."""
        erased: Deferred[None] = self._writer.ask(lambda connection: logs.erase(connection, channel))
        return erased.addCallback(lambda _: self._clear())

    def _clear(self) -> None:
        """Remove a piece of what was erased, and then the next one; what fails is done after the next start, or erase."""

        def cleared(more: bool) -> None:
            if more and not self._stopping:
                self._clear()

        self._writer.ask(logs.clear_piece).addCallbacks(cleared, lambda failure: None)

    # --- records

    def get(self, kind: str, key: str) -> "Deferred[Record | None]":
        """See IBackend."""
        return self._reader.ask(lambda connection: records.get(connection, kind, key))

    def page(self, kind: str, prefix: str, after: str, limit: int) -> Deferred[list[Record]]:
        """See IBackend."""
        return self._reader.ask(lambda connection: records.page(connection, kind, prefix, after, limit))

    def commit(self, changes: Sequence[Change]) -> Deferred[None]:
        """See IBackend."""
        made = tuple(changes)
        return self._writer.ask(lambda connection: records.commit(connection, made))

    def sweep(self, now: float) -> Deferred[int]:
        """See IBackend."""
        return self._writer.ask(lambda connection: records.sweep(connection, now))

    # --- the end

    def stop(self) -> Deferred[None]:
        """See IBackend."""
        self._stopping = True
        stopped = self._reader.stop()
        stopped.addCallback(lambda _: self._writer.stop())
        return stopped.addCallback(lambda _: self._release())

    def _release(self) -> None:
        """Let another process have the file."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _able(connection: sqlite3.Connection) -> sqlite3.Connection:
    try:
        set_up(connection)
    except BaseException:
        connection.close()
        raise
    return connection
