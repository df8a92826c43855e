"""Where a Redis is: the URL ``redis://[user:password@]host[:port][/db][?prefix=…]`` and the endpoint that it means."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.ssl import Certificate, optionsForClientTLS, trustRootFromCertificates

DEFAULT_PORT = 6379
DEFAULT_PREFIX = "chat:"
_END = b"-----END CERTIFICATE-----"
_FORM = "redis://[user:password@]host[:port][/db][?prefix=chat:]"


class BadRedisURL(ValueError):
    """The URL names no Redis; the text is one line that says why, and never has the password in it."""


@dataclass(frozen=True, slots=True)
class RedisURL:
    """A Redis and who we are there.

    Attributes:
        host, port: where it listens.
        tls: whether the line is TLS; its certificate must then fit ``host``.
        ca: file with the certificates (PEM) that are trusted, or None for those that the system trusts.
        user: the ACL user, or None for Redis's default user.
        password: its password, or None.
        db: number of the database.
        prefix: what all of our keys, and the channel of the wake-ups, begin with.
    """

    host: str
    port: int = DEFAULT_PORT
    tls: bool = False
    ca: str | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    db: int = 0
    prefix: str = DEFAULT_PREFIX

    @property
    def place(self) -> str:
        """What an operator is told of it: no user, no password."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}/{self.db}"

    def endpoint(self, reactor: Any, connect_timeout_s: float) -> IStreamClientEndpoint:
        """Return the endpoint that connects to it.

        Raises:
            BadRedisURL: the file of trusted certificates cannot be used.
        """
        secured = self._tls_options() if self.tls else None
        plain = HostnameEndpoint(reactor, self.host.encode(), self.port, timeout=connect_timeout_s)
        endpoint: IStreamClientEndpoint = plain if secured is None else wrapClientTLS(secured, plain)
        return endpoint

    def _tls_options(self) -> Any:
        trusted = None if self.ca is None else trustRootFromCertificates(_certificates(self.ca))
        return optionsForClientTLS(self.host, trustRoot=trusted)


def _certificates(path: str) -> list[Certificate]:
    try:
        found = [part + _END for part in Path(path).read_bytes().split(_END)[:-1]]
        certificates: list[Certificate] = [Certificate.loadPEM(part) for part in found]
    except Exception as error:
        raise BadRedisURL(f"ca={path}: {type(error).__name__}: {error}") from error
    if not certificates:
        raise BadRedisURL(f"ca={path}: there is no certificate in it")
    return certificates


def parse_redis_url(text: str) -> RedisURL:
    """Return what a ``redis:`` or ``rediss:`` URL says; ``rediss`` is TLS, with ``?ca=PATH`` for certificates of one's own.

    Raises:
        BadRedisURL: it is none, or says what is not known.
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise BadRedisURL(f"this is no Redis URL; write it like {_FORM}") from None
    if parts.scheme not in ("redis", "rediss") or not parts.hostname or parts.fragment:
        raise BadRedisURL(f"this is no Redis URL; write it like {_FORM}")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    tls = parts.scheme == "rediss"
    unknown = sorted(options.keys() - ({"prefix", "ca"} if tls else {"prefix"}))
    if unknown:
        hint = "; it takes rediss://" if unknown == ["ca"] else ""
        raise BadRedisURL(f"a Redis URL has no option {unknown[0]!r}{hint}")
    return RedisURL(
        host=parts.hostname,
        port=DEFAULT_PORT if port is None else port,
        tls=tls,
        ca=options.get("ca"),
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password is not None else None,
        db=_database(parts.path),
        prefix=options.get("prefix", DEFAULT_PREFIX),
    )


def _database(path: str) -> int:
    number = path.strip("/")
    if number and not (number.isascii() and number.isdigit()):
        raise BadRedisURL(f"{number!r} is no number of a Redis database; write it like {_FORM}")
    return int(number or 0)
