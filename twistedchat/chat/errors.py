"""What the chat refuses, and says so: errors whose class and text a page may see."""

from twistedchat.core.errors import SafeError


class NoSuchRoom(SafeError):
    """There is no such room, or not for this person."""


class NoSuchPerson(SafeError):
    """Nobody who is here has this key or name."""


class NoSuchMessage(SafeError):
    """There is no such message, or it is gone."""


class RoomFull(SafeError):
    """As many people as a room may have are in it."""


class BadText(SafeError):
    """The text is empty or too long."""


class BadCommand(SafeError):
    """There is no such command, or it lacks something; the text says how it is written."""


class NotAllowed(SafeError):
    """Only others may do this; the text says who."""


class Banned(SafeError):
    """This person, or their address, may not be in the room; the text says until when."""


class Muted(SafeError):
    """This person may read and not write; the text says until when."""


class TooManyContacts(SafeError):
    """One of the two has as many contacts, or open requests, as they may have."""


class TooLate(SafeError):
    """A message can be changed for some time only."""
