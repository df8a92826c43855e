"""The live protocol's messages: strict, and never another error than the protocol's."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twistedchat.core import codes, wire
from twistedchat.core.errors import ProtocolError
from twistedchat.core.position import Position

CLIENT, SECRET = "c" * 22, "s" * 22
HELLO = {"v": 1, "client": CLIENT, "secret": SECRET, "n": 1}


def decode(value: Any) -> wire.Message:
    return wire.decode(json.dumps(value).encode())


def refused(data: bytes) -> codes.CloseCode:
    with pytest.raises(ProtocolError) as caught:
        wire.decode(data)
    return caught.value.code


def test_a_hello_with_and_without_its_optional_fields() -> None:
    least = decode(["hello", HELLO])
    assert isinstance(least, wire.Hello)
    assert (least.fields.ack, least.fields.at, least.fields.root, least.fields.args) == (-1, {}, "chat", {})
    whole = decode(["hello", {**HELLO, "ack": 7, "at": {"room/x": ["e", 3, "id"]}, "root": "element"}])
    assert isinstance(whole, wire.Hello)
    assert whole.fields.at["room/x"].position() == Position("e", 3, "id")


@pytest.mark.parametrize(
    "wrong",
    [
        {"v": "1"},
        {"client": "short"},
        {"client": "c" * 65},
        {"client": "c" * 20 + "/."},
        {"client": "c" * 20 + "\n"},
        {"secret": None},
        {"n": 0},
        {"n": 1.5},
        {"n": 2**54},
        {"ack": -2},
        {"at": []},
        {"at": {"": ["e", 1, "i"]}},
        {"at": {"x": ["e", -1, "i"]}},
        {"at": {"x": ["e", 1]}},
        {"at": {"x": ["e", 1, "i", 4]}},
        {"at": {f"room/{n}": ["e", 1, "i"] for n in range(201)}},
        {"root": 5},
    ],
)
def test_a_hello_that_does_not_fit_is_a_bad_hello(wrong: dict[str, Any]) -> None:
    assert refused(json.dumps(["hello", HELLO | wrong], separators=(",", ":")).encode()) is codes.BAD_HELLO


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        (["probe", "x"], wire.Probe),
        (["at", 3, {"x": ["e", 1, "i"]}], wire.State),
        (["at", 3, {}, True], wire.State),
        (["join", 1, {"x": None, "y": ["e", 0, ""]}], wire.Join),
        (["leave", 1, ["x"]], wire.Leave),
        (["bye"], wire.Bye),
        ([-1, []], wire.Packet),
        ([5, [[0, ["call", ["c1", 1, "say", []]]]]], wire.Packet),
    ],
)
def test_every_shape_of_the_protocol_is_read(message: Any, kind: type) -> None:
    assert type(decode(message)) is kind


@pytest.mark.parametrize(
    "message",
    [
        [],
        {},
        "x",
        None,
        ["welcome", {}],
        ["probe"],
        ["probe", "x" * 65],
        ["at", -2, {}],
        ["at", 0, {}, 1],
        ["join", 1, {}],
        ["join", -1, {"x": None}],
        ["join", 1, {f"room/{n}": None for n in range(101)}],
        ["leave", 1, []],
        [1],
        [1, {}],
        [1, [[0]]],
        [1, [[-1, ["call", []]]]],
        [1, [["0", ["call", []]]]],
        [1, [[n, ["call", []]] for n in range(1001)]],
        [2**60, []],
    ],
)
def test_what_is_none_of_the_shapes_is_a_bad_message(message: Any) -> None:
    assert refused(json.dumps(message).encode()) is codes.BAD_MESSAGE


@pytest.mark.parametrize(
    "data", [b"", b"[", b"\xff\xfe", b'["probe","\xff"]', b"[" * 100_000, b'["at",0,' + b'{"a":' * 5000]
)
def test_what_is_no_json_is_a_bad_message(data: bytes) -> None:
    assert refused(data) is codes.BAD_MESSAGE


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (rb"\ud83d", "�"),
        (rb"\ude00\ud83d", "��"),
        (rb"\ud83d\ud83d\ude00", "�\U0001f600"),
        (rb"\uD83D\uDE00\uDE00", "\U0001f600�"),
        (rb"\\ud83d", r"\ud83d"),
        (rb"\\\ud83d\\", "\\�\\"),
        (rb"\ud800\\ud800", "�" + r"\ud800"),
    ],
)
def test_a_lone_half_of_a_pair_is_read_as_the_replacement_character(written: bytes, read: str) -> None:
    message = wire.decode(b'["probe","' + written + b'"]')
    assert message == wire.Probe(read)


def test_a_lone_half_beside_broken_json_is_still_a_bad_message() -> None:
    assert refused(rb'["probe","\ud83d"') is codes.BAD_MESSAGE


@pytest.mark.parametrize(
    ("name", "args", "value"),
    [
        ("call", ["c1", 2, "say", [1, "x"]], wire.Call("c1", 2, "say", [1, "x"])),
        ("respond", ["c1", True, {"x": 1}], wire.Respond("c1", True, {"x": 1})),
        ("cancel", ["c1"], wire.Cancel("c1")),
        ("notify", [2, "typing", []], wire.Notify(2, "typing", [])),
        ("close", [], wire.Close("")),
    ],
)
def test_actions_are_typed(name: str, args: list[Any], value: Any) -> None:
    assert wire.action(name, args) == value


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("element", []),
        ("__class__", []),
        ("call", []),
        ("call", ["", 1, "say", []]),
        ("call", ["c" * 33, 1, "say", []]),
        ("call", ["c", -1, "say", []]),
        ("call", ["c", 1, "", []]),
        ("call", ["c", 1, "say", {}]),
        ("call", ["c", 1, "say", [], 5]),
        ("respond", ["c", 1, None]),
        ("cancel", [1]),
    ],
)
def test_actions_that_do_not_fit_are_bad_messages(name: str, args: list[Any]) -> None:
    with pytest.raises(ProtocolError) as caught:
        wire.action(name, args)
    assert caught.value.code is codes.BAD_MESSAGE


def deep() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


@pytest.mark.parametrize("value", [object(), "\ud800", {"\ud800": 1}, {(1, 2): 3}, deep()])
def test_what_has_no_form_in_json_is_a_type_error(value: Any) -> None:
    with pytest.raises(TypeError):
        wire.encode(value)


def test_json_text_is_taken_over_as_it_is() -> None:
    assert wire.encode([1, wire.raw('["message",{"a":1}]')]) == '[1,["message",{"a":1}]]'


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
VERBS = st.sampled_from(["hello", "probe", "at", "join", "leave", "bye", "joined", ""])


@given(
    st.binary()
    | JSON.map(lambda value: json.dumps(value).encode())
    | st.tuples(VERBS, st.lists(JSON, max_size=4)).map(lambda it: json.dumps([it[0], *it[1]]).encode())
    | st.tuples(st.integers(-3), JSON).map(lambda it: json.dumps(list(it)).encode())
)
def test_no_bytes_raise_anything_else_than_a_protocol_error(data: bytes) -> None:
    try:
        message = wire.decode(data)
    except ProtocolError as error:
        assert error.code in (codes.BAD_HELLO, codes.BAD_MESSAGE)
    else:
        assert isinstance(message, msgspec.Struct)


@given(st.sampled_from(["call", "respond", "cancel", "notify", "close", "x"]), st.lists(JSON, max_size=5))
def test_no_action_raises_anything_else_than_a_protocol_error(name: str, args: list[Any]) -> None:
    try:
        wire.action(name, args)
    except ProtocolError as error:
        assert error.code is codes.BAD_MESSAGE


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_of_a_page_arrives_with_lone_halves_replaced(text: str) -> None:
    message = wire.decode(json.dumps(["probe", text[:60]]).encode())
    whole = json.loads(json.dumps(text[:60]))  # joins what escapes write as a pair, as a browser does
    assert isinstance(message, wire.Probe)
    assert message.token == "".join("�" if "\ud800" <= char <= "\udfff" else char for char in whole)
