"""What clients send: JSON arrays of strings, decoded once and for every transport.

Source: the SockJS 0.3 protocol; which texts the errors carry is part of it.
"""

import json
import re

import msgspec

_decode_list = msgspec.json.Decoder(list[str]).decode
_decode_either = msgspec.json.Decoder(list[str] | str).decode
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")

PAYLOAD_EXPECTED = "Payload expected."
BROKEN_JSON = "Broken JSON encoding."
NOT_STRINGS = "Messages must be strings."
TOO_MANY = "Too many messages at once."
TOO_BIG = "Message too big."


class BadInput(Exception):
    """A body that is refused.

    Attributes:
        text: what the client is told.
        too_big: True when a limit was passed, False when the form is wrong.
    """

    def __init__(self, text: str, too_big: bool = False) -> None:
        super().__init__(text)
        self.text = text
        self.too_big = too_big


def mend(text: str) -> str:
    """Return ``text`` with every lone surrogate replaced by U+FFFD, so that it can be encoded."""
    return _LONE_SURROGATE.sub("\ufffd", text)


def _slowly(body: bytes) -> object:
    """Decode what the fast decoder refuses: lone surrogates are legal JSON, and JavaScript sends them."""
    try:
        return json.loads(body.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError):
        raise BadInput(BROKEN_JSON) from None


def _strings(value: object) -> list[str]:
    strings: list[str] = []
    for element in value if isinstance(value, list) else [value]:
        if not isinstance(element, str):
            raise BadInput(NOT_STRINGS)
        strings.append(mend(element))
    return strings


def _bounded(messages: list[str], max_bytes: int, max_batch: int) -> list[str]:
    if len(messages) > max_batch:
        raise BadInput(TOO_MANY, too_big=True)
    for message in messages:
        size = len(message)
        if size > max_bytes or (size * 4 > max_bytes and len(message.encode("utf-8")) > max_bytes):
            raise BadInput(TOO_BIG, too_big=True)
    return messages


def decode_body(body: bytes, max_bytes: int, max_batch: int) -> list[str]:
    """Return the messages of a send request's body: a JSON array of strings, possibly empty.

    Args:
        max_bytes: largest message, in bytes of UTF-8.
        max_batch: most messages.

    Raises:
        BadInput: nothing of the body is to be delivered.
    """
    if not body:
        raise BadInput(PAYLOAD_EXPECTED)
    try:
        messages = _decode_list(body)
    except msgspec.ValidationError:
        raise BadInput(NOT_STRINGS) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        value = _slowly(body)
        if not isinstance(value, list):
            raise BadInput(NOT_STRINGS) from None
        messages = _strings(value)
    return _bounded(messages, max_bytes, max_batch)


def decode_frame(payload: bytes, max_bytes: int, max_batch: int) -> list[str]:
    """Return the messages of a WebSocket message: a JSON array of strings or one string; nothing is no message.

    Raises:
        BadInput: as ``decode_body``.
    """
    if not payload:
        return []
    try:
        value = _decode_either(payload)
        messages = [value] if isinstance(value, str) else value
    except msgspec.ValidationError:
        raise BadInput(NOT_STRINGS) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        messages = _strings(_slowly(payload))
    return _bounded(messages, max_bytes, max_batch)
