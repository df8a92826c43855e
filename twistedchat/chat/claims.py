"""Claims: what a token says of somebody, made to fit. See docs/tokens.md."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Set
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from twistedchat.chat.names import MAX_NAME_CHARS, MAX_ROOM_CHARS, BadName, clean_name, folded
from twistedchat.core.errors import SafeError

MAX_CLAIM_CHARS = 200
MAX_URL_CHARS = 500
MAX_RIGHTS = 50

_END_OF_TIME = 1e12  # seconds; whatever is beyond is no time
_HOUSE_RIGHTS = frozenset({"moderator", "owner"})


class BadToken(SafeError):
    """The token does not vouch for anyone; the text says why."""


@dataclass(frozen=True, slots=True)
class Vouched:
    """What a token says, checked.

    Attributes:
        key: the person's key.
        name: clean; whether it is free is not known.
        rights: "owner", "moderator", "member:room/NAME" with the room's folded name.
        avatar: URL of an origin that is allowed, or None.
        kid: id of the key that it was signed with.
        issuer: whose key that is.
        jti: the token's id.
        expires: seconds since 1970.
    """

    key: str
    name: str
    rights: frozenset[str]
    avatar: str | None
    kid: str
    issuer: str
    jti: str
    expires: float


def required(claims: Mapping[str, Any], name: str) -> str:
    """Return a claim that must be a text of 1 to 200 characters.

    Raises:
        BadToken: it is not.
    """
    value = claims.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= MAX_CLAIM_CHARS:
        raise BadToken(f"this token has no {name} of 1 to {MAX_CLAIM_CHARS} characters")
    return value


def seconds_of(value: Any) -> float | None:
    """Return a claim that is a time, or None where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _END_OF_TIME:
        return None
    return float(value)


def fitting_name(told: Any) -> str:
    """Return a name that can be shown of what a site calls its user: cut where it is long, a stopgap where it is unfit."""
    for text in (told, told[:MAX_NAME_CHARS]) if isinstance(told, str) else ():
        try:
            return clean_name(text)
        except BadName:
            continue
    return "Guest"


def rights_of(told: Any) -> frozenset[str]:
    """Return the rights of a claim as in Vouched; what is unknown is left out."""
    if not isinstance(told, list):
        return frozenset()
    return frozenset(right for one in told[:MAX_RIGHTS] if (right := _right(one)) is not None)


def _right(told: Any) -> str | None:
    if not isinstance(told, str):
        return None
    if told in _HOUSE_RIGHTS:
        return told
    kind, _, room = told.partition(":")
    if kind != "member":
        return None
    try:
        return f"member:room/{folded(clean_name(room.removeprefix('room/'), 'room name', MAX_ROOM_CHARS))}"
    except BadName:
        return None


def origin_of(url: str) -> str:
    """Return scheme, host and port of a URL, as it has them. Raises ValueError."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def person_key(issuer: str, sub: str) -> str:
    """Return the key of the user ``sub`` of ``issuer``: 32 url-safe characters, the same for ever.

    It is public and made of nothing else, so who can guess a ``sub`` can tell whose key it is.
    """
    told = json.dumps(["twistedchat person", issuer, sub]).encode()
    return urlsafe_b64encode(sha256(told).digest()[:24]).decode()


def avatar_of(url: Any, origins: Set[str]) -> str | None:
    """Return the URL of a picture if it is an https one of ``origins``, else None."""
    if not isinstance(url, str) or len(url) > MAX_URL_CHARS or not url.isascii() or not url.isprintable():
        return None
    try:
        known = origin_of(url) in origins
    except ValueError:
        return None
    return url if known and url.startswith("https://") and "\\" not in url else None
