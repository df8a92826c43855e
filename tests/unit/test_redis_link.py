"""The Redis backend's connections: what waits and how long, what is told, and that they come back."""

from collections.abc import Iterator
from typing import Any

import pytest
from redis_fake import EMPTY_LOG, NAMES, PATIENCE, Place
from twisted.logger import LogEvent, globalLogPublisher

from twistedchat.backends import redis_scripts as scripts
from twistedchat.core.entry import Appended, Entry, LogState
from twistedchat.core.errors import IdReused, StoreUnavailable, StoreUnknown
from twistedchat.core.records import Change
from twistedchat.testing.backends import settled

LOG = LogState("epoch", [])


@pytest.fixture
def place() -> Iterator[Place]:
    place = Place()
    yield place
    place.stop()


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """What is logged, formatted."""
    found: list[str] = []

    def observe(event: LogEvent) -> None:
        found.append(str(event.get("log_format", "")).format_map(event))

    globalLogPublisher.addObserver(observe)
    yield found
    globalLogPublisher.removeObserver(observe)


# --- there


def test_commands_are_answered_in_their_order(place: Place) -> None:
    place.start()
    outcomes = [place.open() for _ in range(3)]
    place.settle()
    assert outcomes == [[LOG]] * 3
    assert (place.backend.trouble, place.told.lost, place.told.back) == (None, [], 0)


def test_what_is_asked_before_the_connection_is_there_waits_for_it(place: Place) -> None:
    outcome = place.open()
    place.start()
    assert outcome == [LOG]


def test_a_script_that_redis_does_not_know_is_sent_whole(place: Place) -> None:
    place.start()
    place.redis.answers[b"EVALSHA"] = Exception("NOSCRIPT No matching script.")
    place.redis.answers[b"EVAL"] = EMPTY_LOG
    outcome = place.open()
    place.settle()
    assert outcome == [LOG]
    known, whole = place.redis.commands[-2:]
    assert NAMES[known[1].decode()] is scripts.OPEN
    assert whole[1:] == [scripts.OPEN.text.encode(), *known[2:]]


def test_who_we_are_comes_first_on_both_connections() -> None:
    place = Place("redis://ann:hush@redis.test/3").start()
    for words in ([b"AUTH", b"ann", b"hush"], [b"SELECT", b"3"]):
        assert place.redis.commands.count(words) == 2
    assert [b"SUBSCRIBE", b"chat:grew:3"] in place.redis.commands
    place.stop()


def test_a_password_needs_no_user() -> None:
    place = Place("redis://:hush@redis.test").start()
    assert place.redis.commands.count([b"AUTH", b"hush"]) == 2
    place.stop()


def test_a_redis_that_may_lose_things_is_told_of_in_the_log(lines: list[str]) -> None:
    place = Place()
    place.redis.answers[b"CONFIG"] = [b"appendonly", b"no"]
    place.start()
    assert any("appendonly off" in line for line in lines)
    assert place.backend.trouble is None
    place.stop()


def test_a_redis_that_does_not_tell_its_settings_is_fine(place: Place, lines: list[str]) -> None:
    place.redis.answers[b"CONFIG"] = Exception("NOPERM this user may not run 'config|get'")
    outcome = place.open()
    place.start()
    assert outcome == [LOG] and not any("appendonly" in line for line in lines)


# --- what others say


def test_wake_ups_of_others_are_told_and_our_own_are_not(place: Place) -> None:
    place.start()
    place.append()
    place.settle()
    (ours,) = [command for command in place.redis.commands if command[0] == b"EVALSHA"]
    before, behind = ours[15].decode(), ours[16].decode()
    assert behind == " room/x"
    place.redis.publish(f"{before}7{behind}")
    place.redis.publish("other 8 room/with a space")
    place.settle()
    assert place.told.grew == [("room/with a space", 8)]


def test_a_connection_that_comes_back_is_subscribed_again(place: Place) -> None:
    place.start()
    place.redis.break_all()
    place.settle(PATIENCE.retry_s)
    place.redis.publish("other 8 room/x")
    place.settle()
    assert place.told.grew == [("room/x", 8)]
    assert place.redis.words().count(b"SUBSCRIBE") == 2


# --- away


def test_what_waits_too_long_fails_and_is_not_sent_later(place: Place) -> None:
    place.network.factory = None
    place.start()
    read, write = place.open(), place.append()
    place.settle(PATIENCE.wait_s - 0.125)
    assert read == write == []
    place.settle(0.125)
    assert [type(outcome[0]) for outcome in (read, write)] == [StoreUnavailable] * 2
    place.there()
    place.settle(PATIENCE.retry_s)
    assert b"EVALSHA" not in place.redis.words()
    late = place.open()
    place.settle()
    assert late == [LOG]


def test_what_waits_shortly_is_sent_when_redis_is_back(place: Place) -> None:
    place.start()
    place.gone()
    outcome = place.open()
    place.there()
    place.settle(PATIENCE.retry_s)
    assert outcome == [LOG]


@pytest.mark.parametrize("away", [False, True])
def test_only_so_many_commands_wait(away: bool) -> None:
    place = Place(most=2).start()
    if away:
        place.gone()
    place.redis.silent = True
    outcomes = [place.open() for _ in range(3)]
    assert outcomes[:2] == [[], []] and type(outcomes[2][0]) is StoreUnavailable
    place.settle(PATIENCE.answer_s)
    assert all(type(outcome[0]) is StoreUnavailable for outcome in outcomes)
    place.stop()


def test_it_is_told_once_when_redis_is_lost_and_once_when_it_is_back(place: Place, lines: list[str]) -> None:
    place.start()
    place.gone()
    for _ in range(10):
        place.settle(PATIENCE.retry_s)
    assert len(place.told.lost) == 1 and place.told.back == 0
    assert place.backend.trouble is not None and "redis.test:6379" in place.backend.trouble
    place.there()
    place.settle(PATIENCE.retry_s)
    assert (len(place.told.lost), place.told.back, place.backend.trouble) == (1, 1, None)
    assert len([line for line in lines if "cannot be used" in line]) == 1


def test_one_of_the_two_connections_is_not_enough(place: Place) -> None:
    place.start()
    (hears,) = [connection for connection in place.redis.connections if connection.channels]
    hears.transport.abortConnection()
    place.settle()
    assert len(place.told.lost) == 1
    outcome = place.open()
    place.settle()
    assert outcome == [LOG]
    place.settle(PATIENCE.retry_s)
    assert place.told.back == 1


def test_a_redis_that_is_away_at_the_start_is_told_of(place: Place) -> None:
    place.network.factory = None
    place.start()
    assert "refused" in place.told.lost[0]
    place.there()
    place.settle(PATIENCE.retry_s)
    assert place.told.back == 1


def test_the_pauses_between_attempts_grow_up_to_a_bound(place: Place) -> None:
    tried: list[float] = []
    connect = place.network.connect

    def note(factory: Any) -> Any:
        tried.append(place.clock.seconds())
        return connect(factory)

    place.network.connect = note  # type: ignore[method-assign]
    place.network.factory = None
    place.backend.start()
    for _ in range(2000):
        place.clock.advance(0.01)
    pauses = [round(later - earlier, 1) for earlier, later in zip(tried[::2], tried[2::2], strict=False)]
    assert pauses[:5] == [0.1, 0.2, 0.4, 0.8, 1.6] and set(pauses[5:]) == {2.0}


# --- lost with the answer


@pytest.mark.parametrize("how", ["silent", "broken"])
def test_what_was_sent_and_not_answered_is_unknown_where_it_writes(place: Place, how: str) -> None:
    place.start()
    place.redis.silent = True
    read, write = place.open(), place.append()
    commit = place.outcome(place.backend.commit([Change("a", "1", "x")]))
    erase = place.outcome(place.backend.erase("room/x"))
    place.settle()
    if how == "broken":
        place.redis.break_all()
        place.settle()
    else:
        place.settle(PATIENCE.answer_s)
    kinds = [type(outcome[0]) for outcome in (read, write, commit, erase)]
    assert kinds == [StoreUnavailable, StoreUnknown, StoreUnknown, StoreUnknown]
    place.redis.silent = False
    place.settle(PATIENCE.retry_s)
    late = place.open()
    place.settle()
    assert late == [LOG] and place.told.back == 1


def test_who_hears_that_an_answer_is_lost_may_ask_the_next_thing(place: Place) -> None:
    place.start()
    place.redis.silent = True
    later: list[Any] = []
    asked = place.backend.open("room/x", 10)
    asked.addErrback(lambda failure: place.backend.open("room/x", 10)).addCallback(later.append)
    place.settle()
    place.redis.break_all()
    place.settle()
    assert later == []
    place.redis.silent = False
    place.settle(PATIENCE.retry_s)
    assert later == [LOG]


def test_each_command_has_its_time_from_when_it_was_asked(place: Place) -> None:
    place.start()
    place.settle(3)
    first = place.open()
    place.settle(4)
    place.redis.silent = True
    second = place.open()
    place.settle(4)
    assert first == [LOG] and second == []
    place.settle(1)
    assert type(second[0]) is StoreUnavailable


def test_a_redis_that_stands_still_is_noticed_though_nobody_asks(place: Place) -> None:
    place.start()
    place.redis.silent = True
    place.settle(PATIENCE.heartbeat_s)
    place.settle(PATIENCE.answer_s - 1)
    assert place.told.lost == []
    place.settle(1)
    assert len(place.told.lost) == 1 and "stands still" in place.told.lost[0]
    place.settle(PATIENCE.retry_s)
    assert place.told.back == 0  # it takes connections, and says nothing on them
    place.redis.silent = False
    for _ in range(5):
        place.settle(PATIENCE.answer_s)
    assert (len(place.told.lost), place.told.back) == (1, 1)


def test_a_heartbeat_that_is_answered_is_followed_by_the_next(place: Place) -> None:
    place.start()
    before = place.redis.words().count(b"PING")
    for _ in range(5):
        place.settle(PATIENCE.heartbeat_s)
    assert place.redis.words().count(b"PING") == before + 10
    assert place.told.lost == []


# --- refused


def test_a_wrong_password_is_told_without_it_and_tried_again() -> None:
    place = Place("redis://ann:hush@redis.test")
    wrong = Exception("WRONGPASS invalid username-password pair or user is disabled.")
    place.redis.answers[b"AUTH"] = wrong
    place.start()
    outcome = place.open()
    place.settle(PATIENCE.wait_s)
    assert type(outcome[0]) is StoreUnavailable
    trouble = place.backend.trouble or ""
    assert "WRONGPASS" in trouble and "hush" not in trouble and "\n" not in trouble
    assert place.told.lost == [trouble]
    place.redis.answers[b"AUTH"] = b"OK"
    place.settle(PATIENCE.retry_s)
    assert (place.backend.trouble, place.told.back) == (None, 1)
    place.stop()


def test_a_redis_that_is_still_loading_is_not_there_yet(place: Place) -> None:
    place.redis.answers[b"PING"] = Exception("LOADING Redis is loading the dataset in memory")
    outcome = place.open()
    place.start()
    assert outcome == [] and "LOADING" in (place.backend.trouble or "")
    place.redis.answers[b"PING"] = b"PONG"
    place.settle(PATIENCE.wait_s / 2)
    assert outcome == [LOG]


@pytest.mark.parametrize(
    ("said", "kind"),
    [("OOM command not allowed", StoreUnavailable), ("READONLY You can't write", StoreUnavailable),
     ("MISCONF Errors writing to the AOF file", StoreUnavailable), ("ERR something else", StoreUnknown)],
)  # fmt: skip
def test_what_redis_refused_before_anything_was_done_is_not_unknown(
    place: Place, said: str, kind: type, lines: list[str]
) -> None:
    place.start()
    place.redis.answers[b"EVALSHA"] = Exception(said)
    outcome = place.append()
    place.settle()
    assert type(outcome[0]) is kind
    assert any(said in line for line in lines) and said in (place.backend.trouble or "")
    place.redis.answers[b"EVALSHA"] = b"r"
    place.append()
    place.settle()
    assert place.backend.trouble is None and place.told.lost == []


# --- answers


def test_an_append_tells_what_became_of_it(place: Place) -> None:
    place.start()
    entry = b"\x95\x07\xa2id\xa3ann\xa2[]\xa31.5"
    outcomes = []
    for told in (b"n" + entry, b"o" + entry, b"r"):
        place.redis.answers[b"EVALSHA"] = told
        outcomes.append(place.append())
        place.settle()
    expected = Entry(7, "id", "ann", "[]", 1.5)
    assert outcomes[:2] == [[Appended(expected, new=True)], [Appended(expected, new=False)]]
    assert type(outcomes[2][0]) is IdReused


def test_much_that_is_to_be_trimmed_goes_in_pieces(place: Place) -> None:
    place.start()
    pieces = [b"\xcd\x03\xe8", b"\xcd\x03\xe8", b"\x05"]  # 1000, 1000, 5
    place.redis.answers[b"EVALSHA"] = lambda command: pieces.pop(0)
    outcome = place.outcome(place.backend.trim("room/x", 10, 0.0))
    place.settle()
    assert outcome == [2005]


# --- the end


def test_stopping_waits_for_what_was_sent(place: Place) -> None:
    place.start()
    outcome = place.append()
    stopping = place.outcome(place.backend.stop())
    assert stopping == []
    place.redis.answers[b"EVALSHA"] = b"r"
    place.settle()
    assert type(outcome[0]) is IdReused and stopping == [None]
    assert place.redis.connections == [] and place.clock.getDelayedCalls() == []


def test_stopping_does_not_wait_for_ever(place: Place) -> None:
    place.start()
    place.redis.silent = True
    outcome, stopping = place.append(), place.outcome(place.backend.stop())
    place.settle(PATIENCE.wait_s)
    assert type(outcome[0]) is StoreUnknown and stopping == [None]
    assert place.clock.getDelayedCalls() == []


def test_what_is_asked_after_the_end_fails_at_once(place: Place) -> None:
    place.start()
    place.stop()
    assert type(place.open()[0]) is StoreUnavailable
    place.backend.start()
    place.settle()
    assert place.redis.connections == []


def test_stopping_while_redis_is_away_leaves_nothing(place: Place) -> None:
    place.network.factory = None
    place.start()
    waiting = place.open()
    settled(place.backend.stop())
    assert type(waiting[0]) is StoreUnavailable and place.clock.getDelayedCalls() == []


def test_stopping_while_it_is_greeted_leaves_nothing(place: Place) -> None:
    place.redis.silent = True
    place.start()
    stopping = place.outcome(place.backend.stop())
    place.settle()
    assert stopping == [None] and place.clock.getDelayedCalls() == []
