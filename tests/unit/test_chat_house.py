"""The chat itself: rooms, private chats, who may where, saying things once."""

import pytest
from chat_kit import House
from kit import message_id

from twistedchat.chat.errors import BadText, NoSuchPerson, NoSuchRoom
from twistedchat.chat.names import BadName
from twistedchat.chat.where import private_channel, private_pair, user_channel
from twistedchat.core.errors import IdReused, TooFast
from twistedchat.core.presence import Person

# --- rooms


def test_the_standing_rooms_come_first_then_those_with_most_people(house: House) -> None:
    for name in ("Quiet", "Busy"):
        house.chat.rooms.open(name)
    house.enter("room/busy", "a", "b")
    house.enter("room/quiet", "a")
    assert house.chat.listed() == [
        ("room/lobby", "Lobby", 0),
        ("room/busy", "Busy", 2),
        ("room/quiet", "Quiet", 1),
    ]
    assert house.chat.listed(limit=1) == [("room/lobby", "Lobby", 0)]


def test_a_room_is_found_again_under_any_way_to_write_it(house: House) -> None:
    room = house.chat.rooms.open("Straße ")
    assert house.chat.rooms.open("STRASSE") is room
    assert room.title == "Straße" and house.chat.rooms.find("room/no") is None
    with pytest.raises(BadName):
        house.chat.rooms.open("\u200b")


def test_the_number_of_rooms_is_bounded_and_empty_ones_make_room() -> None:
    house = House(max_rooms=2)
    house.chat.rooms.open("One")
    house.chat.rooms.open("Two")
    assert [title for _, title, _ in house.chat.listed()] == ["Lobby", "Two"]
    house.enter("room/two", "a")
    with pytest.raises(NoSuchRoom):
        house.chat.rooms.open("Three")


# --- who may where


def test_a_private_chat_is_the_same_channel_from_both_sides() -> None:
    one, other = "a" * 22, "b" * 22
    channel = private_channel(one, other)
    assert channel == private_channel(other, one)
    assert private_pair(channel) == (one, other)


@pytest.mark.parametrize(
    "channel",
    [
        "private/" + "b" * 22 + "." + "a" * 22,
        "private/" + "a" * 22 + "." + "a" * 22,
        "private/" + "a" * 22,
        "private/" + "a" * 22 + "." + "b" * 22 + "\n",
        "private/a.b",
        "room/x",
        "private/../room/x",
    ],
)
def test_a_malformed_private_chat_is_none(channel: str) -> None:
    assert private_pair(channel) is None


def test_a_third_person_is_refused_with_what_a_stranger_to_the_house_is_told(house: House) -> None:
    ann, bob, eve = house.guest("Ann"), house.guest("Bob"), house.guest("Eve")
    channel = private_channel(ann.person.key, bob.person.key)
    house.wait(house.chat.enter(ann, channel))
    house.wait(house.chat.enter(bob, channel))
    told = set()
    for asked in (channel, "room/nowhere", "private/x"):
        for ask in (house.chat.may_enter, house.chat.enter):
            with pytest.raises(NoSuchRoom) as caught:
                house.wait(ask(eve, asked))
            told.add(caught.value.text)
        with pytest.raises(NoSuchRoom):
            house.wait(house.chat.say(eve, asked, message_id(1), "hi"))
    assert len(told) == 1
    assert house.log(channel) == []


def test_ones_own_channel_and_the_alerts_are_read_only(house: House) -> None:
    ann, eve = house.guest("Ann"), house.guest("Eve")
    own = user_channel(ann.person.key)
    for channel in (own, "house"):
        house.wait(house.chat.enter(ann, channel))
        with pytest.raises(NoSuchRoom):
            house.wait(house.chat.say(ann, channel, message_id(1), "hi"))
    with pytest.raises(NoSuchRoom):
        house.wait(house.chat.enter(eve, own))


def test_the_house_is_young_for_a_while(house: House) -> None:
    assert house.chat.just_started(90)
    house.clock.advance(90)
    assert not house.chat.just_started(90)


# --- saying things


def test_a_message_is_posted_once_whoever_asks_again(house: House) -> None:
    ann = house.guest("Ann")
    first = house.wait(house.chat.say(ann, "room/lobby", message_id(1), "hi"))
    again = house.wait(house.chat.say(ann, "room/lobby", message_id(1), "hi"))
    assert (first.entry.offset, first.new, again.entry.offset, again.new) == (1, True, 1, False)
    message = {"from": [ann.person.key, "Ann"], "text": "hi"}
    assert house.log("room/lobby") == [["message", message]]


def test_a_message_sent_again_after_a_rename_is_the_same_message(house: House) -> None:
    ann = house.guest("Ann")
    house.wait(house.chat.say(ann, "room/lobby", message_id(1), "hi"))
    house.wait(house.people.rename(ann, "Anna"))
    again = house.wait(house.chat.say(ann, "room/lobby", message_id(1), "hi"))
    assert not again.new and again.entry.offset == 1


def test_the_same_id_with_another_text_is_refused(house: House) -> None:
    ann = house.guest("Ann")
    house.wait(house.chat.say(ann, "room/lobby", message_id(1), "hi"))
    with pytest.raises(IdReused):
        house.wait(house.chat.say(ann, "room/lobby", message_id(1), "ho"))
    assert len(house.log("room/lobby")) == 1


@pytest.mark.parametrize("text", ["", " \n\t", "x" * 8001])
def test_blank_and_overlong_texts_are_refused(house: House, text: str) -> None:
    with pytest.raises(BadText):
        house.wait(house.chat.say(house.guest("Ann"), "room/lobby", message_id(1), text))
    assert house.log("room/lobby") == []


def test_too_fast_says_when_to_try_again(house: House) -> None:
    ann, bob = house.guest("Ann"), house.guest("Bob")
    for number in range(3):
        house.wait(house.chat.say(ann, "room/lobby", message_id(number), "hi"))
    with pytest.raises(TooFast) as caught:
        house.wait(house.chat.say(ann, "room/lobby", message_id(9), "hi"))
    assert caught.value.retry_s == pytest.approx(1)
    house.wait(house.chat.say(bob, "room/lobby", message_id(9), "hi"))
    house.clock.advance(1)
    house.wait(house.chat.say(ann, "room/lobby", message_id(9), "hi"))
    assert len(house.log("room/lobby")) == 5


# --- private chats


def test_opening_a_private_chat_tells_the_other_one(house: House) -> None:
    ann, bob = house.guest("Ann"), house.guest("Bob")
    channel = house.wait(house.chat.open_private(ann, bob.person.key))
    assert channel == private_channel(ann.person.key, bob.person.key)
    assert house.log(user_channel(bob.person.key)) == [["privateOpened", channel, [ann.person.key, "Ann"]]]
    assert house.wait(house.chat.privates.other(channel, ann)) == bob.person
    assert house.wait(house.chat.privates.other(channel, bob)) == ann.person
    assert house.wait(house.chat.privates.other("room/lobby", ann)) is None


def test_nobody_is_told_too_often(house: House) -> None:
    ann, bob = house.guest("Ann"), house.guest("Bob")
    for _ in range(3):
        house.wait(house.chat.open_private(ann, bob.person.key))
    with pytest.raises(TooFast):
        house.wait(house.chat.open_private(ann, bob.person.key))


def test_a_private_chat_needs_someone_else_who_is_here(house: House) -> None:
    ann = house.guest("Ann")
    for key in (ann.person.key, "nobody"):
        with pytest.raises(NoSuchPerson):
            house.wait(house.chat.open_private(ann, key))


def test_a_person_who_went_is_still_named_by_their_key(house: House) -> None:
    ann, gone = house.guest("Ann"), "g" * 22
    assert house.wait(house.chat.privates.other(private_channel(ann.person.key, gone), ann)) == Person(
        gone, ""
    )


# --- alerts


def test_an_alert_is_kept_in_the_houses_log(house: House) -> None:
    house.clock.advance(7)
    house.wait(house.chat.alert("closing at ten"))
    assert house.log("house") == [["alert", {"text": "closing at ten", "at": 7.0}]]
    for text in ("", "  ", "x" * 8001):
        with pytest.raises(BadText):
            house.wait(house.chat.alert(text))


def test_all_addresses_of_one_customer_talk_as_one() -> None:
    house = House(address_says_per_s=1, address_says_burst=10)
    said = 0
    for number in range(30):
        address = f"2001:db8:1:2:3::{number:x}"
        visitor = house.wait(house.people.login(f"M{number}", None, f"c{number}", lambda: None, address))
        try:
            house.wait(house.chat.say(visitor, "room/lobby", message_id(number), "spam"))
        except TooFast:
            continue
        said += 1
    assert said == 10
