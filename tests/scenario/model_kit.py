"""A real live server and chat, several peers, and lines between them that lose, repeat, delay, cut and reorder."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from model_parts import ROOM, CountingChatter, Line, Store
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from twistedchat.channels.hub import Hub
from twistedchat.chat.house import Chat
from twistedchat.chat.online import Online
from twistedchat.chat.people import People
from twistedchat.core.errors import NoSuchElement, StoreUnavailable, StoreUnknown
from twistedchat.live.calls import OutcomeUnknown, RemoteError
from twistedchat.live.client import LiveClient
from twistedchat.live.server import LiveLimits, LiveServer
from twistedchat.testing import Call, Outcome, Peer, Say

MANY = 10**6
KEEP = 20  # a short memory, so that pages often fall further behind than it reaches


@dataclass
class Member:
    """One page: its peer, the line that it uses, and those that it has left."""

    peer: Peer
    transport: str
    line: Line | None
    left: list[Line]
    hellos: list[str]
    ran: Counter[str]
    asked: list[tuple[str, list[Any]]]
    calls: list[tuple[str, Call]]
    says: list[Say]


class World:
    """Everything; each public method is something that may happen."""

    def __init__(self, transports: tuple[str, ...] = ("websocket", "xhr-polling", "htmlfile")) -> None:
        self.clock = Clock()
        self.store = Store(self.clock)
        self.counts: Counter[str] = Counter()
        self.clients: dict[str, LiveClient] = {}
        self.hub = Hub(self.store, self.clock, self.clock.seconds, keep=KEEP)
        people = People("secret", self.clock.seconds, MANY, MANY, 100)
        seconds = self.clock.seconds
        self.chat = Chat(
            self.hub.open,
            self.hub.get,
            self.hub.erase,
            self.store,
            people,
            seconds,
            seconds,
            Online(self.clock),
        )
        Deferred.fromCoroutine(self.chat.load())
        limits = LiveLimits(calls_per_s=MANY, calls_burst=MANY)
        self.live = LiveServer(self.clock, {"chat": self._make_root}, limits=limits)
        self._tokens = 0
        self.members = [self._member(number, name) for number, name in enumerate(transports)]

    def _make_root(self, client: LiveClient) -> CountingChatter:
        root = CountingChatter(self.chat, client.id)
        root.counts = self.counts
        return root

    def _member(self, number: int, transport: str) -> Member:
        ran: Counter[str] = Counter()

        def ask(token: str) -> str:
            ran[token] += 1
            return token

        ids = (f"{number}-{count:020}" for count in range(MANY))
        peer = Peer(exposed={"ask": ask}, make_id=partial(next, ids))
        member = Member(peer, transport, None, [], [], ran, [], [], [])
        peer.login(f"Member {number}")
        peer.join(ROOM)
        return member

    def _token(self) -> str:
        self._tokens += 1
        return f"t{self._tokens}"

    # --- what pages do

    def open(self, member: Member, _: int = 0) -> None:
        """The page opens another session; the old one lives on at the server, with what is under way on it."""
        if member.peer.stopped:
            return
        if member.line is not None:
            member.left.append(member.line)
        line = member.line = Line(self.clock, member.transport)
        line.protocol = self.live.buildProtocol(None)
        line.protocol.makeConnection(line)
        member.peer.opened(self.clock.seconds())
        self._take(member)
        member.hellos.append(line.up[0])

    def say(self, member: Member, number: int) -> None:
        member.says.append(member.peer.say(ROOM, f"text {number}"))
        self._take(member)

    def call(self, member: Member, _: int) -> None:
        token = self._token()
        member.calls.append((token, member.peer.call("count", token)))
        self._take(member)

    def refused_call(self, member: Member, _: int) -> None:
        member.calls.append(("", member.peer.call("notThere")))
        self._take(member)

    def join_again(self, member: Member, _: int) -> None:
        seen = member.peer.channels[ROOM]
        if seen.joined and seen.rid is None:
            seen.rid = 0
            member.peer.settle()
            self._take(member)

    # --- what the server does

    def ask(self, member: Member, _: int) -> None:
        """An element calls its page."""
        client = self.live.clients.get(member.peer.id)
        if client is None or client.elements.root is None or not client.elements.root.connected:
            return
        token, results = self._token(), []
        try:
            client.elements.root.callRemote("ask", token).addBoth(results.append)
        except NoSuchElement:
            return
        member.asked.append((token, results))

    def crowd(self, _: Member, number: int) -> None:
        """Others talk a lot."""
        channel = self.hub.get(ROOM)
        for _unused in range(number if channel is not None else 0):
            assert channel is not None
            posted = channel.post("crowd", f"crowd-{self._token():0>20}", '["message",{"text":"babble"}]')
            posted.addErrback(lambda failure: failure.trap(StoreUnavailable, StoreUnknown))

    def fate(self, _: Member, number: int) -> None:
        """The next append goes wrong."""
        self.store.fate = ("unavailable", "unknown, not done", "unknown, done", "late")[number % 4]

    # --- what lines do

    def carry_up(self, member: Member, number: int) -> None:
        """Some messages reach the server."""
        if member.line is not None:
            self._carry_up(member.line, number % 4 + 1)

    def carry_up_late(self, member: Member, number: int) -> None:
        """Messages of a session that the page has left reach the server now."""
        if member.left:
            self._carry_up(member.left[number % len(member.left)], number % 3 + 1)

    def carry_down(self, member: Member, number: int) -> None:
        """Some messages reach the page."""
        for _ in range(number % 6 + 1):
            if member.line is None or not member.line.down:
                return
            self._give(member, member.line.down.popleft())

    def repeat_hello(self, member: Member, number: int) -> None:
        """An old hello arrives once more, on a session that leads nowhere."""
        old = member.hellos[:-1]
        if old:
            line = Line(self.clock, member.transport)
            line.protocol = self.live.buildProtocol(None)
            line.protocol.makeConnection(line)
            line.up.append(old[number % len(old)])
            member.left.append(line)

    def repeat(self, member: Member, _: int) -> None:
        """A request is sent twice: its message arrives again."""
        line = member.line
        if line is not None and line.delivered and not line.delivered.startswith('["hello"'):
            line.up.appendleft(line.delivered)

    def lose_down(self, member: Member, _: int) -> None:
        """A message is lost without a trace."""
        if member.line is not None and member.line.down and isinstance(member.line.down[0], str):
            member.line.down.popleft()

    def break_line(self, member: Member, number: int) -> None:
        """The line breaks, with all that is under way; one side, both or none hear of it at once."""
        line = member.line
        if line is None:
            return
        line.cut = True
        line.up.clear()
        line.down.clear()
        if number % 2:
            line.lose()
        if number % 3:
            member.line = None
            member.peer.closed(1006, "broken", self.clock.seconds())
            member.left.append(line)

    def fill(self, member: Member, number: int) -> None:
        if member.line is not None:
            member.line.flow(bool(number % 2))

    # --- time

    def turn(self, _: Member, __: int = 0) -> None:
        self.clock.advance(0)

    def wait(self, _: Member, number: int) -> None:
        """Up to 120 seconds pass, mostly few."""
        for _unused in range(number if number < 8 else number * 4):
            self._second()

    def _second(self) -> None:
        self.clock.advance(1)
        for member in self.members:
            member.peer.tick(self.clock.seconds())
            self._take(member)

    # --- inside

    def _take(self, member: Member) -> None:
        texts = member.peer.take()
        if member.line is not None and not member.line.cut:
            member.line.up += texts

    def _carry_up(self, line: Line, count: int) -> None:
        for _ in range(count):
            if not line.up or line.disconnecting or line.cut:
                return
            line.delivered = line.up.popleft()
            line.protocol.dataReceived(line.delivered.encode())

    def _give(self, member: Member, told: "str | tuple[int, str]") -> None:
        now = self.clock.seconds()
        if isinstance(told, str):
            member.peer.received(told, now)
            if member.peer.resume_wanted:
                self.open(member)
        else:
            member.peer.closed(*told, now)
            if member.line is not None:
                member.left.append(member.line)
            member.line = None
        self._take(member)

    # --- beginning and end

    def begin(self) -> None:
        """Every page is connected, logged in and in the room."""
        for member in self.members:
            self.open(member)
        self._flow_freely()

    def heal(self) -> None:
        """Everything works again: old sessions arrive late, then every page reconnects, and time passes."""
        self.store.fate = "done"
        for member in self.members:
            for line in member.left:
                self._carry_up(line, MANY)
        for _ in range(2):
            for member in self.members:
                self.open(member)
            for _second in range(15):
                self._flow_freely()
                self._second()

    def _flow_freely(self) -> None:
        for _ in range(10):
            for member in self.members:
                if member.line is None:
                    self.open(member)
                line = member.line
                if line is not None:
                    line.flow(True)
                    self._carry_up(line, MANY)
                while member.line is line and line is not None and line.down:
                    self._give(member, line.down.popleft())
            self.clock.advance(0)

    def check(self) -> None:
        """Say what the promise says."""
        for member in self.members:
            assert member.peer.stopped is None
            assert member.peer.problems == []
            self._check_shown(member)
            self._check_says(member)
            self._check_calls(member)

    def _check_shown(self, member: Member) -> None:
        truth, seen = self.store.truth, member.peer.channels[ROOM]
        assert seen.joined
        assert seen.position is not None
        assert seen.position[1] == len(truth)
        before = None
        for index, shown in enumerate(seen.shown):
            assert truth[shown.offset] == shown.id
            if before is not None and index not in seen.holes:
                assert shown.offset == before + 1
            assert before is None or shown.offset > before
            before = shown.offset
        if seen.shown:
            assert seen.shown[-1].offset == len(truth)

    def _check_says(self, member: Member) -> None:
        ids = Counter(self.store.truth.values())
        for say in member.says:
            assert say.outcome in (Outcome.DONE, Outcome.REFUSED)
            if say.outcome is Outcome.DONE:
                assert self.store.truth[say.value] == say.id
            assert ids[say.id] == (say.outcome is Outcome.DONE)

    def _check_calls(self, member: Member) -> None:
        for token, call in member.calls:
            if not token:
                assert call.outcome in (Outcome.REFUSED, Outcome.UNKNOWN)
                continue
            assert call.outcome in (Outcome.DONE, Outcome.UNKNOWN)
            assert self.counts[token] == 1 or (self.counts[token] == 0 and call.outcome is Outcome.UNKNOWN)
        for token, results in member.asked:
            ran = member.ran[token]
            assert ran <= 1
            if results and not isinstance(results[0], Failure):
                assert (results[0], ran) == (token, 1)
            elif results:
                results[0].trap(OutcomeUnknown, RemoteError)

    def stop(self) -> None:
        """Cancel every timer."""
        self.live.stop()
        self.hub.stop()
        self.clock.advance(0)


HAPPENINGS: dict[str, Callable[[World, Member, int], None]] = {
    name: getattr(World, name)
    for name in (
        "open",
        "say",
        "call",
        "refused_call",
        "join_again",
        "ask",
        "crowd",
        "fate",
        "carry_up",
        "carry_up_late",
        "carry_down",
        "repeat_hello",
        "repeat",
        "lose_down",
        "break_line",
        "fill",
        "turn",
        "wait",
    )
}
