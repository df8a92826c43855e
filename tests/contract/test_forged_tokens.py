"""Tokens and tickets that nobody gave: each is refused over the wire, and nobody is let in by it."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from typing import Any

import pytest

from twistedchat.chat import tokens
from twistedchat.config import Settings, TokenKey
from twistedchat.testing.backends import settled
from twistedchat.testing.client import Client, Refused
from twistedchat.testing.kit import UNHURRIED, MemoryHouse

CHAT = "http://127.0.0.1:8080"
NOW = 0.0  # a fake reactor's
NONCE, OTHER_NONCE = "n" * 22, "m" * 22
SECRET = tokens.make_key("HS256", "h1")
PRIVATE = tokens.make_key("EdDSA", "e1")
PUBLIC = json.loads(tokens.public_key(PRIVATE))
CLAIMS: dict[str, Any] = {"sub": "5", "name": "Ann", "aud": CHAT, "exp": NOW + 300, "jti": "once"}


def keys() -> tuple[TokenKey, ...]:
    return (
        TokenKey("h1", "HS256", "site", json.loads(SECRET)["k"]),
        TokenKey("e1", "EdDSA", "site", PUBLIC["x"]),
    )


@pytest.fixture
def house() -> Iterator[MemoryHouse]:
    made = MemoryHouse(Settings(token_keys=keys(), public_urls=(CHAT,), limits=UNHURRIED))
    yield made
    made.stop()


def page(house: MemoryHouse) -> Client:
    client = house.client()
    house.run(client.connect("websocket"))
    return client


def bring(house: MemoryHouse, token: str, nonce: str = NONCE, client: Client | None = None) -> Any:
    """Log a page in by a token; return what it is answered, or the class of the error."""
    try:
        return house.run((client or page(house)).call("vouched", token, nonce))
    except Refused as refused:
        return refused.error


def nobody_came(house: MemoryHouse) -> bool:
    return not house.house.chat.people._visitors._by_key


def part(told: Any) -> str:
    raw = told if isinstance(told, bytes) else json.dumps(told).encode()
    return urlsafe_b64encode(raw).decode().rstrip("=")


def by_hand(header: Any, claims: Any = CLAIMS, key: bytes | None = None) -> str:
    """A token put together by hand; signed by HMAC-SHA256 with ``key``, or not at all."""
    body = f"{part(header)}.{part(claims)}"
    return f"{body}.{part(hmac.digest(key, body.encode(), hashlib.sha256)) if key is not None else ''}"


def raw(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


GOOD = tokens.sign(SECRET, CLAIMS)
HMAC_KEY = raw(json.loads(SECRET)["k"])
PEM = tokens._from_jwk(tokens.public_key(PRIVATE)).as_pem()


def test_what_the_keys_have_signed_lets_in(house: MemoryHouse) -> None:
    first = bring(house, GOOD)
    assert first["you"] == [tokens.person_key("site", "5"), "Ann"] and first["kind"] == "vouched"
    assert bring(house, tokens.sign(PRIVATE, CLAIMS | {"jti": "2"}))["you"] == first["you"]
    assert (
        bring(house, by_hand({"alg": "HS256", "kid": "h1"}, CLAIMS | {"jti": "3"}, HMAC_KEY))["you"]
        == first["you"]
    )


FORGED = {
    "nothing": "",
    "no token": "a.b",
    "three dots": "...",
    "two of three": GOOD.rpartition(".")[0],
    "no signature": GOOD.rpartition(".")[0] + ".",
    "another key": tokens.sign(tokens.make_key("HS256", "h1"), CLAIMS),
    "another private key": tokens.sign(tokens.make_key("EdDSA", "e1"), CLAIMS),
    "an unknown kid": tokens.sign(tokens.make_key("HS256", "h2"), CLAIMS),
    "no kid": by_hand({"alg": "HS256"}, CLAIMS, HMAC_KEY),
    "a kid that is no text": by_hand({"alg": "HS256", "kid": ["h1"]}, CLAIMS, HMAC_KEY),
    "the other kid": by_hand({"alg": "HS256", "kid": "e1"}, CLAIMS, HMAC_KEY),
    "alg none": by_hand({"alg": "none", "kid": "h1"}),
    "alg none, signed": by_hand({"alg": "none", "kid": "h1"}, CLAIMS, HMAC_KEY),
    "alg NONE": by_hand({"alg": "NONE", "kid": "e1"}),
    "no alg": by_hand({"kid": "h1"}, CLAIMS, HMAC_KEY),
    "an alg that is no text": by_hand({"alg": ["HS256"], "kid": "h1"}, CLAIMS, HMAC_KEY),
    "another alg": by_hand({"alg": "HS512", "kid": "h1"}, CLAIMS, HMAC_KEY),
    "the public key as a secret": by_hand({"alg": "HS256", "kid": "e1"}, CLAIMS, raw(PUBLIC["x"])),
    "the public key's text as a secret": by_hand({"alg": "HS256", "kid": "e1"}, CLAIMS, PUBLIC["x"].encode()),
    "the public key's PEM as a secret": by_hand({"alg": "HS256", "kid": "e1"}, CLAIMS, PEM),
    "EdDSA by an HMAC": by_hand({"alg": "EdDSA", "kid": "e1"}, CLAIMS, raw(PUBLIC["x"])),
    "a key in the header": by_hand(
        {"alg": "HS256", "kid": "h1", "jwk": {"kty": "oct", "k": "eA"}}, CLAIMS, b"x"
    ),
    "a key's URL in the header": by_hand(
        {"alg": "HS256", "kid": "h1", "jku": "http://127.0.0.1/"}, CLAIMS, HMAC_KEY
    ),
    "something critical": by_hand(
        {"alg": "HS256", "kid": "h1", "crit": ["b64"], "b64": False}, CLAIMS, HMAC_KEY
    ),
    "a header that is no object": by_hand(["HS256"], CLAIMS, HMAC_KEY),
    "a header that is no JSON": by_hand(b"\xff\xfe", CLAIMS, HMAC_KEY),
    "a deep header": by_hand(b"[" * 300, CLAIMS, HMAC_KEY),
    "claims that are no object": by_hand({"alg": "HS256", "kid": "h1"}, [CLAIMS], HMAC_KEY),
    "claims that are no JSON": by_hand({"alg": "HS256", "kid": "h1"}, b"\xff", HMAC_KEY),
    "deep claims": by_hand({"alg": "HS256", "kid": "h1"}, b"[" * 2900, HMAC_KEY),
    "expired": tokens.sign(SECRET, CLAIMS | {"exp": NOW - 61}),
    "for years": tokens.sign(SECRET, CLAIMS | {"exp": NOW + 1e8}),
    "for ever": tokens.sign(SECRET, CLAIMS | {"exp": 10**400}),
    "not yet": tokens.sign(SECRET, CLAIMS | {"nbf": NOW + 300}),
    "for another chat": tokens.sign(SECRET, CLAIMS | {"aud": "https://another.example"}),
    "by another issuer": tokens.sign(SECRET, CLAIMS | {"iss": "another"}),
} | {
    f"without {claim}": tokens.sign(SECRET, {k: v for k, v in CLAIMS.items() if k != claim})
    for claim in ("sub", "aud", "exp", "jti")
}


@pytest.mark.parametrize("what", FORGED)
def test_a_forged_token_is_refused(house: MemoryHouse, what: str) -> None:
    assert bring(house, FORGED[what]) == "BadToken"
    assert nobody_came(house)
    assert settled(house.house.backend.page(tokens.SPENT, "", "", 10)) == [], "and nothing is kept of it"


@pytest.mark.parametrize("key", [SECRET, PRIVATE], ids=["HS256", "EdDSA"])
def test_no_bit_of_a_token_can_be_changed(key: str) -> None:
    ring = tokens.Keyring(keys(), [CHAT], lambda: NOW)
    good = tokens.sign(key, CLAIMS)
    assert ring.verify(good).name == "Ann"
    pieces = [raw(piece) for piece in good.split(".")]
    tried = 0
    for number, piece in enumerate(pieces):
        for place in range(len(piece)):
            for bit in (1, 128):
                changed = bytearray(piece)
                changed[place] ^= bit
                parts = [*pieces[:number], bytes(changed), *pieces[number + 1 :]]
                with pytest.raises(tokens.BadToken):
                    ring.verify(".".join(map(part, parts)))
                tried += 1
    assert tried > 250


def test_a_token_is_one_pages_only(house: MemoryHouse) -> None:
    client = page(house)
    first = bring(house, GOOD, client=client)
    assert bring(house, GOOD, client=client)["you"] == first["you"], "an answer may have been lost"
    assert bring(house, GOOD)["you"] == first["you"], "also where the page has connected anew"
    assert bring(house, GOOD, OTHER_NONCE) == "Replayed"
    for nonce in ("", "short", "x" * 65, "é" * 22, "x" * 22 + "\n"):
        assert bring(house, GOOD, nonce) == "BadArguments"


def test_a_token_that_is_too_long_is_not_even_looked_at(house: MemoryHouse) -> None:
    longest = "a" * tokens.MAX_TOKEN_CHARS
    assert bring(house, longest) == "BadToken"
    assert bring(house, longest + "a") == "BadArguments"
    ring = tokens.Keyring(keys(), [CHAT], lambda: NOW)
    with pytest.raises(tokens.BadToken):
        ring.verify(tokens.sign(SECRET, CLAIMS | {"more": "x" * tokens.MAX_TOKEN_CHARS}))


def test_where_no_site_may_vouch_no_token_is_taken() -> None:
    house = MemoryHouse()
    assert bring(house, GOOD) == "BadToken"
    house.stop()


def test_a_forged_ticket_lets_nobody_in(house: MemoryHouse) -> None:
    """What the server signs for one kind of person is no ticket of another kind, nor is a token."""
    ann = house.run(page(house).call("register", "Ann", "correct horse"))
    guest = house.run(page(house).call("login", "Bob", None))
    vouched = bring(house, GOOD)
    for kind, good in (("account:", ann["ticket"]), ("", guest["ticket"]), ("vouched:", vouched["ticket"])):
        signed = good.removeprefix(kind)
        forged = [other + signed for other in ("account:", "vouched:", "") if other != kind]
        forged += [good[:-6] + ("A" if good[-6] != "A" else "B") + good[-5:], good + ".", signed + good, GOOD]
        for ticket in forged:
            with pytest.raises(Refused) as refused:
                house.run(page(house).call("login", None, ticket))
            assert refused.value.error == "BadTicket"
