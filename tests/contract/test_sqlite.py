"""The SQLite backend keeps the contract, by its real threads on a real file."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet import reactor
from twisted.internet.defer import Deferred

from twistedchat.backends.sqlite import SqliteBackend
from twistedchat.interfaces import IBackend
from twistedchat.testing.backends import BackendContract
from twistedchat.testing.waiting import wait, waiting


@waiting
class TestSqlite(BackendContract):
    @pytest.fixture
    def make_backend(self, tmp_path: Path) -> Iterator[Callable[[], IBackend]]:
        made: list[SqliteBackend] = []

        def make() -> SqliteBackend:
            made.append(SqliteBackend(str(tmp_path / "chat.sqlite3"), reactor))
            return made[-1]

        yield make
        for backend in made:
            self.wait(backend.stop())

    def wait(self, deferred: "Deferred[Any]") -> Any:
        return wait(deferred)
