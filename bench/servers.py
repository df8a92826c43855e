"""Start the two servers on a core of their own and read what they cost."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.loop import BenchError

ROOT = Path(__file__).resolve().parent.parent
NODE_DIR = ROOT / "var" / "node-bench"
PACKAGE = "sockjs@0.3.24"
SERVER_CORE, CLIENT_CORE = 0, 1
_TWISTD = "from twisted.scripts.twistd import run; run()"
_PORT = re.compile(r"(?:port |http://[^\s/]*:)(\d+)")


class Server:
    """A server process pinned to one core.

    Attributes:
        name: "ours" or "node".
        port: where it listens on 127.0.0.1.
    """

    def __init__(
        self, name: str, command: list[str], env: dict[str, str] | None = None, cwd: Path = ROOT
    ) -> None:
        self.name = name
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed in stop
        self._process = subprocess.Popen(
            command,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            preexec_fn=lambda: os.sched_setaffinity(0, {SERVER_CORE}),
        )
        self.port = self._await_port()

    def _await_port(self) -> int:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self._process.poll() is None:
            match = _PORT.search(self.log())
            if match:
                return int(match[1])
            time.sleep(0.05)
        log = self.log()
        self.stop()
        raise BenchError(f"{self.name} did not start:\n{log[-3000:]}")

    def log(self) -> str:
        """Return what the server printed."""
        return os.pread(self._log.fileno(), 1_000_000, 0).decode(errors="replace")

    def cpu_s(self) -> float:
        """Return the CPU seconds (user and system) of all the server's threads: its process clock, in nanoseconds."""
        return time.clock_gettime(((~self._process.pid) << 3) | 2)  # clock_getcpuclockid(3) on Linux

    def rss_kb(self) -> int:
        """Return the resident size."""
        pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") // 1024

    def signal(self, number: int) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    def stop(self) -> None:
        """End the process."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._log.close()


def node_present() -> bool:
    """Say whether the comparison can run."""
    return bool(shutil.which("node") and shutil.which("npm"))


def install_node_side() -> None:
    """Put the npm package where only the bench sees it."""
    if (NODE_DIR / "node_modules" / "sockjs" / "package.json").exists():
        return
    NODE_DIR.mkdir(parents=True, exist_ok=True)
    command = ["npm", "install", "--prefix", str(NODE_DIR), "--no-audit", "--no-fund", "--no-save", PACKAGE]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def start_node() -> Server:
    """Start the package's server."""
    script = str(ROOT / "bench" / "node_sockjs.js")
    return Server("node", ["node", script], {"NODE_PATH": str(NODE_DIR / "node_modules")})


class OurServer(Server):
    """Our chat under twistd, with a state directory of its own; in memory unless a ``backend`` is given."""

    CONFIGURATION = ROOT / "bench" / "chat_tac.py"

    def __init__(self, profile: Path | None = None, backend: str = "memory:") -> None:
        self._state = tempfile.TemporaryDirectory(prefix="twistedchat-bench-")
        runner = ["-m", "bench.profiled", str(profile)] if profile else ["-c", _TWISTD]
        service = ["-n", "--pidfile=", "-y", str(self.CONFIGURATION)]
        super().__init__(
            "ours",
            [sys.executable, *runner, *service],
            {"TWISTEDCHAT_BENCH_STATE": self._state.name, "TWISTEDCHAT_BENCH_BACKEND": backend},
        )

    def stop(self) -> None:
        """End the process and drop its state."""
        super().stop()
        self._state.cleanup()
