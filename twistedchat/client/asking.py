"""One request to the API, tried until it is answered: every request of the API may be sent again as it is."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.error import ConnectError, DNSLookupError
from twisted.internet.interfaces import IConsumer
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.task import deferLater
from twisted.python.failure import Failure
from twisted.web.client import ResponseDone
from twisted.web.http import PotentialDataLoss
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgent, IBodyProducer, IResponse
from zope.interface import implementer

from twistedchat import __version__

MAX_ANSWER_BYTES = 4_000_000  # a page of 200 rooms has at most a quarter of it
TIMEOUT_S = 15.0  # a store is given up after 5 s
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0

# What a server, or a proxy before it, says where another try may do: too fast, it or its store is away.
_PASSING = frozenset({429, 502, 503, 504})
_NOTHING_DONE = frozenset({"TooFast", "StoreUnavailable"})


class ApiError(Exception):
    """What was asked for was refused, or nobody answered.

    Attributes:
        error: the class, as in docs/api.md; ``NoAnswer`` where there was none that could be understood.
        text: for people.
        status: of the last answer, or 0.
        unknown: it may have been done all the same. Ask again with the same id.
    """

    def __init__(self, error: str, text: str, status: int = 0, unknown: bool = False) -> None:
        super().__init__(f"{error}: {text}")
        self.error = error
        self.text = text
        self.status = status
        self.unknown = unknown


@dataclass(frozen=True, slots=True)
class Answer:
    """What a try brought.

    Attributes:
        status: 0 where there was no answer.
        value: the JSON value; None for an empty body.
        retry_s: seconds for which the server wants to be left alone.
        unknown: whether it may have been done.
        again: whether another try may do.
    """

    status: int
    value: Any
    retry_s: float = 0.0
    unknown: bool = False
    again: bool = False

    def refusal(self, unknown: bool) -> ApiError:
        """Return what it says as an error; ``unknown`` says whether an earlier try may have done it."""
        value = self.value if isinstance(self.value, dict) else {}
        error, text = value.get("error", "NoAnswer"), value.get("text", f"status {self.status}")
        return ApiError(str(error), str(text), self.status, unknown)


class Asking:
    """Sends requests, each until it is answered for good.

    Args:
        agent: sends one.
        clock: for pauses and time-outs.
        headers: of every request.
        tries: of each request; the pauses between them grow from half a second to half a minute.
    """

    def __init__(self, agent: IAgent, clock: Any, headers: dict[str, str], tries: int) -> None:
        self._agent = agent
        self._clock = clock
        self._headers = {"User-Agent": f"twistedchat/{__version__}", **headers}
        self._tries = tries

    async def ask(self, method: str, url: str, body: dict[str, Any] | None = None, gone: str = "") -> Any:
        """Return the value of an answer with a status of 200 to 299.

        Args:
            gone: class of an error that means success where an earlier try may have done it.

        Raises:
            ApiError: it was refused, or every try failed.
        """
        unknown = False
        for attempt in range(1, self._tries + 1):
            found = await self._try(method, url, body)
            if 200 <= found.status < 300:
                return found.value
            if unknown and gone and found.refusal(unknown).error == gone:
                return None
            unknown |= found.unknown
            if not found.again or attempt == self._tries:
                break
            pause = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** (attempt - 1))
            await deferLater(self._clock, max(pause, min(found.retry_s, LONGEST_PAUSE_S)))
        raise found.refusal(unknown)

    async def _try(self, method: str, url: str, body: dict[str, Any] | None) -> Answer:
        headers = {name: [value] for name, value in self._headers.items()}
        producer = None
        if body is not None:
            headers["Content-Type"] = ["application/json"]
            producer = _Body(json.dumps(body).encode())
        exchange = Deferred.fromCoroutine(self._exchange(method, url, Headers(headers), producer))
        asked = _cut_short(exchange).addTimeout(TIMEOUT_S, self._clock)
        try:
            return await asked
        except CancelledError:
            raise  # who asked does not want it any more
        except (ConnectError, DNSLookupError) as error:
            return _none(error, unknown=False)
        except Exception as error:  # whatever broke: it may have arrived
            return _none(error, unknown=True)

    async def _exchange(
        self, method: str, url: str, headers: Headers, producer: IBodyProducer | None
    ) -> Answer:
        response = await self._agent.request(method.encode(), url.encode("ascii"), headers, producer)
        body = await _collect(response)
        retry = (response.headers.getRawHeaders("retry-after") or ["0"])[0]
        return _understood(response.code, body, float(retry) if retry.isdecimal() else 0.0)


def _understood(status: int, body: bytes, retry_s: float) -> Answer:
    try:
        value = json.loads(body) if body else None
    except (ValueError, RecursionError):
        value = None
    said = value.get("error") if isinstance(value, dict) else None
    again = status in _PASSING
    unknown = status >= 500 and said not in _NOTHING_DONE
    return Answer(status, value, retry_s, unknown, again)


def _none(error: Exception, unknown: bool) -> Answer:
    text = str(error) or type(error).__name__
    return Answer(0, {"error": "NoAnswer", "text": text}, unknown=unknown, again=True)


def _cut_short(asked: "Deferred[Answer]") -> "Deferred[Answer]":
    """Return what ``asked`` brings. Cancelled, it fails with CancelledError, in whatever words ``asked`` may end then."""

    def cancelled(answer: "Deferred[Answer]") -> None:
        answer.errback(CancelledError())
        asked.cancel()

    def brought(result: Any) -> None:
        if not answer.called:
            answer.callback(result)

    answer: Deferred[Answer] = Deferred(cancelled)
    asked.addBoth(brought)
    return answer


def _collect(response: IResponse) -> "Deferred[bytes]":
    collector = _Collector()
    response.deliverBody(collector)
    return collector.done


class _Collector(Protocol):
    """Collects a body up to a bound."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0
        self.done: Deferred[bytes] = Deferred(self._cancelled)

    def dataReceived(self, data: bytes) -> None:
        """Take a piece."""
        self._size += len(data)
        if self._size <= MAX_ANSWER_BYTES:
            self._parts.append(data)
        elif not self.done.called:
            self.done.errback(ValueError("the answer is too large"))
            self._abort()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Hand it over."""
        if self.done.called:
            return
        if reason.check(ResponseDone, PotentialDataLoss):
            self.done.callback(b"".join(self._parts))
        else:
            self.done.errback(reason)

    def _cancelled(self, done: "Deferred[bytes]") -> None:
        self._abort()

    def _abort(self) -> None:
        abort: Callable[[], None] | None = getattr(self.transport, "abortConnection", None)
        if abort is not None:
            abort()


@implementer(IBodyProducer)
class _Body:
    """A body that is there already."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.length = len(data)

    def startProducing(self, consumer: IConsumer) -> "Deferred[None]":
        """Write it all."""
        consumer.write(self._data)
        return succeed(None)

    def pauseProducing(self) -> None:
        """It is written."""

    def resumeProducing(self) -> None:
        """It is written."""

    def stopProducing(self) -> None:
        """It is written."""
