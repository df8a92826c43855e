"""People: guests with a ticket, and the names of those who are here."""

import json
from typing import Any

import pytest
from itsdangerous import TimestampSigner, URLSafeTimedSerializer

from twistedchat.chat.names import BadName, NameTaken
from twistedchat.chat.people import TICKET_DAYS, BadTicket, HouseFull, People, Visitor


def make(secret: str = "secret", max_people: int = 100) -> People:
    return People(secret, lambda: 0.0, 1, 5, max_people)


@pytest.fixture
def people() -> People:
    return make()


def login(people: People, name: str | None = None, ticket: str | None = None, client: str = "1") -> Visitor:
    return people.login(name, ticket, client, lambda: None)


def test_a_guest_gets_a_key_of_their_own(people: People) -> None:
    ann, bob = login(people, "Ann"), login(people, "Bob", client="2")
    assert ann.person.name == "Ann" and ann.person.key != bob.person.key
    assert people.find(ann.person.key) is ann and people.find("nobody") is None


@pytest.mark.parametrize("name", ["Ann", "ANN", "\uff21\uff4e\uff4e", "ann\ufe0f"])
def test_a_name_that_is_taken_is_refused(people: People, name: str) -> None:
    login(people, "Ann")
    with pytest.raises(NameTaken):
        login(people, name, client="2")


def test_with_the_last_client_the_name_is_free(people: People) -> None:
    ann = login(people, "Ann")
    assert login(people, ticket=people.ticket(ann.person), client="2") is ann
    people.logout(ann, "1")
    people.logout(ann, "1")
    with pytest.raises(NameTaken):
        login(people, "Ann", client="3")
    people.logout(ann, "2")
    assert people.find(ann.person.key) is None
    again = login(people, "Ann", client="3")
    people.logout(ann, "2")  # an old one says it late
    assert people.find(again.person.key) is again


def test_a_ticket_brings_the_same_person_back_also_after_a_restart() -> None:
    ann = login(make(), "Ann").person
    ticket = make().ticket(ann)
    assert login(make(), ticket=ticket).person == ann


def test_a_ticket_with_a_name_brings_them_back_under_it(people: People) -> None:
    ann = login(people, "Ann")
    ticket = people.ticket(ann.person)
    assert login(people, "Anna", ticket).person.name == "Anna"
    assert people.find(ann.person.key) is ann
    login(people, "Ann", client="9")


def test_a_ticket_whose_name_another_one_has_needs_another_name(people: People) -> None:
    ann = login(people, "Ann")
    ticket = people.ticket(ann.person)
    people.logout(ann, "1")
    login(people, "ann", client="2")
    with pytest.raises(NameTaken):
        login(people, ticket=ticket)
    assert login(people, "Ann II", ticket).person.key == ann.person.key


def old_ticket(secret: str, payload: Any, days: float) -> str:
    class Earlier(TimestampSigner):
        def get_timestamp(self) -> int:
            return int(super().get_timestamp() - days * 86_400)

    serializer = URLSafeTimedSerializer(secret, salt="twistedchat guest ticket", signer=Earlier)
    written = serializer.dumps(payload)
    return written if isinstance(written, str) else written.decode()


def test_tickets_that_are_forged_broken_or_old_are_refused(people: People) -> None:
    person = login(people, "Ann").person
    good = people.ticket(person)
    payload = [person.key, person.name]
    for bad in [
        "x",
        good[:-5] + ("a" if good[-5] != "a" else "b") + good[-4:],  # the last one has bits that do not count
        good + "x",
        make("another secret").ticket(person),
        json.dumps(payload),
        "é" * 10,
        "x" * 5000,
        old_ticket("secret", payload, TICKET_DAYS + 1),
        old_ticket("secret", ["only one"], 0),
        old_ticket("secret", 5, 0),
    ]:
        with pytest.raises(BadTicket):
            login(people, ticket=bad, client="2")
    assert login(people, ticket=old_ticket("secret", payload, TICKET_DAYS - 1), client="2").person == person


def test_a_guest_without_a_name_is_refused(people: People) -> None:
    for name in (None, "", " "):
        with pytest.raises(BadName):
            login(people, name)


def test_a_rename_frees_the_old_name_and_tells_every_client(people: People) -> None:
    told: list[str] = []
    ann = people.login("Ann", None, "1", lambda: told.append("1"))
    people.login(None, people.ticket(ann.person), "2", lambda: told.append("2"))
    people.rename(ann, "Anna")
    assert told == ["1", "2"] and ann.person.name == "Anna"
    people.rename(ann, "ANNA")
    login(people, "Ann", client="3")
    with pytest.raises(NameTaken):
        people.rename(ann, "ann")
    with pytest.raises(BadName):
        people.rename(ann, "\u200b")
    assert ann.person.name == "ANNA"


def test_the_number_of_people_is_bounded() -> None:
    people = make(max_people=1)
    ann = login(people, "Ann")
    with pytest.raises(HouseFull):
        login(people, "Bob", client="2")
    login(people, ticket=people.ticket(ann.person), client="2")
    people.logout(ann, "1")
    people.logout(ann, "2")
    login(people, "Bob", client="3")
