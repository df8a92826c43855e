"""A few bytes that join many channels are answered with neither all their texts nor all their people at once."""

import json
from typing import Any

from test_attacks_cost import cost
from twisted.internet.task import Clock

from twistedchat.core import wire
from twistedchat.core.frames import Prepared
from twistedchat.core.presence import Person
from twistedchat.service import House
from twistedchat.testing.backends import message_id, settled
from twistedchat.testing.kit import MemoryHouse


class Room100:
    """A hundred rooms full of long messages and people."""

    def __init__(self, rooms: int = 100, texts: int = 50, people: int = 0) -> None:
        self.kit = MemoryHouse()
        self.house: House = self.kit.house
        self.clock: Clock = self.kit.clock
        self.names = [self.house.chat.rooms.open(f"R{number}").channel for number in range(rooms)]
        for name in self.names:
            channel = settled(self.house.hub.open(name))
            for number in range(texts):
                settled(channel.post("ann", message_id(number), '["message",{"text":"%s"}]' % ("x" * 8000)))
            for number in range(people):
                channel.enter(
                    Person(f"key-{number}".ljust(22, "-"), f"{number}".ljust(32, "\U0001f600")), "c"
                )
        self.kit.advance(2)


def raw_joined(full: Room100, names: list[str]) -> tuple[Any, list[int]]:
    """Join with a bare live client; return the results and the sizes of all that was sent."""
    sizes: list[int] = []
    told: list[Any] = []

    class Session:
        name, peer, writable = "websocket", "198.51.100.9", True

        def send(self, prepared: Prepared) -> None:
            sizes.append(prepared.size)
            told.extend(prepared.messages)

        def registerProducer(self, producer: Any, streaming: bool) -> None: ...

        def unregisterProducer(self) -> None: ...

        def close(self, *why: Any) -> None: ...

    session: Any = Session()
    hello = wire.HelloFields(v=1, client="c" * 22, secret="s" * 22, n=1)
    client = full.house.live.hello(hello, session)
    full.kit.settle()
    client.received(wire.decode(b'[-1,[[0,["call",["a",1,"login",["Mallory"]]]]]]'))
    full.kit.settle()
    sizes.clear()
    told.clear()
    client.received(wire.Join(1, dict.fromkeys(names)))
    full.kit.settle()
    return told, sizes


def test_many_channels_are_answered_within_a_bound() -> None:
    full = Room100()
    _, sizes = raw_joined(full, full.names)
    assert sum(sizes) < 600_000, "that was 40 MB"
    full.kit.stop()


def test_one_channel_gets_all_of_a_snapshot_that_is_not_huge() -> None:
    full = Room100(rooms=1, texts=10)
    (joined, *_), _ = raw_joined(full, full.names)
    assert [entry[0] for entry in json.loads(joined)[2]["room/r0"]["entries"]] == list(range(1, 11))
    full.kit.stop()


def test_people_that_are_too_many_for_the_answer_follow_in_pieces() -> None:
    full = Room100(rooms=60, texts=0, people=150)
    told, sizes = raw_joined(full, full.names)
    messages = [json.loads(one) for one in told]
    joined = next(one[2] for one in messages if one[0] == "joined")
    assert all(result["people"] == {"version": -1, "count": 150, "list": None} for result in joined.values())
    assert max(sizes) < 100_000
    people = {one[1]: len(one[4]) for one in messages if one[0] == "presence" and one[3] == "full"}
    assert set(people) == set(full.names) and set(people.values()) == {151}, "and Mallory"
    full.kit.stop()


def test_a_client_that_joins_without_end_is_refused() -> None:
    full = Room100(rooms=100, texts=0)
    told, _ = raw_joined(full, full.names)
    client = full.house.live.clients["c" * 22]
    for number in range(10):
        client.received(wire.Leave(number, full.names))
        client.received(wire.Join(100 + number, dict.fromkeys(full.names)))
    answers = [json.loads(one)[2] for one in told if one.startswith('["joined"')]
    refused = [one for one in answers if one["room/r0"].get("error") == "TooFast"]
    assert len(answers) == 11 and len(refused) == 7
    assert 0 < refused[-1]["room/r0"]["retry"] <= 5
    full.kit.advance(6)
    client.received(wire.Join(200, dict.fromkeys(full.names)))
    assert "error" not in json.loads(told[-1])[2]["room/r0"]
    full.kit.stop()


def test_a_page_that_comes_back_again_and_again_has_nobody_named_anew() -> None:
    full = Room100(rooms=20, texts=0, people=150)
    told, _ = raw_joined(full, full.names)
    client = full.house.live.clients["c" * 22]
    full.kit.advance(2)

    def come_back() -> None:
        client.reading.resume({})
        client.flush()

    come_back()
    told.clear()
    assert cost(come_back) < 3000, "3000 names would be sorted and written"
    assert len([one for one in told if '"full"' in one]) == len(full.names)
    full.kit.stop()
