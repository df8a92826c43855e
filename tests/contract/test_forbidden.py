"""What is forbidden is tried on the wire, in every way a page has, and refused; the refusals tell nothing."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from twistedchat.chat.where import private_channel, user_channel
from twistedchat.config import RoomSetting, Settings
from twistedchat.testing.backends import message_id
from twistedchat.testing.client import Client, Refused
from twistedchat.testing.kit import UNHURRIED, MemoryHouse

CLUB = "room/club"
LOBBY = "room/lobby"
SECRET_TEXT = "the secret of the club"


@pytest.fixture
def house() -> Iterator[MemoryHouse]:
    rooms = (RoomSetting("Lobby"), RoomSetting("Club", kind="members", topic="secrets"))
    made = MemoryHouse(Settings(rooms=rooms, limits=UNHURRIED))
    yield made
    made.stop()


def key_of(client: Client) -> str:
    """The key of the person who is logged in."""
    assert client.peer.you is not None
    key: str = client.peer.you[0]
    return key


def ask(house: MemoryHouse, client: Client, method: str, *args: Any) -> Any:
    """Call the chat; return what it answers, or the class and the text of the error."""
    try:
        return house.run(client.call(method, *args))
    except Refused as refused:
        return str(refused)


def owner(house: MemoryHouse) -> Client:
    """Somebody who owns the club and has said something in it."""
    client = house.member("Olga")
    visitor = house.house.chat.people.find(key_of(client))
    assert visitor is not None
    visitor.rights = frozenset({"owner"})
    house.run(client.join(CLUB))
    house.run(client.say(CLUB, SECRET_TEXT))
    return client


def tried(channel: str) -> list[tuple[str, Callable[[MemoryHouse, Client], Any]]]:
    """Everything that a page can try with a channel that it may not know of."""

    def call(method: str, *args: Any) -> Callable[[MemoryHouse, Client], Any]:
        return lambda house, client: ask(house, client, method, *args)

    def join(house: MemoryHouse, client: Client) -> Any:
        try:
            return house.run(client.join(channel))
        except Refused as refused:
            return str(refused)

    return [
        ("join", join),
        ("people", call("people", channel, None)),
        ("history", call("history", channel, 1000, 100)),
        ("typing", call("typing", channel)),
        ("say", call("say", channel, message_id(1), "hi")),
        ("edit", call("edit", channel, message_id(2), 1, "hi")),
        ("delete", call("delete", channel, message_id(3), 1)),
        ("me", call("command", channel, message_id(4), "/me waves")),
        ("topic", call("command", channel, message_id(5), "/topic")),
        ("set topic", call("command", channel, message_id(6), "/topic mine")),
        ("who", call("command", channel, message_id(7), "/who")),
        ("kind", call("command", channel, message_id(8), "/kind public")),
        ("invite", call("command", channel, message_id(9), "/invite Stan")),
        ("ban", call("command", channel, message_id(10), "/ban Olga")),
        ("slash", call("command", channel, message_id(11), "//hi")),
    ]


@pytest.mark.parametrize("transport", ["websocket", "xhr-polling", "jsonp-polling"])
def test_a_members_room_is_closed_to_strangers_in_every_way(house: MemoryHouse, transport: str) -> None:
    olga = owner(house)
    stan = house.member("Stan", transport)
    for (what, there), (_, nowhere) in zip(tried(CLUB), tried("room/nowhere"), strict=True):
        answer = there(house, stan)
        assert answer == nowhere(house, stan) == "NoSuchRoom: there is no such room", what
    assert ask(house, stan, "openRoom", "Club") == "NoSuchRoom: there is no such room"
    assert "Club" not in str(ask(house, stan, "rooms"))
    assert olga.texts(CLUB) == [SECRET_TEXT]
    assert stan.texts(CLUB) == []


def test_a_private_chat_is_closed_to_third_persons_in_every_way(house: MemoryHouse) -> None:
    ann, bob, eve = house.member("Ann"), house.member("Bob"), house.member("Eve")
    channel = house.run(ann.call("private", key_of(bob)))
    house.run(ann.join(channel))
    house.run(ann.say(channel, SECRET_TEXT))
    assert channel == private_channel(key_of(ann), key_of(bob))
    for what, there in tried(channel):
        assert there(house, eve) == "NoSuchRoom: there is no such room", what
    for mine in (user_channel(key_of(ann)), "user/nobody"):
        for what, there in tried(mine):
            assert there(house, eve) == "NoSuchRoom: there is no such room", what
    assert ann.texts(channel) == [SECRET_TEXT]


def test_who_was_shown_out_hears_nothing_more_by_any_session(house: MemoryHouse) -> None:
    olga, stan = owner(house), house.member("Stan", "xhr-streaming")
    assert ask(house, olga, "command", CLUB, message_id(20), "/invite Stan") == {"text": ""}
    house.run(stan.join(CLUB))
    house.until(lambda: SECRET_TEXT in stan.texts(CLUB))
    assert ask(house, olga, "command", CLUB, message_id(21), "/dismiss Stan") == {"text": ""}
    house.settle()
    house.run(olga.say(CLUB, "not for Stan"))
    house.run(stan.hop("websocket"))
    house.advance(60)
    assert "not for Stan" not in stan.texts(CLUB)
    assert ask(house, stan, "history", CLUB, 1000, 100) == "NoSuchRoom: there is no such room"


def test_banned_and_muted_people_say_nothing_in_any_way(house: MemoryHouse) -> None:
    olga, stan = owner(house), house.member("Stan")
    house.run(stan.say(LOBBY, "early"))
    offset = house.run(stan.say(LOBBY, "mine"))
    writing = [
        ("say", message_id(1), "hi"),
        ("edit", message_id(2), offset, "hi"),
        ("delete", message_id(3), offset),
        ("command", message_id(4), "/me waves"),
        ("command", message_id(5), "//hi"),
        ("typing",),
    ]
    ask(house, olga, "command", LOBBY, message_id(30), "/mute Stan 10")
    for method, *args in writing:
        assert str(ask(house, stan, method, LOBBY, *args)).startswith("Muted: "), (method, args)
    assert isinstance(ask(house, stan, "history", LOBBY, 1000, 10), list), "who is muted may read"
    ask(house, olga, "command", LOBBY, message_id(31), "/ban Stan 10")
    for method, *args in [*writing, ("history", 1000, 10), ("people", None)]:
        assert str(ask(house, stan, method, LOBBY, *args)).startswith("Banned: "), (method, args)
    assert [text for text in olga.texts(LOBBY) if text] == ["early", "mine"]


def test_nobody_makes_themselves_more_than_they_are(house: MemoryHouse) -> None:
    stan = house.member("Stan")
    for line in (
        "/mod Stan",
        "/owner Stan",
        "/invite Stan",
        "/kind members",
        "/ban 203.0.113.0/24",
        "/unban 203.0.113.0/24",
    ):
        assert str(ask(house, stan, "command", LOBBY, message_id(1), line)).startswith("NotAllowed: "), line
