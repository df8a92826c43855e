"""A Redis in memory that knows a dozen words and can be told to be silent, to refuse, or to be gone; and a backend on it."""

from collections.abc import Callable
from typing import Any

from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from zope.interface import implementer

from twistedchat.backends.redis import RedisBackend
from twistedchat.backends.redis_link import Patience
from twistedchat.backends.redis_scripts import ALL
from twistedchat.backends.redis_url import parse_redis_url
from twistedchat.interfaces import IBackendListener
from twistedchat.testing.memory import MemoryNetwork

PATIENCE = Patience(answer_s=5, wait_s=2, heartbeat_s=10, retry_s=2)
EMPTY_LOG = b"\x92\xa5epoch\x90"  # what the script for ``open`` answers
NAMES = {script.sha: script for script in ALL}

Answer = bytes | int | None | Exception | list[Any]


def written(answer: Answer) -> bytes:
    """Return an answer as Redis writes it; an Exception is an error."""
    if isinstance(answer, Exception):
        return f"-{answer}\r\n".encode()
    if isinstance(answer, int):
        return f":{answer}\r\n".encode()
    if isinstance(answer, list):
        return f"*{len(answer)}\r\n".encode() + b"".join(map(written, answer))
    return b"$-1\r\n" if answer is None else b"$%d\r\n%s\r\n" % (len(answer), answer)


class FakeConnection(Protocol):
    """One client of the fake."""

    def __init__(self, redis: "FakeRedis") -> None:
        self._redis = redis
        self._data = b""
        self.channels: list[bytes] = []

    def connectionMade(self) -> None:
        self._redis.connections.append(self)

    def connectionLost(self, reason: Any) -> None:
        self._redis.connections.remove(self)

    def dataReceived(self, data: bytes) -> None:
        self._data += data
        while (command := self._next()) is not None:
            self._redis.asked(self, command)

    def _next(self) -> list[bytes] | None:
        rest = self._data
        head, found, rest = rest.partition(b"\r\n")
        words = []
        for _ in range(int(head[1:]) if found else 0):
            size, found, rest = rest.partition(b"\r\n")
            words.append(rest[: int(size[1:])])
            rest = rest[int(size[1:]) + 2 :]
        if not found:
            return None
        self._data = rest
        return words

    def say(self, answer: Answer) -> None:
        self.transport.write(written(answer))


class FakeRedis(Factory):
    """See the module.

    Attributes:
        commands: what was asked, of each command its first word, and of a script its first word and the name it is known by.
        answers: by first word; a function of the command's words, or what is answered.
        silent: nothing is answered.
        connections: those that are open.
    """

    def __init__(self) -> None:
        self.commands: list[list[bytes]] = []
        self.silent = False
        self.connections: list[FakeConnection] = []
        self.answers: dict[bytes, Callable[[list[bytes]], Answer] | Answer] = {
            b"CONFIG": [b"appendonly", b"yes"],
            b"PING": b"PONG",
            b"AUTH": b"OK",
            b"SELECT": b"OK",
            b"EVALSHA": EMPTY_LOG,
            b"UNLINK": 0,
        }

    def buildProtocol(self, address: Any) -> FakeConnection:
        return FakeConnection(self)

    def asked(self, connection: FakeConnection, command: list[bytes]) -> None:
        """A command came."""
        self.commands.append(command)
        if self.silent:
            return
        if command[0] == b"SUBSCRIBE":
            connection.channels.append(command[1])
            connection.say([b"subscribe", command[1], 1])
        elif command[0] == b"PING" and connection.channels:
            connection.say([b"pong", b""])
        else:
            answer = self.answers[command[0]]
            connection.say(answer(command) if callable(answer) else answer)

    def words(self) -> list[bytes]:
        """Return the first words of all commands."""
        return [command[0] for command in self.commands]

    def publish(self, message: str) -> None:
        """Publish to everyone who has subscribed."""
        for connection in self.connections:
            for channel in connection.channels:
                connection.say([b"message", channel, message.encode()])

    def break_all(self) -> None:
        """Every connection breaks."""
        for connection in list(self.connections):
            connection.transport.abortConnection()


@implementer(IBackendListener)
class Told:
    """Notes what it is told of the store."""

    def __init__(self) -> None:
        self.grew: list[tuple[str, int]] = []
        self.lost: list[str] = []
        self.back = 0

    def logGrew(self, channel: str, offset: int) -> None:
        self.grew.append((channel, offset))

    def storeLost(self, reason: str) -> None:
        self.lost.append(reason)

    def storeBack(self) -> None:
        self.back += 1


class Place:
    """A backend, and the fake Redis that it is on."""

    def __init__(self, url: str = "redis://redis.test", **options: Any) -> None:
        self.clock = Clock()
        self.redis = FakeRedis()
        self.network = MemoryNetwork(self.clock, self.redis)
        self.backend = RedisBackend(
            parse_redis_url(url), self.network, self.clock, patience=PATIENCE, **options
        )
        self.told = Told()
        self.backend.watch(self.told)

    def start(self) -> "Place":
        """Start the backend, and let it connect."""
        self.backend.start()
        self.settle()
        return self

    def settle(self, seconds: float = 0) -> None:
        """Let time pass in small steps, and bytes travel."""
        for step in [0.0] + [0.125] * round(seconds * 8):
            self.clock.advance(step)
            self.clock.pump([0] * 12)

    def stop(self) -> None:
        """Stop the backend; nothing is left of it."""
        stopping = self.outcome(self.backend.stop())
        self.settle(PATIENCE.wait_s)
        assert stopping == [None]
        assert self.clock.getDelayedCalls() == [] and self.redis.connections == []

    def gone(self) -> None:
        """Redis ends: connections break, and new ones are refused."""
        self.network.factory = None
        self.redis.break_all()
        self.settle()

    def there(self) -> None:
        """It can be reached again."""
        self.network.factory = self.redis

    def outcome(self, deferred: Any) -> list[Any]:
        """Return a list that gets what ``deferred`` fires with: its answer, or its error."""
        found: list[Any] = []
        deferred.addCallbacks(found.append, lambda failure: found.append(failure.value))
        return found

    def open(self) -> list[Any]:
        """Ask for a log; a command that reads."""
        return self.outcome(self.backend.open("room/x", 10))

    def append(self) -> list[Any]:
        """Ask for an entry; a command that writes."""
        return self.outcome(self.backend.append("room/x", "ann", "id".ljust(22, "-"), "[]", 1.5))
