"""What every backend must keep: the contract of ``IBackend`` as a suite that anyone can run against their own.

    class TestMine(BackendContract):
        @pytest.fixture
        def make_backend(self):
            return MyBackend

pytest is needed only by who runs it. The suite awaits Deferreds by ``wait``: by default answers that are there at once;
a backend with real sockets, files or threads overrides it (``testing.waiting``).
"""

from typing import Any

from zope.interface.verify import verifyObject

from twistedchat.core.entry import Appended, Entry, Revision
from twistedchat.core.errors import IdReused
from twistedchat.core.position import Position
from twistedchat.core.records import Change
from twistedchat.interfaces import IBackend
from twistedchat.testing.records import MakeBackend, RecordContract, settled

__all__ = ["BackendContract", "MakeBackend", "message_id", "settled"]


def message_id(number: int) -> str:
    """Return a well-formed id."""
    return f"message-{number}".ljust(22, "_")


class BackendContract(RecordContract):
    """The suite. A subclass gives the fixture ``make_backend``: a callable that returns a backend, the first time an empty
    one. Where the backend is ``durable``, a second call finds what the first one was told before its ``stop``.
    """

    def append(
        self, backend: IBackend, number: int, channel: str = "room/x", identity: str = "ann", **other: Any
    ) -> Appended:
        """Append the event of ``number`` and return what the backend answers."""
        event = other.get("event", f'["message",{{"text":"{number}"}}]')
        at = 1000.25 + number
        revision: Revision | None = other.get("revision")
        answer: Appended = self.wait(
            backend.append(channel, identity, message_id(number), event, at, revision)
        )
        return answer

    def read(self, backend: IBackend, after: int, limit: int = 100, channel: str = "room/x") -> list[Entry]:
        """Return what the backend reads."""
        entries: list[Entry] = self.wait(backend.read(channel, after, limit))
        return entries

    # --- the contract

    def test_it_keeps_the_interface(self, make_backend: MakeBackend) -> None:
        """Every method is there, with the arguments of the interface."""
        backend = make_backend()
        assert verifyObject(IBackend, backend)
        self.wait(backend.stop())

    def test_an_unknown_channel_is_an_empty_log_with_an_epoch(self, make_backend: MakeBackend) -> None:
        """Opening makes nothing, and asking again gives the same epoch."""
        backend = make_backend()
        state = self.wait(backend.open("room/x", 10))
        assert state.epoch and list(state.tail) == []
        assert self.wait(backend.open("room/x", 10)).epoch == state.epoch
        assert self.read(backend, 0) == []
        self.wait(backend.stop())

    def test_a_closed_channel_goes_on_when_it_is_opened_again(self, make_backend: MakeBackend) -> None:
        """Unless a bound of the backend's was reached meanwhile, nothing is lost by closing."""
        backend = make_backend()
        epoch = self.wait(backend.open("room/x", 10)).epoch
        self.append(backend, 1)
        backend.closed("room/x")
        backend.closed("room/unknown")
        state = self.wait(backend.open("room/x", 10))
        assert (state.epoch, [entry.offset for entry in state.tail]) == (epoch, [1])
        assert self.append(backend, 2).entry.offset == 2
        self.wait(backend.stop())

    def test_offsets_count_from_one_in_each_channel(self, make_backend: MakeBackend) -> None:
        """Two channels have nothing to do with each other."""
        backend = make_backend()
        assert [self.append(backend, number).entry.offset for number in range(3)] == [1, 2, 3]
        assert self.append(backend, 0, "room/y").entry.offset == 1
        self.wait(backend.stop())

    def test_an_entry_is_read_as_it_was_appended(self, make_backend: MakeBackend) -> None:
        """Every field, whatever characters are in it."""
        backend = make_backend()
        text = '["message",{"text":"\\u0000 \\" é 😀 \u2028 </script>"}]'
        appended = self.append(backend, 7, identity="ann", event=text)
        assert appended == Appended(Entry(1, message_id(7), "ann", text, 1007.25), new=True)
        assert self.read(backend, 0) == [appended.entry]
        assert list(self.wait(backend.open("room/x", 10)).tail) == [appended.entry]
        self.wait(backend.stop())

    def test_the_same_id_again_answers_with_the_first_entry(self, make_backend: MakeBackend) -> None:
        """Nothing is appended, also when others came in between."""
        backend = make_backend()
        first = self.append(backend, 1)
        self.append(backend, 2)
        again = self.append(backend, 1)
        assert (again.entry, again.new) == (first.entry, False)
        assert [entry.offset for entry in self.read(backend, 0)] == [1, 2]
        self.wait(backend.stop())

    def test_the_same_id_with_another_body_is_refused(self, make_backend: MakeBackend) -> None:
        """The log is as it was, and the next append is fine."""
        backend = make_backend()
        self.append(backend, 1)
        try:
            self.append(backend, 1, event='["message",{"text":"other"}]')
        except IdReused:
            pass
        else:
            raise AssertionError("the same id was accepted with another body")
        assert self.append(backend, 2).entry.offset == 2
        self.wait(backend.stop())

    def test_an_id_is_one_identitys_in_one_channel(self, make_backend: MakeBackend) -> None:
        """Nobody can take an id away from another."""
        backend = make_backend()
        assert self.append(backend, 1).new
        assert self.append(backend, 1, identity="bob").new
        assert self.append(backend, 1, channel="room/y").new
        self.wait(backend.stop())

    def test_reading_goes_on_after_an_offset_up_to_a_limit(self, make_backend: MakeBackend) -> None:
        """In order; nothing at the head or beyond it."""
        backend = make_backend()
        for number in range(10):
            self.append(backend, number)
        assert [entry.offset for entry in self.read(backend, 3, limit=4)] == [4, 5, 6, 7]
        assert [entry.offset for entry in self.read(backend, 8, limit=4)] == [9, 10]
        assert self.read(backend, 10) == self.read(backend, 99) == []
        self.wait(backend.stop())

    def test_opening_gives_the_newest_entries_oldest_first(self, make_backend: MakeBackend) -> None:
        """As many as were asked for."""
        backend = make_backend()
        for number in range(10):
            self.append(backend, number)
        assert [entry.offset for entry in self.wait(backend.open("room/x", 3)).tail] == [8, 9, 10]
        assert list(self.wait(backend.open("room/x", 0)).tail) == []
        self.wait(backend.stop())

    def test_appends_under_way_at_once_get_each_an_offset_of_its_own(self, make_backend: MakeBackend) -> None:
        """Asked for without waiting; the log has them all, once."""
        backend = make_backend()
        asked = [backend.append("room/x", "ann", message_id(number), "[]", 1.0) for number in range(20)]
        offsets = [self.wait(answer).entry.offset for answer in asked]
        assert sorted(offsets) == list(range(1, 21))
        assert [entry.offset for entry in self.read(backend, 0)] == list(range(1, 21))
        self.wait(backend.stop())

    # --- what changes a log

    def test_a_revision_changes_an_earlier_entry_and_blanks_earlier_revisions(
        self, make_backend: MakeBackend
    ) -> None:
        """Nothing of what was said before is left in the log; offsets, ids and times stay."""
        backend = make_backend()
        before = self.append(backend, 1, event='["message","secret"]').entry
        self.append(backend, 2)
        first = Revision(before.offset, '["message","edited"]', '["edit",null]')
        self.append(backend, 3, event='["edit","edited"]', revision=first)
        second = Revision(before.offset, '["gone"]', '["edit",null]')
        self.append(backend, 4, event='["delete"]', revision=second)
        said = ['["gone"]', '["message",{"text":"2"}]', '["edit",null]', '["delete"]']
        entries = self.read(backend, 0)
        assert [entry.event for entry in entries] == said
        assert (entries[0].offset, entries[0].id, entries[0].at) == (1, before.id, before.at)
        assert [entry.event for entry in self.wait(backend.open("room/x", 10)).tail] == said
        self.wait(backend.stop())

    def test_a_revised_entry_is_still_told_by_its_id(self, make_backend: MakeBackend) -> None:
        """Sent again as it was first it is the same one, as it is by now; and a revision sent again does nothing."""
        backend = make_backend()
        self.append(backend, 1, event='["message","a"]')
        edit = Revision(1, '["message","b"]', "[]")
        self.append(backend, 2, event='["edit","b"]', revision=edit)
        again = self.append(backend, 1, event='["message","a"]')
        assert (again.new, again.entry.event) == (False, '["message","b"]')
        later = Revision(1, '["message","c"]', "[]")
        self.append(backend, 3, event='["edit","c"]', revision=later)
        assert not self.append(backend, 2, event='["edit","b"]', revision=edit).new
        assert self.read(backend, 0)[0].event == '["message","c"]'
        self.wait(backend.stop())

    def test_a_revision_of_what_is_not_kept_is_an_entry_like_others(self, make_backend: MakeBackend) -> None:
        """It may have been trimmed meanwhile."""
        backend = make_backend()
        self.append(backend, 1)
        assert self.append(backend, 2, revision=Revision(77, "[]", "[]")).entry.offset == 2
        assert len(self.read(backend, 0)) == 2
        self.wait(backend.stop())

    def test_paging_backwards(self, make_backend: MakeBackend) -> None:
        """The newest ones below an offset, oldest first; fewer where the log begins."""
        backend = make_backend()
        for number in range(10):
            self.append(backend, number)

        def before(offset: int, limit: int, channel: str = "room/x") -> list[int]:
            return [entry.offset for entry in self.wait(backend.before(channel, offset, limit))]

        assert before(8, 3) == [5, 6, 7]
        assert before(3, 5) == [1, 2]
        assert before(1, 5) == before(8, 0) == before(8, 3, "room/none") == []
        assert before(99, 2) == [9, 10]
        self.wait(backend.stop())

    def test_heads_are_positions_of_the_last_entries(self, make_backend: MakeBackend) -> None:
        """Also of logs that are empty."""
        backend = make_backend()
        epoch = self.wait(backend.open("room/x", 10)).epoch
        empty = self.wait(backend.open("room/empty", 10)).epoch
        last = [self.append(backend, number) for number in range(3)][-1].entry
        heads = self.wait(backend.heads(["room/x", "room/empty"]))
        assert heads == {"room/x": Position(epoch, 3, last.id), "room/empty": Position(empty, 0, "")}
        self.wait(backend.stop())

    def test_trimming_by_count_and_age_leaves_the_newest(self, make_backend: MakeBackend) -> None:
        """Offsets go on, and a position at the newest entry is still found."""
        backend = make_backend()
        for number in range(10):
            self.append(backend, number)
        assert self.wait(backend.trim("room/x", 6, 0.0)) == 4
        assert [entry.offset for entry in self.read(backend, 0)] == [5, 6, 7, 8, 9, 10]
        assert self.wait(backend.trim("room/x", 100, 1008.0)) == 4  # entries of 1008.25 and 1009.25 stay
        assert [entry.offset for entry in self.read(backend, 0)] == [9, 10]
        assert self.wait(backend.trim("room/x", 0, 9e9)) == 1
        assert [entry.offset for entry in self.read(backend, 0)] == [10]
        assert self.wait(backend.trim("room/none", 0, 9e9)) == 0
        assert self.append(backend, 11).entry.offset == 11
        self.wait(backend.stop())

    def test_an_erased_log_begins_anew_in_another_epoch(self, make_backend: MakeBackend) -> None:
        """So that no old position fits by chance; other logs stay."""
        backend = make_backend()
        epoch = self.wait(backend.open("room/x", 10)).epoch
        self.append(backend, 1)
        self.append(backend, 1, "room/y")
        self.wait(backend.erase("room/x"))
        self.wait(backend.erase("room/none"))
        state = self.wait(backend.open("room/x", 10))
        assert state.epoch != epoch and list(state.tail) == []
        assert self.append(backend, 1).new
        assert len(self.read(backend, 0, channel="room/y")) == 1
        self.wait(backend.stop())

    # --- its life

    def test_stopping_twice_is_fine(self, make_backend: MakeBackend) -> None:
        """The second time does nothing."""
        backend = make_backend()
        self.append(backend, 1)
        self.wait(backend.stop())
        self.wait(backend.stop())

    def test_what_a_new_life_of_it_remembers(self, make_backend: MakeBackend) -> None:
        """A durable one everything, ids too; another one starts a new epoch, so that no old position fits by chance."""
        backend = make_backend()
        epoch = self.wait(backend.open("room/x", 10)).epoch
        first = self.append(backend, 1)
        self.wait(backend.commit([Change("a", "1", "kept")]))
        self.wait(backend.stop())
        backend = make_backend()
        state = self.wait(backend.open("room/x", 10))
        record = self.wait(backend.get("a", "1"))
        if backend.durable:
            assert (state.epoch, list(state.tail)) == (epoch, [first.entry])
            assert not self.append(backend, 1).new
            assert record.value == "kept"
        else:
            assert state.epoch != epoch and list(state.tail) == []
            assert record is None
        self.wait(backend.stop())
