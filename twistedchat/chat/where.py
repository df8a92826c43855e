"""The names of the chat's channels: rooms, private chats, a person's own, the house's."""

import re

ALERTS = "house"

_PRIVATE = re.compile(r"private/([A-Za-z0-9_-]{16,64})\.([A-Za-z0-9_-]{16,64})\Z")


def user_channel(key: str) -> str:
    """Return the name of a person's own channel."""
    return f"user/{key}"


def private_channel(one: str, other: str) -> str:
    """Return the name of the private chat of two keys, the same in either order."""
    first, second = sorted((one, other))
    return f"private/{first}.{second}"


def private_pair(channel: str) -> tuple[str, str] | None:
    """Return the two keys of a private chat, or None where ``channel`` is no well-formed private chat."""
    found = _PRIVATE.match(channel)
    if found is None or private_channel(found[1], found[2]) != channel or found[1] == found[2]:
        return None
    return found[1], found[2]


def other_of(pair: tuple[str, str], key: str) -> str:
    """Return the one of two keys that is not ``key``."""
    return pair[1] if pair[0] == key else pair[0]
