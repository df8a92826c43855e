"""A process that stood still reads before it judges, and one that is slow for good judges all the same."""

from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.interfaces import IReactorTime
from zope.interface import implementer

from twistedchat.comet.clockwork import Clockwork
from twistedchat.core.lag import Lag
from twistedchat.core.session import Session
from twistedchat.web.bounds import Deadlines


def test_what_comes_in_time_is_not_excused() -> None:
    lag = Lag()
    lag.armed(10)
    assert not lag.excuses(10) and not lag.excuses(11)


def test_of_two_late_calls_one_is_excused() -> None:
    lag = Lag()
    excused = []
    for now in (15, 20, 25, 30):
        lag.armed(now - 3)
        excused.append(lag.excuses(now))
    assert excused == [True, False, True, False]


class Call:
    def __init__(self, at: float, call: Callable[..., object], args: tuple[object, ...]) -> None:
        self.at, self.call, self.args = at, call, args

    def active(self) -> bool:
        return True


@implementer(IReactorTime)
class Reactor:
    """A reactor whose turns are as long as a test wants: first what is due, then what the sockets have."""

    def __init__(self) -> None:
        self.now = 0.0
        self.calls: list[Call] = []

    def seconds(self) -> float:
        return self.now

    def callLater(self, delay: float, call: Callable[..., object], *args: object, **named: object) -> Any:
        self.calls.append(Call(self.now + delay, call, args))
        return self.calls[-1]

    def getDelayedCalls(self) -> Any:
        return self.calls

    def turn(self, seconds: float, read: Callable[[], object] = lambda: None) -> None:
        """Let time go by, do what is due by then, and only then read."""
        self.now += seconds
        due = [call for call in self.calls if call.at <= self.now]
        self.calls = [call for call in self.calls if call.at > self.now]
        for call in due:
            call.call(*call.args)
        read()


class Item:
    """A session or a connection that has until 5."""

    deadline = 5.0
    wheel_slot: int | None = None

    def __init__(self) -> None:
        self.judged_at: list[float] = []

    def tick(self, now: float) -> None:
        self.judged_at.append(now)
        self.deadline = float("inf")

    def late(self) -> None:
        self.judged_at.append(-1)

    def came(self) -> None:
        """Its poll was read."""
        self.deadline = 100.0


@pytest.fixture
def reactor() -> Reactor:
    return Reactor()


def watched(reactor: Reactor) -> Item:
    item: Any = Item()
    session: Session = item
    Clockwork(reactor).due(session)
    return item  # type: ignore[no-any-return]


def test_a_poll_that_waited_in_its_socket_while_we_stood_still_keeps_its_session(reactor: Reactor) -> None:
    item = watched(reactor)
    reactor.turn(8, item.came)
    for _ in range(10):
        reactor.turn(0.1)
    assert item.judged_at == []


def test_without_one_the_session_is_judged_in_the_next_turn(reactor: Reactor) -> None:
    item = watched(reactor)
    reactor.turn(8)
    assert item.judged_at == []
    reactor.turn(0)
    assert item.judged_at == [8]


def test_a_process_that_is_slow_for_good_judges_all_the_same(reactor: Reactor) -> None:
    item = watched(reactor)
    for _ in range(4):
        reactor.turn(3)
    assert item.judged_at == [6]


def test_the_front_reads_first_too(reactor: Reactor) -> None:
    deadlines, slow, whole = Deadlines(reactor), Item(), Item()
    deadlines.expect(slow, 5)
    deadlines.expect(whole, 5)
    reactor.turn(8, lambda: deadlines.settle(whole))
    reactor.turn(0)
    assert slow.judged_at == [-1] and whole.judged_at == []
