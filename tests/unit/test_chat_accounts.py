"""Accounts: kept in the store, found by name and by person; nobody learns from them who has one."""

import json
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest
from test_chat_passwords import CHEAP, Counting
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from twistedchat.backends.memory import MemoryBackend
from twistedchat.chat import accounts as module
from twistedchat.chat.accounts import (
    BY_KEY,
    BY_NAME,
    TRIES_PER_ADDRESS,
    TRIES_PER_NAME,
    Account,
    Accounts,
    BadPassword,
    Revoked,
    create,
)
from twistedchat.chat.names import BadName, NameTaken
from twistedchat.chat.passwords import Passwords, UnfitPassword
from twistedchat.core.errors import Conflict, SafeError, StoreUnavailable, TooFast
from twistedchat.core.records import Change
from twistedchat.testing.backends import settled

T = TypeVar("T")

GOOD = "correct horse"
HOME = "203.0.113.7"


def wait(coroutine: Coroutine[Any, Any, T]) -> T:
    result: T = settled(Deferred.fromCoroutine(coroutine))
    return result


class Kept:
    """Accounts in memory, with cheap hashes that are counted, and a clock."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.backend = MemoryBackend()
        self.hashing = Counting()
        self.open()

    def open(self) -> None:
        passwords = Passwords(self.hashing.run, CHEAP)
        self.accounts = Accounts(self.backend, passwords, lambda: 1000.0, self.clock.seconds)

    def add(self, name: str = "Ann", key: str = "key-of-ann") -> Account:
        return wait(self.accounts.add(key, name, GOOD, HOME))

    def login(self, name: str = "Ann", password: str = GOOD, address: str = HOME) -> Account:
        return wait(self.accounts.by_password(name, password, address))


@pytest.fixture
def kept() -> Kept:
    return Kept()


def test_an_account_is_found_by_name_however_written_and_by_person_also_after_a_restart(kept: Kept) -> None:
    made = kept.add()
    kept.open()
    assert (made.key, made.name, made.made, made.generation) == ("key-of-ann", "Ann", 1000.0, 1)
    assert kept.login("ANN") == kept.login("\uff21nn") == made
    assert wait(kept.accounts.by_ticket("key-of-ann", 1)) == made
    assert wait(kept.accounts.has_name("aNN")) and not wait(kept.accounts.has_name("Bob"))
    assert wait(kept.accounts.has_key("key-of-ann")) and not wait(kept.accounts.has_key("another"))


def test_the_store_has_the_name_the_person_and_no_password(kept: Kept) -> None:
    kept.add("Straße")
    record = settled(kept.backend.get(BY_NAME, "strasse"))
    value = json.loads(record.value)
    assert (value["key"], value["name"], value["made"]) == ("key-of-ann", "Straße", 1000.0)
    assert value["hash"].startswith("$argon2id$") and GOOD not in record.value
    assert json.loads(settled(kept.backend.get(BY_KEY, "key-of-ann")).value) == "strasse"
    assert "argon2" not in repr(kept.login("Straße"))


def test_a_name_has_one_account_and_a_person_one(kept: Kept) -> None:
    kept.add()
    for name, key in [("ANN", "another key"), ("Bob", "key-of-ann")]:
        with pytest.raises(NameTaken):
            kept.add(name, key)
    assert not wait(kept.accounts.has_name("Bob")) and not wait(kept.accounts.has_key("another key"))
    assert kept.login().key == "key-of-ann"


def test_a_password_that_does_not_fit_makes_nothing(kept: Kept) -> None:
    for bad in ("short", "x" * 1001):
        with pytest.raises(UnfitPassword):
            wait(kept.accounts.add("key", "Ann", bad, HOME))
    kept.add()
    with pytest.raises(UnfitPassword):
        wait(kept.accounts.change_password("key-of-ann", GOOD, "short", HOME))
    assert kept.login().generation == 1


def test_a_wrong_name_and_a_wrong_password_are_the_same_error_after_the_same_work(kept: Kept) -> None:
    kept.add()
    seen = []
    for name, password in [("Ann", "wrong password"), ("Nobody", "wrong password"), ("Nobody", GOOD)]:
        kept.hashing.calls.clear()
        with pytest.raises(SafeError) as caught:
            kept.login(name, password)
        seen.append((type(caught.value), caught.value.text, caught.value.retry_s, tuple(kept.hashing.calls)))
    assert set(seen) == {(BadPassword, "the name or the password is wrong", None, ("verify_password",))}


def test_tries_are_limited_for_a_name_whether_or_not_it_is_an_accounts(kept: Kept) -> None:
    kept.add()
    told = []
    for name in ("Ann", "Nobody"):
        for number in range(TRIES_PER_NAME):
            with pytest.raises(BadPassword):
                kept.login(name, "wrong password", f"198.51.100.{number}")
        kept.hashing.calls.clear()
        with pytest.raises(TooFast) as caught:
            kept.login(name.upper(), GOOD, "198.51.100.99")
        told.append((caught.value.text, caught.value.retry_s))
        assert kept.hashing.calls == []
    assert told == [("too many tries, try again in 30 s", 30.0)] * 2
    kept.clock.advance(30)
    assert kept.login(address="198.51.100.99").key == "key-of-ann"


def test_tries_are_limited_for_an_address_and_a_home_network_is_one(kept: Kept) -> None:
    kept.add()
    for number in range(TRIES_PER_ADDRESS):
        with pytest.raises(BadPassword):
            kept.login(f"Name {number}", "wrong password", f"2001:db8::{number + 1:x}")
    with pytest.raises(TooFast, match="try again in 5 s"):
        kept.login(address="2001:db8::ffff")
    assert kept.login(address="2001:db8:0:1::1").key == "key-of-ann"
    kept.clock.advance(5)
    assert kept.login(address="2001:db8::ffff").key == "key-of-ann"


def test_new_accounts_of_an_address_are_limited(kept: Kept) -> None:
    for number in range(30):
        kept.add(f"Name {number}", f"key {number}")
    with pytest.raises(TooFast, match="try again in 100 s"):
        kept.add("One more", "key")
    kept.clock.advance(100)
    kept.add("One more", "key")


def test_another_password_makes_older_tickets_void(kept: Kept) -> None:
    kept.add()
    changed = wait(kept.accounts.change_password("key-of-ann", GOOD, "battery staple", HOME))
    assert changed.generation == 2
    kept.open()
    assert kept.login(password="battery staple") == changed
    with pytest.raises(BadPassword):
        kept.login()
    with pytest.raises(Revoked):
        wait(kept.accounts.by_ticket("key-of-ann", 1))
    assert wait(kept.accounts.by_ticket("key-of-ann", 2)) == changed


def test_who_changes_a_password_knows_the_old_one_and_does_not_guess_it(kept: Kept) -> None:
    kept.add()
    for _ in range(TRIES_PER_NAME):
        with pytest.raises(BadPassword):
            wait(kept.accounts.change_password("key-of-ann", "wrong password", "battery staple", HOME))
    with pytest.raises(TooFast):
        wait(kept.accounts.change_password("key-of-ann", GOOD, "battery staple", HOME))
    with pytest.raises(Revoked):
        wait(kept.accounts.change_password("nobody's", GOOD, "battery staple", HOME))


def test_a_renamed_account_leaves_its_old_name_free_in_one_step(kept: Kept) -> None:
    kept.add()
    assert wait(kept.accounts.rename("key-of-ann", "ANN")).name == "ANN"
    assert wait(kept.accounts.rename("key-of-ann", "Anna")).name == "Anna"
    kept.open()
    assert kept.login("anna").key == "key-of-ann"
    assert wait(kept.accounts.by_ticket("key-of-ann", 1)).name == "Anna"
    assert settled(kept.backend.get(BY_NAME, "ann")) is None
    kept.add("Ann", "another")
    with pytest.raises(NameTaken):
        wait(kept.accounts.rename("key-of-ann", "Ann"))
    assert kept.login("anna").name == "Anna"
    with pytest.raises(Revoked):
        wait(kept.accounts.rename("nobody's", "Zoe"))


def test_who_changes_an_account_in_the_same_moment_is_told(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.add()
    record = settled(kept.backend.get(BY_NAME, "ann"))
    original = Passwords.make

    async def meanwhile(self: Passwords, password: str) -> str:
        settled(kept.backend.commit([Change(BY_NAME, "ann", record.value)]))
        return await original(self, password)

    monkeypatch.setattr(Passwords, "make", meanwhile)
    with pytest.raises(Conflict):
        wait(kept.accounts.change_password("key-of-ann", GOOD, "battery staple", HOME))
    assert kept.login().generation == 1


def test_a_name_that_becomes_an_accounts_in_the_same_moment_is_not_taken_from_it(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.add()
    original = kept.backend.commit

    def meanwhile(changes: Any) -> Any:
        monkeypatch.setattr(kept.backend, "commit", original)
        kept.add("Anna", "another")
        return original(changes)

    monkeypatch.setattr(kept.backend, "commit", meanwhile)
    with pytest.raises(Conflict):
        wait(kept.accounts.rename("key-of-ann", "Anna"))
    assert (kept.login("Anna").key, kept.login("Ann").key) == ("another", "key-of-ann")


def test_a_record_that_moves_between_two_reads_is_found(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    kept.add()
    original = kept.backend.get

    def meanwhile(kind: str, key: str) -> Any:
        found = original(kind, key)
        if kind == BY_KEY:
            monkeypatch.setattr(kept.backend, "get", original)
            wait(kept.accounts.rename("key-of-ann", "Anna"))
        return found

    monkeypatch.setattr(kept.backend, "get", meanwhile)
    assert wait(kept.accounts.by_ticket("key-of-ann", 1)).name == "Anna"


def test_a_store_that_is_full_says_so_and_has_no_half_of_an_account(kept: Kept) -> None:
    kept.backend._max_records = 1
    with pytest.raises(StoreUnavailable):
        kept.add()
    assert not wait(kept.accounts.has_name("Ann")) and not wait(kept.accounts.has_key("key-of-ann"))


def test_the_command_line_makes_accounts_too(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    original = module.hash_password
    monkeypatch.setattr(module, "hash_password", lambda password: original(password, CHEAP))
    made = wait(create(kept.backend, " Ann ", GOOD, lambda: 5.0))
    assert (made.name, made.made, len(made.key)) == ("Ann", 5.0, 22)
    assert kept.login().key == made.key
    with pytest.raises(NameTaken):
        wait(create(kept.backend, "ann", GOOD))
    with pytest.raises(BadName):
        wait(create(kept.backend, "", GOOD))
    with pytest.raises(UnfitPassword):
        wait(create(kept.backend, "Bob", "short"))
