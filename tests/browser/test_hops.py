"""A page changes transport in mid-conversation, its connection cut at the worst moments: nothing lost, doubled, reordered.

The traveller's route visits ordered pairs of transports. A crowd of other people, who stay where they are, fills the room.
"""

from collections.abc import Callable, Iterator
from itertools import count, islice, pairwise

import pytest
from browserkit.chatter import TRANSPORTS, Chatter, assert_same_log, enter
from browserkit.drive import Browser
from browserkit.server import ChatServer

HOPS = {"chromium": 72, "firefox": 20}  # of the 72 there are
CROWD = 3
HISTORY = (
    6  # lines that are missed, so that there is history to arrive; a person may say 20 at once and 5 a second
)


def route(names: tuple[str, ...]) -> Iterator[str]:
    """Walk through every ordered pair of different names once, without a jump (Hierholzer's circuit)."""
    unused = {start: [name for name in names if name != start] for start in names}
    stack, circuit = [names[0]], []
    while stack:
        if unused[stack[-1]]:
            stack.append(unused[stack[-1]].pop())
        else:
            circuit.append(stack.pop())
    yield from reversed(circuit)


def test_the_route_takes_each_ordered_pair_once() -> None:
    stops = list(route(TRANSPORTS))
    pairs = list(pairwise(stops))
    assert len(pairs) == len(set(pairs)) == len(TRANSPORTS) * (len(TRANSPORTS) - 1)


class Journey:
    """A traveller, a crowd, and all that was said.

    Args:
        traveller: the page that hops.
        crowd: people who stay.
    """

    def __init__(self, traveller: Chatter, crowd: list[Chatter]) -> None:
        self.traveller = traveller
        self.crowd = crowd
        self.texts: dict[Chatter, list[str]] = {chatter: [] for chatter in [traveller, *crowd]}
        self._numbers = count()

    def says(self, chatter: Chatter) -> None:
        """Let somebody say something that was not said before."""
        text = f"{next(self._numbers)} by {chatter}"
        self.texts[chatter].append(text)
        chatter.say(text)

    def history(self) -> None:
        """Let the crowd talk, and wait until the server has it: the traveller, who is away, misses it."""
        for number in range(HISTORY):
            self.says(self.crowd[number % CROWD])
        for chatter in self.crowd:
            chatter.settled(0)

    def all_texts(self) -> set[str]:
        """Return all that was said."""
        return {text for said in self.texts.values() for text in said}


# Each leaves the traveller on its way to the next transport; what comes before and after is the same for all.


def cut_before_a_send(journey: Journey, to: str) -> None:
    """The message is written while there is no connection."""
    journey.traveller.cut()
    journey.says(journey.traveller)
    journey.traveller.use(to)


def cut_after_a_send(journey: Journey, to: str) -> None:
    """The message is on its way, its answer is not here yet."""
    journey.says(journey.traveller)
    journey.traveller.cut()
    journey.traveller.use(to)


def cut_while_idle(journey: Journey, to: str) -> None:
    """Nothing is under way; what others say meanwhile is missed."""
    journey.traveller.settled(0)
    journey.traveller.cut()
    journey.says(journey.crowd[0])
    journey.traveller.use(to)


def cut_while_history_arrives(journey: Journey, to: str) -> None:
    """The missed messages are coming; at the first of them the connection breaks again."""
    traveller = journey.traveller
    traveller.cut_at_next_arrival()
    traveller.cut()
    journey.history()
    traveller.use(to)
    traveller.was_cut()
    traveller.use(to)


def moved_in_mid_sentence(journey: Journey, to: str) -> None:
    """No cut: the new session proves itself beside the old one while messages cross both."""
    journey.says(journey.traveller)
    journey.traveller.use(to)
    journey.says(journey.crowd[1])
    journey.says(journey.traveller)


MOMENTS: tuple[Callable[[Journey, str], None], ...] = (
    cut_before_a_send,
    cut_after_a_send,
    cut_while_idle,
    cut_while_history_arrives,
    moved_in_mid_sentence,
)


@pytest.mark.timeout(240)
def test_a_page_hops_between_transports_and_loses_nothing(
    browser: Browser, chromium: Browser, server: ChatServer
) -> None:
    room = f"hops-{browser.name}"
    stops = list(islice(route(TRANSPORTS), HOPS[browser.name] + 1))
    crowd = [enter(chromium, server.url, f"crowd {room} {i}", room, "websocket") for i in range(CROWD)]
    journey = Journey(enter(browser, server.url, f"hopping in {browser.name}", room, stops[0]), crowd)
    journey.traveller.on_transport(stops[0])
    for number, to in enumerate(stops[1:]):
        MOMENTS[number % len(MOMENTS)](journey, to)
        journey.traveller.on_transport(to)
    texts = journey.all_texts()
    for chatter in journey.texts:
        chatter.settled(len(texts))
    assert_same_log(list(journey.texts), texts)
    for chatter, said in journey.texts.items():
        assert [line.text for line in chatter.lines() if line.author == chatter.name] == said, chatter
    assert_drawn(journey.traveller)


def assert_drawn(chatter: Chatter) -> None:
    """Assert that what the page shows is the log, line by line."""
    drawn = [(line["offset"], line["id"], line["text"], line["state"]) for line in chatter.shown()]
    assert drawn == [(line.offset, line.id, line.text, "sent") for line in chatter.lines()]
