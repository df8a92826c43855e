"""One measurement: a fresh server, N subscribers on one transport, idle memory, closed loop, bursts."""

import secrets
import signal
from collections.abc import Callable
from dataclasses import dataclass

from bench.loop import BenchError, Loop
from bench.pipes import PIPES, HttpPipe, Pipe, Tally, Uplink, WebSocketPipe
from bench.servers import Server
from bench.sessions import LiveReader, LiveSender, PlainReader, PlainSender

CLIENTS_AN_ADDRESS = 20
SETUPS_AT_ONCE = 32
BURST = 16
WARM_MESSAGES = 3


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured: deliveries (messages times subscribers) before and in each figure."""

    warm: int = 30_000
    closed: int = 100_000
    burst: int = 160_000
    settle_s: float = 2.0


@dataclass(frozen=True, slots=True)
class Figures:
    """What one measurement found.

    Attributes:
        closed_us: server CPU microseconds per delivery, next message when all have the last.
        burst_us: the same with 16 messages at a time.
        idle_kb: resident KB per idle connection.
    """

    closed_us: float
    burst_us: float
    idle_kb: float

    def __str__(self) -> str:
        """One line for the terminal."""
        return f"{self.closed_us:6.2f} µs, burst {self.burst_us:6.2f} µs, idle {self.idle_kb:5.1f} KB"


class Crowd:
    """The subscribers and the sender of one measurement, in one loop."""

    def __init__(self, server: Server, transport: str, subscribers: int) -> None:
        self.loop = Loop()
        self.tally = Tally()
        self._server, self._pipe_class, self._wanted = server, PIPES[transport], subscribers
        self._pipes: list[Pipe] = []
        self._uplinks: dict[str, Uplink] = {}
        self._ready = 0
        self._said = 0
        live = server.name == "ours"
        self._reader = LiveReader if live else PlainReader
        pipe = WebSocketPipe(self.loop, server.port, "127.0.0.1", secrets.token_hex(13), Tally())
        self._sender = (LiveSender if live else PlainSender)(pipe, self.loop, self._one_ready)
        self.loop.run_until(lambda: self._ready == 1, 10, "the sender's session")

    def _one_ready(self) -> None:
        self._ready += 1

    def connect(self) -> None:
        """Open every subscriber, a few at a time."""
        while len(self._pipes) < self._wanted:
            self._add(len(self._pipes))
            self.loop.run_until(self._has_room, 30, "sessions to open")
        self.loop.run_until(lambda: self._ready == self._wanted + 1, 60, "all sessions to open")

    def _has_room(self) -> bool:
        return len(self._pipes) - (self._ready - 1) < SETUPS_AT_ONCE

    def _add(self, index: int) -> None:
        source = f"127.0.{1 + index // CLIENTS_AN_ADDRESS // 250}.{1 + index // CLIENTS_AN_ADDRESS % 250}"
        pipe = self._pipe_class(self.loop, self._server.port, source, secrets.token_hex(13), self.tally)
        if isinstance(pipe, HttpPipe) and self._reader is LiveReader:
            if source not in self._uplinks:
                self._uplinks[source] = Uplink(self.loop, self._server.port, source)
            pipe.uplink = self._uplinks[source]
        self._reader(pipe, self.loop, self._one_ready)
        self._pipes.append(pipe)

    def settle(self, seconds: float) -> None:
        """Wait for quiet; close the shared sending connections, which a browser keeps only for a while."""
        for uplink in self._uplinks.values():
            uplink.close()
        self.loop.run_for(seconds)
        for pipe in self._pipes:
            pipe.counting = True
            if not pipe.between:
                raise BenchError("a session was not quiet")

    def say(self, count: int) -> None:
        """Send messages and wait until every subscriber has them."""
        goal = self.tally.got + count * len(self._pipes)
        self._sender.say(range(self._said + 1, self._said + count + 1))
        self._said += count
        self.loop.run_until(lambda: self.tally.got >= goal, 60, f"{goal} deliveries (got {self.tally.got})")

    def say_alone(self, count: int) -> None:
        """Send messages while nobody but the sender is there, so that all code is loaded before memory is read."""
        self._sender.say(range(self._said + 1, self._said + count + 1))
        self._said += count
        self.loop.run_for(0.3)

    def check(self) -> None:
        """Every subscriber must have had every message exactly once."""
        self.loop.run_for(0.1)
        counts = {pipe.got for pipe in self._pipes}
        if counts != {self._said - WARM_MESSAGES}:
            raise BenchError(
                f"{self._said - WARM_MESSAGES} messages, but subscribers had {sorted(counts)[:5]}"
            )

    def cost_us(self, deliveries: int, batch: int) -> float:
        """Return CPU microseconds per delivery over about ``deliveries``, ``batch`` messages at a time."""
        rounds = max(4, round(deliveries / (batch * len(self._pipes))))
        before = self._server.cpu_s()
        for _ in range(rounds):
            self.say(batch)
        return (self._server.cpu_s() - before) * 1e6 / (rounds * batch * len(self._pipes))

    def close(self) -> None:
        """Close every socket."""
        self.loop.close()


def measure(
    start: Callable[[], Server], transport: str, subscribers: int, plan: Plan, profiled: bool = False
) -> Figures:
    """Run one measurement against a fresh server."""
    server = start()
    try:
        crowd = Crowd(server, transport, subscribers)
        try:
            return _figures(crowd, server, subscribers, plan, profiled)
        finally:
            crowd.close()
    except BenchError as error:
        raise BenchError(
            f"{server.name} {transport} N={subscribers}: {error}\n{server.log()[-2000:]}"
        ) from error
    finally:
        server.stop()


def _figures(crowd: Crowd, server: Server, subscribers: int, plan: Plan, profiled: bool) -> Figures:
    crowd.say_alone(WARM_MESSAGES)
    before_kb = server.rss_kb()
    crowd.connect()
    crowd.settle(plan.settle_s)
    idle_kb = (server.rss_kb() - before_kb) / subscribers
    crowd.cost_us(plan.warm, 1)
    if profiled:
        server.signal(signal.SIGUSR1)
    closed_us = crowd.cost_us(plan.closed, 1)
    if profiled:
        server.signal(signal.SIGUSR2)
    burst_us = crowd.cost_us(plan.burst, BURST)
    crowd.check()
    return Figures(closed_us, burst_us, idle_kb)
