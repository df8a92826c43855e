"""What moderators and owners do in their rooms: kick, ban, mute, appoint; told to all in the room's log."""

import ipaddress
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import Deferred

from twistedchat.chat.begun import whole
from twistedchat.chat.errors import BadCommand, NotAllowed
from twistedchat.chat.faces import Faces
from twistedchat.chat.names import folded
from twistedchat.chat.order import Measure, Order, Orders, Role
from twistedchat.chat.people import People, Visitor
from twistedchat.chat.privates import HOUSE_IDENTITY
from twistedchat.chat.rights import Rights
from twistedchat.chat.rooms import Room, RoomKind, Rooms
from twistedchat.core import wire
from twistedchat.core.presence import Person
from twistedchat.interfaces import IChannel

MAX_REASON_CHARS = 200


@dataclass(frozen=True, slots=True)
class Term:
    """For how long and why: ``seconds`` is None for good."""

    seconds: float | None = None
    reason: str = ""


class Moderation:
    """Each method first asks whether the visitor may do it to that person: nobody to who is as much as they are.

    What was begun is finished, also where the page that asked for it goes. Who has to go is shown out as soon as the store
    has it, before the room is told: that may fail.

    Args:
        rooms, orders, rights, people, faces: where it is looked up.
        open_channel: opens a channel by name.
        now: seconds since 1970.
        hurry: raises TooFast where the visitor, or their address, says too much: all of this is told to a room.

    All raise TooFast, NotAllowed, NoSuchRoom, Banned, StoreUnavailable and StoreUnknown.
    """

    def __init__(
        self,
        rooms: Rooms,
        orders: Orders,
        rights: Rights,
        people: People,
        faces: Faces,
        open_channel: Callable[[str], "Deferred[IChannel]"],
        now: Callable[[], float],
        hurry: Callable[[Visitor], None],
    ) -> None:
        self._rooms = rooms
        self._orders = orders
        self._rights = rights
        self._people = people
        self._faces = faces
        self._open_channel = open_channel
        self._now = now
        self._hurry = hurry

    # --- out of the room

    @whole
    async def kick(self, visitor: Visitor, channel: str, whom: Person, reason: str = "") -> None:
        """Show somebody out; they may come in again."""
        await self._above(visitor, channel, whom.key)
        await self._tell(visitor, channel, "kick", whom, reason=_short(reason))
        self._faces.show_out(whom.key, channel, _out("kicked out", visitor, reason))

    @whole
    async def ban(self, visitor: Visitor, channel: str, whom: Person, term: Term) -> None:
        """Keep somebody out."""
        await self._above(visitor, channel, whom.key)
        await self._orders.ban(channel, self._measure(visitor, whom.key, whom.name, term))
        self._faces.show_out(whom.key, channel, _out("banned", visitor, term.reason))
        await self._tell(visitor, channel, "ban", whom, **self._term(term))

    @whole
    async def ban_range(self, visitor: Visitor, channel: str, text: str, term: Term) -> int:
        """Keep out whoever comes from an address range; return how many were shown out. Not told to the room.

        Raises:
            BadCommand: ``text`` is no address range.
        """
        await self._begin(visitor, channel, Role.MODERATOR)
        subject = address_range(text)
        await self._orders.ban(channel, self._measure(visitor, subject, subject, term))
        return await self._show_out_banned(visitor, channel, term.reason)

    @whole
    async def unban(self, visitor: Visitor, channel: str, subject: str, name: str = "") -> bool:
        """Let a person, or an address range, in again; say whether they were kept out."""
        await self._begin(visitor, channel, Role.MODERATOR)
        had = await self._orders.lift(channel, "ban", subject)
        if had and name:
            await self._tell(visitor, channel, "unban", Person(subject, name))
        return had

    # --- silent in the room

    @whole
    async def mute(self, visitor: Visitor, channel: str, whom: Person, term: Term) -> None:
        """Let somebody read only."""
        await self._above(visitor, channel, whom.key)
        await self._orders.mute(channel, self._measure(visitor, whom.key, whom.name, term))
        await self._tell(visitor, channel, "mute", whom, **self._term(term))

    @whole
    async def unmute(self, visitor: Visitor, channel: str, whom: Person) -> bool:
        """Let somebody write again; say whether they were muted."""
        await self._begin(visitor, channel, Role.MODERATOR)
        had = await self._orders.lift(channel, "mute", whom.key)
        if had:
            await self._tell(visitor, channel, "unmute", whom)
        return had

    # --- what somebody is in the room

    @whole
    async def appoint(self, visitor: Visitor, channel: str, whom: Person, role: Role) -> None:
        """Make somebody a member, moderator or owner, or nothing of it. Moderators appoint members, owners everyone."""
        order = await self._orders.of(channel)
        needed = Role.OWNER if max(role, order.role(whom.key)) >= Role.MODERATOR else Role.MODERATOR
        await self._begin(visitor, channel, needed)
        room = self._rooms.find(channel)
        if room is not None and room.owner == whom.key:
            await self._rights.at_least(visitor, channel, Role.OWNER)
            await self._rooms.change(channel, owner="")  # from now on they are what they are appointed
        await self._orders.appoint(channel, whom.key, whom.name, role)
        if role is Role.NOBODY:
            await self._show_out_strangers(channel, [whom.key])
        await self._tell(visitor, channel, "role", whom, role=role.name.lower())

    @whole
    async def change_kind(self, visitor: Visitor, channel: str, kind: RoomKind) -> Room:
        """Make a room public, unlisted or its members' only; who is none is shown out then. Not the operator's rooms."""
        await self._begin(visitor, channel, Role.OWNER)
        if self._rooms.is_standing(channel):
            raise NotAllowed("of what kind this room is stands in the server's configuration")
        room = await self._rooms.change(channel, kind=kind)
        await self._show_out_strangers(channel, self._faces.inside(channel))
        await self._tell(visitor, channel, "kind", visitor.person, kind=str(kind))
        return room

    async def find(self, channel: str, name: str) -> Person | None:
        """Return who is called ``name``: somebody who is logged in, else somebody whom the room's order names."""
        visitor = self._people.named(name)
        if visitor is not None:
            return visitor.person
        order = await self._orders.of(channel)
        for key, named in _names(order):
            if folded(named) == folded(name):
                return Person(key, named)
        return None

    # --- the parts

    async def _begin(self, visitor: Visitor, channel: str, least: Role) -> Role:
        """Return the role of ``visitor`` if it is ``least`` or more, and they are not too fast. A room with an order is kept:
        forgotten, it would be made anew by whoever comes, and be theirs."""
        theirs = await self._rights.at_least(visitor, channel, least)
        self._hurry(visitor)
        await self._rooms.keep(channel)
        return theirs

    async def _above(self, visitor: Visitor, channel: str, key: str) -> None:
        theirs = await self._begin(visitor, channel, Role.MODERATOR)
        room = self._rooms.find(channel)
        order = await self._orders.of(channel)
        target = self._people.find(key)
        if room is not None and room.owner == key:
            other = Role.OWNER
        elif target is not None and room is not None:
            other = self._rights.role_in(target, room, order)
        else:
            other = order.role(key)
        if key == visitor.person.key or other >= theirs:
            raise NotAllowed("this cannot be done to yourself, or to who is as much as you are in the room")

    def _measure(self, visitor: Visitor, subject: str, name: str, term: Term) -> Measure:
        until = None if term.seconds is None else self._now() + term.seconds
        return Measure(subject, name, visitor.person.name, _short(term.reason), until)

    def _term(self, term: Term) -> dict[str, Any]:
        told: dict[str, Any] = {"reason": _short(term.reason)}
        return told if term.seconds is None else told | {"until": round(self._now() + term.seconds, 3)}

    async def _tell(self, visitor: Visitor, channel: str, what: str, whom: Person, **more: Any) -> None:
        by = visitor.person
        told = {"what": what, "whom": (whom.key, whom.name), "by": (by.key, by.name), **more}
        log = await self._open_channel(channel)
        await log.post(HOUSE_IDENTITY, secrets.token_urlsafe(16), wire.encode(["order", told]))

    async def _show_out_banned(self, visitor: Visitor, channel: str, reason: str) -> int:
        room, order, out = self._rooms.find(channel), await self._orders.of(channel), 0
        for key in self._faces.inside(channel):
            target = self._people.find(key)
            if target is None or room is None or self._rights.role_in(target, room, order) >= Role.MODERATOR:
                continue
            if order.ban_of(key, target.addresses, self._now()) is not None:
                self._faces.show_out(key, channel, _out("banned", visitor, reason))
                out += 1
        return out

    async def _show_out_strangers(self, channel: str, keys: list[str]) -> None:
        room, order = self._rooms.find(channel), await self._orders.of(channel)
        if room is None or room.kind is not RoomKind.MEMBERS:
            return
        for key in keys:
            target = self._people.find(key)
            if target is not None and self._rights.role_in(target, room, order) < Role.MEMBER:
                self._faces.show_out(key, channel, "this room is for its members only now")


def address_range(text: str) -> str:
    """Return an address, or a range in CIDR notation, as a range.

    Raises:
        BadCommand: it is none.
    """
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        raise BadCommand(f"{text} is no address like 192.0.2.7 and no range like 192.0.2.0/24") from None


def _names(order: Order) -> list[tuple[str, str]]:
    held = [(key, holder.name) for key, holder in order.roles.items()]
    return held + [(one.subject, one.name) for there in (order.bans, order.mutes) for one in there.values()]


def _short(reason: str) -> str:
    return " ".join(reason.split())[:MAX_REASON_CHARS]


def _out(what: str, visitor: Visitor, reason: str) -> str:
    text = f"you were {what} by {visitor.person.name}"
    return f"{text}: {_short(reason)}" if reason.strip() else text
