"""Plain requests: whole, small, with nothing unusual in any header; read in one go.

A request that is not plain is no error: the general parser decides what it is. So this one may refuse whatever it is not sure
of, and must never read anything otherwise than the general one would.

Source: RFC 9112 (messages), RFC 9110 section 5 (fields).
"""

import re
from dataclasses import dataclass
from functools import lru_cache

# Longest request line and head that are plain. Browsers' heads for an XHR have 400 to 1500 bytes, cookies included.
MAX_LINE_BYTES = 512
MAX_HEAD_BYTES = 4096
MAX_FIELDS = 64
# Parsed heads that are kept, since the same few come again and again: at most 4 MB of them.
_KEPT = 1024

# No dots and no escapes in the path, so there is nothing to decode and nothing to be misled by.
_LINE = re.compile(rb"(GET|POST) ([A-Za-z0-9_~/-]+)(?:\?([!-~]*))? HTTP/1\.1")
_FIELD = re.compile(rb"([A-Za-z0-9-]+):[ \t]*((?:[!-~](?:[\t -~]*[!-~])?)?)[ \t]*")
_LENGTH = re.compile(r"[0-9]{1,7}")
# Whoever sends one of these wants more than an answer.
_UNUSUAL = frozenset({b"expect", b"transfer-encoding", b"upgrade"})


@dataclass(frozen=True, slots=True, eq=False)
class PlainHead:
    """The fields of a plain request, without its first line. Equal heads are mostly the same object; do not change it.

    Attributes:
        fields: values by lower-case name; each name came once.
        length: bytes of body that follow.
    """

    fields: dict[bytes, str]
    length: int


@dataclass(frozen=True, slots=True, eq=False)
class PlainRequest:
    """A plain request.

    Attributes:
        method: "GET" or "POST".
        path: letters, digits and "_~-/" only.
        query: what came after "?", as it came; empty without one.
        head: its fields.
        body: the whole body.
    """

    method: str
    path: bytes
    query: bytes
    head: PlainHead
    body: bytes


def read_request(data: bytes) -> PlainRequest | None:
    """Return ``data`` as a request if it is exactly one, and plain; else None."""
    line_end = data.find(b"\r\n", 0, MAX_LINE_BYTES)
    line = _LINE.fullmatch(data, 0, line_end) if line_end > 0 else None
    if line is None:
        return None
    head_end = data.find(b"\r\n\r\n", line_end, MAX_HEAD_BYTES)
    head = _read_head(data[line_end + 2 : head_end]) if head_end > line_end else None
    if head is None or head_end + 4 + head.length != len(data):
        return None
    method, path, query = line.groups(b"")
    return PlainRequest("GET" if method == b"GET" else "POST", path, query, head, data[head_end + 4 :])


@lru_cache(maxsize=_KEPT)
def _read_head(block: bytes) -> PlainHead | None:
    fields: dict[bytes, str] = {}
    for line in block.split(b"\r\n"):
        match = _FIELD.fullmatch(line)
        name = match[1].lower() if match else b""
        if match is None or name in fields or name in _UNUSUAL or len(fields) == MAX_FIELDS:
            return None
        fields[name] = match[2].decode("ascii")
    if b"host" not in fields or fields.get(b"connection", "keep-alive").lower() != "keep-alive":
        return None
    length = fields.get(b"content-length", "0")
    return PlainHead(fields, int(length)) if _LENGTH.fullmatch(length) else None
