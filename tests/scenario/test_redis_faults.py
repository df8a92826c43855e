"""Redis killed, restarted, standing still, cut off, robbed of its tail, under a crowd that goes on chatting."""

import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from crowd_kit import ROOM, Crowd, hurry, pause
from redis_kit import BRISK, Cable, RedisServer, needs_redis
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread
from zope.interface import implementer

from twistedchat.interfaces import IBackendListener
from twistedchat.testing.waiting import wait

pytestmark = needs_redis

SOAK = os.environ.get("TWISTEDCHAT_SOAK") == "1"
ROUNDS = 200 if SOAK else 20
STILL_S = 5.0 if SOAK else 1.5


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path / "redis").start()
    yield server
    server.kill()


@pytest.fixture
def cable(server: RedisServer) -> Iterator[Cable]:
    cable = Cable(server.endpoint(reactor))
    yield cable
    wait(cable.close())


@pytest.fixture
def crowd(server: RedisServer, cable: Cable, monkeypatch: pytest.MonkeyPatch) -> Iterator[Crowd]:
    hurry(monkeypatch)
    crowd = Crowd(server.backend(BRISK, through=cable))
    wait(Deferred.fromCoroutine(crowd.enter()))
    yield crowd
    wait(Deferred.fromCoroutine(crowd.leave()))


def talk(crowd: Crowd, count: int) -> None:
    """Everybody in turn says something."""
    for number in range(count):
        crowd.say(number)


async def test_redis_is_killed_again_and_again(crowd: Crowd, server: RedisServer) -> None:
    chance = random.Random(os.environ.get("TWISTEDCHAT_SEED", "redis"))
    for _ in range(ROUNDS):
        for _ in range(chance.randint(1, 40)):
            crowd.say(chance.randrange(20))
        await pause(chance.choice((0, 0.002, 0.005, 0.01, 0.02)))
        server.kill()
        for _ in range(chance.randint(0, 10)):
            crowd.say(chance.randrange(20))
        await pause(chance.choice((0, 0.05, 0.1)))
        await deferToThread(server.start)
        await crowd.answered()
    await crowd.all_is_there_once()
    assert any(say.attempts > 1 for say in crowd.says), "no kill came in between"


async def test_redis_is_restarted(crowd: Crowd, server: RedisServer) -> None:
    talk(crowd, 40)
    await pause(0.01)
    await deferToThread(server.end)
    talk(crowd, 20)
    await deferToThread(server.start)
    await crowd.all_is_there_once()


async def test_redis_stands_still(crowd: Crowd, server: RedisServer) -> None:
    told = Told()
    crowd.backend.watch(told)
    talk(crowd, 20)
    server.signal(signal.SIGSTOP)
    talk(crowd, 20)
    await pause(STILL_S)
    server.signal(signal.SIGCONT)
    await crowd.all_is_there_once()
    assert "stands still" in told.lost[0] or "no answer" in told.lost[0]
    assert (len(told.lost), told.back) == (1, 1)


async def test_the_connections_to_redis_break(crowd: Crowd, cable: Cable) -> None:
    for _ in range(5):
        talk(crowd, 40)
        await pause(0.005)
        cable.tear()
    await crowd.all_is_there_once()


async def test_nothing_comes_through_to_redis(crowd: Crowd, cable: Cable) -> None:
    talk(crowd, 20)
    await pause(0.005)
    cable.silence()
    talk(crowd, 20)
    await pause(STILL_S)
    cable.mend()
    await crowd.all_is_there_once()


async def test_redis_is_away_for_longer_than_anyone_waits(crowd: Crowd, server: RedisServer) -> None:
    talk(crowd, 20)
    await crowd.answered()
    server.kill()
    talk(crowd, 20)
    await pause(1.0)
    assert crowd.backend.trouble is not None
    assert all(say.attempts > 1 for say in crowd.says[20:]), "nobody was told"
    await deferToThread(server.start)
    await crowd.all_is_there_once()
    assert crowd.backend.trouble is None


@pytest.mark.parametrize("more", [0, 5, 15, 30])
async def test_redis_loses_its_tail(crowd: Crowd, server: RedisServer, more: int) -> None:
    talk(crowd, 20)
    await crowd.answered()
    server.kill()
    copy = server.keep_copy()
    await deferToThread(server.start)
    talk(crowd, 15)
    await crowd.all_is_there_once()
    server.kill()
    server.go_back_to(copy)
    talk(crowd, more)
    await deferToThread(server.start)
    if not more:
        await everybody_is_told(crowd)
    talk(crowd, 3)
    await crowd.nobody_has_a_silent_hole()
    await everybody_is_told(crowd)


async def test_redis_loses_everything(crowd: Crowd, server: RedisServer) -> None:
    talk(crowd, 20)
    await crowd.all_is_there_once()
    server.command("FLUSHALL")
    server.kill()
    await deferToThread(server.start)
    talk(crowd, 30)
    await crowd.nobody_has_a_silent_hole()
    await everybody_is_told(crowd)


async def everybody_is_told(crowd: Crowd) -> None:
    """Wait until every screen shows that something is missing."""
    for client in crowd.clients:
        await client.until(lambda client=client: client.holes(ROOM) != [])  # type: ignore[misc]


@implementer(IBackendListener)
class Told:
    """Notes what it hears of the store."""

    def __init__(self) -> None:
        self.lost: list[str] = []
        self.back = 0

    def logGrew(self, channel: str, offset: int) -> None:
        raise AssertionError("nobody else writes")

    def storeLost(self, reason: str) -> None:
        self.lost.append(reason)

    def storeBack(self) -> None:
        self.back += 1
