"""What an address is, from its text."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

_HOME_BITS = 64  # of IPv6: what one customer gets at least, so all of it counts as one address


def is_loopback(host: str) -> bool:
    """Say whether ``host`` is an address of this machine's loopback; names and other texts are not."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


@lru_cache(maxsize=4096)  # the same few come again and again
def home(host: str) -> str:
    """Return what bounds per address count by: an IPv4 address, an IPv6 network of 64 bits, any other text as it is."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return host if address.is_loopback else str(ip_network((address, _HOME_BITS), strict=False))
