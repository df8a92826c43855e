"""The endpoints that the SockJS protocol names for conformance tests. Off unless asked for: they serve any origin."""

from dataclasses import replace
from typing import Any

from twisted.internet.protocol import Factory, Protocol

from twistedchat.comet.answers import YEAR_S
from twistedchat.comet.clockwork import Clockwork
from twistedchat.comet.resource import CometResource
from twistedchat.core.policy import ALL_TRANSPORTS, MountPolicy

ECHO = MountPolicy(response_limit_bytes=4096, max_message_bytes=1_000_000, iframe_cache_s=YEAR_S)
NO_WEBSOCKET = replace(ECHO, transports=tuple(name for name in ALL_TRANSPORTS if name != "websocket"))
COOKIES = replace(ECHO, cookie=True)


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
    """``/echo``, ``/disabled_websocket_echo``, ``/cookie_needed_echo`` and ``/close``, with one clockwork.

    Attributes:
        mounts: the endpoints by the segment of their path.
    """

    __test__ = False  # not a test, whatever its name says to a test runner

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._clockwork = Clockwork(reactor)
        self.mounts: dict[bytes, CometResource] = {}
        self.add(b"echo", Echo, ECHO)
        self.add(b"disabled_websocket_echo", Echo, NO_WEBSOCKET)
        self.add(b"cookie_needed_echo", Echo, COOKIES)
        self.add(b"close", Close, ECHO)

    def add(self, name: bytes, protocol: type[Protocol], policy: MountPolicy) -> CometResource:
        """Offer ``protocol`` at ``/name``, to any origin."""
        mount = CometResource(
            Factory.forProtocol(protocol),
            policy,
            reactor=self._reactor,
            origins=("*",),
            clockwork=self._clockwork,
        )
        self.mounts[name] = mount
        return mount

    def stop(self) -> None:
        """Close every session."""
        for mount in self.mounts.values():
            mount.stop()

    def release(self) -> None:
        """Forget every session and cancel every timer."""
        for mount in self.mounts.values():
            mount.release()
        self._clockwork.stop()
