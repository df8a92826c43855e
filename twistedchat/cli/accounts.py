"""``create-account``: an account made by the operator, also while the server runs."""

import argparse
import getpass
import sys
from collections.abc import Callable, Coroutine
from contextlib import closing
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from twistedchat.backends.choose import make_backend
from twistedchat.backends.sqlite_beside import SqliteBeside
from twistedchat.chat.accounts import create
from twistedchat.cli.common import Commands, add_store_options, nothing_kept, sqlite_file, store_settings
from twistedchat.config import Refusal, Settings
from twistedchat.interfaces import IBackend

CREATE = """Make an account. The password is asked for on a terminal, and else is the first line of standard input. The
server may be running; the account can log in at once."""
_MAX_LINE = 4096


def add_commands(commands: Commands) -> None:
    """Make the command known."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "create-account", help="make an account", description=CREATE
    )
    parser.add_argument("name", metavar="NAME", help="what the person is called")
    add_store_options(parser)
    parser.set_defaults(command=create_account)


def create_account(chosen: argparse.Namespace) -> None:
    """Make an account.

    Raises:
        Refusal, SafeError: it cannot be made; nothing was changed.
    """
    settings = store_settings(chosen)
    if settings.backend.startswith("memory:"):
        raise nothing_kept(settings, "an account would be gone at once")
    path = sqlite_file(settings)
    if path is None:
        password = _password()
        _with_backend(settings, lambda backend: create(backend, chosen.name, password))
    else:
        with closing(SqliteBeside(path)) as beside:
            store: Any = beside  # has of IBackend what an account needs
            _now(create(store, chosen.name, _password()))
    print(f"made an account for {chosen.name}")


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
    return _unwrapped(outcome[0])


def _with_backend(settings: Settings, work: Callable[[IBackend], Coroutine[Any, Any, Any]]) -> Any:
    """Open the backend that the settings name, do ``work`` with it, close it, in a reactor run for that."""
    from twisted.internet import reactor as installed

    reactor: Any = installed
    backend = make_backend(settings, reactor)
    outcome: list[Any] = []

    def begin() -> None:
        done = Deferred.fromCoroutine(work(backend)).addBoth(outcome.append)
        done.addCallback(lambda _: backend.stop()).addBoth(lambda _: reactor.stop())

    reactor.callWhenRunning(begin)
    reactor.run()
    if not outcome:
        raise Refusal("interrupted; the account may have been made")
    return _unwrapped(outcome[0])


def _unwrapped(outcome: Any) -> Any:
    if isinstance(outcome, Failure):
        outcome.raiseException()
    return outcome
