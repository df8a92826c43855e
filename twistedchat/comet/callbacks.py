"""The callback parameter of JSONP and htmlfile: a name that we write into script, so it is checked first."""

import re

from twistedchat.comet.answers import NO_CACHE, text
from twistedchat.interfaces import IExchange

_NAME = re.compile(r"[a-zA-Z0-9_.-]+\Z")
# sockjs-client's are about 12 long; a longer one is an attempt at writing a program into the answer's start.
MAX_LENGTH = 32


def callback_of(exchange: IExchange) -> str | None:
    """Return the callback's name, or None after having answered the request with what is wrong."""
    name = exchange.argument(b"c") or exchange.argument(b"callback")
    if not name:
        text(exchange, 500, '"callback" parameter required', [NO_CACHE])
        return None
    if len(name) > MAX_LENGTH or not _NAME.match(name):
        text(exchange, 500, 'invalid "callback" parameter', [NO_CACHE])
        return None
    return name
