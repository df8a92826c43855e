"""What docs/tokens.md shows is what the chat takes."""

import json
import re
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Any

from twistedchat.chat import tokens
from twistedchat.config import TokenKey

TEXT = (Path(__file__).parents[2] / "docs" / "tokens.md").read_text()


def test_a_token_signed_as_in_the_documentation_is_taken() -> None:
    [example] = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    names: dict[str, Any] = {}
    exec(example, names)
    secret = json.loads(tokens.make_key("HS256", "k1"))["k"]
    token = names["chat_token"](urlsafe_b64decode(secret + "="), "k1", "user 5", "Ann")
    ring = tokens.Keyring(
        [TokenKey("k1", "HS256", "site", secret)], ["https://chat.example.org"], names["time"].time
    )
    found = ring.verify(token)
    assert (found.key, found.name) == (tokens.person_key("site", "user 5"), "Ann")
