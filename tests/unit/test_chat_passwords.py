"""Passwords: what fits, hashes with their salt, and threads that do the work with a bounded line before them."""

import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import CancelledError, Deferred

from twistedchat.chat.passwords import (
    COST,
    LONGEST,
    Cost,
    Passwords,
    UnfitPassword,
    Workers,
    check_fit,
    hash_password,
    verify_password,
)
from twistedchat.core.errors import TooFast
from twistedchat.testing.backends import settled

CHEAP = Cost(rounds=1, memory_kib=8, lanes=1)


def test_a_password_has_8_to_1000_characters_of_any_kind() -> None:
    for fine in ("aaaaaaaa", " " * 8, "é" * LONGEST, "\U0001f600" * 8, "\ud800" * 8):
        check_fit(fine)
        assert verify_password(fine, hash_password(fine, CHEAP))
    for bad in ("", "a" * 7, "a" * (LONGEST + 1)):
        with pytest.raises(UnfitPassword):
            check_fit(bad)


def test_a_hash_is_argon2id_with_a_salt_of_its_own_and_the_cost_in_it() -> None:
    one, other = hash_password("correct horse", CHEAP), hash_password("correct horse", CHEAP)
    assert one.startswith("$argon2id$v=19$m=8,t=1,p=1$") and one != other
    assert verify_password("correct horse", one) and verify_password("correct horse", other)
    assert not verify_password("correct horsf", one)
    assert COST.memory_kib >= 19_456 and COST.rounds >= 2, "what is recommended at least"


def test_a_letter_may_be_composed_either_way() -> None:
    assert verify_password("cafe\u0301 cafe\u0301", hash_password("caf\u00e9 caf\u00e9", CHEAP))


class Counting:
    """Runs work at once and counts it."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def run(self, function: Callable[..., Any], *args: Any) -> "Deferred[Any]":
        self.calls.append(function.__name__)
        done: Deferred[Any] = Deferred()
        done.callback(function(*args))
        return done


def test_nobodys_password_takes_the_same_work_and_never_fits() -> None:
    counting = Counting()
    passwords = Passwords(counting.run, CHEAP)
    wait = settled
    made = wait(Deferred.fromCoroutine(passwords.make("correct horse")))
    assert made.count("$") == passwords._nobody.count("$") and len(made) == len(passwords._nobody)
    assert wait(Deferred.fromCoroutine(passwords.fits("correct horse", made)))
    assert not wait(Deferred.fromCoroutine(passwords.fits("correct horse", None)))
    assert not wait(Deferred.fromCoroutine(passwords.fits("another one", made)))
    assert counting.calls == ["hash_password"] + ["verify_password"] * 3


# --- threads


@pytest_twisted.async_yield_fixture
async def workers() -> AsyncIterator[Workers]:
    made = Workers(reactor, threads=2, most_waiting=3)
    yield made
    await made.stop()


class Gate:
    """Work that is under way until it is let go."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.ran: list[int] = []

    def work(self, number: int) -> int:
        self.open.wait(30)
        self.ran.append(number)
        return number


async def test_the_work_is_done_outside_the_reactors_thread(workers: Workers) -> None:
    thread = await workers.run(threading.get_ident)
    assert thread != threading.get_ident()


async def test_what_fails_in_a_thread_fails_where_it_was_asked(workers: Workers) -> None:
    with pytest.raises(ZeroDivisionError):
        await workers.run(lambda: 1 // 0)


async def test_beyond_its_bound_the_line_refuses_more(workers: Workers) -> None:
    gate = Gate()
    answers = [workers.run(gate.work, number) for number in range(5)]
    with pytest.raises(TooFast) as caught:
        await workers.run(gate.work, 6)
    assert caught.value.retry_s
    gate.open.set()
    assert [await answer for answer in answers] == [0, 1, 2, 3, 4]


async def test_who_goes_away_leaves_the_line(workers: Workers) -> None:
    gate = Gate()
    answers = [workers.run(gate.work, number) for number in range(5)]
    for number in (0, 3):
        answers[number].cancel()
        with pytest.raises(CancelledError):
            await answers[number]
    answers.append(workers.run(gate.work, 5))
    gate.open.set()
    for number in (1, 2, 4, 5):
        assert await answers[number] == number
    assert 3 not in gate.ran


async def test_at_the_end_what_waits_is_dropped_and_no_thread_is_left() -> None:
    before = set(threading.enumerate())
    workers = Workers(reactor, threads=2, most_waiting=3)
    gate = Gate()
    answers = [workers.run(gate.work, number) for number in range(4)]
    stopped = workers.stop()
    assert not stopped.called
    for number in (2, 3):
        with pytest.raises(CancelledError):
            await answers[number]
    with pytest.raises(TooFast):
        await workers.run(gate.work, 9)
    gate.open.set()
    await stopped
    assert sorted(gate.ran) == [0, 1]
    assert not [thread for thread in set(threading.enumerate()) - before if "passwords" in thread.name]
    await Workers(reactor).stop()
