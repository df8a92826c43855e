"""Who is in a channel: people, a grace, versions, and the published view that a snapshot shows."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twistedchat.core.presence import Change, Kind, Person, Presence, TooManyPeople

ANN, BOB, CID = Person("a", "Ann"), Person("b", "bob"), Person("c", "Cid")


def entered(presence: Presence, *people: Person) -> Change | None:
    for person in people:
        presence.enter(person, f"tab of {person.key}")
    return presence.tick(0)


def test_who_comes_is_told_with_the_next_change_by_name() -> None:
    presence = Presence()
    assert presence.empty and presence.deadline == inf
    presence.enter(BOB, "1")
    presence.enter(ANN, "2")
    assert presence.deadline <= 0 and presence.count == 0 and not presence.empty
    assert presence.tick(0) == Change(1, Kind.DELTA, (ANN, BOB), (), 2)
    assert presence.people() == [ANN, BOB] and presence.count == 2
    assert presence.tick(5) is None


def test_changes_come_at_most_once_an_interval() -> None:
    presence = Presence(interval_s=1)
    entered(presence, ANN)
    presence.enter(BOB, "2")
    assert presence.deadline == 1
    assert presence.tick(0.9) is None
    assert presence.people() == [ANN]
    change = presence.tick(1)
    assert change is not None and (change.version, change.came) == (2, (BOB,))


def test_a_second_tab_and_the_loss_of_one_of_two_are_no_news() -> None:
    presence = Presence()
    entered(presence, ANN)
    presence.enter(ANN, "second tab")
    presence.away("a", "tab of a", now=1)
    presence.leave("a", "tab that never was")
    assert presence.deadline == inf
    assert presence.tick(100) is None
    assert presence.people() == [ANN]


def test_a_reload_is_neither_leave_nor_join() -> None:
    presence = Presence(grace_s=15)
    entered(presence, ANN)
    presence.away("a", "tab of a", now=10)
    assert presence.deadline == 25
    assert presence.tick(24.9) is None
    presence.enter(ANN, "reloaded")
    assert presence.deadline == inf
    assert presence.tick(100) is None
    assert presence.people() == [ANN]


def test_the_leave_comes_when_the_grace_after_the_last_tab_is_over() -> None:
    presence = Presence(grace_s=15)
    entered(presence, ANN, BOB)
    presence.away("a", "tab of a", now=10)
    presence.away("a", "tab of a", now=20)  # said twice: counted from the first
    presence.away("b", "tab of b", now=11)
    change = presence.tick(25)
    assert change == Change(2, Kind.DELTA, (), (ANN,), 1)
    assert presence.deadline == 26
    assert presence.find("a") is None and presence.find("b") == BOB


def test_who_leaves_on_purpose_is_gone_at_once() -> None:
    presence = Presence()
    entered(presence, ANN)
    presence.leave("a", "tab of a")
    presence.leave("a", "tab of a")
    assert presence.empty and presence.count == 1  # as published
    assert presence.tick(1) == Change(2, Kind.DELTA, (), (ANN,), 0)


def test_who_leaves_during_the_grace_is_told_once() -> None:
    presence = Presence()
    entered(presence, ANN)
    presence.away("a", "tab of a", now=1)
    presence.leave("a", "tab of a")
    assert presence.tick(2) is not None
    assert presence.tick(50) is None


def test_strangers_who_go_away_are_ignored() -> None:
    presence = Presence()
    presence.away("a", "1", now=0)
    presence.leave("a", "1")
    assert presence.deadline == inf


def test_who_comes_and_goes_between_two_changes_is_no_news() -> None:
    presence = Presence()
    entered(presence, ANN)
    presence.enter(BOB, "1")
    presence.leave("b", "1")
    assert presence.tick(5) is None
    assert presence.version == 1


def test_a_rename_is_told_as_a_new_name_of_the_same_key() -> None:
    presence = Presence()
    entered(presence, ANN)
    presence.enter(Person("a", "Anna"), "tab of a")
    assert presence.find("a") == Person("a", "Anna")
    change = presence.tick(1)
    assert change == Change(2, Kind.DELTA, (Person("a", "Anna"),), (), 1)


def test_a_rename_that_is_taken_back_before_it_was_told_is_no_news() -> None:
    presence = Presence()
    entered(presence, ANN)
    presence.enter(Person("a", "Anna"), "tab of a")
    presence.enter(ANN, "tab of a")
    assert presence.tick(1) is None


def test_who_returns_after_a_restart_brings_the_full_set_instead_of_news() -> None:
    presence = Presence()
    entered(presence, ANN)
    presence.enter(BOB, "1", returning=True)
    assert presence.tick(1) == Change(2, Kind.FULL, (ANN, BOB), (), 2)
    presence.enter(CID, "2")
    change = presence.tick(2)
    assert change is not None and change.kind is Kind.DELTA


def test_above_the_limit_only_a_number_and_below_it_again_every_name() -> None:
    presence = Presence(named=2)
    entered(presence, ANN, BOB)
    presence.enter(CID, "3")
    assert presence.tick(1) == Change(2, Kind.COUNT, (), (), 3)
    assert presence.people() is None
    assert presence.page(None, 10) == [ANN, BOB, CID]
    presence.leave("c", "3")
    assert presence.tick(2) == Change(3, Kind.FULL, (ANN, BOB), (), 2)
    presence.leave("b", "tab of b")
    assert presence.tick(3) == Change(4, Kind.DELTA, (), (BOB,), 1)


def test_names_come_in_pages_and_an_unknown_start_begins_anew() -> None:
    presence = Presence()
    entered(presence, ANN, BOB, CID)
    assert presence.page(None, 2) == [ANN, BOB]
    assert presence.page("b", 2) == [CID]
    assert presence.page("gone", 1) == [ANN]


def test_one_too_many_is_refused_and_changes_nothing() -> None:
    presence = Presence(max_people=1)
    entered(presence, ANN)
    with pytest.raises(TooManyPeople):
        presence.enter(BOB, "1")
    presence.enter(ANN, "second tab")
    assert presence.tick(5) is None


KEYS = st.sampled_from("abcdef")
STEPS = st.one_of(
    st.tuples(st.just("enter"), KEYS, st.sampled_from(["One", "Two"]), st.booleans()),
    st.tuples(st.just("away"), KEYS),
    st.tuples(st.just("leave"), KEYS),
    st.tuples(st.just("wait"), st.floats(0.1, 20)),
)


def apply(view: dict[str, str] | None, change: Change) -> dict[str, str] | None:
    """What a page makes of a change; None when only the number is known."""
    if change.kind is Kind.COUNT:
        return None
    if change.kind is Kind.FULL:
        return {person.key: person.name for person in change.came}
    assert view is not None, "a delta for a reader who has no names"
    for person in change.went:
        del view[person.key]
    view.update((person.key, person.name) for person in change.came)
    return view


@given(st.lists(STEPS, max_size=60), st.integers(1, 6))
def test_the_first_view_and_all_changes_make_the_view_of_a_newcomer(
    steps: list[tuple[object, ...]], named: int
) -> None:
    presence = Presence(grace_s=5, interval_s=1, named=named)
    view: dict[str, str] | None = {}
    version, now, told_at = 0, 0.0, -inf
    for step in steps:
        match step:
            case ("enter", str(key), str(name), bool(returning)):
                presence.enter(Person(key, name), "tab", returning)
            case ("away", str(key)):
                presence.away(key, "tab", now)
            case ("leave", str(key)):
                presence.leave(key, "tab")
            case ("wait", float(seconds)):
                now += seconds
        change = presence.tick(now)
        if change is not None:
            assert change.version == version + 1
            assert now - told_at >= 1
            version, told_at = change.version, now
            view = apply(view, change)
            assert change.count == presence.count
        people = presence.people()
        assert view == (None if people is None else {person.key: person.name for person in people})
    now += 100
    for _ in range(3):
        change = presence.tick(now)
        now += 1
        view = apply(view, change) if change else view
    here = {key: found.name for key in "abcdef" if (found := presence.find(key))}
    assert {person.key: person.name for person in presence.page(None, 10)} == here
    assert presence.deadline == inf


def test_a_tab_that_leaves_while_another_may_come_back_ends_no_visit() -> None:
    presence = Presence(grace_s=15)
    ann = Person("a", "Ann")
    presence.enter(ann, "reloading")
    presence.enter(ann, "other")
    presence.away("a", "reloading", 0)
    presence.leave("a", "other")
    assert presence.everyone() == [ann] and presence.tick(1) is not None
    presence.leave("a", "never there")
    presence.enter(ann, "reloading")
    assert presence.tick(99) is None and presence.deadline == inf
    presence.away("a", "reloading", 100)
    assert presence.deadline == 115
    assert presence.tick(115).went == (ann,)  # type: ignore[union-attr]


def test_who_was_here_before_a_restart_may_come_back_and_is_no_news() -> None:
    presence = Presence(grace_s=15, max_people=2)
    ann, bob = Person("a", "Ann"), Person("b", "Bob")
    presence.enter(ann, "1")
    for person in (ann, bob, Person("c", "one too many")):
        presence.restore(person, until=90)
    assert presence.tick(1) == Change(1, Kind.FULL, (ann, bob), (), 2)
    assert presence.tick(89) is None
    gone = presence.tick(90)
    assert gone == Change(2, Kind.DELTA, (), (bob,), 1) and presence.news == ([], [bob])
