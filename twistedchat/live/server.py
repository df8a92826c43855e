"""The live server: every live client by its id, and the protocol that each comet session speaks."""

import secrets
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any

from twisted.internet.interfaces import IAddress, IDelayedCall, IReactorTime
from twisted.internet.protocol import Factory
from twisted.logger import Logger
from twisted.python.failure import Failure

from twistedchat.core import codes, wire
from twistedchat.core.addresses import home, is_loopback
from twistedchat.core.errors import ProtocolError
from twistedchat.core.lag import Lag
from twistedchat.core.wheel import Wheel
from twistedchat.interfaces import ISessionTransport
from twistedchat.live.client import LiveClient
from twistedchat.live.element import LiveElement
from twistedchat.live.incoming import run
from twistedchat.live.scripts import Scripts, renderer
from twistedchat.live.session import LiveProtocol
from twistedchat.live.shares import Shares

_log = Logger()

ElementFactory = Callable[[LiveClient], Any]
Watched = LiveClient | LiveProtocol

TURN_S = 1.0  # how often deadlines are looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveLimits:
    """The bounds of a live server.

    Attributes:
        window_s: seconds that a detached client is kept.
        silence_s: seconds without a word from the page after which its session is closed with 4202.
        state_every_s: seconds between a page's statements of what it has; told to it.
        hello_within_s: seconds that a session may last without hello; then 4203.
        unproven_per_address: sessions before hello of one address; one more is refused with 4102. Loopback, where a
            proxy sits, is not counted.
        ack_after_s, ack_owed: an acknowledgement is sent after that time or that many messages.
        basket_chars: what a page may leave unacknowledged; beyond it the client ends with 4103.
        refill_chars: size of one piece of a refill: a slow reader takes one at a time.
        channels: channels of one client; one more join is refused.
        calls_per_s, calls_burst: how fast one client may call; beyond it TooFast.
        clients: live clients at once; one more is refused with 4102.
        clients_per_address: live clients of one address, detached ones too; for one more the longest detached is over, and
            where all are attached it is refused with 4102. Loopback is not counted.
        baskets_per_address_chars: what the pages of one address may leave unacknowledged together; beyond it
            each that has more than ``basket_part_chars`` ends with 4103 when something is added.
        basket_part_chars: what is never too much.
    """

    window_s: float = 90
    silence_s: float = 75
    state_every_s: float = 25
    hello_within_s: float = 10
    unproven_per_address: int = 1000
    ack_after_s: float = 10
    ack_owed: int = 32
    basket_chars: int = 1_000_000
    refill_chars: int = 65_536
    channels: int = 200
    calls_per_s: float = 20
    calls_burst: int = 100
    clients: int = 50_000
    clients_per_address: int = 2_500
    baskets_per_address_chars: int = 32_000_000
    basket_part_chars: int = 16_384


class LiveServer(Factory):
    """Serves live clients over any message transport: an IProtocolFactory for a comet mount.

    Args:
        clock: for all timers.
        roots: what makes the root element of a new client, by the name that its hello asks for. Called with the live
            client, once per live client; may return a Deferred or be a coroutine.
        scripts: where the scripts of elements are served.
        limits: its bounds.

    Attributes:
        clients: by their ids.
        refused: calls that were answered with an error, by its class.
    """

    def __init__(
        self,
        clock: IReactorTime,
        roots: Mapping[str, ElementFactory],
        scripts: Scripts | None = None,
        limits: LiveLimits | None = None,
    ) -> None:
        self.id = secrets.token_urlsafe(8)
        self.clock = clock
        self.scripts = scripts or Scripts()
        self.render = renderer(self.scripts)
        self.limits = limits or LiveLimits()
        self.shares = Shares(self.limits.baskets_per_address_chars, self.limits.basket_part_chars)
        self.unproven: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.clients: dict[str, LiveClient] = {}
        self._roots = dict(roots)
        self._wheel: Wheel[Watched] = Wheel(clock.seconds())
        self._turning: IDelayedCall | None = None
        self._lag = Lag()
        self._dirty: list[LiveClient] = []
        self._flushing: IDelayedCall | None = None

    def buildProtocol(self, addr: IAddress | None) -> LiveProtocol:
        """Return the protocol of a new session."""
        return LiveProtocol(self)

    # --- hello

    def admit(self, peer: str) -> bool:
        """Count a session before its hello; False where its address has too many."""
        address = home(peer)
        if self.unproven[address] >= self.limits.unproven_per_address and not is_loopback(address):
            return False
        self.unproven[address] += 1
        return True

    def settled(self, session: LiveProtocol, peer: str) -> None:
        """A session that was admitted has said hello, or is gone."""
        self._wheel.discard(session)
        address = home(peer)
        self.unproven[address] -= 1
        if not self.unproven[address]:
            del self.unproven[address]

    def hello(self, fields: wire.HelloFields, session: ISessionTransport) -> LiveClient:
        """Accept a hello: give its live client, an old one or a new one, this session.

        Raises:
            ProtocolError: 4001 wrong version, 4003 wrong secret, 4005 stale, 4006 no such root, 4102 too many clients.
        """
        if fields.v != wire.VERSION:
            raise ProtocolError(codes.BAD_HELLO, "unknown version")
        client = self.clients.get(fields.client)
        if client is None:
            return self._new_client(fields, session)
        if not compare_digest(client.secret, fields.secret):
            raise ProtocolError(codes.FORBIDDEN)
        if fields.n <= client.n:
            raise ProtocolError(codes.STALE_HELLO)
        if fields.life not in (None, client.life):
            return self._another_life(client, fields, session)
        client.attach(session, fields, resumed=True)
        return client

    def _another_life(
        self, client: LiveClient, fields: wire.HelloFields, session: ISessionTransport
    ) -> LiveClient:
        """The page knows an earlier life: it never heard our welcome, so what this one did is nobody's."""
        if client.session is not None:
            client.detach(codes.REPLACED)
        client.end("the page did not hear the welcome")
        return self._new_client(fields, session)

    def _new_client(self, fields: wire.HelloFields, session: ISessionTransport) -> LiveClient:
        factory = self._roots.get(fields.root)
        if factory is None:
            raise ProtocolError(codes.NO_SUCH_ROOT)
        if not self._make_room_at(session.peer) or len(self.clients) >= self.limits.clients:
            raise ProtocolError(codes.OVERLOADED)
        client = LiveClient(self, fields.client, fields.secret, fields.root)
        self.clients[client.id] = client
        client.attach(session, fields, resumed=False)
        d = run(factory, client)
        d.addCallback(self._made, client)
        d.addErrback(self._not_made, client)
        return client

    def _make_room_at(self, peer: str) -> bool:
        share = self.shares.find(peer)
        if share.free or share.clients < self.limits.clients_per_address:
            return True
        for client in share.detached:
            client.end("there are too many pages at its address")
            return True
        return False

    def _made(self, element: object, client: LiveClient) -> None:
        if not isinstance(element, LiveElement):
            raise TypeError(
                f"the factory of {client.root_name!r} made a {type(element).__name__}, not a LiveElement"
            )
        if not client.over:
            client.elements.add(element)

    def _not_made(self, failure: Failure, client: LiveClient) -> None:
        _log.failure("no root element for {root}", failure, root=client.root_name)
        client.close(codes.NO_ELEMENT)

    def forget(self, client: LiveClient) -> None:
        """``client`` is over."""
        self._wheel.discard(client)
        if self.clients.get(client.id) is client:
            del self.clients[client.id]

    # --- one timer for all deadlines, one flush a turn

    def watch(self, timed: Watched) -> None:
        """Look at a client or session when its deadline comes; again when it moved earlier."""
        self._wheel.add(timed)
        if self._turning is None:
            self._arm(TURN_S)

    def _arm(self, delay_s: float) -> None:
        self._lag.armed(self.clock.seconds() + delay_s)
        self._turning = self.clock.callLater(delay_s, self._turn)

    def _turn(self) -> None:
        now = self.clock.seconds()
        self._turning = None
        if self._lag.excuses(now):
            self._arm(0)
            return
        if self.clients or len(self._wheel):
            self._arm(TURN_S)
        for timed in self._wheel.advance(now):
            timed.tick(now)

    def schedule_flush(self, client: LiveClient) -> None:
        """Flush ``client`` at the end of this reactor turn."""
        self._dirty.append(client)
        if self._flushing is None:
            self._flushing = self.clock.callLater(0, self._flush)

    def _flush(self) -> None:
        self._flushing = None
        dirty, self._dirty = self._dirty, []
        for client in dirty:
            client.dirty = False
            if client.session is not None:
                try:
                    client.flush()
                except Exception:
                    _log.failure("a flush failed")

    # --- the end

    def stop(self, code: codes.CloseCode = codes.SHUTTING_DOWN) -> None:
        """Send what is ready, end every client with ``code``, cancel every timer."""
        if self._flushing is not None:
            self._flushing.cancel()
            self._flush()
        for client in list(self.clients.values()):
            client.close(code)
        for call in (self._turning, self._flushing):
            if call is not None and call.active():
                call.cancel()
        self._turning = self._flushing = None
