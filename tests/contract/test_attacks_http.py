"""Requests that want the server to log, to crash, or to send more than it was asked for."""

import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from process_kit import twistd
from sockjs_kit import World
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import StringTransport
from twisted.logger import LogEvent, globalLogPublisher
from twisted.python.failure import Failure
from twisted.python.log import textFromEventDict

from twistedchat.core.policy import MountPolicy
from twistedchat.paths import static_dir
from twistedchat.testing.kit import MemoryHouse


@pytest.fixture
def house() -> Iterator[MemoryHouse]:
    made = MemoryHouse()
    yield made
    made.stop()


@pytest.fixture
def logged() -> Iterator[list[str]]:
    lines: list[str] = []

    def observe(event: LogEvent) -> None:
        lines.append(str(textFromEventDict(event)))

    globalLogPublisher.addObserver(observe)
    yield lines
    globalLogPublisher.removeObserver(observe)


def ask(house: MemoryHouse, path: bytes, *headers: bytes) -> bytes:
    """Send one GET over a connection of its own; return all that is answered."""
    channel: Any = house.network.factory.buildProtocol(IPv4Address("TCP", "198.51.100.9", 5000))
    wire = StringTransport()
    channel.makeConnection(wire)
    lines = [b"GET " + path + b" HTTP/1.1", b"Host: localhost", b"Connection: close", *headers]
    channel.dataReceived(b"\r\n".join(lines) + b"\r\n\r\n")
    house.settle()
    wire_bytes: bytes = wire.value()
    channel.connectionLost(Failure(ConnectionDone()))
    return wire_bytes


@pytest.mark.parametrize(
    "path",
    [b"/%ff%fe", b"/static/%00", b"/static/%ff", b"/static/page.js%00.html", b"/live/js/%ff/%00", b"/%00"],
)
def test_a_path_that_is_no_text_is_not_found_and_not_logged(
    house: MemoryHouse, logged: list[str], path: bytes
) -> None:
    logged.clear()
    assert ask(house, path).startswith(b"HTTP/1.1 404 ")
    assert logged == []


def test_paths_with_letters_of_any_script_go_on_to_the_pages(house: MemoryHouse) -> None:
    assert b"<h1>No Such Resource</h1>" in ask(house, b"/static/%C3%A9.js")
    assert b"HTTP/1.1 404 " in ask(house, b"/static/%2e%2e/%2e%2e/pyproject.toml")


@pytest.mark.parametrize("ranges", ["bytes=0-1,x-", "bytes=" + ",".join(["0-"] * 1000)])
def test_a_range_a_thousand_times_is_sent_once(tmp_path: Path, ranges: str) -> None:
    with twistd(cwd=tmp_path) as server:
        before = len(server.lines)
        request = urllib.request.Request(server.url() + "static/page.js", headers={"Range": ranges})
        with urllib.request.urlopen(request, timeout=20) as answer:
            assert answer.status == 200
            assert len(answer.read()) == len((static_dir() / "page.js").read_bytes())
        server.end()
    assert not [line for line in server.lines[before:] if "Range" in line]


@pytest.mark.parametrize("lean", [True, False])
def test_a_session_id_is_no_place_to_keep_things(lean: bool) -> None:
    world = World(lean=lean)
    for length, status in ((256, 200), (257, 404), (400, 404), (8000, 404)):
        assert world.ask("POST", f"/echo/0/{'s' * length}/xhr", "").status == status
    world.close()


def test_a_network_of_one_home_has_the_connections_and_sessions_of_one_address() -> None:
    world = World()
    world.site.limits = replace(world.site.limits, max_connections_per_address=2)
    made = [world.connect(IPv6Address("TCP", f"2001:db8::{number}", 1)) for number in range(1, 4)]
    assert [connection.protocol is None for connection in made] == [False, False, True]
    assert world.connect(IPv6Address("TCP", "2001:db8:0:1::1", 1)).protocol is not None
    for _ in range(3):
        assert world.connect(IPv6Address("TCP", "::1", 1)).protocol is not None
    world.site.limits = replace(world.site.limits, max_connections_per_address=9)
    world.mount("small", MountPolicy(max_sessions_per_address=2))
    answers = []
    for number in range(3):
        connection = world.connect(IPv6Address("TCP", f"2001:db8:9::{number}", 1))
        connection.ask("POST", f"/small/0/s{number}/xhr", "")
        world.turn()
        answers.append(connection.answer().status)
    assert answers == [200, 200, 503]
    world.close()
