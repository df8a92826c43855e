"""One connection to Redis that is kept up: greeted, watched by a heartbeat, made again when it is lost.

txredisapi speaks the protocol. Its own factories are not used: they give up for good at a refused password, forget the
subscriptions of a connection that comes back, and never notice a Redis that stands still. Importing txredisapi installs the
reactor, so this module is imported only where a backend is made.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import txredisapi
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IDelayedCall, IReactorTime, IStreamClientEndpoint
from twisted.internet.protocol import Factory
from twisted.python.failure import Failure

FIRST_RETRY_S = 0.1


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is waited for what, in seconds.

    Attributes:
        answer_s: from a command's call to its answer.
        wait_s: of that, how long a command waits for a connection; it is not sent afterwards.
        heartbeat_s: a PING this often on each connection; it has ``answer_s`` to be answered.
        retry_s: at most this long between two attempts to connect.
    """

    answer_s: float = 5.0
    wait_s: float = 2.0
    heartbeat_s: float = 10.0
    retry_s: float = 2.0


class _Kept:
    """What our two kinds of protocol have in common: bytes stay bytes, and the link is told when it is over."""

    def __init__(self, link: "Link") -> None:
        super().__init__(charset=None, convertNumbers=False)  # type: ignore[call-arg]  # of txredisapi's
        self._link = link
        self._rest: IDelayedCall | None = None

    def callLater(self, seconds: float, call: Callable[..., Any], *args: Any) -> IDelayedCall:
        """txredisapi's parser in pure Python reads on in a turn of its own; by our clock, and not after the end."""
        self._rest = self._link.clock.callLater(seconds, call, *args)
        return self._rest

    def connectionMade(self) -> None:
        """The link does the greeting, not txredisapi."""

    def connectionLost(self, why: Failure) -> None:
        """What was asked and not answered fails with txredisapi's ConnectionError."""
        if self._rest is not None and self._rest.active():
            self._rest.cancel()
        self._link.lost(self, why)  # first: whoever hears that an answer is lost may ask the next thing
        super().connectionLost(why)  # type: ignore[misc]  # of txredisapi's classes, which have no types


class CommandProtocol(_Kept, txredisapi.RedisProtocol):  # type: ignore[misc]  # txredisapi has no types
    """A connection for commands."""


class SubscriberProtocol(_Kept, txredisapi.SubscriberProtocol):  # type: ignore[misc]  # as above
    """A connection that hears what is published."""

    def messageReceived(self, pattern: Any, channel: bytes, message: bytes) -> None:
        """Pass a message on."""
        self._link.heard(message)


class _Quiet(Factory):
    """It would log a line for each attempt to connect."""

    noisy = False


class Link:
    """See the module.

    Args:
        kind: CommandProtocol or SubscriberProtocol.
        endpoint: where Redis is.
        clock: for timers.
        greet: called with a new connection; the Deferred that it returns fires when the connection can be used. A failure
            is why it cannot.
        changed: called whenever ``protocol`` or ``trouble`` has changed; must not raise.
        heard: called with each message that was published.

    Attributes:
        protocol: the connection, once it was greeted; else None.
        trouble: why there is none, for the operator; None before the first attempt has failed, and while it is there.
    """

    def __init__(
        self,
        kind: Callable[["Link"], Any],
        endpoint: IStreamClientEndpoint,
        clock: IReactorTime,
        greet: Callable[[Any], "Deferred[Any]"],
        changed: Callable[[], None],
        patience: Patience,
        heard: Callable[[bytes], None] = lambda message: None,
    ) -> None:
        self.clock = clock
        self.protocol: Any = None
        self.trouble: str | None = None
        self.heard = heard
        self._kind = kind
        self._endpoint = endpoint
        self._greet = greet
        self._changed = changed
        self._patience = patience
        self._open: Any = None  # the connection, greeted or not
        self._connecting: Deferred[Any] | None = None
        self._timer: IDelayedCall | None = None  # for the next attempt, the next PING, or its answer
        self._failures = 0
        self._running = False
        self._closed: Deferred[None] | None = None

    def start(self) -> None:
        """Connect, now and whenever the connection is lost."""
        self._running = True
        self._connect()

    def stop(self) -> "Deferred[None]":
        """Close, for good; fires when it is closed. Idempotent."""
        self._running = False
        self._set_timer(None)
        if self._connecting is not None:
            self._connecting.cancel()
        if self._open is None:
            return succeed(None)
        self.protocol = None
        closed = self._closed = Deferred()
        self._open.transport.abortConnection()
        return closed

    def abort(self, trouble: str) -> None:
        """Give the connection up and make another one."""
        if self._open is not None and self._running:
            protocol, self._open, self.protocol = self._open, None, None
            protocol.transport.abortConnection()
            self._failed(trouble)

    # --- from nothing to a connection that can be used

    def _connect(self) -> None:
        self._timer = None
        self._connecting = self._endpoint.connect(_Quiet.forProtocol(lambda: self._kind(self)))
        self._connecting.addCallbacks(self._connected, self._not_connected)

    def _not_connected(self, failure: Failure) -> None:
        self._connecting = None
        self._failed(failure.getErrorMessage())

    def _connected(self, protocol: Any) -> None:
        self._connecting = None
        if not protocol.transport.connected:
            self._failed("the connection was closed at once")
            return
        self._open = protocol
        self._answer_within("it does not answer")
        greeted = self._greet(protocol)
        greeted.addCallbacks(self._greeted, self._refused, (protocol,), errbackArgs=(protocol,))

    def _greeted(self, _: Any, protocol: Any) -> None:
        if protocol is self._open:
            self._failures = 0
            self.protocol, self.trouble = protocol, None
            self._set_timer(self._patience.heartbeat_s, self._beat)
            self._changed()

    def _refused(self, failure: Failure, protocol: Any) -> None:
        """Redis said no. Where the connection broke instead, ``lost`` has told why."""
        if protocol is self._open:
            self.abort(failure.getErrorMessage())

    # --- while it is there

    def _beat(self) -> None:
        self._answer_within("it stands still")
        answer = self.protocol.execute_command("PING", apply_timeout=False)
        answer.addCallbacks(self._answered, lambda failure: None, (self.protocol,))

    def _answered(self, _: Any, protocol: Any) -> None:
        if protocol is self.protocol:
            self._set_timer(self._patience.heartbeat_s, self._beat)

    def _answer_within(self, trouble: str) -> None:
        self._set_timer(self._patience.answer_s, self.abort, trouble)

    def _set_timer(self, seconds: float | None, call: Callable[..., Any] = print, *args: Any) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None if seconds is None else self.clock.callLater(seconds, call, *args)

    # --- and when it is gone

    def lost(self, protocol: Any, why: Failure) -> None:
        """The connection ``protocol`` is closed."""
        if protocol is not self._open:
            return
        self._open = None
        done = why.check(ConnectionDone)
        self._failed("it closed the connection" if done else why.getErrorMessage())

    def _failed(self, trouble: str) -> None:
        self.protocol = None
        if not self._running:
            closed, self._closed = self._closed, None
            if closed is not None:
                closed.callback(None)
            return
        self.trouble = trouble
        delay = min(self._patience.retry_s, FIRST_RETRY_S * 2 ** min(self._failures, 10))
        self._failures += 1
        self._set_timer(delay, self._connect)
        self._changed()
