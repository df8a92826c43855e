"""twistedchat: one room, every browser, any proxy; nothing lost, nothing doubled."""

__version__ = "0.1.0"
