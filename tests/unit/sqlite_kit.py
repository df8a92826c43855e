"""SQLite stores for tests: connections that fail when told to and count what they do, a writer that can be held."""

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred

from twistedchat.backends.sqlite import SqliteBackend
from twistedchat.backends.sqlite_schema import connect
from twistedchat.core.entry import Appended
from twistedchat.core.errors import StoreUnavailable
from twistedchat.testing.backends import message_id

ROOM = "room/x"


class Wire:
    """A connection under a test's eyes: each statement is noted, and may be made to fail."""

    def __init__(self, store: "Store", connection: sqlite3.Connection, writes: bool) -> None:
        self._store = store
        self._connection = connection
        self._writes = writes

    def execute(self, sql: str, *parameters: Any) -> Any:
        if self._writes:
            self._store.before(sql)
        return self._connection.execute(sql, *parameters)

    def executemany(self, sql: str, parameters: Any) -> Any:
        return self._connection.executemany(sql, parameters)

    def close(self) -> None:
        self._connection.close()


class Store:
    """A backend in a folder, and what its listener was told.

    Attributes:
        backend: it.
        statements: what its writer executed.
        told: what its listener was told: reasons, and None for "back".
        fail: called with each statement of the writer; may raise.
    """

    def __init__(self, folder: Path, **options: Any) -> None:
        self.path = folder / "chat.sqlite3"
        self.statements: list[str] = []
        self.told: list[str | None] = []
        self.fail: Callable[[str], None] = lambda sql: None
        self._waiting: list[tuple[int, Deferred[None]]] = []
        self.backend = SqliteBackend(str(self.path), reactor, connect=self._connect, **options)
        self.backend.watch(self)

    def _connect(self, path: str, **options: Any) -> Any:
        return Wire(self, connect(path, **options), not options.get("reads_only"))

    def before(self, sql: str) -> None:
        self.statements.append(sql)
        self.fail(sql)

    def count(self, start: str) -> int:
        """Return how many statements began so."""
        return sum(sql.startswith(start) for sql in self.statements)

    # --- the listener

    def logGrew(self, channel: str, offset: int) -> None:
        raise AssertionError("nobody else writes")

    def storeLost(self, reason: str) -> None:
        self._tell(reason)

    def storeBack(self) -> None:
        self._tell(None)

    def _tell(self, what: str | None) -> None:
        self.told.append(what)
        for count, waiting in list(self._waiting):
            if len(self.told) >= count:
                self._waiting.remove((count, waiting))
                waiting.callback(None)

    def until_told(self, count: int) -> "Deferred[None]":
        """Fire when the listener was told ``count`` things."""
        waiting: Deferred[None] = Deferred()
        self._waiting.append((count, waiting))
        return waiting

    # --- what tests do with it

    def append(self, number: int, channel: str = ROOM, event: str = "[]") -> "Deferred[Appended]":
        return self.backend.append(channel, "ann", message_id(number), event, 1000.0 + number)

    async def hold(self, reading: bool = False) -> threading.Event:
        """Let the writer (or the reader) wait for the returned event, in a transaction of its own; return once it does."""
        go = threading.Event()
        held: Deferred[None] = Deferred()

        def wait(connection: Any) -> None:
            reactor.callFromThread(held.callback, None)
            assert go.wait(30)

        thread = self.backend._reader if reading else self.backend._writer
        thread.ask(wait).addErrback(lambda failure: failure.trap(StoreUnavailable))
        await held
        return go

    async def offsets(self, channel: str = ROOM) -> list[int]:
        return [entry.offset for entry in await self.backend.read(channel, 0, 10_000)]


def failing(
    start: str, name: str = "SQLITE_IOERR_WRITE", times: int = 1, after: str = ""
) -> Callable[[str], None]:
    """Return what makes the next ``times`` statements that begin with ``start`` fail as SQLite would.

    ``after``: only those behind a statement that begins so.
    """
    left = [times]
    armed = [not after]

    def fail(sql: str) -> None:
        if not armed[0]:
            armed[0] = sql.startswith(after)
        elif sql.startswith(start) and left[0]:
            left[0] -= 1
            error = sqlite3.OperationalError("injected")
            error.sqlite_errorname = name
            raise error

    return fail
