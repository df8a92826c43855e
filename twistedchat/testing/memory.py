"""Connections without sockets: two ends, bytes that travel in turns of a clock, full buffers, closes and aborts."""

from itertools import count
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost, ConnectionRefusedError
from twisted.internet.interfaces import (
    IConsumer,
    IProtocolFactory,
    IReactorTime,
    IStreamClientEndpoint,
    ITCPTransport,
)
from twisted.python.failure import Failure
from zope.interface import implementer

BUFFER_BYTES = 65_536  # as Twisted's own: above it a producer is paused
PIECE_BYTES = 65_536  # most bytes of one delivery


@implementer(ITCPTransport, IConsumer)
class MemoryEnd:
    """One end of a connection in memory: a transport whose bytes arrive at the other end in a later turn.

    Attributes:
        protocol: who reads here.
        disconnecting: it closes once everything written has been read.
    """

    def __init__(self, network: "MemoryNetwork", host: IPv4Address, peer: IPv4Address) -> None:
        self.protocol: Any = None
        self.disconnecting = False
        self.connected = True
        self._network = network
        self._host = host
        self._peer = peer
        self._other: MemoryEnd = self
        self._out = bytearray()
        self._reading = True
        self._producer: Any = None
        self._streaming = True
        self._paused = False

    def join(self, other: "MemoryEnd") -> None:
        """Be connected to ``other``."""
        self._other, other._other = other, self

    # --- ITransport

    def write(self, data: bytes) -> None:
        """Send bytes; after a close they are lost."""
        if self.connected and not self.disconnecting and data:
            self._out += data
            if self._producer is not None and len(self._out) > BUFFER_BYTES and not self._paused:
                self._paused = True
                self._producer.pauseProducing()
            self._network.wake()

    def writeSequence(self, iovec: Any) -> None:
        """Send several pieces."""
        self.write(b"".join(iovec))

    def loseConnection(self) -> None:
        """Close when everything written has been read and no producer is registered."""
        self.disconnecting = True
        self._network.wake()

    def loseWriteConnection(self) -> None:
        """Close; halves are not told apart here."""
        self.loseConnection()

    def abortConnection(self) -> None:
        """Drop the connection and everything under way."""
        if self.connected:
            other = self._other
            self._end(ConnectionAborted())
            other._end(ConnectionLost())

    def getPeer(self) -> IPv4Address:
        """The other end's address."""
        return self._peer

    def getHost(self) -> IPv4Address:
        """This end's address."""
        return self._host

    def getTcpNoDelay(self) -> bool:
        """There is no delay."""
        return True

    def setTcpNoDelay(self, enabled: bool) -> None:
        """There is no delay."""

    def getTcpKeepAlive(self) -> bool:
        """There is nothing to keep alive."""
        return False

    def setTcpKeepAlive(self, enabled: bool) -> None:
        """There is nothing to keep alive."""

    # --- producers and consumers

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """Pause ``producer`` while more than BUFFER_BYTES are under way."""
        if self._producer is not None:
            raise RuntimeError("a producer is registered already")
        self._producer, self._streaming, self._paused = producer, streaming, False
        if not self.connected:
            producer.stopProducing()
        elif not streaming:
            self._network.wake()

    def unregisterProducer(self) -> None:
        """Forget the producer."""
        self._producer = None
        self._network.wake()

    def pauseProducing(self) -> None:
        """Read no more."""
        self._reading = False

    def resumeProducing(self) -> None:
        """Read on."""
        self._reading = True
        self._network.wake()

    def stopProducing(self) -> None:
        """Close."""
        self.loseConnection()

    # --- for the network

    def turn(self) -> bool:
        """Deliver what can be delivered; say whether anything happened."""
        other = self._other
        if not self.connected:
            return False
        if self._out and other._reading:
            data = bytes(self._out[:PIECE_BYTES])
            del self._out[:PIECE_BYTES]
            other.protocol.dataReceived(data)
            self._drained()
            return True
        if not self._out and self.disconnecting and self._producer is None:
            self._end(ConnectionDone())
            other._end(ConnectionDone())
            return True
        if not self._out and self._producer is not None and not self._streaming:
            self._producer.resumeProducing()
            return bool(self._out)
        return False

    def _drained(self) -> None:
        if self._producer is not None and self._paused and not self._out:
            self._paused = False
            self._producer.resumeProducing()

    def _end(self, reason: Exception) -> None:
        if self.connected:
            self.connected = False
            self._out.clear()
            self._network.forget(self)
            if self._producer is not None and not self._streaming:
                self._producer.stopProducing()
            self._network.later(self.protocol.connectionLost, Failure(reason))


@implementer(IStreamClientEndpoint)
class MemoryNetwork:
    """Connects clients to a server's factory, without sockets. It is the endpoint too.

    Args:
        clock: bytes travel in its turns.

    Attributes:
        factory: who serves; None refuses connections.
        ends: the ends of all open connections.
    """

    def __init__(self, clock: IReactorTime, factory: IProtocolFactory | None = None) -> None:
        self.factory = factory
        self.ends: dict[MemoryEnd, None] = {}
        self._clock = clock
        self._ports = count(40_000)
        self._woken = False

    def connect(self, protocolFactory: Any) -> "Deferred[Any]":
        """Connect; see IStreamClientEndpoint."""
        here = IPv4Address("TCP", "127.0.0.1", next(self._ports))
        there = IPv4Address("TCP", "127.0.0.1", 80)
        serving = self.factory.buildProtocol(here) if self.factory is not None else None
        if serving is None:
            return fail(ConnectionRefusedError())
        near, far = MemoryEnd(self, here, there), MemoryEnd(self, there, here)
        near.join(far)
        near.protocol, far.protocol = protocolFactory.buildProtocol(there), serving
        self.ends[near] = self.ends[far] = None
        far.protocol.makeConnection(far)
        near.protocol.makeConnection(near)
        return succeed(near.protocol)

    def wake(self) -> None:
        """Deliver in the next turn."""
        if not self._woken:
            self._woken = True
            self._clock.callLater(0, self._turn)

    def later(self, call: Any, *args: Any) -> None:
        """Call in the next turn."""
        self._clock.callLater(0, call, *args)

    def forget(self, end: MemoryEnd) -> None:
        """``end`` is closed."""
        self.ends.pop(end, None)

    def _turn(self) -> None:
        self._woken = False
        moved = [end.turn() for end in tuple(self.ends)]
        if any(moved):
            self.wake()
