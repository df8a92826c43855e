"""Browsers and servers for the tests in this folder, each started once; what is missing is the reason of a skip."""

from collections.abc import Iterator

import pytest
from browserkit import chromium as _chromium
from browserkit import firefox as _firefox
from browserkit.drive import Browser
from browserkit.server import ChatServer, ForeignSite

MISSING = "no {} here; `make test-deps` installs what the tests use"


@pytest.fixture(scope="session")
def chromium_process() -> Iterator[Browser]:
    """Chromium, started at the first test that wants it."""
    if _chromium.program() is None:
        pytest.skip(MISSING.format("chromium"))
    browser = _chromium.Chromium()
    yield browser
    browser.quit()


@pytest.fixture(scope="session")
def firefox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Firefox, started at the first test that wants it."""
    if _firefox.program() is None:
        pytest.skip(MISSING.format("firefox-esr"))
    browser = _firefox.Firefox(tmp_path_factory.mktemp("firefox"))
    yield browser
    browser.quit()


@pytest.fixture
def chromium(chromium_process: Browser) -> Iterator[Browser]:
    """Chromium without any page."""
    yield chromium_process
    chromium_process.close_pages()


@pytest.fixture
def firefox(firefox_process: Browser) -> Iterator[Browser]:
    """Firefox without any page."""
    yield firefox_process
    firefox_process.close_pages()


@pytest.fixture(params=["chromium", "firefox"])
def browser(request: pytest.FixtureRequest) -> Browser:
    """Each browser in turn."""
    wanted: Browser = request.getfixturevalue(request.param)
    return wanted


@pytest.fixture(scope="session")
def foreign() -> Iterator[ForeignSite]:
    """A site of another origin."""
    site = ForeignSite()
    yield site
    site.stop()


@pytest.fixture(scope="session")
def server_process(tmp_path_factory: pytest.TempPathFactory, foreign: ForeignSite) -> Iterator[ChatServer]:
    """The server that most tests share: that site may use it, and it has the protocol's test endpoints."""
    options = ["--sockjs-test", "--allow-origin", foreign.origin]
    server = ChatServer(tmp_path_factory.mktemp("server"), *options).start()
    yield server
    server.stop()


@pytest.fixture
def server(server_process: ChatServer) -> Iterator[ChatServer]:
    """The shared server; a traceback in its log fails the test."""
    yield server_process
    assert server_process.new_tracebacks() == ""
