"""Ports: bound early, refused in one line, announced."""

from pathlib import Path

import pytest
import pytest_twisted
from twisted.internet import defer
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import LogEvent, globalLogPublisher

from twistedchat import listen
from twistedchat.config import Refusal
from twistedchat.listen import PortService

FACTORY = Factory.forProtocol(Protocol)


class Reactor(MemoryReactorClock):
    """A reactor in memory on which chosen ports fail to bind."""

    def __init__(self, **errors: OSError) -> None:
        super().__init__()
        self.errors = {int(port[1:]): error for port, error in errors.items()}

    def listenTCP(self, port, factory, backlog=50, interface=""):
        if port in self.errors:
            raise CannotListenError(interface, port, self.errors[port])
        return super().listenTCP(port, factory, backlog, interface)


@pytest.fixture
def announced():
    lines: list[str] = []

    def observe(event: LogEvent) -> None:
        if "url" in event:
            lines.append(event["url"])

    globalLogPublisher.addObserver(observe)
    yield lines
    globalLogPublisher.removeObserver(observe)


def service(*descriptions: str, reactor: MemoryReactorClock | None = None, path: str = "/") -> PortService:
    return PortService(reactor or Reactor(), descriptions, FACTORY, path)


def test_ports_are_bound_while_there_are_privileges() -> None:
    reactor = Reactor()
    ports = service("tcp:80", "tcp:8080:interface=127.0.0.1", reactor=reactor)
    assert reactor.tcpServers == []
    ports.privilegedStartService()
    assert [server[0] for server in reactor.tcpServers] == [80, 8080]
    ports.startService()
    assert len(reactor.tcpServers) == 2


def test_ports_are_bound_at_the_start_where_nobody_asked_earlier() -> None:
    reactor = Reactor()
    service("tcp:80", reactor=reactor).startService()
    assert len(reactor.tcpServers) == 1


@pytest.mark.parametrize(
    "text", ["", "8080", "tcp:eighty", "nosuch:1", "ssl:443:privateKey=/nonexistent", "tcp:80:x=1"]
)
def test_what_is_no_endpoint_is_refused_when_the_service_is_made(text: str) -> None:
    with pytest.raises(Refusal, match=r"is not a usable endpoint") as caught:
        service(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("tcp:80:x=1", "it has no option 'x'"),
        ("tcp", "it lacks its port"),
        ("tcp:80:127.0.0.1:5:6", "it has too many parts"),
    ],
)
def test_a_reason_is_in_the_operators_words(text: str, reason: str) -> None:
    with pytest.raises(Refusal) as caught:
        service(text)
    assert str(caught.value) == f"http: {text!r} is not a usable endpoint, such as tcp:8080: {reason}"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(98, "Address already in use"), "port 80 is in use: "),
        (OSError(13, "Permission denied"), "port 80 needs privileges: "),
        (OSError(99, "Cannot assign requested address"), "cannot listen on tcp:80: Cannot assign"),
    ],
)
def test_a_port_that_cannot_be_bound_is_refused_and_the_others_let_go(error: OSError, told: str) -> None:
    ports = service("tcp:8080", "tcp:80", reactor=Reactor(p80=error))
    with pytest.raises(Refusal) as caught:
        ports.privilegedStartService()
    assert str(caught.value).startswith(told)
    assert ports.addresses == []


def test_an_endpoint_that_does_not_bind_at_once_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Later:
        def listen(self, factory):
            return defer.Deferred()

    monkeypatch.setattr(listen, "serverFromString", lambda reactor, text: Later())
    with pytest.raises(Refusal, match="does not bind at once"):
        service("later:1").privilegedStartService()


def test_urls_are_announced_once_the_reactor_runs(announced: list[str]) -> None:
    reactor = Reactor()
    service("tcp:8080", "haproxy:tcp:81:interface=127.0.0.1", reactor=reactor, path="/chat/").startService()
    assert announced == []
    reactor.run()
    assert announced == ["http://127.0.0.1:8080/chat/", "http://127.0.0.1:81/chat/"]


@pytest_twisted.ensureDeferred
async def test_real_ports_tell_where_they_are_and_are_free_after_the_stop(tmp_path: Path) -> None:
    from twisted.internet import reactor

    socket_path = tmp_path / "socket"
    ports = PortService(
        reactor, ["tcp:0:interface=127.0.0.1", "tcp6:0:interface=\\:\\:1", f"unix:{socket_path}"], FACTORY
    )
    ports.privilegedStartService()
    first, second, third = ports.urls
    assert first == f"http://127.0.0.1:{ports.addresses[0].port}/"
    assert second == f"http://[::1]:{ports.addresses[1].port}/"
    assert third == f"unix:{socket_path}"
    again = PortService(reactor, [f"tcp:{ports.addresses[0].port}:interface=127.0.0.1"], FACTORY)
    with pytest.raises(Refusal, match=r"^port \d+ is in use: "):
        again.privilegedStartService()
    with pytest.raises(Refusal, match="cannot listen on unix:"):
        PortService(reactor, [f"unix:{socket_path}"], FACTORY).privilegedStartService()
    await ports.stopService()
    again.privilegedStartService()
    await again.stopService()


def test_a_secure_endpoint_is_announced_as_https() -> None:
    from twisted.internet.address import IPv4Address

    address = IPv4Address("TCP", "0.0.0.0", 443)
    assert listen._url("haproxy:ssl:443", address, "/") == "https://127.0.0.1:443/"
    assert listen._url("systemd:domain=INET:index=0", object(), "/") == "systemd:domain=INET:index=0"
