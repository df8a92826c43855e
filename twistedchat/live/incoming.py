"""What a page asks of the server: calls to exposed methods, and joins; each answered once, with safe errors."""

import secrets
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import CancelledError, Deferred, ensureDeferred, maybeDeferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from twistedchat.core import codes, wire
from twistedchat.core.errors import NoSuchElement, NotExposed, ProtocolError, SafeError, TooFast
from twistedchat.core.throttle import TokenBucket

if TYPE_CHECKING:
    from twistedchat.live.client import LiveClient

_log = Logger()

MAX_RUNNING = 100  # calls of one client under way at once
MAX_JOINS = 4  # join requests of one client under way at once
ANSWER_CHARS = 262_144  # of one answer to a join, for all its channels: a few bytes ask for it
MOST_AT_ONCE = 100  # channels that one request may name
JOINS_PER_S = 20.0  # channels that one client may ask for; at once twice as many as it may be in


def told(failure: Failure, what: str) -> dict[str, Any]:
    """Return what the page may know of ``failure``: a SafeError whole, anything else by the id of its log line."""
    error = failure.value
    if isinstance(error, SafeError):
        text = str(error.text).encode(errors="replace").decode()
        safe: dict[str, Any] = {"error": type(error).__name__, "text": text}
        if error.retry_s is not None:
            safe["retry"] = round(error.retry_s, 3)
        return safe
    if isinstance(error, CancelledError):
        return {"error": "Cancelled", "text": "cancelled"}
    log_id = secrets.token_hex(4)
    _log.failure("{what} failed [{log_id}]", failure, what=what, log_id=log_id)
    return {"error": "InternalError", "text": "something went wrong on the server", "id": log_id}


def run(function: Callable[..., Any], *args: Any) -> Deferred[Any]:
    """Call ``function`` and return a Deferred of what it answers, be it a value, a Deferred or a coroutine."""
    return maybeDeferred(function, *args)


class Incoming:
    """The calls and joins of one live client that are under way.

    Args:
        client: whose they are.
        bucket: how fast calls and notifications may come. A call too many is refused with TooFast, a notification dropped.
        joining: how fast channels may be asked for.
        now: the clock that the buckets go by.
        refused: counts calls that were answered with an error, by its class.
    """

    __slots__ = ("_asking", "_bucket", "_client", "_joining", "_joins", "_now", "_refused", "_running")

    def __init__(
        self,
        client: "LiveClient",
        bucket: TokenBucket,
        joining: TokenBucket,
        now: Callable[[], float],
        refused: Counter[str],
    ) -> None:
        self._client = client
        self._joining = joining
        self._bucket = bucket
        self._now = now
        self._refused = refused
        self._running: dict[str, Deferred[Any]] = {}
        self._joins = 0
        self._asking: Counter[str] = Counter()  # channels that joins under way ask for

    def act(self, action: wire.Action) -> None:
        """Do one action of the basket.

        Raises:
            ProtocolError: a cid that is already under way.
        """
        match action:
            case wire.Call():
                self._call(action)
            case wire.Notify():
                self._notify(action)
            case wire.Respond():
                self._client.answered(action.cid, action.ok, action.value)
            case wire.Cancel():
                running = self._running.get(action.cid)
                if running is not None:
                    running.cancel()
            case wire.Close():
                self._client.end("the page closed")

    def _call(self, call: wire.Call) -> None:
        if call.cid in self._running:
            raise ProtocolError(codes.BAD_MESSAGE, "this call is under way already")
        wait = self._bucket.take(self._now())
        if wait or len(self._running) >= MAX_RUNNING:
            d = run(_refuse, TooFast("too many calls", wait or 1.0))
        else:
            d = run(self._invoke, call)
        self._running[call.cid] = d
        d.addErrback(self._failed, call)
        d.addCallback(self._respond, call)

    def _invoke(self, call: "wire.Call | wire.Notify") -> Any:
        element = self._client.elements.get(call.element)
        if element is None:
            raise NoSuchElement("this element is gone")
        method, arguments = element.find_exposed(call.method)
        result = method(element, *arguments.check(call.args))
        return ensureDeferred(result) if hasattr(result, "send") else result

    def _failed(self, failure: Failure, call: wire.Call) -> "_Refusal":
        safe = told(failure, f"call of {call.method[:100]}")
        self._refused[safe["error"]] += 1
        return _Refusal(safe)

    def _respond(self, value: Any, call: wire.Call) -> None:
        self._running.pop(call.cid, None)
        if isinstance(value, _Refusal):
            self._client.push("respond", [call.cid, False, value.told])
            return
        try:
            self._client.push("respond", [call.cid, True, value])
        except TypeError:
            self._client.push("respond", [call.cid, False, told(Failure(), f"answer of {call.method[:100]}")])

    def _notify(self, notify: wire.Notify) -> None:
        if not self._bucket.take(self._now()):
            run(self._invoke, notify).addErrback(self._ignored, notify)

    def _ignored(self, failure: Failure, notify: wire.Notify) -> None:
        if not failure.check(NoSuchElement, NotExposed):
            told(failure, f"notification of {notify.method[:100]}")

    # --- joins

    def join(self, message: wire.Join) -> None:
        """Ask the root element for each channel; answer once, in one step with the subscriptions."""
        wait = self._joining.take(self._now(), len(message.channels))
        if wait or self._joins >= MAX_JOINS:
            refusal = {"error": "TooFast", "text": "too many joins at once", "retry": round(wait or 1, 3)}
            self._client.tell(["joined", message.rid, dict.fromkeys(message.channels, refusal)])
            return
        self._joins += 1
        session = self._client.session
        ensureDeferred(self._join(message, session)).addErrback(
            lambda failure: _log.failure("a join failed", failure)
        )

    async def _join(self, message: wire.Join, session: object) -> None:
        granted: dict[str, Any] = {}
        asked: list[str] = []
        try:
            for name in message.channels:
                if not self._client.reading.may_join(name, self._asking):
                    granted[name] = _TOO_MANY
                    continue
                asked.append(name)
                self._asking[name] += 1
                granted[name] = await self._ask(name)
        finally:
            self._joins -= 1
            self._asking -= Counter(asked)
        client = self._client
        if client.over or client.session is not session:
            return  # the page asks again on its new session
        results = {}
        room = ANSWER_CHARS // len(granted)
        for name, joining in granted.items():
            at = message.channels[name]
            if isinstance(joining, dict):
                results[name] = joining
            elif not joining.holds():
                results[name] = _NOT_ANY_MORE
            elif joining.channel.closed:
                results[name] = _CLOSED
            else:
                results[name] = client.reading.joined(joining, at.position() if at else None, room)
        client.tell(["joined", message.rid, results])

    async def _ask(self, name: str) -> Any:
        """Return the root's Joining for ``name``, or what the page is told instead."""
        joining = getattr(self._client.elements.root, "joining", None)
        if joining is None:
            return {"error": "NoSuchRoom", "text": "there is nothing to join here"}
        try:
            return await run(joining, name)
        except Exception:
            return told(Failure(), f"join of {name[:100]}")

    def stop(self) -> None:
        """The client is over: cancel what is under way."""
        for running in list(self._running.values()):
            running.cancel()


_TOO_MANY: dict[str, Any] = {"error": "TooManyRooms", "text": "too many rooms at once; leave some"}
_CLOSED: dict[str, Any] = {"error": "StoreUnavailable", "text": "this took too long, try again", "retry": 1.0}
_NOT_ANY_MORE: dict[str, Any] = {"error": "NotAllowed", "text": "you may not be here any more"}


class _Refusal:
    __slots__ = ("told",)

    def __init__(self, told: dict[str, Any]) -> None:
        self.told = told


def _refuse(error: Exception) -> None:
    raise error
