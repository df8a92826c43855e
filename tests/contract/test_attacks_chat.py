"""Who is shown out is out, and what was begun is done, whenever answers come and pages go."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from chat_attack_kit import SlowStore, ask, command, key_of, room_of, visitor_of
from test_attacks_cost import cost

from twistedchat.chat.house import user_channel
from twistedchat.chat.messages import _revisions_of
from twistedchat.chat.tickets import VouchedTicket
from twistedchat.chat.visitors import Kind
from twistedchat.config import Limits, Settings
from twistedchat.core.errors import StoreUnavailable, StoreUnknown
from twistedchat.testing.backends import message_id, settled
from twistedchat.testing.calls import Outcome
from twistedchat.testing.client import Client
from twistedchat.testing.kit import UNHURRIED, MemoryHouse
from twistedchat.testing.seen import Seen


@pytest.fixture
def store() -> SlowStore:
    return SlowStore()


@pytest.fixture
def house(store: SlowStore) -> Iterator[MemoryHouse]:
    made = MemoryHouse(backend=store)
    yield made
    store.release()
    made.stop()


def ask_join(client: Client, *channels: str) -> None:
    """Ask for all channels in one request; the answer is not waited for."""
    for channel in channels:
        client.peer.channels[channel] = seen = Seen(channel)
        seen.wanted, seen.rid = True, 0
    client.peer.settle()
    client._flush()


# --- shown out


def test_who_is_banned_while_a_join_waits_for_another_channel_is_out(
    house: MemoryHouse, store: SlowStore
) -> None:
    olga, stan = house.member("Olga"), house.member("Stan")
    room = room_of(house, olga, "Den")
    store.slow = {"open"}
    house.run(stan.call("openRoom", "Slow"))
    ask_join(stan, room, "room/slow")
    house.settle()
    assert store.held, "the second channel is being opened"
    assert command(house, olga, room, "/ban Stan") == {"text": ""}
    store.release()
    house.settle()
    house.run(olga.say(room, "not for Stan"))
    house.advance(5)
    assert "not for Stan" not in stan.texts(room)


def test_who_logs_out_while_a_join_waits_reads_nothing_more(house: MemoryHouse, store: SlowStore) -> None:
    olga, stan = house.member("Olga"), house.member("Stan")
    mine, key = user_channel(key_of(stan)), key_of(stan)
    house.run(stan.call("openRoom", "Slow"))
    store.slow = {"open"}
    ask_join(stan, mine, "room/slow")
    house.settle()
    stan.calling("logout")
    house.settle()
    store.release()
    house.settle()
    client = house.house.live.clients[stan.peer.id]
    assert client.reading.names == []
    assert ask(house, olga, "private", key).startswith("NoSuchPerson")


def asleep(house: MemoryHouse, client: Client) -> None:
    """The line breaks, and the machine sleeps: the server waits for it, and nobody sees them any more."""
    client.freeze()
    pipe, client._pipe = client._pipe, None
    assert pipe is not None
    pipe.leave()
    house.advance(30)


@pytest.mark.parametrize("line", ["/kind members", "/ban 127.0.0.0/8", "/ban Stan"])
def test_who_sleeps_while_others_are_shown_out_is_shown_out_too(house: MemoryHouse, line: str) -> None:
    olga, stan = house.member("Olga"), house.member("Stan")
    room = room_of(house, olga, "Den")
    house.run(stan.join(room))
    asleep(house, stan)
    assert "text" in command(house, olga, room, line)
    house.run(olga.say(room, "not for Stan"))
    stan.thaw()
    house.advance(5)
    house.run(olga.say(room, "nor this"))
    house.advance(5)
    assert stan.texts(room) == ["first"]


def test_who_is_not_in_a_room_is_not_bothered_from_there(house: MemoryHouse) -> None:
    mallory, victim = house.member("Mallory"), house.member("Victim")
    room = room_of(house, mallory, "Den")
    for _ in range(3):
        command(house, mallory, room, "/kick Victim you fool")
    house.settle()
    assert victim.peer.notes == []
    house.run(victim.join(room))
    assert command(house, mallory, room, "/kick Victim you fool") == {"text": ""}
    house.settle()
    assert victim.peer.notes == [("shownOut", [room, "you were kicked out by Mallory: you fool"])]


def test_a_channel_that_was_closed_while_a_join_waited_is_opened_anew(store: SlowStore) -> None:
    house = MemoryHouse(Settings(limits=replace(UNHURRIED, max_channels=4)), backend=store)
    house.member("Olga")
    stan = house.member("Stan")
    mine = user_channel(key_of(stan))
    house.run(stan.call("openRoom", "Slow"))
    stan.peer.leave(mine)
    stan._flush()
    house.settle()
    store.slow = {"open"}
    ask_join(stan, mine, "room/slow")
    house.settle()
    store.slow = set()
    house.advance(3)
    house.run(house.house.hub.open("room/other"))  # there are four: what is idle is closed for it
    house.advance(3)
    store.release()
    house.advance(1)
    client = house.house.live.clients[stan.peer.id]
    read = [client.reading.get(name) for name in client.reading.names]
    assert all(house.house.hub.get(one.channel.name) is one.channel for one in read if one)
    house.stop()


# --- half done


@pytest.mark.parametrize("slow", ["commit", "append"])
@pytest.mark.parametrize("line", ["/ban Stan", "/kind members", "/ban 127.0.0.0/8"])
def test_who_goes_in_the_middle_of_an_order_leaves_it_whole(
    house: MemoryHouse, store: SlowStore, line: str, slow: str
) -> None:
    olga, stan = house.member("Olga"), house.member("Stan")
    room = room_of(house, olga, "Den")
    house.run(stan.join(room))
    store.slow = {slow}
    olga.calling("command", room, message_id(1), line)
    house.settle()
    house.run(olga.close())
    house.settle()
    store.release()
    house.settle()
    assert room not in house.house.live.clients[stan.peer.id].reading.names
    assert ask(house, stan, "history", room, 100, 10).startswith(("Banned", "NoSuchRoom"))


@pytest.mark.parametrize("line", ["/ban Stan", "/kind members", "/dismiss Stan"])
def test_who_is_out_by_the_store_is_out_though_the_room_cannot_be_told(
    house: MemoryHouse, store: SlowStore, line: str
) -> None:
    olga, stan = house.member("Olga"), house.member("Stan")
    room = room_of(house, olga, "Den")
    if line == "/dismiss Stan":
        command(house, olga, room, "/invite Stan")
        command(house, olga, room, "/kind members")
    house.run(stan.join(room))
    store.slow = {"append"}
    olga.calling("command", room, message_id(1), line)
    house.settle()
    store.fail(StoreUnavailable("away"))
    house.settle()
    assert room not in house.house.live.clients[stan.peer.id].reading.names


@pytest.mark.parametrize("line", ["/ban Stan", "/kind members", "/mute Stan"])
def test_what_may_have_been_done_is_looked_up(house: MemoryHouse, store: SlowStore, line: str) -> None:
    olga, stan = house.member("Olga"), house.member("Stan")
    room = room_of(house, olga, "Den")
    store.slow = {"commit"}
    olga.calling("command", room, message_id(1), line)
    house.settle()
    store.fail(StoreUnknown("no answer"))
    house.settle()
    command(house, olga, room, "/topic one")
    assert command(house, olga, room, "/topic two") == {"text": ""}, "not for ever changed by somebody else"
    assert str(ask(house, stan, "say", room, message_id(2), "hi")).startswith(
        ("Banned", "NoSuchRoom", "Muted")
    )


# --- rooms that were forgotten


def test_who_was_banned_does_not_own_the_room_after_a_restart(store: SlowStore) -> None:
    house = MemoryHouse(backend=store)
    olga, eve = house.member("Olga"), house.member("Eve")
    room = house.run(olga.call("openRoom", "Den"))
    assert command(house, olga, room, "/ban Eve") == {"text": ""}, "before anything was said"
    house.restart()
    house.advance(5)
    assert str(ask(house, eve, "openRoom", "Den")).startswith("Banned")
    house.stop()


def test_orders_come_no_faster_than_messages() -> None:
    limits = replace(Limits(), calls_per_s=1e6, calls_burst=10**6)
    house = MemoryHouse(Settings(limits=limits))
    olga, stan = house.member("Olga"), house.member("Stan")
    room = room_of(house, olga, "Den")
    house.run(stan.join(room))
    lines = ("/kick Stan", "/ban 192.0.2.1", "/invite Stan", "/mute Stan", "/unmute Stan", "/kind public")
    answers = [command(house, olga, room, line) for _ in range(20) for line in lines]
    done = [answer for answer in answers if isinstance(answer, dict)]
    assert len(done) <= 20 + 5 * house.clock.seconds()
    assert str(answers[-1]).startswith("TooFast")
    house.stop()


# --- one address against all


def test_one_address_does_not_take_all_rooms(house: MemoryHouse) -> None:
    pages = [house.member(f"Mallory {number}") for number in range(4)]
    answers = []
    for number in range(200):
        answers.append(ask(house, pages[number % 4], "openRoom", f"Room {number}"))
        if answers[-1].startswith("room/"):
            house.run(pages[number % 4].say(answers[-1], "kept for ever"))
    made = sum(answer.startswith("room/") for answer in answers)
    assert made <= 30 + house.clock.seconds() / 60
    assert answers[-1].startswith("TooFast")
    assert ask(house, pages[0], "openRoom", "Room 1") == "room/room 1", "what is there is found"


def test_strangers_of_one_address_do_not_push_a_sleeping_page_out(house: MemoryHouse) -> None:
    victim = house.member("Victim")
    key, id = key_of(victim), victim.peer.id
    victim.freeze()
    pipe, victim._pipe = victim._pipe, None
    assert pipe is not None
    pipe.leave()
    house.settle()
    for number in range(60):
        page = house.member(f"Mallory {number}")
        for _ in range(10):
            ask(house, page, "askContact", key)
            ask(house, page, "removeContact", key)
    assert house.clock.seconds() < 60
    assert id in house.house.live.clients, "what it is to be told is more than it may keep"


def test_strangers_of_one_address_do_not_fill_the_list_of_private_chats(house: MemoryHouse) -> None:
    victim, friend = house.member("Victim"), house.member("Friend")
    channel = house.run(victim.call("private", key_of(friend)))
    house.advance(60)
    key = key_of(victim)
    for number in range(40):
        page = house.member(f"Mallory {number}")
        for turn in range(6):
            ask(house, page, "login", f"Mallory {number} {turn}")
            ask(house, page, "private", key)
    assert channel in [one[0] for one in house.run(victim.call("privates"))], "200 are listed"


def test_strangers_of_one_address_do_not_fill_the_store_with_whom_they_block(house: MemoryHouse) -> None:
    done = 0
    for number in range(20):
        page = house.member(f"Mallory {number}")
        keys = [f"somebody-{number}-{turn}".ljust(22, "-") for turn in range(30)]
        done += sum(ask(house, page, "block", key) == "blocked" for key in keys)
    assert done <= 300 + 5 * house.clock.seconds()


# --- between a question and what is done then


def test_who_is_muted_while_a_message_waits_for_the_store_says_nothing(
    house: MemoryHouse, store: SlowStore
) -> None:
    olga, stan = house.member("Olga"), house.member("Stan")
    room = house.run(olga.call("openRoom", "Den"))
    house.run(olga.join(room))
    store.slow = {"commit"}
    said = stan.saying(room, "too late")
    house.settle()
    assert store.held, "the room is to be kept first"
    store.slow = set()
    assert command(house, olga, room, "/mute Stan") == {"text": ""}
    store.release()
    house.advance(1)
    assert said.outcome is Outcome.REFUSED
    assert "too late" not in olga.texts(room)


def test_what_was_deleted_is_not_kept_ready_though_its_author_went(
    house: MemoryHouse, store: SlowStore
) -> None:
    olga, stan = house.member("Olga"), house.member("Stan")
    room = room_of(house, olga, "Den")
    house.run(stan.join(room))
    offset = house.run(stan.say(room, "harmless"))
    store.slow = {"append"}
    stan.calling("edit", room, message_id(1), offset, "a secret of Olga's")
    house.settle()
    house.run(stan.close())
    house.settle()
    olga.calling("delete", room, message_id(2), offset)
    house.settle()
    store.release()
    house.settle()
    ready = settled(house.house.hub.open(room)).last(100)
    stored = settled(store.before(room, 10**6, 100))
    assert [entry.event for entry in ready] == [entry.event for entry in stored]
    assert "secret" not in str(ready)


def test_what_is_deleted_in_the_turn_in_which_it_was_said_is_not_given_to_who_comes_back(
    house: MemoryHouse,
) -> None:
    ann = house.member("Ann")
    log = settled(house.house.hub.open("room/lobby"))
    before = log.head.offset
    ann.saying("room/lobby", "a slip")
    ann.calling("delete", "room/lobby", message_id(1), before + 1)
    house.settle()
    batch = log.after(before, 100_000)
    assert [json.loads(entry.event)[0] for entry in batch.entries] == ["message", "deleted"]
    assert "a slip" not in str(batch.entries) + "".join(batch.prepared.messages)


def test_a_standing_room_is_not_said_to_be_what_it_is_not(house: MemoryHouse) -> None:
    olga, stan = house.member("Olga"), house.member("Stan")
    visitor_of(house, olga).rights = frozenset({"owner"})
    answer = command(house, olga, "room/lobby", "/kind members")
    closed = "room/lobby" not in house.house.live.clients[stan.peer.id].reading.names
    assert closed or answer.startswith("NotAllowed"), "everyone was told that it is closed"


def test_what_a_site_vouched_for_ends_also_for_who_never_leaves(house: MemoryHouse) -> None:
    stan = house.member("Stan")
    visitor = visitor_of(house, stan)
    until = house.clock.seconds() + 10
    rights = frozenset({"moderator"})
    visitor.kind, visitor.rights = Kind.VOUCHED, rights
    visitor.vouched = VouchedTicket(visitor.person.key, "Stan", rights, None, "k", until)
    assert command(house, stan, "room/lobby", "/ban 192.0.2.1") == {
        "text": "192.0.2.1 is banned; 0 shown out"
    }
    house.advance(11)
    assert str(command(house, stan, "room/lobby", "/ban 192.0.2.2")).startswith("NotAllowed")


# --- what little costs much


def test_a_change_looks_at_few_of_many_others(house: MemoryHouse) -> None:
    ann = house.member("Ann")
    offsets = [house.run(ann.say("room/lobby", "x")) for _ in range(300)]
    for number, offset in enumerate(offsets):
        ask(house, ann, "edit", "room/lobby", message_id(number), offset, "y" * 100)
    log = settled(house.house.hub.open("room/lobby"))
    parsed = cost(lambda: _revisions_of(log, offsets[-1])) - 4 * 600
    assert parsed < 100, "300 texts would be parsed"


def test_a_change_that_is_asked_for_again_does_not_read_the_whole_tail_again(
    house: MemoryHouse, store: SlowStore
) -> None:
    ann = house.member("Ann")
    offset = house.run(ann.say("room/lobby", "x"))
    first = ask(house, ann, "edit", "room/lobby", message_id(1), offset, "y")
    store.slow = {"open"}
    for _ in range(5):
        assert ask(house, ann, "edit", "room/lobby", message_id(1), offset, "y") == first
    assert store.held == []


def test_a_page_of_history_is_no_more_than_a_page_can_take(house: MemoryHouse) -> None:
    mallory, ann = house.member("Mallory"), house.member("Ann")
    for _ in range(60):
        house.run(mallory.say("room/lobby", "\x01" * 8000))
    page = house.run(ann.call("history", "room/lobby", 10**6, 50))
    assert 0 < len(page) < 50
    assert len(json.dumps(page)) < 300_000, "as much as an answer to a join"
    older = house.run(ann.call("history", "room/lobby", page[0][0], 50))
    assert older[-1][0] == page[0][0] - 1, "it goes on where that page began"
    assert ann.sessions == 1, "it was not closed with 4103"


# --- another password


@pytest.mark.parametrize("ending", ["goes", "unknown"])
def test_another_password_logs_the_others_out_whatever_becomes_of_the_page_that_set_it(
    house: MemoryHouse, store: SlowStore, ending: str
) -> None:
    ann, thief = house.member("Ann"), house.member("Thief")
    house.run(ann.call("register", "Ann", "correct horse"))
    house.run(thief.call("login", "Ann", None, "correct horse"))
    store.slow = {"commit"}
    ann.calling("changePassword", "correct horse", "battery staple")
    house.settle()
    assert store.held
    if ending == "goes":
        house.run(ann.close())
        store.release()
    else:
        store.fail(StoreUnknown("no answer"))
    house.settle()
    assert ask(house, thief, "say", "room/lobby", message_id(1), "as Ann") == "NotLoggedIn: log in first"
