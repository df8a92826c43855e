"""Private chats: asked for by one, opened on both sides, found again by both."""

import json
import secrets
from collections.abc import Callable

from twisted.internet.defer import Deferred

from twistedchat.chat.errors import NoSuchPerson
from twistedchat.chat.people import People, Visitor
from twistedchat.chat.where import private_channel, private_pair, user_channel
from twistedchat.core import wire
from twistedchat.core.presence import Person
from twistedchat.interfaces import IChannel

HOUSE_IDENTITY = "house"

_REOPENED = 20  # of the last entries of one's own channel; as many private chats does a page open again


def _is_told(log: IChannel, channel: str) -> bool:
    """Say whether a page that loads finds the private chat ``channel`` in its person's own channel ``log``."""
    opened = [json.loads(entry.event) for entry in log.last(_REOPENED)]
    return any(event[:2] == ["privateOpened", channel] for event in opened)


class Privates:
    """Opens private chats.

    Args:
        open_channel: opens a channel by name.
        find_channel: returns an open channel or None.
        people: who is logged in.
    """

    def __init__(
        self,
        open_channel: Callable[[str], "Deferred[IChannel]"],
        find_channel: Callable[[str], IChannel | None],
        people: People,
    ) -> None:
        self._open_channel = open_channel
        self._find_channel = find_channel
        self._people = people

    async def open(self, visitor: Visitor, key: str) -> str:
        """Open the private chat of ``visitor`` with the person of ``key``, on both sides; return its channel.

        Both are told in their own channels, where they find it again after a reload. Who is in it and would find it is not
        told again: whoever opens it without end would push everything else out of there.

        Raises:
            NoSuchPerson: nobody here has the key, or it is the visitor's own.
            StoreUnavailable, StoreUnknown: the other one is told by an entry in a log.
        """
        other = self.check(visitor, key)
        channel = private_channel(visitor.person.key, key)
        for reader, met in ((key, visitor.person), (visitor.person.key, other.person)):
            log = await self._open_channel(user_channel(reader))
            if self._is_in(channel, reader) and _is_told(log, channel):
                continue
            event = wire.encode(["privateOpened", channel, (met.key, met.name)])
            await log.post(HOUSE_IDENTITY, secrets.token_urlsafe(16), event)
        return channel

    def check(self, visitor: Visitor, key: str) -> Visitor:
        """Return the other person.

        Raises:
            NoSuchPerson: as ``open``.
        """
        other = self._people.find(key)
        if other is None or key == visitor.person.key:
            raise NoSuchPerson("this person is not here")
        return other

    def _is_in(self, channel: str, key: str) -> bool:
        found = self._find_channel(channel)
        return found is not None and found.presence.find(key) is not None

    def other(self, channel: str, visitor: Visitor) -> Person | None:
        """Return the other person of a private chat, as far as they are known, or None for what is none."""
        pair = private_pair(channel)
        if pair is None:
            return None
        key = pair[1] if pair[0] == visitor.person.key else pair[0]
        other = self._people.find(key)
        return other.person if other else Person(key, "")
