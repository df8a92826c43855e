"""The client of the API: typed answers, and what fails in passing is done once."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from api_kit import There
from twisted.internet.defer import CancelledError, Deferred, fail
from twisted.internet.protocol import Factory, Protocol
from twisted.web.client import Agent

from twistedchat.backends.memory import MemoryBackend
from twistedchat.client import ApiClient, ApiError, Member, Posted, Room
from twistedchat.client.asking import MAX_ANSWER_BYTES
from twistedchat.config import ApiKey, Settings
from twistedchat.core.errors import StoreUnavailable, StoreUnknown
from twistedchat.testing.kit import UNHURRIED, MemoryHouse

KEY = "k" * 43
ID = "i" * 22
SETTINGS = Settings(
    prefix="/chat",
    limits=replace(UNHURRIED, api_per_s=0.2, api_burst=20),
    api_keys=(ApiKey("shop", ("post", "alert", "look", "rooms"), KEY), ApiKey("bot", ("look",), "b" * 32)),
)


class Failing(MemoryBackend):
    """A store whose next appends fail, in this order; StoreUnknown has been done."""

    def __init__(self) -> None:
        super().__init__()
        self.errors: list[Exception] = []

    def append(self, *args: Any) -> Deferred[Any]:
        """See IBackend."""
        error = self.errors.pop(0) if self.errors else None
        if isinstance(error, StoreUnknown):
            super().append(*args)
        return super().append(*args) if error is None else fail(error)


class World:
    """A house and a client of its API."""

    def __init__(self) -> None:
        self.store = Failing()
        self.house = MemoryHouse(SETTINGS, self.store)
        self.client = self.make()

    def make(self, key: str = KEY, url: str = "http://127.0.0.1/chat/", **options: Any) -> ApiClient:
        agent = Agent.usingEndpointFactory(self.house.clock, There(self.house))
        return ApiClient(url, key, self.house.clock, agent, **options)

    def run(self, what: Any) -> Any:
        return self.house.run(what, within_s=300)

    def log(self, channel: str = "room/lobby") -> list[Any]:
        return [json.loads(entry.event) for entry in self.run(self.store.read(channel, 0, 1000))]


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.house.stop()


class Server(Protocol):
    """Answers every request with the same bytes; with none it hangs, or hangs up."""

    answer: bytes | None = None
    seen: list[bytes]

    def dataReceived(self, data: bytes) -> None:
        """Answer."""
        self.seen.append(data)
        if self.answer is None:
            return
        self.transport.write(self.answer)
        self.transport.loseConnection()


def serve(world: World, answer: bytes | None) -> list[bytes]:
    """Put another server there; return what it is asked."""
    seen: list[bytes] = []
    world.house.network.factory = Factory.forProtocol(
        type("There", (Server,), {"answer": answer, "seen": seen})
    )
    return seen


def refused(world: World, what: Any) -> ApiError:
    with pytest.raises(ApiError) as caught:
        world.run(what)
    return caught.value


# --- what it does


def test_it_speaks_and_is_heard_once(world: World) -> None:
    assert world.run(world.client.post("Lobby", "hello", id=ID)) == Posted(ID, True, 1)
    assert world.run(world.client.post("LOBBY", "hello", id=ID)) == Posted(ID, False, 1)
    said = world.run(world.client.post("Lobby", "ü 😀", kind="action", name="Ann", key="a" * 16))
    assert (said.new, said.offset, len(said.id)) == (True, 2, 22)
    assert world.log()[1] == ["action", {"from": ["a" * 16, "Ann"], "text": "ü 😀"}]
    assert world.run(world.client.alert("closing", id=ID)) == Posted(ID, True)


def test_it_makes_finds_lists_and_deletes_rooms(world: World) -> None:
    made = world.run(world.client.make_room("a/b ü", "members", "two"))
    assert made == Room("a/b ü", "room/a/b ü", "members", "two", False, 0)
    world.house.member("Alice", base="/chat/comet")
    world.house.advance(2)
    found = world.run(world.client.room("lobby"))
    [alice] = found.people
    assert (found.count, alice) == (1, Member(alice.key, "Alice"))
    page = world.run(world.client.rooms(limit=1))
    assert [room.title for room in page.rooms] == ["a/b ü"]
    rest = world.run(world.client.rooms(after=page.next))
    assert ([room.title for room in rest.rooms], rest.next) == (["Lobby"], None)
    world.run(world.client.delete_room("A/B ü"))
    assert refused(world, world.client.delete_room("a/b ü")).error == "NoSuchRoom"


def test_what_is_refused_is_not_tried_again(world: World) -> None:
    error = refused(world, world.client.post("Nowhere", "hello"))
    assert (error.error, error.status, error.unknown) == ("NoSuchRoom", 404, False)
    assert refused(world, world.make("x" * 32).post("Lobby", "hello")).status == 401
    assert refused(world, world.make("b" * 32).post("Lobby", "hello")).error == "NotAllowed"
    assert world.house.clock.seconds() < 1


# --- what fails in passing


def test_what_may_have_been_done_is_asked_again_and_done_once(world: World) -> None:
    world.store.errors = [StoreUnknown("no answer"), StoreUnavailable("away", 2.0)]
    assert world.run(world.client.post("Lobby", "hello")).new is False
    assert len(world.log()) == 1
    assert world.house.clock.seconds() >= 2.5
    world.store.errors = [StoreUnknown("no answer")]
    assert world.run(world.client.alert("hello")).new is False
    assert len(world.log("house")) == 1


def test_who_may_have_been_heard_at_last_is_told_so(world: World) -> None:
    world.store.errors = [StoreUnknown("no answer"), *[StoreUnavailable("away")] * 9]
    error = refused(world, world.client.post("Lobby", "hello"))
    assert (error.error, error.unknown) == ("StoreUnavailable", True)
    world.store.errors = [StoreUnavailable("away")] * 9
    assert refused(world, world.client.post("Lobby", "hello")).unknown is False
    assert len(world.store.errors) == 3  # six tries


def test_too_fast_waits_as_long_as_it_is_told(world: World) -> None:
    for _ in range(20):
        world.run(world.client.room("Lobby"))
    before = world.house.clock.seconds()
    world.run(world.client.room("Lobby"))
    assert world.house.clock.seconds() - before >= 5


def test_a_deletion_whose_answer_was_lost_has_been_done(world: World) -> None:
    world.run(world.client.make_room("Club"))
    erase = world.store.erase

    def erase_slowly(channel: str) -> Deferred[Any]:
        world.store.erase = erase
        return erase(channel).addCallback(lambda _: fail(StoreUnknown("no answer")))

    world.store.erase = erase_slowly
    deleting = world.client.delete_room("Club")
    world.house.clock.callLater(0.3, lambda: Deferred.fromCoroutine(world.house.house.chat.tidy()))
    world.run(deleting)  # the house went on by itself meanwhile
    assert refused(world, world.client.room("Club")).status == 404


def test_nobody_there_is_not_done_and_a_hang_up_may_be(world: World) -> None:
    world.house.network.factory = None
    error = refused(world, world.client.post("Lobby", "hello"))
    assert (error.error, error.status, error.unknown) == ("NoAnswer", 0, False)
    seen = serve(world, b"")
    error = refused(world, world.make(tries=3).post("Lobby", "hello", id=ID))
    assert (error.error, error.unknown, len(seen)) == ("NoAnswer", True, 3)
    assert all(ID.encode() in request for request in seen)


def test_who_never_answers_is_given_up(world: World) -> None:
    seen = serve(world, None)
    error = refused(world, world.make(tries=2).post("Lobby", "hello"))
    assert (error.unknown, len(seen)) == (True, 2)
    assert world.house.clock.seconds() >= 30


@pytest.mark.parametrize(
    ("answer", "tries"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 1),
        (b'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{"id": 1.5}', 1),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/x\r\nContent-Length: 0\r\n\r\n", 1),
        (b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", 1),
        (b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 4\r\n\r\n<h1>", 2),
        (b"HTTP/1.1 503 Away\r\nRetry-After: soon\r\nContent-Length: 2\r\n\r\n[]", 2),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", 2),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (MAX_ANSWER_BYTES + 1), 2),
        (b"nonsense\r\n\r\n", 2),
    ],
)
def test_another_server_is_no_chat(world: World, answer: bytes, tries: int) -> None:
    seen = serve(world, answer)
    error = refused(world, world.make(tries=2).post("Lobby", "hello"))
    assert (error.error, len(seen)) == ("NoAnswer", tries)


def test_who_does_not_want_it_any_more_is_left_alone(world: World) -> None:
    seen = serve(world, None)
    asked = Deferred.fromCoroutine(world.client.post("Lobby", "hello"))
    world.house.settle()
    asked.cancel()
    with pytest.raises(CancelledError):
        world.run(asked)
    world.house.advance(60)
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("chat.example.org", KEY),
        ("ftp://chat.example.org", KEY),
        ("http://", KEY),
        ("http://chat/?x=1", KEY),
        ("http://chat", ""),
        ("http://chat", "a\nb"),
        ("http://chat", "ü"),
    ],
)
def test_what_cannot_be_is_told_at_once(world: World, url: str, key: str) -> None:
    with pytest.raises(ValueError, match=r"URL|key"):
        world.make(key, url)
