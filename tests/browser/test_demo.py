"""The demo: its panes show the chat, whatever stands at the front."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from browserkit.drive import Browser
from browserkit.server import ChatServer

ELEMENT = """
from twisted.web.template import XMLString
from twistedchat.live.element import LiveElement

class Front(LiveElement):
    jsClass = "FrontThing.FrontWidget"
    docFactory = XMLString("<p>An element of our own</p>")

def make():
    return Front()
"""
SHOWN = "() => document.getElementById('live').textContent === 'An element of our own'"
READY = "() => window.twistedchatDemo && twistedchatDemo.ready()"
SAME = "() => { const found = twistedchatDemo.check(); return found.same && found.lines.length === 2; }"


@pytest.fixture
def element(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The dotted name of an element of the operator's own."""
    (tmp_path / "js").mkdir()
    (tmp_path / "js" / "FrontThing.js").write_text('TwistedChat.widget("FrontThing.FrontWidget", {});')
    (tmp_path / "demo_front.py").write_text(ELEMENT)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    return "demo_front.make"


@pytest.fixture(params=["", "/deep/inside"])
def beside(request: pytest.FixtureRequest, element: str, tmp_path: Path) -> Iterator[ChatServer]:
    """A server with that element at the front, at the root of its host and below a prefix."""
    prefix = [f"--prefix={request.param}"] if request.param else []
    server = ChatServer(tmp_path, f"--element={element}", *prefix).start()
    assert server.url.endswith(f"{request.param}/")
    yield server
    server.stop()


def test_the_demo_shows_the_chat_beside_an_element(chromium: Browser, beside: ChatServer) -> None:
    chromium.open(beside.url).wait_until(SHOWN)
    page = chromium.open(f"{beside.url}demo?room=beside&transports=websocket,xhr-polling")
    page.wait_until(READY)
    page.evaluate("() => document.getElementById('send-all').click()")
    page.wait_until(SAME)
