"""A whole house in memory: no sockets, no files, and a clock that only moves when it is told to."""

from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from twistedchat.config import Limits, Settings
from twistedchat.interfaces import IBackend
from twistedchat.service import House
from twistedchat.testing.client import Client
from twistedchat.testing.memory import MemoryNetwork
from twistedchat.web.front import BoundedSite, make_site

T = TypeVar("T")

SECRET = "a secret for tests"
UNHURRIED = replace(
    Limits(),
    says_per_s=1e6,
    says_burst=10**6,
    address_says_per_s=1e6,
    address_says_burst=10**6,
    calls_per_s=1e6,
    calls_burst=10**6,
)
STEP_S = 0.25
MAX_TURNS = 20_000


class NotInTime(Exception):
    """What was waited for did not come within the time, by the fake clock."""


class MemoryHouse:
    """The house with everything but ports, and clients that speak real HTTP to it in memory.

    Nothing happens between calls: ``run`` waits for a coroutine or a Deferred and lets just as much time pass as that needs;
    ``advance`` lets time pass. Call ``stop`` at the end.

    Args:
        settings: as the operator would choose; the limits on how fast people may talk are lifted unless given.
        backend: where logs are kept; in memory unless given. It outlives ``restart`` only when given.

    Attributes:
        clock: the time.
        network: what clients connect through.
        house: the House; another one after ``restart``.
        clients: every client made here.
    """

    def __init__(self, settings: Settings | None = None, backend: IBackend | None = None) -> None:
        self.settings = settings or Settings(limits=UNHURRIED)
        self.clock = Clock()
        self.network = MemoryNetwork(self.clock)
        self.clients: list[Client] = []
        self._backend = backend
        self.start()

    def start(self) -> None:
        """Start a server; the constructor has done it once."""
        self.house = House(self.settings, self.clock, SECRET, self._backend)
        self._site: BoundedSite = make_site(
            self.house.resource, self.settings, self.clock, self.house.entrances, self.house.answers
        )
        self._site.doStart()
        self.network.factory = self._site

    # --- clients

    def client(self, **options: Any) -> Client:
        """Return a new client; ``options`` are Client's."""
        client = Client(self.network, self.clock, **options)
        self.clients.append(client)
        return client

    def member(
        self, name: str, transport: str = "websocket", channel: str = "room/lobby", **options: Any
    ) -> Client:
        """Return a client that is connected, logged in and in a room."""
        client = self.client(**options)

        async def enter() -> None:
            await client.connect(transport)
            await client.login(name)
            await client.join(channel)

        self.run(enter())
        return client

    # --- time

    def settle(self) -> None:
        """Let everything happen that needs no time."""
        for _ in range(MAX_TURNS):
            due = [call for call in self.clock.getDelayedCalls() if call.getTime() <= self.clock.seconds()]
            if not due:
                return
            self.clock.advance(0)
        raise NotInTime("it does not come to rest")

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass, in small steps."""
        end = self.clock.seconds() + seconds
        self.settle()
        while (left := end - self.clock.seconds()) > 1e-9:
            self.clock.advance(min(STEP_S, left))
            self.settle()

    def run(self, what: "Coroutine[Deferred[Any], Any, T] | Deferred[T]", within_s: float = 30) -> T:
        """Return what a coroutine or a Deferred comes to.

        Raises:
            NotInTime: not within ``within_s`` seconds of the clock.
        """
        deferred = what if isinstance(what, Deferred) else Deferred.fromCoroutine(what)
        results: list[Any] = []
        deferred.addBoth(results.append)
        end = self.clock.seconds() + within_s
        self.settle()
        while not results:
            if self.clock.seconds() >= end:
                raise NotInTime(f"not within {within_s} s")
            self.clock.advance(STEP_S)
            self.settle()
        result = results[0]
        if isinstance(result, Failure):
            result.raiseException()
        return result  # type: ignore[no-any-return]

    def until(self, condition: Callable[[], bool], within_s: float = 30) -> float:
        """Let time pass until ``condition`` holds; return how many seconds it took.

        Raises:
            NotInTime
        """
        start = self.clock.seconds()
        self.settle()
        while not condition():
            if self.clock.seconds() - start >= within_s:
                raise NotInTime(f"not within {within_s} s")
            self.clock.advance(STEP_S)
            self.settle()
        return self.clock.seconds() - start

    # --- the server's end

    def shut(self) -> None:
        """Stop the server as SIGTERM does; clients stay, and knock in vain."""
        self.house.close()
        self.settle()
        self.network.factory = None
        self.run(self.house.release())
        for end in list(self.network.ends):
            end.abortConnection()
        self.settle()
        self._site.doStop()

    def restart(self) -> None:
        """Stop the server and start another one with the same secret; a memory backend of its own has forgotten all."""
        self.shut()
        self.start()

    def stop(self) -> None:
        """End clients and server. No delayed call is left."""
        for client in self.clients:
            client.stop()
        self.settle()
        if self.network.factory is not None:
            self.shut()
