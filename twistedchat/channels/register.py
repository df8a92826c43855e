"""Who is where, as the store has it: after a restart who comes back was never gone, and who does not has left."""

from collections.abc import Iterable
from itertools import islice

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from twistedchat.core.presence import Person
from twistedchat.core.records import Change, every
from twistedchat.interfaces import IBackend

_log = Logger()

KIND = "here"  # of the records; the key is channel and person's key, the value the name
AT_ONCE = 100
AGAIN_S = 1.0
MOST_WAITING = (
    100_000  # changes; beyond it the oldest are not written, which costs a wrong line after a restart
)
MOST_KEPT = 500_000
_PAGE = 1000


class Register:
    """Writes down who enters and leaves, a while later and many at once.

    Args:
        store: where it is kept.
        clock: for the pause after a failure.
    """

    def __init__(self, store: IBackend, clock: IReactorTime) -> None:
        self._store = store
        self._clock = clock
        self._before: dict[str, list[Person]] = {}
        self._waiting: dict[tuple[str, str], str | None] = {}
        self._writing = False
        self._again: IDelayedCall | None = None
        self._stopped = False

    # --- what was before

    async def load(self) -> None:
        """Find who was where when the process before this one ended.

        Raises:
            StoreUnavailable: it can be tried again.
        """
        found: dict[str, list[Person]] = {}
        count = 0
        async for record in every(self._store.page, KIND, at_once=_PAGE):
            channel, key = record.key.rsplit("\n", 1)
            found.setdefault(channel, []).append(Person(key, record.value))
            count += 1
            if count >= MOST_KEPT:
                break
        self._before = found

    def before(self, channel: str) -> list[Person]:
        """Return who was in ``channel``, once."""
        return self._before.pop(channel, [])

    def forget(self) -> None:
        """Who was in channels that nobody has opened since has left them."""
        rest, self._before = self._before, {}
        for channel, people in rest.items():
            self.tell(channel, (), people)

    # --- what is now

    def tell(self, channel: str, came: Iterable[Person], went: Iterable[Person]) -> None:
        """Write down who came to ``channel``, or has another name, and who went."""
        for person in came:
            self._waiting[channel, person.key] = person.name
        for person in went:
            self._waiting[channel, person.key] = None
        while len(self._waiting) > MOST_WAITING:
            del self._waiting[next(iter(self._waiting))]
        self._write()

    def _write(self) -> None:
        if not self._writing and self._again is None:
            Deferred.fromCoroutine(self._write_all())

    async def _write_all(self) -> None:
        self._writing = True
        while self._waiting and self._again is None:
            taken = self._take()
            try:
                await self._commit(taken)
            except Exception as error:
                _log.debug("who is where cannot be written down: {error}", error=error)
                self._waiting = taken | self._waiting  # what changed meanwhile is newer
                if self._stopped:
                    break
                self._again = self._clock.callLater(AGAIN_S, self._try_again)
        self._writing = False

    def _take(self) -> dict[tuple[str, str], str | None]:
        return {place: self._waiting.pop(place) for place in list(islice(self._waiting, AT_ONCE))}

    def _commit(self, taken: dict[tuple[str, str], str | None]) -> Deferred[None]:
        changes = [Change(KIND, f"{channel}\n{key}", name) for (channel, key), name in taken.items()]
        return self._store.commit(changes)

    def _try_again(self) -> None:
        self._again = None
        self._write()

    def stop(self) -> None:
        """Ask the store for what is left, and wait for nothing."""
        self._stopped = True
        if self._again is not None:
            self._again.cancel()
            self._again = None
        while self._waiting:
            self._commit(self._take()).addErrback(lambda failure: None)
