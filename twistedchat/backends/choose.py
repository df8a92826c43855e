"""From the operator's URL to a backend: ``memory:``, ``sqlite:``, ``redis:``, or what a plugin adds."""

import difflib
import os
from collections.abc import Mapping
from typing import Any

from twisted.plugin import getPlugins
from zope.interface import implementer

from twistedchat.backends.memory import MemoryBackend
from twistedchat.backends.sqlite import SqliteBackend
from twistedchat.config import Settings, WrongValue
from twistedchat.interfaces import IBackend, IBackendMaker

SQLITE_NAME = "chat.sqlite3"


@implementer(IBackendMaker)
class MemoryMaker:
    """``memory:``: nothing outlives the process."""

    scheme = "memory"

    def make(self, url: str, settings: Settings, reactor: Any) -> IBackend:
        """See IBackendMaker."""
        if url.removeprefix("memory:"):
            raise WrongValue("backend", "memory: takes nothing behind the colon")
        limits = settings.limits
        # One log more than channels: there is always one that is closed and can make room.
        return MemoryBackend(
            limits.log_tail, max_channels=limits.max_channels + 1, max_chars=limits.max_log_chars
        )


@implementer(IBackendMaker)
class SqliteMaker:
    """``sqlite:`` or ``sqlite:PATH``: one file."""

    scheme = "sqlite"

    def make(self, url: str, settings: Settings, reactor: Any) -> IBackend:
        """See IBackendMaker. Where nothing is kept on disk, and no path is given, it is memory."""
        path = sqlite_path(url, settings.state_dir)
        if path is None:
            return MemoryMaker().make("memory:", settings, reactor)
        return SqliteBackend(path, reactor, owner=settings.owner)


@implementer(IBackendMaker)
class RedisMaker:
    """``redis://[user:password@]host[:port][/db][?prefix=chat:]``, or ``rediss:`` with TLS and ``?ca=PATH``."""

    def __init__(self, scheme: str) -> None:
        self.scheme = scheme

    def make(self, url: str, settings: Settings, reactor: Any) -> IBackend:
        """See IBackendMaker. Whether the Redis is there shows when the reactor runs."""
        from twistedchat.backends.redis import make_redis_backend  # this installs the reactor
        from twistedchat.backends.redis_url import BadRedisURL

        try:
            return make_redis_backend(url, reactor)
        except BadRedisURL as error:
            raise WrongValue("backend", str(error)) from None  # the cause may show the password


MAKERS: Mapping[str, IBackendMaker] = {
    maker.scheme: maker for maker in (MemoryMaker(), SqliteMaker(), RedisMaker("redis"), RedisMaker("rediss"))
}


def sqlite_path(url: str, state_dir: str | None) -> str | None:
    """Return the absolute path of the file that a ``sqlite:`` URL means, or None for a file in no state directory.

    A relative path counts from the state directory, and from the current one where there is none.
    """
    path = url.removeprefix("sqlite:")
    if not path:
        return None if state_dir is None else os.path.join(state_dir, SQLITE_NAME)
    return os.path.abspath(os.path.join(state_dir or ".", path))


def make_backend(settings: Settings, reactor: Any) -> IBackend:
    """Return the backend that the settings name, opened.

    Raises:
        Refusal: nobody makes backends of this scheme, or it cannot be opened.
    """
    return find_maker(settings.backend).make(settings.backend, settings, reactor)


def find_maker(url: str) -> IBackendMaker:
    """Return who makes backends of this URL's scheme.

    Raises:
        Refusal: nobody does.
    """
    scheme, colon, _ = url.partition(":")
    maker = MAKERS.get(scheme) if colon else None
    return maker or _from_plugin(url, scheme)


def _from_plugin(url: str, scheme: str) -> IBackendMaker:
    found = {maker.scheme: maker for maker in getPlugins(IBackendMaker)}
    if ":" in url and scheme in found:
        return found[scheme]
    known = sorted({*MAKERS, *found})
    close = difflib.get_close_matches(scheme.lower(), known, n=1)
    near = f"; did you mean {close[0]}:?" if close else ""
    names = ", ".join(f"{name}:" for name in known)
    shown = f"{scheme}:" if ":" in url else repr(url)  # what follows the scheme may be a password
    raise WrongValue("backend", f"no backend is called {shown}{near or f'; known are {names}'}")
