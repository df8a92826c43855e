"""Channels and the hub: order, fan-out once a turn, positions, presence on a timer, and nobody harmed by another."""

from collections.abc import Callable
from typing import Any

import pytest
from kit import Broken, Store, event, make_channel, message_id, post
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from zope.interface.verify import verifyObject

from twistedchat.backends.memory import MemoryBackend
from twistedchat.channels.batches import Batches
from twistedchat.channels.channel import Channel
from twistedchat.channels.hub import Hub
from twistedchat.channels.tail import TAIL_CHARS, TAIL_ENTRIES, Tail
from twistedchat.core.entry import Batch, Entry, LogState
from twistedchat.core.errors import IdReused, StoreUnavailable, StoreUnknown
from twistedchat.core.position import Position
from twistedchat.core.presence import Change, Kind, Person
from twistedchat.interfaces import IChannel
from twistedchat.testing.backends import settled

ANN = Person("a", "Ann")


class Reader:
    """A subscriber that notes what it is told."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.changes: list[Change] = []
        self.reasons: list[str] = []

    def arrived(self, batch: Batch) -> None:
        self.batches.append(batch)

    def presenceChanged(self, change: Change) -> None:
        self.changes.append(change)

    def removed(self, reason: str) -> None:
        self.reasons.append(reason)

    @property
    def offsets(self) -> list[int]:
        return [entry.offset for batch in self.batches for entry in batch.entries]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store() -> Store:
    return Store(MemoryBackend())


@pytest.fixture
def channel(clock: Clock, store: Store) -> Channel:
    return make_channel(store, clock)


def test_it_keeps_the_interface(channel: Channel) -> None:
    assert verifyObject(IChannel, channel)


# --- posting


def test_a_turns_posts_reach_every_reader_as_the_same_batch(channel: Channel, clock: Clock) -> None:
    one, other = Reader(), Reader()
    channel.subscribe(one)
    channel.subscribe(other)
    channel.subscribe(other)
    post(channel, 1, 2, 3)
    assert channel.head == Position(channel.head.epoch, 3, message_id(3))
    assert one.batches == []
    clock.advance(0)
    assert one.offsets == [1, 2, 3]
    assert len(one.batches) == 1 and other.batches == one.batches
    assert other.batches[0] is one.batches[0]


def test_a_reader_is_told_what_comes_after_it_subscribed_until_it_unsubscribes(
    channel: Channel, clock: Clock
) -> None:
    reader = Reader()
    post(channel, 1)
    clock.advance(0)
    channel.subscribe(reader)
    post(channel, 2)
    clock.advance(0)
    channel.unsubscribe(reader)
    channel.unsubscribe(reader)
    post(channel, 3)
    clock.advance(0)
    assert reader.offsets == [2]


def test_one_failing_reader_never_stops_a_fan_out(
    channel: Channel, clock: Clock, logged_failures: list[Failure]
) -> None:
    reader = Reader()
    channel.subscribe(Broken())
    channel.subscribe(reader)
    channel.enter(ANN, "tab")
    post(channel, 1)
    clock.advance(1)
    assert reader.offsets == [1] and len(reader.changes) == 1
    assert [failure.type for failure in logged_failures] == [RuntimeError] * 2
    logged_failures.clear()
    channel.stop()


def test_the_same_id_twice_is_told_once_and_another_body_refused(channel: Channel, clock: Clock) -> None:
    reader = Reader()
    channel.subscribe(reader)
    first = settled(channel.post("ann", message_id(1), event(1)))
    again = settled(channel.post("ann", message_id(1), event(1)))
    with pytest.raises(IdReused):
        settled(channel.post("ann", message_id(1), event(2)))
    clock.advance(0)
    assert first.new and not again.new and again.entry == first.entry
    assert reader.offsets == [1]


def test_nothing_is_told_before_the_store_has_it(channel: Channel, store: Store, clock: Clock) -> None:
    reader = Reader()
    channel.subscribe(reader)
    store.hold()
    answers: list[Any] = []
    channel.post("ann", message_id(1), event(1)).addCallback(answers.append)
    clock.advance(1)
    assert reader.offsets == [] and answers == [] and not channel.idle
    store.release(0)
    clock.advance(0)
    assert reader.offsets == [1] and answers[0].new


def test_a_store_that_answers_out_of_order_does_not_change_the_order(
    channel: Channel, store: Store, clock: Clock
) -> None:
    reader = Reader()
    channel.subscribe(reader)
    store.hold()
    post(channel, 1, 2, 3)
    store.release(2)
    clock.advance(0)
    store.release(0)
    clock.advance(0)
    assert reader.offsets == [1]
    store.release(0)
    clock.advance(0)
    assert reader.offsets == [1, 2, 3]
    assert store.reads == 0


def test_an_entry_whose_outcome_was_unknown_is_read_from_the_store(
    channel: Channel, store: Store, clock: Clock
) -> None:
    reader = Reader()
    channel.subscribe(reader)
    store.hold()
    unknown = channel.post("ann", message_id(1), event(1))
    store.time_out(0)
    with pytest.raises(StoreUnknown):
        settled(unknown)
    post(channel, 2)
    store.release(0)
    clock.advance(0)
    assert reader.offsets == [1, 2]


def test_an_entry_whose_outcome_was_unknown_is_told_when_its_sender_asks_again(
    channel: Channel, store: Store, clock: Clock
) -> None:
    reader = Reader()
    channel.subscribe(reader)
    store.hold()
    unknown = channel.post("ann", message_id(1), event(1))
    store.time_out(0)
    with pytest.raises(StoreUnknown):
        settled(unknown)
    store.held = None
    assert not settled(channel.post("ann", message_id(1), event(1))).new
    clock.advance(0)
    assert reader.offsets == [1]


def test_a_sender_who_no_longer_waits_leaves_no_hole(channel: Channel, store: Store, clock: Clock) -> None:
    reader = Reader()
    channel.subscribe(reader)
    store.hold()
    given_up = channel.post("ann", message_id(1), event(1))
    given_up.cancel()
    with pytest.raises(CancelledError):
        settled(given_up)
    post(channel, 2)
    store.release(0)
    store.release(0)
    clock.advance(0)
    assert reader.offsets == [1, 2]
    assert store.reads == 0


def test_a_hole_that_cannot_be_read_now_is_read_with_the_next_post(
    channel: Channel, clock: Clock, monkeypatch: pytest.MonkeyPatch, store: Store
) -> None:
    reader = Reader()
    channel.subscribe(reader)
    store.hold()
    channel.post("ann", message_id(1), event(1)).addErrback(lambda failure: None)
    store.time_out(0)
    store.held = None
    with monkeypatch.context() as broken:
        failing: Deferred[Any] = Deferred()
        failing.errback(StoreUnavailable("away"))
        broken.setattr(store, "read", lambda *args: failing)
        post(channel, 2)
        clock.advance(0)
    assert reader.offsets == []
    post(channel, 3)
    clock.advance(0)
    assert reader.offsets == [1, 2, 3]


def test_a_failed_post_leaves_the_channel_as_it_was(clock: Clock) -> None:
    backend = MemoryBackend(max_channels=0)
    channel = make_channel(backend, clock)
    with pytest.raises(StoreUnavailable):
        settled(channel.post("ann", message_id(1), event(1)))
    assert channel.head.offset == 0 and channel.idle


# --- reading


def test_what_follows_an_offset_comes_in_pieces(channel: Channel) -> None:
    for number in range(1, 6):
        post(channel, number, size=100)
    channel.flush()
    piece = channel.after(0, 300)
    assert piece is not None and (piece.before, piece.last) == (0, 2)
    assert channel.after(0, 300) is piece  # framed once for all who ask
    least = channel.after(2, 1)
    assert least is not None and (least.before, least.last) == (2, 3)
    rest = channel.after(2, 10_000)
    assert rest is not None and rest.last == 5
    empty = channel.after(5, 10_000)
    assert empty is not None and not empty.entries


def test_who_is_further_behind_than_the_tail_is_told_so(channel: Channel) -> None:
    post(channel, *range(1, TAIL_ENTRIES + 3))
    channel.flush()
    assert channel.after(1, 100) is None
    at_the_edge = channel.after(2, 1)
    assert at_the_edge is not None and at_the_edge.before == 2
    assert not channel.find(Position(channel.head.epoch, 0, ""))
    assert not channel.find(Position(channel.head.epoch, 2, message_id(2)))
    assert channel.find(Position(channel.head.epoch, 3, message_id(3)))


def test_a_position_is_found_by_epoch_offset_and_id(channel: Channel) -> None:
    epoch = channel.head.epoch
    assert channel.find(Position(epoch, 0, ""))
    post(channel, 1, 2)
    channel.flush()
    assert channel.find(channel.head) and channel.find(Position(epoch, 1, message_id(1)))
    assert channel.find(Position(epoch, 0, ""))
    for forged in [
        Position("other", 1, message_id(1)),
        Position(epoch, 1, message_id(2)),
        Position(epoch, 3, message_id(3)),
        Position(epoch, 0, "x"),
        Position(epoch, -1, ""),
    ]:
        assert not channel.find(forged)


def test_a_channel_opened_on_a_log_that_is_there_goes_on_with_it(clock: Clock) -> None:
    backend = MemoryBackend()
    first = make_channel(backend, clock)
    post(first, 1, 2, 3)
    first.stop()
    again = make_channel(backend, clock)
    assert again.head == first.head
    assert [entry.offset for entry in again.last(2)] == [2, 3]
    assert list(again.last(0)) == []


def test_the_number_of_framed_batches_is_bounded(channel: Channel) -> None:
    channel._batches = Batches(most=64)
    post(channel, *range(1, 201))
    channel.flush()
    batches = [channel.after(offset, 1) for offset in range(200)]
    assert channel.after(0, 1) is not batches[0] and channel.after(199, 1) is batches[199]
    assert len(channel._batches) <= 64


def an_entry(offset: int, size: int = 10) -> Entry:
    return Entry(offset, message_id(offset), "ann", "x" * size, 0)


def test_a_tail_is_bounded_in_number_and_finds_by_offset() -> None:
    tail = Tail([])
    assert tail.oldest() is None and tail.at(1) is None and tail.after(0, 10) == []
    for offset in range(1, 3 * TAIL_ENTRIES):
        tail.append(an_entry(offset))
    assert len(tail) == TAIL_ENTRIES
    oldest = tail.oldest()
    assert oldest is not None and oldest.offset == 2 * TAIL_ENTRIES
    assert tail.at(oldest.offset - 1) is None
    assert tail.at(oldest.offset) is oldest
    assert tail.at(3 * TAIL_ENTRIES) is None
    assert [entry.offset for entry in tail.last(2)] == [3 * TAIL_ENTRIES - 2, 3 * TAIL_ENTRIES - 1]
    assert len(tail.last(9999)) == TAIL_ENTRIES


def test_a_tail_is_bounded_in_size_but_keeps_the_newest() -> None:
    tail = Tail([an_entry(1)])
    tail.append(an_entry(2, TAIL_CHARS + 1))
    assert len(tail) == 1
    tail.append(an_entry(3))
    assert [entry.offset for entry in tail.last(9)] == [3]


# --- who is here


def test_presence_goes_out_at_once_and_then_at_most_once_a_second(channel: Channel, clock: Clock) -> None:
    reader = Reader()
    channel.subscribe(reader)
    channel.enter(ANN, "tab")
    clock.advance(0)
    assert [change.version for change in reader.changes] == [1]
    for number in range(5):
        channel.enter(Person(f"p{number}", f"P{number}"), "tab")
        clock.advance(0.1)
    assert len(reader.changes) == 1
    clock.advance(0.5)
    assert len(reader.changes) == 2 and reader.changes[1].count == 6
    channel.stop()


def test_a_reload_is_no_news_and_a_leave_comes_after_the_grace(channel: Channel, clock: Clock) -> None:
    reader = Reader()
    channel.subscribe(reader)
    channel.enter(ANN, "tab")
    clock.advance(0)
    channel.away("a", "tab")
    clock.advance(14)
    channel.enter(ANN, "reloaded tab")
    clock.advance(60)
    assert len(reader.changes) == 1
    channel.away("a", "reloaded tab")
    clock.advance(15)
    assert [change.went for change in reader.changes[1:]] == [(ANN,)]
    assert not clock.getDelayedCalls()


def test_a_purposeful_leave_is_told_without_a_grace(channel: Channel, clock: Clock) -> None:
    reader = Reader()
    channel.subscribe(reader)
    channel.enter(ANN, "tab")
    clock.advance(0)
    clock.advance(2)
    channel.away("a", "tab")
    channel.leave("a", "tab")
    clock.advance(0)
    assert reader.changes[-1].went == (ANN,)
    assert not clock.getDelayedCalls()


# --- the end


def test_stopping_tells_what_was_accepted_and_leaves_no_timer(channel: Channel, clock: Clock) -> None:
    reader = Reader()
    channel.subscribe(reader)
    channel.enter(ANN, "tab")
    post(channel, 1)
    channel.stop()
    channel.stop()
    assert reader.offsets == [1]
    assert not clock.getDelayedCalls()


def test_what_ends_after_the_stop_sets_no_timer(channel: Channel, store: Store, clock: Clock) -> None:
    store.hold()
    answer = channel.post("ann", message_id(1), event(1))
    channel.stop()
    store.release(0)
    channel.enter(ANN, "tab")
    channel.away("a", "tab")
    assert settled(answer).entry.offset == 1
    assert not clock.getDelayedCalls()


# --- the hub


class SlowStore(Store):
    """A backend that opens when the test says so."""

    def __init__(self) -> None:
        super().__init__(MemoryBackend())
        self.opening: list[tuple[str, Deferred[LogState]]] = []

    def open(self, channel: str, tail: int) -> Any:
        answer: Deferred[LogState] = Deferred()
        self.opening.append((channel, answer))
        return answer

    def opened(self) -> None:
        for _, answer in self.opening:
            answer.callback(LogState("e", []))
        self.opening.clear()


def make_hub(clock: Clock, backend: Any = None, **options: Any) -> Hub:
    return Hub(backend or MemoryBackend(), clock, clock.seconds, **options)


def opened(hub: Hub, name: str) -> Channel:
    channel: Channel = settled(hub.open(name))
    return channel


def test_a_channel_is_opened_once_however_many_ask(clock: Clock) -> None:
    backend = SlowStore()
    hub = make_hub(clock, backend)
    asked = [hub.open("room/x") for _ in range(3)]
    assert hub.get("room/x") is None and len(backend.opening) == 1
    backend.opened()
    channels = {settled(answer) for answer in asked}
    assert channels == {hub.get("room/x")} and opened(hub, "room/x") in channels


def test_one_who_no_longer_waits_takes_nothing_from_the_others(clock: Clock) -> None:
    backend = SlowStore()
    hub = make_hub(clock, backend)
    gone, waiting = hub.open("room/x"), hub.open("room/x")
    gone.cancel()
    gone.addErrback(lambda failure: failure.trap(CancelledError) and None)
    backend.opened()
    assert settled(waiting) is hub.get("room/x")


def test_a_store_that_fails_to_open_fails_all_who_asked_and_is_asked_again(clock: Clock) -> None:
    backend = SlowStore()
    hub = make_hub(clock, backend)
    asked = [hub.open("room/x"), hub.open("room/x")]
    backend.opening.pop()[1].errback(StoreUnavailable("away"))
    for answer in asked:
        with pytest.raises(StoreUnavailable):
            settled(answer)
    again = hub.open("room/x")
    backend.opened()
    assert settled(again).name == "room/x"


def test_idle_channels_make_room_and_used_ones_do_not(clock: Clock) -> None:
    hub = make_hub(clock, max_open=2)
    used, idle = opened(hub, "room/used"), opened(hub, "room/idle")
    used.subscribe(Reader())
    clock.advance(60)
    third = opened(hub, "room/third")
    assert hub.get("room/idle") is None and hub.get("room/used") is used
    third.enter(ANN, "tab")
    with pytest.raises(StoreUnavailable):
        opened(hub, "room/fourth")
    assert idle.idle and not third.idle
    hub.stop()
    assert not clock.getDelayedCalls()


def test_a_channel_just_opened_is_not_closed_under_who_asked_for_it(clock: Clock) -> None:
    hub = make_hub(clock, max_open=1)
    asked = opened(hub, "room/asked")
    with pytest.raises(StoreUnavailable):
        opened(hub, "room/other")
    assert hub.get("room/asked") is asked


def test_the_hub_flushes_and_stops_all_its_channels(clock: Clock) -> None:
    hub = make_hub(clock)
    reader = Reader()
    channel = opened(hub, "room/x")
    channel.subscribe(reader)
    post(channel, 1)
    hub.flush()
    assert reader.offsets == [1]
    channel.enter(ANN, "tab")
    hub.stop()
    assert hub.get("room/x") is None and not clock.getDelayedCalls()


def test_a_new_channel_has_the_presence_that_the_hub_was_told(clock: Clock) -> None:
    from twistedchat.core.presence import Presence

    make: Callable[[], Presence] = lambda: Presence(named=0)  # noqa: E731
    channel = opened(make_hub(clock, make_presence=make), "room/x")
    reader = Reader()
    channel.subscribe(reader)
    channel.enter(ANN, "tab")
    clock.advance(0)
    assert reader.changes[0].kind is Kind.COUNT
    channel.stop()
