"""Calls both ways: exposed only, checked, answered once, cancelled, timed out; errors that tell no secrets."""

import gc
from typing import Any

import pytest
from kit import Page
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from twistedchat.core.errors import NoSuchElement, SafeError
from twistedchat.live.calls import MAX_PENDING, OutcomeUnknown, RemoteError
from twistedchat.live.element import LiveElement, expose
from twistedchat.live.incoming import MAX_RUNNING
from twistedchat.live.server import LiveLimits, LiveServer
from twistedchat.testing.backends import settled


class Refused(SafeError):
    """Something that a page may know."""


class Thing(LiveElement):
    """Exposes one of each kind."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Any] = []
        self.waiting: list[Deferred[Any]] = []

    @expose
    def add(self, one: int, other: int = 1) -> int:
        self.seen.append((one, other))
        return one + other

    @expose
    def later(self) -> "Deferred[Any]":
        self.waiting.append(Deferred(lambda d: self.seen.append("cancelled")))
        return self.waiting[-1]

    @expose
    async def coroutine(self, text: str) -> str:
        self.seen.append("begun")
        return text + await self.later()

    @expose
    def refuse(self, text: str, retry: float | None = None) -> None:
        raise Refused(text, retry)

    @expose
    def cut(self) -> None:
        raise Refused("cut: \ud83d")

    @expose
    def fail(self) -> None:
        raise KeyError("a secret")

    @expose
    def unsayable(self) -> object:
        return object()

    def hidden(self) -> str:
        return "hidden"


class Child(Thing):
    def add(self, one: int, other: int = 1) -> int:
        return 0


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def thing() -> Thing:
    return Thing()


@pytest.fixture
def page(clock: Clock, thing: Thing) -> Page:
    page = Page(LiveServer(clock, {"chat": lambda client: thing}))
    page.connect()
    clock.advance(0)
    return page


# --- from the page


def test_an_exposed_method_is_called_and_answered_once(page: Page, thing: Thing) -> None:
    assert page.answer("add", 1, 2) == [True, 3]
    assert page.answer("add", 1) == [True, 2]
    assert thing.seen == [(1, 2), (1, 1)]
    assert len(page.actions("respond")) == 2


@pytest.mark.parametrize(
    ("method", "args", "element", "error"),
    [
        ("hidden", [], 1, "NotExposed"),
        ("callRemote", ["x"], 1, "NotExposed"),
        ("__init__", [], 1, "NotExposed"),
        ("connectionLost", ["x"], 1, "NotExposed"),
        ("add", [], 1, "BadArguments"),
        ("add", ["1"], 1, "BadArguments"),
        ("add", [1, 2, 3], 1, "BadArguments"),
        ("add", [1], 2, "NoSuchElement"),
        ("add", [1], 0, "NoSuchElement"),
    ],
)
def test_what_may_not_be_called_is_refused_and_does_not_run(
    page: Page, thing: Thing, method: str, args: list[Any], element: int, error: str
) -> None:
    ok, told = page.answer(method, *args, element=element)
    assert not ok and told["error"] == error and told["text"]
    assert thing.seen == []


def test_an_override_must_be_exposed_again(clock: Clock) -> None:
    child = Child()
    page = Page(LiveServer(clock, {"chat": lambda client: child}))
    page.connect()
    assert page.answer("add", 1)[1]["error"] == "NotExposed"
    assert page.answer("refuse", "x")[1]["error"] == "Refused"


def test_a_deferred_is_answered_when_it_fires(page: Page, thing: Thing, clock: Clock) -> None:
    cid = page.call("later")
    clock.advance(5)
    assert page.answers() == {}
    thing.waiting[0].callback([1, 2])
    clock.advance(0)
    assert page.answers() == {cid: [True, [1, 2]]}


def test_a_coroutine_is_answered_when_it_returns(page: Page, thing: Thing, clock: Clock) -> None:
    cid = page.call("coroutine", "a")
    thing.waiting[0].callback("b")
    clock.advance(0)
    assert page.answers() == {cid: [True, "ab"]}


def test_a_safe_error_is_told_whole(page: Page) -> None:
    assert page.answer("refuse", "not now") == [False, {"error": "Refused", "text": "not now"}]
    assert page.answer("refuse", "x", 2.5) == [False, {"error": "Refused", "text": "x", "retry": 2.5}]


def test_a_safe_error_with_half_a_character_is_still_told(page: Page) -> None:
    assert page.answer("cut") == [False, {"error": "Refused", "text": "cut: ?"}]


@pytest.mark.parametrize("method", ["fail", "unsayable"])
def test_any_other_error_is_told_by_the_id_of_its_log_line_alone(
    page: Page, method: str, logged_failures: list[Failure]
) -> None:
    ok, told = page.answer(method)
    assert not ok and told["error"] == "InternalError" and len(told["id"]) == 8
    assert "secret" not in str(told)
    assert len(logged_failures) == 1
    logged_failures.clear()


def test_a_deferred_that_fails_is_told_as_an_error(page: Page, thing: Thing, clock: Clock) -> None:
    cid = page.call("later")
    thing.waiting[0].errback(Refused("after all"))
    clock.advance(0)
    assert page.answers()[cid] == [False, {"error": "Refused", "text": "after all"}]


@pytest.mark.parametrize("method", ["later", "coroutine"])
def test_a_cancelled_call_is_cancelled_and_answered(
    page: Page, thing: Thing, clock: Clock, method: str
) -> None:
    cid = page.call(method, *(["x"] if method == "coroutine" else []))
    page.do("cancel", cid)
    page.do("cancel", "of nothing")
    clock.advance(0)
    assert thing.seen[-1] == "cancelled"
    assert page.answers() == {cid: [False, {"error": "Cancelled", "text": "cancelled"}]}


def test_the_same_cid_while_it_is_under_way_breaks_the_protocol(page: Page) -> None:
    for _ in range(2):
        page.do("call", "same", 1, "later", [])
    assert page.session.ended is not None and page.session.ended[0] == 4002


def test_too_many_calls_under_way_are_refused_with_retry(clock: Clock, thing: Thing) -> None:
    limits = LiveLimits(calls_burst=MAX_RUNNING * 2)
    page = Page(LiveServer(clock, {"chat": lambda client: thing}, limits=limits))
    page.connect()
    for _ in range(MAX_RUNNING):
        page.call("later")
    ok, told = page.answer("add", 1)
    assert (ok, told["error"], told["retry"]) == (False, "TooFast", 1)
    thing.waiting[0].callback(None)
    assert page.answer("add", 1) == [True, 2]


def test_calls_too_fast_are_refused_with_retry_and_notifications_dropped(clock: Clock, thing: Thing) -> None:
    limits = LiveLimits(calls_burst=2, calls_per_s=1)
    page = Page(LiveServer(clock, {"chat": lambda client: thing}, limits=limits))
    page.connect()
    page.answer("add", 1)
    page.answer("add", 2)
    assert page.answer("add", 3) == [False, {"error": "TooFast", "text": "too many calls", "retry": 1}]
    page.do("notify", 1, "add", [4])
    clock.advance(1)
    assert page.answer("add", 5) == [True, 6]
    assert [one for one, _ in thing.seen] == [1, 2, 5]


def test_calls_under_way_end_with_the_page(page: Page, thing: Thing, clock: Clock) -> None:
    page.call("later")
    page.call("coroutine", "x")
    page.say(["bye"])
    assert thing.seen == ["begun", "cancelled", "cancelled"]
    clock.advance(1)
    assert page.answers() == {}


# --- notifications from the page


def test_a_notification_runs_and_is_not_answered(page: Page, thing: Thing, clock: Clock) -> None:
    page.do("notify", 1, "add", [1])
    clock.advance(0)
    assert thing.seen == [(1, 1)] and page.actions("respond") == []


def test_notifications_that_cannot_run_are_dropped_and_their_failures_logged(
    page: Page, logged_failures: list[Failure]
) -> None:
    page.do("notify", 9, "add", [1])
    page.do("notify", 1, "hidden", [])
    page.do("notify", 1, "refuse", ["x"])
    page.do("notify", 1, "fail", [])
    assert page.session.ended is None
    assert [failure.type for failure in logged_failures] == [KeyError]
    logged_failures.clear()


# --- to the page


def asked(page: Page, clock: Clock) -> list[Any]:
    clock.advance(0)
    return page.actions("call")


def test_the_page_is_called_and_its_answer_fires(page: Page, thing: Thing, clock: Clock) -> None:
    answer = thing.callRemote("ask", 1, "x")
    [[cid, element, method, args]] = asked(page, clock)
    assert (element, method, args) == (1, "ask", [1, "x"])
    page.do("respond", cid, True, {"y": 2}, ack=1)
    page.do("respond", cid, True, "again", ack=1)
    assert settled(answer) == {"y": 2}
    assert not [call for call in clock.getDelayedCalls() if call.getTime() == 60]


def test_what_the_page_refuses_is_a_remote_error(page: Page, thing: Thing, clock: Clock) -> None:
    answer = thing.callRemote("ask")
    page.do("respond", asked(page, clock)[0][0], False, {"error": "NotExposed", "text": "no"})
    with pytest.raises(RemoteError) as caught:
        settled(answer)
    assert (caught.value.error, caught.value.text) == ("NotExposed", "no")


def test_a_refusal_of_any_shape_is_a_remote_error(page: Page, thing: Thing, clock: Clock) -> None:
    answer = thing.callRemote("ask")
    page.do("respond", asked(page, clock)[0][0], False, ["what"])
    with pytest.raises(RemoteError, match="Error"):
        settled(answer)


def test_a_page_that_does_not_answer_in_time_is_unknown(page: Page, thing: Thing, clock: Clock) -> None:
    answer, brief = thing.callRemote("ask"), thing.callRemote("ask", timeout_s=5)
    cids = [call[0] for call in asked(page, clock)]
    clock.advance(5)
    with pytest.raises(OutcomeUnknown):
        settled(brief)
    page.say(["at", -1, {}])
    clock.advance(55)
    with pytest.raises(OutcomeUnknown):
        settled(answer)
    page.do("respond", cids[0], True, "late")


def test_cancelling_tells_the_page(page: Page, thing: Thing, clock: Clock) -> None:
    answer = thing.callRemote("ask")
    [[cid, *_]] = asked(page, clock)
    answer.cancel()
    with pytest.raises(CancelledError):
        settled(answer)
    clock.advance(0)
    assert page.actions("cancel") == [[cid]]
    page.do("respond", cid, True, "late")


def test_pending_calls_survive_a_resume(page: Page, thing: Thing, clock: Clock) -> None:
    answer = thing.callRemote("ask")
    page.session.lost()
    page.connect(ack=0)
    page.do("respond", asked(page, clock)[0][0], True, "here")
    assert settled(answer) == "here"


def test_pending_calls_end_unknown_with_the_page(page: Page, thing: Thing) -> None:
    answer = thing.callRemote("ask")
    page.say(["bye"])
    with pytest.raises(OutcomeUnknown):
        settled(answer)
    with pytest.raises(NoSuchElement):
        thing.callRemote("ask")
    thing.notify("ask")


def test_a_caller_that_never_looks_causes_no_unhandled_error(page: Page, thing: Thing, clock: Clock) -> None:
    thing.callRemote("ask")
    thing.callRemote("ask").addCallback(lambda answer: None)
    late = thing.callRemote("ask", timeout_s=1)
    page.do("respond", asked(page, clock)[0][0], False, {"error": "No", "text": ""})
    clock.advance(1)
    page.say(["bye"])
    with pytest.raises(OutcomeUnknown):
        settled(late)
    del late
    gc.collect()


def test_a_call_that_has_no_form_in_json_fails_and_sends_nothing(
    page: Page, thing: Thing, clock: Clock
) -> None:
    answer = thing.callRemote("ask", object())
    with pytest.raises(RemoteError, match="BadArguments"):
        settled(answer)
    with pytest.raises(TypeError):
        thing.notify("ask", object())
    assert asked(page, clock) == []


def test_the_number_of_pending_calls_is_bounded(page: Page, thing: Thing, clock: Clock) -> None:
    client = thing.client
    assert client is not None
    for _ in range(MAX_PENDING):
        client._calls.start(None)
    with pytest.raises(RemoteError, match="Overflow"):
        thing.callRemote("ask")
    page.say(["bye"])


def test_calls_and_notifications_keep_their_order(page: Page, thing: Thing, clock: Clock) -> None:
    thing.notify("one")
    thing.callRemote("two")
    thing.notify("three")
    clock.advance(0)
    assert [args[-2] for action, args in page.actions() if action in ("call", "notify")] == [
        "one",
        "two",
        "three",
    ]
    page.say(["bye"])
