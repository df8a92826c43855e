"""Names in use: one name, one person, at every moment."""

import pytest

from twistedchat.chat.inuse import NamesInUse
from twistedchat.chat.names import NameTaken
from twistedchat.core.errors import TooFast


def test_a_name_that_somebody_has_or_is_about_to_have_is_nobody_elses() -> None:
    names = NamesInUse()
    names.take("Ann", "a")
    assert names.holder("ANN") == "a"
    with pytest.raises(NameTaken), names.claim("ann", "b"):
        pass
    with pytest.raises(NameTaken):
        names.take("ANN", "b")
    with names.claim("Bob", "b"), pytest.raises(NameTaken), names.claim("bob", "c"):
        pass
    names.take("Bob", "c")
    assert names.holder("Bob") == "c"


def test_one_person_may_be_about_to_have_a_name_twice() -> None:
    names = NamesInUse()
    with names.claim("Ann", "a"):
        with names.claim("Ann", "a"):
            pass
        with pytest.raises(NameTaken), names.claim("Ann", "b"):
            pass
    with names.claim("Ann", "b"):
        pass


def test_a_claim_ends_also_with_an_error() -> None:
    names = NamesInUse()
    with pytest.raises(ZeroDivisionError), names.claim("Ann", "a"):
        raise ZeroDivisionError
    with names.claim("Ann", "b"):
        pass


def test_only_who_has_a_name_gives_it_up() -> None:
    names = NamesInUse()
    names.take("Ann", "a")
    names.give_up("Ann", "b")
    assert names.holder("Ann") == "a"
    names.give_up("Ann", "a")
    names.give_up("Ann", "a")
    assert names.holder("Ann") is None


def test_the_number_of_claims_is_bounded() -> None:
    names = NamesInUse(most_claimed=1)
    with names.claim("Ann", "a"):
        with names.claim("Ann", "a"):
            pass
        with pytest.raises(TooFast), names.claim("Bob", "b"):
            pass
    with names.claim("Bob", "b"):
        pass
