"""Entries of a log and their wire form."""

import json

from hypothesis import given
from hypothesis import strategies as st

from twistedchat.core.entry import Batch, Entry, event_text
from twistedchat.core.position import Position


def entry(offset: int, text: str = "hi") -> Entry:
    return Entry(offset, f"id-{offset}", "someone", json.dumps(["message", text]), 12.3456)


@given(st.text(), st.text())
def test_an_event_is_the_shape_of_the_protocol(channel: str, text: str) -> None:
    assert json.loads(event_text(channel, entry(7, text))) == [
        "event",
        channel,
        7,
        "id-7",
        ["message", text],
        12.346,
    ]


def test_a_batch_knows_its_ends_and_its_messages() -> None:
    batch = Batch("room/x", 4, [entry(5), entry(6)])
    assert (batch.before, batch.last) == (4, 6)
    assert batch.end("e") == Position("e", 6, "id-6")
    assert [json.loads(message)[2] for message in batch.prepared.messages] == [5, 6]


def test_an_empty_batch_ends_where_it_begins() -> None:
    batch = Batch("room/x", 4, [])
    assert (batch.before, batch.last, batch.prepared.messages) == (4, 4, ())
