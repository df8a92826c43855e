"""The session's state machine, with a clock of numbers."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twistedchat.core.frames import RAW_WEBSOCKET, WEBSOCKET, XHR, Envelope, Prepared, close_frame
from twistedchat.core.inbound import decode_frame
from twistedchat.core.policy import MountPolicy
from twistedchat.core.session import NEVER, TRANSITIONS, Session, State


class App:
    def __init__(self) -> None:
        self.log: list[object] = []
        self.writable: list[bool] = []

    def opened(self) -> None:
        self.log.append("opened")

    def received(self, messages: Sequence[str]) -> None:
        self.log.extend(messages)

    def closed(self, code: int, reason: str) -> None:
        self.log.append((code, reason))

    def writableChanged(self, writable: bool) -> None:
        self.writable.append(writable)


class Driver:
    def __init__(self) -> None:
        self.marked = 0
        self.forgotten = 0

    def dirty(self, session: Session) -> None:
        self.marked += 1

    def due(self, session: Session) -> None:
        pass

    def forget(self, session: Session) -> None:
        self.forgotten += 1


class Reader:
    """A receiver that remembers; ``limit`` bytes, or one frame for a poll."""

    def __init__(self, streaming: bool = True, limit: int = 1 << 30, envelope: Envelope = XHR) -> None:
        self.streaming = streaming
        self.envelope = envelope
        self.room = limit if streaming else 1
        self.writable = True
        self.got = b""
        self.over: str | None = None

    def write(self, data: bytes) -> None:
        assert self.over is None, "nothing is written after the end"
        self.got += data
        self.room = self.room - len(data) if self.streaming else 0

    def close(self, code: int, reason: str) -> None:
        self.write(self.envelope.wrap(close_frame(code, reason)))
        self.over = "closed"

    def end(self) -> None:
        assert self.over is None
        self.over = "ended"

    def abort(self) -> None:
        self.over = "aborted"


def poll() -> Reader:
    return Reader(streaming=False)


@pytest.fixture
def app() -> App:
    return App()


@pytest.fixture
def driver() -> Driver:
    return Driver()


def opened(
    app: App, driver: Driver, reader: Reader | None = None, lingers: bool = True, **policy: object
) -> Session:
    session = Session(MountPolicy(**policy), app, driver, lingers)  # type: ignore[arg-type]
    session.attach(reader or Reader(), 0)
    return session


def test_a_stream_is_told_open_first_and_then_the_application(app: App, driver: Driver) -> None:
    reader = Reader()
    session = opened(app, driver, reader)
    assert reader.got == b"o\n" and app.log == ["opened"]
    assert session.writable and session.receiver is reader


def test_a_poll_ends_with_open(app: App, driver: Driver) -> None:
    reader = poll()
    session = opened(app, driver, reader)
    assert reader.got == b"o\n" and reader.over == "ended"
    assert not session.writable and session.deadline == 5


def test_a_writable_stream_is_written_to_at_once(app: App, driver: Driver) -> None:
    reader = Reader()
    session = opened(app, driver, reader)
    session.send(Prepared("x"))
    assert reader.got == b'o\na["x"]\n' and driver.marked == 0


def test_a_poll_carries_all_of_a_turn(app: App, driver: Driver) -> None:
    session = opened(app, driver, poll())
    reader = poll()
    session.attach(reader, 1)
    assert session.writable
    session.send(Prepared("x"))
    session.send(Prepared("y", "z"))
    assert reader.got == b"" and driver.marked == 1 and session.writable
    session.flush(1)
    assert reader.got == b'a["x","y","z"]\n' and reader.over == "ended"
    assert not session.writable and session.deadline == 6


def test_what_is_sent_between_polls_waits_for_the_next(app: App, driver: Driver) -> None:
    session = opened(app, driver, poll())
    session.send(Prepared("x"))
    session.send(Prepared("y"))
    reader = poll()
    session.attach(reader, 1)
    assert reader.got == b'a["x","y"]\n' and reader.over == "ended"


def test_what_waits_is_joined_into_pieces(app: App, driver: Driver) -> None:
    session = opened(app, driver, poll(), piece_bytes=10)
    for text in ("aaaa", "bbbb", "cccc", "d" * 50):
        session.send(Prepared(text))
    got = []
    for at in range(3):
        reader = poll()
        session.attach(reader, at)
        got.append(reader.got)
    assert got == [b'a["aaaa","bbbb"]\n', b'a["cccc"]\n', b'a["' + b"d" * 50 + b'"]\n']


def test_a_full_piece_in_one_turn_stops_the_application(app: App, driver: Driver) -> None:
    session = opened(app, driver, poll(), piece_bytes=10)
    session.attach(poll(), 1)
    session.send(Prepared("x" * 10))
    assert not session.writable


def test_a_response_is_recycled_at_its_limit(app: App, driver: Driver) -> None:
    reader = Reader(limit=20)
    session = opened(app, driver, reader)
    session.send(Prepared("x" * 20))
    assert not session.writable and driver.marked == 1
    session.send(Prepared("later"))
    session.flush(2)
    assert reader.over == "ended" and session.deadline == 7
    second = Reader()
    session.attach(second, 3)
    assert second.got == b'a["later"]\n', "no second open frame"
    assert app.log == ["opened"]


def test_heartbeats_while_a_receiver_waits(app: App, driver: Driver) -> None:
    reader = Reader()
    session = opened(app, driver, reader)
    session.tick(24.9)
    assert reader.got == b"o\n"
    session.tick(25)
    assert reader.got == b"o\nh\n" and session.deadline == 50


def test_a_poll_ends_with_the_heartbeat(app: App, driver: Driver) -> None:
    session = opened(app, driver, poll())
    reader = poll()
    session.attach(reader, 1)
    session.tick(26)
    assert reader.got == b"h\n" and reader.over == "ended" and session.deadline == 31


def test_a_brief_mount_answers_an_empty_poll_soon(app: App, driver: Driver) -> None:
    session = opened(app, driver, poll(), hold_s=0.25)
    reader = poll()
    session.attach(reader, 1)
    assert session.deadline == 1.25
    stream = Reader()
    session.tick(1.25)
    assert reader.got == b"h\n"
    session.attach(stream, 2)
    assert session.deadline == 27


def test_a_raw_websocket_has_neither_open_nor_heartbeat(app: App, driver: Driver) -> None:
    reader = Reader(envelope=RAW_WEBSOCKET)
    session = opened(app, driver, reader, lingers=False)
    session.tick(25)
    assert reader.got == b"" and app.log == ["opened"]


def test_without_a_receiver_a_session_ends(app: App, driver: Driver) -> None:
    session = opened(app, driver, poll())
    session.tick(5)
    assert app.log == ["opened", (1002, "Connection interrupted")]
    late = poll()
    session.attach(late, 6)
    assert late.got == b'c[1002,"Connection interrupted"]\n', "a late poll does not silently begin anew"
    session.tick(10)
    assert session.state is State.GONE and driver.forgotten == 1 and session.deadline == NEVER


def test_a_second_receiver_is_refused_and_the_first_untouched(app: App, driver: Driver) -> None:
    first, second = Reader(), Reader()
    session = opened(app, driver, first)
    session.attach(second, 1)
    assert second.got == b'c[2010,"Another connection still open"]\n' and second.over == "closed"
    session.send(Prepared("x"))
    assert first.got.endswith(b'a["x"]\n')


def test_the_newest_receiver_wins_where_the_policy_says_so(app: App, driver: Driver) -> None:
    first, second, third = Reader(), Reader(), Reader()
    session = opened(app, driver, first, conflict="newest")
    session.attach(second, 1)
    assert first.over == "closed" and b"c[2010" in first.got and session.receiver is second
    second.writable = False
    session.attach(third, 2)
    assert second.over == "aborted" and session.receiver is third


def test_close_comes_after_what_was_sent_and_stays_for_a_while(app: App, driver: Driver) -> None:
    reader = Reader()
    session = opened(app, driver, reader)
    session.send(Prepared("x"))
    session.close(3000, "Go away!")
    session.close(3001, "too late")
    session.send(Prepared("not sent"))
    assert app.log == ["opened"], "the application is not called from inside its own call"
    session.flush(1)
    assert reader.got == b'o\na["x"]\nc[3000,"Go away!"]\n'
    assert app.log == ["opened", (3000, "Go away!")]
    for at in (2, 3):
        again = poll()
        session.attach(again, at)
        assert again.got == b'c[3000,"Go away!"]\n'
    assert session.deadline == 6, "asking does not prolong it"
    assert not session.receive(["x"])
    session.tick(6)
    assert session.state is State.GONE


def test_polls_get_everything_before_the_close(app: App, driver: Driver) -> None:
    session = opened(app, driver, poll())
    session.send(Prepared("x"))
    session.close(3000, "Go away!")
    session.flush(0)
    got = []
    for at in (1, 2, 3):
        reader = poll()
        session.attach(reader, at)
        got.append(reader.got)
    assert got == [b'a["x"]\n', b'c[3000,"Go away!"]\n', b'c[3000,"Go away!"]\n']


def test_a_paused_stream_gets_the_rest_and_the_close_when_it_reads(app: App, driver: Driver) -> None:
    reader = Reader()
    session = opened(app, driver, reader)
    reader.writable = False
    session.paused(reader, 1)
    session.send(Prepared("x"))
    session.close(3000, "Go away!")
    session.flush(1)
    assert reader.got == b"o\n"
    reader.writable = True
    session.resumed(reader, 2)
    assert reader.got == b'o\na["x"]\nc[3000,"Go away!"]\n' and reader.over == "closed"


def test_a_paused_stream_that_never_reads_is_cut_after_the_close(app: App, driver: Driver) -> None:
    reader = Reader()
    session = opened(app, driver, reader)
    reader.writable = False
    session.paused(reader, 1)
    session.close(3000, "Go away!")
    session.flush(1)
    other = Reader()
    session.attach(other, 2)
    assert b"c[2010" in other.got
    session.tick(6)
    assert reader.over == "aborted" and session.state is State.GONE


def test_a_reader_that_stalls_is_cut(app: App, driver: Driver) -> None:
    reader = Reader()
    session = opened(app, driver, reader)
    reader.writable = False
    session.paused(reader, 1)
    assert not session.writable and session.deadline == 31
    session.tick(31)
    assert reader.over == "aborted" and app.log[-1] == (1002, "Connection interrupted")


def test_a_reader_that_catches_up_gets_what_waits(app: App, driver: Driver) -> None:
    reader = Reader()
    session = opened(app, driver, reader)
    reader.writable = False
    session.paused(reader, 1)
    session.send(Prepared("x"))
    reader.writable = True
    session.resumed(reader, 2)
    assert reader.got == b'o\na["x"]\n' and session.writable and session.deadline == 27
    assert app.writable == [True, False, True]


def test_too_much_unread_closes(app: App, driver: Driver) -> None:
    session = opened(app, driver, poll(), outbox_bytes=10)
    session.send(Prepared("x" * 10))
    session.send(Prepared("y"))
    session.send(Prepared("z"))
    session.flush(1)
    reader = poll()
    session.attach(reader, 2)
    assert reader.got == b'c[1013,"Too much unread"]\n'
    assert app.log[-1] == (1013, "Too much unread")


def test_too_many_unread_close(app: App, driver: Driver) -> None:
    session = opened(app, driver, poll(), outbox_messages=2)
    for _ in range(3):
        session.send(Prepared(""))
    assert session.close_reason == (1013, "Too much unread")


def test_a_receiver_that_the_client_cut_ends_the_session(app: App, driver: Driver) -> None:
    reader = Reader()
    session = opened(app, driver, reader)
    session.gone(reader, 3)
    assert app.log == ["opened", (1002, "Connection interrupted")]
    late = poll()
    session.attach(late, 4)
    assert late.got == b'c[1002,"Connection interrupted"]\n'


def test_a_mount_may_keep_a_session_whose_receiver_was_cut(app: App, driver: Driver) -> None:
    reader = Reader()
    session = opened(app, driver, reader, abort="keep")
    session.gone(reader, 3)
    assert app.log == ["opened"] and session.deadline == 8
    session.send(Prepared("x"))
    again = Reader()
    session.attach(again, 4)
    assert again.got == b'a["x"]\n'


def test_strangers_have_no_say(app: App, driver: Driver) -> None:
    session = opened(app, driver)
    stranger = Reader()
    session.gone(stranger, 1)
    session.paused(stranger, 1)
    session.resumed(stranger, 1)
    assert session.writable and app.log == ["opened"]


def test_a_websocket_is_gone_with_its_connection(app: App, driver: Driver) -> None:
    reader = Reader(envelope=WEBSOCKET)
    session = opened(app, driver, reader, lingers=False, abort="keep")
    session.gone(reader, 1)
    assert session.state is State.GONE and driver.forgotten == 1
    assert app.log == ["opened", (1002, "Connection interrupted")]
    session.flush(2)
    session.tick(100)
    session.abort()
    assert driver.forgotten == 1


def test_a_websocket_is_gone_after_its_close(app: App, driver: Driver) -> None:
    reader = Reader(envelope=WEBSOCKET)
    session = opened(app, driver, reader, lingers=False)
    session.close(3000, "Go away!")
    session.flush(1)
    assert reader.over == "closed" and session.state is State.GONE and app.log[-1] == (3000, "Go away!")


def test_close_and_loss_in_one_turn_are_told_once(app: App, driver: Driver) -> None:
    reader = Reader()
    session = opened(app, driver, reader)
    session.close(3000, "Go away!")
    session.gone(reader, 1)
    session.flush(1)
    assert app.log == ["opened", (3000, "Go away!")]


def test_abort_drops_everything(app: App, driver: Driver) -> None:
    reader = Reader()
    session = opened(app, driver, reader)
    reader.writable = False
    session.paused(reader, 1)
    session.send(Prepared("x"))
    session.abort()
    session.flush(2)
    assert reader.over == "aborted" and reader.got == b"o\n"
    assert app.log[-1] == (1002, "Connection interrupted")


def test_abort_of_a_websocket_forgets_it(app: App, driver: Driver) -> None:
    session = opened(app, driver, Reader(envelope=WEBSOCKET), lingers=False)
    session.abort()
    session.flush(2)
    assert session.state is State.GONE


def test_abort_between_polls(app: App, driver: Driver) -> None:
    session = opened(app, driver, poll())
    session.abort()
    session.flush(1)
    assert app.log[-1] == (1002, "Connection interrupted")


def test_a_closed_stream_that_fills_up_again_still_has_only_the_lingering_time(
    app: App, driver: Driver
) -> None:
    reader = Reader()
    session = opened(app, driver, reader)
    reader.writable = False
    session.paused(reader, 1)
    session.close(3000, "Go away!")
    session.flush(2)
    session.paused(reader, 3)
    assert session.deadline == 7


def test_a_closed_stream_that_is_cut_before_it_read_is_told_once(app: App, driver: Driver) -> None:
    reader = Reader()
    session = opened(app, driver, reader)
    reader.writable = False
    session.paused(reader, 1)
    session.close(3000, "Go away!")
    session.flush(2)
    session.gone(reader, 3)
    assert app.log == ["opened", (3000, "Go away!")] and session.deadline == 7


def test_an_application_that_ends_the_turn_when_it_hears_of_the_end_forgets_once(driver: Driver) -> None:
    class Impatient(App):
        def closed(self, code: int, reason: str) -> None:
            super().closed(code, reason)
            session.flush(1)

    reader = Reader(envelope=WEBSOCKET)
    session = Session(MountPolicy(), Impatient(), driver, lingers=False)
    session.attach(reader, 0)
    session.close(3000, "Go away!")
    session.gone(reader, 1)
    assert session.state is State.GONE and driver.forgotten == 1


def test_messages_reach_the_application_while_it_is_open(app: App, driver: Driver) -> None:
    session = opened(app, driver)
    assert session.receive(["x", "y"])
    assert app.log == ["opened", "x", "y"]


def test_states_only_move_forward() -> None:
    order = list(State)
    for state, following in TRANSITIONS.items():
        assert all(order.index(state) < order.index(after) for after in following)
    session = Session(MountPolicy(), App(), Driver())
    with pytest.raises(AssertionError):
        session._move(State.GONE)


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("send"), st.integers(0, 60)),
            st.sampled_from(["stream", "poll", "pause", "resume", "flush", "tick", "small"]),
        ),
        max_size=60,
    )
)
def test_nothing_is_lost_doubled_or_reordered_while_nobody_breaks(steps: list[object]) -> None:
    """Any mix of streams, polls, pauses and limits: all readers together have every message once, in order."""
    app, driver = App(), Driver()
    session = Session(MountPolicy(piece_bytes=64), app, driver)
    readers: list[Reader] = []
    sent: list[str] = []
    now = 0.0

    def attach(reader: Reader) -> None:
        if session.receiver is None:
            readers.append(reader)
            session.attach(reader, now)

    attach(Reader())
    for step in steps:
        now += 0.01
        reader = session.receiver
        if isinstance(step, tuple):
            sent.append(f"{len(sent)}:" + "x" * step[1])
            session.send(Prepared(sent[-1]))
        elif step == "stream":
            attach(Reader())
        elif step == "small":
            attach(Reader(limit=100))
        elif step == "poll":
            attach(poll())
        elif step == "pause" and reader is not None and reader.streaming:
            reader.writable = False
            session.paused(reader, now)
        elif step == "resume" and reader is not None:
            reader.writable = True
            session.resumed(reader, now)
        elif step == "flush":
            session.flush(now)
        else:
            session.tick(now)
        assert session.writable is (app.writable[-1] if app.writable else False)
    session.flush(now)
    if session.receiver is not None:
        session.receiver.writable = True
        session.resumed(session.receiver, now)
        session.flush(now)
    attach(Reader())
    session.flush(now)
    got: list[str] = []
    for reader in readers:
        for line in reader.got.decode().splitlines():
            if line.startswith("a"):
                got.extend(decode_frame(line[1:].encode(), 1 << 20, 1 << 20))
    assert got == sent
