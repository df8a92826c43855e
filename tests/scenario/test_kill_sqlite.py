"""``kill -9`` at random moments under people who talk: what was acknowledged is there once, on every screen, in one order."""

import os
import random
from pathlib import Path

import pytest
import pytest_twisted
from kill_kit import ROOM, UNHURRIED, Crowd, Server
from twisted.internet import reactor

from twistedchat.backends.sqlite import SqliteBackend

ROUNDS = 200 if os.environ.get("TWISTEDCHAT_SOAK") == "1" else 20
PEOPLE = 20
SEED = int(os.environ.get("TWISTEDCHAT_SEED", random.randrange(2**32)))


@pytest.mark.timeout(100 + 10 * ROUNDS)
@pytest_twisted.ensureDeferred
async def test_nothing_acknowledged_is_lost_or_doubled_however_often_the_server_is_killed(
    tmp_path: Path,
) -> None:
    print(f"to do the same again: TWISTEDCHAT_SEED={SEED}")
    server = Server(tmp_path / "state", *UNHURRIED)
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
    store = SqliteBackend(str(tmp_path / "state" / "chat.sqlite3"), reactor)
    try:
        history = await store.read(ROOM, 0, said + 1)
    finally:
        await store.stop()
    crowd.check(history)
    assert said > 10 * ROUNDS
    assert sum(say.attempts > 1 for say in crowd.says) > 0  # what a kill left unknown was said again
