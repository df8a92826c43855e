"""``kill -9`` at random moments under people who talk: what was acknowledged is there once, on every screen, in one order.

Here the server is killed, on each store that outlives it. ``test_redis_faults`` has the same with Redis killed.
"""

import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_twisted
from crowd_kit import whole_log
from kill_kit import ROOM, UNHURRIED, Crowd, Server
from redis_kit import RedisServer, needs_redis
from twisted.internet import reactor

from twistedchat.backends.sqlite import SqliteBackend
from twistedchat.interfaces import IBackend

ROUNDS = 200 if os.environ.get("TWISTEDCHAT_SOAK") == "1" else 20
PEOPLE = 20
SEED = int(os.environ.get("TWISTEDCHAT_SEED", random.randrange(2**32)))


@dataclass(frozen=True, slots=True)
class Store:
    """Where the server keeps what is said: its URL, and a way to look there without the server."""

    url: str
    look: Callable[[], IBackend]


@pytest.fixture(params=["sqlite", pytest.param("redis", marks=needs_redis)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "redis":
        redis = RedisServer(tmp_path / "redis").start()
        yield Store(redis.url, redis.backend)
        redis.kill()
    else:
        path = tmp_path / "chat.sqlite3"
        yield Store(f"sqlite:{path}", lambda: SqliteBackend(str(path), reactor))


@pytest.mark.timeout(100 + 10 * ROUNDS)
@pytest_twisted.ensureDeferred
async def test_nothing_acknowledged_is_lost_or_doubled_however_often_the_server_is_killed(
    store: Store, tmp_path: Path
) -> None:
    print(f"to do the same again: TWISTEDCHAT_SEED={SEED}")
    server = Server(tmp_path / "state", f"--backend={store.url}", *UNHURRIED)
    await server.start()
    crowd = Crowd(server, PEOPLE, SEED)
    try:
        await crowd.enter()
        for number in range(ROUNDS):
            await crowd.until_a_random_moment()
            assert await server.kill() is None, f"round {number}: it had ended before:\n{server.printed}"
            await server.start()
        said = await crowd.come_to_rest()
        assert await crowd.newcomer_sees() == said
        assert await server.kill("TERM") == 0, server.printed
        assert "Traceback" not in server.printed
    finally:
        crowd.stop()
        await server.kill()
    backend = store.look()
    try:
        history = await whole_log(backend, ROOM)
    finally:
        await backend.stop()
    crowd.check(history)
    assert said == len(history) > 10 * ROUNDS
    assert any(say.attempts > 1 for say in crowd.says)  # what a kill left unknown was said again
