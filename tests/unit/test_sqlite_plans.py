"""Every statement of the SQLite backend goes by an index: what it costs does not depend on how much there is."""

import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from twistedchat.backends import sqlite_append
from twistedchat.backends import sqlite_logs as logs
from twistedchat.backends import sqlite_records as records
from twistedchat.backends.sqlite_schema import connect, take
from twistedchat.core.entry import Appended, Revision
from twistedchat.core.records import Change

ROOM = "room/x"


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    path = str(tmp_path / "chat.sqlite3")
    lock, _ = take(path)
    with closing(connect(path)) as opened:
        sqlite_append.set_up(opened)
        yield opened
    os.close(lock)


EPOCHS = logs.Epochs(b"key")


def post(number: int, revision: Revision | None = None) -> sqlite_append.Post:
    return sqlite_append.make_post(EPOCHS, (ROOM, "ann", f"{number}"), "[]", float(number), revision)


def say(connection: sqlite3.Connection, *posts: sqlite_append.Post) -> None:
    done = sqlite_append.append_all(connection, posts)
    assert all(isinstance(one, Appended) and one.new for one in done)


def trim(connection: sqlite3.Connection) -> None:
    assert logs.trim_piece(connection, ROOM, 3, 0.0) > 0


def commit(connection: sqlite3.Connection) -> None:
    records.commit(connection, [Change("a", "1", "x", until=1.0), Change("a", "2", "x", expected=0)])
    records.commit(connection, [Change("a", "2", None)])


def clear(connection: sqlite3.Connection) -> None:
    logs.erase(connection, ROOM)
    while logs.clear_piece(connection):
        pass


WORK: list[Callable[[sqlite3.Connection], object]] = [
    lambda connection: logs.open_log(connection, EPOCHS, ROOM, 5),
    lambda connection: logs.read(connection, ROOM, 2, 5),
    lambda connection: logs.before(connection, ROOM, 7, 5),
    lambda connection: logs.heads(connection, EPOCHS, [ROOM, "room/none"]),
    lambda connection: say(connection, post(100), post(101)),
    lambda connection: say(connection, post(101, Revision(9, "[]", "[]"))),
    trim,
    clear,
    commit,
    lambda connection: records.get(connection, "a", "1"),
    lambda connection: records.page(connection, "a", "", "", 5),
    lambda connection: records.page(connection, "a", "1", "12", 5),
    lambda connection: records.sweep(connection, 5.0),
]


@pytest.mark.parametrize("work", WORK)
def test_nothing_is_scanned_or_sorted(
    connection: sqlite3.Connection, work: Callable[[sqlite3.Connection], object]
) -> None:
    say(connection, *map(post, range(20)))
    records.commit(connection, [Change("b", "1", "x", until=1.0)])
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    work(connection)
    connection.set_trace_callback(None)
    assert statements
    for statement in statements:
        if not statement.startswith("--"):  # what a trigger or a foreign key does
            check_plan(connection, statement)


def check_plan(connection: sqlite3.Connection, statement: str, *parameters: object) -> None:
    """What may be gone through from end to end is a list that was given, and what a LIMIT has cut out."""
    for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters):
        if not any(allowed in step for allowed in ("VIRTUAL TABLE", "SCAN (subquery", "SCAN CONSTANT ROW")):
            assert "SCAN" not in step and "TEMP B-TREE" not in step, (statement, step)


def test_an_append_goes_by_indexes_too(connection: sqlite3.Connection) -> None:
    """A trigger does it, whose plan SQLite does not tell: its statements alone."""
    body = sqlite_append._SETUP[1].partition("BEGIN")[2].rpartition("END")[0]
    statements = [re.sub(r"NEW\.\w+", "?", one) for one in body.split(";") if one.strip()]
    assert len(statements) == 5
    for statement in statements:
        check_plan(connection, statement, *["x"] * statement.count("?"))


def test_the_work_of_a_page_does_not_grow_with_the_log(connection: sqlite3.Connection) -> None:
    """Counted in steps of SQLite's own machine, which no busy computer makes more."""
    costs = []
    connection.execute("BEGIN")
    for size in (200, 2_000, 20_000):
        say(connection, *map(post, range(size // 10 if size > 200 else 0, size)))
        steps = [0]

        def step(steps: list[int] = steps) -> int:
            steps[0] += 1
            return 0

        connection.set_progress_handler(step, 10)
        logs.open_log(connection, EPOCHS, ROOM, 100)
        logs.before(connection, ROOM, size // 2, 50)
        logs.read(connection, ROOM, size // 2, 50)
        logs.heads(connection, EPOCHS, [ROOM])
        say(connection, post(size + 10**6, Revision(size // 2, "[]", "[]")))
        connection.set_progress_handler(None, 10)
        costs.append(steps[0])
    connection.execute("ROLLBACK")
    assert costs[0] > 0
    assert max(costs) <= costs[0] + 10
