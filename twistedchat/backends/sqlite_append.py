"""How the SQLite backend appends: however many entries by three statements, the work itself done inside of SQLite."""

import hashlib
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from twistedchat.backends.sqlite_logs import Epochs, entry_of, microseconds
from twistedchat.core.entry import Appended, Revision
from twistedchat.core.errors import IdReused

# An insert into ``posts`` is an append. While its head is not moved on, a log has an entry behind the head only if this post
# made it: that is how the later steps know that it was no repetition.
_SETUP = (
    "CREATE TEMP VIEW posts AS SELECT '' AS channel, '' AS epoch, '' AS identity, '' AS id, '' AS event, 0 AS at_us,"
    " '' AS digest, 0 AS target, '' AS revised, '' AS trace",
    """CREATE TEMP TRIGGER post INSTEAD OF INSERT ON posts BEGIN
        INSERT INTO logs (channel, epoch, head) SELECT NEW.channel, NEW.epoch, 0
            WHERE NOT EXISTS (SELECT 1 FROM logs WHERE channel = NEW.channel);
        INSERT INTO entries (log, offset, id, identity, event, at_us, digest, revises)
            SELECT l.log, l.head + 1, NEW.id, NEW.identity, NEW.event, NEW.at_us, NEW.digest, t.offset
            FROM logs l LEFT JOIN entries t ON t.log = l.log AND t.offset = NEW.target
            WHERE l.channel = NEW.channel
            AND NOT EXISTS (SELECT 1 FROM entries WHERE log = l.log AND identity = NEW.identity AND id = NEW.id);
        UPDATE entries SET event = NEW.trace, revises = NULL
            WHERE NEW.target IS NOT NULL AND revises = NEW.target
            AND log = (SELECT l.log FROM logs l JOIN entries e ON e.log = l.log AND e.offset = l.head + 1
                WHERE l.channel = NEW.channel)
            AND offset <= (SELECT head FROM logs WHERE channel = NEW.channel);
        UPDATE entries SET event = NEW.revised
            WHERE NEW.target IS NOT NULL AND offset = NEW.target
            AND log = (SELECT l.log FROM logs l JOIN entries e ON e.log = l.log AND e.offset = l.head + 1
                WHERE l.channel = NEW.channel)
            AND offset <= (SELECT head FROM logs WHERE channel = NEW.channel);
        UPDATE logs SET head = head + 1 WHERE channel = NEW.channel
            AND EXISTS (SELECT 1 FROM entries WHERE log = logs.log AND offset = logs.head + 1);
    END""",
)

_FIND = (
    "SELECT json_group_array(json_array(a.key, e.offset, e.id, e.identity, e.event, e.at_us, e.digest))"
    " FROM json_each(?) a CROSS JOIN logs l ON l.channel = json_extract(a.value, '$[0]')"
    " CROSS JOIN entries e ON e.log = l.log AND e.identity = json_extract(a.value, '$[1]')"
    " AND e.id = json_extract(a.value, '$[2]')"
)
_POST = "INSERT INTO posts SELECT " + ", ".join(
    f"json_extract(value, '$[{number}]')" for number in range(10)
) + " FROM json_each(?)"  # fmt: skip


@dataclass(frozen=True, slots=True)
class Post:
    """An entry that is to be appended.

    Attributes:
        key: channel, identity and id.
        digest: of the event as it is said first.
        key_json, json: the key, and a row of ``posts``, as JSON.
    """

    key: tuple[str, str, str]
    digest: str
    key_json: str
    json: str


def make_post(
    epochs: Epochs, key: tuple[str, str, str], event: str, at: float, revision: Revision | None
) -> Post:
    """Return the post of what IBackend.append is told.

    Raises:
        ValueError, OverflowError: something in it cannot be kept: a NUL, half a surrogate pair, a number out of range.
    """
    if "\0" in event or any("\0" in part for part in key):
        raise ValueError("a NUL cannot be kept in a log")
    digest = hashlib.blake2b(event.encode(), digest_size=16).hexdigest()
    channel, identity, id = key
    row: list[Any] = [channel, epochs.of(channel), identity, id, event, microseconds(at), digest]
    row += [None, "", ""] if revision is None else [revision.offset, revision.event, revision.trace]
    return Post(key, digest, _json(key), _json(row))


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def set_up(connection: sqlite3.Connection) -> None:
    """Make a connection able to append."""
    for statement in _SETUP:
        connection.execute(statement)


def append_all(connection: sqlite3.Connection, posts: Sequence[Post]) -> list[Appended | IdReused]:
    """Append ``posts`` in order; see IBackend.append for what becomes of each."""
    keys = f"[{','.join(post.key_json for post in posts)}]"
    had = _find(connection, keys)
    if len(had) < len(posts):
        new = [post.json for number, post in enumerate(posts) if number not in had]
        connection.execute(_POST, (f"[{','.join(new)}]",))
    found = _find(connection, keys)
    seen = {posts[number].key for number in had}
    outcomes = []
    for number, post in enumerate(posts):
        outcomes.append(_outcome(post, found[number], post.key not in seen))
        seen.add(post.key)
    return outcomes


def _outcome(post: Post, row: Sequence[Any], new: bool) -> Appended | IdReused:
    if row[5] != post.digest:
        return IdReused("this id was used for something else")
    return Appended(entry_of(row), new)


def _find(connection: sqlite3.Connection, keys: str) -> dict[int, list[Any]]:
    """Return which of the keys are in their logs, by their numbers: offset, id, identity, event, time, digest."""
    (text,) = connection.execute(_FIND, (keys,)).fetchone()
    return {row[0]: row[1:] for row in msgspec.json.decode(text)}
