"""One SockJS session as a pure state machine: no sockets, no clock.

Time comes in as ``now`` (seconds, any origin); ``deadline`` says when ``tick`` is next due. Messages go out through a
receiver, events to an application, requests for attention to a driver. Three rules keep it simple:

* what needs the time, but is called from an application (``send`` on a poll, ``close``), only marks the session dirty;
  the driver calls ``flush(now)`` at the end of the reactor's turn, so one poll carries all of a turn;
* a delivery to a writable stream is one form lookup and one write;
* the application hears ``closed`` exactly once and never from inside its own call.

Source: the SockJS 0.3 protocol, and what its issue 91 says about late polls.
"""

import math
from collections.abc import Sequence
from enum import Enum

from twistedchat.core.frames import HEARTBEAT, OPEN, Prepared
from twistedchat.core.parties import Application, Driver, Receiver
from twistedchat.core.policy import MountPolicy


class State(Enum):
    """Where a session is in its life."""

    NEW = "new"
    OPEN = "open"
    CLOSED = "closed"
    GONE = "gone"


# NEW: no client was told ``o`` yet. OPEN: messages flow. CLOSED: whoever comes gets what waits and then the close
# frame. GONE: forgotten, the id is free.
TRANSITIONS: dict[State, frozenset[State]] = {
    State.NEW: frozenset({State.OPEN}),
    State.OPEN: frozenset({State.CLOSED}),
    State.CLOSED: frozenset({State.GONE}),
    State.GONE: frozenset(),
}

NEVER = math.inf
INTERRUPTED = (1002, "Connection interrupted")
CONFLICT = (2010, "Another connection still open")
OVERFLOW = (1013, "Too much unread")


class Session:
    """One connection as the application sees it, over any number of receivers one after another.

    Attributes:
        state: a ``State``.
        deadline: when ``tick`` is due, ``NEVER`` if not at all.
        wheel_slot: the timer wheel's own mark.
        writable: True when a message sent now goes to the client at once. On a poll it stays True to the end of the turn.
    """

    __slots__ = (
        "_app",
        "_close",
        "_dirty",
        "_driver",
        "_lingers",
        "_outbox",
        "_policy",
        "_receiver",
        "_told",
        "_waiting",
        "deadline",
        "state",
        "wheel_slot",
        "writable",
    )

    def __init__(self, policy: MountPolicy, app: Application, driver: Driver, lingers: bool = True) -> None:
        """Make a session that waits for its first receiver.

        Args:
            lingers: False where the session is one connection (WebSocket): it is gone with its receiver.
        """
        self.state = State.NEW
        self.deadline = NEVER
        self.wheel_slot: int | None = None
        self.writable = False
        self._policy = policy
        self._app = app
        self._driver = driver
        self._lingers = lingers
        self._receiver: Receiver | None = None
        self._outbox: list[Prepared] = []
        self._waiting = 0
        self._close: tuple[int, str] | None = None
        self._dirty = False
        self._told = False

    @property
    def receiver(self) -> Receiver | None:
        """The receiver attached now, or None."""
        return self._receiver

    @property
    def close_reason(self) -> tuple[int, str] | None:
        """Code and reason of the close, or None while it is open."""
        return self._close

    # --- from the application

    def send(self, prepared: Prepared) -> None:
        """Send messages: at once on a writable stream, else queued. Nothing happens on a closed session."""
        if self.writable:
            receiver = self._receiver
            assert receiver is not None
            if receiver.streaming:
                receiver.write(prepared.form(receiver.envelope))
                if receiver.room <= 0:
                    self._set_writable(False)
                    self._mark()
                return
            self._queue(prepared)
            self._mark()
            if self._waiting >= self._policy.piece_bytes:
                self._set_writable(False)
        elif self.state is State.OPEN:
            self._queue(prepared)

    def close(self, code: int, reason: str) -> None:
        """Close after what was sent before. The first call counts."""
        if self.state is State.OPEN:
            self._end_of_life(code, reason)
            self._mark()

    def abort(self) -> None:
        """Drop the client's connection and what waits for it."""
        if self.state is not State.OPEN:
            return
        receiver, self._receiver = self._receiver, None
        self._drop_outbox()
        self._end_of_life(*INTERRUPTED)
        if receiver is not None:
            receiver.abort()
        self._mark()

    # --- from the client

    def attach(self, receiver: Receiver, now: float) -> None:
        """Give the session a receiver; on a new session it is told ``o`` and then the application ``opened``."""
        if self._receiver is not None and not self._give_way(receiver):
            return
        self._receiver = receiver
        if self.state is State.NEW:
            self._open(receiver, now)
        elif self.state is State.OPEN:
            hold_s = None if receiver.streaming else self._policy.hold_s
            self._set_deadline(now + (self._policy.heartbeat_s if hold_s is None else hold_s))
        self._pump(now)

    def receive(self, messages: Sequence[str]) -> bool:
        """Take messages from the client; return False when the session is closed and they were ignored."""
        if self.state is not State.OPEN:
            return False
        self._app.received(messages)
        return True

    def gone(self, receiver: Receiver, now: float) -> None:
        """The client cut ``receiver``; a receiver that is not the current one is ignored."""
        if receiver is not self._receiver:
            return
        self._receiver = None
        if self.state is State.OPEN and self._lingers and self._policy.abort == "keep":
            self._detached(now)
        else:
            self._lose(now)

    def paused(self, receiver: Receiver, now: float) -> None:
        """The client's connection is full; it has ``stall_s`` to read."""
        if receiver is self._receiver:
            self._set_writable(False)
            if self.state is State.OPEN:
                self._set_deadline(now + self._policy.stall_s)

    def resumed(self, receiver: Receiver, now: float) -> None:
        """The client's connection has room again."""
        if receiver is self._receiver:
            if self.state is State.OPEN:
                self._set_deadline(now + self._policy.heartbeat_s)
            self._pump(now)

    # --- from the driver

    def flush(self, now: float) -> None:
        """Do what was put off to the end of the turn. Harmless when nothing was."""
        self._dirty = False
        if self._close is not None and not self._told:
            self._tell_closed(now)
        if self._receiver is not None:
            self._pump(now)
        elif self.state is State.CLOSED and not self._lingers:
            self._forget()

    def tick(self, now: float) -> None:
        """Do what ``deadline`` asked for; before it nothing happens."""
        if now < self.deadline:
            return
        receiver = self._receiver
        if self.state is State.CLOSED:
            self._receiver = None
            if receiver is not None:
                receiver.abort()
            self._forget()
        elif receiver is None:
            self._lose(now)
        elif not receiver.writable:
            self._receiver = None
            receiver.abort()
            self._lose(now)
        else:
            self._beat(receiver, now)

    # --- inside

    def _move(self, state: State) -> None:
        assert state in TRANSITIONS[self.state], f"{self.state} to {state}"
        self.state = state

    def _open(self, receiver: Receiver, now: float) -> None:
        self._move(State.OPEN)
        if not receiver.envelope.bare:
            receiver.write(receiver.envelope.wrap(OPEN))
        self._set_deadline(now + self._policy.heartbeat_s)
        if receiver.room > 0:
            self._set_writable(True)
        else:
            self._let_go(receiver, now)
        self._app.opened()

    def _give_way(self, receiver: Receiver) -> bool:
        """Settle a conflict; return True when ``receiver`` may have the session."""
        old = self._receiver
        assert old is not None
        if self._policy.conflict == "refuse":
            receiver.close(*CONFLICT)
            return False
        self._receiver = None
        if old.writable:
            old.close(*CONFLICT)
        else:
            old.abort()
        return True

    def _queue(self, prepared: Prepared) -> None:
        self._outbox.append(prepared)
        self._waiting += prepared.size
        if self._waiting > self._policy.outbox_bytes or len(self._outbox) > self._policy.outbox_messages:
            self._drop_outbox()
            self._end_of_life(*OVERFLOW)
            self._mark()

    def _drop_outbox(self) -> None:
        self._outbox = []
        self._waiting = 0

    def _next_piece(self) -> Prepared:
        """Take from the outbox as many sends as make a frame of about ``piece_bytes``; at least one."""
        outbox, size, count = self._outbox, 0, 0
        for prepared in outbox:
            if count and size + prepared.size > self._policy.piece_bytes:
                break
            size += prepared.size
            count += 1
        piece = outbox[:count]
        del outbox[:count]
        self._waiting -= size
        return Prepared.joined(piece)

    def _pump(self, now: float) -> None:
        """Write what waits, end the receiver where it is full or the session is over, say what is writable."""
        receiver = self._receiver
        if receiver is None:
            return
        while self._outbox and receiver.writable and receiver.room > 0:
            receiver.write(self._next_piece().form(receiver.envelope))
        if receiver.room <= 0:
            self._let_go(receiver, now)
        elif not receiver.writable:
            self._set_writable(False)
        elif self._close is not None:
            self._say_goodbye(receiver)
        else:
            self._set_writable(True)

    def _let_go(self, receiver: Receiver, now: float) -> None:
        self._receiver = None
        self._set_writable(False)
        receiver.end()
        if self.state is State.OPEN:
            self._detached(now)

    def _say_goodbye(self, receiver: Receiver) -> None:
        assert self._close is not None
        self._receiver = None
        receiver.close(*self._close)
        if not self._lingers and self._told:
            self._forget()

    def _beat(self, receiver: Receiver, now: float) -> None:
        self._set_deadline(now + self._policy.heartbeat_s)
        if receiver.envelope.bare:
            return
        receiver.write(receiver.envelope.wrap(HEARTBEAT))
        if receiver.room <= 0:
            self._let_go(receiver, now)

    def _detached(self, now: float) -> None:
        self._set_writable(False)
        self._set_deadline(now + self._policy.disconnect_delay_s)

    def _lose(self, now: float) -> None:
        """The client is not there any more."""
        self._drop_outbox()
        if self.state is State.OPEN:
            self._end_of_life(*INTERRUPTED)
        if not self._told:
            self._tell_closed(now)
        if not self._lingers:
            self._forget()

    def _end_of_life(self, code: int, reason: str) -> None:
        self._move(State.CLOSED)
        self._close = (code, reason)
        self._set_writable(False)

    def _tell_closed(self, now: float) -> None:
        assert self._close is not None
        self._told = True
        self._set_deadline(now + self._policy.linger_s)
        self._app.closed(*self._close)

    def _forget(self) -> None:
        if self.state is State.CLOSED:
            self._move(State.GONE)
            self.deadline = NEVER
            self._drop_outbox()
            self._driver.forget(self)

    def _set_writable(self, writable: bool) -> None:
        if writable is not self.writable:
            self.writable = writable
            self._app.writableChanged(writable)

    def _set_deadline(self, deadline: float) -> None:
        self.deadline = deadline
        self._driver.due(self)

    def _mark(self) -> None:
        if not self._dirty:
            self._dirty = True
            self._driver.dirty(self)
