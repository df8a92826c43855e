"""Sessions of this process, found by the id in a request's path."""

from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from zope.interface import implementer

from twistedchat.core.errors import TooManySessions
from twistedchat.interfaces import ISessionDirectory


@implementer(ISessionDirectory)
class MemoryDirectory:
    """A dictionary with a bound."""

    def __init__(self, max_sessions: int) -> None:
        self._sessions: dict[str, Any] = {}
        self._max_sessions = max_sessions

    def __len__(self) -> int:
        return len(self._sessions)

    def here(self, session_id: str) -> Any | None:
        """Return the session, or None."""
        return self._sessions.get(session_id)

    def find(self, session_id: str) -> "Deferred[Any]":
        """Fire at once with the session or None."""
        return succeed(self._sessions.get(session_id))

    def add(self, session_id: str, session: Any) -> "Deferred[None]":
        """Remember a session, or fail with TooManySessions."""
        if len(self._sessions) >= self._max_sessions:
            return fail(TooManySessions())
        self._sessions[session_id] = session
        return succeed(None)

    def discard(self, session_id: str) -> None:
        """Forget a session."""
        self._sessions.pop(session_id, None)
