"""The hub: every open channel by name."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from twistedchat.channels.batches import Batches
from twistedchat.channels.channel import Channel
from twistedchat.channels.register import Register
from twistedchat.channels.tail import TAIL_ENTRIES
from twistedchat.core.entry import LogState
from twistedchat.core.errors import SafeError, StoreUnavailable
from twistedchat.core.position import Position
from twistedchat.core.presence import RETURN_S, Presence
from twistedchat.interfaces import IBackend, IBackendListener

_log = Logger()

ASKED_S = 2.0  # who asked for a channel has this long to use it before it counts as idle
COMPARE_S = (
    30.0  # pauses between comparisons of all heads: a wake-up may be missed, a store may lose its tail
)
COMPARED = 500  # heads asked for at once
FULL_S = 1.0  # where none was idle, it is looked again after this; a look goes over all of them


@implementer(IBackendListener)
class Hub:
    """Opens channels and keeps them while they are in use, and in step with their logs.

    A log may grow, or lose its tail, without us: others write too, and a store may crash. So the heads of all open channels
    are compared whenever the store is back, and now and then where it is ``durable``.

    Args:
        backend: where the logs are.
        clock: for timers.
        now: seconds since 1970, for entries.
        make_presence: makes the presence of a new channel.
        max_open: channels open at once; beyond it idle ones are closed, and where none is idle opening fails with
            StoreUnavailable.
        keep: entries of each channel kept ready for readers that are behind.
    """

    def __init__(
        self,
        backend: IBackend,
        clock: IReactorTime,
        now: Callable[[], float],
        make_presence: Callable[[], Presence] = Presence,
        max_open: int = 20_000,
        keep: int = TAIL_ENTRIES,
    ) -> None:
        self._backend = backend
        self._clock = clock
        self._now = now
        self._make_presence = make_presence
        self._max_open = max_open
        self._keep = keep
        self._open: dict[str, Channel] = {}
        self._asked: dict[str, float] = {}  # when an open channel was last asked for
        self._opening: dict[str, list[Deferred[Channel]]] = {}
        self._full_until = 0.0
        self._batches = Batches()
        self._to_compare: list[Channel] = []
        self._comparing = False
        self._compare_call: IDelayedCall | None = None
        self._stopped = False
        self._register = Register(backend, clock) if backend.durable else None
        self._return_until = 0.0
        self._return_call: IDelayedCall | None = None
        backend.watch(self)
        self._compare_later()

    async def load(self) -> None:
        """Find who was in which channel before a restart. They have a while to come back; it is no leave and no join.

        Raises:
            StoreUnavailable: it can be tried again.
        """
        if self._register is None:
            return
        await self._register.load()
        self._return_until = self._clock.seconds() + RETURN_S
        self._return_call = self._clock.callLater(RETURN_S, self._register.forget)
        for channel in self._open.values():
            self._restore(channel)

    def _restore(self, channel: Channel) -> None:
        if self._register is not None and (people := self._register.before(channel.name)):
            channel.restore(people, self._return_until)

    def get(self, name: str) -> Channel | None:
        """Return the channel ``name`` if it is open."""
        return self._open.get(name)

    def open(self, name: str) -> Deferred[Channel]:
        """Fire with the channel ``name``, opened once however many ask at the same time.

        Errors: those of IBackend.open; StoreUnavailable when too many are in use.
        """
        channel = self._open.get(name)
        if channel is not None:
            self._asked[name] = self._clock.seconds()
            return succeed(channel)
        waiting: Deferred[Channel] = Deferred()
        if name in self._opening:
            self._opening[name].append(waiting)
            return waiting
        self._opening[name] = [waiting]
        d = self._backend.open(name, self._keep)
        d.addCallback(self._opened, name)
        d.addErrback(self._not_opened, name)
        return waiting

    def _opened(self, state: LogState, name: str) -> None:
        if len(self._open) + 1 > self._max_open and not self._close_idle():
            self._backend.closed(name)
            raise StoreUnavailable("too many rooms are in use")
        presence = self._make_presence()
        channel = Channel(
            name,
            state,
            self._backend,
            self._clock,
            self._now,
            presence,
            self._keep,
            self._batches,
            self._register,
        )
        self._open[name] = channel
        self._restore(channel)
        self._asked[name] = self._clock.seconds()
        for waiting in self._opening.pop(name):
            waiting.callback(channel)

    def _not_opened(self, failure: Failure, name: str) -> None:
        for waiting in self._opening.pop(name, []):
            waiting.errback(failure)

    def _close_idle(self) -> bool:
        now = self._clock.seconds()
        if now < self._full_until:
            return False
        idle = [
            name
            for name, channel in self._open.items()
            if channel.idle and self._asked[name] <= now - ASKED_S
        ]
        for name in idle:
            self._open.pop(name).stop()
            del self._asked[name]
            self._backend.closed(name)
        if not idle:
            self._full_until = now + FULL_S
        return bool(idle)

    def erase(self, name: str) -> Deferred[None]:
        """Let the channel ``name`` be over, open or not: its readers are told ``removed``, nobody is in it, its log is
        erased. Opened again, it begins anew.

        Errors: those of IBackend.erase; the channel is over, and the log may be there.
        """
        return Deferred.fromCoroutine(self._erase(name))

    async def _erase(self, name: str) -> None:
        self._end(name)
        await self._backend.erase(name)
        while name in self._opening:  # perhaps with what was in the log before
            with suppress(SafeError):
                await self.open(name)
        self._end(name)
        self._backend.closed(name)

    def _end(self, name: str) -> None:
        channel = self._open.pop(name, None)
        self._asked.pop(name, None)
        if channel is not None:
            channel.over()
        if self._register is not None and (before := self._register.before(name)):
            self._register.tell(name, (), before)

    # --- in step with the store

    def logGrew(self, channel: str, offset: int) -> None:
        """See IBackendListener."""
        found = self._open.get(channel)
        if found is not None:
            found.grew(offset)

    def storeLost(self, reason: str) -> None:
        """See IBackendListener. Whoever asks the store is told; it is the store that tells the operator."""

    def storeBack(self) -> None:
        """See IBackendListener."""
        self._compare()

    def _compare_later(self) -> None:
        if self._backend.durable and not self._stopped:
            self._compare_call = self._clock.callLater(COMPARE_S, self._compare)

    def _compare(self) -> None:
        """Compare the heads of all open channels, piece by piece; from the beginning where that is under way."""
        self._cancel_compare()
        self._to_compare = list(self._open.values())
        if not self._comparing:
            self._compare_piece()

    def _compare_piece(self) -> None:
        self._compare_call = None
        piece, self._to_compare = self._to_compare[-COMPARED:], self._to_compare[:-COMPARED]
        if not piece:
            self._compare_later()
            return
        self._comparing = True
        asked = [(channel, channel.head) for channel in piece]
        d = self._backend.heads([channel.name for channel in piece])
        d.addCallbacks(self._compared, self._not_compared, (asked,))

    def _compared(self, heads: Mapping[str, Position], asked: Sequence[tuple[Channel, Position]]) -> None:
        self._comparing = False
        for channel, ours in asked:
            channel.compare(heads[channel.name], ours)
        if not self._stopped:
            self._compare_call = self._clock.callLater(0, self._compare_piece)

    def _not_compared(self, failure: Failure) -> None:
        """The store is away: it tells when it is back."""
        _log.debug("the heads of channels cannot be compared: {error}", error=failure.value)
        self._comparing = False
        self._compare_later()

    def _cancel_compare(self) -> None:
        if self._compare_call is not None and self._compare_call.active():
            self._compare_call.cancel()
        self._compare_call = None

    # --- the end

    def flush(self) -> None:
        """Fan out now what was accepted in this turn."""
        for channel in self._open.values():
            channel.flush()

    def stop(self) -> None:
        """Fan out what was accepted, cancel every timer, forget the channels."""
        self._stopped = True
        self._cancel_compare()
        for channel in self._open.values():
            channel.stop()
        if self._return_call is not None and self._return_call.active():
            self._return_call.cancel()
        if self._register is not None:
            self._register.stop()
        self._open.clear()
        self._asked.clear()
