"""A channel: its log's kept tail, its subscribers, its presence; local fan-out, framed once for all."""

from collections.abc import Callable, Iterable, Sequence
from math import inf

from twisted.internet.defer import Deferred, fail
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from twistedchat.channels.batches import Batches
from twistedchat.channels.register import Register
from twistedchat.channels.tail import TAIL_ENTRIES, Tail
from twistedchat.core.entry import Appended, Batch, Entry, LogState, Revision
from twistedchat.core.errors import StoreUnavailable, StoreUnknown
from twistedchat.core.frames import Prepared
from twistedchat.core.position import Position
from twistedchat.core.presence import Change, Person, Presence
from twistedchat.interfaces import IBackend, IChannel, ISubscriber

_log = Logger()

_PIECE = 500  # entries read at once
_EARLY = 1000  # entries that a store answered out of order
_EARLY_READ = (
    100  # so many of them, and what is missing is read from the store though posts are still under way
)


@implementer(IChannel)
class Channel:
    """See IChannel. Made by a Hub.

    What is appended in one reactor turn is fanned out as one batch at the turn's end: every reader gets the same bytes,
    once a turn.
    """

    def __init__(
        self,
        name: str,
        state: LogState,
        backend: IBackend,
        clock: IReactorTime,
        now: Callable[[], float],
        presence: Presence,
        keep: int = TAIL_ENTRIES,
        batches: Batches | None = None,
        register: Register | None = None,
    ) -> None:
        self.name = name
        self.presence = presence
        self._backend = backend
        self._clock = clock
        self._now = now
        self._keep = keep
        self._tail = Tail(state.tail, keep)
        self.head = self._tail.head(state.epoch)
        self._known = 0  # the store has an entry at this offset
        self._lost = False  # the store's log is another one than ours
        self._stale = False  # nobody knows whether an earlier entry was revised
        self._subscribers: dict[ISubscriber, None] = {}
        self._fresh: list[Entry] = []
        self._early: dict[int, Entry] = {}
        self._batches = Batches() if batches is None else batches
        self._register = register
        self._mark = object()
        self._flush: IDelayedCall | None = None
        self._presence_call: IDelayedCall | None = None
        self._posting = 0
        self._reading = False
        self._stopped = False
        self._over = False

    @property
    def idle(self) -> bool:
        """True when nobody reads, nobody is here and nothing is under way: the channel can be opened anew later."""
        return not self._subscribers and self.presence.empty and not self._posting and self._flush is None

    @property
    def closed(self) -> bool:
        """See IChannel."""
        return self._stopped

    # --- the log

    def post(
        self, identity: str, id: str, event: str, revision: Revision | None = None, blanks: Sequence[int] = ()
    ) -> Deferred[Appended]:
        """See IChannel. Cancelling the answer ends the waiting only: what the store was asked to do, it does."""
        if self._over:
            return fail(StoreUnavailable("this channel is no more", 1.0))
        self._posting += 1
        answer: Deferred[Appended] = Deferred()
        d = self._backend.append(self.name, identity, id, event, self._now(), revision)
        d.addCallbacks(self._appended, self._not_appended)
        if revision is not None:
            d.addCallbacks(self._revised, self._not_revised, (revision, blanks, self.head.offset))
        d.chainDeferred(answer)
        return answer

    def _not_appended(self, failure: Failure) -> Failure:
        self._posting -= 1
        self._fill_hole()
        return failure

    def _appended(self, appended: Appended) -> Appended:
        self._posting -= 1
        if self._denied_by(appended):
            self._lost = True
        self._take(appended.entry)  # also one that is not new: its first answer may have been lost
        if self._lost:
            self._renew()
        else:
            self._fill_hole()
        return appended

    def _denied_by(self, appended: Appended) -> bool:
        """Say whether the log cannot be what is kept of it here: it has another entry where we have one."""
        entry = appended.entry
        had = self._tail.at(entry.offset)
        if had is None:
            return appended.new and entry.offset <= self.head.offset
        return (had.id, had.identity) != (entry.id, entry.identity)

    def _revised(self, appended: Appended, revision: Revision, blanks: Sequence[int], had: int) -> Appended:
        """Let the kept tail say what the store does. Readers that are behind get it so; the others by the new entry.

        Args:
            had: offset of the last entry that was here when the store was asked.
        """
        if appended.new:
            self.flush()  # with the words of that moment, and not among what is framed from now on
            self._tail.set(revision.offset, revision.event)
            for offset in blanks:
                self._tail.set(offset, revision.trace)
            self._mark = object()  # what was framed before is not given out any more
        elif appended.entry.offset > had or self._stale:
            self._renew()  # it was done when its answer was lost; others may have followed
        return appended

    def _not_revised(self, failure: Failure) -> Failure:
        self._stale = self._stale or failure.check(StoreUnknown) is not None
        return failure

    # --- what no answer brought

    def grew(self, offset: int) -> None:
        """The store has an entry at ``offset``: read what is missing, and fan it out. Idempotent, old offsets too."""
        self._known = max(self._known, offset)
        self._fill_hole()

    def compare(self, store: Position, ours: Position) -> None:
        """``store`` is the log's head in the store, and ``ours`` was the head here when it was asked for.

        A log that grew is read; one that lost what we had begins anew.
        """
        same = store.epoch == self.head.epoch and (store.offset > ours.offset or store == ours)
        if same and not self._stale:
            self.grew(store.offset)
        else:
            self._renew()

    def _fill_hole(self) -> None:
        """Read what is missing: an append whose outcome stayed unknown may be in the store, or somebody else's."""
        missing = min(self._early) - 1 if self._early else self._known
        waits = self._posting and len(self._early) < _EARLY_READ  # an answer may bring it
        if missing <= self.head.offset or self._reading or waits or self._stopped:
            return
        self._reading = True
        ours = self.head
        after = max(
            0, ours.offset - 1
        )  # with our head: the same id at its offset says that it is the same log
        d = self._backend.read(self.name, after, min(missing - after, _PIECE))
        d.addCallbacks(self._read, self._not_read, (ours,))

    def _read(self, entries: Sequence[Entry], ours: Position) -> None:
        self._reading = False
        first = entries[0] if entries else None
        follows = first is not None and (first.offset, first.id) == (ours.offset or 1, ours.id or first.id)
        for entry in entries if follows else ():
            self._take(entry)
        if follows and self.head.offset > ours.offset:
            self._fill_hole()
        else:
            self._renew()

    def _not_read(self, failure: Failure) -> None:
        """The next post tries again, or the next comparison of heads."""
        self._reading = False
        _log.warn(
            "what is missing in {channel} cannot be read: {error}", channel=self.name, error=failure.value
        )

    def _renew(self) -> None:
        """Take the log as the store has it now."""
        if self._reading:
            self._stale = True  # the next comparison of heads sees to it
        elif not self._stopped:
            self._reading = True
            self._known = 0
            self._early.clear()
            self._stale = False
            d = self._backend.open(self.name, self._keep)
            d.addCallbacks(self._renewed, self._not_renewed)

    def _not_renewed(self, failure: Failure) -> None:
        self._stale = True
        self._not_read(failure)

    def _renewed(self, state: LogState) -> None:
        self._reading = False
        if self._stopped:
            return
        self.flush()
        tail, self._mark = Tail(state.tail, self._keep), object()
        ours = tail.at(self.head.offset)
        kept = not self._lost and state.epoch == self.head.epoch
        known = max(self._known, tail.head("").offset)  # of what was answered meanwhile, too
        if kept and (self.head.offset == 0 or (ours is not None and ours.id == self.head.id)):
            self._tail = Tail([entry for entry in state.tail if entry.offset <= self.head.offset], self._keep)
        else:
            self._lost = False
            self._tail, self.head = tail, tail.head(state.epoch)
            self._show_out()
        self.grew(known)

    def _show_out(self) -> None:
        """What the readers have is not in the log: each comes back with its position, and learns that there is a hole."""
        _log.warn("the store has lost entries of {channel}", channel=self.name)
        for subscriber in tuple(self._subscribers):
            try:
                subscriber.removed("lost")
            except Exception:
                _log.failure("a reader of {channel} failed", channel=self.name)
        self._subscribers.clear()

    # --- the order

    def _take(self, entry: Entry) -> None:
        """Put ``entry`` into the order of the log: a store may answer two appends in any order."""
        self._known = max(self._known, entry.offset)
        if self._lost:
            return  # the whole log is read anew
        if entry.offset > self.head.offset and len(self._early) < _EARLY:
            self._early[entry.offset] = entry
        while (following := self._early.pop(self.head.offset + 1, None)) is not None:
            self._tail.append(following)
            self.head = Position(self.head.epoch, following.offset, following.id)
            self._fresh.append(following)
        if self._fresh and self._flush is None and not self._stopped:
            self._flush = self._clock.callLater(0, self._fan_out)

    def _fan_out(self) -> None:
        self._flush = None
        fresh, self._fresh = self._fresh, []
        batch = self._batches.keep(self._mark, Batch(self.name, fresh[0].offset - 1, fresh))
        for subscriber in tuple(self._subscribers):
            try:
                subscriber.arrived(batch)
            except Exception:
                _log.failure("a reader of {channel} failed", channel=self.name)

    def after(self, offset: int, max_bytes: int) -> Batch | None:
        """See IChannel."""
        oldest = self._tail.oldest()
        if offset < self.head.offset and (oldest is None or oldest.offset > offset + 1):
            return None
        entries = self._tail.after(offset, max_bytes)
        last = entries[-1].offset if entries else offset
        known = self._batches.find(self._mark, offset, last)
        return known or self._batches.keep(self._mark, Batch(self.name, offset, entries))

    def find(self, position: Position) -> bool:
        """See IChannel."""
        if position.epoch != self.head.epoch:
            return False
        if position.offset == 0:
            oldest = self._tail.oldest()
            return position.id == "" and (oldest is None or oldest.offset == 1)
        entry = self._tail.at(position.offset)
        return entry is not None and entry.id == position.id

    def last(self, count: int) -> Sequence[Entry]:
        """See IChannel."""
        return self._tail.last(count)

    def trim(self, keep: int, since: float) -> Deferred[int]:
        """See IChannel."""

        def trimmed(gone: int) -> int:
            self._tail.trim(keep, since)
            return gone

        return self._backend.trim(self.name, keep, since).addCallback(trimmed)

    # --- the readers

    def subscribe(self, subscriber: ISubscriber) -> None:
        """See IChannel."""
        self._subscribers[subscriber] = None

    def unsubscribe(self, subscriber: ISubscriber) -> None:
        """See IChannel."""
        self._subscribers.pop(subscriber, None)

    def hint(self, text: str) -> None:
        """See IChannel."""
        prepared = Prepared(text)
        for subscriber in tuple(self._subscribers):
            try:
                subscriber.hinted(prepared)
            except Exception:
                _log.failure("a reader of {channel} failed", channel=self.name)

    # --- who is here

    def enter(self, person: Person, client: str, returning: bool = False) -> None:
        """See IChannel."""
        self.presence.enter(person, client, returning)
        self._presence_touched()

    def restore(self, people: Iterable[Person], until: float) -> None:
        """These people were here before a restart, and may come back until then, in seconds of the clock."""
        for person in people:
            self.presence.restore(person, until)
        self._presence_touched()

    def away(self, key: str, client: str) -> None:
        """See IChannel."""
        self.presence.away(key, client, self._clock.seconds())
        self._presence_touched()

    def leave(self, key: str, client: str) -> None:
        """See IChannel."""
        self.presence.leave(key, client)
        self._presence_touched()

    def _presence_touched(self) -> None:
        """Publish when it is time."""
        deadline = self.presence.deadline
        if deadline == inf or self._stopped:
            return
        now = self._clock.seconds()
        due = max(now, deadline)
        call = self._presence_call
        if call is not None:
            if call.getTime() <= due:
                return  # it comes up early, finds nothing to do and is set anew
            call.cancel()
        self._presence_call = self._clock.callLater(due - now, self._presence_due)

    def _presence_due(self) -> None:
        self._presence_call = None
        change = self.presence.tick(self._clock.seconds())
        if change is not None:
            if self._register is not None:
                self._register.tell(self.name, *self.presence.news)
            self._tell_presence(change)
        self._presence_touched()

    def _tell_presence(self, change: Change) -> None:
        for subscriber in tuple(self._subscribers):
            try:
                subscriber.presenceChanged(change)
            except Exception:
                _log.failure("a reader of {channel} failed", channel=self.name)

    # --- the end

    def over(self) -> None:
        """The channel is no more: its readers are told, nobody is in it, nothing is posted any more."""
        self._over = True
        self.flush()
        for subscriber in tuple(self._subscribers):
            try:
                subscriber.removed("removed")
            except Exception:
                _log.failure("a reader of {channel} failed", channel=self.name)
        self._subscribers.clear()
        if self._register is not None:
            published = self.presence.page(None, self.presence.count)
            self._register.tell(self.name, (), [*published, *self.presence.everyone()])
        self.stop()

    def flush(self) -> None:
        """Fan out now what waits for the turn's end."""
        if self._flush is not None:
            self._flush.cancel()
            self._fan_out()

    def stop(self) -> None:
        """Fan out what was accepted and cancel every timer; none is set any more."""
        self._stopped = True
        self.flush()
        if self._presence_call is not None:
            self._presence_call.cancel()
            self._presence_call = None
