"""The state directory: private, one process at a time, one key for ever."""

import os
import stat
import sys
from pathlib import Path

import pytest

from twistedchat.config import Owner, Refusal
from twistedchat.state import KEY_BYTES, State, _told_user, _user, open_state


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "a" / "state"


@pytest.fixture
def state(place: Path):
    opened = open_state(str(place))
    yield opened
    opened.close()


def refusal(place: Path, owner: Owner | None = None) -> str:
    with pytest.raises(Refusal) as caught:
        open_state(str(place), owner)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_directory_and_files_are_private(state: State, place: Path) -> None:
    assert mode(place) == 0o700
    assert {path.name: mode(path) for path in place.iterdir()} == {"lock": 0o600, "secret.key": 0o600}


def test_the_key_is_the_same_after_a_restart(state: State, place: Path) -> None:
    state.close()
    again = open_state(str(place))
    again.close()
    assert again.secret == state.secret
    assert len(state.secret) == KEY_BYTES


def test_a_second_holder_is_refused_until_the_first_lets_go(state: State, place: Path) -> None:
    assert "another twistedchat uses the state directory" in refusal(place)
    state.close()
    state.close()
    open_state(str(place)).close()


def test_a_fork_keeps_the_lock_when_its_parent_has_gone(place: Path) -> None:
    """twistd forks twice after the state was opened."""
    script = (
        "import os, sys; from twistedchat.state import open_state; open_state(sys.argv[1])\n"
        "if os.fork(): os._exit(0)\n"
        "os.write(1, b'held'); os.read(0, 1)\n"
    )
    ask, answer = os.pipe(), os.pipe()
    pid = os.posix_spawn(
        sys.executable,
        [sys.executable, "-c", script, str(place)],
        dict(os.environ),
        file_actions=[(os.POSIX_SPAWN_DUP2, ask[0], 0), (os.POSIX_SPAWN_DUP2, answer[1], 1)],
    )
    os.close(answer[1])
    try:
        os.waitpid(pid, 0)
        assert os.read(answer[0], 4) == b"held"
        assert "another twistedchat" in refusal(place)
    finally:
        os.write(ask[1], b".")
        os.read(answer[0], 1)  # the end of the fork
        for fd in (*ask, answer[0]):
            os.close(fd)
    open_state(str(place)).close()


def test_a_directory_that_others_may_read_is_closed_to_them(place: Path) -> None:
    place.mkdir(parents=True)
    place.chmod(0o755)
    open_state(str(place)).close()
    assert mode(place) == 0o700


def test_a_damaged_key_is_refused_and_left_alone(state: State, place: Path) -> None:
    state.close()
    (place / "secret.key").write_bytes(b"short")
    assert "is not a key of 32 bytes" in refusal(place)
    assert (place / "secret.key").read_bytes() == b"short"


def test_a_key_that_others_may_read_is_refused(state: State, place: Path) -> None:
    state.close()
    (place / "secret.key").chmod(0o644)
    assert "others may read" in refusal(place)


def test_a_refusal_lets_the_lock_go(state: State, place: Path) -> None:
    state.close()
    (place / "secret.key").chmod(0o644)
    refusal(place)
    (place / "secret.key").chmod(0o600)
    open_state(str(place)).close()


def test_a_key_half_written_by_a_crash_is_made_again(place: Path) -> None:
    place.mkdir(parents=True, mode=0o700)
    (place / "secret.key.new").write_bytes(b"half")
    opened = open_state(str(place))
    opened.close()
    assert len(opened.secret) == KEY_BYTES
    assert not (place / "secret.key.new").exists()


def test_a_key_that_is_a_link_is_refused(place: Path, tmp_path: Path) -> None:
    place.mkdir(parents=True, mode=0o700)
    (tmp_path / "elsewhere").write_bytes(bytes(KEY_BYTES))
    (place / "secret.key").symlink_to(tmp_path / "elsewhere")
    assert "cannot use the state directory" in refusal(place)


def test_a_file_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "cannot use the state directory" in refusal(tmp_path / "file")
    assert "cannot use the state directory" in refusal(tmp_path / "file" / "state")


@pytest.mark.skipif(os.geteuid() != 0, reason="giving files away needs root")
def test_root_makes_it_for_the_user_that_it_will_be(place: Path) -> None:
    open_state(str(place), Owner(65534, 65534)).close()
    assert {path.stat().st_uid for path in (place, *place.iterdir())} == {65534}
    assert {path.stat().st_gid for path in (place, *place.iterdir())} == {65534}


@pytest.mark.skipif(os.geteuid() != 0, reason="giving files away needs root")
def test_a_directory_of_somebody_else_is_refused(state: State, place: Path) -> None:
    state.close()
    line = refusal(place, Owner(65534, None))
    assert line.startswith(f"{place} belongs to root (user id 0), not to {_told_user(65534)}; ")
    assert f"chown -R {_user(65534)} it, or choose another --state" in line


@pytest.mark.skipif(os.geteuid() != 0, reason="giving files away needs root")
@pytest.mark.parametrize("owner", [None, Owner(None, 65534), Owner(0, None)])
@pytest.mark.parametrize("mode", [0o700, 0o755])
def test_root_without_a_user_leaves_the_directory_of_somebody_else_alone(
    owner: Owner | None, mode: int, tmp_path: Path
) -> None:
    tmp_path.chmod(mode)
    os.chown(tmp_path, 65534, -1)
    line = refusal(tmp_path, owner)
    assert f"not to root (user id 0); start with twistd's --uid={_user(65534)}, chown -R root it, or" in line
    assert list(tmp_path.iterdir()) == []
    assert stat.S_IMODE(tmp_path.stat().st_mode) == mode


def test_a_user_without_a_name_is_told_by_number() -> None:
    assert _told_user(3_999_999_999) == "user id 3999999999"


def test_without_a_directory_nothing_is_kept() -> None:
    first, second = open_state(None), open_state(None)
    assert first.path is None
    assert first.secret != second.secret
    first.close()
