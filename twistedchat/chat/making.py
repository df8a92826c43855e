"""People as the operator's settings want them: accounts in the store, tokens of the sites that may vouch."""

from collections.abc import Callable
from typing import Any

from twistedchat.chat.accounts import Accounts
from twistedchat.chat.passwords import Passwords, Run
from twistedchat.chat.people import People
from twistedchat.chat.tokens import Keyring, Voucher
from twistedchat.config import Refusal, Settings, WrongValue
from twistedchat.interfaces import IBackend


def make_keyring(settings: Settings, wall: Callable[[], float]) -> Keyring | None:
    """Return what checks tokens, or None where no site may vouch for anyone.

    Raises:
        Refusal: a key is none, or no audience is known.
    """
    if not settings.token_keys:
        return None
    audiences = (*settings.public_urls, *settings.token_audiences)
    pictures = (*settings.public_urls, *settings.avatar_origins)
    try:
        return Keyring(settings.token_keys, audiences, wall, pictures)
    except Refusal as refusal:
        raise WrongValue("token_keys", str(refusal)) from None


def make_people(
    settings: Settings, store: IBackend, reactor: Any, wall: Callable[[], float], secret: str, run: Run
) -> People:
    """Return the people of a house.

    Args:
        settings: as the operator chose.
        store: keeps accounts, and which tokens were used.
        reactor: for the time that throttles go by.
        wall: seconds since 1970.
        secret: signs tickets.
        run: calls a slow function somewhere else (``passwords.Workers.run``).

    Raises:
        Refusal: as ``make_keyring``.
    """
    limits, clock = settings.limits, reactor.seconds
    keyring = make_keyring(settings, wall)
    return People(
        secret,
        clock,
        limits.says_per_s,
        limits.says_burst,
        limits.max_people,
        accounts=Accounts(
            store,
            Passwords(run),
            wall,
            clock,
            limits.address_accounts_per_s,
            limits.address_accounts_burst,
        ),
        voucher=Voucher(keyring, store) if keyring is not None else None,
        registration=settings.registration,
        wall=wall,
    )
