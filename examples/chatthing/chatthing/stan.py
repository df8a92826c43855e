"""The same chat room with its template written in Python.

Run it in the folder that holds this package:  twistd -n chat --element=chatthing.stan.chat
"""

from typing import Any

from twisted.web.template import Tag, TagLoader, tags

from chatthing.chatterbox import ChatRoom, ChatterElement


def field(label: str, name: str, most: int, autocomplete: str) -> Tag:
    """Return a labelled input."""
    return tags.label(label, tags.input(class_=name, maxlength=str(most), autocomplete=autocomplete))


TEMPLATE = tags.div(
    tags.form(
        field("Your name: ", "chat-name", 40, "nickname"),
        tags.button("Log in"),
        class_="chat-login",
    ),
    tags.div(
        tags.p("Logged in as ", tags.strong(class_="chat-username")),
        tags.div(class_="chat-lines", role="log", **{"aria-label": "What was said"}),
        tags.form(
            field("Say: ", "chat-text", 2000, "off"),
            tags.button("Send"),
            class_="chat-say",
        ),
        class_="chat-room",
        hidden="hidden",
    ),
    tags.p(class_="chat-problem", role="alert"),
    class_="chatthing",
)


class StanChatterElement(ChatterElement):
    """A chatter whose markup comes from tags."""

    docFactory: Any = TagLoader(TEMPLATE)


class StanChatRoom(ChatRoom):
    """A chat room with such chatters."""

    def makeChatter(self) -> ChatterElement:
        """Return the element of one more page."""
        return StanChatterElement(self)


chat = StanChatRoom().makeChatter
