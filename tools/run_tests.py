"""Run every part of the tests that can run here, and end with a table of what ran, what did not, and why.

Usage: run_tests.py [PART …]    (default: all parts but soak)

A part that lacks something (node, a browser) or has a skipped test "did not run". That is a failure only with
TWISTEDCHAT_REQUIRE_ALL=1. A part that takes longer than its budget fails.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
VAR = ROOT / "var" / "test"
COVERED = VAR / "coverage.unit"
NODE = ROOT / "var" / "node"
BIN = Path(sys.executable).parent
REQUIRE_ALL = os.environ.get("TWISTEDCHAT_REQUIRE_ALL") == "1"

NO_NODE_TOOLS = "npm could not install what tools/package.json lists"

# A part that hangs is ended after this many times its budget.
PATIENCE = 2
LONG = ("tests/scenario", "tests/unit/test_chat_visits.py")  # what has a long form
BUSY = 1.5  # over budget is always told; by more than a busy machine explains, it is a failure


@dataclass(slots=True)
class Outcome:
    """What became of a part.

    Attributes:
        passed, failed: counts of tests; a check that is not made of tests counts as one.
        missing: why it, or which of its tests, did not run.
        notes: what else the table should say.
    """

    passed: int = 0
    failed: int = 0
    missing: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the tests: its name, how to run it, and the programs without which it cannot."""

    name: str
    run: Callable[["Part"], Outcome]
    needs: tuple[str, ...] = ()
    budget: str = ""


# Seconds; parts that name the same budget share it. "wire" has what starts real processes: 40 times a server that was killed
# (0.7 s each until it listens, of importing), as often Redis, and a hundred servers of the command line's tests. "browser"
# has two real browsers.
BUDGETS = {"checks": 120, "unit": 120, "wire": 360, "browser": 600, "soak": 3600}


def execute(command: Sequence[str], limit_s: float | None = None, **environment: str) -> int:
    """Run a command in the project's root, its output on ours; return its exit code, 124 if it was ended for time."""
    sys.stdout.flush()
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment}, start_new_session=True)
    try:
        return process.wait(limit_s)
    except subprocess.TimeoutExpired:
        print(f"ended after {limit_s:.0f} s: {' '.join(command)}", flush=True)
        return 124
    finally:
        end_group(process.pid)


def end_group(pid: int) -> None:
    """End what a part has started and left running: its process group."""
    try:
        os.killpg(pid, 9)
    except ProcessLookupError:
        return


def commands(*lines: Sequence[str]) -> Callable[[Part], Outcome]:
    """Return a part's runner: every command must exit with 0."""

    def run(part: Part) -> Outcome:
        outcome = Outcome()
        for line in lines:
            good = execute([str(BIN / line[0]), *line[1:]], BUDGETS["checks"] * PATIENCE) == 0
            outcome.passed += good
            outcome.failed += not good
        return outcome

    return run


def soak(part: Part) -> Outcome:
    """Run what has a long form, in it; without measuring coverage, which takes as long again."""
    report = VAR / "soak.xml"
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", "--timeout=0", *LONG]
    return read_report(report, execute(command, BUDGETS["soak"] * PATIENCE, TWISTEDCHAT_SOAK="1"))


def pytest(folder: str, *extra: str) -> Callable[[Part], Outcome]:
    """Return a part's runner: the tests in a folder; the unit tests are measured, for they have to reach all of the core."""

    def run(part: Part) -> Outcome:
        report = VAR / f"{part.name}.xml"
        report.unlink(missing_ok=True)
        measured = ["-m", "coverage", "run", f"--data-file={COVERED}"] if part.name == "unit" else []
        tests = ["-m", "pytest", "-q", f"--junitxml={report}", *extra, folder]
        code = execute([sys.executable, *measured, *tests], BUDGETS[part.budget] * PATIENCE)
        return read_report(report, code)

    return run


def read_report(report: Path, code: int) -> Outcome:
    """Count what pytest's XML says; a pytest that ended badly without a failed test is a failure too."""
    outcome = Outcome()
    if code == 5:
        outcome.missing.append("there are no tests yet")
        return outcome
    cases = ElementTree.parse(report).iter("testcase") if report.exists() else ()
    for case in cases:
        skipped = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            outcome.failed += 1
        elif skipped is not None:
            outcome.missing.append(f"{case.get('classname')}.{case.get('name')}: {skipped.get('message')}")
        else:
            outcome.passed += 1
    if code and not outcome.failed:
        outcome.failed = 1
        outcome.notes.append(f"pytest ended with exit code {code}")
    return outcome


def es3(part: Part) -> Outcome:
    """Parse every script of ours as ECMAScript 3."""
    if not install_node_tools():
        return Outcome(missing=[NO_NODE_TOOLS])
    scripts = [path for path in (ROOT / "static").rglob("*.js") if "vendor" not in path.parts]
    if not scripts:
        return Outcome(missing=["there are no scripts yet"])
    command = ["node", str(ROOT / "tools" / "check_es3.js"), str(NODE / "node_modules")]
    good = execute([*command, *sorted(str(path.relative_to(ROOT)) for path in scripts)]) == 0
    return Outcome(passed=int(good), failed=int(not good))


def dts(part: Part) -> Outcome:
    """Compile the declarations of the browser's half, strictly and alone."""
    if not install_node_tools():
        return Outcome(missing=[NO_NODE_TOOLS])
    compiler = NODE / "node_modules" / "typescript" / "bin" / "tsc"
    options = ["--noEmit", "--strict", "--lib", "es2015,dom", "--typeRoots", str(VAR)]
    good = execute(["node", str(compiler), *options, "static/twistedchat.d.ts"]) == 0
    return Outcome(passed=int(good), failed=int(not good))


def install_node_tools() -> bool:
    """Install what tools/package.json lists into var/node, unless it is there; say whether it is there now."""
    wanted, stamp = ROOT / "tools" / "package.json", NODE / "installed.json"
    if stamp.exists() and stamp.read_bytes() == wanted.read_bytes():
        return True
    NODE.mkdir(parents=True, exist_ok=True)
    shutil.copy(wanted, NODE / "package.json")
    if execute(["npm", "install", "--silent", "--no-package-lock", "--prefix", str(NODE)]):
        return False
    shutil.copy(wanted, stamp)
    return True


def coverage(part: Part) -> Outcome:
    """Show what of the core the unit tests did not reach; they must reach every branch."""
    if not COVERED.exists():
        return Outcome(missing=["the unit part did not run"])
    report = ["report", f"--data-file={COVERED}", "--skip-covered", "--show-missing", "--precision=2"]
    core = [sys.executable, "-m", "coverage", *report, "--fail-under=100"]
    good = execute(core) == 0
    return Outcome(
        int(good), int(not good), notes=[] if good else ["the core has branches that no test takes"]
    )


PARTS = (
    Part("lint", commands(["ruff", "format", "--check", "."], ["ruff", "check", "."]), budget="checks"),
    Part("types", commands(["mypy"]), budget="checks"),
    Part("imports", commands(["lint-imports", "--no-logo"]), budget="checks"),
    Part("es3", es3, needs=("node", "npm"), budget="checks"),
    Part("dts", dts, needs=("node", "npm"), budget="checks"),
    Part("unit", pytest("tests/unit"), budget="unit"),
    Part("contract", pytest("tests/contract"), budget="wire"),
    Part("scenario", pytest("tests/scenario"), budget="wire"),
    Part("browser", pytest("tests/browser"), needs=("chromium", "firefox-esr"), budget="browser"),
    Part("coverage", coverage, budget="checks"),
    Part("soak", soak, budget="soak"),
)


def main(names: Sequence[str]) -> int:
    """Run the parts named, or all but soak; return 0 when all is well."""
    unknown = set(names) - {part.name for part in PARTS}
    if unknown:
        print(
            f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(part.name for part in PARTS)}"
        )
        return 2
    VAR.mkdir(parents=True, exist_ok=True)
    COVERED.unlink(missing_ok=True)
    chosen = [part for part in PARTS if part.name in names or (not names and part.name != "soak")]
    spent = dict.fromkeys(BUDGETS, 0.0)
    outcomes = [run_part(part, spent) for part in chosen]
    return tell(chosen, outcomes)


def run_part(part: Part, spent: dict[str, float]) -> Outcome:
    """Run a part, unless something is missing for it, and charge its time to its budget."""
    print(f"\n=== {part.name}", flush=True)
    absent = [program for program in part.needs if shutil.which(program) is None]
    if absent:
        return Outcome(
            missing=[f"no {' and no '.join(absent)} here; `make test-deps` installs what the tests use"]
        )
    start = time.monotonic()
    outcome = part.run(part)
    outcome.seconds = time.monotonic() - start
    spent[part.budget] += outcome.seconds
    used, budget = spent[part.budget], BUDGETS[part.budget]
    if used > budget:
        outcome.failed += used > budget * BUSY
        outcome.notes.append(f"over budget: {used:.0f} s of {budget} s ({part.budget})")
    return outcome


def tell(parts: Sequence[Part], outcomes: Sequence[Outcome]) -> int:
    """Print the table and the last line; return the exit code."""
    print(f"\n{'part':10} {'':12} {'passed':>7} {'failed':>7} {'seconds':>8}")
    for part, outcome in zip(parts, outcomes, strict=True):
        ran = "ran" if outcome.passed + outcome.failed else "did not run"
        print(f"{part.name:10} {ran:12} {outcome.passed:7} {outcome.failed:7} {outcome.seconds:8.1f}")
        for line in outcome.notes:
            print(f"           {line}")
        for reason in outcome.missing:
            print(f"           did not run: {reason}")
    passed, failed = sum(each.passed for each in outcomes), sum(each.failed for each in outcomes)
    skipped = sum(len(each.missing) for each in outcomes)
    if skipped and REQUIRE_ALL:
        print("\nTWISTEDCHAT_REQUIRE_ALL=1: what did not run is a failure")
    print(f"\n{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or (skipped and REQUIRE_ALL) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
