"""Records of a SQLite store for a command line, beside the server that may be running on it."""

import os
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from twisted.internet.defer import Deferred, execute

from twistedchat.backends import sqlite_records as records
from twistedchat.backends.sqlite_schema import APPLICATION_ID, STEPS, connect, told
from twistedchat.config import Refusal
from twistedchat.core.errors import StoreUnavailable
from twistedchat.core.records import Change, Record


class SqliteBeside:
    """What ``IBackend`` says of ``get`` and ``commit``, done at once, in the calling thread.

    SQLite lets one process write at a time; the server's writes wait for milliseconds. Logs are not offered: a server holds
    the heads of its logs in memory, and no other process may add to them.

    Args:
        path: of the file, which a server must have made.

    Raises:
        Refusal: there is no store of ours at ``path``, another version of this program wrote it, or it belongs to somebody
            else: what is made beside it must stay its owner's.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        check_owner(path)
        try:
            self._connection = connect(path)
        except sqlite3.Error as error:
            raise Refusal(f"cannot use the store {path}: {told(error)}") from error
        try:
            self._check()
        except sqlite3.Error as error:
            self.close()
            raise Refusal(f"cannot use the store {path}: {told(error)}") from error
        except Refusal:
            self.close()
            raise

    def get(self, kind: str, key: str) -> "Deferred[Record | None]":
        """See IBackend."""
        return execute(self._do, lambda connection: records.get(connection, kind, key))

    def commit(self, changes: Sequence[Change]) -> "Deferred[None]":
        """See IBackend."""
        return execute(self._do, lambda connection: records.commit(connection, changes))

    def close(self) -> None:
        """Let go of the file. Idempotent."""
        self._connection.close()

    def _do(self, work: Callable[[sqlite3.Connection], Any]) -> Any:
        """Do ``work`` in one transaction."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            done = work(self._connection)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back()
            raise StoreUnavailable(told(error)) from error
        except BaseException:
            self._roll_back()
            raise
        return done

    def _roll_back(self) -> None:
        with suppress(sqlite3.Error):
            self._connection.execute("ROLLBACK")

    def _check(self) -> None:
        (mark,) = self._connection.execute("PRAGMA application_id").fetchone()
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        if mark != APPLICATION_ID:
            raise Refusal(f"{self._path} is no store of twistedchat")
        if version != len(STEPS):
            raise Refusal(
                f"{self._path} was written by another version of twistedchat; start the server once with this one"
            )


def check_owner(path: str) -> None:
    """Refuse where a store is missing, or belongs to another user.

    Raises:
        Refusal: SQLite makes files beside a store; made by root they would keep the server's user out.
    """
    try:
        found = os.stat(path)
    except OSError as error:
        raise Refusal(f"there is no store at {path}: {error.strerror or error}") from error
    if found.st_uid != os.geteuid():
        raise Refusal(
            f"{path} belongs to user id {found.st_uid}; run this as that user: sudo -u '#{found.st_uid}' …"
        )
