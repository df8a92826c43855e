"""Reading all records of a kind, page by page."""

from twisted.internet.defer import Deferred

from twistedchat.backends.memory import MemoryBackend
from twistedchat.core.records import Change, every
from twistedchat.testing.backends import settled


def test_every_record_below_a_prefix_comes_once_however_many_pages_it_takes() -> None:
    store = MemoryBackend()
    settled(store.commit([Change("a", key, "") for key in ("p", "p1", "p2", "p3", "p4", "q1")]))

    async def keys(prefix: str, at_once: int) -> list[str]:
        return [record.key async for record in every(store.page, "a", prefix, at_once)]

    for at_once in (1, 2, 4, 100):
        assert settled(Deferred.fromCoroutine(keys("p", at_once))) == ["p1", "p2", "p3", "p4"]
    assert settled(Deferred.fromCoroutine(keys("", 3))) == ["p", "p1", "p2", "p3", "p4", "q1"]
    assert settled(Deferred.fromCoroutine(keys("x", 3))) == []
