"""People: guests with a ticket, and the names of those who are here."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from itsdangerous import BadSignature, URLSafeTimedSerializer

from twistedchat.chat.names import NameTaken, clean_name, folded
from twistedchat.core.errors import SafeError
from twistedchat.core.presence import Person
from twistedchat.core.throttle import TokenBucket

TICKET_DAYS = 30
OPENS_PER_S = 0.2
OPENS_BURST = 10


class BadTicket(SafeError):
    """The ticket is no ticket of ours, or too old: log in with a name."""


class NotLoggedIn(SafeError):
    """Log in first."""


class HouseFull(SafeError):
    """As many people as there may be are here."""


@dataclass(slots=True)
class Visitor:
    """Someone who is logged in, by however many live clients.

    Attributes:
        person: key and name as others see them.
        clients: their live clients by id, each with what is to be called when their name has changed, and its address.
        says: how fast they may post, all clients together.
        opens: how fast they may open private chats, which show up on the other side.
        rights: what vouches for them in the house: ``owner``, ``moderator``, ``member:ROOM``.
    """

    person: Person
    says: TokenBucket
    opens: TokenBucket
    clients: dict[str, tuple[Callable[[], None], str]] = field(default_factory=dict)
    rights: frozenset[str] = frozenset()

    @property
    def addresses(self) -> set[str]:
        """The addresses of their live clients."""
        return {address for _, address in self.clients.values() if address}


class People:
    """Everyone who is logged in.

    Args:
        secret: key that signs tickets.
        now: seconds, of the clock that throttles go by.
        says_per_s, says_burst: how fast one person may post.
        max_people: one more is refused with HouseFull.
    """

    def __init__(
        self, secret: str, now: Callable[[], float], says_per_s: float, says_burst: int, max_people: int
    ) -> None:
        self._tickets = URLSafeTimedSerializer(secret, salt="twistedchat guest ticket")
        self._now = now
        self._rate = (says_per_s, says_burst)
        self._max_people = max_people
        self._visitors: dict[str, Visitor] = {}
        self._names: dict[str, str] = {}  # folded name -> key

    def find(self, key: str) -> Visitor | None:
        """Return the visitor with ``key`` who is logged in."""
        return self._visitors.get(key)

    def named(self, name: str) -> Visitor | None:
        """Return who is logged in under ``name``, however it is written."""
        return self._visitors.get(self._names.get(folded(name), ""))

    def login(
        self,
        name: str | None,
        ticket: str | None,
        client: str,
        renamed: Callable[[], None],
        address: str = "",
    ) -> Visitor:
        """Log a live client in: as the person of ``ticket``, or as a new guest; under ``name``, or the ticket's.

        Idempotent for one client and person. ``renamed`` is called whenever the person has another name, also by another
        of their clients; it must not raise.

        Raises:
            BadTicket: it cannot be read (a new guest needs a name and no ticket).
            BadName, NameTaken, HouseFull: as they say; nothing was changed.
        """
        key, old_name = self._read(ticket) if ticket else (secrets.token_urlsafe(16), None)
        chosen = clean_name(name if name is not None else old_name or "")
        self._check_free(chosen, key)
        visitor = self._visitors.get(key)
        if visitor is None:
            if len(self._visitors) >= self._max_people:
                raise HouseFull("too many people are here just now")
            visitor = self._visitors[key] = Visitor(
                Person(key, chosen),
                TokenBucket(*self._rate, self._now()),
                TokenBucket(OPENS_PER_S, OPENS_BURST, self._now()),
            )
            self._names[folded(chosen)] = key
        visitor.clients[client] = renamed, address
        if name is not None and visitor.person.name != chosen:
            self._name(visitor, chosen)
        return visitor

    def rename(self, visitor: Visitor, name: str) -> None:
        """Give ``visitor`` another name.

        Raises:
            BadName, NameTaken: nothing was changed.
        """
        chosen = clean_name(name)
        self._check_free(chosen, visitor.person.key)
        self._name(visitor, chosen)

    def logout(self, visitor: Visitor, client: str) -> None:
        """One of their live clients is over; with the last one the name is free. Idempotent."""
        visitor.clients.pop(client, None)
        key = visitor.person.key
        if not visitor.clients and self._visitors.get(key) is visitor:
            del self._visitors[key]
            del self._names[folded(visitor.person.name)]

    def ticket(self, person: Person) -> str:
        """Return a ticket by which ``person`` comes back, also after a restart."""
        ticket = self._tickets.dumps([person.key, person.name])
        return ticket if isinstance(ticket, str) else ticket.decode()

    def _read(self, ticket: str) -> tuple[str, str]:
        try:
            key, name = self._tickets.loads(ticket[:1000], max_age=TICKET_DAYS * 86_400)
        except (BadSignature, ValueError, TypeError):
            raise BadTicket("this ticket is not valid any more; log in with a name") from None
        return str(key), str(name)

    def _check_free(self, name: str, key: str) -> None:
        if self._names.get(folded(name), key) != key:
            raise NameTaken(f"somebody here is called {name} already")

    def _name(self, visitor: Visitor, name: str) -> None:
        del self._names[folded(visitor.person.name)]
        visitor.person = Person(visitor.person.key, name)
        self._names[folded(name)] = visitor.person.key
        for renamed, _ in list(visitor.clients.values()):
            renamed()
