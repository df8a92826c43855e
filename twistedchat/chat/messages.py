"""What is said in a channel: texts, posted once each, changed and taken back by who said them, read again in pages."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import DeferredLock

from twistedchat.chat.begun import whole
from twistedchat.chat.errors import BadText, NoSuchMessage, NotAllowed, TooLate
from twistedchat.chat.people import Visitor
from twistedchat.core import wire
from twistedchat.core.entry import Appended, Entry, Revision
from twistedchat.core.errors import IdReused
from twistedchat.interfaces import IBackend, IChannel

TEXTS = ("message", "action", "notice")  # the methods of entries that say something
PAGE = 100  # most entries of one page of history

_LOOK_BACK = 1000  # entries
_WHO_CHARS = 1000  # of a change, before its text: far more than a key and a name take
_REVISIONS = ('["edited",', '["deleted",')


@dataclass(frozen=True, slots=True)
class TextRules:
    """What may be said.

    Attributes:
        max_chars: longest text.
        edit_s: seconds for which a message can be changed or taken back by its author.
    """

    max_chars: int = 8_000
    edit_s: float = 900.0


def check_text(text: str, max_chars: int, what: str = "a message") -> None:
    """Return if ``text`` can be sent.

    Raises:
        BadText: it is blank or too long.
    """
    if not text.strip():
        raise BadText("there is nothing to send")
    if len(text) > max_chars:
        raise BadText(f"{what} has at most {max_chars} characters; this one has {len(text)}")


class Messages:
    """See the module. Who may do what in which channel is asked before; here it is only asked who wrote a message.

    Args:
        store: where pages of history and single entries are read.
        now: seconds since 1970.
        rules: what may be said.
    """

    def __init__(self, store: IBackend, now: Callable[[], float], rules: TextRules) -> None:
        self._store = store
        self._now = now
        self.rules = rules
        self._locks: dict[str, DeferredLock] = {}  # by channel, while something there is being changed

    # --- saying

    async def post(self, visitor: Visitor, log: IChannel, id: str, method: str, text: str) -> Appended:
        """Post a text once; ``method`` is one of TEXTS.

        Raises:
            BadText, IdReused, StoreUnavailable, StoreUnknown.
        """
        check_text(text, self.rules.max_chars)
        event = wire.encode([method, {"from": _who(visitor), "text": text}])
        try:
            return await log.post(visitor.person.key, id, event)
        except IdReused:
            return _said_before(log, visitor.person.key, id, method, text)

    # --- changing

    async def edit(self, visitor: Visitor, log: IChannel, id: str, offset: int, text: str) -> Appended:
        """Let the message at ``offset`` say ``text``, everywhere; what it said before is gone.

        Raises:
            BadText, NoSuchMessage, NotAllowed, TooLate, IdReused, StoreUnavailable, StoreUnknown.
        """
        check_text(text, self.rules.max_chars)
        return await self._revise(visitor, log, id, offset, text, others=False)

    async def delete(
        self, visitor: Visitor, log: IChannel, id: str, offset: int, others: bool = False
    ) -> Appended:
        """Blank the message at ``offset``, everywhere. With ``others`` also somebody else's, at any time.

        Raises:
            NoSuchMessage, NotAllowed, TooLate, IdReused, StoreUnavailable, StoreUnknown.
        """
        return await self._revise(visitor, log, id, offset, None, others)

    @whole
    async def _revise(
        self, visitor: Visitor, log: IChannel, id: str, offset: int, text: str | None, others: bool
    ) -> Appended:
        lock = self._locks.setdefault(log.name, DeferredLock())
        await lock.acquire()
        try:
            method, said = await self._said(log.name, offset)
            mine = said["from"][0] == visitor.person.key
            if not mine and not others:
                raise NotAllowed("only who wrote a message can change it")
            if not others and self._now() - said["at"] > self.rules.edit_s:
                raise TooLate(f"a message can be changed for {self.rules.edit_s / 60:.0f} minutes only")
            kept = {"from": said["from"]}
            kept |= {"deleted": True} if text is None else {"text": text, "edited": True}
            told = {"from": _who(visitor), "offset": offset}
            event = ["deleted", told] if text is None else ["edited", {**told, "text": text}]
            revision = Revision(offset, wire.encode([method, kept]), wire.encode(["edited", told]))
            blanks = _revisions_of(log, offset)
            return await log.post(visitor.person.key, id, wire.encode(event), revision, blanks)
        finally:
            lock.release()
            if not lock.locked and not lock.waiting and self._locks.get(log.name) is lock:
                del self._locks[log.name]

    async def _said(self, channel: str, offset: int) -> tuple[str, dict[str, Any]]:
        """Return the method and the body of a message that can still be changed, with its time as ``at``."""
        found: list[Entry] = await self._store.read(channel, offset - 1, 1)
        if found and found[0].offset == offset:
            method, body = json.loads(found[0].event)
            if method in TEXTS and "text" in body:
                return method, {**body, "at": found[0].at}
        raise NoSuchMessage("there is no such message any more")

    # --- reading again

    async def page(self, channel: str, before: int, limit: int) -> list[Entry]:
        """Return at most ``limit`` (100 at most) entries before the offset ``before``, oldest first.

        Raises:
            StoreUnavailable.
        """
        found: list[Entry] = await self._store.before(channel, before, min(limit, PAGE))
        return found


def _who(visitor: Visitor) -> tuple[str, str]:
    return visitor.person.key, visitor.person.name


def _said_before(log: IChannel, key: str, id: str, method: str, text: str) -> Appended:
    """Return the text that ``key`` posted as ``id``, where only the name beside it is another by now.

    Raises:
        IdReused: it said something else, or lies too far back to tell.
    """
    for entry in log.last(_LOOK_BACK):
        if (entry.identity, entry.id) == (key, id):
            had, body = json.loads(entry.event)
            if had == method and body.get("text") == text:
                return Appended(entry, new=False)
    raise IdReused("this id was used for something else")


def _revisions_of(log: IChannel, offset: int) -> list[int]:
    """Return the offsets of the entries in the kept tail that revised the one at ``offset``."""
    told = f'"offset":{offset}'  # cannot stand in what somebody said: quotes are escaped there
    return [
        entry.offset
        for entry in log.last(_LOOK_BACK)
        if entry.offset > offset
        and entry.event.startswith(_REVISIONS)
        and told in entry.event[:_WHO_CHARS]  # few are left to be parsed: all may be millions of characters
        and json.loads(entry.event)[1]["offset"] == offset
    ]
