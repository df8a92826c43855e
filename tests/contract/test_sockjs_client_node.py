"""The real sockjs-client 1.6.1 in Node, over every transport that it has there."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from process_kit import PATIENCE_S, twistd

HERE = Path(__file__).parent
CACHE = HERE.parent.parent / "var" / "sockjs-client"
VERSION = "1.6.1"
TEXTS = [
    "100% sure",
    "</script><script>alert(1)</script>",
    "\u2028\u2029",
    "\U0001f600 astral",
    "NUL \x00 and \x1f",
    "x" * 100_000,
    "",
    "\ud800 alone",
]


def unavailable(reason: str) -> Path:
    """Skip, or fail where everything is asked for."""
    if os.environ.get("TWISTEDCHAT_REQUIRE_ALL") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def client() -> Path:
    """The folder into which npm has installed the client."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        return unavailable("node and npm are not there (make test-deps installs them)")
    manifest = CACHE / "node_modules" / "sockjs-client" / "package.json"
    if not manifest.is_file() or json.loads(manifest.read_text())["version"] != VERSION:
        CACHE.mkdir(parents=True, exist_ok=True)
        (CACHE / "package.json").write_text('{"private": true}')
        command = [
            "npm",
            "install",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            f"sockjs-client@{VERSION}",
        ]
        done = subprocess.run(command, cwd=CACHE, capture_output=True, text=True, timeout=90, check=False)
        if done.returncode:
            return unavailable(f"npm could not install sockjs-client {VERSION}: {done.stderr.strip()[-300:]}")
    return CACHE


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with twistd("--sockjs-test", cwd=tmp_path_factory.mktemp("echo")) as process:
        yield process.url().rstrip("/")


def echo(client: Path, url: str, transport: str, texts: list[str]) -> dict[str, object]:
    done = subprocess.run(
        ["node", str(HERE / "sockjs_echo.js"), str(client), url, transport],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("transport", ["websocket", "xhr-streaming", "eventsource", "xhr-polling"])
@pytest.mark.parametrize("mount", ["echo", "cookie_needed_echo"])
def test_awkward_text_comes_back(client: Path, server: str, mount: str, transport: str) -> None:
    found = echo(client, f"{server}/{mount}", transport, TEXTS)
    assert found["transport"] == transport
    assert found["back"] == [*TEXTS[:-1], "\ufffd alone"]
    assert found["code"] == 1000


@pytest.mark.parametrize("transport", ["websocket", "xhr-streaming", "eventsource", "xhr-polling"])
def test_the_servers_close_code_arrives(client: Path, server: str, transport: str) -> None:
    assert echo(client, f"{server}/close", transport, ["x"])["code"] == 3000


def test_a_disabled_websocket_is_not_tried(client: Path, server: str) -> None:
    assert echo(client, f"{server}/disabled_websocket_echo", "websocket", ["x"])["code"] == 2000
