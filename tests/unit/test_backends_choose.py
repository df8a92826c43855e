"""From the operator's URL to a backend."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.testing import MemoryReactorClock
from zope.interface.verify import verifyObject

import twisted.plugins
from twistedchat.backends.choose import MAKERS, make_backend, sqlite_path
from twistedchat.backends.memory import MemoryBackend
from twistedchat.backends.sqlite import SqliteBackend
from twistedchat.config import Refusal, Settings
from twistedchat.interfaces import IBackendMaker

PLUGIN = """
from zope.interface import implementer
from twisted.plugin import IPlugin
from twistedchat.interfaces import IBackendMaker

@implementer(IPlugin, IBackendMaker)
class Maker:
    scheme = "toy"
    def make(self, url, settings, reactor):
        return ("made", url, settings.state_dir)

maker = Maker()
"""


def make(url: str, state_dir: Path | None = None) -> Any:
    backend: Any = make_backend(
        Settings(backend=url, state_dir=str(state_dir) if state_dir else None), MemoryReactorClock()
    )
    return backend


def refusal(url: str) -> str:
    with pytest.raises(Refusal) as caught:
        make(url)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Add a module of plugins to those that Twisted finds."""
    monkeypatch.setattr(twisted.plugins, "__path__", [*twisted.plugins.__path__, str(tmp_path)])

    def add(text: str) -> None:
        (tmp_path / "toy_store_plugin.py").write_text(text)

    return add


def test_every_maker_keeps_its_interface() -> None:
    for scheme, maker in MAKERS.items():
        assert verifyObject(IBackendMaker, maker)
        assert maker.scheme == scheme


def test_without_a_choice_it_is_a_file_in_the_state_directory(tmp_path: Path) -> None:
    backend = make(Settings().backend, tmp_path)
    assert isinstance(backend, SqliteBackend)
    assert (tmp_path / "chat.sqlite3").exists()
    backend.stop()


def test_without_a_state_directory_it_is_memory() -> None:
    assert isinstance(make(Settings().backend), MemoryBackend)


def test_a_relative_path_counts_from_the_state_directory(tmp_path: Path) -> None:
    assert sqlite_path("sqlite:", str(tmp_path)) == str(tmp_path / "chat.sqlite3")
    assert sqlite_path("sqlite:a/b", str(tmp_path)) == str(tmp_path / "a" / "b")
    assert sqlite_path("sqlite:/a/b", str(tmp_path)) == "/a/b"
    assert sqlite_path("sqlite:/a/b", None) == "/a/b"
    assert sqlite_path("sqlite:", None) is None


def test_memory_can_be_chosen_and_takes_nothing_else(tmp_path: Path) -> None:
    assert isinstance(make("memory:", tmp_path), MemoryBackend)
    assert list(tmp_path.iterdir()) == []
    assert "takes nothing behind the colon" in refusal("memory:big")


@pytest.mark.parametrize("url", ["sqllite:x", "sqlite", "SQLITE:x", "sqlit", "", "mem:"])
def test_an_unknown_scheme_is_refused_with_the_nearest_known_one(url: str) -> None:
    near = "memory:" if url.startswith("mem") else "sqlite:"
    assert url == "" or f"did you mean {near}?" in refusal(url)
    assert refusal(url).startswith("backend: no backend is called ")


def test_where_none_is_near_the_known_ones_are_told() -> None:
    assert (
        refusal("postgres:x")
        == "backend: no backend is called postgres:; known are memory:, redis:, rediss:, sqlite:"
    )


def test_a_refusal_shows_nothing_of_what_follows_the_scheme() -> None:
    assert "sesame" not in refusal("sqlit://me:sesame@host")


def test_a_plugin_adds_a_backend(tmp_path: Path, plugins: Callable[[str], None]) -> None:
    plugins(PLUGIN)
    assert make("toy:anything", tmp_path / "s") == ("made", "toy:anything", str(tmp_path / "s"))
    assert "did you mean toy:?" in refusal("toys:x")
