"""Retention: what rooms keep for so long, or so many of, goes; and records that are over are swept away."""

from collections.abc import Callable
from functools import partial

from twistedchat.chat.rooms import Rooms
from twistedchat.interfaces import IBackend, IChannel

_ALL = 10**9


class Retention:
    """Tidies the store.

    Args:
        rooms: which rooms there are, and what each keeps.
        store: what is tidied.
        find_channel: returns an open channel or None.
        now: seconds since 1970.
    """

    def __init__(
        self,
        rooms: Rooms,
        store: IBackend,
        find_channel: Callable[[str], IChannel | None],
        now: Callable[[], float],
    ) -> None:
        self._rooms = rooms
        self._store = store
        self._find_channel = find_channel
        self._now = now

    async def tidy(self) -> int:
        """Forget what is over in every room, and records that are; return how many entries and records went.

        Raises:
            StoreUnavailable, StoreUnknown: some of it may be left for the next time.
        """
        gone = 0
        for room in list(self._rooms):
            if not room.keep_entries and not room.keep_s:
                continue
            keep = room.keep_entries or _ALL
            since = self._now() - room.keep_s if room.keep_s else 0.0
            log = self._find_channel(room.channel)
            trim = log.trim if log else partial(self._store.trim, room.channel)
            gone += await trim(keep, since)
        swept: int = await self._store.sweep(self._now())
        return gone + swept
