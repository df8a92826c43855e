"""Passwords: what is one, how it is hashed, and the threads that do it. Nothing here knows of accounts.

Source: RFC 9106 (Argon2), its second recommended option but with one lane: what runs at a time is bounded by threads here.
"""

import secrets
import unicodedata
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from argon2.exceptions import VerifyMismatchError
from argon2.low_level import ARGON2_VERSION, Type, hash_secret, verify_secret
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

from twistedchat.core.errors import SafeError, TooFast

SHORTEST = 8
LONGEST = 1000  # characters; a bound, not a rule of taste

THREADS = 2
MOST_WAITING = 50
RETRY_S = 10.0  # what 50 that wait take, about

SALT_BYTES = 16
HASH_BYTES = 32

Run = Callable[..., "Deferred[Any]"]


class UnfitPassword(SafeError):
    """The password cannot be set; the text says why."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one hash costs.

    Attributes:
        rounds: passes over the memory.
        memory_kib: memory, in KiB.
        lanes: threads of its own.
    """

    rounds: int
    memory_kib: int
    lanes: int


COST = Cost(rounds=3, memory_kib=65_536, lanes=1)  # about 0.2 s and 64 MiB on a machine of 2020


def check_fit(password: str) -> None:
    """Return if ``password`` can be set: 8 to 1000 characters, any.

    Raises:
        UnfitPassword: it is shorter or longer.
    """
    if len(password) < SHORTEST:
        raise UnfitPassword(f"a password needs at least {SHORTEST} characters")
    if len(password) > LONGEST:
        raise UnfitPassword(f"a password has at most {LONGEST} characters")


def hash_password(password: str, cost: Cost = COST) -> str:
    """Return the hash of ``password``, with its salt and cost in it. Slow: call it in a thread."""
    salt = secrets.token_bytes(SALT_BYTES)
    made = hash_secret(
        _secret(password), salt, cost.rounds, cost.memory_kib, cost.lanes, HASH_BYTES, Type.ID, ARGON2_VERSION
    )
    return made.decode()


def verify_password(password: str, hashed: str) -> bool:
    """Say whether ``hashed`` was made of ``password``. Slow: call it in a thread."""
    try:
        return verify_secret(hashed.encode(), _secret(password), Type.ID)
    except VerifyMismatchError:
        return False


def _secret(password: str) -> bytes:
    """The same for every way in which keyboards compose one letter."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


def _nobodys_hash(cost: Cost) -> str:
    """A hash that costs as much as others to compare with, and is nobody's."""

    def text(size: int) -> str:
        return b64encode(secrets.token_bytes(size)).decode().rstrip("=")

    costs = f"m={cost.memory_kib},t={cost.rounds},p={cost.lanes}"
    return f"$argon2id$v={ARGON2_VERSION}${costs}${text(SALT_BYTES)}${text(HASH_BYTES)}"


class Workers:
    """A few threads of their own for slow work, and a bounded line of what waits for them.

    Args:
        reactor: whose thread answers are given in.
        threads: how much is done at a time.
        most_waiting: beyond it more work is refused.
    """

    def __init__(self, reactor: Any, threads: int = THREADS, most_waiting: int = MOST_WAITING) -> None:
        self._reactor = reactor
        self._threads = threads
        self._most_waiting = most_waiting
        self._pool = ThreadPool(0, threads, "passwords")
        self._waiting: dict[Deferred[Any], Callable[[], Any]] = {}  # in the order of asking
        self._running = 0
        self._stopped: Deferred[None] | None = None

    def run(self, function: Callable[..., Any], *args: Any) -> "Deferred[Any]":
        """Fire with what ``function`` returns, called in one of the threads; in the order of asking.

        Cancelling takes waiting work out of the line; what runs goes on, and nobody is told.

        Raises (by the Deferred):
            TooFast: the line is full, or the threads have ended.
        """
        answer: Deferred[Any] = Deferred(self._leave)
        if self._stopped is not None or len(self._waiting) >= self._most_waiting:
            answer.errback(TooFast(f"too many log in just now, try again in {RETRY_S:.0f} s", RETRY_S))
            return answer
        self._waiting[answer] = partial(function, *args)
        self._next()
        return answer

    def _leave(self, cancelled: "Deferred[Any]") -> None:
        self._waiting.pop(cancelled, None)

    def _next(self) -> None:
        while self._waiting and self._running < self._threads:
            answer = next(iter(self._waiting))
            work = self._waiting.pop(answer)
            if not self._pool.started:
                self._pool.start()
            self._running += 1
            deferToThreadPool(self._reactor, self._pool, work).addBoth(self._done, answer)

    def _done(self, result: Any, answer: "Deferred[Any]") -> None:
        self._running -= 1
        self._next()
        if not answer.called:
            answer.callback(result)
        self._end()

    def _end(self) -> None:
        if self._stopped is not None and not self._running and not self._stopped.called:
            if self._pool.started:
                self._pool.stop()
            self._stopped.callback(None)

    def stop(self) -> "Deferred[None]":
        """Forget what waits, and fire when nothing runs any more and the threads have ended. Idempotent."""
        if self._stopped is None:
            self._stopped = Deferred()
            for answer in list(self._waiting):
                answer.cancel()
            self._end()
        return self._stopped


class Passwords:
    """Hashes, made and compared off the reactor's thread.

    Args:
        run: calls a function with arguments, somewhere else, and fires with what it returns (``Workers.run``).
        cost: what one hash costs.
    """

    def __init__(self, run: Run, cost: Cost = COST) -> None:
        self._run = run
        self._cost = cost
        self._nobody = _nobodys_hash(cost)

    async def make(self, password: str) -> str:
        """Return the hash of ``password``.

        Raises:
            UnfitPassword, TooFast: as ``check_fit`` and ``Workers.run``.
        """
        check_fit(password)
        made: str = await self._run(hash_password, password, self._cost)
        return made

    async def fits(self, password: str, hashed: str | None) -> bool:
        """Say whether ``hashed`` was made of ``password``; for None the answer is no, after the same work.

        Raises:
            TooFast: as ``Workers.run``.
        """
        same: bool = await self._run(verify_password, password, hashed or self._nobody)
        return same and hashed is not None
