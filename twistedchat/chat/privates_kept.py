"""Which private chats there are: a record for each of the two, by which both find the chat again while the other is away."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace

import msgspec

from twistedchat.chat.where import private_pair
from twistedchat.core.errors import Conflict, SafeError
from twistedchat.core.presence import Person
from twistedchat.core.records import Change, Record, every
from twistedchat.interfaces import IBackend

KIND = "private"
MOST_KEPT = (
    1_000  # of one person; the longest silent one is not found any more then, until it is opened again
)
TOUCH_S = 600.0  # so exactly is told when something was last said

_TRIES = 5  # where both open it at once
_MOST_TOUCHED = 10_000


@dataclass(frozen=True, slots=True)
class Kept:
    """A private chat as one of the two finds it.

    Attributes:
        key: of the other one.
        name: of the other one, as last seen.
        at: seconds since 1970: when it was opened, or something was said, to 10 minutes.
    """

    key: str
    name: str
    at: float


_decode = msgspec.json.Decoder(Kept).decode
_encode = msgspec.json.Encoder().encode


class KeptPrivates:
    """See the module.

    Args:
        store: where they are kept.
        now: seconds since 1970.
        most: of one person.
    """

    def __init__(self, store: IBackend, now: Callable[[], float], most: int = MOST_KEPT) -> None:
        self._store = store
        self._now = now
        self._most = most
        self._touched: OrderedDict[str, float] = OrderedDict()

    async def find(self, key: str, channel: str) -> Kept | None:
        """Return the private chat ``channel`` as the person ``key`` finds it, or None.

        Raises:
            StoreUnavailable.
        """
        return _kept(await self._store.get(KIND, f"{key}\n{channel}"))

    async def of(self, key: str) -> list[tuple[str, Kept]]:
        """Return ``(channel, kept)`` of all private chats of the person ``key``, newest first.

        Raises:
            StoreUnavailable.
        """
        prefix = f"{key}\n"
        found = [
            (record.key[len(prefix) :], _decode(record.value))
            async for record in every(self._store.page, KIND, prefix)
        ]
        return sorted(found, key=lambda one: (-one[1].at, one[0]))

    async def keep(self, channel: str, one: Person, other: Person) -> None:
        """Let both find the private chat ``channel`` from now on, under these names, as the newest. Idempotent.

        Raises:
            Conflict: others change it all the time.
            StoreUnavailable, StoreUnknown.
        """
        for _ in range(_TRIES):
            changes: list[Change] = []
            for reader, met in ((one, other), (other, one)):
                record = await self._store.get(KIND, f"{reader.key}\n{channel}")
                kept = Kept(met.key, met.name, self._now())
                changes.append(_change(reader.key, channel, kept, record))
                if record is None:
                    changes += await self._overflow(reader.key)
            try:
                await self._store.commit(changes)
            except Conflict:
                continue
            return
        raise Conflict("this private chat is being opened just now, try again")

    async def touch(self, channel: str, by: Person) -> None:
        """Something is said in ``channel`` by somebody: it is among the newest, for both. Nothing for what is not kept.

        It only changes the order of a list, so it is not tried again where it fails.
        """
        pair, now = private_pair(channel), self._now()
        if pair is None or now - self._touched.get(channel, -TOUCH_S) < TOUCH_S:
            return
        self._remember(channel, now)
        changes = []
        try:
            for reader in pair:
                record = await self._store.get(KIND, f"{reader}\n{channel}")
                if record is not None:
                    kept = replace(_decode(record.value), at=now)
                    kept = kept if reader == by.key else replace(kept, name=by.name)
                    changes.append(_change(reader, channel, kept, record))
            if changes:
                await self._store.commit(changes)
        except SafeError:
            self._touched.pop(channel, None)

    def _remember(self, channel: str, now: float) -> None:
        self._touched[channel] = now
        self._touched.move_to_end(channel)
        if len(self._touched) > _MOST_TOUCHED:
            self._touched.popitem(last=False)

    async def _overflow(self, key: str) -> list[Change]:
        """Return what has to go for one more private chat."""
        over = (await self.of(key))[self._most - 1 :][-10:]
        return [Change(KIND, f"{key}\n{channel}", None) for channel, _ in over]


def _kept(record: Record | None) -> Kept | None:
    return None if record is None else _decode(record.value)


def _change(key: str, channel: str, kept: Kept, record: Record | None) -> Change:
    version = 0 if record is None else record.version
    return Change(KIND, f"{key}\n{channel}", _encode(kept).decode(), version)
