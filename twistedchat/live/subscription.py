"""One live client's subscription to one channel: an integer where it stands, and nothing buffered."""

from typing import TYPE_CHECKING

from zope.interface import implementer

from twistedchat.core import wire
from twistedchat.core.entry import Batch
from twistedchat.core.frames import Prepared
from twistedchat.core.position import Position
from twistedchat.core.presence import Change, Kind, Person, Presence
from twistedchat.interfaces import IChannel, ISubscriber

if TYPE_CHECKING:
    from twistedchat.live.client import LiveClient


def people_wire(people: "list[Person] | tuple[Person, ...]") -> list[tuple[str, str]]:
    """Return people as the wire has them: ``[[key, name], …]``."""
    return [(person.key, person.name) for person in people]


def change_text(channel: str, change: Change) -> str:
    """Return the wire message of a presence change."""
    if change.kind is Kind.DELTA:
        came, went = people_wire(change.came), people_wire(change.went)
        return wire.encode(["presence", channel, change.version, "delta", came, went, change.count])
    if change.kind is Kind.FULL:
        return wire.encode(["presence", channel, change.version, "full", people_wire(change.came)])
    return wire.encode(["presence", channel, change.version, "count", change.count])


class _ChangeForms:
    """The wire form of the newest change, made once for all its readers."""

    __slots__ = ("change", "prepared")

    def __init__(self) -> None:
        self.change: Change | None = None
        self.prepared = Prepared()

    def of(self, channel: str, change: Change) -> Prepared:
        if self.change is not change:
            self.change = change
            self.prepared = Prepared(change_text(channel, change))
        return self.prepared


class _EveryoneForms:
    """The wire forms of all who are in a channel, each made once a version however many readers come back.

    Args:
        most: channels kept; the oldest go first.
    """

    __slots__ = ("_by_presence", "_most")

    def __init__(self, most: int = 64) -> None:
        self._most = most
        self._by_presence: dict[Presence, tuple[int, Prepared]] = {}

    def of(self, channel: str, presence: Presence) -> Prepared:
        known = self._by_presence.get(presence)
        if known is None or known[0] != presence.version:
            known = self._keep(presence, presence.version, Prepared(_everyone_text(channel, presence)))
        return known[1]

    def _keep(self, presence: Presence, version: int, prepared: Prepared) -> tuple[int, Prepared]:
        if len(self._by_presence) >= self._most:
            del self._by_presence[next(iter(self._by_presence))]
        self._by_presence[presence] = version, prepared
        return version, prepared


def _everyone_text(channel: str, presence: Presence) -> str:
    people = presence.people()
    if people is None:
        return change_text(channel, Change(presence.version, Kind.COUNT, (), (), presence.count))
    return change_text(channel, Change(presence.version, Kind.FULL, tuple(people), (), len(people)))


_forms = _ChangeForms()
_everyone = _EveryoneForms()

NO_PEOPLE = -1  # the presence version of a client that has none


@implementer(ISubscriber)
class Subscription:
    """Where one client stands in one channel.

    Attributes:
        offset: the last entry given to the client's session.
        joined: the offset at which the client joined; it is never sent anything at or before it.
        people_version: the presence version the client has.
    """

    __slots__ = ("_client", "_sent_at_last_statement", "channel", "joined", "offset", "people_version")

    def __init__(self, client: "LiveClient", channel: IChannel, offset: int) -> None:
        self._client = client
        self.channel = channel
        self.offset = offset
        self.joined = offset
        self.people_version = channel.presence.version
        self._sent_at_last_statement = offset

    @property
    def behind(self) -> bool:
        """True when the channel has something that the client was not given yet."""
        return bool(
            self.offset < self.channel.head.offset or self.people_version < self.channel.presence.version
        )

    # --- from the channel

    def arrived(self, batch: Batch) -> None:
        """Pass a batch on at once where the client is right there and its stream takes it; else it is behind."""
        client = self._client
        if client.direct and batch.before == self.offset:
            transport = client.session
            if transport is not None and transport.writable:
                self.offset = batch.last
                transport.send(batch.prepared)
                return
        if batch.last > self.offset:
            client.reading.mark_behind(self)

    def presenceChanged(self, change: Change) -> None:
        """Pass a change on at once, or note that the client's people are out of date."""
        client = self._client
        transport = client.session
        fits = change.kind is not Kind.DELTA or change.version == self.people_version + 1
        if fits and client.direct and transport is not None and transport.writable:
            self.people_version = change.version
            transport.send(_forms.of(self.channel.name, change))
        else:
            client.reading.mark_behind(self)

    def hinted(self, prepared: Prepared) -> None:
        """Pass it on where the client is right there and its stream takes it; else drop it."""
        transport = self._client.session
        if transport is not None and transport.writable and not self.behind:
            transport.send(prepared)

    def removed(self, reason: str) -> None:
        """The channel shows this reader out."""
        self._client.unsubscribe(self.channel.name, reason)

    # --- from the client

    def gather(self, parts: list[Prepared], room: int) -> int:
        """Append what the client lacks, of about ``room`` characters; return how many were appended.

        A client that fell further behind than the channel's kept tail is shown out with ``reset``.
        """
        taken = 0
        if self.people_version < self.channel.presence.version:
            parts.append(self._people())
            taken += parts[-1].size
        if self.offset < self.channel.head.offset and taken < room:
            batch = self.channel.after(self.offset, room - taken)
            if batch is None:
                self._client.unsubscribe(self.channel.name)
                parts.append(Prepared(wire.encode(["reset", self.channel.name, "behind"])))
                return taken + parts[-1].size
            self.offset = batch.last
            parts.append(batch.prepared)
            taken += batch.prepared.size
        return taken

    def resume(self, stated: Position | None) -> bool:
        """A new session begins: go on after the greater of the stated and the join position.

        Returns False when the stated position is not in the log: entries were lost, or it was never given out.
        """
        self.people_version = NO_PEOPLE
        if stated is None:
            self.offset = self.joined
        elif stated.offset >= self.joined and not self.channel.find(stated):
            return False
        else:
            self.offset = max(self.joined, stated.offset)
        self._sent_at_last_statement = self.offset
        return True

    def stated(self, position: Position, rewind: bool) -> bool:
        """The client says where it is; send again what was sent before its previous statement and has not arrived.

        Returns False when the position is not in the log.
        """
        lost = position.offset < (self.offset if rewind else self._sent_at_last_statement)
        ahead = position.offset > self.offset  # what was sent before a rewind may arrive after all
        if (ahead or (lost and position.offset >= self.joined)) and not self.channel.find(position):
            return False
        if lost or ahead:
            self.offset = max(self.joined, position.offset)
        self._sent_at_last_statement = self.offset
        return True

    def _people(self) -> Prepared:
        presence = self.channel.presence
        self.people_version = presence.version
        return _everyone.of(self.channel.name, presence)
