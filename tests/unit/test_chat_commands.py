"""Commands: the same lines on every face."""

from typing import Any

import pytest
from chat_kit import House
from kit import message_id

from twistedchat.chat import commands
from twistedchat.chat.errors import BadCommand, BadText, Banned, NoSuchPerson, NotAllowed
from twistedchat.chat.order import Role
from twistedchat.chat.people import Visitor


class Talk:
    """A room of Ann's, with others."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.ann = house.guest("Ann")
        self.room = house.wait(house.chat.open_room(self.ann, "Club")).channel
        self.number = 0

    def run(self, visitor: Visitor, line: str, id: str | None = None) -> str:
        self.house.clock.advance(11)
        self.number += 1
        answer: str = self.house.wait(
            commands.run(self.house.chat, visitor, self.room, id or message_id(self.number), line)
        )
        return answer

    def last(self) -> Any:
        return self.house.log(self.room)[-1]


@pytest.fixture
def talk(house: House) -> Talk:
    return Talk(house)


def test_texts_by_command(talk: Talk) -> None:
    assert talk.run(talk.ann, "/me waves") == ""
    assert talk.last()[0] == "action" and talk.last()[1]["text"] == "waves"
    talk.run(talk.ann, "/NOTICE  lunch at one ")
    assert talk.last()[0] == "notice" and talk.last()[1]["text"] == "lunch at one"
    talk.run(talk.ann, "//me is how it is written")
    assert talk.last() == [
        "message",
        {"from": [talk.ann.person.key, "Ann"], "text": "/me is how it is written"},
    ]


def test_the_same_line_and_id_again_says_it_once(talk: Talk) -> None:
    talk.run(talk.ann, "/me waves", message_id(1))
    talk.run(talk.ann, "/me waves", message_id(1))
    assert len(talk.house.log(talk.room)) == 1


def test_the_topic_is_asked_for_set_and_cleared(talk: Talk) -> None:
    assert talk.run(talk.ann, "/topic") == "there is no topic"
    talk.run(talk.ann, "/topic old films")
    assert talk.last() == ["topic", {"from": [talk.ann.person.key, "Ann"], "text": "old films"}]
    assert talk.run(talk.ann, "/topic") == "old films"
    talk.run(talk.ann, "/topic -")
    assert talk.run(talk.ann, "/topic") == "there is no topic"
    with pytest.raises(NotAllowed):
        talk.run(talk.house.guest("Bob"), "/topic mine")
    with pytest.raises(BadText):
        talk.run(talk.ann, "/topic " + "x" * 301)


def test_a_name_with_blanks_is_found_whole_or_quoted(talk: Talk) -> None:
    talk.house.guest("Ann Lee")
    talk.run(talk.ann, "/kick Ann Lee")
    assert talk.last()[1]["whom"][1] == "Ann Lee"
    talk.run(talk.ann, '/ban "ann lee" 10 for now')
    told = talk.last()[1]
    assert (told["whom"][1], told["reason"], told["what"]) == ("Ann Lee", "for now", "ban")
    assert told["until"] == pytest.approx(talk.house.clock.seconds() + 600)
    with pytest.raises(NoSuchPerson, match="quote a name with blanks"):
        talk.run(talk.ann, "/kick Eve Leeroy")


def test_ban_and_unban_by_name_and_by_address(talk: Talk) -> None:
    bob = talk.house.guest("Bob")
    talk.run(talk.ann, "/ban bob spam and more")
    assert talk.last()[1]["reason"] == "spam and more" and "until" not in talk.last()[1]
    with pytest.raises(Banned):
        talk.run(bob, "/me is here")
    assert talk.run(talk.ann, "/unban Bob") == ""
    assert talk.run(talk.ann, "/unban Bob") == "Bob was not banned"
    assert talk.run(talk.ann, "/ban 192.0.2.0/24 5") == "192.0.2.0/24 is banned; 0 shown out"
    assert talk.run(talk.ann, "/unban 192.0.2.0/24") == "192.0.2.0/24 is let in again"
    assert talk.run(talk.ann, "/unban 192.0.2.0/24") == "192.0.2.0/24 was not banned"
    with pytest.raises(BadCommand, match="no address"):
        talk.run(talk.ann, "/ban 192.0.2.0/99")


def test_a_ban_is_lifted_of_who_is_not_here(talk: Talk) -> None:
    bob = talk.house.guest("Bob")
    talk.run(talk.ann, "/ban Bob")
    talk.house.people.logout(bob, "client of Bob")
    assert talk.run(talk.ann, "/unban bob") == ""


def test_roles_by_command(talk: Talk) -> None:
    bob = talk.house.guest("Bob")
    role = talk.house.chat.role
    for line, expected in (
        ("/invite Bob", Role.MEMBER),
        ("/mod Bob", Role.MODERATOR),
        ("/owner Bob", Role.OWNER),
        ("/dismiss Bob", Role.NOBODY),
    ):
        talk.run(talk.ann, line)
        assert talk.house.wait(role(bob, talk.room)) is expected


def test_mute_and_unmute(talk: Talk) -> None:
    talk.house.guest("Bob")
    talk.run(talk.ann, "/mute Bob 5 be quiet")
    assert (talk.last()[1]["what"], talk.last()[1]["reason"]) == ("mute", "be quiet")
    assert talk.run(talk.ann, "/unmute Bob") == ""
    assert talk.run(talk.ann, "/unmute Bob") == "Bob was not muted"


def test_nick_who_and_msg(talk: Talk) -> None:
    bob = talk.house.guest("Bob")
    assert talk.run(talk.ann, "/nick Anna") == "you are Anna now"
    assert talk.run(talk.ann, "/who") == "nobody is here"
    talk.house.enter(talk.room, "Zoe", "Yan")
    assert talk.run(talk.ann, "/who") == "here are: Yan, Zoe"
    talk.run(bob, "/msg Anna psst")
    private = [name for name in talk.house.hub._open if name.startswith("private/")]
    assert talk.house.log(private[0])[-1][1]["text"] == "psst"


def test_the_kind_of_a_room(talk: Talk) -> None:
    talk.run(talk.ann, "/kind members")
    assert talk.house.chat.rooms.find(talk.room).kind == "members"  # type: ignore[union-attr]
    with pytest.raises(BadCommand, match="public"):
        talk.run(talk.ann, "/kind secret")


def test_help_tells_every_command_and_what_is_missing_is_told(talk: Talk) -> None:
    told = talk.run(talk.ann, "/help")
    assert all(f"/{name}" in told for name in commands.COMMANDS)
    for line in ("/nothing", "/", "/ me"):
        with pytest.raises(BadCommand, match="/help"):
            talk.run(talk.ann, line if line != "/ me" else "/unknown me")
    for name in ("me", "notice", "nick", "msg", "kick", "ban", "unban", "mute", "unmute", "mod", "kind"):
        with pytest.raises(BadCommand, match="write it like"):
            talk.run(talk.ann, f"/{name}")
