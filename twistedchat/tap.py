"""The command line of ``twistd chat`` (and ``twist chat``): options in, one service out.

Only names that pull in no reactor are imported up here: ``--reactor`` must have had its turn first.
"""

import codecs
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NoReturn

from twisted.application.service import IService
from twisted.logger import FileLogObserver
from twisted.python import usage

from twistedchat import __version__, config
from twistedchat.config import Owner, Refusal, Settings, WrongValue
from twistedchat.logs import json_observer
from twistedchat.settings.sources import Reading, Said, read

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
  TWISTEDCHAT_PREFIX=/chat twistd -n chat --config=/etc/twistedchat.toml
      settings from a file, one of them by the environment; "python -m twistedchat check-config" says what would run
"""


class Options(usage.Options):
    """What can be said after ``twistd chat``. After parsing, ``settings`` holds the checked outcome,
    and ``reading`` where each of them was said.

    The same can be said in a file and by environment variables; ``settings.sources`` puts them together.
    """

    synopsis = "[options]"
    longdesc = "One chat for every browser and any proxy: WebSocket, streaming iframe, long-poll."
    environ: Mapping[str, str] = os.environ

    settings: Settings
    reading: Reading

    def __init__(self) -> None:
        super().__init__()
        self._values: dict[str, str | list[str] | bool] = {}
        self._limits: list[str] = []
        self._config: str | None = None

    def opt_config(self, path: str) -> None:
        """TOML file with any of these settings; options and TWISTEDCHAT_* variables go before it. [default: none]"""
        self._config = path

    def opt_http(self, endpoint: str) -> None:
        """Twisted endpoint to listen on, such as tcp:8080:interface=127.0.0.1; may be repeated. [default: tcp:8080]"""
        self._add("http", endpoint)

    def opt_state(self, path: str) -> None:
        self._values["state"] = path

    opt_state.__doc__ = (
        "Directory for what outlives a restart, made with mode 0700; one process at a time. "
        f"[default: {config.DEFAULT_STATE_NAME} in the run directory]"
    )

    def opt_backend(self, url: str) -> None:
        """Where all is kept: memory:, sqlite:PATH, redis://host:port/db. [default: a SQLite file in the state directory]"""
        self._values["backend"] = url

    def opt_transports(self, names: str) -> None:
        self._values["transports"] = names

    opt_transports.__doc__ = (
        "Comma list of the transports to offer, the preferred first: "
        + ", ".join(config.TRANSPORTS)
        + "; or streaming-iframe and long-poll for all of their kind. [default: all]"
    )

    def opt_allow_origin(self, origin: str) -> None:
        """Origin of a foreign page that may use this chat, or *; may be repeated. [default: our own pages alone]"""
        self._add("allow_origins", origin)

    def opt_public_url(self, url: str) -> None:
        """URL under which visitors reach this chat; may be repeated. [default: only local names are answered]"""
        self._add("public_urls", url)

    def opt_trusted_proxy(self, network: str) -> None:
        """Address range (CIDR) whose X-Forwarded headers are believed; may be repeated. [default: none]"""
        self._add("trusted_proxies", network)

    def opt_prefix(self, path: str) -> None:
        """Path before all of our paths, such as /chat. [default: none]"""
        self._values["prefix"] = path

    def opt_element(self, name: str) -> None:
        """Dotted name of a factory for an element of your own: package.module.factory [default: none]"""
        self._values["element"] = name

    def opt_room(self, room: str) -> None:
        """Title of a room that is always there, or an inline TOML table such as {title = "Staff", kind = "members"}; may
        be repeated, the first is where newcomers go. [default: Lobby]"""
        self._add("rooms", room)

    def opt_token_key(self, table: str) -> None:
        """Key of those who vouch for people, as an inline TOML table: {kid = "1", alg = "EdDSA", issuer =
        "https://example.org", key_file = "site.pem"}; may be repeated. [default: none]"""
        self._add("token_keys", table)

    def opt_api_key(self, table: str) -> None:
        """Key of a program that may use the API, as an inline TOML table: {name = "shop", may = ["post"], key_file =
        "shop.key"}; may be repeated. [default: none]"""
        self._add("api_keys", table)

    def opt_token_audience(self, audience: str) -> None:
        """What a token's aud may be, besides the public URLs; may be repeated. [default: none]"""
        self._add("token_audiences", audience)

    def opt_avatar_origin(self, origin: str) -> None:
        """Origin whose pictures tokens may name for people; may be repeated. [default: our own alone]"""
        self._add("avatar_origins", origin)

    def opt_user_rooms(self, allowed: str) -> None:
        """Whether visitors may open rooms of their own: yes or no. [default: yes]"""
        self._values["user_rooms"] = allowed

    def opt_registration(self, allowed: str) -> None:
        """Whether visitors may make accounts for themselves: yes or no. [default: yes]"""
        self._values["registration"] = allowed

    def opt_metrics_allow(self, network: str) -> None:
        """Address range (CIDR) that may read /metrics and the details of /readyz; may be repeated. [default: this machine]"""
        self._add("metrics_allow", network)

    def opt_limit(self, limit: str) -> None:
        """A bound, such as max_rooms=500; may be repeated; "python -m twistedchat settings" lists them. [default: none]"""
        self._limits.append(limit)

    def opt_log_json(self) -> None:
        """Write the log as JSON, one object a line, to where twistd would write its text."""
        self._values["log_json"] = True

    def opt_sockjs_test(self) -> None:
        """Offer the echo endpoints of the SockJS protocol, for conformance tests."""
        self._values["sockjs_test"] = True

    def opt_version(self) -> NoReturn:
        """Display the version and exit."""
        print(f"twistedchat {__version__}")
        raise SystemExit(0)

    def parseOptions(self, options: Sequence[str] | None = None) -> None:
        """Parse and check; each mistake is told in one line, without the pages of help that twistd would add."""
        try:
            super().parseOptions(options)
        except usage.UsageError as error:
            raise SystemExit(f"twistedchat: {error} (twistd chat --help lists the options)") from error
        except Refusal as error:
            raise SystemExit(told(error)) from error

    def postOptions(self) -> None:
        """Turn all that was said into ``settings``.

        Raises:
            Refusal: something is wrong, with a line for each.
        """
        self.read()
        self.reading.check()
        if self.settings.log_json and self.parent is not None and "logfile" not in self.parent:
            raise Refusal("--log-json: twist has its own option for that: twist --log-format=json chat")

    def read(self) -> None:
        """Set ``reading`` and ``settings``, whatever is wrong in them."""
        self.reading = read(Said(self._values, self._limits, self._config), self.environ)
        values = self.reading.values
        self.settings = replace(values, state_dir=values.state_dir or self._state_dir(), owner=self._owner())

    def getUsage(self, width: int | None = None) -> str:
        """Return the help with examples."""
        return str(super().getUsage(width)) + EXAMPLES

    def log_observer(self) -> FileLogObserver | None:
        """Return what twistd's log shall go to, or None where it goes as twistd says."""
        return json_observer(self.parent or {}) if self.settings.log_json else None

    def _add(self, name: str, text: str) -> None:
        there = self._values.setdefault(name, [])
        assert isinstance(there, list)
        there.append(text)

    def _state_dir(self) -> str:
        """The default, which is in --rundir; a path that was said counts from where it was said."""
        return os.path.abspath(os.path.join(self._of_twistd("rundir") or ".", config.DEFAULT_STATE_NAME))

    def _owner(self) -> Owner | None:
        uid, gid = self._of_twistd("uid"), self._of_twistd("gid")
        return None if uid is None and gid is None else Owner(uid, gid)

    def _of_twistd(self, name: str) -> Any:
        return None if self.parent is None else self.parent.get(name)


def told(error: Refusal, places: Mapping[str, str] | None = None) -> str:
    """Return what is wrong as lines for the terminal, with the places where values were said."""
    text = error.at(places or {}) if isinstance(error, WrongValue) else str(error)
    return "\n".join(f"twistedchat: {line}" for line in text.splitlines())


def makeService(options: Options) -> IService:
    """Return the service that twistd runs; end the process with one line where it cannot be made."""
    from twisted.internet import reactor

    from twistedchat.process import Root
    from twistedchat.service import make_service

    # Loaded on the first request otherwise, when a user that --uid names may have no way to Python's own library.
    codecs.lookup("idna")
    settings = options.settings
    root = Root(reactor, settings.limits.stop_s, options.log_observer())
    try:
        make_service(settings, reactor).setServiceParent(root)
    except Refusal as error:
        raise SystemExit(told(error, options.reading.places)) from error
    return root
