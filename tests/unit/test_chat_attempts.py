"""How often something may be tried: by key, bounded, nobody's tries forgotten for somebody else's."""

import pytest
from twisted.internet.task import Clock

from twistedchat.chat.attempts import Attempts
from twistedchat.core.errors import TooFast


def refused(attempts: Attempts, key: str) -> float | None:
    """Try once; return the seconds to wait, or None where it was let through."""
    try:
        attempts.take(key)
    except TooFast as error:
        return error.retry_s
    return None


def test_each_key_has_its_own_tries_and_is_told_when_to_try_again() -> None:
    clock = Clock()
    attempts = Attempts(0.1, 2, clock.seconds)
    assert [refused(attempts, "ann") for _ in range(3)] == [None, None, 10.0]
    assert refused(attempts, "bob") is None
    clock.advance(4)
    with pytest.raises(TooFast, match="try again in 6 s"):
        attempts.take("ann")
    clock.advance(6)
    assert [refused(attempts, "ann") for _ in range(2)] == [None, 10.0]


def test_a_flood_of_keys_takes_bounded_memory_and_gives_nobody_new_tries() -> None:
    clock = Clock()
    attempts = Attempts(0.1, 2, clock.seconds, most=10)
    for _ in range(2):
        attempts.take("ann")
    for number in range(9):
        attempts.take(f"other {number}")
    through = [refused(attempts, f"made up {number}") for number in range(100)]
    assert through.count(None) == 2, "those beyond the bound share one bucket"
    assert refused(attempts, "ann") == 10.0
    assert refused(attempts, "other 3") is None
    assert len(attempts._used) == 10


def test_a_key_that_has_all_its_tries_again_is_forgotten() -> None:
    clock = Clock()
    attempts = Attempts(0.1, 2, clock.seconds, most=10)
    for number in range(10):
        attempts.take(f"{number}")
    clock.advance(19)
    attempts.take("3")
    clock.advance(1)
    assert refused(attempts, "new") is None
    assert list(attempts._used) == ["3", "new"]
