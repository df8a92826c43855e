"""URLs of a Redis: what they say, what they must not show."""

from pathlib import Path

import pytest
from twisted.internet.task import Clock

from twistedchat.backends.choose import MAKERS
from twistedchat.backends.redis_url import BadRedisURL, RedisURL, parse_redis_url
from twistedchat.config import Refusal, Settings


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("redis://localhost", RedisURL("localhost")),
        ("redis://10.0.0.1:7000/3", RedisURL("10.0.0.1", 7000, db=3)),
        ("redis://[::1]:7000/", RedisURL("::1", 7000)),
        ("redis://:hush@h", RedisURL("h", password="hush")),
        ("redis://ann:a%40%2Fb@h/0", RedisURL("h", user="ann", password="a@/b")),
        ("redis://h/1?prefix=my%20chat:", RedisURL("h", db=1, prefix="my chat:")),
        ("rediss://h?ca=/etc/ca.pem", RedisURL("h", tls=True, ca="/etc/ca.pem")),
    ],
)
def test_what_a_url_says(text: str, meant: RedisURL) -> None:
    assert parse_redis_url(text) == meant


@pytest.mark.parametrize(
    "text",
    ["redis:", "redis://", "http://h", "redis://:hush@h:port", "redis://:hush@h:99999", "redis://:hush@h/x", "redis://:hush@[",
     "redis://:hush@h/0#x", "redis://:hush@h?keep=1", "redis://:hush@h?ca=/x"],
)  # fmt: skip
def test_what_is_no_url_of_a_redis_is_refused_without_its_password(text: str) -> None:
    with pytest.raises(BadRedisURL) as refused:
        parse_redis_url(text)
    assert "hush" not in str(refused.value) and "\n" not in str(refused.value)


def test_a_ca_without_tls_is_explained() -> None:
    with pytest.raises(BadRedisURL, match="rediss://"):
        parse_redis_url("redis://h?ca=/x")


def test_neither_the_place_nor_the_representation_shows_the_password() -> None:
    where = parse_redis_url("redis://ann:hush@[::1]/2")
    assert where.place == "[::1]:6379/2"
    assert "hush" not in repr(where)


def test_certificates_that_cannot_be_used_are_refused_at_the_start(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("")
    broken = tmp_path / "broken.pem"
    broken.write_text("-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n")
    for path in (empty, broken, tmp_path / "none.pem"):
        with pytest.raises(BadRedisURL, match=path.name):
            parse_redis_url(f"rediss://h?ca={path}").endpoint(Clock(), 5)


def test_the_operator_is_told_in_one_line_without_the_password() -> None:
    for scheme in ("redis", "rediss"):
        with pytest.raises(Refusal, match=r"^backend: [^\n]*$") as refused:
            MAKERS[scheme].make(f"{scheme}://:hush@h:port", Settings(), Clock())
        assert "hush" not in str(refused.value)
