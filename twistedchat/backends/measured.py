"""A backend as it is, and how long it took: what health and metrics tell of a store, whichever it is."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from zope.interface import implementer

from twistedchat.core.entry import Appended
from twistedchat.interfaces import IBackend, IBackendListener

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

    from twistedchat.core.entry import Entry, LogState, Revision
    from twistedchat.core.position import Position
    from twistedchat.core.records import Change, Record

T = TypeVar("T")

# Seconds; upper ends of the classes. A commit to a good disk takes 1 to 5 ms, a time-out 5 s or more.
CLASSES_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Latency:
    """How long answers took, by classes.

    Attributes:
        counts: answers in each class of ``CLASSES_S``, and last those above all.
        total_s: all of them together.
    """

    __slots__ = ("counts", "total_s")

    def __init__(self) -> None:
        self.counts = [0] * (len(CLASSES_S) + 1)
        self.total_s = 0.0

    def add(self, seconds: float) -> None:
        """One more answer."""
        self.counts[bisect_left(CLASSES_S, seconds)] += 1
        self.total_s += seconds


@implementer(IBackend)
class MeasuredBackend:
    """Passes everything on to ``inner``.

    Args:
        inner: the backend.
        clock: seconds that latency is measured by.

    Attributes:
        waiting: what was asked and is not answered yet.
        latency: by what was asked: ``append``, ``read``, ``commit``…
        entries: new entries by the kind of their channel, ``room``, ``private``, ``user`` or ``house``.
        failures: by the error's class.
    """

    def __init__(self, inner: IBackend, clock: Callable[[], float]) -> None:
        self.inner = inner
        self.waiting = 0
        self.latency: dict[str, Latency] = {}
        self.entries: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
        self._clock = clock

    @property
    def durable(self) -> bool:
        """See IBackend."""
        return bool(self.inner.durable)

    @property
    def trouble(self) -> str | None:
        """See IBackend."""
        trouble: str | None = self.inner.trouble
        return trouble

    def watch(self, listener: IBackendListener) -> None:
        """See IBackend."""
        self.inner.watch(listener)

    def open(self, channel: str, tail: int) -> "Deferred[LogState]":
        """See IBackend."""
        return self._measured("open", self.inner.open(channel, tail))

    def closed(self, channel: str) -> None:
        """See IBackend."""
        self.inner.closed(channel)

    def append(
        self, channel: str, identity: str, id: str, event: str, at: float, revision: "Revision | None" = None
    ) -> "Deferred[Appended]":
        """See IBackend."""
        asked = self._measured("append", self.inner.append(channel, identity, id, event, at, revision))
        return asked.addCallback(self._appended, channel.partition("/")[0])

    def read(self, channel: str, after: int, limit: int) -> "Deferred[list[Entry]]":
        """See IBackend."""
        return self._measured("read", self.inner.read(channel, after, limit))

    def before(self, channel: str, offset: int, limit: int) -> "Deferred[list[Entry]]":
        """See IBackend."""
        return self._measured("before", self.inner.before(channel, offset, limit))

    def heads(self, channels: Sequence[str]) -> "Deferred[dict[str, Position]]":
        """See IBackend."""
        return self._measured("heads", self.inner.heads(channels))

    def trim(self, channel: str, keep: int, since: float) -> "Deferred[int]":
        """See IBackend."""
        return self._measured("trim", self.inner.trim(channel, keep, since))

    def erase(self, channel: str) -> "Deferred[None]":
        """See IBackend."""
        return self._measured("erase", self.inner.erase(channel))

    def get(self, kind: str, key: str) -> "Deferred[Record | None]":
        """See IBackend."""
        return self._measured("get", self.inner.get(kind, key))

    def page(self, kind: str, prefix: str, after: str, limit: int) -> "Deferred[list[Record]]":
        """See IBackend."""
        return self._measured("page", self.inner.page(kind, prefix, after, limit))

    def commit(self, changes: "Sequence[Change]") -> "Deferred[None]":
        """See IBackend."""
        return self._measured("commit", self.inner.commit(changes))

    def sweep(self, now: float) -> "Deferred[int]":
        """See IBackend."""
        return self._measured("sweep", self.inner.sweep(now))

    def stop(self) -> "Deferred[None]":
        """See IBackend."""
        stopping: Deferred[None] = self.inner.stop()
        return stopping

    def _measured(self, what: str, answer: "Deferred[T]") -> "Deferred[T]":
        self.waiting += 1
        latency = self.latency.get(what)
        if latency is None:
            latency = self.latency[what] = Latency()
        return answer.addBoth(self._answered, latency, self._clock())

    def _answered(self, outcome: Any, latency: Latency, asked_at: float) -> Any:
        self.waiting -= 1
        latency.add(self._clock() - asked_at)
        error = getattr(outcome, "type", None)
        if error is not None:
            self.failures[error.__name__] += 1
        return outcome

    def _appended(self, appended: Appended, kind: str) -> Appended:
        if appended.new:
            self.entries[kind] += 1
        return appended
