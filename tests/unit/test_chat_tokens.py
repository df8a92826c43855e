"""Tokens: keys and what they need, what a token says of a person, and that it is used by one page only."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest
from twisted.internet.defer import Deferred

from twistedchat.backends.memory import MemoryBackend
from twistedchat.chat import tokens
from twistedchat.chat.claims import MAX_RIGHTS
from twistedchat.chat.tokens import SPENT, BadToken, Keyring, Replayed, Vouched, person_key, spend
from twistedchat.config import Refusal, TokenKey
from twistedchat.core.errors import StoreUnavailable
from twistedchat.testing.backends import settled

T = TypeVar("T")

NOW = 1_000_000.0
CHAT = "https://chat.example.org"
SECRET = tokens.make_key("HS256", "h1")
PRIVATE = tokens.make_key("EdDSA", "e1")
CLAIMS: dict[str, Any] = {"sub": "user 5", "name": "Ann", "aud": CHAT, "exp": NOW + 300, "jti": "once"}
NONCE = "n" * 22


def setting(text: str, issuer: str = "site", **more: Any) -> TokenKey:
    about = json.loads(text)
    return TokenKey(about["kid"], about["alg"], issuer, tokens.public_key(text), **more)


def ring(*keys: TokenKey, now: float = NOW, **options: Any) -> Keyring:
    audiences = options.pop("audiences", [CHAT])
    return Keyring(keys or (setting(SECRET), setting(PRIVATE)), audiences, lambda: now, **options)


def vouch(key: str = SECRET, ring: Keyring = ring(), **claims: Any) -> Vouched:  # noqa: B008
    return ring.verify(tokens.sign(key, CLAIMS | claims))


def wait(coroutine: Coroutine[Any, Any, T]) -> T:
    result: T = settled(Deferred.fromCoroutine(coroutine))
    return result


# --- keys


@pytest.mark.parametrize("key", [SECRET, PRIVATE])
def test_what_a_key_signs_its_public_part_checks(key: str) -> None:
    found = vouch(key)
    assert (found.name, found.jti, found.expires, found.issuer) == ("Ann", "once", NOW + 300, "site")
    assert found.kid == json.loads(key)["kid"]


def test_a_new_key_is_another_each_time_and_the_private_part_of_one_stays_with_its_owner() -> None:
    assert tokens.make_key("HS256") != tokens.make_key("HS256")
    assert "d" in json.loads(PRIVATE) and "d" not in json.loads(tokens.public_key(PRIVATE))
    assert "k" in json.loads(tokens.public_key(SECRET))
    with pytest.raises(Refusal):
        tokens.make_key("RS256")
    with pytest.raises(Refusal):
        tokens.sign(tokens.public_key(PRIVATE), CLAIMS)
    for bad in ("", "{}", "[]", "5", '{"kty":"RSA"}', '{"kty":"oct"}', "nonsense"):
        with pytest.raises(Refusal):
            tokens.public_key(bad)
        with pytest.raises(Refusal):
            tokens.sign(bad, CLAIMS)


def test_keys_may_be_written_plainly_too() -> None:
    secret, public = json.loads(SECRET)["k"], json.loads(PRIVATE)["x"]
    pem = tokens._from_jwk(tokens.public_key(PRIVATE)).as_pem().decode()
    plain = [TokenKey("h1", "HS256", "site", secret), TokenKey("e1", "EdDSA", "site", public + "=")]
    assert vouch(SECRET, ring(*plain)) == vouch(SECRET)
    assert vouch(PRIVATE, ring(*plain)) == vouch(PRIVATE)
    assert vouch(PRIVATE, ring(TokenKey("e1", "EdDSA", "site", pem))) == vouch(PRIVATE)


@pytest.mark.parametrize(
    "bad",
    [
        TokenKey("h1", "HS256", "site", urlsafe_b64encode(b"x" * 31).decode()),
        TokenKey("h1", "HS256", "site", "c2hvcnQ"),
        TokenKey("h1", "HS256", "site", '{"kty": "oct", "k": "c2hvcnQ"}'),
        TokenKey("h1", "HS256", "site", ""),
        TokenKey("h1", "HS256", "site", "not base64 é"),
        TokenKey("h1", "HS256", "site", PRIVATE),
        TokenKey("e1", "EdDSA", "site", SECRET),
        TokenKey("e1", "EdDSA", "site", "x"),
        TokenKey("e1", "EdDSA", "site", "-----BEGIN PUBLIC KEY-----\nx"),
        TokenKey("r1", "RS256", "site", PRIVATE),
        TokenKey("n1", "none", "site", SECRET),
        TokenKey("", "HS256", "site", SECRET),
        TokenKey("h1", "HS256", "", SECRET),
    ],
)
def test_a_key_that_is_not_what_its_algorithm_needs_is_refused_at_the_start(bad: TokenKey) -> None:
    with pytest.raises(Refusal):
        ring(bad)


def test_two_keys_need_two_ids_and_tokens_need_an_audience() -> None:
    with pytest.raises(Refusal):
        ring(setting(SECRET), setting(SECRET))
    with pytest.raises(Refusal):
        ring(audiences=[])


def test_keys_are_changed_without_a_gap() -> None:
    fresh = tokens.make_key("HS256", "h2")
    both = ring(setting(SECRET, not_after=NOW), setting(fresh))
    assert vouch(SECRET, both).key == vouch(fresh, both).key
    later = ring(setting(SECRET, not_after=NOW), setting(fresh), now=NOW + 1)
    assert later.trusts("h2") and not later.trusts("h1") and not later.trusts("h3")
    assert vouch(fresh, later)
    with pytest.raises(BadToken):
        vouch(SECRET, later)


# --- what it says


def test_a_person_is_the_same_for_ever_and_another_for_each_issuer_and_sub() -> None:
    assert vouch().key == vouch(PRIVATE, jti="2", name="Other").key == person_key("site", "user 5")
    assert person_key("site", "user 5") == "VMfkI42N2wRHUZy5L5xVtOWtYnPK4y9O"
    others = {person_key("site", "user 6"), person_key("site2", "user 5"), person_key("site2 user", "5")}
    assert len(others | {vouch().key}) == 4


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("  Ann  ", "Ann"),
        ("A" * 40, "A" * 32),
        ("\uff21nn", "Ann"),
        ("", "Guest"),
        (None, "Guest"),
        (5, "Guest"),
        ("\u202eAnn", "Guest"),
        ("\ufdfa" * 32, "Guest"),
    ],
)
def test_a_name_is_made_to_fit(told: Any, shown: str) -> None:
    assert vouch(name=told).name == shown


def test_rights_that_are_unknown_are_ignored() -> None:
    rights = [
        "owner",
        "moderator",
        "member:Tea Room",
        "member:room/VIP",
        "admin",
        "member:",
        "member",
        5,
        None,
    ]
    assert vouch(rights=rights).rights == {"owner", "moderator", "member:room/tea room", "member:room/vip"}
    for bad in ("owner", {"owner": True}, None, 5, []):
        assert vouch(rights=bad).rights == frozenset()
    assert len(vouch(rights=[f"member:R{number}" for number in range(100)]).rights) == MAX_RIGHTS


def test_an_avatar_is_kept_only_from_an_origin_that_is_allowed() -> None:
    known = ring(avatar_origins=["https://pics.example.org", CHAT + "/path", "http://plain.example.org"])
    for good in ("https://pics.example.org/a.png?x=1", CHAT + "/a.png"):
        assert vouch(SECRET, known, avatar=good).avatar == good
    for bad in (
        "https://evil.example/a.png",
        "http://plain.example.org/a.png",
        "http://pics.example.org/a.png",
        "https://pics.example.org.evil.example/a.png",
        "https://pics.example.org@evil.example/a.png",
        "https://me@pics.example.org/a.png",
        "https://pics.example.org\\@evil.example/",
        "https://pics.example.org/a\nb",
        "https://pics.example.org/é",
        "https://pics.example.org/" + "a" * 500,
        "https://[",
        "javascript:alert(1)",
        5,
        None,
    ):
        assert vouch(SECRET, known, avatar=bad).avatar is None
    assert vouch(avatar="https://pics.example.org/a.png").avatar is None


def test_times_have_a_minute_of_leeway() -> None:
    assert vouch(exp=NOW - 59).expires == NOW - 59
    assert vouch(exp=NOW + 86_400 + 60)
    assert vouch(nbf=NOW + 60)
    for bad in (
        {"exp": NOW - 60},
        {"exp": NOW + 86_400 + 61},
        {"nbf": NOW + 61},
        {"nbf": "soon"},
        {"exp": True},
        {"exp": str(NOW)},
        {"exp": None},
        {"exp": 1e400},
        {"exp": 10**1000},
        {"exp": -1},
    ):
        with pytest.raises(BadToken):
            vouch(**bad)


def test_the_audience_is_one_of_ours() -> None:
    two = ring(audiences=[CHAT, "my chat"])
    for good in (CHAT, CHAT + "/", "my chat", ["elsewhere", "my chat"]):
        assert vouch(SECRET, two, aud=good)
    for bad in ("https://chat.example.com", "", [], None, 5, [5], CHAT + "/x", {"my chat": 1}):
        with pytest.raises(BadToken):
            vouch(SECRET, two, aud=bad)


def test_an_issuer_need_not_be_named_but_not_another_one() -> None:
    assert vouch(iss="site")
    with pytest.raises(BadToken):
        vouch(iss="another site")


@pytest.mark.parametrize("claim", ["sub", "aud", "exp", "jti"])
def test_what_is_required_must_be_there(claim: str) -> None:
    claims = {name: value for name, value in CLAIMS.items() if name != claim}
    with pytest.raises(BadToken):
        ring().verify(tokens.sign(SECRET, claims))


@pytest.mark.parametrize("claim", ["sub", "jti"])
@pytest.mark.parametrize("value", ["", "x" * 201, 5, None, ["x"]])
def test_ids_are_texts_of_1_to_200_characters(claim: str, value: Any) -> None:
    assert vouch(**{claim: "x" * 200})
    with pytest.raises(BadToken):
        vouch(**{claim: value})


# --- once only


def test_the_page_that_brought_a_token_may_bring_it_again_and_no_other() -> None:
    store = MemoryBackend()
    found = vouch()
    wait(spend(store, found, NONCE))
    wait(spend(store, vouch(PRIVATE), NONCE))
    with pytest.raises(Replayed):
        wait(spend(store, found, "m" * 22))
    wait(spend(store, vouch(jti="another"), "m" * 22))
    other_site = ring(setting(SECRET, issuer="another site"))
    wait(spend(store, vouch(SECRET, other_site), "m" * 22))


def test_what_is_spent_is_kept_as_long_as_the_token_could_be_used_and_names_nobody() -> None:
    store = MemoryBackend()
    wait(spend(store, vouch(), NONCE))
    [record] = settled(store.page(SPENT, "", "", 10))
    assert record.until is not None and record.until > NOW + 300 + tokens.LEEWAY_S
    assert NONCE not in record.value and "once" not in record.key
    settled(store.sweep(NOW + 300 + tokens.LEEWAY_S))
    with pytest.raises(Replayed):
        wait(spend(store, vouch(), "m" * 22))
    settled(store.sweep(record.until + 1))
    assert settled(store.page(SPENT, "", "", 10)) == []


def test_a_store_that_is_away_spends_nothing() -> None:
    store = MemoryBackend()
    store._max_records = 0
    with pytest.raises(StoreUnavailable):
        wait(spend(store, vouch(), NONCE))
    store._max_records = 10
    wait(spend(store, vouch(), NONCE))
