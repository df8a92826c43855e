"""A room that a program deleted is gone from the disk too: another of its name, after a restart, begins anew."""

import json
import urllib.request
from pathlib import Path
from typing import Any

from process_kit import PATIENCE_S, Process, twistd

KEY = "k" * 43
CONFIG = f"""
[[api_keys]]
name = "shop"
may = ["post", "look", "rooms"]
key = "{KEY}"
"""


def ask(server: Process, method: str, path: str, body: Any = None) -> Any:
    """Send one request; return its status and what it is answered."""
    request = urllib.request.Request(
        f"{server.url_found.rstrip('/')}/api{path}",
        None if body is None else json.dumps(body).encode(),
        {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"},
        method=method,
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=PATIENCE_S) as answer:
        text = answer.read()
        return answer.status, json.loads(text) if text else None


def test_a_deleted_room_does_not_come_back_with_a_restart(tmp_path: Path) -> None:
    config = tmp_path / "chat.toml"
    config.write_text(CONFIG)
    config.chmod(0o600)
    secret = "three violet herons at noon"
    with twistd("--config=chat.toml", cwd=tmp_path) as server:
        server.ready()
        for title in ("Club", "Kept"):
            ask(server, "POST", "/rooms", {"title": title, "kind": "unlisted"})
            for number in range(3):
                ask(server, "POST", f"/rooms/{title}/messages", {"text": f"{secret} {title} {number}"})
        assert ask(server, "DELETE", "/rooms/Club") == (204, None)
        assert server.end()[0] == 0
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("twistedchat-state/chat.sqlite3*"))
    assert f"{secret} Kept 2".encode() in stored
    assert f"{secret} Club".encode() not in stored
    with twistd("--config=chat.toml", cwd=tmp_path) as server:
        server.ready()
        _, found = ask(server, "GET", "/rooms")
        assert [room["title"] for room in found["rooms"]] == ["Kept", "Lobby"]
        assert ask(server, "POST", "/rooms", {"title": "Club"})[0] == 201
        assert ask(server, "POST", "/rooms/Club/messages", {"text": "anew"})[1]["offset"] == 1
        assert ask(server, "POST", "/rooms/Kept/messages", {"text": "on"})[1]["offset"] == 4
        assert server.end()[0] == 0
