"""Contacts: asked for by one, accepted by the other, told to both; and people with whom somebody does not talk."""

from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from twistedchat.chat.begun import finished
from twistedchat.chat.books import NOBODY, Book, Books, Contact, Pair
from twistedchat.chat.contact_states import State, States, asked, blocked, removed, unblocked
from twistedchat.chat.errors import NoSuchPerson, TooManyContacts
from twistedchat.chat.faces import Faces
from twistedchat.chat.known import Known
from twistedchat.chat.names import folded
from twistedchat.chat.online import Online
from twistedchat.chat.people import Visitor
from twistedchat.chat.where import private_channel, private_pair
from twistedchat.core.errors import Conflict, SafeError, StoreUnknown, TooFast
from twistedchat.core.presence import Person
from twistedchat.core.throttle import Buckets
from twistedchat.interfaces import IBackend

MOST_CONTACTS = 1_000  # of one person, those blocked and asked included
MOST_ASKED = 50  # open requests of one person
MOST_ASKING = 200  # open requests to one person; they count apart, for others make them

ASKS_PER_S = 0.1
ASKS_BURST = 10
ADDRESS_ASKS_PER_S = 1.0
ADDRESS_ASKS_BURST = 100
ADDRESS_CHANGES_PER_S = 5.0
ADDRESS_CHANGES_BURST = 300
CHANGES_PER_S = 1.0
CHANGES_BURST = 30
LISTS_PER_S = 0.5
LISTS_BURST = 20  # as many tabs may come back at once

SILENT = "this person does not talk with you"

_LEARNED = 20  # names at a time that are brought up to date
_TRIES = 5  # where both change something at once
_MOST_IN_DOUBT = 1_000


@dataclass(frozen=True, slots=True)
class Listed:
    """One contact as a page shows it; ``online`` only of friends."""

    person: Person
    state: State
    online: bool


class Contacts:
    """See the module. Both sides of a change are kept together or not at all.

    A change that was begun is finished, also where the page that asked for it goes meanwhile: both sides are told.

    Args:
        store: where contacts are kept.
        known: finds people.
        faces: where people are told.
        online: who is there; told to friends.
        now: seconds since 1970.
        clock: seconds, of the clock that throttles go by.
    """

    def __init__(
        self,
        store: IBackend,
        known: Known,
        faces: Faces,
        online: Online,
        now: Callable[[], float],
        clock: Callable[[], float],
    ) -> None:
        self._books = Books(store)
        self._known = known
        self._faces = faces
        self._online = online
        self._now = now
        self._clock = clock
        self._asks = Buckets(ASKS_PER_S, ASKS_BURST)
        self._asks_of_address = Buckets(ADDRESS_ASKS_PER_S, ADDRESS_ASKS_BURST)
        self._changes = Buckets(CHANGES_PER_S, CHANGES_BURST)
        self._changes_of_address = Buckets(ADDRESS_CHANGES_PER_S, ADDRESS_CHANGES_BURST)
        self._lists = Buckets(LISTS_PER_S, LISTS_BURST)
        self._doubts: OrderedDict[tuple[str, str], None] = OrderedDict()  # changes that ended unknown
        online.watch(self._tell_friends)

    # --- asking

    async def of(self, visitor: Visitor) -> list[Listed]:
        """Return all contacts of a person, by name.

        Raises:
            TooFast, StoreUnavailable.
        """
        self._take(self._lists, visitor)
        me = visitor.person.key
        book = await self._books.of(me)
        await self._learn([(me, here) for here in map(self._online.find, book) if here is not None])
        book = await self._books.of(me)
        listed = [self._listed(key, contact) for key, contact in book.items()]
        return sorted(listed, key=lambda one: (one.person.name.casefold(), one.person.key))

    async def friend(self, key: str, other: str) -> Person | None:
        """Return ``other`` if they are a friend of the person ``key``.

        Raises:
            StoreUnavailable.
        """
        contact = await self._books.entry(key, other)
        return Person(other, contact.name) if contact.state is State.FRIEND else None

    async def blocks(self, key: str, other: str) -> bool:
        """Say whether the person ``key`` does not talk with ``other``.

        Raises:
            StoreUnavailable.
        """
        return (await self._books.entry(key, other)).state is State.BLOCKED

    async def named(self, visitor: Visitor, name: str) -> Person | None:
        """Return the contact of a person who is called ``name``, however it is written.

        Raises:
            StoreUnavailable.
        """
        for key, contact in (await self._books.of(visitor.person.key)).items():
            person = self._listed(key, contact).person
            if folded(person.name) == folded(name):
                return person
        return None

    # --- changing

    async def ask(self, visitor: Visitor, key: str) -> State:
        """Ask the person ``key`` to be a contact, or accept where they asked; return what they are now.

        Raises:
            NoSuchPerson: nobody has the key who is here or known.
            NotAllowed: the visitor blocks them.
            TooManyContacts: of the one or the other.
            TooFast, Conflict, StoreUnavailable, StoreUnknown.
        """
        self._take(self._asks, visitor)
        for address in visitor.homes:  # a guest is soon made, and who is asked is told of each
            self._wait(self._asks_of_address.take(address, self._clock()))
        other = await self._whom(visitor, key)
        if other is None:
            raise NoSuchPerson("there is no such person")
        return await self._do(visitor, other, asked)

    async def remove(self, visitor: Visitor, key: str) -> State:
        """End a contact, refuse a request, or take back one's own; return what they are now.

        Raises:
            NoSuchPerson: nobody can have the key.
            TooFast, Conflict, StoreUnavailable, StoreUnknown.
        """
        return await self._change(visitor, key, removed)

    async def block(self, visitor: Visitor, key: str) -> State:
        """Do not talk with the person ``key``, whoever it is; they are not told, but that they are no contact any more.

        Raises:
            As ``remove``, and TooManyContacts.
        """
        return await self._change(visitor, key, blocked)

    async def unblock(self, visitor: Visitor, key: str) -> State:
        """Talk with the person ``key`` again. Raises as ``remove``."""
        return await self._change(visitor, key, unblocked)

    async def _change(self, visitor: Visitor, key: str, rule: Callable[[State, State], States]) -> State:
        self._take(self._changes, visitor)
        for address in visitor.homes:  # each may be one more record, whoever it is about
            self._wait(self._changes_of_address.take(address, self._clock()))
        if not can_be(visitor, key):
            raise NoSuchPerson("there is no such person")
        other = await self._whom(visitor, key)
        return await self._do(visitor, other or Person(key, ""), rule)

    async def _whom(self, visitor: Visitor, key: str) -> Person | None:
        """Return who has ``key``; to a visitor whom they block, as last seen, whether they are here or not."""
        if not can_be(visitor, key):
            return None
        me = visitor.person.key
        theirs = await self._books.entry(key, me)
        if theirs.state is State.BLOCKED:
            return Person(key, theirs.shown)
        mine = await self._books.entry(me, key)
        found = await self._known.find(me, key)
        return found or (Person(key, mine.name) if mine.state is not State.NONE else None)

    async def _do(self, visitor: Visitor, other: Person, rule: Callable[[State, State], States]) -> State:
        return await finished(self._doing(visitor.person, other, rule))

    async def _doing(self, me: Person, other: Person, rule: Callable[[State, State], States]) -> State:
        for _ in range(_TRIES):
            pair = await self._books.pair(me.key, other.key)
            states = rule(pair.mine.state, pair.theirs.state)
            mine, theirs = self._entries(pair, states, me, other)
            if (mine, theirs) != (pair.mine, pair.theirs):
                await self._check_place(pair, mine, theirs)
                try:
                    await self._books.write(pair, mine, theirs)
                except Conflict:
                    continue
                except StoreUnknown:
                    self._doubt(me.key, other.key)
                    raise
            self._tell_both(pair, mine, theirs)
            return mine.state
        raise Conflict("this changes just now, try again")

    def _entries(self, pair: Pair, states: States, me: Person, other: Person) -> tuple[Contact, Contact]:
        """Return both entries anew, under the present names, where their states change."""
        mine, theirs = pair.mine, pair.theirs
        if states[0] is not mine.state:
            mine = Contact(states[0], other.name or mine.name, self._now())
            if mine.state is State.BLOCKED:
                mine = replace(mine, shown=me.name)
        if states[1] is not theirs.state:
            theirs = Contact(states[1], me.name, self._now())
        return (
            NOBODY if mine.state is State.NONE else mine,
            NOBODY if theirs.state is State.NONE else theirs,
        )

    async def _check_place(self, pair: Pair, mine: Contact, theirs: Contact) -> None:
        """See that no book grows beyond its bounds.

        Raises:
            TooManyContacts.
        """
        book = await self._books.of(pair.me)
        if _is_own(mine) and not _is_own(pair.mine) and _count(book, _is_own) >= MOST_CONTACTS:
            raise TooManyContacts(f"you have {MOST_CONTACTS} contacts already; remove one first")
        if mine.state is State.ASKED and _count(book, _is_asked) >= MOST_ASKED:
            raise TooManyContacts(f"{MOST_ASKED} of your requests are open already; take one back first")
        if (
            theirs.state is State.ASKING
            and _count(await self._books.of(pair.other), _is_asking) >= MOST_ASKING
        ):
            raise TooManyContacts("too many have asked this person already; try again another day")

    # --- telling

    def _tell_both(self, pair: Pair, mine: Contact, theirs: Contact) -> None:
        doubt = (pair.me, pair.other) in self._doubts
        self._doubts.pop((pair.me, pair.other), None)
        if doubt or mine != pair.mine:
            self._tell(pair.me, pair.other, mine, pair.mine.name)
        if mine.state is State.BLOCKED:
            self._faces.hide(pair.me, private_channel(pair.me, pair.other))
        if doubt or theirs != pair.theirs:
            self._tell(pair.other, pair.me, theirs, pair.theirs.name)

    def _tell(self, to: str, key: str, contact: Contact, last_name: str) -> None:
        one = self._listed(key, contact if contact.name else replace(contact, name=last_name))
        self._faces.tell(to, "contact", *wire_form(one))

    async def _tell_friends(self, person: Person) -> None:
        """Tell the friends who are here that somebody came, went or has another name: how it is by now."""
        book = await self._books.of(person.key)
        here = self._online.find(person.key)
        told = wire_form(Listed(here or person, State.FRIEND, here is not None))
        friends = [key for key, contact in book.items() if contact.state is State.FRIEND]
        for key in friends:
            self._faces.tell(key, "contact", *told)
        if here is not None:
            await self._learn([(key, here) for key in friends if self._online.find(key) is not None])

    async def _learn(self, names: list[tuple[str, Person]]) -> None:
        """Let books have the present names of friends: ``(key, friend)`` for each, in the book of that key.

        They are what is shown when the friend is away. Those that are too many wait for the next time, and so do those that
        fail: nothing else depends on it.
        """
        left = _LEARNED
        with suppress(SafeError):
            for key, friend in names:
                if left and _is_old(await self._books.entry(key, friend.key), friend):
                    left -= 1
                    pair = await self._books.pair(key, friend.key)
                    if _is_old(pair.mine, friend):
                        await self._books.write(pair, replace(pair.mine, name=friend.name), pair.theirs)

    def _listed(self, key: str, contact: Contact) -> Listed:
        here = self._online.find(key) if contact.state is State.FRIEND else None
        return Listed(here or Person(key, contact.name), contact.state, here is not None)

    # --- inside

    def _doubt(self, me: str, other: str) -> None:
        self._doubts[me, other] = None
        if len(self._doubts) > _MOST_IN_DOUBT:
            self._doubts.popitem(last=False)

    def _take(self, buckets: Buckets, visitor: Visitor) -> None:
        self._wait(buckets.take(visitor.person.key, self._clock()))

    def _wait(self, wait: float) -> None:
        if wait:
            raise TooFast(f"too fast, try again in {max(1.0, wait):.0f} s", wait)


def can_be(visitor: Visitor, key: str) -> bool:
    """Say whether somebody else can have ``key``."""
    return private_pair(private_channel(visitor.person.key, key)) is not None


def wire_form(one: Listed) -> tuple[str, str, str, bool]:
    """Return ``KEY, NAME, STATE, ONLINE``."""
    return one.person.key, one.person.name, str(one.state), one.online


def _is_old(contact: Contact, friend: Person) -> bool:
    return contact.state is State.FRIEND and contact.name != friend.name


def _is_own(contact: Contact) -> bool:
    return contact.state not in (State.NONE, State.ASKING)


def _is_asked(contact: Contact) -> bool:
    return contact.state is State.ASKED


def _is_asking(contact: Contact) -> bool:
    return contact.state is State.ASKING


def _count(book: Book, which: Callable[[Contact], bool]) -> int:
    return sum(map(which, book.values()))
