"""SockJS sessions from the client's side, one class a transport, each of which can be cut at any point.

Source: the SockJS 0.3 protocol.
"""

import json
import re
import secrets
from enum import Enum
from typing import Any, ClassVar, Protocol
from urllib.parse import quote, unquote

from twisted.logger import Logger
from twisted.python.failure import Failure

from twistedchat.testing.http import Connection, Headers, Http, Listener

_log = Logger()

MAX_WAITING = 10_000
MAX_BUFFER_BYTES = 4_000_000
LOST = 1006


class Cut(Enum):
    """Where a connection is cut. All but IDLE wait until that point comes.

    BEFORE_SEND: instead of the next send. INSIDE_REQUEST: when half of the next send's body has left. AFTER_SEND: when it has
    left whole, before any answer. INSIDE_ANSWER: after half of the next bytes from the server. HISTORY: when the next event
    or answer to a join was taken, and what came with it is dropped. IDLE: now.
    """

    BEFORE_SEND = "before a send"
    INSIDE_REQUEST = "inside a request's body"
    AFTER_SEND = "after a send, before its answer"
    INSIDE_ANSWER = "inside an answer's body"
    HISTORY = "while history arrives"
    IDLE = "while idle"


class PipeOwner(Protocol):
    """Who hears of a pipe."""

    def pipe_opened(self, pipe: "Pipe") -> None:
        """The ``o`` frame came."""

    def pipe_message(self, pipe: "Pipe", text: str) -> None:
        """A message came."""

    def pipe_heartbeat(self, pipe: "Pipe") -> None:
        """A heartbeat, or the prelude of a stream, came."""

    def pipe_closed(self, pipe: "Pipe", code: int, reason: str) -> None:
        """It is over, by a close frame or because it broke (1006). Once; not after ``leave``."""


class Pipe:
    """One SockJS session.

    Args:
        http: the server.
        base: path of the mount, such as ``/comet``.
        owner: who hears of it.

    Attributes:
        cut_at: where it is to be cut, or None.
        over: nothing further is told or sent.
    """

    name: ClassVar[str]

    def __init__(self, http: Http, base: str, owner: PipeOwner) -> None:
        self.over = False
        self.opened = False
        self.cut_at: Cut | None = None
        self._http = http
        self._owner = owner
        self._url = f"{base}/{secrets.randbelow(1000):03}/{secrets.token_urlsafe(20)}"
        self._connections: list[Connection] = []

    def open(self) -> None:
        """Begin."""
        raise NotImplementedError

    def send(self, texts: list[str]) -> None:
        """Send messages, in order."""
        raise NotImplementedError

    def leave(self) -> None:
        """Close every connection in order; nothing more is told."""
        self._end(abort=False)

    def cut(self, where: Cut) -> None:
        """Break where ``where`` says."""
        if where is Cut.IDLE:
            self._broken("cut")
        else:
            self.cut_at = where

    def pause(self) -> None:
        """Read nothing more from the server for now."""
        for connection in self._connections:
            connection.pause()

    def resume(self) -> None:
        """Read on."""
        for connection in list(self._connections):
            connection.resume()

    # --- connections

    def _connect(self, ready: Any) -> None:
        self._http.connect().addCallbacks(self._connected, self._failed, callbackArgs=(ready,)).addErrback(
            _unexpected
        )

    def _connected(self, connection: Connection, ready: Any) -> None:
        if self.over:
            connection.abort()
            return
        self._connections.append(connection)
        ready(connection)

    def _failed(self, failure: Failure) -> None:
        self._broken(failure.getErrorMessage())

    def _release(self, connection: Connection) -> None:
        if connection in self._connections:
            self._connections.remove(connection)
            self._http.keep(connection)

    def _end(self, abort: bool) -> None:
        self.over = True
        connections, self._connections = self._connections, []
        for connection in connections:
            if abort:
                connection.abort()
            else:
                connection.finish()

    def _broken(self, reason: str, abort: bool = True) -> None:
        self._closed(LOST, reason, abort)

    def _closed(self, code: int, reason: str, abort: bool = False) -> None:
        if not self.over:
            self._end(abort)
            self._owner.pipe_closed(self, code, reason)

    # --- cuts

    def _write(self, connection: Connection, head: bytes, body: bytes) -> None:
        """Write what carries messages, unless a cut is due."""
        cut = self.cut_at
        if cut is Cut.BEFORE_SEND:
            self._broken("cut before a send", abort=False)
        elif cut is Cut.INSIDE_REQUEST:
            connection.write(head + body[: len(body) // 2])
            self._broken("cut inside a request", abort=False)
        elif cut is Cut.AFTER_SEND:
            connection.write(head + body)
            self._broken("cut after a send", abort=False)
        else:
            connection.write(head + body)

    def _whole(self, data: bytes) -> bytes:
        """Return the bytes that arrived, or half of them where a cut is due; ``_cut_inside`` follows."""
        return data[: len(data) // 2] if self.cut_at is Cut.INSIDE_ANSWER else data

    def _cut_inside(self) -> None:
        if self.cut_at is Cut.INSIDE_ANSWER:
            self._broken("cut inside an answer")

    # --- frames

    def _frame(self, frame: str) -> None:
        """Take one frame."""
        kind, rest = frame[:1], frame[1:]
        try:
            if kind == "o" and not self.opened:
                self.opened = True
                self._owner.pipe_opened(self)
            elif kind == "a":
                self._messages(json.loads(rest))
            elif kind == "c":
                code, reason = json.loads(rest)
                self._closed(code, reason)
            elif kind == "h":
                self._owner.pipe_heartbeat(self)
            else:
                self._broken(f"not a frame: {frame[:50]!r}")
        except ValueError:
            self._broken(f"not a frame: {frame[:50]!r}")

    def _messages(self, messages: list[str]) -> None:
        for message in messages:
            if self.over:
                return
            self._owner.pipe_message(self, message)
            if self.cut_at is Cut.HISTORY and message.startswith(('["event"', '["joined"')):
                self._broken("cut while history arrives")


class _HttpPipe(Pipe):
    """Receives by one request after another, and sends by others, one at a time."""

    send_path = "xhr_send"

    def __init__(self, http: Http, base: str, owner: PipeOwner) -> None:
        super().__init__(http, base, owner)
        self._waiting: list[str] = []
        self._sending = False

    def open(self) -> None:
        """Ask for frames."""
        self._connect(self._ask)

    def send(self, texts: list[str]) -> None:
        """Send when the send before is answered."""
        self._waiting += texts
        if len(self._waiting) > MAX_WAITING:
            self._broken("too much waits to be sent")
        elif self._waiting and not self._sending and not self.over:
            self._sending = True
            self._connect(self._send)

    def _send(self, connection: Connection) -> None:
        texts, self._waiting = self._waiting, []
        body, headers = self._body(json.dumps(texts))
        connection.begin(_Sent(self, connection))
        self._write(connection, self._http.head("POST", f"{self._url}/{self.send_path}", body, headers), body)

    def sent(self, connection: Connection, status: int) -> None:
        """A send was answered."""
        self._release(connection)
        self._sending = False
        if status not in (200, 204):
            self._broken(f"a send was answered with {status}")
        elif self._waiting:
            self.send([])

    def lost(self, reason: Exception) -> None:
        """A connection broke."""
        self._broken(str(reason))

    def ended(self, connection: Connection) -> None:
        """The response that brings frames is complete: ask for the next."""
        self._release(connection)
        if not self.over:
            self._connect(self._ask)

    def took(self, data: bytes) -> None:
        """Bytes of a response that brings frames."""
        if not self.over:
            self._feed(self._whole(data))
            self._cut_inside()

    def refused(self, status: int) -> None:
        """The request for frames was not answered with frames."""
        self._broken(f"HTTP status {status}")

    def _ask(self, connection: Connection) -> None:
        method, path = self._request()
        self._begin_response()
        connection.begin(_Response(self, connection))
        connection.write(self._http.head(method, f"{self._url}/{path}"))

    def _request(self) -> tuple[str, str]:
        raise NotImplementedError

    def _begin_response(self) -> None:
        """A new response begins."""

    def _feed(self, data: bytes) -> None:
        raise NotImplementedError

    def _body(self, text: str) -> tuple[bytes, Headers]:
        return text.encode(), [("Content-Type", "text/plain;charset=UTF-8")]


class _Response(Listener):
    """A response that brings frames."""

    def __init__(self, pipe: _HttpPipe, connection: Connection) -> None:
        self._pipe = pipe
        self._connection = connection
        self._status = 0

    def head(self, status: int, headers: dict[str, str]) -> None:
        """Anything but 200 ends the session."""
        self._status = status
        if status != 200:
            self._pipe.refused(status)

    def data(self, data: bytes) -> None:
        """Frames, or parts of them."""
        if self._status == 200:
            self._pipe.took(data)

    def end(self) -> None:
        """Ask again."""
        self._pipe.ended(self._connection)

    def lost(self, reason: Exception) -> None:
        """The session is over."""
        self._pipe.lost(reason)


class _Sent(Listener):
    """The answer to a send."""

    def __init__(self, pipe: _HttpPipe, connection: Connection) -> None:
        self._pipe = pipe
        self._connection = connection
        self._status = 0

    def head(self, status: int, headers: dict[str, str]) -> None:
        """Remember the status."""
        self._status = status

    def end(self) -> None:
        """It is answered."""
        self._pipe.sent(self._connection, self._status)

    def lost(self, reason: Exception) -> None:
        """Nobody knows whether it arrived: the session is over, and the basket says it again."""
        self._pipe.lost(reason)


class _Lines(_HttpPipe):
    """Frames that a pattern finds in the response's text, one match after another."""

    pattern: ClassVar[re.Pattern[bytes]]

    def _begin_response(self) -> None:
        self._buffer = b""

    def _feed(self, data: bytes) -> None:
        self._buffer += data
        taken = 0
        for found in self.pattern.finditer(self._buffer):
            taken = found.end()
            frame = self._decode(found[1])
            if frame:
                self._frame(frame)
            if self.over:
                return
        self._buffer = self._buffer[taken:]
        if len(self._buffer) > MAX_BUFFER_BYTES:
            self._broken("a frame without end")

    def _decode(self, found: bytes) -> str:
        return found.decode("utf-8")


class XhrPolling(_Lines):
    """A POST for every frame."""

    name = "xhr-polling"
    pattern = re.compile(rb"(.*?)\n")

    def _request(self) -> tuple[str, str]:
        return "POST", "xhr"


class XhrStreaming(_Lines):
    """A POST whose response goes on: a prelude of 2 KB, then a line a frame."""

    name = "xhr-streaming"
    pattern = re.compile(rb"(?:h{2048})?(.*?)\n")

    def _request(self) -> tuple[str, str]:
        return "POST", "xhr_streaming"


class EventSource(_Lines):
    """Server-sent events."""

    name = "eventsource"
    pattern = re.compile(rb"data: (.*?)\r\n\r\n")

    def _request(self) -> tuple[str, str]:
        return "GET", "eventsource"

    def _decode(self, found: bytes) -> str:
        return unquote(found.decode("utf-8"))


class HtmlFile(_Lines):
    """An endless page with a script a frame."""

    name = "htmlfile"
    pattern = re.compile(rb"<script>\np\((\"[^\r\n]*\")\);\n</script>\r\n")

    def _request(self) -> tuple[str, str]:
        return "GET", "htmlfile?c=_jp.a1b2c3"

    def _decode(self, found: bytes) -> str:
        return str(json.loads(found))


class JsonpPolling(_Lines):
    """A script for every frame, and forms to send."""

    name = "jsonp-polling"
    send_path = "jsonp_send"
    pattern = re.compile(rb"/\*\*/_jp\.a1b2c3\((\".*?\")\);\r\n")

    def _request(self) -> tuple[str, str]:
        return "GET", "jsonp?c=_jp.a1b2c3"

    def _decode(self, found: bytes) -> str:
        return str(json.loads(found))

    def _body(self, text: str) -> tuple[bytes, Headers]:
        return f"d={quote(text)}".encode(), [("Content-Type", "application/x-www-form-urlencoded")]


def _unexpected(failure: Failure) -> None:
    _log.failure("a pipe failed", failure)
