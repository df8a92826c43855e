"""The SQLite backend at work: many in one commit, trouble told, nothing half done; and its end."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from sqlite_kit import ROOM, Store, failing
from twisted.internet.defer import gatherResults
from twisted.internet.testing import MemoryReactorClock

from twistedchat.backends import sqlite_logs
from twistedchat.backends.sqlite import SqliteBackend
from twistedchat.core.entry import Revision
from twistedchat.core.errors import IdReused, StoreUnavailable, StoreUnknown
from twistedchat.core.records import Change


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Any]:
    """Make stores in the test's folder; all are stopped at its end."""
    made: list[Store] = []

    def make(**options: Any) -> Store:
        made.append(Store(tmp_path, **options))
        return made[-1]

    yield make
    for store in made:
        pytest_twisted.blockon(store.backend.stop())


@pytest.fixture
def store(stores: Any) -> Store:
    made: Store = stores()
    return made


async def failure(deferred: Any) -> Exception:
    try:
        await deferred
    except Exception as error:
        return error
    raise AssertionError("it did not fail")


# --- many in one commit


@pytest_twisted.ensureDeferred
async def test_what_waits_is_written_in_one_transaction_and_answered_after_it(store: Store) -> None:
    go = await store.hold()
    before = store.count("COMMIT")
    asked = [store.append(number) for number in range(50)]
    answered_at: list[int] = []
    for answer in asked:
        answer.addCallback(lambda appended: answered_at.append(store.count("COMMIT")) or appended)
    go.set()
    offsets = [(await answer).entry.offset for answer in asked]
    assert offsets == list(range(1, 51))
    assert store.count("COMMIT") == before + 2  # of what held it, and of all fifty
    assert set(answered_at) == {before + 2}


@pytest_twisted.ensureDeferred
async def test_a_transaction_is_bounded(stores: Any) -> None:
    store = stores(batch=10)
    go = await store.hold()
    asked = [store.append(number) for number in range(50)]
    before = store.count("COMMIT")
    go.set()
    await gatherResults(asked)
    assert store.count("COMMIT") - before == 6


@pytest_twisted.ensureDeferred
async def test_beyond_the_bound_it_is_unavailable_and_what_waits_is_written(stores: Any) -> None:
    store = stores(max_waiting=5)
    go = await store.hold()
    asked = [store.append(number) for number in range(9)]
    refused = [await failure(answer) for answer in asked[5:]]
    go.set()
    assert {type(error) for error in refused} == {StoreUnavailable}
    assert [(await answer).entry.offset for answer in asked[:5]] == [1, 2, 3, 4, 5]
    assert store.told == []


@pytest_twisted.ensureDeferred
async def test_one_that_is_refused_leaves_nothing_and_the_others_are_written(store: Store) -> None:
    await store.append(1)
    go = await store.hold()
    before, wrong, after = store.append(2), store.append(1, event='["other"]'), store.append(3)
    half = store.backend.append("room/new", "ann", "i" * 22, '["\ud800"]', 1.0)
    nul = store.backend.append("room/new\0", "ann", "i" * 22, "[]", 1.0, Revision(1, "[]", "[]"))
    surrogate = store.backend.commit([Change("a", "1", "x"), Change("a", "\ud800", "x")])
    last = store.append(4)
    go.set()
    assert [(await one).entry.offset for one in (before, after, last)] == [2, 3, 4]
    assert isinstance(await failure(wrong), IdReused)
    assert isinstance(await failure(half), UnicodeEncodeError)
    assert isinstance(await failure(nul), ValueError)
    assert isinstance(await failure(surrogate), UnicodeEncodeError)
    assert await store.offsets("room/new") == []
    assert await store.backend.get("a", "1") is None
    assert (await store.backend.heads(["room/new"]))["room/new"].offset == 0
    assert store.told == []


@pytest_twisted.ensureDeferred
async def test_the_same_id_again_and_again_in_one_transaction_is_there_once(store: Store) -> None:
    await store.append(1)
    go = await store.hold()
    asked = [store.append(number) for number in (2, 1, 2, 3, 2)]
    wrong = store.append(2, event='["other"]')
    edit = Revision(1, '["edited"]', "[]")
    edits = [store.backend.append(ROOM, "ann", "e" * 22, '["edit"]', 5.0, edit) for _ in range(2)]
    go.set()
    answers = [await answer for answer in (*asked, *edits)]
    assert [(answer.entry.offset, answer.new) for answer in answers] == [
        (2, True), (1, False), (2, False), (3, True), (2, False), (4, True), (4, False),
    ]  # fmt: skip
    assert isinstance(await failure(wrong), IdReused)
    assert [entry.event for entry in await store.backend.read(ROOM, 0, 9)] == [
        '["edited"]',
        "[]",
        "[]",
        '["edit"]',
    ]


@pytest_twisted.ensureDeferred
async def test_a_long_read_holds_back_no_writer_and_a_long_write_no_reader(store: Store) -> None:
    await store.append(1)
    go = await store.hold(reading=True)
    reading = store.backend.read(ROOM, 0, 10)
    assert (await store.append(2)).entry.offset == 2
    go.set()
    assert [entry.offset for entry in await reading] == [1, 2]
    go = await store.hold()
    writing = store.append(3)
    assert await store.offsets() == [1, 2]
    go.set()
    await writing
    assert await store.offsets() == [1, 2, 3]


# --- trouble


@pytest_twisted.ensureDeferred
async def test_a_full_disk_refuses_all_and_it_is_told_once_each_way(
    stores: Any, logged_failures: list[Any]
) -> None:
    store = stores(max_bytes=200_000, probe_s=0.01)
    written = 0
    big = f'["{"x" * 3000}"]'
    while True:
        try:
            await store.append(written, event=big)
        except StoreUnavailable:
            break
        written += 1
        assert written < 100
    assert store.backend.trouble.startswith("the disk, or the size allowed, is full")
    assert await store.offsets() == list(range(1, written + 1))
    await store.backend.trim(ROOM, 1, 0.0)
    assert (await store.append(1000, event=big)).entry.offset == written + 1
    assert store.backend.trouble is None
    assert store.told[0] is not None and store.told[-1] is None
    assert all(one != other for one, other in zip(store.told, store.told[1:], strict=False))


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize(
    "where", ["BEGIN", "INSERT INTO posts", "SELECT json_group_array", "SAVEPOINT", "RELEASE"]
)
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("SQLITE_IOERR_WRITE", "the disk does not work"),
        ("SQLITE_FULL", "the disk, or the size allowed, is full"),
        ("SQLITE_BUSY", "another program has locked it"),
        ("SQLITE_READONLY_DBMOVED", "it cannot be written"),
    ],
)
async def test_what_fails_in_a_transaction_fails_all_of_it_and_nothing_is_done(
    stores: Any, where: str, name: str, words: str
) -> None:
    store = stores(probe_s=60)
    await store.append(1)
    go = await store.hold()
    asked = [store.append(number) for number in (2, 3, 4)]
    store.fail = failing(where, name, after="COMMIT")
    go.set()
    errors = [await failure(answer) for answer in asked]
    assert {type(error) for error in errors} == {StoreUnavailable}
    assert store.backend.trouble == f"{words} (injected)"
    assert await store.offsets() == [1]
    assert [(await store.append(number)).entry.offset for number in (4, 3, 2)] == [2, 3, 4]
    assert store.backend.trouble is None
    assert store.told == [f"{words} (injected)", None]


@pytest_twisted.ensureDeferred
async def test_a_commit_that_fails_is_unknown_and_the_same_id_again_is_there_once(stores: Any) -> None:
    store = stores(probe_s=60)
    await store.append(1)
    store.fail = failing("COMMIT")
    assert isinstance(await failure(store.append(2)), StoreUnknown)
    assert store.backend.trouble
    assert (await store.append(2)).entry.offset == 2
    assert await store.offsets() == [1, 2]
    assert store.backend.trouble is None


@pytest_twisted.ensureDeferred
async def test_it_finds_out_by_itself_that_all_is_well_again(stores: Any) -> None:
    store = stores(probe_s=0.01)
    await store.append(1)
    store.fail = failing("BEGIN", times=3)
    back = store.until_told(2)
    assert isinstance(await failure(store.append(2)), StoreUnavailable)
    await back
    assert store.told == ["the disk does not work (injected)", None]
    assert await store.offsets() == [1]


@pytest_twisted.ensureDeferred
async def test_a_file_that_cannot_be_opened_is_unavailable_until_it_can(stores: Any, tmp_path: Path) -> None:
    store = stores(probe_s=60)
    await store.append(1)
    assert await store.offsets() == [1]
    connects = [sqlite3.OperationalError("injected"), MemoryError("no room")]
    real = store.backend._writer._connect

    def connect() -> Any:
        if connects:
            raise connects.pop()
        return real()

    store.backend._writer._connect = connect
    store.fail = failing("BEGIN")
    for _ in range(3):
        assert isinstance(await failure(store.append(2)), StoreUnavailable)
    assert (await store.append(2)).entry.offset == 2
    assert store.told == ["the disk does not work (injected)", "no room", "injected", None]


@pytest_twisted.ensureDeferred
async def test_what_cannot_be_read_is_unavailable_and_told_and_writes_go_on(stores: Any) -> None:
    store = stores(probe_s=60)
    reader = store.backend._reader
    real, reader._connect = reader._connect, lambda: failing("")("") or real()
    assert isinstance(await failure(store.backend.read(ROOM, 0, 1)), StoreUnavailable)
    assert store.told == ["the disk does not work (injected)"]
    await store.append(1)
    assert store.backend.trouble == "the disk does not work (injected)"
    reader._connect = real
    assert await store.offsets() == [1]
    assert store.told == ["the disk does not work (injected)", None]


@pytest_twisted.ensureDeferred
async def test_a_new_life_tells_the_epoch_that_was_told_of_an_empty_log(stores: Any) -> None:
    store = stores()
    told = [(await store.backend.open(name, 1)).epoch for name in (ROOM, "room/y")]
    heads = await store.backend.heads([ROOM])
    await store.backend.erase("room/z")
    await store.backend.stop()
    again = stores()
    assert [(await again.backend.open(name, 1)).epoch for name in (ROOM, "room/y")] == told
    assert await again.backend.heads([ROOM]) == heads
    await again.append(1)
    assert (await again.backend.open(ROOM, 1)).epoch == told[0]
    assert len(set(told)) == 2


# --- piece by piece


@pytest_twisted.ensureDeferred
async def test_a_huge_trim_goes_piece_by_piece_and_others_write_in_between(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_logs, "PIECE", 10)
    await gatherResults([store.append(number) for number in range(100)])
    order: list[str] = []
    trimming = store.backend.trim(ROOM, 5, 0.0).addCallback(lambda gone: order.append("trimmed") or gone)
    store.append(200).addCallback(lambda _: order.append("appended"))
    assert await trimming == 96  # the new one is among the five
    assert order == ["appended", "trimmed"]
    assert await store.offsets() == [97, 98, 99, 100, 101]
    assert store.count("DELETE FROM entries") == 10


def erased_entries(store: Store) -> int:
    """How many entries of erased logs are in the file."""
    with closing(sqlite3.connect(store.path)) as connection:
        found = connection.execute("SELECT count(*) FROM entries JOIN logs USING (log) WHERE channel IS NULL")
        count: int = found.fetchone()[0]
        return count


@pytest_twisted.ensureDeferred
async def test_an_erased_log_is_out_of_sight_at_once_and_leaves_the_file_piece_by_piece(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_logs, "PIECE", 10)
    await gatherResults([store.append(number, event='["a secret of theirs"]') for number in range(35)])
    await store.backend.erase(ROOM)
    assert await store.offsets() == []
    await store.append(1)
    await store.backend.stop()
    assert erased_entries(store) < 35
    again = Store(store.path.parent)
    await again.append(2)
    while erased_entries(again):  # how far the first life came depends on how busy the machine is
        await again.backend.sweep(0.0)
    assert await again.offsets() == [1, 2]
    await again.backend.stop()
    assert b"a secret of theirs" not in store.path.read_bytes()


@pytest_twisted.ensureDeferred
async def test_what_was_said_before_a_revision_is_gone_from_the_file(store: Store) -> None:
    await store.append(1, event='["a secret of mine"]')
    edit = Revision(1, '["-"]', '["-"]')
    await store.backend.append(ROOM, "ann", "e" * 22, '["edit"]', 1.0, edit)
    await store.backend.stop()
    assert b"a secret of mine" not in store.path.read_bytes()
    assert not Path(f"{store.path}-wal").exists()


# --- the end


@pytest_twisted.ensureDeferred
async def test_a_stop_writes_what_was_accepted_and_then_all_is_unavailable(stores: Any) -> None:
    store = stores()
    await store.append(0)
    go = await store.hold()
    asked = [store.append(number) for number in range(1, 30)]
    stopping = store.backend.stop()
    again = store.backend.stop()
    go.set()
    await gatherResults([stopping, again])
    assert [(await answer).entry.offset for answer in asked] == list(range(2, 31))
    for late in (store.append(99), store.backend.read(ROOM, 0, 1), store.backend.trim(ROOM, 1, 0.0)):
        assert isinstance(await failure(late), StoreUnavailable)
    assert sorted(path.name for path in store.path.parent.iterdir()) == ["chat.sqlite3", "chat.sqlite3.lock"]
    assert await stores().offsets() == list(range(1, 31))


def test_before_the_reactor_runs_no_thread_does_and_a_stop_frees_the_file(tmp_path: Path) -> None:
    reactor = MemoryReactorClock()
    backend = SqliteBackend(str(tmp_path / "chat.sqlite3"), reactor)
    errors: list[Any] = []
    backend.append(ROOM, "ann", "i" * 22, "[]", 1.0).addErrback(lambda failure: errors.append(failure.value))
    stopped: list[None] = []
    backend.stop().addCallback(stopped.append)
    backend.stop().addCallback(stopped.append)
    assert stopped == [None, None]
    assert [type(error) for error in errors] == [StoreUnavailable]
    SqliteBackend(str(tmp_path / "chat.sqlite3"), reactor).stop()
    reactor.run()
