"""The chat's face for pages, through the live protocol: who, where, what, and coming and going."""

from collections.abc import Iterator
from typing import Any

import pytest
from chat_kit import House
from kit import FakeSession, Page, message_id
from test_live_server import turn

from twistedchat.chat.chatter import make_chatters
from twistedchat.chat.where import private_channel
from twistedchat.live.server import LiveLimits, LiveServer
from twistedchat.testing.backends import settled


class Open(House):
    """A house with a live server."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        limits = LiveLimits(calls_burst=1000)
        self.server = LiveServer(self.clock, {"chat": make_chatters(self.chat)}, limits=limits)

    def page(self, name: str | None = None, *join: str, ticket: str | None = None, tab: str = "") -> "Visit":
        visit = Visit(self, f"{name}{tab}")
        visit.connect()
        self.clock.advance(0)
        if name or ticket:
            ok, visit.told = visit.answer("login", name, ticket)
            assert ok, visit.told
            visit.key = visit.told["you"][0]
        if join:
            visit.results = visit.join(*join)
        self.clock.advance(0)
        return visit

    def late(self) -> None:
        """Let the time pass in which who comes is taken for someone who was here before a restart."""
        self.clock.advance(100)

    def here(self, channel: str = "room/lobby") -> list[str]:
        turn(self.clock, 2)
        return [person.name for person in settled(self.hub.open(channel)).presence.page(None, 100)]


class Visit(Page):
    """A page in the chat."""

    def __init__(self, house: Open, name: str) -> None:
        super().__init__(house.server, name)
        self._house = house
        self.key = ""
        self.told: Any = None
        self.results: Any = None

    def answer(self, method: str, *args: Any) -> Any:
        self._house.check.look()
        return super().answer(method, *args)

    def error(self, method: str, *args: Any) -> str:
        ok, told = self.answer(method, *args)
        assert not ok, told
        error: str = told["error"]
        return error

    def events(self, channel: str) -> list[Any]:
        return [message[4] for message in self.heard("event") if message[1] == channel]


@pytest.fixture
def house() -> Iterator[Open]:
    house = Open()
    house.late()
    yield house
    house.check.verify()


# --- who it is


def test_a_login_tells_who_one_is_and_what_to_join_first(house: Open) -> None:
    ann = house.page("Ann")
    assert ann.told["you"] == [ann.key, "Ann"]
    assert ann.told["rooms"] == [["room/lobby", "Lobby", 0]]
    assert ann.told["channels"] == [f"user/{ann.key}", "house"]
    again = house.page(ticket=ann.told["ticket"], tab="2")
    assert again.told["you"] == ann.told["you"]


def test_without_a_login_nothing_is_shown(house: Open) -> None:
    page = house.page()
    for method, args in [
        ("rename", ["x"]),
        ("rooms", []),
        ("openRoom", ["x"]),
        ("people", ["room/lobby"]),
        ("say", ["room/lobby", message_id(1), "hi"]),
        ("private", ["x"]),
    ]:
        assert page.error(method, *args) == "NotLoggedIn"
    assert page.answer("logout") == [True, None]
    assert page.join("room/lobby", "house") == {
        "room/lobby": {"error": "NotLoggedIn", "text": "log in first"},
        "house": {"error": "NotLoggedIn", "text": "log in first"},
    }


def test_names_and_tickets_are_refused_with_their_reason(house: Open) -> None:
    house.page("Ann")
    page = house.page()
    assert page.error("login", "ann", None) == "NameTaken"
    assert page.error("login", "\u202eAnn", None) == "BadName"
    assert page.error("login", None, "forged") == "BadTicket"
    assert page.error("login", 5, None) == "BadArguments"


def test_a_rename_is_seen_in_every_room_of_every_tab(house: Open) -> None:
    watcher = house.page("Zoe", "room/lobby")
    ann = house.page("Ann")
    tab = house.page(ticket=ann.told["ticket"], tab="2")
    tab.join("room/lobby")
    assert house.here() == ["Ann", "Zoe"]
    assert ann.answer("rename", "Anna")[1]["you"] == [ann.key, "Anna"]
    assert house.here() == ["Anna", "Zoe"]
    assert watcher.heard("presence")[-1][4:] == [[[ann.key, "Anna"]], [], 2]
    assert ann.error("rename", "zoe") == "NameTaken"


def test_a_logout_leaves_every_room_and_frees_the_name(house: Open) -> None:
    ann = house.page("Ann", "room/lobby", "house")
    assert ann.answer("logout") == [True, None]
    assert sorted(message[1] for message in ann.heard("reset")) == ["house", "room/lobby"]
    assert house.here() == []
    assert ann.answer("login", "Ann", None)[0]


def test_a_login_as_someone_else_leaves_the_first_ones_rooms(house: Open) -> None:
    ann = house.page("Ann", "room/lobby")
    bob = house.page("Bob")
    assert ann.answer("login", None, bob.told["ticket"])[1]["you"] == [bob.key, "Bob"]
    assert ann.heard("reset") == [["reset", "room/lobby", "removed"]]
    assert house.here() == []
    assert house.people.find(ann.key) is None


# --- rooms


def test_a_room_is_joined_with_its_last_messages_title_and_people(house: Open) -> None:
    ann = house.page("Ann", "room/lobby")
    for number in range(3):
        ann.answer("say", "room/lobby", message_id(number), f"m{number}")
        house.clock.advance(1)
    bob = house.page("Bob", "room/lobby")
    result = bob.results["room/lobby"]
    assert result["info"] == {"kind": "room", "title": "Lobby", "access": "public", "topic": ""}
    assert [entry[2][1]["text"] for entry in result["entries"]] == ["m0", "m1", "m2"]
    assert result["people"]["list"] == [[ann.key, "Ann"]]
    turn(house.clock, 2)
    assert ann.heard("presence")[-1][4:] == [[[bob.key, "Bob"]], [], 2]


def test_a_new_room_is_there_for_everyone(house: Open) -> None:
    ann, bob = house.page("Ann"), house.page("Bob")
    assert ann.answer("openRoom", "Tea") == [True, "room/tea"]
    assert ["room/tea", "Tea", 0] in bob.answer("rooms")[1]
    assert bob.join("room/tea")["room/tea"]["info"]["title"] == "Tea"
    assert bob.join("room/none")["room/none"]["error"] == "NoSuchRoom"


def test_what_is_said_reaches_everyone_and_is_answered_with_its_offset(house: Open) -> None:
    ann, bob = house.page("Ann", "room/lobby"), house.page("Bob", "room/lobby")
    assert ann.answer("say", "room/lobby", message_id(1), "hi") == [True, 1]
    assert ann.answer("say", "room/lobby", message_id(1), "hi") == [True, 1]
    assert ann.error("say", "room/lobby", message_id(1), "ho") == "IdReused"
    assert ann.error("say", "room/lobby", "short", "ho") == "BadArguments"
    for page in (ann, bob):
        assert page.events("room/lobby") == [["message", {"from": [ann.key, "Ann"], "text": "hi"}]]


def test_too_fast_is_told_with_retry(house: Open) -> None:
    ann = house.page("Ann", "room/lobby")
    for number in range(3):
        ann.answer("say", "room/lobby", message_id(number), "hi")
    ok, told = ann.answer("say", "room/lobby", message_id(9), "hi")
    assert (ok, told["error"], told["retry"]) == (False, "TooFast", 1)


def test_people_come_in_pages(house: Open) -> None:
    pages = [house.page(name, "room/lobby") for name in ("Ann", "Bob", "Cid")]
    turn(house.clock, 2)
    assert pages[0].answer("people", "room/lobby", pages[0].key) == [
        True,
        [[pages[1].key, "Bob"], [pages[2].key, "Cid"]],
    ]


def test_a_full_room_refuses_one_more(house: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    house.page("Ann", "room/lobby")
    settled(house.hub.open("room/lobby")).presence._max_people = 1
    assert house.page("Bob", "room/lobby").results["room/lobby"]["error"] == "RoomFull"


def test_who_comes_back_to_a_room_that_has_filled_up_is_shown_out(house: Open) -> None:
    ann = house.page("Ann", "room/lobby")
    turn(house.clock, 2)
    ann.session.lost()
    turn(house.clock, 20)
    house.page("Bob", "room/lobby")
    settled(house.hub.open("room/lobby")).presence._max_people = 1
    ann.connect(ack=1)
    assert ann.heard("reset") == [["reset", "room/lobby", "removed"]]
    assert house.here() == ["Bob"]


# --- private chats


def test_a_private_chat_is_the_same_from_both_sides_and_closed_to_others(house: Open) -> None:
    ann = house.page("Ann")
    bob = house.page("Bob")
    bob.join(f"user/{bob.key}")
    eve = house.page("Eve")
    ok, channel = ann.answer("private", bob.key)
    assert ok and channel == private_channel(ann.key, bob.key)
    assert bob.events(f"user/{bob.key}") == [["privateOpened", channel, [ann.key, "Ann"]]]
    assert bob.answer("private", ann.key) == [True, channel]
    assert ann.join(channel)[channel]["info"] == {
        "kind": "private",
        "title": "Bob",
        "person": [bob.key, "Bob"],
    }
    bob.join(channel)
    ann.answer("say", channel, message_id(1), "psst")
    assert bob.events(channel)[0][1]["text"] == "psst"
    assert eve.join(channel)[channel]["error"] == "NoSuchRoom"
    assert eve.error("say", channel, message_id(2), "hi") == "NoSuchRoom"
    assert eve.error("people", channel) == "NoSuchRoom"
    assert eve.join(f"user/{bob.key}")[f"user/{bob.key}"]["error"] == "NoSuchRoom"
    assert eve.error("private", eve.key) == "NoSuchPerson"


def test_an_alert_reaches_everyone(house: Open) -> None:
    pages = [house.page(name, "house") for name in ("Ann", "Bob")]
    house.wait(house.chat.alert("tea is ready"))
    house.clock.advance(0)
    for page in pages:
        [[method, told]] = page.events("house")
        assert (method, told["text"]) == ("alert", "tea is ready")


# --- coming and going


def test_a_second_tab_is_no_second_person_and_its_end_no_leave(house: Open) -> None:
    watcher = house.page("Zoe", "room/lobby")
    ann = house.page("Ann", "room/lobby")
    tab = house.page(ticket=ann.told["ticket"], tab="2")
    tab.join("room/lobby")
    turn(house.clock, 2)
    told = len(watcher.heard("presence"))
    tab.say(["bye"])
    turn(house.clock, 30)
    assert len(watcher.heard("presence")) == told and house.here() == ["Ann", "Zoe"]


def test_a_reload_is_neither_leave_nor_join(house: Open) -> None:
    watcher = house.page("Zoe", "room/lobby")
    ann = house.page("Ann", "room/lobby")
    turn(house.clock, 2)
    told = len(watcher.heard("presence"))
    ann.say(["bye"])
    turn(house.clock, 3)
    again = house.page(ticket=ann.told["ticket"], tab="reloaded")
    again.join("room/lobby")
    turn(house.clock, 30)
    assert again.key == ann.key and len(watcher.heard("presence")) == told


def test_who_stays_away_leaves_after_the_grace_and_joins_anew_when_resuming(house: Open) -> None:
    watcher = house.page("Zoe", "room/lobby")
    ann = house.page("Ann", "room/lobby")
    turn(house.clock, 2)
    ann.session.lost()
    turn(house.clock, 12)
    assert house.here() == ["Ann", "Zoe"]
    turn(house.clock, 1)
    assert house.here() == ["Zoe"]
    assert watcher.heard("presence")[-1][4:] == [[], [[ann.key, "Ann"]], 1]
    ann.connect(ack=1)
    assert house.here() == ["Ann", "Zoe"]


def test_who_leaves_a_room_is_gone_at_once(house: Open) -> None:
    ann = house.page("Ann", "room/lobby", "house")
    turn(house.clock, 2)
    ann.say(["leave", 1, ["room/lobby", "house", "room/never"]])
    assert house.here() == []


def test_after_a_restart_who_comes_back_is_no_news() -> None:
    house = Open()
    watcher = house.page("Zoe", "room/lobby")
    turn(house.clock, 2)
    house.page("Ann", "room/lobby")
    turn(house.clock, 2)
    assert [message[3] for message in watcher.heard("presence")] == ["full", "full"]


def test_the_end_of_a_page_leaves_nothing_of_it(house: Open) -> None:
    ann = house.page("Ann", "room/lobby", "house")
    ann.say(["bye"])
    turn(house.clock, 30)
    assert house.people.find(ann.key) is None
    assert house.here() == []
    house.server.stop()
    house.hub.stop()
    assert not house.clock.getDelayedCalls()


def test_who_comes_back_from_a_banned_network_is_shown_out(
    house: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    olga, stan = house.page("Olga", "room/lobby"), house.page("Stan", "room/lobby")
    owner = house.people.find(olga.key)
    assert owner is not None
    owner.rights = frozenset({"owner"})
    line = "/ban 198.51.100.0/24 10 spam"
    assert olga.answer("command", "room/lobby", message_id(1), line)[1]["text"].endswith("0 shown out")
    stan.session.lost()
    monkeypatch.setattr(FakeSession.__init__, "__defaults__", ("websocket", "198.51.100.7"))
    stan.connect()
    house.clock.advance(0)
    assert house.server.clients[stan.id].reading.names == []
    assert [args[1] for args in stan.actions("notify")] == ["shownOut"]
