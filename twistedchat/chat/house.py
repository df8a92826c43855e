"""The chat itself: rooms, private chats, people, alerts. It knows channels and subscribers, and nothing of pages."""

import json
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Any

from twisted.internet.defer import Deferred

from twistedchat.chat.names import MAX_ROOM_CHARS, clean_name, folded
from twistedchat.chat.people import People, Visitor
from twistedchat.core import wire
from twistedchat.core.entry import Appended
from twistedchat.core.errors import IdReused, SafeError, TooFast
from twistedchat.core.presence import Person
from twistedchat.core.throttle import TokenBucket
from twistedchat.interfaces import IChannel

ALERTS = "house"
HOUSE_IDENTITY = "house"

_LOOK_BACK = 1000  # entries
_REOPENED = 20  # of the last entries of one's own channel; as many private chats does a page open again
_LISTED = 200  # rooms that a page is told of
_LIST_S = 1.0  # a list of more rooms than that is made so often at most; so are the counts of people in it

_PRIVATE = re.compile(r"private/([A-Za-z0-9_-]{16,64})\.([A-Za-z0-9_-]{16,64})\Z")


class NoSuchRoom(SafeError):
    """There is no such room, or not for this person."""


class NoSuchPerson(SafeError):
    """Nobody who is here has this key."""


class BadText(SafeError):
    """The text is empty or too long."""


@dataclass(frozen=True, slots=True)
class Room:
    """A room to choose from: its ``channel`` and the ``title`` that is shown."""

    channel: str
    title: str


def user_channel(key: str) -> str:
    """Return the name of a person's own channel."""
    return f"user/{key}"


def private_channel(one: str, other: str) -> str:
    """Return the name of the private chat of two keys, the same in either order."""
    first, second = sorted((one, other))
    return f"private/{first}.{second}"


def private_pair(channel: str) -> tuple[str, str] | None:
    """Return the two keys of a private chat, or None where ``channel`` is no well-formed private chat."""
    found = _PRIVATE.match(channel)
    if found is None or private_channel(found[1], found[2]) != channel or found[1] == found[2]:
        return None
    return found[1], found[2]


def _said_before(log: IChannel, key: str, id: str, text: str) -> Appended:
    """Return the message that ``key`` posted as ``id``, where only the name beside it is another by now.

    Raises:
        IdReused: it said something else, or lies too far back to tell.
    """
    for entry in log.last(_LOOK_BACK):
        if (entry.identity, entry.id) == (key, id) and json.loads(entry.event)[1].get("text") == text:
            return Appended(entry, new=False)
    raise IdReused("this id was used for something else")


def _is_told(log: IChannel, channel: str) -> bool:
    """Say whether a page that loads finds the private chat ``channel`` in its person's own channel ``log``."""
    opened = [json.loads(entry.event) for entry in log.last(_REOPENED)]
    return any(event[:2] == ["privateOpened", channel] for event in opened)


class Chat:
    """See the module.

    Args:
        open_channel: opens a channel by name (``channels.Hub.open``).
        find_channel: returns an open channel or None (``channels.Hub.get``).
        people: who is logged in.
        now: seconds since 1970.
        clock: seconds of the clock that throttles go by.
        rooms: titles of the rooms that are always there; the first is where newcomers go.
        max_rooms: rooms that may exist; beyond it an empty one is forgotten, else opening is refused.
        max_text_chars: longest text.

    Attributes:
        people: who is logged in.
        seconds: the clock that throttles go by.
    """

    def __init__(
        self,
        open_channel: Callable[[str], Deferred[Any]],
        find_channel: Callable[[str], IChannel | None],
        people: People,
        now: Callable[[], float],
        clock: Callable[[], float],
        *,
        rooms: tuple[str, ...] = ("Lobby",),
        max_rooms: int = 10_000,
        max_text_chars: int = 8_000,
    ) -> None:
        self.people = people
        self._open_channel = open_channel
        self._find_channel = find_channel
        self.seconds = clock
        self._now = now
        self._max_rooms = max_rooms
        self._max_text_chars = max_text_chars
        self._rooms: dict[str, Room] = {}
        for title in rooms:
            self.open_room(title)
        self._kept = frozenset(self._rooms)
        self._listed: list[tuple[str, str, int]] = []
        self._listed_at = -inf
        self._started = clock()

    # --- rooms

    def rooms(self, limit: int = _LISTED) -> list[tuple[str, str, int]]:
        """Return ``(channel, title, people)`` of at most 200 rooms: the standing ones, then those with most people."""
        now = self.seconds()
        if len(self._rooms) <= _LISTED or now >= self._listed_at + _LIST_S:
            counted = [(room.channel, room.title, self._count(room.channel)) for room in self._rooms.values()]
            counted.sort(key=lambda one: (one[0] not in self._kept, -one[2], one[1]))
            self._listed, self._listed_at = counted[:_LISTED], now
        return self._listed[:limit]

    def open_room(self, name: str) -> Room:
        """Return the room called ``name``, made if it is not there.

        Raises:
            BadName: the name cannot be used.
            NoSuchRoom: there are too many rooms, and people in all of them.
        """
        title = clean_name(name, "room name", MAX_ROOM_CHARS)
        channel = f"room/{folded(title)}"
        room = self._rooms.get(channel)
        if room is None:
            if len(self._rooms) >= self._max_rooms and not self._forget_empty_room():
                raise NoSuchRoom("there are too many rooms")
            room = self._rooms[channel] = Room(channel, title)
        return room

    def _forget_empty_room(self) -> bool:
        for channel in self._rooms:
            if channel not in self._kept and self._count(channel) == 0:
                del self._rooms[channel]
                return True
        return False

    def _count(self, channel: str) -> int:
        found = self._find_channel(channel)
        return found.presence.count if found else 0

    # --- who may where

    def may_enter(self, visitor: Visitor, channel: str) -> None:
        """Return if ``visitor`` may read and write ``channel``.

        Raises:
            NoSuchRoom: there is none for them; which of the two is not told.
        """
        if channel in self._rooms:
            return
        pair = private_pair(channel)
        if pair is None or visitor.person.key not in pair:
            raise NoSuchRoom("there is no such room")

    def may_read(self, visitor: Visitor, channel: str) -> None:
        """Return if ``visitor`` may read ``channel``: also their own channel, and the alerts.

        Raises:
            NoSuchRoom: as ``may_enter``.
        """
        if channel not in (ALERTS, user_channel(visitor.person.key)):
            self.may_enter(visitor, channel)

    def open(self, channel: str) -> Deferred[Any]:
        """Fire with a channel; the caller has asked ``may_enter`` or ``may_read`` before."""
        return self._open_channel(channel)

    def room_title(self, channel: str) -> str:
        """Return what a room is called; "" for what is no room."""
        room = self._rooms.get(channel)
        return room.title if room else ""

    def just_started(self, within_s: float) -> bool:
        """Say whether the house opened less than ``within_s`` seconds ago: who comes back now was here before."""
        return self.seconds() - self._started < within_s

    # --- saying things

    async def say(self, visitor: Visitor, channel: str, id: str, text: str) -> Appended:
        """Post a message once.

        Args:
            visitor: who says it.
            channel: a room, or a private chat of theirs.
            id: of the message, 22 to 64 characters of A-Z a-z 0-9 - _.
            text: at most ``max_text_chars``, not blank.

        Raises:
            BadText, NoSuchRoom, TooFast, IdReused, StoreUnavailable, StoreUnknown.
        """
        if not text.strip():
            raise BadText("there is nothing to send")
        if len(text) > self._max_text_chars:
            raise BadText(
                f"a message has at most {self._max_text_chars} characters; this one has {len(text)}"
            )
        self.may_enter(visitor, channel)
        log = await self._open_channel(channel)
        self._not_too_fast(visitor.says)
        message = {"from": (visitor.person.key, visitor.person.name), "text": text}
        try:
            posted: Appended = await log.post(visitor.person.key, id, wire.encode(["message", message]))
        except IdReused:
            return _said_before(log, visitor.person.key, id, text)
        return posted

    def _not_too_fast(self, bucket: TokenBucket) -> None:
        wait = bucket.take(self.seconds())
        if wait:
            raise TooFast(f"too fast, try again in {wait:.0f} s" if wait > 1 else "too fast", wait)

    async def open_private(self, visitor: Visitor, key: str) -> str:
        """Open the private chat of ``visitor`` with the person of ``key``, on both sides; return its channel.

        Both are told in their own channels, where they find it again after a reload. Who is in it and would find it is not
        told again: whoever opens it without end would push everything else out of there.

        Raises:
            NoSuchPerson: nobody here has the key, or it is the visitor's own.
            TooFast, StoreUnavailable, StoreUnknown: as ``say``: the other one is told by an entry in a log.
        """
        other = self.people.find(key)
        if other is None or key == visitor.person.key:
            raise NoSuchPerson("this person is not here")
        channel = private_channel(visitor.person.key, key)
        self._not_too_fast(visitor.says)
        self._not_too_fast(visitor.opens)
        for reader, met in ((key, visitor.person), (visitor.person.key, other.person)):
            log = await self._open_channel(user_channel(reader))
            if self._is_in(channel, reader) and _is_told(log, channel):
                continue
            event = wire.encode(["privateOpened", channel, (met.key, met.name)])
            await log.post(HOUSE_IDENTITY, secrets.token_urlsafe(16), event)
        return channel

    def _is_in(self, channel: str, key: str) -> bool:
        found = self._find_channel(channel)
        return found is not None and found.presence.find(key) is not None

    def person_in(self, channel: str, visitor: Visitor) -> Person | None:
        """Return the other person of a private chat, as far as they are known, or None for what is none."""
        pair = private_pair(channel)
        if pair is None:
            return None
        key = pair[1] if pair[0] == visitor.person.key else pair[0]
        other = self.people.find(key)
        return other.person if other else Person(key, "")

    async def alert(self, text: str) -> None:
        """Show ``text`` to everyone in the house, whichever room they are in.

        Raises:
            BadText: as ``say``.
            StoreUnavailable, StoreUnknown: as they say.
        """
        if not text.strip() or len(text) > self._max_text_chars:
            raise BadText(f"an alert has 1 to {self._max_text_chars} characters")
        log = await self._open_channel(ALERTS)
        event = wire.encode(["alert", {"text": text, "at": self._now()}])
        await log.post(HOUSE_IDENTITY, secrets.token_urlsafe(16), event)
