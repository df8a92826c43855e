"""A chat in a process of its own, an honest crowd in it, and the tools of those who mean no good."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from itertools import cycle
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.task import deferLater
from twisted.python.failure import Failure

from twistedchat.testing import TRANSPORTS, Client
from twistedchat.testing.client import PIPES
from twistedchat.testing.http import Answer, Http
from twistedchat.testing.pipes import Pipe

ROOM = "room/lobby"
PATIENCE_S = 40.0
FRIEND = "https://friend.example"
MB = 1_000_000
_ANNOUNCED = re.compile(r"http://127\.0\.0\.1:(\d+)/")


class ChatProcess:
    """``twistd -n chat`` on a free port of the loopback.

    Attributes:
        port: where it listens.
        lines: what it has printed.
    """

    def __init__(self, state: Path) -> None:
        self.lines: list[str] = []
        self.port = 0
        self._announced = threading.Event()
        command = [
            str(Path(sys.executable).parent / "twistd"),
            "-n",
            "--pidfile=",
            "chat",
            "--http=tcp:0:interface=127.0.0.1",
            f"--state={state / 'state'}",
            f"--allow-origin={FRIEND}",
        ]
        self._process = subprocess.Popen(
            command, cwd=state, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if not self._announced.wait(PATIENCE_S) or not self.port:
            self.kill()
            raise AssertionError("it did not start:\n" + "".join(self.lines))

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as output:
            for line in output:
                self.lines.append(line)
                found = _ANNOUNCED.search(line)
                if found:
                    self.port = int(found.group(1))
                    self._announced.set()
        self._announced.set()

    def rss(self) -> int:
        """Return its resident memory in bytes."""
        pages = Path(f"/proc/{self._process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def end(self) -> int:
        """Stop it as a supervisor does; return its exit code."""
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(PATIENCE_S)
        finally:
            self.kill()

    def kill(self) -> None:
        """Make sure that it is gone."""
        self._process.kill()
        self._process.wait()
        self._reader.join()

    # --- clients

    @property
    def host(self) -> str:
        """The Host header of honest clients."""
        return f"127.0.0.1:{self.port}"

    @property
    def origin(self) -> tuple[str, str]:
        """The Origin header of honest pages."""
        return "Origin", f"http://{self.host}"

    def endpoint(self) -> TCP4ClientEndpoint:
        """Return where it listens."""
        return TCP4ClientEndpoint(reactor, "127.0.0.1", self.port, timeout=20)

    def http(self, host: str | None = None, *headers: tuple[str, str]) -> Http:
        """Return a client for single requests; with the honest Origin unless others are given."""
        return Http(self.endpoint(), host or self.host, headers or (self.origin,))

    def client(self) -> Client:
        """Return a chat client."""
        return Client(self.endpoint(), reactor, host=self.host, headers=(self.origin,))


class Crowd:
    """Honest people on all transports; ``check`` finds out whether they notice anything."""

    def __init__(self, server: ChatProcess, size: int) -> None:
        self.clients = [server.client() for _ in range(size)]
        self.said = 0
        self._server = server

    async def enter(self, nick: str) -> None:
        """Everybody logs in and joins."""
        kinds = cycle(TRANSPORTS)
        coming = [
            self._enter(client, f"{nick} {number}", next(kinds)) for number, client in enumerate(self.clients)
        ]
        await gatherResults([Deferred.fromCoroutine(one) for one in coming], consumeErrors=True)
        self._base = {id(client): len(client.shown(ROOM)) for client in self.clients}

    async def _enter(self, client: Client, name: str, transport: str) -> None:
        await client.connect(transport)
        await client.login(name)
        await client.join(ROOM)

    async def check(self, speakers: int = 3) -> None:
        """Some speak: everybody has it once and in order within seconds, and nobody was disconnected."""
        start = len(self.clients[0].shown(ROOM))
        first = self.said
        for number in range(speakers):
            await self.clients[(first + number) % len(self.clients)].say(ROOM, f"honest {self.said}")
            self.said += 1
        last = f"honest {self.said - 1}"
        for client in self.clients:
            await within(20, client.until(lambda client=client: client.texts(ROOM)[-1:] == [last]))
            assert client.texts(ROOM)[-speakers:] == [
                f"honest {number}" for number in range(first, self.said)
            ]
            assert client.sessions == 1
            assert client.peer.problems == []
            assert client.holes(ROOM) == []
        assert len(self.clients[0].shown(ROOM)) == start + speakers

    async def go(self) -> None:
        """Everybody leaves."""
        for client in self.clients:
            client.stop()
        await pause(0.1)


class Attacker:
    """One SockJS session that says whatever it likes.

    Attributes:
        heard: the messages from the server.
    """

    def __init__(self, server: ChatProcess, transport: str) -> None:
        self.heard: list[Any] = []
        self.closed: Deferred[tuple[int, str]] = Deferred()
        self._opened: Deferred[None] = Deferred()
        self._waiting: list[tuple[Callable[[], bool], Deferred[None]]] = []
        self.http = server.http()
        self.pipe: Pipe = PIPES[transport](self.http, "/comet", self)

    async def open(self, hello: dict[str, Any] | bool = True) -> "Attacker":
        """Open the session, and say a good hello, or the one given, or with False none."""
        self.pipe.open()
        await within(20, self._opened)
        if hello is True:
            self.tell(["hello", good_hello()])
            await self.until(lambda: any(message[0] == "welcome" for message in self.heard))
        elif isinstance(hello, dict):
            self.tell(["hello", hello])
        return self

    def tell(self, *messages: Any) -> None:
        """Send messages: texts as they are, anything else as JSON."""
        self.pipe.send([one if isinstance(one, str) else json.dumps(one) for one in messages])

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for a condition on what was heard."""
        deferred: Deferred[None] = Deferred()
        self._waiting.append((condition, deferred))
        self._look()
        await within(20, deferred)

    async def code(self) -> int:
        """Wait for the end of the session; return its close code."""
        code, _ = await within(25, self.closed)
        self.http.close()
        return code

    async def answer(self, cid: str) -> list[Any]:
        """Wait for the answer to a call; return ``[ok, value]``."""
        found: list[list[Any]] = []

        def answered() -> bool:
            for message in self.heard:
                if isinstance(message[0], int):
                    found.extend(
                        args[1:] for _, (name, args) in message[1] if name == "respond" and args[0] == cid
                    )
            return bool(found)

        await self.until(answered)
        return found[0]

    def leave(self) -> None:
        """Go."""
        self.pipe.leave()
        self.http.close()

    def _look(self) -> None:
        for waiting in list(self._waiting):
            if waiting[0]():
                self._waiting.remove(waiting)
                waiting[1].callback(None)

    # --- PipeOwner

    def pipe_opened(self, pipe: Pipe) -> None:
        self._opened.callback(None)

    def pipe_message(self, pipe: Pipe, text: str) -> None:
        self.heard.append(json.loads(text))
        self._look()

    def pipe_heartbeat(self, pipe: Pipe) -> None:
        pass

    def pipe_closed(self, pipe: Pipe, code: int, reason: str) -> None:
        self.closed.callback((code, reason))


class RawConnection(Protocol):
    """A socket that sends what it likes and may never read."""

    def __init__(self) -> None:
        self.got = b""
        self.over: Deferred[float] = Deferred()
        self._since = time.monotonic()

    def dataReceived(self, data: bytes) -> None:
        self.got += data

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.over.callback(time.monotonic() - self._since)


async def raw(server: ChatProcess, data: bytes = b"", deaf: bool = False) -> RawConnection:
    """Connect, send ``data``, and read nothing where ``deaf``."""
    connection: RawConnection = await server.endpoint().connect(Factory.forProtocol(RawConnection))
    if deaf:
        connection.transport.pauseProducing()
    connection.transport.write(data)
    return connection


def good_hello() -> dict[str, Any]:
    """Return a hello that is accepted."""
    token = os.urandom(12).hex()
    return {"v": 1, "client": token, "secret": token, "n": 1, "ack": -1, "at": {}, "root": "chat", "args": {}}


async def post(server: ChatProcess, path: str, body: bytes, *headers: tuple[str, str]) -> Answer:
    """POST once."""
    return await once(server.http(None, server.origin, *headers), "POST", path, body)


async def get(server: ChatProcess, path: str, host: str | None = None, *headers: tuple[str, str]) -> Answer:
    """GET once."""
    return await once(server.http(host, *headers), "GET", path)


async def once(http: Http, method: str, path: str, body: bytes = b"") -> Answer:
    """Make one request over a connection of its own."""
    try:
        return await within(20, Deferred.fromCoroutine(http.request(method, path, body)))
    finally:
        http.close()


def within(seconds: float, what: "Deferred[Any]") -> Awaitable[Any]:
    """Wait for a Deferred, but not longer."""
    return what.addTimeout(seconds, reactor)


def pause(seconds: float) -> "Deferred[None]":
    """Let real time pass, for those attacks that are made of it."""
    return deferLater(reactor, seconds)
