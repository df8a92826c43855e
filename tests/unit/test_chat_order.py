"""Order in rooms: kinds, roles, bans, mutes; who may what; all of it found again after a restart."""

from typing import Any

import pytest
from chat_kit import House
from kit import message_id
from zope.interface import implementer

from twistedchat.backends.memory import MemoryBackend
from twistedchat.chat.errors import Banned, Muted, NoSuchRoom, NotAllowed
from twistedchat.chat.faces import IFace
from twistedchat.chat.moderation import Term, address_range
from twistedchat.chat.order import MOST_MEASURES, Measure, Order, Orders, Role
from twistedchat.chat.people import Visitor
from twistedchat.chat.rooms import Room, RoomKind
from twistedchat.chat.visitors import Arrival
from twistedchat.core.errors import StoreUnavailable
from twistedchat.core.presence import Person
from twistedchat.core.records import Change
from twistedchat.testing.backends import settled


@implementer(IFace)
class Face:
    """Hears who is shown out."""

    def __init__(self) -> None:
        self.out: list[tuple[str, str]] = []

    def loggedOut(self, text: str) -> None:
        pass

    def shownOut(self, channel: str, text: str) -> None:
        self.out.append((channel, text))

    def told(self, method: str, *args: Any) -> None:
        pass


class Club:
    """A room with an owner, a moderator, a member and a stranger in it."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.faces: dict[str, Face] = {}
        self.olga, self.max, self.mia, self.stan = map(self.guest, ("Olga", "Max", "Mia", "Stan"))
        self.room = house.wait(house.chat.open_room(self.olga, "Club")).channel
        for visitor, role in ((self.max, Role.MODERATOR), (self.mia, Role.MEMBER)):
            self.do("appoint", self.olga, visitor.person, role)

    def guest(self, name: str) -> Visitor:
        visitor = self.house.guest(name)
        face = self.faces[name] = Face()
        self.house.chat.faces.add(visitor.person.key, face)
        return visitor

    def do(self, what: str, by: Visitor, *args: Any) -> Any:
        self.house.clock.advance(1)
        return self.house.wait(getattr(self.house.chat.moderation, what)(by, self.room, *args))

    def say(self, visitor: Visitor, number: int = 0) -> None:
        self.house.clock.advance(1)
        self.house.wait(
            self.house.chat.say(visitor, self.room, message_id(number or id(object()) % 10**9), "hi")
        )

    def enter(self, visitor: Visitor) -> None:
        self.house.wait(self.house.chat.enter(visitor, self.room))

    def come(self, visitor: Visitor) -> None:
        """Be in the room by one's face."""
        settled(self.house.hub.open(self.room)).enter(visitor.person, "tab")
        self.house.chat.faces.entered(self.room, visitor.person.key, self.faces[visitor.person.name])

    def out(self, visitor: Visitor) -> list[str]:
        return [text for _, text in self.faces[visitor.person.name].out]


@pytest.fixture
def club(house: House) -> Club:
    return Club(house)


# --- kinds


def test_a_members_room_is_none_for_strangers_whatever_they_ask(club: Club) -> None:
    club.do("change_kind", club.olga, RoomKind.MEMBERS)
    chat, stan, room = club.house.chat, club.stan, club.room
    told = set()
    for asked in (room, "room/never made"):
        for refused in (
            lambda asked=asked: chat.enter(stan, asked),
            lambda asked=asked: chat.say(stan, asked, message_id(1), "hi"),
            lambda asked=asked: chat.edit(stan, asked, message_id(1), 1, "hi"),
            lambda asked=asked: chat.delete(stan, asked, message_id(1), 1),
            lambda asked=asked: chat.history(stan, asked, 99, 10),
            lambda asked=asked: chat.people_in(stan, asked, None, 10),
            lambda asked=asked: chat.typing(stan, asked),
            lambda asked=asked: chat.topic(stan, asked),
            lambda asked=asked: chat.set_topic(stan, asked, message_id(1), "x"),
            lambda asked=asked: chat.moderation.kick(stan, asked, club.mia.person),
            lambda asked=asked: chat.moderation.appoint(stan, asked, stan.person, Role.OWNER),
        ):
            with pytest.raises(NoSuchRoom) as caught:
                club.house.wait(refused())
            told.add(caught.value.text)
    assert len(told) == 1, "a room for others is told like one that never was"
    with pytest.raises(NoSuchRoom):
        club.house.wait(chat.open_room(stan, "Club"))
    assert "Club" not in [title for _, title, _ in chat.listed()]
    for member in (club.olga, club.max, club.mia):
        club.enter(member)


def test_an_unlisted_room_is_for_who_has_its_name(club: Club) -> None:
    club.do("change_kind", club.olga, RoomKind.UNLISTED)
    assert "Club" not in [title for _, title, _ in club.house.chat.listed()]
    club.enter(club.stan)


def test_who_is_no_member_is_shown_out_when_a_room_becomes_its_members_own(club: Club) -> None:
    for visitor in (club.stan, club.mia):
        club.come(visitor)
    club.do("change_kind", club.olga, RoomKind.MEMBERS)
    assert club.out(club.stan) == ["this room is for its members only now"]
    assert club.out(club.mia) == []
    club.do("appoint", club.max, club.mia.person, Role.NOBODY)
    assert len(club.out(club.mia)) == 1
    with pytest.raises(NoSuchRoom):
        club.enter(club.mia)


# --- bans and mutes


def test_a_ban_by_person_ends_at_its_time(club: Club) -> None:
    club.do("ban", club.max, club.stan.person, Term(120, "spam"))
    assert club.out(club.stan) == ["you were banned by Max: spam"]
    with pytest.raises(Banned, match="not let into this room for 2 minutes: spam"):
        club.enter(club.stan)
    with pytest.raises(Banned):
        club.say(club.stan)
    club.house.clock.advance(121)
    club.enter(club.stan)


def test_a_ban_without_an_end_is_lifted(club: Club) -> None:
    club.do("ban", club.max, club.stan.person, Term())
    club.house.clock.advance(10**8)
    with pytest.raises(Banned, match=r"not let into this room$"):
        club.enter(club.stan)
    assert club.do("unban", club.max, club.stan.person.key, "Stan") is True
    assert club.do("unban", club.max, club.stan.person.key, "Stan") is False
    club.enter(club.stan)


@pytest.mark.parametrize(
    ("text", "address", "caught"),
    [
        ("192.0.2.7", "192.0.2.7", True),
        ("192.0.2.0/24", "192.0.2.200", True),
        ("192.0.2.0/24", "::ffff:192.0.2.200", True),
        ("192.0.2.0/24", "192.0.3.1", False),
        ("2001:db8::/32", "2001:db8:5::1", True),
        ("2001:db8::/32", "192.0.2.1", False),
        ("192.0.2.0/24", "not an address", False),
    ],
)
def test_a_ban_of_an_address_range_holds_for_who_comes_from_there(
    text: str, address: str, caught: bool
) -> None:
    order = Order()
    subject = address_range(text)
    from twistedchat.chat.order import _network

    order.bans[subject] = Measure(subject, subject, "Max")
    order.ranges[subject] = _network(subject)  # type: ignore[assignment]
    assert (order.ban_of("somebody", {address}, 0) is not None) is caught


def test_a_ban_of_a_range_shows_out_who_is_there_from_it_but_no_moderator(club: Club) -> None:
    for visitor in (club.stan, club.mia, club.max):
        club.come(visitor)
        address = "192.0.2.7" if visitor is not club.mia else "192.0.3.7"
        visitor.clients = {"tab": Arrival("tab", lambda: None, address)}
    assert club.do("ban_range", club.olga, "192.0.2.0/24", Term()) == 1
    assert len(club.out(club.stan)) == 1 and club.out(club.mia) == club.out(club.max) == []
    with pytest.raises(Banned):
        club.enter(club.stan)
    club.enter(club.mia)
    club.enter(club.max)
    assert not any("192.0.2" in str(event) for event in club.house.log(club.room)), "addresses are not told"


def test_who_is_muted_reads_and_does_not_write(club: Club) -> None:
    club.say(club.stan, 1)
    club.do("mute", club.max, club.stan.person, Term(600, "calm down"))
    club.enter(club.stan)
    chat = club.house.chat
    club.house.clock.advance(1)
    for refused in (
        lambda: chat.say(club.stan, club.room, message_id(2), "hi"),
        lambda: chat.edit(club.stan, club.room, message_id(3), 1, "hi"),
        lambda: chat.delete(club.stan, club.room, message_id(4), 1),
        lambda: chat.typing(club.stan, club.room),
    ):
        with pytest.raises(Muted, match="muted here for 10 minutes: calm down"):
            club.house.wait(refused())
    assert club.do("unmute", club.max, club.stan.person) is True
    club.say(club.stan, 5)


def test_there_are_so_many_bans_and_those_that_are_over_make_room(club: Club) -> None:
    orders = club.house.chat._orders
    order = settled_order(club, orders)
    for number in range(MOST_MEASURES):
        order.bans[f"key{number}"] = Measure(f"key{number}", "x", "Max", until=10.0**9)
    with pytest.raises(NotAllowed):
        club.do("ban", club.max, club.stan.person, Term())
    order.bans["key7"] = Measure("key7", "x", "Max", until=1.0)
    club.do("ban", club.max, club.stan.person, Term())
    assert "key7" not in order.bans


def settled_order(club: Club, orders: Orders) -> Order:
    order: Order = club.house.wait(orders.of(club.room))
    return order


# --- roles


def test_nobody_acts_on_who_is_as_much_as_they_are(club: Club) -> None:
    for by, whom in (
        (club.max, club.olga),
        (club.max, club.max),
        (club.mia, club.stan),
        (club.stan, club.mia),
    ):
        for what, args in (("kick", ()), ("ban", (Term(),)), ("mute", (Term(),))):
            with pytest.raises(NotAllowed):
                club.do(what, by, whom.person, *args)
    club.do("mute", club.olga, club.max.person, Term())
    club.say(club.max)  # a moderator is not held by it


def test_owners_make_moderators_and_moderators_make_members(club: Club) -> None:
    with pytest.raises(NotAllowed):
        club.do("appoint", club.max, club.stan.person, Role.MODERATOR)
    with pytest.raises(NotAllowed):
        club.do("appoint", club.max, club.max.person, Role.NOBODY)
    with pytest.raises(NotAllowed):
        club.do("appoint", club.mia, club.stan.person, Role.MEMBER)
    club.do("appoint", club.max, club.stan.person, Role.MEMBER)
    club.do("appoint", club.olga, club.max.person, Role.NOBODY)
    with pytest.raises(NotAllowed):
        club.do("kick", club.max, club.stan.person)


@pytest.mark.parametrize(
    ("right", "role"),
    [
        ("owner", Role.OWNER),
        ("moderator", Role.MODERATOR),
        ("member:Club", Role.MEMBER),
        ("member:room/club", Role.MEMBER),
        ("member:Other", Role.NOBODY),
    ],
)
def test_what_vouches_for_somebody_gives_them_a_role(club: Club, right: str, role: Role) -> None:
    club.stan.rights = frozenset({right})
    assert club.house.wait(club.house.chat.role(club.stan, club.room)) == role


def test_a_standing_room_is_nobodys(house: House) -> None:
    ann = house.guest("Ann")
    assert house.wait(house.chat.role(ann, "room/lobby")) is Role.NOBODY
    with pytest.raises(NotAllowed):
        house.wait(house.chat.set_topic(ann, "room/lobby", message_id(1), "mine"))


# --- what is kept


def test_a_restart_finds_rooms_topics_roles_bans_and_mutes(club: Club) -> None:
    club.say(club.olga, 1)
    club.house.clock.advance(1)
    club.house.wait(club.house.chat.set_topic(club.olga, club.room, message_id(2), "old  films"))
    club.do("change_kind", club.olga, RoomKind.UNLISTED)
    club.do("ban", club.max, club.stan.person, Term(600, "spam"))
    club.do("mute", club.max, club.mia.person, Term())
    again = House(store=club.house.store)
    room = again.chat.rooms.find(club.room)
    assert room is not None and (room.title, room.topic, room.kind) == ("Club", "old films", "unlisted")
    stan = again.guest("Stan")
    stan.person = Person(club.stan.person.key, "Stan")
    mia = again.guest("Mia")
    mia.person = Person(club.mia.person.key, "Mia")
    with pytest.raises(Banned):
        again.wait(again.chat.enter(stan, club.room))
    with pytest.raises(Muted):
        again.wait(again.chat.say(mia, club.room, message_id(9), "hi"))


def test_a_room_in_which_nothing_was_said_is_not_kept(house: House) -> None:
    ann = house.guest("Ann")
    house.wait(house.chat.open_room(ann, "Silent"))
    house.wait(house.chat.open_room(ann, "Spoken"))
    house.wait(house.chat.say(ann, "room/spoken", message_id(1), "hi"))
    again = House(store=house.store)
    assert [title for _, title, _ in again.chat.listed()] == ["Lobby", "Spoken"]


def test_until_the_rooms_are_found_nobody_is_told_that_there_is_none() -> None:
    class Away(MemoryBackend):
        away = True

        def page(self, *args: Any) -> Any:
            from twisted.internet.defer import fail

            return fail(StoreUnavailable("down")) if self.away else super().page(*args)

    store = Away()
    with pytest.raises(StoreUnavailable):
        House(store=store)
    store.away = False
    house = House(store=store)
    house.chat.rooms.loaded = False
    with pytest.raises(StoreUnavailable):
        house.wait(house.chat.enter(house.guest("Ann"), "room/kept"))


def test_the_order_of_rooms_not_used_lately_is_read_again(house: House) -> None:
    orders = Orders(house.store, house.clock.seconds, most=2)
    for number in range(4):
        house.wait(orders.appoint(f"room/{number}", "ann", "Ann", Role.OWNER))
    assert len(orders._known) == 2
    assert house.wait(orders.of("room/0")).role("ann") is Role.OWNER
    house.wait(orders.appoint("room/0", "ann", "Ann", Role.NOBODY))
    assert house.wait(orders.of("room/0")).role("ann") is Role.NOBODY


# --- retention


def test_rooms_forget_by_count_and_by_age_and_nothing_else_goes() -> None:
    house = House(
        rooms=(
            Room("room/few", "Few", keep_entries=3),
            Room("room/young", "Young", keep_s=100),
            Room("room/all", "All"),
        )
    )
    ann = house.guest("Ann")
    for number in range(6):
        for room in ("room/few", "room/young", "room/all"):
            house.clock.advance(10)
            house.wait(house.chat.say(ann, room, message_id(number), f"m{number}"))
    house.hub.stop()  # nobody has them open, but one
    settled(house.hub.open("room/few"))
    settled(house.store.commit([Change("jti", "over", "", until=1.0), Change("jti", "fresh", "", until=1e9)]))
    assert house.wait(house.chat.retention.tidy()) == 3 + 2 + 1
    assert len(house.log("room/few")) == 3 and len(settled(house.store.read("room/few", 0, 99))) == 3
    assert len(house.log("room/young")) == 4 and len(house.log("room/all")) == 6
    assert house.wait(house.chat.retention.tidy()) == 0


def test_where_visitors_cannot_open_rooms_they_enter_those_that_are_there() -> None:
    house = House(rooms=(Room("room/lobby", "Lobby"),), user_rooms=False)
    ann = house.guest("Ann")
    assert house.wait(house.chat.open_room(ann, "lobby")).channel == "room/lobby"
    with pytest.raises(NoSuchRoom, match="visitors cannot make one"):
        house.wait(house.chat.open_room(ann, "Mine"))


def test_a_topic_that_was_cleared_stays_cleared_where_the_configuration_has_one() -> None:
    lobby = Room("room/lobby", "Lobby", topic="of the house")
    house = House(rooms=(lobby,))
    ann = house.guest("Ann")
    ann.rights = frozenset({"moderator"})
    assert house.wait(house.chat.topic(ann, "room/lobby")) == "of the house"
    house.wait(house.chat.set_topic(ann, "room/lobby", message_id(1), ""))
    again = House(store=house.store, rooms=(lobby,))
    assert again.chat.rooms.find("room/lobby").topic == ""  # type: ignore[union-attr]


def test_who_made_a_room_is_dismissed_by_another_owner_like_anyone(club: Club) -> None:
    club.do("appoint", club.olga, club.max.person, Role.OWNER)
    with pytest.raises(NotAllowed):
        club.do("appoint", club.mia, club.olga.person, Role.NOBODY)
    club.do("appoint", club.max, club.olga.person, Role.MEMBER)
    assert club.house.wait(club.house.chat.role(club.olga, club.room)) is Role.MEMBER
    with pytest.raises(NotAllowed):
        club.do("kick", club.olga, club.stan.person)
