"""Positions in a channel's log, and the one comparison that finds a log that lost its tail."""

from typing import NamedTuple


class Position(NamedTuple):
    """A place in a channel's log: everything up to and including ``offset`` was seen.

    Attributes:
        epoch: which life of the log; a store that forgot everything starts a new one.
        offset: number of the last entry seen, from 1; 0 is the place before the first entry.
        id: the id of the entry at ``offset`` ("" at 0). A log that lost its tail and grew again has another id
            there, so one comparison finds it.

    On the wire: ``[epoch, offset, id]``.
    """

    epoch: str
    offset: int
    id: str
