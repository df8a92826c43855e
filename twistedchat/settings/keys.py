"""Every key: its name in a file, its option, what it takes, and where its value goes."""

import os
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import partial
from operator import attrgetter
from typing import Any

from twistedchat import parsing
from twistedchat.config import (
    API_RIGHTS,
    ROOM_KINDS,
    TOKEN_ALGORITHMS,
    ApiKey,
    Limits,
    Refusal,
    RoomSetting,
    TokenKey,
)
from twistedchat.settings.kinds import (
    Faulty,
    Flag,
    Kind,
    Listed,
    Many,
    Moment,
    Number,
    Path,
    Text,
    unit_of,
)
from twistedchat.settings.tables import Tables, read_table

_DAY_S = 86_400
_YEAR_S = 366 * _DAY_S
_MAX_ROOM_CHARS = 60
_MAX_TOPIC_CHARS = 200
_MAX_KEY_FILE_BYTES = 16_384
MAX_PROGRAM_CHARS = 32  # it is shown as the name of a person is
_API_KEY_TEXT = re.compile(r"[A-Za-z0-9._~+/=-]{32,512}")  # RFC 6750
_SECRET = "a secret"  # in place of an algorithm
FOR_OTHERS = 0o007  # of a file's mode; a group may be the operator's way to share a file

# What to do with a file that others may read.
MAKE_PRIVATE = (
    "chmod 600 it where it belongs to the server's user, or chgrp it to that user's group and chmod 640 it"
)

# Fields of records that are never told.
SECRETS = frozenset({"key"})

# Limits that may be nothing at all.
_FROM_ZERO = {"snapshot", "presence_grace_s", "presence_names"}

# Pairs of limits of which the first must not be above the second, and why.
RELATIONS = (
    ("max_text_chars", "max_message_chars", "a chat text travels in one message"),
    ("max_message_chars", "max_body_bytes", "a message is sent in one request"),
    ("refill_bytes", "max_basket_bytes", "a refill must fit"),
    ("snapshot", "log_tail", "a snapshot is taken from the kept tail"),
    ("heartbeat_s", "silence_s", "who answers heartbeats must not count as silent"),
)


@dataclass(frozen=True, slots=True)
class Key:
    """One setting.

    Attributes:
        name: its key in a file; upper-case behind ``TWISTEDCHAT_`` it is its variable.
        field: the field of ``Settings``.
        kind: what it takes.
        option: its option, without dashes, in the singular where it may be repeated.
        hides: says whether a value (as a file holds it) has a secret in it, which no command line may have.
    """

    name: str
    field: str
    kind: Kind
    option: str
    hides: Callable[[object], bool] = lambda raw: False


def _room_kind(text: str) -> str:
    if text not in ROOM_KINDS:
        raise Refusal(f"unknown kind {text!r}; known are {', '.join(ROOM_KINDS)}")
    return text


def _algorithm(text: str) -> str:
    if text not in TOKEN_ALGORITHMS:
        raise Refusal(f"unknown algorithm {text!r}; known are {', '.join(TOKEN_ALGORITHMS)}")
    return text


def _line(most: int, least: int, text: str) -> str:
    if not least <= len(text.strip()) <= most or not text.isprintable():
        raise Refusal(f"takes {least} to {most} characters in one line")
    return text.strip()


def _right(text: str) -> str:
    if text not in API_RIGHTS:
        raise Refusal(f"unknown right {text!r}; known are {', '.join(API_RIGHTS)}")
    return text


_ROOM: dict[str, Kind] = {
    "title": Text(partial(_line, _MAX_ROOM_CHARS, 1)),
    "kind": Text(_room_kind),
    "topic": Text(partial(_line, _MAX_TOPIC_CHARS, 0)),
    "retention_entries": Number("entries", least=0),
    "retention_days": Number("days", whole=False, least=0, most=36_600),
}

_TOKEN_KEY: dict[str, Kind] = {
    "kid": Text(partial(_line, 128, 1)),
    "alg": Text(_algorithm),
    "issuer": Text(partial(_line, 256, 1)),
    "key": Text(secret=True),
    "key_file": Path(),
    "not_after": Moment(),
}


_API_KEY: dict[str, Kind] = {
    "name": Text(partial(_line, MAX_PROGRAM_CHARS, 1)),
    "may": Many(_right, "a list of rights"),
    "key": Text(secret=True),
    "key_file": Path(),
}


def _room(table: dict[str, object], base: str) -> RoomSetting:
    return RoomSetting(**read_table(table, _ROOM, base, needed=["title"]))


def _folded_title(room: RoomSetting) -> str:
    return room.title.casefold()


def _token_key(table: dict[str, object], base: str) -> TokenKey:
    values = _with_key(table, _TOKEN_KEY, base, ["kid", "alg", "issuer"])
    text = values.pop("key", None) or _content(values.pop("key_file", ""), values["alg"])
    return TokenKey(**values, key=text.strip())


def _api_key(table: dict[str, object], base: str) -> ApiKey:
    values = _with_key(table, _API_KEY, base, ["name", "may"])
    if not values["may"]:
        raise Faulty((".may", f"takes at least one of {', '.join(API_RIGHTS)}"))
    text = (values.pop("key", None) or _content(values.pop("key_file", ""), _SECRET)).strip()
    if not _API_KEY_TEXT.fullmatch(text):
        raise Faulty(
            ("", 'its key takes 32 to 512 of A-Z a-z 0-9 - . _ ~ + / =; "gen-key --alg api" makes one')
        )
    return ApiKey(values["name"], values["may"], text)


def _with_key(
    table: dict[str, object], kinds: dict[str, Kind], base: str, needed: list[str]
) -> dict[str, Any]:
    """Return the values of a table that has its key itself, or names the key's file."""
    both_or_none = ("key" in table) == ("key_file" in table)
    faults = [("", "takes either key or key_file")] if both_or_none else []
    try:
        values = read_table(table, kinds, base, needed)
    except Faulty as error:
        raise Faulty(*error.faults, *faults) from None
    if faults:
        raise Faulty(*faults)
    return values


def _content(path: str, alg: str) -> str:
    """Return the text of a key file, which must be private where its key is."""
    try:
        with open(path, encoding="ascii") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            text = file.read(_MAX_KEY_FILE_BYTES)
    except OSError as error:
        raise Faulty((".key_file", f"cannot read {path}: {error.strerror or error}")) from None
    except UnicodeDecodeError:
        raise Faulty((".key_file", f"{path} is no key: it is not text")) from None
    if mode & FOR_OTHERS and _is_secret(alg, text):
        raise Faulty((".key_file", f"others may read {path} (mode {mode:o}); {MAKE_PRIVATE}"))
    if not text.strip():
        raise Faulty((".key_file", f"{path} is empty"))
    return text


def _is_secret(alg: object, text: object) -> bool:
    """Say whether the text of a key is for nobody else: of EdDSA the public half may be known to all."""
    return alg != "EdDSA" or not isinstance(text, str) or "PRIVATE" in text or '"d"' in text


def _has_key(raw: object) -> bool:
    tables = raw if isinstance(raw, list) else [raw]
    return any(
        isinstance(table, dict) and "key" in table and _is_secret(table.get("alg"), table["key"])
        for table in tables
    )


def _has_password(raw: object) -> bool:
    return isinstance(raw, str) and parsing.without_password(raw) != raw


def limit_kind(name: str) -> Number:
    """Return what a limit takes, by its type, its unit, and whether it may be 0."""
    whole = _LIMIT_TYPES[name] is int
    zero = name in _FROM_ZERO
    most = float(_YEAR_S) if name.endswith("_s") and not name.endswith("_per_s") else 1e12
    return Number(
        unit_of(name), whole, least=0 if zero or not whole else 1, most=most, above=not (whole or zero)
    )


_LIMIT_TYPES = {field.name: field.type for field in fields(Limits)}

LIMITS: dict[str, Number] = {name: limit_kind(name) for name in _LIMIT_TYPES}

KEYS = (
    Key("http", "http", Many(parsing.parse_endpoint, "an endpoint or a list of endpoints", least=1), "http"),
    Key("state", "state_dir", Path("directory"), "state"),
    Key("backend", "backend", Text(parsing.parse_backend, secret=True), "backend", hides=_has_password),
    Key("transports", "transports", Listed(parsing.parse_transports), "transports"),
    Key("allow_origins", "allow_origins", Many(parsing.parse_origin, "a list of origins"), "allow-origin"),
    Key("public_urls", "public_urls", Many(parsing.parse_public_url, "a list of URLs"), "public-url"),
    Key(
        "trusted_proxies",
        "trusted_proxies",
        Many(parsing.parse_network, "a list of address ranges"),
        "trusted-proxy",
    ),
    Key("prefix", "prefix", Text(parsing.parse_prefix), "prefix"),
    Key("element", "element", Text(parsing.parse_element), "element"),
    Key("sockjs_test", "sockjs_test", Flag(), "sockjs-test"),
    Key(
        "rooms",
        "rooms",
        Tables(_room, "title", _folded_title, 1, "a list of titles or of tables with a title"),
        "room",
    ),
    Key(
        "token_keys",
        "token_keys",
        Tables(
            _token_key,
            None,
            attrgetter("kid"),
            0,
            "a list of tables with kid, alg, issuer, and key or key_file",
        ),
        "token-key",
        hides=_has_key,
    ),
    Key(
        "api_keys",
        "api_keys",
        Tables(_api_key, None, attrgetter("name"), 0, "a list of tables with name, may, and key or key_file"),
        "api-key",
        hides=_has_key,
    ),
    Key("token_audiences", "token_audiences", Many(takes="a list of audiences"), "token-audience"),
    Key("avatar_origins", "avatar_origins", Many(parsing.parse_origin, "a list of origins"), "avatar-origin"),
    Key("user_rooms", "user_rooms", Flag(), "user-rooms"),
    Key("registration", "registration", Flag(), "registration"),
    Key(
        "metrics_allow",
        "metrics_allow",
        Many(parsing.parse_network, "a list of address ranges"),
        "metrics-allow",
    ),
    Key("log_json", "log_json", Flag(), "log-json"),
)

BY_NAME = {key.name: key for key in KEYS}
