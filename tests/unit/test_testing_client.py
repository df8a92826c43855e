"""The client of the test kit: being somebody, being nobody, and asking again."""

from typing import Any

import pytest

from twistedchat.backends.memory import MemoryBackend
from twistedchat.testing import Client, Cut, MemoryHouse, Refused

ROOM = "room/lobby"
PASSWORD = "correct horse battery"


@pytest.fixture
def house():
    made = MemoryHouse()
    yield made
    made.stop()


@pytest.fixture
def client(house: MemoryHouse) -> Client:
    made = house.client()
    house.run(made.connect())
    return made


def refused(house: MemoryHouse, what: Any) -> str:
    with pytest.raises(Refused) as caught:
        house.run(what)
    return caught.value.error


def test_a_ticket_needs_no_name_and_nothing_at_all_is_refused(house: MemoryHouse, client: Client) -> None:
    assert refused(house, client.login()) == "BadName"
    me = house.run(client.login("Ann"))
    again = house.client()
    house.run(again.connect())
    assert house.run(again.login(ticket=client.peer.ticket)) == me
    house.run(again.join(ROOM))
    assert house.run(again.say(ROOM, "hello")) == 1


def test_an_account_logs_in_with_its_password_and_comes_back_after_a_restart() -> None:
    house = MemoryHouse(backend=MemoryBackend())
    first, second = house.client(), house.client()

    async def enter() -> tuple[str, str]:
        await first.connect()
        await first.call("register", "Ann", PASSWORD)
        await second.connect()
        return await second.login("Ann", password=PASSWORD)

    me = house.run(enter())
    assert me == first.peer.you
    house.restart()
    house.until(lambda: second.peer.welcomes == [False, False])
    house.run(second.join(ROOM))
    assert house.run(second.say(ROOM, "hello")) == 1
    assert second.shown(ROOM)[0].event[1]["from"] == list(me)
    house.stop()


def test_a_wrong_password_is_refused_and_the_right_one_taken_after_it(
    house: MemoryHouse, client: Client
) -> None:
    house.run(client.call("register", "Ann", PASSWORD))
    other = house.client()
    house.run(other.connect())
    assert refused(house, other.login("Ann", password="wrong horse battery")) == "BadPassword"
    assert refused(house, other.say(ROOM, "nobody says this")) == "NotLoggedIn"
    assert house.run(other.login("Ann", password=PASSWORD)) == client.peer.you


def test_who_is_somebody_stays_so_when_another_login_is_refused(house: MemoryHouse, client: Client) -> None:
    me = house.run(client.login("Bob"))
    ticket = client.peer.ticket
    assert refused(house, client.login("Nobody", password=PASSWORD)) == "BadPassword"
    assert (client.peer.you, client.peer.ticket) == (me, ticket)
    house.run(client.join(ROOM))
    assert house.run(client.say(ROOM, "still Bob")) == 1


def test_nobody_is_refused_at_once_and_not_kept_waiting(house: MemoryHouse, client: Client) -> None:
    house.run(house.member("Other").say(ROOM, "first"))
    assert refused(house, client.say(ROOM, "hello")) == "NotLoggedIn"


@pytest.mark.parametrize("method", ["login", "register"])
def test_a_login_by_a_call_is_a_login(house: MemoryHouse, client: Client, method: str) -> None:
    arguments = ("Ann",) if method == "login" else ("Ann", PASSWORD)
    value = house.run(client.call(method, *arguments))
    assert client.peer.you == tuple(value["you"])
    house.run(client.join(ROOM))
    assert house.run(client.say(ROOM, "hello")) == 1
    client.cut(Cut.IDLE)
    assert house.run(client.say(ROOM, "again")) == 2


def test_after_a_logout_nothing_is_said(house: MemoryHouse, client: Client) -> None:
    me = house.run(client.login("Ann"))
    house.run(client.call("logout"))
    assert refused(house, client.say(ROOM, "hello")) == "NotLoggedIn"
    client.cut(Cut.IDLE)
    house.until(lambda: client.peer.welcomes == [False, True])
    assert refused(house, client.say(ROOM, "hello")) == "NotLoggedIn"
    assert house.run(client.login()) == me


def test_a_channel_that_was_refused_is_asked_for_again(house: MemoryHouse, client: Client) -> None:
    assert refused(house, client.join(ROOM)) == "NotLoggedIn"
    house.run(client.login("Ann"))
    assert house.run(client.join(ROOM)).joined
    assert house.run(client.say(ROOM, "hello")) == 1


def test_a_refusal_is_the_one_of_now(house: MemoryHouse, client: Client) -> None:
    house.run(client.login("Ann"))
    assert refused(house, client.join("room/nowhere")) == "NoSuchRoom"
    assert refused(house, client.join("room/nowhere")) == "NoSuchRoom"
    house.run(client.call("openRoom", "Nowhere"))
    assert house.run(client.join("room/nowhere")).refusal is None
