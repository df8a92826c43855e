"""A chat in memory whose store answers when the test says so, and what attackers and their victims do in it."""

from typing import Any

from twisted.internet.defer import Deferred

from twistedchat.backends.memory import MemoryBackend
from twistedchat.chat.visitors import Visitor
from twistedchat.testing.backends import message_id
from twistedchat.testing.client import Client, Refused
from twistedchat.testing.kit import MemoryHouse

LOBBY = "room/lobby"


class SlowStore(MemoryBackend):
    """A memory store that does everything at once, and keeps back the answers of some methods.

    Attributes:
        slow: the methods whose answers are kept back.
        held: the answers that are kept back: ``(deferred, the store's own)``.
    """

    def __init__(self) -> None:
        super().__init__()
        self.slow: set[str] = set()
        self.held: list[tuple[Deferred[Any], Deferred[Any]]] = []

    def release(self) -> None:
        """Let all answers go out, and keep none back from now on."""
        self.slow.clear()
        held, self.held = self.held, []
        for answer, own in held:
            own.chainDeferred(answer)

    def fail(self, error: Exception) -> None:
        """Let every answer that is kept back be ``error``, and keep none back from now on."""
        self.slow.clear()
        held, self.held = self.held, []
        for answer, own in held:
            own.addErrback(lambda failure: None)
            answer.errback(error)

    def _later(self, method: str, own: Deferred[Any]) -> Deferred[Any]:
        if method not in self.slow:
            return own
        answer: Deferred[Any] = Deferred()
        self.held.append((answer, own))
        return answer

    def open(self, *args: Any) -> Any:
        """See IBackend."""
        return self._later("open", super().open(*args))

    def append(self, *args: Any) -> Any:
        """See IBackend."""
        return self._later("append", super().append(*args))

    def read(self, *args: Any) -> Any:
        """See IBackend."""
        return self._later("read", super().read(*args))

    def commit(self, *args: Any) -> Any:
        """See IBackend."""
        return self._later("commit", super().commit(*args))

    def page(self, *args: Any) -> Any:
        """See IBackend."""
        return self._later("page", super().page(*args))


def key_of(client: Client) -> str:
    """The key of the person who is logged in."""
    assert client.peer.you is not None
    key: str = client.peer.you[0]
    return key


def visitor_of(house: MemoryHouse, client: Client) -> Visitor:
    """The person who is logged in."""
    visitor = house.house.chat.people.find(key_of(client))
    assert visitor is not None
    return visitor


def ask(house: MemoryHouse, client: Client, method: str, *args: Any) -> Any:
    """Call the chat; return what it answers, or the class and the text of the error."""
    try:
        return house.run(client.call(method, *args))
    except Refused as refused:
        return str(refused)


def command(house: MemoryHouse, client: Client, channel: str, line: str) -> Any:
    """Give a command; return what it answers, or the class and the text of the error."""
    return ask(house, client, "command", channel, message_id(id(object()) % 10**9), line)


def room_of(house: MemoryHouse, client: Client, name: str) -> str:
    """Let somebody make a room, be in it, and say something; return its channel."""
    channel: str = house.run(client.call("openRoom", name))
    house.run(client.join(channel))
    house.run(client.say(channel, "first"))
    return channel
