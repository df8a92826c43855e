"""How often something may be tried: by name, by address."""

from collections import OrderedDict
from collections.abc import Callable
from math import ceil

from twistedchat.core.errors import TooFast
from twistedchat.core.throttle import TokenBucket

MOST_KEYS = 10_000


class Attempts:
    """A token bucket for each key, and no way to have one's own forgotten.

    A key whose bucket has filled up again tells nothing any more and is dropped. Where there are ``most`` that have not,
    all further keys share one bucket: a flood of made-up names neither fills memory nor gives new tries at an old one.

    Args:
        rate: tries a second of one key, in the long run.
        burst: tries at once.
        now: seconds.
        most: keys at a time.
    """

    def __init__(self, rate: float, burst: int, now: Callable[[], float], most: int = MOST_KEYS) -> None:
        self._rate = rate
        self._burst = burst
        self._now = now
        self._most = most
        self._full_after_s = burst / rate
        self._used: OrderedDict[str, tuple[TokenBucket, float]] = OrderedDict()  # the longest unused first
        self._others = TokenBucket(rate, burst, now())

    def take(self, key: str) -> None:
        """Count one try.

        Raises:
            TooFast: it is one too many; ``retry_s`` and the text say when to try again.
        """
        wait = self._bucket(key).take(self._now())
        if wait:
            raise TooFast(f"too many tries, try again in {ceil(wait)} s", wait)

    def _bucket(self, key: str) -> TokenBucket:
        now = self._now()
        while self._used and next(iter(self._used.values()))[1] + self._full_after_s <= now:
            self._used.popitem(last=False)
        known = self._used.pop(key, None)
        if known is None and len(self._used) >= self._most:
            return self._others
        bucket = known[0] if known else TokenBucket(self._rate, self._burst, now)
        self._used[key] = (bucket, now)
        return bucket
