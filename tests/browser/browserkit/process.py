"""A process whose output is read line by line, so that a test can wait for what it prints."""

import os
import re
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path


class Process:
    """One process, its standard output and error in one list of lines.

    Args:
        command: program and arguments.
        folder: where it runs.
        environment: what it has besides ours.
    """

    def __init__(self, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        self.lines: list[str] = []
        self._news = threading.Condition()
        self._ended = False
        self._popen = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_for(self, pattern: str, limit_s: float) -> re.Match[str]:
        """Wait until a line has ``pattern`` in it; return the match.

        Raises:
            AssertionError: it ended first, or the time did.
        """
        found: list[re.Match[str]] = []

        def look() -> bool:
            found[:] = [match for line in self.lines if (match := re.search(pattern, line))]
            return bool(found) or self._ended

        with self._news:
            self._news.wait_for(look, limit_s)
        assert found, f"{pattern!r} was not printed:\n{self.tail()}"
        return found[0]

    def signal(self, number: int) -> None:
        """Send it a signal."""
        self._popen.send_signal(number)

    def stop(self, limit_s: float) -> int | None:
        """Send SIGTERM; return the exit code, or None when it had to be killed after ``limit_s``."""
        self._popen.send_signal(signal.SIGTERM)
        try:
            code: int | None = self._popen.wait(limit_s)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
            code = None
        self._reader.join()
        if self._popen.stdout is not None:
            self._popen.stdout.close()
        return code

    def tail(self) -> str:
        """Return the last lines, for a failed test to show."""
        return "".join(self.lines[-30:])

    def _read(self) -> None:
        assert self._popen.stdout is not None
        for line in self._popen.stdout:
            with self._news:
                self.lines.append(line)
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()
