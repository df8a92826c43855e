"""The API of a chat as methods, as docs/api.md tells them."""

import secrets
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import msgspec
from twisted.web.client import Agent
from twisted.web.iweb import IAgent

from twistedchat.client.asking import ApiError, Asking

T = TypeVar("T")

_TRIES = 6  # a quarter of a minute, where nobody answers at once


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of something that was said.

    Attributes:
        id: its id.
        new: False where it had been said before, by an earlier try too.
        offset: its place in the room; None for an alert.
    """

    id: str
    new: bool
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in a room: ``key`` is theirs alone, ``name`` is shown."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Room:
    """A room.

    Attributes:
        title: as it is shown.
        channel: its channel's name on the wire.
        kind: ``public``, ``unlisted`` or ``members``.
        topic: what it is about.
        standing: whether the server's configuration names it.
        count: how many people are in it.
        people: who, 200 at most; only where one room was asked for.
    """

    title: str
    channel: str
    kind: str
    topic: str
    standing: bool
    count: int
    people: tuple[Member, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """A page of rooms; ``next`` is what to ask for after it, None on the last one."""

    rooms: tuple[Room, ...]
    next: str | None


class ApiClient:
    """Asks one server with one key. What fails in passing is tried again with the same id, so it is done once.

    Args:
        url: the chat's public URL, with its prefix.
        key: of the server's ``api_keys``.
        reactor: where it runs; the installed one unless given.
        agent: sends requests; one of Twisted's unless given.
        tries: of each request.

    Every method raises ApiError, whose ``unknown`` tells whether it may have been done.

    Raises:
        ValueError: ``url`` is none, or the key cannot stand in a header.
    """

    def __init__(
        self, url: str, key: str, reactor: Any = None, agent: IAgent | None = None, tries: int = _TRIES
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError(f"{url} is no URL of a chat: write it like https://chat.example.org")
        if not (key.isascii() and key.isprintable() and key and " " not in key):
            raise ValueError("the key has characters that no key has")
        if reactor is None:
            from twisted.internet import reactor
        self._base = f"{url.rstrip('/')}/api"
        agent = agent or Agent(reactor, connectTimeout=10)
        self._asking = Asking(agent, reactor, {"Authorization": f"Bearer {key}"}, tries)

    # --- saying things

    async def post(
        self,
        room: str,
        text: str,
        id: str | None = None,
        kind: str = "message",
        name: str | None = None,
        key: str | None = None,
    ) -> Posted:
        """Say ``text`` in a room.

        Args:
            room: its title.
            text: what is said.
            id: 22 to 64 of A-Z a-z 0-9 - _; a new one unless given. Give one where the program itself may be run again.
            kind: ``message``, ``action`` or ``notice``.
            name: who is shown as the author; the program unless given.
            key: the key of that person; only with ``name``.
        """
        body: dict[str, Any] = {"text": text, "id": id or secrets.token_urlsafe(16), "kind": kind}
        if name is not None:
            body["as"] = {"name": name} if key is None else {"name": name, "key": key}
        return await self._ask(Posted, "POST", f"/rooms/{_quoted(room)}/messages", body)

    async def alert(self, text: str, id: str | None = None) -> Posted:
        """Tell everyone in the chat something."""
        body = {"text": text, "id": id or secrets.token_urlsafe(16)}
        return await self._ask(Posted, "POST", "/alert", body)

    # --- rooms

    async def rooms(self, after: str = "", limit: int = 200) -> Page:
        """Return a page of all rooms: those after ``next`` of the page before."""
        return await self._ask(Page, "GET", f"/rooms?{urlencode({'after': after, 'limit': limit})}")

    async def room(self, title: str) -> Room:
        """Return a room, with who is in it."""
        return await self._ask(Room, "GET", f"/rooms/{_quoted(title)}")

    async def make_room(self, title: str, kind: str = "public", topic: str = "") -> Room:
        """Make a room, or find the same one there."""
        body = {"title": title, "kind": kind, "topic": topic}
        return await self._ask(Room, "POST", "/rooms", body)

    async def delete_room(self, title: str) -> None:
        """Delete a room, with all that was said in it."""
        await self._asking.ask("DELETE", f"{self._base}/rooms/{_quoted(title)}", gone="NoSuchRoom")

    async def _ask(self, kind: type[T], method: str, path: str, body: dict[str, Any] | None = None) -> T:
        value = await self._asking.ask(method, f"{self._base}{path}", body)
        try:
            return msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            raise ApiError("NoAnswer", f"this is no answer of a chat: {error}", unknown=True) from None


def _quoted(title: str) -> str:
    return quote(title, safe="")
