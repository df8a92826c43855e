"""``create-account`` and ``appoint``: accounts made and given rights by the operator, also while the server runs."""

import argparse
import getpass
import sys
from collections.abc import Callable, Coroutine
from contextlib import closing
from typing import Any

from twisted.internet.defer import Deferred

from twistedchat.backends.choose import make_backend
from twistedchat.backends.sqlite_beside import SqliteBeside
from twistedchat.chat.accounts import RIGHTS, appoint, create
from twistedchat.cli.common import (
    Commands,
    add_store_options,
    in_reactor,
    nothing_kept,
    sqlite_file,
    store_settings,
    unwrapped,
)
from twistedchat.config import Refusal, Settings
from twistedchat.interfaces import IBackend

CREATE = """Make an account. The password is asked for on a terminal, and else is the first line of standard input. The
server may be running; the account can log in at once."""
APPOINT = """Make an account an owner or moderator of every room, or none of it any more. The server may be running; it holds
from the next login of the account on."""
_ROLES: dict[str, tuple[str, ...]] = {**{right: (right,) for right in RIGHTS}, "nobody": ()}
_MAX_LINE = 4096


def add_commands(commands: Commands) -> None:
    """Make the command known."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "create-account", help="make an account", description=CREATE
    )
    parser.add_argument("name", metavar="NAME", help="what the person is called")
    parser.add_argument("--role", choices=_ROLES, default="nobody", help="in every room [default: nobody]")
    add_store_options(parser)
    parser.set_defaults(command=create_account)
    parser = commands.add_parser("appoint", help="make an account owner or moderator", description=APPOINT)
    parser.add_argument("name", metavar="NAME", help="of the account")
    parser.add_argument("role", metavar="ROLE", choices=_ROLES, help=", ".join(_ROLES))
    add_store_options(parser)
    parser.set_defaults(command=appoint_account)


def create_account(chosen: argparse.Namespace) -> None:
    """Make an account.

    Raises:
        Refusal, SafeError: it cannot be made; nothing was changed.
    """
    settings = store_settings(chosen)
    if settings.backend.startswith("memory:"):
        raise nothing_kept(settings, "an account would be gone at once")
    rights = _ROLES[chosen.role]
    path = sqlite_file(settings)
    if path is None:
        password = _password()
        _with_backend(settings, lambda store: create(store, chosen.name, password, rights=rights))
    else:
        _beside(path, lambda store: create(store, chosen.name, _password(), rights=rights))
    print(f"made an account for {chosen.name}")


def appoint_account(chosen: argparse.Namespace) -> None:
    """Give an account other rights.

    Raises:
        Refusal, SafeError: they cannot be given; nothing was changed.
    """
    settings = store_settings(chosen)
    if settings.backend.startswith("memory:"):
        raise nothing_kept(settings, "there are no accounts")
    path = sqlite_file(settings)

    def work(store: IBackend) -> Coroutine[Any, Any, Any]:
        return appoint(store, chosen.name, _ROLES[chosen.role])

    if path is None:
        _with_backend(settings, work)
    else:
        _beside(path, work)
    print(f"{chosen.name} is {chosen.role} in every room from the next login on")


def _beside(path: str, work: Callable[[IBackend], Coroutine[Any, Any, Any]]) -> None:
    """Do ``work`` with the SQLite store at ``path``, beside a server that may be running."""
    with closing(SqliteBeside(path)) as beside:
        store: Any = beside  # has of IBackend what an account needs
        _now(work(store))


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline(_MAX_LINE).rstrip("\r\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != password:
        raise Refusal("the two passwords are not the same")
    return password


def _now(made: Coroutine[Any, Any, Any]) -> Any:
    """Return what a coroutine that waits for nothing returns, or raise what it raises."""
    outcome: list[Any] = []
    Deferred.fromCoroutine(made).addBoth(outcome.append)
    return unwrapped(outcome[0])


def _with_backend(settings: Settings, work: Callable[[IBackend], Coroutine[Any, Any, Any]]) -> None:
    """Open the backend that the settings name, do ``work`` with it, close it."""

    async def begin(reactor: Any) -> None:
        backend = make_backend(settings, reactor)
        try:
            await work(backend)
        finally:
            await backend.stop()

    in_reactor(begin, "interrupted; the account may have been made")
