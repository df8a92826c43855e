"""Bad input of every kind, over real sockets: each gets a clear error or close code, and honest people notice nothing."""

import json
import os
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from attack_kit import (
    MB,
    Attacker,
    ChatProcess,
    Crowd,
    get,
    good_hello,
    once,
    pause,
    post,
    raw,
    within,
)
from twisted.internet.defer import Deferred, DeferredList

from twistedchat.testing.websocket import client_frame

SOAK = os.environ.get("TWISTEDCHAT_SOAK") == "1"
HONEST = 200 if SOAK else 40
RISE_BYTES = 64 * MB
SEND = "/comet/0/{session}/xhr_send"

Attack = Callable[[ChatProcess], Awaitable[None]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChatProcess]:
    process = ChatProcess(tmp_path_factory.mktemp("chat"))
    yield process
    code = process.end()
    log = "".join(process.lines)
    assert code == 0, log[-5000:]
    assert "Traceback" not in log, log[-5000:]
    assert "Unhandled" not in log, log[-5000:]


# --- requests


async def oversized_bodies(server: ChatProcess) -> None:
    big = await raw(
        server,
        f"POST /comet/0/a/xhr_send HTTP/1.1\r\nHost: {server.host}\r\nContent-Length: 100000000\r\n\r\n".encode(),
    )
    big.transport.write(b"x" * MB)
    await within(20, big.over)
    assert big.got.startswith(b"HTTP/1.1 413 ")
    chunked = await raw(
        server,
        f"POST /comet/0/a/xhr_send HTTP/1.1\r\nHost: {server.host}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        + b"100000\r\n"
        + b"x" * 0x100000
        + b"\r\n100000\r\n"
        + b"x" * 0x100000,
    )
    await within(20, chunked.over)
    assert chunked.got.startswith(b"HTTP/1.1 413 ")


async def long_heads(server: ChatProcess) -> None:
    line = await raw(server, b"GET / HTTP/1.1\r\nX: " + b"x" * 200_000)
    await within(20, line.over)
    assert line.got.startswith(b"HTTP/1.1 431 ")
    nonsense = await raw(server, b"\x16\x03\x01\x00 nonsense\r\n\r\n")
    await within(20, nonsense.over)
    assert nonsense.got.startswith(b"HTTP/1.1 400 ")


async def broken_bodies(server: ChatProcess) -> None:
    attacker = await Attacker(server, "xhr-streaming").open()
    path = attacker.pipe._url + "/xhr_send"
    for body, told in (
        (b"", b"Payload expected."),
        (b'["broken', b"Broken JSON encoding."),
        (b'["\xff\xfe"]', b"Broken JSON encoding."),
        (b"[" * 100_000, b"Messages must be strings."),
        (b"[1, 2]", b"Messages must be strings."),
        (b'{"a": "b"}', b"Messages must be strings."),
    ):
        answer = await post(server, path, body)
        assert (answer.status, answer.body) == (500, told), body[:50]
    too_many = await post(server, path, json.dumps([""] * 100_000).encode())
    assert too_many.status == 413
    attacker.tell(["probe", "still open"])
    await attacker.until(lambda: ["probe", "still open"] in attacker.heard)
    attacker.leave()


async def unknown_sessions(server: ChatProcess) -> None:
    for path in ("/comet/0/nobody/xhr_send", "/comet/0/nobody/jsonp_send"):
        assert (await post(server, path, b'["x"]')).status == 404
    for path in ("/comet/0/no.body/xhr", "/comet//x/xhr", "/comet/0/x/nothing", "/comet/0/x/xhr/more"):
        assert (await post(server, path, b"")).status == 404
    assert (await get(server, "/comet/0/x/xhr")).status == 405


async def wrong_callbacks(server: ChatProcess) -> None:
    for transport in ("jsonp", "htmlfile"):
        for callback in (
            "",
            "?c=",
            "?c=alert(1)",
            "?c=%3Cscript%3E",
            "?c=" + "a" * 33,
            "?c=a%0d%0ab",
            "?callback=a%22b",
        ):
            answer = await get(server, f"/comet/0/{transport}x/{transport}{callback}")
            assert answer.status == 500, callback
            assert b'"callback" parameter' in answer.body
            assert b"<" not in answer.body
            assert answer.headers["content-type"].startswith("text/plain")


async def foreign_hosts_and_origins(server: ChatProcess) -> None:
    for path in ("/", "/comet/info", "/static/live.js"):
        assert (await get(server, path, "evil.example")).status == 421
    for headers in (
        [("Origin", "https://evil.example")],
        [("Origin", "null")],
        [("Sec-Fetch-Site", "cross-site"), ("Referer", "https://evil.example/")],
    ):
        assert (await get(server, "/comet/info", None, *headers)).status == 403
        assert (await once(server.http(None, *headers), "POST", "/comet/0/foreign/xhr")).status == 403
        assert (await get(server, "/comet/0/foreign/htmlfile?c=a", None, *headers)).status == 403
        upgrade = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13")]
        answer = await get(
            server, "/comet/0/f/websocket", None, *headers, *upgrade, ("Sec-WebSocket-Key", "A" * 22 + "==")
        )
        assert answer.status == 403
    assert (await get(server, "/comet/info", None, ("Origin", "https://friend.example"))).status == 200


# --- messages


async def bad_hellos(server: ChatProcess) -> None:
    for transport in ("websocket", "xhr-polling", "jsonp-polling"):
        for change, code in (
            ({"v": 2}, 4001),
            ({"client": "short"}, 4001),
            ({"secret": None}, 4001),
            ({"n": 0}, 4001),
            ({"n": "1"}, 4001),
            ({"ack": -2}, 4001),
            ({"at": {"room/lobby": ["e", -1, ""]}}, 4001),
            ({"at": {f"room/{number}": ["e", 1, ""] for number in range(201)}}, 4001),
            ({"root": "nothing"}, 4006),
        ):
            attacker = await Attacker(server, transport).open({**good_hello(), **change})
            assert await attacker.code() == code, (transport, change)


async def stolen_and_stale_hellos(server: ChatProcess) -> None:
    hello = good_hello()
    victim = await Attacker(server, "websocket").open({**hello, "n": 5})
    await victim.until(lambda: any(message[0] == "welcome" for message in victim.heard))
    for change, code in (({"secret": "x" * 20, "n": 9}, 4003), ({"n": 5}, 4005), ({"n": 4}, 4005)):
        attacker = await Attacker(server, "xhr-polling").open({**hello, **change})
        assert await attacker.code() == code
    victim.tell(["probe", "mine"])
    await victim.until(lambda: ["probe", "mine"] in victim.heard)
    victim.leave()


async def messages_without_form(server: ChatProcess) -> None:
    for message in (
        "not JSON",
        "[" * 50_000,
        '["\\ud800',
        "{}",
        "null",
        "[]",
        '["nothing"]',
        '["join", 1, {}]',
        '["join", 1, {"room/lobby": ["e", 9007199254740993, ""]}]',
        '["at", -1, {"room/lobby": 1}]',
        '["leave", 1, "room/lobby"]',
        [-1, [[0, ["nothing", []]]]],
        [-1, [[0, ["call", [1, 2, 3]]]]],
        [-1, [[0, ["call", ["c", 1, "rooms", {}]]]]],
        [99, []],
        [-1, [[-1, ["notify", [1, "x", []]]]]],
        ["at", 99, {}],
    ):
        attacker = await Attacker(server, "websocket").open()
        attacker.tell(message)
        assert await attacker.code() == 4002, message


async def gaps_and_second_hellos(server: ChatProcess) -> None:
    gap = await Attacker(server, "xhr-polling").open()
    gap.tell([-1, [[7, ["notify", [1, "x", []]]]]])
    assert await gap.code() == 4201
    early = await Attacker(server, "websocket").open(False)
    early.tell(["join", 1, {"room/lobby": None}])
    assert await early.code() == 4001
    prober = await Attacker(server, "websocket").open(False)
    prober.tell(*(["probe", str(number)] for number in range(11)))
    assert await prober.code() == 4001


async def wrong_calls(server: ChatProcess) -> None:
    attacker = await Attacker(server, "websocket").open()
    cases: list[tuple[int, str, list[Any], str]] = [
        (1, "login", [7, None], "BadArguments"),
        (1, "login", ["x", None, 3], "BadArguments"),
        (1, "login", [["x"], None], "BadArguments"),
        (1, "say", ["room/lobby", "id", "text"], "BadArguments"),
        (1, "say", [], "BadArguments"),
        (1, "login", ["\u202e", None], "BadName"),
        (1, "login", [None, "forged.ticket"], "BadTicket"),
        (1, "rooms", [], "NotLoggedIn"),
        (1, "__init__", [], "NotExposed"),
        (1, "connectionLost", ["x"], "NotExposed"),
        (1, "_leave_all", [], "NotExposed"),
        (1, "client", [], "NotExposed"),
        (99, "rooms", [], "NoSuchElement"),
    ]
    calls = [[seq, ["call", [f"c{seq}", *case[:3]]]] for seq, case in enumerate(cases)]
    attacker.tell([-1, calls])
    for seq, case in enumerate(cases):
        ok, value = await attacker.answer(f"c{seq}")
        assert (ok, value["error"]) == (False, case[3]), case
    attacker.leave()


async def forged_positions_and_foreign_channels(server: ChatProcess) -> None:
    attacker = await Attacker(server, "websocket").open()
    attacker.tell([-1, [[0, ["call", ["c0", 1, "login", ["Forger", None]]]]]])
    assert (await attacker.answer("c0"))[0] is True
    forged = {
        "room/lobby": ["forged", 10**9, "x" * 22],
        "user/somebody": None,
        "private/a.b": None,
        "nonsense": None,
    }
    attacker.tell(["join", 1, forged])
    await attacker.until(lambda: any(message[0] == "joined" for message in attacker.heard))
    results = next(message for message in attacker.heard if message[0] == "joined")[2]
    assert results["room/lobby"]["recovered"] is False
    assert all(results[name]["error"] == "NoSuchRoom" for name in forged if name != "room/lobby")
    attacker.tell(["at", 0, forged | {name: ["e", 5, "x"] for name in list(forged)[1:]}])
    attacker.tell(["at", 0, {"room/lobby": ["forged", 3, "y" * 22]}, True], ["probe", "alive"])
    await attacker.until(lambda: ["probe", "alive"] in attacker.heard)
    attacker.leave()


async def floods_of_calls(server: ChatProcess) -> None:
    attacker = await Attacker(server, "websocket").open()
    for start in range(0, 20_000, 500):
        attacker.tell(
            [-1, [[seq, ["call", [f"c{seq}", 1, "rooms", []]]] for seq in range(start, start + 500)]]
        )
    code = await attacker.code()
    assert code in (4103, 1013, 4002)


async def broken_websockets(server: ChatProcess) -> None:
    for head, payload, code in (
        (*client_frame(2, b"binary"), 1003),
        (*client_frame(1, b"\xff\xfe"), 1007),
        (*client_frame(1, b'["broken'), 1007),
        (*client_frame(1, b"[1]"), 1007),
        (b"\x81\xff" + (10**12).to_bytes(8, "big") + b"mask", b"", 1009),
        (b"\x81\x04", b"bare", 1002),
        (b"\xf1\x80mask", b"", 1002),
    ):
        attacker = await Attacker(server, "websocket").open()
        attacker.pipe._connection.write(head + payload)
        assert await attacker.code() == code, head


# --- patience


async def half_open_sockets(server: ChatProcess) -> None:
    request = f"POST /comet/0/slow/xhr_send HTTP/1.1\r\nHost: {server.host}\r\nContent-Length: 500\r\n\r\n[".encode()
    sockets = [await raw(server, data) for data in [b"", b"GET / HT", request] * 60]
    await within(25, DeferredList([one.over for one in sockets[1::3] + sockets[2::3]]))
    for one in sockets[::3]:
        one.transport.abortConnection()
    await DeferredList([one.over for one in sockets[::3]])


async def one_byte_a_second(server: ChatProcess) -> None:
    sockets = [await raw(server) for _ in range(40)]
    request = f"GET /{'x' * 100} HTTP/1.1\r\nHost: {server.host}\r\n\r\n".encode()
    for byte in range(14):
        for one in sockets:
            one.transport.write(request[byte : byte + 1])
        await pause(1)
    ended = await within(5, DeferredList([one.over for one in sockets]))
    assert all(ok and seconds < 14 for ok, seconds in ended)


async def readers_that_never_read(server: ChatProcess) -> None:
    request = f"GET /static/live.js HTTP/1.1\r\nHost: {server.host}\r\n\r\n".encode()
    sockets = [await raw(server, request * 500, deaf=True) for _ in range(30)]
    stream = f"GET /comet/0/deaf{{}}/eventsource HTTP/1.1\r\nHost: {server.host}\r\nOrigin: http://{server.host}\r\n\r\n"
    sockets += [await raw(server, stream.format(number).encode(), deaf=True) for number in range(30)]
    await pause(3)
    for one in sockets:
        one.transport.abortConnection()
    await DeferredList([one.over for one in sockets])


async def sessions_that_say_nothing(server: ChatProcess) -> None:
    silent = [await Attacker(server, "websocket").open(False) for _ in range(60)]
    for attacker in silent:
        assert await attacker.code() == 4203


ATTACKS: dict[str, tuple[Attack, ...]] = {
    "requests": (
        oversized_bodies,
        long_heads,
        broken_bodies,
        unknown_sessions,
        wrong_callbacks,
        foreign_hosts_and_origins,
    ),
    "messages": (
        bad_hellos,
        stolen_and_stale_hellos,
        messages_without_form,
        gaps_and_second_hellos,
        wrong_calls,
        forged_positions_and_foreign_channels,
        floods_of_calls,
        broken_websockets,
    ),
}
# Made of waiting, so all at the same time.
SLOW = (half_open_sockets, one_byte_a_second, readers_that_never_read, sessions_that_say_nothing)


@pytest.mark.parametrize("name", list(ATTACKS))
async def test_attacks_are_refused_and_harm_nobody(server: ChatProcess, name: str) -> None:
    crowd = Crowd(server, HONEST)
    try:
        await crowd.enter(f"Honest {name}")
        await crowd.check()
        for attack in ATTACKS[name]:
            before = server.rss()
            await attack(server)
            rise = server.rss() - before
            assert rise <= RISE_BYTES, f"{attack.__name__}: {rise / MB:.0f} MB"
            await crowd.check()
    finally:
        await crowd.go()


async def test_attacks_that_take_time_harm_nobody(server: ChatProcess) -> None:
    crowd = Crowd(server, HONEST)
    try:
        await crowd.enter("Patient")
        await crowd.check()
        before = server.rss()
        under_way = DeferredList(
            [Deferred.fromCoroutine(attack(server)) for attack in SLOW], fireOnOneErrback=True
        )
        while not under_way.called:
            await crowd.check()
            await pause(1)
        await under_way
        assert server.rss() - before <= RISE_BYTES
        await crowd.check()
    finally:
        await crowd.go()
