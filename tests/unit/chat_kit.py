"""A chat on a memory backend, and the check that all tests of the chat use."""

import json
from typing import Any

from state_kit import StateCheck
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from twistedchat.backends.memory import MemoryBackend
from twistedchat.channels.hub import Hub
from twistedchat.chat.house import Chat, ChatRules
from twistedchat.chat.online import Online
from twistedchat.chat.people import People, Visitor
from twistedchat.core.presence import Person
from twistedchat.testing.backends import settled


class House:
    """A chat on a memory backend."""

    def __init__(self, store: MemoryBackend | None = None, **rules: Any) -> None:
        self.clock = Clock()
        self.store = store or MemoryBackend()
        self.hub = Hub(self.store, self.clock, self.clock.seconds)
        self.people = People("secret", self.clock.seconds, 1, 3, 100)
        seconds = self.clock.seconds
        self.chat = Chat(
            self.hub.open,
            self.hub.get,
            self.hub.erase,
            self.store,
            self.people,
            seconds,
            seconds,
            Online(self.clock),
            ChatRules(**rules),
        )
        self.check = StateCheck(self.hub, self.store)
        self.wait(self.chat.load())

    def guest(self, name: str) -> Visitor:
        visitor: Visitor = self.wait(self.people.login(name, None, f"client of {name}", lambda: None))
        return visitor

    def wait(self, coroutine: Any) -> Any:
        self.check.look()
        return settled(Deferred.fromCoroutine(coroutine))

    def log(self, channel: str) -> list[Any]:
        opened = settled(self.hub.open(channel))
        return [json.loads(entry.event) for entry in opened.last(100)]

    def enter(self, channel: str, *keys: str) -> None:
        opened = settled(self.hub.open(channel))
        for key in keys:
            opened.enter(Person(key, key), key)
        self.clock.advance(1)
