"""The file of the SQLite backend: its lock, its tables, its versions."""

import fcntl
import os
import secrets
import sqlite3
import stat
from collections.abc import Callable, Sequence
from contextlib import closing

from twistedchat.config import Owner, Refusal

APPLICATION_ID = 0x74776368  # "twch": marks a file as ours
BUSY_S = 5.0  # another program may hold the file for this long, for example somebody's sqlite3 shell
WAL_KEPT_BYTES = 64_000_000  # what a long backup made the write-ahead log grow to is given back above this
CHECKED_BYTES = 64_000_000  # files up to this are checked whole at the start, which takes less than a second

Step = Callable[[sqlite3.Connection], None]

_VERSION_1 = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID",
    # A log without a channel was erased; its entries go little by little.
    "CREATE TABLE logs (log INTEGER PRIMARY KEY AUTOINCREMENT, channel TEXT UNIQUE, epoch TEXT NOT NULL,"
    " head INTEGER NOT NULL)",
    # Clustered by log and offset: what is read together lies together, however many rooms talk at once.
    "CREATE TABLE entries (log INTEGER NOT NULL REFERENCES logs, offset INTEGER NOT NULL, id TEXT NOT NULL,"
    " identity TEXT NOT NULL, event TEXT NOT NULL, at_us INTEGER NOT NULL, digest TEXT NOT NULL, revises INTEGER,"
    " PRIMARY KEY (log, offset)) WITHOUT ROWID",
    "CREATE UNIQUE INDEX entries_by_id ON entries (log, identity, id)",
    "CREATE INDEX entries_by_revised ON entries (log, revises) WHERE revises IS NOT NULL",
    "CREATE TABLE records (kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, version INTEGER NOT NULL,"
    " until REAL, PRIMARY KEY (kind, key)) WITHOUT ROWID",
    "CREATE INDEX records_by_until ON records (until) WHERE until IS NOT NULL",
    "INSERT INTO meta VALUES ('versions', 0)",  # the last version that was given to a record
)


def _first(connection: sqlite3.Connection) -> None:
    for statement in _VERSION_1:
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute("INSERT INTO meta VALUES ('key', ?)", (secrets.token_bytes(32),))


STEPS: Sequence[Step] = (_first,)  # the step at index n leads from version n to n + 1


def connect(path: str, *, reads_only: bool = False, max_bytes: int | None = None) -> sqlite3.Connection:
    """Return a connection for one thread; what it commits is on the disk.

    Args:
        path: of the file.
        reads_only: refuse what would change something.
        max_bytes: size beyond which the file does not grow, or None.

    Raises:
        sqlite3.Error
    """
    connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
    try:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA secure_delete = ON")  # what was deleted or edited is gone from the file
        connection.execute(f"PRAGMA journal_size_limit = {WAL_KEPT_BYTES}")
        if max_bytes is not None:
            (page_bytes,) = connection.execute("PRAGMA page_size").fetchone()
            connection.execute(f"PRAGMA max_page_count = {max(1, max_bytes // page_bytes)}")
        if reads_only:
            connection.execute("PRAGMA query_only = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def migrate(connection: sqlite3.Connection, steps: Sequence[Step] = STEPS) -> None:
    """Bring the tables to the newest version, each step in a transaction of its own.

    Raises:
        Refusal: a newer program has written the file.
        sqlite3.Error
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(steps):
        raise Refusal(
            f"it was written by a newer twistedchat (schema {version}, this one knows {len(steps)}); update this one"
        )
    for number, step in enumerate(steps[version:], version + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            step(connection)
            connection.execute(f"PRAGMA user_version = {number}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def take(path: str, owner: Owner | None = None, steps: Sequence[Step] = STEPS) -> tuple[int, bytes]:
    """Make the file ready: made where it is missing, locked, checked, of the newest version.

    The lock sits on an open file beside it: it outlives a daemon's forks and ends with the process, however that ends.
    No connection is left open, since none may cross a fork.

    Args:
        path: absolute path of the file.
        owner: who shall own what is made here.
        steps: of the versions.

    Returns:
        The descriptor that holds the lock, and the store's random key.

    Raises:
        Refusal: it cannot be used; one line says why.
    """
    try:
        lock = _lock(path, owner)
    except OSError as error:
        raise Refusal(f"cannot use {path} as the store: {error.strerror or error}") from error
    try:
        os.close(_open_private(path, owner))
        return lock, _prepare(path, steps)
    except Refusal as error:
        os.close(lock)
        raise Refusal(f"cannot use {path} as the store: {error}") from error
    except OSError as error:
        os.close(lock)
        raise Refusal(f"cannot use {path} as the store: {error.strerror or error}") from error
    except sqlite3.Error as error:
        os.close(lock)
        raise Refusal(f"cannot use {path} as the store: {told(error)}") from error


def told(error: Exception) -> str:
    """Return what went wrong, in words for the operator."""
    name = getattr(error, "sqlite_errorname", "")
    known = {
        "SQLITE_NOTADB": "it is not a SQLite database",
        "SQLITE_CORRUPT": "it is damaged; restore a backup",
        "SQLITE_READONLY": "it cannot be written",
        "SQLITE_CANTOPEN": "it cannot be opened",
        "SQLITE_BUSY": "another program has locked it",
        "SQLITE_FULL": "the disk, or the size allowed, is full",
        "SQLITE_IOERR": "the disk does not work",
    }
    words = next((text for start, text in known.items() if name.startswith(start)), None)
    return f"{words} ({error})" if words else str(error)


def _lock(path: str, owner: Owner | None) -> int:
    fd = _open_private(f"{path}.lock", owner)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        raise Refusal(f"another process uses {path}; stop it, or choose another --backend") from None
    return fd


def _open_private(path: str, owner: Owner | None) -> int:
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    found = os.fstat(fd)
    if found.st_uid == os.geteuid():
        if stat.S_IMODE(found.st_mode) & 0o077:
            os.fchmod(fd, 0o600)
        if owner is not None and found.st_nlink <= 1:
            os.fchown(fd, -1 if owner.uid is None else owner.uid, -1 if owner.gid is None else owner.gid)
    return fd


def _prepare(path: str, steps: Sequence[Step]) -> bytes:
    with closing(connect(path)) as connection:
        _check(connection, path)
        migrate(connection, steps)
        connection.execute("PRAGMA journal_mode = WAL")
        row = connection.execute("SELECT value FROM meta WHERE name = 'key'").fetchone()
        if row is None:
            raise Refusal("it is damaged; restore a backup")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        key: bytes = row[0]
        return key


def _check(connection: sqlite3.Connection, path: str) -> None:
    (mark,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if mark != APPLICATION_ID and (mark or tables):
        raise Refusal("it is a database of another program")
    if os.path.getsize(path) <= CHECKED_BYTES:
        (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise Refusal(f"it is damaged; restore a backup ({' '.join(found.split())})")
