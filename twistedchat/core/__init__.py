"""Pure logic: frames, sessions, baskets, positions, presence. No sockets, no clock, no Twisted."""
