"""What people are to each other, and what becomes of it when one of them asks, ends, blocks or unblocks."""

from enum import StrEnum

from twistedchat.chat.errors import NotAllowed


class State(StrEnum):
    """What somebody is to the owner of a book."""

    NONE = "none"  # nothing; never kept
    FRIEND = "friend"  # a contact, each of the other
    ASKED = "asked"  # the owner asked them
    ASKING = "asking"  # they asked the owner
    BLOCKED = "blocked"  # the owner does not talk with them


States = tuple[State, State]
"""What the other is to me, and I to them. Each rule below takes them and returns the new ones; twice is as good as once."""


def asked(mine: State, theirs: State) -> States:
    """Ask somebody, or accept where they asked. Whoever is blocked is not told, and nobody hears of it.

    Raises:
        NotAllowed: I block them.
    """
    if mine is State.BLOCKED:
        raise NotAllowed("you do not talk with this person; unblock them first")
    if mine is State.FRIEND or theirs is State.BLOCKED:
        return (mine, theirs) if mine is State.FRIEND else (State.ASKED, theirs)
    if theirs is State.ASKED:
        return State.FRIEND, State.FRIEND
    return State.ASKED, State.ASKING


def removed(mine: State, theirs: State) -> States:
    """End it, refuse it or take it back; who is blocked stays so."""
    if mine is State.BLOCKED:
        return mine, theirs
    return State.NONE, theirs if theirs is State.BLOCKED else State.NONE


def blocked(mine: State, theirs: State) -> States:
    """Talk with them no more. A request of theirs stays open as far as they see."""
    return State.BLOCKED, theirs if theirs in (State.BLOCKED, State.ASKED) else State.NONE


def unblocked(mine: State, theirs: State) -> States:
    """Talk with them again; they are a stranger then."""
    return (State.NONE if mine is State.BLOCKED else mine), theirs
