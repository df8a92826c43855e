"""What the unit tests of live and chat share: a session that records, and a page that speaks the protocol over it."""

import json
from typing import Any

from twisted.internet.protocol import Protocol
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from zope.interface import implementer

from twistedchat.channels.channel import Channel
from twistedchat.core.entry import LogState
from twistedchat.core.errors import StoreUnavailable
from twistedchat.core.frames import Prepared
from twistedchat.core.presence import Presence
from twistedchat.interfaces import IBackend, ISessionTransport
from twistedchat.live.server import LiveServer

PIECE = 64_000  # characters that one answer to a poll takes


@implementer(ISessionTransport)
class FakeSession:
    """A session's transport that records.

    Attributes:
        pieces: what was sent, one Prepared a send.
        ended: code and reason of the first close, or None.
        open: False once ``closed`` by the server or ``lost`` by the line.
    """

    origin = None
    disconnecting = False

    def __init__(self, name: str = "websocket", peer: str = "203.0.113.7") -> None:
        self.name = name
        self.peer = peer
        self.writable = name == "websocket"
        self.pieces: list[Prepared] = []
        self.ended: tuple[int, str] | None = None
        self.open = True
        self.producer: Any = None
        self.protocol: Any = None
        self._filled = 0

    # --- ISessionTransport

    def send(self, prepared: Prepared) -> None:
        if not self.open:
            return
        self.pieces.append(prepared)
        self._filled += prepared.size
        if self.name != "websocket" and self._filled >= PIECE:
            self.writable = False

    def write(self, data: bytes) -> None:
        self.send(Prepared(data.decode()))

    def writeSequence(self, iovec: Any) -> None:
        for data in iovec:
            self.write(data)

    def close(self, code: int = 3000, reason: str = "Go away!") -> None:
        if self.ended is None:
            self.ended = (code, reason)
        self.open = self.writable = False

    def loseConnection(self) -> None:
        self.close()

    def abortConnection(self) -> None:
        self.close(1002, "aborted")

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        assert self.producer is None and streaming
        self.producer = producer

    def unregisterProducer(self) -> None:
        self.producer = None

    def getPeer(self) -> Any:
        raise NotImplementedError

    def getHost(self) -> Any:
        raise NotImplementedError

    # --- for tests

    @property
    def messages(self) -> list[Any]:
        """All messages sent so far, decoded."""
        return [json.loads(message) for piece in self.pieces for message in piece.messages]

    def clear(self) -> None:
        """Forget what was sent so far."""
        self.pieces.clear()

    def pause(self) -> None:
        """The socket is full."""
        self.writable = False
        if self.producer is not None:
            self.producer.pauseProducing()

    def resume(self) -> None:
        """The socket takes data again."""
        self.writable, self._filled = True, 0
        if self.producer is not None:
            self.producer.resumeProducing()

    def poll(self, clock: Clock) -> list[Any]:
        """One poll: returns what came in this turn; between polls nothing can be written."""
        before = len(self.messages)
        self.resume()
        clock.advance(0)
        self.writable = False
        return self.messages[before:]

    def lost(self) -> None:
        """The line breaks."""
        self.open = self.writable = False
        self.protocol.connectionLost(Failure(ConnectionError("gone")))


def connect(server: LiveServer, name: str = "websocket") -> FakeSession:
    """Open a session and return its transport."""
    session = FakeSession(name)
    session.protocol = server.buildProtocol(None)
    assert isinstance(session.protocol, Protocol)
    session.protocol.makeConnection(session)
    return session


class Page:
    """A page: says hello, numbers what it puts into its basket, and takes apart what it gets."""

    def __init__(self, server: LiveServer, name: str = "page", transport: str = "websocket") -> None:
        self.server = server
        self.id = name.ljust(22, "-")
        self.secret = "secret-of-" + self.id
        self.transport = transport
        self.n = 0
        self.seq = 0
        self.rid = 0
        self.session: FakeSession = FakeSession()

    def connect(self, **fields: Any) -> FakeSession:
        """Open a session and say hello on it."""
        self.session = connect(self.server, self.transport)
        self.n += 1
        hello = {"v": 1, "client": self.id, "secret": self.secret, "n": self.n} | fields
        self.say(["hello", hello])
        return self.session

    def say(self, message: Any, session: FakeSession | None = None) -> None:
        """Send any message."""
        (session or self.session).protocol.dataReceived(json.dumps(message, separators=(",", ":")).encode())

    def do(self, action: str, *args: Any, ack: int = -1) -> int:
        """Send one action of the basket; return its seq."""
        seq, self.seq = self.seq, self.seq + 1
        self.say([ack, [[seq, [action, list(args)]]]])
        return seq

    def call(self, method: str, *args: Any, element: int = 1) -> str:
        """Call an exposed method; return the cid."""
        cid = f"c{self.seq}"
        self.do("call", cid, element, method, list(args))
        return cid

    def answer(self, method: str, *args: Any, element: int = 1) -> Any:
        """Call an exposed method that answers at once; return ``[ok, value]``."""
        cid = self.call(method, *args, element=element)
        assert isinstance(self.server.clock, Clock)
        self.server.clock.advance(0)
        return self.answers()[cid]

    def answers(self) -> dict[str, Any]:
        """Return ``[ok, value]`` of all answers on this session by cid."""
        return {args[0]: args[1:] for action, args in self.actions() if action == "respond"}

    def actions(self, kind: str | None = None) -> list[Any]:
        """Return the basket's actions that came on this session: ``[action, args]``, or the args of one kind."""
        packets = [message for message in self.session.messages if isinstance(message[0], int)]
        found = [action for _, kept in packets for _, action in kept]
        return found if kind is None else [args for action, args in found if action == kind]

    def acks(self) -> list[int]:
        """Return the acknowledgements that came on this session."""
        return [message[0] for message in self.session.messages if isinstance(message[0], int)]

    def heard(self, verb: str) -> list[Any]:
        """Return the messages of one verb that came on this session."""
        return [message for message in self.session.messages if message[0] == verb]

    def join(self, *names: str, **stated: Any) -> Any:
        """Join channels; return the results (None while they are not there yet)."""
        self.rid += 1
        self.say(["join", self.rid, dict.fromkeys(names) | stated])
        found = [message[2] for message in self.heard("joined") if message[1] == self.rid]
        return found[0] if found else None

    def offsets(self, channel: str) -> list[int]:
        """Return the offsets of a channel's events on this session, as they came."""
        return [message[2] for message in self.heard("event") if message[1] == channel]


class Store:
    """A backend whose answers come when the test says so.

    Attributes:
        listener: who watches it; the test tells it that the store was away, or that somebody else wrote.
    """

    trouble = None

    def __init__(self, inner: IBackend, durable: bool = False) -> None:
        self._inner = inner
        self.durable = durable
        self.listener: Any = None
        self.held: list[Any] | None = None
        self.reads = 0

    def hold(self) -> None:
        """Keep answers to ``append`` back."""
        self.held = []

    def open(self, channel: str, tail: int) -> Any:
        return self._inner.open(channel, tail)

    def append(self, *args: Any) -> Any:
        from twisted.internet.defer import Deferred

        answer = self._inner.append(*args)
        if self.held is None:
            return answer
        held: Deferred[Any] = Deferred()
        self.held.append((held, answer))
        return held

    def release(self, index: int) -> None:
        """Let the answer ``index`` of those held go out."""
        assert self.held is not None
        held, answer = self.held.pop(index)
        answer.chainDeferred(held)

    def time_out(self, index: int) -> None:
        """Answer ``index`` never comes, though the store did it."""
        from twistedchat.core.errors import StoreUnknown

        assert self.held is not None
        held, answer = self.held.pop(index)
        answer.addBoth(lambda _: None)
        held.errback(StoreUnknown("no answer in time"))

    def watch(self, listener: Any) -> None:
        self.listener = listener

    def heads(self, channels: Any) -> Any:
        return self._inner.heads(channels)

    def closed(self, channel: str) -> None:
        self._inner.closed(channel)

    def read(self, *args: Any) -> Any:
        self.reads += 1
        return self._inner.read(*args)

    def stop(self) -> Any:
        return self._inner.stop()


class Broken:
    """A subscriber that fails at everything."""

    def arrived(self, batch: Any) -> None:
        raise RuntimeError("arrived")

    def presenceChanged(self, change: Any) -> None:
        raise RuntimeError("presenceChanged")

    def removed(self, reason: str) -> None:
        raise RuntimeError("removed")


def event(number: int, size: int = 0) -> str:
    """Return an event's text."""
    return json.dumps(["message", {"text": f"{number}".ljust(size, ".")}])


def message_id(number: int) -> str:
    """Return a message's id."""
    return f"id-{number}".ljust(22, "-")


def make_channel(backend: Any, clock: Clock, name: str = "room/x", **presence: Any) -> Channel:
    """Open a channel on ``backend``."""
    states: list[LogState] = []
    backend.open(name, 1000).addCallback(states.append)
    if not states:
        raise StoreUnavailable("the store did not answer at once")
    return Channel(name, states[0], backend, clock, clock.seconds, Presence(**presence))


def post(channel: Channel, *numbers: int, size: int = 0) -> None:
    """Post events ``numbers``; they are fanned out at the turn's end."""
    for number in numbers:
        channel.post("ann", message_id(number), event(number, size)).addErrback(
            lambda failure: failure.trap()
        )
