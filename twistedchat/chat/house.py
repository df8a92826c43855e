"""The chat itself: the one door to rooms, private chats, people, order, alerts. It knows channels, and nothing of pages."""

import secrets
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from math import inf
from typing import Any

from twisted.internet.defer import Deferred

from twistedchat.chat.attempts import Attempts
from twistedchat.chat.begun import whole
from twistedchat.chat.contacts import Contacts
from twistedchat.chat.errors import BadText, NoSuchRoom
from twistedchat.chat.faces import Faces
from twistedchat.chat.known import Known
from twistedchat.chat.messages import Messages, TextRules, check_text
from twistedchat.chat.moderation import Moderation
from twistedchat.chat.online import Online
from twistedchat.chat.order import Orders, Role
from twistedchat.chat.people import People, Visitor
from twistedchat.chat.privates import HOUSE_IDENTITY, Privates
from twistedchat.chat.privates_kept import KeptPrivates
from twistedchat.chat.programs import MAX_TOPIC_CHARS, Programs
from twistedchat.chat.removal import Removal
from twistedchat.chat.retention import Retention
from twistedchat.chat.rights import Rights
from twistedchat.chat.rooms import Room, RoomKind, Rooms
from twistedchat.chat.where import ALERTS, user_channel
from twistedchat.core import wire
from twistedchat.core.entry import Appended, Entry
from twistedchat.core.errors import TooFast
from twistedchat.core.presence import Person
from twistedchat.core.throttle import Buckets, TokenBucket
from twistedchat.interfaces import IBackend, IChannel

__all__ = ["ALERTS", "Chat", "ChatRules", "user_channel"]

TYPING_PEOPLE = 50  # in a room with more nobody is told who types

_LISTED = 200  # rooms that a page is told of
_LIST_S = 1.0  # a list of more rooms than that is made so often at most; so are the counts of people in it
_TYPES_PER_S = 0.5
_ADDRESS_OPENS_PER_S = 1.0  # private chats opened from one address
_ADDRESS_OPENS_BURST = 100
NAMES_PER_S = 0.2  # new names of one person, and logins of one page
NAMES_BURST = 10


@dataclass(frozen=True, slots=True)
class ChatRules:
    """What the operator chose.

    Attributes:
        rooms: the standing rooms; the first is where newcomers go.
        max_rooms: rooms that may exist.
        user_rooms: whether visitors may open rooms of their own.
        texts: what may be said.
        address_says_per_s, address_says_burst: how fast all people of one address may post together.
        address_rooms_per_s, address_rooms_burst: how fast they may make rooms.
    """

    rooms: tuple[Room, ...] = (Room("room/lobby", "Lobby"),)
    max_rooms: int = 10_000
    user_rooms: bool = True
    texts: TextRules = field(default_factory=TextRules)
    address_says_per_s: float = 100.0
    address_says_burst: int = 1_000
    address_rooms_per_s: float = 0.02
    address_rooms_burst: int = 30


class Chat:
    """See the module. Every method asks first whether the visitor may.

    Args:
        open_channel: opens a channel by name (``channels.Hub.open``).
        find_channel: returns an open channel or None (``channels.Hub.get``).
        erase_channel: lets a channel be over (``channels.Hub.erase``).
        store: where rooms, their order and history are kept.
        people: who is logged in.
        now: seconds since 1970.
        clock: seconds of the clock that throttles go by.
        online: who is here by a live client, as friends are told.
        rules: what the operator chose.

    Attributes:
        people: who is logged in.
        rooms: every room.
        online: who is here, as friends are told.
        contacts: friends, requests, and who does not talk with whom.
        privates: private chats.
        faces: how people see the chat.
        logins: how many there were, by kind: ``guest``, ``ticket``, ``password``, ``token``.
        moderation: what moderators and owners do.
        retention: forgets what rooms do not keep.
        removal: deletes rooms.
        programs: what programs of the operator do here.
        seconds: the clock that throttles go by.
    """

    def __init__(
        self,
        open_channel: Callable[[str], Deferred[Any]],
        find_channel: Callable[[str], IChannel | None],
        erase_channel: Callable[[str], Awaitable[None]],
        store: IBackend,
        people: People,
        now: Callable[[], float],
        clock: Callable[[], float],
        online: Online,
        rules: ChatRules | None = None,
    ) -> None:
        self._rules = rules = rules or ChatRules()
        self._open_channel = open_channel
        self._find_channel = find_channel
        self._now = now
        self.seconds = clock
        self.people = people
        self.faces = Faces()
        self.logins: Counter[str] = Counter()
        self.rooms = Rooms(store, rules.rooms, rules.max_rooms, self._count)
        self._orders = Orders(store, now)
        kept = KeptPrivates(store, now)
        known = Known(people, kept)
        self.online = online
        self.contacts = Contacts(store, known, self.faces, online, now, clock)
        self._rights = Rights(self.rooms, self._orders, now, self.contacts.blocks)
        self._messages = Messages(store, now, rules.texts)
        self._kept = kept
        self.privates = Privates(open_channel, find_channel, store, kept, known, self.contacts)
        self.moderation = Moderation(
            self.rooms, self._orders, self._rights, people, self.faces, open_channel, now, self._not_too_fast
        )
        self.retention = Retention(self.rooms, store, find_channel, now)
        self.removal = Removal(self.rooms, self._orders, self.faces, erase_channel)
        self.programs = Programs(
            self.rooms, self.removal, open_channel, find_channel, store, rules.texts, now
        )
        self._by_address = Buckets(rules.address_says_per_s, rules.address_says_burst)
        self._opens_of_address = Buckets(_ADDRESS_OPENS_PER_S, _ADDRESS_OPENS_BURST)
        self._makes = Attempts(rules.address_rooms_per_s, rules.address_rooms_burst, clock)
        self._types = Buckets(_TYPES_PER_S, 2)
        self._names = Buckets(NAMES_PER_S, NAMES_BURST)
        self._listed: list[tuple[str, str, int]] = []
        self._listed_at = -inf
        self._started = clock()
        self._knows_who_was_here = store.durable

    async def load(self) -> None:
        """Find what the store has. Until then only the standing rooms are known.

        Raises:
            StoreUnavailable: it can be tried again.
        """
        await self.rooms.load()

    async def tidy(self) -> None:
        """Forget what is over; go on with deletions that came to no end.

        Raises:
            StoreUnavailable, StoreUnknown: some of it may be left for the next time.
        """
        await self.removal.finish()
        await self.retention.tidy()

    # --- rooms

    def listed(self, limit: int = _LISTED) -> list[tuple[str, str, int]]:
        """Return ``(channel, title, people)`` of at most 200 public rooms: the standing ones, then those with most people."""
        now = self.seconds()
        if len(self.rooms) <= _LISTED or now >= self._listed_at + _LIST_S:
            counted = [
                (room.channel, room.title, self._count(room.channel))
                for room in self.rooms
                if room.kind is RoomKind.PUBLIC
            ]
            counted.sort(key=lambda one: (not self.rooms.is_standing(one[0]), -one[2], one[1]))
            self._listed, self._listed_at = counted[:_LISTED], now
        return self._listed[:limit]

    async def open_room(self, visitor: Visitor, name: str) -> Room:
        """Return the room called ``name``, made if it is not there.

        Raises:
            BadName: the name cannot be used.
            NoSuchRoom: it is for others, or there may be no more rooms.
            TooFast: too many were made from this address.
            Banned, StoreUnavailable.
        """
        room = self.rooms.named(name)
        if room is None:
            if not self._rules.user_rooms:
                raise NoSuchRoom("there is no such room, and visitors cannot make one here")
            for address in visitor.homes:
                self._makes.take(address)
            room = self.rooms.open(name, visitor.person.key)
        await self._rights.may_enter(visitor, room.channel)
        return room

    async def topic(self, visitor: Visitor, channel: str) -> str:
        """Return what a room is about.

        Raises:
            As ``may_enter``.
        """
        await self._rights.may_enter(visitor, channel)
        room = self.rooms.find(channel)
        return room.topic if room else ""

    @whole
    async def set_topic(self, visitor: Visitor, channel: str, id: str, text: str) -> Appended:
        """Say what a room is about, to everyone in it; moderators only, in rooms that somebody owns.

        Raises:
            BadText: it is too long.
            NotAllowed, Conflict, and as ``say``.
        """
        if len(text) > MAX_TOPIC_CHARS:
            raise BadText(f"a topic has at most {MAX_TOPIC_CHARS} characters")
        await self._rights.at_least(visitor, channel, Role.MODERATOR)
        self._not_too_fast(visitor)
        topic = " ".join(text.split())
        await self.rooms.change(channel, topic=topic, topic_set=True)
        log = await self._open_channel(channel)
        who = visitor.person
        event = wire.encode(["topic", {"from": (who.key, who.name), "text": topic}])
        posted: Appended = await log.post(who.key, id, event)
        return posted

    def _count(self, channel: str) -> int:
        found = self._find_channel(channel)
        return found.presence.count if found else 0

    # --- who may where

    async def may_enter(self, visitor: Visitor, channel: str) -> None:
        """See ``Rights.may_enter``."""
        await self._rights.may_enter(visitor, channel)

    async def enter(self, visitor: Visitor, channel: str) -> IChannel:
        """Return a channel that ``visitor`` may read: a room, a private chat, their own channel, the alerts.

        Raises:
            As ``Rights.may_read``, and StoreUnavailable.
        """
        await self._rights.may_read(visitor, channel)
        opened: IChannel = await self._open_channel(channel)
        await self._rights.may_read(visitor, channel)  # it took time: a ban may have come in between
        return opened

    async def role(self, visitor: Visitor, channel: str) -> Role:
        """See ``Rights.role``."""
        return await self._rights.role(visitor, channel)

    async def people_in(self, visitor: Visitor, channel: str, after: str | None, limit: int) -> list[Person]:
        """Return a page of who is in a channel, by name, after the key ``after``.

        Raises:
            As ``may_enter``.
        """
        await self._rights.may_enter(visitor, channel)
        log = await self._open_channel(channel)
        page: list[Person] = log.presence.page(after, limit)
        return page

    def just_started(self, within_s: float) -> bool:
        """Say whether the house opened less than ``within_s`` seconds ago, and does not know who was here before: who comes
        now is taken for somebody who comes back."""
        return not self._knows_who_was_here and self.seconds() - self._started < within_s

    # --- saying things

    async def say(
        self, visitor: Visitor, channel: str, id: str, text: str, method: str = "message"
    ) -> Appended:
        """Post a message, an ``action`` or a ``notice`` once.

        Args:
            visitor: who says it.
            channel: a room, or a private chat of theirs.
            id: of the message, 22 to 64 characters of A-Z a-z 0-9 - _.
            text: at most ``max_chars`` of the rules, not blank.
            method: one of ``messages.TEXTS``.

        Raises:
            BadText, NoSuchRoom, NotAllowed, Banned, Muted, TooFast, IdReused, StoreUnavailable, StoreUnknown.
        """
        check_text(text, self._rules.texts.max_chars)
        log = await self._writable(visitor, channel)
        posted = await self._messages.post(visitor, log, id, method, text)
        await self._kept.touch(channel, visitor.person)
        return posted

    async def edit(self, visitor: Visitor, channel: str, id: str, offset: int, text: str) -> Appended:
        """Change a message of one's own; see ``Messages.edit``. Raises what that and ``say`` do."""
        log = await self._writable(visitor, channel)
        return await self._messages.edit(visitor, log, id, offset, text)

    async def delete(self, visitor: Visitor, channel: str, id: str, offset: int) -> Appended:
        """Take back a message; moderators anyone's; see ``Messages.delete``. Raises what that and ``say`` do."""
        role = await self._rights.role(visitor, channel)
        log = await self._writable(visitor, channel)
        return await self._messages.delete(visitor, log, id, offset, role >= Role.MODERATOR)

    async def history(self, visitor: Visitor, channel: str, before: int, limit: int) -> list[Entry]:
        """Return at most ``limit`` entries (100 at most) of a channel before an offset, oldest first.

        Raises:
            As ``may_enter``.
        """
        await self._rights.may_enter(visitor, channel)
        return await self._messages.page(channel, before, limit)

    async def typing(self, visitor: Visitor, channel: str) -> None:
        """Tell those in a small room that somebody types; nothing where they did so just now.

        Raises:
            As ``Rights.may_say``.
        """
        await self._rights.may_say(visitor, channel)
        log = self._find_channel(channel)
        who = visitor.person
        if log is None or log.presence.count > TYPING_PEOPLE or log.presence.find(who.key) is None:
            return
        if not self._types.take(f"{who.key}\n{channel}", self.seconds()):
            log.hint(wire.encode(["hint", channel, ["typing", (who.key, who.name)]]))

    async def _writable(self, visitor: Visitor, channel: str) -> IChannel:
        await self._rights.may_say(visitor, channel)
        self._not_too_fast(visitor)
        waited = self._find_channel(channel) is None
        waited |= await self.rooms.keep(channel)
        log: IChannel = await self._open_channel(channel)
        if waited:  # a ban, or a mute, may have come in between
            await self._rights.may_say(visitor, channel)
        return log

    def _not_too_fast(self, visitor: Visitor) -> None:
        self._take(visitor.says)
        now = self.seconds()
        self._wait(max((self._by_address.take(address, now) for address in visitor.homes), default=0.0))

    def _take(self, bucket: TokenBucket) -> None:
        self._wait(bucket.take(self.seconds()))

    def _wait(self, wait: float) -> None:
        if wait:
            raise TooFast(_too_fast(wait), wait)

    # --- people, private chats, alerts

    async def rename(self, visitor: Visitor, name: str) -> None:
        """Give ``visitor`` another name, in every room at once; see ``People.rename``.

        Raises:
            TooFast: everyone they meet is told of a name, so not one after the other. And what ``People.rename`` does.
        """
        check_names(self._names.take(visitor.person.key, self.seconds()))
        await self.people.rename(visitor, name)

    async def open_private(self, visitor: Visitor, key: str) -> str:
        """Open a private chat, on both sides, and return its channel; see ``Privates.open``.

        Raises:
            NoSuchPerson, NotAllowed, TooFast, Conflict, StoreUnavailable, StoreUnknown.
        """
        other = await self.privates.whom(visitor, key)
        self._not_too_fast(visitor)
        self._take(visitor.opens)
        for (
            address
        ) in visitor.homes:  # a guest is soon made, and each of these chats shows up on the other side
            self._wait(self._opens_of_address.take(address, self.seconds()))
        return await self.privates.open(visitor, other)

    async def alert(self, text: str) -> None:
        """Show ``text`` to everyone in the house, whichever room they are in.

        Raises:
            BadText: as ``say``.
            StoreUnavailable, StoreUnknown: as they say.
        """
        check_text(text, self._rules.texts.max_chars, "an alert")
        log = await self._open_channel(ALERTS)
        event = wire.encode(["alert", {"text": text, "at": self._now()}])
        await log.post(HOUSE_IDENTITY, secrets.token_urlsafe(16), event)


def check_names(wait: float) -> None:
    """Return if there is nothing to wait for until the next name.

    Raises:
        TooFast
    """
    if wait:
        raise TooFast("too many names, try again later", wait)


def _too_fast(wait: float) -> str:
    return f"too fast, try again in {wait:.0f} s" if wait > 1 else "too fast"
