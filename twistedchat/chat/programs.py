"""What programs of the operator do in the chat: speak in any room, make and delete rooms, see who is where.

They are in no room and have no page; whoever calls has asked whether the program may. Each has a name, which the
configuration gives it.
"""

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from heapq import nsmallest
from operator import attrgetter

from twisted.internet.defer import Deferred

from twistedchat.chat.begun import whole
from twistedchat.chat.errors import BadText, NoSuchRoom
from twistedchat.chat.messages import TEXTS, TextRules, check_text
from twistedchat.chat.names import MAX_ROOM_CHARS, clean_name
from twistedchat.chat.removal import Removal
from twistedchat.chat.rooms import Room, RoomKind, Rooms, room_channel
from twistedchat.chat.where import ALERTS
from twistedchat.core import wire
from twistedchat.core.entry import Appended, Entry
from twistedchat.core.errors import Conflict, IdReused, StoreUnavailable
from twistedchat.core.presence import Person
from twistedchat.interfaces import IBackend, IChannel

MAX_TOPIC_CHARS = 300
MOST_NAMED = 200

_LOOK_BACK = 1_000  # alerts
_DELETED = "this room was deleted"


@dataclass(frozen=True, slots=True)
class Seen:
    """A room as a program sees it: what it is, how many are in it, and, where they were asked for, who (200 at most)."""

    room: Room
    standing: bool
    count: int
    people: tuple[Person, ...] = ()


def program_key(name: str) -> str:
    """Return the key of the program called ``name``, beside those of people: the same for ever."""
    digest = hashlib.sha256(f"a program of the operator\n{name}".encode()).digest()
    return urlsafe_b64encode(digest)[:22].decode()


class Programs:
    """See the module.

    Args:
        rooms: every room.
        removal: deletes them.
        open_channel: opens a channel by name.
        find_channel: returns an open channel or None.
        store: where alerts are found again.
        rules: what may be said.
        now: seconds since 1970.
    """

    def __init__(
        self,
        rooms: Rooms,
        removal: Removal,
        open_channel: Callable[[str], "Deferred[IChannel]"],
        find_channel: Callable[[str], IChannel | None],
        store: IBackend,
        rules: TextRules,
        now: Callable[[], float],
    ) -> None:
        self._rooms = rooms
        self._removal = removal
        self._open_channel = open_channel
        self._find_channel = find_channel
        self._store = store
        self._rules = rules
        self._now = now

    # --- speaking

    @whole
    async def say(
        self, program: str, title: str, id: str, text: str, method: str = "message", by: Person | None = None
    ) -> Appended:
        """Post a text in the room called ``title`` once; a second time with the same id is answered as the first.

        Args:
            program: its name.
            title: of the room, however it is written.
            id: 22 to 64 characters of A-Z a-z 0-9 - _, the program's own.
            text: at most as long as anybody's.
            method: one of ``messages.TEXTS``.
            by: who is shown as its author; the program itself unless given.

        Raises:
            BadText, BadName, NoSuchRoom, IdReused, StoreUnavailable, StoreUnknown.
        """
        check_text(text, self._rules.max_chars)
        if method not in TEXTS:
            raise BadText(f"a text is one of {', '.join(TEXTS)}")
        author = by or Person(program_key(program), program)
        author = Person(author.key, clean_name(author.name))
        channel = self._room(title).channel
        await self._rooms.keep(channel)
        log = await self._open_channel(channel)
        self._room(title)  # it took time
        event = wire.encode([method, {"from": (author.key, author.name), "text": text}])
        posted: Appended = await log.post(program_key(program), id, event)
        return posted

    @whole
    async def alert(self, program: str, id: str, text: str) -> Appended:
        """Show ``text`` to everyone in the house once; otherwise as ``say``.

        Raises:
            BadText, IdReused, StoreUnavailable, StoreUnknown.
        """
        check_text(text, self._rules.max_chars, "an alert")
        log = await self._open_channel(ALERTS)
        key, event = program_key(program), wire.encode(["alert", {"text": text, "at": self._now()}])
        try:
            return await log.post(key, id, event)
        except IdReused:
            said = await self._alerted(log, key, id, text)
            return await log.post(key, id, said.event)

    async def _alerted(self, log: IChannel, key: str, id: str, text: str) -> Entry:
        """Return the alert that was posted as ``id``, which differs from the same alert now in its time.

        Raises:
            IdReused: it said something else, or lies too far back to tell.
        """
        after = max(0, log.head.offset - _LOOK_BACK)
        for entry in await self._store.read(ALERTS, after, 2 * _LOOK_BACK):
            if (entry.identity, entry.id) == (key, id) and json.loads(entry.event)[1].get("text") == text:
                return entry
        raise IdReused("this id was used for something else")

    # --- rooms

    def page(self, after: str, limit: int) -> list[Seen]:
        """Return at most ``limit`` rooms of every kind by their channels, those after the channel ``after``.

        Raises:
            StoreUnavailable: it is not known yet which there are.
        """
        if not self._rooms.loaded:
            raise StoreUnavailable("still starting, try again", 1.0)
        rest = (room for room in self._rooms if room.channel > after)
        return [self._seen(room) for room in nsmallest(limit, rest, attrgetter("channel"))]

    def look(self, title: str) -> Seen:
        """Return the room called ``title``, with who is in it.

        Raises:
            BadName, NoSuchRoom, StoreUnavailable.
        """
        return self._seen(self._room(title), MOST_NAMED)

    @whole
    async def make(self, title: str, kind: RoomKind, topic: str) -> tuple[Seen, bool]:
        """Make a room; return it, and whether it is new.

        Raises:
            BadName, BadText: the title or the topic cannot be.
            Conflict: there is one of this name that is another, or there are too many rooms.
            StoreUnavailable, StoreUnknown.
        """
        if len(topic) > MAX_TOPIC_CHARS:
            raise BadText(f"a topic has at most {MAX_TOPIC_CHARS} characters")
        channel, title = room_channel(title), clean_name(title, "room name", MAX_ROOM_CHARS)
        new = self._rooms.find(channel) is None
        try:
            room = await self._rooms.make(Room(channel, title, kind, " ".join(topic.split())))
        except NoSuchRoom as error:
            raise Conflict(error.text) from None
        return self._seen(room), new

    async def delete(self, title: str) -> None:
        """Delete the room called ``title``; see ``Removal.remove``.

        Raises:
            BadName, NoSuchRoom, NotAllowed, StoreUnavailable, StoreUnknown.
        """
        await self._removal.remove(room_channel(title), _DELETED)

    # --- the parts

    def _room(self, title: str) -> Room:
        room = self._rooms.named(title)
        if room is None:
            raise NoSuchRoom("there is no such room")
        return room

    def _seen(self, room: Room, named: int = 0) -> Seen:
        log = self._find_channel(room.channel)
        standing = self._rooms.is_standing(room.channel)
        if log is None:
            return Seen(room, standing, 0)
        people = log.presence.page(None, named) if named else []
        return Seen(room, standing, log.presence.count, tuple(people))
