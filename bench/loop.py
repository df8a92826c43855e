"""A bare epoll loop with non-blocking sockets: the load generator must cost less than the servers that it loads."""

import heapq
import select
import socket
import time
from collections import deque
from collections.abc import Callable

RECEIVE_BYTES = 65536
BIND_ADDRESS_NO_PORT = 24
"""IP_BIND_ADDRESS_NO_PORT of Linux: the port is chosen at connect, so each source address has all of them."""


class BenchError(Exception):
    """A server did not do what the measurement needs; the figures would mean nothing."""


class Loop:
    """Sockets that are ready call ``Connection.ready``; timers are a heap."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._connections: dict[int, Connection] = {}
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0

    def add(self, connection: "Connection", events: int) -> None:
        """Watch a connection."""
        self._connections[connection.fd] = connection
        self._epoll.register(connection.fd, events)

    def change(self, connection: "Connection", events: int) -> None:
        """Watch it for other events."""
        self._epoll.modify(connection.fd, events)

    def discard(self, connection: "Connection") -> None:
        """Stop watching it."""
        if self._connections.pop(connection.fd, None) is not None:
            self._epoll.unregister(connection.fd)

    def after(self, delay_s: float, call: Callable[[], None]) -> None:
        """Call ``call`` in ``delay_s`` seconds."""
        self._count += 1
        heapq.heappush(self._timers, (time.monotonic() + delay_s, self._count, call))

    def run_until(self, done: Callable[[], bool], timeout_s: float, what: str) -> None:
        """Serve sockets and timers until ``done()``; raise BenchError after ``timeout_s``."""
        deadline = time.monotonic() + timeout_s
        while not done():
            now = time.monotonic()
            if now > deadline:
                raise BenchError(f"timed out after {timeout_s:.0f} s: {what}")
            while self._timers and self._timers[0][0] <= now:
                heapq.heappop(self._timers)[2]()
            for fd, events in self._epoll.poll(0.05, 4096):
                connection = self._connections.get(fd)
                if connection is not None:
                    connection.ready(events)

    def run_for(self, seconds: float) -> None:
        """Serve sockets and timers for a while."""
        end = time.monotonic() + seconds
        self.run_until(lambda: time.monotonic() >= end, seconds + 60, "waiting")

    def close(self) -> None:
        """Close every connection and the loop."""
        for connection in list(self._connections.values()):
            connection.close()
        self._epoll.close()


class Connection:
    """A TCP connection from a loopback address of its own choice; what it receives goes to ``received``."""

    def __init__(self, loop: Loop, port: int, source: str) -> None:
        self.loop, self.port, self.source = loop, port, source
        self.connect()

    def connect(self) -> None:
        """Open the socket; also again after ``close``."""
        self.sock = sock = socket.socket()
        self.fd = sock.fileno()
        self._unsent: deque[bytes] = deque()
        self.closed = False
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.IPPROTO_IP, BIND_ADDRESS_NO_PORT, 1)
        sock.bind((self.source, 0))
        sock.connect_ex(("127.0.0.1", self.port))
        self.loop.add(self, select.EPOLLIN | select.EPOLLOUT)
        self._connecting = True

    def write(self, data: bytes) -> None:
        """Send now, or as soon as the socket takes it."""
        if self._connecting or self._unsent:
            self._unsent.append(data)
            return
        try:
            sent = self.sock.send(data)
        except BlockingIOError:
            sent = 0
        if sent < len(data):
            self._unsent.append(data[sent:])
            self.loop.change(self, select.EPOLLIN | select.EPOLLOUT)

    def ready(self, events: int) -> None:
        """Called by the loop."""
        if events & select.EPOLLOUT:
            self._flush()
        if events & (select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR) and not self.closed:
            try:
                data = self.sock.recv(RECEIVE_BYTES)
            except BlockingIOError:
                return
            except OSError as error:
                self.close()
                self.lost(str(error))
                return
            if data:
                self.received(data)
            else:
                self.close()
                self.lost("closed by the server")

    def _flush(self) -> None:
        self._connecting = False
        pending, self._unsent = self._unsent, deque()
        self.loop.change(self, select.EPOLLIN)
        if pending:
            self.write(b"".join(pending))

    def received(self, data: bytes) -> None:
        """Take what arrived."""
        raise NotImplementedError

    def lost(self, reason: str) -> None:
        """The other side closed, or the connection broke."""
        raise BenchError(f"{type(self).__name__}: connection lost: {reason}")

    def close(self) -> None:
        """Close; nothing more is called."""
        if not self.closed:
            self.closed = True
            self.loop.discard(self)
            self.sock.close()
