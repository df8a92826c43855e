"""Errors with a meaning for the caller. A ``SafeError`` may be told to a page: its class name and its text."""

from twistedchat.core.codes import CloseCode


class SafeError(Exception):
    """An error whose class name and text may cross the wire.

    Attributes:
        text: what the visitor is told.
        retry_s: seconds after which the same thing may succeed, or None.
    """

    def __init__(self, text: str = "", retry_s: float | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.retry_s = retry_s


class IdReused(SafeError):
    """The same id came from the same identity with another body."""


class StoreUnavailable(SafeError):
    """The store cannot be reached; nothing was done."""


class StoreUnknown(SafeError):
    """The store did not answer in time; it may have been done: ask again with the same id."""


class Conflict(SafeError):
    """A record is not as it was expected; nothing was changed. Read it again."""


class TooFast(SafeError):
    """Too many in too short a time; ``retry_s`` says when to try again."""


class NotExposed(SafeError):
    """The method is not exposed."""


class BadArguments(SafeError):
    """The arguments do not fit the method."""


class NoSuchElement(SafeError):
    """The element is gone, or never was."""


class TooManySessions(Exception):
    """The process, or one address, holds as many sessions as it may."""


class ProtocolError(Exception):
    """The peer broke the protocol.

    Attributes:
        code: a ``codes.CloseCode`` for the session's end.
    """

    def __init__(self, code: CloseCode, detail: str = "") -> None:
        super().__init__(detail)
        self.code = code
