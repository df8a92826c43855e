"""A site in memory: requests go in as bytes, answers come out as bytes, and the clock is ours."""

import json
from dataclasses import dataclass, field
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.web.resource import Resource

from twistedchat.comet.resource import CometResource
from twistedchat.comet.testpoints import TestPoints
from twistedchat.config import Settings
from twistedchat.core.policy import MountPolicy
from twistedchat.web.front import make_site

CLIENT = IPv4Address("TCP", "198.51.100.7", 40_000)
HOST = "127.0.0.1"
KEY = "dGhlIHNhbXBsZSBub25jZQ=="


class Wire(StringTransport):
    """A connection in memory that can be closed, aborted and full."""

    def __init__(self, address: IAddress, clock: Clock) -> None:
        super().__init__(peerAddress=address)
        self.clock = clock
        self.protocol: Any = None
        self.gone: str | None = None
        self.half_closed = False

    def loseConnection(self) -> None:
        self._soon("closed")

    def abortConnection(self) -> None:
        self._soon("aborted")

    def loseWriteConnection(self) -> None:
        self.half_closed = True

    def unregisterProducer(self) -> None:
        self.producer = None

    def resumeProducing(self) -> None:
        self.producerState = "producing"

    def pauseProducing(self) -> None:
        self.producerState = "paused"

    def _soon(self, how: str) -> None:
        """Like a socket: the protocol hears of it in a later turn."""
        if not self.disconnecting:
            self.disconnecting = True
            self.clock.callLater(0, self._end, how)

    def _end(self, how: str) -> None:
        if self.gone is None:
            self.gone = how
            self.protocol.connectionLost(Failure(ConnectionDone()))


@dataclass
class Answer:
    """An HTTP answer as it came."""

    status: int
    headers: dict[str, str]
    raw: bytes
    body: bytes = field(default=b"")
    chunks: list[bytes] = field(default_factory=list)
    whole: bool = True


class Connection:
    """One connection of a client."""

    def __init__(self, world: "World", address: IAddress) -> None:
        self.wire = Wire(address, world.clock)
        self.protocol = world.site.buildProtocol(address)
        self.world = world
        if self.protocol is not None:
            self.wire.protocol = self.protocol
            self.protocol.makeConnection(self.wire)

    def feed(self, data: bytes) -> None:
        if self.wire.gone is None and not self.wire.disconnecting:
            self.wire.protocol.dataReceived(data)

    def take(self) -> bytes:
        data = self.wire.value()
        self.wire.clear()
        return data

    def cut(self) -> None:
        """The client goes away."""
        self.wire._end("cut")

    def ask(
        self, method: str, path: str, body: bytes | str | None = None, version: str = "1.1", **headers: str
    ) -> None:
        data = body.encode() if isinstance(body, str) else body
        lines = [f"{method} {path} HTTP/{version}"]
        wanted = {"Host": HOST, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if data is not None:
            wanted["Content-Length"] = str(len(data))
        lines += [f"{name}: {value}" for name, value in wanted.items() if value]
        self.feed("\r\n".join(lines).encode() + b"\r\n\r\n" + (data or b""))

    def answer(self) -> Answer:
        return parse(self.take())

    def stream(self) -> list[bytes]:
        """Chunks that have come since the last look, without head; b"" is the end."""
        return read_chunks(self.take())[0]


def read_chunks(data: bytes) -> tuple[list[bytes], bool]:
    chunks = []
    while data:
        size, _, rest = data.partition(b"\r\n")
        count = int(size, 16)
        chunks.append(rest[:count])
        data = rest[count + 2 :]
        if not count:
            return chunks, True
    return chunks, False


def parse(raw: bytes) -> Answer:
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
    }
    answer = Answer(int(first.split(" ")[1]), headers, raw, body)
    if headers.get("transfer-encoding") == "chunked":
        answer.chunks, answer.whole = read_chunks(body)
        answer.body = b"".join(answer.chunks)
    return answer


class Recorder(Protocol):
    """An application that remembers."""

    def connectionMade(self) -> None:
        self.factory.made.append(self)
        self.received: list[str] = []
        self.lost: Any = None

    def dataReceived(self, data: bytes) -> None:
        self.received.append(data.decode())

    def connectionLost(self, reason: Any) -> None:
        assert self.lost is None
        self.lost = reason.value


class Recorders(Factory):
    protocol = Recorder

    def __init__(self) -> None:
        self.made: list[Recorder] = []


class World:
    """A site with the protocol's endpoints and whatever a test mounts besides.

    Without ``lean`` every request goes through twisted.web.
    """

    def __init__(self, settings: Settings | None = None, lean: bool = True) -> None:
        self.clock = Clock()
        self.connections: list[Connection] = []
        self.root = Resource()
        self.points = TestPoints(self.clock)
        self.mounts: list[CometResource] = []
        self.entrances: dict[bytes, CometResource] | None = {} if lean else None
        for name, mount in self.points.mounts.items():
            self._put(name, mount)
        self.site = make_site(self.root, settings or Settings(), self.clock, self.entrances)

    def mount(
        self, name: str, policy: MountPolicy | None = None, origins: Any = (), factory: Any = None
    ) -> Recorders:
        factory = factory or Recorders()
        mount = CometResource(factory, policy, reactor=self.clock, origins=origins)
        self.mounts.append(mount)
        self._put(name.encode(), mount)
        return factory

    def _put(self, name: bytes, mount: CometResource) -> None:
        self.root.putChild(name, mount)
        if self.entrances is not None:
            self.entrances[b"/" + name] = mount

    def connect(self, address: IAddress = CLIENT) -> Connection:
        connection = Connection(self, address)
        if connection.protocol is not None:
            self.connections.append(connection)
        return connection

    def ask(self, method: str, path: str, body: bytes | str | None = None, **headers: str) -> Answer:
        """Ask on a connection of its own and return what has come at once."""
        connection = self.connect()
        connection.ask(method, path, body, **headers)
        self.turn()
        return connection.answer()

    def open(self, method: str, path: str, body: bytes | str | None = None, **headers: str) -> Connection:
        connection = self.connect()
        connection.ask(method, path, body, **headers)
        self.turn()
        return connection

    def websocket(self, path: str, **headers: str) -> Connection:
        asked = {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec_WebSocket_Version": "13",
            "Sec_WebSocket_Key": KEY,
            **headers,
        }
        return self.open("GET", path, None, **asked)

    def turn(self) -> None:
        self.clock.advance(0)

    def wait(self, seconds: float) -> None:
        """Let time go by in small steps."""
        for _ in range(round(seconds * 10)):
            self.clock.advance(0.1)

    def close(self) -> None:
        self.points.release()
        for mount in self.mounts:
            mount.release()
        self.turn()
        for connection in self.connections:
            connection.wire._end("cut")
        self.site.stopFactory()
        assert not self.clock.getDelayedCalls(), "no timer is left"


def masked(payload: bytes, opcode: int = 1, final: bool = True) -> bytes:
    """A WebSocket frame as clients send it."""
    first = (0x80 if final else 0) | opcode
    size = len(payload)
    if size < 126:
        head = bytes((first, 0x80 | size))
    elif size < 65536:
        head = bytes((first, 0x80 | 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((first, 0x80 | 127)) + size.to_bytes(8, "big")
    return head + b"\0\0\0\0" + payload


def unframed(data: bytes) -> list[tuple[int, bytes]]:
    """WebSocket frames of a server as (opcode, payload)."""
    frames = []
    while data:
        size, at = data[1], 2
        if size == 126:
            size, at = int.from_bytes(data[2:4], "big"), 4
        elif size == 127:
            size, at = int.from_bytes(data[2:10], "big"), 10
        frames.append((data[0] & 15, data[at : at + size]))
        data = data[at + size :]
    return frames


def array(*messages: str) -> str:
    return json.dumps(list(messages))
