"""What several commands need: their settings, the store that these name, a reactor for a while."""

import argparse
import os
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from twistedchat.backends.choose import sqlite_path
from twistedchat.config import DEFAULT_STATE_NAME, Refusal, Settings
from twistedchat.settings.sources import Said, read_settings

Commands = Any  # argparse's own type for it is private


def add_store_options(parser: argparse.ArgumentParser) -> None:
    """Give a command the options that say which store is meant."""
    parser.add_argument("--config", metavar="FILE", help="TOML file that the chat is run with")
    parser.add_argument(
        "--state",
        metavar="DIR",
        help=f"its state directory [default: {DEFAULT_STATE_NAME} in this directory]",
    )
    parser.add_argument(
        "--backend", metavar="URL", help="its backend, where that is not in the state directory"
    )


def store_settings(chosen: argparse.Namespace) -> Settings:
    """Return the settings of the chat that a command is about.

    Raises:
        Refusal: they are wrong.
    """
    values = {
        name: getattr(chosen, name) for name in ("state", "backend") if getattr(chosen, name) is not None
    }
    settings = read_settings(Said(values, config=chosen.config), os.environ)
    return replace(settings, state_dir=settings.state_dir or os.path.abspath(DEFAULT_STATE_NAME))


def sqlite_file(settings: Settings) -> str | None:
    """Return the path of the store, or None where it is no SQLite file."""
    return (
        sqlite_path(settings.backend, settings.state_dir) if settings.backend.startswith("sqlite:") else None
    )


def nothing_kept(settings: Settings, what: str) -> Refusal:
    """Return why a store in memory is of no use to a command."""
    return Refusal(f"{settings.backend} keeps nothing outside of the server: {what}")


def in_reactor(work: Callable[[Any], Coroutine[Any, Any, Any]], interrupted: str) -> Any:
    """Run the reactor until ``work``, which gets it, is done; return what it returns, or raise what it raises. Once.

    Raises:
        Refusal: ``interrupted``, where somebody ended it before.
    """
    from twisted.internet import reactor as installed

    reactor: Any = installed
    outcome: list[Any] = []

    def begin() -> None:
        Deferred.fromCoroutine(work(reactor)).addBoth(outcome.append).addBoth(lambda _: reactor.stop())

    reactor.callWhenRunning(begin)
    reactor.run()
    if not outcome:
        raise Refusal(interrupted)
    return unwrapped(outcome[0])


def unwrapped(outcome: Any) -> Any:
    """Return an outcome, or raise the exception that it is a failure with."""
    if isinstance(outcome, Failure):
        outcome.raiseException()
    return outcome
