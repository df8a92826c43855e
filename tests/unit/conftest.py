"""What several unit tests of the chat use."""

from collections.abc import Iterator

import pytest
from chat_kit import House


@pytest.fixture
def house() -> Iterator[House]:
    """A chat on a memory backend. After each test: what pages were told is what the store has."""
    house = House()
    yield house
    house.check.verify()
