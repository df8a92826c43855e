"""``check-config`` and ``settings``: what would run, and what can be said."""

import argparse
import os
from collections.abc import Callable, Iterator
from functools import partial

from twisted.internet.protocol import Factory

from twistedchat.backends.choose import find_maker, make_backend, sqlite_path
from twistedchat.backends.redis_url import BadRedisURL, parse_redis_url
from twistedchat.chat.rooms import room_channel
from twistedchat.chat.tokens import Keyring
from twistedchat.cli.common import Commands
from twistedchat.cli.disk import check_directory, check_file
from twistedchat.config import Faults, Refusal, Settings, WrongValue
from twistedchat.core.errors import SafeError
from twistedchat.listen import PortService
from twistedchat.live.scripts import Scripts
from twistedchat.settings.describe import as_toml, tables
from twistedchat.settings.sources import Reading
from twistedchat.tap import Options
from twistedchat.web.api import make_keys
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
    options = _Options()
    options.environ = os.environ
    options.parseOptions(chosen.chat_options)
    faults = [*options.reading.faults, *_faults(options.settings, options.reading)]
    if faults:
        raise Faults(faults)
    for line in as_toml(options.settings):
        print(line)


class _Options(Options):
    """The options of the chat, of which wrong values are no reason to stop."""

    def postOptions(self) -> None:
        """Read what was said."""
        self.read()


def list_settings(chosen: argparse.Namespace) -> None:
    """Print the tables of settings."""
    for line in tables():
        print(line)


def _faults(settings: Settings, reading: Reading) -> Iterator[str]:
    """Yield what the server would refuse at its start, of the values that are not told to be wrong already.

    Nothing is opened or changed: no port, no store, no state directory.
    """
    for key, needs, checks in _CHECKS:
        for check in () if reading.wrong & {key, *needs} else checks(settings):
            try:
                check()
            except WrongValue as error:
                yield error.at(reading.places)
            except (Refusal, SafeError) as error:
                yield f"{reading.places.get(key, key)}: {error}"


_Check = Callable[[], object]


def _http(settings: Settings) -> Iterator[_Check]:
    from twisted.internet import reactor

    for text in settings.http:
        yield partial(PortService, reactor, [text], Factory())


def _rooms(settings: Settings) -> Iterator[_Check]:
    for room in settings.rooms:
        yield partial(room_channel, room.title)


def _state(settings: Settings) -> Iterator[_Check]:
    if settings.state_dir is not None:
        yield partial(check_directory, settings.state_dir)


def _backend(settings: Settings) -> Iterator[_Check]:
    yield partial(_check_backend, settings)


def _check_backend(settings: Settings) -> None:
    """Have a URL of ours taken apart by its own parser, and look for a file's directory; no plugin's backend is made."""
    from twisted.internet import reactor

    url = settings.backend
    find_maker(url)
    match url.partition(":")[0]:
        case "memory":
            make_backend(settings, reactor)
        case "sqlite":
            path = sqlite_path(url, settings.state_dir)
            if path is not None:
                check_file(path, made=settings.state_dir)
        case "redis" | "rediss":
            try:
                parse_redis_url(url).endpoint(reactor, 1.0)
            except BadRedisURL as error:
                raise Refusal(str(error)) from None  # the cause may show the password


def _token_keys(settings: Settings) -> Iterator[_Check]:
    for key in settings.token_keys:
        yield partial(Keyring, [key], ["anyone"], lambda: 0.0)


def _audiences(settings: Settings) -> Iterator[_Check]:
    if settings.token_keys and not (settings.public_urls or settings.token_audiences):
        yield _no_audience


def _no_audience() -> None:
    raise Refusal("tokens name the chat that they are for: say public_urls, or token_audiences")


def _api_keys(settings: Settings) -> Iterator[_Check]:
    yield partial(make_keys, settings, lambda: 0.0)


def _element(settings: Settings) -> Iterator[_Check]:
    if settings.element is not None:
        yield partial(element_factory, settings.element, Scripts())


# A key, other keys whose values its check needs, and what makes the checks.
_CHECKS: tuple[tuple[str, tuple[str, ...], Callable[[Settings], Iterator[_Check]]], ...] = (
    ("http", (), _http),
    ("state", (), _state),
    ("backend", ("state",), _backend),
    ("element", (), _element),
    ("rooms", (), _rooms),
    ("token_keys", (), _token_keys),
    ("token_keys", ("public_urls", "token_audiences"), _audiences),
    ("api_keys", (), _api_keys),
)
