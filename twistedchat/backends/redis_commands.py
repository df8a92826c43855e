"""Commands to Redis, each answered within a bounded time, and scripts on top of them."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import txredisapi
from twisted.internet.defer import Deferred, fail
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.python.failure import Failure

from twistedchat.backends.redis_link import Link, Patience
from twistedchat.backends.redis_scripts import Script
from twistedchat.core.errors import StoreUnavailable, StoreUnknown

# What Redis says when it refused before anything was done.
_NOT_DONE = frozenset(
    ("BUSY", "LOADING", "MASTERDOWN", "MISCONF", "NOAUTH", "NOPERM", "NOREPLICAS", "OOM", "READONLY")
)
_AWAY = "the chat's store cannot be reached"


class NotSent(Exception):
    """The command was not sent, and will not be."""


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """A command that waits to be sent, or for its answer."""

    command: tuple[Any, ...]
    answer: "Deferred[Any]"
    at: float


class Commands:
    """Sends commands over a link; without one they wait for a while.

    Args:
        clock: for timers; there is one for all commands.
        most: commands under way at once, sent or not; one more fails.
    """

    def __init__(self, clock: IReactorTime, patience: Patience, most: int) -> None:
        self._clock = clock
        self._patience = patience
        self._most = most
        self._link: Link | None = None
        self._waiting: deque[_Asked] = deque()
        self._sent: deque[_Asked] = deque()  # Redis answers in this order
        self._timer: IDelayedCall | None = None
        self._idle: Deferred[None] | None = None
        self._stopped = False

    def use(self, link: Link) -> None:
        """Send over ``link`` from now on. Once."""
        self._link = link

    def ask(self, *command: Any) -> "Deferred[Any]":
        """Send a command; fire with its answer.

        Errors: NotSent; txredisapi.ConnectionError where the answer did not come; txredisapi.ResponseError.
        """
        if self._stopped or len(self._waiting) + len(self._sent) >= self._most:
            return fail(NotSent("too much waits for it"))
        asked = _Asked(command, Deferred(), self._clock.seconds())
        if self._link is not None and self._link.protocol is not None and not self._waiting:
            self._send(asked)
        else:
            self._waiting.append(asked)
        self._watch()
        return asked.answer

    def changed(self) -> None:
        """The link came or went."""
        while self._waiting and self._link is not None and self._link.protocol is not None:
            self._send(self._waiting.popleft())

    def stop(self) -> "Deferred[None]":
        """Send nothing more; fire when all that was sent is answered, or its time is over."""
        self._stopped = True
        self._refuse_waiting(len(self._waiting))
        done: Deferred[None] = Deferred()
        if self._sent:
            self._idle = done
        else:
            self.end()
            done.callback(None)
        return done

    def end(self) -> None:
        """Cancel the timer."""
        if self._timer is not None and self._timer.active():
            self._timer.cancel()

    def _send(self, asked: _Asked) -> None:
        assert self._link is not None
        self._sent.append(asked)
        sent: Deferred[Any] = self._link.protocol.execute_command(*asked.command, apply_timeout=False)
        sent.addBoth(self._answered, asked)

    def _answered(self, answer: Any, asked: _Asked) -> None:
        self._sent.remove(asked)  # nearly always the first
        if not self._sent and self._idle is not None:
            idle, self._idle = self._idle, None
            self.end()
            idle.callback(None)
        asked.answer.callback(answer)

    # --- time

    def _watch(self) -> None:
        """Look when the first one's time is over. Answers do not touch the timer: there would be one more a command."""
        if self._timer is None or not self._timer.active():
            due = [asked[0].at + limit for asked, limit in self._limits() if asked]
            if due:
                self._timer = self._clock.callLater(max(0.0, min(due) - self._clock.seconds()), self._look)

    def _limits(self) -> tuple[tuple[deque[_Asked], float], ...]:
        return (self._waiting, self._patience.wait_s), (self._sent, self._patience.answer_s)

    def _look(self) -> None:
        now = self._clock.seconds()
        over = sum(1 for asked in self._waiting if asked.at + self._patience.wait_s <= now)
        self._refuse_waiting(over)
        if self._sent and self._sent[0].at + self._patience.answer_s <= now and self._link is not None:
            self._link.abort(
                f"no answer within {self._patience.answer_s:g} s"
            )  # all that was sent fails with it
            return
        self._watch()

    def _refuse_waiting(self, count: int) -> None:
        for asked in [self._waiting.popleft() for _ in range(count)]:
            asked.answer.errback(NotSent("there is no connection"))


class Runner:
    """Runs scripts, and tells failures in the words of ``core.errors``.

    Args:
        commands: sends them.
        told: called with one line for the operator where Redis refuses what writes, and with None when it does not any more.

    Attributes:
        refusal: what Redis said when it last refused what writes; None after it did it.
    """

    def __init__(self, commands: Commands, told: Callable[[str | None], None]) -> None:
        self.refusal: str | None = None
        self._commands = commands
        self._told = told

    def run(
        self, script: Script, keys: Sequence[bytes], args: Sequence[Any], writes: bool = True
    ) -> "Deferred[Any]":
        """Run ``script``; fire with what it returns. Redis gets its text where it does not know it.

        Errors: StoreUnavailable; StoreUnknown for one that ``writes`` and whose answer did not come.
        """
        answer = self._commands.ask("EVALSHA", script.sha, len(keys), *keys, *args)
        answer.addErrback(self._with_text, script, keys, args)
        return self._done(answer, writes)

    def ask(self, *command: Any, writes: bool = False) -> "Deferred[Any]":
        """Run a command. Errors: as ``run``."""
        return self._done(self._commands.ask(*command), writes)

    def _with_text(self, failure: Failure, script: Script, keys: Sequence[bytes], args: Sequence[Any]) -> Any:
        failure.trap(txredisapi.ResponseError)
        if _code(failure) != "NOSCRIPT":
            return failure
        return self._commands.ask("EVAL", script.text, len(keys), *keys, *args)

    def _done(self, answer: "Deferred[Any]", writes: bool) -> "Deferred[Any]":
        if writes:
            answer.addCallbacks(self._accepted, self._refused)
        return answer.addErrback(_in_our_words, writes)

    def _accepted(self, answer: Any) -> Any:
        if self.refusal is not None:
            self.refusal = None
            self._told(None)
        return answer

    def _refused(self, failure: Failure) -> Failure:
        if failure.check(txredisapi.ResponseError):
            known, self.refusal = self.refusal, failure.getErrorMessage()
            if known is None:
                self._told(self.refusal)
        return failure


def _code(failure: Failure) -> str:
    return failure.getErrorMessage().partition(" ")[0]


def _in_our_words(failure: Failure, writes: bool) -> None:
    failure.trap(NotSent, txredisapi.RedisError)
    nothing_done = failure.check(NotSent) or _code(failure) in _NOT_DONE
    if nothing_done or not writes:
        raise StoreUnavailable(_AWAY) from failure.value
    raise StoreUnknown("the chat's store did not answer") from failure.value
