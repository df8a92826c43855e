"""People: guests, accounts and those whom a site vouches for; one name each at every moment, whatever the store takes."""

import json
from collections.abc import Coroutine
from typing import Any

import pytest
from test_chat_accounts import GOOD, Kept, wait
from test_chat_tokens import CHAT, CLAIMS, NONCE, SECRET, setting
from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure

from twistedchat.chat import tokens
from twistedchat.chat.accounts import BadPassword
from twistedchat.chat.names import BadName, NameTaken
from twistedchat.chat.passwords import UnfitPassword
from twistedchat.chat.people import (
    BadTicket,
    HouseFull,
    Kind,
    NoAccount,
    NotAGuest,
    NotLoggedIn,
    People,
    RegistrationClosed,
    Visitor,
)
from twistedchat.chat.tokens import BadToken, Keyring, Replayed, Voucher
from twistedchat.core.errors import Conflict, StoreUnavailable, StoreUnknown
from twistedchat.core.presence import Person


class Slow:
    """A store in front of another: answers wait while ``holding``, and then fail with ``error`` if one is set."""

    def __init__(self, backend: Any) -> None:
        self.backend = backend
        self.holding = False
        self.error: Exception | None = None
        self.held: list[Deferred[None]] = []
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Any:
        def ask(*args: Any) -> Deferred[Any]:
            self.asked.append(name)
            start: Deferred[None] = Deferred()
            if self.holding:
                self.held.append(start)
            else:
                start.callback(None)
            return start.addCallback(lambda _: self._answer(name, args))

        return ask

    def _answer(self, name: str, args: Any) -> Any:
        if self.error is not None:
            raise self.error
        return getattr(self.backend, name)(*args)

    def release(self) -> None:
        """Answer what is held, and what is asked from now on."""
        self.holding = False
        held, self.held = self.held, []
        for start in held:
            if not start.called:
                start.callback(None)


class Crowd(Kept):
    """People with accounts and tokens on a slow store."""

    def __init__(self, secret: str = "secret", **options: Any) -> None:
        super().__init__()
        self.store = Slow(self.backend)
        self.backend = self.store  # type: ignore[assignment]
        self.options = options
        self.secret = secret
        self.now = 1_000_000.0
        self.keys = [setting(SECRET)]
        self.restart()

    def restart(self) -> None:
        """Everyone is gone, the store is as it was."""
        super().open()
        keyring = Keyring(self.keys, [CHAT], lambda: self.now)
        given: dict[str, Any] = {"accounts": self.accounts, "voucher": Voucher(keyring, self.backend)}
        given |= {"wall": lambda: self.now} | self.options
        most = given.pop("max_people", 100)
        self.people = People(self.secret, self.clock.seconds, 1, 5, most, **given)
        self.renamed: list[str] = []

    def coming(
        self,
        name: str | None = None,
        ticket: str | None = None,
        client: str = "1",
        password: str | None = None,
        address: str = "203.0.113.7",
    ) -> Coroutine[Any, Any, Visitor]:
        def renamed() -> None:
            self.renamed.append(client)

        return self.people.login(name, ticket, client, renamed, address, password)

    def come(self, *args: Any, **options: Any) -> Visitor:
        return wait(self.coming(*args, **options))

    def register(self, name: str = "Ann", client: str = "1", visitor: Visitor | None = None) -> Visitor:
        return wait(self.people.register(name, GOOD, client, lambda: None, "203.0.113.7", visitor))

    def vouch(self, client: str = "1", nonce: str = NONCE, **claims: Any) -> Visitor:
        token = tokens.sign(SECRET, CLAIMS | claims)
        return wait(self.people.vouched(token, nonce, client, lambda: None, "198.51.100.4"))

    def gone(self, visitor: Visitor) -> None:
        """All of their pages are left."""
        for client in list(visitor.clients):
            self.people.logout(visitor, client)

    def here(self) -> list[str]:
        """The names of everyone, each of them found by it; nothing is held for anyone else."""
        visitors = self.people._visitors
        names = visitors._names
        assert not names._claimed
        assert sorted(names._held.values()) == sorted(visitors._by_key)
        assert all(self.people.named(one.person.name) is one for one in visitors._by_key.values())
        return sorted(one.person.name for one in visitors._by_key.values())


def start(coroutine: Coroutine[Any, Any, Any]) -> "Deferred[Any]":
    return Deferred.fromCoroutine(coroutine)


def outcome(answer: "Deferred[Any]") -> Any:
    """What it came to, an error as its class; None while it waits."""
    found: list[Any] = []
    answer.addBoth(found.append)
    if not found:
        return None
    return found[0].type if isinstance(found[0], Failure) else found[0]


@pytest.fixture
def crowd() -> Crowd:
    return Crowd()


# --- guests


def test_a_guest_gets_a_key_of_their_own(crowd: Crowd) -> None:
    ann, bob = crowd.come("Ann"), crowd.come("Bob", client="2")
    assert ann.person.name == "Ann" and ann.person.key != bob.person.key
    assert crowd.people.find(ann.person.key) is ann and crowd.people.find("nobody") is None
    assert crowd.people.named("ANN") is ann and crowd.people.named("Zoe") is None
    assert (ann.kind, ann.rights, ann.avatar) == ("guest", frozenset(), None)


@pytest.mark.parametrize("name", ["Ann", "ANN", "\uff21\uff4e\uff4e", "ann\ufe0f"])
def test_a_name_that_is_taken_is_refused(crowd: Crowd, name: str) -> None:
    crowd.come("Ann")
    with pytest.raises(NameTaken):
        crowd.come(name, client="2")
    assert crowd.here() == ["Ann"]


def test_with_the_last_client_the_name_is_free(crowd: Crowd) -> None:
    people = crowd.people
    ann = crowd.come("Ann")
    assert crowd.come(ticket=people.ticket(ann, "1"), client="2") is ann
    people.logout(ann, "1")
    people.logout(ann, "1")
    with pytest.raises(NameTaken):
        crowd.come("Ann", client="3")
    people.logout(ann, "2")
    assert people.find(ann.person.key) is None
    again = crowd.come("Ann", client="3")
    people.logout(ann, "2")  # an old one says it late
    assert people.find(again.person.key) is again and crowd.here() == ["Ann"]


def test_a_ticket_brings_the_same_person_back_also_after_a_restart(crowd: Crowd) -> None:
    ann = crowd.come("Ann")
    ticket = crowd.people.ticket(ann, "1")
    crowd.restart()
    assert crowd.come(ticket=ticket).person == ann.person


def test_a_ticket_with_a_name_brings_them_back_under_it(crowd: Crowd) -> None:
    ann = crowd.come("Ann")
    ticket = crowd.people.ticket(ann, "1")
    assert crowd.come("Anna", ticket).person.name == "Anna"
    assert crowd.people.find(ann.person.key) is ann
    crowd.come("Ann", client="9")
    assert crowd.come(ticket=ticket, client="2").person.name == "Anna", "the name they have here"


def test_who_comes_back_and_finds_their_name_taken_is_the_same_person_with_a_number(crowd: Crowd) -> None:
    ann = crowd.come("Ann")
    ticket = crowd.people.ticket(ann, "1")
    crowd.gone(ann)
    crowd.come("ann", client="2")
    again = crowd.come(None, ticket, client="3")
    assert (again.person.key, again.person.name) == (ann.person.key, "Ann 2")
    with pytest.raises(NameTaken):
        crowd.come("ANN", ticket, client="3")
    assert crowd.come("Anna", ticket, client="3").person.name == "Anna"


def test_a_ticket_that_is_none_brings_nobody(crowd: Crowd) -> None:
    for bad in ("x", "account:x", "vouched:x", Crowd("another").people.ticket(crowd.come("Ann"), "1")):
        with pytest.raises(BadTicket):
            crowd.come(ticket=bad, client="2")
    assert crowd.here() == ["Ann"]


def test_a_guest_without_a_name_is_refused(crowd: Crowd) -> None:
    for name in (None, "", " "):
        with pytest.raises(BadName):
            crowd.come(name)


def test_a_rename_frees_the_old_name_and_tells_every_client(crowd: Crowd) -> None:
    ann = crowd.come("Ann")
    crowd.come(None, crowd.people.ticket(ann, "1"), "2")
    wait(crowd.people.rename(ann, "Anna"))
    assert crowd.renamed == ["1", "2"] and ann.person.name == "Anna"
    wait(crowd.people.rename(ann, "ANNA"))
    crowd.come("Ann", client="3")
    with pytest.raises(NameTaken):
        wait(crowd.people.rename(ann, "ann"))
    with pytest.raises(BadName):
        wait(crowd.people.rename(ann, "\u200b"))
    assert ann.person.name == "ANNA" and crowd.here() == ["ANNA", "Ann"]


def test_the_number_of_people_is_bounded() -> None:
    crowd = Crowd(max_people=1)
    ann = crowd.come("Ann")
    with pytest.raises(HouseFull):
        crowd.come("Bob", client="2")
    with pytest.raises(HouseFull):
        crowd.register("Cid", client="2")
    assert not wait(crowd.accounts.has_name("Cid")), "refused before anything is kept"
    crowd.come(ticket=crowd.people.ticket(ann, "1"), client="2")
    crowd.gone(ann)
    crowd.come("Bob", client="3")


def test_the_addresses_of_somebody_are_those_of_their_live_clients(crowd: Crowd) -> None:
    ann = crowd.come("Ann", address="203.0.113.1")
    ticket = crowd.people.ticket(ann, "1")
    crowd.come(ticket=ticket, client="2", address="203.0.113.2")
    crowd.come(ticket=ticket, client="3", address="")
    assert ann.addresses == {"203.0.113.1", "203.0.113.2"}
    crowd.people.moved(ann, "2", "203.0.113.9")
    crowd.people.moved(ann, "none of theirs", "203.0.113.8")
    crowd.people.logout(ann, "1")
    assert ann.addresses == {"203.0.113.9"}


# --- accounts


def test_an_account_is_made_and_comes_back_by_password_and_by_ticket_also_after_a_restart(
    crowd: Crowd,
) -> None:
    ann = crowd.register()
    assert (ann.person.name, ann.kind, ann.rights) == ("Ann", Kind.ACCOUNT, frozenset())
    ticket = crowd.people.ticket(ann, "1")
    crowd.restart()
    assert crowd.come("ANN", password=GOOD).person == ann.person
    crowd.restart()
    back = crowd.come(ticket=ticket)
    assert (back.person, back.kind) == (ann.person, Kind.ACCOUNT)
    assert crowd.come("ann", client="2", password=GOOD) is back
    assert crowd.come(ticket=crowd.people.ticket(back, "2"), client="3") is back


def test_a_wrong_password_brings_nobody(crowd: Crowd) -> None:
    crowd.gone(crowd.register())
    for name, password in [("Ann", "wrong password"), ("Nobody", GOOD), ("Ann", "")]:
        with pytest.raises(BadPassword, match="the name or the password is wrong"):
            crowd.come(name, password=password)
    assert crowd.here() == []


def test_a_guest_may_not_take_an_accounts_name_also_while_it_is_away(crowd: Crowd) -> None:
    crowd.gone(crowd.register())
    guest = crowd.come("Bob")
    ticket = crowd.people.ticket(guest, "1")
    for attempt in (
        crowd.coming("ANN", client="2"),
        crowd.coming("Ann", ticket, client="2"),
        crowd.people.rename(guest, "ann"),
        crowd.people.register("ann", GOOD, "2", lambda: None),
    ):
        with pytest.raises(NameTaken, match="somebody is called"):
            wait(attempt)
    assert crowd.here() == ["Bob"]


def test_a_guest_who_registers_stays_the_same_person_on_every_page(crowd: Crowd) -> None:
    guest = crowd.come("Ann")
    old = crowd.people.ticket(guest, "1")
    crowd.come(ticket=old, client="2")
    assert crowd.register("Anna", "1", guest) is guest
    assert guest.person.name == "Anna" and guest.kind is Kind.ACCOUNT
    assert crowd.here() == ["Anna"]
    with pytest.raises(BadTicket):
        crowd.come(ticket=old, client="3")
    ticket = crowd.people.ticket(guest, "2")
    crowd.restart()
    with pytest.raises(BadTicket):
        crowd.come(ticket=old)
    assert crowd.come(ticket=ticket).person == guest.person
    assert crowd.come("Ann", client="9").kind is Kind.GUEST


def test_only_guests_register_where_it_is_allowed(crowd: Crowd) -> None:
    ann = crowd.register()
    with pytest.raises(NotAGuest):
        crowd.register("Another", "1", ann)
    with pytest.raises(NotAGuest):
        crowd.register("Another", "2", crowd.vouch("2"))
    with pytest.raises(UnfitPassword):
        wait(crowd.people.register("Bob", "short", "3", lambda: None))
    with pytest.raises(BadName):
        crowd.register("\u200b", "3")
    assert crowd.here() == ["Ann", "Ann 2"]
    for closed in (Crowd(registration=False), Crowd(accounts=None)):
        with pytest.raises(RegistrationClosed):
            closed.register()
        assert closed.here() == []


def test_without_accounts_there_are_guests_only() -> None:
    crowd = Crowd(accounts=None)
    ann = crowd.come("Ann")
    ticket = Crowd().people.ticket(Crowd().register(), "1")
    with pytest.raises(BadPassword):
        crowd.come("Ann", client="2", password=GOOD)
    with pytest.raises(BadTicket):
        crowd.come(ticket=ticket, client="2")
    with pytest.raises(NoAccount):
        wait(crowd.people.change_password(ann, "1", GOOD, GOOD))
    crowd.come(ticket=crowd.people.ticket(ann, "1"), client="2")
    wait(crowd.people.rename(ann, "Anna"))
    assert crowd.here() == ["Anna"] and crowd.store.asked == []


def test_another_password_makes_all_older_tickets_void_but_the_new_one_of_this_page(crowd: Crowd) -> None:
    ann = crowd.register()
    old = crowd.people.ticket(ann, "1")
    crowd.come(ticket=old, client="2")
    wait(crowd.people.change_password(ann, "1", GOOD, "battery staple"))
    new, other = crowd.people.ticket(ann, "1"), crowd.people.ticket(ann, "2")
    crowd.restart()
    for void in (old, other):
        with pytest.raises(BadTicket):
            crowd.come(ticket=void)
        with pytest.raises(BadTicket):
            crowd.come("Another", ticket=void)
    with pytest.raises(BadPassword):
        crowd.come("Ann", password=GOOD)
    assert crowd.come(ticket=new).person == crowd.come("Ann", password="battery staple").person == ann.person


def test_only_an_account_that_knows_its_password_changes_it(crowd: Crowd) -> None:
    ann, bob = crowd.register(), crowd.come("Bob", client="2")
    with pytest.raises(BadPassword):
        wait(crowd.people.change_password(ann, "1", "wrong password", "battery staple"))
    with pytest.raises(UnfitPassword):
        wait(crowd.people.change_password(ann, "1", GOOD, "short"))
    for visitor, client in ((bob, "2"), (ann, "not a client of theirs")):
        with pytest.raises(NoAccount):
            wait(crowd.people.change_password(visitor, client, GOOD, "battery staple"))
    assert crowd.come("Ann", client="3", password=GOOD) is ann


def test_a_renamed_account_has_the_new_name_ever_after_and_the_old_one_is_free(crowd: Crowd) -> None:
    ann = crowd.register()
    ticket = crowd.people.ticket(ann, "1")
    wait(crowd.people.rename(ann, "Anna"))
    assert crowd.come(ticket=ticket, client="2").person.name == "Anna"
    assert crowd.come("Annika", ticket, client="2").person.name == "Annika"
    crowd.come("Ann", client="9")
    assert crowd.here() == ["Ann", "Annika"]
    with pytest.raises(NameTaken):
        wait(crowd.people.rename(ann, "Ann"))
    with pytest.raises(NameTaken):
        crowd.come("ANN", ticket, client="2")
    crowd.restart()
    assert crowd.come(ticket=ticket).person == Person(ann.person.key, "Annika")
    assert crowd.come("annika", client="2", password=GOOD).person == ann.person


def test_an_account_that_is_gone_from_the_store_is_told_so(crowd: Crowd) -> None:
    ann = crowd.register()
    ticket = crowd.people.ticket(ann, "1")
    crowd.store.backend._records.clear()
    with pytest.raises(NoAccount):
        wait(crowd.people.rename(ann, "Anna"))
    with pytest.raises(NoAccount):
        wait(crowd.people.change_password(ann, "1", GOOD, "battery staple"))
    with pytest.raises(BadTicket):
        crowd.come(ticket=ticket, client="2")
    assert crowd.here() == ["Ann"]


def test_who_has_a_name_for_which_an_account_is_made_elsewhere_gives_way_to_its_owner(crowd: Crowd) -> None:
    squatter = crowd.come("Ann")
    made = wait(crowd.accounts.add("a" * 22, "Ann", GOOD, ""))
    crowd.come("Ann 2", client="2")
    owner = crowd.come("ann", client="3", password=GOOD)
    assert owner.person == Person(made.key, "Ann")
    assert squatter.person.name == "Ann 3" and crowd.renamed == ["1"]
    assert crowd.here() == ["Ann", "Ann 2", "Ann 3"]


# --- those whom a site vouches for


def test_whom_a_site_vouches_for_is_the_same_person_with_their_rights_each_time(crowd: Crowd) -> None:
    ann = crowd.vouch(rights=["owner", "member:Tea"])
    key = ann.person.key
    assert (ann.kind, ann.person.name, ann.rights) == ("vouched", "Ann", {"owner", "member:room/tea"})
    assert ann.addresses == {"198.51.100.4"}
    assert crowd.vouch("2", jti="2") is ann and ann.rights == frozenset(), "as of the newest token"
    crowd.restart()
    assert crowd.vouch(jti="3").person == Person(key, "Ann")


def test_a_token_is_good_for_one_page_as_often_as_it_asks(crowd: Crowd) -> None:
    ann = crowd.vouch()
    assert crowd.vouch() is ann and crowd.vouch("2") is ann
    with pytest.raises(Replayed):
        crowd.vouch("3", nonce="m" * 22)
    crowd.restart()
    with pytest.raises(Replayed):
        crowd.vouch(nonce="m" * 22)
    assert crowd.vouch().person == ann.person


def test_a_vouched_name_that_is_in_use_gets_a_number(crowd: Crowd) -> None:
    crowd.gone(crowd.register("Ann"))
    crowd.come("Ann 2", client="2")
    named = [crowd.vouch(f"v{number}", sub=f"s{number}", jti=f"j{number}") for number in range(10)]
    assert [one.person.name for one in named[:7]] == [f"Ann {number}" for number in range(3, 10)]
    assert all(one.person.name.startswith("Ann ") for one in named) and len(crowd.here()) == 11
    assert crowd.vouch("again", sub="s0", jti="again").person.name == "Ann 3"
    long = [
        crowd.vouch(f"l{number}", sub=f"l{number}", jti=f"l{number}", name="L" * 32) for number in range(2)
    ]
    assert [one.person.name for one in long] == ["L" * 32, "L" * 30 + " 2"]


def test_when_every_number_is_in_use_it_is_refused(crowd: Crowd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("twistedchat.chat.people.secrets.randbelow", lambda below: 7)
    for number in range(9):
        crowd.vouch(f"v{number}", sub=f"s{number}", jti=f"j{number}")
    with pytest.raises(NameTaken):
        crowd.vouch("v9", sub="s9", jti="j9")
    assert len(crowd.here()) == 9


def test_a_vouched_persons_ticket_has_what_the_site_said_for_a_day(crowd: Crowd) -> None:
    ann = crowd.vouch(rights=["moderator"])
    ticket = crowd.people.ticket(ann, "1")
    crowd.restart()
    back = crowd.come("Another name", ticket)
    assert (back.person, back.kind, back.rights) == (ann.person, Kind.VOUCHED, {"moderator"})
    crowd.now += 86_399
    again = crowd.people.ticket(crowd.come(ticket=ticket), "1")
    crowd.now += 2
    for late in (ticket, again):
        with pytest.raises(BadTicket):
            crowd.come(ticket=late)


def test_a_ticket_ends_with_the_key_that_vouched(crowd: Crowd) -> None:
    ticket = crowd.people.ticket(crowd.vouch(), "1")
    crowd.keys = [setting(tokens.make_key("HS256"))]
    crowd.restart()
    with pytest.raises(BadTicket):
        crowd.come(ticket=ticket)
    crowd.options = {"voucher": None}
    crowd.restart()
    with pytest.raises(BadTicket):
        crowd.come(ticket=ticket)
    with pytest.raises(BadToken):
        crowd.vouch()


def test_a_name_that_a_site_vouches_for_is_not_changed_here(crowd: Crowd) -> None:
    ann = crowd.vouch()
    with pytest.raises(BadName):
        wait(crowd.people.rename(ann, "Another"))
    assert crowd.here() == ["Ann"]


# --- while the store is asked


def test_two_who_want_one_name_at_once_do_not_both_get_it(crowd: Crowd) -> None:
    other = crowd.come("Other", client="0")
    crowd.store.holding = True
    answers = [
        start(crowd.coming("Ann", client="1")),
        start(crowd.coming("ANN", client="2")),
        start(crowd.people.register("ann", GOOD, "3", lambda: None)),
        start(crowd.people.rename(other, "aNN")),
    ]
    crowd.store.release()
    assert [outcome(answer) for answer in answers[1:]] == [NameTaken] * 3
    assert outcome(answers[0]).person.name == "Ann" and crowd.here() == ["Ann", "Other"]


def test_a_name_under_registration_is_nobody_elses_already(crowd: Crowd) -> None:
    crowd.store.holding = True
    registering = start(crowd.people.register("Ann", GOOD, "1", lambda: None))
    assert outcome(start(crowd.coming("Ann", client="2"))) is NameTaken
    crowd.store.release()
    assert outcome(registering).kind is Kind.ACCOUNT


def test_two_pages_of_one_account_at_once_are_one_person(crowd: Crowd) -> None:
    ann = crowd.register()
    ticket = crowd.people.ticket(ann, "1")
    crowd.gone(ann)
    crowd.store.holding = True
    answers = [
        start(crowd.coming(ticket=ticket, client="1")),
        start(crowd.coming("Ann", client="2", password=GOOD)),
    ]
    crowd.store.release()
    one, other = map(outcome, answers)
    assert one is other and set(one.clients) == {"1", "2"} and crowd.here() == ["Ann"]


def test_two_pages_of_one_guest_at_once_are_one_person(crowd: Crowd) -> None:
    ann = crowd.come("Ann")
    ticket = crowd.people.ticket(ann, "1")
    crowd.gone(ann)
    crowd.store.holding = True
    answers = [start(crowd.coming(ticket=ticket, client=client)) for client in "12"]
    crowd.store.release()
    assert outcome(answers[0]) is outcome(answers[1]) and crowd.here() == ["Ann"]


def test_two_pages_with_one_token_at_once_are_one_page_or_one_is_refused(crowd: Crowd) -> None:
    token = tokens.sign(SECRET, CLAIMS)
    crowd.store.holding = True
    answers = [
        start(crowd.people.vouched(token, nonce, client, lambda: None))
        for nonce, client in ((NONCE, "1"), ("m" * 22, "2"), (NONCE, "1"))
    ]
    crowd.store.release()
    assert outcome(answers[1]) is Replayed
    assert outcome(answers[0]) is outcome(answers[2]) and crowd.here() == ["Ann"]


def test_a_guest_who_registers_while_another_page_of_theirs_comes_back_stays_an_account(crowd: Crowd) -> None:
    ann = crowd.come("Ann")
    ticket = crowd.people.ticket(ann, "1")
    crowd.store.holding = True
    back = start(crowd.coming("Anna", ticket, "2"))
    crowd.store.held.pop(0).callback(None)  # it has no account yet; the name is asked for next
    [name_asked] = crowd.store.held
    crowd.store.held, crowd.store.holding = [], False
    crowd.register("Ann", "1", ann)
    name_asked.callback(None)
    assert outcome(back) is BadTicket
    assert ann.kind is Kind.ACCOUNT and set(ann.clients) == {"1"} and crowd.here() == ["Ann"]


@pytest.mark.parametrize("what", ["guest", "back", "register", "password", "ticket", "vouched", "rename"])
def test_a_page_that_goes_away_in_the_middle_leaves_nobody_behind(crowd: Crowd, what: str) -> None:
    crowd.gone(crowd.register("Kim"))
    account = crowd.come("Kim", client="k", password=GOOD)
    kim = crowd.people.ticket(account, "k")
    crowd.gone(account)
    guest = crowd.come("Bob", client="b")
    bob = crowd.people.ticket(guest, "b")
    if what != "rename":
        crowd.gone(guest)
    attempts = {
        "guest": lambda: crowd.coming("Ann"),
        "back": lambda: crowd.coming(None, bob),
        "register": lambda: crowd.people.register("Ann", GOOD, "1", lambda: None),
        "password": lambda: crowd.coming("Kim", password=GOOD),
        "ticket": lambda: crowd.coming("Ann", kim),
        "vouched": lambda: crowd.people.vouched(tokens.sign(SECRET, CLAIMS), NONCE, "1", lambda: None),
        "rename": lambda: crowd.people.rename(guest, "Ann"),
    }
    before = crowd.here()
    steps = 0
    while True:
        crowd.store.holding = True
        answer = start(attempts[what]())
        for _ in range(steps):
            if crowd.store.held:
                crowd.store.held.pop(0).callback(None)
        if not crowd.store.held:
            break  # it is done: every place where it can wait was tried
        answer.cancel()
        assert outcome(answer) is CancelledError
        crowd.store.release()
        assert crowd.here() == before, f"after {steps} answers of the store"
        steps += 1
        assert steps < 10
    assert steps > 0 and not isinstance(outcome(answer), type), "the last one got through"


def test_a_visitor_who_left_is_not_renamed(crowd: Crowd) -> None:
    ann = crowd.come("Ann")
    crowd.store.holding = True
    renaming = start(crowd.people.rename(ann, "Anna"))
    crowd.gone(ann)
    crowd.store.release()
    assert outcome(renaming) is NotLoggedIn and crowd.here() == []


def test_an_account_is_renamed_by_one_page_at_a_time(crowd: Crowd) -> None:
    ann = crowd.register()
    crowd.store.holding = True
    renamings = [start(crowd.people.rename(ann, name)) for name in ("Anna", "Annika")]
    for _ in range(20):
        held, crowd.store.held = crowd.store.held, []
        for answer in held:
            answer.callback(None)
    crowd.store.holding = False
    assert [outcome(renaming) for renaming in renamings] == [None, Conflict]
    assert crowd.here() == ["Anna"]
    assert crowd.come("Anna", client="2", password=GOOD) is ann


@pytest.mark.parametrize("error", [StoreUnavailable, StoreUnknown])
def test_a_store_that_is_away_is_told_as_it_is_and_nobody_comes_half(
    crowd: Crowd, error: type[Exception]
) -> None:
    ann = crowd.register()
    ticket, bob = crowd.people.ticket(ann, "1"), crowd.come("Bob", client="2")
    crowd.store.error = error()
    for attempt in (
        crowd.coming("Cid", client="3"),
        crowd.coming(ticket=ticket, client="3"),
        crowd.coming("Ann", client="3", password=GOOD),
        crowd.coming(ticket=crowd.people.ticket(bob, "2"), client="3"),
        crowd.people.register("Dan", GOOD, "3", lambda: None),
        crowd.people.rename(ann, "Anna"),
        crowd.people.rename(bob, "Rob"),
        crowd.people.change_password(ann, "1", GOOD, "battery staple"),
        crowd.people.vouched(tokens.sign(SECRET, CLAIMS), NONCE, "3", lambda: None),
    ):
        with pytest.raises(error):
            wait(attempt)
    assert crowd.here() == ["Ann", "Bob"]
    crowd.store.error = None
    assert crowd.come(ticket=ticket, client="3") is ann


def test_nothing_that_is_kept_has_a_token_or_a_password_in_it(crowd: Crowd) -> None:
    crowd.register()
    crowd.vouch("2")
    backend = crowd.store.backend
    kept = json.dumps([record.value for record in backend._records.values()])
    assert GOOD not in kept and NONCE not in kept and "user 5" not in kept
