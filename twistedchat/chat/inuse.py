"""Names in use: everyone here has one of their own at every moment, also while the store is asked about it."""

from collections.abc import Iterator
from contextlib import contextmanager

from twistedchat.chat.names import NameTaken, folded
from twistedchat.core.errors import TooFast

MOST_CLAIMED = 10_000
RETRY_S = 5.0


class NamesInUse:
    """Who here has which name, and who is about to.

    A name is compared folded. A claim holds a name for one person while the store is asked whether they may have it; the
    same person may claim it several times at once (two tabs), another one not at all.

    Args:
        most_claimed: claims at a time; one more is refused with TooFast.
    """

    def __init__(self, most_claimed: int = MOST_CLAIMED) -> None:
        self._most_claimed = most_claimed
        self._held: dict[str, str] = {}  # folded name -> key
        self._claimed: dict[str, tuple[str, int]] = {}  # folded name -> key, how often

    def holder(self, name: str) -> str | None:
        """Return the key of who here has ``name``."""
        return self._held.get(folded(name))

    @contextmanager
    def claim(self, name: str, key: str) -> Iterator[None]:
        """Keep everybody else from ``name`` for the time of a ``with``.

        Raises:
            NameTaken: somebody else has it, or is about to.
            TooFast: too many are about to have some name.
        """
        place = folded(name)
        by, times = self._claimed.get(place, (key, 0))
        if by != key or self._held.get(place, key) != key:
            raise taken(name)
        if not times and len(self._claimed) >= self._most_claimed:
            raise TooFast(f"too many come just now, try again in {RETRY_S:.0f} s", RETRY_S)
        self._claimed[place] = key, times + 1
        try:
            yield
        finally:
            by, times = self._claimed.pop(place)
            if times > 1:
                self._claimed[place] = by, times - 1

    def take(self, name: str, key: str) -> None:
        """Let the person ``key`` have ``name``, beside what they have.

        Raises:
            NameTaken: somebody else here has it.
        """
        if self._held.setdefault(folded(name), key) != key:
            raise taken(name)

    def give_up(self, name: str, key: str) -> None:
        """The person ``key`` has ``name`` no more. Idempotent; it may be another's by now."""
        if self._held.get(folded(name)) == key:
            del self._held[folded(name)]


def taken(name: str) -> NameTaken:
    """Return the error for a name that somebody has: somebody here, or an account; which is not told."""
    return NameTaken(f"somebody is called {name} already")
