"""One mount: an application's factory, a policy, and the sessions between them."""

from collections.abc import Sequence
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IProtocolFactory
from twisted.logger import Logger
from twisted.python.failure import Failure

from twistedchat.comet.clockwork import Clockwork
from twistedchat.comet.directory import MemoryDirectory
from twistedchat.comet.transport import SessionTransport
from twistedchat.core.addresses import home, is_loopback
from twistedchat.core.codes import SHUTTING_DOWN
from twistedchat.core.errors import TooManySessions
from twistedchat.core.origins import OriginPolicy
from twistedchat.core.policy import MountPolicy
from twistedchat.interfaces import ISessionDirectory

BUSY = "Too many sessions, try again later.\n"


class Mount:
    """What transports ask for: sessions to receive from and to deliver to."""

    _log = Logger()

    def __init__(
        self,
        factory: IProtocolFactory,
        policy: MountPolicy,
        clockwork: Clockwork,
        origins: OriginPolicy,
        directory: ISessionDirectory | None = None,
    ) -> None:
        self.factory = factory
        self.policy = policy
        self.clockwork = clockwork
        self.origins = origins
        self.directory: ISessionDirectory = directory or MemoryDirectory(policy.max_sessions)
        self.sessions: set[SessionTransport] = set()
        self._per_address: dict[str, int] = {}
        self._stopping = False

    def admit(self, session_id: str | None, receiver: Any) -> SessionTransport:
        """Make a session, within the bounds.

        Raises:
            TooManySessions: the process, or the client's address, has as many as it may; or we are stopping.
        """
        transport = SessionTransport(self, session_id, receiver)
        peer = home(transport.peer)
        count = self._per_address.get(peer, 0)
        policy = self.policy
        if self._stopping or len(self.sessions) >= policy.max_sessions:
            raise TooManySessions
        if count >= policy.max_sessions_per_address and not is_loopback(peer):
            raise TooManySessions
        self._per_address[peer] = count + 1
        self.sessions.add(transport)
        return transport

    def receive(self, session_id: str, receiver: Any) -> None:
        """Attach ``receiver`` to the session of that id, which is made if it is not there."""
        known = self.directory.here(session_id)
        if known is None:
            found = self.directory.find(session_id)
            found.addCallback(self._found, session_id, receiver).addErrback(self._not_received, receiver)
            return
        try:
            self._attach(None, known, receiver)
        except Exception:
            self._not_received(Failure(), receiver)

    def deliver(self, session_id: str, messages: Sequence[str]) -> "Deferred[bool]":
        """Hand messages to the application; fires with False when there is no such session."""
        known = self.directory.here(session_id)
        if known is not None:
            return maybeDeferred(_deliver, known, messages)
        found: Deferred[bool] = self.directory.find(session_id).addCallback(_deliver, messages)
        return found

    def forget(self, transport: SessionTransport) -> None:
        """A session is over and its id free."""
        self.clockwork.forget(transport.session)
        if transport not in self.sessions:
            return
        self.sessions.discard(transport)
        if transport.id is not None:
            self.directory.discard(transport.id)
        peer = home(transport.peer)
        left = self._per_address[peer] - 1
        if left:
            self._per_address[peer] = left
        else:
            del self._per_address[peer]

    def stop(self, code: int = SHUTTING_DOWN.code, reason: str = SHUTTING_DOWN.reason) -> None:
        """Close every session and take no new ones. Ids answer with the close until they are forgotten. Idempotent."""
        self._stopping = True
        for transport in list(self.sessions):
            transport.close(code, reason)
        self.clockwork.flush()

    def release(self) -> None:
        """Forget every session at once; after ``stop``, when nobody is waited for any more. Idempotent."""
        for transport in list(self.sessions):
            transport.abortConnection()
        self.clockwork.flush()
        for transport in list(self.sessions):
            self.forget(transport)

    def _found(self, transport: SessionTransport | None, session_id: str, receiver: Any) -> Any:
        if receiver.gone:
            return None
        if transport is not None:
            return self._attach(None, transport, receiver)
        transport = self.admit(session_id, receiver)
        added = self.directory.add(session_id, transport)
        added.addCallback(self._attach, transport, receiver).addErrback(self._not_added, transport)
        return added

    def _attach(self, _: None, transport: SessionTransport, receiver: Any) -> None:
        receiver.start()
        receiver.session = transport.session
        transport.attach(receiver, self.clockwork.now())

    def _not_added(self, failure: Failure, transport: SessionTransport) -> Failure:
        self.forget(transport)
        return failure

    def _not_received(self, failure: Failure, receiver: Any) -> None:
        if failure.check(TooManySessions):
            receiver.refuse(503, BUSY)
        else:
            self._log.failure("a receiver could not be attached", failure=failure)
            receiver.abort()


def _deliver(transport: SessionTransport | None, messages: Sequence[str]) -> bool:
    if transport is None:
        return False
    # On a closed session nobody hears it. The sender is not told by an error, which sockjs-client would report instead
    # of the close code that its next receiver brings.
    transport.session.receive(messages)
    return True
