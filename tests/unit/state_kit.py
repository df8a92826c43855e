"""State fetched before plus events received equals state fetched after: the check that all tests of the chat use."""

import json
from dataclasses import dataclass, field
from typing import Any

from twisted.internet.defer import Deferred

from twistedchat.channels.channel import Channel
from twistedchat.channels.hub import Hub
from twistedchat.chat.messages import TEXTS
from twistedchat.core.entry import Batch, Entry
from twistedchat.core.presence import Change, Kind, Person
from twistedchat.interfaces import IBackend
from twistedchat.testing.backends import settled

MOST_READERS = 40  # a channel; each begins with what was fetched at another moment


@dataclass
class Shown:
    """What a page shows of a channel, made of entries in the order of their offsets, each applied once."""

    lines: dict[int, dict[str, Any]] = field(default_factory=dict)
    topic: str = ""
    seen: int = 0

    def apply(self, offset: int, event: list[Any]) -> None:
        """Take one entry in, as docs/protocol.md section 9 says."""
        if offset <= self.seen:
            return
        self.seen = offset
        method, body = event[0], event[1]
        if method in TEXTS:
            self.lines[offset] = {"method": method, "text": None, "edited": False, "deleted": False} | body
        elif method == "edited" and "text" in body:
            line = self.lines.get(body["offset"])
            if line is not None and not line["deleted"]:
                line |= {"text": body["text"], "edited": True}
        elif method == "deleted":
            line = self.lines.get(body["offset"])
            if line is not None:
                line |= {"text": None, "edited": False, "deleted": True}
        elif method == "topic":
            self.topic = body["text"]

    def take(self, entries: list[Entry]) -> None:
        """Take entries in."""
        for entry in entries:
            self.apply(entry.offset, json.loads(entry.event))


class Reader:
    """A page that fetched the whole log and who is there at some moment, and has heard everything since."""

    def __init__(self, fetched: list[Entry], people: list[Person] | None) -> None:
        self.shown = Shown()
        self.shown.take(fetched)
        self.people = None if people is None else {person.key: person.name for person in people}

    def arrived(self, batch: Batch) -> None:
        self.shown.take(list(batch.entries))

    def presenceChanged(self, change: Change) -> None:
        if change.kind is Kind.COUNT:
            self.people = None
        elif change.kind is Kind.FULL:
            self.people = {person.key: person.name for person in change.came}
        else:
            assert self.people is not None, "a delta for who has no names"
            for person in change.went:
                del self.people[person.key]
            self.people |= {person.key: person.name for person in change.came}

    def hinted(self, prepared: Any) -> None:
        pass

    def removed(self, reason: str) -> None:
        pass


class StateCheck:
    """Puts a new reader into every open channel at each ``look``, and compares them all in ``verify``."""

    def __init__(self, hub: Hub, store: IBackend) -> None:
        self._hub = hub
        self._store = store
        self._readers: dict[Channel, list[Reader]] = {}

    def look(self) -> None:
        """A page joins every channel now: with the entries that are in the log, and the events after them."""
        for channel in list(self._hub._open.values()):
            readers = self._readers.setdefault(channel, [])
            if len(readers) < MOST_READERS:
                channel.flush()
                reader: Any = Reader(list(channel.last(10_000)), channel.presence.people())
                readers.append(reader)
                channel.subscribe(reader)

    def verify(self) -> int:
        """Compare; return how many comparisons there were."""
        compared = 0
        for channel, readers in self._readers.items():
            channel.flush()
            fetched = Shown()
            fetched.take(settled(self._store.before(channel.name, 10**9, 10_000)))
            tail = Shown()
            tail.take(list(channel.last(10_000)))
            assert tail == fetched, f"{channel.name}: the kept tail is not what the store has"
            people = channel.presence.people()
            here = None if people is None else {person.key: person.name for person in people}
            for reader in readers:
                assert reader.shown == fetched, f"{channel.name}: {reader.shown} is not {fetched}"
                assert reader.people == here, f"{channel.name}: {reader.people} is not {here}"
                compared += 1
        return compared


def done(coroutine: Any) -> Any:
    """Return what a coroutine answers at once."""
    return settled(Deferred.fromCoroutine(coroutine))
