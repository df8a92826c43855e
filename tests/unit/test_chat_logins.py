"""Logging in over the wire: by password, by registering, by a token; in turns, and with a page that goes away."""

from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from twistedchat.backends.memory import MemoryBackend
from twistedchat.chat import making, passwords, tokens
from twistedchat.chat.passwords import Cost, Passwords
from twistedchat.config import Refusal, Settings, TokenKey
from twistedchat.testing.calls import Call
from twistedchat.testing.client import Client, Refused
from twistedchat.testing.kit import UNHURRIED, MemoryHouse

CHAT = "http://127.0.0.1:8080"
GOOD = "correct horse"
SECRET = tokens.make_key("HS256", "h1")
NONCE = "n" * 22
CHEAP = Cost(rounds=1, memory_kib=8, lanes=1)


class Slow(MemoryBackend):
    """A store that answers when it is let, while ``holding``."""

    holding = False

    def __init__(self) -> None:
        super().__init__()
        self.held: list[Deferred[None]] = []

    def _when_let(self) -> "Deferred[None]":
        let: Deferred[None] = Deferred()
        if self.holding:
            self.held.append(let)
        else:
            let.callback(None)
        return let

    def get(self, kind: str, key: str) -> "Deferred[Any]":
        return self._when_let().addCallback(lambda _: MemoryBackend.get(self, kind, key))

    def commit(self, changes: Any) -> "Deferred[None]":
        return self._when_let().addCallback(lambda _: MemoryBackend.commit(self, changes))

    def let(self) -> None:
        self.holding = False
        held, self.held = self.held, []
        for one in held:
            if not one.called:
                one.callback(None)


class Place(MemoryHouse):
    """A house on a slow store, with cheap hashes."""

    def __init__(self, **settings: Any) -> None:
        self.store = Slow()
        key = TokenKey("h1", "HS256", "site", tokens.public_key(SECRET))
        given: dict[str, Any] = {"token_keys": (key,), "public_urls": (CHAT,), "limits": UNHURRIED}
        super().__init__(Settings(**given | settings), self.store)

    def page(self) -> Client:
        client = self.client()
        self.run(client.connect("websocket"))
        return client

    def ask(self, client: Client, method: str, *args: Any) -> Any:
        """What a call is answered, or the class of its error."""
        try:
            return self.run(client.call(method, *args))
        except Refused as refused:
            return refused.error

    def begin(self, client: Client, method: str, *args: Any) -> Call:
        """Call, and do not wait for the answer."""
        call = client.calling(method, *args)
        self.advance(0.5)
        return call

    def here(self) -> list[str]:
        visitors = self.house.chat.people._visitors
        assert not visitors._names._claimed
        return sorted(visitor.person.name for visitor in visitors._by_key.values())

    def token(self, **claims: Any) -> str:
        told = {"sub": "5", "name": "Ann", "aud": CHAT, "exp": self.clock.seconds() + 300, "jti": "1"}
        return tokens.sign(SECRET, told | claims)


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.setattr(making, "Passwords", lambda run: Passwords(run, CHEAP))
    made = Place()
    yield made
    made.store.let()
    made.stop()


def test_an_account_is_made_and_logged_in_by_password_and_by_ticket_after_a_restart(place: Place) -> None:
    ann = place.ask(place.page(), "register", "Ann", GOOD)
    assert ann["you"][1] == "Ann" and ann["kind"] == "account"
    assert ann["channels"] == [f"user/{ann['you'][0]}", "house"]
    place.restart()
    again = place.page()
    assert place.ask(again, "login", "ann", None, GOOD)["you"] == ann["you"]
    assert place.ask(place.page(), "login", None, ann["ticket"])["you"] == ann["you"]
    assert place.ask(place.page(), "login", "Ann", None) == "NameTaken"
    assert place.ask(place.page(), "login", "Ann", None, "wrong password") == "BadPassword"
    assert place.ask(place.page(), "login", "Nobody", None, GOOD) == "BadPassword"


def test_a_guest_in_a_room_registers_and_is_there_under_the_new_name(place: Place) -> None:
    watcher, guest = place.member("Zoe"), place.member("Ann")
    told = place.ask(guest, "register", "Anna", GOOD)
    place.advance(2)
    assert [told["you"][0], "Anna"] in place.ask(watcher, "people", "room/lobby", None)
    assert place.ask(guest, "register", "Annika", GOOD) == "NotAGuest"
    assert place.here() == ["Anna", "Zoe"]


def test_a_password_is_changed_by_who_knows_it_and_older_tickets_are_void(place: Place) -> None:
    page = place.page()
    assert place.ask(page, "changePassword", GOOD, "battery staple") == "NotLoggedIn"
    old = place.ask(page, "register", "Ann", GOOD)["ticket"]
    assert place.ask(page, "changePassword", "wrong password", "battery staple") == "BadPassword"
    assert place.ask(page, "changePassword", GOOD, "short") == "UnfitPassword"
    new = place.ask(page, "changePassword", GOOD, "battery staple")["ticket"]
    assert place.ask(place.page(), "login", None, old) == "BadTicket"
    assert place.ask(place.page(), "login", None, new)["you"][1] == "Ann"
    other = place.page()
    place.ask(other, "login", "Ann", None, "battery staple")
    place.ask(page, "changePassword", "battery staple", GOOD)
    assert place.ask(other, "rooms") == "NotLoggedIn", "who took the password over is out, too"
    assert isinstance(place.ask(page, "rooms"), list)
    guest = place.member("Bob")
    assert place.ask(guest, "changePassword", GOOD, "battery staple") == "NoAccount"


def test_whom_a_site_vouches_for_comes_with_their_rights(place: Place) -> None:
    page = place.page()
    told = place.ask(page, "vouched", place.token(rights=["owner"]), NONCE)
    assert told["you"] == [tokens.person_key("site", "5"), "Ann"] and told["kind"] == "vouched"
    visitor = place.house.chat.people.find(told["you"][0])
    assert visitor is not None and visitor.rights == {"owner"} and visitor.addresses
    assert place.ask(page, "rename", "Another") == "BadName"
    place.restart()
    assert place.ask(place.page(), "login", None, told["ticket"])["you"] == told["you"]
    visitor = place.house.chat.people.find(told["you"][0])
    assert visitor is not None and visitor.rights == {"owner"}


def test_the_operator_may_want_no_new_accounts_and_keys_that_are_none_do_not_start() -> None:
    closed = Place(registration=False)
    assert closed.ask(closed.page(), "register", "Ann", GOOD) == "RegistrationClosed"
    closed.stop()
    with pytest.raises(Refusal, match="audience"):
        Place(public_urls=())
    Place(public_urls=(), token_audiences=("my chat",)).stop()
    with pytest.raises(Refusal, match="'x'"):
        Place(token_keys=(TokenKey("x", "HS256", "site", "c2hvcnQ"),))


def test_of_several_logins_at_once_the_last_one_counts(place: Place) -> None:
    page = place.page()
    place.store.holding = True
    first = place.begin(page, "login", "Ann", None)
    second = place.begin(page, "login", "Bob", None)
    place.store.let()
    place.advance(1)
    assert first.value["error"] == "NotLoggedIn" and second.value["you"][1] == "Bob"
    assert place.here() == ["Bob"]


def test_two_logins_at_once_as_the_same_person_leave_them_there(place: Place) -> None:
    ticket = place.ask(place.page(), "register", "Ann", GOOD)["ticket"]
    page = place.page()
    place.store.holding = True
    first = place.begin(page, "login", None, ticket)
    second = place.begin(page, "login", None, ticket)
    place.store.let()
    place.advance(1)
    assert first.value["error"] == "NotLoggedIn" and second.value["you"][1] == "Ann"
    assert place.ask(page, "rooms") != "NotLoggedIn" and place.here() == ["Ann"]


def test_an_older_login_as_the_same_person_that_ends_late_takes_nobody_away(place: Place) -> None:
    page = place.page()
    ticket = place.ask(page, "login", "Ann", None)["ticket"]
    place.ask(page, "logout")
    place.store.holding = True
    first = place.begin(page, "login", None, ticket)
    [late] = place.store.held
    place.store.held, place.store.holding = [], False
    assert place.ask(page, "login", None, ticket)["you"][1] == "Ann"
    late.callback(None)
    place.advance(1)
    assert first.value["error"] == "NotLoggedIn"
    assert place.ask(page, "rooms") != "NotLoggedIn" and place.here() == ["Ann"]


@pytest.mark.parametrize("what", ["logout", "bye"])
@pytest.mark.parametrize("how", ["guest", "register", "vouched"])
def test_who_logs_out_or_leaves_in_the_middle_of_a_login_is_nobody(place: Place, what: str, how: str) -> None:
    page = place.page()
    place.store.holding = True
    asked = {
        "guest": ("login", "Ann", None),
        "register": ("register", "Ann", GOOD),
        "vouched": ("vouched", place.token(), NONCE),
    }[how]
    coming = place.begin(page, *asked)
    if what == "logout":
        place.begin(page, "logout")
    else:
        place.run(page.close())
    place.advance(1)
    place.store.let()
    place.advance(1)
    assert place.here() == []
    if what == "logout":
        assert coming.value["error"] == "NotLoggedIn"
        assert place.ask(page, "rooms") == "NotLoggedIn"


def test_a_house_that_stops_lets_its_threads_end_first(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    class Ending(passwords.Workers):
        def stop(self) -> "Deferred[None]":
            asked.append("threads")
            return super().stop()

    monkeypatch.setattr("twistedchat.service.Workers", Ending)
    monkeypatch.setattr("twistedchat.service._is_real", lambda reactor: True)
    monkeypatch.setattr("twistedchat.service._wall_clock", lambda reactor: reactor.seconds)
    place = Place()
    stop = place.store.stop
    monkeypatch.setattr(place.store, "stop", lambda: asked.append("store") or stop())
    place.stop()
    assert asked == ["threads", "store"]
