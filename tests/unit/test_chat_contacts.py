"""Contacts: asked for, accepted, ended, blocked; kept for both at once; told to both, and to friends who is online."""

import random
from itertools import product
from typing import Any

import pytest
from chat_kit import House
from twisted.internet.defer import CancelledError, Deferred, fail
from zope.interface import implementer

from twistedchat.backends.memory import MemoryBackend
from twistedchat.chat import contact_states
from twistedchat.chat import contacts as rules
from twistedchat.chat.books import NOBODY, Books, Contact
from twistedchat.chat.contact_states import State
from twistedchat.chat.contacts import wire_form
from twistedchat.chat.errors import NoSuchPerson, NotAllowed, TooManyContacts
from twistedchat.chat.faces import IFace
from twistedchat.chat.people import Visitor
from twistedchat.chat.where import private_channel
from twistedchat.core.errors import Conflict, StoreUnavailable, StoreUnknown, TooFast
from twistedchat.testing.backends import settled

GRACE_S = 15


@implementer(IFace)
class Face:
    """Hears what one person is told, and shows their contacts as a page would."""

    def __init__(self) -> None:
        self.heard: list[tuple[Any, ...]] = []
        self.hides: list[str] = []
        self.shown: dict[str, tuple[str, str, bool]] = {}

    def loggedOut(self, text: str) -> None:
        pass

    def shownOut(self, channel: str, text: str) -> None:
        raise AssertionError("nobody is shown out here")

    def hidden(self, channel: str) -> None:
        self.hides.append(channel)

    def told(self, method: str, *args: Any) -> None:
        assert method == "contact"
        self.heard.append(args)
        key, name, state, online = args
        self.shown[key] = (name, state, online)
        if state == "none":
            del self.shown[key]


class Circle:
    """People in a house, each with a face."""

    def __init__(self, house: House, *names: str) -> None:
        self.house = house
        self.contacts = house.chat.contacts
        self.faces: dict[str, Face] = {}
        self.visitors = [self.guest(name) for name in names]

    def guest(self, name: str) -> Visitor:
        visitor = self.house.guest(name)
        self.come(visitor, "c")
        return visitor

    def come(self, visitor: Visitor, client: str) -> Face:
        """They have a face, as after a login or a restart."""
        face = self.faces[visitor.person.name] = Face()
        self.house.chat.faces.add(visitor.person.key, face)
        self.house.chat.online.came(visitor.person, client)
        return face

    def do(self, what: str, by: Visitor, whom: Visitor | str) -> str:
        """Change something, at a time when it is not too fast; return the state."""
        self.house.clock.advance(10)
        key = whom if isinstance(whom, str) else whom.person.key
        return str(self.house.wait(getattr(self.contacts, what)(by, key)))

    def befriend(self, one: Visitor, other: Visitor) -> None:
        self.do("ask", one, other)
        self.do("ask", other, one)
        for face in self.faces.values():
            face.heard.clear()

    def seen(self, visitor: Visitor) -> list[tuple[str, str, bool]]:
        """Return name, state and online of all contacts."""
        self.house.clock.advance(2)
        return [wire_form(one)[1:] for one in self.house.wait(self.contacts.of(visitor))]

    def heard(self, visitor: Visitor) -> list[tuple[Any, ...]]:
        """Return what they were told since the last time, without the keys."""
        face = self.faces[visitor.person.name]
        heard = [args[1:] for args in face.heard]
        face.heard.clear()
        return heard


@pytest.fixture
def circle(house: House) -> Circle:
    return Circle(house, "Ann", "Bob", "Eve")


# --- what becomes of two people


def fitting(mine: State, theirs: State) -> bool:
    """Say whether two people can be this to each other."""
    if State.BLOCKED in (mine, theirs):
        return not {mine, theirs} & {State.FRIEND, State.ASKING}
    if State.FRIEND in (mine, theirs):
        return mine is theirs
    pairs = {(State.NONE, State.NONE), (State.ASKED, State.ASKING), (State.ASKED, State.NONE)}
    return (mine, theirs) in pairs or (theirs, mine) in pairs


@pytest.mark.parametrize(
    "rule", [contact_states.asked, contact_states.removed, contact_states.blocked, contact_states.unblocked]
)
def test_every_rule_leads_from_what_fits_to_what_fits(rule: Any) -> None:
    for mine, theirs in product(State, State):
        if not fitting(mine, theirs) or (rule is contact_states.asked and mine is State.BLOCKED):
            continue
        after = rule(mine, theirs)
        assert fitting(*after), (rule, mine, theirs, after)
        assert (theirs is State.BLOCKED) == (after[1] is State.BLOCKED), "only they can change that"
        assert rule(*after) == after, "once is as good as twice"


# --- asking and accepting


def test_a_request_and_its_acceptance_are_told_to_both(circle: Circle) -> None:
    ann, bob, _ = circle.visitors
    assert circle.do("ask", ann, bob) == "asked"
    assert circle.heard(ann) == [("Bob", "asked", False)]
    assert circle.heard(bob) == [("Ann", "asking", False)]
    assert circle.seen(ann) == [("Bob", "asked", False)]
    assert circle.seen(bob) == [("Ann", "asking", False)]
    assert circle.do("ask", bob, ann) == "friend"
    assert circle.heard(ann) == [("Bob", "friend", True)]
    assert circle.heard(bob) == [("Ann", "friend", True)]
    assert circle.seen(ann) == [("Bob", "friend", True)]
    assert circle.do("ask", ann, bob) == "friend"
    assert circle.heard(ann) == circle.heard(bob) == []


def test_a_request_is_taken_back_refused_and_a_contact_ended(circle: Circle) -> None:
    ann, bob, _ = circle.visitors
    for by, whom in ((ann, bob), (bob, ann)):
        circle.do("ask", ann, bob)
        circle.heard(ann), circle.heard(bob)
        assert circle.do("remove", by, whom) == "none"
        assert circle.heard(ann) == [("Bob", "none", False)]
        assert circle.heard(bob) == [("Ann", "none", False)]
    circle.befriend(ann, bob)
    assert circle.do("remove", bob, ann) == "none"
    assert circle.seen(ann) == circle.seen(bob) == []
    assert circle.heard(ann) == [("Bob", "none", False)]
    assert circle.do("remove", bob, ann) == "none"


def test_nobody_and_oneself_are_no_contacts(circle: Circle) -> None:
    ann = circle.visitors[0]
    for what, key in product(("ask", "remove", "block", "unblock"), (ann.person.key, "", "x", "a\n" * 16)):
        with pytest.raises(NoSuchPerson):
            circle.do(what, ann, key)
    with pytest.raises(NoSuchPerson):
        circle.do("ask", ann, "n" * 22)
    assert circle.seen(ann) == []


def test_who_went_is_asked_only_where_a_record_tells_of_them(circle: Circle) -> None:
    ann, bob, eve = circle.visitors
    circle.do("ask", ann, bob)
    circle.house.wait(circle.house.chat.open_private(eve, bob.person.key))
    circle.house.people.logout(bob, "client of Bob")
    assert circle.do("ask", ann, bob) == "asked"
    assert circle.do("ask", eve, bob) == "asked"
    assert circle.seen(eve) == [("Bob", "asked", False)]
    with pytest.raises(NoSuchPerson):
        circle.do("ask", circle.guest("Zoe"), bob)


# --- both at once, and a store that does not answer


class Meddled(MemoryBackend):
    """A store in which something happens just before a commit, or that does not tell whether it has done one."""

    def __init__(self) -> None:
        super().__init__()
        self.meddling: list[Any] = []
        self.error: Exception | None = None
        self.done = True

    def commit(self, changes: Any) -> Any:
        if self.meddling:
            self.meddling.pop()()
        if self.error is None:
            return super().commit(changes)
        error, self.error = self.error, None
        if self.done:
            settled(super().commit(changes))
        return fail(error)


@pytest.fixture
def meddled() -> tuple[Meddled, Circle]:
    store = Meddled()
    return store, Circle(House(store), "Ann", "Bob")


def test_two_requests_at_once_make_friends(meddled: tuple[Meddled, Circle]) -> None:
    store, circle = meddled
    ann, bob = circle.visitors
    store.meddling.append(lambda: circle.do("ask", bob, ann))
    assert circle.do("ask", ann, bob) == "friend"
    assert circle.seen(ann) == [("Bob", "friend", True)] and circle.seen(bob) == [("Ann", "friend", True)]
    assert circle.heard(ann) == [("Bob", "asking", False), ("Bob", "friend", True)]
    assert circle.heard(bob) == [("Ann", "asked", False), ("Ann", "friend", True)]


def test_a_block_meets_a_request_and_wins(meddled: tuple[Meddled, Circle]) -> None:
    store, circle = meddled
    ann, bob = circle.visitors
    store.meddling.append(lambda: circle.do("block", bob, ann))
    assert circle.do("ask", ann, bob) == "asked"
    assert circle.seen(bob) == [("Ann", "blocked", False)]


def test_who_meets_others_again_and_again_is_told_and_nothing_is_half_done(
    meddled: tuple[Meddled, Circle],
) -> None:
    store, circle = meddled
    ann, bob = circle.visitors

    def meddle(number: int) -> None:
        circle.do(("remove", "ask")[number % 2], bob, ann)
        store.meddling.append(lambda: meddle(number + 1))

    circle.do("ask", bob, ann)
    store.meddling.append(lambda: meddle(0))
    with pytest.raises(Conflict):
        circle.do("ask", ann, bob)
    store.meddling.clear()
    mine, theirs = ([State(one[1]) for one in circle.seen(each)] or [State.NONE] for each in (ann, bob))
    assert fitting(*mine, *theirs)


@pytest.mark.parametrize("done", [True, False])
def test_what_ended_unknown_is_told_to_both_when_it_is_asked_again(
    meddled: tuple[Meddled, Circle], done: bool
) -> None:
    store, circle = meddled
    ann, bob = circle.visitors
    circle.seen(ann), circle.seen(bob)  # both books are at hand
    store.error, store.done = StoreUnknown("no answer in time"), done
    with pytest.raises(StoreUnknown):
        circle.do("ask", ann, bob)
    assert circle.seen(bob) == ([("Ann", "asking", False)] if done else [])
    assert circle.seen(ann) == ([("Bob", "asked", False)] if done else [])
    assert circle.heard(bob) == []
    assert circle.do("ask", ann, bob) == "asked"
    assert circle.heard(ann) == [("Bob", "asked", False)]
    assert circle.heard(bob) == [("Ann", "asking", False)]
    circle.do("ask", ann, bob)
    assert circle.heard(bob) == []


def test_a_store_that_is_away_changes_nothing(meddled: tuple[Meddled, Circle]) -> None:
    store, circle = meddled
    ann, bob = circle.visitors
    store.error, store.done = StoreUnavailable("away"), False
    with pytest.raises(StoreUnavailable):
        circle.do("ask", ann, bob)
    assert circle.seen(ann) == circle.seen(bob) == [] == circle.heard(ann) + circle.heard(bob)


@pytest.mark.parametrize(("what", "state"), [("ask", "asked"), ("block", "blocked")])
def test_a_change_goes_on_where_the_page_that_began_it_is_gone(house: House, what: str, state: str) -> None:
    circle = Circle(house, "Ann", "Bob")
    ann, bob = circle.visitors
    held: Deferred[None] = Deferred()
    commit = house.store.commit
    house.store.commit = lambda changes: held.addCallback(lambda _: commit(changes))  # type: ignore
    changing = Deferred.fromCoroutine(getattr(circle.contacts, what)(ann, bob.person.key))
    changing.addErrback(lambda failure: failure.trap(CancelledError))
    changing.cancel()
    held.callback(None)
    assert circle.heard(ann) == [("Bob", state, False)]
    assert len(circle.heard(bob)) == (what == "ask")
    hidden = [private_channel(ann.person.key, bob.person.key)] if what == "block" else []
    assert circle.faces["Ann"].hides == hidden


# --- bounds


def test_requests_are_made_no_faster_than_people_can_look_at_them(house: House) -> None:
    circle = Circle(house, "Ann", "Bob")
    ann, bob = circle.visitors
    for _ in range(10):
        house.wait(circle.contacts.ask(ann, bob.person.key))
    with pytest.raises(TooFast) as caught:
        house.wait(circle.contacts.ask(ann, bob.person.key))
    assert caught.value.retry_s == pytest.approx(10)
    house.clock.advance(10)
    house.wait(circle.contacts.ask(ann, bob.person.key))


def test_other_changes_and_lists_have_their_bounds_too(house: House) -> None:
    ann, bob = Circle(house, "Ann", "Bob").visitors
    contacts = house.chat.contacts
    for _ in range(rules.CHANGES_BURST):
        house.wait(contacts.block(ann, bob.person.key))
    for what in (contacts.block, contacts.unblock, contacts.remove):
        with pytest.raises(TooFast):
            house.wait(what(ann, bob.person.key))
    for _ in range(rules.LISTS_BURST):
        house.wait(contacts.of(ann))
    with pytest.raises(TooFast):
        house.wait(contacts.of(ann))


def test_open_requests_are_bounded_on_both_sides(circle: Circle, monkeypatch: pytest.MonkeyPatch) -> None:
    ann, bob, eve = circle.visitors
    monkeypatch.setattr(rules, "MOST_ASKED", 1)
    circle.do("ask", ann, bob)
    with pytest.raises(TooManyContacts, match="take one back"):
        circle.do("ask", ann, eve)
    monkeypatch.setattr(rules, "MOST_ASKING", 1)
    with pytest.raises(TooManyContacts, match="too many have asked"):
        circle.do("ask", eve, bob)
    assert circle.do("ask", bob, ann) == "friend", "who accepts makes room"
    assert circle.do("ask", eve, bob) == "asked"


def test_contacts_are_bounded_and_who_asks_takes_no_place(
    circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob, eve = circle.visitors
    monkeypatch.setattr(rules, "MOST_CONTACTS", 1)
    circle.befriend(ann, bob)
    assert circle.do("ask", eve, ann) == "asked"
    for what in ("ask", "block"):
        with pytest.raises(TooManyContacts, match="remove one"):
            circle.do(what, ann, eve)
    assert circle.do("block", ann, bob) == "blocked", "that is no contact more"
    circle.do("unblock", ann, bob)
    assert circle.do("ask", ann, eve) == "friend"


# --- kept


def test_a_new_process_finds_all_contacts(circle: Circle) -> None:
    ann, bob, eve = circle.visitors
    circle.befriend(ann, bob)
    circle.do("ask", eve, ann)
    circle.do("block", bob, eve)
    again = Circle(House(circle.house.store))
    assert again.seen(ann) == [("Bob", "friend", False), ("Eve", "asking", False)]
    assert again.seen(bob) == [("Ann", "friend", False), ("Eve", "blocked", False)]
    assert again.seen(eve) == [("Ann", "asked", False)]
    again.come(ann, "c")
    again.come(bob, "c")
    assert again.heard(ann) == [("Bob", "friend", True)]


def contact(name: str) -> Contact:
    return Contact(State.ASKED, name)


def write(books: Books, one: str, other: str, mine: Contact, theirs: Contact = NOBODY) -> None:
    pair = settled(Deferred.fromCoroutine(books.pair(one, other)))
    settled(Deferred.fromCoroutine(books.write(pair, mine, theirs)))


def book(books: Books, key: str) -> dict[str, Contact]:
    found: dict[str, Contact] = settled(Deferred.fromCoroutine(books.of(key)))
    return found


def test_books_at_hand_are_bounded_and_those_that_went_are_read_again() -> None:
    store = MemoryBackend()
    books = Books(store, most=5)
    for key in "abc":
        for other in ("x", "y"):
            write(books, key, other, contact(other))
        assert list(book(books, key)) == ["x", "y"]
    assert list(books._known) == ["c"] and books._held == 3
    assert list(book(books, "a")) == ["x", "y"]
    write(books, "a", "x", NOBODY)
    assert list(book(books, "a")) == ["y"] and books._held == 2
    for number in range(10):
        write(books, "a", f"z{number}", contact("z"))
    assert len(book(books, "a")) == 11, "one book is there in any case"


def test_a_book_of_many_pages_is_read_whole() -> None:
    books = Books(MemoryBackend())
    for number in range(1203):
        write(books, "a", f"{number:04}", contact("x"))
    write(books, "ab", "other", contact("x"))
    assert len(book(Books(books._store), "a")) == 1203


class Paged(MemoryBackend):
    """A store whose pages come when the test says so."""

    held: Deferred[None] | None = None

    def page(self, *args: Any) -> Any:
        page = super().page(*args)
        return page if self.held is None else self.held.addCallback(lambda _: page)


def test_what_changes_while_a_book_is_read_is_in_it() -> None:
    store = Paged()
    books = Books(store)
    write(books, "a", "x", contact("x"))
    store.held = Deferred()
    reading = Deferred.fromCoroutine(books.of("a"))
    write(books, "a", "y", contact("y"))
    write(books, "a", "x", NOBODY)
    held, store.held = store.held, None
    held.callback(None)
    assert list(settled(reading)) == ["y"] == list(book(books, "a"))
    assert not books._readings


# --- blocked


def test_blocking_ends_a_friendship_and_is_not_told(circle: Circle) -> None:
    ann, bob, _ = circle.visitors
    circle.befriend(ann, bob)
    assert circle.do("block", ann, bob) == "blocked"
    assert circle.heard(ann) == [("Bob", "blocked", False)]
    assert circle.heard(bob) == [("Ann", "none", False)]
    assert circle.seen(bob) == []
    assert circle.do("ask", bob, ann) == "asked"
    assert circle.heard(ann) == [], "and she hears nothing of it"
    assert circle.seen(bob) == [("Ann", "asked", False)]
    assert circle.do("remove", ann, bob) == "blocked", "only unblocking does that"
    with pytest.raises(NotAllowed):
        circle.do("ask", ann, bob)
    assert circle.do("unblock", ann, bob) == "none"
    assert circle.do("ask", ann, bob) == "friend", "he had asked"


def test_who_is_blocked_sees_no_difference_whether_the_other_is_here(circle: Circle) -> None:
    ann, bob, _ = circle.visitors
    circle.do("block", ann, bob)
    circle.house.wait(circle.house.people.rename(ann, "Anna"))
    here = circle.do("ask", bob, ann), circle.seen(bob)
    circle.do("remove", bob, ann)
    circle.house.people.logout(ann, "client of Ann")
    assert (circle.do("ask", bob, ann), circle.seen(bob)) == here == ("asked", [("Ann", "asked", False)])


def test_a_request_stays_open_for_who_is_blocked_for_it(circle: Circle) -> None:
    ann, bob, _ = circle.visitors
    circle.do("ask", bob, ann)
    circle.heard(bob)
    circle.do("block", ann, bob)
    assert circle.heard(bob) == [] and circle.seen(bob) == [("Ann", "asked", False)]
    circle.do("unblock", ann, bob)
    circle.heard(ann)
    assert circle.do("ask", bob, ann) == "asked"
    assert circle.heard(ann) == [("Bob", "asking", False)]


def test_both_may_block_each_other(circle: Circle) -> None:
    ann, bob, _ = circle.visitors
    circle.do("block", ann, bob)
    circle.do("block", bob, ann)
    circle.do("unblock", ann, bob)
    assert circle.seen(ann) == [] and circle.seen(bob) == [("Ann", "blocked", False)]
    assert circle.do("ask", ann, bob) == "asked" and circle.heard(bob)[1:] == []


def test_anyone_can_be_blocked_also_who_has_left(circle: Circle) -> None:
    ann = circle.visitors[0]
    assert circle.do("block", ann, "n" * 22) == "blocked"
    assert circle.seen(ann) == [("", "blocked", False)]
    assert circle.do("unblock", ann, "n" * 22) == "none"


# --- online


def test_friends_see_each_other_come_and_go_strangers_do_not(circle: Circle) -> None:
    ann, bob, eve = circle.visitors
    circle.befriend(ann, bob)
    circle.do("ask", eve, bob)
    circle.heard(eve), circle.heard(bob)
    online = circle.house.chat.online
    online.away(bob.person.key, "c")
    circle.house.clock.advance(GRACE_S - 1)
    online.came(bob.person, "reloaded")
    circle.house.clock.advance(100)
    assert circle.heard(ann) == [], "a reload is no news"
    online.came(bob.person, "tab")
    online.left(bob.person.key, "reloaded")
    assert circle.heard(ann) == []
    online.away(bob.person.key, "tab")
    circle.house.clock.advance(GRACE_S)
    assert circle.heard(ann) == [("Bob", "friend", False)]
    online.came(bob.person, "again")
    online.left(bob.person.key, "again")
    assert circle.heard(ann) == [("Bob", "friend", True), ("Bob", "friend", False)]
    assert circle.heard(eve) == [] and circle.seen(eve) == [("Bob", "asked", False)]


def test_friends_hear_of_another_name(circle: Circle) -> None:
    ann, bob, _ = circle.visitors
    circle.befriend(ann, bob)
    circle.house.wait(circle.house.people.rename(bob, "Robert"))
    circle.house.chat.online.came(bob.person, "c")
    assert circle.heard(ann) == [("Robert", "friend", True)]
    assert circle.seen(ann) == [("Robert", "friend", True)]
    assert circle.house.wait(circle.contacts.named(ann, "ROBERT")).key == bob.person.key


def test_who_was_called_otherwise_when_last_met_is_shown_under_that_name(circle: Circle) -> None:
    ann, bob, eve = circle.visitors
    circle.befriend(ann, bob)
    circle.do("ask", eve, bob)
    house, online = circle.house, circle.house.chat.online
    house.wait(house.people.rename(bob, "Robert"))
    online.came(bob.person, "c")
    online.left(bob.person.key, "c")
    assert circle.seen(ann) == [("Robert", "friend", False)], "she was here then"
    online.left(ann.person.key, "c")
    house.wait(house.people.rename(bob, "Rob"))
    online.came(bob.person, "c")
    online.came(ann.person, "c")
    circle.seen(ann)
    online.left(bob.person.key, "c")
    assert circle.seen(ann) == [("Rob", "friend", False)], "or came then"
    assert circle.seen(eve) == [("Bob", "asked", False)]


def test_names_are_learned_some_at_a_time(circle: Circle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "_LEARNED", 1)
    ann, *others = circle.visitors
    online = circle.house.chat.online
    for other in others:
        circle.befriend(ann, other)
        online.left(ann.person.key, "c")
        circle.house.wait(circle.house.people.rename(other, f"{other.person.name} II"))
        online.came(other.person, "c")
        online.came(ann.person, "c")
    assert len(circle.seen(ann)) == len(others) == 2
    names = set()
    for other in others:
        online.left(other.person.key, "c")
    names = {name for name, _, _ in circle.seen(ann)}
    assert len(names & {"Bob II", "Eve II"}) == 1


def test_news_wait_for_a_store_that_is_away(circle: Circle) -> None:
    ann, bob, _ = circle.visitors
    circle.befriend(ann, bob)
    house = House(circle.house.store)
    again = Circle(house)
    page, away = house.store.page, lambda *args: fail(StoreUnavailable("away"))
    house.store.page = away  # type: ignore[method-assign]
    again.come(ann, "c")
    again.come(bob, "c")
    house.clock.advance(6)
    assert again.heard(ann) == []
    house.store.page = page  # type: ignore[method-assign]
    house.clock.advance(6)
    assert ("Bob", "friend", True) in again.heard(ann)
    house.chat.online.stop()
    house.chat.online.stop()
    house.chat.online.came(bob.person, "late")
    assert not house.clock.getDelayedCalls()


def test_no_timer_is_left_when_the_house_stops(circle: Circle) -> None:
    bob = circle.visitors[1]
    circle.house.chat.online.away(bob.person.key, "c")
    circle.house.chat.online.stop()
    assert not circle.house.clock.getDelayedCalls()


class Coming:
    """One person's real visits, as a simple model has them."""

    def __init__(self, house: House, visitor: Visitor) -> None:
        self.house = house
        self.visitor = visitor
        self.clients = {"c"}
        self.waits: dict[str, float] = {}  # lost clients, and when their graces end
        self.online = True
        self.told: list[bool] = []

    def look(self) -> None:
        """See whether they are online now, and whether that is news."""
        now = self.house.clock.seconds()
        online = bool(self.clients) or any(until > now for until in self.waits.values())
        if online is not self.online:
            self.online = online
            self.told.append(online)

    def open(self, client: str) -> None:
        self.clients.add(client)
        self.waits.pop(client, None)
        self.house.chat.online.came(self.visitor.person, client)

    def close(self, client: str, at_once: bool) -> None:
        online, key = self.house.chat.online, self.visitor.person.key
        (online.left if at_once else online.away)(key, client)
        if client in self.clients and not at_once:
            self.waits[client] = self.house.clock.seconds() + GRACE_S
        elif at_once:
            self.waits.pop(client, None)
        self.clients.discard(client)


def test_ten_thousand_openings_and_closings_end_in_the_right_online_state() -> None:
    chance = random.Random(20)
    house = House()
    circle = Circle(house, "Ann", "Bob", "Cid", "Dan")
    ann, *others = circle.visitors
    for other in others:
        circle.befriend(ann, other)
    coming = [Coming(house, other) for other in others]
    for _ in range(10_000):
        one = chance.choice(coming)
        client = chance.choice("cx")
        if chance.random() < 0.4:
            one.open(client)
        else:
            one.close(client, at_once=chance.random() < 0.2)
        one.look()
        for _ in range(chance.choice((0, 0, 1, 4, 16))):
            house.clock.advance(1)
            for each in coming:
                each.look()
    face = circle.faces["Ann"]
    for each in coming:
        key = each.visitor.person.key
        told = [online for other, _, _, online in face.heard if other == key]
        assert told == each.told and len(told) > 500
        assert face.shown[key][2] is each.online
    listed = house.wait(circle.contacts.of(ann))
    assert {one.person.key: wire_form(one)[1:] for one in listed} == face.shown
    house.chat.online.stop()


# --- all of it


@pytest.mark.parametrize("seed", range(5))
def test_contacts_fetched_before_and_what_was_told_since_are_contacts_fetched_after(seed: int) -> None:
    chance = random.Random(seed)
    house = House()
    circle = Circle(house, "Ann", "Bob", "Cid", "Dan")
    online = house.chat.online
    for _ in range(400):
        by, whom = chance.sample(circle.visitors, 2)
        what = chance.choice(("ask", "ask", "ask", "remove", "block", "unblock", "come", "go", "fetch"))
        if what == "come":
            online.came(by.person, "c")
        elif what == "go":
            online.away(by.person.key, "c")
        elif what == "fetch":
            fetched = house.wait(circle.contacts.of(by))
            circle.faces[by.person.name].shown = {one.person.key: wire_form(one)[1:] for one in fetched}
        else:
            try:
                circle.do(what, by, whom)
            except NotAllowed:
                assert what == "ask"
        for visitor in circle.visitors:
            house.clock.advance(2)
            fetched = house.wait(circle.contacts.of(visitor))
            face = circle.faces[visitor.person.name]
            assert {one.person.key: wire_form(one)[1:] for one in fetched} == face.shown
    states = {one[1] for face in circle.faces.values() for one in face.shown.values()}
    assert len(states) > 1
    online.stop()
