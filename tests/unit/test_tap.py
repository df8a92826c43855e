"""The command line: what becomes of each option, and one line for each mistake."""

import os
from ipaddress import ip_network
from pathlib import Path

import pytest
from twisted.python import usage

from twistedchat import config
from twistedchat.config import Owner, Settings
from twistedchat.tap import Options


def settings(*arguments: str, rundir: str = ".", uid: int | None = None, gid: int | None = None) -> Settings:
    twistd = usage.Options()
    twistd.update(rundir=rundir, uid=uid, gid=gid)
    options = Options()
    options.parent = twistd
    options.parseOptions(arguments)
    return options.settings


def mistake(*arguments: str) -> str:
    with pytest.raises(SystemExit) as caught:
        settings(*arguments)
    line = str(caught.value.code)
    assert "\n" not in line
    return line


def test_without_options_the_defaults_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert settings() == Settings(state_dir=str(tmp_path / "twistedchat-state"))


def test_every_option_reaches_the_settings(tmp_path: Path) -> None:
    chosen = settings(
        "--http=tcp:1",
        "--http=tcp:2",
        f"--state={tmp_path}",
        "--transports=long-poll",
        "--allow-origin=https://a.example",
        "--allow-origin=https://b.example",
        "--public-url=https://chat.example/",
        "--trusted-proxy=10.0.0.0/8",
        "--prefix=chat",
        "--element=a.b",
        "--sockjs-test",
    )
    assert chosen == Settings(
        http=("tcp:1", "tcp:2"),
        state_dir=str(tmp_path),
        transports=config.TRANSPORT_ALIASES["long-poll"],
        allow_origins=("https://a.example", "https://b.example"),
        public_urls=("https://chat.example",),
        trusted_proxies=(ip_network("10.0.0.0/8"),),
        prefix="/chat",
        element="a.b",
        sockjs_test=True,
    )


def test_a_given_state_directory_counts_from_where_the_command_was_typed() -> None:
    assert settings("--state=here", rundir="/run").state_dir == os.path.abspath("here")


def test_the_default_state_directory_is_in_the_run_directory() -> None:
    assert settings(rundir="/run/chat").state_dir == "/run/chat/twistedchat-state"


def test_the_state_directory_will_belong_to_twistds_user() -> None:
    assert settings(uid=1000).owner == Owner(1000, None)
    assert settings(gid=50).owner == Owner(None, 50)
    assert settings().owner is None


@pytest.mark.parametrize(
    ("argument", "told"),
    [
        ("--transports=carrier-pigeon", "unknown transport 'carrier-pigeon'"),
        ("--allow-origin=example.org", "is not an origin"),
        ("--public-url=example.org", "is not a public URL"),
        ("--trusted-proxy=proxy.example", "is not an address range"),
        ("--prefix=/a b", "is not a path prefix"),
        ("--state=", "--state names no directory"),
        ("--nosuch", "option --nosuch not recognized"),
        ("stray", "Wrong number of arguments"),
    ],
)
def test_a_mistake_is_one_line(argument: str, told: str) -> None:
    assert told in mistake(argument)


def test_the_help_names_every_option_and_has_examples() -> None:
    text = str(Options())
    for option in (
        "http",
        "state",
        "transports",
        "allow-origin",
        "public-url",
        "trusted-proxy",
        "prefix",
        "element",
    ):
        assert f"--{option}=" in text
    assert "--sockjs-test" in text
    assert "twistd -n chat --allow-origin=" in text


def test_the_version_is_ours(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        settings("--version")
    assert caught.value.code == 0
    assert capsys.readouterr().out.startswith("twistedchat 0.")
