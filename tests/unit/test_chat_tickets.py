"""Tickets: what was written is read again, and nothing else."""

from typing import Any

import pytest
from itsdangerous import TimestampSigner, URLSafeTimedSerializer

from twistedchat.chat.tickets import (
    MAX_TICKET_CHARS,
    TICKET_DAYS,
    AccountTicket,
    BadTicket,
    GuestTicket,
    Ticket,
    Tickets,
    VouchedTicket,
)

GUEST = GuestTicket("g" * 22, "Zoë")
ACCOUNT = AccountTicket("a" * 22, 3)
VOUCHED = VouchedTicket(
    "v" * 32, "Ann", frozenset({"owner", "member:room/x"}), "https://a.example/x", "k1", 100.0
)


def tickets(secret: str = "secret", now: float = 0.0) -> Tickets:
    return Tickets(secret, lambda: now)


@pytest.mark.parametrize("ticket", [GUEST, ACCOUNT, VOUCHED])
def test_a_ticket_is_read_as_it_was_written_also_after_a_restart(ticket: Ticket) -> None:
    assert tickets().read(tickets().write(ticket)) == ticket


@pytest.mark.parametrize("ticket", [GUEST, ACCOUNT, VOUCHED])
def test_a_changed_or_foreign_ticket_is_refused(ticket: Ticket) -> None:
    good = tickets().write(ticket)
    prefix, _, signed = good.rpartition(":")
    other = {"": "account:", "account": "vouched:", "vouched": "account:"}[prefix]
    bad = [
        good + "x",
        good[:-1],
        tickets("another").write(ticket),
        other + signed,
        signed if prefix else "x" + good,
    ]
    bad += [
        good[:place] + ("A" if good[place] != "A" else "B") + good[place + 1 :]
        for place in range(len(good) - 1)
    ]
    for text in bad:
        with pytest.raises(BadTicket):
            tickets().read(text)


def old(salt: str, payload: Any, days: float) -> str:
    class Earlier(TimestampSigner):
        def get_timestamp(self) -> int:
            return int(super().get_timestamp() - days * 86_400)

    written = URLSafeTimedSerializer("secret", salt=f"twistedchat {salt} ticket", signer=Earlier).dumps(
        payload
    )
    return written if isinstance(written, str) else written.decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "account:",
        "vouched:x",
        "é" * 10,
        "x" * (MAX_TICKET_CHARS + 1),
        old("guest", ["k", "n"], TICKET_DAYS + 1),
        old("guest", ["only one"], 0),
        old("guest", 5, 0),
        "account:" + old("account", ["k", 1], TICKET_DAYS + 1),
        "account:" + old("account", ["k"], 0),
        "vouched:" + old("vouched", {"key": "k"}, 0),
    ],
)
def test_what_is_no_ticket_or_too_old_is_refused(text: str) -> None:
    with pytest.raises(BadTicket):
        tickets().read(text)


def test_what_a_site_vouched_for_ends_at_its_time() -> None:
    text = tickets().write(VOUCHED)
    assert tickets(now=100.0).read(text) == VOUCHED
    with pytest.raises(BadTicket):
        tickets(now=100.5).read(text)


def test_the_longest_ticket_can_be_read() -> None:
    rights = frozenset(f"member:room/{number:04}{'ä' * 40}" for number in range(32))
    text = tickets().write(VouchedTicket("v" * 32, "Ä" * 32, rights, "https://" + "a" * 492, "k" * 128, 1.0))
    assert len(text) < MAX_TICKET_CHARS
    assert tickets().read(text)
