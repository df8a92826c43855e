"""The command: ``python -m bench [--quick] [--profile TRANSPORT] …`` from the project's root."""

import argparse
import itertools
import os
import pstats
import resource
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench import report
from bench.loop import BenchError
from bench.measure import Figures, Plan, measure
from bench.pipes import PIPES
from bench.servers import CLIENT_CORE, ROOT, OurServer, Server, install_node_side, node_present, start_node

DOCUMENT = ROOT / "docs" / "performance.md"
QUICK = Plan(warm=5_000, closed=20_000, burst=20_000, settle_s=1.0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Fan-out and idle memory beside the npm package sockjs."
    )
    parser.add_argument(
        "-n", "--subscribers", type=int, nargs="+", default=[1000, 5000], help="default: 1000 5000"
    )
    parser.add_argument(
        "-t", "--transports", nargs="+", choices=PIPES, default=list(PIPES), help="default: all"
    )
    parser.add_argument("-r", "--rounds", type=int, default=3, help="default: 3; figures are medians")
    parser.add_argument("--only", choices=("ours", "node"), help="measure one server, write nothing")
    parser.add_argument("--quick", action="store_true", help="200 subscribers, 1 round, write nothing")
    parser.add_argument(
        "--profile", choices=PIPES, metavar="TRANSPORT", help="profile ours on one transport, write nothing"
    )
    return parser.parse_args()


def _raise_limits() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if (os.cpu_count() or 1) > CLIENT_CORE:
        os.sched_setaffinity(0, {CLIENT_CORE})


def _servers(only: str | None) -> list[Callable[[], Server]]:
    starts: list[Callable[[], Server]] = []
    if only != "node":
        starts.append(OurServer)
    if only != "ours" and node_present():
        install_node_side()
        starts.append(start_node)
    elif only != "ours":
        print("node or npm is not here: only our side is measured", file=sys.stderr)
    return starts


def _run(
    options: argparse.Namespace, plan: Plan
) -> tuple[dict[tuple[str, str, int], list[Figures]], list[str]]:
    """Measure everything, the servers taking turns; return the figures, and a line for each measurement that failed."""
    names = {OurServer: "ours", start_node: "node"}
    starts = _servers(options.only)
    results: dict[tuple[str, str, int], list[Figures]] = {}
    failures: list[str] = []
    everything = itertools.product(
        range(1, options.rounds + 1), options.transports, options.subscribers, starts
    )
    for number, transport, n, start in everything:
        figures = results.setdefault((names[start], transport, n), [])
        what = f"round {number} {transport:14} N={n:<5} {names[start]}"
        try:
            figures.append(measure(start, transport, n, plan))
        except BenchError as error:
            print(f"{what}: FAILED: {error}", file=sys.stderr, flush=True)
            failures.append(f"{what}: {str(error).splitlines()[0]}")
        else:
            print(f"{what}: {figures[-1]}", file=sys.stderr, flush=True)
    return results, failures


def _profile(transport: str, subscribers: int, plan: Plan) -> None:
    """Print where our server spends its time in the closed loop."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "profile"
        measure(lambda: OurServer(path), transport, subscribers, plan, profiled=True)
        pstats.Stats(str(path)).sort_stats("tottime").print_stats(30)


def main() -> int:
    """Measure as the options say; the figures go to docs/performance.md."""
    options = _options()
    plan = QUICK if options.quick else Plan()
    if options.quick:
        options.subscribers, options.rounds = [200], 1
    _raise_limits()
    try:
        if options.profile:
            _profile(options.profile, options.subscribers[0], plan)
            return 0
        results, failures = _run(options, plan)
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    text = report.section(results, failures)
    print(text)
    if not options.quick and not options.only:
        report.write(DOCUMENT, text)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
