"""Redis killed, restarted, standing still, cut off, robbed of its tail, under a crowd that goes on chatting."""

import os
import random
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_twisted
from crowd_kit import Crowd, hurry, pause
from redis_kit import BRISK, RedisServer, needs_redis
from twisted.internet.threads import deferToThread

pytestmark = needs_redis

SOAK = os.environ.get("TWISTEDCHAT_SOAK") == "1"
ROUNDS = 200 if SOAK else 20
STILL_S = 5.0 if SOAK else 1.5


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path / "redis").start()
    yield server
    server.kill()


@pytest_twisted.async_yield_fixture
async def crowd(server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Crowd]:
    hurry(monkeypatch)
    crowd = Crowd(server.backend(BRISK))
    await crowd.enter()
    yield crowd
    await crowd.leave()


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
