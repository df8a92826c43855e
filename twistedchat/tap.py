"""The command line of ``twistd chat`` (and ``twist chat``): options in, one service out.

Only names that pull in no reactor are imported up here: ``--reactor`` must have had its turn first.
"""

import codecs
import os
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from twisted.application.service import IService
from twisted.python import usage

from twistedchat import __version__, config, parsing
from twistedchat.config import Owner, Refusal, Settings

EXAMPLES = """
Examples:
  twistd -n chat
      a chat on port 8080, in the foreground, for this machine and its network
  twistd --rundir=/var/lib/chat --uid=chat chat --http=tcp:80 --public-url=http://chat.example.org
      a daemon that binds port 80 as root and then runs as the user chat
  twistd -n chat --http=haproxy:tcp:8080:interface=127.0.0.1 --public-url=https://example.org/chat --prefix=/chat
      behind a proxy that speaks the PROXY protocol
  twistd -n chat --http=tcp:8080:interface=127.0.0.1 --trusted-proxy=127.0.0.1 --public-url=https://chat.example.org
      behind a proxy on this machine that sets X-Forwarded-For and X-Forwarded-Proto
  twistd -n chat --allow-origin=https://shop.example.org --transports=streaming-iframe,long-poll
      pages of that shop may use it; no WebSockets, the streaming iframe first
  twistd -n chat --element=mychat.ChatterFactory
      an element of your own as the root "element"
"""


class Options(usage.Options):
    """What can be said after ``twistd chat``. After parsing, ``settings`` holds the checked outcome."""

    synopsis = "Usage: twistd [twistd's options] chat [options]"
    longdesc = "One chat for every browser and any proxy: WebSocket, streaming iframe, long-poll."
    optFlags = (
        ("sockjs-test", None, "Offer the echo endpoints of the SockJS protocol, for conformance tests."),
    )
    optParameters = (
        (
            "state",
            None,
            None,
            "Directory for what outlives a restart, made with mode 0700; one process at a time. "
            f"[default: {config.DEFAULT_STATE_NAME} in the run directory]",
        ),
        (
            "transports",
            None,
            None,
            "Comma list of the transports to offer, the preferred first: "
            + ", ".join(config.TRANSPORTS)
            + "; or streaming-iframe and long-poll for all of their kind. [default: all]",
        ),
        ("prefix", None, "", "Path before all of our paths, such as /chat."),
        (
            "element",
            None,
            None,
            "Dotted name of a factory for an element of your own: package.module.factory",
        ),
    )

    settings: Settings

    def __init__(self) -> None:
        super().__init__()
        self._lists: dict[str, list[str]] = {"http": [], "origin": [], "url": [], "proxy": []}

    def opt_http(self, endpoint: str) -> None:
        """Twisted endpoint to listen on, such as tcp:8080:interface=127.0.0.1; may be repeated. [default: tcp:8080]"""
        self._lists["http"].append(endpoint)

    def opt_allow_origin(self, origin: str) -> None:
        """Origin of a foreign page that may use this chat, or *; may be repeated. [default: our own pages alone]"""
        self._lists["origin"].append(origin)

    def opt_public_url(self, url: str) -> None:
        """URL under which visitors reach this chat; may be repeated. [default: only local names are answered]"""
        self._lists["url"].append(url)

    def opt_trusted_proxy(self, network: str) -> None:
        """Address range (CIDR) whose X-Forwarded headers are believed; may be repeated. [default: none]"""
        self._lists["proxy"].append(network)

    def opt_version(self) -> NoReturn:
        """Display the version and exit."""
        print(f"twistedchat {__version__}")
        raise SystemExit(0)

    def parseOptions(self, options: Sequence[str] | None = None) -> None:
        """Parse and check; a mistake ends the process with one line, without the pages of help that twistd would add."""
        try:
            super().parseOptions(options)
        except usage.UsageError as error:
            raise SystemExit(f"twistedchat: {error} (twistd chat --help lists the options)") from error

    def postOptions(self) -> None:
        """Turn the options into ``settings``.

        Raises:
            UsageError: a value is wrong.
        """
        try:
            self.settings = self._settings()
        except Refusal as error:
            raise usage.UsageError(str(error)) from error

    def getUsage(self, width: int | None = None) -> str:
        """Return the help with examples."""
        return str(super().getUsage(width)) + EXAMPLES

    def _settings(self) -> Settings:
        return Settings(
            http=tuple(self._lists["http"]) or (config.DEFAULT_ENDPOINT,),
            state_dir=self._state_dir(),
            owner=self._owner(),
            transports=self._optional("transports", parsing.parse_transports, config.TRANSPORTS),
            allow_origins=parsing.each(self._lists["origin"], parsing.parse_origin),
            public_urls=parsing.each(self._lists["url"], parsing.parse_public_url),
            trusted_proxies=parsing.each(self._lists["proxy"], parsing.parse_network),
            prefix=parsing.parse_prefix(self["prefix"]),
            element=self["element"],
            sockjs_test=bool(self["sockjs-test"]),
        )

    def _optional(self, name: str, parse: Callable[[str], Any], default: Any) -> Any:
        return default if self[name] is None else parse(self[name])

    def _state_dir(self) -> str:
        """A given path counts from where the command was typed, as twistd's own paths do; the default from --rundir."""
        chosen: str | None = self["state"]
        if chosen is not None:
            if not chosen:
                raise Refusal("--state names no directory")
            return os.path.abspath(chosen)
        return os.path.abspath(os.path.join(self._of_twistd("rundir") or ".", config.DEFAULT_STATE_NAME))

    def _owner(self) -> Owner | None:
        uid, gid = self._of_twistd("uid"), self._of_twistd("gid")
        return None if uid is None and gid is None else Owner(uid, gid)

    def _of_twistd(self, name: str) -> Any:
        return None if self.parent is None else self.parent.get(name)


def makeService(options: Options) -> IService:
    """Return the service that twistd runs; end the process with one line where it cannot be made."""
    from twisted.internet import reactor

    from twistedchat.process import Root
    from twistedchat.service import make_service

    # Loaded on the first request otherwise, when a user that --uid names may have no way to Python's own library.
    codecs.lookup("idna")
    settings = options.settings
    root = Root(reactor, settings.limits.stop_s)
    try:
        make_service(settings, reactor).setServiceParent(root)
    except Refusal as error:
        raise SystemExit(f"twistedchat: {error}") from error
    return root
