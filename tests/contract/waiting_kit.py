"""Lets a suite of plain test functions wait for Deferreds of a real reactor."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import greenlet
import pytest_twisted
from twisted.internet.defer import Deferred, maybeDeferred

T = TypeVar("T", bound=type)

wait = pytest_twisted.blockon


def may_wait(suite: T) -> T:
    """Decorate a class: its tests, inherited ones too, may call ``wait``.

    pytest-twisted calls a test in the greenlet that runs the reactor, which must not wait; each gets one of its own.
    """
    for name in dir(suite):
        if name.startswith("test_"):
            setattr(suite, name, _in_greenlet(getattr(suite, name)))
    return suite


def _in_greenlet(test: Callable[..., Any]) -> Callable[..., "Deferred[Any]"]:
    from twisted.internet import reactor

    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> "Deferred[Any]":
        done: Deferred[Any] = Deferred()
        body = functools.partial(maybeDeferred, test, *args, **kwargs)

        def finish(result: Any) -> None:  # in the reactor's greenlet: this one shall end
            reactor.callLater(0, done.callback, result)

        greenlet.greenlet(lambda: body().addBoth(finish)).switch()
        return done

    return run
