"""Rooms that are over: everyone is shown out, what was said is erased, the order and the room itself are forgotten."""

from collections.abc import Awaitable, Callable

from twisted.internet.defer import DeferredLock

from twistedchat.chat.begun import whole
from twistedchat.chat.faces import Faces
from twistedchat.chat.order import Orders
from twistedchat.chat.rooms import Rooms


class Removal:
    """Deletes rooms whole. The first thing that the store is told is that the room is over; from then on nobody finds it,
    nobody can make one of that name, and what a failing store left undone is done later, also after a restart.

    Args:
        rooms, orders, faces: what knows of a room.
        erase: lets a channel be over, and erases its log (``channels.Hub.erase``).
    """

    def __init__(
        self, rooms: Rooms, orders: Orders, faces: Faces, erase: Callable[[str], Awaitable[None]]
    ) -> None:
        self._rooms = rooms
        self._orders = orders
        self._faces = faces
        self._erase = erase
        self._lock = DeferredLock()

    @whole
    async def remove(self, channel: str, text: str) -> None:
        """Delete a room; who is in it is told ``text``. Idempotent while it is under way.

        Raises:
            NoSuchRoom: there is none.
            NotAllowed: it stands in the server's configuration.
            StoreUnavailable: nothing was done, or the rest is done later.
            StoreUnknown: it may have been done; nobody finds the room any more, and the rest is done later.
        """
        try:
            await self._rooms.condemn(channel)
        finally:
            if channel in self._rooms.condemned:
                for key in self._faces.inside(channel):
                    self._faces.show_out(key, channel, text)
        await self._finish(channel)

    async def finish(self) -> None:
        """Go on with every deletion that came to no end.

        Raises:
            StoreUnavailable, StoreUnknown: it can be tried again.
        """
        for channel in self._rooms.condemned:
            await self._finish(channel)

    async def _finish(self, channel: str) -> None:
        """The record of the room goes last: while it is there, a restart finds what is left to do."""
        await self._lock.acquire()
        try:
            if channel in self._rooms.condemned:
                await self._erase(channel)
                await self._orders.remove(channel)
                await self._rooms.forget(channel)
        finally:
            self._lock.release()
