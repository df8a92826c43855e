"""Messages that are cheap to write and dear to read."""

import json

import pytest
from test_attacks_cost import cost

from twistedchat.core import codes, wire
from twistedchat.core.errors import ProtocolError

LONE = "\\ud83d"


def packet(text: str) -> bytes:
    return b'[-1,[[0,["call",["c",1,"say",["' + text.encode() + b'"]]]]]]'


def decoded(text: str) -> str:
    message = wire.decode(packet(text))
    assert isinstance(message, wire.Packet)
    return str(message.kept[0][1][1][3][0])


def test_twenty_thousand_cut_emojis_cost_no_more_than_one() -> None:
    many = LONE * 20_000
    assert decoded(many) == "\ufffd" * 20_000
    assert cost(lambda: wire.decode(packet(many))) < 200


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (LONE, "\ufffd"),
        (LONE + "\\ude00", "\U0001f600"),
        (LONE + LONE + "\\ude00", "\ufffd\U0001f600"),
        ("\\ude00" + LONE, "\ufffd\ufffd"),
        ("\\\\ud83d" + LONE, "\\ud83d\ufffd"),
        ("\\\\" * 3 + LONE + "x", "\\\\\\\ufffdx"),
        ("é\U0001f600\\u0000\\u2028" + LONE, "é\U0001f600\0\u2028\ufffd"),
    ],
)
def test_halves_of_pairs_are_mended_and_nothing_else(text: str, read: str) -> None:
    assert decoded(text) == read


@pytest.mark.parametrize(
    "text",
    [
        LONE + '"]]]]]',
        LONE + '",' + "1" * 6000 + ',"',
        LONE + '",NaN,"',
        LONE + '",1e999,"',
        LONE + '",' + "[" * 100_000 + ',"',
        LONE + "\xff".encode("latin-1").decode("latin-1") + "\\uZZZZ",
    ],
)
def test_what_is_broken_beside_a_half_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError) as refused:
        wire.decode(packet(text))
    assert refused.value.code is codes.BAD_MESSAGE


def test_bytes_that_are_no_text_beside_a_half_are_refused() -> None:
    with pytest.raises(ProtocolError):
        wire.decode(packet(LONE)[:-6] + b'\xff"]]]]]')


def test_the_same_message_is_read_the_same_with_and_without_mending() -> None:
    value = [-1, [[0, ["call", ["c", 1, "x", [1, 1.5, True, None, {"a": ["é"]}, 2**53, -0.0, "/"]]]]]]
    plain = wire.decode(json.dumps(value).encode())
    assert isinstance(plain, wire.Packet)
    value[1][0][1][1][3].append("\ud83d")  # type: ignore[index]
    mended = wire.decode(json.dumps(value).encode())
    assert isinstance(mended, wire.Packet)
    assert mended.kept[0][1][1][3] == [*plain.kept[0][1][1][3], "\ufffd"]
