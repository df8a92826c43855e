"""The live protocol's messages: from bytes to typed values and back. The shapes are those of docs/protocol.md.

Decoding is strict: what does not fit raises ProtocolError with 4002 (a hello: 4001), never anything else.
"""

import json
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from twistedchat.core import codes
from twistedchat.core.errors import ProtocolError
from twistedchat.core.position import Position

VERSION = 1
MAX_CHANNELS = 200

Token = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{16,64}\Z")]
MessageId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{22,64}\Z")]
ChannelName = Annotated[str, Meta(min_length=1, max_length=200)]
Seq = Annotated[int, Meta(ge=-1, le=2**53)]
Offset = Annotated[int, Meta(ge=0, le=2**53)]
Cid = Annotated[str, Meta(min_length=1, max_length=32)]
Number = Annotated[int, Meta(ge=0, le=2**53)]
MethodName = Annotated[str, Meta(min_length=1, max_length=100)]


class At(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A position as the wire has it."""

    epoch: Annotated[str, Meta(max_length=64)]
    offset: Offset
    id: Annotated[str, Meta(max_length=64)]

    def position(self) -> Position:
        """Return it as the house's own type."""
        return Position(self.epoch, self.offset, self.id)


Positions = Annotated[dict[ChannelName, At], Meta(max_length=MAX_CHANNELS)]


class HelloFields(Struct, frozen=True):
    """What a hello says."""

    v: int
    client: Token
    secret: Token
    n: Annotated[int, Meta(ge=1, le=2**53)]
    ack: Seq = -1
    at: Positions = {}
    life: Annotated[str, Meta(max_length=64)] | None = None
    root: Annotated[str, Meta(max_length=32)] = "chat"
    args: dict[str, Any] = {}


class Hello(Struct, array_like=True, frozen=True, tag="hello"):
    fields: HelloFields


class Probe(Struct, array_like=True, frozen=True, tag="probe"):
    token: Annotated[str, Meta(max_length=64)]


class State(Struct, array_like=True, frozen=True, tag="at"):
    ack: Seq
    at: Positions
    rewind: bool = False


class Join(Struct, array_like=True, frozen=True, tag="join"):
    rid: Number
    channels: Annotated[dict[ChannelName, At | None], Meta(min_length=1, max_length=100)]


class Leave(Struct, array_like=True, frozen=True, tag="leave"):
    rid: Number
    channels: Annotated[list[ChannelName], Meta(min_length=1, max_length=100)]


class Bye(Struct, array_like=True, frozen=True, tag="bye"):
    """The visitor has left."""


class Packet(Struct, array_like=True, frozen=True):
    ack: Seq
    kept: Annotated[
        list[tuple[Annotated[int, Meta(ge=0, le=2**53)], tuple[str, list[Any]]]], Meta(max_length=1000)
    ]


class Call(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    cid: Cid
    element: Number
    method: MethodName
    args: list[Any]


class Respond(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    cid: Cid
    ok: bool
    value: Any


class Cancel(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    cid: Cid


class Notify(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    element: Number
    method: MethodName
    args: list[Any]


class Close(Struct, array_like=True, frozen=True):
    reason: Annotated[str, Meta(max_length=200)] = ""


Message = Hello | Probe | State | Join | Leave | Bye | Packet
Action = Call | Respond | Cancel | Notify | Close

_ACTIONS: dict[str, type[Any]] = {
    "call": Call,
    "respond": Respond,
    "cancel": Cancel,
    "notify": Notify,
    "close": Close,
}

_verbs = msgspec.json.Decoder(Hello | Probe | State | Join | Leave | Bye)
_packets = msgspec.json.Decoder(Packet)
_encoder = msgspec.json.Encoder()


def _mend(data: bytes) -> bytes:
    """Return JSON text with halves of surrogate pairs, as JSON.stringify writes a cut emoji, replaced by U+FFFD.

    Takes time in proportion to the text, whatever stands in it.

    Raises:
        ValueError: it is no JSON.
    """
    text = json.dumps(json.loads(data), ensure_ascii=False)
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


def decode(data: bytes) -> Message:
    """Return the message that ``data`` (UTF-8 JSON) stands for.

    Raises:
        ProtocolError: with 4001 for a hello that does not fit, 4002 for anything else that does not.
    """
    decoder = _packets if data[1:2].isdigit() or data[1:2] == b"-" else _verbs
    try:
        try:
            return decoder.decode(data)  # type: ignore[return-value, no-any-return, unused-ignore]
        except msgspec.ValidationError:
            raise
        except msgspec.DecodeError:
            if b"\\u" not in data:
                raise
            return decoder.decode(_mend(data))  # type: ignore[return-value, no-any-return, unused-ignore]
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        code = codes.BAD_HELLO if data.startswith(b'["hello"') else codes.BAD_MESSAGE
        raise ProtocolError(code, str(error)) from None


def action(name: str, args: list[Any]) -> Action:
    """Return a basket's action as a typed value.

    Raises:
        ProtocolError: 4002, an unknown action or arguments that do not fit.
    """
    kind = _ACTIONS.get(name)
    if kind is None:
        raise ProtocolError(codes.BAD_MESSAGE, "unknown action")
    try:
        return msgspec.convert(args, kind)  # type: ignore[no-any-return]
    except (msgspec.ValidationError, RecursionError) as error:
        raise ProtocolError(codes.BAD_MESSAGE, str(error)) from None


def encode(value: Any) -> str:
    """Return ``value`` as JSON text.

    Raises:
        TypeError: something in it has no form in JSON, or is no Unicode text.
    """
    try:
        return _encoder.encode(value).decode()
    except UnicodeEncodeError as error:
        raise TypeError(f"not Unicode text: {error.reason}") from None
    except RecursionError:
        raise TypeError("nested too deeply") from None


def raw(text: str) -> msgspec.Raw:
    """Return JSON text as a value that ``encode`` takes over as it is."""
    return msgspec.Raw(text.encode())
