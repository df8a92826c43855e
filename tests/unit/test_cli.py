"""``python -m twistedchat``: what each command prints, refuses and returns."""

import json
import os
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from twistedchat import __version__
from twistedchat.chat.tokens import BadToken, Keyring
from twistedchat.cli.main import main
from twistedchat.config import TokenKey
from twistedchat.settings.sources import Said, read_settings
from twistedchat.tap import Options

CHAT = "https://chat.example"


@pytest.fixture(autouse=True)
def in_a_directory_without_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("TWISTEDCHAT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(Options, "environ", os.environ)


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    """Run a command that must be refused; return its lines."""
    assert main(arguments) == 1
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert all(line.startswith("twistedchat: ") for line in lines)
    return [line.removeprefix("twistedchat: ") for line in lines]


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["version"]) == 0
    assert capsys.readouterr().out == f"twistedchat {__version__}\n"


@pytest.mark.parametrize(
    "arguments", [(), ("nosuch",), ("version", "--nosuch"), ("sign-token",), ("backup",)]
)
def test_misuse_is_2(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: python -m twistedchat" in capsys.readouterr().err


def test_the_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    for command in (
        "check-config",
        "settings",
        "create-account",
        "gen-key",
        "sign-token",
        "post",
        "alert",
        "backup",
        "version",
    ):
        assert f"  {command}" in text


def test_what_would_run_is_told_as_a_file_that_says_the_same(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TWISTEDCHAT_PREFIX", "chat")
    monkeypatch.setenv("TWISTEDCHAT_BACKEND", "redis://chat:hushhush@127.0.0.1/0")
    Path("c.toml").write_text(
        'rooms = ["Lobby", {title = "Staff", kind = "members"}]\n[limits]\nmax_rooms = 7\n'
    )
    assert (
        main(["check-config", "--config", "c.toml", "--http", "tcp:0", "--allow-origin=https://a.example"])
        == 0
    )
    told = capsys.readouterr().out
    assert "hushhush" not in told
    assert "redis://chat:***@127.0.0.1/0" in told
    assert tomllib.loads(told)["limits"] == {"max_rooms": 7}
    again = Path("again.toml")
    again.write_text(told)
    again.chmod(0o600)
    monkeypatch.delenv("TWISTEDCHAT_PREFIX")
    monkeypatch.delenv("TWISTEDCHAT_BACKEND")
    settings = read_settings(Said(config="again.toml"), {})
    assert settings.prefix == "/chat"
    assert [room.kind for room in settings.rooms] == ["public", "members"]
    assert settings.state_dir == str(tmp_path / "twistedchat-state")
    assert not (tmp_path / "twistedchat-state").exists()


def test_secrets_of_keys_are_stars(capsys: pytest.CaptureFixture[str]) -> None:
    Path("k").touch(0o600)
    assert main(["gen-key", "--alg", "HS256", "hs.jwk"]) == 0
    table = capsys.readouterr().out
    secret = json.loads(Path("hs.jwk").read_text())["k"]
    assert secret not in table
    Path("c.toml").write_text(f'public_urls = "{CHAT}"\n{table}')
    assert main(["check-config", "--config=c.toml"]) == 0
    told = capsys.readouterr().out
    assert 'key = "***"' in told
    assert secret not in told


def test_all_that_the_server_would_refuse_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    lines = refusal(
        capsys, "check-config", "--http=nosuch:1", "--http=tcp:x", "--backend=foo:", "--element=a_b.c",
        "--room=\u2800",
    )  # fmt: skip
    assert [line.split(": ")[0] for line in lines] == ["--http", "--backend", "--element", "--room"]
    (line,) = refusal(capsys, "check-config", "--http=nosuch:1")
    assert line.startswith("--http: 'nosuch:1' is not a usable endpoint")


def test_faults_are_told_at_once_and_where_each_was_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWISTEDCHAT_ELEMENT", "os.nosuch")
    Path("c.toml").write_text(
        'http = ["nosuch:1"]\nbackend = "redis://h/zz"\nrooms = ["A", "a"]\nprefix = "a b"\nstate = "/dev/null"\n'
        '[[token_keys]]\nkid = "1"\nalg = "EdDSA"\nissuer = "x"\nkey = "abc"\n'
        '[[token_keys]]\nkid = "2"\nalg = "EdDSA"\nissuer = "x"\nkey = "abc"\n'
    )
    lines = refusal(capsys, "check-config", "--config=c.toml", "--transports=pigeon")
    assert [line.removeprefix("c.toml: ").split(": ")[0] for line in lines] == [
        "rooms", "prefix", "--transports", "http", "state", "backend", "TWISTEDCHAT_ELEMENT", "token_keys", "token_keys",
        "token_keys",
    ]  # fmt: skip
    assert sum(line.startswith("c.toml: ") for line in lines) == len(lines) - 2
    assert [kid for kid in ("'1'", "'2'") if any(f"token key {kid}: " in line for line in lines)] == [
        "'1'",
        "'2'",
    ]


def test_a_wrong_key_is_told_beside_a_wrong_url_for_its_tokens(capsys: pytest.CaptureFixture[str]) -> None:
    Path("c.toml").write_text(
        'public_urls = "x"\n[[token_keys]]\nkid = "1"\nalg = "EdDSA"\nissuer = "x"\nkey = "abc"\n'
    )
    lines = refusal(capsys, "check-config", "--config=c.toml")
    assert [line.split(": ")[1] for line in lines] == ["public_urls", "token_keys"]
    Path("c.toml").write_text(Path("c.toml").read_text().replace('public_urls = "x"\n', ""))
    assert any(
        line.endswith("say public_urls, or token_audiences")
        for line in refusal(capsys, "check-config", "--config=c.toml")
    )


@pytest.mark.parametrize(
    ("argument", "told"),
    [
        ("--backend=redis://host/zz", "--backend: 'zz' is no number of a Redis database"),
        ("--backend=redis://host:99999", "--backend: this is no Redis URL"),
        ("--backend=rediss://host?ca=/nonexistent", "--backend: ca=/nonexistent: FileNotFoundError"),
        ("--backend=memory:x", "--backend: memory: takes nothing"),
        ("--backend=sqlite:/nonexistent/x.db", "--backend: there is no directory /nonexistent; make it"),
        ("--backend=sqlite:/dev/null/x.db", "--backend: /dev/null is a file, not a directory"),
        ("--backend=sqlite:/tmp", "--backend: /tmp is a directory, not a file"),
        ("--backend=sqlite:sub/x.db", "--backend: there is no directory "),
        ("--state=/dev/null", "--state: /dev/null cannot be a directory: /dev/null is a file"),
        ("--state=/dev/null/a/b", "--state: /dev/null/a/b cannot be a directory: /dev/null is a file"),
        pytest.param(
            "--state=/proc/x",
            "--state: /proc/x cannot be made: /proc is no place for files",
            marks=pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs Linux's /proc"),
        ),
        (
            "--http=tcp:99999",
            "--http: 'tcp:99999' is not a usable endpoint, such as tcp:8080: a port is a number",
        ),
        (
            "--http=tcp:80:interface=999.1.1.1",
            "--http: 'tcp:80:interface=999.1.1.1' is not a usable endpoint",
        ),
    ],
)
def test_what_cannot_be_there_is_told_before_the_start(
    argument: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (line,) = refusal(capsys, "check-config", argument)
    assert line.startswith(told)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--backend=redis://host/3",),
        ("--backend=sqlite:x.db", "--state=new/deeper"),
        ("--backend=sqlite:there/x.db", "--state=."),
        ("--state=there",),
        ("--state=there/a/b",),
    ],
)
def test_what_can_be_made_is_taken_and_not_made(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("there").mkdir(mode=0o500)
    assert main(["check-config", *arguments]) == 0
    assert os.listdir() == ["there"]
    assert os.listdir("there") == []


def test_a_reader_who_has_had_enough_is_no_fault() -> None:
    readable, writable = os.pipe()
    os.close(readable)
    with os.fdopen(writable, "wb") as pipe:
        done = subprocess.run(
            [sys.executable, "-m", "twistedchat", "settings"],
            stdout=pipe,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_wrong_token_key_is_refused_without_the_key(capsys: pytest.CaptureFixture[str]) -> None:
    Path("c.toml").touch(0o600)
    Path("c.toml").write_text(
        f'public_urls = "{CHAT}"\n[[token_keys]]\nkid = "1"\nalg = "HS256"\nissuer = "x"\nkey = "hushhushhushhushhushhush"\n'
    )
    (line,) = refusal(capsys, "check-config", "--config=c.toml")
    assert line == "c.toml: token_keys: token key '1': HS256 needs a secret of at least 32 bytes"


def test_faults_of_the_settings_are_told_one_by_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(refusal(capsys, "check-config", "--http=80", "--prefix=/a b")) == 2


def test_everything_that_can_be_set_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["settings"]) == 0
    told = capsys.readouterr().out
    assert "| `allow_origins` | `--allow-origin` * | `TWISTEDCHAT_ALLOW_ORIGINS` | " in told
    assert "| `max_rooms` | - | rooms that may exist" in told
    assert "| `heartbeat_s` | seconds | " in told


@pytest.mark.parametrize("alg", ["EdDSA", "HS256"])
def test_a_key_and_a_token_signed_with_it_fit_what_the_chat_is_told(
    alg: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["gen-key", "site.jwk", "--alg", alg, "--kid=2026", "--issuer=https://a.example"]) == 0
    table = capsys.readouterr().out
    assert stat.S_IMODE(os.stat("site.jwk").st_mode) == 0o600
    Path("c.toml").write_text(table)
    keys = read_settings(Said(config="c.toml"), {}).token_keys
    assert [(key.kid, key.alg, key.issuer) for key in keys] == [("2026", alg, "https://a.example")]
    assert '"d"' not in keys[0].key
    assert (
        main(["sign-token", "--key-file=site.jwk", "--sub=7", f"--aud={CHAT}", "--name=Ann", "--ttl=60"]) == 0
    )
    token = capsys.readouterr().out.strip()
    now = tokens_time(token)
    vouched = Keyring(keys, [CHAT], lambda: now).verify(token)
    assert (vouched.name, vouched.issuer, vouched.expires) == ("Ann", "https://a.example", now + 60)
    with pytest.raises(BadToken):
        Keyring(keys, ["https://elsewhere.example"], lambda: now).verify(token)
    with pytest.raises(BadToken):
        Keyring([TokenKey("2027", alg, "x", keys[0].key)], [CHAT], lambda: now).verify(token)


def tokens_time(token: str) -> float:
    """Return when a token was made."""
    from base64 import urlsafe_b64decode

    claims = token.split(".")[1]
    made: float = json.loads(urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["iat"]
    return made


def test_a_key_may_be_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gen-key"]) == 0
    assert json.loads(capsys.readouterr().out)["alg"] == "EdDSA"


def test_no_file_is_written_over(capsys: pytest.CaptureFixture[str]) -> None:
    Path("k").write_text("mine")
    assert refusal(capsys, "gen-key", "k") == ["cannot make k: File exists"]
    assert Path("k").read_text() == "mine"


@pytest.mark.parametrize(
    ("content", "told"), [(None, "cannot read k: No such file"), (b"\xff", "k is no key"), (b"{}", "")]
)
def test_what_is_no_key_does_not_sign(
    content: bytes | None, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        Path("k").write_bytes(content)
    (line,) = refusal(capsys, "sign-token", "--key-file=k", "--sub=1", f"--aud={CHAT}")
    assert line.startswith(told)


@pytest.mark.parametrize("ttl", ["0", "-5", "86401", "1h", "1.5"])
def test_a_token_is_for_a_day_at_most(ttl: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["sign-token", "--key-file=k", "--sub=1", f"--aud={CHAT}", f"--ttl={ttl}"])
    assert caught.value.code == 2
    assert "takes whole seconds up to 86400, a day" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["create-account", "backup"])
def test_without_a_store_there_is_nothing_to_do(
    command: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (line,) = refusal(capsys, command, "x")
    assert line.startswith(f"there is no store at {tmp_path}/twistedchat-state/chat.sqlite3: No such file")
    assert not (tmp_path / "twistedchat-state").exists()
    (line,) = refusal(capsys, command, "x", "--backend=memory:")
    assert line.startswith("memory: keeps nothing outside of the server: ")


def test_another_kind_of_store_is_not_copied(capsys: pytest.CaptureFixture[str]) -> None:
    (line,) = refusal(capsys, "backup", "x", "--backend=redis://127.0.0.1")
    assert line.startswith("only a SQLite store is copied by this")


def test_what_is_no_store_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    Path("s").mkdir()
    Path("s/chat.sqlite3").write_bytes(b"not a database, just some text that is long enough" * 100)
    (line,) = refusal(capsys, "create-account", "x", "--state=s")
    assert "s/chat.sqlite3" in line
    assert sorted(os.listdir("s")) == ["chat.sqlite3"]
