"""What requests of the API say: JSON or a form, of bounded size, and nothing that nobody expects."""

from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import parse_qsl

import msgspec
from msgspec import Meta, Struct

from twistedchat.chat.rooms import RoomKind
from twistedchat.core.errors import BadArguments, SafeError
from twistedchat.core.wire import MessageId, Token

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"

_CHAR_BYTES = 12  # of a character outside the BMP, escaped in JSON or in a form
_BESIDE_BYTES = 4_096  # everything but the text
_MOST_FIELDS = 20

T = TypeVar("T", bound=Struct)


class TooLarge(SafeError):
    """A request's body is larger than anything that it could ask for."""


class UnknownForm(SafeError):
    """A request's body is neither JSON nor a form."""


class Author(Struct, frozen=True, forbid_unknown_fields=True):
    """Who is shown as the author: a name, and the key by which they are told from others of that name."""

    name: Annotated[str, Meta(max_length=1000)]
    key: Token | None = None


class MessageBody(Struct, frozen=True, forbid_unknown_fields=True, rename={"author": "as"}):
    """Something to say in a room."""

    text: str
    id: MessageId | None = None
    kind: Literal["message", "action", "notice"] = "message"
    author: Author | None = None


class AlertBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Something to tell everyone."""

    text: str
    id: MessageId | None = None


class RoomBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A room to be made."""

    title: Annotated[str, Meta(max_length=1000)]
    kind: RoomKind = RoomKind.PUBLIC
    topic: str = ""


def body_limit(max_text_chars: int) -> int:
    """Return the bytes that a body with the longest text may have."""
    return _CHAR_BYTES * max_text_chars + _BESIDE_BYTES


def read_body(content_type: str, body: bytes, kind: type[T]) -> T:
    """Return what a body says. In a form a dot stands before what is inside: ``as.name=Ann``.

    Raises:
        UnknownForm: it is neither JSON nor a form.
        BadArguments: it does not fit; the text says where.
    """
    media = content_type.partition(";")[0].strip().lower()
    try:
        if media == JSON:
            return msgspec.json.decode(body, type=kind)
        if media == FORM:
            return msgspec.convert(_fields(body), kind, strict=False)
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        raise BadArguments(f"the body does not fit: {error}") from None
    raise UnknownForm(f"send the body as {JSON} or {FORM}, and say so in Content-Type")


def _fields(body: bytes) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    pairs = parse_qsl(
        body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS
    )
    for name, value in pairs:
        outer, dot, inner = name.partition(".")
        place = fields.setdefault(outer, {}) if dot else fields
        key = inner if dot else name
        if not isinstance(place, dict) or key in place:
            raise ValueError(f"{name} is there twice")
        place[key] = value
    return fields
