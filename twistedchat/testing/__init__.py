"""Public test kit: a house in memory, and an async client that speaks any transport and resumes.

``Client`` talks to a running server through an endpoint, or to a ``MemoryHouse``, which needs no sockets and has a clock of
its own. ``Peer`` is the client's half of the protocol without I/O, for drivers of your own.

    house = MemoryHouse()
    ada = house.member("Ada", "xhr-polling")
    bob = house.member("Bob", "websocket")
    house.run(ada.say("room/lobby", "Hello"))
    house.until(lambda: bob.texts("room/lobby") == ["Hello"])
    house.stop()
"""

from twistedchat.testing.calls import Call, Outcome, Say
from twistedchat.testing.client import TRANSPORTS, Client, Refused, Unknown
from twistedchat.testing.kit import MemoryHouse, NotInTime
from twistedchat.testing.memory import MemoryNetwork
from twistedchat.testing.peer import Peer
from twistedchat.testing.pipes import Cut
from twistedchat.testing.seen import Seen, Shown

__all__ = [
    "TRANSPORTS",
    "Call",
    "Client",
    "Cut",
    "MemoryHouse",
    "MemoryNetwork",
    "NotInTime",
    "Outcome",
    "Peer",
    "Refused",
    "Say",
    "Seen",
    "Shown",
    "Unknown",
]
