"""Frames and envelopes: what every kind of client reads back is what was sent."""

import json
import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twistedchat.core import frames
from twistedchat.core.frames import Prepared

AWKWARD = [
    "100% sure",
    "</script><script>alert(1)</script>",
    "\u2028\u2029",
    "\U0001f600",
    "\x00\x07\x1f",
    "line\r\nline\rline\n",
    "<!-- & ]]>",
    '"\\"',
    "",
    "\ud800",
]
# What SockJS requires to be escaped, and lone surrogates.
MUST_ESCAPE = re.compile("[\x00-\x1f\u200c-\u200f\u2028-\u202f\u2060-\u206f\ufff0-\uffff\ud800-\udfff]")

texts = st.text(st.characters(), max_size=60)


def messages_of(frame: str) -> list[str]:
    assert frame.startswith("a[")
    found: list[str] = json.loads(frame[1:])
    return found


def read_websocket(data: bytes) -> list[str]:
    found = []
    while data:
        assert data[0] == 0x81, "one final text frame"
        size, at = data[1], 2
        if size == 126:
            size, at = int.from_bytes(data[2:4], "big"), 4
        elif size == 127:
            size, at = int.from_bytes(data[2:10], "big"), 10
        found.append(data[at : at + size].decode())
        data = data[at + size :]
    return found


def read_chunks(data: bytes) -> bytes:
    whole = b""
    while data:
        size, _, rest = data.partition(b"\r\n")
        count = int(size, 16)
        whole += rest[:count]
        assert rest[count : count + 2] == b"\r\n"
        data = rest[count + 2 :]
    return whole


def read_event(data: bytes) -> str:
    text = data.decode("utf-8")
    assert text.startswith("data: ") and text.endswith("\r\n\r\n")
    line = text[6:-4]
    assert not re.search("[\r\n\x00]", line)
    return unquote(line)


def read_script(data: bytes) -> str:
    text = data.decode("ascii")
    match = re.fullmatch(r"<script>\np\((.*)\);\n</script>\r\n", text)
    assert match
    assert not re.search("[<>&\u2028\u2029]", match[1])
    found: str = json.loads(match[1])
    return found


@pytest.mark.parametrize("message", AWKWARD)
def test_awkward_text_survives_every_envelope(message: str) -> None:
    prepared = Prepared(message)
    assert messages_of(read_websocket(prepared.form(frames.WEBSOCKET))[0]) == [message]
    assert messages_of(prepared.form(frames.XHR).decode()[:-1]) == [message]
    assert messages_of(read_event(prepared.form(frames.EVENTSOURCE))) == [message]
    assert messages_of(read_script(prepared.form(frames.HTMLFILE))) == [message]
    jsonp = prepared.form(frames.jsonp_envelope("_jp.a1")).decode()
    assert jsonp.startswith("/**/_jp.a1(") and jsonp.endswith(");\r\n")
    assert messages_of(json.loads(jsonp[11:-4])) == [message]


@given(st.lists(texts, min_size=1, max_size=5))
def test_any_text_survives_any_envelope(messages: list[str]) -> None:
    prepared = Prepared(*messages)
    for envelope, read in (
        (frames.WEBSOCKET, lambda data: read_websocket(data)[0]),
        (frames.XHR, lambda data: data.decode()[:-1]),
        (frames.XHR_CHUNKED, lambda data: read_chunks(data).decode()[:-1]),
        (frames.EVENTSOURCE_CHUNKED, lambda data: read_event(read_chunks(data))),
        (frames.HTMLFILE_CHUNKED, lambda data: read_script(read_chunks(data))),
    ):
        assert messages_of(read(prepared.form(envelope))) == messages


@given(texts)
def test_what_proxies_mangle_never_appears_raw(message: str) -> None:
    assert not MUST_ESCAPE.search(frames.quote(message))


@pytest.mark.parametrize("size", [0, 125, 126, 65535, 65536, 100_000])
def test_websocket_lengths(size: int) -> None:
    assert read_websocket(frames.websocket_text("x" * size)) == ["x" * size]


def test_raw_websocket_sends_each_message_bare() -> None:
    assert read_websocket(Prepared("a", "ü").form(frames.RAW_WEBSOCKET)) == ["a", "ü"]


def test_frames_of_the_protocol() -> None:
    assert frames.close_frame(3000, "Go away!") == 'c[3000,"Go away!"]'
    assert frames.array_frame([frames.quote("m1"), frames.quote("m2")]) == 'a["m1","m2"]'
    assert frames.XHR.wrap(frames.OPEN) == b"o\n"
    assert frames.EVENTSOURCE.wrap(frames.HEARTBEAT) == b"data: h\r\n\r\n"


def test_a_form_is_made_once() -> None:
    prepared = Prepared("x")
    assert prepared.form(frames.XHR) is prepared.form(frames.XHR)


def test_forms_of_one_reader_are_not_kept() -> None:
    prepared = Prepared("x")
    envelope = frames.jsonp_envelope("cb")
    assert prepared.form(envelope) == prepared.form(envelope)
    assert prepared.form(envelope) is not prepared.form(envelope)


@given(st.lists(st.lists(texts, max_size=3), min_size=1, max_size=4))
def test_joining_keeps_all_messages_in_order(groups: list[list[str]]) -> None:
    joined = Prepared.joined(Prepared(*group) for group in groups)
    flat = [message for group in groups for message in group]
    assert list(joined.messages) == flat
    assert joined.size == sum(map(len, flat))
    assert messages_of(joined.form(frames.XHR).decode()[:-1]) == flat
