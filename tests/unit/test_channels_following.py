"""Channels stay in step with their logs: what others wrote, what an answer did not bring, and a store that lost its tail."""

from typing import Any

import pytest
from kit import Broken, Store, event, message_id, post
from twisted.internet.defer import Deferred, fail
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from zope.interface.verify import verifyObject

from twistedchat.backends.memory import MemoryBackend
from twistedchat.channels.channel import Channel
from twistedchat.channels.hub import COMPARE_S, COMPARED, Hub
from twistedchat.core.entry import Batch, Revision
from twistedchat.core.errors import StoreUnavailable, StoreUnknown
from twistedchat.core.position import Position
from twistedchat.interfaces import IBackendListener
from twistedchat.testing.backends import settled

ROOM = "room/x"


class Reader:
    """A subscriber that notes what it is told."""

    def __init__(self) -> None:
        self.offsets: list[int] = []
        self.reasons: list[str] = []

    def arrived(self, batch: Batch) -> None:
        self.offsets += [entry.offset for entry in batch.entries]

    def presenceChanged(self, change: Any) -> None:
        raise NotImplementedError

    def removed(self, reason: str) -> None:
        self.reasons.append(reason)


class Place:
    """A hub with one channel and one reader, on a store that others use too.

    Attributes:
        others: the same logs, as another process writes them.
    """

    def __init__(self, durable: bool = True) -> None:
        self.clock = Clock()
        self.others = MemoryBackend()
        self.store = Store(self.others, durable)
        self.hub = Hub(self.store, self.clock, self.clock.seconds)
        self.channel: Channel = settled(self.hub.open(ROOM))
        self.reader = Reader()
        self.channel.subscribe(self.reader)

    def post(self, *numbers: int) -> None:
        """Somebody here says something."""
        post(self.channel, *numbers)
        self.clock.advance(0)

    def others_say(self, *numbers: int, name: str = ROOM) -> None:
        """Somebody in another process says something."""
        for number in numbers:
            settled(self.others.append(name, "bob", message_id(number), event(number), 0.0))

    def lose_tail(self, keep: int, *others: int) -> None:
        """The log has only its first ``keep`` entries again, and then what ``others`` said."""
        log = self.others._logs[ROOM]
        while len(log.entries) > keep:
            gone = log.entries.pop()
            del log.seen[gone.identity, gone.id]
        log.head = keep
        self.others_say(*others)

    def back(self) -> None:
        """The store was away and is back."""
        self.store.listener.storeLost("away")
        self.store.listener.storeBack()
        self.clock.advance(0)

    @property
    def texts(self) -> list[str]:
        """What a page is shown that joins now."""
        return [entry.event for entry in self.channel.last(100)]


@pytest.fixture
def place() -> Place:
    return Place()


def test_a_hub_listens_to_its_store(place: Place) -> None:
    assert verifyObject(IBackendListener, place.hub)
    assert place.store.listener is place.hub


def test_what_others_wrote_is_read_at_a_wake_up(place: Place) -> None:
    place.post(1)
    place.others_say(2, 3)
    place.hub.logGrew(ROOM, 3)
    place.hub.logGrew("room/not-open", 3)
    place.clock.advance(0)
    assert place.reader.offsets == [1, 2, 3]
    place.hub.logGrew(ROOM, 2)
    assert place.store.reads == 1


def test_the_first_entry_of_a_log_can_be_somebody_elses(place: Place) -> None:
    place.others_say(1)
    place.hub.logGrew(ROOM, 1)
    place.clock.advance(0)
    assert place.reader.offsets == [1]


def test_a_long_gap_is_read_piece_by_piece(place: Place) -> None:
    place.others_say(*range(1, 801))
    place.back()
    place.clock.advance(0)
    assert place.reader.offsets == list(range(1, 801))
    assert place.store.reads == 2


def test_a_missed_wake_up_is_found_by_comparing_heads(place: Place) -> None:
    place.post(1)
    place.others_say(2)
    place.clock.advance(COMPARE_S)
    place.clock.advance(0)
    assert place.reader.offsets == [1, 2]
    place.others_say(3)
    place.clock.pump([0, COMPARE_S, 0])
    assert place.reader.offsets == [1, 2, 3]


def test_heads_are_compared_in_pieces(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def heads(names: list[str]) -> Any:
        asked.append(len(names))
        return place.others.heads(names)

    monkeypatch.setattr(place.store, "heads", heads)
    for number in range(COMPARED):
        settled(place.hub.open(f"room/{number}"))
    place.others_say(1)
    place.hub.storeBack()
    place.clock.pump([0, 0, 0])
    assert sorted(asked) == [1, COMPARED]
    assert place.reader.offsets == [1]


def test_a_store_that_comes_back_while_heads_are_compared_is_compared_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[Deferred[Any]] = []

    def heads(names: list[str]) -> Any:
        held.append(Deferred())
        return held[-1]

    with monkeypatch.context() as slow:
        slow.setattr(place.store, "heads", heads)
        place.hub.storeBack()
        place.hub.storeBack()
        assert len(held) == 1
        held[0].callback(settled(place.others.heads([ROOM])))
    place.others_say(1)
    place.clock.pump([0, 0])
    assert place.reader.offsets == [1]


def test_heads_that_cannot_be_had_are_asked_for_again(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.others_say(1)
    with monkeypatch.context() as away:
        away.setattr(place.store, "heads", lambda names: fail(StoreUnavailable("away")))
        place.clock.advance(COMPARE_S)
    assert place.reader.offsets == []
    place.clock.pump([COMPARE_S, 0])
    assert place.reader.offsets == [1]


def test_a_store_that_forgets_at_its_end_is_not_looked_at_again_and_again() -> None:
    place = Place(durable=False)
    assert place.clock.getDelayedCalls() == []
    place.others_say(1)
    place.back()
    assert place.reader.offsets == [1]
    place.clock.advance(0)
    assert place.clock.getDelayedCalls() == []


def test_a_stopped_hub_leaves_no_timer(place: Place) -> None:
    held: Deferred[Any] = Deferred()
    place.store.heads = lambda names: held  # type: ignore[method-assign]
    place.hub.storeBack()
    place.hub.stop()
    held.callback({ROOM: place.channel.head})
    assert place.clock.getDelayedCalls() == []


# --- a store that lost its tail


@pytest.mark.parametrize("others", [(), (7,), (7, 8), (7, 8, 9)], ids=lambda others: f"{len(others)} others")
def test_a_store_that_lost_its_tail_shows_the_readers_out(place: Place, others: tuple[int, ...]) -> None:
    place.post(1, 2, 3)
    before = place.channel.head
    place.lose_tail(1, *others)
    place.back()
    assert place.reader.reasons == ["lost"]
    assert not place.channel.find(before)
    assert place.channel.find(Position(before.epoch, 1, message_id(1)))
    assert place.channel.head.offset == 1 + len(others)
    again = Reader()
    place.channel.subscribe(again)
    place.post(20)
    assert again.offsets == [2 + len(others)] and place.reader.offsets == [1, 2, 3]


def test_a_log_of_another_epoch_shows_the_readers_out(place: Place) -> None:
    place.post(1)
    before = place.channel.head
    settled(place.others.erase(ROOM))
    place.others_say(1)
    place.back()
    assert place.reader.reasons == ["lost"]
    assert place.channel.head.epoch != before.epoch and place.channel.head.offset == 1


def test_an_answer_tells_of_a_lost_tail_before_heads_are_compared(place: Place) -> None:
    place.post(1, 2, 3)
    place.lose_tail(2)
    place.post(4)
    assert place.reader.reasons == ["lost"]
    assert place.channel.head == Position(place.channel.head.epoch, 3, message_id(4))
    assert place.reader.offsets == [1, 2, 3]


def test_what_is_answered_while_the_log_is_read_anew_is_not_taken_for_its_end(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.post(1, 2, 3)
    place.lose_tail(2)
    held: list[Deferred[Any]] = []

    def open_later(name: str, tail: int) -> Any:
        held.append(place.others.open(name, tail))
        answer: Deferred[Any] = Deferred()
        held.append(answer)
        return answer

    with monkeypatch.context() as slow:
        slow.setattr(place.store, "open", open_later)
        place.post(4)
        place.post(5)  # its offset follows that of our old head
    held[0].chainDeferred(held[1])
    assert place.reader.reasons == ["lost"]
    again = Reader()
    place.channel.subscribe(again)
    place.clock.advance(0)
    assert place.channel.head.offset == 4 and place.reader.offsets == [1, 2, 3]
    assert place.texts == [event(1), event(2), event(4), event(5)]


def test_a_log_whose_missing_part_is_not_kept_shows_the_readers_out(place: Place) -> None:
    place.post(1)
    place.others_say(*range(2, 1010))
    place.back()
    assert place.reader.reasons == ["lost"] and place.reader.offsets == [1]
    assert place.channel.head.offset == 1009


def test_a_log_that_cannot_be_read_anew_is_read_when_heads_are_compared_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.post(1, 2)
    place.lose_tail(1)
    with monkeypatch.context() as away:
        away.setattr(place.store, "open", lambda name, tail: fail(StoreUnavailable("away")))
        place.back()
    assert place.reader.reasons == []
    place.clock.pump([0, COMPARE_S, 0])
    assert place.reader.reasons == ["lost"]


def test_one_reader_that_fails_to_leave_keeps_no_other_in(
    place: Place, logged_failures: list[Failure]
) -> None:
    place.channel.unsubscribe(place.reader)
    place.channel.subscribe(Broken())
    place.channel.subscribe(place.reader)
    place.others_say(1)
    place.back()
    settled(place.others.erase(ROOM))
    logged_failures.clear()  # of the broken one, when the entry arrived
    place.back()
    assert place.reader.reasons == ["lost"]
    assert [failure.type for failure in logged_failures] == [RuntimeError]
    logged_failures.clear()


# --- revisions whose outcome is unknown


def test_a_revision_whose_answer_was_lost_is_seen_when_the_store_is_back(place: Place) -> None:
    place.post(1)
    place.store.hold()
    unknown = place.channel.post("ann", message_id(2), event(2), Revision(1, event(9), "[]"))
    place.store.time_out(0)
    place.store.held = None
    with pytest.raises(StoreUnknown):
        settled(unknown)
    assert place.texts == [event(1)]
    place.back()
    assert place.texts == [event(9), event(2)] and place.reader.reasons == []
    assert place.reader.offsets == [1, 2]


def test_a_revision_that_is_asked_for_again_is_seen_then(place: Place) -> None:
    place.post(1)
    place.store.hold()
    revision = Revision(1, event(9), "[]")
    unknown = place.channel.post("ann", message_id(2), event(2), revision)
    place.store.time_out(0)
    place.store.held = None
    with pytest.raises(StoreUnknown):
        settled(unknown)
    settled(place.channel.post("ann", message_id(2), event(2), revision))
    place.clock.advance(0)
    assert place.texts == [event(9), event(2)] and place.reader.reasons == []


def test_a_revision_is_looked_for_again_where_the_store_was_away_once_more(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.post(1)
    place.store.hold()
    unknown = place.channel.post("ann", message_id(2), event(2), Revision(1, event(9), "[]"))
    place.store.time_out(0)
    place.store.held = None
    with pytest.raises(StoreUnknown):
        settled(unknown)
    with monkeypatch.context() as away:
        away.setattr(place.store, "open", lambda channel, tail: fail(StoreUnavailable("away again")))
        place.back()
    place.post(3)
    place.back()
    assert place.texts == [event(9), event(2), event(3)] and place.reader.reasons == []
