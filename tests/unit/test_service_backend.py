"""The service opens the store that the settings name, and lets go of it in the end, whichever end that is."""

from pathlib import Path

import pytest
from twisted.internet.testing import MemoryReactorClock

from twistedchat.backends.memory import MemoryBackend
from twistedchat.backends.sqlite import SqliteBackend
from twistedchat.config import Refusal, Settings
from twistedchat.service import make_service


def settings(tmp_path: Path, **options: object) -> Settings:
    return Settings(http=("tcp:0",), state_dir=str(tmp_path / "state"), **options)


def test_a_service_keeps_its_store_in_its_state_directory_and_frees_both(tmp_path: Path) -> None:
    for _ in range(2):
        reactor = MemoryReactorClock()
        service = make_service(settings(tmp_path), reactor)
        backend = service.house.backend
        assert isinstance(backend, SqliteBackend)
        assert backend.path == str(tmp_path / "state" / "chat.sqlite3")
        stopped: list[object] = []
        service.stopService().addCallback(stopped.append)
        assert stopped == []
        reactor.advance(1)
        assert len(stopped) == 1
        assert reactor.getDelayedCalls() == []


def test_a_service_that_cannot_be_made_frees_the_store(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(Refusal, match=r"no\.such"):
            make_service(settings(tmp_path, element="no.such.factory"), MemoryReactorClock())


def test_a_store_that_cannot_be_opened_is_told_in_one_line_and_frees_the_state(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(mode=0o700)
    file = tmp_path / "state" / "chat.sqlite3"
    file.write_text("a letter to Ada, which is longer than any header\n" * 100)
    for _ in range(2):
        with pytest.raises(Refusal, match="it is not a SQLite database"):
            make_service(settings(tmp_path), MemoryReactorClock())
    file.unlink()
    reactor = MemoryReactorClock()
    service = make_service(settings(tmp_path, backend="memory:"), reactor)
    assert isinstance(service.house.backend, MemoryBackend)
    assert not file.exists()
    service.stopService()
    reactor.advance(1)
