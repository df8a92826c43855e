"""The one place that names concrete classes and wires them together."""

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from twisted.application.service import MultiService, Service
from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.internet.interfaces import IProtocolFactory
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.web.resource import IResource

from twistedchat.backends.choose import MemoryMaker, make_backend
from twistedchat.backends.measured import MeasuredBackend
from twistedchat.channels.hub import Hub
from twistedchat.chat.house import Chat
from twistedchat.chat.making import make_people
from twistedchat.chat.online import Online
from twistedchat.chat.passwords import Workers
from twistedchat.comet.clockwork import Clockwork
from twistedchat.comet.resource import CometResource
from twistedchat.comet.testpoints import TestPoints
from twistedchat.config import Settings
from twistedchat.core.errors import StoreUnavailable, StoreUnknown
from twistedchat.core.origins import OriginPolicy
from twistedchat.interfaces import IBackend
from twistedchat.listen import PortService
from twistedchat.live.scripts import Scripts
from twistedchat.paths import static_dir
from twistedchat.state import State, open_state
from twistedchat.web.api import make_api
from twistedchat.web.front import make_site
from twistedchat.web.health import NAMES, Healthz, Insiders, MetricsPage, Readiness, Readyz
from twistedchat.web.hosts import Hosts, Proxies
from twistedchat.web.metrics import Metrics, Sources
from twistedchat.web.pages import Front, Pages, under_prefix
from twistedchat.wiring import chat_rules, make_live_server, make_presence, mount_policy

_log = Logger()

TIDY_S = 60.0
LOAD_AGAIN_S = 1.0  # where the store was away at the start


class House:
    """Everything between the sockets and the store, without ports: what tests and embedders want too.

    Args:
        settings: what the operator chose.
        reactor: for time.
        secret: key that signs tickets.
        backend: where logs are kept; in memory unless given.

    Attributes:
        chat: the chat; ``chat.alert(text)`` reaches everyone in it.
        live: the live server.
        resource: the whole site as a twisted.web resource, below its prefix.
        entrances: its mounts by path, for ``make_site``: their plain requests go past twisted.web.
        metrics: its figures.
        answers: HTTP answers by the first digit of their status; for ``make_site``, which counts them there.
    """

    def __init__(
        self, settings: Settings, reactor: Any, secret: str, backend: IBackend | None = None
    ) -> None:
        limits = settings.limits
        now = _wall_clock(reactor)
        self.settings = settings
        self._reactor = reactor
        self._closed = False
        self._tidying: Any = None
        self._loaded = False
        self.backend = backend or MemoryMaker().make("memory:", settings, reactor)
        self._store = MeasuredBackend(self.backend, reactor.seconds)
        self.answers: Counter[int] = Counter()
        self.hub = Hub(
            self._store,
            reactor,
            now,
            lambda: make_presence(limits),
            max_open=limits.max_channels,
            keep=limits.log_tail,
        )
        self._workers = Workers(reactor) if _is_real(reactor) else None
        run = self._workers.run if self._workers else maybeDeferred  # a clock turned by hand has no threads
        people = make_people(settings, self._store, reactor, now, secret, run)
        self.chat = Chat(
            self.hub.open,
            self.hub.get,
            self.hub.erase,
            self._store,
            people,
            now,
            reactor.seconds,
            Online(reactor, limits.presence_grace_s),
            chat_rules(settings),
        )
        self.scripts = Scripts()
        self.live = make_live_server(settings, reactor, self.chat, self.scripts)
        self.origins = OriginPolicy(settings.allow_origins)
        self._clockwork = Clockwork(reactor)
        self._mounts: list[CometResource] = []
        self._tests = TestPoints(reactor) if settings.sockjs_test else None
        self.resource = self._site_resource(reactor)
        self._load_soon()

    def _mount(self, reactor: Any, brief: bool = False) -> CometResource:
        mount = CometResource(
            self.live,
            mount_policy(self.settings, brief),
            reactor=reactor,
            origins=self.origins,
            clockwork=self._clockwork,
        )
        self._mounts.append(mount)
        return mount

    def _site_resource(self, reactor: Any) -> IResource:
        pages = Pages(
            static_dir(),
            self.settings.transports,
            self.scripts.read,
            self.origins.ancestors(),
            element=self.settings.element is not None,
            registration=self.settings.registration,
        )
        fast: dict[str, CometResource] = {
            "comet": self._mount(reactor),
            "comet-brief": self._mount(reactor, brief=True),
        }
        if self._tests is not None:
            fast.update({name.decode(): mount for name, mount in self._tests.mounts.items()})
        prefix = self.settings.prefix
        self.entrances = {f"{prefix}/{name}".encode(): mount for name, mount in fast.items()}
        return under_prefix(prefix, Front({**fast, **self._monitors(), **self._programs()}, pages.resource))

    def _monitors(self) -> dict[str, IResource]:
        """What probes and monitors ask for."""
        settings = self.settings
        hosts, proxies = Hosts(settings.public_urls), Proxies(settings.trusted_proxies)
        insiders = Insiders(settings.metrics_allow, proxies, hosts)
        mounts = [resource.mount for resource in self._mounts]
        sources = Sources(
            self.live, mounts, self._store, lambda: len(self.chat.rooms), self.chat.logins, self.answers
        )
        self.metrics = Metrics(sources)
        pages = (Healthz(), Readyz(self.readiness, insiders), MetricsPage(self.metrics.text, insiders))
        return dict(zip(NAMES, pages, strict=True))

    def _programs(self) -> dict[str, IResource]:
        """What programs of the operator ask for, where there are any."""
        settings = self.settings
        if not settings.api_keys:
            return {}
        return {"api": make_api(settings, self.chat.programs, self._reactor.seconds).resource}

    def readiness(self) -> Readiness:
        """Return whether new visitors should be sent here, and what stands in the way."""
        state = "stopping" if self._closed else "running" if self._loaded else "loading"
        trouble = self._store.trouble
        return Readiness(
            ready=state == "running" and trouble is None,
            state=state,
            store=trouble or "ok",
            store_waiting=self._store.waiting,
            clients=len(self.live.clients),
            sessions=sum(len(mount.mount.sessions) for mount in self._mounts),
            rooms=len(self.chat.rooms),
        )

    def _load_soon(self) -> None:
        """Find what the store has as soon as the reactor runs: before, a daemon has not left its terminal yet."""
        when_running = getattr(self._reactor, "callWhenRunning", None)
        if when_running is None:
            self._load()
        else:
            when_running(self._load)

    def _load(self) -> None:
        Deferred.fromCoroutine(self._loading()).addErrback(
            lambda failure: _log.failure("the rooms in the store cannot be read", failure)
        )

    async def _loading(self) -> None:
        """Until it is done, what depends on it is answered StoreUnavailable."""
        while not self._closed:
            try:
                await self.hub.load()
                await self.chat.load()
                self._loaded = True
                break
            except (StoreUnavailable, StoreUnknown) as error:
                _log.warn("the store cannot be read yet: {error}", error=error)
                await deferLater(self._reactor, LOAD_AGAIN_S)
        self._tidy_soon()

    def _tidy_soon(self) -> None:
        """Have what is over forgotten once a minute, one after the other however long it takes."""
        if not self._closed:
            self._tidying = self._reactor.callLater(TIDY_S, self._tidy)

    def _tidy(self) -> None:
        self._tidying = None
        d = Deferred.fromCoroutine(self.chat.tidy())
        d.addErrback(lambda failure: _log.warn("old entries stay for now: {error}", error=failure.value))
        d.addCallback(lambda _: self._tidy_soon())

    def close(self) -> None:
        """Keep what was accepted, tell every client to come back later, take no new ones. Idempotent."""
        self._closed = True
        if self._tidying is not None:
            self._tidying.cancel()
            self._tidying = None
        self.hub.flush()
        self.live.stop()
        for mount in self._mounts:
            mount.stop()
        if self._tests is not None:
            self._tests.stop()

    def release(self) -> Deferred[None]:
        """After ``close``, when the clients have been told: forget everything, cancel every timer."""
        for mount in self._mounts:
            mount.release()
        if self._tests is not None:
            self._tests.release()
        self._clockwork.stop()
        self.chat.online.stop()
        self.hub.stop()
        hashed = self._workers.stop() if self._workers else succeed(None)
        return hashed.addCallback(lambda _: self.backend.stop())


def _wall_clock(reactor: Any) -> Callable[[], float]:
    """Seconds since 1970; a fake reactor's own seconds, so that tests rule the time."""
    return time.time if _is_real(reactor) else reactor.seconds


def _is_real(reactor: Any) -> bool:
    return hasattr(reactor, "fireSystemEvent")


class HouseService(Service):
    """Ends a house in order: tell the clients, let the sockets drain, stop the store, free the state directory."""

    DRAIN_S = 0.5  # time for close frames to leave; SIGTERM allows 5 s in all

    def __init__(self, house: House, state: State, reactor: Any) -> None:
        self.house = house
        self._state = state
        self._reactor = reactor

    def stopService(self) -> Deferred[None]:
        """See the class."""
        super().stopService()
        self.house.close()
        drained: Deferred[None] = Deferred()
        self._reactor.callLater(self.DRAIN_S, drained.callback, None)
        drained.addCallback(lambda _: self.house.release())
        return drained.addCallback(lambda _: self._state.close())


class ChatService(MultiService):
    """A house and its ports.

    Attributes:
        house: the house, for programs of one's own: ``service.house.chat.alert("…")``.
    """

    def __init__(self, house: House, state: State, ports: PortService, reactor: Any) -> None:
        super().__init__()
        self.house = house
        HouseService(house, state, reactor).setServiceParent(self)
        ports.setServiceParent(self)


def make_service(settings: Settings, reactor: Any) -> ChatService:
    """Return the whole service: the house, and its ports.

    Raises:
        Refusal: the settings cannot be carried out; the text is one line for the operator.
    """
    state = open_state(settings.state_dir, settings.owner)
    backend: IBackend | None = None
    try:
        backend = make_backend(settings, reactor)
        house = House(settings, reactor, state.secret.hex(), backend)
        site: IProtocolFactory = make_site(house.resource, settings, reactor, house.entrances, house.answers)
        ports = PortService(reactor, settings.http, site, f"{settings.prefix}/")
    except BaseException:
        if backend is not None:
            backend.stop()
        state.close()
        raise
    return ChatService(house, state, ports, reactor)
