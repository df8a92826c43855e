"""Rooms that are deleted: whole, whatever the store does in between, and nobody finds anything of them again."""

from typing import Any

import pytest
from chat_kit import House
from kit import message_id
from twisted.internet.defer import Deferred, fail

from twistedchat.backends.memory import MemoryBackend
from twistedchat.chat.errors import NoSuchRoom, NotAllowed
from twistedchat.chat.moderation import Term
from twistedchat.chat.order import Role
from twistedchat.chat.rooms import RoomKind
from twistedchat.core.errors import Conflict, StoreUnavailable, StoreUnknown
from twistedchat.core.presence import Person
from twistedchat.testing.backends import settled
from twistedchat.testing.kit import MemoryHouse

CLUB = "room/club"


class Durable(MemoryBackend):
    """Says that it outlives the process, so that it is written down who is where."""

    durable = True


class Faulty(MemoryBackend):
    """Fails in the ``at``-th call of a method with an error; where ``after``, it has been done."""

    def __init__(self, method: str, at: int, error: Exception, after: bool = False) -> None:
        super().__init__()
        work = getattr(self, method)
        self.left = at

        def called(*args: Any) -> Deferred[Any]:
            self.left -= 1
            if self.left != 0:
                return work(*args)
            if after:
                work(*args)
            return fail(error)

        setattr(self, method, called)


def make_club(house: House) -> Any:
    """A room with an owner, an order and something said."""
    olga, bob = house.guest("Olga"), house.guest("Bob")
    house.wait(house.chat.open_room(olga, "Club"))
    house.wait(house.chat.moderation.appoint(olga, CLUB, Person("m" * 22, "Mia"), Role.MEMBER))
    house.wait(house.chat.moderation.ban(olga, CLUB, bob.person, Term()))
    house.wait(house.chat.say(olga, CLUB, message_id(1), "a secret"))
    return olga, bob


def delete(house: House) -> None:
    house.wait(house.chat.programs.delete(" CLUB"))


def nothing_left(store: MemoryBackend) -> bool:
    kinds = [settled(store.page(kind, "", "", 500)) for kind in ("room", "order", "here")]
    return not any(kinds) and not settled(store.before(CLUB, 10**9, 100))


def test_a_deleted_room_is_gone_with_its_log_and_its_order() -> None:
    house = House()
    olga, bob = make_club(house)
    epoch = settled(house.hub.open(CLUB)).head.epoch
    delete(house)
    assert nothing_left(house.store)
    assert house.hub.get(CLUB) is None
    assert [title for _, title, _ in house.chat.listed()] == ["Lobby"]
    with pytest.raises(NoSuchRoom):
        house.wait(house.chat.may_enter(olga, CLUB))
    with pytest.raises(NoSuchRoom):
        delete(house)
    # Another one of the name begins anew: Bob, who was banned, may make it.
    house.wait(house.chat.open_room(bob, "Club"))
    assert house.wait(house.chat.role(bob, CLUB)) is Role.OWNER
    assert house.wait(house.chat.role(olga, CLUB)) is Role.NOBODY
    assert house.log(CLUB) == []
    assert settled(house.hub.open(CLUB)).head.epoch != epoch


def test_a_standing_room_stays() -> None:
    house = House()
    with pytest.raises(NotAllowed):
        house.wait(house.chat.programs.delete("Lobby"))
    assert house.chat.rooms.find("room/lobby") is not None


def test_who_still_holds_its_channel_posts_nothing_any_more() -> None:
    house = House()
    make_club(house)
    held = settled(house.hub.open(CLUB))
    delete(house)
    with pytest.raises(StoreUnavailable):
        settled(held.post("somebody", message_id(2), '["message", {}]'))
    assert nothing_left(house.store)
    held.enter(Person("k" * 22, "Kim"), "a client")
    assert house.clock.getDelayedCalls() == []


def test_who_was_in_it_is_not_in_the_next_one_after_a_restart() -> None:
    store = Durable()
    house = House(store)
    make_club(house)
    house.enter(CLUB, "a" * 22, "b" * 22)
    settled(house.hub.open(CLUB)).leave("b" * 22, "b" * 22)  # not told yet when the room goes
    assert len(settled(store.page("here", "", "", 10))) == 2
    delete(house)
    assert nothing_left(store)
    house.hub.stop()


def test_who_may_come_back_to_it_after_a_restart_is_not_in_the_next_one() -> None:
    store = Durable()
    house = House(store)
    olga, _ = make_club(house)
    house.enter(CLUB, "a" * 22)
    house.hub.stop()
    house = House(store)
    house.wait(house.hub.load())
    delete(house)  # nobody has opened it since
    house.wait(house.chat.open_room(olga, "Club"))
    assert settled(house.hub.open(CLUB)).presence.everyone() == []
    assert nothing_left(store)
    house.hub.stop()


# The club takes three commits (the room, Mia's role, Bob's ban); its end is the fourth, then go the order and the room.
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(("method", "at"), [("erase", 1), ("commit", 5), ("commit", 6)])
def test_what_a_failing_store_left_undone_is_done_later(method: str, at: int, after: bool) -> None:
    error = StoreUnknown("no answer") if after else StoreUnavailable("away")
    house = House(Faulty(method, at, error, after))
    olga, _ = make_club(house)
    with pytest.raises(type(error)):
        delete(house)
    assert house.store.left <= 0, "it never failed"
    with pytest.raises(NoSuchRoom):
        house.wait(house.chat.may_enter(olga, CLUB))
    with pytest.raises(StoreUnavailable):
        house.wait(house.chat.open_room(olga, "Club"))  # not before all of the old one is gone
    with pytest.raises(StoreUnavailable):
        house.wait(house.chat.programs.make("Club", RoomKind.PUBLIC, ""))
    house.wait(house.chat.tidy())
    assert nothing_left(house.store)
    assert house.wait(house.chat.open_room(olga, "Club")).owner == olga.person.key


@pytest.mark.parametrize("method", ["erase", "page"])
def test_a_restart_goes_on_with_it(method: str) -> None:
    house = House()
    make_club(house)
    work = getattr(house.store, method)
    setattr(house.store, method, lambda *args: fail(StoreUnavailable("away")))
    with pytest.raises(StoreUnavailable):
        delete(house)
    setattr(house.store, method, work)
    house = House(house.store)
    assert house.chat.rooms.find(CLUB) is None
    house.wait(house.chat.tidy())
    assert nothing_left(house.store)
    assert house.chat.rooms.condemned == []


def test_a_store_that_is_away_at_the_beginning_keeps_the_room() -> None:
    house = House()
    olga, _ = make_club(house)
    house.store.commit = lambda changes: fail(StoreUnavailable("away"))
    with pytest.raises(StoreUnavailable):
        delete(house)
    assert house.wait(house.chat.role(olga, CLUB)) is Role.OWNER


def test_a_deletion_of_which_nobody_knows_whether_it_began_goes_on() -> None:
    house = House()
    olga, _ = make_club(house)
    commit = house.store.commit
    house.store.commit = lambda changes: fail(StoreUnknown("no answer"))
    with pytest.raises(StoreUnknown):
        delete(house)
    house.store.commit = commit
    with pytest.raises(NoSuchRoom):
        house.wait(house.chat.may_enter(olga, CLUB))
    delete(house)  # the same again
    assert nothing_left(house.store)


def test_a_change_that_meets_the_deletion_does_not_bring_it_back() -> None:
    house = House()
    make_club(house)
    answers: list[Deferred[Any]] = []
    get = house.store.get

    def slow(kind: str, key: str) -> Deferred[Any]:
        answers.append(Deferred())
        get(kind, key).addCallback(lambda record, late=answers[-1]: setattr(late, "record", record))
        return answers[-1]

    house.store.get = slow
    changing = Deferred.fromCoroutine(house.chat.rooms.change(CLUB, topic="new"))
    delete_half = house.store.erase
    house.store.erase = lambda channel: fail(StoreUnavailable("away"))
    with pytest.raises(StoreUnavailable):
        delete(house)
    answers[0].callback(answers[0].record)
    settled(changing)
    assert house.chat.rooms.find(CLUB) is None
    house.store.erase = delete_half
    house.wait(house.chat.tidy())
    assert nothing_left(house.store)


def test_a_room_that_was_made_by_a_program_is_what_it_was_made_as_from_its_first_moment() -> None:
    house = House()
    stan = house.guest("Stan")
    make = house.chat.programs.make
    seen, new = house.wait(make("Staff", RoomKind.MEMBERS, "the  shop"))
    assert (seen.room.title, seen.room.topic, new) == ("Staff", "the shop", True)
    with pytest.raises(NoSuchRoom):
        house.wait(house.chat.may_enter(stan, "room/staff"))
    assert house.wait(make("Staff", RoomKind.MEMBERS, "the shop"))[1] is False
    with pytest.raises(Conflict):
        house.wait(make("staff", RoomKind.PUBLIC, "the shop"))
    assert House(house.store).chat.rooms.find("room/staff") == seen.room


def test_pages_in_it_are_shown_out_and_find_no_such_room() -> None:
    house = MemoryHouse()
    try:
        alice, bob = house.member("Alice"), house.member("Bob", "xhr-polling")
        channel = house.run(alice.call("openRoom", "Club"))
        for client in (alice, bob):
            house.run(client.join(channel))
        house.run(alice.say(channel, "hello"))
        house.advance(1)
        house.run(house.house.chat.programs.delete("Club"))
        house.advance(1)
        for client in house.clients:
            assert client.peer.notes == [("shownOut", [channel, "this room was deleted"])]
            with pytest.raises(Exception, match="no such room"):
                house.run(client.join(channel))
        house.run(alice.say("room/lobby", "still here"))
    finally:
        house.stop()
