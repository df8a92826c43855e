"""SockJS frames and every envelope they travel in. All escaping of the house is in this file.

A *message* is a string. A *frame* is what SockJS says: ``o``, ``h``, ``a["m1","m2"]``, ``c[code,"reason"]``. An *envelope*
is the form a frame takes on one kind of transport; its bytes are ready for the socket.

Source: the SockJS 0.3 protocol; RFC 6455 section 5.2 for WebSocket framing; RFC 9112 section 7.1 for chunks.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass

OPEN = "o"
HEARTBEAT = "h"

_quote = json.JSONEncoder(ensure_ascii=True).encode


def quote(message: str) -> str:
    """Return ``message`` as a JSON string in pure ASCII.

    Every character that some browser or proxy mangles is escaped, lone surrogates too; DEL is the one control
    character that JSON leaves as it is.
    """
    return _quote(message)


def close_frame(code: int, reason: str) -> str:
    """Return the frame that ends a session."""
    return f"c[{code},{quote(reason)}]"


def array_frame(quoted: Iterable[str]) -> str:
    """Return the frame that carries messages already quoted."""
    return f"a[{','.join(quoted)}]"


@dataclass(frozen=True, slots=True, eq=False)
class Envelope:
    """A form that frames take on the wire; compared and hashed by identity.

    Attributes:
        name: for logs and tests.
        wrap: turns the text of one frame into bytes for the socket.
        bare: True when messages travel without SockJS framing (raw WebSocket); ``wrap`` is then applied to each message.
        shared: False when it belongs to one reader (a JSONP callback); forms for it are not kept.
    """

    name: str
    wrap: Callable[[str], bytes]
    bare: bool = False
    shared: bool = True


def websocket_text(text: str) -> bytes:
    """Return ``text`` as one unmasked, final WebSocket text frame (RFC 6455 section 5.2)."""
    payload = text.encode("utf-8")
    size = len(payload)
    if size < 126:
        return bytes((0x81, size)) + payload
    if size < 65536:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload


def _line(frame: str) -> bytes:
    return frame.encode("utf-8") + b"\n"


# EventSource: sockjs-client runs decodeURI over the data, so "%" must be escaped as well as what ends a line.
_EVENTSOURCE = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", "\x00": "%00"})


def _event(frame: str) -> bytes:
    return b"data: " + frame.translate(_EVENTSOURCE).encode("utf-8") + b"\r\n\r\n"


def script_string(text: str) -> str:
    """Return ``text`` as a JavaScript string literal that cannot leave a script element."""
    return _quote(text).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _script(frame: str) -> bytes:
    return f"<script>\np({script_string(frame)});\n</script>\r\n".encode("ascii")


def jsonp_envelope(callback: str) -> Envelope:
    """Return the envelope of one JSONP poll. ``callback`` must have been validated."""

    def wrap(frame: str) -> bytes:
        return f"/**/{callback}({script_string(frame)});\r\n".encode("ascii")

    return Envelope("jsonp", wrap, shared=False)


def chunk(data: bytes) -> bytes:
    """Return ``data`` (not empty) as one HTTP/1.1 chunk (RFC 9112 section 7.1)."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def _chunked(envelope: Envelope) -> Envelope:
    wrap = envelope.wrap
    return Envelope(envelope.name + "+chunked", lambda frame: chunk(wrap(frame)))


WEBSOCKET = Envelope("websocket", websocket_text)
RAW_WEBSOCKET = Envelope("raw-websocket", websocket_text, bare=True)
XHR = Envelope("xhr", _line)
EVENTSOURCE = Envelope("eventsource", _event)
HTMLFILE = Envelope("htmlfile", _script)
XHR_CHUNKED = _chunked(XHR)
EVENTSOURCE_CHUNKED = _chunked(EVENTSOURCE)
HTMLFILE_CHUNKED = _chunked(HTMLFILE)


class Prepared:
    """One or more messages, and each form they take on the wire, made once and only on demand.

    The same object is given to every reader of a broadcast, so a message is framed once an envelope, not once a reader.

    Attributes:
        messages: the messages, in order.
        size: their length together, in characters: what queues count.
    """

    __slots__ = ("_forms", "_quoted", "messages", "size")

    def __init__(self, *messages: str) -> None:
        self.messages = messages
        self.size = sum(map(len, messages))
        self._quoted: str | None = None
        self._forms: dict[Envelope, bytes] = {}

    @property
    def quoted(self) -> str:
        """The messages as JSON strings with commas between them."""
        if self._quoted is None:
            self._quoted = ",".join(map(_quote, self.messages))
        return self._quoted

    @classmethod
    def joined(cls, parts: Iterable["Prepared"]) -> "Prepared":
        """Return the messages of all ``parts`` as one, without quoting them again."""
        parts = list(parts)
        if len(parts) == 1:
            return parts[0]
        whole = cls(*(message for part in parts for message in part.messages))
        whole._quoted = ",".join(part.quoted for part in parts if part.messages)
        return whole

    def form(self, envelope: Envelope) -> bytes:
        """Return the bytes for a socket that speaks ``envelope``."""
        wire = self._forms.get(envelope)
        if wire is None:
            if envelope.bare:
                wire = b"".join(map(envelope.wrap, self.messages))
            else:
                wire = envelope.wrap(f"a[{self.quoted}]")
            if envelope.shared:
                self._forms[envelope] = wire
        return wire
