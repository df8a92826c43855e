"""A Redis of the tests' own: Debian's ``redis-server`` on a free port and in a directory of its own."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure

from twistedchat.backends.redis import RedisBackend
from twistedchat.backends.redis_link import Patience
from twistedchat.backends.redis_url import RedisURL

BINARY = shutil.which("redis-server")
needs_redis = pytest.mark.skipif(BINARY is None, reason="redis-server is not installed (make test-deps)")
PATIENCE_S = 20.0  # a busy machine may take this long to start it

BRISK = Patience(answer_s=1.0, wait_s=0.5, heartbeat_s=0.5, retry_s=0.1)
CALM = Patience(
    answer_s=20.0, wait_s=20.0, heartbeat_s=30.0, retry_s=0.2
)  # for what must not fail by being slow


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class RedisServer:
    """A redis-server that runs from ``start`` on.

    Args:
        directory: where it keeps its files; empty for an empty Redis.
        append_only: whether it writes down each change, and syncs it before it answers.
        options: more lines of its configuration.

    Attributes:
        port: where it listens on 127.0.0.1, the same one after a restart.
    """

    def __init__(self, directory: Path, append_only: bool = True, options: Sequence[str] = ()) -> None:
        self.directory = directory
        self.port = free_port()
        self._options = (
            "bind 127.0.0.1",
            f"port {self.port}",
            f'dir "{directory}"',
            'save ""',
            f"appendonly {'yes' if append_only else 'no'}",
            "appendfsync always",
            *options,
        )
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its URL."""
        return f"redis://127.0.0.1:{self.port}"

    def start(self) -> "RedisServer":
        """Start it, and wait until it listens; also one that was killed, on its old files."""
        assert BINARY is not None and self._process is None
        self.directory.mkdir(exist_ok=True)
        written = self.directory / "redis.conf"
        written.write_text("\n".join(self._options) + "\n")
        log = (self.directory / "redis.log").open("ab")
        self._process = subprocess.Popen([BINARY, str(written)], stdout=log, stderr=log)
        log.close()
        self._wait()
        return self

    def _wait(self) -> None:
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end and self._process is not None and self._process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.005)
        raise AssertionError("redis-server did not start:\n" + (self.directory / "redis.log").read_text())

    def signal(self, number: int) -> None:
        """Send it a signal; SIGSTOP and SIGCONT for one that hangs for a while."""
        assert self._process is not None
        os.kill(self._process.pid, number)

    def kill(self) -> None:
        """End it at once, without a chance to write anything. Idempotent."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def end(self) -> None:
        """End it in good order."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(PATIENCE_S)
        self._process = None

    def command(self, *words: str) -> bytes:
        """Ask it something on a connection of its own; return the beginning of the answer as Redis writes it."""
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE_S) as line:
            line.sendall("".join(f"{word}\r\n" for word in (f"*{len(words)}", *parts(words))).encode())
            return line.recv(65536)

    def keep_copy(self) -> Path:
        """Return a copy of all that it has written down so far; it must not run."""
        copy = self.directory.with_name("copy")
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.directory, copy)
        return copy

    def go_back_to(self, copy: Path) -> None:
        """Let it have only what it had when ``copy`` was made; it must not run."""
        shutil.rmtree(self.directory)
        shutil.copytree(copy, self.directory)

    def endpoint(self, reactor: object) -> IStreamClientEndpoint:
        """Return the endpoint that leads to it."""
        endpoint: IStreamClientEndpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", self.port, timeout=5)
        return endpoint

    def backend(
        self,
        patience: Patience = CALM,
        prefix: str = "chat:",
        through: "Cable | None" = None,
        **other: object,
    ) -> RedisBackend:
        """Return a backend on it, started; ``through`` what it connects."""
        from twisted.internet import reactor

        where = RedisURL("127.0.0.1", self.port, prefix=prefix)
        endpoint = self.endpoint(reactor) if through is None else through.endpoint
        backend = RedisBackend(where, endpoint, reactor, patience=patience, **other)
        backend.start()
        return backend


def parts(words: Sequence[str]) -> list[str]:
    """Return the lines of a command's words as Redis reads them."""
    return [line for word in words for line in (f"${len(word.encode())}", word)]


class Cable:
    """What lies between us and a Redis, and can be cut.

    Args:
        target: where it leads.
    """

    def __init__(self, target: IStreamClientEndpoint) -> None:
        from twisted.internet import reactor

        self._target = target
        self._silent = False
        self._ends: set[CableEnd] = set()
        factory = Factory.forProtocol(lambda: CableEnd(self))
        self._port = reactor.listenTCP(0, factory, interface="127.0.0.1")
        self.endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", self._port.getHost().port, timeout=5)

    def tear(self) -> None:
        """Every connection breaks; new ones can be made."""
        for end in list(self._ends):
            end.transport.abortConnection()

    def silence(self) -> None:
        """Nothing comes through any more, on new connections neither, and nobody is told."""
        self._silent = True
        for end in self._ends:
            end.transport.pauseProducing()

    def mend(self) -> None:
        """Everything comes through again, what was held back first."""
        self._silent = False
        for end in self._ends:
            end.transport.resumeProducing()

    def close(self) -> "Deferred[None]":
        """Take it away."""
        self.tear()
        closed: Deferred[None] = self._port.stopListening()
        return closed

    def made(self, end: "CableEnd") -> None:
        """An end is there; where it is the near one, its far one is made."""
        self._ends.add(end)
        if self._silent:
            end.transport.pauseProducing()
        if end.other is None:
            far = self._target.connect(Factory.forProtocol(lambda: CableEnd(self, end)))
            far.addErrback(lambda failure: end.transport.abortConnection())

    def lost(self, end: "CableEnd") -> None:
        """An end is gone, and its other one goes."""
        self._ends.discard(end)
        if end.other is not None:
            end.other.transport.abortConnection()


class CableEnd(Protocol):
    """One end of a connection through a cable."""

    def __init__(self, cable: Cable, other: "CableEnd | None" = None) -> None:
        self.other = other
        self._cable = cable
        self._early = b""

    def connectionMade(self) -> None:
        """Take what the other end has read so far."""
        if self.other is not None:
            self.other.other = self
            self.transport.write(self.other._early)
        self._cable.made(self)

    def dataReceived(self, data: bytes) -> None:
        """Pass it on."""
        if self.other is None:
            self._early += data
        else:
            self.other.transport.write(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Tell the cable."""
        self._cable.lost(self)
