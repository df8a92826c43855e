"""The API for programs of the operator, as docs/api.md has it: rooms, messages, alerts, by bearer keys."""

import secrets
from collections.abc import Callable
from typing import Any, TypeVar

from klein import Klein
from msgspec import Struct
from twisted.python.failure import Failure
from twisted.web.resource import IResource, Resource
from twisted.web.server import Request
from werkzeug.routing import BaseConverter

from twistedchat.chat.programs import Programs, Seen, program_key
from twistedchat.config import Settings
from twistedchat.core.errors import BadArguments
from twistedchat.core.presence import Person
from twistedchat.web.api_answers import answer, refuse
from twistedchat.web.api_bodies import (
    AlertBody,
    Author,
    MessageBody,
    RoomBody,
    TooLarge,
    body_limit,
    read_body,
)
from twistedchat.web.api_keys import ApiKeys
from twistedchat.web.pages import is_text

MOST_ROOMS = 200  # of one page

T = TypeVar("T", bound=Struct)


class _Title(BaseConverter):
    """The title of a room: anything, also with slashes in it."""

    part_isolating = False
    regex = ".+"


class Api:
    """The klein application below ``/api``.

    Args:
        programs: does what is asked for.
        keys: who may ask.
        max_body_bytes: largest body that makes sense.
    """

    app = Klein()
    app.url_map.converters["title"] = _Title
    app.url_map.merge_slashes = False

    def __init__(self, programs: Programs, keys: ApiKeys, max_body_bytes: int) -> None:
        self._programs = programs
        self._keys = keys
        self._max_body_bytes = max_body_bytes

    @property
    def resource(self) -> IResource:
        """The application as a twisted.web resource."""
        return _Texts(self.app.resource())

    @app.route("/rooms/<title:room>/messages", methods=["POST"])
    async def post(self, request: Request, room: str) -> bytes:
        """Say something in a room."""
        program = self._admit(request, "post")
        body = self._body(request, MessageBody)
        id, by = body.id or secrets.token_urlsafe(16), _author(program, body.author)
        posted = await self._programs.say(program, room, id, body.text, body.kind, by)
        told = {"offset": posted.entry.offset, "id": id, "new": posted.new}
        return answer(request, 201 if posted.new else 200, told)

    @app.route("/alert", methods=["POST"])
    async def alert(self, request: Request) -> bytes:
        """Tell everyone something."""
        program = self._admit(request, "alert")
        body = self._body(request, AlertBody)
        id = body.id or secrets.token_urlsafe(16)
        posted = await self._programs.alert(program, id, body.text)
        return answer(request, 201 if posted.new else 200, {"id": id, "new": posted.new})

    @app.route("/rooms", methods=["GET"])
    def rooms(self, request: Request) -> bytes:
        """List rooms, a page at a time."""
        self._admit(request, "look")
        limit = _number(_argument(request, "limit", str(MOST_ROOMS)))
        page = self._programs.page(_argument(request, "after", ""), limit)
        last = page[-1].room.channel if len(page) == limit else None
        return answer(request, 200, {"rooms": [_told(seen) for seen in page], "next": last})

    @app.route("/rooms", methods=["POST"])
    async def make(self, request: Request) -> bytes:
        """Make a room."""
        self._admit(request, "rooms")
        body = self._body(request, RoomBody)
        seen, new = await self._programs.make(body.title, body.kind, body.topic)
        return answer(request, 201 if new else 200, _told(seen) | {"new": new})

    @app.route("/rooms/<title:room>", methods=["GET"])
    def look(self, request: Request, room: str) -> bytes:
        """Tell of a room, and who is in it."""
        self._admit(request, "look")
        seen = self._programs.look(room)
        people = [{"key": person.key, "name": person.name} for person in seen.people]
        return answer(request, 200, _told(seen) | {"people": people})

    @app.route("/rooms/<title:room>", methods=["DELETE"])
    async def delete(self, request: Request, room: str) -> bytes:
        """Delete a room, with all that was said in it."""
        self._admit(request, "rooms")
        await self._programs.delete(room)
        return answer(request, 204, None)

    @app.handle_errors(Exception)
    def refused(self, request: Any, failure: Failure) -> bytes:
        """Tell what went wrong."""
        return refuse(request, failure)

    def _admit(self, request: Request, right: str) -> str:
        return self._keys.admit(request.getHeader("authorization"), right)

    def _body(self, request: Request, kind: type[T]) -> T:
        content: Any = request.content
        body = content.read(self._max_body_bytes + 1)
        if len(body) > self._max_body_bytes:
            raise TooLarge(f"a request has at most {self._max_body_bytes} bytes")
        return read_body(request.getHeader("content-type") or "", body, kind)


def make_keys(settings: Settings, seconds: Callable[[], float]) -> ApiKeys:
    """Return the keys of the operator's programs.

    Raises:
        WrongValue: as ``ApiKeys``.
    """
    limits = settings.limits
    return ApiKeys(settings.api_keys, limits.api_per_s, limits.api_burst, seconds)


def make_api(settings: Settings, programs: Programs, seconds: Callable[[], float]) -> Api:
    """Return the API as the operator's settings want it. Raises as ``make_keys``."""
    limit = body_limit(settings.limits.max_text_chars)
    return Api(programs, make_keys(settings, seconds), limit)


class _Texts(Resource):
    """Hands to klein what has a path of text: it would log an error for any other."""

    isLeaf = True

    def __init__(self, inner: Any) -> None:
        super().__init__()
        self._inner = inner

    def render(self, request: Request) -> Any:
        """Serve."""
        if is_text(request.postpath or []):
            return self._inner.render(request)
        return refuse(request, Failure(BadArguments("the path is no UTF-8 text")))


def _author(program: str, author: Author | None) -> Person | None:
    """Return who is shown: without a key, of one name in one program is always the same."""
    if author is None:
        return None
    return Person(author.key or program_key(f"{program}\n{author.name}"), author.name)


def _told(seen: Seen) -> dict[str, Any]:
    room = seen.room
    return {
        "title": room.title,
        "channel": room.channel,
        "kind": str(room.kind),
        "topic": room.topic,
        "standing": seen.standing,
        "count": seen.count,
    }


def _argument(request: Request, name: str, default: str) -> str:
    found = (request.args or {}).get(name.encode())
    return found[0].decode("utf-8", "replace") if found else default


def _number(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 0
    if not 0 < number <= MOST_ROOMS:
        raise BadArguments(f"limit takes a number up to {MOST_ROOMS}")
    return number
