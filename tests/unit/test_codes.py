"""Close codes say by their range what a client does next."""

import pytest

from twistedchat.core import codes
from twistedchat.core.codes import Next
from twistedchat.core.errors import ProtocolError, SafeError


@pytest.mark.parametrize(
    ("code", "then"),
    [
        (4000, Next.STOP),
        (4099, Next.STOP),
        (4100, Next.LATER),
        (4199, Next.LATER),
        (4200, Next.NOW),
        (4299, Next.NOW),
        (4300, Next.LATER),
        (3000, Next.LATER),
        (1006, Next.LATER),
        (0, Next.LATER),
    ],
)
def test_the_range_says_what_follows(code: int, then: Next) -> None:
    assert codes.next_step(code) is then


def test_every_code_is_listed_once_with_a_reason() -> None:
    named = {value for name, value in vars(codes).items() if isinstance(value, codes.CloseCode)}
    assert named == set(codes.ALL)
    assert len({one.code for one in codes.ALL}) == len(codes.ALL)
    assert all(one.reason for one in codes.ALL)


@pytest.mark.parametrize(
    ("code", "then"),
    [
        (codes.REPLACED, Next.STOP),
        (codes.FORBIDDEN, Next.STOP),
        (codes.SHUTTING_DOWN, Next.LATER),
        (codes.OVERFLOW, Next.LATER),
        (codes.GAP, Next.NOW),
        (codes.SILENT, Next.NOW),
    ],
)
def test_what_a_client_does_after_each(code: codes.CloseCode, then: Next) -> None:
    assert code.next is then


def test_errors_carry_what_the_page_is_told() -> None:
    error = SafeError("wait a little", 2.5)
    assert (error.text, error.retry_s, str(error)) == ("wait a little", 2.5, "wait a little")
    assert ProtocolError(codes.GAP, "x").code is codes.GAP
