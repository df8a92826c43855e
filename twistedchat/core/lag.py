"""A process that stood still must not judge others by the time that it missed."""

# A timer that comes later than this was held up by more than a busy turn.
_STALL_S = 1.0


class Lag:
    """Tells whether a timer was held up so long that the sockets should be read once before deadlines are judged.

    What clients sent meanwhile waits in the sockets' buffers, unread. Of two calls in a row at most one is excused, so a
    process that is slow for good judges all the same.
    """

    __slots__ = ("_due", "_excused")

    def __init__(self) -> None:
        self._due = 0.0
        self._excused = False

    def armed(self, due: float) -> None:
        """The timer is set for ``due``, in seconds on the clock of ``excuses``."""
        self._due = due

    def excuses(self, now: float) -> bool:
        """Say whether to come back after one turn of the reactor instead of judging at ``now``."""
        self._excused = not self._excused and now - self._due > _STALL_S
        return self._excused
