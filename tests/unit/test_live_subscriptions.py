"""Channels as a page reads them: direct, behind, refilled, rewound, joined; nothing lost, doubled or reordered."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit import FakeSession, Page, event, make_channel, message_id, post
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from twistedchat.backends.memory import MemoryBackend
from twistedchat.channels.channel import Channel
from twistedchat.channels.tail import TAIL_ENTRIES
from twistedchat.core.errors import SafeError
from twistedchat.core.presence import Person
from twistedchat.live.element import LiveElement
from twistedchat.live.incoming import MAX_JOINS
from twistedchat.live.reading import Joining
from twistedchat.live.server import LiveLimits, LiveServer


class Closed(SafeError):
    """Not for you."""


class Lobby(LiveElement):
    """Lets a page into the channels of a place."""

    def __init__(self, place: "Place") -> None:
        super().__init__()
        self.place = place
        self.left: list[str] = []

    def joining(self, name: str) -> Any:
        return self.place.joining(name)

    def leaving(self, name: str) -> None:
        self.left.append(name)


class Place:
    """A live server with channels on a memory backend."""

    def __init__(self, **limits: Any) -> None:
        self.clock = Clock()
        self.backend = MemoryBackend()
        self.server = LiveServer(self.clock, {"chat": lambda c: Lobby(self)}, limits=LiveLimits(**limits))
        self.channels: dict[str, Channel] = {}
        self.waiting: list[Deferred[Joining]] = []

    def channel(self, name: str = "room/x", **presence: Any) -> Channel:
        if name not in self.channels:
            self.channels[name] = make_channel(self.backend, self.clock, name, **presence)
        return self.channels[name]

    def joining(self, name: str) -> Any:
        match name.split("/")[0]:
            case "closed":
                raise Closed("members only")
            case "broken":
                raise KeyError("a secret")
            case "slow":
                self.waiting.append(Deferred())
                return self.waiting[-1]
        return Joining(self.channel(name), {"title": name})

    def page(self, name: str = "page", transport: str = "websocket") -> Page:
        page = Page(self.server, name, transport)
        page.connect()
        self.clock.advance(0)
        return page

    def post(self, *numbers: int, name: str = "room/x", size: int = 0) -> None:
        post(self.channel(name), *numbers, size=size)
        self.clock.advance(0)


@pytest.fixture
def place() -> Place:
    return Place()


def at(place: Place, offset: int, name: str = "room/x") -> list[Any]:
    """A true position."""
    return [place.channel(name).head.epoch, offset, message_id(offset) if offset else ""]


# --- joining


def test_a_first_join_gets_the_last_entries_and_what_follows_as_events(place: Place) -> None:
    place.post(*range(1, 61))
    page = place.page()
    result = page.join("room/x")["room/x"]
    assert result["at"] == at(place, 60)
    assert result["recovered"] is False
    assert [entry[0] for entry in result["entries"]] == list(range(11, 61))
    assert result["entries"][-1] == [60, message_id(60), json.loads(event(60)), 0.0]
    assert result["people"] == {"version": 0, "count": 0, "list": []}
    assert result["info"] == {"title": "room/x"}
    place.post(61)
    assert page.heard("event") == [["event", "room/x", 61, message_id(61), json.loads(event(61)), 0.0]]


def test_a_join_with_a_position_carries_on_after_it(place: Place) -> None:
    place.post(*range(1, 11))
    page = place.page()
    result = page.join(**{"room/x": at(place, 4)})["room/x"]
    assert (result["at"], result["recovered"], result["entries"]) == (at(place, 4), True, [])
    place.clock.advance(0)
    assert page.offsets("room/x") == [5, 6, 7, 8, 9, 10]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda place: ["another epoch", 4, message_id(4)],
        lambda place: [place.channel().head.epoch, 4, message_id(5)],
        lambda place: [place.channel().head.epoch, 99, message_id(99)],
        lambda place: [place.channel().head.epoch, 0, "x"],
    ],
    ids=["another epoch", "id mismatch", "beyond the head", "an id at the beginning"],
)
def test_a_join_with_a_position_that_is_not_in_the_log_gets_a_snapshot(place: Place, wrong: Any) -> None:
    place.post(*range(1, 11))
    page = place.page()
    result = page.join(**{"room/x": wrong(place)})["room/x"]
    assert (result["at"], result["recovered"]) == (at(place, 10), False)
    assert len(result["entries"]) == 10
    place.clock.advance(0)
    assert page.offsets("room/x") == []


def test_a_join_from_too_far_back_gets_a_snapshot(place: Place) -> None:
    place.post(*range(1, TAIL_ENTRIES + 3))
    page = place.page()
    assert page.join(**{"room/x": at(place, 1)})["room/x"]["recovered"] is False
    assert page.join(**{"room/x": at(place, 3)})["room/x"]["recovered"] is True


@pytest.mark.parametrize("stated", [None, 0, 1])
def test_nothing_is_lost_or_doubled_when_a_batch_waits_for_the_turns_end(
    place: Place, stated: int | None
) -> None:
    place.post(1)
    page = place.page()
    post(place.channel(), 2, 3)
    result = page.join(**{"room/x": None if stated is None else at(place, stated)})["room/x"]
    post(place.channel(), 4)
    place.clock.advance(0)
    place.post(5)
    seen = [entry[0] for entry in result["entries"]] + page.offsets("room/x")
    assert seen == ([1, 2, 3, 4, 5] if not stated else [2, 3, 4, 5])


def test_joining_again_is_harmless(place: Place) -> None:
    page = place.page()
    page.join("room/x")
    place.post(1)
    assert page.join(**{"room/x": at(place, 1)})["room/x"]["recovered"] is True
    place.post(2)
    assert page.offsets("room/x") == [1, 2]


def test_one_request_joins_many_and_refuses_some(place: Place, logged_failures: list[Failure]) -> None:
    page = place.page()
    results = page.join("room/x", "closed/y", "broken/z", "room/y")
    assert results["room/x"]["info"] == {"title": "room/x"} and "at" in results["room/y"]
    assert results["closed/y"] == {"error": "Closed", "text": "members only"}
    assert results["broken/z"]["error"] == "InternalError" and "secret" not in str(results)
    place.post(1, name="room/y")
    assert page.offsets("room/y") == [1]
    assert len(logged_failures) == 1
    logged_failures.clear()


def test_a_root_that_knows_no_channels_refuses_joins() -> None:
    clock = Clock()
    page = Page(LiveServer(clock, {"chat": lambda client: LiveElement()}))
    page.connect()
    assert page.join("room/x")["room/x"]["error"] == "NoSuchRoom"


def test_a_slow_join_is_answered_in_one_step_with_its_subscriptions(place: Place) -> None:
    page = place.page()
    assert page.join("room/x", "slow/y") is None
    place.post(1)
    assert page.offsets("room/x") == []
    place.waiting[0].callback(Joining(place.channel("slow/y")))
    [[_, _, results]] = page.heard("joined")
    assert results["room/x"]["at"][1] == 1 and [e[0] for e in results["room/x"]["entries"]] == [1]
    place.post(2)
    assert page.offsets("room/x") == [2]


def test_a_slow_join_of_a_session_that_is_gone_is_not_answered(place: Place) -> None:
    page = place.page()
    page.join("slow/y")
    page.connect(ack=0)
    place.waiting[0].callback(Joining(place.channel("slow/y")))
    assert page.heard("joined") == []
    place.post(1, name="slow/y")
    assert page.offsets("slow/y") == []


def test_the_number_of_joins_under_way_is_bounded(place: Place) -> None:
    page = place.page()
    for _ in range(MAX_JOINS):
        page.join("slow/y")
    assert page.join("room/x")["room/x"]["error"] == "TooFast"
    place.waiting[0].callback(Joining(place.channel("slow/y")))
    assert "at" in page.join("room/x")["room/x"]


def test_the_number_of_channels_is_bounded_within_and_between_joins() -> None:
    place = Place(channels=3)
    page = place.page()
    results = page.join(*(f"room/{number}" for number in range(5)))
    assert [("at" in result) for result in results.values()] == [True, True, True, False, False]
    assert results["room/4"]["error"] == "TooManyRooms"
    assert "at" in page.join("room/1")["room/1"]
    page.say(["leave", 1, ["room/1"]])
    page.join("slow/y")
    assert page.join("room/7")["room/7"]["error"] == "TooManyRooms"


def test_who_left_is_told_nothing_more(place: Place) -> None:
    page = place.page()
    page.join("room/x")
    page.say(["leave", 7, ["room/x", "room/never"]])
    assert page.heard("left") == [["left", 7, ["room/x", "room/never"]]]
    place.post(1)
    assert page.offsets("room/x") == []
    assert place.channel().idle


# --- direct, behind, refilled


def test_a_stream_is_given_the_same_bytes_as_every_other_at_once(place: Place) -> None:
    pages = [place.page(str(number)) for number in range(3)]
    for page in pages:
        page.join("room/x")
        page.session.clear()
    place.post(1, 2)
    pieces = [page.session.pieces for page in pages]
    assert all(len(one) == 1 for one in pieces)
    assert pieces[0][0] is pieces[1][0] is pieces[2][0]


def test_a_poll_is_given_a_turn_of_all_its_channels_as_one(place: Place) -> None:
    page = place.page(transport="xhr-polling")
    page.session.poll(place.clock)
    page.join("room/x", "room/y")
    page.session.poll(place.clock)
    place.post(1, 2)
    place.post(1, name="room/y")
    before = len(page.session.pieces)
    messages = page.session.poll(place.clock)
    assert [message[1:3] for message in messages] == [["room/x", 1], ["room/x", 2], ["room/y", 1]]
    assert len(page.session.pieces) == before + 1


def test_a_poll_that_waits_is_answered_at_the_turns_end(place: Place) -> None:
    page = place.page(transport="xhr-polling")
    page.join("room/x")
    page.session.resume()
    place.post(1)
    assert page.offsets("room/x") == [1]


def test_a_slow_reader_costs_an_integer_and_is_refilled_in_pieces(place: Place) -> None:
    page = place.page()
    page.join("room/x")
    page.session.clear()
    page.session.pause()
    for number in range(1, 101):
        place.post(number, size=4000)
    assert page.session.pieces == []
    page.session.resume()
    assert page.offsets("room/x") == list(range(1, 101))
    assert len(page.session.pieces) >= 6
    assert max(piece.size for piece in page.session.pieces) < 70_000


def test_a_refill_stops_when_the_session_is_full_again_and_always_makes_progress(place: Place) -> None:
    class Narrow(FakeSession):
        def send(self, prepared: Any) -> None:
            super().send(prepared)
            self.writable = False

    page = place.page()
    page.join("room/x")
    page.session.__class__ = Narrow
    page.session.pause()
    for number in range(1, 4):
        place.post(number, size=100_000)
    for so_far in ([1], [1, 2], [1, 2, 3]):
        page.session.resume()
        assert page.offsets("room/x") == so_far


def test_a_reader_that_caught_up_is_given_things_directly_again(place: Place) -> None:
    page = place.page()
    page.join("room/x")
    page.session.pause()
    place.post(1)
    page.session.resume()
    page.session.clear()
    post(place.channel(), 2)
    place.channel().flush()
    assert page.offsets("room/x") == [2]


def test_who_falls_further_behind_than_the_log_reaches_is_reset(place: Place) -> None:
    page = place.page()
    page.join("room/x", "room/y")
    page.session.pause()
    place.post(*range(1, TAIL_ENTRIES + 2))
    place.post(1, name="room/y")
    page.session.resume()
    assert page.heard("reset") == [["reset", "room/x", "behind"]]
    assert page.offsets("room/x") == [] and page.offsets("room/y") == [1]
    place.post(0)
    assert page.offsets("room/x") == []


def test_one_failing_session_does_not_stop_the_others(place: Place, logged_failures: list[Failure]) -> None:
    class Failing(FakeSession):
        def send(self, prepared: Any) -> None:
            raise OSError("broken")

    pages = [place.page("one"), place.page("two")]
    for page in pages:
        page.join("room/x")
    pages[0].session.__class__ = Failing
    place.post(1)
    assert pages[1].offsets("room/x") == [1]
    assert [failure.type for failure in logged_failures] == [OSError]
    logged_failures.clear()


# --- resuming


def test_a_resumed_page_is_given_what_follows_its_position(place: Place) -> None:
    page = place.page()
    page.join("room/x")
    place.post(1, 2, 3)
    page.session.lost()
    place.post(4)
    page.connect(ack=0, at={"room/x": at(place, 2)})
    assert page.session.messages[0][0] == "welcome"
    assert page.offsets("room/x") == [3, 4]
    place.post(5)
    assert page.offsets("room/x") == [3, 4, 5]


def test_a_resumed_page_that_did_not_hear_the_joins_answer_begins_at_the_join(place: Place) -> None:
    place.post(1, 2)
    page = place.page()
    page.join("room/x")
    place.post(3)
    for stated in ({}, {"room/x": at(place, 1)}):
        page.connect(ack=0, at=stated)
        assert page.offsets("room/x") == [3]


def test_a_resume_resets_channels_whose_position_is_forged_after_the_welcome(place: Place) -> None:
    page = place.page()
    page.join("room/x", "room/y")
    place.post(1, 2)
    place.post(1, name="room/y")
    page.session.lost()
    forged = {"room/x": ["e", 1, message_id(1)], "room/y": at(place, 1, "room/y")}
    page.connect(ack=0, at=forged)
    assert [message[0] for message in page.session.messages[:2]] == ["welcome", "presence"]
    assert page.heard("reset") == [["reset", "room/x", "lost"]]
    place.post(3)
    place.post(2, name="room/y")
    assert page.offsets("room/x") == [] and page.offsets("room/y") == [2]


def test_a_resume_resets_channels_that_the_page_was_shown_out_of_meanwhile(place: Place) -> None:
    page = place.page()
    page.join("room/x")
    page.session.lost()
    place.server.clients[page.id].unsubscribe("room/x", "removed")
    page.connect(ack=0, at={"room/x": at(place, 0)})
    assert [message[0] for message in page.session.messages] == ["welcome", "reset"]


def test_a_resume_that_is_too_late_for_the_log_says_so_after_the_welcome(place: Place) -> None:
    page = place.page()
    page.join("room/x")
    page.session.lost()
    place.post(*range(1, TAIL_ENTRIES + 2))
    page.connect(ack=0)
    assert [message[0] for message in page.session.messages] == ["welcome", "presence", "reset"]


def test_a_reader_that_is_shown_out_is_told_why(place: Place) -> None:
    page = place.page()
    page.join("room/x")
    client = place.server.clients[page.id]
    subscription = client.reading.get("room/x")
    assert subscription is not None
    subscription.removed("removed")
    assert page.heard("reset") == [["reset", "room/x", "removed"]]
    client.unsubscribe("room/x", "removed")
    assert len(page.heard("reset")) == 1
    client.subscribe(place.channel())
    client.subscribe(place.channel())
    place.post(1)
    assert page.offsets("room/x") == [1]


def test_a_page_that_is_gone_reads_nothing_more(place: Place) -> None:
    page = place.page()
    page.join("room/x")
    page.say(["bye"])
    place.post(1)
    assert place.channel().idle and page.offsets("room/x") == []


# --- statements


def test_a_rewind_sends_again_from_the_gap(place: Place) -> None:
    page = place.page()
    page.join("room/x")
    place.post(1, 2, 3)
    page.session.clear()
    page.say(["at", 0, {"room/x": at(place, 1)}, True])
    place.clock.advance(0)
    assert page.offsets("room/x") == [2, 3]


def test_a_lost_tail_is_found_at_the_second_statement(place: Place) -> None:
    page = place.page()
    page.join("room/x")
    place.post(1, 2, 3)
    page.session.clear()
    page.say(["at", 0, {"room/x": at(place, 1)}])
    place.clock.advance(0)
    assert page.offsets("room/x") == []  # it may be on its way
    page.say(["at", 0, {"room/x": at(place, 1)}])
    place.clock.advance(0)
    assert page.offsets("room/x") == [2, 3]


def test_what_was_sent_between_two_statements_is_not_sent_again(place: Place) -> None:
    page = place.page()
    page.join("room/x")
    place.post(1)
    page.say(["at", 0, {"room/x": at(place, 1)}])
    place.post(2)
    page.say(["at", 0, {"room/x": at(place, 1)}])
    place.clock.advance(0)
    assert page.offsets("room/x") == [1, 2]


def test_what_arrives_after_a_rewind_after_all_is_believed(place: Place) -> None:
    page = place.page()
    page.join("room/x")
    place.post(1, 2, 3)
    page.session.pause()
    page.say(["at", 0, {"room/x": at(place, 1)}, True])
    page.say(["at", 0, {"room/x": at(place, 3)}])
    page.session.clear()
    page.session.resume()
    assert page.heard("reset") == [] and page.offsets("room/x") == []
    place.post(4)
    assert page.offsets("room/x") == [4]


@pytest.mark.parametrize("rewind", [False, True])
@pytest.mark.parametrize(
    "forged", [[9, message_id(9)], [4, message_id(4)]], ids=["beyond the head", "never sent"]
)
def test_a_statement_of_what_the_log_has_not_is_reset(place: Place, rewind: bool, forged: list[Any]) -> None:
    page = place.page()
    page.join("room/x")
    place.post(1, 2, 3)
    page.say(["at", 0, {"room/x": [place.channel().head.epoch, *forged]}, rewind])
    assert page.heard("reset") == [["reset", "room/x", "lost"]]


def test_a_rewind_to_a_position_that_the_log_has_not_is_reset(place: Place) -> None:
    page = place.page()
    page.join("room/x")
    place.post(1, 2, 3)
    page.say(["at", 0, {"room/x": ["another epoch", 1, message_id(1)]}, True])
    assert page.heard("reset") == [["reset", "room/x", "lost"]]


def test_a_rewind_never_goes_back_before_the_join(place: Place) -> None:
    place.post(1, 2)
    page = place.page()
    page.join("room/x")
    place.post(3)
    page.session.clear()
    page.say(["at", 0, {"room/x": at(place, 0)}, True])
    place.clock.advance(0)
    assert page.offsets("room/x") == [3]


def test_a_statement_about_a_channel_that_is_not_joined_is_answered_by_reset(place: Place) -> None:
    page = place.page()
    page.say(["at", 0, {"room/x": at(place, 0)}])
    assert page.heard("reset") == [["reset", "room/x", "lost"]]


# --- presence


def view_of(page: Page, result: Any) -> tuple[int, dict[str, str] | None]:
    """What a page makes of a join's people and the changes since, as docs/protocol.md tells."""
    people = result["people"]
    version, view = people["version"], None if people["list"] is None else dict(people["list"])
    for _, _, number, kind, *rest in page.heard("presence"):
        if number <= version and kind == "delta":
            continue
        if kind == "delta":
            assert number == version + 1 and view is not None
            view.update(rest[0])
            for key, _ in rest[1]:
                del view[key]
        else:
            view = dict(rest[0]) if kind == "full" else None
        version = number
    return version, view


def test_presence_versions_fit_the_snapshot(place: Place) -> None:
    channel = place.channel()
    channel.enter(Person("a", "Ann"), "1")
    place.clock.advance(0)
    channel.enter(Person("b", "Bob"), "2")  # waits for its second
    page = place.page()
    result = page.join("room/x")["room/x"]
    assert result["people"] == {"version": 1, "count": 1, "list": [["a", "Ann"]]}
    place.clock.advance(1)
    assert page.heard("presence") == [["presence", "room/x", 2, "delta", [["b", "Bob"]], [], 2]]
    assert view_of(page, result) == (2, {"a": "Ann", "b": "Bob"})


def test_a_reader_that_missed_a_change_gets_the_full_set(place: Place) -> None:
    channel = place.channel()
    page = place.page()
    page.join("room/x")
    page.session.pause()
    for number in range(3):
        channel.enter(Person(f"p{number}", f"P{number}"), "1")
        place.clock.advance(1)
    page.session.resume()
    assert page.heard("presence") == [
        ["presence", "room/x", 3, "full", [[f"p{n}", f"P{n}"] for n in range(3)]]
    ]
    channel.enter(Person("q", "Q"), "1")
    place.clock.advance(1)
    assert page.heard("presence")[-1][2:4] == [4, "delta"]


def test_a_resumed_reader_gets_the_full_set(place: Place) -> None:
    page = place.page()
    page.join("room/x")
    place.channel().enter(Person("a", "Ann"), "1")
    page.session.lost()
    place.clock.advance(1)
    page.connect(ack=0, at={"room/x": at(place, 0)})
    assert page.heard("presence") == [["presence", "room/x", 1, "full", [["a", "Ann"]]]]


def test_many_people_are_a_number_and_names_again_when_they_are_few(place: Place) -> None:
    channel = place.channel(named=2)
    page = place.page()
    result = page.join("room/x")["room/x"]
    for number in range(3):
        channel.enter(Person(f"p{number}", f"P{number}"), "1")
    place.clock.advance(1)
    assert page.heard("presence") == [["presence", "room/x", 1, "count", 3]]
    late = place.page("late")
    assert late.join("room/x")["room/x"]["people"] == {"version": 1, "count": 3, "list": None}
    page.session.pause()
    channel.enter(Person("q", "Q"), "1")
    place.clock.advance(1)
    page.session.resume()
    assert page.heard("presence")[-1] == ["presence", "room/x", 2, "count", 4]
    channel.leave("p0", "1")
    channel.leave("q", "1")
    place.clock.advance(1)
    assert page.heard("presence")[-1] == ["presence", "room/x", 3, "full", [["p1", "P1"], ["p2", "P2"]]]
    assert view_of(page, result) == view_of(late, {"people": {"version": 1, "list": None}})


def test_five_thousand_joins_cost_a_linear_number_of_deliveries() -> None:
    """5000 people within 10 s, each with a page: a change goes out once a second, above 200 as a number."""
    count = 5000
    place = Place(clients_per_address=count)
    channel = place.channel()
    sessions: list[FakeSession] = []
    for number in range(count):
        page = Page(place.server, f"page-{number}")
        page.connect()
        page.join("room/x")
        channel.enter(Person(f"p{number}", f"P{number}"), page.id)
        sessions.append(page.session)
        if number % 50 == 49:
            place.clock.advance(0.1)
    place.clock.advance(2)
    changes = [
        message
        for session in sessions
        for piece in session.pieces
        for message in piece.messages
        if message.startswith('["presence"')
    ]
    assert count <= len(changes) <= 15 * count
    assert sum(map(len, changes)) <= 15 * count * 100
    assert all(session.pieces[-1].messages[-1].endswith(f'"count",{count}]') for session in sessions)
    place.server.stop()
    channel.stop()


# --- any page, any trouble


class Reader:
    """A page as docs/protocol.md has it: takes the next event, drops what it has, and says where it sees a gap."""

    def __init__(self, place: Place, transport: str) -> None:
        self.place = place
        self.page = Page(place.server, "reader", transport)
        self.page.connect()
        place.clock.advance(0)
        self.position: list[Any] | None = None
        self.shown: list[int] = []
        self.read = 0
        self.hello = False

    def messages(self, drop: Iterator[bool]) -> None:
        """Read what came, but for events that the line drops."""
        came = self.page.session.messages[self.read :]
        self.read += len(came)
        for message in came:
            match message:
                case ["joined", _, {"room/x": {"at": at, "recovered": recovered, "entries": entries}}]:
                    if not recovered:
                        self.shown.extend(entry[0] for entry in entries if entry[0] not in self.shown)
                    self.position = at
                case ["event", "room/x", offset, id, *_] if self.position and not next(drop):
                    self.take(offset, id)
                case ["reset", "room/x", reason]:
                    raise AssertionError(f"shown out of a short log: {reason}")

    def take(self, offset: int, id: str) -> None:
        assert self.position is not None
        if offset == self.position[1] + 1:
            self.position = [self.position[0], offset, id]
            if (
                offset not in self.shown
            ):  # in flight while a join stated the position before it: known by its id
                self.shown.append(offset)
        elif offset > self.position[1] + 1:
            self.state(True)

    def state(self, rewind: bool = False) -> None:
        if self.position is not None and self.page.session.open:
            self.page.say(["at", -1, {"room/x": self.position}, rewind])

    def resume(self) -> None:
        self.page.session.lost()
        self.page.connect(at={"room/x": self.position} if self.position else {})
        self.read = 0


STEPS = st.lists(
    st.sampled_from(
        ["post", "post twice", "turn", "join", "rejoin", "pause", "resume", "break", "state", "read"]
    ),
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(
    steps=STEPS,
    drops=st.lists(st.booleans(), max_size=30),
    transport=st.sampled_from(["websocket", "xhr-polling"]),
)
def test_whatever_happens_a_page_shows_everything_once_in_order(
    steps: list[str], drops: list[bool], transport: str
) -> None:
    place = Place()
    reader = Reader(place, transport)
    losses = iter(drops)

    def lossy() -> Iterator[bool]:
        yield from losses
        while True:
            yield False

    drop = lossy()
    posted = 0
    reader.page.join("room/x")
    for step in steps:
        match step:
            case "post" | "post twice":
                for _ in range(1 if step == "post" else 2):
                    posted += 1
                    post(place.channel(), posted)
            case "turn":
                place.clock.advance(0)
            case "join":
                reader.page.join("room/x")
            case "rejoin" if reader.position:
                reader.page.join(**{"room/x": reader.position})
            case "pause":
                reader.page.session.pause()
            case "resume":
                reader.page.session.resume()
            case "break":
                reader.messages(drop)
                reader.resume()
            case "state":
                reader.state()
            case "read":
                reader.messages(drop)
        assert reader.shown == sorted(set(reader.shown))
    quiet = iter(lambda: False, True)
    for _ in range(4):  # two statements find any lost tail
        reader.page.session.resume()
        place.clock.advance(0)
        reader.messages(quiet)
        reader.state()
        place.clock.advance(0)
    reader.messages(quiet)
    assert reader.shown == list(range(1, posted + 1))
    place.server.stop()
