"""Tokens: a site that embeds the chat vouches for its users by signed ones (JWT). See docs/tokens.md.

An algorithm is bound to its key id and only that one is tried; nothing in a token's header chooses a key or a way to check.

Source: RFC 7519 (JWT), RFC 8037 (EdDSA), RFC 8725 (best practices).
"""

import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from math import isfinite
from typing import Any
from urllib.parse import urlsplit

from joserfc import jws, jwt
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwk import OctKey, OKPKey

from twistedchat.chat.names import MAX_NAME_CHARS, MAX_ROOM_CHARS, BadName, clean_name, folded
from twistedchat.config import TOKEN_ALGORITHMS, Refusal, TokenKey
from twistedchat.core.errors import Conflict, SafeError
from twistedchat.core.records import Change
from twistedchat.interfaces import IBackend

SPENT = "jti"

MAX_TOKEN_CHARS = 4096
MAX_CLAIM_CHARS = 200
MAX_URL_CHARS = 500
MAX_RIGHTS = 50
MAX_AHEAD_S = 86_400
LEEWAY_S = 60
MIN_SECRET_BYTES = 32  # RFC 7518, 3.2

_HEADER = frozenset({"alg", "kid", "typ"})
_HOUSE_RIGHTS = frozenset({"moderator", "owner"})

Key = OctKey | OKPKey


class BadToken(SafeError):
    """The token does not vouch for anyone; the text says why."""


class Replayed(SafeError):
    """The token was used by another page already."""


@dataclass(frozen=True, slots=True)
class Vouched:
    """What a token says, checked.

    Attributes:
        key: the person's key.
        name: clean; whether it is free is not known.
        rights: "owner", "moderator", "member:room/NAME" with the room's folded name.
        avatar: URL of an origin that is allowed, or None.
        kid: id of the key that it was signed with.
        issuer: whose key that is.
        jti: the token's id.
        expires: seconds since 1970.
    """

    key: str
    name: str
    rights: frozenset[str]
    avatar: str | None
    kid: str
    issuer: str
    jti: str
    expires: float


# --- making keys and tokens: for the command line and for tests


def make_key(alg: str, kid: str | None = None) -> str:
    """Return a new private key as JSON text (a JWK with ``alg`` and ``kid``), to sign with.

    For HS256 the same text is what the chat checks with; for EdDSA that is ``public_key`` of it.

    Args:
        alg: ``HS256`` or ``EdDSA``.
        kid: the key's id; a random one unless given.

    Raises:
        Refusal: another algorithm.
    """
    about: Any = {"alg": alg, "kid": kid or secrets.token_urlsafe(6)}
    made: Key
    if alg == "HS256":
        made = OctKey.generate_key(256, about)
    elif alg == "EdDSA":
        made = OKPKey.generate_key("Ed25519", about)
    else:
        raise _unknown(alg)
    return json.dumps(made.as_dict(private=True))


def public_key(text: str) -> str:
    """Return what the chat needs of the key ``text`` to check what it signed: for HS256 all of it.

    Raises:
        Refusal: it is no key.
    """
    key = _from_jwk(text)
    return json.dumps(key.as_dict(private=isinstance(key, OctKey)))


def sign(key: str, claims: Mapping[str, Any]) -> str:
    """Return a token that says ``claims``, as they are, signed with a ``key`` of ``make_key``.

    Raises:
        Refusal: it is no key to sign with.
    """
    made = _from_jwk(key)
    about = made.as_dict(private=False)
    alg, kid = str(about.get("alg")), about.get("kid")
    if alg not in TOKEN_ALGORITHMS or not kid or not made.is_private:
        raise Refusal("this key does not sign: it needs a private part, alg and kid")
    return jwt.encode({"alg": alg, "kid": kid}, dict(claims), made, registry=_Pinned(alg))


def _unknown(alg: str) -> Refusal:
    return Refusal(f"{alg!r} is not an algorithm for tokens; known are {', '.join(TOKEN_ALGORITHMS)}")


class _Pinned(jws.JWSRegistry):
    """Knows one algorithm. (joserfc warns of EdDSA's name, which RFC 9864 changes and libraries of sites go on using.)"""

    def __init__(self, alg: str) -> None:
        super().__init__(algorithms=[alg])
        self._alg = alg

    def get_alg(self, name: str) -> Any:
        if name != self._alg:
            raise UnsupportedAlgorithmError("not the algorithm of this key")
        return self.algorithms[name]


# --- keys as configured


def _from_jwk(text: str) -> Key:
    try:
        found = json.loads(text)
        if found["kty"] == "OKP":
            return OKPKey.import_key(found)
        return OctKey.import_key(found)
    except (JoseError, ValueError, TypeError, KeyError, RecursionError):
        raise Refusal("this is not a key; make one with gen-key") from None


def _from_plain(alg: str, text: str) -> Key:
    try:
        if alg == "EdDSA" and text.startswith("-----BEGIN"):
            return OKPKey.import_key(text)
        if alg == "EdDSA":
            return OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": text.rstrip("=")})
        return OctKey.import_key(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (JoseError, ValueError, TypeError):
        raise Refusal("this is neither a key of gen-key nor base64url nor PEM") from None


def _material(setting: TokenKey) -> Key:
    text = setting.key.strip()
    key = _from_jwk(text) if text.startswith("{") else _from_plain(setting.alg, text)
    if setting.alg == "HS256":
        if not isinstance(key, OctKey) or len(key.raw_value) < MIN_SECRET_BYTES:
            raise Refusal(f"HS256 needs a secret of at least {MIN_SECRET_BYTES} bytes")
    elif not isinstance(key, OKPKey) or key.curve_name != "Ed25519":
        raise Refusal("EdDSA needs an Ed25519 key")
    return key


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def person_key(issuer: str, sub: str) -> str:
    """Return the key of the user ``sub`` of ``issuer``: 32 url-safe characters, the same for ever.

    It is public and made of nothing else, so who can guess a ``sub`` can tell whose key it is.
    """
    told = json.dumps(["twistedchat person", issuer, sub]).encode()
    return urlsafe_b64encode(sha256(told).digest()[:24]).decode()


class Keyring:
    """Checks tokens.

    Args:
        keys: whose tokens are taken; at least one.
        audiences: what ``aud`` may be: the chat's public URLs, or what the operator chose.
        avatar_origins: origins whose pictures may be shown, such as ``https://example.org``.
        wall: seconds since 1970.

    Raises:
        Refusal: a key is not what its algorithm needs, two have one id, or there is no audience.
    """

    def __init__(
        self,
        keys: Iterable[TokenKey],
        audiences: Iterable[str],
        wall: Callable[[], float],
        avatar_origins: Iterable[str] = (),
    ) -> None:
        self._keys: dict[str, tuple[TokenKey, Key]] = {}
        for setting in keys:
            self._add(setting)
        self._audiences = frozenset(audience.rstrip("/") for audience in audiences)
        if self._keys and not self._audiences:
            raise Refusal("tokens name the chat that they are for: give --public-url, or an audience")
        self._avatars = frozenset(map(_origin, avatar_origins))
        self._wall = wall

    def _add(self, setting: TokenKey) -> None:
        if setting.alg not in TOKEN_ALGORITHMS:
            raise _unknown(setting.alg)
        if setting.kid in self._keys or not setting.kid or not setting.issuer:
            raise Refusal(f"every token key needs an issuer, and an id of its own: {setting.kid!r}")
        try:
            self._keys[setting.kid] = setting, _material(setting)
        except Refusal as refusal:
            raise Refusal(f"token key {setting.kid!r}: {refusal}") from None

    def trusts(self, kid: str) -> bool:
        """Say whether what the key ``kid`` has signed is still taken."""
        found = self._keys.get(kid)
        return found is not None and not self._is_over(found[0])

    def _is_over(self, setting: TokenKey) -> bool:
        return setting.not_after is not None and self._wall() > setting.not_after

    def verify(self, token: str) -> Vouched:
        """Return what ``token`` says.

        Raises:
            BadToken: it is no token, of no key of ours, changed, for another chat, over, or says too little.
        """
        setting, key = self._key_of(token)
        try:
            claims = jwt.decode(token, key, registry=_Pinned(setting.alg)).claims
        except (JoseError, ValueError, TypeError, RecursionError):
            raise BadToken("this token's signature is wrong") from None
        expires = self._expires(claims)
        self._check_audience(claims.get("aud"))
        if claims.get("iss", setting.issuer) != setting.issuer:
            raise BadToken("this token names another issuer than its key's")
        return Vouched(
            key=person_key(setting.issuer, _required(claims, "sub")),
            name=_fitting_name(claims.get("name")),
            rights=_rights(claims.get("rights")),
            avatar=self._avatar(claims.get("avatar")),
            kid=setting.kid,
            issuer=setting.issuer,
            jti=_required(claims, "jti"),
            expires=expires,
        )

    def _key_of(self, token: str) -> tuple[TokenKey, Key]:
        if len(token) > MAX_TOKEN_CHARS or not token.isascii():
            raise BadToken("this token is too long, or no token")
        try:
            header = jws.extract_compact(token.encode()).headers()
        except (JoseError, ValueError, TypeError, AttributeError, RecursionError):
            raise BadToken("this is no token") from None
        kid = header.get("kid")
        found = self._keys.get(kid) if isinstance(kid, str) else None
        if found is None or self._is_over(found[0]):
            raise BadToken("this token's key is not known here")
        if header.get("alg") != found[0].alg or not header.keys() <= _HEADER:
            raise BadToken("this token is not signed as its key demands")
        return found

    def _expires(self, claims: Mapping[str, Any]) -> float:
        now = self._wall()
        expires = _seconds(claims.get("exp"))
        if expires is None:
            raise BadToken("this token has no exp")
        if expires + LEEWAY_S <= now:
            raise BadToken("this token has expired")
        if expires > now + MAX_AHEAD_S + LEEWAY_S:
            raise BadToken("this token is for longer than a day")
        begins = _seconds(claims.get("nbf", now))
        if begins is None or begins > now + LEEWAY_S:
            raise BadToken("this token is not valid yet")
        return expires

    def _check_audience(self, told: Any) -> None:
        audiences = told if isinstance(told, list) else [told]
        if not any(isinstance(one, str) and one.rstrip("/") in self._audiences for one in audiences):
            raise BadToken("this token is for another chat: aud is wrong or missing")

    def _avatar(self, url: Any) -> str | None:
        if not isinstance(url, str) or len(url) > MAX_URL_CHARS or not url.isascii() or not url.isprintable():
            return None
        try:
            known = _origin(url) in self._avatars
        except ValueError:
            return None
        return url if known and url.startswith("https://") and "\\" not in url else None


def _required(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= MAX_CLAIM_CHARS:
        raise BadToken(f"this token has no {name} of 1 to {MAX_CLAIM_CHARS} characters")
    return value


def _seconds(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        return None
    return float(value)


def _fitting_name(told: Any) -> str:
    """A name that can be shown, of whatever a site calls its user: cut where it is long, a stopgap where it is unfit."""
    for text in (told, told[:MAX_NAME_CHARS]) if isinstance(told, str) else ():
        try:
            return clean_name(text)
        except BadName:
            continue
    return "Guest"


def _rights(told: Any) -> frozenset[str]:
    if not isinstance(told, list):
        return frozenset()
    return frozenset(right for one in told[:MAX_RIGHTS] if (right := _right(one)) is not None)


def _right(told: Any) -> str | None:
    if not isinstance(told, str):
        return None
    if told in _HOUSE_RIGHTS:
        return told
    kind, _, room = told.partition(":")
    if kind != "member":
        return None
    try:
        return f"member:room/{folded(clean_name(room.removeprefix('room/'), 'room name', MAX_ROOM_CHARS))}"
    except BadName:
        return None


# --- once only


async def spend(backend: IBackend, vouched: Vouched, nonce: str) -> None:
    """Bind a token to the page that brought it: that page may bring it again, since an answer may be lost; no other may.

    Args:
        backend: keeps it until the token is over anyway.
        vouched: what the token says.
        nonce: 128 random bits or more that the page made and shows to nobody else.

    Raises:
        Replayed: it came with another nonce before.
        StoreUnavailable, StoreUnknown: as they say; bring it again with the same nonce.
    """
    told = json.dumps([vouched.issuer, vouched.jti]).encode()
    place = urlsafe_b64encode(sha256(told).digest()).decode()
    page = json.dumps(sha256(nonce.encode()).hexdigest())
    until = vouched.expires + 2 * LEEWAY_S
    try:
        await backend.commit([Change(SPENT, place, page, expected=0, until=until)])
    except Conflict:
        known = await backend.get(SPENT, place)
        if known is None or not compare_digest(known.value.encode(), page.encode()):
            raise Replayed("this token was used already") from None
