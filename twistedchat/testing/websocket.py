"""WebSocket from the client's side, small and without extensions. Source: RFC 6455."""

import base64
import hashlib
import json
import secrets

from twistedchat.testing.http import Connection, Http, Listener
from twistedchat.testing.pipes import MAX_BUFFER_BYTES, Pipe, PipeOwner

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def client_frame(opcode: int, payload: bytes) -> tuple[bytes, bytes]:
    """Return the head of a masked, final frame and its masked payload."""
    size = len(payload)
    if size < 126:
        head = bytes((0x80 | opcode, 0x80 | size))
    elif size < 65536:
        head = bytes((0x80 | opcode, 0x80 | 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((0x80 | opcode, 0x80 | 127)) + size.to_bytes(8, "big")
    mask = secrets.token_bytes(4)
    whole = (mask * (size // 4 + 1))[:size]
    masked = (int.from_bytes(payload, "big") ^ int.from_bytes(whole, "big")).to_bytes(size, "big")
    return head + mask, masked


class FrameReader:
    """Takes bytes, gives whole unmasked frames ``(opcode, payload)``; fragments are joined."""

    def __init__(self) -> None:
        self._buffer = b""
        self._opcode = TEXT
        self._parts = b""

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """Return the frames that are complete now.

        Raises:
            ValueError: a frame is masked, or longer than the client takes.
        """
        self._buffer += data
        frames = []
        while (frame := self._next()) is not None:
            final, opcode, payload = frame
            if opcode >= CLOSE:
                frames.append((opcode, payload))
                continue
            if opcode:
                self._opcode = opcode
            self._parts += payload
            if final:
                frames.append((self._opcode, self._parts))
                self._parts = b""
        return frames

    def _next(self) -> tuple[bool, int, bytes] | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        size, at = buffer[1], 2
        if size & 0x80:
            raise ValueError("a server's frame is masked")
        if size >= 126:
            at = 4 if size == 126 else 10
            if len(buffer) < at:
                return None
            size = int.from_bytes(buffer[2:at], "big")
        if size > MAX_BUFFER_BYTES:
            raise ValueError("a frame is too long")
        if len(buffer) < at + size:
            return None
        self._buffer = buffer[at + size :]
        return bool(buffer[0] & 0x80), buffer[0] & 0x0F, buffer[at : at + size]


class WebSocket(Pipe):
    """A SockJS session that is one WebSocket."""

    name = "websocket"

    def __init__(self, http: Http, base: str, owner: PipeOwner) -> None:
        super().__init__(http, base, owner)
        self._key = base64.b64encode(secrets.token_bytes(16))
        self._connection: Connection | None = None

    def open(self) -> None:
        """Shake hands."""
        self._connect(self._shake)

    def send(self, texts: list[str]) -> None:
        """Send at once, as one frame."""
        if self._connection is not None and texts and not self.over:
            self._write(self._connection, *client_frame(TEXT, json.dumps(texts).encode()))

    def leave(self) -> None:
        """Say goodbye, and close."""
        self._control(CLOSE, (1000).to_bytes(2, "big"))
        super().leave()

    def _control(self, opcode: int, payload: bytes) -> None:
        if self._connection is not None and not self.over:
            self._connection.write(b"".join(client_frame(opcode, payload)))

    def _shake(self, connection: Connection) -> None:
        headers = [
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", self._key.decode()),
        ]
        connection.begin(_Upgraded(self, connection))
        connection.write(self._http.head("GET", f"{self._url}/websocket", headers=headers))

    def upgraded(self, connection: Connection, accept: str) -> None:
        """The server has agreed."""
        if accept.encode() != base64.b64encode(hashlib.sha1(self._key + _GUID).digest()):
            self._broken("a wrong Sec-WebSocket-Accept")
        self._connection = connection

    def took(self, data: bytes, reader: FrameReader) -> None:
        """Bytes came."""
        if self.over:
            return
        try:
            frames = reader.feed(self._whole(data))
        except ValueError as error:
            self._broken(str(error))
            return
        for opcode, payload in frames:
            self._took_frame(opcode, payload)
        if not self.over:
            self._cut_inside()

    def _took_frame(self, opcode: int, payload: bytes) -> None:
        if self.over:
            return
        if opcode == TEXT:
            self._frame(payload.decode("utf-8"))
        elif opcode == PING:
            self._control(PONG, payload)
        elif opcode == CLOSE:
            self._closed(int.from_bytes(payload[:2], "big") or 1005, payload[2:].decode("utf-8", "replace"))

    def lost(self, reason: str) -> None:
        """The connection broke, or the server said no."""
        self._broken(reason)


class _Upgraded(Listener):
    """The connection before and after the handshake."""

    def __init__(self, pipe: WebSocket, connection: Connection) -> None:
        self._pipe = pipe
        self._connection = connection
        self._reader = FrameReader()
        self._raw = False

    def head(self, status: int, headers: dict[str, str]) -> None:
        """101, or no WebSocket."""
        if status == 101:
            self._raw = True
            self._pipe.upgraded(self._connection, headers.get("sec-websocket-accept", ""))
        else:
            self._pipe.lost(f"HTTP status {status}")

    def data(self, data: bytes) -> None:
        """Frames, or parts of them."""
        if self._raw:
            self._pipe.took(data, self._reader)

    def lost(self, reason: Exception) -> None:
        """The connection broke."""
        self._pipe.lost(str(reason))
