"""Every backend of ours keeps the contract; and the bounds of each."""

from collections.abc import Callable

import pytest

from twistedchat.backends.memory import MemoryBackend
from twistedchat.core.errors import StoreUnavailable
from twistedchat.interfaces import IBackend
from twistedchat.testing.backends import BackendContract, message_id, settled


class TestMemory(BackendContract):
    @pytest.fixture
    def make_backend(self) -> Callable[[], IBackend]:
        return MemoryBackend


def test_memory_keeps_the_newest_entries_and_forgets_the_oldest_ids() -> None:
    backend = MemoryBackend(keep_entries=3, keep_ids=2)
    for number in range(5):
        settled(backend.append("room/x", "ann", message_id(number), "[]", 0))
    assert [entry.offset for entry in settled(backend.read("room/x", 0, 10))] == [3, 4, 5]
    assert not settled(backend.append("room/x", "ann", message_id(3), "[]", 0)).new
    assert settled(backend.append("room/x", "ann", message_id(2), "[]", 0)).new


def test_memory_refuses_one_channel_too_many_and_keeps_the_others() -> None:
    backend = MemoryBackend(max_channels=1)
    settled(backend.append("room/x", "ann", message_id(1), "[]", 0))
    with pytest.raises(StoreUnavailable):
        settled(backend.append("room/y", "ann", message_id(1), "[]", 0))
    assert settled(backend.append("room/x", "ann", message_id(2), "[]", 0)).entry.offset == 2


def test_the_suite_fails_a_backend_that_has_not_answered() -> None:
    from twisted.internet.defer import Deferred

    with pytest.raises(AssertionError, match="not answered"):
        settled(Deferred())
