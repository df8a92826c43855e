"""A token bucket: so many at once, so many a second."""


class TokenBucket:
    """Allows bursts of ``burst`` and ``rate`` a second in the long run.

    Args:
        rate: tokens a second.
        burst: tokens at the start and at most.
        now: seconds, of whatever clock the caller goes by.
    """

    __slots__ = ("_at", "_burst", "_rate", "_tokens")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._at = now

    def take(self, now: float, cost: float = 1.0) -> float:
        """Take ``cost`` tokens and return 0.0, or take none and return the seconds until they are there."""
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if self._tokens >= cost:
            self._tokens -= cost
            return 0.0
        return (cost - self._tokens) / self._rate
