"""A crowd on mixed transports in one room of a real house on a real port, whose store comes and goes."""

from itertools import cycle
from typing import Any

import pytest
from twisted.internet import reactor
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.task import deferLater

from twistedchat.config import Settings
from twistedchat.core.entry import Entry
from twistedchat.interfaces import IBackend
from twistedchat.service import House
from twistedchat.testing import TRANSPORTS, Client, Outcome
from twistedchat.testing.calls import Say
from twistedchat.testing.kit import SECRET, UNHURRIED
from twistedchat.web.front import make_site

ROOM = "room/lobby"


def pause(seconds: float) -> "Deferred[None]":
    """Fire after ``seconds``."""
    return deferLater(reactor, seconds)


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let clients ask again after a tenth of the usual time."""
    monkeypatch.setattr("twistedchat.testing.peer.RETRY_S", 0.1)
    monkeypatch.setattr("twistedchat.testing.client.TICK_S", 0.05)


class Crowd:
    """See the module.

    Attributes:
        says: everything said so far.
    """

    def __init__(self, backend: IBackend, count: int = 20) -> None:
        self.backend = backend
        self.says: list[Say] = []
        settings = Settings(limits=UNHURRIED)
        self.house = House(settings, reactor, SECRET, backend)
        site = make_site(self.house.resource, settings, reactor, self.house.entrances)
        self.port = reactor.listenTCP(0, site, interface="127.0.0.1")
        endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", self.port.getHost().port)
        self.clients = [Client(endpoint, reactor) for _ in range(count)]

    async def enter(self) -> None:
        """Connect everyone, one transport after the other."""
        for number, (client, transport) in enumerate(zip(self.clients, cycle(TRANSPORTS), strict=False)):
            await client.connect(transport)
            await client.login(f"Person {number}")
            await client.join(ROOM)

    def say(self, number: int) -> None:
        """One of the crowd says something."""
        client = self.clients[number % len(self.clients)]
        self.says.append(client.saying(ROOM, f"{len(self.says)}"))

    async def answered(self) -> None:
        """Wait until all that was said is acknowledged."""
        for client in self.clients:
            await client.until(lambda client=client: not client.peer.says)  # type: ignore[misc]
        assert {say.outcome for say in self.says} <= {Outcome.DONE}, "somebody was refused for good"

    async def everybody_shows(self, entries: list[Entry]) -> None:
        """Wait until the last of ``entries`` is on every screen."""
        for client in self.clients:
            await client.until(lambda client=client: _last(client) == entries[-1].offset)  # type: ignore[misc]

    async def history(self) -> list[Entry]:
        """Return the whole log, as the store has it."""
        return await whole_log(self.backend, ROOM)

    async def all_is_there_once(self) -> None:
        """Every message that was acknowledged is in the history and on every screen once, in one order, without a hole."""
        await self.answered()
        entries = await self.history()
        assert [entry.offset for entry in entries] == list(range(1, len(entries) + 1))
        assert sorted(entry.id for entry in entries) == sorted(say.id for say in self.says)
        await self.everybody_shows(entries)
        for client in self.clients:
            assert [shown.id for shown in client.shown(ROOM)] == [entry.id for entry in entries]
            assert client.holes(ROOM) == []
            assert client.peer.problems == []

    async def nobody_has_a_silent_hole(self) -> None:
        """Every screen shows what the log has, back to where it says that something is missing.

        For a store that lost entries: what was said before may be gone from the log, and then everyone who had it is told.
        """
        await self.answered()
        entries = await self.history()
        await self.everybody_shows(entries)
        for client in self.clients:
            shown = client.shown(ROOM)[max(client.holes(ROOM), default=0) :]
            log = entries[-len(shown) :]
            assert [(one.offset, one.id) for one in shown] == [(one.offset, one.id) for one in log]
            assert client.peer.problems == []

    async def leave(self) -> None:
        """Everyone goes, and the house closes."""
        for client in self.clients:
            client.stop()
        while any(getattr(reader, "server", None) is self.port for reader in reactor.getReaders()):
            await pause(0)  # until the server has heard it of every socket
        self.house.close()
        closed: list[Any] = [self.port.stopListening(), self.house.release()]
        await DeferredList(closed, fireOnOneErrback=True)


async def whole_log(backend: IBackend, channel: str) -> list[Entry]:
    """Return all entries of a log, in pieces that every store gives."""
    entries: list[Entry] = []
    while more := await backend.read(channel, entries[-1].offset if entries else 0, 500):
        entries += more
    return entries


def _last(client: Client) -> int:
    shown = client.shown(ROOM)
    return shown[-1].offset if shown else 0
