"""The token bucket."""

import pytest

from twistedchat.core.throttle import Buckets, TokenBucket


def test_allows_a_burst_then_so_many_a_second() -> None:
    bucket = TokenBucket(rate=2, burst=3, now=100)
    assert [bucket.take(100) for _ in range(3)] == [0, 0, 0]
    assert bucket.take(100) == pytest.approx(0.5)
    assert bucket.take(100.25) == pytest.approx(0.25)
    assert bucket.take(100.5) == 0


def test_rest_fills_it_up_to_the_burst_and_no_further() -> None:
    bucket = TokenBucket(rate=10, burst=2, now=0)
    assert [bucket.take(1000) for _ in range(2)] == [0, 0]
    assert bucket.take(1000) > 0


def test_what_is_refused_costs_nothing() -> None:
    bucket = TokenBucket(rate=1, burst=5, now=0)
    assert bucket.take(0, cost=4) == 0
    assert bucket.take(0, cost=4) == pytest.approx(3)
    assert bucket.take(0, cost=1) == 0


def test_of_many_buckets_the_longest_unused_is_forgotten() -> None:
    buckets = Buckets(rate=1, burst=1, most=2)
    assert [buckets.take(key, 0) == 0 for key in ("a", "b", "a", "c", "b", "a")] == [
        True,
        True,
        False,
        True,
        True,
        True,
    ]
