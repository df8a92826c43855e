"""``twistd -n chat`` as a process of its own, and a small site of another origin."""

import functools
import re
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from browserkit.process import Process

ROOT = Path(__file__).resolve().parents[3]
PAGES = Path(__file__).resolve().parent / "pages"
LOCAL = "interface=127.0.0.1"
START_S = 30.0
STOP_S = 5.0  # what the issue allows from SIGTERM to the end


class ChatServer:
    """One chat server on a free port of 127.0.0.1.

    Args:
        folder: for its state; it must exist.
        options: more options of ``twistd chat``.

    Attributes:
        url: where its pages are, with a slash at the end; the same after a restart.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        self.url = ""
        self._folder = folder
        self._options = options
        self._port = "0"
        self._process: Process | None = None
        self._read_to = 0

    def start(self) -> "ChatServer":
        """Start it; again on the same port where it ran before. Returns once it has printed its URL."""
        twistd = [str(Path(sys.executable).parent / "twistd"), "-n", "--pidfile=", "chat"]
        twistd += [f"--limit=address_{what}_burst=100000" for what in ("says", "rooms", "accounts")]
        listen = ["--http", f"tcp:{self._port}:{LOCAL}", "--state", str(self._folder / "state")]
        self._process = Process([*twistd, *listen, *self._options], ROOT, {"PYTHONUNBUFFERED": "1"})
        self._read_to = 0
        self.url = self._process.wait_for(r"twistedchat is at (\S+)", START_S)[1]
        self._port = self.url.rsplit(":", 1)[1].strip("/")
        return self

    def stop(self) -> None:
        """End it with SIGTERM; it must exit with 0, in time and without a traceback. Nothing when it does not run."""
        process, self._process = self._process, None
        if process is not None:
            code = process.stop(STOP_S)
            assert code == 0, f"exit code {code} within {STOP_S} s of SIGTERM:\n{process.tail()}"
            assert not any("Traceback" in line for line in process.lines), "".join(process.lines)

    def has_printed(self, pattern: str) -> None:
        """Wait until there is a line with ``pattern`` in its log."""
        assert self._process is not None
        self._process.wait_for(pattern, START_S)

    def new_tracebacks(self) -> str:
        """Return what the log has gained since the last time, if there is a traceback in it; else ""."""
        assert self._process is not None
        gained = self._process.lines[self._read_to :]
        self._read_to += len(gained)
        return "".join(gained) if any("Traceback" in line for line in gained) else ""


class ForeignSite:
    """Another origin: our scripts and the pages of this folder, by a server that knows nothing of the chat."""

    def __init__(self) -> None:
        handler = functools.partial(_Handler, directory=str(ROOT / "static"))
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def origin(self) -> str:
        """As ``--allow-origin`` wants it."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def chat_scripts() -> str:
    """Return the script tags of our own page but for those of its looks, for a page beside ``static``."""
    names = re.findall(r'<script src="static/([^"]+)">', (ROOT / "static" / "index.html").read_text("utf-8"))
    return "\n".join(f'<script src="/{name}"></script>' for name in names if not name.startswith("page"))


class _Handler(SimpleHTTPRequestHandler):
    def translate_path(self, path: str) -> str:
        name = path.partition("?")[0]
        return str(PAGES / name[7:]) if name.startswith("/pages/") else super().translate_path(path)

    def do_GET(self) -> None:
        """Serve a file; the bare page with the scripts that ours has today."""
        if self.path.partition("?")[0] != "/pages/bare.html":
            super().do_GET()
            return
        body = (PAGES / "bare.html").read_text("utf-8").replace("<!-- scripts -->", chat_scripts()).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""
