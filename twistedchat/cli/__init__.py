"""``python -m twistedchat``: what an operator does besides running ``twistd chat``."""
