"""The top of the service tree: refusals in one line, a stop that ends in time."""

import signal
import sys

import pytest
from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.error import ReactorNotRunning
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure

from twistedchat.config import Refusal
from twistedchat.process import Root


class Child(Service):
    """A service that refuses to start, or takes its time to stop."""

    def __init__(self, refuses: str = "", error: Exception | None = None) -> None:
        self.refuses = refuses
        self.error = error or Refusal("no: because")
        self.stopped: Deferred[None] = Deferred()

    def privilegedStartService(self) -> None:
        if self.refuses == "privileged":
            raise self.error

    def startService(self) -> None:
        super().startService()
        if self.refuses == "start":
            raise self.error

    def stopService(self) -> Deferred[None]:
        return self.stopped


class Reactor(MemoryReactorClock):
    """A reactor in memory that takes calls from handlers of signals."""

    stops = 0

    def callFromThread(self, function, *arguments):
        function(*arguments)

    def stop(self) -> None:
        self.stops += 1
        if self.stops > 1:
            raise ReactorNotRunning


@pytest.fixture(autouse=True)
def restore_hooks(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def root_with(child: Child, reactor: Reactor) -> Root:
    root = Root(reactor, 4.0)
    child.setServiceParent(root)
    return root


@pytest.mark.parametrize("phase", ["privileged", "start"])
def test_a_refusal_ends_the_process_with_one_line(phase: str, capsys: pytest.CaptureFixture[str]) -> None:
    root = root_with(Child(phase), Reactor())
    with pytest.raises(Refusal) as caught:
        root.privilegedStartService()
        root.startService()
    sys.excepthook(caught.type, caught.value, caught.tb)
    assert capsys.readouterr() == ("", "twistedchat: no: because\n")


def test_another_error_keeps_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    root = root_with(Child("start"), Reactor())
    with pytest.raises(Refusal):
        root.startService()
    error = ZeroDivisionError("a bug")
    sys.excepthook(ZeroDivisionError, error, None)
    assert "ZeroDivisionError: a bug" in capsys.readouterr().err


def test_sigterm_stops_the_reactor_and_a_second_one_does_no_harm() -> None:
    reactor = Reactor()
    root_with(Child(), reactor).startService()
    before = signal.getsignal(signal.SIGTERM)
    reactor.run()
    reactor.stops = 0  # the one that ended run() in memory
    assert signal.getsignal(signal.SIGTERM) != before
    signal.raise_signal(signal.SIGTERM)
    signal.raise_signal(signal.SIGTERM)
    assert reactor.stops == 2


def test_sigterm_is_caught_before_a_child_announces_itself() -> None:
    class Announcer(Service):
        def startService(self) -> None:
            reactor.callWhenRunning(lambda: seen.append(signal.getsignal(signal.SIGTERM)))

    reactor, seen = Reactor(), []
    root = Root(reactor, 4.0)
    Announcer().setServiceParent(root)
    before = signal.getsignal(signal.SIGTERM)
    root.startService()
    reactor.run()
    assert len(seen) == 1
    assert seen[0] != before


def test_the_stop_waits_for_the_children_but_not_for_ever() -> None:
    reactor = Reactor()
    root = root_with(Child(), reactor)
    root.startService()
    ended: list[object] = []
    root.stopService().addCallback(ended.append)
    reactor.advance(3.9)
    assert ended == []
    reactor.advance(0.1)
    assert len(ended) == 1


def test_a_child_that_fails_to_stop_does_not_hold_the_others(logged_failures: list[Failure]) -> None:
    reactor = Reactor()
    child, other = Child(), Child()
    root = root_with(child, reactor)
    other.setServiceParent(root)
    root.startService()
    ended: list[object] = []
    root.stopService().addCallback(ended.append)
    child.stopped.errback(ZeroDivisionError("a bug"))
    assert ended == []
    other.stopped.callback(None)
    assert len(ended) == 1
    assert [failure.type for failure in logged_failures] == [ZeroDivisionError]
    logged_failures.clear()


def test_the_stop_ends_with_the_last_child() -> None:
    reactor = Reactor()
    child = Child()
    root = root_with(child, reactor)
    root.startService()
    ended: list[object] = []
    root.stopService().addCallback(ended.append)
    child.stopped.callback(None)
    assert len(ended) == 1
    assert reactor.getDelayedCalls() == []
