"""Who may where: one place that every face asks before anything is read, written or told."""

from collections.abc import Awaitable, Callable

from twistedchat.chat.contacts import SILENT
from twistedchat.chat.errors import Banned, Muted, NoSuchRoom, NotAllowed
from twistedchat.chat.order import Measure, Order, Orders, Role
from twistedchat.chat.people import Visitor
from twistedchat.chat.rooms import Room, RoomKind, Rooms
from twistedchat.chat.where import ALERTS, other_of, private_pair, user_channel


class Rights:
    """See the module.

    Args:
        rooms: which rooms there are.
        orders: their order.
        now: seconds since 1970.
        blocks: says whether the person of the first key does not talk with that of the second.
    """

    def __init__(
        self,
        rooms: Rooms,
        orders: Orders,
        now: Callable[[], float],
        blocks: Callable[[str, str], Awaitable[bool]],
    ) -> None:
        self._rooms = rooms
        self._orders = orders
        self._now = now
        self._blocks = blocks

    def role_in(self, visitor: Visitor, room: Room, order: Order) -> Role:
        """Return what ``visitor`` is in a room: by its order, by having made it, or by what vouches for them."""
        role = order.role(visitor.person.key)
        vouched = visitor.vouched  # for a day, also where a page is here for longer
        rights = visitor.rights if vouched is None or vouched.until > self._now() else frozenset()
        if room.owner == visitor.person.key or "owner" in rights:
            return Role.OWNER
        if "moderator" in rights:
            return max(role, Role.MODERATOR)
        if f"member:{room.title}" in rights or f"member:{room.channel}" in rights:
            return max(role, Role.MEMBER)
        return role

    async def role(self, visitor: Visitor, channel: str) -> Role:
        """Return what ``visitor`` is in the room ``channel``; NOBODY in a private chat.

        Raises:
            NoSuchRoom, Banned: as ``may_enter``.
        """
        await self.may_enter(visitor, channel)
        room = self._rooms.find(channel)
        return self.role_in(visitor, room, await self._orders.of(channel)) if room else Role.NOBODY

    async def may_enter(self, visitor: Visitor, channel: str) -> None:
        """Return if ``visitor`` may read ``channel``, see who is there, and be there.

        Raises:
            NoSuchRoom: there is none for them; which of the two is not told.
            Banned: they may not, until then.
            StoreUnavailable: it cannot be told now.
        """
        pair = private_pair(channel)
        if pair is not None and visitor.person.key in pair:
            return
        room = self._rooms.find(channel) if pair is None else None
        if room is None:
            raise NoSuchRoom("there is no such room")
        order = await self._orders.of(channel)
        role = self.role_in(visitor, room, order)
        if room.kind is RoomKind.MEMBERS and role < Role.MEMBER:
            raise NoSuchRoom("there is no such room")
        ban = order.ban_of(visitor.person.key, visitor.addresses, self._now())
        if ban is not None and role < Role.MODERATOR:
            raise Banned(self._told("not let into this room", ban))

    async def may_read(self, visitor: Visitor, channel: str) -> None:
        """Return if ``visitor`` may read ``channel``: also their own channel, and the alerts.

        Raises:
            As ``may_enter``.
        """
        if channel not in (ALERTS, user_channel(visitor.person.key)):
            await self.may_enter(visitor, channel)

    async def may_say(self, visitor: Visitor, channel: str) -> None:
        """Return if ``visitor`` may write in ``channel``.

        Raises:
            Muted: they may read only, until then.
            NotAllowed: the other one of a private chat does not talk with them.
            As ``may_enter``.
        """
        await self.may_enter(visitor, channel)
        pair = private_pair(channel)
        if pair is not None:
            if await self._blocks(other_of(pair, visitor.person.key), visitor.person.key):
                raise NotAllowed(SILENT)
            return
        room = self._rooms.find(channel)
        if room is not None:
            order = await self._orders.of(channel)
            mute = order.mute_of(visitor.person.key, self._now())
            if mute is not None and self.role_in(visitor, room, order) < Role.MODERATOR:
                raise Muted(self._told("muted here", mute))

    async def at_least(self, visitor: Visitor, channel: str, role: Role) -> Role:
        """Return the role of ``visitor`` in a room if it is ``role`` or more.

        Raises:
            NotAllowed: it is less.
            As ``may_enter``.
        """
        theirs = await self.role(visitor, channel)
        if theirs < role:
            raise NotAllowed(f"only {_WHO[role]} of the room may do this")
        return theirs

    def _told(self, what: str, measure: Measure) -> str:
        text = f"you are {what}"
        if measure.until is not None:
            text += f" for {_span(measure.until - self._now())}"
        return f"{text}: {measure.reason}" if measure.reason else text


_WHO = {Role.MEMBER: "members", Role.MODERATOR: "moderators", Role.OWNER: "owners"}


def _span(seconds: float) -> str:
    """Return a time to wait in words, rounded up."""
    for unit, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds > unit:
            count = -int(-seconds // unit)
            return f"{count} {name}{'s' if count > 1 else ''}"
    return "less than a minute"
