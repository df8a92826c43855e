"""Over real sockets: what memory cannot show. Attacks come while an honest client goes on."""

import contextlib
import http.client
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from process_kit import Process, twistd
from sockjs_kit import KEY, array, masked, unframed


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with twistd("--sockjs-test", cwd=tmp_path_factory.mktemp("real")) as process:
        process.address = urlsplit(process.url())  # type: ignore[attr-defined]
        yield process
        code, _ = process.end()
        assert code == 0
        assert not [line for line in process.lines if "Traceback" in line], "".join(process.lines)


@pytest.fixture
def port(server: Process) -> int:
    return int(server.address.port)  # type: ignore[attr-defined]


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=20)


def request(method: str, path: str, *headers: str, body: bytes = b"", version: str = "1.1") -> bytes:
    lines = [f"{method} {path} HTTP/{version}", "Host: 127.0.0.1", *headers]
    if method == "POST":
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def read_until(sock: socket.socket, end: bytes) -> bytes:
    data = b""
    while end not in data:
        more = sock.recv(65536)
        assert more, data[-200:]
        data += more
    return data


def to_the_end(sock: socket.socket) -> bytes:
    data = b""
    with contextlib.suppress(ConnectionResetError):
        while more := sock.recv(65536):
            data += more
    return data


def send(port: int, session: str, *messages: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("POST", f"/echo/0/{session}/xhr_send", array(*messages).encode())
    status = connection.getresponse().status
    connection.close()
    return status


def honest(port: int, session: str) -> None:
    """Somebody who only wants to chat."""
    with connect(port) as sock:
        sock.sendall(request("POST", f"/echo/0/{session}/xhr"))
        read_until(sock, b"o\n")
        assert send(port, session, "hello") == 204
        sock.sendall(request("POST", f"/echo/0/{session}/xhr"))
        read_until(sock, b'a["hello"]\n')


def memory_kb(server: Process) -> int:
    status = Path(f"/proc/{server._process.pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+)", status)
    assert found
    return int(found[1])


def test_http10_streams_and_ends_by_closing(port: int) -> None:
    with connect(port) as sock:
        sock.sendall(request("POST", "/echo/0/ten/xhr_streaming", version="1.0"))
        data = read_until(sock, b"o\n")
        assert b"Transfer-Encoding" not in data and b"Content-Length" not in data
        send(port, "ten", "x" * 5000)
        assert to_the_end(sock).endswith(b'xxx"]\n')


def test_one_connection_carries_many_polls_and_streams(port: int) -> None:
    with connect(port) as sock:
        sock.sendall(request("POST", "/echo/0/many/xhr"))
        read_until(sock, b"o\n")
        for number in range(20):
            send(port, "many", str(number), "x" * 5000)
            sock.sendall(request("POST", "/echo/0/many/xhr_streaming" if number % 2 else "/echo/0/many/xhr"))
            read_until(sock, b"0\r\n\r\n" if number % 2 else b'xxx"]\n')


def test_a_websocket_after_other_requests_on_its_connection(port: int) -> None:
    with connect(port) as sock:
        sock.sendall(request("GET", "/echo/info"))
        read_until(sock, b"}")
        upgrade = (
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {KEY}",
        )
        sock.sendall(request("GET", "/echo/0/ws/websocket", *upgrade))
        read_until(sock, b"\x81\x01o")
        sock.sendall(masked(array("x" * 100_000).encode()))
        got = read_until(sock, b'xxx"]')
        assert unframed(got)[0][1] == array("x" * 100_000).replace("[", "a[").encode()


def test_a_half_closed_stream_is_over(port: int) -> None:
    with connect(port) as sock:
        sock.sendall(request("POST", "/echo/0/half/xhr_streaming"))
        read_until(sock, b"o\n")
        sock.shutdown(socket.SHUT_WR)
        to_the_end(sock)
    with connect(port) as sock:
        sock.sendall(request("POST", "/echo/0/half/xhr"))
        read_until(sock, b'c[1002,"Connection interrupted"]\n')


def test_one_that_never_reads_costs_little_and_disturbs_nobody(server: Process, port: int) -> None:
    before = memory_kb(server)
    with connect(port) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        upgrade = (
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {KEY}",
        )
        sock.sendall(request("GET", "/echo/0/deaf/websocket", *upgrade))
        frame = masked(array("x" * 100_000).encode())
        sock.settimeout(1)
        with contextlib.suppress(OSError):
            for _ in range(400):
                sock.sendall(frame)
        honest(port, "beside-deaf")
    assert memory_kb(server) - before < 64 * 1024


def test_too_big_a_body_gets_413_and_costs_nothing(server: Process, port: int) -> None:
    before = memory_kb(server)
    with connect(port) as sock:
        sock.sendall(
            b"POST /echo/0/big/xhr_send HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 60000000\r\n\r\n"
        )
        with contextlib.suppress(OSError):
            for _ in range(60):
                sock.sendall(b"x" * 1_000_000)
        assert to_the_end(sock).startswith(b"HTTP/1.1 413 ")
    honest(port, "beside-big")
    assert memory_kb(server) - before < 64 * 1024


def test_slow_ones_by_the_hundred_disturb_nobody(server: Process, port: int) -> None:
    before = memory_kb(server)
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(connect(port)) for _ in range(300)]
        for sock in slow:
            sock.sendall(
                b"POST /echo/0/slow/xhr_send HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 90000\r\n\r\n"
                + b"x" * 9000
            )
        for number in range(5):
            honest(port, f"beside-slow-{number}")
        assert memory_kb(server) - before < 64 * 1024
        started = time.monotonic()
        assert to_the_end(slow[0]) == b"" and time.monotonic() - started < 20, "and they are cut"


def test_rubbish_gets_an_answer(port: int) -> None:
    for data in (
        b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"\0" * 100 + b"\r\n\r\n",
    ):
        with connect(port) as sock:
            sock.sendall(data)
            assert re.match(rb"HTTP/1.1 4\d\d ", sock.recv(65536))
    honest(port, "after-rubbish")
