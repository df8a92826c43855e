"""SockJS sessions over every transport, for any message-based Twisted protocol."""
