"""One address that says hello without end, or acknowledges nothing, takes neither the house nor its memory from others."""

import json
from typing import Any

import pytest
from twisted.internet.task import Clock

from twistedchat.core import codes, wire
from twistedchat.core.addresses import home
from twistedchat.core.errors import ProtocolError
from twistedchat.core.frames import Prepared
from twistedchat.live.client import LiveClient
from twistedchat.live.element import LiveElement, expose
from twistedchat.live.server import LiveLimits, LiveServer

HERE, ELSEWHERE = "198.51.100.9", "203.0.113.7"


class Session:
    """A session's transport that keeps nothing but how it ended."""

    name, writable = "websocket", True

    def __init__(self, peer: str) -> None:
        self.peer = peer
        self.ended: int | None = None

    def send(self, prepared: Prepared) -> None: ...

    def registerProducer(self, producer: Any, streaming: bool) -> None: ...

    def unregisterProducer(self) -> None: ...

    def close(self, code: int, reason: str) -> None:
        self.ended = self.ended or code


class Talker(LiveElement):
    """Answers at length."""

    @expose
    def tell(self, length: int) -> str:
        return "x" * length


class Place:
    def __init__(self, **limits: Any) -> None:
        self.clock = Clock()
        self.server = LiveServer(self.clock, {"chat": lambda client: Talker()}, limits=LiveLimits(**limits))
        self.said = 0

    def hello(self, name: str, peer: str = HERE, n: int = 1) -> LiveClient:
        fields = wire.HelloFields(1, name.ljust(22, "-"), "s" * 22, n)
        client = self.server.hello(fields, Session(peer))  # type: ignore[arg-type]
        self.clock.advance(0)
        return client

    def asks(self, client: LiveClient, length: int, ack: int = -1) -> None:
        seq = client.inbox.ack + 1
        client.received(
            wire.decode(json.dumps([ack, [[seq, ["call", [f"c{seq}", 1, "tell", [length]]]]]]).encode())
        )
        self.clock.advance(0)


def test_hellos_without_end_push_out_the_longest_detached_of_their_own_address() -> None:
    place = Place(clients_per_address=3)
    other = place.hello("other", ELSEWHERE)
    first, second, third = (place.hello(name) for name in ("a", "b", "c"))
    second.detach()
    first.detach()
    place.hello("d")
    assert (first.over, second.over, third.over, other.over) == (False, True, False, False)
    place.hello("e")
    assert first.over
    with pytest.raises(ProtocolError) as refused:
        place.hello("f")
    assert refused.value.code is codes.OVERLOADED
    place.hello("f", ELSEWHERE)
    place.server.stop()
    assert len(place.server.shares) == 0


def test_a_page_that_comes_back_is_not_counted_twice_and_counts_where_it_is() -> None:
    place = Place(clients_per_address=2)
    page = place.hello("a")
    for n in range(2, 6):
        page.detach()
        assert place.hello("a", n=n) is page
    place.hello("b")
    assert place.hello("a", ELSEWHERE, n=9) is page
    third = place.hello("c")
    assert not page.over and not third.over
    place.server.stop()


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1"])
def test_a_proxy_on_this_machine_is_not_counted(peer: str) -> None:
    place = Place(clients_per_address=2, baskets_per_address_chars=100, basket_part_chars=10)
    clients = [place.hello(f"page{number}", peer) for number in range(5)]
    for client in clients:
        place.asks(client, 1000)
    assert not any(client.over for client in clients)
    place.server.stop()


def test_answers_that_are_not_acknowledged_are_bounded_for_an_address() -> None:
    place = Place(baskets_per_address_chars=10_000, basket_part_chars=2_000)
    greedy = [place.hello(f"greedy{number}") for number in range(4)]
    modest, other = place.hello("modest"), place.hello("other", ELSEWHERE)
    place.asks(other, 5000)
    for client in greedy:
        place.asks(client, 4000)
    assert [client.over for client in greedy] == [False, False, True, True]
    place.asks(modest, 1000)
    assert not modest.over and not other.over
    place.asks(greedy[0], 10, ack=greedy[0]._basket._given)
    place.asks(modest, 4000)
    assert not modest.over, "there is room again"
    place.server.stop()


@pytest.mark.parametrize(
    ("host", "counted"),
    [
        ("198.51.100.9", "198.51.100.9"),
        ("::ffff:198.51.100.9", "198.51.100.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::1"),
        ("unix", "unix"),
    ],
)
def test_a_network_of_one_home_counts_as_one_address(host: str, counted: str) -> None:
    assert home(host) == counted
