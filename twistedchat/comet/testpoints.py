"""The endpoints that the SockJS protocol names for conformance tests. Off unless asked for: they serve any origin."""

from typing import Any

from twisted.internet.protocol import Factory, Protocol
from twisted.web.resource import Resource

from twistedchat.comet.answers import YEAR_S
from twistedchat.comet.clockwork import Clockwork
from twistedchat.comet.resource import CometResource
from twistedchat.core.policy import ALL_TRANSPORTS, MountPolicy

ECHO = MountPolicy(response_limit_bytes=4096, max_message_bytes=1_000_000, iframe_cache_s=YEAR_S)
NO_WEBSOCKET = MountPolicy(
    response_limit_bytes=4096,
    max_message_bytes=1_000_000,
    iframe_cache_s=YEAR_S,
    transports=tuple(name for name in ALL_TRANSPORTS if name != "websocket"),
)
COOKIES = MountPolicy(
    response_limit_bytes=4096, max_message_bytes=1_000_000, iframe_cache_s=YEAR_S, cookie=True
)


class Echo(Protocol):
    """Sends back what it receives."""

    def dataReceived(self, data: bytes) -> None:
        """Send it back."""
        assert self.transport is not None
        self.transport.write(data)


class Close(Protocol):
    """Closes at once."""

    def connectionMade(self) -> None:
        """Close with 3000 "Go away!"."""
        assert self.transport is not None
        self.transport.loseConnection()


class TestPoints:
    """``/echo``, ``/disabled_websocket_echo``, ``/cookie_needed_echo`` and ``/close``."""

    __test__ = False  # not a test, whatever its name says to a test runner

    def __init__(self, reactor: Any, policies: dict[bytes, MountPolicy] | None = None) -> None:
        """``policies`` replaces the policy of single endpoints, by name."""
        self._clockwork = Clockwork(reactor)
        policies = policies or {}
        self.mounts: dict[bytes, CometResource] = {}
        for name, protocol, policy in (
            (b"echo", Echo, ECHO),
            (b"disabled_websocket_echo", Echo, NO_WEBSOCKET),
            (b"cookie_needed_echo", Echo, COOKIES),
            (b"close", Close, ECHO),
        ):
            self.mounts[name] = CometResource(
                Factory.forProtocol(protocol),
                policies.get(name, policy),
                reactor=reactor,
                origins=("*",),
                clockwork=self._clockwork,
            )

    def put_into(self, root: Resource) -> None:
        """Add every endpoint to ``root``."""
        for name, mount in self.mounts.items():
            root.putChild(name, mount)

    def stop(self) -> None:
        """Close every session."""
        for mount in self.mounts.values():
            mount.stop()

    def release(self) -> None:
        """Forget every session and cancel every timer."""
        for mount in self.mounts.values():
            mount.release()
        self._clockwork.stop()
