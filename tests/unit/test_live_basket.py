"""The basket over sessions: nothing lost or doubled either way, acknowledgements that ride, wait or hurry."""

from typing import Any

import pytest
from kit import Page
from test_live_server import Root, Site, turn

from twistedchat.core import codes


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def page(site: Site) -> Page:
    page = site.page()
    page.connect()
    site.clock.advance(0)
    return page


def root(site: Site) -> Root:
    return site.roots[0]


def numbers(page: Page) -> list[Any]:
    return [args[2][0] for args in page.actions("notify")]


def seqs(page: Page) -> list[int]:
    packets = [message for message in page.session.messages if isinstance(message[0], int)]
    return [seq for _, kept in packets for seq, _ in kept]


def test_what_is_said_in_one_turn_goes_out_as_one_packet(site: Site, page: Page) -> None:
    page.session.clear()
    for number in range(5):
        root(site).notify("n", number)
    site.clock.advance(0)
    assert len(page.session.pieces) == 1
    assert numbers(page) == [0, 1, 2, 3, 4]


def test_what_was_not_acknowledged_is_said_again_after_a_resume(site: Site, page: Page) -> None:
    for number in range(4):
        root(site).notify("n", number)
    site.clock.advance(0)
    page.session.lost()
    root(site).notify("n", 4)
    page.connect(ack=2)  # the element, 0 and 1
    assert numbers(page) == [2, 3, 4]
    assert seqs(page) == [3, 4, 5]


def test_what_a_page_repeats_is_done_once_and_acknowledged_again(site: Site, page: Page) -> None:
    page.answer("echo", "x")
    page.session.clear()
    page.say([-1, [[0, ["call", ["c0", 1, "echo", ["x"]]]]]])
    assert page.answers() == {}
    turn(site.clock, 12)
    assert page.acks() == [0]


def test_a_resumed_page_learns_how_far_the_server_got(site: Site, page: Page) -> None:
    page.answer("echo", "x")
    page.session.lost()
    page.connect(ack=1)
    assert page.heard("welcome")[0][1]["ack"] == 0


def test_a_gap_closes_the_session_with_resume_at_once(site: Site, page: Page) -> None:
    page.seq += 1
    page.do("close")
    assert page.session.ended == (4201, codes.GAP.reason)
    assert page.id in site.server.clients


@pytest.mark.parametrize("ack", [1, 2**50])
def test_an_ack_of_something_never_sent_closes_the_session(page: Page, ack: int) -> None:
    page.say([ack, []])
    assert page.session.ended == (4002, codes.BAD_MESSAGE.reason)


def test_an_ack_of_what_waits_for_a_slow_reader_is_forged_too(site: Site, page: Page) -> None:
    page.session.pause()
    root(site).notify("n", 1)
    site.clock.advance(0)
    page.say([1, []])
    assert page.session.ended == (4002, codes.BAD_MESSAGE.reason)


def test_a_statement_acknowledges_too(site: Site, page: Page) -> None:
    page.say(["at", 0, {}])
    assert len(site.server.clients[page.id]._basket) == 0
    page.say(["at", 7, {}])
    assert page.session.ended == (4002, codes.BAD_MESSAGE.reason)


def test_an_acknowledgement_rides_on_an_answer(site: Site, page: Page) -> None:
    page.session.clear()
    assert page.answer("echo", "x") == [True, "x"]
    assert page.acks() == [0]
    turn(site.clock, 20)
    assert page.acks() == [0]


def test_an_acknowledgement_that_cannot_ride_follows_within_ten_seconds(site: Site, page: Page) -> None:
    page.session.clear()
    page.do("notify", 1, "echo", ["x"])
    turn(site.clock, 9)
    assert page.acks() == []
    turn(site.clock, 2)
    assert page.acks() == [0] and page.actions() == []


def test_a_pure_acknowledgement_is_not_acknowledged(site: Site, page: Page) -> None:
    page.session.clear()
    page.say([0, []])
    turn(site.clock, 30)
    assert page.session.messages == []


def test_thirty_two_that_are_owed_are_acknowledged_at_once(site: Site, page: Page) -> None:
    page.session.clear()
    for _ in range(31):
        page.do("cancel", "nothing")
    site.clock.advance(0)
    assert page.acks() == []
    page.do("cancel", "nothing")
    site.clock.advance(0)
    assert page.acks() == [31]


def test_an_acknowledgement_due_between_two_polls_goes_with_the_next(site: Site) -> None:
    page = site.page(transport="xhr-polling")
    page.connect()
    page.session.poll(site.clock)
    for _ in range(40):
        page.do("cancel", "nothing", ack=0)
    site.clock.advance(0)
    assert page.session.poll(site.clock) == [[39, []]]
    page.do("cancel", "nothing", ack=0)
    turn(site.clock, 12)
    assert page.session.poll(site.clock) == [[40, []]]


def test_a_page_that_acknowledges_nothing_ends_when_its_basket_is_full(site: Site, page: Page) -> None:
    for number in range(1100):
        root(site).notify("n", number)
    assert page.session.ended == (4103, codes.OVERFLOW.reason)
    assert root(site).hooks == ["made", "lost: " + codes.OVERFLOW.reason]
    assert site.server.clients == {}


def test_what_is_too_large_for_the_basket_ends_the_client() -> None:
    site = Site(basket_chars=1000)
    page = site.page()
    page.connect()
    site.roots[0].notify("n", "x" * 2000)
    assert page.session.ended == (4103, codes.OVERFLOW.reason)


def test_a_full_session_gets_nothing_until_it_takes_more(site: Site, page: Page) -> None:
    page.session.clear()
    page.session.pause()
    root(site).notify("n", 1)
    site.clock.advance(5)
    assert page.session.messages == []
    page.session.resume()
    assert numbers(page) == [1]


def test_polls_take_a_piece_each(site: Site) -> None:
    page = site.page(transport="xhr-polling")
    page.connect()
    page.session.poll(site.clock)
    for number in range(6):
        site.roots[0].notify("n", number, "x" * 30_000)
    answered = [page.session.poll(site.clock) for _ in range(4)]
    assert numbers(page) == list(range(6))
    assert len([messages for messages in answered if messages]) >= 2
    assert max(piece.size for piece in page.session.pieces) < 66_000
