"""The front's bounds on connections: their number, and the time that they may take."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from twisted.internet.interfaces import IDelayedCall

from twistedchat.core.lag import Lag

# Seconds between two looks at who is late; lateness is a matter of seconds.
_SWEEP_S = 1.0


@dataclass(frozen=True, slots=True)
class FrontLimits:
    """What the front bounds.

    Attributes:
        max_body_bytes: largest request body; 413 beyond.
        request_deadline_s: a request must have arrived whole within this; trickling does not prolong it.
        idle_timeout_s: a kept-alive connection without a request is closed after this.
        max_connections_per_address: open connections of one address; further ones are dropped. Loopback and trusted
            proxies are not counted, since many people are behind them.
    """

    max_body_bytes: int = 1_048_576
    request_deadline_s: float = 10.0
    idle_timeout_s: float = 60.0
    max_connections_per_address: int = 2_000


class Lease:
    """One connection's place in its address's count, to be given back once."""

    __slots__ = ("_counts", "_host")

    def __init__(self, counts: dict[str, int], host: str) -> None:
        self._counts: dict[str, int] | None = counts
        self._host = host
        counts[host] = counts.get(host, 0) + 1

    def release(self) -> None:
        """Give the place back. Idempotent."""
        counts, self._counts = self._counts, None
        if counts is None:
            return
        left = counts[self._host] - 1
        if left:
            counts[self._host] = left
        else:
            del counts[self._host]


class Late(Protocol):
    """Something that may be late."""

    def late(self) -> None:
        """The time is over."""


class Deadlines:
    """Deadlines of connections, to the second, with one timer for all; without any it has none.

    Each stands here once at most, so connections bound it.
    """

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._now: Callable[[], float] = reactor.seconds
        self._due: dict[Late, float] = {}
        self._sweep: IDelayedCall | None = None
        self._lag = Lag()

    def expect(self, item: Late, within_s: float) -> None:
        """Call ``item.late`` after ``within_s`` unless ``settle`` is called before; a former deadline counts no more."""
        self._due[item] = self._now() + within_s
        if self._sweep is None:
            self._arm(_SWEEP_S)

    def settle(self, item: Late) -> None:
        """Nothing is expected of ``item`` any more. Idempotent."""
        self._due.pop(item, None)

    def stop(self) -> None:
        """Cancel the timer."""
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None

    def _arm(self, delay_s: float) -> None:
        self._sweep = self._reactor.callLater(delay_s, self._look)
        self._lag.armed(self._now() + delay_s)

    def _look(self) -> None:
        self._sweep = None
        now = self._now()
        if self._lag.excuses(now):
            self._arm(0)
            return
        for item in [item for item, due in self._due.items() if due <= now]:
            self.settle(item)
            item.late()
        if self._due and self._sweep is None:
            self._arm(_SWEEP_S)
