"""Two pages in one room of a server whose Redis goes away: what is said waits, and is there once or fails with a reason."""

import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from browserkit.chatter import Chatter, assert_same_log, enter
from browserkit.drive import Browser
from browserkit.server import ChatServer
from redis_kit import RedisServer, needs_redis

pytestmark = needs_redis

LATE_S = 60.0  # what is said waits about 30 s for the store

# The line with this text as a reader sees it: its state, and what stands below it.
_LINE = """(text) => {
  const line = [...document.querySelectorAll("#log .message")]
    .find((line) => line.querySelector(".text").textContent === text);
  return line && [line.getAttribute("data-state"),
    getComputedStyle(line.querySelector(".state"), "::before").content.replace(/["]/g, ""),
    line.querySelector(".state").textContent];
}"""

# None where the message came after all: a command that Redis had not read when it stopped.
_AGAIN = "document.querySelector('#log .retry')"


@dataclass(frozen=True, slots=True)
class Place:
    """A server, and the Redis that it keeps everything in."""

    server: ChatServer
    redis: RedisServer


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    redis = RedisServer(tmp_path / "redis").start()
    server = ChatServer(tmp_path, f"--backend={redis.url}").start()
    yield Place(server, redis)
    server.stop()
    redis.kill()


@pytest.fixture
def pages(chromium: Browser, firefox: Browser, place: Place) -> list[Chatter]:
    """Two people in one room, on different transports and in different browsers, who have said something."""
    both = [
        enter(chromium, place.server.url, "Ann", "away", "websocket"),
        enter(firefox, place.server.url, "Bob", "away", "xhr-polling"),
    ]
    for chatter in both:
        chatter.say(f"{chatter.name} before")
    for chatter in both:
        chatter.settled(2)
    return both


def says_that_it_waits(chatter: Chatter, text: str) -> None:
    """Wait until the page tells its reader that the line is not sent yet."""
    waiting = f"(text) => JSON.stringify(({_LINE})(text)) === JSON.stringify(['pending', 'Sending…', ''])"
    chatter.page.wait_until(waiting, text)


def has_failed(chatter: Chatter, text: str) -> str:
    """Wait until the page gives the line up; return what it says of it."""
    found = chatter.page.wait_until(
        f"(text) => {{ const line = ({_LINE})(text); return line && line[0] === 'failed' && line; }}",
        text,
        timeout_s=LATE_S,
    )
    return str(found[2])


@pytest.mark.parametrize("way", ["stands still", "is killed"])
def test_what_is_said_while_redis_is_away_is_there_once_when_it_is_back(
    pages: list[Chatter], place: Place, way: str
) -> None:
    if way == "is killed":
        place.redis.kill()
    else:
        place.redis.signal(signal.SIGSTOP)
    for chatter in pages:
        chatter.say(f"{chatter.name} meanwhile", f"{chatter.name} too")
    for chatter in pages:
        says_that_it_waits(chatter, f"{chatter.name} meanwhile")
        says_that_it_waits(chatter, f"{chatter.name} too")
        assert len(chatter.lines()) == 2
    place.server.has_printed("Redis at .* cannot be used")
    if way == "is killed":
        place.redis.start()
    else:
        place.redis.signal(signal.SIGCONT)
    for chatter in pages:
        chatter.settled(6, timeout_s=LATE_S)
    assert_same_log(pages, {f"{one.name} {what}" for one in pages for what in ("before", "meanwhile", "too")})
    for chatter in pages:
        assert [line["state"] for line in chatter.shown()] == ["sent"] * 6


def test_what_redis_was_away_too_long_for_fails_and_is_sent_once_when_tried_again(
    pages: list[Chatter], place: Place
) -> None:
    place.redis.signal(signal.SIGSTOP)
    for chatter in pages:  # a Redis that does not answer may find this later, and do it
        chatter.say(f"{chatter.name} meanwhile")
    for chatter in pages:
        says_that_it_waits(chatter, f"{chatter.name} meanwhile")
    for chatter in pages:
        told = has_failed(chatter, f"{chatter.name} meanwhile")
        assert told.startswith("Not sent: ") and "store" in told and "Retry" in told
    place.redis.signal(signal.SIGCONT)
    place.server.has_printed("Redis at .* is back")
    for chatter in pages:
        chatter.page.evaluate(f"() => {{ const again = {_AGAIN}; if (again) {{ again.click(); }} }}")
    for chatter in pages:
        chatter.settled(4, timeout_s=LATE_S)
    assert_same_log(pages, {f"{one.name} {what}" for one in pages for what in ("before", "meanwhile")})
    for chatter in pages:
        assert [line["state"] for line in chatter.shown()] == ["sent"] * 4
