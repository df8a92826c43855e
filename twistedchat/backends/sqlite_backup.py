"""A copy of a SQLite store while its server runs."""

import os
import secrets
import sqlite3
from contextlib import closing, suppress
from urllib.request import pathname2url

from twistedchat.backends.sqlite_schema import APPLICATION_ID, BUSY_S, told
from twistedchat.config import Refusal


def backup(source: str, target: str) -> None:
    """Copy the store ``source`` as it is at one moment to the new file ``target``, which appears when it is whole.

    A server may go on using the source; the copy holds back none of its writes. It is for the owner alone, is checked,
    and can be opened as a store itself.

    Raises:
        Refusal: there is something at ``target`` already, ``source`` is no store of ours, or the copy failed; one line
            says why.
    """
    if os.path.lexists(target):
        raise Refusal(f"there is something at {target} already; choose another name")
    if not os.path.isfile(source):
        raise Refusal(f"there is no store at {source}")
    fresh = f"{target}.{secrets.token_hex(4)}.new"
    try:
        os.close(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        try:
            _copy(source, fresh)
            _check(fresh)
            _publish(fresh, target)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(fresh)
    except FileExistsError:
        raise Refusal(f"there is something at {target} already; choose another name") from None
    except OSError as error:
        raise Refusal(f"cannot write {target}: {error.strerror or error}") from error
    except sqlite3.Error as error:
        raise Refusal(f"cannot copy {source}: {told(error)}") from error


def _copy(source: str, fresh: str) -> None:
    """Write what one read transaction sees, without what was deleted."""
    where = f"file:{pathname2url(os.path.abspath(source))}?mode=rw"  # a reader takes part in the file's shared memory
    with closing(sqlite3.connect(where, uri=True, timeout=BUSY_S, isolation_level=None)) as connection:
        (mark,) = connection.execute("PRAGMA application_id").fetchone()
        if mark != APPLICATION_ID:
            raise Refusal(f"{source} is no store of twistedchat")
        connection.execute("VACUUM INTO ?", (fresh,))


def _check(fresh: str) -> None:
    with closing(sqlite3.connect(fresh, isolation_level=None)) as connection:
        (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        raise Refusal(f"the copy is damaged, and so may be the store: {found}")


def _publish(fresh: str, target: str) -> None:
    """Give the copy its name, unless something has it by now; after that it outlives a power cut."""
    _sync(fresh, os.O_RDWR)
    os.link(fresh, target)
    _sync(os.path.dirname(os.path.abspath(target)), os.O_RDONLY | os.O_DIRECTORY)


def _sync(path: str, flags: int) -> None:
    fd = os.open(path, flags | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
