"""Hosts and addresses as requests name them, and whose word is taken for them."""

import socket
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import urlsplit

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IAddress

from twistedchat.config import Network
from twistedchat.core.addresses import parse_address


class Hosts:
    """Which Host headers are ours; others get 421, so that a name rebound to our address reaches nothing.

    With public URLs only their hosts are ours; without, any IP literal, localhost and this machine's names. Ports do
    not matter: whoever controls a port of ours already sits here.
    """

    __slots__ = ("_any_literal", "_names")

    def __init__(self, public_urls: Iterable[str]) -> None:
        names = {urlsplit(url).hostname or "" for url in public_urls}
        self._any_literal = not names
        self._names = names or {"localhost", *_machine_names()}

    def ours(self, host: str) -> bool:
        """Say whether a Host header names us."""
        name = _host_name(host)
        if name is None:
            return False
        return (
            name in self._names
            or name.rstrip(".") in self._names
            or (self._any_literal and parse_address(name) is not None)
        )

    def literal(self, host: str) -> bool:
        """Say whether a Host header names an address or localhost: no name that could have been led to us."""
        name = _host_name(host)
        return name is not None and (name == "localhost" or parse_address(name) is not None)


class Proxies:
    """The proxies whose word is taken for a visitor's address and scheme."""

    __slots__ = ("_networks",)

    def __init__(self, networks: Iterable[Network]) -> None:
        self._networks = tuple(networks)

    def trust(self, host: str | None) -> bool:
        """Say whether ``host``, an address as text, is a trusted proxy's."""
        known = parse_address(host or "")
        return known is not None and any(known in network for network in self._networks)

    def visitor(self, address: IAddress, forwarded: str) -> IAddress:
        """Return who is behind ``address``: if it is a trusted proxy, the last in X-Forwarded-For that is none.

        ``address`` itself where that header, ``forwarded``, is empty or makes no sense.
        """
        if not forwarded or not self.trust(getattr(address, "host", None)):
            return address
        host = None
        for text in reversed(forwarded.split(",")):
            said = parse_address(text.strip())
            if said is None:
                break
            host = said
            if not self.trust(str(host)):
                break
        if host is None:
            return address
        kind = IPv6Address if host.version == 6 else IPv4Address
        return kind("TCP", str(host), getattr(address, "port", 0))

    def secure(self, address: IAddress, forwarded: str, itself: bool) -> bool:
        """Say whether the visitor came over https.

        Args:
            address: who is connected to us.
            forwarded: its X-Forwarded-Proto, which counts if it is a trusted proxy; empty without one.
            itself: whether that connection is secure.
        """
        if not forwarded or not self.trust(getattr(address, "host", None)):
            return itself
        return forwarded.strip().lower() == "https"


@lru_cache(maxsize=1024)  # the same few come with every request
def _host_name(host: str) -> str | None:
    """Return the lower-case name of a Host header without its port; None where it is malformed."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return None
    if parts.path or parts.query or parts.fragment or "@" in host:
        return None
    return parts.hostname


def _machine_names() -> set[str]:
    """The names of this machine, without asking any server."""
    name = socket.gethostname().lower()
    short = name.partition(".")[0]
    return {name, short, f"{short}.local"} - {""}
