"""A thread that works on one SQLite connection: what waits is done in one transaction and answered in one go."""

import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.python.failure import Failure

from twistedchat.backends.sqlite_schema import told
from twistedchat.core.errors import StoreUnavailable, StoreUnknown

# A job's own fault: the job alone is undone, and whoever asked for it is told.
_OWN = (sqlite3.DataError, sqlite3.IntegrityError, sqlite3.InterfaceError, sqlite3.ProgrammingError)


@dataclass(frozen=True, slots=True)
class _Failed:
    """The outcome of a job that failed by itself, or of one that was not done since the store is in trouble."""

    error: Exception


@dataclass(frozen=True, slots=True)
class Many:
    """A part of what is done for many at once.

    Attributes:
        work: called with the connection and the parts of all that wait in a row; returns an outcome for each, an exception
            for one that is refused.
        part: this one's.
    """

    work: Callable[[sqlite3.Connection, Sequence[Any]], Sequence[Any]]
    part: Any


Job = Callable[[sqlite3.Connection], Any] | Many
Asked = tuple[Job, "Deferred[Any]"]


class StoreThread:
    """Does jobs in the order in which they were asked for; where it writes, as many as wait in one transaction.

    Each statement lets go of Python's interpreter lock and has to wait for it again, 5 ms each time while the reactor is
    busy. So a job should be few statements, whatever it is about: see ``Many``.

    Args:
        name: of the thread.
        reactor: answers come in its thread.
        connect: opens the connection; called in the thread, and again after a failure.
        trouble: told in the reactor's thread, before the answers, what is wrong, or None after a success.
        writes: whether jobs change something.
        max_waiting: jobs that may wait; one more is refused with StoreUnavailable.
        batch: jobs in one transaction; it bounds how long the first of them waits for the last.
        probe_s: while the store is in trouble and nobody asks, it is tried again after so many seconds.
    """

    def __init__(
        self,
        name: str,
        reactor: Any,
        connect: Callable[[], sqlite3.Connection],
        trouble: Callable[[str | None], None],
        *,
        writes: bool,
        max_waiting: int,
        batch: int,
        probe_s: float,
    ) -> None:
        self._reactor = reactor
        self._connect = connect
        self._tell = trouble
        self._writes = writes
        self._max_waiting = max_waiting
        self._batch = batch
        self._probe_s = probe_s
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._started = False
        self._asked: deque[Asked] = deque()
        self._changed = threading.Condition()
        self._stopping = False
        self._ended: list[Deferred[None]] | None = []  # who waits for the end; None after it
        self._connection: sqlite3.Connection | None = None  # the thread's own
        self._trouble: str | None = None  # the thread's own

    # --- the reactor's side

    def start(self) -> None:
        """Begin; not before the process has made its forks. What was asked before waits until then."""
        if not self._stopping:
            self._started = True
            self._thread.start()

    def ask(self, job: Job) -> "Deferred[Any]":
        """Fire with what ``job`` returns, once that is committed.

        Errors: StoreUnavailable (nothing was done), StoreUnknown (the commit failed; it may have been done), and what
        the job itself raises, with nothing of it done.
        """
        answer: Deferred[Any] = Deferred()
        with self._changed:
            if self._stopping:
                return fail(StoreUnavailable("the store is closed"))
            if len(self._asked) >= self._max_waiting:
                return fail(StoreUnavailable("the store has too much to do"))
            self._asked.append((job, answer))
            self._changed.notify()
        return answer

    def stop(self) -> "Deferred[None]":
        """Do what was asked for, close the connection, end the thread. Idempotent."""
        if self._ended is None:
            return succeed(None)
        with self._changed:
            self._stopping = True
            self._changed.notify()
        waiting: Deferred[None] = Deferred()
        self._ended.append(waiting)
        if not self._started:
            self._answer([(answer, _unavailable()) for _, answer in self._asked])
            self._asked.clear()
            self._over()
        return waiting

    def _told(self, outcomes: Sequence[tuple["Deferred[Any]", Any]], trouble: str | None) -> None:
        self._tell(trouble)
        self._answer(outcomes)

    def _answer(self, outcomes: Sequence[tuple["Deferred[Any]", Any]]) -> None:
        for answer, outcome in outcomes:
            if isinstance(outcome, _Failed):
                answer.errback(Failure(outcome.error))
            else:
                answer.callback(outcome)

    def _over(self) -> None:
        if self._started:
            self._thread.join()  # it has nothing left to do
        ended, self._ended = self._ended or [], None
        for waiting in ended:
            waiting.callback(None)

    # --- the thread's side

    def _run(self) -> None:
        while (asked := self._take()) is not None:
            outcomes = self._attempt([job for job, _ in asked])
            answers = [(answer, outcome) for (_, answer), outcome in zip(asked, outcomes, strict=True)]
            self._reactor.callFromThread(self._told, answers, self._trouble)
        self._close()
        self._reactor.callFromThread(self._over)

    def _take(self) -> list[Asked] | None:
        """Wait for jobs; an empty list means that the store is to be tried, None the end."""
        with self._changed:
            while not self._asked:
                if self._stopping:
                    return None
                in_time = self._changed.wait(self._probe_s if self._trouble else None)
                if not in_time and self._trouble:
                    return []
            return [self._asked.popleft() for _ in range(min(self._batch, len(self._asked)))]

    def _attempt(self, jobs: Sequence[Job]) -> list[Any]:
        try:
            if self._connection is None:
                self._connection = self._connect()
            if self._writes:
                self._connection.execute("BEGIN IMMEDIATE")
            outcomes = self._all(self._connection, jobs or (self._probe,))
        except Exception as error:
            self._give_up(error)
            return [_unavailable() for _ in jobs]
        try:
            if self._writes:
                self._connection.execute("COMMIT")
        except Exception as error:
            self._give_up(error)
            return [_unknown() for _ in jobs]
        self._trouble = None
        return outcomes[: len(jobs)]

    def _all(self, connection: sqlite3.Connection, jobs: Sequence[Job]) -> list[Any]:
        outcomes: list[Any] = []
        for _, group in groupby(jobs, lambda job: job.work if isinstance(job, Many) else job):
            outcomes += self._apart(connection, list(group))
        return outcomes

    def _apart(self, connection: sqlite3.Connection, jobs: Sequence[Job]) -> list[Any]:
        """Do a job, or some that are done at once; where it fails by itself nothing of it stays.

        What fails for all comes out of here.
        """
        if self._writes:
            connection.execute("SAVEPOINT job")
        try:
            outcomes = _do(connection, jobs)
        except Exception as error:
            if isinstance(error, sqlite3.Error) and not isinstance(error, _OWN):
                raise
            if self._writes:
                connection.execute("ROLLBACK TO job")
            outcomes = [_Failed(error) for _ in jobs]
        if self._writes:
            connection.execute("RELEASE job")
        return outcomes

    def _probe(self, connection: sqlite3.Connection) -> None:
        """Do what needs a working store, and room in it."""
        if self._writes:
            connection.execute("INSERT OR REPLACE INTO meta VALUES ('probe', zeroblob(16384))")
            connection.execute("DELETE FROM meta WHERE name = 'probe'")
        else:
            connection.execute("SELECT value FROM meta WHERE name = 'key'").fetchone()

    def _give_up(self, error: Exception) -> None:
        """Nothing of this transaction stays, and the next one begins on a connection of its own."""
        self._trouble = told(error)
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()  # which rolls back

    def _close(self) -> None:
        if self._connection is None:
            return
        with suppress(sqlite3.Error):
            if self._writes:
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with suppress(sqlite3.Error):
            self._connection.close()


def _do(connection: sqlite3.Connection, jobs: Sequence[Job]) -> list[Any]:
    """Return the outcome of each of ``jobs``: all parts of one work, or one and the same job, which is done as often."""
    first = jobs[0]
    if not isinstance(first, Many):
        return [job(connection) for job in jobs if not isinstance(job, Many)]
    outcomes = first.work(connection, [job.part for job in jobs if isinstance(job, Many)])
    return [_Failed(one) if isinstance(one, Exception) else one for one in outcomes]


def _unavailable() -> _Failed:
    return _Failed(StoreUnavailable("the store cannot be reached just now"))


def _unknown() -> _Failed:
    return _Failed(StoreUnknown("the store did not say whether it has it"))
