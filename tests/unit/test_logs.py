"""The log as JSON."""

import io
import json
import signal
import sys
from pathlib import Path

import pytest
from twisted.application.service import Application
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import ILogObserver, Logger, LogLevel
from twisted.python.failure import Failure

from twistedchat.logs import json_line, json_observer
from twistedchat.process import Root


def test_an_event_is_one_line_with_what_was_meant_to_be_read() -> None:
    event = {
        "log_time": 0.25,
        "log_level": LogLevel.warn,
        "log_namespace": "a.b",
        "log_format": "{count} of\n{what}",
        "count": 5,
        "what": "those",
        "hidden": "hushhush",
    }
    line = json_line(event)
    assert line.endswith("}\n")
    assert line.count("\n") == 1
    assert json.loads(line) == {
        "time": "1970-01-01T00:00:00.250+00:00",
        "level": "warn",
        "from": "a.b",
        "text": "5 of\nthose",
    }


def test_a_failure_has_its_traceback() -> None:
    try:
        raise ValueError("broken")
    except ValueError:
        failure = Failure()
    told = json.loads(json_line({"log_time": 0.0, "log_failure": failure, "log_format": "it failed"}))
    assert told["text"] == "it failed"
    assert "ValueError: broken" in told["traceback"]


def test_what_cannot_be_formatted_is_still_a_line() -> None:
    assert json.loads(json_line({"log_time": 0.0, "log_format": "{nosuch}"}))["text"]
    assert json.loads(json_line({"log_time": 0.0}))["text"] == ""


@pytest.mark.parametrize("twistd", [{"nodaemon": True}, {"logfile": "-", "nodaemon": True}])
def test_in_the_foreground_it_goes_to_standard_output(
    twistd: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    Logger(observer=json_observer(twistd)).info("hello")
    assert json.loads(out.getvalue())["text"] == "hello"


def test_else_it_goes_to_twistds_file_and_usr1_rotates_it(tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    before = signal.getsignal(signal.SIGUSR1)
    signal.signal(signal.SIGUSR1, signal.SIG_DFL)
    observer = json_observer({"logfile": str(path)})
    try:
        Logger(observer=observer).info("hello")
        assert signal.getsignal(signal.SIGUSR1) not in (signal.SIG_DFL, None)
    finally:
        signal.signal(signal.SIGUSR1, before)
        observer._outFile.close()
    assert json.loads(path.read_text())["text"] == "hello"


def test_twistd_finds_the_observer_on_the_application() -> None:
    observer = json_observer({"nodaemon": True})
    application = Application("chat")
    Root(MemoryReactorClock(), 1.0, observer).setServiceParent(application)
    assert application.getComponent(ILogObserver) is observer
    without = Application("chat")
    Root(MemoryReactorClock(), 1.0).setServiceParent(without)
    assert without.getComponent(ILogObserver, None) is None
