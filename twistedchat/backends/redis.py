"""The Redis backend: logs and records in a Redis, through txredisapi.

It is as durable as the Redis is: with ``appendonly yes`` and ``appendfsync always`` what was answered outlives a ``kill -9``;
with ``everysec``, Redis's default, the last second may be lost. Who compares ``heads`` then finds another id, or nothing, at
its place, and tells its readers.

Importing this installs the reactor (txredisapi does): import it where a backend is made, not before.
"""

import hashlib
import secrets
from collections.abc import Sequence
from typing import Any

import msgspec
import txredisapi
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReactorTime, IStreamClientEndpoint
from twisted.logger import Logger
from zope.interface import implementer

from twistedchat.backends import redis_scripts as scripts
from twistedchat.backends.redis_commands import Commands, Runner
from twistedchat.backends.redis_link import CommandProtocol, Link, Patience, SubscriberProtocol
from twistedchat.backends.redis_records import RedisRecords
from twistedchat.backends.redis_url import RedisURL, parse_redis_url
from twistedchat.core.entry import Appended, Entry, LogState, Revision
from twistedchat.core.errors import IdReused
from twistedchat.core.position import Position
from twistedchat.interfaces import IBackend, IBackendListener

_log = Logger()

KEEP = 100_000  # entries of a log
MOST = 10_000  # commands under way at once

_Row = tuple[int, str, str, str, str]  # offset, id, identity, event, at

_rows = msgspec.msgpack.Decoder(list[_Row])
_row = msgspec.msgpack.Decoder(_Row)
_state = msgspec.msgpack.Decoder(tuple[str, list[_Row]])
_heads = msgspec.msgpack.Decoder(list[Position])
_number = msgspec.msgpack.Decoder(int)


def make_redis_backend(url: str, reactor: Any) -> "RedisBackend":
    """Return a backend for a ``redis:`` or ``rediss:`` URL; it connects as soon as the reactor runs.

    Raises:
        BadRedisURL: the URL is none, or its file of certificates cannot be used.
    """
    where = parse_redis_url(url)
    patience = Patience()
    backend = RedisBackend(where, where.endpoint(reactor, patience.answer_s), reactor, patience=patience)
    reactor.callWhenRunning(backend.start)
    return backend


@implementer(IBackend)
class RedisBackend(RedisRecords):
    """Keeps logs and records in a Redis. ``redis_scripts`` tells how.

    Args:
        where: who we are there, and the prefix of all keys.
        endpoint: connects to it.
        clock: for timers.
        keep: entries kept per log; the oldest go first, and their ids with them.
        patience: how long is waited for what.
        most: commands under way at once; one more fails with StoreUnavailable.
    """

    durable = True

    def __init__(
        self,
        where: RedisURL,
        endpoint: IStreamClientEndpoint,
        clock: IReactorTime,
        *,
        keep: int = KEEP,
        patience: Patience = Patience(),  # noqa: B008  # frozen
        most: int = MOST,
    ) -> None:
        self._where = where
        self._clock = clock
        self._keep = keep
        self._patience = patience
        self._prefix = where.prefix.encode()
        self._told = f"{where.prefix}grew:{where.db}"  # what is published is not told apart by databases
        self._node = secrets.token_urlsafe(9)
        self._listeners: list[IBackendListener] = []
        self._lost = False
        self._stopping: Deferred[None] | None = None
        self._commands = Commands(clock, patience, most)
        self._links = (
            Link(CommandProtocol, endpoint, clock, self._greet, self._changed, patience),
            Link(SubscriberProtocol, endpoint, clock, self._subscribe, self._changed, patience, self._heard),
        )
        self._commands.use(self._links[0])
        super().__init__(Runner(self._commands, self._refused), self._prefix)

    # --- the connections

    def start(self) -> None:
        """Connect. What is asked earlier waits."""
        if self._stopping is None:
            for link in self._links:
                link.start()

    def watch(self, listener: IBackendListener) -> None:
        """See IBackend."""
        self._listeners.append(listener)

    @property
    def trouble(self) -> str | None:
        """See IBackend."""
        told = self._line_trouble() or self._runner.refusal
        return told and f"Redis at {self._where.place} cannot be used: {told}"

    def _line_trouble(self) -> str | None:
        return next((link.trouble for link in self._links if link.trouble), None)

    def stop(self) -> Deferred[None]:
        """See IBackend. What was sent has a moment to be answered."""
        if self._stopping is None:
            self._stopping = Deferred()
            late = self._clock.callLater(self._patience.wait_s, self._hang_up)
            self._commands.stop().addCallback(self._stopped, late)
        if self._stopping.called:
            return succeed(None)
        done: Deferred[None] = Deferred()
        self._stopping.chainDeferred(done)
        return done

    def _stopped(self, _: None, late: Any) -> None:
        if late.active():
            late.cancel()
        assert self._stopping is not None
        self._hang_up().chainDeferred(self._stopping)

    def _hang_up(self) -> Deferred[None]:
        closed = [link.stop() for link in self._links]
        return closed[0].addCallback(lambda _: closed[1])

    def _changed(self) -> None:
        self._commands.changed()
        ready = all(link.protocol is not None for link in self._links)
        trouble = self.trouble
        if self._line_trouble() and trouble and not self._lost:
            self._lost = True
            _log.error("{trouble}", trouble=trouble)
            for listener in self._listeners:
                listener.storeLost(trouble)
        elif ready and self._lost:
            self._lost = False
            _log.info("Redis at {place} is back", place=self._where.place)
            for listener in self._listeners:
                listener.storeBack()

    def _refused(self, why: str | None) -> None:
        """Redis is there, and does not take what we write: its memory or its disk is full, it is a replica."""
        if why is None:
            _log.info("Redis at {place} takes what is written again", place=self._where.place)
        else:
            _log.error("Redis at {place} refused: {why}", place=self._where.place, why=why)

    def _log_in(self, protocol: Any) -> Deferred[Any]:
        """AUTH and SELECT, as far as they are needed."""
        asked: Deferred[Any] = succeed(None)
        if self._where.password is not None:
            who = (self._where.user,) if self._where.user else ()
            asked = protocol.execute_command("AUTH", *who, self._where.password, apply_timeout=False)
        if self._where.db:
            asked.addCallback(
                lambda _: protocol.execute_command("SELECT", self._where.db, apply_timeout=False)
            )
        return asked

    def _greet(self, protocol: Any) -> Deferred[Any]:
        greeted = self._log_in(protocol)
        greeted.addCallback(self._ask_durability, protocol)
        return greeted.addCallback(lambda _: protocol.execute_command("PING", apply_timeout=False))

    def _ask_durability(self, _: Any, protocol: Any) -> Deferred[Any]:
        """Where we may ask."""
        asked: Deferred[Any] = protocol.execute_command("CONFIG", "GET", "appendonly", apply_timeout=False)
        return asked.addCallbacks(self._durability, lambda failure: failure.trap(txredisapi.ResponseError))

    def _durability(self, told: Any) -> None:
        if isinstance(told, list) and told[1:] == [b"no"] and not self._lost:
            _log.warn(
                "Redis at {place} has appendonly off: a restart of it may lose messages",
                place=self._where.place,
            )

    def _subscribe(self, protocol: Any) -> Deferred[Any]:
        return self._log_in(protocol).addCallback(lambda _: protocol.subscribe(self._told))

    def _heard(self, message: bytes) -> None:
        """A wake-up: ``node offset channel``."""
        node, offset, channel = message.decode().split(" ", 2)
        if node != self._node:
            for listener in self._listeners:
                listener.logGrew(channel, int(offset))

    # --- logs

    def _keys(self, channel: str, names: str = "meir") -> list[bytes]:
        start = self._prefix + f"log:{channel}:".encode()
        return [start + name.encode() for name in names]

    def open(self, channel: str, tail: int) -> Deferred[LogState]:
        """See IBackend."""
        args = (_fresh(), scripts.EMPTY_S, max(0, tail))
        return self._run(scripts.OPEN, self._keys(channel), args, writes=False).addCallback(_log_state)

    def closed(self, channel: str) -> None:
        """See IBackend. Nothing is kept here of a channel."""

    def append(
        self, channel: str, identity: str, id: str, event: str, at: float, revision: Revision | None = None
    ) -> Deferred[Appended]:
        """See IBackend. An id is remembered as long as its entry is kept."""
        said = event.encode("utf-8", "replace")
        digest = hashlib.blake2b(said, digest_size=16).hexdigest()
        told = (self._told, f"{self._node} ", f" {channel}")
        revised = (revision.offset, revision.event, revision.trace) if revision else ("", "", "")
        args = (identity, id, said, repr(float(at)), digest, _fresh(), self._keep, *told, *revised)
        return self._run(scripts.APPEND, self._keys(channel), args).addCallback(_appended)

    def read(self, channel: str, after: int, limit: int) -> Deferred[list[Entry]]:
        """See IBackend."""
        return self._read(channel, after + 1, 2**53, limit, "first")

    def before(self, channel: str, offset: int, limit: int) -> Deferred[list[Entry]]:
        """See IBackend."""
        return self._read(channel, 1, offset - 1, limit, "last")

    def _read(self, channel: str, first: int, last: int, limit: int, which: str) -> Deferred[list[Entry]]:
        args = (first, last, max(0, limit), which)
        return self._run(scripts.READ, self._keys(channel), args, writes=False).addCallback(_entries)

    def heads(self, channels: Sequence[str]) -> Deferred[dict[str, Position]]:
        """See IBackend."""
        keys = [self._keys(channel, "m")[0] for channel in channels]
        asked = self._run(scripts.HEADS, keys, (_fresh(), scripts.EMPTY_S), writes=False)
        return asked.addCallback(lambda told: dict(zip(channels, _heads.decode(told), strict=True)))

    def trim(self, channel: str, keep: int, since: float, gone: int = 0) -> Deferred[int]:
        """See IBackend. In pieces: Redis does nothing else while a script runs."""
        args = (max(1, keep), repr(float(since)), scripts.TRIMMED)

        def some(told: bytes) -> Any:
            went = _number.decode(told)
            return self.trim(channel, keep, since, gone + went) if went == scripts.TRIMMED else gone + went

        return self._run(scripts.TRIM, self._keys(channel), args).addCallback(some)

    def erase(self, channel: str) -> Deferred[None]:
        """See IBackend."""
        return self._runner.ask("UNLINK", *self._keys(channel), writes=True).addCallback(lambda _: None)


def _fresh() -> str:
    return secrets.token_urlsafe(12)


def _entry(row: _Row) -> Entry:
    return Entry(*row[:4], float(row[4]))


def _entries(told: bytes) -> list[Entry]:
    return [_entry(row) for row in _rows.decode(told)]


def _log_state(told: bytes) -> LogState:
    epoch, tail = _state.decode(told)
    return LogState(epoch, [_entry(row) for row in tail])


def _appended(told: bytes) -> Appended:
    if told == b"r":
        raise IdReused("this id was used for something else")
    return Appended(_entry(_row.decode(told[1:])), new=told[:1] == b"n")
