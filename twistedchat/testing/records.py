"""What every backend must keep of records: the part of the contract of ``IBackend`` that is about documents."""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from twistedchat.core.errors import Conflict
from twistedchat.core.records import Change, Record
from twistedchat.interfaces import IBackend

MakeBackend = Callable[[], IBackend]


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


class RecordContract:
    """See ``testing.backends``, which has the rest."""

    def wait(self, deferred: "Deferred[Any]") -> Any:
        """Return the answer of ``deferred`` or raise its error; see the module."""
        return settled(deferred)

    def test_a_record_is_found_as_it_was_written(self, make_backend: MakeBackend) -> None:
        """By kind and key, whatever is in them; the version grows with each change, also after a removal."""
        backend = make_backend()
        key, value = 'é/\u0000 "😀"\u2028', '{"a":"\u0000é😀"}'
        assert self.wait(backend.get("room", key)) is None
        self.wait(backend.commit([Change("room", key, value, expected=0, until=12.5)]))
        first = self.wait(backend.get("room", key))
        assert first == Record("room", key, value, first.version, 12.5) and first.version > 0
        assert self.wait(backend.get("person", key)) is None
        self.wait(backend.commit([Change("room", key, None)]))
        assert self.wait(backend.get("room", key)) is None
        self.wait(backend.commit([Change("room", key, "{}")]))
        assert self.wait(backend.get("room", key)).version > first.version
        self.wait(backend.stop())

    def test_changes_are_made_all_or_none(self, make_backend: MakeBackend) -> None:
        """One version that is not the expected one, and nothing is changed."""
        backend = make_backend()
        self.wait(backend.commit([Change("a", "1", "old"), Change("a", "2", "old")]))
        version = self.wait(backend.get("a", "1")).version
        for wrong in (Change("a", "2", "new", expected=version + 99), Change("a", "2", "new", expected=0),
                      Change("a", "3", None, expected=1)):  # fmt: skip
            try:
                self.wait(backend.commit([Change("a", "1", "new", expected=version), wrong]))
            except Conflict:
                pass
            else:
                raise AssertionError(f"{wrong} was made")
        assert [r.value for r in self.wait(backend.page("a", "", "", 10))] == ["old", "old"]
        both = [Change("a", "1", "new", expected=version), Change("a", "3", "new", expected=0)]
        self.wait(backend.commit(both))
        assert [r.value for r in self.wait(backend.page("a", "", "", 10))] == ["new", "old", "new"]
        self.wait(backend.commit([Change("a", "9", None), Change("a", "1", None)]))
        assert [r.key for r in self.wait(backend.page("a", "", "", 10))] == ["2", "3"]
        self.wait(backend.stop())

    def test_records_are_paged_by_prefix_in_order_of_code_points(self, make_backend: MakeBackend) -> None:
        """Every key once, however small the pages; characters that stand for patterns elsewhere are characters."""
        backend = make_backend()
        keys = ["a", "b", "b%", "b*", "b/", "b/1", "b/2", "b0", "b_", "bé", "b\uffff", "b😀", "c"]
        self.wait(backend.commit([Change("k", key, key) for key in reversed(keys)]))
        self.wait(backend.commit([Change("other", "b/3", "")]))

        def page(prefix: str, after: str, limit: int) -> list[str]:
            return [record.key for record in self.wait(backend.page("k", prefix, after, limit))]

        assert page("", "", 100) == sorted(keys)
        assert page("b/", "", 100) == ["b/", "b/1", "b/2"]
        assert page("b/", "b/1", 100) == ["b/2"]
        assert page("b", "b0", 2) == ["b_", "bé"]
        assert page("b%", "", 9) == ["b%"] and page("b_", "", 9) == ["b_"] and page("b*", "", 9) == ["b*"]
        assert page("x", "", 9) == page("b", "z", 9) == page("b", "", 0) == []
        found: list[str] = []
        while more := page("b", found[-1] if found else "", 2):
            found += more
        assert found == sorted(key for key in keys if key[0] == "b")
        self.wait(backend.stop())

    def test_sweeping_removes_what_is_over(self, make_backend: MakeBackend) -> None:
        """And nothing else; until then it is there."""
        backend = make_backend()
        changes = [Change("a", "early", "", until=10.0), Change("a", "late", "", until=30.0)]
        self.wait(backend.commit([*changes, Change("a", "never", "")]))
        assert self.wait(backend.sweep(5.0)) == 0
        assert self.wait(backend.sweep(20.0)) == 1
        assert [record.key for record in self.wait(backend.page("a", "", "", 9))] == ["late", "never"]
        self.wait(backend.commit([Change("a", "late", "")]))  # now without an end
        assert self.wait(backend.sweep(40.0)) == 0
        self.wait(backend.stop())
