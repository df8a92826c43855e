"""Who is online: people, not tabs, with a grace for those whose last tab went. Changes are handed on one by one."""

from collections.abc import Awaitable, Callable
from math import inf

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from twistedchat.core.errors import StoreUnavailable, StoreUnknown
from twistedchat.core.presence import Person, Presence

AGAIN_S = 5.0  # after which a change is handed on again where the store was away

_EVERYONE = 10**9  # who may be here is bounded where they log in
_LEAST_S = 0.01  # a timer that fires a rounding error too early is set again, and not for the same instant

_log = Logger()


class Online:
    """The people of the whole house who are here by a live client that is there.

    What is handed on is *that* something changed with a person; whoever is told looks at ``find`` then. So changes that wait
    for one another become one, and the last word is always right. At most one change a person waits.

    Args:
        reactor: for time.
        grace_s: seconds between the loss of a person's last client and their going.
    """

    def __init__(self, reactor: IReactorTime, grace_s: float = 15.0) -> None:
        self._reactor = reactor
        self._presence = Presence(grace_s, interval_s=0, named=_EVERYONE, max_people=_EVERYONE)
        self._tell: Callable[[Person], Awaitable[None]] | None = None
        self._news: dict[str, Person] = {}
        self._telling = False
        self._timer: IDelayedCall | None = None
        self._again: IDelayedCall | None = None

    def watch(self, tell: Callable[[Person], Awaitable[None]]) -> None:
        """Hand every change on to ``tell``: who came, went, or has another name. Once.

        One at a time. Where ``tell`` raises StoreUnavailable or StoreUnknown it is called again later.
        """
        self._tell = tell

    def find(self, key: str) -> Person | None:
        """Return the person with ``key`` if they are online."""
        return self._presence.find(key)

    def came(self, person: Person, client: str) -> None:
        """``person`` is here by ``client``, under this name. Idempotent."""
        self._presence.enter(person, client)
        self._tick()

    def away(self, key: str, client: str) -> None:
        """``client`` lost its connection: with a person's last one the grace begins. Idempotent."""
        self._presence.away(key, client, self._reactor.seconds())
        self._tick()

    def left(self, key: str, client: str) -> None:
        """``client`` went on purpose: with a person's last one they are gone at once. Idempotent."""
        self._presence.leave(key, client)
        self._tick()

    def stop(self) -> None:
        """Cancel every timer and forget the news. Idempotent."""
        self._tell = None
        self._news.clear()
        for timer in (self._timer, self._again):
            if timer is not None and timer.active():
                timer.cancel()

    # --- inside

    def _tick(self) -> None:
        if self._tell is None:
            return
        now = self._reactor.seconds()
        change = self._presence.tick(now)
        if change is not None:
            self._news.update((person.key, person) for person in (*change.came, *change.went))
            self._hand_on()
        self._timer = self._sooner(self._timer, self._presence.deadline - now, self._tick)

    def _sooner(
        self, timer: IDelayedCall | None, wait_s: float, call: Callable[[], None]
    ) -> IDelayedCall | None:
        """Return a timer that fires in ``wait_s`` at the latest: the present one if it does, for it looks again then."""
        if self._tell is None or wait_s == inf:
            return timer
        if timer is not None and timer.active():
            if timer.getTime() <= self._reactor.seconds() + wait_s:
                return timer
            timer.cancel()
        return self._reactor.callLater(max(wait_s, _LEAST_S), call)

    def _hand_on(self) -> None:
        if not self._telling and self._news:
            Deferred.fromCoroutine(self._handing_on()).addErrback(
                lambda failure: _log.failure("nobody is told who came and went", failure)
            )

    async def _handing_on(self) -> None:
        self._telling = True
        try:
            while self._tell is not None and self._news:
                person = next(iter(self._news.values()))
                await self._tell(person)
                self._news.pop(person.key, None)
        except (StoreUnavailable, StoreUnknown):
            self._again = self._sooner(self._again, AGAIN_S, self._hand_on)
        finally:
            self._telling = False
