"""Sessions over every HTTP transport: frames, life, conflicts, limits, and what bad input gets."""

import json
from collections.abc import Callable, Iterator

import pytest
from sockjs_kit import Answer, World, array
from twisted.internet.address import IPv4Address
from twisted.internet.protocol import Factory, Protocol

from twistedchat.comet import SessionClosed
from twistedchat.core.frames import Prepared
from twistedchat.core.policy import MountPolicy

AWKWARD = [
    "100% sure",
    "</script><script>alert(1)</script>",
    "\u2028\u2029",
    "\U0001f600",
    "\x00",
    "x" * 100_000,
]


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.close()


def xhr(text: bytes) -> list[str]:
    return text.decode().splitlines()


def events(text: bytes) -> list[str]:
    from urllib.parse import unquote

    parts = text.decode().split("\r\n\r\n")
    assert parts[-1] == ""
    return [unquote(part.removeprefix("data: ")) for part in parts[:-1]]


def scripts(text: bytes) -> list[str]:
    parts = text.decode("ascii").split("<script>\np(")
    assert parts[0] == ""
    return [json.loads(part.removesuffix(");\n</script>\r\n")) for part in parts[1:]]


STREAMS: dict[str, tuple[str, str, Callable[[bytes], list[str]]]] = {
    "xhr_streaming": ("POST", "xhr_streaming", xhr),
    "eventsource": ("GET", "eventsource", events),
    "htmlfile": ("GET", "htmlfile?c=cb", scripts),
}
streams = pytest.mark.parametrize("name", STREAMS)


def start(world: World, name: str, path: str = "/echo/000/s", version: str = "1.1") -> tuple[object, Answer]:
    method, last, _ = STREAMS[name]
    connection = world.connect()
    connection.ask(method, f"{path}/{last}", "" if method == "POST" else None, version=version)
    world.turn()
    return connection, connection.answer()


# --- frames


def test_polls_carry_one_frame(world: World) -> None:
    connection = world.connect()
    connection.ask("POST", "/echo/000/s/xhr", "")
    answer = connection.answer()
    assert answer.body == b"o\n" and answer.headers["content-type"] == "application/javascript; charset=UTF-8"
    sent = world.ask("POST", "/echo/000/s/xhr_send", '["a","b"]')
    assert (sent.status, sent.body, sent.headers["content-type"]) == (204, b"", "text/plain; charset=UTF-8")
    connection.ask("POST", "/echo/000/s/xhr", "")
    assert connection.answer().body == b'a["a","b"]\n', "on the same connection"


def test_a_waiting_poll_is_answered_at_the_end_of_the_turn(world: World) -> None:
    world.ask("POST", "/echo/000/s/xhr", "")
    waiting = world.open("POST", "/echo/000/s/xhr", "")
    assert waiting.take() == b""
    world.ask("POST", "/echo/000/s/xhr_send", '["x"]')
    assert waiting.answer().body == b'a["x"]\n'


@pytest.mark.parametrize(
    ("name", "kind", "first"),
    [
        ("xhr_streaming", "application/javascript; charset=UTF-8", b"h" * 2048 + b"\n"),
        ("eventsource", "text/event-stream", b"\r\n"),
        ("htmlfile", "text/html; charset=UTF-8", b"<!doctype html>\n<html><head>\n"),
    ],
)
def test_streams_begin_with_a_prelude_of_their_own(world: World, name: str, kind: str, first: bytes) -> None:
    _, answer = start(world, name)
    assert answer.headers["content-type"] == kind
    assert answer.headers["x-accel-buffering"] == "no" and "content-length" not in answer.headers
    assert answer.chunks[0].startswith(first) and len(answer.chunks) == 2
    assert STREAMS[name][2](answer.chunks[1]) == ["o"]


def test_htmlfile_page(world: World) -> None:
    _, answer = start(world, "htmlfile")
    page = answer.chunks[0].decode()
    assert page.rstrip() == (
        "<!doctype html>\n<html><head>\n"
        '  <meta http-equiv="X-UA-Compatible" content="IE=edge" />\n'
        '  <meta http-equiv="Content-Type" content="text/html; charset=UTF-8" />\n'
        "</head><body><h2>Don't panic!</h2>\n  <script>\n    document.domain = document.domain;\n"
        "    var c = parent.cb;\n    c.start();\n    function p(d) {c.message(d);};\n"
        "    window.onload = function() {c.stop();};\n  </script>"
    )
    assert len(page) > 2048 and page.endswith("\r\n\r\n")


def test_htmlfile_without_document_domain(world: World) -> None:
    world.mount("live", MountPolicy(document_domain=False))
    _, answer = start(world, "htmlfile", "/live/000/s")
    assert b"document.domain" not in answer.body


@streams
@pytest.mark.parametrize("message", AWKWARD)
def test_awkward_text_comes_back_on_streams(world: World, name: str, message: str) -> None:
    connection, _ = start(world, name)
    world.ask("POST", "/echo/000/s/xhr_send", array(message))
    world.turn()
    assert STREAMS[name][2](connection.stream()[0]) == ["a" + json.dumps([message], separators=(",", ":"))]


@streams
def test_http10_streams_have_neither_chunks_nor_length(world: World, name: str) -> None:
    connection, answer = start(world, name, version="1.0")
    assert "transfer-encoding" not in answer.headers and "content-length" not in answer.headers
    world.ask("POST", "/echo/000/s/xhr_send", array("x"))
    assert STREAMS[name][2](connection.take()) == ['a["x"]']
    world.ask("POST", "/echo/000/s/xhr_send", array("x" * 5000))
    world.turn()
    assert connection.wire.gone == "closed"


def test_jsonp(world: World) -> None:
    answer = world.ask("GET", "/echo/000/s/jsonp?c=_jp.a1")
    assert answer.body == b'/**/_jp.a1("o");\r\n'
    assert answer.headers["content-type"] == "application/javascript; charset=UTF-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    sent = world.ask("POST", "/echo/000/s/jsonp_send", "d=%5B%22%C3%BC%2B+%3C%22%5D", **form)
    assert (sent.status, sent.body, sent.headers["content-type"]) == (200, b"ok", "text/plain; charset=UTF-8")
    assert world.ask("GET", "/echo/000/s/jsonp?%63=x").body == b'/**/x("a[\\"\\\\u00fc+ \\u003c\\"]");\r\n'
    world.ask("POST", "/echo/000/s/jsonp_send", '["%61"]', Content_Type="text/plain")
    assert world.ask("GET", "/echo/000/s/jsonp?callback=x").body == b'/**/x("a[\\"%61\\"]");\r\n'


@pytest.mark.parametrize("name", ["jsonp", "htmlfile"])
def test_callbacks_are_checked(world: World, name: str) -> None:
    for query in ("", "?c=", "?d=x"):
        answer = world.ask("GET", f"/echo/000/s/{name}{query}")
        assert answer.status == 500 and b'"callback" parameter required' in answer.body
    for bad in ("%20", "a%3Balert(1)", "*", "abc(", "%28", "a" * 33, "a%0A"):
        answer = world.ask("GET", f"/echo/000/s/{name}?c={bad}")
        assert answer.status == 500 and b'invalid "callback" parameter' in answer.body


# --- bad sends


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ("", 500, b"Payload expected."),
        ('["a', 500, b"Broken JSON encoding."),
        ("[1]", 500, b"Messages must be strings."),
        (array(*[""] * 6000), 413, b"Too many messages at once."),
    ],
)
def test_a_session_survives_bad_sends(world: World, body: str, status: int, text: bytes) -> None:
    world.ask("POST", "/echo/000/s/xhr", "")
    for path in ("xhr_send", "jsonp_send"):
        answer = world.ask("POST", f"/echo/000/s/{path}", body)
        assert (answer.status, answer.body) == (status, text)
    world.ask("POST", "/echo/000/s/xhr_send", '["x"]')
    assert world.ask("POST", "/echo/000/s/xhr", "").body == b'a["x"]\n'


def test_limits_of_sends(world: World) -> None:
    made = world.mount("small", MountPolicy(max_message_bytes=10, max_body_bytes=40))
    world.ask("POST", "/small/000/s/xhr", "")
    assert world.ask("POST", "/small/000/s/xhr_send", array("x" * 11)).status == 413
    assert world.ask("POST", "/small/000/s/xhr_send", " " * 41).status == 413
    assert world.ask("POST", "/small/000/s/xhr_send", array("x" * 10)).status == 204
    assert made.made[0].received == ["x" * 10]


def test_form_sends_without_a_payload(world: World) -> None:
    world.ask("POST", "/echo/000/s/xhr", "")
    for body in ("d=", "p=p", "d", "&" * 50):
        answer = world.ask(
            "POST", "/echo/000/s/jsonp_send", body, Content_Type="application/x-www-form-urlencoded"
        )
        assert (answer.status, answer.body) == (500, b"Payload expected.")


@pytest.mark.parametrize(
    "kind", ["", "T", "text/xml", "application/json", "text/plain;charset=UTF-8", "a;b;c"]
)
def test_any_content_type_is_taken(world: World, kind: str) -> None:
    world.ask("POST", "/echo/000/s/xhr", "")
    assert world.ask("POST", "/echo/000/s/xhr_send", '["x"]', Content_Type=kind).status == 204


def test_sends_create_nothing(world: World) -> None:
    for path in ("xhr_send", "jsonp_send"):
        assert world.ask("POST", f"/echo/000/s/{path}", '["x"]').status == 404


def test_empty_arrays_are_no_message(world: World) -> None:
    made = world.mount("live")
    world.ask("POST", "/live/000/s/xhr", "")
    assert world.ask("POST", "/live/000/s/xhr_send", "[]").status == 204
    assert made.made[0].received == []


def test_a_lone_surrogate_comes_back_mended(world: World) -> None:
    world.ask("POST", "/echo/000/s/xhr", "")
    world.ask("POST", "/echo/000/s/xhr_send", '["\\ud800"]')
    assert world.ask("POST", "/echo/000/s/xhr", "").body == b'a["\\ufffd"]\n'


# --- life


@streams
def test_a_response_is_recycled_at_the_limit_without_a_new_open(world: World, name: str) -> None:
    connection, answer = start(world, name)
    size = len(answer.chunks[1])
    while True:
        world.ask("POST", "/echo/000/s/xhr_send", array("x" * 128))
        world.turn()
        chunks = connection.stream()
        size += len(chunks[0])
        if chunks[-1] == b"":
            break
    assert 4096 <= size < 4096 + len(chunks[0])
    assert connection.wire.gone is None, "the connection stays"
    world.ask("POST", "/echo/000/s/xhr_send", array("later"))
    again = world.ask("POST", "/echo/000/s/xhr", "")
    assert again.body == b'a["later"]\n'


@streams
def test_a_second_receiver_gets_2010(world: World, name: str) -> None:
    first, _ = start(world, name)
    _, answer = start(world, name)
    assert STREAMS[name][2](answer.chunks[1]) == ['c[2010,"Another connection still open"]']
    assert answer.whole
    world.ask("POST", "/echo/000/s/xhr_send", array("x"))
    assert len(first.stream()) == 1


def test_a_second_poll_gets_2010(world: World) -> None:
    world.ask("POST", "/echo/000/s/xhr", "")
    first = world.open("POST", "/echo/000/s/xhr", "")
    assert world.ask("POST", "/echo/000/s/xhr", "").body == b'c[2010,"Another connection still open"]\n'
    assert first.take() == b""


@pytest.mark.parametrize("name", ["xhr", "jsonp?c=x"])
def test_close_is_repeated_until_the_id_is_free(world: World, name: str) -> None:
    method, body = ("POST", "") if name == "xhr" else ("GET", None)
    assert b"o" in world.ask(method, f"/close/000/s/{name}", body).body
    for _ in range(2):
        assert b"3000" in world.ask(method, f"/close/000/s/{name}", body).body
    assert world.ask("POST", "/close/000/s/xhr_send", '["x"]').status == 204, "the close code is what counts"
    world.wait(5.2)
    assert b"3000" not in world.ask(method, f"/close/000/s/{name}", body).body


@streams
def test_close_on_streams(world: World, name: str) -> None:
    method, last, read = STREAMS[name]
    answer = world.ask(method, f"/close/000/s/{last}", "" if method == "POST" else None)
    assert [read(chunk) for chunk in answer.chunks[1:-1]] == [["o"], ['c[3000,"Go away!"]']]
    assert answer.whole


@streams
def test_a_cut_stream_ends_its_session(world: World, name: str) -> None:
    made = world.mount("live")
    connection, _ = start(world, name, "/live/000/s")
    connection.cut()
    (app,) = made.made
    assert isinstance(app.lost, SessionClosed) and app.lost.code == 1002
    assert world.ask("POST", "/live/000/s/xhr", "").body == b'c[1002,"Connection interrupted"]\n'
    world.wait(5.2)
    assert world.ask("POST", "/live/000/s/xhr", "").body == b"o\n"


def test_a_cut_poll_ends_its_session(world: World) -> None:
    world.ask("POST", "/echo/000/s/xhr", "")
    world.open("POST", "/echo/000/s/xhr", "").cut()
    assert world.ask("POST", "/echo/000/s/xhr", "").body == b'c[1002,"Connection interrupted"]\n'


def test_a_session_without_receiver_ends_after_the_delay(world: World) -> None:
    made = world.mount("live")
    world.ask("POST", "/live/000/s/xhr", "")
    world.wait(4.8)
    assert made.made[0].lost is None
    world.wait(0.4)
    assert made.made[0].lost.code == 1002
    assert world.ask("POST", "/live/000/s/xhr", "").body == b'c[1002,"Connection interrupted"]\n'


@streams
def test_heartbeats(world: World, name: str) -> None:
    connection, _ = start(world, name)
    world.wait(24.8)
    assert connection.take() == b""
    world.wait(0.4)
    assert STREAMS[name][2](connection.stream()[0]) == ["h"]


def test_a_poll_is_answered_by_the_heartbeat(world: World) -> None:
    world.ask("GET", "/echo/000/s/jsonp?c=x")
    waiting = world.open("GET", "/echo/000/s/jsonp?c=x")
    world.wait(25.2)
    assert waiting.answer().body == b'/**/x("h");\r\n'


def test_a_brief_mount_holds_no_connection_for_long(world: World) -> None:
    world.mount("brief", MountPolicy(hold_s=0.25))
    world.ask("POST", "/brief/000/s/xhr", "")
    waiting = world.open("POST", "/brief/000/s/xhr", "")
    world.wait(0.2)
    assert waiting.take() == b""
    world.wait(0.2)
    assert waiting.answer().body == b"h\n"


# --- applications


def test_an_application_learns_who_it_is(world: World) -> None:
    made = world.mount("live")
    world.ask("POST", "/live/000/s/xhr", "", Origin="http://127.0.0.1")
    transport = made.made[0].transport
    assert (transport.name, transport.origin, transport.peer) == (
        "xhr-polling",
        "http://127.0.0.1",
        "198.51.100.7",
    )
    assert transport.getPeer().host == transport.getHost().host == "198.51.100.7"
    start(world, "xhr_streaming", "/live/000/s")
    assert transport.name == "xhr-streaming" and transport.writable
    transport.send(Prepared("x"))
    transport.writeSequence([b"y", b"z\xff"])
    transport.loseConnection()
    world.turn()
    assert made.made[0].lost.code == 3000


class Producer:
    def __init__(self) -> None:
        self.log: list[str] = []

    def pauseProducing(self) -> None:
        self.log.append("pause")

    def resumeProducing(self) -> None:
        self.log.append("resume")

    def stopProducing(self) -> None:
        self.log.append("stop")


def test_producers_follow_the_receiver(world: World) -> None:
    made = world.mount("live")
    world.ask("POST", "/live/000/s/xhr", "")
    transport, producer = made.made[0].transport, Producer()
    transport.registerProducer(producer, True)
    with pytest.raises(RuntimeError):
        transport.registerProducer(producer, True)
    with pytest.raises(RuntimeError):
        transport.registerProducer(producer, False)
    connection, _ = start(world, "xhr_streaming", "/live/000/s")
    connection.wire.producer.pauseProducing()
    connection.wire.producer.pauseProducing()
    connection.wire.producer.resumeProducing()
    assert producer.log == ["pause", "resume", "pause", "resume"]
    transport.unregisterProducer()
    transport.abortConnection()
    world.turn()
    assert connection.wire.gone == "aborted"
    late = Producer()
    transport.registerProducer(late, True)
    assert late.log == ["stop"]


def test_a_reader_that_never_reads_is_cut(world: World) -> None:
    made = world.mount("live")
    connection, _ = start(world, "xhr_streaming", "/live/000/s")
    connection.wire.producer.pauseProducing()
    made.made[0].transport.write(b"x")
    world.wait(29)
    assert connection.wire.gone is None and connection.take() == b""
    world.wait(2)
    assert connection.wire.gone == "aborted" and made.made[0].lost.code == 1002


def test_too_much_unread_closes_with_1013(world: World) -> None:
    made = world.mount("live", MountPolicy(outbox_bytes=1000))
    world.ask("POST", "/live/000/s/xhr", "")
    for _ in range(11):
        made.made[0].transport.write(b"x" * 100)
    world.turn()
    assert made.made[0].lost.code == 1013
    assert world.ask("POST", "/live/000/s/xhr", "").body == b'c[1013,"Too much unread"]\n'


class Broken(Protocol):
    def dataReceived(self, data: bytes) -> None:
        raise RuntimeError("bug in an application")


def test_an_application_that_fails_loses_its_session_only(
    world: World, logged_failures: list[object]
) -> None:
    world.mount("broken", factory=Factory.forProtocol(Broken))
    world.ask("POST", "/broken/000/s/xhr", "")
    world.ask("POST", "/broken/000/other/xhr", "")
    assert world.ask("POST", "/broken/000/s/xhr_send", '["x"]').status == 204
    assert world.ask("POST", "/broken/000/s/xhr", "").body == b'c[1011,"Internal error"]\n'
    assert world.open("POST", "/broken/000/other/xhr", "").take() == b""
    assert len(logged_failures) == 1
    logged_failures.clear()


class Refusing(Factory):
    def buildProtocol(self, addr: object) -> None:
        return None


def test_a_factory_may_refuse(world: World) -> None:
    world.mount("no", factory=Refusing())
    assert world.ask("POST", "/no/000/s/xhr", "").body == b"o\n"
    assert world.ask("POST", "/no/000/s/xhr", "").body == b'c[1013,"Try again later"]\n'


# --- bounds and the end


def test_sessions_are_bounded(world: World) -> None:
    world.mount("few", MountPolicy(max_sessions=2))
    for name in "ab":
        assert world.ask("POST", f"/few/000/{name}/xhr", "").status == 200
    assert world.ask("POST", "/few/000/c/xhr", "").status == 503
    assert world.ask("POST", "/few/000/a/xhr_send", "[]").status == 204
    world.wait(11)
    assert world.ask("POST", "/few/000/c/xhr", "").status == 200, "and freed"


def test_sessions_of_one_address_are_bounded_but_not_those_of_loopback(world: World) -> None:
    world.mount("few", MountPolicy(max_sessions_per_address=1))

    def ask(name: str, host: str) -> int:
        connection = world.connect(IPv4Address("TCP", host, 1))
        connection.ask("POST", f"/few/000/{name}/xhr", "")
        return connection.answer().status

    assert [ask("a", "198.51.100.1"), ask("b", "198.51.100.1"), ask("c", "198.51.100.2")] == [200, 503, 200]
    assert [ask("d", "127.0.0.1"), ask("e", "127.0.0.1")] == [200, 200]


def test_stopping_tells_everyone_to_resume(world: World) -> None:
    made = world.mount("live")
    stream, _ = start(world, "xhr_streaming", "/live/000/a")
    world.ask("POST", "/live/000/b/xhr", "")
    world.mounts[0].stop()
    assert stream.stream()[0].startswith(b"c[4101,")
    assert world.ask("POST", "/live/000/b/xhr", "").body.startswith(b"c[4101,")
    assert world.ask("POST", "/live/000/new/xhr", "").status == 503
    assert [app.lost.code for app in made.made] == [4101, 4101]
    world.mounts[0].stop()
