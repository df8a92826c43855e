"""A chat room of live elements: whoever logs in hears what everyone says.

Run it in the folder that holds this package:  twistd -n chat --element=chatthing.chatterbox.chat
"""

import unicodedata
from collections import deque
from typing import Annotated, Any

from msgspec import Meta
from twisted.python.filepath import FilePath
from twisted.web.template import XMLFile

from twistedchat.core.errors import SafeError
from twistedchat.live.element import LiveElement, expose

Name = Annotated[str, Meta(max_length=1000)]
Text = Annotated[str, Meta(min_length=1, max_length=2000)]


class BadName(SafeError):
    """Nobody can be called so."""


class NameTaken(SafeError):
    """Somebody else who is here is called so."""


class AlreadyNamed(SafeError):
    """This page has logged in before."""


class NotLoggedIn(SafeError):
    """Only who has a name can say something."""


class RoomFull(SafeError):
    """There are as many chatters as there may be."""


class ChatRoom:
    """Everyone who is logged in.

    Args:
        most: how many may be here at once.

    Attributes:
        chatters: by their names, folded so that "Ann" and "ann" are the same.
    """

    def __init__(self, most: int = 500) -> None:
        self.chatters: dict[str, ChatterElement] = {}
        self._most = most
        self._news: deque[tuple[str, ...]] = deque()
        self._telling = False

    def makeChatter(self) -> "ChatterElement":
        """Return the element of one more page. It is nobody yet: the room hears of it when it logs in."""
        return ChatterElement(self)

    def enter(self, chatter: "ChatterElement", name: str) -> None:
        """Let a chatter in under a name.

        Raises:
            NameTaken: somebody has it, whose page is connected.
            RoomFull: there are too many.
        """
        former = self.chatters.get(name.casefold())
        if former is not None and former.client is not None:
            if former.client.attached:
                raise NameTaken(f"{name} is here already. Take another name.")
            former.client.close()  # a page that was reloaded, mostly; connectionLost follows at once
        if len(self.chatters) >= self._most:
            raise RoomFull("There are too many people here. Try again later.")
        self.chatters[name.casefold()] = chatter
        chatter.username = name
        self.tell("displayMessage", f"{name} has joined")

    def leave(self, name: str) -> None:
        """Forget who had this name."""
        del self.chatters[name.casefold()]
        self.tell("displayMessage", f"{name} has left")

    def tell(self, method: str, *args: str) -> None:
        """Call a method of everyone's widget, in the same order on every page."""
        self._news.append((method, *args))
        if self._telling:
            return  # somebody was lost while the others are told: that they left is told next
        self._telling = True
        try:
            while self._news:
                news = self._news.popleft()
                for chatter in list(self.chatters.values()):
                    chatter.notify(*news)
        finally:
            self._telling = False


class ChatterElement(LiveElement):
    """One page in the room.

    Attributes:
        username: by which it is known, or None before it has logged in.
    """

    jsClass = "ChatThing.ChatterWidget"
    docFactory: Any = XMLFile(FilePath(__file__).sibling("chatter.xml"))

    def __init__(self, room: ChatRoom) -> None:
        super().__init__()
        self.room = room
        self.username: str | None = None

    @expose
    def setUsername(self, username: Name) -> str:
        """Log in; return the name as everyone will see it."""
        if self.username is not None:
            raise AlreadyNamed(f"You are {self.username} already.")
        name = clean_name(username)
        self.room.enter(self, name)
        return name

    @expose
    def say(self, text: Text) -> None:
        """Say something to everyone."""
        if self.username is None:
            raise NotLoggedIn("Log in before you say something.")
        self.room.tell("displayUserMessage", self.username, text)

    def connectionLost(self, reason: str) -> None:
        """The page is gone for good."""
        name, self.username = self.username, None
        if name is not None:
            self.room.leave(name)


def clean_name(text: str) -> str:
    """Return a name that looks like no other.

    Raises:
        BadName: nothing is left of it, it is too long, or it has signs that nobody sees.
    """
    name = " ".join(unicodedata.normalize("NFKC", text).split())
    if not 1 <= len(name) <= 40 or not name.isprintable():
        raise BadName("A name has 1 to 40 letters, digits or signs.")
    return name


chat = ChatRoom().makeChatter
