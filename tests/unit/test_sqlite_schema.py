"""The file of the SQLite backend: what is made, what is refused, and how it grows up."""

import os
import sqlite3
import stat
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from twistedchat.backends.sqlite_schema import APPLICATION_ID, STEPS, Step, connect, migrate, take
from twistedchat.config import Owner, Refusal


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "chat.sqlite3"


def make(place: Path, steps: Sequence[Step] = STEPS) -> bytes:
    lock, key = take(str(place), steps=steps)
    os.close(lock)
    return key


def refusal(place: Path, steps: Sequence[Step] = STEPS) -> str:
    with pytest.raises(Refusal) as caught:
        os.close(take(str(place), steps=steps)[0])
    line = str(caught.value)
    assert "\n" not in line
    assert str(place) in line
    return line


def version(place: Path) -> int:
    with closing(sqlite3.connect(place)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def test_it_is_for_its_owner_alone_and_leaves_no_connection_open(place: Path) -> None:
    make(place)
    assert {path.name: mode(path) for path in place.parent.iterdir()} == {
        "chat.sqlite3": 0o600,
        "chat.sqlite3.lock": 0o600,
    }


def test_a_file_that_others_may_read_is_closed_to_them(place: Path) -> None:
    make(place)
    place.chmod(0o644)
    make(place)
    assert mode(place) == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="giving files away needs root")
def test_its_files_belong_to_whom_the_process_will_be(place: Path) -> None:
    os.close(take(str(place), Owner(65534, 65534))[0])
    assert {path.stat().st_uid for path in place.parent.iterdir()} == {65534}


def test_connections_write_ahead_and_to_the_disk(place: Path) -> None:
    make(place)
    with closing(connect(str(place))) as connection:
        found = {
            name: connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "busy_timeout")
        }
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "secure_delete": 1,
        "busy_timeout": 5000,
    }


def test_a_reading_connection_cannot_write(place: Path) -> None:
    make(place)
    with (
        closing(connect(str(place), reads_only=True)) as connection,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        connection.execute("DELETE FROM logs")


def test_the_key_stays(place: Path) -> None:
    assert make(place) == make(place)
    assert len(make(place)) == 32


def test_a_second_holder_is_refused_until_the_first_lets_go(place: Path) -> None:
    lock, _ = take(str(place))
    assert "another process uses" in refusal(place)
    os.close(lock)
    make(place)


def test_what_is_no_database_is_refused_and_stays_as_it_is(place: Path) -> None:
    place.write_text("a letter to Ada, which is longer than any header\n" * 100)
    before = place.read_bytes()
    assert "it is not a SQLite database" in refusal(place)
    assert place.read_bytes() == before


def test_a_database_of_another_program_is_refused(place: Path) -> None:
    with closing(sqlite3.connect(place)) as connection:
        connection.execute("CREATE TABLE meta (x)")
    assert "it is a database of another program" in refusal(place)


def test_a_damaged_file_is_refused(place: Path) -> None:
    make(place)
    content = bytearray(place.read_bytes())
    for page in range(2, len(content) // 4096):
        content[page * 4096 : page * 4096 + 512] = os.urandom(512)
    place.write_bytes(content)
    assert "it is damaged; restore a backup" in refusal(place)


def test_a_file_cut_short_is_refused(place: Path) -> None:
    make(place)
    place.write_bytes(place.read_bytes()[: 4096 * 2])
    assert "it is damaged; restore a backup" in refusal(place)


def test_a_directory_a_missing_folder_and_a_foreign_lock_are_refused(place: Path) -> None:
    place.mkdir()
    assert "Is a directory" in refusal(place)
    assert "No such file or directory" in refusal(place / "no" / "where")


def test_a_file_that_another_program_writes_is_refused(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(place)
    monkeypatch.setattr("twistedchat.backends.sqlite_schema.BUSY_S", 0.01)
    with closing(sqlite3.connect(place, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        other.execute("DELETE FROM logs")
        assert "another program has locked it" in refusal(place)


# --- versions


def second(connection: sqlite3.Connection) -> None:
    connection.execute("ALTER TABLE records ADD COLUMN colour TEXT NOT NULL DEFAULT 'blue'")


def third_fails(connection: sqlite3.Connection) -> None:
    connection.execute("DROP TABLE records")
    raise sqlite3.OperationalError("injected")


def test_a_new_file_has_the_newest_version(place: Path) -> None:
    make(place)
    assert version(place) == len(STEPS)
    with closing(sqlite3.connect(place)) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)


def test_an_older_file_is_brought_forward_and_keeps_what_is_in_it(place: Path) -> None:
    key = make(place, STEPS[:1])
    with closing(connect(str(place))) as connection:
        connection.execute("INSERT INTO records VALUES ('room', 'a', 'kept', 1, NULL)")
    assert make(place, [*STEPS[:1], second]) == key
    assert version(place) == 2
    with closing(connect(str(place))) as connection:
        assert connection.execute("SELECT value, colour FROM records").fetchall() == [("kept", "blue")]


def test_a_step_that_fails_leaves_the_version_before_it(place: Path) -> None:
    make(place)
    steps = [*STEPS, second, third_fails]
    assert "injected" in refusal(place, steps)
    assert version(place) == len(STEPS) + 1
    with closing(connect(str(place))) as connection:
        assert connection.execute("SELECT colour FROM records").fetchall() == []
    with closing(connect(str(place))) as connection:
        migrate(connection, [*STEPS, second, lambda connection: None])
    assert version(place) == len(STEPS) + 2


def test_a_newer_file_is_refused_and_stays_as_it_is(place: Path) -> None:
    make(place, [*STEPS, second])
    before = place.read_bytes()
    line = refusal(place)
    assert f"newer twistedchat (schema {len(STEPS) + 1}, this one knows {len(STEPS)})" in line
    assert place.read_bytes() == before
