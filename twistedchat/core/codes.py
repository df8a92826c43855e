"""Close codes of live sessions, as data: the range says what a client does next.

====================  =====================================================
4000 to 4099          stop: this client does not reconnect by itself
4100 to 4199          resume later: back off with jitter, then hello again
4200 to 4299          resume at once: hello again on a new session
====================  =====================================================

Codes below 4000 are SockJS's own (3000 "Go away!", 1002, 2010 ...): a live client treats them like 4100, since
they say only that this one pipe is gone.
"""

from dataclasses import dataclass
from enum import Enum


class Next(Enum):
    """What a client does after a close."""

    STOP = "stop"
    LATER = "later"
    NOW = "now"


@dataclass(frozen=True, slots=True)
class CloseCode:
    """One way for a session to end."""

    code: int
    reason: str

    @property
    def next(self) -> Next:
        """What the client does, from the code's range."""
        return next_step(self.code)


def next_step(code: int) -> Next:
    """Return what a client does after a close with ``code`` (any integer)."""
    if 4000 <= code <= 4099:
        return Next.STOP
    if 4200 <= code <= 4299:
        return Next.NOW
    return Next.LATER


BAD_HELLO = CloseCode(4001, "Bad hello")
BAD_MESSAGE = CloseCode(4002, "Bad message")
FORBIDDEN = CloseCode(4003, "Wrong secret")
REPLACED = CloseCode(4004, "Replaced by a newer connection")
STALE_HELLO = CloseCode(4005, "A newer hello was accepted already")
NO_SUCH_ROOT = CloseCode(4006, "No such element here")
CLOSED_BY_SERVER = CloseCode(4007, "Closed by the server")
NO_ELEMENT = CloseCode(4008, "The server could not make this page's element")
SHUTTING_DOWN = CloseCode(4101, "Restarting, resume soon")
OVERLOADED = CloseCode(4102, "Too busy, try again later")
OVERFLOW = CloseCode(4103, "Too much unread, start again")
GAP = CloseCode(4201, "Messages are missing, resume")
SILENT = CloseCode(4202, "Nothing heard, resume")
NO_HELLO = CloseCode(4203, "No hello in time")

ALL = (
    BAD_HELLO,
    BAD_MESSAGE,
    FORBIDDEN,
    REPLACED,
    STALE_HELLO,
    NO_SUCH_ROOT,
    CLOSED_BY_SERVER,
    NO_ELEMENT,
    SHUTTING_DOWN,
    OVERLOADED,
    OVERFLOW,
    GAP,
    SILENT,
    NO_HELLO,
)
