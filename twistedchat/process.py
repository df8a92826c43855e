"""The process around the service: a start that is refused in one line, a stop that ends in time with exit code 0."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType, TracebackType
from typing import Any

from twisted.application.service import IService, MultiService, Service
from twisted.internet.defer import Deferred, TimeoutError, gatherResults, maybeDeferred
from twisted.internet.error import ReactorNotRunning
from twisted.logger import ILogObserver, Logger
from twisted.python.failure import Failure

from twistedchat.config import Refusal

log = Logger()


class Root(MultiService):
    """The top of the service tree, where it is a process of its own.

    A ``Refusal`` from a child on its way up is told in one line: twistd removes its pid file, reports to who started
    the daemon and exits with 1. SIGTERM and Ctrl-C end the process with 0 (twistd alone would die of the signal), and
    a child that does not stop in time does not hold the others: the process ends without it.

    Args:
        reactor: the reactor that twistd runs.
        stop_s: seconds that the children have to stop.
        observer: what the log goes to, or None for what twistd would choose.
    """

    def __init__(self, reactor: Any, stop_s: float, observer: ILogObserver | None = None) -> None:
        super().__init__()
        self._reactor = reactor
        self._stop_s = stop_s
        self._observer = observer

    def setServiceParent(self, parent: Any) -> None:
        """Join the application, and give it the observer, where twistd looks for one when it begins to log."""
        super().setServiceParent(parent)
        if self._observer is not None:
            parent.setComponent(ILogObserver, self._observer)

    def privilegedStartService(self) -> None:
        """Start what needs privileges, such as ports below 1024. ``twist`` does not call this."""
        with _refusals_in_one_line():
            super().privilegedStartService()

    def startService(self) -> None:
        """Start the children. Once the reactor has set its own handlers, and before a child announces itself, catch the
        signals that end us."""
        self._reactor.callWhenRunning(self._catch_signals)
        with _refusals_in_one_line():
            super().startService()

    def stopService(self) -> Deferred[None]:
        """Stop the children, or leave those that take too long; fires when all have ended one way or the other."""
        Service.stopService(self)
        return gatherResults([self._stop(child) for child in reversed(list(self))]).addCallback(
            lambda _: None
        )

    def _stop(self, child: IService) -> Deferred[Any]:
        stopping: Deferred[Any] = maybeDeferred(child.stopService)
        return stopping.addTimeout(self._stop_s, self._reactor).addErrback(self._not_stopped, child)

    def _not_stopped(self, failure: Failure, child: IService) -> None:
        if failure.check(TimeoutError):
            log.error(
                "{child} did not stop within {seconds} s; ending without it",
                child=child,
                seconds=self._stop_s,
            )
        else:
            log.failure("{child} failed while stopping", failure=failure, child=child)

    def _catch_signals(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._caught)

    def _caught(self, number: int, frame: FrameType | None) -> None:
        self._reactor.callFromThread(self._terminate, signal.Signals(number).name)

    def _terminate(self, name: str) -> None:
        log.info("{name}: stopping", name=name)
        with suppress(ReactorNotRunning):  # a second signal while stopping
            self._reactor.stop()


@contextmanager
def _refusals_in_one_line() -> Iterator[None]:
    """While a refusal passes through here, arrange that it ends the process with a line instead of a traceback."""
    try:
        yield
    except Refusal:
        sys.excepthook = _tell
        raise


def _tell(kind: type[BaseException], error: BaseException, where: TracebackType | None) -> None:
    if isinstance(error, Refusal):
        # twistd has made stderr a way into its log by now, which with -n is the terminal.
        print(f"twistedchat: {error}", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, where)
