"""Private chats: opened on both sides, found again by both, also while the other is away; refused to who is blocked."""

import random
from typing import Any

import pytest
from chat_kit import House
from kit import message_id
from test_chat_passwords import CHEAP, Counting
from twisted.internet.defer import Deferred, fail

from twistedchat.backends.memory import MemoryBackend
from twistedchat.chat import commands
from twistedchat.chat.accounts import Accounts
from twistedchat.chat.contacts import SILENT
from twistedchat.chat.errors import BadCommand, NoSuchPerson, NotAllowed
from twistedchat.chat.passwords import Passwords
from twistedchat.chat.people import Visitor
from twistedchat.chat.privates_kept import TOUCH_S, KeptPrivates
from twistedchat.chat.where import private_channel, user_channel
from twistedchat.core.errors import Conflict, StoreUnavailable
from twistedchat.core.presence import Person
from twistedchat.testing.backends import settled


def listed(house: House, visitor: Visitor) -> list[tuple[str, int, float]]:
    """Return name of the other one, head and time of all private chats."""
    return [(kept.name, head, kept.at) for _, kept, head in house.wait(house.chat.privates.listed(visitor))]


def open_private(house: House, visitor: Visitor, key: str) -> str:
    house.clock.advance(10)
    channel: str = house.wait(house.chat.open_private(visitor, key))
    return channel


def befriend(house: House, one: Visitor, other: Visitor) -> None:
    house.wait(house.chat.contacts.ask(one, other.person.key))
    house.wait(house.chat.contacts.ask(other, one.person.key))


def gone(house: House, *visitors: Visitor) -> None:
    for visitor in visitors:
        for client in list(visitor.clients):
            house.people.logout(visitor, client)


# --- opening


def test_both_find_a_private_chat_again(house: House) -> None:
    ann, bob, cid = map(house.guest, ("Ann", "Bob", "Cid"))
    channel = open_private(house, ann, bob.person.key)
    open_private(house, cid, ann.person.key)
    house.clock.advance(1)
    house.wait(house.chat.say(bob, channel, message_id(1), "hi"))
    assert listed(house, ann) == [("Bob", 1, 21.0), ("Cid", 0, 20.0)]
    assert [name for name, _, _ in listed(house, bob)] == ["Ann"]
    again = House(house.store)
    assert [name for name, _, _ in listed(again, ann)] == [name for name, _, _ in listed(house, ann)]


def test_it_is_kept_for_both_before_either_is_told() -> None:
    class Strict(MemoryBackend):
        def append(self, channel: str, *args: Any, **more: Any) -> Any:
            if channel.startswith("user/"):
                assert len(settled(self.page("private", "", "", 9))) == 2
            return super().append(channel, *args, **more)

    house = House(Strict())
    ann, bob = house.guest("Ann"), house.guest("Bob")
    open_private(house, ann, bob.person.key)
    assert len(house.log(user_channel(bob.person.key))) == 1


@pytest.mark.parametrize("names", [("Ann", "Bob"), ("Bob", "Ann")])
def test_two_that_open_at_once_have_one_chat(names: tuple[str, str]) -> None:
    class Meddled(MemoryBackend):
        meddling: Any = None
        commits = 0

        def commit(self, changes: Any) -> Any:
            self.commits += 1
            meddling, self.meddling = self.meddling, None
            if meddling is not None:
                meddling()
            return super().commit(changes)

    store = Meddled()
    house = House(store)
    one, other = map(house.guest, names)
    opened: list[str] = []
    store.meddling = lambda: opened.append(house.wait(house.chat.open_private(other, one.person.key)))
    opened.append(house.wait(house.chat.open_private(one, other.person.key)))
    assert store.commits == 3, "the one that came too late read again"
    assert opened[0] == opened[1] == private_channel(one.person.key, other.person.key)
    assert len(listed(house, one)) == len(listed(house, other)) == 1
    for visitor in (one, other):
        events = house.log(user_channel(visitor.person.key))
        assert {event[1] for event in events} == {opened[0]}


def test_who_meets_changes_all_the_time_is_told_so() -> None:
    store = MemoryBackend()
    store.commit = lambda changes: fail(Conflict("changed"))  # type: ignore[method-assign]
    kept = KeptPrivates(store, lambda: 0.0)
    with pytest.raises(Conflict):
        settled(Deferred.fromCoroutine(kept.keep("private/x", Person("a", "A"), Person("b", "B"))))


def test_who_is_away_is_found_by_a_chat_that_was_or_as_a_friend(house: House) -> None:
    ann, bob, cid, eve = map(house.guest, ("Ann", "Bob", "Cid", "Eve"))
    channel = open_private(house, ann, bob.person.key)
    befriend(house, ann, cid)
    house.wait(house.chat.contacts.ask(ann, eve.person.key))
    gone(house, bob, cid, eve)
    assert open_private(house, ann, bob.person.key) == channel
    assert house.wait(house.chat.privates.other(channel, ann)) == bob.person
    with_cid = open_private(house, ann, cid.person.key)
    assert house.wait(house.chat.privates.other(with_cid, ann)) == cid.person
    assert house.log(user_channel(cid.person.key)) == [["privateOpened", with_cid, [ann.person.key, "Ann"]]]
    with pytest.raises(NoSuchPerson):
        open_private(house, ann, eve.person.key)
    for visitor, key in ((house.guest("Zoe"), bob.person.key), (ann, "n" * 22), (ann, ann.person.key)):
        with pytest.raises(NoSuchPerson):
            open_private(house, visitor, key)


def test_who_has_an_account_can_be_written_to_and_asked_while_away(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = house.clock.seconds
    accounts = Accounts(house.store, Passwords(Counting().run, CHEAP), seconds, seconds)
    monkeypatch.setattr(house.people, "_accounts", accounts)
    ann, key = house.guest("Ann"), "k" * 22
    house.wait(accounts.add(key, "Keeper", "correct horse", "203.0.113.7"))
    channel = open_private(house, ann, key)
    assert listed(house, ann)[0][0] == "Keeper"
    assert house.wait(house.chat.privates.other(channel, ann)) == Person(key, "Keeper")
    assert house.wait(house.chat.contacts.ask(house.guest("Bob"), key)) == "asked"
    with pytest.raises(NoSuchPerson):
        open_private(house, ann, "n" * 22)


# --- the list


def test_what_is_said_brings_a_chat_to_the_top(house: House) -> None:
    ann, bob, cid = map(house.guest, ("Ann", "Bob", "Cid"))
    channel = open_private(house, ann, bob.person.key)
    open_private(house, ann, cid.person.key)
    house.clock.advance(1)
    house.wait(house.chat.say(bob, channel, message_id(1), "hi"))
    assert [name for name, _, _ in listed(house, ann)] == ["Bob", "Cid"]
    house.clock.advance(TOUCH_S - 1)
    house.wait(house.chat.say(bob, channel, message_id(2), "hi"))
    assert listed(house, ann)[0] == ("Bob", 2, 21.0), "not written for every message"
    house.clock.advance(1)
    house.wait(house.people.rename(bob, "Robert"))
    house.wait(house.chat.say(bob, channel, message_id(3), "hi"))
    assert listed(house, ann)[0] == ("Robert", 3, 21.0 + TOUCH_S)


def test_a_list_that_cannot_be_written_refuses_no_message(house: House) -> None:
    ann, bob = house.guest("Ann"), house.guest("Bob")
    channel = open_private(house, ann, bob.person.key)
    commit = house.store.commit
    house.store.commit = lambda changes: fail(StoreUnavailable("away"))  # type: ignore[method-assign]
    house.clock.advance(5)
    house.wait(house.chat.say(ann, channel, message_id(1), "hi"))
    assert listed(house, ann) == [("Bob", 1, 10.0)]
    house.store.commit = commit  # type: ignore[method-assign]
    house.wait(house.chat.say(ann, channel, message_id(2), "hi"))
    assert listed(house, ann) == [("Bob", 2, 15.0)]


def test_what_is_said_elsewhere_makes_no_private_chat(house: House) -> None:
    ann = house.guest("Ann")
    house.wait(house.chat.say(ann, "room/lobby", message_id(1), "hi"))
    house.wait(house.chat.say(ann, private_channel(ann.person.key, "n" * 22), message_id(1), "hi"))
    assert settled(house.store.page("private", "", "", 9)) == []


def test_the_longest_silent_private_chat_makes_room() -> None:
    now = iter(range(1000))
    store = MemoryBackend()
    kept = KeptPrivates(store, lambda: float(next(now)), most=3)
    for number in (1, 2, 3, 4, 1, 5):
        one, other = Person("a", "A"), Person(f"b{number}", f"B{number}")
        settled(Deferred.fromCoroutine(kept.keep(f"private/{number}", one, other)))
    names = [found.name for _, found in settled(Deferred.fromCoroutine(kept.of("a")))]
    assert names == ["B5", "B1", "B4"]
    assert len(settled(Deferred.fromCoroutine(kept.of("b2")))) == 1, "the other side has its own list"


def test_a_list_tells_of_the_newest_only(house: House) -> None:
    ann = house.guest("Ann")
    kept = KeptPrivates(house.store, house.clock.seconds)
    for number in range(203):
        house.clock.advance(1)
        other = Person(f"{number:022}", f"P{number}")
        house.wait(kept.keep(private_channel(ann.person.key, other.key), ann.person, other))
    found = listed(house, ann)
    assert len(found) == 200 and found[0][0] == "P202" and found[-1][0] == "P3"


# --- blocked


def test_who_is_blocked_can_neither_open_nor_say_nor_change_anything(house: House) -> None:
    ann, bob = house.guest("Ann"), house.guest("Bob")
    channel = open_private(house, ann, bob.person.key)
    house.wait(house.chat.say(bob, channel, message_id(1), "hi"))
    house.wait(house.chat.contacts.block(ann, bob.person.key))
    before = house.log(channel)
    chat = house.chat
    tries = [
        lambda: chat.open_private(bob, ann.person.key),
        lambda: chat.say(bob, channel, message_id(2), "why?"),
        lambda: chat.say(bob, channel, message_id(3), "sulks", "action"),
        lambda: chat.edit(bob, channel, message_id(4), 1, "why?"),
        lambda: chat.delete(bob, channel, message_id(5), 1),
        lambda: chat.typing(bob, channel),
        lambda: chat.set_topic(bob, channel, message_id(6), "why?"),
        lambda: commands.run(chat, bob, "room/lobby", message_id(7), "/msg Ann why?"),
        lambda: commands.run(chat, bob, channel, message_id(8), "/me sulks"),
        lambda: commands.run(chat, bob, channel, message_id(9), "/notice why?"),
        lambda: commands.run(chat, bob, channel, message_id(10), "//why?"),
    ]
    reasons: tuple[str, ...] = (SILENT, "only moderators")
    for here in (True, False):
        for attempt in tries:
            house.clock.advance(10)
            with pytest.raises((NotAllowed, NoSuchPerson)) as caught:
                house.wait(attempt())
            assert caught.value.text.startswith(reasons)
        if here:
            gone(house, ann)
            reasons += ("nobody here is called Ann",)
    assert house.log(channel) == before
    assert house.wait(chat.history(bob, channel, 99, 9)), "what was said stays his to read"
    house.wait(chat.say(bob, "room/lobby", message_id(11), "in rooms nothing changes"))


def test_after_unblocking_all_is_as_before(house: House) -> None:
    ann, bob = house.guest("Ann"), house.guest("Bob")
    channel = open_private(house, ann, bob.person.key)
    house.wait(house.chat.contacts.block(ann, bob.person.key))
    house.wait(house.chat.contacts.unblock(ann, bob.person.key))
    house.wait(house.chat.say(bob, channel, message_id(1), "hi"))
    assert open_private(house, bob, ann.person.key) == channel


def test_a_block_holds_in_a_new_process(house: House) -> None:
    ann, bob = house.guest("Ann"), house.guest("Bob")
    channel = open_private(house, ann, bob.person.key)
    house.wait(house.chat.contacts.block(ann, bob.person.key))
    again = House(house.store)
    for attempt in (
        lambda: again.chat.say(bob, channel, message_id(1), "hi"),
        lambda: again.chat.open_private(bob, ann.person.key),
    ):
        with pytest.raises(NotAllowed):
            again.wait(attempt())


def test_the_name_of_who_blocks_is_no_news_to_who_is_blocked(house: House) -> None:
    ann, bob = house.guest("Ann"), house.guest("Bob")
    channel = open_private(house, ann, bob.person.key)
    house.wait(house.chat.contacts.block(ann, bob.person.key))
    house.wait(house.people.rename(ann, "Anna"))
    assert house.wait(house.chat.privates.other(channel, bob)) == Person(ann.person.key, "Ann")
    assert [name for name, _, _ in listed(house, bob)] == ["Ann"]
    stranger = private_channel(ann.person.key, "n" * 22)
    assert house.wait(house.chat.privates.other(stranger, ann)) == Person("n" * 22, "")


# --- commands


def test_contacts_by_command(house: House) -> None:
    ann, bob = house.guest("Ann"), house.guest("Bob B")

    def run(visitor: Visitor, line: str) -> str:
        house.clock.advance(11)
        text: str = house.wait(commands.run(house.chat, visitor, "room/lobby", message_id(1), line))
        return text

    assert run(ann, '/contact "bob b"') == "Bob B is asked"
    assert run(bob, "/contact Ann") == "Ann is a contact now"
    gone(house, bob)
    assert run(ann, "/uncontact Bob B") == "Bob B is no contact of yours"
    with pytest.raises(NoSuchPerson):
        run(ann, "/uncontact Bob B")
    bob = house.guest("Bob B")
    assert run(ann, "/block Bob B") == "you do not talk with Bob B any more"
    gone(house, bob)
    assert run(ann, "/unblock bob b") == "you talk with Bob B again"
    for line in ("/contact", "/uncontact ", "/block", "/unblock"):
        with pytest.raises(BadCommand, match="write it like"):
            run(ann, line)


# --- all of it


def test_lists_are_the_same_whether_told_or_fetched(house: House) -> None:
    chance = random.Random(3)
    people = [house.guest(name) for name in ("Ann", "Bob", "Cid", "Dan")]
    for number in range(60):
        one, other = chance.sample(people, 2)
        channel = open_private(house, one, other.person.key)
        house.wait(house.chat.say(other, channel, message_id(number), "hi"))
        for visitor in people:
            told = {event[1] for event in house.log(user_channel(visitor.person.key))}
            fetched = [found[0] for found in house.wait(house.chat.privates.listed(visitor))]
            assert set(fetched) == told and len(fetched) == len(told)
            house.clock.advance(2)
