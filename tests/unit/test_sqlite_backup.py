"""A copy of the SQLite store while the server writes: whole, private, in nobody's way."""

import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
import pytest_twisted
from sqlite_kit import ROOM, Store
from twisted.internet import reactor
from twisted.internet.defer import gatherResults
from twisted.internet.threads import deferToThread

from twistedchat.backends.sqlite import SqliteBackend
from twistedchat.backends.sqlite_backup import backup
from twistedchat.config import Refusal
from twistedchat.core.records import Change


def refusal(source: Path, target: Path) -> str:
    with pytest.raises(Refusal) as caught:
        backup(str(source), str(target))
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest_twisted.ensureDeferred
async def test_a_backup_of_a_store_at_work_is_one_moment_of_it(tmp_path: Path) -> None:
    target = tmp_path / "copies" / "copy.sqlite3"
    target.parent.mkdir()
    store = Store(tmp_path)
    epoch = (await store.backend.open(ROOM, 0)).epoch
    await gatherResults([store.append(number) for number in range(200)])
    await store.backend.commit([Change("room", "a", "kept")])
    writing = [store.append(number) for number in range(200, 1000)]
    await deferToThread(backup, str(store.path), str(target))
    await gatherResults(writing)
    await store.append(1001)
    assert store.told == []
    await store.backend.stop()
    assert [path.name for path in target.parent.iterdir()] == ["copy.sqlite3"]
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with closing(sqlite3.connect(target)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    copy = SqliteBackend(str(target), reactor)
    state = await copy.open(ROOM, 10_000)
    assert state.epoch == epoch
    assert 200 <= len(state.tail) <= 1000
    assert [entry.offset for entry in state.tail] == list(range(1, len(state.tail) + 1))
    assert (await copy.get("room", "a")).value == "kept"
    await copy.stop()


@pytest_twisted.ensureDeferred
async def test_it_overwrites_nothing_and_leaves_nothing_behind(tmp_path: Path) -> None:
    store = Store(tmp_path)
    await store.append(1)
    target = tmp_path / "copy"
    target.write_text("a letter")
    assert "there is something at" in refusal(store.path, target)
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "nowhere")
    assert "there is something at" in refusal(store.path, link)
    assert target.read_text() == "a letter"
    assert "No such file or directory" in refusal(store.path, tmp_path / "no" / "copy")
    await store.backend.stop()
    assert {path.name for path in tmp_path.iterdir()} == {"chat.sqlite3", "chat.sqlite3.lock", "copy", "link"}


def test_one_that_appears_meanwhile_is_kept_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    SqliteBackend(str(tmp_path / "chat.sqlite3"), reactor).stop()
    target = tmp_path / "copy"
    real = os.link

    def link(source: str, name: str) -> None:
        target.write_text("somebody was faster")
        real(source, name)

    monkeypatch.setattr(os, "link", link)
    assert "there is something at" in refusal(tmp_path / "chat.sqlite3", target)
    assert target.read_text() == "somebody was faster"


def test_what_is_no_store_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other"
    target = tmp_path / "copy"
    assert "there is no store at" in refusal(other, target)
    other.write_text("a letter to Ada, which is longer than any header\n" * 100)
    assert "it is not a SQLite database" in refusal(other, target)
    other.unlink()
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE meta (x)")
    assert "is no store of twistedchat" in refusal(other, target)
    assert not target.exists()


def test_a_damaged_store_makes_no_backup(tmp_path: Path) -> None:
    path = tmp_path / "chat.sqlite3"
    SqliteBackend(str(path), reactor).stop()
    content = bytearray(path.read_bytes())
    for page in range(2, len(content) // 4096):
        content[page * 4096 : page * 4096 + 512] = os.urandom(512)
    path.write_bytes(content)
    assert "damaged" in refusal(path, tmp_path / "copy")
    assert [path.name for path in tmp_path.glob("copy*")] == []
