"""Accounts: names with a password, kept in the store.

Two records each: ``account`` (by folded name) holds all, ``accountkey`` (by the person's key) holds the folded name.
"""

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import msgspec

from twistedchat.chat.attempts import Attempts
from twistedchat.chat.errors import NoSuchPerson
from twistedchat.chat.inuse import taken
from twistedchat.chat.names import clean_name, folded
from twistedchat.chat.passwords import Passwords, check_fit, hash_password
from twistedchat.core.addresses import home
from twistedchat.core.errors import Conflict, SafeError
from twistedchat.core.records import Change
from twistedchat.interfaces import IBackend

BY_NAME = "account"
BY_KEY = "accountkey"

RIGHTS = ("owner", "moderator")

TRIES_PER_NAME_S = 1 / 30
TRIES_PER_NAME = 10
TRIES_PER_ADDRESS_S = 1 / 5
TRIES_PER_ADDRESS = 60  # an office in the morning

_RENAMED_MEANWHILE = 3  # reads, when the record moves between two of them
_MAX_KEY_CHARS = 64


class BadPassword(SafeError):
    """The name or the password is wrong; which of the two is not told."""


class Revoked(Exception):
    """There is no such account, or its password was changed since."""


@dataclass(frozen=True, slots=True)
class Account:
    """Someone's name and password, as kept.

    Attributes:
        key: the person's key.
        name: as shown.
        hash: of the password.
        made: seconds since 1970.
        generation: how often the password was set; tickets name it, and older ones are void.
        rights: in the house, given by the operator: ``owner`` or ``moderator`` of every room.
    """

    key: str
    name: str
    hash: str
    made: float
    generation: int = 1
    rights: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<Account {self.key}>"


@dataclass(frozen=True, slots=True)
class _Kept:
    account: Account
    version: int


def _text(account: Account) -> str:
    return msgspec.json.encode(account).decode()


async def create(
    backend: IBackend,
    name: str,
    password: str,
    now: Callable[[], float] = time.time,
    rights: Sequence[str] = (),
) -> Account:
    """Make an account, hashing in the calling thread: for a command line, not for a server's reactor.

    Args:
        backend: where it is kept.
        name, password: of the account.
        now: seconds since 1970.
        rights: out of RIGHTS.

    Raises:
        BadName, NameTaken, UnfitPassword: nothing was changed.
        StoreUnavailable, StoreUnknown: as they say.
    """
    chosen = clean_name(name)
    check_fit(password)
    key = secrets.token_urlsafe(16)
    account = Account(key, chosen, hash_password(password), now(), rights=tuple(rights))
    await _add(backend, account)
    return account


async def appoint(backend: IBackend, name: str, rights: Sequence[str]) -> Account:
    """Give an account other rights; they hold from its next login on. For a command line.

    Args:
        backend: where it is kept.
        name: however written.
        rights: out of RIGHTS; none takes all away.

    Raises:
        NoSuchPerson: there is no such account.
        Conflict: it was changed at the same time; nothing was changed.
        StoreUnavailable, StoreUnknown: as they say.
    """
    place = folded(clean_name(name))
    record = await backend.get(BY_NAME, place)
    if record is None:
        raise NoSuchPerson(f"there is no account {name}")
    account = replace(msgspec.json.decode(record.value, type=Account), rights=tuple(rights))
    await backend.commit([Change(BY_NAME, place, _text(account), expected=record.version)])
    return account


async def _add(backend: IBackend, account: Account) -> None:
    name = folded(account.name)
    changes = [
        Change(BY_NAME, name, _text(account), expected=0),
        Change(BY_KEY, account.key, msgspec.json.encode(name).decode(), expected=0),
    ]
    try:
        await backend.commit(changes)
    except Conflict:
        raise taken(account.name) from None


class Accounts:
    """All accounts of a store.

    Nobody learns here whether a name has an account: a wrong name and a wrong password are the same error after the same
    work. ``add`` and ``rename`` do tell that a name is in use, as they do for every name that somebody here has: it cannot
    be avoided where names are unique.

    Args:
        backend: where they are kept.
        passwords: makes and compares hashes.
        wall: seconds since 1970.
        clock: seconds, of the clock that limits go by.
        new_per_s, new_burst: how fast accounts may be made from one address.
    """

    def __init__(
        self,
        backend: IBackend,
        passwords: Passwords,
        wall: Callable[[], float],
        clock: Callable[[], float],
        new_per_s: float = 0.01,
        new_burst: int = 30,
    ) -> None:
        self._backend = backend
        self._passwords = passwords
        self._wall = wall
        self._names = Attempts(TRIES_PER_NAME_S, TRIES_PER_NAME, clock)
        self._addresses = Attempts(TRIES_PER_ADDRESS_S, TRIES_PER_ADDRESS, clock)
        self._new = Attempts(new_per_s, new_burst, clock)

    # --- asking

    async def has_name(self, name: str) -> bool:
        """Say whether ``name``, however written, is an account's."""
        return await self._backend.get(BY_NAME, folded(name)) is not None

    async def has_key(self, key: str) -> bool:
        """Say whether the person ``key`` has an account."""
        return await self._backend.get(BY_KEY, key[:_MAX_KEY_CHARS]) is not None

    async def name_of(self, key: str) -> str | None:
        """Return the name of the account of the person ``key``, or None."""
        try:
            return (await self._of(key)).account.name
        except Revoked:
            return None

    async def by_password(self, name: str, password: str, address: str) -> Account:
        """Return the account ``name`` if this is its password.

        Args:
            name: however written.
            password: as typed.
            address: of who asks.

        Raises:
            BadPassword: there is no such account, or it has another password.
            TooFast: too many tries for this name or from this address.
        """
        place = folded(name)
        self._count(place, address)
        kept = await self._find(place)
        if not await self._passwords.fits(password, kept.account.hash if kept else None) or kept is None:
            raise BadPassword("the name or the password is wrong")
        return kept.account

    async def by_ticket(self, key: str, generation: int) -> Account:
        """Return the account of ``key`` as it is now.

        Raises:
            Revoked: it is gone, or has a newer password than the one of ``generation``.
        """
        account = (await self._of(key)).account
        if account.generation != generation:
            raise Revoked
        return account

    # --- changing

    async def add(self, key: str, name: str, password: str, address: str) -> Account:
        """Make the account of the person ``key``.

        Args:
            key: without an account so far.
            name: clean, and held for ``key`` by the caller: nobody else here has it or is about to.
            password: 8 to 1000 characters.
            address: of who asks.

        Raises:
            NameTaken: there is an account of that name, or of that person; nothing was changed.
            UnfitPassword, TooFast, StoreUnavailable, StoreUnknown: as they say.
        """
        check_fit(password)
        self._new.take(home(address))
        if await self.has_name(name):
            raise taken(name)
        account = Account(key, name, await self._passwords.make(password), self._wall())
        await _add(self._backend, account)
        return account

    async def change_password(self, key: str, old: str, new: str, address: str) -> Account:
        """Set another password; tickets from before are void. Return the account as it is now.

        Raises:
            BadPassword: ``old`` is wrong.
            Revoked: there is no such account.
            Conflict: it was changed by somebody else in the same moment; nothing was changed.
            UnfitPassword, TooFast, StoreUnavailable, StoreUnknown: as they say.
        """
        check_fit(new)
        kept = await self._of(key)
        place = folded(kept.account.name)
        self._count(place, address)
        if not await self._passwords.fits(old, kept.account.hash):
            raise BadPassword("the old password is wrong")
        made = await self._passwords.make(new)
        account = replace(kept.account, hash=made, generation=kept.account.generation + 1)
        await self._backend.commit([Change(BY_NAME, place, _text(account), expected=kept.version)])
        return account

    async def rename(self, key: str, name: str) -> Account:
        """Give the account of ``key`` another name, and the old one free; return it as it is now.

        Args:
            key: whose.
            name: clean, and held for ``key`` by the caller.

        Raises:
            NameTaken: another account has it; nothing was changed.
            Revoked: there is no such account.
            Conflict: it was changed by somebody else in the same moment; nothing was changed.
            StoreUnavailable, StoreUnknown: as they say.
        """
        kept = await self._of(key)
        account = replace(kept.account, name=name)
        old, new = folded(kept.account.name), folded(name)
        if old == new:
            await self._backend.commit([Change(BY_NAME, old, _text(account), expected=kept.version)])
            return account
        if await self.has_name(name):
            raise taken(name)
        await self._backend.commit(
            [
                Change(BY_NAME, old, None, expected=kept.version),
                Change(BY_NAME, new, _text(account), expected=0),
                Change(BY_KEY, key, msgspec.json.encode(new).decode()),
            ]
        )
        return account

    # --- inside

    def _count(self, place: str, address: str) -> None:
        self._addresses.take(home(address))
        self._names.take(place)

    async def _find(self, place: str) -> _Kept | None:
        record = await self._backend.get(BY_NAME, place)
        if record is None:
            return None
        return _Kept(msgspec.json.decode(record.value, type=Account), record.version)

    async def _of(self, key: str) -> _Kept:
        """The account of ``key``; read again where it moved to another name between the two reads."""
        for _ in range(_RENAMED_MEANWHILE):
            place = await self._backend.get(BY_KEY, key[:_MAX_KEY_CHARS])
            if place is None:
                break
            kept = await self._find(msgspec.json.decode(place.value, type=str))
            if kept is not None and kept.account.key == key:
                return kept
        raise Revoked
