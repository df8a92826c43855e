"""What the SQLite backend does with logs: functions on a connection, each inside of a transaction of the caller's."""

import base64
import hashlib
import secrets
import sqlite3
from collections.abc import Sequence

from twistedchat.core.entry import Appended, Entry, LogState, Revision
from twistedchat.core.errors import IdReused
from twistedchat.core.position import Position

PIECE = 500  # entries that one transaction removes at most, so that nobody waits long for it

_COLUMNS = "e.offset, e.id, e.identity, e.event, e.at"
_OF_CHANNEL = f"SELECT {_COLUMNS} FROM logs l JOIN entries e ON e.log = l.log WHERE l.channel = ?"


class Epochs:
    """Epochs of logs that nothing was written to yet: always the same for a channel of one store, and not stored.

    Args:
        key: the store's own random bytes.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, channel: str) -> str:
        """Return the first epoch of ``channel``."""
        digest = hashlib.blake2b(channel.encode("utf-8", "surrogatepass"), digest_size=12, key=self._key)
        return base64.urlsafe_b64encode(digest.digest()).decode()


def open_log(connection: sqlite3.Connection, epochs: Epochs, channel: str, tail: int) -> LogState:
    """See IBackend.open."""
    row = connection.execute("SELECT epoch, head FROM logs WHERE channel = ?", (channel,)).fetchone()
    if row is None:
        return LogState(epochs.of(channel), [])
    return LogState(row[0], before(connection, channel, row[1] + 1, tail))


def read(connection: sqlite3.Connection, channel: str, after: int, limit: int) -> list[Entry]:
    """See IBackend.read."""
    found = connection.execute(
        f"{_OF_CHANNEL} AND e.offset > ? ORDER BY e.offset LIMIT ?", (channel, after, max(0, limit))
    )
    return [Entry(*row) for row in found.fetchall()]


def before(connection: sqlite3.Connection, channel: str, offset: int, limit: int) -> list[Entry]:
    """See IBackend.before."""
    found = connection.execute(
        f"{_OF_CHANNEL} AND e.offset < ? ORDER BY e.offset DESC LIMIT ?", (channel, offset, max(0, limit))
    )
    return [Entry(*row) for row in reversed(found.fetchall())]


def heads(connection: sqlite3.Connection, epochs: Epochs, channels: Sequence[str]) -> dict[str, Position]:
    """See IBackend.heads."""
    return {channel: _head(connection, epochs, channel) for channel in channels}


def _head(connection: sqlite3.Connection, epochs: Epochs, channel: str) -> Position:
    row = connection.execute(
        "SELECT l.epoch, l.head, e.id FROM logs l LEFT JOIN entries e ON e.log = l.log AND e.offset = l.head"
        " WHERE l.channel = ?",
        (channel,),
    ).fetchone()
    return Position(epochs.of(channel), 0, "") if row is None else Position(row[0], row[1], row[2] or "")


def append(
    connection: sqlite3.Connection, epochs: Epochs, channel: str, said: Entry, revision: Revision | None
) -> Appended:
    """See IBackend.append; ``said`` is the entry, without an offset yet.

    Raises:
        IdReused
    """
    log, head = _log(connection, epochs, channel)
    digest = hashlib.blake2b(said.event.encode(), digest_size=16).digest()
    had = connection.execute(
        f"SELECT {_COLUMNS}, e.digest FROM entries e WHERE e.log = ? AND e.identity = ? AND e.id = ?",
        (log, said.identity, said.id),
    ).fetchone()
    if had is not None:
        if had[5] != digest:
            raise IdReused("this id was used for something else")
        return Appended(Entry(*had[:5]), new=False)
    revises = None if revision is None else _revise(connection, log, revision)
    entry = Entry(head + 1, said.id, said.identity, said.event, said.at)
    connection.execute(
        "INSERT INTO entries (log, offset, id, identity, event, at, digest, revises) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (log, entry.offset, entry.id, entry.identity, entry.event, entry.at, digest, revises),
    )
    connection.execute("UPDATE logs SET head = ? WHERE log = ?", (entry.offset, log))
    return Appended(entry, new=True)


def _log(connection: sqlite3.Connection, epochs: Epochs, channel: str) -> tuple[int, int]:
    """Return the number of the channel's log and the offset of its head; the log is made where there is none."""
    row: tuple[int, int] | None = connection.execute(
        "SELECT log, head FROM logs WHERE channel = ?", (channel,)
    ).fetchone()
    if row is not None:
        return row
    made = connection.execute(
        "INSERT INTO logs (channel, epoch, head) VALUES (?, ?, 0)", (channel, epochs.of(channel))
    )
    return made.lastrowid or 0, 0


def _revise(connection: sqlite3.Connection, log: int, revision: Revision) -> int | None:
    """Change what an earlier entry says, and blank what earlier revisions of it said; return its offset if it is kept."""
    changed = connection.execute(
        "UPDATE entries SET event = ? WHERE log = ? AND offset = ?", (revision.event, log, revision.offset)
    )
    if not changed.rowcount:
        return None
    connection.execute(
        "UPDATE entries SET event = ?, revises = NULL WHERE log = ? AND revises = ?",
        (revision.trace, log, revision.offset),
    )
    return revision.offset


def trim_piece(connection: sqlite3.Connection, channel: str, keep: int, since: float) -> int:
    """Do a piece of IBackend.trim; return how many went: fewer than PIECE when it is done."""
    row = connection.execute("SELECT log, head FROM logs WHERE channel = ?", (channel,)).fetchone()
    if row is None:
        return 0
    log, head = row
    oldest = connection.execute(
        "SELECT offset, at FROM entries WHERE log = ? AND offset < ? ORDER BY offset LIMIT ?",
        (log, head, PIECE),
    ).fetchall()
    gone = 0
    for offset, at in oldest:
        if offset > head - keep and at >= since:
            break
        gone += 1
    if gone:
        connection.execute("DELETE FROM entries WHERE log = ? AND offset <= ?", (log, oldest[gone - 1][0]))
    return gone


def erase(connection: sqlite3.Connection, channel: str) -> None:
    """Let the channel begin anew; its old entries can be found by nobody any more and wait for ``clear_piece``.

    The channel's new epoch is kept: an epoch that can be told from the name alone would be the old one again.
    """
    had = connection.execute("UPDATE logs SET channel = NULL WHERE channel = ?", (channel,))
    if had.rowcount:
        connection.execute(
            "INSERT INTO logs (channel, epoch, head) VALUES (?, ?, 0)", (channel, secrets.token_urlsafe(12))
        )


def clear_piece(connection: sqlite3.Connection) -> bool:
    """Remove some of what was erased; return whether there is more."""
    row = connection.execute("SELECT log FROM logs WHERE channel IS NULL LIMIT 1").fetchone()
    if row is None:
        return False
    last = connection.execute(
        "SELECT offset FROM entries WHERE log = ? ORDER BY offset LIMIT 1 OFFSET ?", (row[0], PIECE - 1)
    ).fetchone()
    if last is None:
        connection.execute("DELETE FROM entries WHERE log = ?", row)
        connection.execute("DELETE FROM logs WHERE log = ?", row)
    else:
        connection.execute("DELETE FROM entries WHERE log = ? AND offset <= ?", (row[0], last[0]))
    return True
