"""Whether a page of some origin may use us: a pure decision from what its request says about itself.

Order of proof: the Origin header; else Sec-Fetch-Site; else the origin of the Referer. A request with none of them is no
page of a current browser and is let in: whoever writes his own client can write any header.

Source: RFC 6454 (origins), the Fetch standard (Sec-Fetch-Site), SockJS issues on foreign use.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a request says about where it comes from; absent headers are None.

    Attributes:
        origin: the Origin header.
        fetch_site: the Sec-Fetch-Site header.
        referer: the Referer header.
        scheme: "http" or "https", as the visitor used it.
        host: the Host header.
    """

    origin: str | None
    fetch_site: str | None
    referer: str | None
    scheme: str
    host: str


@lru_cache(maxsize=1024)  # the same few come with every request
def normal_origin(text: str) -> str | None:
    """Return ``text``, an origin or any URL, as ``scheme://host[:port]`` without default port, or None if it is neither."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    host = parts.hostname
    if not parts.scheme or not host:
        return None
    scheme = parts.scheme.lower()
    shown = f"[{host}]" if ":" in host else host
    return (
        f"{scheme}://{shown}" if port in (None, _DEFAULT_PORTS.get(scheme)) else f"{scheme}://{shown}:{port}"
    )


class OriginPolicy:
    """An allow list of origins. The server's own origin is always in it.

    Entries: ``*`` (everyone, also ``null``), ``null``, ``https://example.org``, ``http://localhost:*`` (any port),
    ``https://*.example.org`` (any name below it).
    """

    __slots__ = ("_anyone", "_exact", "_null", "_patterns", "entries")

    def __init__(self, entries: Iterable[str] = ()) -> None:
        """Raises ValueError for an entry that is none of the forms above."""
        self.entries = tuple(entries)
        self._anyone = "*" in self.entries
        self._null = "null" in self.entries
        named = [entry for entry in self.entries if entry not in ("*", "null")]
        self._exact = frozenset(_exact(entry) for entry in named if "*" not in entry)
        self._patterns = tuple(_pattern(entry) for entry in named if "*" in entry)

    @property
    def anyone(self) -> bool:
        """True when every origin is allowed."""
        return self._anyone

    def allows(self, evidence: Evidence) -> bool:
        """Return whether a request with this evidence may be served."""
        if self._anyone:
            return True
        if evidence.origin is not None:
            return self._listed(evidence.origin, evidence)
        if evidence.fetch_site in ("same-origin", "none"):
            return True
        if evidence.referer is not None:
            return self._listed(evidence.referer, evidence)
        return evidence.fetch_site is None

    def ancestors(self) -> str | None:
        """Return the value of a ``frame-ancestors`` directive, or None when anyone may embed."""
        if self._anyone:
            return None
        return " ".join(["'self'", *(entry for entry in self.entries if entry != "null")])

    def _listed(self, text: str, evidence: Evidence) -> bool:
        if text == "null":
            return self._null
        origin = normal_origin(text)
        if origin is None:
            return False
        return (
            origin in self._exact
            or _is_own(origin, evidence)
            or any(_fits(origin, p) for p in self._patterns)
        )


def _exact(entry: str) -> str:
    origin = normal_origin(entry)
    if origin is None or urlsplit(entry).path not in ("", "/"):
        raise ValueError(f"not an origin: {entry!r} (write it as https://example.org)")
    return origin


def _pattern(entry: str) -> tuple[str, str, str]:
    """Return (scheme, host or ".suffix", port or "*" or "")."""
    scheme, found, rest = entry.partition("://")
    host, _, port = rest.partition(":")
    wild = host.startswith("*.")
    bare = host[1:] if wild else host
    if not (found and scheme and bare) or "*" in bare or (port and port != "*" and not port.isdigit()):
        raise ValueError(
            f"not an origin pattern: {entry!r} (write http://localhost:* or https://*.example.org)"
        )
    return scheme.lower(), bare.lower(), port


def _fits(origin: str, pattern: tuple[str, str, str]) -> bool:
    scheme, host, port = pattern
    parts = urlsplit(origin)
    name = parts.hostname or ""
    right_host = name.endswith(host) if host.startswith(".") else name == host
    right_port = port == "*" or (parts.port is None if not port else parts.port == int(port))
    return parts.scheme == scheme and right_host and right_port


def _is_own(origin: str, evidence: Evidence) -> bool:
    """A page of ours; over https also where a proxy that we do not know of ends TLS for us."""
    scheme = origin.partition("://")[0]
    if scheme != evidence.scheme and scheme != "https":
        return False
    return origin == normal_origin(f"{scheme}://{evidence.host}")
