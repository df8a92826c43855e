"""What the API answers: JSON, and for each error a status, its class, and a text."""

import json
import math
import secrets
from typing import Any

from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.server import Request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from twistedchat.chat.errors import NoSuchRoom, NotAllowed
from twistedchat.core.errors import Conflict, IdReused, SafeError, StoreUnavailable, StoreUnknown, TooFast
from twistedchat.web.api_bodies import TooLarge, UnknownForm
from twistedchat.web.api_keys import NoKey

_log = Logger()

# What else the chat refuses lies in what was asked for: 400.
STATUS: dict[type[SafeError], int] = {
    NoKey: 401,
    NotAllowed: 403,
    NoSuchRoom: 404,
    IdReused: 409,
    Conflict: 409,
    TooLarge: 413,
    UnknownForm: 415,
    TooFast: 429,
    StoreUnavailable: 503,
    StoreUnknown: 503,
}
_RETRIED = (429, 503)


def answer(request: Request, status: int, value: Any) -> bytes:
    """Set status and headers; return ``value`` as JSON. With 204 there is no body."""
    request.setResponseCode(status)
    request.setHeader("Cache-Control", "no-store")
    request.setHeader("X-Content-Type-Options", "nosniff")
    if status == 204:
        return b""
    request.setHeader("Content-Type", "application/json")
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def refuse(request: Request, failure: Failure) -> bytes:
    """Return the answer to a request that failed; what nobody expected is logged with an id that the answer tells."""
    error = failure.value
    if isinstance(error, SafeError):
        return _refuse_safely(request, error)
    if isinstance(error, HTTPException):
        if isinstance(error, MethodNotAllowed):
            request.setHeader("Allow", ", ".join(sorted(error.valid_methods or ())))
        name = type(error).__name__
        return answer(request, error.code or 400, {"error": name, "text": "there is nothing here for that"})
    reference = secrets.token_hex(4)
    _log.failure("a request to the API failed ({reference})", failure, reference=reference)
    text = f"something went wrong; the server's log has it as {reference}"
    return answer(request, 500, {"error": "InternalError", "text": text})


def _refuse_safely(request: Request, error: SafeError) -> bytes:
    status = STATUS.get(type(error), 400)
    told: dict[str, Any] = {"error": type(error).__name__, "text": error.text}
    if isinstance(error, StoreUnknown):
        told["unknown"] = True
    if status == 401:
        request.setHeader("WWW-Authenticate", "Bearer")
    if status in _RETRIED:
        request.setHeader("Retry-After", str(max(1, math.ceil(error.retry_s or 0))))
    return answer(request, status, told)
