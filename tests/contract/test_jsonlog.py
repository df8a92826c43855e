"""The example of a backend of one's own keeps the contract, and is found as a plugin."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from process_kit import BIN, LOCAL, Process

from twistedchat.core.errors import StoreUnavailable
from twistedchat.interfaces import IBackend
from twistedchat.testing.backends import BackendContract, message_id, settled

EXAMPLE = Path(__file__).parents[2] / "examples" / "jsonlog"


@pytest.fixture
def make_backend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Any]]:
    monkeypatch.syspath_prepend(str(EXAMPLE))
    from jsonlog import JsonLog

    made = []

    def make() -> Any:
        made.append(JsonLog(tmp_path / "chat.jsonlog"))
        return made[-1]

    yield make
    for backend in made:
        backend.stop()
    del sys.modules["jsonlog"]


class TestJsonLog(BackendContract):
    """The suite; the fixture is the module's."""


def test_a_line_that_a_crash_cut_short_is_as_if_it_never_was(
    make_backend: Callable[[], IBackend], tmp_path: Path
) -> None:
    backend = make_backend()
    for number in range(3):
        settled(backend.append("room/x", "ann", message_id(number), "[]", 1.0))
    backend.stop()
    file = tmp_path / "chat.jsonlog"
    file.write_bytes(file.read_bytes()[:-5])
    again = make_backend()
    assert [entry.offset for entry in settled(again.read("room/x", 0, 9))] == [1, 2]
    assert settled(again.append("room/x", "ann", message_id(2), "[]", 1.0)).entry.offset == 3


def test_after_its_end_it_is_unavailable(make_backend: Callable[[], IBackend]) -> None:
    backend = make_backend()
    backend.stop()
    with pytest.raises(StoreUnavailable):
        settled(backend.append("room/x", "ann", message_id(1), "[]", 1.0))


def test_the_server_finds_it_by_its_name(tmp_path: Path) -> None:
    environment = ["/usr/bin/env", f"PYTHONPATH={EXAMPLE}"]
    command = [*environment, BIN / "twistd", "-n", "chat", LOCAL, "--backend=jsonlog:"]
    with Process(command, tmp_path) as server:
        server.url()
        assert server.end()[0] == 0, server.lines
    assert (tmp_path / "twistedchat-state" / "chat.jsonlog").exists()
