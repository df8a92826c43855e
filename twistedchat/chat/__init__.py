"""The chat: rooms, private chats, people, and its faces."""
