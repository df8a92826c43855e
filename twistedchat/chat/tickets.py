"""Tickets: signed by the server, kept by the page, by which somebody comes back, also after a restart."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
from itsdangerous import BadSignature, URLSafeTimedSerializer

from twistedchat.core.errors import SafeError

TICKET_DAYS = 30
VOUCHED_S = 86_400.0  # what a site vouches for, rights too, holds no longer without a new token
MAX_TICKET_CHARS = 8192  # a token's rights are in its ticket

_ACCOUNT = "account:"
_VOUCHED = "vouched:"


class BadTicket(SafeError):
    """The ticket is no ticket of ours, or void: log in with a name."""


@dataclass(frozen=True, slots=True)
class GuestTicket:
    """A guest's: their key, and the name they had."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class AccountTicket:
    """An account's: its key, and the generation of its password."""

    key: str
    generation: int


@dataclass(frozen=True, slots=True)
class VouchedTicket:
    """Of somebody vouched for: what the token said.

    Attributes:
        key, name, rights, avatar, kid: as in ``tokens.Vouched``.
        until: seconds since 1970.
    """

    key: str
    name: str
    rights: frozenset[str]
    avatar: str | None
    kid: str
    until: float


Ticket = GuestTicket | AccountTicket | VouchedTicket


class Tickets:
    """Writes and reads tickets.

    Args:
        secret: key that signs them.
        wall: seconds since 1970, for what a site vouched for.
    """

    def __init__(self, secret: str, wall: Callable[[], float]) -> None:
        self._guests = URLSafeTimedSerializer(secret, salt="twistedchat guest ticket")
        self._accounts = URLSafeTimedSerializer(secret, salt="twistedchat account ticket")
        self._vouched = URLSafeTimedSerializer(secret, salt="twistedchat vouched ticket")
        self._wall = wall

    def write(self, ticket: Ticket) -> str:
        """Return a ticket's text."""
        match ticket:
            case GuestTicket():
                return _signed(self._guests, [ticket.key, ticket.name])
            case AccountTicket():
                return _ACCOUNT + _signed(self._accounts, [ticket.key, ticket.generation])
            case VouchedTicket():
                return _VOUCHED + _signed(self._vouched, msgspec.to_builtins(ticket))

    def read(self, text: str) -> Ticket:
        """Return the ticket that ``write`` made ``text`` of.

        Raises:
            BadTicket: we did not, or too long ago.
        """
        try:
            ticket = self._read(text[:MAX_TICKET_CHARS])
        except (BadSignature, ValueError, TypeError):
            raise void() from None
        if isinstance(ticket, VouchedTicket) and ticket.until < self._wall():
            raise void()
        return ticket

    def _read(self, text: str) -> Ticket:
        if text.startswith(_ACCOUNT):
            key, generation = _loaded(self._accounts, text.removeprefix(_ACCOUNT))
            return AccountTicket(key, generation)
        if text.startswith(_VOUCHED):
            return msgspec.convert(_loaded(self._vouched, text.removeprefix(_VOUCHED)), VouchedTicket)
        key, name = _loaded(self._guests, text)
        return GuestTicket(str(key), str(name))


def void() -> BadTicket:
    """Return the error for a ticket that does not count, whyever."""
    return BadTicket("this ticket is not valid any more; log in with a name")


def _signed(serializer: URLSafeTimedSerializer, told: Any) -> str:
    text = serializer.dumps(told)
    return text if isinstance(text, str) else text.decode()


def _loaded(serializer: URLSafeTimedSerializer, text: str) -> Any:
    return serializer.loads(text, max_age=TICKET_DAYS * 86_400)
