"""What the SQLite backend does with logs: functions on a connection, each inside of a transaction of the caller's.

A row that Python fetches costs a wait for the interpreter's lock, and so does each statement (see ``sqlite_thread``): what
is many goes in and comes out as one JSON text.
"""

import base64
import hashlib
import secrets
import sqlite3
from collections.abc import Sequence
from typing import Any

import msgspec

from twistedchat.core.entry import Entry, LogState
from twistedchat.core.position import Position

PIECE = 500  # entries that one transaction removes at most, so that nobody waits long for it

_COLUMNS = "e.offset, e.id, e.identity, e.event, e.at_us"
_AS_JSON = "json_group_array(json_array(offset, id, identity, event, at_us))"
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


def microseconds(seconds: float) -> int:
    """Return a time as it is kept: whole, since fractions would not survive every way into and out of SQLite."""
    return round(seconds * 1e6)


def entry_of(row: Sequence[Any]) -> Entry:
    """Return the entry of a row: offset, id, identity, event, microseconds."""
    return Entry(row[0], row[1], row[2], row[3], row[4] / 1e6)


def _entries(text: str | None) -> list[Entry]:
    """Return the entries of what ``_AS_JSON`` made, in the order of the log."""
    return sorted(map(entry_of, msgspec.json.decode(text or "[]")), key=lambda entry: entry.offset)


def open_log(connection: sqlite3.Connection, epochs: Epochs, channel: str, tail: int) -> LogState:
    """See IBackend.open."""
    newest = f"SELECT {_COLUMNS} FROM entries e WHERE e.log = l.log ORDER BY e.offset DESC LIMIT ?"
    row = connection.execute(
        f"SELECT l.epoch, (SELECT {_AS_JSON} FROM ({newest})) FROM logs l WHERE l.channel = ?",
        (max(0, tail), channel),
    ).fetchone()
    return LogState(epochs.of(channel), []) if row is None else LogState(row[0], _entries(row[1]))


def read(connection: sqlite3.Connection, channel: str, after: int, limit: int) -> list[Entry]:
    """See IBackend.read."""
    found = connection.execute(
        f"SELECT {_AS_JSON} FROM ({_OF_CHANNEL} AND e.offset > ? ORDER BY e.offset LIMIT ?)",
        (channel, after, max(0, limit)),
    )
    return _entries(found.fetchone()[0])


def before(connection: sqlite3.Connection, channel: str, offset: int, limit: int) -> list[Entry]:
    """See IBackend.before."""
    found = connection.execute(
        f"SELECT {_AS_JSON} FROM ({_OF_CHANNEL} AND e.offset < ? ORDER BY e.offset DESC LIMIT ?)",
        (channel, offset, max(0, limit)),
    )
    return _entries(found.fetchone()[0])


def heads(connection: sqlite3.Connection, epochs: Epochs, channels: Sequence[str]) -> dict[str, Position]:
    """See IBackend.heads."""
    (text,) = connection.execute(
        "SELECT json_group_array(json_array(l.channel, l.epoch, l.head, e.id)) FROM json_each(?) a"
        " CROSS JOIN logs l ON l.channel = a.value LEFT JOIN entries e ON e.log = l.log AND e.offset = l.head",
        (msgspec.json.encode(list(channels)).decode(),),
    ).fetchone()
    found = {
        channel: Position(epoch, head, id or "") for channel, epoch, head, id in msgspec.json.decode(text)
    }
    return {channel: found.get(channel) or Position(epochs.of(channel), 0, "") for channel in channels}


def trim_piece(connection: sqlite3.Connection, channel: str, keep: int, since: float) -> int:
    """Do a piece of IBackend.trim; return how many went: fewer than PIECE when it is done."""
    row = connection.execute("SELECT log, head FROM logs WHERE channel = ?", (channel,)).fetchone()
    if row is None:
        return 0
    log, head = row
    (text,) = connection.execute(
        "SELECT json_group_array(json_array(offset, at_us)) FROM"
        " (SELECT offset, at_us FROM entries WHERE log = ? AND offset < ? ORDER BY offset LIMIT ?)",
        (log, head, PIECE),
    ).fetchone()
    gone, last = 0, 0
    for offset, at_us in sorted(msgspec.json.decode(text)):
        if offset > head - keep and at_us >= microseconds(since):
            break
        gone, last = gone + 1, offset
    if gone:
        connection.execute("DELETE FROM entries WHERE log = ? AND offset <= ?", (log, last))
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
