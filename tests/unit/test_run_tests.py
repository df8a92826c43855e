"""The runner of the tests: what did not run is told with its reason, and can be a failure."""

import importlib.util
import sys
from pathlib import Path

import pytest

PATH = Path(__file__).resolve().parents[2] / "tools" / "run_tests.py"
REPORT = """<testsuites><testsuite>
<testcase classname="a" name="good"/>
<testcase classname="a" name="bad"><failure message="no"/></testcase>
<testcase classname="a" name="broken"><error message="no"/></testcase>
<testcase classname="a" name="left"><skipped message="needs a browser"/></testcase>
</testsuite></testsuites>"""


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch):
    spec = importlib.util.spec_from_file_location("run_tests", PATH)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "run_tests", module)
    spec.loader.exec_module(module)
    return module


def last_line(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out.splitlines()[-1]


def test_a_report_is_counted_and_the_skipped_are_named(runner, tmp_path: Path) -> None:
    (tmp_path / "r.xml").write_text(REPORT)
    outcome = runner.read_report(tmp_path / "r.xml", 1)
    assert (outcome.passed, outcome.failed, outcome.missing) == (1, 2, ["a.left: needs a browser"])


def test_a_pytest_that_dies_is_a_failure(runner, tmp_path: Path) -> None:
    assert runner.read_report(tmp_path / "none.xml", 3).failed == 1


def test_a_folder_without_tests_did_not_run(runner, tmp_path: Path) -> None:
    outcome = runner.read_report(tmp_path / "none.xml", 5)
    assert (outcome.passed, outcome.failed, len(outcome.missing)) == (0, 0, 1)


def test_a_part_whose_program_is_missing_did_not_run(runner) -> None:
    part = runner.Part("x", lambda part: runner.Outcome(passed=1), needs=("no-such-program",), budget="unit")
    outcome = runner.run_part(part, {"unit": 0.0})
    assert outcome.passed == 0
    assert "no no-such-program here" in outcome.missing[0]


def test_a_part_over_its_shared_budget_is_told_of_and_far_over_it_fails(runner) -> None:
    part = runner.Part("x", lambda part: runner.Outcome(passed=1), budget="wire")
    assert runner.run_part(part, {"wire": 0.0}).failed == 0
    told = runner.run_part(part, {"wire": float(runner.BUDGETS["wire"])})
    assert told.failed == 0 and "over budget" in told.notes[0]
    failed = runner.run_part(part, {"wire": runner.BUDGETS["wire"] * runner.BUSY})
    assert failed.failed == 1 and "over budget" in failed.notes[0]


@pytest.mark.parametrize(("require_all", "code"), [(False, 0), (True, 1)])
def test_what_did_not_run_is_a_failure_only_where_all_is_required(
    runner, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], require_all: bool, code: int
) -> None:
    monkeypatch.setattr(runner, "REQUIRE_ALL", require_all)
    outcomes = [runner.Outcome(passed=3, missing=["a.left: needs a browser"])]
    assert runner.tell(runner.PARTS[:1], outcomes) == code
    assert last_line(capsys) == "3 passed, 0 failed, 1 skipped"


def test_a_failure_is_a_failure(runner, capsys: pytest.CaptureFixture[str]) -> None:
    assert runner.tell(runner.PARTS[:1], [runner.Outcome(passed=2, failed=1)]) == 1
    assert last_line(capsys) == "2 passed, 1 failed, 0 skipped"


def test_every_test_with_a_long_form_is_where_soak_looks(runner) -> None:
    asks = 'environ.get("TWISTEDCHAT_SOAK")'
    tests = runner.ROOT / "tests"
    found = [path for path in tests.rglob("*.py") if asks in path.read_text("utf-8")]
    long = [path for path in found if path != Path(__file__)]
    assert len(long) >= 5
    places = [runner.ROOT / place for place in runner.LONG]
    assert [path for path in long if not any(path.is_relative_to(place) for place in places)] == []
