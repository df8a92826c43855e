"""Calls that wait for an answer from the page."""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime

CALL_TIMEOUT_S = 60.0  # a page that thinks longer than that is asked again by whoever cares
MAX_PENDING = 1000


class RemoteError(Exception):
    """The page refused a call, or its method raised.

    Attributes:
        error: class of the error in the page's words.
        text: what it says.
    """

    def __init__(self, error: str, text: str) -> None:
        super().__init__(f"{error}: {text}")
        self.error = error
        self.text = text


class OutcomeUnknown(Exception):
    """No answer came, and none will: the call may have run or not."""


class _Pending:
    __slots__ = ("answer", "timeout")

    def __init__(self, answer: Deferred[Any], timeout: IDelayedCall) -> None:
        self.answer = answer
        self.timeout = timeout


class PendingCalls:
    """The calls of one live client that were sent and not answered; at most MAX_PENDING.

    Args:
        clock: for time-outs.
        cancelled: called with the cid of a call whose Deferred was cancelled.
    """

    __slots__ = ("_cancelled", "_clock", "_counter", "_pending")

    def __init__(self, clock: IReactorTime, cancelled: Callable[[str], None]) -> None:
        self._clock = clock
        self._cancelled = cancelled
        self._pending: dict[str, _Pending] = {}
        self._counter = 0

    def start(self, timeout_s: float | None) -> tuple[str, Deferred[Any]]:
        """Return the cid of a new call and the Deferred of its answer.

        Raises:
            RemoteError: "Overflow", beyond the bound; nothing is sent.
        """
        if len(self._pending) >= MAX_PENDING:
            raise RemoteError("Overflow", "too many calls wait for this page")
        self._counter += 1
        cid = f"s{self._counter}"
        answer: Deferred[Any] = Deferred(lambda _: self._cancel(cid))
        timeout = self._clock.callLater(CALL_TIMEOUT_S if timeout_s is None else timeout_s, self._late, cid)
        self._pending[cid] = _Pending(answer, timeout)
        return cid, answer

    def answered(self, cid: str, ok: bool, value: Any) -> None:
        """The page answered; unknown cids (timed out, cancelled) are ignored."""
        pending = self._take(cid)
        if pending is None:
            return
        if ok:
            pending.answer.callback(value)
            return
        told = value if isinstance(value, dict) else {}
        _fail(
            pending.answer,
            RemoteError(str(told.get("error", "Error"))[:100], str(told.get("text", ""))[:1000]),
        )

    def fail_all(self, reason: str) -> None:
        """The page is gone: every call ends unknown."""
        while self._pending:
            self._unknown(next(iter(self._pending)), reason)

    def _late(self, cid: str) -> None:
        self._unknown(cid, "no answer in time")

    def _unknown(self, cid: str, reason: str) -> None:
        pending = self._take(cid)
        if pending is not None:
            _fail(pending.answer, OutcomeUnknown(reason))

    def _cancel(self, cid: str) -> None:
        if self._take(cid) is not None:
            self._cancelled(cid)

    def _take(self, cid: str) -> _Pending | None:
        pending = self._pending.pop(cid, None)
        if pending is not None and pending.timeout.active():
            pending.timeout.cancel()
        return pending


def _fail(answer: Deferred[Any], error: Exception) -> None:
    """End a call with ``error``. A caller that never looks does not care: that is no "Unhandled error in Deferred".

    An errback of ours would take the failure away from a caller that looks later, so what goes is only the note by which
    Twisted reports it.
    """
    answer.errback(error)
    if answer._debugInfo is not None:
        answer._debugInfo.failResult = None
