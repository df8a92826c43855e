"""What was begun is finished, though the page that asked for it goes in the middle."""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from twisted.internet.defer import Deferred

P = ParamSpec("P")
T = TypeVar("T")


def finished(work: Coroutine[Deferred[Any], Any, T]) -> Deferred[T]:
    """Start ``work`` and return what it answers; who waits for it may be cancelled, and it goes on."""
    answer: Deferred[T] = Deferred()
    Deferred.fromCoroutine(work).addCallbacks(answer.callback, answer.errback)
    return answer


def whole(
    method: Callable[P, Coroutine[Deferred[Any], Any, T]],
) -> Callable[P, Coroutine[Deferred[Any], Any, T]]:
    """Let a coroutine function, once it was called and awaited, come to its end whatever becomes of who waits for it.

    Its steps change a store, what is kept of it here, and what pages are told: half of them would leave these apart.
    """

    @wraps(method)
    async def begin(*args: P.args, **options: P.kwargs) -> T:
        return await finished(method(*args, **options))

    return begin
