"""The way from Twisted's own HTTP client into a house in memory."""

from typing import Any

from twisted.web.iweb import IAgentEndpointFactory
from zope.interface import implementer

from twistedchat.testing.kit import MemoryHouse


@implementer(IAgentEndpointFactory)
class There:
    """Leads to the house in memory, whatever the URL."""

    def __init__(self, house: MemoryHouse) -> None:
        self._house = house

    def endpointForURI(self, uri: Any) -> Any:
        """See IAgentEndpointFactory."""
        return self._house.network
