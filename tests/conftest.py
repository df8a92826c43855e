"""What holds for every test: nothing may be left behind."""

import gc
from collections.abc import Iterator

import hypothesis
import pytest
from twisted.logger import LogEvent, globalLogPublisher
from twisted.python.failure import Failure

# A shared or busy machine makes single examples slow; the budget of the whole part is what counts.
hypothesis.settings.register_profile(
    "house", deadline=None, print_blob=True, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("house")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Put what the imports made out of the collector's sight: collecting after each test then takes no time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[list[Failure]]:
    """Fail a test that leaves a failure in the log (an unhandled Deferred's too) or a delayed call in the reactor."""
    from twisted.internet import reactor

    failures: list[Failure] = []

    def observe(event: LogEvent) -> None:
        failure = event.get("log_failure")
        if failure is not None:
            failures.append(failure)

    before = set(reactor.getDelayedCalls())
    globalLogPublisher.addObserver(observe)
    yield failures
    gc.collect()
    globalLogPublisher.removeObserver(observe)
    late = [call for call in reactor.getDelayedCalls() if call not in before]
    for call in late:
        call.cancel()
    complaints = [failure.getTraceback() for failure in failures] + [
        f"delayed call left: {call}" for call in late
    ]
    if complaints:
        pytest.fail("\n".join(complaints), pytrace=False)


@pytest.fixture
def logged_failures(nothing_left: list[Failure]) -> list[Failure]:
    """The failures that this test has logged so far; a test that expects some looks at them and clears the list.

    A Deferred reports its unhandled failure when it is collected: call ``gc.collect()`` before looking.
    """
    return nothing_left
