"""The basket and its receiving half: bounded, resumable, honest about what was never sent."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from twistedchat.core import codes
from twistedchat.core.basket import Basket, BasketOverflow, Inbox, Kept, packet
from twistedchat.core.errors import ProtocolError


def filled(count: int) -> Basket:
    basket = Basket()
    for number in range(count):
        assert basket.put(f'["call",[{number}]]') == number
    return basket


def seqs(kept: list[Kept]) -> list[int]:
    return [one.seq for one in kept]


def test_numbers_from_zero_and_gives_each_message_once_a_session() -> None:
    basket = filled(3)
    assert basket.waiting and len(basket) == 3
    assert seqs(basket.take(10_000)) == [0, 1, 2]
    assert not basket.waiting
    assert basket.take(10_000) == []


def test_gives_pieces_of_at_most_the_size_asked_but_at_least_one_message() -> None:
    basket = Basket()
    for _ in range(3):
        basket.put("x" * 10)
    assert seqs(basket.take(5)) == [0]
    assert seqs(basket.take(20)) == [1, 2]


def test_drops_what_was_acknowledged_and_repeats_drop_nothing() -> None:
    basket = filled(5)
    basket.take(10_000)
    assert basket.acknowledge(2) == 3
    assert basket.acknowledge(2) == 0
    assert basket.acknowledge(0) == 0
    assert basket.acknowledge(-1) == 0
    assert len(basket) == 2


@pytest.mark.parametrize("through", [5, 6, 2**53, -2])
def test_an_ack_of_something_never_sent_is_a_broken_protocol(through: int) -> None:
    basket = filled(5)
    basket.take(10_000)
    with pytest.raises(ProtocolError) as caught:
        basket.acknowledge(through)
    assert caught.value.code is codes.BAD_MESSAGE
    assert len(basket) == 5


def test_an_ack_of_what_only_waits_is_an_ack_of_something_never_sent() -> None:
    basket = filled(2)
    with pytest.raises(ProtocolError):
        basket.acknowledge(1)
    basket.take(1)
    assert basket.acknowledge(0) == 1
    with pytest.raises(ProtocolError):
        basket.acknowledge(1)


def test_an_ack_that_overtakes_the_replay_leaves_nothing_waiting() -> None:
    basket = filled(3)
    basket.take(10_000)
    basket.rewind(-1)
    basket.acknowledge(2)
    assert not basket.waiting
    assert basket.take(10_000) == []


@pytest.mark.parametrize("bounds", [{"max_messages": 2}, {"max_chars": 8}])
def test_refuses_what_is_beyond_a_bound_and_keeps_the_rest(bounds: dict[str, int]) -> None:
    basket = Basket(**bounds)
    basket.put("1234")
    basket.put("5678")
    with pytest.raises(BasketOverflow):
        basket.put("9")
    assert seqs(basket.take(100)) == [0, 1]
    basket.acknowledge(0)
    assert basket.put("9") == 2


def test_a_new_session_is_given_what_follows_its_ack() -> None:
    basket = filled(5)
    basket.take(10_000)
    basket.rewind(2)
    assert basket.waiting
    assert seqs(basket.take(10_000)) == [3, 4]
    basket.rewind(4)
    assert not basket.waiting and len(basket) == 0


def test_a_new_session_with_an_older_ack_is_given_what_is_still_kept() -> None:
    basket = filled(5)
    basket.take(10_000)
    basket.acknowledge(2)
    basket.rewind(0)
    assert seqs(basket.take(10_000)) == [3, 4]


def test_a_new_session_with_a_forged_ack_is_refused() -> None:
    with pytest.raises(ProtocolError):
        filled(1).rewind(0)


def test_the_inbox_drops_what_it_had_and_owes_an_ack_for_it() -> None:
    inbox = Inbox()
    assert inbox.accept(0) and inbox.accept(1)
    assert (inbox.ack, inbox.owed) == (1, 2)
    assert not inbox.accept(0)
    assert (inbox.ack, inbox.owed) == (1, 3)


def test_a_gap_asks_for_a_resume() -> None:
    inbox = Inbox()
    inbox.accept(0)
    with pytest.raises(ProtocolError) as caught:
        inbox.accept(2)
    assert caught.value.code is codes.GAP
    assert inbox.ack == 0


@given(st.integers(-1, 2**53), st.lists(st.lists(st.text())))
def test_a_packet_is_the_shape_of_the_protocol(ack: int, args: list[list[str]]) -> None:
    kept = [Kept(seq, json.dumps(["notify", one])) for seq, one in enumerate(args)]
    assert json.loads(packet(ack, kept)) == [ack, [[seq, ["notify", one]] for seq, one in enumerate(args)]]


class Line(RuleBasedStateMachine):
    """A basket and an inbox with a line between them that loses, repeats, delays and breaks."""

    def __init__(self) -> None:
        super().__init__()
        self.basket = Basket()
        self.inbox = Inbox()
        self.put = 0
        self.got: list[int] = []
        self.flying: list[Kept] = []
        self.acks = [-1]

    @rule()
    def say(self) -> None:
        self.basket.put(str(self.put))
        self.put += 1

    @rule(room=st.integers(1, 5))
    def send(self, room: int) -> None:
        self.flying.extend(self.basket.take(room))

    @precondition(lambda self: self.flying)
    @rule(repeated=st.booleans())
    def arrive(self, repeated: bool) -> None:
        kept = self.flying[0] if repeated else self.flying.pop(0)
        self.take(kept)

    @precondition(lambda self: self.flying)
    @rule(data=st.data())
    def lose(self, data: st.DataObject) -> None:
        self.flying.pop(data.draw(st.integers(0, len(self.flying) - 1)))

    def take(self, kept: Kept) -> None:
        try:
            if self.inbox.accept(kept.seq):
                self.got.append(int(kept.text))
                self.acks.append(self.inbox.ack)
        except ProtocolError:
            self.resume()

    @rule()
    def resume(self) -> None:
        self.flying.clear()
        self.basket.rewind(self.inbox.ack)

    @rule(data=st.data())
    def acknowledge(self, data: st.DataObject) -> None:
        self.basket.acknowledge(data.draw(st.sampled_from(self.acks)))

    @invariant()
    def nothing_is_doubled_or_reordered(self) -> None:
        assert self.got == list(range(len(self.got)))

    def teardown(self) -> None:
        """With a line that works again everything arrives."""
        self.resume()
        while self.basket.waiting:
            for kept in self.basket.take(3):
                self.take(kept)
        assert self.got == list(range(self.put))
        self.basket.acknowledge(self.inbox.ack)
        assert len(self.basket) == 0


TestLine = Line.TestCase
TestLine.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)


def test_what_was_lost_on_the_way_is_given_again_at_the_second_statement() -> None:
    basket = Basket()
    basket.put("a")
    basket.take(1000)
    basket.stated(-1)  # it may still be on its way
    assert not basket.waiting
    basket.stated(-1)
    assert [kept.seq for kept in basket.take(1000)] == [0]
    basket.stated(0)
    basket.stated(0)
    assert not basket.waiting
