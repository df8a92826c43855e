"""Live objects in a klein site of one's own: page, scripts, connections, and an end that leaves nothing behind."""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from klein import Klein
from twisted.internet.task import Clock
from twisted.python.filepath import FilePath
from twisted.web.resource import getChildForRequest
from twisted.web.server import Site
from twisted.web.template import flattenString, tags
from twisted.web.test.requesthelper import DummyRequest

from twistedchat.core import codes
from twistedchat.live.element import LiveElement, expose
from twistedchat.live.scripts import MissingScript
from twistedchat.paths import static_dir
from twistedchat.testing import TRANSPORTS, Client, MemoryHouse
from twistedchat.testing.http import Answer, Http
from twistedchat.web.live import LiveResource

SCRIPT = "TwistedChat.widget('OwnThing.OwnWidget', {});"


class Own(LiveElement):
    """Knows how it fares."""

    jsClass = "OwnThing.OwnWidget"

    def __init__(self, made: list["Own"], script: Path) -> None:
        super().__init__()
        self.jsModule = FilePath(str(script))
        self.lost: list[str] = []
        made.append(self)

    @expose
    def shout(self, text: str) -> str:
        """Answer louder."""
        return text.upper()

    def connectionLost(self, reason: str) -> None:
        self.lost.append(reason)


class OwnSite(MemoryHouse):
    """A klein site with a page of its own at / and live objects at /live, in memory."""

    def __init__(self, folder: Path) -> None:
        self.script = folder / "OwnThing.js"
        self.script.write_text(SCRIPT)
        self.made: list[Own] = []
        super().__init__()

    def start(self) -> None:
        """Start the site."""
        app = Klein()
        live = self.live = LiveResource(lambda: Own(self.made, self.script), "/live/", reactor=self.clock)

        @app.route("/")
        def front(request: Any) -> Any:
            return flattenString(request, tags.html(live.body(tags.h1("Ours"))))

        @app.route("/live/", branch=True)
        def live_objects(request: Any) -> LiveResource:
            return live

        self._own_site = Site(app.resource(), reactor=self.clock)
        self._own_site.doStart()
        self.network.factory = self._own_site

    def get(self, path: str) -> Answer:
        """Fetch something."""
        http = Http(self.network, "127.0.0.1", ())
        answer = self.run(http.request("GET", path))
        http.close()
        self.settle()
        return answer

    def end(self) -> None:
        """Stop clients and site; nothing may be left in the clock."""
        for client in self.clients:
            client.stop()
        self.run(self.live.stop())
        self.network.factory = None
        self._own_site.doStop()
        self.advance(120)
        assert self.clock.getDelayedCalls() == []


@pytest.fixture
def site(tmp_path: Path) -> Iterator[OwnSite]:
    made = OwnSite(tmp_path)
    yield made
    made.end()


def visit(site: OwnSite, transport: str, **options: Any) -> Client:
    client = site.client(base="/live/comet", root="element")
    site.run(client.connect(transport, **options))
    return client


def fetch_static(live: LiveResource, path: str) -> tuple[bytes, str]:
    """Return a file as the resource serves it, and how long it may be kept; twisted.web reads files by the real clock."""
    request: Any = DummyRequest([part.encode() for part in path.removeprefix("/live/").split("/")])
    request.path = path.encode()
    request.render(getChildForRequest(live, request))
    assert request.responseCode in (None, 200)
    [cached] = request.responseHeaders.getRawHeaders("cache-control")
    return b"".join(request.written), cached


def test_the_page_has_what_the_element_needs(site: OwnSite) -> None:
    page = site.get("/").body.decode()
    assert re.search(r'<body data-comet="/live/comet" data-root="element" data-transports="websocket,', page)
    assert page.index("<h1>Ours</h1>") < page.index('id="live"') < page.index('id="live-status"')
    scripts = re.findall(r'<script src="/live/static/([^"]+)"></script>', page)
    shell = (static_dir() / "live.html").read_text()
    assert scripts == re.findall(r'<script src="static/([^"]+)"></script>', shell)
    for name in scripts:
        body, cached = fetch_static(site.live, f"/live/static/{name}")
        assert body == (static_dir() / name).read_bytes()
        assert cached == ("public, max-age=31536000, immutable" if "vendor/" in name else "no-cache")


@pytest.mark.parametrize("brief", [False, True])
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_page_calls_its_element_over_every_transport(site: OwnSite, transport: str, brief: bool) -> None:
    client = visit(site, transport, brief=brief)
    assert site.run(client.call("shout", "hello")) == "HELLO"
    assert client.peer.elements == {1: "OwnThing.OwnWidget"}
    assert len(site.made) == 1


def test_the_script_of_the_element_is_served_under_its_content_hash(site: OwnSite) -> None:
    url = site.live.live.scripts.url(Own([], site.script))
    assert url is not None and re.fullmatch(r"/live/js/[0-9a-f]{24}/OwnThing\.js", url)
    answer = site.get(url)
    assert (answer.status, answer.body) == (200, SCRIPT.encode())
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    for path in ("/live/js/", "/live/js/" + "0" * 24 + "/OwnThing.js"):
        assert site.get(path).status == 404


@pytest.mark.parametrize(
    "path", ["/live/", "/live/static/", "/live/static/vendor/", "/live/nothing", "/live/static/../live.py"]
)
def test_nothing_else_is_served(site: OwnSite, path: str) -> None:
    assert site.get(path).status == 404


def test_the_frame_of_the_iframe_transports_finds_the_scripts(site: OwnSite) -> None:
    [sockjs] = re.findall(r'src="([^"]+sockjs[^"]+)"', site.get("/live/comet/iframe.html").body.decode())
    assert fetch_static(site.live, sockjs)[0] == (static_dir() / sockjs[len("/live/static/") :]).read_bytes()


def test_pages_that_are_only_fetched_make_no_element(site: OwnSite) -> None:
    for _ in range(200):
        assert site.get("/").status == 200
    assert site.made == []


def test_the_end_tells_the_pages_and_their_elements(site: OwnSite) -> None:
    client = visit(site, "websocket")
    site.run(site.live.stop())
    assert site.made[0].lost == [codes.SHUTTING_DOWN.reason]
    assert not client.peer.ready
    http = Http(site.network, "127.0.0.1", ())
    assert site.run(http.request("POST", "/live/comet/0/abcdefgh/xhr")).status == 503


class Scriptless(LiveElement):
    """Has no script."""

    jsClass = "NoSuchThing.NoWidget"


def make_scriptless() -> Scriptless:
    return Scriptless()


@pytest.mark.parametrize("factory", [Scriptless, make_scriptless])
def test_a_script_that_is_missing_is_told_at_the_start(factory: Any) -> None:
    with pytest.raises(
        MissingScript, match=r"NoSuchThing\.NoWidget should be defined in .*/js/NoSuchThing\.js"
    ):
        LiveResource(factory, "/live", reactor=Clock())


@pytest.mark.parametrize("factory", [partial(make_scriptless), lambda: Scriptless()])
def test_a_factory_that_does_not_say_what_it_makes_is_not_looked_at(factory: Any) -> None:
    assert LiveResource(factory, "/live", reactor=Clock()).live.clients == {}


def test_a_body_is_flattened_anywhere() -> None:
    clock = Clock()
    live = LiveResource(LiveElement, "/deep/inside", reactor=clock)
    found: list[bytes] = []
    flattenString(None, live.body()).addCallback(found.append)
    assert b'data-comet="/deep/inside/comet"' in found[0]
    live.stop()
    clock.advance(1)
    assert clock.getDelayedCalls() == []
