"""Time for all sessions of a process: one timer wheel for their deadlines, one flush at the end of a reactor turn."""

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from twistedchat.core.lag import Lag
from twistedchat.core.session import Session
from twistedchat.core.wheel import Wheel

TICK_S = 0.1


class Clockwork:
    """Calls ``tick`` and ``flush`` of sessions. No timer per session or delivery; idle, it has no timer at all."""

    _log = Logger()

    def __init__(self, reactor: IReactorTime) -> None:
        self.now = reactor.seconds
        self._reactor = reactor
        self._wheel: Wheel[Session] = Wheel(reactor.seconds(), TICK_S)
        self._tick: IDelayedCall | None = None
        self._turn: IDelayedCall | None = None
        self._dirty: list[Session] = []
        self._lag = Lag()

    def dirty(self, session: Session) -> None:
        """Flush ``session`` at the end of this turn."""
        self._dirty.append(session)
        if self._turn is None:
            self._turn = self._reactor.callLater(0, self.flush)

    def due(self, session: Session) -> None:
        """The session's deadline has changed."""
        self._wheel.add(session)
        if self._tick is None and session.wheel_slot is not None:
            self._arm(TICK_S)

    def forget(self, session: Session) -> None:
        """The session needs no more time."""
        self._wheel.discard(session)

    def flush(self) -> None:
        """Flush every dirty session now."""
        if self._turn is not None and self._turn.active():
            self._turn.cancel()
        self._turn = None
        while self._dirty:
            dirty, self._dirty = self._dirty, []
            now = self.now()
            for session in dirty:
                try:
                    session.flush(now)
                except Exception:
                    self._log.failure("a session could not be flushed")
        if self._turn is not None and self._turn.active():
            self._turn.cancel()
        self._turn = None

    def stop(self) -> None:
        """Cancel every timer."""
        for call in (self._tick, self._turn):
            if call is not None and call.active():
                call.cancel()
        self._tick = self._turn = None

    def _arm(self, delay_s: float) -> None:
        self._tick = self._reactor.callLater(delay_s, self._advance)
        self._lag.armed(self.now() + delay_s)

    def _advance(self) -> None:
        self._tick = None
        now = self.now()
        if self._lag.excuses(now):
            self._arm(0)  # polls may wait in the sockets: they are read before their sessions are judged
            return
        for session in self._wheel.advance(now):
            try:
                session.tick(now)
            except Exception:
                self._log.failure("a session's deadline failed")
            self._wheel.add(session)
        if self._tick is None and len(self._wheel):
            self._arm(TICK_S)
