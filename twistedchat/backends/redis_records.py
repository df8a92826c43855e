"""Records in Redis: the part of the Redis backend that keeps documents."""

from collections.abc import Sequence
from typing import Any

import msgspec
from twisted.internet.defer import Deferred

from twistedchat.backends import redis_scripts as scripts
from twistedchat.backends.redis_commands import Runner
from twistedchat.core.errors import Conflict
from twistedchat.core.records import Change, Record

_Row = tuple[str, str, int, str]  # key, value, version, until or ""

_row = msgspec.msgpack.Decoder(_Row)
_rows = msgspec.msgpack.Decoder(list[_Row])
_number = msgspec.msgpack.Decoder(int)
_encode = msgspec.msgpack.Encoder().encode


class RedisRecords:
    """See IBackend for the methods."""

    def __init__(self, runner: Runner, prefix: bytes) -> None:
        self._runner = runner
        self._run = runner.run
        self._root = prefix

    def _kind(self, kind: str) -> list[bytes]:
        return [self._root + f"rec:{kind}".encode(), self._root + f"keys:{kind}".encode()]

    def get(self, kind: str, key: str) -> "Deferred[Record | None]":
        """See IBackend."""
        asked = self._runner.ask("HGET", self._kind(kind)[0], key.encode())
        return asked.addCallback(lambda told: None if told is None else _record(kind, _row.decode(told)))

    def page(self, kind: str, prefix: str, after: str, limit: int) -> Deferred[list[Record]]:
        """See IBackend. Redis orders by bytes, which is the order of code points; no key has the byte 0xff."""
        lowest = b"(" + after.encode() if after >= prefix else b"[" + prefix.encode()
        args = (lowest if after or prefix else b"-", b"(" + prefix.encode() + b"\xff", max(0, limit))
        asked = self._run(scripts.PAGE, self._kind(kind), args, writes=False)
        return asked.addCallback(lambda told: [_record(kind, row) for row in _rows.decode(told)])

    def commit(self, changes: Sequence[Change]) -> Deferred[None]:
        """See IBackend."""
        told = _encode([_change_wire(change) for change in changes])

        def done(answer: bytes) -> None:
            if answer == b"c":
                raise Conflict(
                    f"this {changes[0].kind if len(changes) == 1 else 'record'} was changed meanwhile"
                )

        return self._run(scripts.COMMIT, [self._root], (told,)).addCallback(done)

    def sweep(self, now: float) -> Deferred[int]:
        """See IBackend."""
        args = (repr(float(now)), scripts.SWEPT)
        return self._run(scripts.SWEEP, [self._root], args).addCallback(_number.decode)


def _change_wire(change: Change) -> tuple[Any, ...]:
    value = False if change.value is None else change.value
    expected = -1 if change.expected is None else change.expected
    until = "" if change.until is None else repr(float(change.until))
    return change.kind, change.key, value, expected, until


def _record(kind: str, row: _Row) -> Record:
    key, value, version, until = row
    return Record(kind, key, value, version, float(until) if until else None)
