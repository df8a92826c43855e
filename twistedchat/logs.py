"""The log as JSON: one object a line, where twistd would write its text."""

import json
import signal
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from types import FrameType
from typing import Any

from twisted.logger import FileLogObserver, LogEvent, formatEvent
from twisted.python.logfile import LogFile


def json_line(event: LogEvent) -> str:
    """Return an event as one line of JSON.

    Keys: ``time`` (ISO 8601, UTC), ``level``, ``from`` (who logs), ``text``, and ``traceback`` for a failure. Nothing else
    that an event carries is written: what is not in its text was not meant to be read.
    """
    failure = event.get("log_failure")
    level = event.get("log_level")
    told = {
        "time": datetime.fromtimestamp(event["log_time"], UTC).isoformat(timespec="milliseconds"),
        "level": level.name if level is not None else "info",
        "from": str(event.get("log_namespace", "")),
        "text": formatEvent(event),
    }
    if failure is not None:
        told["traceback"] = failure.getTraceback()
    return json.dumps(told, ensure_ascii=True) + "\n"


def json_observer(twistd: Mapping[str, Any]) -> FileLogObserver:
    """Return an observer that writes JSON to where these options of twistd lead its log.

    That is standard output with ``--nodaemon``, else ``--logfile``, else ``twistd.log``; SIGUSR1 rotates a file.
    """
    name = twistd.get("logfile") or ("-" if twistd.get("nodaemon") else "twistd.log")
    if name == "-":
        return FileLogObserver(sys.stdout, json_line)
    file = LogFile.fromFullPath(name)
    if not signal.getsignal(signal.SIGUSR1):
        signal.signal(signal.SIGUSR1, lambda number, frame: _rotate(file, frame))
    return FileLogObserver(file, json_line)


def _rotate(file: LogFile, frame: FrameType | None) -> None:
    from twisted.internet import reactor

    reactor.callFromThread(file.rotate)  # type: ignore[attr-defined]  # the reactor is a module to mypy
