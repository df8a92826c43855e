"""Private chats: asked for by one, opened on both sides, found again by both."""

import json
import secrets
from collections.abc import Callable

from twisted.internet.defer import Deferred

from twistedchat.chat.contacts import SILENT, Contacts, can_be
from twistedchat.chat.errors import NoSuchPerson, NotAllowed
from twistedchat.chat.known import Known
from twistedchat.chat.people import Visitor
from twistedchat.chat.privates_kept import Kept, KeptPrivates
from twistedchat.chat.where import other_of, private_channel, private_pair, user_channel
from twistedchat.core import wire
from twistedchat.core.presence import Person
from twistedchat.interfaces import IBackend, IChannel

HOUSE_IDENTITY = "house"
LISTED = 200

_REOPENED = 20  # of the last entries of one's own channel; as many private chats does a page open again


def _is_told(log: IChannel, channel: str) -> bool:
    """Say whether a page that loads finds the private chat ``channel`` in its person's own channel ``log``."""
    opened = [json.loads(entry.event) for entry in log.last(_REOPENED)]
    return any(event[:2] == ["privateOpened", channel] for event in opened)


class Privates:
    """Opens private chats, and lists them.

    Args:
        open_channel: opens a channel by name.
        find_channel: returns an open channel or None.
        store: where the heads of their logs are found.
        kept: which there are.
        known: finds people.
        contacts: friends, and who does not talk with whom.
    """

    def __init__(
        self,
        open_channel: Callable[[str], "Deferred[IChannel]"],
        find_channel: Callable[[str], IChannel | None],
        store: IBackend,
        kept: KeptPrivates,
        known: Known,
        contacts: Contacts,
    ) -> None:
        self._open_channel = open_channel
        self._find_channel = find_channel
        self._store = store
        self._kept = kept
        self._known = known
        self._contacts = contacts

    async def open(self, visitor: Visitor, other: Person) -> str:
        """Open the private chat of ``visitor`` with ``other`` (see ``whom``), on both sides; return its channel.

        It is kept for both before either is told. Both are told in their own channels, where they find it again after a
        reload. Who is in it and would find it is not told again: whoever opens it without end would push everything else
        out of there.

        Raises:
            Conflict, StoreUnavailable, StoreUnknown: the other one is told by an entry in a log.
        """
        channel = private_channel(visitor.person.key, other.key)
        await self._kept.keep(channel, visitor.person, other)
        for reader, met in ((other.key, visitor.person), (visitor.person.key, other)):
            log = await self._open_channel(user_channel(reader))
            if self._is_in(channel, reader) and _is_told(log, channel):
                continue
            event = wire.encode(["privateOpened", channel, (met.key, met.name)])
            await log.post(HOUSE_IDENTITY, secrets.token_urlsafe(16), event)
        return channel

    async def whom(self, visitor: Visitor, key: str) -> Person:
        """Return the person ``key``, with whom ``visitor`` may open a private chat.

        Raises:
            NotAllowed: they do not talk with the visitor; told whether they are here or not.
            NoSuchPerson: it is the visitor's own key, or that of nobody who is here, has an account, is a friend, or has such
                a chat with the visitor already.
            StoreUnavailable.
        """
        if can_be(visitor, key):
            me = visitor.person.key
            if await self._contacts.blocks(key, me):
                raise NotAllowed(SILENT)
            found = await self._known.find(me, key) or await self._contacts.friend(me, key)
            if found is not None:
                return found
        raise NoSuchPerson("this person is not here")

    async def listed(self, visitor: Visitor) -> list[tuple[str, Kept, int]]:
        """Return ``(channel, kept, head)`` of the newest 200 private chats, newest first; ``head`` is the last offset.

        Raises:
            StoreUnavailable.
        """
        newest = (await self._kept.of(visitor.person.key))[:LISTED]
        heads = await self._store.heads([channel for channel, _ in newest])
        return [(channel, kept, heads[channel].offset) for channel, kept in newest]

    def _is_in(self, channel: str, key: str) -> bool:
        found = self._find_channel(channel)
        return found is not None and found.presence.find(key) is not None

    async def other(self, channel: str, visitor: Visitor) -> Person | None:
        """Return the other person of a private chat, as far as they are known, or None for what is none.

        Raises:
            StoreUnavailable.
        """
        pair = private_pair(channel)
        if pair is None:
            return None
        me, key = visitor.person.key, other_of(pair, visitor.person.key)
        found = await self._known.find(me, key)
        if found is None or await self._contacts.blocks(key, me):
            kept = await self._kept.find(me, channel)  # of who blocks the visitor nothing new is told
            return Person(key, kept.name if kept else "")
        return found

    async def hides(self, visitor: Visitor, channel: str) -> bool:
        """Say whether ``visitor`` is not to be seen in ``channel``: in a private chat with somebody whom they block.

        Raises:
            StoreUnavailable.
        """
        pair = private_pair(channel)
        return pair is not None and await self._contacts.blocks(
            visitor.person.key, other_of(pair, visitor.person.key)
        )
