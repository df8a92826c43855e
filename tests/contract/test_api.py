"""The API: what programs of the operator may do, and every way in which they are refused."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, fail
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from twistedchat.backends.memory import MemoryBackend
from twistedchat.chat.programs import program_key
from twistedchat.config import ApiKey, Refusal, RoomSetting, Settings
from twistedchat.core.errors import StoreUnavailable, StoreUnknown
from twistedchat.service import House
from twistedchat.testing.kit import UNHURRIED, MemoryHouse

ALL, POSTER, LOOKER = "a" * 32, "p" * 43, "l" * 64
SETTINGS = Settings(
    limits=replace(UNHURRIED, api_per_s=1.0, api_burst=100),
    rooms=(RoomSetting("Lobby"), RoomSetting("Staff", "members", "the shop")),
    api_keys=(
        ApiKey("shop", ("post", "alert", "look", "rooms"), ALL),
        ApiKey("bot", ("post",), POSTER),
        ApiKey("eye", ("look",), LOOKER),
    ),
)
MESSAGES = "/api/rooms/Lobby/messages"
ID = "i" * 22


class Answer:
    """What the server said."""

    def __init__(self, raw: bytes) -> None:
        head, _, body = (raw or b"HTTP/1.1 0 none").partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split()[1])
        self.headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        if self.headers.get("transfer-encoding") == "chunked":
            body = b"".join(re.findall(rb"(?s)[0-9a-f]+\r\n(.+?)\r\n(?=[0-9a-f]+\r\n)", body))
        self.body = body

    @property
    def json(self) -> Any:
        """The body."""
        assert self.headers["content-type"] == "application/json"
        return json.loads(self.body)

    @property
    def error(self) -> tuple[int, str]:
        """Status and class."""
        assert self.json["text"]
        return self.status, self.json["error"]


class Program:
    """A house, and a program that asks it."""

    def __init__(self, settings: Settings = SETTINGS, backend: MemoryBackend | None = None) -> None:
        self.world = MemoryHouse(settings, backend)

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        key: str | None = ALL,
        kind: str = "json",
        **headers: str,
    ) -> Answer:
        """Send one request; what is no bytes is made JSON, or a form."""
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode() if kind == "json" else urlencode(body).encode()
        forms = {"json": "application/json", "form": "application/x-www-form-urlencoded"}
        lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close"]
        lines += [f"Authorization: Bearer {key}"] if key is not None else []
        lines += [f"Content-Type: {forms.get(kind, kind)}", f"Content-Length: {len(body)}"] if body else []
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        peer = IPv4Address("TCP", "203.0.113.9", 40000)
        channel = self.world.network.factory.buildProtocol(peer)
        transport = StringTransport(peerAddress=peer)
        channel.makeConnection(transport)
        channel.dataReceived("\r\n".join([*lines, "", ""]).encode() + (body or b""))
        self.world.settle()
        channel.connectionLost(Failure(ConnectionError()))
        return Answer(transport.value())

    def post(self, text: str = "hello", room: str = "Lobby", **more: Any) -> Answer:
        """Say something."""
        return self.ask("POST", f"/api/rooms/{quote(room, safe='')}/messages", {"text": text, **more})

    def log(self, channel: str = "room/lobby") -> list[Any]:
        """What the room's log has."""
        found = self.world.run(self.world.house.backend.read(channel, 0, 1000))
        return [json.loads(entry.event) for entry in found]


@pytest.fixture
def program() -> Iterator[Program]:
    made = Program()
    yield made
    made.world.stop()


# --- saying things


def test_what_is_posted_is_seen_by_those_in_the_room(program: Program) -> None:
    alice = program.world.member("Alice", "xhr-polling")
    answer = program.post("sold out")
    assert answer.status == 201
    assert answer.json["new"] is True and len(answer.json["id"]) == 22
    assert answer.json["offset"] == 1
    program.world.advance(1)
    assert alice.texts("room/lobby") == ["sold out"]
    assert program.log() == [["message", {"from": [program_key("shop"), "shop"], "text": "sold out"}]]
    assert answer.headers["cache-control"] == "no-store"


def test_the_same_id_is_one_message_and_of_another_program_another(program: Program) -> None:
    first, again = program.post(id=ID), program.post(id=ID)
    assert (first.status, again.status) == (201, 200)
    assert again.json == {"offset": 1, "id": ID, "new": False}
    assert program.post("something else", id=ID).error == (409, "IdReused")
    other = program.ask("POST", MESSAGES, {"text": "hello", "id": ID}, POSTER)
    assert other.json == {"offset": 2, "id": ID, "new": True}
    assert len(program.log()) == 2


def test_it_may_speak_as_somebody_and_in_every_way_in_which_people_do(program: Program) -> None:
    program.post("waves", kind="action", **{"as": {"name": "Ann", "key": "k" * 16}})
    assert program.post("hi", **{"as": {"name": " Bob  B "}}).status == 201
    program.post("hi again", **{"as": {"name": " Bob  B "}})
    action, said, again = program.log()
    assert action == ["action", {"from": ["k" * 16, "Ann"], "text": "waves"}]
    assert said[1]["from"][1] == "Bob B"
    assert said[1]["from"] == again[1]["from"]
    assert said[1]["from"][0] not in (program_key("shop"), program_key("Bob B"))


def test_a_form_says_the_same(program: Program) -> None:
    form = {"text": "ü & 😀", "id": ID, "kind": "notice", "as.name": "Ann", "as.key": "k" * 16}
    assert program.ask("POST", MESSAGES, form, kind="form").status == 201
    assert program.log() == [["notice", {"from": ["k" * 16, "Ann"], "text": "ü & 😀"}]]
    again = {"text": "ü & 😀", "id": ID, "kind": "notice", "as": {"name": "Ann", "key": "k" * 16}}
    assert program.ask("POST", MESSAGES, again).json["new"] is False


def test_a_room_is_found_however_it_is_written_also_the_members_own(program: Program) -> None:
    assert program.post(room=" LOBBY").status == 201
    assert program.post(room="staff").status == 201
    for title in ("a/b", "/x//y/", "messages", "a/messages", "50% ü?#", "\uff37ide"):
        made = program.ask("POST", "/api/rooms", {"title": title})
        assert made.status == 201, made.body
        assert program.post("in it", room=title).status == 201
        path = f"/api/rooms/{quote(title, safe='')}"
        assert program.ask("GET", path).json["channel"] == made.json["channel"]
        assert program.log(made.json["channel"])[0][1]["text"] == "in it"
        assert program.ask("DELETE", path).status == 204
        assert program.log(made.json["channel"]) == []


def test_an_alert_reaches_everyone_once(program: Program) -> None:
    alice = program.world.member("Alice")
    program.world.run(alice.join("house"))
    assert program.ask("POST", "/api/alert", {"text": "down at six", "id": ID}).status == 201
    program.world.advance(5)
    again = program.ask("POST", "/api/alert", {"text": "down at six", "id": ID})
    assert (again.status, again.json) == (200, {"id": ID, "new": False})
    assert program.ask("POST", "/api/alert", {"text": "no", "id": ID}).error == (409, "IdReused")
    program.world.advance(1)
    assert [shown.event[1]["text"] for shown in alice.shown("house")] == ["down at six"]
    assert program.ask("POST", "/api/alert", {"text": "x"}).json["new"] is True


# --- rooms


def test_rooms_are_listed_in_pages_whatever_their_kind(program: Program) -> None:
    for number in range(3):
        program.ask("POST", "/api/rooms", {"title": f"Room {number}", "kind": "unlisted"})
    found, after = [], ""
    while after is not None:
        page = program.ask("GET", f"/api/rooms?limit=2&after={quote(after)}", key=LOOKER).json
        assert len(page["rooms"]) <= 2
        found += page["rooms"]
        after = page["next"]
    assert [room["title"] for room in found] == ["Lobby", "Room 0", "Room 1", "Room 2", "Staff"]
    assert found[-1] == {
        "title": "Staff",
        "channel": "room/staff",
        "kind": "members",
        "topic": "the shop",
        "standing": True,
        "count": 0,
    }
    for limit in ("0", "201", "-1", "x", "99999999999999999999", "²"):
        assert program.ask("GET", f"/api/rooms?limit={quote(limit)}").error == (400, "BadArguments")


def test_who_is_in_a_room_is_told_by_name_and_their_number(program: Program) -> None:
    for name in ("Bob", "Alice"):
        program.world.member(name)
    program.world.advance(2)
    seen = program.ask("GET", "/api/rooms/lobby").json
    assert seen["count"] == 2
    assert [person["name"] for person in seen["people"]] == ["Alice", "Bob"]
    assert program.ask("GET", "/api/rooms/staff").json["people"] == []


def test_a_room_is_made_once_and_deleted_once(program: Program) -> None:
    wanted = {"title": "Help", "kind": "members", "topic": "ask"}
    assert program.ask("POST", "/api/rooms", wanted).status == 201
    assert program.ask("POST", "/api/rooms", wanted).status == 200
    assert program.ask("POST", "/api/rooms", wanted | {"kind": "public"}).error == (409, "Conflict")
    assert program.ask("DELETE", "/api/rooms/HELP").body == b""
    assert program.ask("DELETE", "/api/rooms/help").error == (404, "NoSuchRoom")
    assert program.ask("DELETE", "/api/rooms/lobby").error == (403, "NotAllowed")


# --- who may not


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer ", f"Basic {ALL}", f"Bearer {ALL}x", ALL, "ü"]
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", MESSAGES),
        ("POST", "/api/alert"),
        ("GET", "/api/rooms"),
        ("GET", "/api/rooms/nosuch"),
        ("POST", "/api/rooms"),
        ("DELETE", "/api/rooms/nosuch"),
    ],
)
def test_without_a_known_key_nothing_is_done(
    program: Program, method: str, path: str, authorization: str | None
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = program.ask(method, path, {"text": "x"} if method == "POST" else None, None, **headers)
    assert answer.error == (401, "NoKey")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert ALL.encode() not in answer.body
    assert program.log() == []


def test_a_key_is_for_what_it_may(program: Program) -> None:
    asked = [
        ("POST", MESSAGES, "post"),
        ("POST", "/api/alert", "alert"),
        ("GET", "/api/rooms", "look"),
        ("GET", "/api/rooms/lobby", "look"),
        ("POST", "/api/rooms", "rooms"),
        ("DELETE", "/api/rooms/lobby", "rooms"),
    ]
    for method, path, right in asked:
        for key, rights in ((POSTER, "post"), (LOOKER, "look")):
            body = {"text": "x", "title": "X"} if method == "POST" else None
            answer = program.ask(method, path, body, key)
            assert (answer.status == 403) is (right != rights), (path, answer.body)


def test_no_page_is_let_in_by_a_browser(program: Program) -> None:
    answer = program.ask("OPTIONS", MESSAGES, key=None, Origin="https://evil.example")
    assert answer.error == (405, "MethodNotAllowed")
    assert program.ask("POST", MESSAGES, {"text": "x"}, None, Cookie=f"key={ALL}").status == 401
    allowed = program.ask("GET", "/api/rooms", Origin="https://evil.example")
    assert not any(name.startswith("access-control") for name in (*answer.headers, *allowed.headers))


def test_too_fast_is_for_each_key_and_says_when(program: Program) -> None:
    for _ in range(100):
        assert program.ask("GET", "/api/rooms", key=LOOKER).status == 200
    refused = program.ask("GET", "/api/rooms", key=LOOKER)
    assert refused.error == (429, "TooFast")
    assert refused.headers["retry-after"] == "1"
    assert program.ask("GET", "/api/rooms").status == 200
    program.world.advance(1)
    assert program.ask("GET", "/api/rooms", key=LOOKER).status == 200


# --- what makes no sense


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe",
        b'{"text": "\\ud800"}',
        b'{"text": 1}',
        b'{"text": null}',
        b"{}",
        b'{"text": "x", "more": 1}',
        b'{"text": "x", "id": "short"}',
        b'{"text": "x", "id": "%s"}' % (b"i" * 65),
        b'{"text": "x", "id": "%s\\n"}' % (b"i" * 22),
        b'{"text": "x", "kind": "topic"}',
        b'{"text": "x", "as": "Ann"}',
        b'{"text": "x", "as": {}}',
        b'{"text": "x", "as": {"name": "Ann", "key": "short"}}',
        b'{"text": "x", "as": {"name": "Ann", "rights": 1}}',
        b"[" * 50_000,
    ],
)
def test_a_body_that_does_not_fit_is_refused(program: Program, body: bytes) -> None:
    answer = program.ask("POST", MESSAGES, body)
    assert answer.status in (400, 415)
    assert answer.json["error"] in ("BadArguments", "UnknownForm")
    assert program.log() == []


@pytest.mark.parametrize(
    "body",
    [b"text=x&text=y", b"text=%ff", b"as=x&as.name=y&text=x", b"text=x&as.name.x=y", b"a=b&" * 30, b"&&"],
)
def test_a_form_that_does_not_fit_is_refused(program: Program, body: bytes) -> None:
    assert program.ask("POST", MESSAGES, body, kind="form").error == (400, "BadArguments")
    assert program.log() == []


@pytest.mark.parametrize("text", ["", " \n ", "x" * 8001])
def test_a_text_is_as_long_as_anybodys(program: Program, text: str) -> None:
    assert program.post(text).error == (400, "BadText")
    assert program.ask("POST", "/api/alert", {"text": text}).error == (400, "BadText")


def test_the_longest_text_fits_however_it_is_written_and_more_is_too_large(program: Program) -> None:
    longest = "😀" * 8_000
    assert program.post(longest).status == 201
    assert program.ask("POST", MESSAGES, {"text": longest}, kind="form").status == 201
    assert [event[1]["text"] for event in program.log()] == [longest] * 2
    assert program.ask("POST", MESSAGES, b" " * 200_000).error == (413, "TooLarge")
    assert program.ask("POST", MESSAGES, b" " * 2_000_000).status == 413  # not even read


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data; boundary=x", "application/jsonp", ";"])
def test_another_type_is_refused(program: Program, kind: str) -> None:
    assert program.ask("POST", MESSAGES, b'{"text": "x"}', kind=kind).error == (415, "UnknownForm")


@pytest.mark.parametrize("name", ["", "\u202e", "x" * 33, "x" * 2000])
def test_a_name_that_nobody_may_have_is_refused(program: Program, name: str) -> None:
    assert program.post(**{"as": {"name": name}}).status == 400
    assert program.log() == []


def test_where_nothing_is_says_so_in_json(program: Program) -> None:
    assert program.post(room="nosuch").error == (404, "NoSuchRoom")
    assert program.post(room="\u202e").error == (400, "BadName")
    assert program.ask("GET", "/api/rooms/nosuch").error == (404, "NoSuchRoom")
    assert program.ask("GET", "/api/rooms/private").error == (404, "NoSuchRoom")
    for path in ("/api", "/api/", "/api/nosuch", "/api/rooms/"):
        assert program.ask("GET", path).error == (404, "NotFound")
    answer = program.ask("PUT", "/api/rooms", b"{}")
    assert answer.error == (405, "MethodNotAllowed")
    assert answer.headers["allow"] == "GET, HEAD, POST"
    assert program.ask("GET", "/api/rooms/%ff").error == (400, "BadArguments")
    assert program.ask("GET", "/api/rooms/%00").status in (400, 404)
    title = {"title": "x" * 61}
    assert program.ask("POST", "/api/rooms", title).error == (400, "BadName")
    assert program.ask("POST", "/api/rooms", {"title": "X", "topic": "x" * 301}).error == (400, "BadText")
    assert program.ask("POST", "/api/rooms", {"title": "X", "kind": "secret"}).error == (400, "BadArguments")


def test_without_keys_there_is_no_api() -> None:
    program = Program(Settings())
    try:
        assert program.ask("GET", "/api/rooms").status == 404
        assert program.ask("POST", MESSAGES, {"text": "x"}).status == 404
    finally:
        program.world.stop()


@pytest.mark.parametrize(
    "keys",
    [
        (ApiKey("one", ("post",), ALL), ApiKey("two", ("post",), ALL)),
        (ApiKey("\u3164", ("post",), ALL),),
    ],
)
def test_keys_that_cannot_be_are_told_at_the_start(keys: tuple[ApiKey, ...]) -> None:
    world = MemoryHouse(Settings())
    with pytest.raises(Refusal, match="api_keys"):
        House(replace(SETTINGS, api_keys=keys), world.clock, "secret")
    world.stop()


# --- the store is away


class Away(MemoryBackend):
    """A store whose appends fail as told; after ``StoreUnknown`` it has been done."""

    error: Exception | None = None

    def append(self, *args: Any) -> Deferred[Any]:
        """See IBackend."""
        if isinstance(self.error, StoreUnknown):
            super().append(*args)
        return fail(self.error) if self.error else super().append(*args)


@pytest.mark.parametrize("path", [MESSAGES, "/api/alert"])
def test_the_store_is_away_and_the_same_id_asks_again(path: str) -> None:
    store = Away()
    program = Program(backend=store)
    body = {"text": "hello", "id": ID}
    try:
        store.error = StoreUnavailable("away", 2.5)
        answer = program.ask("POST", path, body)
        assert answer.error == (503, "StoreUnavailable")
        assert answer.headers["retry-after"] == "3"
        assert "unknown" not in answer.json
        store.error = StoreUnknown("no answer")
        answer = program.ask("POST", path, body)
        assert answer.error == (503, "StoreUnknown")
        assert answer.json["unknown"] is True
        store.error = None
        program.world.advance(1)
        assert program.ask("POST", path, body).json["new"] is False
        assert len(program.log("room/lobby") + program.log("house")) == 1
    finally:
        program.world.stop()


def test_before_the_rooms_are_known_nothing_is_said_of_them() -> None:
    store = Away()
    store.page = lambda *args: Deferred()  # it takes its time
    program = Program(backend=store)
    try:
        for method, path, body in (
            ("GET", "/api/rooms", None),
            ("GET", "/api/rooms/help", None),
            ("POST", "/api/rooms", {"title": "Help"}),
            ("DELETE", "/api/rooms/help", None),
            ("POST", "/api/rooms/help/messages", {"text": "x"}),
        ):
            answer = program.ask(method, path, body)
            assert answer.error == (503, "StoreUnavailable")
            assert answer.headers["retry-after"] == "1"
    finally:
        program.world.stop()


def test_what_nobody_expected_is_logged_and_not_told(
    program: Program, logged_failures: list[Failure]
) -> None:
    def fail_badly(*args: Any) -> Any:
        raise RuntimeError("a secret")

    program.world.house.chat.programs.page = fail_badly
    answer = program.ask("GET", "/api/rooms")
    assert answer.error == (500, "InternalError")
    assert b"a secret" not in answer.body
    assert [str(failure.value) for failure in logged_failures] == ["a secret"]
    logged_failures.clear()


def test_who_hangs_up_is_served_all_the_same(program: Program) -> None:
    store = program.world.house.backend
    append, answers = store.append, []

    def slow(*args: Any) -> Deferred[Any]:
        answers.append(Deferred().addCallback(lambda _: append(*args)))
        return answers[-1]

    store.append = slow
    assert program.post(id=ID).status == 0  # it is gone before the store answers
    answers[0].callback(None)
    store.append = append
    assert program.post(id=ID).json["new"] is False
