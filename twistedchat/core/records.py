"""Records: small JSON documents that a store keeps beside the logs, found by kind and key, changed several at once."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Record:
    """One document as a store has it.

    Attributes:
        kind: what it is, for example ``room``; a few lower case letters.
        key: which one; unique in its kind.
        value: JSON text.
        version: a number above every one that this key ever had before.
        until: seconds since 1970 after which it may be swept away, or None. Until then it is there, over or not.
    """

    kind: str
    key: str
    value: str
    version: int
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A record that is to be written or removed.

    Attributes:
        kind, key, until: as in Record.
        value: JSON text, or None to remove it; removing what is not there is no error.
        expected: the version that it must have: 0 for "is not there"; None for whatever it has.
    """

    kind: str
    key: str
    value: str | None
    expected: int | None = None
    until: float | None = None


async def every(
    page: "Callable[[str, str, str, int], Awaitable[list[Record]]]",
    kind: str,
    prefix: str = "",
    at_once: int = 500,
) -> AsyncIterator[Record]:
    """Yield every record of a kind whose key is longer than ``prefix`` and begins with it, by key.

    Args:
        page: reads a page (``IBackend.page``).
        kind: of the records.
        prefix: of their keys.
        at_once: records that are asked for at once.

    Raises:
        What ``page`` does.
    """
    after = prefix
    while records := await page(kind, prefix, after, at_once):
        for record in records:
            yield record
        after = records[-1].key
