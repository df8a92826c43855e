"""Options, environment and file: which of them counts, and that every fault is told where it is."""

import dataclasses
from ipaddress import ip_network
from pathlib import Path

import pytest

from twistedchat.config import Faults, Limits, RoomSetting, Settings, TokenKey
from twistedchat.settings.keys import KEYS, LIMITS, MAKE_PRIVATE
from twistedchat.settings.sources import Said, read, read_settings

NOT_SAID = {"owner", "limits"}  # twistd says who we are; limits have a table of their own


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "chat.toml"


def from_file(file: Path, text: str) -> Settings:
    file.write_text(text)
    return read_settings(Said(config=str(file)), {})


def faults(said: Said, environ: dict[str, str] | None = None) -> tuple[str, ...]:
    with pytest.raises(Faults) as caught:
        read_settings(said, environ or {})
    assert all("\n" not in line for line in caught.value.lines)
    return caught.value.lines


def faults_of_file(file: Path, text: str) -> list[str]:
    file.write_text(text)
    lines = faults(Said(config=str(file)))
    assert all(line.startswith(f"{file}: ") for line in lines)
    return [line.removeprefix(f"{file}: ") for line in lines]


def test_every_field_of_the_settings_has_a_key() -> None:
    assert {key.field for key in KEYS} | NOT_SAID == {field.name for field in dataclasses.fields(Settings)}
    assert set(LIMITS) == {field.name for field in dataclasses.fields(Limits)}


def test_every_default_is_one_that_could_be_said() -> None:
    for name, kind in LIMITS.items():
        default = getattr(Limits(), name)
        assert kind.read(default, "/") == default


def test_nothing_said_is_the_defaults() -> None:
    assert read_settings(Said(), {}) == Settings()


FILE = """
http = ["tcp:8081", "tcp:8082:interface=127.0.0.1"]
state = "state"
transports = ["long-poll", "websocket"]
allow_origins = ["https://a.example", "http://localhost:*"]
public_urls = "https://chat.example/"
trusted_proxies = ["10.0.0.0/8"]
prefix = "chat"
element = "a.b"
sockjs_test = true
metrics_allow = ["10.1.0.0/16"]
log_json = true

[[rooms]]
title = "Lobby"
topic = "All and sundry"

[[rooms]]
title = "Staff"
kind = "members"
retention_entries = 5000
retention_days = 30

[[token_keys]]
kid = "2026"
alg = "HS256"
issuer = "https://a.example"
key_file = "site.key"

[limits]
max_rooms = 50
heartbeat_s = 20
"""


def test_a_file_says_everything(file: Path) -> None:
    key = file.parent / "site.key"
    key.write_text("hushhush\n")
    key.chmod(0o600)
    assert from_file(file, FILE) == Settings(
        http=("tcp:8081", "tcp:8082:interface=127.0.0.1"),
        state_dir=str(file.parent / "state"),
        transports=("xhr-polling", "iframe-xhr-polling", "jsonp-polling", "websocket"),
        allow_origins=("https://a.example", "http://localhost:*"),
        public_urls=("https://chat.example",),
        trusted_proxies=(ip_network("10.0.0.0/8"),),
        prefix="/chat",
        element="a.b",
        sockjs_test=True,
        rooms=(RoomSetting("Lobby", topic="All and sundry"), RoomSetting("Staff", "members", "", 5000, 30.0)),
        token_keys=(TokenKey("2026", "HS256", "https://a.example", "hushhush"),),
        metrics_allow=(ip_network("10.1.0.0/16"),),
        log_json=True,
        limits=Limits(max_rooms=50, heartbeat_s=20.0),
    )


def test_variables_say_the_same() -> None:
    environ = {
        "TWISTEDCHAT_HTTP": "tcp:8081, tcp:8082",
        "TWISTEDCHAT_STATE": "/srv/state",
        "TWISTEDCHAT_TRANSPORTS": "websocket,jsonp-polling",
        "TWISTEDCHAT_ALLOW_ORIGINS": "https://a.example https://b.example",
        "TWISTEDCHAT_SOCKJS_TEST": "yes",
        "TWISTEDCHAT_LOG_JSON": "0",
        "TWISTEDCHAT_REGISTRATION": "off",
        "TWISTEDCHAT_ROOMS": '["Lobby", {title = "Staff", kind = "members"}]',
        "TWISTEDCHAT_TOKEN_KEYS": '[{kid = "1", alg = "EdDSA", issuer = "x", key = "text"}]',
        "TWISTEDCHAT_LIMITS_MAX_ROOMS": "50",
        "TWISTEDCHAT_LIMITS_HEARTBEAT_S": "20",
        "TWISTEDCHAT_PREFIX": "",
        "PATH": "/bin",
    }
    assert read_settings(Said(), environ) == Settings(
        http=("tcp:8081", "tcp:8082"),
        state_dir="/srv/state",
        transports=("websocket", "jsonp-polling"),
        allow_origins=("https://a.example", "https://b.example"),
        sockjs_test=True,
        registration=False,
        rooms=(RoomSetting("Lobby"), RoomSetting("Staff", "members")),
        token_keys=(TokenKey("1", "EdDSA", "x", "text"),),
        limits=Limits(max_rooms=50, heartbeat_s=20.0),
    )


def test_options_count_before_variables_and_those_before_the_file(file: Path) -> None:
    file.write_text(
        'prefix = "a"\nelement = "a.a"\nhttp = "tcp:1"\n[limits]\nmax_rooms = 1\nmax_people = 1\nsnapshot = 1\n'
    )
    environ = {
        "TWISTEDCHAT_CONFIG": str(file),
        "TWISTEDCHAT_PREFIX": "b",
        "TWISTEDCHAT_ELEMENT": "b.b",
        "TWISTEDCHAT_LIMITS_MAX_PEOPLE": "2",
        "TWISTEDCHAT_LIMITS_MAX_ROOMS": "2",
    }
    chosen = read_settings(Said({"prefix": "c"}, ["max_rooms=3"]), environ)
    assert (chosen.prefix, chosen.element, chosen.http) == ("/c", "b.b", ("tcp:1",))
    assert (chosen.limits.max_rooms, chosen.limits.max_people, chosen.limits.snapshot) == (3, 2, 1)


def test_a_file_that_is_said_counts_before_the_variables_file(file: Path) -> None:
    file.write_text('prefix = "a"\n')
    assert read_settings(Said(config=str(file)), {"TWISTEDCHAT_CONFIG": "/nonexistent"}).prefix == "/a"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('allow_origin = "https://a.example"', "allow_origin: unknown; did you mean 'allow_origins'?"),
        ("zzz = 1", "zzz: unknown"),
        ("http = 8080", "http: takes an endpoint or a list of endpoints, not 8080"),
        ("http = []", "http: takes an endpoint or a list of endpoints, at least 1"),
        (
            'http = "tcp:99999"',
            "http: 'tcp:99999' is not a usable endpoint, such as tcp:8080: a port is a number",
        ),
        ('http = "8080"', "http: '8080' is not an endpoint; did you mean 'tcp:8080'?"),
        ('sockjs_test = "yes"', "sockjs_test: takes true or false, not 'yes'"),
        ('state = ""', "state: names no directory"),
        ('backend = "sqlite"', "backend: takes a URL such as memory:"),
        ("backend = 5", "backend: takes a text"),
        ("prefix = 1", "prefix: takes a text, not 1"),
        ('transports = ["websocket", "xhr"]', "transports: unknown transport 'xhr'; known are websocket, "),
        ("limits = 5", "limits: takes a table, [limits]"),
        ("[limits]\nmax_room = 5", "limits.max_room: unknown; did you mean 'max_rooms'?"),
        ("[limits]\nheartbeat = 5", "limits.heartbeat: unknown; did you mean 'heartbeat_s'?"),
        (
            '[limits]\nheartbeat_s = "25s"',
            "limits.heartbeat_s: takes a number of seconds above 0 to 31 622 400, not '25s'",
        ),
        (
            "[limits]\nmax_rooms = 0",
            "limits.max_rooms: takes a whole number from 1 to 1 000 000 000 000, not 0",
        ),
        (
            "[limits]\nmax_rooms = 1.5",
            "limits.max_rooms: takes a whole number from 1 to 1 000 000 000 000, not 1.5",
        ),
        (
            "[limits]\nmax_rooms = true",
            "limits.max_rooms: takes a whole number from 1 to 1 000 000 000 000, not True",
        ),
        ("[limits]\nwindow_s = nan", "limits.window_s: takes a number of seconds"),
        ("[limits]\nwindow_s = inf", "limits.window_s: takes a number of seconds"),
        ("[limits]\nwindow_s = 0", "limits.window_s: takes a number of seconds above 0"),
        ("rooms = []", "rooms: takes a list of titles or of tables with a title"),
        ("rooms = [5]", "rooms: takes a list of titles"),
        ('[[rooms]]\nkind = "public"', "rooms.title: is missing"),
        (
            '[[rooms]]\ntitle = "A"\nkind = "secret"',
            "rooms.kind: unknown kind 'secret'; known are public, unlisted",
        ),
        ('[[rooms]]\ntitle = "A"\nkin = "public"', "rooms.kin: unknown; did you mean 'kind'?"),
        (
            '[[rooms]]\ntitle = "A"\nretention_entries = -1',
            "rooms.retention_entries: takes a whole number of entries",
        ),
        ('rooms = ["A", "B", "a"]', "rooms: 'a' is there twice"),
        ('rooms = ["A", {title = ""}]', "rooms[2].title: takes 1 to 60 characters in one line"),
        ("this is no toml", "is not TOML: "),
    ],
)
def test_what_is_wrong_in_a_file_is_one_line_with_the_key(file: Path, text: str, told: str) -> None:
    lines = faults_of_file(file, text)
    assert len(lines) == 1
    assert lines[0].startswith(told)


@pytest.mark.parametrize(
    ("small", "large"),
    [
        ("max_text_chars = 200_000", "max_message_chars"),
        ("heartbeat_s = 80", "silence_s"),
        ("snapshot = 2000", "log_tail"),
    ],
)
def test_limits_that_contradict_each_other_are_refused(file: Path, small: str, large: str) -> None:
    file.write_text(f"[limits]\n{small}\n")
    (line,) = faults(Said(config=str(file)))
    assert line.startswith(f"limits: {small.split()[0]} (")
    assert f"must not be above {large} (" in line


@pytest.mark.parametrize(
    ("variable", "text", "told"),
    [
        ("TWISTEDCHAT_ALLOW_ORIGIN", "x", "unknown; did you mean 'TWISTEDCHAT_ALLOW_ORIGINS'?"),
        ("TWISTEDCHAT_LIMITS_MAX_ROOM", "5", "unknown; did you mean 'TWISTEDCHAT_LIMITS_MAX_ROOMS'?"),
        (
            "TWISTEDCHAT_LIMITS_MAX_ROOMS",
            "1 MB",
            "takes a whole number from 1 to 1 000 000 000 000, not '1 MB'",
        ),
        ("TWISTEDCHAT_SOCKJS_TEST", "perhaps", "takes true or false, not 'perhaps'"),
        ("TWISTEDCHAT_TRUSTED_PROXIES", "proxy", "'proxy' is not an address range"),
        ("TWISTEDCHAT_ROOMS", "[{title}]", "is not TOML: "),
    ],
)
def test_what_is_wrong_in_a_variable_is_one_line_with_its_name(variable: str, text: str, told: str) -> None:
    (line,) = faults(Said(), {variable: text})
    assert line.startswith(f"{variable}: {told}")


def test_faults_of_all_sources_are_told_at_once(file: Path) -> None:
    file.write_text('prefix = "a b"\nnosuch = 1\nallow_origins = ["x", "y"]\n[limits]\nmax_rooms = 0\n')
    lines = faults(Said({"prefix": "c d"}, ["max_people=x"], str(file)), {"TWISTEDCHAT_ELEMENT": "five"})
    told = {line.partition(": ")[0] if line.startswith(("-", "T")) else line.split(": ")[1] for line in lines}
    assert told == {
        "--prefix", "--limit max_people", "TWISTEDCHAT_ELEMENT", "prefix", "nosuch", "allow_origins", "limits.max_rooms",
    }  # fmt: skip
    assert len(lines) == 8


def test_every_fault_of_tables_is_told_at_once(file: Path) -> None:
    file.touch(0o600)
    lines = faults_of_file(
        file,
        f'rooms = ["A", "a", "B", "b", {{title = ""}}]\n{KEY}key = "x"\n{KEY}key = "y"\n'
        '[[token_keys]]\nkid = "2"\nalg = "HS256"\nissuer = "x"\n',
    )
    assert lines == [
        "rooms[5].title: takes 1 to 60 characters in one line",
        "rooms: 'a' is there twice",
        "rooms: 'b' is there twice",
        "token_keys[3]: takes either key or key_file",
        "token_keys: '1' is there twice",
    ]
    lines = faults_of_file(file, '[[token_keys]]\nkdi = "2"\nissuer = "x"\n')
    assert [line.split(":")[0] for line in lines] == [
        "token_keys.kdi", "token_keys.kid", "token_keys.alg", "token_keys",
    ]  # fmt: skip


def test_a_secret_in_the_wrong_place_hides_no_other_fault(file: Path) -> None:
    file.touch()
    file.chmod(0o644)
    lines = faults_of_file(file, f'{KEY}key = "hushhush"\nkye = 1\n')
    assert [line.split(":")[0] for line in lines] == ["token_keys", "token_keys.kye"]
    lines = list(faults(Said({"token_keys": ['{kid = "1", alg = "HS257", issuer = "x", key = "hushhush"}']})))
    assert [line.split(":")[0] for line in lines] == ["--token-key", "--token-key.alg"]
    assert "hushhush" not in str(lines)


def test_where_each_value_was_said_is_known(file: Path) -> None:
    file.write_text('prefix = "a"\nhttp = "tcp:0"\nelement = "x"\nrooms = []\n')
    reading = read(
        Said({"prefix": "c"}, config=str(file)), {"TWISTEDCHAT_ELEMENT": "b.b", "TWISTEDCHAT_ROOMS": "A"}
    )
    assert reading.places == {
        "prefix": "--prefix", "element": "TWISTEDCHAT_ELEMENT", "http": f"{file}: http", "rooms": "TWISTEDCHAT_ROOMS",
    }  # fmt: skip
    assert reading.wrong == frozenset()
    assert len(reading.faults) == 2
    assert (reading.values.prefix, reading.values.element) == ("/c", "b.b")
    assert read(Said({"element": "five"}, config=str(file)), {}).wrong == {"element", "rooms"}


def test_a_file_that_is_too_large_or_no_text_is_refused(file: Path) -> None:
    file.write_bytes(b"#" * 1_048_577)
    assert faults(Said(config=str(file)))[0].startswith(f"{file}: is larger than")
    file.write_bytes(b'prefix = "\xff"')
    assert faults(Said(config=str(file)))[0] == f"{file}: is not TOML: it is not UTF-8"
    assert "cannot read it: Is a directory" in faults(Said(config=str(file.parent)))[0]


KEY = '[[token_keys]]\nkid = "1"\nalg = "HS256"\nissuer = "x"\n'


def test_a_secret_may_stand_in_a_private_file(file: Path) -> None:
    file.touch(0o600)
    assert from_file(file, f'{KEY}key = "hushhush"\n').token_keys == (
        TokenKey("1", "HS256", "x", "hushhush"),
    )
    assert "hushhush" not in repr(from_file(file, f'{KEY}key = "hushhush"\n'))


def test_a_password_may_stand_in_a_private_file_alone(file: Path) -> None:
    file.touch(0o600)
    assert from_file(file, 'backend = "redis://:hush@h/0"\n').backend == "redis://:hush@h/0"
    file.chmod(0o644)
    (line,) = faults_of_file(file, 'backend = "redis://:hush@h/0"\n')
    assert line.startswith("backend: others may read this file (mode 644)")
    assert "hush" not in line


def test_a_file_that_others_may_read_has_no_secret(file: Path) -> None:
    file.touch()
    file.chmod(0o644)
    (line,) = faults_of_file(file, f'{KEY}key = "hushhush"\n')
    assert line == f"token_keys: others may read this file (mode 644) and the secret in it; {MAKE_PRIVATE}"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"{KEY}key = 12345678\n", "token_keys.key: takes a text"),
        (f"{KEY}", "token_keys: takes either key or key_file"),
        (f'{KEY}key = "hushhush"\nkey_file = "k"\n', "token_keys: takes either key or key_file"),
        (f'{KEY}key = "hushhush"\nkye = "hushhush"\n', "token_keys.kye: unknown; did you mean 'key'?"),
        (f'{KEY}key = ["hushhush"]\n', "token_keys.key: takes a text"),
        ('token_keys = "hushhush"\n', "token_keys: takes a list of tables with kid"),
        (f'{KEY}key = "hush"\n{KEY}key = "hush"\n', "token_keys: '1' is there twice"),
        (
            '[[token_keys]]\nkid = "1"\nalg = "none"\nissuer = "x"\nkey = "hush"',
            "token_keys.alg: unknown algorithm 'none'",
        ),
    ],
)
def test_a_wrong_key_is_told_without_the_secret(file: Path, text: str, told: str) -> None:
    file.touch(0o600)
    (line,) = faults_of_file(file, text)
    assert line.startswith(told)
    assert "hush" not in line
    assert "12345678" not in line


@pytest.mark.parametrize(
    ("content", "mode", "told"),
    [
        (None, 0o600, "cannot read {path}: No such file or directory"),
        (b"hushhush", 0o644, "others may read {path} (mode 644); " + MAKE_PRIVATE),
        (b" \n", 0o600, "{path} is empty"),
        (b"\xff\xfe", 0o600, "{path} is no key: it is not text"),
    ],
)
def test_a_wrong_key_file_is_told(file: Path, content: bytes | None, mode: int, told: str) -> None:
    path = file.parent / "k"
    if content is not None:
        path.write_bytes(content)
        path.chmod(mode)
    (line,) = faults_of_file(file, f'{KEY}key_file = "k"\n')
    assert line == f"token_keys.key_file: {told.format(path=path)}"


def test_everyone_may_read_a_public_key(file: Path) -> None:
    path = file.parent / "k"
    path.write_text("-----BEGIN PUBLIC KEY-----\nabc\n-----END PUBLIC KEY-----\n")
    path.chmod(0o644)
    public = KEY.replace("HS256", "EdDSA")
    assert from_file(file, f'{public}key_file = "k"\n').token_keys[0].key.startswith("-----BEGIN")
    path.write_text('{"kty": "OKP", "x": "abc", "d": "hushhush"}')
    (line,) = faults_of_file(file, f'{public}key_file = "k"\n')
    assert line == f"token_keys.key_file: others may read {path} (mode 644); {MAKE_PRIVATE}"


def test_a_public_key_may_stand_where_everyone_reads_it(file: Path) -> None:
    public = '{kid = "1", alg = "EdDSA", issuer = "x", key = "abc"}'
    file.write_text(f"token_keys = [{public}]\n")
    file.chmod(0o644)
    assert read_settings(Said(config=str(file)), {}) == read_settings(Said({"token_keys": [public]}), {})


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-02", 86_400.0),
        ("1970-01-01T00:00:05Z", 5.0),
        ('"1970-01-01T01:00:05+01:00"', 5.0),
        ("1970-01-01 00:00:05", 5.0),
    ],
)
def test_a_key_may_end(file: Path, text: str, seconds: float) -> None:
    file.touch(0o600)
    assert from_file(file, f'{KEY}key = "x"\nnot_after = {text}\n').token_keys[0].not_after == seconds


@pytest.mark.parametrize("text", ["5", '"tomorrow"', "10:00:00"])
def test_what_is_no_moment_is_refused(file: Path, text: str) -> None:
    file.touch(0o600)
    (line,) = faults_of_file(file, f'{KEY}key = "x"\nnot_after = {text}\n')
    assert line.startswith("token_keys.not_after: takes a date or a time such as 2027-01-31")


def test_a_long_wrong_value_is_cut(file: Path) -> None:
    (line,) = faults_of_file(file, f'sockjs_test = "{"x" * 5000}"\n')
    assert len(line) < 150


def test_variables_of_the_tests_are_nobodys_mistake() -> None:
    assert read_settings(Said(), {"TWISTEDCHAT_REQUIRE_ALL": "1", "TWISTEDCHAT_SOAK": "1"}) == Settings()
