"""What every backend must keep: the contract of ``IBackend`` as a suite that anyone can run against their own.

    class TestMine(BackendContract):
        @pytest.fixture
        def make_backend(self):
            return MyBackend

pytest is needed only by who runs it. The suite awaits Deferreds by ``wait``: by default answers that are there at once;
a backend with real sockets overrides it (``pytest_twisted.blockon``).
"""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure
from zope.interface.verify import verifyObject

from twistedchat.core.entry import Appended, Entry
from twistedchat.core.errors import IdReused
from twistedchat.interfaces import IBackend

MakeBackend = Callable[[], IBackend]


def message_id(number: int) -> str:
    """Return a well-formed id."""
    return f"message-{number}".ljust(22, "_")


def settled(deferred: "Deferred[Any]") -> Any:
    """Return what ``deferred`` has fired with, or raise its error.

    Raises:
        AssertionError: it has not fired.
    """
    found: list[Any] = []
    deferred.addBoth(found.append)
    assert found, "the backend has not answered"
    if isinstance(found[0], Failure):
        found[0].raiseException()
    return found[0]


class BackendContract:
    """The suite. A subclass gives the fixture ``make_backend``: a callable that returns a new, empty backend.

    Attributes:
        durable: True when a second ``make_backend()`` finds what the first one was told before its ``stop``.
    """

    durable = False

    def wait(self, deferred: "Deferred[Any]") -> Any:
        """Return the answer of ``deferred`` or raise its error; see the module."""
        return settled(deferred)

    def append(
        self, backend: IBackend, number: int, channel: str = "room/x", identity: str = "ann", **other: Any
    ) -> Appended:
        """Append the event of ``number`` and return what the backend answers."""
        event = other.get("event", f'["message",{{"text":"{number}"}}]')
        answer: Appended = self.wait(
            backend.append(channel, identity, message_id(number), event, 1000.25 + number)
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
        self.wait(backend.stop())
        backend = make_backend()
        state = self.wait(backend.open("room/x", 10))
        if self.durable:
            assert (state.epoch, list(state.tail)) == (epoch, [first.entry])
            assert not self.append(backend, 1).new
        else:
            assert state.epoch != epoch and list(state.tail) == []
        self.wait(backend.stop())
