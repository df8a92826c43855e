"""From figures to a Markdown section: medians, spreads, ratios, targets."""

import os
import platform
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import twisted
from bench.measure import BURST, Figures
from bench.servers import PACKAGE

Results = Mapping[tuple[str, str, int], Sequence[Figures]]
"""(server, transport, subscribers) to the figures of each round."""

_TARGETS = {"push": 1.0, "polling": 2.5, "memory": 0.9}
_INTRO = f"""# Performance

`make bench` measures fan-out in one room and idle memory, side by side in one run with the npm package `sockjs`
on node. Compare the ratios; the absolute figures hold only within one run on one machine.

One server process is pinned to one core, the load generator to another. One sender on a WebSocket sends 128-byte
messages to N subscribers on one transport. Ours speaks the whole live protocol (hello, log-in, join, offsets,
acknowledgements, a statement of what it has every 25 s); the package sends the bare messages.

* *Closed*: the next message when every subscriber has the last.
* *Burst*: {BURST} messages at once, the next {BURST} when every subscriber has them.
* CPU is that of the server's process (user and system, all threads), for each delivery to a subscriber.
* Idle memory is the growth of the server's resident size for each connection that waits.

The servers take turns; each figure is the median of the rounds, the spread is (highest - lowest) / median. Each
subscriber must have had each message exactly once, or the measurement fails and says so. Run it on a quiet machine:
one that stalls for 5 s breaks the polls of both servers (SockJS's delay of disconnection, node's keep-alive).
`python -m bench --help` lists the options; `python -m bench --profile websocket` prints where the time goes.

"""


def _command(*command: str) -> str:
    if not shutil.which(command[0]):
        return "none"
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def machine() -> str:
    """Return what was measured on, and when."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown CPU"
    )
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC. {model}, {os.cpu_count()} cores, Linux {platform.release()}; "
        f"Python {platform.python_version()}, Twisted {twisted.__version__}; "
        f"node {_command('node', '--version')}, npm {PACKAGE}."
    )


def _spread(values: Sequence[float]) -> str:
    middle = median(values)
    return f"{(max(values) - min(values)) / middle * 100:.0f} %" if middle else "-"


def _verdict(ratio: float, target: float | None) -> str:
    if target is None:
        return ""
    if ratio <= target:
        return f"≤ {target} met"
    return f"≤ {target} **missed** by {(ratio / target - 1) * 100:.0f} %"


def _row(transport: str, n: int, ours: Sequence[float], node: Sequence[float], target: float | None) -> str:
    noise = " / ".join(_spread(values) for values in (ours, node) if values)
    shown = [f"{median(values):.2f}" if values else "-" for values in (ours, node)]
    ratio = median(ours) / median(node) if ours and node and median(node) else None
    verdict = "" if ratio is None else f"{ratio:.2f} | {_verdict(ratio, target)}"
    return f"| {transport} | {n} | {shown[0]} | {shown[1]} | {verdict or ' | '} | {noise} |"


def _table(
    title: str,
    results: Results,
    figure: Callable[[Figures], float],
    target: Callable[[str, int], float | None],
) -> list[str]:
    lines = [
        f"| {title} | N | ours | node | ratio | target | spread ours / node |",
        "|---|---|---|---|---|---|---|",
    ]
    for transport, n in dict.fromkeys((transport, n) for _, transport, n in results):
        ours, node = (
            [figure(each) for each in results.get((name, transport, n), ())] for name in ("ours", "node")
        )
        lines.append(_row(transport, n, ours, node, target(transport, n)))
    return [*lines, ""]


def fan_out_target(transport: str, n: int) -> float:
    """Return the highest ratio ours / node that is wanted of a delivery in a closed loop."""
    return _TARGETS["polling" if transport.endswith("polling") else "push"]


def section(results: Results, failures: Sequence[str]) -> str:
    """Return the generated section: machine, then one table a figure, then what failed."""
    rounds = max(map(len, results.values()))
    load = os.getloadavg()[2]
    lines = [
        f"{machine()} Rounds: {rounds}. Load average {load:.1f} over the last 15 minutes; the bench itself makes up to 2.",
        "",
        *_table("server CPU µs per delivery, closed", results, lambda each: each.closed_us, fan_out_target),
        *_table(
            f"server CPU µs per delivery, burst of {BURST}",
            results,
            lambda each: each.burst_us,
            lambda *_: None,
        ),
        *_table("KB per idle connection", results, lambda each: each.idle_kb, lambda *_: _TARGETS["memory"]),
        *(f"* failed: {failure}" for failure in failures),
    ]
    return "\n".join(lines)


def write(path: Path, text: str, name: str = "bench") -> None:
    """Replace the generated section ``name`` of the document; make the document if it is not there."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    whole = path.read_text() if path.exists() else f"{_INTRO}{begin}\n{end}\n"
    before, _, rest = whole.partition(begin)
    _, _, after = rest.partition(end)
    path.write_text(f"{before}{begin}\n{text}\n{end}{after}")
