"""What an address is, from its text."""

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Say whether ``host`` is an address of this machine's loopback; names and other texts are not."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
