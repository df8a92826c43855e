"""What a house tells of itself in figures: Prometheus' text format, read from its state when somebody asks.

Nothing is counted per delivery. What is counted at all are calls that were refused, logins, answers over HTTP and
what is asked of the store; everything else is the present state.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import generate_latest

from twistedchat.backends.measured import CLASSES_S, Latency, MeasuredBackend
from twistedchat.comet.mount import Mount
from twistedchat.live.server import LiveServer

_PREFIX = "twistedchat_"
_ENDS = (*map(str, CLASSES_S), "+Inf")


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the figures are read.

    Attributes:
        live: live clients and refused calls.
        mounts: sessions.
        store: the backend.
        rooms: says how many rooms there are.
        logins: logins by kind.
        answers: HTTP answers by the first digit of their status.
    """

    live: LiveServer
    mounts: Sequence[Mount]
    store: MeasuredBackend
    rooms: Callable[[], int]
    logins: Counter[str]
    answers: Counter[int]


class HouseCollector:
    """Reads ``Sources`` at each scrape."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def collect(self) -> Iterable[Metric]:
        """Yield every family; the registry calls it."""
        yield from self._live()
        yield from self._store()
        sources = self._sources
        yield _gauge("rooms", "Rooms that are known.", sources.rooms())
        yield _counters("logins", "Logins by kind.", "kind", sources.logins)
        classes = {f"{first}xx": count for first, count in sources.answers.items()}
        yield _counters("http_answers", "HTTP answers by class of status.", "class", classes)

    def _live(self) -> Iterable[Metric]:
        live = self._sources.live
        clients = list(live.clients.values())
        attached = sum(client.attached for client in clients)
        yield _gauges(
            "live_clients",
            "Live clients: pages and programs, with a session or waiting for their return.",
            "state",
            {"attached": attached, "detached": len(clients) - attached},
        )
        sessions = Counter(session.name for mount in self._sources.mounts for session in mount.sessions)
        yield _gauges("sessions", "SockJS sessions by transport.", "transport", sessions)
        behind = sum(client.reading.behind for client in clients if client.attached)
        yield _gauge(
            "readers_behind",
            "Subscriptions of attached clients that are to be refilled from their channel.",
            behind,
        )
        yield _counters("calls_refused", "Calls that were refused, by reason.", "reason", live.refused)

    def _store(self) -> Iterable[Metric]:
        store = self._sources.store
        yield _gauge("store_up", "1 while the store is well, else 0.", int(store.trouble is None))
        yield _gauge("store_waiting", "What was asked of the store and is not answered.", store.waiting)
        yield _counters("store_failures", "What the store could not do, by error.", "error", store.failures)
        yield _counters(
            "entries", "Entries that were accepted, by kind of channel.", "channel", store.entries
        )
        seconds = HistogramMetricFamily(
            f"{_PREFIX}store_seconds", "How long the store took, by what was asked.", labels=["asked"]
        )
        for asked, latency in sorted(store.latency.items()):
            seconds.add_metric([asked], _buckets(latency), latency.total_s)
        yield seconds


class Metrics:
    """The figures of one house, and those of its process.

    Args:
        sources: where the house's are read.
    """

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self._registry = CollectorRegistry()
        self._registry.register(HouseCollector(sources))
        ProcessCollector(registry=self._registry)

    def text(self) -> bytes:
        """Return everything in the text format, version 0.0.4."""
        return generate_latest(self._registry)


def _gauge(name: str, what: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(_PREFIX + name, what, value=value)


def _gauges(name: str, what: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(_PREFIX + name, what, labels=[label])
    for value, count in sorted(values.items()):
        family.add_metric([value], count)
    return family


def _counters(name: str, what: str, label: str, values: Mapping[str, float]) -> CounterMetricFamily:
    family = CounterMetricFamily(_PREFIX + name, what, labels=[label])
    for value, count in sorted(values.items()):
        family.add_metric([value], count)
    return family


def _buckets(latency: Latency) -> list[tuple[str, float]]:
    return list(zip(_ENDS, accumulate(latency.counts), strict=True))
