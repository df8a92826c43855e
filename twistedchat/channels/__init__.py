"""Channels: an ordered log, its subscribers, its presence."""
