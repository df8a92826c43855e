"""The command line: what becomes of each option, and one line for each mistake."""

import os
from ipaddress import ip_network
from pathlib import Path

import pytest
from twisted.python import usage

from twistedchat import config
from twistedchat.config import Limits, Owner, RoomSetting, Settings
from twistedchat.settings.keys import KEYS
from twistedchat.tap import Options


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Options, "environ", {})


def settings(*arguments: str, rundir: str = ".", uid: int | None = None, gid: int | None = None) -> Settings:
    twistd = usage.Options()
    twistd.update(rundir=rundir, uid=uid, gid=gid, logfile=None, nodaemon=True)
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
        "--backend=sqlite:elsewhere",
        "--prefix=chat",
        "--element=a.b",
        "--sockjs-test",
        "--room=Lobby",
        '--room={title = "Staff", kind = "members"}',
        "--token-audience=chat",
        "--avatar-origin=https://pictures.example",
        "--user-rooms=no",
        "--registration=no",
        "--metrics-allow=10.1.0.0/16",
        "--limit=max_rooms=5",
        "--limit=window-s=30",
        "--log-json",
    )
    assert chosen == Settings(
        http=("tcp:1", "tcp:2"),
        state_dir=str(tmp_path),
        transports=config.TRANSPORT_ALIASES["long-poll"],
        allow_origins=("https://a.example", "https://b.example"),
        public_urls=("https://chat.example",),
        trusted_proxies=(ip_network("10.0.0.0/8"),),
        backend="sqlite:elsewhere",
        prefix="/chat",
        element="a.b",
        sockjs_test=True,
        rooms=(RoomSetting("Lobby"), RoomSetting("Staff", "members")),
        token_audiences=("chat",),
        avatar_origins=("https://pictures.example",),
        user_rooms=False,
        registration=False,
        metrics_allow=(ip_network("10.1.0.0/16"),),
        log_json=True,
        limits=Limits(max_rooms=5, window_s=30.0),
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
        ("--state=", "--state: names no directory"),
        ("--http=18911", "did you mean 'tcp:18911'?"),
        ("--transports=websocket,,xhr-polling", "names nothing beside one of its commas"),
        ("--limit=max_rooms", "write it like --limit max_rooms=500"),
        ("--limit=max_room=5", "--limit max_room: unknown; did you mean 'max_rooms'?"),
        ("--limit=max_rooms=many", "--limit max_rooms: takes a whole number from 1"),
        ("--config=/nonexistent/chat.toml", "cannot read it: No such file"),
        ("--nosuch", "option --nosuch not recognized"),
        ("stray", "Wrong number of arguments"),
    ],
)
def test_a_mistake_is_one_line(argument: str, told: str) -> None:
    assert told in mistake(argument)


def test_a_password_on_the_command_line_is_refused_and_not_told() -> None:
    line = mistake("--backend=redis://chat:hushhush@127.0.0.1:6379/0")
    assert "--backend: everyone on this machine can read a command line" in line
    assert "hushhush" not in line
    assert settings("--backend=redis://127.0.0.1/0").backend == "redis://127.0.0.1/0"


def test_every_mistake_is_told_at_once() -> None:
    with pytest.raises(SystemExit) as caught:
        settings("--http=80", "--prefix=/a b", "--public-url=x", "--public-url=y")
    lines = str(caught.value.code).splitlines()
    assert [line.split(": ")[:2] for line in lines] == [
        ["twistedchat", "--http"],
        ["twistedchat", "--prefix"],
        ["twistedchat", "--public-url"],
        ["twistedchat", "--public-url"],
    ]


def test_a_secret_on_the_command_line_is_refused_and_not_told() -> None:
    line = mistake('--token-key={kid = "1", alg = "HS256", issuer = "x", key = "hushhush"}')
    assert "--token-key: everyone on this machine can read a command line" in line
    assert "hushhush" not in line


def test_the_help_names_every_setting_once_and_has_examples() -> None:
    text = str(Options())
    for key in KEYS:
        assert text.count(f"--{key.option}=") + text.count(f"--{key.option} ") >= 1, key
    assert "--config=" in text
    assert "--limit=" in text
    assert "[default: ]" not in text
    assert text.count("Usage:") <= 1
    assert "twistd -n chat --allow-origin=" in text


def test_twist_has_an_option_of_its_own_for_json() -> None:
    options = Options()
    options.parent = usage.Options()
    with pytest.raises(SystemExit, match="twist --log-format=json chat"):
        options.parseOptions(["--log-json"])


def test_the_version_is_ours(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        settings("--version")
    assert caught.value.code == 0
    assert capsys.readouterr().out.startswith("twistedchat 0.")
