"""The Redis backend on a real Redis: the contract, its bounds, TLS and ACL, a Redis that is not as it should be."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from redis_kit import RedisServer, needs_redis
from twisted.internet.defer import Deferred

from twistedchat.backends.redis import RedisBackend
from twistedchat.interfaces import IBackend
from twistedchat.testing.backends import BackendContract
from twistedchat.testing.waiting import wait, waiting

pytestmark = needs_redis


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One Redis for all tests that only need an empty prefix."""
    server = RedisServer(tmp_path_factory.mktemp("redis")).start()
    yield server
    server.kill()


@pytest.fixture
def prefix(request: pytest.FixtureRequest) -> str:
    return f"{request.node.nodeid}:"


@waiting
class TestRedis(BackendContract):
    """The public suite; each test has a prefix of its own, so a second backend finds what the first one wrote."""

    def wait(self, deferred: "Deferred[Any]") -> Any:
        return wait(deferred)

    @pytest.fixture
    def make_backend(self, shared: RedisServer, prefix: str) -> Iterator[Callable[[], IBackend]]:
        made: list[RedisBackend] = []

        def make() -> RedisBackend:
            made.append(shared.backend(prefix=prefix))
            return made[-1]

        yield make
        for backend in made:
            wait(backend.stop())
