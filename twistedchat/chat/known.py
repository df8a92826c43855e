"""Who somebody is: people who are here, who have an account, or with whom there is a private chat."""

from twistedchat.chat.people import People
from twistedchat.chat.privates_kept import KeptPrivates
from twistedchat.chat.where import private_channel
from twistedchat.core.presence import Person


class Known:
    """See the module.

    Args:
        people: who is here, or has an account.
        kept: which private chats there are.
    """

    def __init__(self, people: People, kept: KeptPrivates) -> None:
        self._people = people
        self._kept = kept

    async def find(self, me: str, key: str) -> Person | None:
        """Return the person ``key`` as far as the person ``me`` may know of them, or None.

        Raises:
            StoreUnavailable.
        """
        here = self._people.find(key)
        if here is not None:
            return here.person
        kept = await self._kept.find(me, private_channel(me, key))
        return Person(key, kept.name) if kept else await self._people.known(key)
