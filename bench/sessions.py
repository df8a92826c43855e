"""What the two servers' clients say inside a SockJS session: nothing for the package, the whole live protocol for ours."""

import json
import random
import re
import secrets
from collections.abc import Callable
from typing import Any

from bench.loop import BenchError, Loop
from bench.pipes import MARK, Pipe

TEXT_BYTES = 128
ROOM = "bench"
STATEMENT_S = 25.0
"""How often a client states what it has (docs/protocol.md, section 3)."""

_PACKET = re.compile(rb"\[-?\d+,\[\[(\d+),\[\\")


def text_of(number: int) -> str:
    """Return the measured message number ``number``, 128 bytes."""
    return f"{MARK.decode()}{number:010d}".ljust(TEXT_BYTES, ".")


def id_of(offset: int) -> str:
    """Return the id of the message at ``offset``: every reader knows it, since one sender makes them all in order."""
    return f"bench-message-{offset:012d}"


class PlainReader:
    """A client of the package: it only listens."""

    def __init__(self, pipe: Pipe, loop: Loop, ready: Callable[[], None]) -> None:
        self._pipe, self._ready = pipe, ready
        pipe.on_frame = self.frame

    def frame(self, frame: str) -> None:
        """Wait for the open frame."""
        if frame == "o":
            self._pipe.counting = self._pipe.between
            self._ready()
        elif frame[0] == "c":
            raise BenchError(f"session closed: {frame}")


class PlainSender(PlainReader):
    """The connection that speaks; the room answers with a broadcast."""

    def say(self, numbers: range) -> None:
        """Broadcast messages."""
        self._pipe.send(*(text_of(number) for number in numbers))


class LiveReader:
    """A live client: hello, root element, login, join, acknowledgements, statements every 25 s."""

    def __init__(self, pipe: Pipe, loop: Loop, ready: Callable[[], None]) -> None:
        self._pipe, self._loop, self._ready = pipe, loop, ready
        self._name = "b" + secrets.token_hex(6)
        self._ack, self._seq, self._element = -1, -1, 0
        self._at: dict[str, list[Any]] = {}
        self._room = ""
        pipe.on_frame, pipe.on_odd = self.frame, self.odd

    def frame(self, frame: str) -> None:
        """Take a decoded SockJS frame."""
        if frame == "o":
            self._hello()
        elif frame[0] == "a":
            for message in json.loads(frame[1:]):
                self._message(json.loads(message))
        elif frame[0] == "c":
            raise BenchError(f"session closed: {frame}")

    def odd(self, data: bytes) -> None:
        """While the pipe only counts: acknowledge what is in the basket."""
        for seq in _PACKET.findall(data.replace(b'"', b"\\")):
            self._ack = max(self._ack, int(seq))
            self._send([self._ack, []])

    def _send(self, *messages: Any) -> None:
        self._pipe.send(*(json.dumps(message, separators=(",", ":")) for message in messages))

    def _call(self, method: str, *args: Any) -> list[Any]:
        self._seq += 1
        return [self._ack, [[self._seq, ["call", [str(self._seq), self._element, method, list(args)]]]]]

    def _hello(self) -> None:
        hello = {
            "v": 1,
            "client": secrets.token_hex(16),
            "secret": secrets.token_hex(16),
            "n": 1,
            "ack": -1,
            "at": {},
        }
        self._send(["hello", {**hello, "root": "chat", "args": {}}])

    def _message(self, message: list[Any]) -> None:
        if isinstance(message[0], int):
            for seq, (action, args) in message[1]:
                self._ack = seq
                self._action(action, args)
        elif message[0] == "joined":
            self._joined(message[2])

    def _action(self, action: str, args: list[Any]) -> None:
        if action == "element" and args[1] == 0:
            self._element = args[0]
            self._send(self._call("login", self._name, None))
        elif action == "respond":
            if not args[1]:
                raise BenchError(f"the server refused: {args[2]}")
            self._answered(args[2])

    def _answered(self, value: Any) -> None:
        """The login was answered: join what it names, and the room."""
        self._join(value["channels"], "room/" + ROOM)

    def _join(self, channels: list[str], room: str) -> None:
        self._room = room
        self._send(["join", 1, dict.fromkeys([*channels, room])], [self._ack, []])

    def _joined(self, results: dict[str, Any]) -> None:
        for channel, result in results.items():
            if "at" not in result:
                raise BenchError(f"join refused: {channel}: {result}")
            self._at[channel] = result["at"]
        self._pipe.counting = self._pipe.between
        self._ready()
        self._loop.after(random.uniform(0, STATEMENT_S), self._state)

    def _state(self) -> None:
        """Say what this client has; it has counted the room's messages since its join."""
        epoch, joined, id = self._at[self._room]
        if self._pipe.got:
            joined += self._pipe.got
            id = id_of(joined)
        self._send(["at", self._ack, {**self._at, self._room: [epoch, joined, id]}])
        self._loop.after(STATEMENT_S, self._state)


class LiveSender(LiveReader):
    """The live client that speaks. Its pipe never only counts: each answer is read and acknowledged."""

    def __init__(self, pipe: Pipe, loop: Loop, ready: Callable[[], None]) -> None:
        super().__init__(pipe, loop, ready)
        self._channels: list[str] = []

    def say(self, numbers: range) -> None:
        """Post messages, each by a call of its own; numbers are offsets."""
        calls = (self._call("say", self._room, id_of(number), text_of(number)) for number in numbers)
        self._send(*calls)

    def _answered(self, value: Any) -> None:
        if isinstance(value, dict):
            self._channels = value["channels"]
            self._send(self._call("openRoom", ROOM))
        elif isinstance(value, str):
            self._join(self._channels, value)

    def _joined(self, results: dict[str, Any]) -> None:
        super()._joined(results)
        self._pipe.counting = False

    def _message(self, message: list[Any]) -> None:
        if message[0] == "event" and message[1] == self._room:
            if message[3] != id_of(message[2]):
                raise BenchError(f"event out of order: {message[:4]}")
            self._at[self._room][1:] = message[2:4]
            return
        super()._message(message)

    def _state(self) -> None:
        self._send(["at", self._ack, self._at])
        self._loop.after(STATEMENT_S, self._state)
