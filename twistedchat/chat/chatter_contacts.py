"""The part of the face for pages that is about contacts, blocking and the list of private chats."""

from typing import Annotated, Any

from msgspec import Meta

from twistedchat.chat.contacts import wire_form
from twistedchat.chat.house import Chat
from twistedchat.chat.visitors import Visitor
from twistedchat.live.element import LiveElement, expose

Key = Annotated[str, Meta(max_length=64)]


class ContactsChatter(LiveElement):
    """See the module; ``Chatter`` is all of it. Its exposed methods are those of docs/protocol.md, section 9."""

    _chat: Chat

    def _me(self) -> Visitor:
        """Return who is logged in here.

        Raises:
            NotLoggedIn.
        """
        raise NotImplementedError

    @expose
    async def contacts(self) -> list[tuple[str, str, str, bool]]:
        """Return all contacts: key, name, state, and of friends whether they are online."""
        return [wire_form(one) for one in await self._chat.contacts.of(self._me())]

    @expose
    async def askContact(self, key: Key) -> str:
        """Ask somebody to be a contact, or accept where they asked; return the state."""
        return str(await self._chat.contacts.ask(self._me(), key))

    @expose
    async def removeContact(self, key: Key) -> str:
        """End a contact, refuse a request, or take back one's own; return the state."""
        return str(await self._chat.contacts.remove(self._me(), key))

    @expose
    async def block(self, key: Key) -> str:
        """Talk with somebody no more; return the state."""
        return str(await self._chat.contacts.block(self._me(), key))

    @expose
    async def unblock(self, key: Key) -> str:
        """Talk with somebody again; return the state."""
        return str(await self._chat.contacts.unblock(self._me(), key))

    @expose
    async def privates(self) -> list[tuple[str, tuple[str, str], int, float]]:
        """Return the newest private chats: channel, the other one, the last offset, and when something was said."""
        listed = await self._chat.privates.listed(self._me())
        return [(channel, (kept.key, kept.name), head, kept.at) for channel, kept, head in listed]

    @expose
    async def private(self, key: Key) -> str:
        """Open the private chat with a person, on both sides; return its channel."""
        return await self._chat.open_private(self._me(), key)

    def told(self, method: str, *args: Any) -> None:
        """See IFace."""
        self.notify(method, *args)
