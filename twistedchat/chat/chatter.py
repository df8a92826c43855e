"""The chat's face for pages: a live element, written with the public live API as an application of anyone's would be."""

from functools import partial
from typing import Annotated, Any

from msgspec import Meta
from twisted.python.failure import Failure
from zope.interface import implementer

from twistedchat.chat import commands
from twistedchat.chat.begun import finished, whole
from twistedchat.chat.chatter_contacts import ContactsChatter, Key
from twistedchat.chat.errors import Banned, NoSuchRoom, RoomFull
from twistedchat.chat.faces import IFace
from twistedchat.chat.house import NAMES_BURST, NAMES_PER_S, Chat, check_names
from twistedchat.chat.order import Role
from twistedchat.chat.people import NotLoggedIn, Visitor
from twistedchat.chat.tickets import MAX_TICKET_CHARS
from twistedchat.chat.tokens import MAX_TOKEN_CHARS
from twistedchat.chat.where import ALERTS, user_channel
from twistedchat.core.errors import StoreUnavailable, StoreUnknown
from twistedchat.core.presence import RETURN_S, TooManyPeople
from twistedchat.core.throttle import TokenBucket
from twistedchat.core.wire import ChannelName, MessageId
from twistedchat.interfaces import IChannel, IJoiner
from twistedchat.live.client import LiveClient
from twistedchat.live.element import expose
from twistedchat.live.reading import Joining, entry_wire, newest

SNAPSHOT = 50
PAGE_CHARS = 262_144  # of one page of history; a page's basket takes only so much

Name = Annotated[str, Meta(max_length=1000)]
Ticket = Annotated[str, Meta(max_length=MAX_TICKET_CHARS)]
Secret = Annotated[str, Meta(max_length=2000)]
Token = Annotated[str, Meta(max_length=MAX_TOKEN_CHARS)]
Nonce = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{22,64}\Z")]
Offset = Annotated[int, Meta(ge=1, le=2**53)]
Count = Annotated[int, Meta(ge=1, le=100)]


@implementer(IJoiner, IFace)
class Chatter(ContactsChatter):
    """One page in the chat. Its exposed methods are those of docs/protocol.md, section 9."""

    jsClass = "TwistedChat.Chatter"

    def __init__(self, chat: Chat, client_id: str, snapshot: int = SNAPSHOT) -> None:
        super().__init__()
        self._chat = chat
        self._client_id = client_id
        self._snapshot = snapshot
        self._visitor: Visitor | None = None
        self._turn = 0  # counts logins and logouts
        self._present: dict[str, IChannel] = {}
        self._names = TokenBucket(NAMES_PER_S, NAMES_BURST, chat.seconds())

    # --- who it is

    @expose
    async def login(
        self, name: Name | None = None, ticket: Ticket | None = None, password: Secret | None = None
    ) -> dict[str, Any]:
        """Log in: as the account ``name``, as the person of ``ticket``, or as a new guest called ``name``."""
        turn = self._next_turn()
        visitor = await self._chat.people.login(
            name, ticket, self._client_id, self._show_name, self._address(), password
        )
        self._be(visitor, turn)
        how = "guest" if ticket is None else "ticket"
        self._chat.logins[how if password is None else "password"] += 1
        return self._welcome(visitor)

    @expose
    async def register(self, name: Name, password: Secret) -> dict[str, Any]:
        """Make an account, and be it; a guest stays the same person."""
        turn = self._next_turn()
        visitor = await self._chat.people.register(
            name, password, self._client_id, self._show_name, self._address(), self._visitor
        )
        self._be(visitor, turn)
        return self._welcome(visitor)

    @expose
    async def vouched(self, token: Token, nonce: Nonce) -> dict[str, Any]:
        """Log in as whom a site vouches for."""
        turn = self._next_turn()
        visitor = await self._chat.people.vouched(
            token, nonce, self._client_id, self._show_name, self._address()
        )
        self._be(visitor, turn)
        self._chat.logins["token"] += 1
        return self._welcome(visitor)

    @expose
    async def changePassword(self, old: Secret, new: Secret) -> dict[str, Any]:
        """Set another password; other tickets of the account are void then, and its other pages logged out."""
        visitor = self._me()
        await self._change_password(visitor, old, new)
        return self._welcome(visitor)

    @whole
    async def _change_password(self, visitor: Visitor, old: str, new: str) -> None:
        """The others are logged out also where it may have been changed: it costs them a login, or a thief the account."""
        try:
            await self._chat.people.change_password(visitor, self._client_id, old, new)
        except StoreUnknown:
            self._log_others_out(visitor)
            raise
        self._log_others_out(visitor)

    def _log_others_out(self, visitor: Visitor) -> None:
        self._chat.faces.log_out(visitor.person.key, "the password was changed; log in again", but=self)

    def _next_turn(self) -> int:
        self._not_too_often()
        self._turn += 1
        return self._turn

    def _be(self, visitor: Visitor, turn: int) -> None:
        """Be ``visitor``, and nobody else; but for a page that is gone, or has logged in or out anew meanwhile."""
        if turn != self._turn or self.client is None:
            if visitor is not self._visitor:
                self._chat.people.logout(visitor, self._client_id)
            raise NotLoggedIn("there was another login or logout meanwhile")
        if self._visitor is not None and self._visitor is not visitor:
            self._leave_all()
            self._chat.online.left(self._visitor.person.key, self._client_id)
            self._forget(self._visitor)
        self._visitor = visitor
        self._chat.faces.add(visitor.person.key, self)
        self._come_online(visitor)

    @expose
    async def rename(self, name: Name) -> dict[str, Any]:
        """Take another name, in every room at once."""
        visitor = self._me()
        await self._chat.rename(visitor, name)
        return self._welcome(visitor)

    @expose
    def logout(self) -> None:
        """Leave every room, and be nobody."""
        self._turn += 1
        visitor, self._visitor = self._visitor, None
        if visitor is not None:
            self._leave_all(visitor)
            self._chat.online.left(visitor.person.key, self._client_id)
            self._forget(visitor)

    def loggedOut(self, text: str) -> None:
        """See IFace."""
        self.logout()
        self.notify("loggedOut", text)

    def _forget(self, visitor: Visitor) -> None:
        self._chat.faces.discard(visitor.person.key, self)
        self._chat.people.logout(visitor, self._client_id)

    def _address(self) -> str:
        return self.client.peer if self.client is not None else ""

    def _not_too_often(self) -> None:
        """A new guest may talk as fast as anyone: so not one after the other."""
        check_names(self._names.take(self._chat.seconds()))

    def _welcome(self, visitor: Visitor) -> dict[str, Any]:
        person = visitor.person
        return {
            "you": (person.key, person.name),
            "kind": visitor.kind,
            "ticket": self._chat.people.ticket(visitor, self._client_id),
            "rooms": self._chat.listed(),
            "channels": [user_channel(person.key), ALERTS],
        }

    def _me(self) -> Visitor:
        if self._visitor is None:
            raise NotLoggedIn("log in first")
        return self._visitor

    # --- rooms and people

    @expose
    def rooms(self) -> list[tuple[str, str, int]]:
        """Return the rooms to choose from."""
        self._me()
        return self._chat.listed()

    @expose
    async def openRoom(self, name: Name) -> str:
        """Make a room, or find it; return its channel."""
        room = await self._chat.open_room(self._me(), name)
        return room.channel

    @expose
    async def people(self, channel: ChannelName, after: Key | None = None) -> list[tuple[str, str]]:
        """Return a page of the people in a room, by name."""
        page = await self._chat.people_in(self._me(), channel, after, 200)
        return [(person.key, person.name) for person in page]

    # --- what is said

    @expose
    async def say(self, channel: ChannelName, id: MessageId, text: str) -> int:
        """Post a message once; return its offset."""
        posted = await self._chat.say(self._me(), channel, id, text)
        return posted.entry.offset

    @expose
    async def edit(self, channel: ChannelName, id: MessageId, offset: Offset, text: str) -> int:
        """Let a message of one's own say something else; return the offset of the change."""
        posted = await self._chat.edit(self._me(), channel, id, offset, text)
        return posted.entry.offset

    @expose
    async def delete(self, channel: ChannelName, id: MessageId, offset: Offset) -> int:
        """Take a message back, a moderator anyone's; return the offset of the change."""
        posted = await self._chat.delete(self._me(), channel, id, offset)
        return posted.entry.offset

    @expose
    async def history(self, channel: ChannelName, before: Offset, limit: Count = 50) -> list[Any]:
        """Return entries before an offset, oldest first; none where the log begins."""
        page = await self._chat.history(self._me(), channel, before, limit)
        return [entry_wire(entry) for entry in newest(page, PAGE_CHARS) or page[-1:]]

    @expose
    async def typing(self, channel: ChannelName) -> None:
        """Tell the others that one types."""
        await self._chat.typing(self._me(), channel)

    @expose
    async def command(self, channel: ChannelName, id: MessageId, line: str) -> dict[str, Any]:
        """Do what a line that begins with a slash says; return what only this visitor is told."""
        visitor = self._me()
        before = visitor.person
        text = await commands.run(self._chat, visitor, channel, id, line)
        told: dict[str, Any] = {"text": text}
        return told if visitor.person == before else told | {"welcome": self._welcome(visitor)}

    def shownOut(self, channel: str, text: str) -> None:
        """See IFace."""
        reads = self.client is not None and self.client.reading.get(channel) is not None
        if channel not in self._present and not reads:
            return  # it is not there: nobody is bothered from a room that they are not in
        self.leaving(channel)
        if self.client is not None:
            self.client.unsubscribe(channel, "removed")
        self.notify("shownOut", channel, text)

    def hidden(self, channel: str) -> None:
        """See IFace."""
        self.leaving(channel)

    # --- joining

    async def joining(self, name: str) -> Joining:
        """Let the page into the channel ``name``; see IJoiner."""
        visitor = self._me()
        channel = await self._chat.enter(visitor, name)
        self._still(visitor)
        holds = partial(self._is, visitor)
        if name == ALERTS:
            return Joining(channel, tail=0, holds=holds)  # an old alert is no alert
        if name == user_channel(visitor.person.key):
            return Joining(channel, tail=self._snapshot, holds=holds)
        info = await self._info(name, visitor)
        hidden = await self._chat.privates.hides(visitor, name)
        self._still(visitor)
        if not hidden:
            self._enter(visitor, channel)
            holds = partial(self._is_in, visitor, name)
        return Joining(channel, info, self._snapshot, holds)

    def _still(self, visitor: Visitor) -> None:
        """It took time: the page may be somebody else by now, or away."""
        if self._visitor is not visitor or self.client is None or not self.client.attached:
            raise NotLoggedIn("log in first")

    def _is(self, visitor: Visitor) -> bool:
        return self._visitor is visitor

    def _is_in(self, visitor: Visitor, name: str) -> bool:
        return self._visitor is visitor and name in self._present

    def leaving(self, name: str) -> None:
        """The page leaves the channel ``name``; see IJoiner."""
        channel = self._absent(name)
        if channel is not None and self._visitor is not None:
            channel.leave(self._visitor.person.key, self._client_id)

    def _absent(self, name: str) -> IChannel | None:
        self._chat.faces.left(name, self)
        return self._present.pop(name, None)

    async def _info(self, name: str, visitor: Visitor) -> dict[str, Any]:
        other = await self._chat.privates.other(name, visitor)
        if other is not None:
            return {"kind": "private", "title": other.name, "person": (other.key, other.name)}
        role = await self._chat.role(visitor, name)
        room = self._chat.rooms.find(name)
        if room is None:
            raise NoSuchRoom("there is no such room")
        info = {"kind": "room", "title": room.title, "access": str(room.kind), "topic": room.topic}
        return info if role is Role.NOBODY else info | {"role": role.name.lower()}

    def _enter(self, visitor: Visitor, channel: IChannel) -> None:
        try:
            channel.enter(visitor.person, self._client_id, self._chat.just_started(RETURN_S))
        except TooManyPeople:
            raise RoomFull("this room is full") from None
        self._present[channel.name] = channel
        self._chat.faces.entered(channel.name, visitor.person.key, self)

    def _show_name(self) -> None:
        """Be here under the present name, in every room that has a place; whose grace is over loses theirs to others."""
        visitor = self._visitor
        if visitor is None or self.client is None or not self.client.attached:
            return
        self._come_online(visitor)
        for name, channel in list(self._present.items()):
            try:
                self._enter(visitor, channel)
            except RoomFull:
                self._absent(name)
                self.client.unsubscribe(name, "removed")

    def _come_online(self, visitor: Visitor) -> None:
        if self.client is not None and self.client.attached:
            self._chat.online.came(visitor.person, self._client_id)

    def _leave_all(self, visitor: Visitor | None = None) -> None:
        visitor = visitor or self._visitor
        for name, channel in list(self._present.items()):
            if visitor is not None:
                channel.leave(visitor.person.key, self._client_id)
            if self.client is not None:
                self.client.unsubscribe(name, "removed")
            self._absent(name)
        if self.client is not None:
            for name in self.client.reading.names:
                self.client.unsubscribe(name, "removed")

    # --- coming and going

    def clientDetached(self) -> None:
        """The page lost its connection: the grace begins in every room."""
        self._away()

    def clientAttached(self) -> None:
        """The page is back, maybe from another network."""
        visitor = self._visitor
        moved = visitor is not None and self._chat.people.moved(visitor, self._client_id, self._address())
        self._show_name()
        if visitor is not None and moved:
            for name in list(self._present):
                finished(self._look_again(visitor, name)).addErrback(_ignored)

    async def _look_again(self, visitor: Visitor, name: str) -> None:
        """Its new address may be banned in the room ``name``."""
        try:
            await self._chat.may_enter(visitor, name)
        except (Banned, NoSuchRoom) as error:
            if self._visitor is visitor:
                self.shownOut(name, error.text)

    def connectionLost(self, reason: str) -> None:
        """The page is gone; a reload has its grace to come back as the same person."""
        self._away()
        for name in list(self._present):
            self._absent(name)
        if self._visitor is not None:
            self._forget(self._visitor)

    def _away(self) -> None:
        if self._visitor is None:
            return
        self._chat.online.away(self._visitor.person.key, self._client_id)
        for channel in self._present.values():
            channel.away(self._visitor.person.key, self._client_id)


def _ignored(failure: Failure) -> None:
    """The store is away: what is said is asked about again."""
    failure.trap(StoreUnavailable)


def make_chatters(chat: Chat, snapshot: int = SNAPSHOT) -> Any:
    """Return the factory of the root element ``"chat"``: one Chatter per live client."""

    def make_chatter(client: LiveClient) -> Chatter:
        return Chatter(chat, client.id, snapshot)

    return make_chatter
