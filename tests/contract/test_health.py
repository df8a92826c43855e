"""What probes and monitors are told, and who is told more."""

import json
import re
from collections import Counter
from ipaddress import ip_network
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from zope.interface.verify import verifyObject

from twistedchat.backends.measured import CLASSES_S, Latency, MeasuredBackend
from twistedchat.backends.memory import MemoryBackend
from twistedchat.config import Settings
from twistedchat.core.errors import StoreUnavailable
from twistedchat.interfaces import IBackend
from twistedchat.service import House
from twistedchat.testing.kit import MemoryHouse
from twistedchat.web.front import make_site
from twistedchat.web.metrics import Metrics, Sources

LOOPBACK = IPv4Address("TCP", "127.0.0.1", 40000)
STRANGER = IPv4Address("TCP", "203.0.113.9", 40000)
MONITOR = IPv4Address("TCP", "10.1.2.3", 40000)


class Front:
    """A house behind its front, asked over connections in memory."""

    def __init__(self, settings: Settings | None = None) -> None:
        settings = settings or Settings()
        self.clock = Clock()
        self.house = House(settings, self.clock, "secret")
        self.site = make_site(
            self.house.resource, settings, self.clock, self.house.entrances, self.house.answers
        )
        self.site.doStart()

    def ask(
        self, path: str, peer: object = LOOPBACK, host: str = "127.0.0.1", method: str = "GET", **headers: str
    ):
        """Return status and body."""
        channel = self.site.buildProtocol(peer)
        transport = StringTransport(peerAddress=peer)
        channel.makeConnection(transport)
        lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        channel.dataReceived("\r\n".join([*lines, "", ""]).encode())
        head, _, body = transport.value().partition(b"\r\n\r\n")
        channel.connectionLost(None)
        if b"chunked" in head.lower():
            body = b"".join(re.findall(rb"(?s)[0-9a-f]+\r\n(.+?)\r\n", body))
        return int(head.split()[1]), body.decode()

    def stop(self) -> None:
        """End everything."""
        self.house.close()
        self.house.release()
        self.site.doStop()
        assert not self.clock.getDelayedCalls()


@pytest.fixture
def front(request: pytest.FixtureRequest):
    made = Front(getattr(request, "param", None))
    yield made
    made.stop()


def test_it_is_healthy_while_the_reactor_turns(front: Front) -> None:
    assert front.ask("/healthz", STRANGER) == (200, "ok\n")
    assert front.ask("/healthz", STRANGER, method="HEAD")[0] == 200


NAMED = Settings(public_urls=("https://chat.example",), prefix="/chat")


@pytest.mark.parametrize("front", [NAMED], indirect=True)
def test_probes_are_answered_whatever_host_they_name(front: Front) -> None:
    for host in ("10.0.0.5:8080", "somewhere.invalid", "chat.example"):
        assert front.ask("/chat/healthz", STRANGER, host) == (200, "ok\n")
        assert front.ask("/chat/readyz", STRANGER, host) == (200, '{"ready": true}\n')
    assert front.ask("/chat/", STRANGER, "10.0.0.5")[0] == 421
    assert front.ask("/healthz", STRANGER, "10.0.0.5")[0] == 421
    assert front.ask("/chat/healthz/", STRANGER, "10.0.0.5")[0] == 421


def test_strangers_are_told_a_word_and_insiders_why(front: Front) -> None:
    assert json.loads(front.ask("/readyz", STRANGER)[1]) == {"ready": True}
    assert json.loads(front.ask("/readyz")[1]) == {
        "ready": True,
        "state": "running",
        "store": "ok",
        "store_waiting": 0,
        "clients": 0,
        "sessions": 0,
        "rooms": 1,
    }


def test_it_is_not_ready_while_the_store_is_in_trouble_or_it_stops(
    front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(MemoryBackend, "trouble", "no space left", raising=False)
        assert front.ask("/readyz", STRANGER) == (503, '{"ready": false}\n')
        status, body = front.ask("/readyz")
        assert (status, json.loads(body)["store"]) == (503, "no space left")
    assert front.ask("/readyz")[0] == 200
    front.house.close()
    status, body = front.ask("/readyz")
    assert (status, json.loads(body)["state"]) == (503, "stopping")
    assert front.ask("/healthz")[0] == 200


BEHIND_PROXY = Settings(
    trusted_proxies=(ip_network("127.0.0.1"),),
    metrics_allow=(ip_network("10.1.0.0/16"),),
    public_urls=("https://chat.example",),
)


@pytest.mark.parametrize(
    ("settings", "peer", "host", "headers", "told"),
    [
        (None, LOOPBACK, "127.0.0.1:8080", {}, True),
        (None, LOOPBACK, "localhost", {}, True),
        (None, IPv6Address("TCP", "::1", 1), "[::1]", {}, True),
        (None, IPv6Address("TCP", "::ffff:127.0.0.1", 1), "127.0.0.1", {}, True),
        (None, UNIXAddress(None), "localhost", {}, True),
        (None, STRANGER, "127.0.0.1", {}, False),
        # A name that a page led to us must not let the page read what is for us alone.
        (BEHIND_PROXY, LOOPBACK, "rebound.example", {}, False),
        # A proxy on this machine whose word is not taken: its visitors are not this machine.
        (None, LOOPBACK, "127.0.0.1", {"X_Forwarded_For": "127.0.0.1"}, False),
        (None, LOOPBACK, "127.0.0.1", {"Forwarded": "for=127.0.0.1"}, False),
        (None, LOOPBACK, "127.0.0.1", {"X_Real_IP": "127.0.0.1"}, False),
        (BEHIND_PROXY, LOOPBACK, "chat.example", {"X_Forwarded_For": "127.0.0.1"}, False),
        (BEHIND_PROXY, LOOPBACK, "chat.example", {"X_Forwarded_For": "203.0.113.9"}, False),
        (BEHIND_PROXY, LOOPBACK, "chat.example", {"X_Forwarded_For": "10.1.2.3, 203.0.113.9"}, False),
        (BEHIND_PROXY, LOOPBACK, "chat.example", {"X_Forwarded_For": "nonsense"}, False),
        (BEHIND_PROXY, LOOPBACK, "chat.example", {"X_Forwarded_For": "203.0.113.9, 10.1.2.3"}, True),
        (BEHIND_PROXY, LOOPBACK, "127.0.0.1", {}, True),
        (BEHIND_PROXY, MONITOR, "10.0.0.5:8080", {}, True),
        (BEHIND_PROXY, MONITOR, "10.0.0.5:8080", {"X_Forwarded_For": "10.1.2.3"}, False),
        (BEHIND_PROXY, IPv6Address("TCP", "::ffff:10.1.2.3", 1), "10.0.0.5", {}, True),
    ],
)
def test_who_is_an_insider(settings, peer, host, headers, told: bool) -> None:
    front = Front(settings)
    try:
        assert ("store" in json.loads(front.ask("/readyz", peer, host, **headers)[1])) is told
        assert front.ask("/metrics", peer, host, **headers)[0] == (200 if told else 403)
    finally:
        front.stop()


def figures(text: str) -> dict[str, float]:
    """Return every sample by its name and labels."""
    return {
        sample.name
        + "".join(f"{{{key}={value}}}" for key, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_the_figures_follow_what_happens() -> None:
    house = MemoryHouse()
    try:
        alice = house.member("Alice", "websocket")
        bob = house.member("Bob", "xhr-polling")
        for text in ("one", "two"):
            house.run(alice.say("room/lobby", text))
        with pytest.raises(Exception, match=r"."):
            house.run(bob.say("room/lobby", ""))
        house.advance(1)
        found = figures(house.house.metrics.text().decode())
    finally:
        house.stop()
    assert found["twistedchat_live_clients{state=attached}"] == 2
    assert found["twistedchat_live_clients{state=detached}"] == 0
    assert found["twistedchat_sessions{transport=websocket}"] == 1
    assert found["twistedchat_sessions{transport=xhr-polling}"] == 1
    assert found["twistedchat_logins_total{kind=guest}"] == 2
    assert found["twistedchat_entries_total{channel=room}"] == 2
    assert found["twistedchat_calls_refused_total{reason=BadText}"] == 1
    assert found["twistedchat_store_seconds_count{asked=append}"] >= 2
    assert found["twistedchat_store_up"] == 1
    assert found["twistedchat_store_waiting"] == 0
    assert found["twistedchat_rooms"] == 1
    assert found["twistedchat_http_answers_total{class=2xx}"] >= 2
    assert found["process_resident_memory_bytes"] > 1e6


def test_who_is_away_is_not_counted_as_a_slow_reader() -> None:
    clients = {
        name: SimpleNamespace(attached=attached, reading=SimpleNamespace(behind=behind))
        for name, attached, behind in (("here", True, 2), ("away", False, 3))
    }
    live: Any = SimpleNamespace(clients=clients, refused=Counter())
    store = MeasuredBackend(MemoryBackend(), lambda: 0.0)
    text = Metrics(Sources(live, [], store, lambda: 0, Counter(), Counter())).text().decode()
    assert figures(text)["twistedchat_readers_behind"] == 2


def test_every_answer_is_counted_by_its_class(front: Front) -> None:
    for path in ("/", "/nosuch", "/readyz", "/static/nosuch"):
        front.ask(path)
    front.ask("/", host="elsewhere.example")
    assert front.house.answers == {2: 2, 4: 3}


def test_two_houses_in_one_process_have_figures_of_their_own() -> None:
    houses = [House(Settings(), Clock(), "secret") for _ in range(2)]
    houses[0].chat.logins["guest"] += 5
    texts = [house.metrics.text().decode() for house in houses]
    for house in houses:
        house.close()
        house.release()
    assert "twistedchat_logins_total{kind=guest}" in figures(texts[0])
    assert "twistedchat_logins_total{kind=guest}" not in figures(texts[1])


def test_the_measured_store_counts_what_waits_how_long_it_took_and_what_failed() -> None:
    clock = Clock()
    inner = MemoryBackend(10, max_channels=10, max_chars=1000)
    store = MeasuredBackend(inner, clock.seconds)
    verifyObject(IBackend, store)
    slow: Deferred[None] = Deferred()
    inner.sweep = lambda now: slow
    store.sweep(0.0)
    assert store.waiting == 1
    clock.advance(0.3)
    slow.callback(None)
    assert store.waiting == 0
    assert store.latency["sweep"].total_s == pytest.approx(0.3)
    assert store.latency["sweep"].counts[CLASSES_S.index(0.5)] == 1
    inner.heads = lambda channels: fail(StoreUnavailable("away"))
    failed: list[object] = []
    store.heads(["a"]).addErrback(failed.append)
    assert len(failed) == 1
    assert store.failures == {"StoreUnavailable": 1}
    inner.get = lambda kind, key: succeed(None)
    assert store.get("a", "b").result is None
    assert store.waiting == 0


def test_what_takes_longest_has_a_class_too() -> None:
    latency = Latency()
    latency.add(CLASSES_S[0])
    latency.add(1e6)
    assert (latency.counts[0], latency.counts[-1], sum(latency.counts)) == (1, 1, 2)
