"""The Redis backend on a real Redis: the contract, its bounds, TLS and ACL, and its face when Redis is not as it should be."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from redis_kit import RedisServer, needs_redis
from twisted.internet.defer import Deferred
from waiting_kit import may_wait, wait

from twistedchat.interfaces import IBackend
from twistedchat.testing.backends import BackendContract

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


@may_wait
class TestRedis(BackendContract):
    """The public suite; each test has a prefix of its own, so a second backend finds what the first one wrote."""

    def wait(self, deferred: "Deferred[Any]") -> Any:
        return wait(deferred)

    @pytest.fixture
    def make_backend(self, shared: RedisServer, prefix: str) -> Callable[[], IBackend]:
        return lambda: shared.backend(prefix=prefix)
