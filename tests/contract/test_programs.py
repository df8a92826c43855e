"""``python -m twistedchat post`` and ``alert``, beside a running server and without one."""

import subprocess
import sys
from pathlib import Path

import pytest
from process_kit import PATIENCE_S, clean_environment, run, twistd

from twistedchat.cli.main import main

ID = "i" * 22


def program(*arguments: str, cwd: Path, told: str = "", **variables: str) -> tuple[int, str]:
    """Run a command; return its exit code and what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "twistedchat", *arguments],
        cwd=cwd,
        env=clean_environment() | variables,
        capture_output=True,
        input=told,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_it_is_said_in_the_running_chat_once(tmp_path: Path) -> None:
    table = run(sys.executable, "-m", "twistedchat", "gen-key", "--alg=api", "shop.key", cwd=tmp_path).stdout
    (tmp_path / "chat.toml").write_text(table.replace('["post"]', '["post", "alert"]'))
    with twistd("--config=chat.toml", cwd=tmp_path) as server:
        there = ("--url", server.url(), "--key-file=shop.key")
        first = program("post", "Lobby", "hello", "--id", ID, *there, cwd=tmp_path)
        assert first == (0, f"said, with the id {ID}\n")
        again = program("post", "lobby", "-", "--id", ID, *there, cwd=tmp_path, told="hello\n")
        assert again == (0, f"had been said, with the id {ID}\n")
        assert program("post", "Lobby", "waves", "--as=Ann", "--kind=action", *there, cwd=tmp_path)[0] == 0
        key = (tmp_path / "shop.key").read_text()
        told = program("alert", "at six", *there[:2], cwd=tmp_path, TWISTEDCHAT_API_KEY=key)
        assert told[0] == 0 and told[1].startswith("said, with the id ")
        refused = program("post", "Nowhere", "hello", *there, cwd=tmp_path)
        assert refused == (1, "twistedchat: NoSuchRoom: there is no such room\n")
        wrong = program("alert", "x", *there[:2], cwd=tmp_path, TWISTEDCHAT_API_KEY="x" * 32)
        assert wrong[0] == 1 and "NoKey" in wrong[1]
        assert server.end()[0] == 0
        assert key.strip() not in "".join(server.lines)
    code, printed = program("post", "Lobby", "hello", *there, cwd=tmp_path)
    assert code == 1 and printed.startswith("twistedchat: NoAnswer: ") and "may have been" not in printed


def test_a_server_takes_no_offence_at_a_programs_variable(tmp_path: Path) -> None:
    assert program("check-config", cwd=tmp_path, TWISTEDCHAT_API_KEY="x" * 32)[0] == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "give a key of the chat's api_keys by --key-file or TWISTEDCHAT_API_KEY"),
        (("--key-file=nosuch",), "cannot read nosuch: No such file or directory"),
        (("--key-file=bytes",), "bytes is no key: it is not text"),
    ],
)
def test_without_a_key_nothing_is_asked(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TWISTEDCHAT_API_KEY", raising=False)
    (tmp_path / "bytes").write_bytes(b"\xff")
    assert main(["alert", "x", *arguments]) == 1
    assert capsys.readouterr() == ("", f"twistedchat: {told}\n")


@pytest.mark.parametrize("url", ["chat.example.org", "http://"])
def test_a_url_that_is_none_is_told(tmp_path: Path, url: str) -> None:
    code, printed = program("alert", "x", "--url", url, cwd=tmp_path, TWISTEDCHAT_API_KEY="x" * 32)
    assert (code, printed) == (
        1,
        f"twistedchat: {url} is no URL of a chat: write it like https://chat.example.org\n",
    )
