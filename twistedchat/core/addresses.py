"""What an address is, from its text: one parser for limits, trusted proxies, bans and Host headers."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_HOME_BITS = 64  # of IPv6: what one customer gets at least, so all of it counts as one address
_MAPPED = IPv6Network("::ffff:0:0/96")


@lru_cache(maxsize=4096)  # the same few come again and again
def parse_address(text: str) -> Address | None:
    """Return the address that ``text`` is, or None where it is none.

    An IPv4 address that is mapped into IPv6 (``::ffff:192.0.2.1``, as a socket for both kinds tells it) is the IPv4
    address. An IPv6 address may stand in brackets, as in a URL, and loses its zone: who calls has no say in it.
    """
    if text.startswith("[") and text.endswith("]") and ":" in text:
        text = text[1:-1]
    try:
        address = ip_address(text.partition("%")[0] if ":" in text else text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def parse_range(text: str) -> Network:
    """Return the address range that ``text`` is, in CIDR; a bare address is a range of one, a mapped one IPv4's.

    Raises:
        ValueError: it is none, or has bits set below its mask.
    """
    network = ip_network(text)
    if isinstance(network, IPv6Network) and network.subnet_of(_MAPPED):
        mapped = network.network_address.ipv4_mapped
        assert mapped is not None
        return IPv4Network((mapped, network.prefixlen - _MAPPED.prefixlen))
    return network


def is_loopback(host: str) -> bool:
    """Say whether ``host`` is an address of this machine's loopback; names and other texts are not."""
    address = parse_address(host)
    return address is not None and address.is_loopback


@lru_cache(maxsize=4096)
def home(host: str) -> str:
    """Return what bounds per address count by: an IPv4 address, an IPv6 network of 64 bits, any other text as it is."""
    address = parse_address(host)
    if address is None:
        return host
    if isinstance(address, IPv4Address) or address.is_loopback:
        return str(address)
    return str(ip_network((address, _HOME_BITS), strict=False))
