"""From what the operator wrote to what is used: one function for each kind of value.

A ``Refusal`` tells what is wrong with the value, and does not say where it was written: who reads options, a file or the
environment knows that.
"""

import difflib
import re
from collections.abc import Callable, Iterable
from ipaddress import ip_address
from typing import TypeVar
from urllib.parse import SplitResult, urlsplit

from twistedchat.config import TRANSPORT_ALIASES, TRANSPORTS, Network, Refusal
from twistedchat.core.addresses import parse_range

T = TypeVar("T")

_DEFAULT_PORTS = {"http": 80, "https": 443}
_TCP_KINDS = ("tcp", "tcp4", "tcp6", "ssl")
_COLON = re.compile(r"(?<!\\):")
_LITERAL = re.compile(r"[0-9.]+|.*:.*")  # what can only be an address, not a name
_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)*")


def parse_transports(text: str) -> tuple[str, ...]:
    """Return the transports that a comma list names, aliases resolved, in order, each once.

    Raises:
        Refusal: a name is unknown (the nearest known one is offered), or none is there.
    """
    names = [name.strip().lower() for name in text.split(",")]
    if not any(names):
        raise Refusal("names no transport; known are " + ", ".join(TRANSPORTS))
    if not all(names):
        raise Refusal(f"{text!r} names nothing beside one of its commas")
    return tuple(dict.fromkeys(known for name in names for known in _transports_of(name)))


def _transports_of(name: str) -> tuple[str, ...]:
    if name in TRANSPORT_ALIASES:
        return TRANSPORT_ALIASES[name]
    if name in TRANSPORTS:
        return (name,)
    known = list(dict.fromkeys((*TRANSPORTS, *TRANSPORT_ALIASES)))
    hint = nearest(name, known) or f"; known are {', '.join(known)}"
    raise Refusal(f"unknown transport {name!r}{hint}")


def parse_origin(text: str) -> str:
    """Return an origin in the form browsers send it: lower case, without a default port.

    ``null`` is an origin (sandboxed frames, files), the port may be ``*`` (``http://localhost:*``), and ``*`` alone is
    everyone.

    Raises:
        Refusal: it is not an origin.
    """
    wrong = Refusal(f"{text!r} is not an origin; write it like https://example.org or http://localhost:*")
    if text in ("null", "*"):
        return text
    any_port = text.endswith(":*")
    parts = _split_url(text.removesuffix(":*"), wrong)
    if parts.path or parts.query or parts.fragment:
        raise wrong
    return _origin(parts) + (":*" if any_port else "")


def parse_public_url(text: str) -> str:
    """Return the URL of a public entrance: origin and path, without a slash at the end.

    Raises:
        Refusal: it is not an http or https URL, or has a query or a fragment.
    """
    wrong = Refusal(
        f"{text!r} is not a public URL; write it with http:// or https:// before it, like https://chat.example.org "
        "or https://example.org/chat"
    )
    parts = _split_url(text, wrong)
    if parts.query or parts.fragment:
        raise wrong
    return _origin(parts) + parts.path.rstrip("/")


def _split_url(text: str, wrong: Refusal) -> SplitResult:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise wrong from None
    host = parts.hostname or ""
    if parts.scheme not in _DEFAULT_PORTS or not host or "@" in parts.netloc or port == 0:
        raise wrong
    if not text.isascii() or not text.isprintable() or " " in text or "*" in text:
        raise wrong
    return parts


def _origin(parts: SplitResult) -> str:
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    port = parts.port
    return f"{parts.scheme}://{host}" + (f":{port}" if port and port != _DEFAULT_PORTS[parts.scheme] else "")


def parse_endpoint(text: str) -> str:
    """Return a Twisted endpoint string as it is, if it may be one; whether it is one, only listening can tell.

    Raises:
        Refusal: it has no kind before a colon; for a bare port the endpoint that was meant is offered. Or its port or
            the address in ``interface`` can be none.
    """
    kind, colon, _ = text.partition(":")
    if kind and colon and not kind.isdigit():
        _check_port(text)
        return text
    meant = text.strip().strip(":")
    if _is_port(meant):
        raise Refusal(f"{text!r} is not an endpoint; did you mean 'tcp:{meant}'?")
    raise Refusal(f"{text!r} is not an endpoint, such as tcp:8080 or tcp:8080:interface=127.0.0.1")


def _check_port(text: str) -> None:
    """Refuse what no kind of TCP endpoint can listen on; how the parts stand: ``haproxy:tcp:PORT:NAME=VALUE:…``."""
    parts = [re.sub(r"\\(.)", r"\1", part) for part in _COLON.split(text)]
    while parts[0] == "haproxy":
        del parts[0]
    if not parts or parts[0] not in _TCP_KINDS:
        return
    options = dict(part.split("=", 1) for part in parts[1:] if "=" in part)
    port = options.get("port", parts[1] if len(parts) > 1 and "=" not in parts[1] else "")
    if not _is_port(port):
        raise Refusal(
            f"{text!r} is not a usable endpoint, such as tcp:8080: a port is a number from 0 to 65535"
        )
    interface = options.get("interface", "")
    if _LITERAL.fullmatch(interface) and not _is_address(interface):
        raise Refusal(f"{text!r} is not a usable endpoint: its interface {interface!r} is no address")


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 <= int(text) < 65_536


def parse_backend(text: str) -> str:
    """Return a backend's URL as it is; who makes backends of its scheme takes the rest apart.

    Raises:
        Refusal: it has no scheme; the text is not told, since there may be a password in it.
    """
    scheme, colon, _ = text.partition(":")
    if not colon or not scheme.isidentifier():
        raise Refusal("takes a URL such as memory: or sqlite:PATH or redis://host:port/db")
    return text


def without_password(url: str) -> str:
    """Return ``url`` with three stars in place of a password; one without comes back as it is."""
    before, at, after = url.rpartition("@")
    scheme, slashes, who = before.partition("://")
    user, colon, _ = who.partition(":")
    return f"{scheme}{slashes}{user}:***{at}{after}" if at and slashes and colon else url


def parse_element(text: str) -> str:
    """Return the dotted name of a factory.

    Raises:
        Refusal: it is not of the form package.module.factory.
    """
    parts = text.replace(":", ".").split(".")
    if len(parts) < 2 or not all(part.isidentifier() for part in parts):
        raise Refusal(f"{text!r} is no such name; write it like package.module.factory")
    return text


def parse_network(text: str) -> Network:
    """Return an address range from CIDR text; a bare address is a range of one.

    Raises:
        Refusal: it is no range, or has bits set below its mask.
    """
    try:
        return parse_range(text)
    except ValueError as error:
        reason = ": it has bits set below its mask" if "host bits" in str(error) else ""
        raise Refusal(f"{text!r} is not an address range like 10.0.0.0/8 or ::1{reason}") from None


def parse_prefix(text: str) -> str:
    """Return a path prefix with a slash before and none behind; "" for the root.

    Raises:
        Refusal: it has characters that would have to be escaped, or ``.`` and ``..`` as parts.
    """
    path = text.strip("/")
    path = f"/{path}" if path else ""
    if not _PREFIX.fullmatch(path) or {".", ".."} & set(path.split("/")):
        raise Refusal(f"{text!r} is not a path prefix; write it like /chat")
    return path


def each(values: Iterable[str], parse: Callable[[str], T]) -> tuple[T, ...]:
    """Return every value parsed, in order, each once."""
    return tuple(dict.fromkeys(map(parse, values)))


def nearest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """Return "; did you mean 'that'?" with the nearest of ``known``, or "" where none is near."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=cutoff)
    return f"; did you mean {near[0]!r}?" if near else ""
