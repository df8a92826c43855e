"""The client's half of the live protocol without channels: hello, resume, the basket, calls. See docs/protocol.md."""

import json
import secrets
from collections.abc import Callable
from typing import Any, ClassVar

from twistedchat.core.basket import Basket, BasketOverflow, Inbox, packet
from twistedchat.core.codes import CLOSED_BY_SERVER, GAP, Next, next_step
from twistedchat.core.errors import ProtocolError
from twistedchat.core.wire import VERSION, encode
from twistedchat.testing.calls import Call, Outcome

ROOT = 1
ACK_AFTER_S = 5.0
ACK_OWED = 32
RESEND_CHARS = 32_768
NOTES_KEPT = 1000

Positions = dict[str, tuple[str, int, str]]


def random_id() -> str:
    """Return 128 random bits as the protocol's ids have them."""
    return secrets.token_urlsafe(16)


class LivePeer:
    """One live client over any number of sessions, without I/O: messages in, messages out, and ``now``.

    A driver opens SockJS sessions and does four things: after the ``o`` frame it calls ``opened``; every message goes to
    ``received``; a closed session to ``closed``, which says what to do next; about once a second it calls ``tick``. After
    each of these, and after whatever the application asks for, it sends what ``take`` returns on the newest session.

    Args:
        root: the root element that it asks for.
        make_id: makes ids; random ones unless given.
        exposed: what the server may call here, by method name.

    Attributes:
        root: see the arguments.
        n: number of the last hello.
        ready: the present session was welcomed.
        stopped: code and reason after which it does not come back, or None.
        welcomes: of every welcome, whether it resumed.
        elements: the JavaScript class of each element, by number.
        notes: ``(method, args)`` of the last notifications.
        problems: what the server did against the protocol; empty when all is well.
        resume_wanted: something is missing: leave this session and open another one at once.
    """

    messages: ClassVar[dict[str, str]] = {"welcome": "_welcome", "probe": "_probe"}
    actions: ClassVar[dict[str, str]] = {
        "call": "_called",
        "respond": "_respond",
        "cancel": "_cancel",
        "notify": "_notify",
        "element": "_element",
        "detach": "_detach",
        "close": "_close",
    }

    def __init__(
        self,
        *,
        root: str = "chat",
        make_id: Callable[[], str] = random_id,
        exposed: dict[str, Callable[..., Any]] | None = None,
    ) -> None:
        self.id = make_id()
        self.n = 0
        self.ready = False
        self.stopped: tuple[int, str] | None = None
        self.welcomes: list[bool] = []
        self.elements: dict[int, str] = {}
        self.notes: list[tuple[str, list[Any]]] = []
        self.problems: list[str] = []
        self.resume_wanted = False
        self.now = 0.0
        self.make_id = make_id
        self.root = root
        self._exposed = exposed or {}
        self._secret = make_id()
        self._life: str | None = None
        self._out: list[str] = []
        self._basket = Basket()
        self._inbox = Inbox()
        self._pending: dict[str, Call] = {}
        self._cid = 0
        self._ack_due: float | None = None
        self._state_due: float | None = None
        self._state_every_s = 25.0

    # --- what the driver calls

    def opened(self, now: float) -> None:
        """A session is open: say hello on it. What was not taken for an older one is dropped."""
        self.now = now
        self.n += 1
        self.ready = False
        self.resume_wanted = False
        hello: dict[str, Any] = {
            "v": VERSION,
            "client": self.id,
            "secret": self._secret,
            "n": self.n,
            "ack": self._inbox.ack,
            "at": self.positions(),
            "root": self.root,
            "args": {},
        }
        if self._life is not None:
            hello["life"] = self._life
        self._out = [encode(["hello", hello])]

    def received(self, text: str, now: float) -> None:
        """A message of the newest session came. Before its welcome nothing else counts: it may be of another life."""
        self.now = now
        if self.stopped or self.resume_wanted:
            return
        try:
            message = json.loads(text)
            if not self.ready and message[0] != "welcome":
                return
            if isinstance(message[0], int):
                self._packet(*message)
            else:
                getattr(self, self.messages[message[0]])(*message[1:])
        except ProtocolError as error:
            self.resume_wanted = True
            if error.code is not GAP:
                self._problem(f"{error} in {text[:200]}")
        except (LookupError, TypeError, ValueError) as error:
            self._problem(f"{error!r} from {text[:200]}")
        self.settle()

    def closed(self, code: int, reason: str, now: float) -> Next:
        """The newest session is over; return what to do next."""
        self.now = now
        self.ready = False
        self._out = []
        if next_step(code) is Next.STOP:
            self.stop(code, reason)
        return next_step(code) if self.stopped is None else Next.STOP

    def tick(self, now: float) -> None:
        """Time passes: acknowledge, state what we have."""
        self.now = now
        if not self.ready:
            return
        if self._state_due is not None and now >= self._state_due:
            self.state()
        if self._ack_due is not None and now >= self._ack_due:
            self._acknowledge()
        self.settle()

    def take(self) -> list[str]:
        """Return what is to be sent on the newest session now, in order."""
        out, self._out = self._out, []
        return out

    # --- what the application calls

    def call(self, method: str, *args: Any, element: int = ROOT) -> Call:
        """Call an exposed method of an element on the server, at most once."""
        call = Call(method, args)
        self._cid += 1
        cid = f"c{self._cid}"
        self._pending[cid] = call
        if self.stopped or not self._put("call", [cid, element, method, list(args)]):
            del self._pending[cid]
            call.end(Outcome.REFUSED, {"error": "Overflow", "text": "it cannot be sent"})
        return call

    def bye(self) -> None:
        """Leave for good."""
        self.send(["bye"])
        self.stop(1000, "closed")

    def state(self) -> None:
        """State what we have: a sign of life, by which the server also finds a lost tail."""
        self._state_due = self.now + self._state_every_s
        self.say_state(self.positions(), rewind=False)

    # --- what a peer with channels adds

    def positions(self) -> Positions:
        """Return the positions that a hello states."""
        return {}

    def settle(self) -> None:
        """Ask for what is not asked for yet; called after every message and tick."""

    def began_anew(self) -> None:
        """The old live client is gone, and its elements with it."""

    def welcomed(self, resumed: bool) -> None:
        """A session was welcomed; the basket has been sent again."""

    def root_came(self) -> None:
        """The root element of this live client is there."""

    # --- for those who add

    def send(self, message: list[Any]) -> None:
        """Send a message that is in no basket."""
        if self.ready:
            self._out.append(encode(message))

    def say_state(self, at: Positions, rewind: bool) -> None:
        """Send an ``at``."""
        self._inbox.owed = 0
        self._ack_due = None
        self.send(["at", self._inbox.ack, at, True] if rewind else ["at", self._inbox.ack, at])

    def stop(self, code: int, reason: str) -> None:
        """It is over: what is pending ends unknown. Idempotent."""
        if self.stopped is None:
            self.stopped = (code, reason)
            self.ready = False
            self._end_pending(reason)

    # --- hello and what follows

    def _welcome(self, told: dict[str, Any]) -> None:
        resumed = told["resumed"]
        if not resumed and self.welcomes:
            self._begin_anew()
        self.welcomes.append(resumed)
        self._life = told["life"]
        self._state_every_s = told["heartbeat"]
        self._state_due = self.now + self._state_every_s
        self.ready = True
        self._basket.rewind(told["ack"])
        while self._basket.waiting:
            self._send_packet()
        self.welcomed(resumed)

    def _begin_anew(self) -> None:
        self._basket = Basket()
        self._inbox = Inbox()
        self.elements.clear()
        self._ack_due = None
        self.began_anew()
        self._end_pending("the live client is gone")

    def _end_pending(self, reason: str) -> None:
        pending, self._pending = self._pending, {}
        for call in pending.values():
            call.end(Outcome.UNKNOWN, reason)

    def _probe(self, token: str) -> None:
        """An answer to a probe says only that the pipe works."""

    def _problem(self, text: str) -> None:
        if len(self.problems) < NOTES_KEPT:
            self.problems.append(text)

    # --- the basket

    def _put(self, action: str, args: list[Any]) -> bool:
        try:
            self._basket.put(encode([action, args]))
        except BasketOverflow:
            return False
        if self.ready:
            self._send_packet()
        return True

    def _send_packet(self) -> None:
        self._out.append(packet(self._inbox.ack, self._basket.take(RESEND_CHARS)))
        self._inbox.owed = 0
        self._ack_due = None

    def _packet(self, ack: int, kept: list[Any]) -> None:
        self._basket.acknowledge(ack)
        for seq, (action, args) in kept:
            if self._inbox.accept(seq):
                getattr(self, self.actions[action])(*args)
            if self.stopped:
                return
        if self._inbox.owed >= ACK_OWED:
            self._acknowledge()
        elif self._inbox.owed and self._ack_due is None:
            self._ack_due = self.now + ACK_AFTER_S

    def _acknowledge(self) -> None:
        self._ack_due = None
        if self._inbox.owed:
            self._inbox.owed = 0
            self._out.append(packet(self._inbox.ack, []))

    def _respond(self, cid: str, ok: bool, value: Any) -> None:
        call = self._pending.pop(cid, None)
        if call is not None:
            call.end(Outcome.DONE if ok else Outcome.REFUSED, value)

    def _called(self, cid: str, element: int, method: str, args: list[Any]) -> None:
        function = self._exposed.get(method)
        if function is None:
            self._put("respond", [cid, False, {"error": "NotExposed", "text": method}])
            return
        try:
            self._put("respond", [cid, True, function(*args)])
        except Exception as error:
            self._put("respond", [cid, False, {"error": type(error).__name__, "text": str(error)}])

    def _cancel(self, cid: str) -> None:
        """Calls are answered at once here, so there is nothing to cancel."""

    def _notify(self, element: int, method: str, args: list[Any]) -> None:
        self.notes.append((method, args))
        del self.notes[:-NOTES_KEPT]

    def _element(
        self, id: int, parent: int, kind: str, scripts: list[str], html: str, args: list[Any]
    ) -> None:
        self.elements[id] = kind
        if id == ROOT:
            self.root_came()

    def _detach(self, id: int) -> None:
        self.elements.pop(id, None)

    def _close(self, reason: str) -> None:
        self.stop(CLOSED_BY_SERVER.code, reason)
