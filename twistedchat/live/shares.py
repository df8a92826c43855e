"""What the live clients of one address hold together, so that one visitor cannot take the house from the others."""

from typing import TYPE_CHECKING

from twistedchat.core.addresses import home, is_loopback

if TYPE_CHECKING:
    from twistedchat.live.client import LiveClient


class Share:
    """What one address holds.

    Attributes:
        clients: how many live clients, detached ones too.
        chars: what their baskets keep together.
        free: True for loopback, where a proxy or the operator sits: it has no bounds.
        detached: its clients without a session, the longest detached first.
    """

    __slots__ = ("chars", "clients", "detached", "free", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self.free = is_loopback(name)
        self.clients = 0
        self.chars = 0
        self.detached: dict[LiveClient, None] = {}


class Shares:
    """The shares of all addresses that have a live client.

    Args:
        most_chars: what the baskets of one address may keep together.
        part_chars: what one client may keep whatever the others do.
    """

    __slots__ = ("_by_name", "most_chars", "part_chars")

    def __init__(self, most_chars: int, part_chars: int) -> None:
        self.most_chars = most_chars
        self.part_chars = part_chars
        self._by_name: dict[str, Share] = {}

    def __len__(self) -> int:
        return len(self._by_name)

    def find(self, peer: str) -> Share:
        """Return the share of an address, an empty one where it has no client."""
        name = home(peer)
        return self._by_name.get(name) or Share(name)

    def enter(self, peer: str) -> Share:
        """Count one more client of an address; return its share."""
        share = self.find(peer)
        self._by_name[share.name] = share
        share.clients += 1
        return share

    def leave(self, share: Share) -> None:
        """Count one client less."""
        share.clients -= 1
        if not share.clients:
            del self._by_name[share.name]


class Holding:
    """What one live client counts for at its address."""

    __slots__ = ("_chars", "_client", "_share", "_shares")

    def __init__(self, client: "LiveClient", shares: Shares) -> None:
        self._client = client
        self._shares = shares
        self._share: Share | None = None
        self._chars = 0

    def settle(self, peer: str) -> None:
        """It has a session from the address ``peer``; a page may come back from another one."""
        self.leave()
        self._share = self._shares.enter(peer)

    def detached(self) -> None:
        """It has no session; it is the last in its address's row of those."""
        if self._share is not None:
            self._share.detached[self._client] = None

    def count(self, chars: int) -> None:
        """Its basket keeps ``chars`` characters now."""
        if self._share is not None:
            self._share.chars += chars - self._chars
            self._chars = chars

    @property
    def too_much(self) -> bool:
        """True when its address keeps more than it may, and this one more than its part of that."""
        share = self._share
        return (
            share is not None
            and share.chars > self._shares.most_chars
            and self._chars > self._shares.part_chars
            and not share.free
        )

    def leave(self) -> None:
        """It counts no more. Idempotent."""
        share, self._share = self._share, None
        if share is not None:
            share.detached.pop(self._client, None)
            share.chars -= self._chars
            self._chars = 0
            self._shares.leave(share)
