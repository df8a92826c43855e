"""Books of contacts: what every person is to every other whom they know. Kept in the store, one record each way."""

from collections import OrderedDict
from dataclasses import dataclass

import msgspec

from twistedchat.chat.contact_states import State
from twistedchat.core.errors import Conflict, StoreUnavailable
from twistedchat.core.records import Change, Record, every
from twistedchat.interfaces import IBackend

KIND = "contact"


@dataclass(frozen=True, slots=True)
class Contact:
    """An entry of a book.

    Attributes:
        state: what they are to the owner.
        name: of the time when it was written; "" where it was not known.
        at: seconds since 1970, since when it is so.
        shown: of who is blocked: the owner's name as they last saw it, which they are shown from then on.
    """

    state: State
    name: str = ""
    at: float = 0.0
    shown: str = ""


NOBODY = Contact(State.NONE)

Book = dict[str, Contact]
"""The contacts of one person by key."""


@dataclass(frozen=True, slots=True)
class Pair:
    """What two people are to each other as the store has it: to ``me`` the other is ``mine``, to them I am ``theirs``."""

    me: str
    other: str
    mine: Contact
    theirs: Contact
    versions: tuple[int, int]


_decode = msgspec.json.Decoder(Contact).decode
_encode = msgspec.json.Encoder().encode


class Books:
    """The book of everyone; those used lately are at hand.

    Args:
        store: where they are kept.
        most: contacts at hand, in all books together (an empty book counts as one): the longest unused books go first.
    """

    def __init__(self, store: IBackend, most: int = 200_000) -> None:
        self._store = store
        self._most = most
        self._held = 0
        self._known: OrderedDict[str, Book] = OrderedDict()
        self._readings: dict[str, list[Book]] = {}  # what changed in a book while it is being read

    async def of(self, key: str) -> Book:
        """Return the book of the person ``key``; to be read at once and not changed.

        Raises:
            StoreUnavailable.
        """
        book = self._known.get(key)
        if book is None:
            return await self._read(key)
        self._known.move_to_end(key)
        return book

    async def entry(self, key: str, other: str) -> Contact:
        """Return what ``other`` is to the person ``key``, without reading all of a book that is not at hand.

        Raises:
            StoreUnavailable.
        """
        book = self._known.get(key)
        if book is not None:
            return book.get(other, NOBODY)
        return _contact(await self._store.get(KIND, f"{key}\n{other}"))

    async def pair(self, me: str, other: str) -> Pair:
        """Read both entries of two people anew, to change them.

        Raises:
            StoreUnavailable.
        """
        mine = await self._store.get(KIND, f"{me}\n{other}")
        theirs = await self._store.get(KIND, f"{other}\n{me}")
        versions = tuple(0 if record is None else record.version for record in (mine, theirs))
        return Pair(me, other, _contact(mine), _contact(theirs), (versions[0], versions[1]))

    async def write(self, pair: Pair, mine: Contact, theirs: Contact) -> None:
        """Make ``mine`` and ``theirs`` of a pair, both or none.

        Raises:
            Conflict: it is not as it was when it was read.
            StoreUnavailable, StoreUnknown.
        """
        places = ((pair.me, pair.other, mine), (pair.other, pair.me, theirs))
        changes = [
            Change(KIND, f"{key}\n{other}", _value(contact), version)
            for (key, other, contact), version in zip(places, pair.versions, strict=True)
        ]
        try:
            await self._store.commit(changes)
        except (Conflict, StoreUnavailable):
            raise
        except BaseException:  # nobody knows whether it was done
            self._doubt(pair.me)
            self._doubt(pair.other)
            raise
        for place in places:
            self._take(*place)

    # --- inside

    async def _read(self, key: str) -> Book:
        book: Book = {}
        late: Book = {}
        self._readings.setdefault(key, []).append(late)
        prefix = f"{key}\n"
        try:
            async for record in every(self._store.page, KIND, prefix):
                book[record.key[len(prefix) :]] = _decode(record.value)
        finally:
            sure = self._end_reading(key, late)
        for other, contact in late.items():
            _put(book, other, contact)
        if sure:
            self._remember(key, book)
        return book

    def _end_reading(self, key: str, late: Book) -> bool:
        """Forget a reading; say whether what it read is beyond doubt."""
        readings = self._readings.get(key, [])
        left = [one for one in readings if one is not late]
        if left:
            self._readings[key] = left
        else:
            self._readings.pop(key, None)
        return len(left) < len(readings)

    def _doubt(self, key: str) -> None:
        self._forget(key)
        self._readings.pop(key, None)

    def _take(self, key: str, other: str, contact: Contact) -> None:
        for late in self._readings.get(key, ()):
            late[other] = contact
        book = self._known.get(key)
        if book is not None:
            self._held -= len(book)
            _put(book, other, contact)
            self._held += len(book)

    def _remember(self, key: str, book: Book) -> None:
        self._forget(key)
        self._known[key] = book
        self._held += len(book) + 1
        while self._held > self._most and len(self._known) > 1:
            self._forget(next(iter(self._known)))

    def _forget(self, key: str) -> None:
        book = self._known.pop(key, None)
        if book is not None:
            self._held -= len(book) + 1


def _contact(record: Record | None) -> Contact:
    return NOBODY if record is None else _decode(record.value)


def _value(contact: Contact) -> str | None:
    return None if contact.state is State.NONE else _encode(contact).decode()


def _put(book: Book, other: str, contact: Contact) -> None:
    if contact.state is State.NONE:
        book.pop(other, None)
    else:
        book[other] = contact
