"""Plain requests go past twisted.web, and nobody can tell: each conversation is held both ways and compared."""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sockjs_kit import CLIENT, Recorders, World
from twisted.internet.address import IPv4Address
from twisted.internet.interfaces import IAddress
from zope.interface.verify import verifyObject

from twistedchat.comet.resource import CometResource
from twistedchat.config import Limits, Settings
from twistedchat.core.plain import MAX_FIELDS, read_request
from twistedchat.core.policy import MountPolicy
from twistedchat.interfaces import IEntrance, IExchange
from twistedchat.service import House
from twistedchat.web import front
from twistedchat.web.lean import LeanExchange

PROXY = IPv4Address("TCP", "10.0.0.1", 1)
BROWSER = {
    "Host": "127.0.0.1:8080",
    "Connection": "keep-alive",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64)",
    "Accept": "*/*",
    "Origin": "http://127.0.0.1:8080",
    "Referer": "http://127.0.0.1:8080/",
}
OURS = "Origin: http://127.0.0.1:8080"
FOREIGN = "Origin: https://evil.example"
Step = bytes | float | str
"""Bytes are fed in one piece; a number is waited; "cut" ends the connection, "say" lets the application send, "close" close,
"full" and "free" are the socket's, "stop" ends the mounts."""


def ask(
    method: str = "POST",
    path: str = "/app/0/s/xhr",
    body: bytes = b"",
    *lines: str,
    without: Sequence[str] = (),
    **changed: str,
) -> bytes:
    """A request as browsers write it; ``lines`` are added as they are, ``changed`` replace headers."""
    headers = {**BROWSER, **{name.replace("_", "-"): value for name, value in changed.items()}}
    head = [f"{method} {path} HTTP/1.1"]
    head += [f"{name}: {value}" for name, value in headers.items() if name not in without]
    head += lines
    if method == "POST" and "Content-Length" not in without:
        head.append(f"Content-Length: {len(body)}")
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body


def send(*texts: str, path: str = "/app/0/s/xhr_send") -> bytes:
    return ask("POST", path, ("[" + ",".join(f'"{text}"' for text in texts) + "]").encode())


POLL = ask()
STREAM = ask("POST", "/app/0/s/xhr_streaming")
WEBSOCKET = ask(
    "GET",
    "/app/0/s/websocket",
    b"",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    Connection="Upgrade",
)


class Count:
    """Counts the exchanges that went past twisted.web."""

    def __init__(self) -> None:
        self.taken = 0

    def __call__(self, *args: Any) -> LeanExchange:
        self.taken += 1
        return LeanExchange(*args)


def hold(lean: bool, steps: Sequence[Step], address: IAddress = CLIENT, **policy: Any) -> list[object]:
    """Hold a conversation on one connection; return all that its two ends saw."""
    world = World(
        Settings(
            limits=replace(Limits(), max_body_bytes=3000),
            trusted_proxies=(ipaddress.ip_network("10.0.0.0/8"),),
        ),
        lean=lean,
    )
    app: Recorders = world.mount("app", MountPolicy(**policy))
    world.mount("open", MountPolicy(cookie=True), ("*",))
    connection = world.connect(address)
    seen: list[object] = []
    for step in steps:
        take(world, connection, app, step)
        data = re.sub(rb"Date: [^\r]*", b"Date: -", connection.take())
        wire = connection.wire
        seen.append((data, wire.gone, wire.half_closed, wire.producerState, wire.producer is None))
    for session in app.made:
        transport: Any = session.transport
        lost = session.lost and (session.lost.code, session.lost.reason)
        seen.append((transport.name, transport.peer, transport.origin, session.received, lost))
    seen.append(world.site.connections)
    world.close()
    return seen


def take(world: World, connection: Any, app: Recorders, step: Step) -> None:
    wire = connection.wire
    if isinstance(step, bytes):
        connection.feed(step)
        world.turn()
    elif isinstance(step, float):
        world.wait(step)
    elif step == "cut":
        connection.cut()
    elif step == "stop":
        for mount in world.mounts:
            mount.stop()
    elif step in ("full", "free") and wire.producer is not None:
        wire.producer.pauseProducing() if step == "full" else wire.producer.resumeProducing()
    else:
        for session in app.made:
            if step == "say":
                session.transport.write(b"said")
            elif step == "close":
                session.transport.close(3000, "bye")
        world.turn()


CONVERSATIONS: dict[str, tuple[int, list[Step]]] = {
    # --- what is plain: how many requests go past twisted.web, and the conversation
    "a session on polls": (5, [POLL, send("x"), send("y", "z"), POLL, "say", POLL, 1.0, "say"]),
    "a poll's heartbeat": (2, [POLL, POLL, 26.0]),
    "a poll's query": (2, [ask("POST", "/app/0/s/xhr?t=1764"), ask("POST", "/app/0/s/xhr?")]),
    "waiting messages": (3, [POLL, "say", "say", POLL, "close", POLL]),
    "an unknown session": (1, [send("x", path="/app/0/nobody/xhr_send")]),
    "a stream": (1, [STREAM, "say", "say", 26.0, "close", 6.0]),
    "a stream that is cut": (1, [STREAM, "say", "cut", 1.0]),
    "a poll that is cut": (2, [POLL, POLL, "cut", 1.0]),
    "a stream that is full": (1, [STREAM, "full", "say", "say", "free", "say"]),
    "a stream that never reads": (1, [STREAM, "full", "say", 31.0]),
    "the end": (2, [POLL, POLL, "stop", 1.0]),
    "the end of a stream": (1, [STREAM, "stop", 6.0]),
    "eventsource": (1, [ask("GET", "/app/0/s/eventsource"), "say", 26.0, "close"]),
    "eventsource of null": (1, [ask("GET", "/open/0/s/eventsource", Origin="null"), 1.0]),
    "htmlfile": (1, [ask("GET", "/app/0/s/htmlfile?c=_jp.a"), "say"]),
    "htmlfile's bad names": (
        3,
        [ask("GET", f"/app/0/s/htmlfile{query}") for query in ("", "?c=%3Cx", "?callback=" + "x" * 40)],
    ),
    "jsonp": (3, [ask("GET", "/app/0/s/jsonp?x=1&c=%63b&c=d")] * 2 + ["say"]
              + [ask("POST", "/app/0/s/jsonp_send", b"d=%5B%22x%22%5D", Content_Type="application/x-www-form-urlencoded")]),
    "what is refused": (6, [POLL] + [ask("POST", "/app/0/s/xhr_send", body)
                                     for body in (b"", b"x", b"[1]", b'["%b"]' % (b"x" * 200), b"[" + b'"",' * 9 + b'""]')]),
    "a foreign page": (3, [ask("POST", "/app/0/s/xhr", b"", Origin="https://evil.example"),
                           ask("POST", "/app/0/s/xhr", b"", "Sec-Fetch-Site: cross-site", without=["Origin", "Referer"]),
                           ask("POST", "/app/0/s/xhr", b"", without=["Origin"], Referer="https://evil.example/x")]),
    "a page of ours": (3, [ask("POST", "/app/0/s/xhr", b"", "Sec-Fetch-Site: same-origin", without=["Origin"]),
                           ask("POST", "/app/0/s/xhr_send", b"[]", without=["Origin", "Referer"]),
                           ask("POST", "/app/0/s/xhr_send", b"[]", without=["Origin"])]),
    "a foreign page that is let in": (1, [ask("POST", "/open/0/s/xhr", b"", Origin="https://evil.example")]),
    "cookies": (3, [ask("POST", "/open/0/s/xhr", b"", "Cookie: a=b; JSESSIONID=abc; c=d"),
                    ask("POST", "/open/0/s/xhr_send", b"[]", "Cookie: JSESSIONID=<x>"),
                    ask("POST", "/open/0/s/xhr_send", b"[]")]),
    "another Host on a kept connection": (2, [POLL, ask("POST", "/app/0/s/xhr", b"", Host="evil.example"), POLL]),
    "our other Host": (2, [POLL, ask("POST", "/app/0/s/xhr_send", b"[]", Host="localhost:99")]),
    "lower-case names and odd blanks": (1, [POLL.replace(b"Origin: ", b"oRIGIN:\t ").replace(b"*/*", b"*/* \t")]),
    "an empty value": (1, [ask("POST", "/app/0/s/xhr", b"", "X:")]),
    "a conflict in one connection's queue": (2, [POLL, POLL + POLL, "say", "say"]),
    "more while a poll waits": (3, [POLL, POLL, POLL, "say", "say"]),
    "too much while a poll waits": (2, [POLL, POLL, b"x" * 9000, b"x" * 9000, "say", 1.0]),
    "idle between requests": (1, [POLL, 58.0, 5.0, 20.0]),
    "idle before one": (0, [58.0, 5.0]),
    "a method that is not the URL's": (0, [ask("GET", "/app/0/s/xhr"), ask("OPTIONS", "/app/0/s/xhr")]),
    # --- what is not
    "the request in two pieces": (2, [POLL, POLL[:40], POLL[40:], "say", send("x")]),
    "head and body in two pieces": (0, [send("x")[:-3], send("x")[-3:]]),
    "half of the next behind it": (1, [POLL + POLL[:100], POLL[100:], "say", POLL]),
    "whole lines of the next behind it": (0, [send("x") + b"POST /app/0/s/xhr HTTP/1.1\r\n", POLL]),
    "two at once": (0, [send("x") + send("y")]),
    "an empty line before it": (1, [POLL, b"\r\n", POLL, b"\r\n", "say", b"\r\n" + POLL]),
    "an empty line behind it": (0, [POLL + b"\r\n", POLL, b"\r\n" + POLL]),
    "an empty line behind one answered at once": (0, [send("x") + b"\r\n", b"\r\n", POLL]),
    "half a request, for ever": (1, [POLL, POLL[:50], 12.0]),
    "Connection: close": (1, [POLL, ask("POST", "/app/0/s/xhr_send", b"[]", Connection="close"), POLL]),
    "several in Connection": (0, [ask("POST", "/app/0/s/xhr_send", b"[]", Connection="keep-alive close")]),
    "HTTP/1.0": (0, [POLL.replace(b"HTTP/1.1", b"HTTP/1.0")]),
    "HTTP/1.0 with keep-alive": (0, [STREAM.replace(b"HTTP/1.1", b"HTTP/1.0"), "say"]),
    "HTTP/2.0": (0, [POLL.replace(b"HTTP/1.1", b"HTTP/2.0")]),
    "no Host": (0, [ask(without=["Host"])]),
    "two Hosts": (0, [ask("POST", "/app/0/s/xhr", b"", "Host: localhost")]),
    "two Origins": (0, [ask("POST", "/app/0/s/xhr", b"", FOREIGN), ask("POST", "/app/0/s/xhr", b"", OURS)]),
    "two lengths": (0, [ask("POST", "/app/0/s/xhr", b"", "Content-Length: 0")]),
    "lengths that are none": (0, [ask("POST", "/app/0/s/xhr", b"", "Content-Length: +0", without=["Content-Length"])]),
    "a length beyond the front's limit": (0, [ask("POST", "/app/0/s/xhr_send", b"x" * 3001), b"x", 6.0]),
    "a length beyond all": (0, [ask("POST", "/app/0/s/xhr", b"", "Content-Length: 99999999", without=["Content-Length"])]),
    "chunks": (0, [ask("POST", "/app/0/s/xhr_send", b"", "Transfer-Encoding: chunked", without=["Content-Length"]),
                   b"2\r\n[]\r\n0\r\n\r\n"]),
    "chunks and a length": (0, [ask("POST", "/app/0/s/xhr_send", b"", "Transfer-Encoding: chunked")]),
    "Expect": (0, [ask("POST", "/app/0/s/xhr_send", b"", "Expect: 100-continue", "Content-Length: 2",
                       without=["Content-Length"]), b"[]"]),
    "an upgrade that is none": (0, [ask("POST", "/app/0/s/xhr", b"", "Upgrade: h2c", Connection="Upgrade")]),
    "a WebSocket": (0, [WEBSOCKET]),
    "a WebSocket after a poll": (1, [POLL, WEBSOCKET]),
    "a folded header": (0, [POLL.replace(b"Accept: */*", b"Accept:\r\n */*")]),
    "a header without a colon": (0, [ask("POST", "/app/0/s/xhr", b"", "nonsense")]),
    "a blank before the colon": (0, [ask("POST", "/app/0/s/xhr", b"", "X : y")]),
    "a NUL": (0, [ask("POST", "/app/0/s/xhr", b"", "X: \0")]),
    "a bare line feed": (0, [ask("POST", "/app/0/s/xhr", b"", "X: y\nOrigin: z")]),
    "a bare carriage return": (0, [ask("POST", "/app/0/s/xhr", b"", "X: y\rz")]),
    "bytes beyond ASCII": (0, [ask("POST", "/app/0/s/xhr", b"", "X: \xe9")]),
    "bytes beyond ASCII in the path": (0, [ask("POST", "/app/0/s/xhr?\xe9")]),
    "very many headers": (0, [ask("POST", "/app/0/s/xhr", b"", *(f"X{n}: y" for n in range(600)))]),
    "many headers": (0, [ask("POST", "/app/0/s/xhr", b"", *(f"X{n}: y" for n in range(MAX_FIELDS)))]),
    "a long header": (0, [ask("POST", "/app/0/s/xhr", b"", "X: " + "y" * 5000)]),
    "a header that is too long": (0, [ask("POST", "/app/0/s/xhr", b"", "X: " + "y" * 17000), 6.0]),
    "a long path": (0, [ask("POST", "/app/0/" + "s" * 600 + "/xhr")]),
    "escapes": (1, [ask("POST", "/app/0/%73/xhr"), send("x"), ask("POST", "/app/0/a%2fb/xhr")]),
    "dots": (0, [ask("POST", "/app/0.1/s/xhr"), ask("POST", "/app/0/s.t/xhr"), ask("POST", "/app/../app/0/s/xhr")]),
    "empty parts": (0, [ask("POST", "/app//s/xhr"), ask("POST", "/app/0//xhr"), ask("POST", "//app/0/s/xhr")]),
    "a slash at the end": (0, [ask("POST", "/app/0/s/xhr/"), ask("POST", "/app/0/s//")]),
    "more parts": (0, [ask("POST", "/app/x/0/s/xhr"), ask("POST", "/xhr"), ask("POST", "/app")]),
    "an absolute URL": (0, [ask("POST", "http://127.0.0.1:8080/app/0/s/xhr")]),
    "other methods": (0, [ask(method, "/app/0/s/xhr") for method in ("PUT", "HEAD", "post", "DELETE", "P")]),
    "a preflight": (0, [ask("OPTIONS", "/app/0/s/xhr", b"", "Access-Control-Request-Headers: x")]),
    "no such transport": (0, [ask("POST", "/app/0/s/nothing"), ask("POST", "/nothing/0/s/xhr")]),
    "two blanks": (0, [POLL.replace(b"POST ", b"POST  ")]),
    "no request": (0, [b"\xff\xfe\r\n\r\n"]),
}  # fmt: skip


def both(
    monkeypatch: pytest.MonkeyPatch, steps: Sequence[Step], address: IAddress = CLIENT, **policy: Any
) -> int:
    """Hold the conversation both ways, compare, and return how many requests went past twisted.web."""
    plain, general = Count(), Count()
    monkeypatch.setattr(front, "LeanExchange", plain)
    past = hold(True, steps, address, **policy)
    monkeypatch.setattr(front, "LeanExchange", general)
    assert past == hold(False, steps, address, **policy)
    assert general.taken == 0
    return plain.taken


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_nobody_can_tell(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    expected, steps = CONVERSATIONS[name]
    limits = {"max_message_bytes": 100, "max_batch": 9}
    assert both(monkeypatch, steps, **limits) == expected


@pytest.mark.parametrize("policy", [
    {"transports": ("xhr-polling",)}, {"transports": ("websocket",)}, {"conflict": "newest"}, {"abort": "keep"},
    {"max_sessions": 1}, {"max_sessions_per_address": 0}, {"cookie": True}, {"response_limit_bytes": 30}, {"hold_s": 0.25},
])  # fmt: skip
def test_every_policy_holds(policy: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[Step] = [
        POLL,
        send("x"),
        POLL,
        1.0,
        "say",
        STREAM.replace(b"/s/", b"/t/"),
        "say",
        "say",
        "cut",
        6.0,
    ]
    both(monkeypatch, steps, **policy)


@pytest.mark.parametrize("address", [CLIENT, PROXY])
@pytest.mark.parametrize("forwarded", [
    [], ["X-Forwarded-For: 203.0.113.5"], ["X-Forwarded-For: 1.2.3.4, 203.0.113.5, 10.0.0.2", "X-Forwarded-Proto: https"],
    ["X-Forwarded-For: rubbish", "X-Forwarded-Proto: http"], ["X-Forwarded-For: 1.2.3.4", "X-Forwarded-For: 203.0.113.5"],
    ["X-Forwarded-Proto:", "X-Forwarded-For:"], ["X-Forwarded-Proto: HTTPS", "X-Forwarded-For: ::1"],
])  # fmt: skip
@pytest.mark.parametrize("origin", ["http://127.0.0.1:8080", "https://127.0.0.1:8080", "null"])
def test_proxies_are_believed_alike(
    address: IAddress, forwarded: list[str], origin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ask("POST", "/app/0/s/xhr", b"", *forwarded, Origin=origin)
    other = ask("POST", "/app/0/t/xhr", b"", "X-Forwarded-For: 198.51.100.77", Origin=origin)
    both(monkeypatch, [first, other, first, 1.0, "say"], address)


@settings(max_examples=60)
@given(st.binary(max_size=6), st.integers(0, len(POLL)), st.integers(0, 6))
@example(b"\r\n", POLL.index(b"\r\n"), 0)
@example(b"\x00", POLL.index(b"Host") + 8, 0)
def test_no_byte_can_tell(damage: bytes, at: int, dropped: int) -> None:
    """A request that was damaged anywhere gets the same answer either way."""
    steps: list[Step] = [POLL[:at] + damage + POLL[at + dropped :], 1.0]
    assert hold(True, steps) == hold(False, steps)


def test_what_is_read_is_what_was_sent() -> None:
    request = read_request(ask("POST", "/a/b/c/xhr_send?t=1", b"[]", "X-Y: a b", Content_Type="text/plain"))
    assert request is not None
    assert (request.method, request.path, request.query, request.body) == (
        "POST",
        b"/a/b/c/xhr_send",
        b"t=1",
        b"[]",
    )
    assert request.head.fields[b"x-y"] == "a b" and request.head.length == 2
    assert read_request(b"") is None and read_request(b"\r\n\r\n") is None
    assert read_request(b"GET / HTTP/1.1\r\n\r\n") is None


def test_connections_of_one_address_are_counted_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    assert both(monkeypatch, [POLL, POLL, "cut"]) == 2


def test_a_mount_that_finds_addresses_itself_has_no_entrance() -> None:
    world = World()
    own = CometResource(Recorders(), reactor=world.clock, address_of=lambda request: CLIENT)
    assert own.entrance("POST", b"xhr") is None
    assert world.points.mounts[b"echo"].entrance("POST", b"xhr") is not None
    assert verifyObject(IEntrance, own)
    own.release()
    world.close()


@pytest.mark.parametrize("prefix", ["", "/some/where"])
def test_a_house_offers_its_mounts_below_its_prefix(prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Count()
    monkeypatch.setattr(front, "LeanExchange", plain)
    answers = []
    for lean in (True, False):
        world = World()
        house = House(Settings(prefix=prefix, sockjs_test=True), world.clock, "key")
        world.site = front.make_site(
            house.resource, house.settings, world.clock, house.entrances if lean else None
        )
        connection = world.connect()
        for mount in ("comet", "comet-brief", "echo", "static"):
            connection.feed(ask("POST", f"{prefix}/{mount}/0/s/xhr"))
            world.turn()
        answers.append(re.sub(rb"Date: [^\r]*", b"Date: -", connection.take()))
        house.close()
        house.release()
        world.close()
    assert answers[0] == answers[1] and answers[0].count(b"o\n") == 3
    assert plain.taken == 3


def test_an_exchange_keeps_nothing_of_its_request_once_it_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[LeanExchange] = []

    def make(*args: Any) -> LeanExchange:
        made.append(LeanExchange(*args))
        return made[-1]

    monkeypatch.setattr(front, "LeanExchange", make)
    world = World()
    connection = world.connect()
    connection.feed(ask("POST", "/echo/0/s/xhr_streaming", Origin="http://127.0.0.1"))
    assert verifyObject(IExchange, made[0])
    with pytest.raises(AssertionError):
        made[0].header(b"origin")
    world.close()


def test_an_error_of_ours_cuts_the_connection_and_is_logged(logged_failures: list[Any]) -> None:
    world = World()

    class Broken:
        def entrance(self, method: str, name: bytes) -> Any:
            return lambda exchange, session_id: 1 / 0

    assert world.entrances is not None
    world.entrances[b"/broken"] = Broken()  # type: ignore[assignment]
    connection = world.connect()
    connection.feed(ask("POST", "/broken/0/s/xhr"))
    world.turn()
    assert connection.wire.gone == "aborted" and connection.take() == b""
    assert [failure.type for failure in logged_failures] == [ZeroDivisionError]
    logged_failures.clear()
    world.close()
