"""Public test kit: an in-memory house and an async client over any transport."""
