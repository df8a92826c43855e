"""A client of the API, for programs that run Twisted: ``await ApiClient(url, key).post("Lobby", "hello")``."""

from twistedchat.client.api import ApiClient, Member, Page, Posted, Room
from twistedchat.client.asking import ApiError

__all__ = ["ApiClient", "ApiError", "Member", "Page", "Posted", "Room"]
