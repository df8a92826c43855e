"""What one live client reads: its subscriptions, and which of them are behind."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from twistedchat.core import wire
from twistedchat.core.entry import Entry
from twistedchat.core.frames import Prepared
from twistedchat.core.position import Position
from twistedchat.core.presence import Person
from twistedchat.interfaces import IChannel
from twistedchat.live.subscription import NO_PEOPLE, Subscription, people_wire

if TYPE_CHECKING:
    from twistedchat.live.client import LiveClient


ENTRY_CHARS = 100  # what an entry takes beside its event
PERSON_CHARS = 10


@dataclass(frozen=True, slots=True)
class Joining:
    """What a root element lets its page join: the channel, and what to tell with it.

    Attributes:
        channel: the channel.
        info: JSON value for the page.
        tail: how many of the last entries a page gets that comes anew or too late.
        holds: says whether the page may still join. Asked in the moment of the subscription: other channels of the same
            request may have taken their time.
    """

    channel: IChannel
    info: dict[str, Any] = field(default_factory=dict)
    tail: int = 50
    holds: Callable[[], bool] = lambda: True


def entry_wire(entry: Entry) -> tuple[int, str, object, float]:
    """Return an entry as a join's answer has it: ``[offset, id, [method, …], at]``."""
    return entry.offset, entry.id, wire.raw(entry.event), round(entry.at, 3)


def newest(entries: Sequence[Entry], room: int) -> Sequence[Entry]:
    """Return the newest of ``entries`` that go into ``room`` characters together; all that follow the first of them."""
    first = len(entries)
    while first > 0 and (room := room - len(entries[first - 1].event) - ENTRY_CHARS) >= 0:
        first -= 1
    return entries[first:]


def people_chars(people: list[Person]) -> int:
    """Return about how many characters ``people`` take on the wire."""
    return sum(len(person.key) + len(person.name) + PERSON_CHARS for person in people)


class Reading:
    """The subscriptions of one live client; at most ``limit``."""

    __slots__ = ("_behind", "_by_name", "_client", "_limit")

    def __init__(self, client: "LiveClient", limit: int) -> None:
        self._client = client
        self._limit = limit
        self._by_name: dict[str, Subscription] = {}
        self._behind: dict[Subscription, None] = {}

    @property
    def names(self) -> list[str]:
        """The channels that are read."""
        return list(self._by_name)

    @property
    def behind(self) -> int:
        """How many of them wait to be refilled, at most."""
        return len(self._behind)

    def get(self, name: str) -> Subscription | None:
        """Return the subscription to the channel ``name``."""
        return self._by_name.get(name)

    # --- joining and leaving

    def may_join(self, name: str, asking: Iterable[str]) -> bool:
        """Say whether there is room for one more channel beside those that are ``asking``, or it is read already."""
        return name in self._by_name or len({name, *self._by_name, *asking}) <= self._limit

    def joined(self, joining: Joining, stated: Position | None, room: int) -> dict[str, Any]:
        """Subscribe by a granted join and return its RESULT (docs/protocol.md 3). One step: nothing comes in between.

        Args:
            room: about how many characters it may have. As many of the last entries as go into it are told; people
                that are too many for it follow when the session takes them.
        """
        channel = joining.channel
        recovered = stated is not None and channel.find(stated)
        at = stated if recovered and stated is not None else channel.head
        self.drop(channel.name)
        subscription = self._add(channel, at.offset)
        people = self._people(subscription, room // 2)
        if subscription.behind:
            self.mark_behind(subscription)
        last = [] if recovered else newest(channel.last(joining.tail), room // 2)
        return {
            "at": at,
            "recovered": recovered,
            "entries": [entry_wire(entry) for entry in last],
            "people": people,
            "info": joining.info,
        }

    def _people(self, subscription: Subscription, room: int) -> dict[str, Any]:
        presence = subscription.channel.presence
        people = presence.people()
        if people is not None and people_chars(people) > room:
            subscription.people_version = NO_PEOPLE  # the names follow
            people = None
        return {
            "version": subscription.people_version,
            "count": presence.count,
            "list": None if people is None else people_wire(people),
        }

    def subscribe(self, channel: IChannel) -> None:
        """Read ``channel`` from its head on; idempotent."""
        if channel.name not in self._by_name:
            self._add(channel, channel.head.offset)

    def drop(self, name: str) -> bool:
        """Read the channel ``name`` no more; return whether it was read."""
        subscription = self._by_name.pop(name, None)
        if subscription is None:
            return False
        self._behind.pop(subscription, None)
        subscription.channel.unsubscribe(subscription)
        return True

    def _add(self, channel: IChannel, offset: int) -> Subscription:
        subscription = self._by_name[channel.name] = Subscription(self._client, channel, offset)
        channel.subscribe(subscription)
        return subscription

    # --- sessions come and go

    def resume(self, at: dict[str, wire.At]) -> list[str]:
        """Go on in each channel after the positions ``at``; return those where the page has to join again."""
        lost = [name for name in at if name not in self._by_name]
        for name, subscription in list(self._by_name.items()):
            stated = at.get(name)
            if subscription.resume(stated.position() if stated else None):
                self._behind[subscription] = None
            else:
                self.drop(name)
                lost.append(name)
        return lost

    def stated(self, at: dict[str, wire.At], rewind: bool) -> list[str]:
        """The page says where it is; return the channels where it has to join again."""
        lost = []
        for name, position in at.items():
            subscription = self._by_name.get(name)
            if subscription is None or not subscription.stated(position.position(), rewind):
                self.drop(name)
                lost.append(name)
            elif subscription.behind:
                self.mark_behind(subscription)
        return lost

    # --- what the page lacks

    def mark_behind(self, subscription: Subscription) -> None:
        """Note that ``subscription`` has more for the page; it is sent at the turn's end, or when the session takes it."""
        self._behind[subscription] = None
        self._client.schedule_flush()

    def gather(self, parts: list[Prepared], room: int) -> None:
        """Append to ``parts`` what the page lacks, of about ``room`` characters."""
        while self._behind and room > 0:
            subscription = next(iter(self._behind))
            room -= subscription.gather(parts, room)
            if not subscription.behind:
                self._behind.pop(subscription, None)
