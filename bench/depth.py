"""Joining and paging in a house with many rooms and long logs: ``python -m bench.depth`` from the project's root.

1000 rooms on SQLite, some of them with 100, 10 000 and 100 000 messages. Measured is the server's CPU for a join of a room
that nobody has open (its tail comes from the file), of one that is open, and for a page of history at a random place.
"""

import argparse
import json
import os
import random
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.task import react

from bench import report
from bench.servers import ROOT, OurServer
from twistedchat.backends import sqlite_logs, sqlite_records
from twistedchat.backends.sqlite_schema import connect, take
from twistedchat.core.entry import Entry
from twistedchat.core.records import Change
from twistedchat.testing.client import Client

DOCUMENT = ROOT / "docs" / "performance.md"
DEPTHS = (100, 10_000, 100_000)
ROOMS_EACH = 10
ROOMS = 1000
VISITORS = 20
PAGES = 400
PAGE = 50


@dataclass(frozen=True, slots=True)
class Cost:
    """Server CPU in ms: per join of a room nobody has open, per join of an open one, per page of history."""

    cold_ms: float
    warm_ms: float
    page_ms: float


def channel(depth: int, number: int) -> str:
    """Return the channel of a room with ``depth`` messages."""
    return f"room/deep {depth} {number}"


def fill(path: Path, depths: tuple[int, ...]) -> None:
    """Write a store with all the rooms, by the backend's own functions."""
    lock, key = take(str(path))
    epochs = sqlite_logs.Epochs(key)
    rooms = {channel(depth, number): depth for depth in depths for number in range(ROOMS_EACH)}
    rooms |= {f"room/small {number}": 5 for number in range(ROOMS - len(rooms))}
    with closing(connect(str(path))) as connection:
        connection.execute("BEGIN")
        for name, depth in rooms.items():
            room = {"channel": name, "title": name[5:], "kind": "public"}
            sqlite_records.commit(connection, [Change("room", name, json.dumps(room))])
            for number in range(depth):
                body = {
                    "from": [f"person{number % 50}", f"Person {number % 50}"],
                    "text": f"{number} " + "x" * 100,
                }
                entry = Entry(
                    0,
                    f"m{number}".ljust(22, "_"),
                    f"person{number % 50}",
                    json.dumps(["message", body]),
                    number,
                )
                sqlite_logs.append(connection, epochs, name, entry, None)
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    os.close(lock)


async def _visitor(reactor: Any, port: int, name: str) -> Client:
    client = Client(TCP4ClientEndpoint(reactor, "127.0.0.1", port), reactor)
    await client.connect("websocket")
    await client.login(name)
    return client


async def _cost(server: OurServer, count: int, work: Callable[[], Awaitable[None]]) -> float:
    """Return the server's CPU in ms for each of ``count`` things that ``work`` does."""
    before = server.cpu_s()
    await work()
    return (server.cpu_s() - before) * 1000 / count


async def measure(reactor: Any, server: OurServer, depth: int, seed: int) -> Cost:
    """Return what the rooms with ``depth`` messages cost."""
    chance = random.Random(seed)
    rooms = [channel(depth, number) for number in range(ROOMS_EACH)]
    first = await _visitor(reactor, server.port, f"First {depth}")
    others = [await _visitor(reactor, server.port, f"Visitor {depth} {number}") for number in range(VISITORS)]

    async def cold() -> None:
        for room in rooms:
            await first.join(room)

    async def warm() -> None:
        for other in others:
            for room in rooms:
                await other.join(room)

    async def pages() -> None:
        for _ in range(PAGES):
            page = await first.call(
                "history", chance.choice(rooms), chance.randrange(PAGE + 1, depth + 1), PAGE
            )
            assert len(page) == PAGE, f"a page of {len(page)} entries"

    cost = Cost(
        await _cost(server, ROOMS_EACH, cold),
        await _cost(server, VISITORS * ROOMS_EACH, warm),
        await _cost(server, PAGES, pages),
    )
    for client in (first, *others):
        client.stop()
    return cost


def table(results: dict[int, list[Cost]]) -> str:
    """Return the generated section."""
    rounds = len(next(iter(results.values())))
    lines = [
        f"{report.machine()} {ROOMS} rooms. Rounds: {rounds}; medians (lowest to highest).",
        "",
        "| messages in the room | ms per first join | ms per join of an open room | ms per page of 50 |",
        "|---|---|---|---|",
    ]
    for depth, costs in results.items():
        columns = [[getattr(cost, name) for cost in costs] for name in ("cold_ms", "warm_ms", "page_ms")]
        shown = " | ".join(f"{median(c):.2f} ({min(c):.2f} to {max(c):.2f})" for c in columns)
        lines.append(f"| {depth:,} | {shown} |")
    return "\n".join(lines)


async def _rounds(reactor: Any, path: Path, depths: tuple[int, ...], rounds: int) -> dict[int, list[Cost]]:
    results: dict[int, list[Cost]] = {depth: [] for depth in depths}
    for number in range(rounds):
        server = OurServer(backend=f"sqlite:{path}")
        try:
            for depth in depths if number % 2 == 0 else depths[::-1]:
                cost = await measure(reactor, server, depth, number)
                results[depth].append(cost)
                print(f"round {number + 1}, {depth} messages: {cost}", flush=True)
        finally:
            server.stop()
    return results


def main() -> None:
    """Measure, and replace the section of the document."""
    parser = argparse.ArgumentParser(prog="python -m bench.depth", description=__doc__)
    parser.add_argument("-r", "--rounds", type=int, default=3, help="default: 3; figures are medians")
    parser.add_argument("--quick", action="store_true", help="100 and 1000 messages, 1 round, write nothing")
    options = parser.parse_args()
    depths = (100, 1000) if options.quick else DEPTHS
    with tempfile.TemporaryDirectory(prefix="twistedchat-depth-") as place:
        path = Path(place) / "chat.sqlite3"
        fill(path, depths)
        rounds = 1 if options.quick else options.rounds
        found: dict[int, list[Cost]] = {}

        async def run(reactor: Any) -> None:
            found.update(await _rounds(reactor, path, depths, rounds))

        with suppress(SystemExit):
            react(lambda reactor: Deferred.fromCoroutine(run(reactor)))
    if found:
        print(table(found))
        if not options.quick:
            report.write(DOCUMENT, table(found), "depth")


if __name__ == "__main__":
    main()
