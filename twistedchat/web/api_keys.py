"""Who may use the API: programs with a key of the configuration, each with its rights and its pace."""

from collections.abc import Callable, Iterable
from hashlib import sha256
from hmac import compare_digest

from twistedchat.chat.errors import NotAllowed
from twistedchat.chat.names import BadName, clean_name
from twistedchat.config import ApiKey, WrongValue
from twistedchat.core.errors import SafeError, TooFast
from twistedchat.core.throttle import TokenBucket

_SCHEME = "bearer"


class NoKey(SafeError):
    """A request has no key, or none that is known."""


class ApiKeys:
    """The keys of the configuration.

    Args:
        keys: as the operator chose.
        rate, burst: requests of each key a second, and at once.
        seconds: the clock that throttles go by.

    Raises:
        WrongValue: a key is there twice, or a program's name cannot be shown.
    """

    def __init__(self, keys: Iterable[ApiKey], rate: float, burst: int, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._known = [(_digest(key.key), key) for key in keys]
        self._buckets = {key.name: TokenBucket(rate, burst, seconds()) for _, key in self._known}
        if len({digest for digest, _ in self._known}) < len(self._known):
            raise WrongValue("api_keys", "two programs have the same key")
        for name in self._buckets:
            try:
                clean_name(name)
            except BadName as error:
                raise WrongValue("api_keys", f"{name!r}: {error}") from error

    def admit(self, authorization: str | None, right: str) -> str:
        """Return the name of the program whose key an ``Authorization`` header has, if it may do what ``right`` says.

        Raises:
            NoKey: there is no key, or an unknown one; which of the two takes the same time.
            TooFast: it asked too often.
            NotAllowed: it may do other things.
        """
        key = self._find(authorization)
        if key is None:
            raise NoKey("send a key of this server: Authorization: Bearer KEY")
        wait = self._buckets[key.name].take(self._seconds())
        if wait:
            raise TooFast("too many requests with this key", wait)
        if right not in key.may:
            raise NotAllowed(f"this key may not do that; it needs the right {right!r}")
        return key.name

    def _find(self, authorization: str | None) -> ApiKey | None:
        scheme, _, text = (authorization or "").partition(" ")
        given = _digest(text.strip())
        found = None
        for digest, key in self._known:  # all of them: how long it takes tells nothing
            if compare_digest(digest, given):
                found = key
        return found if scheme.lower() == _SCHEME else None


def _digest(text: str) -> bytes:
    return sha256(text.encode("utf-8", "surrogatepass")).digest()
