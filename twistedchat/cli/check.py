"""``check-config`` and ``settings``: what would run, and what can be said."""

import argparse
import os
from collections.abc import Callable, Iterator
from functools import partial

from twisted.internet.protocol import Factory

from twistedchat.backends.choose import find_maker
from twistedchat.chat.rooms import room_channel
from twistedchat.chat.tokens import Keyring
from twistedchat.cli.common import Commands
from twistedchat.config import Faults, Refusal, Settings
from twistedchat.core.errors import SafeError
from twistedchat.listen import PortService
from twistedchat.live.scripts import Scripts
from twistedchat.settings.describe import as_toml, tables
from twistedchat.tap import Options
from twistedchat.wiring import element_factory

CHECK = """Say what "twistd chat" would run with, as a TOML file with stars in place of secrets; takes the options of "twistd
chat", reads the same variables and files, and starts nothing. Exit code 1 with one line for everything that is wrong."""


def add_commands(commands: Commands) -> None:
    """Make the commands known."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "check-config", help="say what would run, or what is wrong", description=CHECK
    )
    parser.usage = "%(prog)s [--config FILE] [options of twistd chat]"
    parser.set_defaults(command=check_config, chat_options=[])
    parser = commands.add_parser("settings", help="list everything that can be set, with its default")
    parser.set_defaults(command=list_settings)


def check_config(chosen: argparse.Namespace) -> None:
    """Print what would run.

    Raises:
        Refusal: something is wrong.
    """
    options = Options()
    options.environ = os.environ
    options.parseOptions(chosen.chat_options)
    settings = options.settings
    faults = list(_faults(settings))
    if faults:
        raise Faults(faults)
    for line in as_toml(settings):
        print(line)


def list_settings(chosen: argparse.Namespace) -> None:
    """Print the tables of settings."""
    for line in tables():
        print(line)


def _faults(settings: Settings) -> Iterator[str]:
    """Yield what the server would refuse at its start; ports, store and state directory are not touched."""
    from twisted.internet import reactor

    checks: list[tuple[str, Callable[[], object]]] = [
        ("", partial(PortService, reactor, [text], Factory())) for text in settings.http
    ]
    checks += [("rooms: ", partial(room_channel, room.title)) for room in settings.rooms]
    checks.append(("", lambda: find_maker(settings.backend)))
    checks.append(("token_keys: ", lambda: _keyring(settings)))
    element = settings.element
    if element is not None:
        checks.append(("", lambda: element_factory(element, Scripts())))
    for where, check in checks:
        try:
            check()
        except (Refusal, SafeError) as error:
            yield f"{where}{error}"


def _keyring(settings: Settings) -> None:
    if settings.token_keys:
        audiences = (*settings.public_urls, *settings.token_audiences)
        Keyring(settings.token_keys, audiences, lambda: 0.0, settings.avatar_origins)
