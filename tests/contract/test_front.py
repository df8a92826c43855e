"""The front: slow, greedy and lying clients."""

import ipaddress
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sockjs_kit import Connection, World
from twisted.internet.address import IPv4Address, UNIXAddress
from twisted.web.resource import Resource

from twistedchat.config import Limits, Settings


@pytest.fixture
def world() -> Iterator[World]:
    made = World(Settings(limits=replace(Limits(), max_body_bytes=1000)))
    made.root.putChild(b"who", Who())
    yield made
    made.close()


class Who(Resource):
    isLeaf = True

    def render_GET(self, request: object) -> bytes:
        return f"{request.getClientAddress().host} {request.isSecure()}".encode()  # type: ignore[attr-defined]


def status(connection: Connection) -> bytes:
    return connection.take().partition(b"\r\n")[0]


def test_a_body_that_says_it_is_too_long(world: World) -> None:
    connection = world.connect()
    connection.feed(b"POST /echo/0/s/xhr_send HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1001\r\n\r\n")
    assert status(connection) == b"HTTP/1.1 413 Content Too Large"
    assert connection.wire.half_closed
    for _ in range(5):
        connection.feed(b"x" * 1000)
    assert connection.take() == b"", "it is drained, not answered again"
    world.wait(7)
    assert connection.wire.gone == "aborted"


def test_a_chunked_body_that_grows_too_long(world: World) -> None:
    connection = world.connect()
    connection.feed(
        b"POST /echo/0/s/xhr_send HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    for _ in range(3):
        connection.feed(b"190\r\n" + b"x" * 400 + b"\r\n")
    assert status(connection) == b"HTTP/1.1 413 Content Too Large"


def test_a_long_header_line(world: World) -> None:
    connection = world.connect()
    connection.feed(b"GET / HTTP/1.1\r\nX: " + b"x" * 20_000)
    assert status(connection) == b"HTTP/1.1 431 Request Header Fields Too Large"


@pytest.mark.parametrize(
    "data",
    [b"GET / HTTP/1.1\r\nHost: a\r\nX: y", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n"],
)
def test_one_byte_a_second_does_not_prolong_a_request(world: World, data: bytes) -> None:
    connection = world.connect()
    connection.feed(data)
    for _ in range(12):
        connection.feed(b"x")
        world.wait(1)
    assert connection.wire.gone == "aborted"


def test_requests_and_long_polls_live_on(world: World) -> None:
    connection = world.connect()
    connection.ask("POST", "/echo/0/s/xhr", "")
    connection.take()
    connection.ask("POST", "/echo/0/s/xhr", "")
    world.wait(20)
    assert connection.wire.gone is None
    world.ask("POST", "/echo/0/s/xhr_send", '["x"]')
    assert connection.answer().body == b'a["x"]\n'
    world.wait(50)
    assert connection.wire.gone is None
    world.wait(15)
    assert connection.wire.gone is not None, "idle connections are closed"


def test_connections_of_one_address_are_bounded(world: World) -> None:
    world.site.limits = replace(world.site.limits, max_connections_per_address=2)
    address = IPv4Address("TCP", "198.51.100.9", 1)
    first = world.connect(address)
    world.connect(address)
    assert world.connect(address).protocol is None
    first.cut()
    assert world.connect(address).protocol is not None
    for _ in range(5):
        assert world.connect(IPv4Address("TCP", "127.0.0.1", 1)).protocol is not None
        assert world.connect(UNIXAddress("/x")).protocol is not None


@pytest.mark.parametrize(
    ("host", "answered"),
    [("127.0.0.1", 200), ("[::1]:8080", 200), ("localhost:1", 200), ("LOCALHOST", 200), ("evil.example", 421),
     ("localhost.evil.example", 421), ("a b", 421), ("localhost/x", 421), ("x@localhost", 421), ("localhost:x", 421)],
)  # fmt: skip
def test_only_our_own_hosts_are_served(world: World, host: str, answered: int) -> None:
    assert world.ask("GET", "/echo", Host=host).status == answered


def test_public_urls_name_our_hosts() -> None:
    world = World(Settings(public_urls=("https://chat.example.org",)))
    assert world.ask("GET", "/echo", Host="chat.example.org").status == 200
    assert world.ask("GET", "/echo", Host="chat.example.org.").status == 200
    assert world.ask("GET", "/echo", Host="127.0.0.1").status == 421
    world.close()


def test_http10_without_a_host_is_served(world: World) -> None:
    connection = world.connect()
    connection.feed(b"GET /echo HTTP/1.0\r\n\r\n")
    assert status(connection) == b"HTTP/1.0 200 OK"


def test_two_hosts_are_none(world: World) -> None:
    connection = world.connect()
    connection.feed(b"GET /echo HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n")
    assert status(connection).startswith(b"HTTP/1.1 421")


@pytest.mark.parametrize(
    ("peer", "headers", "seen"),
    [
        ("198.51.100.9", {"X_Forwarded_For": "203.0.113.5"}, "198.51.100.9 False"),
        ("10.0.0.1", {"X_Forwarded_For": "203.0.113.5", "X_Forwarded_Proto": "https"}, "203.0.113.5 True"),
        ("10.0.0.1", {"X_Forwarded_For": "1.2.3.4, 203.0.113.5, 10.0.0.2"}, "203.0.113.5 False"),
        ("10.0.0.1", {"X_Forwarded_For": "10.0.0.3"}, "10.0.0.3 False"),
        ("10.0.0.1", {"X_Forwarded_For": "rubbish"}, "10.0.0.1 False"),
        ("10.0.0.1", {"X_Forwarded_For": "2001:db8::1"}, "2001:db8::1 False"),
        ("10.0.0.1", {}, "10.0.0.1 False"),
    ],
)
def test_only_trusted_proxies_are_believed(peer: str, headers: dict[str, str], seen: str) -> None:
    world = World(Settings(trusted_proxies=(ipaddress.ip_network("10.0.0.0/8"),)))
    world.root.putChild(b"who", Who())
    connection = world.connect(IPv4Address("TCP", peer, 1))
    connection.ask("GET", "/who", **headers)
    assert connection.answer().body.decode() == seen
    world.close()


def test_malformed_requests_are_400_and_leave_no_traceback(world: World) -> None:
    for data in (
        b"\xff\xfe\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
    ):
        connection = world.connect()
        connection.feed(data)
        world.turn()
        assert connection.take().startswith(b"HTTP/1.1 400") and connection.wire.gone


def test_an_ended_connection_does_not_linger(world: World) -> None:
    connection = world.connect()
    connection.wire.loseConnection = lambda: None  # type: ignore[method-assign]  # a buffer that nobody reads
    connection.feed(b"GET /echo HTTP/1.0\r\n\r\n")
    world.wait(17)
    assert connection.wire.gone == "aborted"
