"""Rooms: which there are, of what kind, and what they are about. Those in which something was said are kept in the store."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from enum import StrEnum

import msgspec

from twistedchat.chat.errors import NoSuchRoom, NotAllowed
from twistedchat.chat.names import MAX_ROOM_CHARS, clean_name, folded
from twistedchat.core.errors import Conflict, StoreUnavailable, StoreUnknown
from twistedchat.core.records import Change, Record, every
from twistedchat.interfaces import IBackend

KIND = "room"  # of the records


class RoomKind(StrEnum):
    """Who finds a room, and who may enter it."""

    PUBLIC = "public"  # everyone, and it is listed
    UNLISTED = "unlisted"  # everyone who knows its name
    MEMBERS = "members"  # its members, moderators and owners; to others there is no such room


@dataclass(frozen=True, slots=True)
class Room:
    """One room.

    Attributes:
        channel: its channel's name.
        title: what is shown.
        kind: who may find and enter it.
        topic: what it is about; "" for nothing told.
        topic_set: somebody in the room said what it is about, so that the configuration does not.
        owner: key of the person who made it; "" for none.
        keep_entries: messages that are kept; 0 for all.
        keep_s: seconds for which messages are kept; 0 for ever.
        over: it is being deleted: nobody finds it any more.
    """

    channel: str
    title: str
    kind: RoomKind = RoomKind.PUBLIC
    topic: str = ""
    owner: str = ""
    keep_entries: int = 0
    keep_s: float = 0.0
    over: bool = False
    topic_set: bool = False


def room_channel(title: str) -> str:
    """Return the channel of the room called ``title``, however it is written.

    Raises:
        BadName: no room can be called so.
    """
    return f"room/{folded(clean_name(title, 'room name', MAX_ROOM_CHARS))}"


_decode = msgspec.json.Decoder(Room).decode
_encode = msgspec.json.Encoder().encode


def _text(room: Room) -> str:
    return _encode(asdict(room)).decode()


class Rooms:
    """Every room.

    Args:
        store: where rooms are kept.
        standing: rooms that are always there, the first is where newcomers go. Their topic may change.
        most: rooms at a time. For one more a room is forgotten that is empty and in which nothing was ever said, else it is
            refused.
        count: how many people are in a channel.
    """

    def __init__(
        self, store: IBackend, standing: Iterable[Room], most: int, count: Callable[[str], int]
    ) -> None:
        self._store = store
        self._most = most
        self._count = count
        self._rooms = {room.channel: room for room in standing}
        self._standing = frozenset(self._rooms)
        self._versions: dict[str, int] = {}  # of those that the store has
        self._condemned: dict[str, None] = {}
        self.loaded = False

    def __iter__(self) -> Iterator[Room]:
        return iter(self._rooms.values())

    def __len__(self) -> int:
        return len(self._rooms)

    async def load(self) -> None:
        """Find the rooms that were kept. Until then a room that is not found may be there.

        Raises:
            StoreUnavailable: it can be tried again.
        """
        async for record in every(self._store.page, KIND):
            self._take(record)
        self.loaded = True

    def _take(self, record: Record) -> None:
        kept = _decode(record.value)
        mine = self._rooms.get(record.key)
        if kept.over and record.key not in self._standing:
            self._condemn(record.key)
        if record.key in self._condemned:
            return
        self._versions[record.key] = record.version
        if mine is not None and record.key in self._standing:
            said = kept if kept.topic_set else mine  # of all else the configuration speaks
            kept = replace(mine, topic=said.topic, topic_set=kept.topic_set)
        self._rooms[record.key] = kept

    def is_standing(self, channel: str) -> bool:
        """Say whether the configuration names this room."""
        return channel in self._standing

    def find(self, channel: str) -> Room | None:
        """Return a room.

        Raises:
            StoreUnavailable: it is not known yet whether there is one.
        """
        room = self._rooms.get(channel)
        if room is None and not self.loaded:
            raise StoreUnavailable("still starting, try again", 1.0)
        return room

    def named(self, name: str) -> Room | None:
        """Return the room called ``name``, however it is written.

        Raises:
            BadName: no room can be called so.
            StoreUnavailable: as ``find``.
        """
        return self.find(room_channel(name))

    def open(self, name: str, owner: str = "") -> Room:
        """Return the room called ``name``, or make a public one. It is not kept before ``keep``.

        Raises:
            BadName: the name cannot be used.
            NoSuchRoom: there are too many rooms.
            StoreUnavailable: the one of this name is being deleted.
        """
        channel = room_channel(name)
        room = self.find(channel)
        if room is None:
            self._make_place(channel)
            room = self._rooms[channel] = Room(
                channel, clean_name(name, "room name", MAX_ROOM_CHARS), owner=owner
            )
        return room

    async def keep(self, channel: str) -> bool:
        """Have the store keep a room from now on: something is about to be said in it. Idempotent; return whether the store
        was asked.

        Raises:
            StoreUnavailable, StoreUnknown.
        """
        room = self._rooms.get(channel)
        if room is None or channel in self._versions or channel in self._standing:
            return False
        with suppress(Conflict):  # somebody else keeps it, and says more of it
            await self._write(room, expected=0)
        return True

    async def change(self, channel: str, **what: object) -> Room:
        """Change fields of a room, and keep it.

        Raises:
            NoSuchRoom, StoreUnavailable, StoreUnknown.
            Conflict: somebody changed it at the same time.
        """
        room = self.find(channel)
        if room is None:
            raise NoSuchRoom("there is no such room")
        changed = replace(room, **what)  # type: ignore[arg-type]
        await self._write(changed, self._versions.get(channel, 0))
        return changed

    async def make(self, room: Room) -> Room:
        """Make a room of any kind, kept from its first moment on; return it. Idempotent.

        Raises:
            NoSuchRoom: there are too many rooms.
            Conflict: there is one of this name, and it is another.
            StoreUnavailable, StoreUnknown.
        """
        had = self.find(room.channel)
        if had is None:
            self._make_place(room.channel)
            await self._write(room, expected=0)
            return room
        if (had.title, had.kind, had.topic) != (room.title, room.kind, room.topic):
            raise Conflict("there is another room of this name")
        return had

    # --- rooms that are over

    @property
    def condemned(self) -> list[str]:
        """The channels of those whose deletion has begun and not ended."""
        return list(self._condemned)

    async def condemn(self, channel: str) -> None:
        """Let nobody find a room any more, from now on and after a restart. Idempotent until ``forget``.

        Raises:
            NoSuchRoom, StoreUnavailable.
            NotAllowed: the configuration names it.
            StoreUnknown: nobody finds it here; after a restart it may be there.
        """
        if channel in self._condemned:
            return
        room = self.find(channel)
        if room is None:
            raise NoSuchRoom("there is no such room")
        if self.is_standing(channel):
            raise NotAllowed("this room stands in the server's configuration")
        try:
            await self._store.commit([Change(KIND, channel, _text(replace(room, over=True)))])
        except StoreUnknown:
            self._condemn(channel)
            raise
        self._condemn(channel)

    async def forget(self, channel: str) -> None:
        """Forget a condemned room, when nothing else is left of it: the name is free again.

        Raises:
            StoreUnavailable, StoreUnknown: it stays condemned.
        """
        await self._store.commit([Change(KIND, channel, None)])
        self._versions.pop(channel, None)
        self._condemned.pop(channel, None)

    def _condemn(self, channel: str) -> None:
        self._rooms.pop(channel, None)
        self._condemned[channel] = None

    # --- the records

    async def _write(self, room: Room, expected: int) -> None:
        try:
            await self._store.commit([Change(KIND, room.channel, _text(room), expected)])
        except Conflict:
            await self._look(room.channel)  # what was changed without us is known the next time
            if expected or room != self._rooms.get(room.channel):
                raise  # else it was written at the same time, from here too
            return
        await self._look(room.channel)

    async def _look(self, channel: str) -> None:
        record = await self._store.get(KIND, channel)
        if record is not None:
            self._take(record)

    def _make_place(self, wanted: str) -> None:
        if wanted in self._condemned:
            raise StoreUnavailable("the room of this name is being deleted, try again", 1.0)
        if len(self._rooms) < self._most:
            return
        for channel in self._rooms:
            if channel not in self._standing and channel not in self._versions and not self._count(channel):
                del self._rooms[channel]
                return
        raise NoSuchRoom("there are too many rooms")
