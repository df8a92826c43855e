"""Order in a room: who owns and moderates it, who is a member, banned or muted. Kept in the store, one record each."""

from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TypeVar

import msgspec

from twistedchat.chat.errors import NotAllowed
from twistedchat.core.addresses import Network, parse_address, parse_range
from twistedchat.core.errors import StoreUnknown
from twistedchat.core.records import Change, Record, every
from twistedchat.interfaces import IBackend

KIND = "order"
MOST_ROLES = 10_000
MOST_MEASURES = 1_000
_AT_ONCE = 100  # changes that a store takes at once
T = TypeVar("T")


class Role(IntEnum):
    """What somebody is in a room; each may do all that those below may."""

    NOBODY = 0
    MEMBER = 1
    MODERATOR = 2
    OWNER = 3


@dataclass(frozen=True, slots=True)
class Holder:
    """Someone with a role, under the name of the time when it was given."""

    role: Role
    name: str


@dataclass(frozen=True, slots=True)
class Measure:
    """A ban or a mute.

    Attributes:
        subject: a person's key, or an address range as text, for example ``192.0.2.0/24``.
        name: of the person then, or the range again.
        by: name of the moderator.
        reason: told to the person; "" for none.
        until: seconds since 1970, or None for good.
    """

    subject: str
    name: str
    by: str
    reason: str = ""
    until: float | None = None


@dataclass(slots=True)
class Order:
    """The order of one room, as the store has it."""

    roles: dict[str, Holder] = field(default_factory=dict)
    bans: dict[str, Measure] = field(default_factory=dict)
    mutes: dict[str, Measure] = field(default_factory=dict)
    ranges: dict[str, Network] = field(default_factory=dict)  # those of the bans that are of addresses

    def role(self, key: str) -> Role:
        """Return what the person with ``key`` is here."""
        holder = self.roles.get(key)
        return holder.role if holder else Role.NOBODY

    def ban_of(self, key: str, addresses: Collection[str], now: float) -> Measure | None:
        """Return the ban that holds for a person, by key or by an address they come from."""
        for subject in (key, *self._ranges_with(addresses)):
            ban = self.bans.get(subject)
            if ban is not None and not is_over(ban, now):
                return ban
        return None

    def mute_of(self, key: str, now: float) -> Measure | None:
        """Return the mute that holds for a person."""
        mute = self.mutes.get(key)
        return None if mute is None or is_over(mute, now) else mute

    def _ranges_with(self, addresses: Collection[str]) -> list[str]:
        if not self.ranges:
            return []
        known = [address for text in addresses if (address := parse_address(text)) is not None]
        return [
            subject
            for subject, network in self.ranges.items()
            if any(address in network for address in known)
        ]


def is_over(measure: Measure, now: float) -> bool:
    """Say whether a measure has ended."""
    return measure.until is not None and measure.until <= now


def _network(text: str) -> Network | None:
    try:
        return parse_range(text)
    except ValueError:
        return None


_WHATS = ("ban", "mute", "role")
_measure = msgspec.json.Decoder(Measure).decode
_holder = msgspec.json.Decoder(Holder).decode
_encode = msgspec.json.Encoder().encode


class Orders:
    """The order of every room; that of rooms which were used lately is at hand.

    Args:
        store: where it is kept.
        now: seconds since 1970.
        most: rooms whose order is at hand; the longest unused is read again when it is wanted.
    """

    def __init__(self, store: IBackend, now: Callable[[], float], most: int = 1000) -> None:
        self._store = store
        self._now = now
        self._most = most
        self._known: OrderedDict[str, Order] = OrderedDict()

    async def of(self, channel: str) -> Order:
        """Return the order of a room.

        Raises:
            StoreUnavailable.
        """
        order = self._known.get(channel)
        if order is None:
            read = await self._read(channel)
            order = self._known.setdefault(channel, read)  # whoever was first: changes go to one object
            while len(self._known) > self._most:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(channel)
        return order

    async def _read(self, channel: str) -> Order:
        order = Order()
        async for record in every(self._store.page, KIND, f"{channel}\n"):
            _take(order, record)
        return order

    async def appoint(self, channel: str, key: str, name: str, role: Role) -> None:
        """Give somebody a role, or take it away with NOBODY.

        Raises:
            NotAllowed: the room has as many as it may have.
            StoreUnavailable, StoreUnknown.
        """
        order = await self.of(channel)
        if role and key not in order.roles and len(order.roles) >= MOST_ROLES:
            raise NotAllowed("this room has as many members as it may have")
        value = _encode(Holder(role, name)).decode() if role else None
        await self._write(channel, Change(KIND, f"{channel}\nrole\n{key}", value))

    async def ban(self, channel: str, measure: Measure) -> None:
        """Keep a person or an address range out.

        Raises:
            NotAllowed: there are too many bans here.
            StoreUnavailable, StoreUnknown.
        """
        await self._take_measure(channel, "ban", measure)

    async def mute(self, channel: str, measure: Measure) -> None:
        """Let a person read only; as ``ban``."""
        await self._take_measure(channel, "mute", measure)

    async def lift(self, channel: str, what: str, subject: str) -> bool:
        """End a ``"ban"`` or ``"mute"``; say whether there was one.

        Raises:
            StoreUnavailable, StoreUnknown.
        """
        order = await self.of(channel)
        had = subject in (order.bans if what == "ban" else order.mutes)
        await self._write(channel, Change(KIND, f"{channel}\n{what}\n{subject}", None))
        return had

    async def _take_measure(self, channel: str, what: str, measure: Measure) -> None:
        order = await self.of(channel)
        there = order.bans if what == "ban" else order.mutes
        if measure.subject not in there and len(there) >= MOST_MEASURES:
            now = self._now()
            for over in [subject for subject, one in there.items() if is_over(one, now)]:
                await self.lift(channel, what, over)
            if len(there) >= MOST_MEASURES:
                raise NotAllowed(f"there are {MOST_MEASURES} of them already; lift some first")
        key, value = f"{channel}\n{what}\n{measure.subject}", _encode(measure).decode()
        await self._write(channel, Change(KIND, key, value, until=measure.until))

    async def remove(self, channel: str) -> None:
        """Forget the order of a room that is over. Idempotent.

        Raises:
            StoreUnavailable, StoreUnknown: some of it may be left.
        """
        prefix = f"{channel}\n"
        while records := await self._store.page(KIND, prefix, prefix, _AT_ONCE):
            await self._store.commit([Change(KIND, record.key, None) for record in records])
        self._known.pop(channel, None)

    async def _write(self, channel: str, change: Change) -> None:
        order = await self.of(channel)
        try:
            await self._store.commit([change])
        except StoreUnknown:
            self._known.pop(channel, None)  # it may have been done: it is read again
            raise
        order = self._known.setdefault(
            channel, order
        )  # also for who reads it just now, from before the change
        _take(order, Record(KIND, change.key, change.value or "", 0), gone=change.value is None)


def _take(order: Order, record: Record, gone: bool = False) -> None:
    _, what, subject = record.key.rsplit("\n", 2)
    if what == "role":
        _put(order.roles, subject, None if gone else _holder(record.value))
    elif what in _WHATS:
        measures = order.bans if what == "ban" else order.mutes
        _put(measures, subject, None if gone else _measure(record.value))
        if what == "ban":
            _put(order.ranges, subject, None if gone else _network(subject))


def _put(there: dict[str, T], subject: str, value: T | None) -> None:
    if value is None:
        there.pop(subject, None)
    else:
        there[subject] = value
