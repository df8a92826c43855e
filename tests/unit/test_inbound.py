"""What clients send: decoded, bounded, mended, or refused with the protocol's words."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twistedchat.core import inbound
from twistedchat.core.inbound import BadInput, decode_body, decode_frame

BIG = 1_000_000
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(st.lists(texts, max_size=5))
def test_arrays_of_strings_are_read(messages: list[str]) -> None:
    body = json.dumps(messages).encode()
    assert decode_body(body, BIG, 100) == messages
    assert decode_frame(body, BIG, 100) == messages


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    for decode in (decode_body, decode_frame):
        try:
            for message in decode(body, BIG, 100):
                message.encode("utf-8")
        except BadInput as error:
            assert error.text


def test_one_string_is_a_websocket_message_and_no_body() -> None:
    assert decode_frame(b'"x"', BIG, 100) == ["x"]
    assert decode_frame(b"", BIG, 100) == []
    with pytest.raises(BadInput, match=inbound.NOT_STRINGS):
        decode_body(b'"x"', BIG, 100)
    with pytest.raises(BadInput, match=inbound.NOT_STRINGS):
        decode_body(b'"\\ud800"', BIG, 100)


@pytest.mark.parametrize("body", [b'["\\ud800x"]', '["\ud800x"]'.encode("utf-8", "surrogatepass")])
def test_lone_surrogates_are_mended(body: bytes) -> None:
    assert decode_body(body, BIG, 100) == ["\ufffdx"]
    assert decode_frame(body, BIG, 100) == ["\ufffdx"]


def test_a_pair_of_surrogates_is_a_character() -> None:
    assert decode_body(b'["\\ud83d\\ude00"]', BIG, 100) == ["\U0001f600"]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"", inbound.PAYLOAD_EXPECTED),
        (b'["x"', inbound.BROKEN_JSON),
        (b'["\xff"]', inbound.BROKEN_JSON),
        (b"x", inbound.BROKEN_JSON),
        (b"[" * 100_000, None),
        (b"[1]", inbound.NOT_STRINGS),
        (b'["a",null]', inbound.NOT_STRINGS),
        (b'{"a":1}', inbound.NOT_STRINGS),
        (b'["\\ud800",1]', inbound.NOT_STRINGS),
        (b"[" + b"9" * 10_000 + b"]", None),
    ],
)
def test_bad_bodies_are_refused(body: bytes, text: str | None) -> None:
    with pytest.raises(BadInput) as caught:
        decode_body(body, BIG, 100)
    assert not caught.value.too_big
    assert text is None or caught.value.text == text


def test_bad_frames_are_refused() -> None:
    for payload in (b"[1]", b"5", b"[", b'["\\ud800",1]'):
        with pytest.raises(BadInput):
            decode_frame(payload, BIG, 100)


def test_limits_count_bytes_and_messages() -> None:
    assert decode_body('["üü"]'.encode(), 4, 1) == ["üü"]
    with pytest.raises(BadInput, match=inbound.TOO_BIG) as caught:
        decode_body('["üü"]'.encode(), 3, 1)
    assert caught.value.too_big
    with pytest.raises(BadInput, match=inbound.TOO_BIG):
        decode_body(b'["xxxx"]', 3, 1)
    with pytest.raises(BadInput, match=inbound.TOO_MANY):
        decode_frame(b'["",""]', 3, 1)
