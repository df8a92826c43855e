"""Commands: lines that begin with a slash, the same on every face."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from twistedchat.chat.contact_states import State
from twistedchat.chat.errors import BadCommand, NoSuchPerson
from twistedchat.chat.moderation import Term, address_range
from twistedchat.chat.order import Role
from twistedchat.chat.people import Visitor
from twistedchat.chat.rooms import RoomKind
from twistedchat.core.presence import Person

if TYPE_CHECKING:
    from twistedchat.chat.house import Chat

MAX_MINUTES = 60 * 24 * 365 * 10
LISTED = 50  # names that /who tells

_MINUTES = re.compile(r"(\d{1,8})(?:\s+|\Z)")


@dataclass(frozen=True, slots=True)
class Line:
    """A command as it was given: by whom, where, with which message id, and the rest of the line."""

    chat: "Chat"
    visitor: Visitor
    channel: str
    id: str
    rest: str


@dataclass(frozen=True, slots=True)
class Command:
    """One command: how it is written, what it does, and what is to be done."""

    usage: str
    help: str
    run: Callable[[Line], Awaitable[str]]


async def run(chat: "Chat", visitor: Visitor, channel: str, id: str, line: str) -> str:
    """Do what ``line`` says in ``channel``, and return what only the visitor is told; "" for nothing.

    Args:
        id: for what it posts, as of a message: the same line and id again is posted once.
        line: begins with a slash. ``//text`` is a message that begins with one slash.

    Raises:
        BadCommand: there is no such command, or something is missing.
        NoSuchRoom, Banned: the visitor may not be there; asked before anything else, so that no name is found there.
        Whatever the chat refuses.
    """
    await chat.may_enter(visitor, channel)
    if line.startswith("//"):
        await chat.say(visitor, channel, id, line[1:])
        return ""
    name, _, rest = line[1:].strip().partition(" ")
    command = COMMANDS.get(name.lower())
    if command is None:
        raise BadCommand(f"there is no command /{name[:20]}; /help tells which there are")
    return await command.run(Line(chat, visitor, channel, id, rest.strip()))


# --- the parts


def _needed(line: Line, name: str) -> str:
    if not line.rest:
        raise BadCommand(f"write it like {COMMANDS[name].usage}")
    return line.rest


async def _whom(line: Line, name: str) -> tuple[Person, str]:
    """Take a person's name from the rest of the line, whole, in quotes, or its first word; return what follows it."""
    rest = _needed(line, name)
    candidates = [(rest, "")]
    if rest.startswith('"') and rest.count('"') > 1:
        quoted, _, after = rest[1:].partition('"')
        candidates = [(quoted, after.strip())]
    else:
        first, _, after = rest.partition(" ")
        candidates.append((first, after.strip()))
    for called, after in candidates:
        person = await line.chat.moderation.find(line.channel, called)
        if person is not None:
            return person, after
    raise NoSuchPerson(f"nobody here is called {candidates[-1][0][:40]}; quote a name with blanks")


def _term(text: str) -> Term:
    """Return the term of ``[MINUTES] [REASON]``."""
    found = _MINUTES.match(text)
    if found is None:
        return Term(None, text)
    return Term(min(int(found[1]), MAX_MINUTES) * 60.0, text[found.end() :])


def _is_range(text: str) -> bool:
    return bool(re.fullmatch(r"[0-9a-fA-F:.]+(/\d{1,3})?", text)) and ("." in text or ":" in text)


# --- what they do


async def _me(line: Line) -> str:
    await line.chat.say(line.visitor, line.channel, line.id, _needed(line, "me"), "action")
    return ""


async def _notice(line: Line) -> str:
    await line.chat.say(line.visitor, line.channel, line.id, _needed(line, "notice"), "notice")
    return ""


async def _topic(line: Line) -> str:
    if not line.rest:
        return await line.chat.topic(line.visitor, line.channel) or "there is no topic"
    await line.chat.set_topic(line.visitor, line.channel, line.id, "" if line.rest == "-" else line.rest)
    return ""


async def _nick(line: Line) -> str:
    await line.chat.rename(line.visitor, _needed(line, "nick"))
    return f"you are {line.visitor.person.name} now"


async def _msg(line: Line) -> str:
    person, text = await _whom(line, "msg")
    if not text:
        raise BadCommand(f"write it like {COMMANDS['msg'].usage}")
    channel = await line.chat.open_private(line.visitor, person.key)
    await line.chat.say(line.visitor, channel, line.id, text)
    return ""


async def _who(line: Line) -> str:
    names = [person.name for person in await line.chat.people_in(line.visitor, line.channel, None, LISTED)]
    return "here are: " + ", ".join(names) if names else "nobody is here"


async def _kick(line: Line) -> str:
    person, reason = await _whom(line, "kick")
    await line.chat.moderation.kick(line.visitor, line.channel, person, reason)
    return ""


async def _ban(line: Line) -> str:
    first, _, after = _needed(line, "ban").partition(" ")
    if _is_range(first):
        out = await line.chat.moderation.ban_range(line.visitor, line.channel, first, _term(after.strip()))
        return f"{first} is banned; {out} shown out"
    person, after = await _whom(line, "ban")
    await line.chat.moderation.ban(line.visitor, line.channel, person, _term(after))
    return ""


async def _unban(line: Line) -> str:
    rest = _needed(line, "unban")
    if _is_range(rest):
        had = await line.chat.moderation.unban(line.visitor, line.channel, address_range(rest))
        return f"{rest} is let in again" if had else f"{rest} was not banned"
    person, _ = await _whom(line, "unban")
    had = await line.chat.moderation.unban(line.visitor, line.channel, person.key, person.name)
    return "" if had else f"{person.name} was not banned"


async def _mute(line: Line) -> str:
    person, after = await _whom(line, "mute")
    await line.chat.moderation.mute(line.visitor, line.channel, person, _term(after))
    return ""


async def _unmute(line: Line) -> str:
    person, _ = await _whom(line, "unmute")
    had = await line.chat.moderation.unmute(line.visitor, line.channel, person)
    return "" if had else f"{person.name} was not muted"


def _appointing(name: str, role: Role) -> Callable[[Line], Awaitable[str]]:
    async def appoint(line: Line) -> str:
        person, _ = await _whom(line, name)
        await line.chat.moderation.appoint(line.visitor, line.channel, person, role)
        return ""

    return appoint


async def _kind(line: Line) -> str:
    try:
        kind = RoomKind(_needed(line, "kind").lower())
    except ValueError:
        raise BadCommand(f"write it like {COMMANDS['kind'].usage}") from None
    await line.chat.moderation.change_kind(line.visitor, line.channel, kind)
    return ""


async def _somebody(line: Line, name: str, contacts_first: bool) -> Person:
    """Take a person's name from the whole rest of the line: who is here, or a contact, whichever comes first."""
    called = _needed(line, name).strip('"')
    visitor = line.chat.people.named(called)
    contact = await line.chat.contacts.named(line.visitor, called)
    here = visitor.person if visitor else None
    person = (contact or here) if contacts_first else (here or contact)
    if person is None:
        raise NoSuchPerson(f"nobody here, and no contact of yours, is called {called[:40]}")
    return person


async def _contact(line: Line) -> str:
    person = await _somebody(line, "contact", contacts_first=False)
    state = await line.chat.contacts.ask(line.visitor, person.key)
    return f"{person.name} is a contact now" if state is State.FRIEND else f"{person.name} is asked"


async def _uncontact(line: Line) -> str:
    person = await _somebody(line, "uncontact", contacts_first=True)
    await line.chat.contacts.remove(line.visitor, person.key)
    return f"{person.name} is no contact of yours"


async def _block(line: Line) -> str:
    person = await _somebody(line, "block", contacts_first=False)
    await line.chat.contacts.block(line.visitor, person.key)
    return f"you do not talk with {person.name} any more"


async def _unblock(line: Line) -> str:
    person = await _somebody(line, "unblock", contacts_first=True)
    await line.chat.contacts.unblock(line.visitor, person.key)
    return f"you talk with {person.name} again"


async def _help(line: Line) -> str:
    return "\n".join(f"{command.usage}: {command.help}" for command in COMMANDS.values())


COMMANDS = {
    "me": Command("/me TEXT", "say what you are doing", _me),
    "notice": Command("/notice TEXT", "say something that is not part of the talk", _notice),
    "topic": Command("/topic [TEXT]", "what the room is about; - for nothing", _topic),
    "nick": Command("/nick NAME", "take another name", _nick),
    "msg": Command("/msg NAME TEXT", "say something to one person only", _msg),
    "contact": Command("/contact NAME", "ask somebody to be a contact, or accept", _contact),
    "uncontact": Command("/uncontact NAME", "end a contact, refuse a request or take it back", _uncontact),
    "block": Command("/block NAME", "talk with somebody no more", _block),
    "unblock": Command("/unblock NAME", "talk with them again", _unblock),
    "who": Command("/who", "who is here", _who),
    "kick": Command("/kick NAME [REASON]", "show somebody out", _kick),
    "ban": Command("/ban NAME-OR-ADDRESS [MINUTES] [REASON]", "keep somebody out", _ban),
    "unban": Command("/unban NAME-OR-ADDRESS", "let them in again", _unban),
    "mute": Command("/mute NAME [MINUTES] [REASON]", "let somebody read only", _mute),
    "unmute": Command("/unmute NAME", "let them write again", _unmute),
    "invite": Command(
        "/invite NAME", "make somebody a member of the room", _appointing("invite", Role.MEMBER)
    ),
    "mod": Command("/mod NAME", "make somebody a moderator", _appointing("mod", Role.MODERATOR)),
    "owner": Command("/owner NAME", "make somebody an owner", _appointing("owner", Role.OWNER)),
    "dismiss": Command("/dismiss NAME", "take every role from somebody", _appointing("dismiss", Role.NOBODY)),
    "kind": Command("/kind public|unlisted|members", "who finds the room, and who may enter", _kind),
    "help": Command("/help", "this list", _help),
}
