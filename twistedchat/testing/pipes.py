"""SockJS sessions from the client's side: what all transports share, and where each can be cut.

Source: the SockJS 0.3 protocol.
"""

import json
import secrets
from enum import Enum
from typing import Any, ClassVar, Protocol

from twisted.logger import Logger
from twisted.python.failure import Failure

from twistedchat.testing.http import Connection, Http

_log = Logger()

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
        kind = frame[:1]
        try:
            told: Any = json.loads(frame[1:]) if kind in ("a", "c") else None
        except ValueError:
            kind = "?"
        if kind == "o" and not self.opened:
            self.opened = True
            self._owner.pipe_opened(self)
        elif kind == "a":
            self._messages(told)
        elif kind == "c":
            self._closed(*told)
        elif kind == "h":
            self._owner.pipe_heartbeat(self)
        else:
            self._broken(f"not a frame: {frame[:50]!r}")

    def _messages(self, messages: list[str]) -> None:
        for message in messages:
            if self.over:
                return
            self._owner.pipe_message(self, message)
            if self.cut_at is Cut.HISTORY and message.startswith(('["event"', '["joined"')):
                self._broken("cut while history arrives")


def _unexpected(failure: Failure) -> None:
    _log.failure("a pipe failed", failure)
