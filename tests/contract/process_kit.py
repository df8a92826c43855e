"""Start ``twistd chat`` as a process of its own, wait for its address, fetch from it, stop it."""

import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

BIN = Path(sys.executable).parent
LOCAL = "--http=tcp:0:interface=127.0.0.1"
ANNOUNCED = re.compile(r"twistedchat is at ([^\s\"]+)")  # in a line of JSON too

# A busy machine may take this long to import everything.
PATIENCE_S = 40.0


def fetch(url: str) -> tuple[int, str, bytes]:
    """Return status, content type and body of a page, asked directly, not by a proxy."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=PATIENCE_S) as answer:
        return answer.status, answer.headers.get_content_type(), answer.read()


def run(*command: str | Path, cwd: Path, told: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command that ends by itself; ``told`` is its standard input."""
    return subprocess.run(
        command,
        cwd=cwd,
        env=clean_environment(),
        capture_output=True,
        input="" if told is None else told,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def clean_environment() -> dict[str, str]:
    """Return the environment without what would lead Python to this checkout, and without settings of a chat."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "COVERAGE", "COV_", "TWISTEDCHAT_"))
    }


class Process:
    """A server in the foreground.

    Attributes:
        lines: what it has printed so far, standard error too.
        url_found: the address, once ``url`` has found it.
    """

    def __init__(self, command: Sequence[str | Path], cwd: Path) -> None:
        self.lines: list[str] = []
        self.url_found = ""
        self._fresh: queue.Queue[str | None] = queue.Queue()
        self._process = subprocess.Popen(
            [str(part) for part in command],
            cwd=cwd,
            env=clean_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as output:
            for line in output:
                self._fresh.put(line)
        self._fresh.put(None)

    def url(self) -> str:
        """Wait for the address that it announces."""
        while True:
            line = self._fresh.get(timeout=PATIENCE_S)
            if line is None:
                raise AssertionError("it ended without announcing an address:\n" + "".join(self.lines))
            self.lines.append(line)
            found = ANNOUNCED.search(line)
            if found:
                self.url_found = found.group(1)
                return self.url_found

    def ready(self) -> str:
        """Wait until it knows what its store has; return its address."""
        url = self.url()
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            try:
                fetch(f"{url.rstrip('/')}/readyz")
            except urllib.error.HTTPError as error:  # 503: not yet
                error.close()
            else:
                return url
        raise AssertionError("it does not become ready")

    def end(self, number: int = signal.SIGTERM) -> tuple[int, float]:
        """Send a signal; return the exit code and the seconds it took."""
        start = time.monotonic()
        if self._process.poll() is None:
            self._process.send_signal(number)
        try:
            code = self._process.wait(PATIENCE_S)
        finally:
            self._process.kill()
            self._reader.join()
        seconds = time.monotonic() - start
        while (line := self._fresh.get()) is not None:
            self.lines.append(line)
        return code, seconds

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, *caught: object) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()


def twistd(*arguments: str, cwd: Path, tool: Path = BIN / "twistd") -> Process:
    """Start ``twistd -n chat`` on a free port."""
    return Process([tool, "-n", "chat", LOCAL, *arguments], cwd)
