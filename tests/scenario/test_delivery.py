"""What happens to pages in the world: frozen, paused, replaced, restarted; one room over every transport."""

from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from itertools import cycle

import pytest

from twistedchat.backends.memory import MemoryBackend
from twistedchat.testing import TRANSPORTS, Client, Cut, MemoryHouse, Outcome

ROOM = "room/lobby"
every_transport = pytest.mark.parametrize("transport", TRANSPORTS)


@pytest.fixture
def house() -> Iterator[MemoryHouse]:
    house = MemoryHouse()
    yield house
    house.stop()


def assert_all_once_in_order(client: Client, count: int) -> None:
    assert [entry.offset for entry in client.shown(ROOM)] == list(range(1, count + 1))
    assert client.holes(ROOM) == []
    assert client.peer.problems == []


def talk(house: MemoryHouse, speaker: Client, count: int, text: str = "line") -> None:
    """``speaker`` says ``count`` lines and has every answer."""
    says = [speaker.saying(ROOM, f"{text} {number}") for number in range(count)]
    house.until(lambda: all(say.outcome is Outcome.DONE for say in says))


def test_ten_clients_on_mixed_transports_all_show_300_messages_once_in_the_same_order(
    house: MemoryHouse,
) -> None:
    kinds = cycle(TRANSPORTS)
    clients = [house.member(f"Person {number}", next(kinds)) for number in range(10)]
    says = [client.saying(ROOM, f"{number}") for number in range(30) for client in clients]
    house.until(lambda: all(len(client.shown(ROOM)) == 300 for client in clients))
    assert {say.outcome for say in says} == {Outcome.DONE}
    for client in clients:
        assert_all_once_in_order(client, 300)
        assert client.shown(ROOM) == clients[0].shown(ROOM)
    assert Counter(clients[0].texts(ROOM)) == Counter({str(number): 10 for number in range(30)})


@every_transport
def test_a_laptop_frozen_for_ten_minutes_has_caught_up_within_three_seconds(
    house: MemoryHouse, transport: str
) -> None:
    laptop, other = house.member("Laptop", transport), house.member("Other")
    talk(house, other, 3)
    house.until(lambda: len(laptop.shown(ROOM)) == 3)
    laptop.freeze()
    for _ in range(10):
        talk(house, other, 30)
        house.advance(60)
    assert len(laptop.shown(ROOM)) == 3
    laptop.thaw()
    assert house.until(lambda: len(laptop.shown(ROOM)) == 303) <= 3
    assert_all_once_in_order(laptop, 303)
    assert house.run(laptop.say(ROOM, "awake")) == 304


@every_transport
def test_a_reader_paused_for_a_minute_holds_back_nobody_and_gets_all(
    house: MemoryHouse, transport: str
) -> None:
    slow, other = house.member("Slow", transport), house.member("Other")
    slow.pause()
    for _ in range(12):
        talk(house, other, 50, "x" * 1000)
        house.advance(5)
    assert len(other.shown(ROOM)) == 600
    slow.resume()
    house.until(lambda: len(slow.shown(ROOM)) == 600)
    assert_all_once_in_order(slow, 600)


@every_transport
def test_a_lost_last_message_is_found_by_the_statements_of_what_was_had(
    house: MemoryHouse, transport: str
) -> None:
    reader, other = house.member("Reader", transport), house.member("Other")
    talk(house, other, 2)
    house.until(lambda: len(reader.shown(ROOM)) == 2)
    received = reader.pipe_message
    lost = []

    def lossy(pipe: object, text: str) -> None:
        if text.startswith('["event"') and not lost:
            lost.append(text)
        else:
            received(pipe, text)

    reader.pipe_message = lossy
    talk(house, other, 1, "the last")
    house.advance(60)
    assert len(lost) == 1
    assert reader.texts(ROOM)[-1] == "the last 0"
    assert_all_once_in_order(reader, 3)


@every_transport
def test_two_hellos_out_of_order_never_take_a_client_to_a_dead_pipe(
    house: MemoryHouse, transport: str
) -> None:
    mover, other = house.member("Mover", transport), house.member("Other")
    talk(house, other, 1)
    house.run(mover.hop("xhr-streaming"))
    mover.peer.n -= 1
    stale = house.client()
    stale.peer.id, stale.peer._secret = mover.peer.id, mover.peer._secret
    opened = stale.connect(transport)
    with pytest.raises(Exception, match="4005"):
        house.run(opened)
    mover.peer.n += 1
    assert stale.peer.stopped is not None
    assert stale.peer.stopped[0] == 4005
    talk(house, other, 1)
    house.until(lambda: len(mover.shown(ROOM)) == 2)
    assert_all_once_in_order(mover, 2)


@every_transport
def test_a_replaced_page_is_told_and_does_not_reconnect(house: MemoryHouse, transport: str) -> None:
    page, other = house.member("Page", transport), house.member("Other")
    copy = house.client()
    copy.peer = deepcopy(page.peer)
    house.run(copy.connect("websocket"))
    house.until(lambda: page.peer.stopped is not None)
    assert page.peer.stopped is not None
    assert page.peer.stopped[0] == 4004
    sessions = page.sessions
    house.advance(300)
    assert page.sessions == sessions
    assert copy.peer.ready
    talk(house, other, 1)


@every_transport
def test_a_wrong_secret_takes_nothing_over(house: MemoryHouse, transport: str) -> None:
    page, thief = house.member("Page", transport), house.client()
    thief.peer.id = page.peer.id
    thief.peer.n = 100
    with pytest.raises(Exception, match="4003"):
        house.run(thief.connect(transport))
    assert page.peer.ready
    assert house.run(page.say(ROOM, "still mine")) == 1


@every_transport
def test_a_restart_that_forgets_shows_a_hole_and_goes_on(transport: str) -> None:
    house = MemoryHouse()
    page, other = house.member("Page", transport), house.member("Other")
    talk(house, other, 5)
    house.until(lambda: len(page.shown(ROOM)) == 5)
    house.restart()
    house.until(lambda: all(one.peer.ready and one.peer.channels[ROOM].joined for one in (page, other)))
    assert page.peer.welcomes == [False, False]
    assert page.holes(ROOM) == [5]
    talk(house, other, 3, "after")
    house.until(lambda: len(page.shown(ROOM)) == 8)
    assert [entry.offset for entry in page.shown(ROOM)] == [1, 2, 3, 4, 5, 1, 2, 3]
    assert page.shown(ROOM)[5].epoch != page.shown(ROOM)[0].epoch
    assert page.peer.problems == []
    house.stop()


@every_transport
def test_a_restart_that_remembers_goes_on_without_a_hole(transport: str) -> None:
    house = MemoryHouse(backend=MemoryBackend())
    page, other = house.member("Page", transport), house.member("Other")
    talk(house, other, 5)
    me = page.peer.you
    page.cut(Cut.AFTER_SEND)
    say = page.saying(ROOM, "said while the house goes down")
    house.shut()
    pending = other.saying(ROOM, "said while it is down")
    house.advance(5)
    house.start()
    house.until(lambda: say.outcome is pending.outcome is Outcome.DONE)
    house.until(lambda: len(page.shown(ROOM)) == 7)
    assert page.peer.you == me
    assert_all_once_in_order(page, 7)
    assert page.shown(ROOM) == other.shown(ROOM)
    house.stop()


@every_transport
def test_a_page_away_for_more_than_the_log_keeps_shows_where_the_hole_is(
    house: MemoryHouse, transport: str
) -> None:
    page, other = house.member("Page", transport), house.member("Other")
    talk(house, other, 2)
    house.until(lambda: len(page.shown(ROOM)) == 2)
    page.freeze()
    page.cut(Cut.IDLE)
    for _ in range(12):
        talk(house, other, 100)
    page.thaw()
    house.until(lambda: page.shown(ROOM)[-1].offset == 1202)
    assert page.holes(ROOM) == [2]
    assert [entry.offset for entry in page.shown(ROOM)] == [1, 2, *range(1153, 1203)]
    assert page.peer.problems == []


@pytest.mark.parametrize("transport", ["xhr-polling", "jsonp-polling"])
def test_brief_polls_carry_everything_too(house: MemoryHouse, transport: str) -> None:
    page, other = house.client(), house.member("Other")

    async def enter() -> None:
        await page.connect(transport, brief=True)
        await page.login("Page")
        await page.join(ROOM)

    house.run(enter())
    talk(house, other, 20)
    talk(house, page, 20)
    house.until(lambda: len(page.shown(ROOM)) == 40)
    assert_all_once_in_order(page, 40)


def test_presence_tells_who_came_and_who_went(house: MemoryHouse) -> None:
    pages = [house.member(f"Page {number}", transport) for number, transport in enumerate(TRANSPORTS)]
    house.advance(3)
    names = {f"Page {number}" for number in range(len(TRANSPORTS))}
    for page in pages:
        assert set((page.peer.channels[ROOM].people or {}).values()) == names
    house.run(pages[0].close())
    house.until(lambda: all(page.peer.channels[ROOM].count == len(pages) - 1 for page in pages[1:]))
    for page in pages[1:]:
        assert set((page.peer.channels[ROOM].people or {}).values()) == names - {"Page 0"}
