"""A live client: one page or program, over many sessions."""

import secrets
from collections.abc import Sequence
from math import inf
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred
from zope.interface import implementer

from twistedchat.core import codes, wire
from twistedchat.core.basket import Basket, BasketOverflow, Inbox, packet
from twistedchat.core.errors import NoSuchElement, ProtocolError
from twistedchat.core.frames import Prepared
from twistedchat.core.throttle import TokenBucket
from twistedchat.interfaces import IChannel, ILiveClient, ISessionTransport
from twistedchat.live.calls import PendingCalls
from twistedchat.live.elements import Elements, guard
from twistedchat.live.incoming import JOINS_PER_S, MOST_AT_ONCE, Incoming
from twistedchat.live.reading import Reading
from twistedchat.live.shares import Holding

if TYPE_CHECKING:
    from twistedchat.live.server import LiveServer

POLLING = frozenset({"xhr-polling", "iframe-xhr-polling", "jsonp-polling", "xdr-polling"})


@implementer(ILiveClient)
class LiveClient:
    """See ILiveClient. Made by a LiveServer at a client's first accepted hello.

    Attributes:
        life: names this live client among those that went by the same id before it.
        n: number of the last accepted hello.
        session: the present session's transport, or None while detached.
        direct: True when broadcasts go to the session at once, not by the turn's flush (streams and WebSocket).
        deadline: when the server's wheel looks at this client.
    """

    __slots__ = (  # there are very many of these
        "_ack_due",
        "_basket",
        "_calls",
        "_heard_at",
        "_holding",
        "_incoming",
        "_peer",
        "_server",
        "deadline",
        "direct",
        "dirty",
        "elements",
        "id",
        "inbox",
        "life",
        "n",
        "over",
        "reading",
        "root_name",
        "secret",
        "session",
        "wheel_slot",
    )

    def __init__(self, server: "LiveServer", id: str, secret: str, root: str) -> None:
        self.id = id
        self.secret = secret
        self.root_name = root
        self.life = secrets.token_urlsafe(8)
        self.n = 0
        self.session: ISessionTransport | None = None
        self.direct = False
        self.deadline = inf
        self.wheel_slot: int | None = None
        self.dirty = False
        self.over = False
        self.reading = Reading(self, server.limits.channels)
        self.elements = Elements(self, server.render)
        self.inbox = Inbox()
        self._server = server
        self._basket = Basket(max_chars=server.limits.basket_chars)
        self._peer = ""
        self._holding = Holding(self, server.shares)
        self._heard_at = 0.0
        self._ack_due = inf
        self._calls = PendingCalls(server.clock, lambda cid: self.push("cancel", [cid]))
        now = server.clock.seconds
        bucket = TokenBucket(server.limits.calls_per_s, server.limits.calls_burst, now())
        joining = TokenBucket(JOINS_PER_S, 2 * max(server.limits.channels, MOST_AT_ONCE), now())
        self._incoming = Incoming(self, bucket, joining, now, server.refused)

    # --- who it is

    @property
    def attached(self) -> bool:
        """See ILiveClient."""
        return self.session is not None

    @property
    def transport(self) -> str | None:
        """See ILiveClient."""
        return None if self.session is None else self.session.name

    @property
    def peer(self) -> str:
        """See ILiveClient."""
        return self._peer

    # --- sessions

    def attach(self, session: ISessionTransport, hello: wire.HelloFields, resumed: bool) -> None:
        """Take a session whose hello was accepted: leave the old one, welcome, and send what is missing.

        Raises:
            ProtocolError: the hello acknowledges what was never sent, or an element ended the client when it heard of the
                change; the client is then left detached.
        """
        self.detach(codes.REPLACED)
        if self.over:  # an element's hook ended it
            raise ProtocolError(codes.CLOSED_BY_SERVER)
        self._basket.rewind(hello.ack if resumed else -1)
        self.n = hello.n
        self.session = session
        self.direct = session.name not in POLLING
        self._peer = session.peer
        self._holding.settle(session.peer)
        self._holding.count(self._basket.chars)
        lost = self.reading.resume(hello.at) if resumed else []
        self.heard()
        self._server.watch(self)
        self._welcome(resumed)
        for name in lost:
            self.tell(["reset", name, "lost"])
        session.registerProducer(self, True)
        if resumed:
            self.elements.tell("clientAttached")

    def detach(self, code: codes.CloseCode | None = None) -> None:
        """Leave the session, if there is one; with ``code`` close it. The window begins. Idempotent."""
        session, self.session = self.session, None
        if session is None:
            return
        self.direct = False
        session.unregisterProducer()
        if code is not None:
            session.close(code.code, code.reason)
        self.deadline = self._server.clock.seconds() + self._server.limits.window_s
        self._server.watch(self)
        self._holding.detached()
        self.elements.tell("clientDetached")

    def _welcome(self, resumed: bool) -> None:
        server = self._server
        told = {
            "v": wire.VERSION,
            "resumed": resumed,
            "ack": self.inbox.ack,
            "life": self.life,
            "server": server.id,
            "window": server.limits.window_s,
            "heartbeat": server.limits.state_every_s,
        }
        self.inbox.owed = 0
        self.flush(Prepared(wire.encode(["welcome", told])))

    def heard(self) -> None:
        """The page said something: it lives."""
        self._heard_at = self._server.clock.seconds()
        self.deadline = min(self._heard_at + self._server.limits.silence_s, self._ack_due)

    def tick(self, now: float) -> None:
        """The wheel's turn: end the window, detach the silent, send an acknowledgement that is owed."""
        if self.over:
            return
        if self.session is None:
            self.end("the page did not come back")
            return
        if now >= self._heard_at + self._server.limits.silence_s:
            self.detach(codes.SILENT)
            return
        if now >= self._ack_due:
            self._ack_due = inf
            self.schedule_flush()
        self.deadline = min(self._heard_at + self._server.limits.silence_s, self._ack_due)
        self._server.watch(self)

    # --- what goes out

    def resumeProducing(self) -> None:
        """The session takes data again: what the page lacks, and an acknowledgement that came due meanwhile."""
        self.flush()

    def pauseProducing(self) -> None:
        """The session is full, or between two polls: ``writable`` says it; nothing is buffered here."""

    def stopProducing(self) -> None:
        """The session has ended already: it did so during its own hello, when its protocol did not know this client."""
        self.detach()

    def schedule_flush(self) -> None:
        """Send at the end of this reactor turn."""
        if not self.dirty and self.session is not None:
            self.dirty = True
            self._server.schedule_flush(self)

    def flush(self, first: Prepared | None = None) -> None:
        """Send what the page lacks as one piece: the basket, then each channel; goes on while the session takes more.

        Args:
            first: sent before everything else, also to a session that is not writable just now.
        """
        session = self.session
        while session is not None and session is self.session and (first is not None or session.writable):
            parts = [] if first is None else [first]
            first = None
            room = self._gather_basket(parts, self._server.limits.refill_chars)
            self.reading.gather(parts, room)
            if not parts:
                return
            session.send(Prepared.joined(parts))

    def _gather_basket(self, parts: list[Prepared], room: int) -> int:
        if self._basket.waiting:
            kept = self._basket.take(room)
        elif self.inbox.owed and self._ack_due == inf:
            kept = []
        else:
            return room
        parts.append(Prepared(packet(self.inbox.ack, kept)))
        self.inbox.owed = 0
        self._ack_due = inf
        return room - parts[-1].size

    def push(self, action: str, args: Sequence[Any]) -> None:
        """Put an action into the basket.

        A page that acknowledges nothing for so long that the basket is full is closed with 4103; so is one that keeps more
        than its part of what the pages of its address may keep together.

        Raises:
            TypeError: ``args`` has no form in JSON; nothing was sent.
        """
        if self.over:
            return
        try:
            self._basket.put(wire.encode([action, args]))
        except BasketOverflow:
            self.close(codes.OVERFLOW)
            return
        self._holding.count(self._basket.chars)
        if self._holding.too_much:
            self.close(codes.OVERFLOW)
        else:
            self.schedule_flush()

    def tell(self, message: Sequence[Any]) -> None:
        """Send a message that is in no basket: it is lost with the session, and the page asks again."""
        if self.session is not None:
            self.session.send(Prepared(wire.encode(message)))

    # --- what comes in

    def received(self, message: wire.Message) -> None:
        """Handle one message of the present session.

        Raises:
            ProtocolError: the session closes with its code.
        """
        self.heard()
        match message:
            case wire.Packet():
                self._packet(message)
            case wire.State():
                self._state(message)
            case wire.Join():
                self._incoming.join(message)
            case wire.Leave():
                self._leave(message)
            case wire.Probe():
                self.tell(["probe", message.token])
            case wire.Bye():
                self.end("the page was left")
            case wire.Hello() if message.fields.n == self.n:
                pass  # a proxy, or a browser, posted it twice
            case _:
                raise ProtocolError(codes.BAD_HELLO, "a second hello")

    def _packet(self, message: wire.Packet) -> None:
        self._basket.acknowledge(message.ack)
        self._holding.count(self._basket.chars)
        for seq, (name, args) in message.kept:
            if self.inbox.accept(seq):
                self._incoming.act(wire.action(name, args))
            if self.over:
                return
        if self.inbox.owed >= self._server.limits.ack_owed:
            self._ack_due = inf
            self.schedule_flush()
        elif self.inbox.owed and self._ack_due == inf and not self._basket.waiting:
            self._ack_due = self._server.clock.seconds() + self._server.limits.ack_after_s
            self.deadline = min(self.deadline, self._ack_due)
            self._server.watch(self)

    def _state(self, message: wire.State) -> None:
        self._basket.stated(message.ack)
        if self._basket.waiting:
            self.schedule_flush()
        for name in self.reading.stated(message.at, message.rewind):
            self.tell(["reset", name, "lost"])

    def _leave(self, message: wire.Leave) -> None:
        for name in message.channels:
            self.unsubscribe(name)
            leaving = getattr(self.elements.root, "leaving", None)
            if leaving is not None:
                guard(leaving, name)
        self.tell(["left", message.rid, message.channels])

    # --- channels

    def subscribe(self, channel: IChannel) -> None:
        """See ILiveClient."""
        self.reading.subscribe(channel)

    def unsubscribe(self, channel_name: str, reason: str | None = None) -> None:
        """See ILiveClient."""
        if self.reading.drop(channel_name) and reason is not None:
            self.tell(["reset", channel_name, reason])

    # --- elements and calls

    def call(
        self, element: int, method: str, args: Sequence[Any], timeout_s: float | None = None
    ) -> Deferred[Any]:
        """Call a widget's method; see LiveElement.callRemote."""
        if self.over:
            raise NoSuchElement("the page is gone")
        cid, answer = self._calls.start(timeout_s)
        try:
            self.push("call", [cid, element, method, list(args)])
        except TypeError as error:
            self._calls.answered(cid, False, {"error": "BadArguments", "text": str(error)})
        return answer

    def answered(self, cid: str, ok: bool, value: Any) -> None:
        """The page answered a call."""
        self._calls.answered(cid, ok, value)

    def notify(self, element: int, method: str, args: Sequence[Any]) -> None:
        """Call a widget's method and want no answer."""
        self.push("notify", [element, method, list(args)])

    # --- the end

    def close(self, code: codes.CloseCode = codes.CLOSED_BY_SERVER) -> None:
        """See ILiveClient."""
        self.end(code.reason, code)

    def end(self, reason: str, code: codes.CloseCode | None = None) -> None:
        """This live client is over: calls end unknown, elements hear of it, subscriptions end. Idempotent."""
        if self.over:
            return
        self.over = True
        session, self.session = self.session, None
        if session is not None:
            session.unregisterProducer()
            session.close(*((code.code, code.reason) if code else (1000, "Normal closure")))
        self._server.forget(self)
        self._holding.leave()
        self._incoming.stop()
        self._calls.fail_all(reason)
        for name in self.reading.names:
            self.reading.drop(name)
        self.elements.lose_all(reason)
