"""Ports: endpoint strings bound while there are privileges, refused in one line, announced as URLs."""

import errno
import os
import re
from collections.abc import Sequence
from typing import Any

from twisted.application.service import Service
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.defer import Deferred, gatherResults, maybeDeferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IAddress, IListeningPort, IProtocolFactory, IStreamServerEndpoint
from twisted.logger import Logger
from twisted.python.failure import Failure

from twistedchat.config import Refusal, WrongValue
from twistedchat.eager import make_eager

log = Logger()

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "localhost"}


class PortService(Service):
    """Listens on Twisted endpoint strings for one factory.

    Ports are bound in ``privilegedStartService``, so that twistd can shed root's privileges afterwards, or in
    ``startService`` where nobody called that (``twist`` does not). All are bound, or none.

    Args:
        reactor: makes the endpoints.
        descriptions: endpoint strings, for example ``tcp:8080`` or ``haproxy:tcp:8080:interface=127.0.0.1``.
        factory: builds the protocols.
        path: path of the page to announce, with a slash before and behind.

    Attributes:
        addresses: where it listens, in the order of ``descriptions``; the port that was given where 0 was asked for.
        urls: the same as URLs for a browser on this machine.

    Raises:
        Refusal: a string is no endpoint, or names a certificate or key that cannot be read.
    """

    def __init__(
        self, reactor: Any, descriptions: Sequence[str], factory: IProtocolFactory, path: str = "/"
    ) -> None:
        self._reactor = reactor
        self._factory = factory
        self._path = path
        self._endpoints = [(text, _endpoint(reactor, text)) for text in descriptions]
        self._ports: list[tuple[str, IListeningPort]] = []

    @property
    def addresses(self) -> list[IAddress]:
        """The bound addresses; empty while nothing is bound."""
        return [port.getHost() for _, port in self._ports]

    @property
    def urls(self) -> list[str]:
        """The bound addresses as URLs."""
        return [_url(text, port.getHost(), self._path) for text, port in self._ports]

    def privilegedStartService(self) -> None:
        """Bind all ports.

        Raises:
            Refusal: one cannot be bound; the others are let go.
        """
        super().privilegedStartService()
        try:
            for text, endpoint in self._endpoints:
                self._bind(text, endpoint)
        except Refusal:
            self._release()
            raise

    def startService(self) -> None:
        """Bind what is not bound yet, and announce where."""
        if not self._ports:
            self.privilegedStartService()
        super().startService()
        self._reactor.callWhenRunning(self._announce)

    def stopService(self) -> Deferred[None]:
        """Stop listening; fires when the ports are free again. Accepted connections are not touched."""
        super().stopService()
        return self._release()

    def _release(self) -> Deferred[None]:
        ports, self._ports = self._ports, []
        return gatherResults([maybeDeferred(port.stopListening) for _, port in ports]).addCallback(
            lambda _: None
        )

    def _bind(self, text: str, endpoint: IStreamServerEndpoint) -> None:
        failures: list[Failure] = []
        listening = endpoint.listen(self._factory)
        listening.addCallbacks(lambda port: self._bound(text, port), failures.append)
        if failures:
            raise _refusal(text, failures[0]) from failures[0].value
        if not listening.called:
            raise WrongValue(
                "http", f"{text}: this kind of endpoint does not bind at once, which a server's start needs"
            )

    def _bound(self, text: str, port: IListeningPort) -> None:
        make_eager(port)
        self._ports.append((text, port))

    def _announce(self) -> None:
        for url in self.urls:
            log.info("twistedchat is at {url}", url=url)


def _endpoint(reactor: Any, text: str) -> IStreamServerEndpoint:
    try:
        endpoint: IStreamServerEndpoint = serverFromString(reactor, text)
    except Exception as error:
        raise WrongValue(
            "http", f"{text!r} is not a usable endpoint, such as tcp:8080: {_reason(error)}"
        ) from error
    return endpoint


def _reason(error: Exception) -> str:
    """Return why a text is no endpoint; where the parser speaks of its own parameters, in the operator's words."""
    text = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, TypeError):
        unknown = re.search(r"unexpected keyword argument '(\w+)'", text)
        missing = re.search(r"missing \d+ required \S+ arguments?: '(\w+)'", text)
        if unknown:
            return f"it has no option {unknown[1]!r}"
        if missing:
            return f"it lacks its {missing[1]}"
        if "positional argument" in text:
            return "it has too many parts"
    return text


def _refusal(text: str, failure: Failure) -> Refusal:
    error = failure.value
    reason = error.socketError if isinstance(error, CannotListenError) else error
    where = (
        f"port {error.port}" if isinstance(error, CannotListenError) and isinstance(error.port, int) else text
    )
    match getattr(reason, "errno", None):
        case errno.EADDRINUSE:
            return Refusal(
                f"{where} is in use: stop what listens there, or choose another with --http=tcp:PORT"
            )
        case errno.EACCES:
            return Refusal(f"{where} needs privileges: start as root with --uid, or choose one above 1023")
        case _:
            return Refusal(f"cannot listen on {text}: {getattr(reason, 'strerror', None) or reason}")


def _url(text: str, address: IAddress, path: str) -> str:
    if isinstance(address, UNIXAddress):
        return f"unix:{os.fsdecode(address.name or b'')}"
    if not isinstance(address, IPv4Address | IPv6Address):
        return text
    secure = text.removeprefix("haproxy:").startswith(("ssl:", "tls:"))
    host = _EVERYWHERE.get(address.host, address.host)
    host = f"[{host}]" if ":" in host else host
    return f"http{'s' if secure else ''}://{host}:{address.port}{path}"
