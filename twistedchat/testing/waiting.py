"""Tests that wait in the middle of a line for what the real reactor brings; needs pytest-twisted."""

from functools import wraps
from typing import Any, TypeVar

import greenlet  # type: ignore[import-untyped]  # it has no types
import pytest_twisted  # type: ignore[import-untyped]  # it has no types
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

T = TypeVar("T")


def waiting(tests: type[T]) -> type[T]:
    """Give every test of a class a greenlet of its own, so that ``wait`` can be called in it; a class decorator.

    pytest-twisted runs tests in the reactor's greenlet, which cannot wait for itself.
    """
    for name in dir(tests):
        test = getattr(tests, name)
        if name.startswith("test_") and callable(test):
            setattr(tests, name, _apart(test))
    return tests


def wait(deferred: "Deferred[Any]") -> Any:
    """Return the answer of ``deferred``, whenever it comes, or raise its error: in a ``waiting`` class, or a fixture."""
    return pytest_twisted.blockon(deferred)


def _apart(test: Any) -> Any:
    @wraps(test)
    def run(*args: Any, **options: Any) -> "Deferred[None]":
        from twisted.internet import reactor

        done: Deferred[None] = Deferred()
        later: Any = reactor

        def body() -> None:
            try:
                test(*args, **options)
            except BaseException:
                later.callLater(0, done.errback, Failure())
            else:
                later.callLater(0, done.callback, None)  # when this greenlet has ended

        greenlet.greenlet(body).switch()
        return done

    return run
