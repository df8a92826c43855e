"""A server that is killed and started again under people who go on talking."""

import os
import random
import re
import sys
from collections.abc import Callable, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import ProcessProtocol
from twisted.internet.task import deferLater
from twisted.python.failure import Failure

from twistedchat.core.entry import Entry
from twistedchat.testing import TRANSPORTS, Client, Outcome, Say

ROOM = "room/lobby"
PATIENCE_S = 40.0
PAUSE_S = (0.02, 0.3)  # between an answer and the next line of the same person
MOMENT_S = (0.0, 0.5)  # from the start, or from when all are back, to the kill
IMPATIENT = 0.3  # of the kills come before all are back
UNHURRIED = (
    "--limit=says_per_s=100000",
    "--limit=says_burst=100000",
    "--limit=address_says_per_s=100000",
    "--limit=address_says_burst=100000",
    "--limit=calls_per_s=100000",
    "--limit=calls_burst=100000",
)
_ANNOUNCED = re.compile(r"http://127\.0\.0\.1:(\d+)/")


class Server(ProcessProtocol):
    """``twistd -n chat`` on one port of the loopback, however often it is started.

    Args:
        state: its state directory.
        options: more options.

    Attributes:
        port: where it listens, once it was started.
        printed: what it printed since it was started last.
    """

    def __init__(self, state: Path, *options: str) -> None:
        self.port = 0
        self.printed = ""
        self._state = state
        self._options = options
        self._process: Any = None
        self._started: Deferred[None] | None = None
        self._ended: Deferred[int | None] | None = None

    def start(self) -> "Deferred[None]":
        """Start it; fires when it has told its address."""
        self.printed = ""
        self._ended = Deferred()
        started = self._started = Deferred()
        twistd = str(Path(sys.executable).parent / "twistd")
        listen = f"--http=tcp:{self.port}:interface=127.0.0.1"
        command = [twistd, "-n", "--pidfile=", "chat", listen, f"--state={self._state}", *self._options]
        self._process = reactor.spawnProcess(
            self, twistd, command, env=dict(os.environ), path=str(self._state.parent)
        )
        return started.addTimeout(PATIENCE_S, reactor)

    def kill(self, signal: str = "KILL") -> "Deferred[int | None]":
        """End it; fires with its exit code, None where the signal ended it. Nothing where it does not run."""
        ended: Deferred[int | None] = Deferred()
        if self._ended is None:
            ended.callback(None)
            return ended
        self._ended.chainDeferred(ended)
        self._process.signalProcess(signal)
        return ended

    def outReceived(self, data: bytes) -> None:
        self.printed = (self.printed + data.decode("utf-8", "replace"))[-100_000:]
        found = _ANNOUNCED.search(self.printed)
        if found and self._started is not None:
            self.port = int(found[1])
            started, self._started = self._started, None
            started.callback(None)

    errReceived = outReceived

    def processEnded(self, reason: Failure) -> None:
        ended, self._ended = self._ended, None
        started, self._started = self._started, None
        if started is not None:
            started.errback(AssertionError(f"it did not start:\n{self.printed}"))
        if ended is not None:
            ended.callback(reason.value.exitCode)

    def client(self) -> Client:
        """Return a client of it."""
        host = f"127.0.0.1:{self.port}"
        endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", self.port, timeout=20)
        return Client(endpoint, reactor, host=host, headers=(("Origin", f"http://{host}"),))


class Speaker:
    """Somebody who says the next line some time after the last one was answered, whatever happens to the server."""

    def __init__(self, client: Client, name: str, chance: random.Random) -> None:
        self.client = client
        self.says: list[Say] = []
        self._name = name
        self._chance = chance
        self._next: IDelayedCall | None = None
        self._quiet = False

    async def enter(self, transport: str) -> None:
        """Log in, join, and begin to talk."""
        await self.client.connect(transport)
        await self.client.login(self._name)
        await self.client.join(ROOM)
        self._speak_soon()

    def knock(self) -> None:
        """Try again now to reach the server, instead of after the pause that failures bring."""
        retry = self.client._retry
        if retry is not None and retry.active():
            retry.reset(0)

    def be_quiet(self) -> None:
        """Say nothing new; what is pending is still said."""
        self._quiet = True
        if self._next is not None and self._next.active():
            self._next.cancel()

    def back(self) -> bool:
        """Say whether it is in the room on the server that runs now."""
        return self.client.peer.ready and self.client.peer.channels[ROOM].joined

    def _speak_soon(self) -> None:
        if not self._quiet:
            self._next = reactor.callLater(self._chance.uniform(*PAUSE_S), self._speak)

    def _speak(self) -> None:
        say = self.client.saying(ROOM, f"{self._name} {len(self.says)}")
        self.says.append(say)
        say.watch(lambda say: self._speak_soon())


class Crowd:
    """People on all transports who talk while things break.

    Args:
        server: a running one.
        size: how many.
        seed: of all chance.
    """

    def __init__(self, server: Server, size: int, seed: int) -> None:
        self.chance = random.Random(seed)
        self._server = server
        self.speakers = [Speaker(server.client(), f"Person {number}", self.chance) for number in range(size)]

    async def enter(self) -> None:
        """Everybody comes in."""
        kinds = cycle(TRANSPORTS)
        await gatherResults(
            [Deferred.fromCoroutine(speaker.enter(next(kinds))) for speaker in self.speakers],
            consumeErrors=True,
        )

    async def all(self, what: str, condition: Callable[[Speaker], bool]) -> None:
        """Wait until ``condition`` holds for everybody."""
        waits = [
            speaker.client.until(lambda speaker=speaker: condition(speaker)) for speaker in self.speakers
        ]
        try:
            await gatherResults(waits, consumeErrors=True).addTimeout(PATIENCE_S, reactor)
        except Exception as error:
            lacking = [speaker for speaker in self.speakers if not condition(speaker)]
            told = [(each._name, each.client.transport, each.client.peer.stopped) for each in lacking]
            raise AssertionError(f"waited in vain until {what}: {told}") from error

    async def all_back(self) -> None:
        """Wait until everybody is in the room again."""
        for speaker in self.speakers:
            speaker.knock()
        await self.all("all are back", Speaker.back)

    async def until_a_random_moment(self) -> None:
        """Mostly when all are back and talk; sometimes before."""
        if self.chance.random() >= IMPATIENT:
            await self.all_back()
        await deferLater(reactor, self.chance.uniform(*MOMENT_S), lambda: None)

    async def come_to_rest(self) -> int:
        """Nobody says anything new; return how many lines were said, when everybody has had all of them."""
        for speaker in self.speakers:
            speaker.be_quiet()
        await self.all_back()
        await self.all("all is answered", lambda speaker: all(_ended(say) for say in speaker.says))
        last = max(say.value for say in self.says if say.outcome is Outcome.DONE)
        await self.all(
            f"all show {last}",
            lambda speaker: bool(shown := speaker.client.shown(ROOM)) and shown[-1].offset >= last,
        )
        return last

    async def newcomer_sees(self) -> int:
        """Somebody new comes in; return the offset of the last line that they are shown."""
        newcomer = self._server.client()
        try:
            await newcomer.connect()
            await newcomer.login("Newcomer")
            seen = await newcomer.join(ROOM)
            return seen.shown[-1].offset
        finally:
            newcomer.stop()

    @property
    def says(self) -> list[Say]:
        """Everything that anybody said."""
        return [say for speaker in self.speakers for say in speaker.says]

    def check(self, history: Sequence[Entry]) -> None:
        """Everything said is in ``history`` once, where its answer says; everybody shows just that, in that order."""
        assert {say.outcome for say in self.says} == {Outcome.DONE}
        assert [entry.offset for entry in history] == list(range(1, len(history) + 1))
        assert len({(entry.identity, entry.id) for entry in history}) == len(history)
        assert {say.id: say.value for say in self.says} == {entry.id: entry.offset for entry in history}
        expected = [(entry.offset, entry.id) for entry in history]
        for speaker in self.speakers:
            shown = speaker.client.shown(ROOM)
            assert speaker.client.holes(ROOM) == [], speaker.client.transport
            assert speaker.client.peer.problems == []
            assert len({one.epoch for one in shown}) == 1
            assert [(one.offset, one.id) for one in shown] == expected, speaker.client.transport
        first = self.speakers[0].client.texts(ROOM)
        assert first == [say.text for say in sorted(self.says, key=lambda say: say.value)]
        assert all(speaker.client.texts(ROOM) == first for speaker in self.speakers)

    def stop(self) -> None:
        """Everybody is gone."""
        for speaker in self.speakers:
            speaker.be_quiet()
            speaker.client.stop()


def _ended(say: Say) -> bool:
    return say.outcome is not Outcome.PENDING
