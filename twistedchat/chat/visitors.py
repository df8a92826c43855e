"""Visitors: who is logged in, by which live clients, under which name. All of it at once, nothing waits."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from enum import StrEnum

from twistedchat.chat.inuse import NamesInUse
from twistedchat.chat.names import folded
from twistedchat.chat.tickets import VouchedTicket, void
from twistedchat.core.addresses import home
from twistedchat.core.errors import SafeError
from twistedchat.core.presence import Person
from twistedchat.core.throttle import TokenBucket

OPENS_PER_S = 0.2
OPENS_BURST = 10


class NotLoggedIn(SafeError):
    """Log in first."""


class HouseFull(SafeError):
    """As many people as there may be are here."""


class Kind(StrEnum):
    """How somebody is known."""

    GUEST = "guest"
    ACCOUNT = "account"
    VOUCHED = "vouched"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A live client that logs in.

    Attributes:
        client: its id.
        renamed: called whenever the person has another name, also by another of their clients; must not raise.
        address: its address as text, "" where it is not known.
        generation: of the password by which it is here; tickets name it.
    """

    client: str
    renamed: Callable[[], None]
    address: str = ""
    generation: int = 0


@dataclass(slots=True)
class Visitor:
    """Someone who is logged in, by however many live clients.

    Attributes:
        person: key and name as others see them.
        says: how fast they may post, all clients together.
        opens: how fast they may open private chats, which show up on the other side.
        kind: how they are known.
        rights: in the house, by what a site or the operator says: ``owner``, ``moderator``, ``member:room/NAME``.
        vouched: what a site says of them, or None.
        clients: their live clients by id.
    """

    person: Person
    says: TokenBucket
    opens: TokenBucket
    kind: Kind = Kind.GUEST
    rights: frozenset[str] = frozenset()
    vouched: VouchedTicket | None = None
    clients: dict[str, Arrival] = field(default_factory=dict)

    @property
    def avatar(self) -> str | None:
        """URL of a picture that may be shown, or None."""
        return self.vouched.avatar if self.vouched else None

    @property
    def addresses(self) -> set[str]:
        """The addresses of their live clients."""
        return {arrival.address for arrival in self.clients.values() if arrival.address}

    @property
    def homes(self) -> set[str]:
        """What bounds per address count these by."""
        return set(map(home, self.addresses))


class Visitors:
    """Everyone who is logged in, each with a name of their own at every moment.

    Args:
        now: seconds, of the clock that throttles go by.
        says_per_s, says_burst: how fast one person may post.
        max_people: one more is refused with HouseFull.
    """

    def __init__(self, now: Callable[[], float], says_per_s: float, says_burst: int, max_people: int) -> None:
        self._now = now
        self._rate = (says_per_s, says_burst)
        self._max_people = max_people
        self._by_key: dict[str, Visitor] = {}
        self._names = NamesInUse()

    def find(self, key: str) -> Visitor | None:
        """Return the visitor with ``key``."""
        return self._by_key.get(key)

    def named(self, name: str) -> Visitor | None:
        """Return who is here under ``name``, however it is written."""
        return self._by_key.get(self._names.holder(name) or "")

    def claim(self, name: str, key: str) -> AbstractContextManager[None]:
        """See ``NamesInUse.claim``."""
        return self._names.claim(name, key)

    def check_room(self, key: str) -> None:
        """Return if the person ``key`` is here or may come.

        Raises:
            HouseFull: they may not.
        """
        if key not in self._by_key and len(self._by_key) >= self._max_people:
            raise HouseFull("too many people are here just now")

    def enter(
        self,
        person: Person,
        arrival: Arrival,
        kind: Kind = Kind.GUEST,
        vouched: VouchedTicket | None = None,
        rights: frozenset[str] = frozenset(),
    ) -> Visitor:
        """Let ``person`` be here by one more live client, under the name that is given. Idempotent.

        A guest who is here and comes as an account is the account on every client.

        Raises:
            HouseFull, NameTaken: as they say.
            BadTicket: they come as a guest, who are something else by now.
        """
        visitor = self._by_key.get(person.key)
        if visitor is None:
            visitor = self._new(person)
        elif kind is Kind.GUEST and visitor.kind is not kind:
            raise void()
        elif visitor.person != person:
            self.rename(visitor, person.name)
        if kind is Kind.ACCOUNT and visitor.kind is Kind.GUEST:
            for client, other in visitor.clients.items():
                visitor.clients[client] = replace(other, generation=arrival.generation)
        visitor.kind, visitor.vouched = kind, vouched
        visitor.rights = vouched.rights if vouched else rights
        visitor.clients[arrival.client] = arrival
        return visitor

    def _new(self, person: Person) -> Visitor:
        self.check_room(person.key)
        self._names.take(person.name, person.key)
        now = self._now()
        says, opens = TokenBucket(*self._rate, now), TokenBucket(OPENS_PER_S, OPENS_BURST, now)
        visitor = self._by_key[person.key] = Visitor(person, says, opens)
        return visitor

    def rename(self, visitor: Visitor, name: str) -> None:
        """Give ``visitor``, who is here, another name, and tell each of their clients.

        Raises:
            NameTaken: nothing was changed.
        """
        key, old = visitor.person.key, visitor.person.name
        self._names.take(name, key)
        if folded(old) != folded(name):
            self._names.give_up(old, key)
        visitor.person = Person(key, name)
        for arrival in list(visitor.clients.values()):
            arrival.renamed()

    def leave(self, visitor: Visitor, client: str) -> None:
        """One of their live clients is over; with the last one they are gone, and the name is free. Idempotent."""
        visitor.clients.pop(client, None)
        key = visitor.person.key
        if not visitor.clients and self._by_key.get(key) is visitor:
            del self._by_key[key]
            self._names.give_up(visitor.person.name, key)
