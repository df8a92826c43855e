"""An async client of the chat over any transport, by sockets or in memory; it resumes by itself and can be cut anywhere."""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime, IStreamClientEndpoint
from twisted.logger import Logger

from twistedchat.core.codes import GAP, SILENT, Next
from twistedchat.testing.calls import Call, Outcome, Say
from twistedchat.testing.http import Headers, Http
from twistedchat.testing.httppipes import EventSource, HtmlFile, JsonpPolling, XhrPolling, XhrStreaming
from twistedchat.testing.peer import Peer
from twistedchat.testing.pipes import Cut, Pipe
from twistedchat.testing.seen import Seen, Shown
from twistedchat.testing.websocket import WebSocket

_log = Logger()

PIPES: dict[str, type[Pipe]] = {
    kind.name: kind for kind in (WebSocket, XhrStreaming, EventSource, HtmlFile, XhrPolling, JsonpPolling)
}
TRANSPORTS = tuple(PIPES)

TICK_S = 1.0
ASLEEP_S = 15.0  # a tick that comes so late: the machine slept, and its connections are not to be trusted
SILENT_S = 60.0  # two heartbeats of 25 s were missed
OPEN_S = 15.0  # from an attempt to the server's welcome
BACKOFF_S = 0.5
BACKOFF_CAP_S = 8.0


class Refused(Exception):
    """The server said no.

    Attributes:
        error: its class of error, such as "NameTaken".
    """

    def __init__(self, told: dict[str, Any]) -> None:
        super().__init__(f"{told.get('error')}: {told.get('text')}")
        self.error = str(told.get("error"))


class Unknown(Exception):
    """Nobody can say whether it was done."""


class Client:
    """A chat client: one live client over one SockJS session after another.

    ``await client.connect("websocket")``, ``await client.login("Ada")``, ``await client.join("room/lobby")``,
    ``await client.say("room/lobby", "Hello")``. When the connection breaks, also where ``cut`` was asked for, the
    client opens another session and carries on.

    Args:
        endpoint: where the server is: any stream client endpoint, or a ``MemoryNetwork``.
        clock: for its timers; the installed reactor, or a fake clock.
        base: path of the live mount; the brief mount is beside it.
        host: value of the Host header.
        headers: sent with every request, for example an Origin.
        root: the root element it asks for.

    Attributes:
        peer: the protocol's state.
        transport: name of the transport in use, or of the next.
        sessions: how many sessions were opened.
    """

    def __init__(
        self,
        endpoint: IStreamClientEndpoint,
        clock: IReactorTime,
        *,
        base: str = "/comet",
        host: str = "127.0.0.1",
        headers: Headers = (),
        root: str = "chat",
        exposed: dict[str, Callable[..., Any]] | None = None,
    ) -> None:
        self.peer = Peer(root=root, exposed=exposed)
        self.http = Http(endpoint, host, headers)
        self.transport = TRANSPORTS[0]
        self.sessions = 0
        self._clock = clock
        self._base = base
        self._brief = False
        self._pipe: Pipe | None = None
        self._next: str | None = None
        self._next_cut: Cut | None = None
        self._failures = 0
        self._retry: IDelayedCall | None = None
        self._tick: IDelayedCall | None = None
        self._ticked_at = 0.0
        self._heard_at = 0.0
        self._frozen = False
        self._waiting: list[tuple[Callable[[], bool], Deferred[None]]] = []

    # --- connecting

    async def connect(self, transport: str = "websocket", *, brief: bool = False) -> None:
        """Open the first session; return when the server has welcomed it.

        Args:
            transport: a name out of TRANSPORTS.
            brief: use the mount whose polls are held for a moment only.
        """
        self._brief = brief
        self._use(transport)
        self._ticked_at = self._clock.seconds()
        self._tick = self._clock.callLater(TICK_S, self._ticked)
        self._open()
        await self.until(lambda: self.peer.ready)

    async def hop(self, transport: str) -> None:
        """Go on over another transport; return when it is welcomed. The old session is left when the new one is open."""
        self._use(transport)
        n = self.peer.n
        old, self._pipe = self._pipe, None
        self._open()
        if old is not None:
            old.leave()
        await self.until(lambda: self.peer.ready and self.peer.n > n)

    def cut(self, where: Cut, then: str | None = None) -> None:
        """Break the connection at the point that ``where`` names, or the next one where there is none; the client reconnects.

        Args:
            where: see Cut; all but IDLE wait until that point comes.
            then: the transport to reconnect with; the same one unless given.
        """
        self._next = then
        if self._pipe is not None:
            self._pipe.cut(where)
        else:
            self._next_cut = where

    async def close(self) -> None:
        """Say goodbye and leave."""
        self.peer.bye()
        self._flush()
        self.stop()

    def stop(self) -> None:
        """Be gone without a word: connections and timers end. Idempotent."""
        pipe, self._pipe = self._pipe, None
        if pipe is not None:
            pipe.leave()
        self.http.close()
        for call in (self._retry, self._tick):
            if call is not None and call.active():
                call.cancel()
        self._retry = self._tick = None
        self.peer.stop(1000, "closed")
        waiting, self._waiting = self._waiting, []
        for _, deferred in waiting:
            deferred.errback(Unknown("the client was stopped"))

    def pause(self) -> None:
        """Read nothing from the server for now; sending goes on."""
        if self._pipe is not None:
            self._pipe.pause()

    def resume(self) -> None:
        """Read on."""
        if self._pipe is not None:
            self._pipe.resume()

    def freeze(self) -> None:
        """Stop as a laptop does that is shut: nothing is read, nothing is sent, no timer runs."""
        self._frozen = True
        self.pause()

    def thaw(self) -> None:
        """Wake up."""
        self._frozen = False
        self.resume()
        if self._pipe is None and self._retry is None and self._tick is not None:
            self._open()
        self._ticked()

    # --- chatting

    async def login(
        self, name: str | None = None, ticket: str | None = None, password: str | None = None
    ) -> tuple[str, str]:
        """Log in, now and on every new live client; return ``(key, name)``.

        As the account ``name`` with a password, as the person of a ticket, or as a guest called ``name``; see
        ``Peer.login``. A ``call`` of ``login``, ``register``, ``vouched`` and the like does the same.

        Raises:
            Refused, Unknown
        """
        await self._answer(self.peer.login(name, ticket, password))
        assert self.peer.you is not None
        return self.peer.you

    async def join(self, channel: str) -> Seen:
        """Be in ``channel``; return what is seen there, history included. A channel that was refused is asked for again.

        Raises:
            Refused
        """
        seen = self.peer.join(channel)
        self._flush()
        await self.until(lambda: seen.joined or seen.refusal is not None)
        if seen.refusal is not None:
            raise Refused(seen.refusal)
        return seen

    async def say(self, channel: str, text: str) -> int:
        """Say ``text``; return its offset once the channel has it.

        Raises:
            Refused, Unknown
        """
        return int(await self._answer(self.saying(channel, text)))

    def saying(self, channel: str, text: str) -> Say:
        """Say ``text`` and do not wait; the returned call tells what became of it."""
        say = self.peer.say(channel, text)
        self._flush()
        return say

    async def call(self, method: str, *args: Any, element: int = 1) -> Any:
        """Call an exposed method on the server; return its answer.

        Raises:
            Refused, Unknown
        """
        return await self._answer(self.calling(method, *args, element=element))

    def calling(self, method: str, *args: Any, element: int = 1) -> Call:
        """Call an exposed method and do not wait; the returned call tells what became of it."""
        call = self.peer.call(method, *args, element=element)
        self._flush()
        return call

    def shown(self, channel: str) -> list[Shown]:
        """Return what was shown of ``channel``, oldest first."""
        seen = self.peer.channels.get(channel)
        return list(seen.shown) if seen else []

    def texts(self, channel: str) -> list[str]:
        """Return the texts of the messages shown of ``channel``."""
        return [shown.text for shown in self.shown(channel)]

    def holes(self, channel: str) -> list[int]:
        """Return the places of holes in ``shown(channel)``."""
        seen = self.peer.channels.get(channel)
        return list(seen.holes) if seen else []

    def until(self, condition: Callable[[], bool]) -> "Deferred[None]":
        """Fire when ``condition`` holds; it is asked after everything that happens to this client."""
        deferred: Deferred[None] = Deferred()
        if condition():
            deferred.callback(None)
        elif self.peer.stopped:
            deferred.errback(Unknown(self.peer.stopped[1]))
        else:
            self._waiting.append((condition, deferred))
        return deferred

    async def _answer(self, call: Call) -> Any:
        self._flush()
        await self.until(lambda: call.outcome is not Outcome.PENDING)
        if call.outcome is Outcome.REFUSED:
            raise Refused(call.value)
        if call.outcome is Outcome.UNKNOWN:
            raise Unknown(call.value)
        return call.value

    # --- sessions

    def _use(self, transport: str) -> None:
        if transport not in PIPES:
            raise ValueError(f"unknown transport {transport!r}; known are {', '.join(PIPES)}")
        self.transport = transport

    def _open(self) -> None:
        self._retry = None
        if self._frozen:
            return
        base = f"{self._base}-brief" if self._brief else self._base
        self._heard_at = self._clock.seconds()
        self.sessions += 1
        self._pipe = PIPES[self.transport](self.http, base, self)
        self._pipe.cut_at, self._next_cut = self._next_cut, None
        self._pipe.open()

    def pipe_opened(self, pipe: Pipe) -> None:
        """See PipeOwner."""
        if pipe is self._pipe:
            self._heard_at = self._clock.seconds()
            self.peer.opened(self._heard_at)
            self._flush()

    def pipe_heartbeat(self, pipe: Pipe) -> None:
        """See PipeOwner."""
        if pipe is self._pipe:
            self._heard_at = self._clock.seconds()

    def pipe_message(self, pipe: Pipe, text: str) -> None:
        """See PipeOwner. What a session says that was left is ignored."""
        if pipe is not self._pipe:
            return
        self._heard_at = self._clock.seconds()
        self.peer.received(text, self._heard_at)
        if self.peer.resume_wanted:
            self._again(self.peer.closed(GAP.code, GAP.reason, self._heard_at))
        self._flush()
        self._look()

    def pipe_closed(self, pipe: Pipe, code: int, reason: str) -> None:
        """See PipeOwner."""
        if pipe is self._pipe:
            self._pipe = None
            self._again(self.peer.closed(code, reason, self._clock.seconds()))
            self._look()

    def _again(self, following: Next) -> None:
        pipe, self._pipe = self._pipe, None
        if pipe is not None:
            pipe.leave()
        if following is Next.STOP:
            return
        if self._next is not None:
            self._use(self._next)
            self._next = None
        wait = min(BACKOFF_CAP_S, BACKOFF_S * 2**self._failures) if self._failures else 0.0
        self._failures += 1
        if self._retry is None and self._tick is not None:
            self._retry = self._clock.callLater(wait, self._open)

    def _flush(self) -> None:
        if self._pipe is not None and not self._frozen:
            texts = self.peer.take()
            if texts:
                self._pipe.send(texts)

    def _ticked(self) -> None:
        now = self._clock.seconds()
        if self._tick is not None and self._tick.active():
            self._tick.cancel()
        self._tick = self._clock.callLater(TICK_S, self._ticked)
        if self._frozen:
            return
        asleep = now - self._ticked_at > ASLEEP_S
        self._ticked_at = now
        silent = now - self._heard_at > (SILENT_S if self.peer.ready else OPEN_S)
        if self._pipe is not None and (asleep or silent):
            self._again(self.peer.closed(SILENT.code, SILENT.reason, now))
        if self.peer.ready:
            self._failures = 0
        self.peer.tick(now)
        self._flush()
        self._look()

    def _look(self) -> None:
        """Fire whoever waits for what holds now."""
        stopped = self.peer.stopped
        for waiting in list(self._waiting):
            condition, deferred = waiting
            if condition():
                self._waiting.remove(waiting)
                deferred.callback(None)
            elif stopped is not None:
                self._waiting.remove(waiting)
                deferred.errback(Unknown(f"{stopped[0]} {stopped[1]}"))
