"""The transports over HTTP, from the client's side: polls, streams, events, pages of scripts, and their sends.

Source: the SockJS 0.3 protocol.
"""

import json
from typing import ClassVar
from urllib.parse import quote, unquote

from twistedchat.testing.http import Connection, Headers, Http, Listener
from twistedchat.testing.pipes import MAX_BUFFER_BYTES, Pipe, PipeOwner

MAX_WAITING = 10_000
CALLBACK = "_jp.a1b2c3"


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


class _Pieces(_HttpPipe):
    """Frames in pieces of the response that end alike."""

    ending: ClassVar[bytes]

    def _begin_response(self) -> None:
        self._buffer = b""

    def _feed(self, data: bytes) -> None:
        *pieces, self._buffer = (self._buffer + data).split(self.ending)
        for piece in pieces:
            if self.over:
                return
            try:
                frame = self._decode(piece)
            except ValueError as error:
                self._broken(str(error))
                return
            self._frame(frame)
        if len(self._buffer) > MAX_BUFFER_BYTES:
            self._broken("a frame without end")

    def _decode(self, piece: bytes) -> str:
        """Return the frame in a piece; ValueError where there is none."""
        raise NotImplementedError


class XhrPolling(_Pieces):
    """A POST for every frame."""

    name = "xhr-polling"
    ending = b"\n"

    def _request(self) -> tuple[str, str]:
        return "POST", "xhr"

    def _decode(self, piece: bytes) -> str:
        return piece.decode("utf-8")


class XhrStreaming(XhrPolling):
    """A POST whose response goes on: a prelude of 2 KB of ``h``, which is a heartbeat too, then a line a frame."""

    name = "xhr-streaming"

    def _request(self) -> tuple[str, str]:
        return "POST", "xhr_streaming"


class EventSource(_Pieces):
    """Server-sent events, after a prelude of one line end."""

    name = "eventsource"
    ending = b"\r\n\r\n"

    def _request(self) -> tuple[str, str]:
        return "GET", "eventsource"

    def _decode(self, piece: bytes) -> str:
        return unquote(_between(piece, b"data: ", b"").decode("utf-8"))


class HtmlFile(_Pieces):
    """An endless page with a script a frame, after a prelude that has a script too."""

    name = "htmlfile"
    ending = b"\n</script>\r\n"

    def _request(self) -> tuple[str, str]:
        return "GET", f"htmlfile?c={CALLBACK}"

    def _decode(self, piece: bytes) -> str:
        return str(json.loads(_between(piece, b"<script>\np(", b");")))


class JsonpPolling(_Pieces):
    """A script for every frame, and forms to send."""

    name = "jsonp-polling"
    send_path = "jsonp_send"
    ending = b"\r\n"

    def _request(self) -> tuple[str, str]:
        return "GET", f"jsonp?c={CALLBACK}"

    def _decode(self, piece: bytes) -> str:
        return str(json.loads(_between(piece, f"/**/{CALLBACK}(".encode(), b");")))

    def _body(self, text: str) -> tuple[bytes, Headers]:
        return f"d={quote(text)}".encode(), [("Content-Type", "application/x-www-form-urlencoded")]


def _between(piece: bytes, before: bytes, after: bytes) -> bytes:
    """Return what stands between ``before``, wherever it is, and ``after`` at the end; ValueError where they are not."""
    _, found, rest = piece.partition(before)
    if not found or not rest.endswith(after):
        raise ValueError(f"no frame in {piece[:50]!r}")
    return rest.removesuffix(after)
