"""The client's half of the live protocol with channels and the chat on top, without I/O. See docs/protocol.md."""

from collections.abc import Callable
from typing import Any, ClassVar

from twistedchat.testing.calls import Call, Outcome, Say
from twistedchat.testing.live import ROOT, LivePeer, Positions, random_id
from twistedchat.testing.seen import Seen

CHAT = "chat"
JOIN_AT_ONCE = 100
RETRY_S = 1.0
PASSING = ("StoreUnavailable", "StoreUnknown")  # time heals these
MAX_SAYS = 1000
LOGINS = ("login", "register", "changePassword", "vouched", "rename")  # of the chat; answered alike


_Who = tuple[str | None, str | None]  # a name and a password


class Peer(LivePeer):
    """A live client that is in channels and chats: it shows every message once and in order, or knows of a hole.

    It logs in again on a new live client, with the ticket of its last login, joins again with its positions, and says again
    under the same ids what was not answered. How to drive it: see LivePeer.

    Attributes:
        channels: a ``Seen`` by channel name.
        you: ``(key, name)`` of the last login.
        ticket: by which it comes back as the same person; a logout leaves it.
        says: messages that are not answered yet, by id.
    """

    messages: ClassVar[dict[str, str]] = {
        **LivePeer.messages,
        "event": "_event",
        "joined": "_joined",
        "left": "_left",
        "reset": "_reset",
        "presence": "_presence",
    }

    def __init__(
        self,
        *,
        root: str = "chat",
        make_id: Callable[[], str] = random_id,
        exposed: dict[str, Callable[..., Any]] | None = None,
    ) -> None:
        super().__init__(root=root, make_id=make_id, exposed=exposed)
        self.channels: dict[str, Seen] = {}
        self.you: tuple[str, str] | None = None
        self.ticket: str | None = None
        self.says: dict[str, Say] = {}
        self._rid = 0
        self._leaving: dict[str, None] = {}
        self._who: _Who = (None, None)
        self._before: tuple[_Who, str | None] = self._who, None
        self._wanted = False
        self._login: Call | None = None
        self._here = False

    # --- what the application calls

    def login(self, name: str | None = None, ticket: str | None = None, password: str | None = None) -> Call:
        """Log in, and again on every new live client; the returned call is DONE at the first success.

        Where it is refused, one stays who one was.

        Args:
            name: of the account, with a password; else what a guest is called, where there is no ticket or it is void.
            ticket: by which one comes back as the same person; the one of the last login unless given.
            password: of the account.
        """
        if self._here:
            self._before = self._who, self.ticket
        self._who = (name, password)
        self.ticket = ticket or (self.ticket if password is None else None)
        self._wanted = True
        self._login = Call("login", (name,))
        if self.stopped:
            self._login.end(Outcome.UNKNOWN, self.stopped[1])
        elif ROOT in self.elements:
            self._log_in()
        return self._login

    def join(self, channel: str) -> Seen:
        """Be in ``channel``, also after a resume, until ``leave``. Idempotent; asks again after a refusal."""
        seen = self.channels.setdefault(channel, Seen(channel))
        seen.want()
        self._leaving.pop(channel, None)
        self.settle()
        return seen

    def leave(self, channel: str) -> None:
        """Be in ``channel`` no more."""
        if self.channels.pop(channel, None) is not None:
            self._leaving[channel] = None
            self._tell_leaving()

    def call(self, method: str, *args: Any, element: int = ROOT) -> Call:
        """See LivePeer. A login by this, or anything else that is answered as one, is a login; so is a logout."""
        call = super().call(method, *args, element=element)
        if self.root == CHAT and element == ROOT:
            if method in LOGINS:
                call.watch(self._became)
            elif method == "logout":
                call.watch(self._logged_out)
        return call

    def say(self, channel: str, text: str, id: str | None = None) -> Say:
        """Say ``text``; the message is kept until it is answered."""
        say = Say(channel, id or self.make_id(), text)
        if self.stopped:
            say.end(Outcome.UNKNOWN, self.stopped[1])
        elif len(self.says) >= MAX_SAYS:
            say.end(Outcome.REFUSED, {"error": "Overflow", "text": "too much is waiting to be sent"})
        else:
            self.says[say.id] = say
            if self._speaks:
                self._attempt(say)
        return say

    # --- what the live part tells

    def positions(self) -> Positions:
        """Return where this client stands in each channel that it is in."""
        seen = self.channels.values()
        return {one.name: one.position for one in seen if one.joined and one.position is not None}

    def tick(self, now: float) -> None:
        """Time passes: say again what a store did not answer."""
        super().tick(now)
        for say in list(self.says.values()):
            if say.retry_at is not None and now >= say.retry_at and self._speaks and self.ready:
                self._attempt(say)

    def began_anew(self) -> None:
        """Nobody is logged in on a new live client."""
        self._here = False

    def welcomed(self, resumed: bool) -> None:
        """Ask again for what was not answered on the session before."""
        for seen in self.channels.values():
            seen.forget_session(resumed)
        if not resumed:
            self._leaving.clear()
        self._tell_leaving()

    def root_came(self) -> None:
        """Be on this live client who we were on the last one."""
        if self._wanted:
            self._log_in()
        else:
            self._attempt_all()

    def stop(self, code: int, reason: str) -> None:
        """It is over: what is pending ends unknown. Idempotent."""
        super().stop(code, reason)
        self._end_says(Outcome.UNKNOWN, reason)
        if self._login is not None:
            self._login.end(Outcome.UNKNOWN, reason)
        for seen in self.channels.values():
            seen.joined = False

    def settle(self) -> None:
        """Ask for every channel that is wanted and was not asked for on this session."""
        if not self.ready or (self._wanted and not self._here):
            return
        due = [seen for seen in self.channels.values() if seen.rid == 0 and seen.ask_at <= self.now]
        for start in range(0, len(due), JOIN_AT_ONCE):
            self._rid += 1
            asked = due[start : start + JOIN_AT_ONCE]
            self.send(["join", self._rid, {seen.name: seen.ask(self._rid, self.now) for seen in asked}])

    # --- being somebody, and saying things

    @property
    def _speaks(self) -> bool:
        """Whether a message can be sent: one waits for a login that is wanted; where none is, the server refuses it."""
        return self._here or (not self._wanted and ROOT in self.elements)

    def _log_in(self) -> None:
        name, password = (None, None) if self.ticket else self._who
        super().call("login", name, self.ticket, password).watch(self._login_ended)

    def _login_ended(self, call: Call) -> None:
        if call.outcome is Outcome.DONE:
            self._logged_in(call.value)
        elif call.outcome is Outcome.REFUSED and self.ticket and call.value.get("error") == "BadTicket":
            self.ticket = None
            self._log_in()
        elif call.outcome is Outcome.REFUSED:
            self._wanted = self._here
            if self._here:
                self._who, self.ticket = self._before
            else:
                self._end_says(call.outcome, call.value)
            if self._login is not None:
                self._login.end(call.outcome, call.value)

    def _became(self, call: Call) -> None:
        """What is answered as a login ended."""
        if call.outcome is Outcome.DONE:
            self._wanted = True
            self._who = (call.value["you"][1], None)
            self._logged_in(call.value)

    def _logged_out(self, call: Call) -> None:
        if call.outcome is Outcome.DONE:
            self._wanted = self._here = False

    def _logged_in(self, value: dict[str, Any]) -> None:
        self.you = (value["you"][0], value["you"][1])
        self.ticket = value["ticket"]
        waiting, self._here = not self._here, True
        for channel in value["channels"]:
            self.join(channel)
        self.settle()
        if self._login is not None:
            self._login.end(Outcome.DONE, value)
        if waiting:
            self._attempt_all()

    def _attempt_all(self) -> None:
        for say in list(self.says.values()):
            self._attempt(say)

    def _attempt(self, say: Say) -> None:
        say.attempts += 1
        say.retry_at = None
        self.call("say", say.channel, say.id, say.text).watch(lambda call: self._said(say, call))

    def _said(self, say: Say, call: Call) -> None:
        """An attempt ended. The message waits when nobody knows, and when the store is away."""
        if call.outcome is Outcome.UNKNOWN:
            return
        if call.outcome is Outcome.REFUSED and call.value.get("error") in PASSING:
            say.retry_at = self.now + RETRY_S
            return
        self.says.pop(say.id, None)
        say.end(call.outcome, call.value)

    def _end_says(self, outcome: Outcome, value: Any) -> None:
        says, self.says = self.says, {}
        for say in says.values():
            say.end(outcome, value)

    # --- channels

    def _joined(self, rid: int, results: dict[str, dict[str, Any]]) -> None:
        for name, result in results.items():
            seen = self.channels.get(name)
            if seen is None or seen.rid != rid:
                continue
            if "error" in result:
                seen.was_refused(result, self.now)
            else:
                seen.was_joined(result)

    def _tell_leaving(self) -> None:
        if self._leaving and self.ready:
            self._rid += 1
            self.send(["leave", self._rid, list(self._leaving)])

    def _left(self, rid: int, names: list[str]) -> None:
        for name in names:
            self._leaving.pop(name, None)

    def _event(self, channel: str, offset: int, id: str, event: list[Any], at: float) -> None:
        seen = self.channels.get(channel)
        if seen is not None and seen.event(offset, id, event, at, self.now) and seen.position is not None:
            self.say_state({channel: seen.position}, rewind=True)

    def _reset(self, channel: str, reason: str) -> None:
        seen = self.channels.get(channel)
        if seen is not None:
            seen.was_reset(reason)

    def _presence(self, channel: str, version: int, kind: str, *told: Any) -> None:
        seen = self.channels.get(channel)
        if seen is not None:
            seen.presence(version, kind, told, self.now)
