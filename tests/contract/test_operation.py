"""The process as its operator meets it: start, refusal, daemon, privileges, stop."""

import base64
import contextlib
import json
import os
import pwd
import signal
import socket
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import pytest
from process_kit import ANNOUNCED, BIN, LOCAL, PATIENCE_S, Process, fetch, run, twistd

T = TypeVar("T")

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="changing user needs root")


@pytest.fixture
def busy_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def until(look: Callable[[], T | None]) -> T:
    """Wait for something that another process does and that only asking can tell."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("waited in vain")


def refused(*arguments: str, cwd: Path, tool: str = "twistd") -> str:
    """Run what must refuse to start; return its one line."""
    before = ["-n"] if tool == "twistd" else []
    done = run(BIN / tool, *before, "chat", *arguments, cwd=cwd)
    assert done.returncode == 1
    everything = done.stdout + done.stderr
    assert "Traceback" not in everything
    lines = [line for line in everything.splitlines() if "twistedchat: " in line]
    assert len(lines) == 1, everything
    return lines[0]


def test_it_serves_and_sigterm_ends_it_with_0_within_5_s(tmp_path: Path) -> None:
    with twistd(cwd=tmp_path) as server:
        status, kind, body = fetch(server.url())
        assert (status, kind) == (200, "text/html")
        assert b"<html" in body
        code, seconds = server.end()
    assert code == 0, server.lines
    assert seconds < 5
    assert not [line for line in server.lines if "Traceback" in line or "#critical" in line]
    assert not (tmp_path / "twistd.pid").exists()


def test_sigterm_ends_it_in_time_with_connections_open(tmp_path: Path) -> None:
    with twistd(cwd=tmp_path) as server, contextlib.ExitStack() as stack:
        url = urlsplit(server.url())
        for request in (streaming_request(url.netloc), websocket_request(url.netloc), b"GET / HTTP/1.1\r\n"):
            connection = stack.enter_context(socket.create_connection((url.hostname, url.port), PATIENCE_S))
            connection.sendall(request)
            if request.endswith(b"\r\n\r\n"):
                assert connection.recv(12) in (b"HTTP/1.1 200", b"HTTP/1.1 101")
        code, seconds = server.end()
    assert code == 0
    assert seconds < 5
    assert "Traceback" not in "".join(server.lines)


def streaming_request(host: str) -> bytes:
    return f"POST /comet/000/{'s' * 26}/xhr_streaming HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n".encode()


def websocket_request(host: str) -> bytes:
    key = base64.b64encode(bytes(16)).decode()
    return (
        f"GET /comet/000/{'w' * 26}/websocket HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Origin: http://{host}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
    ).encode()


def test_ctrl_c_ends_it_as_cleanly(tmp_path: Path) -> None:
    with twistd(cwd=tmp_path) as server:
        server.url()
        code, _ = server.end(signal.SIGINT)
    assert code == 0, server.lines
    assert any("SIGINT: stopping" in line for line in server.lines)
    assert not (tmp_path / "twistd.pid").exists()


def test_a_file_says_what_options_do_not(tmp_path: Path) -> None:
    (tmp_path / "chat.toml").write_text('http = "tcp:0:interface=127.0.0.1"\nprefix = "/x"\nstate = "mine"\n')
    with Process([BIN / "twistd", "-n", "chat", "--config=chat.toml", "--prefix=/y"], tmp_path) as server:
        assert server.url().endswith("/y/")
        assert fetch(f"{server.url_found}healthz") == (200, "text/plain", b"ok\n")
        assert server.end()[0] == 0
    assert (tmp_path / "mine" / "secret.key").exists()


def test_every_fault_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "chat.toml").write_text('prefx = "/x"\n[limits]\nmax_rooms = "many"\n')
    done = run(BIN / "twistd", "-n", "chat", "--config=chat.toml", "--http=80", cwd=tmp_path)
    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if line]
    assert len(lines) == 3
    assert all(line.startswith("twistedchat: ") for line in lines)
    assert "chat.toml: prefx: unknown; did you mean 'prefix'?" in done.stderr


def test_a_daemons_log_is_json_too(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    daemon = Daemon(tmp_path / "run", after=("--log-json",))
    try:
        fetch(daemon.url())
        events = [json.loads(line) for line in daemon.log().splitlines()]
        os.kill(daemon.pid, signal.SIGUSR1)
        until(lambda: list(tmp_path.glob("chat.log.*")))
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(daemon.pid, signal.SIGTERM)
        until(lambda: "Server Shut Down." in daemon.log())
    assert {"time", "level", "from", "text"} <= events[0].keys()
    assert any(event["text"].startswith("twistedchat is at http") for event in events)


def test_twist_works_as_well(tmp_path: Path) -> None:
    with Process([BIN / "twist", "--log-format=text", "chat", LOCAL], tmp_path) as server:
        assert fetch(server.url())[0] == 200
        assert server.end()[0] == 0


def test_the_reactor_can_be_chosen(tmp_path: Path) -> None:
    with Process([BIN / "twistd", "-n", "--reactor=asyncio", "chat", LOCAL], tmp_path) as server:
        assert fetch(server.url())[0] == 200
        assert server.end()[0] == 0
    assert any("AsyncioSelectorReactor" in line for line in server.lines)


@pytest.mark.parametrize("tool", ["twistd", "twist"])
def test_a_port_in_use_is_refused_in_one_line(tmp_path: Path, busy_port: int, tool: str) -> None:
    line = refused(f"--http=tcp:{busy_port}:interface=127.0.0.1", cwd=tmp_path, tool=tool)
    assert f"port {busy_port} is in use" in line
    assert not (tmp_path / "twistd.pid").exists()


def test_a_daemon_tells_its_starter_that_the_port_is_in_use(tmp_path: Path, busy_port: int) -> None:
    done = run(BIN / "twistd", "chat", f"--http=tcp:{busy_port}:interface=127.0.0.1", cwd=tmp_path)
    assert done.returncode == 1
    assert f"port {busy_port} is in use" in done.stderr
    assert "Traceback" not in (tmp_path / "twistd.log").read_text()
    assert not (tmp_path / "twistd.pid").exists()


@pytest.mark.parametrize("tool", ["twistd", "twist"])
def test_a_second_process_on_one_state_directory_is_refused_in_one_line(tmp_path: Path, tool: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with twistd("--state=state", cwd=tmp_path) as server:
        server.url()
        line = refused(LOCAL, f"--state={tmp_path / 'state'}", cwd=elsewhere, tool=tool)
        assert f"another twistedchat uses the state directory {tmp_path / 'state'}" in line
        server.end(signal.SIGKILL)
    with twistd("--state=state", "--prefix=/x", cwd=tmp_path) as server:
        assert server.url().endswith("/x/")


@pytest.mark.parametrize(
    ("argument", "told"),
    [
        ("--transports=websockets", "did you mean 'websocket'"),
        ("--http=tcp:eighty", "is not a usable endpoint"),
        ("--element=nosuchmodule.factory", "cannot import nosuchmodule"),
        ("--element=os.nosuch", "os has no 'nosuch'"),
        ("--trusted-proxy=everyone", "is not an address range"),
        ("--nosuch", "option --nosuch not recognized"),
    ],
)
def test_a_wrong_value_is_refused_in_one_line(tmp_path: Path, argument: str, told: str) -> None:
    assert told in refused(argument, cwd=tmp_path)
    assert not (tmp_path / "twistd.pid").exists()


def test_a_value_that_the_machine_refuses_is_told_where_it_was_said(tmp_path: Path) -> None:
    (tmp_path / "chat.toml").write_text('http = "nosuch:1"\n')
    done = run(BIN / "twistd", "-n", "chat", "--config=chat.toml", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("twistedchat: chat.toml: http: 'nosuch:1' is not a usable endpoint")


def test_help_has_examples(tmp_path: Path) -> None:
    done = run(BIN / "twistd", "chat", "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert "Examples:" in done.stdout
    for tool in ("twistd", "twist"):
        told = run(BIN / tool, "chat", "--help", cwd=tmp_path).stdout
        assert told.count("Usage:") == 1, told
    assert list(tmp_path.iterdir()) == []


class Daemon:
    """A daemon in a run directory: started by twistd, which returns; ended at the end of the test."""

    def __init__(self, rundir: Path, *options: str, after: tuple[str, ...] = ()) -> None:
        self.rundir = rundir
        self._log = rundir.parent / "chat.log"
        own = (f"--rundir={rundir}", "--pidfile=chat.pid", f"--logfile={self._log}")
        done = run(BIN / "twistd", *own, *options, "chat", LOCAL, *after, cwd=rundir.parent)
        assert done.returncode == 0, done.stdout + done.stderr
        self.pid = int((rundir.parent / "chat.pid").read_text())

    def url(self) -> str:
        found = until(lambda: ANNOUNCED.search(self._log.read_text()))
        return found.group(1)

    def end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)
        until(lambda: "Server Shut Down." in self._log.read_text())

    def log(self) -> str:
        return self._log.read_text()


def test_a_daemon_keeps_its_state_in_its_run_directory(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    daemon = Daemon(tmp_path / "run")
    try:
        assert fetch(daemon.url())[0] == 200
        assert (tmp_path / "run" / "twistedchat-state" / "secret.key").stat().st_size == 32
        refused(LOCAL, "--state=run/twistedchat-state", cwd=tmp_path)
    finally:
        daemon.end()
    assert not (tmp_path / "chat.pid").exists()
    assert "Traceback" not in daemon.log()


@needs_root
def test_root_binds_and_sheds_privileges_and_the_state_is_the_users(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    nobody = pwd.getpwnam("nobody")
    tmp_path = tmp_path_factory.mktemp("shed")
    for folder in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        folder.chmod(folder.stat().st_mode | stat.S_IXOTH)
    (tmp_path / "run").mkdir()
    os.chown(tmp_path, nobody.pw_uid, nobody.pw_gid)
    daemon = Daemon(tmp_path / "run", f"--uid={nobody.pw_uid}", f"--gid={nobody.pw_gid}")
    try:
        assert fetch(daemon.url())[0] == 200
        status = Path(f"/proc/{daemon.pid}/status").read_text()
        assert f"Uid:\t{nobody.pw_uid}\t{nobody.pw_uid}" in status
        state = tmp_path / "run" / "twistedchat-state"
        assert {path.stat().st_uid for path in (state, *state.iterdir())} == {nobody.pw_uid}
    finally:
        daemon.end()
    assert "Traceback" not in daemon.log()


def test_the_key_is_the_same_after_a_restart(tmp_path: Path) -> None:
    keys = []
    for _ in range(2):
        with twistd(cwd=tmp_path) as server:
            server.url()
            assert server.end()[0] == 0
        keys.append((tmp_path / "twistedchat-state" / "secret.key").read_bytes())
    assert keys[0] == keys[1]


def test_it_serves_behind_the_proxy_protocol(tmp_path: Path) -> None:
    with Process(
        [BIN / "twistd", "-n", "chat", "--http=haproxy:tcp:0:interface=127.0.0.1"], tmp_path
    ) as server:
        url = urlsplit(server.url())
        with socket.create_connection((url.hostname, url.port), PATIENCE_S) as connection:
            line = "PROXY TCP4 203.0.113.9 127.0.0.1 40000 80\r\n"
            connection.sendall(
                f"{line}GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode()
            )
            assert connection.recv(12) == b"HTTP/1.1 200"
        assert server.end()[0] == 0


def test_it_serves_on_a_unix_socket(tmp_path: Path) -> None:
    with Process([BIN / "twistd", "-n", "chat", f"--http=unix:{tmp_path / 's'}"], tmp_path) as server:
        assert server.url() == f"unix:{tmp_path / 's'}"
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PATIENCE_S)
            connection.connect(str(tmp_path / "s"))
            connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert connection.recv(12) == b"HTTP/1.1 200"
        assert server.end()[0] == 0
    assert not (tmp_path / "s").exists()
