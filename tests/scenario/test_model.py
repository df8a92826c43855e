"""A model: whatever lines do to a real server and several peers, the promise of docs/protocol.md holds."""

import os

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from model_kit import HAPPENINGS, World

SOAK = os.environ.get("TWISTEDCHAT_SOAK") == "1"

# What keeps a conversation going comes more often than what disturbs it.
USUAL = ["carry_up", "carry_up", "carry_down", "carry_down", "say", "say", "call", "turn"]
happenings = st.tuples(st.sampled_from(USUAL * 2 + list(HAPPENINGS)), st.integers(0, 2), st.integers(0, 30))


def live_through(story: list[tuple[str, int, int]], calm: bool) -> None:
    """Let it all happen, heal every line, and check."""
    world = World()
    try:
        if calm:
            world.begin()
        for name, number, argument in story:
            HAPPENINGS[name](world, world.members[number], argument)
        world.heal()
        world.check()
    finally:
        world.stop()


@settings(max_examples=10_000 if SOAK else 300, suppress_health_check=list(HealthCheck))
@given(st.lists(happenings, min_size=5, max_size=120), st.booleans())
@example(
    [("open", 0, 0), ("carry_up", 0, 0), ("wait", 0, 30), ("open", 0, 0), ("carry_up_late", 0, 0)], False
)
def test_no_story_breaks_the_promise(story: list[tuple[str, int, int]], calm: bool) -> None:
    live_through(story, calm)


def test_a_calm_story_ends_with_everything_done() -> None:
    world = World()
    for member in world.members:
        world.open(member)
    world.heal()
    for member in world.members:
        world.say(member, 1)
        world.call(member, 1)
        world.ask(member, 1)
    world.heal()
    world.check()
    assert len(world.store.truth) == 3
    for member in world.members:
        assert [shown.text for shown in member.peer.channels["room/lobby"].shown] == ["text 1"] * 3
        assert [call.value for _, call in member.calls] == [token for token, _ in member.calls]
        assert [results for _, results in member.asked] == [[token] for token, _ in member.asked]
    world.stop()
