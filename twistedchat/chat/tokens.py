"""Tokens: a site that embeds the chat vouches for its users by signed ones (JWT). See docs/tokens.md.

An algorithm is bound to its key id and only that one is tried; nothing in a token's header chooses a key or a way to check.

Source: RFC 7519 (JWT), RFC 8037 (EdDSA), RFC 8725 (best practices).
"""

import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from hmac import compare_digest
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwk import OctKey, OKPKey

from twistedchat.chat.claims import (
    BadToken,
    Vouched,
    avatar_of,
    fitting_name,
    origin_of,
    person_key,
    required,
    rights_of,
    seconds_of,
)
from twistedchat.config import TOKEN_ALGORITHMS, Refusal, TokenKey
from twistedchat.core.errors import Conflict, SafeError
from twistedchat.core.records import Change
from twistedchat.interfaces import IBackend

__all__ = [
    "BadToken",
    "Keyring",
    "Replayed",
    "Vouched",
    "Voucher",
    "make_key",
    "person_key",
    "public_key",
    "sign",
    "spend",
]

SPENT = "jti"

MAX_TOKEN_CHARS = 4096
MAX_AHEAD_S = 86_400
LEEWAY_S = 60
MIN_SECRET_BYTES = 32  # RFC 7518, 3.2

_HEADER = frozenset({"alg", "kid", "typ"})

Key = OctKey | OKPKey


class Replayed(SafeError):
    """The token was used by another page already."""


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
        _check_secret(_raw(found["k"]))
        return OctKey.import_key(found)
    except (JoseError, ValueError, TypeError, KeyError, RecursionError):
        raise Refusal("this is not a key; make one with gen-key") from None


def _raw(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _check_secret(secret: bytes) -> None:
    if len(secret) < MIN_SECRET_BYTES:
        raise Refusal(f"HS256 needs a secret of at least {MIN_SECRET_BYTES} bytes")


def _from_plain(alg: str, text: str) -> Key:
    try:
        if alg == "EdDSA" and text.startswith("-----BEGIN"):
            return OKPKey.import_key(text)
        if alg == "EdDSA":
            return OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": text.rstrip("=")})
        _check_secret(_raw(text))
        return OctKey.import_key(_raw(text))
    except (JoseError, ValueError, TypeError):
        raise Refusal("this is neither a key of gen-key nor base64url nor PEM") from None


def _material(setting: TokenKey) -> Key:
    text = setting.key.strip()
    key = _from_jwk(text) if text.startswith("{") else _from_plain(setting.alg, text)
    if setting.alg == "HS256":
        if not isinstance(key, OctKey):
            raise Refusal("HS256 needs a secret, not a public key")
    elif not isinstance(key, OKPKey) or key.curve_name != "Ed25519":
        raise Refusal("EdDSA needs an Ed25519 key")
    return key


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
        self._avatars = frozenset(map(origin_of, avatar_origins))
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
            key=person_key(setting.issuer, required(claims, "sub")),
            name=fitting_name(claims.get("name")),
            rights=rights_of(claims.get("rights")),
            avatar=avatar_of(claims.get("avatar"), self._avatars),
            kid=setting.kid,
            issuer=setting.issuer,
            jti=required(claims, "jti"),
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
        expires = seconds_of(claims.get("exp"))
        if expires is None:
            raise BadToken("this token has no exp")
        if expires + LEEWAY_S <= now:
            raise BadToken("this token has expired")
        if expires > now + MAX_AHEAD_S + LEEWAY_S:
            raise BadToken("this token is for longer than a day")
        begins = seconds_of(claims.get("nbf", now))
        if begins is None or begins > now + LEEWAY_S:
            raise BadToken("this token is not valid yet")
        return expires

    def _check_audience(self, told: Any) -> None:
        audiences = told if isinstance(told, list) else [told]
        if not any(isinstance(one, str) and one.rstrip("/") in self._audiences for one in audiences):
            raise BadToken("this token is for another chat: aud is wrong or missing")


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


class Voucher:
    """Takes tokens: checks them, and sees that each is used by one page.

    Args:
        keyring: checks them.
        backend: keeps which are used.
    """

    def __init__(self, keyring: Keyring, backend: IBackend) -> None:
        self._keyring = keyring
        self._backend = backend

    def trusts(self, kid: str) -> bool:
        """See ``Keyring.trusts``."""
        return self._keyring.trusts(kid)

    async def accept(self, token: str, nonce: str) -> Vouched:
        """Return what ``token`` says.

        Raises:
            BadToken: as ``Keyring.verify``.
            Replayed, StoreUnavailable, StoreUnknown: as ``spend``.
        """
        found = self._keyring.verify(token)
        await spend(self._backend, found, nonce)
        return found
