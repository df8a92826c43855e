"""A small HTTP/1.1 client over any stream endpoint: enough for SockJS transports, and for cutting them anywhere.

Source: RFC 9112.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ConnectionLost
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure

MAX_HEAD_BYTES = 65_536
MAX_IDLE = 4
MAX_BODY_BYTES = 64_000_000

Headers = Sequence[tuple[str, str]]


class BadAnswer(Exception):
    """The server's answer is not HTTP/1.1, or larger than this client takes."""


class Listener:
    """Who wants an answer piece by piece. Either ``end`` or ``lost`` comes last, once."""

    def head(self, status: int, headers: dict[str, str]) -> None:
        """The head is there; names in lower case."""

    def data(self, data: bytes) -> None:
        """A piece of the body came; after status 101, bytes of the new protocol."""

    def end(self) -> None:
        """The body is complete."""

    def lost(self, reason: Exception) -> None:
        """The connection broke before the end."""


@dataclass(slots=True)
class Answer(Listener):
    """A whole answer. ``done`` fires with it, or fails with what broke."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    done: "Deferred[Answer]" = field(default_factory=Deferred)

    def head(self, status: int, headers: dict[str, str]) -> None:
        """See Listener."""
        self.status, self.headers = status, headers

    def data(self, data: bytes) -> None:
        """See Listener."""
        if len(self.body) + len(data) > MAX_BODY_BYTES:
            raise BadAnswer("an answer without end")
        self.body += data

    def end(self) -> None:
        """See Listener."""
        self.done.callback(self)

    def lost(self, reason: Exception) -> None:
        """See Listener."""
        self.done.errback(reason)


class _State(Enum):
    IDLE = "idle"
    HEAD = "head"
    LENGTH = "length"
    CHUNK_SIZE = "chunk size"
    CHUNK = "chunk"
    TRAILER = "trailer"
    TO_CLOSE = "to close"
    RAW = "raw"


class Connection(Protocol):
    """One connection; one request at a time.

    Attributes:
        usable: True when another request can be sent.
    """

    def __init__(self) -> None:
        self.usable = True
        self._state = _State.IDLE
        self._buffer = b""
        self._left = 0
        self._keep = True
        self._listener = Listener()

    def begin(self, listener: Listener) -> None:
        """Expect an answer for ``listener``; its request is then written by ``write``."""
        self._listener = listener
        self._state = _State.HEAD

    def write(self, data: bytes) -> None:
        """Send bytes."""
        if self.transport is not None:
            self.transport.write(data)

    def finish(self) -> None:
        """Close after what was written has left; nothing more is told to the listener."""
        self._mute()
        if self.transport is not None:
            self.transport.loseConnection()

    def abort(self) -> None:
        """Drop the connection at once; nothing more is told to the listener."""
        self._mute()
        transport: Any = self.transport
        if transport is not None:
            transport.abortConnection()

    def pause(self) -> None:
        """Read no more for now."""
        transport: Any = self.transport
        transport.pauseProducing()

    def resume(self) -> None:
        """Read on."""
        transport: Any = self.transport
        transport.resumeProducing()

    def dataReceived(self, data: bytes) -> None:
        """Parse, and tell the listener."""
        if self._state in (_State.RAW, _State.TO_CLOSE):
            self._listener.data(data)
            return
        if self._state is _State.IDLE:
            return  # what comes unasked is nobody's
        self._buffer += data
        try:
            while self._step():
                pass
        except (BadAnswer, ValueError) as error:
            self._broken(BadAnswer(str(error)))

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The end of the body, or a loss."""
        self.usable = False
        state, listener = self._state, self._listener
        self._mute()
        if state is _State.TO_CLOSE:
            listener.end()
        elif state is not _State.IDLE:
            listener.lost(reason.value if isinstance(reason.value, Exception) else ConnectionLost())

    # --- the parser: each step takes what it can; False when more bytes are needed

    def _step(self) -> bool:
        match self._state:
            case _State.HEAD:
                return self._head()
            case _State.LENGTH | _State.CHUNK:
                return self._body()
            case _State.CHUNK_SIZE:
                return self._chunk_size()
            case _State.TRAILER:
                return self._trailer()
            case _:
                return False

    def _head(self) -> bool:
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            if len(self._buffer) > MAX_HEAD_BYTES:
                raise BadAnswer("a head without end")
            return False
        self._buffer = rest
        status_line, *lines = head.decode("latin-1").split("\r\n")
        version, status_text, *_ = status_line.split(" ", 2)
        status = int(status_text)
        headers = {
            name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
        }
        if 100 <= status < 200 and status != 101:
            return True
        self._keep = version == "HTTP/1.1" and headers.get("connection", "").lower() != "close"
        listener = self._listener
        self._begin_body(status, headers)
        listener.head(status, headers)
        if self._state is _State.LENGTH and self._left == 0:
            self._complete()
        elif self._state in (_State.RAW, _State.TO_CLOSE) and self._buffer:
            data, self._buffer = self._buffer, b""
            listener.data(data)
        return True

    def _begin_body(self, status: int, headers: dict[str, str]) -> None:
        if status == 101:
            self._state = _State.RAW
            self.usable = False
        elif headers.get("transfer-encoding", "").lower() == "chunked":
            self._state = _State.CHUNK_SIZE
        elif "content-length" in headers or status in (204, 304):
            self._state = _State.LENGTH
            self._left = int(headers.get("content-length", "0"))
        else:
            self._state = _State.TO_CLOSE
            self.usable = False

    def _body(self) -> bool:
        data, self._buffer = self._buffer[: self._left], self._buffer[self._left :]
        if not data and self._left:
            return False
        self._left -= len(data)
        if self._state is _State.LENGTH:
            self._listener.data(data)
            if self._left == 0 and self._state is _State.LENGTH:
                self._complete()
            return False
        if self._left:
            self._listener.data(data)
            return False
        if len(self._buffer) < 2:
            self._buffer = data[-1:] + self._buffer
            self._left = 1
            if data[:-1]:
                self._listener.data(data[:-1])
            return False
        self._buffer = self._buffer[2:]
        self._state = _State.CHUNK_SIZE
        self._listener.data(data)
        return True

    def _chunk_size(self) -> bool:
        line, found, rest = self._buffer.partition(b"\r\n")
        if not found:
            return False
        self._buffer = rest
        self._left = int(line.partition(b";")[0], 16)
        self._state = _State.CHUNK if self._left else _State.TRAILER
        return True

    def _trailer(self) -> bool:
        line, found, rest = self._buffer.partition(b"\r\n")
        if not found:
            return False
        self._buffer = rest
        if not line:
            self._complete()
        return bool(line)

    def _complete(self) -> None:
        listener = self._listener
        self._mute()
        self.usable = self.usable and self._keep
        if not self.usable and self.transport is not None:
            self.transport.loseConnection()
        listener.end()

    def _mute(self) -> None:
        self._state = _State.IDLE
        self._listener = Listener()

    def _broken(self, error: Exception) -> None:
        listener = self._listener
        self.abort()
        listener.lost(error)


class Http:
    """Requests to one server, over connections that are used again.

    Args:
        endpoint: where the server is.
        host: value of the Host header.
        headers: sent with every request.
    """

    def __init__(
        self, endpoint: IStreamClientEndpoint, host: str = "127.0.0.1", headers: Headers = ()
    ) -> None:
        self.host = host
        self._endpoint = endpoint
        self._headers = tuple(headers)
        self._idle: list[Connection] = []

    def connect(self) -> "Deferred[Connection]":
        """Fire with a connection that nobody uses: an old one, or a new one."""
        while self._idle:
            connection = self._idle.pop()
            if connection.usable:
                return succeed(connection)
        made: Deferred[Any] = self._endpoint.connect(Factory.forProtocol(Connection))
        return made

    def keep(self, connection: Connection) -> None:
        """``connection`` has been answered: it may be used again."""
        self._idle = [one for one in self._idle if one.usable]
        if connection.usable and len(self._idle) < MAX_IDLE:
            self._idle.append(connection)
        elif connection.usable:
            connection.finish()

    def head(self, method: str, path: str, body: bytes = b"", headers: Headers = ()) -> bytes:
        """Return a request's bytes up to its body."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.host}"]
        lines += [f"{name}: {value}" for name, value in (*self._headers, *headers)]
        if body or method == "POST":
            lines.append(f"Content-Length: {len(body)}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8")

    async def request(self, method: str, path: str, body: bytes = b"", headers: Headers = ()) -> Answer:
        """Return the whole answer.

        Raises:
            ConnectionLost, BadAnswer, or what the endpoint raises.
        """
        connection = await self.connect()
        answer = Answer()
        connection.begin(answer)
        connection.write(self.head(method, path, body, headers) + body)
        await answer.done
        self.keep(connection)
        return answer

    def close(self) -> None:
        """Drop the connections that nobody uses."""
        idle, self._idle = self._idle, []
        for connection in idle:
            connection.abort()
