"""A command line writes records beside the server."""

import os
import sqlite3
from pathlib import Path

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from twistedchat.backends import sqlite_beside
from twistedchat.backends.sqlite import SqliteBackend
from twistedchat.backends.sqlite_beside import SqliteBeside, check_owner
from twistedchat.config import Refusal
from twistedchat.core.errors import Conflict, StoreUnavailable
from twistedchat.core.records import Change


def outcome(answer: "Deferred[object]") -> object:
    """Return what an answer that is there already is, or raise it."""
    got: list[object] = []
    answer.addBoth(got.append)
    if isinstance(got[0], Failure):
        raise got[0].value
    return got[0]


@pytest_twisted.ensureDeferred
async def test_both_see_what_the_other_wrote_and_versions_are_of_one_row(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    server = SqliteBackend(path, reactor)
    try:
        await server.commit([Change("a", "1", "1")])
        beside = SqliteBeside(path)
        outcome(beside.commit([Change("a", "2", "2", expected=0)]))
        await server.commit([Change("a", "3", "3")])
        found = [await server.get("a", key) for key in "123"]
        assert [record.value for record in found] == ["1", "2", "3"]
        assert found[0].version < found[1].version < found[2].version
        with pytest.raises(Conflict):
            outcome(beside.commit([Change("a", "4", "4"), Change("a", "3", "9", expected=0)]))
        assert outcome(beside.get("a", "4")) is None
        assert outcome(beside.get("a", "3")).value == "3"
        beside.close()
        beside.close()
    finally:
        await server.stop()


@pytest_twisted.ensureDeferred
async def test_what_another_version_wrote_or_another_user_owns_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "s"
    server = SqliteBackend(str(path), reactor)
    await server.commit([Change("a", "1", "1")])
    await server.stop()
    with monkeypatch.context() as patch:
        patch.setattr(sqlite_beside, "STEPS", (*sqlite_beside.STEPS, None))
        with pytest.raises(Refusal, match="was written by another version"):
            SqliteBeside(str(path))
    uid = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: uid + 1)
    with pytest.raises(Refusal, match=f"belongs to user id {uid}; run this as that user: sudo -u '#{uid}'"):
        check_owner(str(path))


def test_what_is_no_store_of_ours_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with pytest.raises(Refusal, match="there is no store at"):
        SqliteBeside(str(path))
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE mine (x)")
    connection.close()
    with pytest.raises(Refusal, match="is no store of twistedchat"):
        SqliteBeside(str(path))
    path.write_text("just a text, and one that is long enough for a header of a database\n" * 20)
    with pytest.raises(Refusal, match="cannot use the store"):
        SqliteBeside(str(path))


@pytest_twisted.ensureDeferred
async def test_a_store_that_stays_locked_is_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(tmp_path / "s")
    server = SqliteBackend(path, reactor)
    await server.commit([Change("a", "1", "1")])
    await server.stop()
    beside = SqliteBeside(path)
    beside._connection.execute("PRAGMA busy_timeout = 0")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable):
        outcome(beside.commit([Change("a", "2", "2")]))
    other.execute("ROLLBACK")
    outcome(beside.commit([Change("a", "2", "2")]))
    other.close()
    beside.close()
