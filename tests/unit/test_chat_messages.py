"""Texts: actions and notices, changing and taking back, reading again in pages; the old words are gone everywhere."""

import json
from typing import Any

import pytest
from chat_kit import House
from kit import message_id

from twistedchat.chat.errors import BadText, NoSuchMessage, NoSuchRoom, NotAllowed, TooLate
from twistedchat.chat.people import Visitor
from twistedchat.core.errors import IdReused
from twistedchat.core.position import Position
from twistedchat.testing.backends import settled

LOBBY = "room/lobby"


def say(house: House, visitor: Visitor, number: int, text: str, method: str = "message") -> int:
    house.clock.advance(1)  # nobody is too fast
    posted = house.wait(house.chat.say(visitor, LOBBY, message_id(number), text, method))
    offset: int = posted.entry.offset
    return offset


def edit(house: House, visitor: Visitor, number: int, offset: int, text: str) -> Any:
    house.clock.advance(1)
    return house.wait(house.chat.edit(visitor, LOBBY, message_id(number), offset, text))


def delete(house: House, visitor: Visitor, number: int, offset: int) -> Any:
    house.clock.advance(1)
    return house.wait(house.chat.delete(visitor, LOBBY, message_id(number), offset))


def stored(house: House) -> str:
    """All that the store has of the lobby, and all that the channel keeps ready."""
    kept = settled(house.hub.open(LOBBY)).last(1000)
    return "\n".join(entry.event for entry in [*settled(house.store.read(LOBBY, 0, 1000)), *kept])


def test_actions_and_notices_are_texts_of_their_own_kind(house: House) -> None:
    ann = house.guest("Ann")
    say(house, ann, 1, "waves", "action")
    say(house, ann, 2, "lunch at one", "notice")
    assert [event[0] for event in house.log(LOBBY)] == ["action", "notice"]


def test_an_edit_leaves_nothing_of_the_old_words(house: House) -> None:
    ann = house.guest("Ann")
    offset = say(house, ann, 1, "secret one")
    say(house, ann, 2, "other")
    edit(house, ann, 3, offset, "secret two")
    edit(house, ann, 4, offset, "three")
    assert "secret" not in stored(house)
    first = house.log(LOBBY)[0]
    assert first == ["message", {"from": [ann.person.key, "Ann"], "text": "three", "edited": True}]
    assert house.check.verify() > 2


def test_a_deletion_leaves_nothing_but_that_there_was_something(house: House) -> None:
    ann = house.guest("Ann")
    offset = say(house, ann, 1, "secret one")
    edit(house, ann, 2, offset, "secret two")
    delete(house, ann, 3, offset)
    assert "secret" not in stored(house)
    assert house.log(LOBBY)[0] == ["message", {"from": [ann.person.key, "Ann"], "deleted": True}]
    for change in (lambda: edit(house, ann, 4, offset, "back"), lambda: delete(house, ann, 5, offset)):
        with pytest.raises(NoSuchMessage):
            change()
    assert house.check.verify() > 2


def test_a_position_is_still_found_after_a_change(house: House) -> None:
    ann = house.guest("Ann")
    offset = say(house, ann, 1, "one")
    channel = settled(house.hub.open(LOBBY))
    before = channel.head
    assert before == Position(before.epoch, offset, message_id(1))
    edit(house, ann, 2, offset, "two")
    assert channel.find(before), "who was there goes on from there"


def test_a_change_sent_again_is_made_once(house: House) -> None:
    ann = house.guest("Ann")
    offset = say(house, ann, 1, "one")
    first = edit(house, ann, 2, offset, "two")
    again = edit(house, ann, 2, offset, "two")
    assert (again.new, again.entry.offset) == (False, first.entry.offset)
    with pytest.raises(IdReused):
        edit(house, ann, 2, offset, "three")


def test_a_message_sent_again_after_its_change_stays_changed(house: House) -> None:
    ann = house.guest("Ann")
    offset = say(house, ann, 1, "one")
    edit(house, ann, 2, offset, "two")
    assert say(house, ann, 1, "one") == offset
    assert house.log(LOBBY)[0][1]["text"] == "two"


def test_only_the_author_changes_a_message_and_only_for_a_while(house: House) -> None:
    ann, bob = house.guest("Ann"), house.guest("Bob")
    offset = say(house, ann, 1, "mine")
    for change in (lambda: edit(house, bob, 2, offset, "his"), lambda: delete(house, bob, 3, offset)):
        with pytest.raises(NotAllowed):
            change()
    house.clock.advance(901)
    for change in (lambda: edit(house, ann, 4, offset, "late"), lambda: delete(house, ann, 5, offset)):
        with pytest.raises(TooLate):
            change()
    assert house.log(LOBBY)[0][1]["text"] == "mine"


def test_what_is_no_text_cannot_be_changed(house: House) -> None:
    ann = house.guest("Ann")
    offset = say(house, ann, 1, "one")
    changed = edit(house, ann, 2, offset, "two").entry.offset
    for wrong in (changed, changed + 1, 99):
        with pytest.raises(NoSuchMessage):
            edit(house, ann, 3, wrong, "x")
    with pytest.raises(BadText):
        edit(house, ann, 4, offset, "  ")


def test_two_changes_at_once_are_made_one_after_the_other(house: House) -> None:
    from twisted.internet.defer import Deferred

    ann = house.guest("Ann")
    offset = say(house, ann, 1, "one")
    house.check.look()
    held: list[Any] = []
    append = house.store.append

    def late(*args: Any) -> Any:
        answer: Deferred[Any] = Deferred()
        held.append((answer, args))
        return answer

    house.store.append = late  # type: ignore[method-assign]
    house.clock.advance(2)
    changing = Deferred.fromCoroutine(house.chat.delete(ann, LOBBY, message_id(2), offset))
    editing = Deferred.fromCoroutine(house.chat.edit(ann, LOBBY, message_id(3), offset, "two"))
    assert len(held) == 1, "the edit waits until the deletion is in the store"
    house.store.append = append  # type: ignore[method-assign]
    answer, args = held[0]
    append(*args).chainDeferred(answer)
    assert settled(changing).new
    with pytest.raises(NoSuchMessage):
        settled(editing)
    assert not house.chat._messages._locks, "nothing is left of the waiting"


def test_history_is_read_in_pages_backwards(house: House) -> None:
    ann = house.guest("Ann")
    for number in range(30):
        say(house, ann, number, f"m{number}")
    found: list[str] = []
    before = 31
    while page := house.wait(house.chat.history(ann, LOBBY, before, 7)):
        found = [json.loads(entry.event)[1]["text"] for entry in page] + found
        before = page[0].offset
    assert found == [f"m{number}" for number in range(30)]
    assert len(house.wait(house.chat.history(ann, LOBBY, 31, 10_000))) == 30
    with pytest.raises(NoSuchRoom):
        house.wait(house.chat.history(ann, "room/none", 31, 7))


def test_typing_is_told_now_and_then_and_kept_nowhere(house: House) -> None:
    class Listener:
        def __init__(self) -> None:
            self.heard: list[Any] = []

        def hinted(self, prepared: Any) -> None:
            self.heard.append(prepared)

        def presenceChanged(self, change: Any) -> None:
            pass

    ann = house.guest("Ann")
    listener: Any = Listener()
    settled(house.hub.open(LOBBY)).subscribe(listener)
    house.wait(house.chat.typing(ann, LOBBY))
    assert listener.heard == [], "who is not in the room does not type there"
    house.enter(LOBBY, ann.person.key)
    for _ in range(10):
        house.wait(house.chat.typing(ann, LOBBY))
    assert len(listener.heard) == 2
    house.clock.advance(2)
    house.wait(house.chat.typing(ann, LOBBY))
    assert len(listener.heard) == 3
    assert house.log(LOBBY) == []
