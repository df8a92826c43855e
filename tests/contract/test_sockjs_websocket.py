"""WebSocket and raw WebSocket, frame by frame."""

import json
from collections.abc import Iterator

import pytest
from sockjs_kit import Connection, World, array, masked, parse, unframed
from twisted.internet.address import IPv4Address

from twistedchat.comet import SessionClosed
from twistedchat.config import Settings
from twistedchat.core.frames import Prepared
from twistedchat.core.policy import MountPolicy

PATH = "/echo/000/s/websocket"


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.close()


def opened(world: World, path: str = PATH, **headers: str) -> tuple[Connection, list[tuple[int, bytes]]]:
    connection = world.websocket(path, **headers)
    head, _, rest = connection.take().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 ") and b"content-length" not in head.lower()
    return connection, unframed(rest)


def told(connection: Connection) -> list[tuple[int, bytes]]:
    connection.world.turn()
    return unframed(connection.take())


def closing(code: int, reason: str) -> tuple[int, bytes]:
    return 8, code.to_bytes(2, "big") + reason.encode()


def test_open_comes_first(world: World) -> None:
    _, frames = opened(world)
    assert frames == [(1, b"o")]


def test_compression_is_offered_by_every_browser_and_declined(world: World) -> None:
    offer = {"Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits"}
    connection = world.websocket(PATH, **offer)
    head, _, rest = connection.take().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 ") and b"extensions" not in head.lower()
    assert unframed(rest) == [(1, b"o")]


@pytest.mark.parametrize(
    "message", ["100% sure", "</script>", "\u2028", "\U0001f600", "\x00", "x" * 100_000, "x" * 126, ""]
)
def test_awkward_text_comes_back(world: World, message: str) -> None:
    connection, _ = opened(world)
    connection.feed(masked(array(message).encode()))
    connection.feed(masked(json.dumps(message).encode()))
    expected = b"a" + json.dumps([message], separators=(",", ":")).encode()
    assert told(connection) == [(1, expected)] * 2


def test_a_message_in_many_fragments(world: World) -> None:
    connection, _ = opened(world)
    data = array("abcdef").encode()
    for at, byte in enumerate(data):
        connection.feed(masked(bytes([byte]), 1 if at == 0 else 0, at == len(data) - 1))
    assert told(connection) == [(1, b'a["abcdef"]')]


def test_empty_frames_and_arrays_are_nothing(world: World) -> None:
    connection, _ = opened(world)
    for payload in (b"", b"[]", b'"x"'):
        connection.feed(masked(payload))
    assert told(connection) == [(1, b'a["x"]')]


def test_a_lone_surrogate_is_mended(world: World) -> None:
    connection, _ = opened(world)
    connection.feed(masked(b'["\\udc00"]'))
    assert told(connection) == [(1, b'a["\\ufffd"]')]


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (masked(b'["a'), 1007),
        (masked(b"[1]"), 1007),
        (masked(b'["x"]', opcode=2), 1003),
        (masked(b'["\xff"]'), 1007),
        (masked(array("x" * 1_000_001).encode()), 1009),
        (masked(b"x", opcode=3), 1002),
        (b"\x81\x01x", 1002),
    ],
)
def test_bad_frames_close_with_a_code(world: World, frame: bytes, code: int) -> None:
    connection, _ = opened(world)
    connection.feed(frame)
    ((opcode, payload),) = told(connection)
    assert opcode == 8 and int.from_bytes(payload[:2], "big") == code
    world.wait(6)
    assert connection.wire.gone is not None, "nobody waits for ever for the answer to a close"


def test_too_big_a_message_for_the_mount(world: World) -> None:
    made = world.mount("live", MountPolicy(max_message_bytes=10))
    connection, _ = opened(world, "/live/000/s/websocket")
    connection.feed(masked(array("x" * 11).encode()))
    assert told(connection) == [closing(1009, "Message too big.")]
    assert made.made[0].lost.code == 1002


def test_close_sends_the_frame_and_then_closes(world: World) -> None:
    connection, frames = opened(world, "/close/000/s/websocket")
    assert frames == [(1, b"o"), (1, b'c[3000,"Go away!"]'), (8, b"\x03\xe8")]
    connection.feed(masked(b"\x03\xe8", opcode=8))
    world.turn()
    assert connection.wire.gone == "aborted"


def test_the_same_id_may_be_open_twice_and_meets_no_http_session(world: World) -> None:
    first, _ = opened(world)
    second, frames = opened(world)
    assert frames == [(1, b"o")]
    assert world.ask("POST", "/echo/000/s/xhr_send", '["x"]').status == 404
    first.feed(masked(b'["x"]'))
    assert told(first) == [(1, b'a["x"]')] and told(second) == []


def test_the_client_closes(world: World) -> None:
    made = world.mount("live")
    connection, _ = opened(world, "/live/000/s/websocket")
    connection.feed(masked(b"\x0b\xb8bye", opcode=8))
    (app,) = made.made
    assert isinstance(app.lost, SessionClosed)
    app.transport.send(Prepared("late"))
    assert told(connection) == [closing(3000, "bye")]
    assert connection.wire.gone == "closed"


def test_the_client_is_cut(world: World) -> None:
    made = world.mount("live")
    connection, _ = opened(world, "/live/000/s/websocket")
    connection.cut()
    assert made.made[0].lost.code == 1002
    assert not world.mounts[0].mount.sessions


def test_heartbeats_and_pings(world: World) -> None:
    connection, _ = opened(world)
    connection.feed(masked(b"hi", opcode=9))
    assert told(connection) == [(10, b"hi")]
    world.wait(25.2)
    assert told(connection) == [(1, b"h")]


def test_a_reader_that_never_reads_is_dropped(world: World) -> None:
    made = world.mount("live")
    connection, _ = opened(world, "/live/000/s/websocket")
    connection.wire.producer.pauseProducing()
    made.made[0].transport.write(b"x")
    world.wait(29)
    assert connection.take() == b"" and connection.wire.gone is None
    world.wait(2)
    assert connection.wire.gone == "aborted" and made.made[0].lost.code == 1002


def test_a_reader_that_catches_up(world: World) -> None:
    made = world.mount("live")
    connection, _ = opened(world, "/live/000/s/websocket")
    producer = connection.wire.producer
    producer.pauseProducing()
    producer.pauseProducing()
    made.made[0].transport.write(b"x")
    producer.resumeProducing()
    producer.resumeProducing()
    assert told(connection) == [(1, b'a["x"]')]


def test_one_that_does_not_read_gets_no_goodbye(world: World) -> None:
    connection, _ = opened(world)
    connection.wire.producer.pauseProducing()
    connection.feed(masked(b"\x03\xe8", opcode=8))
    world.turn()
    assert connection.wire.gone == "aborted"


def test_the_application_aborts(world: World) -> None:
    made = world.mount("live")
    connection, _ = opened(world, "/live/000/s/websocket")
    made.made[0].transport.abortConnection()
    world.turn()
    assert connection.wire.gone == "aborted" and made.made[0].lost.code == 1002


def test_stopping_says_resume(world: World) -> None:
    world.mount("live")
    connection, _ = opened(world, "/live/000/s/websocket")
    world.mounts[0].stop()
    assert told(connection)[0][1].startswith(b"c[4101,")
    assert world.websocket("/live/000/t/websocket").answer().status == 503


# --- raw


def test_raw_has_no_frames(world: World) -> None:
    connection, frames = opened(world, "/echo/websocket")
    assert frames == []
    for message in ("x", '["y"]', ""):
        connection.feed(masked(message.encode()))
    assert told(connection) == [(1, b"x"), (1, b'["y"]'), (1, b"")]
    world.wait(26)
    assert connection.take() == b""


def test_raw_close_carries_the_reason(world: World) -> None:
    _, frames = opened(world, "/close/websocket")
    assert frames == [closing(3000, "Go away!")]


def test_raw_limits(world: World) -> None:
    world.mount("live", MountPolicy(max_message_bytes=10))
    connection, _ = opened(world, "/live/websocket")
    connection.feed(masked(b"x" * 11))
    assert told(connection) == [closing(1009, "Message too big.")]


# --- the handshake


def test_what_is_no_upgrade(world: World) -> None:
    plain = world.ask("GET", PATH)
    assert (plain.status, plain.body) == (400, b'Can "Upgrade" only to "WebSocket".')
    closed = world.websocket(PATH, Connection="close").answer()
    assert (closed.status, closed.body) == (400, b'"Connection" must be "Upgrade".')
    assert world.websocket(PATH, Sec_WebSocket_Version="99").take().startswith(b"HTTP/1.1 4")
    assert world.websocket(PATH, Sec_WebSocket_Key="").take().startswith(b"HTTP/1.1 4")


def test_http10_cannot_upgrade(world: World) -> None:
    connection = world.connect()
    connection.ask(
        "GET", PATH, version="1.0", Connection="Upgrade", Upgrade="websocket", Sec_WebSocket_Key="x"
    )
    assert parse(connection.take()).status == 426


def test_origins(world: World) -> None:
    made = world.mount("live")
    assert world.websocket("/live/0/s/websocket", Origin="http://evil.example").answer().status == 403
    assert world.websocket("/live/websocket", Origin="null").answer().status == 403
    _, frames = opened(world, "/live/0/s/websocket", Origin="http://127.0.0.1")
    assert frames == [(1, b"o")] and made.made[0].transport.origin == "http://127.0.0.1"
    assert made.made[0].transport.name == "websocket"


def test_a_connection_is_counted_to_its_end() -> None:
    world = World(Settings())
    address = IPv4Address("TCP", "198.51.100.9", 1)
    connection = world.connect(address)
    assert world.site.connections == {"198.51.100.9": 1}
    connection.ask(
        "GET",
        PATH,
        Connection="Upgrade",
        Upgrade="websocket",
        Sec_WebSocket_Version="13",
        Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25jZQ==",
    )
    assert world.site.connections == {"198.51.100.9": 1}
    connection.cut()
    assert world.site.connections == {}
    world.close()


def test_what_the_handshake_needed_is_dropped(world: World) -> None:
    connection, _ = opened(world)
    protocol = connection.wire.protocol
    assert protocol.http_headers is None and connection.wire.producer is protocol
    assert len(vars(protocol)) < 40, "autobahn's own defaults are the class's"
    connection.feed(masked(b'"x"'))
    world.turn()
    assert unframed(connection.take()) == [(1, b'a["x"]')] and len(vars(protocol)) < 40


def test_what_one_websocket_went_through_stays_with_it(world: World) -> None:
    first, _ = opened(world)
    second, _ = opened(world, "/echo/000/t/websocket")
    first.feed(masked(b"\x03\xe8", opcode=8))
    world.turn()
    one, other = first.wire.protocol, second.wire.protocol
    assert one.remoteCloseCode == 1000 and other.remoteCloseCode is None and not other.wasClean
    second.feed(masked(b'"x"'))
    world.turn()
    assert unframed(second.take()) == [(1, b'a["x"]')]
