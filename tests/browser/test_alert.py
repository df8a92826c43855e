"""An alert from a program around the chat reaches everyone in it, whichever room they are in."""

import signal
import sys
from pathlib import Path

from browserkit.chatter import enter
from browserkit.drive import Browser
from browserkit.process import Process
from browserkit.server import LOCAL, ROOT, START_S, STOP_S

SHOWN = "() => document.querySelector('#alerts .alert') !== null"


def test_an_alert_is_shown_in_every_room(chromium: Browser, firefox: Browser, tmp_path: Path) -> None:
    twistd = [str(Path(sys.executable).parent / "twistd"), "-n", "--pidfile=", "-y", "examples/announce.tac"]
    where = {"CHAT_HTTP": f"tcp:0:{LOCAL}", "CHAT_STATE": str(tmp_path / "state"), "PYTHONUNBUFFERED": "1"}
    server = Process(twistd, ROOT, where)
    url = server.wait_for(r"twistedchat is at (\S+)", START_S)[1]
    pages = [
        enter(chromium, url, "Ada", "lobby", "websocket").page,
        enter(firefox, url, "Bob", "kitchen", "xhr-polling").page,
    ]
    server.signal(signal.SIGUSR1)
    for page in pages:
        page.wait_until(SHOWN)
        assert "Tea is ready." in page.evaluate("() => document.querySelector('#alerts').textContent")
    server.stop(STOP_S)
    assert not any("Traceback" in line for line in server.lines)
