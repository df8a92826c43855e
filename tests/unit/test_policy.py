"""The policy of a mount."""

import pytest

from twistedchat.core.policy import ALL_TRANSPORTS, MountPolicy


def test_a_transport_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ValueError, match="unknown transports: pigeon; known are websocket"):
        MountPolicy(transports=("websocket", "pigeon"))
    assert MountPolicy(transports=ALL_TRANSPORTS).websocket
    assert not MountPolicy(transports=("xhr-polling",)).websocket
