"""The basket: numbered messages kept until the other side has them, and its receiving half.

Source: the seq and ack of Athena's reliable message delivery; Zulip's pruning of event queues up to what was acknowledged.
"""

from dataclasses import dataclass

from twistedchat.core import codes
from twistedchat.core.errors import ProtocolError


class BasketOverflow(Exception):
    """The reader acknowledged too little for too long; its live client is over."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A message in a basket: its ``seq`` and its JSON text ``[action, args]``."""

    seq: int
    text: str


class Basket:
    """What one side said and the other has not acknowledged: a bounded log with one reader.

    Args:
        max_messages: how many may be kept; one more raises BasketOverflow.
        max_chars: how long they may be together, in characters.
    """

    __slots__ = (
        "_chars",
        "_given",
        "_given_at_last_statement",
        "_kept",
        "_max_chars",
        "_max_messages",
        "_next_seq",
        "_sent",
    )

    def __init__(self, max_messages: int = 1000, max_chars: int = 1_000_000) -> None:
        self._kept: list[
            Kept
        ] = []  # an empty list costs a tenth of an empty deque, and most baskets are empty
        self._chars = 0
        self._next_seq = 0
        self._sent = -1  # the last that the present session was given
        self._given = -1  # the last that any session was given
        self._given_at_last_statement = -1
        self._max_messages = max_messages
        self._max_chars = max_chars

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def chars(self) -> int:
        """Characters of all that is kept."""
        return self._chars

    @property
    def waiting(self) -> bool:
        """True when something was not given to the present session yet."""
        return self._sent < self._next_seq - 1

    def put(self, text: str) -> int:
        """Keep ``text`` (JSON of ``[action, args]``) and return its seq.

        Raises:
            BasketOverflow: a bound is passed; nothing was kept.
        """
        if len(self._kept) >= self._max_messages or self._chars + len(text) > self._max_chars:
            raise BasketOverflow
        seq = self._next_seq
        self._next_seq = seq + 1
        self._kept.append(Kept(seq, text))
        self._chars += len(text)
        return seq

    def take(self, max_chars: int) -> list[Kept]:
        """Return what the present session was not given yet, at least one message where there is one, up to ``max_chars``."""
        taken: list[Kept] = []
        size = 0
        for kept in self._kept[self._held(self._sent) :]:
            if taken and size + len(kept.text) > max_chars:
                break
            taken.append(kept)
            size += len(kept.text)
        if taken:
            self._sent = taken[-1].seq
            self._given = max(self._given, self._sent)
        return taken

    def acknowledge(self, through: int) -> int:
        """Drop every message up to and including ``through``; return how many were dropped.

        Idempotent: an old ``through`` drops nothing, since clients repeat their acks.

        Args:
            through: sequence number, >= -1; -1 means "nothing received yet".

        Raises:
            ProtocolError: ``through`` was never sent; the session closes with 4002.
        """
        if through > self._given or through < -1:
            raise ProtocolError(codes.BAD_MESSAGE, "ack of something never sent")
        dropped = self._held(through)
        self._chars -= sum(len(kept.text) for kept in self._kept[:dropped])
        del self._kept[:dropped]
        self._sent = max(self._sent, through)
        return dropped

    def stated(self, through: int) -> None:
        """The reader says what it has; what it lacks of what was given before its previous statement is given again.

        Raises:
            ProtocolError: as ``acknowledge``.
        """
        self.acknowledge(through)
        lost = through < self._given_at_last_statement
        self._given_at_last_statement = self._sent
        if lost:
            self._sent = self._given_at_last_statement = through

    def rewind(self, through: int) -> None:
        """A new session begins, whose reader has everything up to ``through``: give it all that follows.

        Raises:
            ProtocolError: as ``acknowledge``.
        """
        self.acknowledge(through)
        self._sent = max(through, self._kept[0].seq - 1 if self._kept else self._next_seq - 1)
        self._given_at_last_statement = self._sent

    def _held(self, through: int) -> int:
        """How many of the kept messages have a seq up to ``through``; they are consecutive."""
        return max(0, through + 1 - self._kept[0].seq) if self._kept else 0


class Inbox:
    """The receiving half: tells what is new, what was had, and what it owes in acknowledgements.

    Attributes:
        ack: seq of the last message received in order, -1 for none.
        owed: messages received since the last acknowledgement was sent.
    """

    __slots__ = ("ack", "owed")

    def __init__(self) -> None:
        self.ack = -1
        self.owed = 0

    def accept(self, seq: int) -> bool:
        """Return True when ``seq`` is the next message, False when it was had already.

        Raises:
            ProtocolError: a gap; the session closes with 4201, and the client resumes.
        """
        if seq <= self.ack:
            self.owed += 1  # the other side has not heard our ack: say it again
            return False
        if seq != self.ack + 1:
            raise ProtocolError(codes.GAP, f"expected {self.ack + 1}, got {seq}")
        self.ack = seq
        self.owed += 1
        return True


def packet(ack: int, kept: list[Kept]) -> str:
    """Return the wire text ``[ack, [[seq, [action, args]], …]]``."""
    return f"[{ack},[{','.join(f'[{one.seq},{one.text}]' for one in kept)}]]"
