"""``post`` and ``alert``: something said in a running chat, by its API."""

import argparse
import os
import sys
from collections.abc import Callable, Coroutine
from typing import Any

from twistedchat.cli.common import Commands, in_reactor
from twistedchat.client import ApiClient, ApiError, Posted
from twistedchat.config import Refusal

POST = "Say something in a room of a running chat."
ALERT = "Tell everyone in a running chat something."
VARIABLE = "TWISTEDCHAT_API_KEY"

_URL = "http://127.0.0.1:8080"
_KINDS = ("message", "action", "notice")
_TRIES = 3  # somebody waits at a terminal
_MAX_CHARS = 1_000_000
_MAX_KEY_CHARS = 4_096


def add_commands(commands: Commands) -> None:
    """Make the commands known."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "post", help="say something in a room", description=POST
    )
    parser.add_argument("room", metavar="ROOM", help="its title")
    _add_options(parser)
    parser.add_argument("--as", dest="name", metavar="NAME", help="who is shown [default: the key's program]")
    parser.add_argument("--kind", choices=_KINDS, default="message", help="[default: message]")
    parser.set_defaults(command=post)
    parser = commands.add_parser("alert", help="tell everyone something", description=ALERT)
    _add_options(parser)
    parser.set_defaults(command=alert)


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("text", metavar="TEXT", help="what is said; - for standard input")
    parser.add_argument("--url", default=_URL, help=f"of the chat [default: {_URL}]")
    parser.add_argument(
        "--key-file", metavar="FILE", help=f"with a key of its api_keys [default: {VARIABLE}]"
    )
    parser.add_argument("--id", metavar="ID", help="22 to 64 letters and digits; the same again is said once")


def post(chosen: argparse.Namespace) -> None:
    """Say something in a room.

    Raises:
        Refusal: it was refused, or nobody answered.
    """
    text = _text(chosen)
    _ask(chosen, lambda client: client.post(chosen.room, text, chosen.id, chosen.kind, chosen.name))


def alert(chosen: argparse.Namespace) -> None:
    """Tell everyone something. Raises as ``post``."""
    text = _text(chosen)
    _ask(chosen, lambda client: client.alert(text, chosen.id))


def _ask(chosen: argparse.Namespace, what: Callable[[ApiClient], Coroutine[Any, Any, Posted]]) -> None:
    key = _key(chosen)

    async def work(reactor: Any) -> Posted:
        return await what(ApiClient(chosen.url, key, reactor, tries=_TRIES))

    try:
        posted: Posted = in_reactor(work, "interrupted; it may have been said")
    except ValueError as error:
        raise Refusal(str(error)) from None
    except ApiError as error:
        again = "; it may have been said" if error.unknown else ""
        raise Refusal(f"{error}{again}") from None
    print(f"{'said' if posted.new else 'had been said'}, with the id {posted.id}")


def _text(chosen: argparse.Namespace) -> str:
    text: str = chosen.text
    return sys.stdin.read(_MAX_CHARS).rstrip("\n") if text == "-" else text


def _key(chosen: argparse.Namespace) -> str:
    if chosen.key_file is None:
        key = os.environ.get(VARIABLE, "").strip()
        if not key:
            raise Refusal(f"give a key of the chat's api_keys by --key-file or {VARIABLE}")
        return key
    try:
        with open(chosen.key_file, encoding="ascii") as file:
            return file.read(_MAX_KEY_CHARS).strip()
    except OSError as error:
        raise Refusal(f"cannot read {chosen.key_file}: {error.strerror or error}") from error
    except UnicodeDecodeError:
        raise Refusal(f"{chosen.key_file} is no key: it is not text") from None
