"""What a client asked of the server, and what became of it."""

from collections.abc import Callable
from enum import Enum
from typing import Any


class Outcome(Enum):
    """What became of a call. UNKNOWN: nobody can say whether it ran."""

    PENDING = "pending"
    DONE = "done"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class Call:
    """Something asked of the server.

    Attributes:
        outcome: an Outcome; it changes once.
        value: the answer when DONE, ``{"error": CLASS, "text": TEXT, …}`` when REFUSED, a reason when UNKNOWN.
    """

    def __init__(self, method: str, args: tuple[Any, ...] = ()) -> None:
        self.method = method
        self.args = args
        self.outcome = Outcome.PENDING
        self.value: Any = None
        self._watchers: list[Callable[[Call], None]] = []

    def watch(self, watcher: "Callable[[Call], None]") -> None:
        """Call ``watcher`` with this call when it ends, or now if it has."""
        if self.outcome is Outcome.PENDING:
            self._watchers.append(watcher)
        else:
            watcher(self)

    def end(self, outcome: Outcome, value: Any) -> None:
        """It ends; later ends are ignored."""
        if self.outcome is Outcome.PENDING:
            self.outcome, self.value = outcome, value
            watchers, self._watchers = self._watchers, []
            for watcher in watchers:
                watcher(self)


class Say(Call):
    """A chat message on its way: kept until it is answered, and sent again under the same id by a new live client.

    Attributes:
        channel, id, text: of the message. ``value`` is its offset when DONE.
        attempts: how often it was given to a live client.
    """

    def __init__(self, channel: str, id: str, text: str) -> None:
        super().__init__("say", (channel, id, text))
        self.channel = channel
        self.id = id
        self.text = text
        self.attempts = 0
        self.retry_at: float | None = None
