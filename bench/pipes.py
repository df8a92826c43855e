"""The client's half of each SockJS transport.

A pipe has two modes: at first it decodes frames and hands them to its session; once ``counting`` it only counts marks in
what arrives, as cheaply as Python can, and asks for more where the transport needs it.
"""

import json
import re
from collections import deque
from collections.abc import Callable, Iterator
from urllib.parse import unquote

from bench.loop import BenchError, Connection, Loop

MARK = b"#@"
"""Stands once in each message that is measured, and nowhere else."""

_HEAD_END = b"\r\n\r\n"
_LAST_CHUNK = b"0\r\n\r\n"
_LENGTH = re.compile(rb"\r\nContent-Length: *(\d+)", re.IGNORECASE)
_CLOSED = re.compile(rb'(?:^|[\n ])c\[\d|p\("c\[')
_SCRIPT = re.compile(rb'p\(("(?:[^"\\]|\\.)*")\);')


class Tally:
    """Deliveries counted over all pipes of one run."""

    __slots__ = ("got",)

    def __init__(self) -> None:
        self.got = 0


def browser_headers(port: int) -> str:
    """The headers that a browser of today sends with every request, so that both servers parse a fair amount."""
    return (
        f"Host: 127.0.0.1:{port}\r\nConnection: keep-alive\r\n"
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/140.0.0.0 Safari/537.36\r\n"
        f"Accept: */*\r\nOrigin: http://127.0.0.1:{port}\r\nReferer: http://127.0.0.1:{port}/\r\n"
        "Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-US,en;q=0.9\r\n"
    )


def check_status(head: bytes, wanted: bytes) -> None:
    """Raise BenchError unless a response's head has the wanted status."""
    if head[9:12] != wanted:
        raise BenchError(f"wanted status {wanted.decode()}, got: {head[:300]!r}")


class Pipe(Connection):
    """One client's receiving connection.

    Attributes:
        counting: False while frames go to ``on_frame``.
        got: marks counted.
        on_frame: takes a decoded frame.
        on_odd: takes the bytes of what arrived without a mark while counting.
    """

    def __init__(self, loop: Loop, port: int, source: str, session_id: str, tally: Tally) -> None:
        super().__init__(loop, port, source)
        self.session_id, self.tally = session_id, tally
        self.counting = False
        self.got = 0
        self.buffer = b""
        self.on_frame: Callable[[str], None] = lambda frame: None
        self.on_odd: Callable[[bytes], None] = lambda data: None
        self.open()

    @property
    def base(self) -> str:
        """The session's URL path."""
        return f"/comet/000/{self.session_id}"

    def open(self) -> None:
        """Send the first request."""
        raise NotImplementedError

    def send(self, *messages: str) -> None:
        """Send messages to the server."""
        raise NotImplementedError

    @property
    def between(self) -> bool:
        """True when nothing is half received, so that ``counting`` may begin."""
        return not self.buffer

    def count(self, data: bytes) -> None:
        """Add the marks in ``data``; hand over what has none."""
        marks = data.count(MARK)
        if marks:
            self.got += marks
            self.tally.got += marks
        else:
            if _CLOSED.search(data):
                raise BenchError(f"session closed: {data[-200:]!r}")
            self.on_odd(data)


class WebSocketPipe(Pipe):
    """``/websocket``. Frames of the client are masked with zeros: valid, and free of work for the generator."""

    def open(self) -> None:
        """Send the upgrade request."""
        self._upgraded = False
        self.write(
            f"GET {self.base}/websocket HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n".encode()
            + browser_headers(self.port).replace("keep-alive", "Upgrade").encode()
            + b"\r\n"
        )

    def send_frame(self, data: bytes, opcode: int = 1) -> bytes:
        """Return a client's frame."""
        size = len(data)
        head = (
            bytes((0x80 | opcode, 0x80 | size))
            if size < 126
            else bytes((0x80 | opcode, 0xFE)) + size.to_bytes(2, "big")
        )
        return head + b"\0\0\0\0" + data

    def send(self, *messages: str) -> None:
        """Send each message as a frame of its own, all in one write."""
        self.write(b"".join(self.send_frame(json.dumps([message]).encode()) for message in messages))

    def received(self, data: bytes) -> None:
        """Take frames; the usual case, exactly one text frame, first."""
        if (
            self.counting
            and not self.buffer
            and data[:2] == b"\x81\x7e"
            and int.from_bytes(data[2:4], "big") + 4 == len(data)
        ):
            self.count(data)
            return
        self.buffer += data
        if not self._upgraded:
            head, found, rest = self.buffer.partition(_HEAD_END)
            if not found:
                return
            check_status(head, b"101")
            self._upgraded, self.buffer = True, rest
        for opcode, payload in self._frames():
            self._frame(opcode, payload)

    def _frames(self) -> Iterator[tuple[int, bytes]]:
        while len(self.buffer) >= 2:
            size, start = self.buffer[1], 2
            if size >= 126:
                start = 4 if size == 126 else 10
                size = int.from_bytes(self.buffer[2:start], "big")
            if len(self.buffer) < start + size:
                return
            opcode, payload = self.buffer[0] & 15, self.buffer[start : start + size]
            self.buffer = self.buffer[start + size :]
            yield opcode, payload

    def _frame(self, opcode: int, payload: bytes) -> None:
        if opcode == 9:
            self.write(self.send_frame(payload, 10))
        elif opcode == 8:
            raise BenchError(f"websocket closed: {payload!r}")
        elif opcode == 1 and self.counting:
            self.count(payload)
        elif opcode == 1:
            self.on_frame(payload.decode())


class HttpPipe(Pipe):
    """What streams and polls share: a request that is made once and sent again."""

    method, path = "POST", ""

    def open(self) -> None:
        """Send the first receiving request."""
        length = "Content-Length: 0\r\n" if self.method == "POST" else ""
        head = f"{self.method} {self.base}/{self.path} HTTP/1.1\r\n{browser_headers(self.port)}{length}\r\n"
        self.request = head.encode()
        self.uplink: Uplink | None = None
        self.write(self.request)

    def send(self, *messages: str) -> None:
        """Send messages by xhr_send, on a connection that clients of one address share."""
        assert self.uplink is not None
        self.uplink.post(f"{self.base}/xhr_send", json.dumps(list(messages)).encode())


class StreamPipe(HttpPipe):
    """The streaming transports: a chunked response that does not end before its byte limit; then it is asked for again."""

    def open(self) -> None:
        """Send the first receiving request."""
        self._in_head, self._body, self._tail, self._carry = True, b"", b"", b""
        super().open()

    def received(self, data: bytes) -> None:
        """Count or decode; ask again at the response's end."""
        if self.counting:
            self._count_stream(data)
        else:
            self.buffer += data
            self._decode()

    def _count_stream(self, data: bytes) -> None:
        self.count(self._carry + data if self._carry else data)
        self._carry = b"#" if data[-1:] == b"#" else b""
        end = data if len(data) >= 7 else self._tail + data
        self._tail = end[-7:]
        if end.endswith(b"\r\n0\r\n\r\n") or end == _LAST_CHUNK:
            self._tail = b""
            self.write(self.request)

    def _decode(self) -> None:
        while self.buffer:
            if self._in_head:
                head, found, rest = self.buffer.partition(_HEAD_END)
                if not found:
                    return
                check_status(head, b"200")
                self._in_head, self.buffer = False, rest
                continue
            size_text, found, rest = self.buffer.partition(b"\r\n")
            if not found or len(rest) < (size := int(size_text, 16)) + 2:
                return
            self._body += rest[:size]
            self.buffer = rest[size + 2 :]
            if size == 0:
                self._in_head, self._body = True, b""
                self.write(self.request)
            for frame in self.extract():
                self.on_frame(frame)

    @property
    def between(self) -> bool:
        """True when nothing is half received."""
        return not self.buffer and not self._in_head

    def split_body(self, end: bytes) -> list[bytes]:
        """Take whole records off the body."""
        *records, self._body = self._body.split(end)
        return records

    def extract(self) -> list[str]:
        """Take whole frames off the body."""
        raise NotImplementedError


class XhrStreamingPipe(StreamPipe):
    """``/xhr_streaming``."""

    path = "xhr_streaming"

    def extract(self) -> list[str]:
        """Lines; the prelude is a line of h."""
        return [line.decode() for line in self.split_body(b"\n") if not line.startswith(b"hh")]


class EventSourcePipe(StreamPipe):
    """``/eventsource``."""

    method, path = "GET", "eventsource"

    def extract(self) -> list[str]:
        """Events, unescaped as sockjs-client does."""
        records = (record.strip() for record in self.split_body(b"\r\n\r\n"))
        return [unquote(record[6:].decode()) for record in records if record.startswith(b"data: ")]


class HtmlFilePipe(StreamPipe):
    """``/htmlfile``, the streaming iframe."""

    method, path = "GET", "htmlfile?c=_jp.bench"

    def extract(self) -> list[str]:
        """The calls of p()."""
        found = (_SCRIPT.search(record) for record in self.split_body(b"</script>\r\n"))
        return [json.loads(match[1]) for match in found if match]


class PollPipe(HttpPipe):
    """``/xhr``: every delivery is a whole request and response on a kept connection."""

    path = "xhr"

    def received(self, data: bytes) -> None:
        """Collect one response, then ask for the next."""
        self.buffer = data = self.buffer + data
        head_size = data.find(_HEAD_END) + 4
        if head_size < 4:
            return
        length = _LENGTH.search(data, 0, head_size)
        whole = len(data) >= head_size + int(length[1]) if length else data.endswith(_LAST_CHUNK)
        if not whole:
            return
        self.buffer = b""
        check_status(data, b"200")
        self.write(self.request)
        if self.counting:
            self.count(data[head_size:])
        else:
            body = data[head_size:] if length else data[head_size : -len(_LAST_CHUNK)].partition(b"\r\n")[2]
            self.on_frame(body.strip().decode())


class Uplink(Connection):
    """A kept connection for xhr_send, one request at a time; opened again if it was closed."""

    def __init__(self, loop: Loop, port: int, source: str) -> None:
        super().__init__(loop, port, source)
        self._queue: deque[bytes] = deque()
        self._headers = browser_headers(port)

    def post(self, path: str, body: bytes) -> None:
        """Send a body; answers other than 204 raise."""
        head = f"POST {path} HTTP/1.1\r\n{self._headers}Content-Type: text/plain;charset=UTF-8\r\n"
        self._queue.append(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        if len(self._queue) == 1:
            self._send_first()

    def _send_first(self) -> None:
        if self.closed:
            self.connect()
        self.write(self._queue[0])

    def received(self, data: bytes) -> None:
        """Take an answer, which has no body."""
        check_status(data, b"204")
        self._queue.popleft()
        if self._queue:
            self._send_first()

    def lost(self, reason: str) -> None:
        """A kept connection may end at any time between two requests."""
        if self._queue:
            self._send_first()


PIPES: dict[str, type[Pipe]] = {
    "websocket": WebSocketPipe,
    "xhr-streaming": XhrStreamingPipe,
    "eventsource": EventSourcePipe,
    "htmlfile": HtmlFilePipe,
    "xhr-polling": PollPipe,
}
"""By the names that sockjs-client uses."""
