"""``gen-key`` and ``sign-token``: keys of sites that vouch for their users, and of programs that use the API."""

import argparse
import json
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from twistedchat.chat.tokens import make_key, public_key, sign
from twistedchat.cli.common import Commands
from twistedchat.config import TOKEN_ALGORITHMS, Refusal

API = "api"

GENERATE = """Make a key to sign tokens with, in a new file that is for its owner alone, and print the table for the chat's
configuration. With EdDSA the chat gets the public half, and the file is for the site only. With api it is a key with which a
program uses the API. Without FILE it is printed."""
SIGN = "Print a token that vouches for a person, signed with a key of gen-key."
_MAX_TTL_S = 86_400
_MAX_KEY_BYTES = 16_384
_API_KEY_BYTES = 32


def add_commands(commands: Commands) -> None:
    """Make the commands known."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "gen-key", help="make a key to sign tokens with, or for the API", description=GENERATE
    )
    parser.add_argument("file", metavar="FILE", nargs="?", help="the new file")
    parser.add_argument("--alg", choices=(*TOKEN_ALGORITHMS, API), default="EdDSA", help="[default: EdDSA]")
    parser.add_argument("--kid", metavar="ID", help="the key's id [default: a random one]")
    parser.add_argument(
        "--issuer", metavar="URL", default="https://example.org", help="the site that signs with it"
    )
    parser.set_defaults(command=generate)
    parser = commands.add_parser("sign-token", help="sign a token for a person", description=SIGN)
    parser.add_argument("--key-file", metavar="FILE", required=True, help="a file of gen-key")
    parser.add_argument("--sub", metavar="ID", required=True, help="who it is, in the site's own words")
    parser.add_argument("--aud", metavar="URL", required=True, help="the chat that it is for: its public URL")
    parser.add_argument("--name", help="what the person is called [default: none is told]")
    parser.add_argument("--ttl", metavar="SECONDS", type=_seconds, default=300, help="[default: 300]")
    parser.set_defaults(command=sign_token)


def generate(chosen: argparse.Namespace) -> None:
    """Make a key.

    Raises:
        Refusal: the file cannot be made.
    """
    text = secrets.token_urlsafe(_API_KEY_BYTES) if chosen.alg == API else make_key(chosen.alg, chosen.kid)
    if chosen.file is None:
        print(text)
        return
    _write(chosen.file, text)
    for line in _program(chosen.file) if chosen.alg == API else _site(chosen, text):
        print(line)


def _program(path: str) -> Iterator[str]:
    yield "[[api_keys]]"
    yield f"name = {json.dumps(Path(path).stem)}"
    yield 'may = ["post"]'
    yield f"key_file = {json.dumps(os.path.abspath(path))}"


def _site(chosen: argparse.Namespace, text: str) -> Iterator[str]:
    yield "[[token_keys]]"
    yield f"kid = {json.dumps(json.loads(text)['kid'])}"
    yield f"alg = {json.dumps(chosen.alg)}"
    yield f"issuer = {json.dumps(chosen.issuer)}"
    if chosen.alg == "EdDSA":
        yield f"key = '{public_key(text)}'"
    else:
        yield f"key_file = {json.dumps(os.path.abspath(chosen.file))}"


def _write(path: str, text: str) -> None:
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(fd, "w", encoding="ascii") as file:
            file.write(f"{text}\n")
    except OSError as error:
        raise Refusal(f"cannot make {path}: {error.strerror or error}") from error


def sign_token(chosen: argparse.Namespace) -> None:
    """Print a token.

    Raises:
        Refusal: the file has no key to sign with.
    """
    now = int(time.time())
    claims: dict[str, Any] = {
        "sub": chosen.sub,
        "aud": chosen.aud,
        "iat": now,
        "exp": now + chosen.ttl,
        "jti": secrets.token_urlsafe(16),
    }
    if chosen.name is not None:
        claims["name"] = chosen.name
    print(sign(_key(chosen.key_file), claims))


def _key(path: str) -> str:
    try:
        with open(path, encoding="ascii") as file:
            return file.read(_MAX_KEY_BYTES)
    except OSError as error:
        raise Refusal(f"cannot read {path}: {error.strerror or error}") from error
    except UnicodeDecodeError:
        raise Refusal(f"{path} is no key: it is not text") from None


def _seconds(text: str) -> int:
    seconds = int(text) if text.isascii() and text.isdigit() else 0
    if not 0 < seconds <= _MAX_TTL_S:
        raise argparse.ArgumentTypeError(f"takes whole seconds up to {_MAX_TTL_S}, a day")
    return seconds
