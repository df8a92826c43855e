"""People: guests, accounts, and those whom a site vouches for; and the names of those who are here."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TypeVar

from twistedchat.chat.accounts import Account, Accounts, BadPassword, Revoked
from twistedchat.chat.inuse import taken
from twistedchat.chat.names import MAX_NAME_CHARS, BadName, NameTaken, clean_name
from twistedchat.chat.tickets import (
    VOUCHED_S,
    AccountTicket,
    BadTicket,
    GuestTicket,
    Tickets,
    VouchedTicket,
    void,
)
from twistedchat.chat.tokens import BadToken, Voucher
from twistedchat.chat.visitors import Arrival, HouseFull, Kind, NotLoggedIn, Visitor, Visitors
from twistedchat.core.errors import SafeError
from twistedchat.core.presence import Person

__all__ = ["BadTicket", "HouseFull", "Kind", "NotLoggedIn", "People", "Visitor"]

T = TypeVar("T")

_SMALL_NUMBERS = 10  # a name in use gets " 2" to " 9" behind it,
_LARGE_NUMBERS = 11  # then one of six digits, tried so often


class RegistrationClosed(SafeError):
    """Visitors cannot make accounts here."""


class NotAGuest(SafeError):
    """Only guests can do this; who it is has a name of another kind."""


class NoAccount(SafeError):
    """Only people with an account can do this."""


class People:
    """Everyone who is logged in.

    Everyone here has a name of their own at every moment. An account's name is its own also while nobody is here: no guest
    gets it, and who has it already when the account was made elsewhere gives way to its owner. Who is vouched for under a
    name that is in use gets a number behind it.

    Where a method waits for the store, a caller that is cancelled meanwhile leaves nothing behind; StoreUnavailable and
    StoreUnknown come through as they are.

    Args:
        secret: key that signs tickets.
        now: seconds, of the clock that throttles go by.
        says_per_s, says_burst: how fast one person may post.
        max_people: one more is refused with HouseFull.
        accounts: who has one, or None where there are none.
        voucher: checks tokens, or None where none are taken.
        registration: whether visitors may make accounts for themselves.
        wall: seconds since 1970, for what a site vouched for.
    """

    def __init__(
        self,
        secret: str,
        now: Callable[[], float],
        says_per_s: float,
        says_burst: int,
        max_people: int,
        *,
        accounts: Accounts | None = None,
        voucher: Voucher | None = None,
        registration: bool = True,
        wall: Callable[[], float] | None = None,
    ) -> None:
        self._wall = wall or now
        self._tickets = Tickets(secret, self._wall)
        self._accounts = accounts
        self._voucher = voucher
        self._registration = registration
        self._visitors = Visitors(now, says_per_s, says_burst, max_people)

    # --- who is here

    def find(self, key: str) -> Visitor | None:
        """Return the visitor with ``key`` who is logged in."""
        return self._visitors.find(key)

    def named(self, name: str) -> Visitor | None:
        """Return who is logged in under ``name``, however it is written."""
        return self._visitors.named(name)

    async def known(self, key: str) -> Person | None:
        """Return the person ``key``, who is logged in or has an account, or None."""
        here = self.find(key)
        if here is not None:
            return here.person
        name = await self._accounts.name_of(key) if self._accounts is not None else None
        return None if name is None else Person(key, name)

    def ticket(self, visitor: Visitor, client: str) -> str:
        """Return a ticket by which ``visitor`` comes back, also after a restart; it is as good as the client's login was."""
        key, name = visitor.person.key, visitor.person.name
        if visitor.vouched is not None:
            return self._tickets.write(visitor.vouched)
        if visitor.kind is Kind.ACCOUNT:
            arrival = visitor.clients.get(client)
            return self._tickets.write(AccountTicket(key, arrival.generation if arrival else 0))
        return self._tickets.write(GuestTicket(key, name))

    def moved(self, visitor: Visitor, client: str, address: str) -> bool:
        """A live client of ``visitor`` has this address now; return whether it is another one."""
        arrival = visitor.clients.get(client)
        if arrival is None or arrival.address == address:
            return False
        visitor.clients[client] = replace(arrival, address=address)
        return True

    # --- coming

    async def login(
        self,
        name: str | None,
        ticket: str | None,
        client: str,
        renamed: Callable[[], None],
        address: str = "",
        password: str | None = None,
    ) -> Visitor:
        """Log a live client in.

        With ``password`` as the account ``name``; else as the person of ``ticket``, an account's or a vouched one's too; else
        as a new guest called ``name``. With a ticket, ``name`` is what they are called from now on, None for no change; it
        does not change a name that a site vouches for. Idempotent for one client and person.

        Args:
            name, ticket, password: see above.
            client, renamed, address: as in Arrival.

        Raises:
            BadPassword: the name or the password is wrong; which one is not told, and takes the same time.
            BadTicket: it cannot be read, or is void (a new guest needs a name and no ticket).
            BadName, NameTaken, HouseFull, TooFast: as they say; nothing was changed.
        """
        arrival = Arrival(client, renamed, address)
        if password is not None:
            return await self._by_password(name or "", password, arrival)
        if not ticket:
            return await self._as_guest(secrets.token_urlsafe(16), clean_name(name or ""), arrival)
        match self._tickets.read(ticket):
            case GuestTicket(key, old):
                return await self._back_as_guest(key, old, name, arrival)
            case AccountTicket(key, generation):
                return await self._back_as_account(key, generation, name, arrival)
            case VouchedTicket() as vouched:
                if self._voucher is None or not self._voucher.trusts(vouched.kid):
                    raise void()
                return await self._as_vouched(vouched, arrival)

    async def _as_guest(self, key: str, name: str, arrival: Arrival) -> Visitor:
        with self._visitors.claim(name, key):
            await self._check_no_account(name)
            return self._visitors.enter(Person(key, name), arrival)

    async def _back_as_guest(self, key: str, old: str, name: str | None, arrival: Arrival) -> Visitor:
        if self._accounts is not None and await self._accounts.has_key(key):
            raise void()  # they have a password now
        here = self._visitors.find(key)
        if name is None and here is not None:
            return self._visitors.enter(here.person, arrival)
        if name is not None:
            return await self._as_guest(key, clean_name(name), arrival)
        return await self._numbered(  # they stay who they are, though somebody has their name by now
            Person(key, clean_name(old)), lambda free: self._visitors.enter(Person(key, free), arrival)
        )

    async def _by_password(self, name: str, password: str, arrival: Arrival) -> Visitor:
        chosen = clean_name(name)
        if self._accounts is None:
            raise BadPassword("the name or the password is wrong")
        account = await self._accounts.by_password(chosen, password, arrival.address)
        return await self._as_account(account, arrival)

    async def _back_as_account(
        self, key: str, generation: int, name: str | None, arrival: Arrival
    ) -> Visitor:
        if self._accounts is None:
            raise void()
        chosen = None if name is None else clean_name(name)
        try:
            account = await self._accounts.by_ticket(key, generation)
            if chosen is not None and chosen != account.name:
                with self._visitors.claim(chosen, key):
                    return self._enter_account(await self._accounts.rename(key, chosen), chosen, arrival)
        except Revoked:
            raise void() from None
        return await self._as_account(account, arrival)

    async def _as_account(self, account: Account, arrival: Arrival) -> Visitor:
        here = self._visitors.find(account.key)
        if here is not None:  # they may have been renamed after the store was read
            return self._enter_account(account, here.person.name, arrival)
        await self._make_way(account)
        return self._enter_account(account, account.name, arrival)

    def _enter_account(self, account: Account, name: str, arrival: Arrival) -> Visitor:
        arrival = replace(arrival, generation=account.generation)
        rights = frozenset(account.rights)
        return self._visitors.enter(Person(account.key, name), arrival, Kind.ACCOUNT, rights=rights)

    async def _make_way(self, account: Account) -> None:
        """Who has the account's name without being it, came before it was made elsewhere: they get a number behind it."""
        while (other := self.named(account.name)) is not None and other.person.key != account.key:
            await self._numbered(other.person, partial(self._rename_if_here, other))

    def _rename_if_here(self, visitor: Visitor, name: str) -> None:
        if self._visitors.find(visitor.person.key) is visitor:
            self._visitors.rename(visitor, name)

    async def vouched(
        self, token: str, nonce: str, client: str, renamed: Callable[[], None], address: str = ""
    ) -> Visitor:
        """Log a live client in as whom a site vouches for.

        The same person has the same key each time. Who is here already keeps the name they have; else a name that somebody
        here or an account has gets a number behind it.

        Args:
            token: signed by a key of the site.
            nonce: 128 random bits or more of the page: the same token is good for this page only, as often as it asks.
            client, renamed, address: as in Arrival.

        Raises:
            BadToken: it vouches for nobody here.
            Replayed: another page has brought it.
            NameTaken: also with any number behind it; HouseFull, TooFast: as they say.
        """
        if self._voucher is None:
            raise BadToken("no tokens are taken here")
        found = await self._voucher.accept(token, nonce)
        until = self._wall() + VOUCHED_S
        ticket = VouchedTicket(found.key, found.name, found.rights, found.avatar, found.kid, until)
        return await self._as_vouched(ticket, Arrival(client, renamed, address))

    async def _as_vouched(self, vouched: VouchedTicket, arrival: Arrival) -> Visitor:
        here = self._visitors.find(vouched.key)
        if here is not None:
            return self._visitors.enter(here.person, arrival, Kind.VOUCHED, vouched)
        return await self._numbered(
            Person(vouched.key, vouched.name),
            lambda name: self._visitors.enter(Person(vouched.key, name), arrival, Kind.VOUCHED, vouched),
        )

    async def _numbered(self, person: Person, use: Callable[[str], T]) -> T:
        """Call ``use`` with the name of ``person`` or, where it is in use, with a number behind it; return its answer."""
        for name in _variants(person.name):
            with suppress(NameTaken), self._visitors.claim(name, person.key):
                await self._check_no_account(name)
                return use(name)
        raise NameTaken(f"too many people here are called {person.name}")

    async def _check_no_account(self, name: str) -> None:
        if self._accounts is not None and await self._accounts.has_name(name):
            raise taken(name)

    # --- changing

    async def register(
        self,
        name: str,
        password: str,
        client: str,
        renamed: Callable[[], None],
        address: str = "",
        visitor: Visitor | None = None,
    ) -> Visitor:
        """Make an account and log a live client in as it.

        A guest who registers stays the same person, on all of their pages; the guest's tickets are void. That a name is in
        use is told, whether it is an account's or a guest's: where names are unique it cannot be kept secret.

        Args:
            name, password: of the account.
            client, renamed, address: as in Arrival.
            visitor: as whom the client is logged in, or None.

        Raises:
            RegistrationClosed: there are no accounts to be made here.
            NotAGuest: ``visitor`` has an account, or a site vouches for them.
            BadName, NameTaken, UnfitPassword, TooFast, HouseFull: as they say; nothing was changed.
        """
        if self._accounts is None or not self._registration:
            raise RegistrationClosed("visitors cannot make accounts here")
        if visitor is not None and visitor.kind is not Kind.GUEST:
            raise NotAGuest("you are no guest: log out first")
        chosen = clean_name(name)
        key = visitor.person.key if visitor else secrets.token_urlsafe(16)
        self._visitors.check_room(key)
        with self._visitors.claim(chosen, key):
            account = await self._accounts.add(key, chosen, password, address)
            arrival = Arrival(client, renamed, address, account.generation)
            return self._visitors.enter(Person(key, chosen), arrival, Kind.ACCOUNT)

    async def change_password(self, visitor: Visitor, client: str, old: str, new: str) -> None:
        """Set another password; the account's tickets from before are void, but for a new one of ``client``.

        Raises:
            NoAccount: ``visitor`` has none.
            BadPassword: ``old`` is wrong.
            UnfitPassword, TooFast, Conflict: as they say; nothing was changed.
        """
        arrival = visitor.clients.get(client)
        if self._accounts is None or visitor.kind is not Kind.ACCOUNT or arrival is None:
            raise NoAccount("only accounts have a password")
        try:
            account = await self._accounts.change_password(visitor.person.key, old, new, arrival.address)
        except Revoked:
            raise NoAccount("this account is gone") from None
        if client in visitor.clients:
            visitor.clients[client] = replace(visitor.clients[client], generation=account.generation)

    async def rename(self, visitor: Visitor, name: str) -> None:
        """Give ``visitor`` another name; an account's is free for others then.

        Raises:
            BadName, NameTaken: nothing was changed. A name that a site vouches for cannot be changed here.
            NotLoggedIn: they left meanwhile.
            NoAccount: their account is gone from the store.
        """
        chosen, kind = clean_name(name), visitor.kind
        if kind is Kind.VOUCHED:
            raise BadName("your name comes from the site that you came from")
        key = visitor.person.key
        with self._visitors.claim(chosen, key):
            if self._accounts is not None and kind is Kind.ACCOUNT:
                await _rename_account(self._accounts, key, chosen)
            else:
                await self._check_no_account(chosen)
            if self._visitors.find(key) is not visitor or visitor.kind is not kind:
                raise NotLoggedIn("log in again")
            self._visitors.rename(visitor, chosen)

    # --- going

    def logout(self, visitor: Visitor, client: str) -> None:
        """One of their live clients is over; with the last one a guest's name is free. Idempotent."""
        self._visitors.leave(visitor, client)


def _variants(name: str) -> Iterator[str]:
    """The name, then with numbers behind it, small ones first; at most 20 in all."""
    yield name
    numbers = [*range(2, _SMALL_NUMBERS), *(secrets.randbelow(1_000_000) for _ in range(_LARGE_NUMBERS))]
    for number in numbers:
        behind = f" {number}"
        yield name[: MAX_NAME_CHARS - len(behind)].rstrip() + behind


async def _rename_account(accounts: Accounts, key: str, name: str) -> None:
    try:
        await accounts.rename(key, name)
    except Revoked:
        raise NoAccount("this account is gone") from None
