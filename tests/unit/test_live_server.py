"""Hello, resume, the window, silence: one live client over many sessions."""

from typing import Any

import pytest
from kit import FakeSession, Page, connect
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from zope.interface.verify import verifyObject

from twistedchat.core import codes
from twistedchat.interfaces import ILiveClient, ISessionTransport
from twistedchat.live.element import LiveElement, expose
from twistedchat.live.server import LiveLimits, LiveServer


class Root(LiveElement):
    """Notes what becomes of it."""

    def __init__(self) -> None:
        super().__init__()
        self.hooks: list[str] = []

    def connectionMade(self) -> None:
        self.hooks.append("made")

    def connectionLost(self, reason: str) -> None:
        self.hooks.append(f"lost: {reason}")

    def clientDetached(self) -> None:
        self.hooks.append("detached")

    def clientAttached(self) -> None:
        self.hooks.append("attached")

    @expose
    def echo(self, text: str) -> str:
        return text


class Site:
    """A live server whose root elements are kept for the test."""

    def __init__(self, **limits: Any) -> None:
        self.clock = Clock()
        self.roots: list[Root] = []
        self.server = LiveServer(self.clock, {"chat": self.make}, limits=LiveLimits(**limits))

    def make(self, client: Any) -> Root:
        self.roots.append(Root())
        return self.roots[-1]

    def page(self, name: str = "page", transport: str = "websocket") -> Page:
        return Page(self.server, name, transport)


@pytest.fixture
def site() -> Site:
    return Site()


def test_what_they_keep(site: Site) -> None:
    page = site.page()
    page.connect()
    assert verifyObject(ISessionTransport, page.session)
    client = site.server.clients[page.id]
    assert verifyObject(ILiveClient, client)
    assert (client.attached, client.transport, client.peer) == (True, "websocket", "203.0.113.7")
    page.session.lost()
    assert (client.attached, client.transport, client.peer) == (False, None, "203.0.113.7")


# --- hello


def test_the_first_hello_is_welcomed_as_new_and_given_its_root(site: Site) -> None:
    page = site.page()
    session = page.connect()
    site.clock.advance(0)
    [welcome] = page.heard("welcome")
    assert welcome[1] == {
        "v": 1,
        "resumed": False,
        "ack": -1,
        "life": site.server.clients[page.id].life,
        "server": site.server.id,
        "window": 90,
        "heartbeat": 25,
    }
    assert session.messages[0] is not None and session.messages[0][0] == "welcome"
    assert page.actions("element") == [[1, 0, "TwistedChat.Widget", [], "", []]]
    assert site.roots[0].hooks == ["made"]


def test_a_later_hello_resumes_the_same_client(site: Site) -> None:
    page = site.page()
    page.connect()
    site.clock.advance(0)
    page.session.lost()
    page.connect(ack=0)
    site.clock.advance(0)
    assert page.heard("welcome")[0][1]["resumed"] is True
    assert page.actions() == []
    assert site.roots[0].hooks == ["made", "detached", "attached"]
    assert len(site.roots) == 1


def test_a_welcome_that_was_lost_does_no_harm(site: Site) -> None:
    page = site.page()
    page.connect()
    page.session.lost()
    page.connect()
    assert page.heard("welcome")[0][1]["resumed"] is True
    site.clock.advance(0)
    assert len(page.actions("element")) == 1


def test_a_page_that_knows_an_earlier_life_begins_anew(site: Site) -> None:
    page = site.page()
    old = page.connect()
    site.clock.advance(0)
    page.connect(ack=7, life="another life")
    site.clock.advance(0)
    assert old.ended == (4004, codes.REPLACED.reason)
    assert page.heard("welcome")[0][1]["resumed"] is False
    assert len(site.roots) == 2
    assert site.roots[0].hooks == ["made", "detached", "lost: the page did not hear the welcome"]
    assert site.roots[1].hooks == ["made"]


@pytest.mark.parametrize("n", [0, 1])
def test_a_hello_that_is_not_newer_is_refused_and_the_session_that_works_stays(site: Site, n: int) -> None:
    page = site.page()
    first = page.connect(n=5)
    page.connect(n=4 + n)
    assert page.session.ended == (4005, codes.STALE_HELLO.reason)
    assert first.ended is None
    page.say([-1, [[0, ["call", ["c", 1, "echo", ["x"]]]]]], first)
    site.clock.advance(0)
    assert "respond" in str(first.messages)


def test_a_wrong_secret_is_refused_and_changes_nothing(site: Site) -> None:
    page, thief = site.page(), site.page()
    first = page.connect()
    thief.secret = "guess".ljust(22, "-")
    thief.connect(n=99)
    assert thief.session.ended == (4003, codes.FORBIDDEN.reason)
    assert first.ended is None
    assert thief.session.messages == []


@pytest.mark.parametrize("ack", [1, 500])
def test_a_forged_ack_is_refused(site: Site, ack: int) -> None:
    page = site.page()
    page.connect()
    site.clock.advance(0)
    page.connect(ack=ack)
    assert page.session.ended is not None and page.session.ended[0] == 4002
    assert page.heard("welcome") == []
    page.connect(ack=0)
    assert page.heard("welcome")[0][1]["resumed"] is True


def test_another_version_or_root_is_refused(site: Site) -> None:
    page = site.page()
    page.connect(v=2)
    assert page.session.ended == (4001, codes.BAD_HELLO.reason)
    page.connect(root="attic")
    assert page.session.ended == (4006, codes.NO_SUCH_ROOT.reason)
    assert site.server.clients == {}


def test_anything_but_hello_and_probes_first_is_refused(site: Site) -> None:
    session = connect(site.server)
    site.page().say(["bye"], session)
    assert session.ended == (4001, codes.BAD_HELLO.reason)


def test_a_second_hello_on_a_session_is_refused(site: Site) -> None:
    page = site.page()
    session = page.connect()
    page.say(
        ["hello", {"v": 1, "client": page.id, "secret": page.secret, "n": 2}],
    )
    assert session.ended == (4001, codes.BAD_HELLO.reason)
    assert not site.server.clients[page.id].attached


def test_a_hello_that_was_posted_twice_is_ignored_the_second_time(site: Site) -> None:
    page = site.page()
    session = page.connect()
    page.say(["hello", {"v": 1, "client": page.id, "secret": page.secret, "n": page.n}])
    site.clock.advance(0)
    assert session.ended is None
    assert len(page.heard("welcome")) == 1


def test_broken_messages_close_the_session_and_leave_the_client_its_window(site: Site) -> None:
    page = site.page()
    page.connect()
    page.say({"no": "shape"})
    assert page.session.ended == (4002, codes.BAD_MESSAGE.reason)
    assert page.id in site.server.clients
    page.connect()
    assert page.heard("welcome")[0][1]["resumed"] is True


def test_the_old_session_is_closed_and_what_it_still_says_is_ignored(site: Site) -> None:
    page = site.page()
    old = page.connect()
    page.connect()
    assert old.ended == (4004, codes.REPLACED.reason)
    before = len(page.session.messages)
    page.say([-1, [[0, ["call", ["c", 1, "echo", ["late"]]]]]], old)
    page.say(["bye"], old)
    page.say("nonsense", old)
    site.clock.advance(0)
    assert site.server.clients[page.id].inbox.ack == -1
    assert not any("respond" in str(message) for message in page.session.messages[before:])
    old.lost()
    assert site.server.clients[page.id].session is page.session


def test_too_many_clients_are_sent_away_for_a_while() -> None:
    site = Site(clients=1)
    site.page("one").connect()
    other = site.page("other")
    other.connect()
    assert other.session.ended == (4102, codes.OVERLOADED.reason)
    assert len(site.roots) == 1


def test_a_session_without_hello_ends_in_time(site: Site) -> None:
    session = connect(site.server)
    site.clock.advance(9.9)
    assert session.ended is None
    site.clock.advance(1)  # the wheel looks once a second
    assert session.ended == (4203, codes.NO_HELLO.reason)
    session.lost()
    site.clock.advance(1)
    assert not site.clock.getDelayedCalls()


def test_an_address_has_a_number_of_sessions_before_hello() -> None:
    site = Site(unproven_per_address=2)
    sessions = [connect(site.server) for _ in range(3)]
    assert [session.ended for session in sessions] == [None, None, (4102, codes.OVERLOADED.reason)]
    sessions[0].lost()
    assert connect(site.server).ended is None
    sessions[2].lost()
    site.clock.advance(10)
    assert not site.server.unproven


def test_a_session_lost_before_hello_leaves_nothing(site: Site) -> None:
    connect(site.server).lost()
    site.clock.advance(1)
    assert not site.clock.getDelayedCalls() and not site.server.unproven


def test_after_a_stall_what_waits_in_the_sockets_is_read_before_anyone_is_judged(site: Site) -> None:
    session = connect(site.server)
    site.clock.rightNow += 60  # the process was stopped
    read = []
    site.clock.callLater(
        0, lambda: read.append(session.ended)
    )  # stands for the reactor's reading in that turn
    site.clock.advance(0)
    assert read == [None]
    assert session.ended == (4203, codes.NO_HELLO.reason)


def test_probes_are_answered_before_and_after_hello_but_not_without_end(site: Site) -> None:
    page = site.page()
    session = connect(site.server)
    for number in range(10):
        page.say(["probe", str(number)], session)
    assert session.messages[-1] == ["probe", "9"]
    page.say(["probe", "11th"], session)
    assert session.ended == (4001, codes.BAD_HELLO.reason)
    page.connect()
    page.say(["probe", "x"])
    assert page.session.messages[-1] == ["probe", "x"]


def test_a_session_that_ends_during_its_own_hello_is_detached(site: Site) -> None:
    class Dying(FakeSession):
        def send(self, prepared: Any) -> None:
            self.lost()

        def registerProducer(self, producer: Any, streaming: bool) -> None:
            producer.stopProducing()

    page = site.page()
    session = Dying()
    session.protocol = site.server.buildProtocol(None)
    session.protocol.makeConnection(session)
    page.say(["hello", {"v": 1, "client": page.id, "secret": page.secret, "n": 1}], session)
    assert not site.server.clients[page.id].attached
    site.clock.advance(100)
    assert site.server.clients == {}


# --- the window, and silence


def turn(clock: Clock, seconds: int) -> None:
    clock.pump([1.0] * seconds)


def test_the_window_counts_from_the_loss_of_the_session(site: Site) -> None:
    page = site.page()
    page.connect()
    turn(site.clock, 70)
    page.session.lost()
    turn(site.clock, 89)
    assert page.id in site.server.clients
    turn(site.clock, 2)
    assert site.server.clients == {}
    assert site.roots[0].hooks == ["made", "detached", "lost: the page did not come back"]
    page.connect(ack=0)
    assert page.heard("welcome")[0][1]["resumed"] is False
    assert len(site.roots) == 2


def test_an_attached_client_never_expires(site: Site) -> None:
    page = site.page()
    page.connect()
    for _ in range(20):
        turn(site.clock, 25)
        page.say(["at", -1, {}])
    assert site.server.clients[page.id].attached
    assert page.session.ended is None


def test_a_page_that_says_nothing_is_detached_and_may_resume(site: Site) -> None:
    page = site.page()
    page.connect()
    turn(site.clock, 30)
    page.say(["probe", "x"])
    turn(site.clock, 74)
    assert page.session.ended is None
    turn(site.clock, 2)
    assert page.session.ended == (4202, codes.SILENT.reason)
    page.connect()
    assert page.heard("welcome")[0][1]["resumed"] is True


def test_who_leaves_is_gone_at_once(site: Site) -> None:
    page = site.page()
    session = page.connect()
    page.say(["bye"])
    assert site.server.clients == {}
    assert session.ended == (1000, "Normal closure")
    assert site.roots[0].hooks == ["made", "lost: the page was left"]
    page.say(["probe", "x"])
    session.lost()
    turn(site.clock, 2)
    assert not site.clock.getDelayedCalls()


def test_the_pages_own_close_is_the_end(site: Site) -> None:
    page = site.page()
    page.connect()
    page.do("close", "done")
    assert site.server.clients == {} and site.roots[0].hooks[-1] == "lost: the page closed"


def test_closing_by_the_server_tells_the_page_not_to_come_back(site: Site) -> None:
    page = site.page()
    session = page.connect()
    client = site.server.clients[page.id]
    client.close()
    client.close()
    assert session.ended == (4007, codes.CLOSED_BY_SERVER.reason)
    assert site.server.clients == {} and len(site.roots[0].hooks) == 2


def test_a_client_that_a_hook_ends_at_a_hello_is_not_revived(site: Site) -> None:
    page = site.page()
    page.connect()
    client = site.server.clients[page.id]
    site.roots[0].clientDetached = client.close  # type: ignore[assignment,method-assign]
    page.connect()
    assert page.session.ended == (4007, codes.CLOSED_BY_SERVER.reason)
    assert not client.attached and site.server.clients == {}


# --- the root


def make_server(clock: Clock, factory: Any) -> LiveServer:
    return LiveServer(clock, {"chat": factory})


def test_a_root_may_come_later_and_is_not_made_for_who_has_gone() -> None:
    clock, made = Clock(), []
    server = make_server(clock, lambda client: made.append(Deferred()) or made[-1])
    page, gone = Page(server, "one"), Page(server, "two")
    page.connect()
    gone.connect()
    gone.say(["bye"])
    roots = [Root(), Root()]
    for deferred, root in zip(made, roots, strict=True):
        deferred.callback(root)
    clock.advance(0)
    assert len(page.actions("element")) == 1
    assert roots[0].hooks == ["made"] and roots[1].hooks == []


def test_a_coroutine_may_make_the_root() -> None:
    clock, root = Clock(), Root()

    async def factory(client: Any) -> Root:
        return root

    Page(make_server(clock, factory)).connect()
    assert root.hooks == ["made"]


def test_a_root_that_cannot_be_made_ends_the_client_for_good(logged_failures: list[Failure]) -> None:
    def factory(client: Any) -> Root:
        raise RuntimeError("no root today")

    server = make_server(Clock(), factory)
    page = Page(server)
    page.connect()
    assert page.session.ended == (4008, codes.NO_ELEMENT.reason)
    assert server.clients == {}
    assert [failure.type for failure in logged_failures] == [RuntimeError]
    logged_failures.clear()


def test_one_element_cannot_be_the_root_of_two_pages(logged_failures: list[Failure]) -> None:
    root = Root()
    server = make_server(Clock(), lambda client: root)
    first, second = Page(server, "one"), Page(server, "two")
    first.connect()
    second.connect()
    assert first.session.ended is None and second.session.ended is not None
    assert root.hooks == ["made"] and root.client is server.clients[first.id]
    assert [failure.type for failure in logged_failures] == [ValueError]
    logged_failures.clear()


# --- the end


def test_stopping_sends_what_is_ready_ends_all_and_leaves_no_timer(site: Site) -> None:
    pages = [site.page(str(number)) for number in range(3)]
    for page in pages:
        page.connect()
    pages[0].session.lost()
    site.roots[1].notify("last", "words")
    site.server.stop()
    assert pages[1].session.ended == (4101, codes.SHUTTING_DOWN.reason)
    assert pages[1].actions("notify") == [[1, "last", ["words"]]]
    assert site.server.clients == {}
    assert all(root.hooks[-1].startswith("lost") for root in site.roots)
    assert not site.clock.getDelayedCalls()
    site.server.stop()


def test_a_flush_that_fails_harms_no_other_client(
    site: Site, logged_failures: list[Failure], monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = [site.page("one"), site.page("two")]
    for page in pages:
        page.connect()
    site.clock.advance(0)
    for page in pages:
        page.session.clear()

    def broken(prepared: Any) -> None:
        raise OSError("broken")

    monkeypatch.setattr(pages[0].session, "send", broken)
    for root in site.roots:
        root.notify("hello")
    site.clock.advance(0)
    assert pages[1].actions("notify") == [[1, "hello", []]]
    assert [failure.type for failure in logged_failures] == [OSError]
    logged_failures.clear()
