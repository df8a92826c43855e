"""One page that is always somebody else talks no faster than one person, and pushes itself upon nobody."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from twistedchat.chat.house import user_channel
from twistedchat.config import Limits, Settings
from twistedchat.testing.backends import message_id, settled
from twistedchat.testing.client import Client, Refused
from twistedchat.testing.kit import MemoryHouse


@pytest.fixture
def house() -> Iterator[MemoryHouse]:
    made = MemoryHouse(Settings(limits=replace(Limits(), calls_per_s=1000, calls_burst=10_000)))
    yield made
    made.stop()


def call(house: MemoryHouse, client: Client, method: str, *args: Any) -> Any:
    """Call the chat; return what it answers, or the class of the error."""
    try:
        return house.run(client.call(method, *args))
    except Refused as refused:
        return refused.error


def opened(house: MemoryHouse, key: str) -> list[str]:
    """The private chats that a person was told of, by channel."""
    log = settled(house.house.hub.open(user_channel(key)))
    return [json.loads(entry.event)[1] for entry in log.last(1000)]


def test_a_page_that_is_somebody_else_each_time_talks_no_faster(house: MemoryHouse) -> None:
    page = house.member("Mallory")
    said = 0
    for number in range(40):
        call(house, page, "login", f"Mallory {number}", None)
        for _ in range(20):
            answer = call(house, page, "say", "room/lobby", message_id(said), "spam")
            said += isinstance(answer, int)
    seconds = house.clock.seconds()
    assert said <= 20 + 10 * 20 + seconds * (5 + 4), "as 40 people it would be 800"


def test_names_change_no_faster_than_people_can_read(house: MemoryHouse) -> None:
    page = house.member("Mallory")
    answers = [call(house, page, "rename", f"M{number}") for number in range(30)]
    assert answers[-1] == "TooFast" and answers.count("TooFast") >= 15
    house.advance(10)
    assert call(house, page, "rename", "Someone")["you"][1] == "Someone"


def test_who_logs_out_and_in_again_waits_like_everyone(house: MemoryHouse) -> None:
    page = house.member("Mallory")
    ticket = page.peer.ticket
    answers = []
    for _ in range(20):
        call(house, page, "logout")
        answers.append(call(house, page, "login", None, ticket))
    assert answers[-1] == "TooFast"


def test_private_chats_are_opened_no_faster_than_people_can_close_them(house: MemoryHouse) -> None:
    victim, page = house.member("Victim"), house.member("Mallory")
    key = victim.peer.you[0]  # type: ignore[index]
    answers = [call(house, page, "private", key) for _ in range(30)]
    assert answers[-1] == "TooFast"
    assert len(opened(house, key)) <= 12


def test_who_is_in_a_private_chat_is_not_told_of_it_again(house: MemoryHouse) -> None:
    ann, bob = house.member("Ann"), house.member("Bob")
    key = bob.peer.you[0]  # type: ignore[index]
    channel = call(house, ann, "private", key)
    house.run(bob.join(channel))
    for _ in range(5):
        call(house, ann, "private", key)
    assert opened(house, key) == [channel]
    bob.peer.leave(channel)
    house.advance(1)
    call(house, ann, "private", key)
    assert opened(house, key) == [channel, channel], "who closed it hears of it again"
