"""A server's end of a TCP connection that sends at once what the socket takes, and buffers only the rest.

Twisted's own ``write`` always buffers and waits for the reactor to say that the socket can be written to: two ``epoll_ctl``
and a dispatch a write. Where nothing is buffered one ``send`` does it all, at the price of the kernel alone.
Whoever writes very often in one turn loses by it, since the buffer batches by itself: so what a turn says to a client is put
together before it comes here (``channels`` and ``live`` do).
"""

from collections.abc import Iterable
from typing import Any

from twisted.internet.interfaces import IListeningPort
from twisted.internet.tcp import Port, Server


class EagerServer(Server):
    """See the module. Errors of ``send`` are left to Twisted's own path, so that they surface as they always do."""

    def write(self, data: bytes) -> None:
        """Send ``data``, now or, as far as the socket does not take it, when it does."""
        idle = not self.dataBuffer and not self._tempDataBuffer
        if (
            idle
            and data
            and self.connected
            and not self.disconnecting
            and not self.TLS
            and not self._writeDisconnected
        ):
            try:
                sent = self.socket.send(data)
            except OSError:
                sent = 0  # full, or broken: the reactor finds out which
            if sent == len(data):
                return
            data = data[sent:]
        super().write(data)

    def writeSequence(self, iovec: Iterable[bytes]) -> None:
        """Write the pieces as one."""
        self.write(b"".join(iovec))


def make_eager(port: IListeningPort) -> None:
    """Let ``port`` give out eager connections, where it is one of Twisted's own TCP ports; else leave it alone."""
    if isinstance(port, Port) and port.transport is Server:
        eager: Any = EagerServer
        port.transport = eager
