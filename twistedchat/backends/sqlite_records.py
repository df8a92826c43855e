"""What the SQLite backend does with records: functions on a connection, each inside of a transaction of the caller's."""

import sqlite3
from collections.abc import Sequence

from twistedchat.core.errors import Conflict
from twistedchat.core.records import Change, Record

SWEPT = 1000  # at most so many go in one sweep

_COLUMNS = "kind, key, value, version, until"


def get(connection: sqlite3.Connection, kind: str, key: str) -> Record | None:
    """See IBackend.get."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM records WHERE kind = ? AND key = ?", (kind, key)
    ).fetchone()
    return Record(*row) if row else None


def page(connection: sqlite3.Connection, kind: str, prefix: str, after: str, limit: int) -> list[Record]:
    """See IBackend.page. Keys are compared as UTF-8, whose order is that of the code points."""
    above, least = (">", after) if after >= prefix else (">=", prefix)
    found = connection.execute(
        f"SELECT {_COLUMNS} FROM records WHERE kind = ? AND key {above} ? ORDER BY key LIMIT ?",
        (kind, least, max(0, limit)),
    )
    return [Record(*row) for row in found.fetchall() if row[1].startswith(prefix)]


def commit(connection: sqlite3.Connection, changes: Sequence[Change]) -> None:
    """See IBackend.commit.

    Raises:
        Conflict
    """
    for change in changes:
        if change.expected is not None:
            had = get(connection, change.kind, change.key)
            if change.expected != (had.version if had else 0):
                raise Conflict(f"this {change.kind} was changed meanwhile")
    connection.execute("UPDATE meta SET value = value + ? WHERE name = 'versions'", (len(changes),))
    (version,) = connection.execute("SELECT value FROM meta WHERE name = 'versions'").fetchone()
    for change in changes:
        if change.value is None:
            connection.execute("DELETE FROM records WHERE kind = ? AND key = ?", (change.kind, change.key))
        else:
            connection.execute(
                "INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?, ?)",
                (change.kind, change.key, change.value, version, change.until),
            )


def sweep(connection: sqlite3.Connection, now: float) -> int:
    """See IBackend.sweep."""
    over = connection.execute(
        "SELECT kind, key FROM records WHERE until < ? ORDER BY until LIMIT ?", (now, SWEPT)
    ).fetchall()
    connection.executemany("DELETE FROM records WHERE kind = ? AND key = ?", over)
    return len(over)
