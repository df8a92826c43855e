"""From options, environment and file to ``Settings``: the first of them that says a thing counts, and every fault is told.

options, then TWISTEDCHAT_* variables, then the file, then the defaults
"""

import os
import stat
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from twistedchat.config import Faults, Limits, Refusal, Settings
from twistedchat.parsing import nearest
from twistedchat.settings.keys import BY_NAME, FOR_OTHERS, LIMITS, MAKE_PRIVATE, RELATIONS
from twistedchat.settings.kinds import Faulty, Kind, plain

PREFIX = "TWISTEDCHAT_"
CONFIG_VARIABLE = PREFIX + "CONFIG"

_LIMIT_PREFIX = "LIMITS_"
_MAX_FILE_BYTES = 1_048_576
# Variables of this project's commands, and of its tests, which may start a server with them set.
_OF_OTHERS = frozenset({"API_KEY", "REQUIRE_ALL", "SOAK", "SEED", "BENCH_STATE"})


@dataclass(frozen=True, slots=True)
class Said:
    """What stands after ``twistd chat``, before anything was made of it.

    Attributes:
        values: texts by the names of keys; a list where an option may be repeated, True for a flag.
        limits: ``NAME=VALUE`` of each ``--limit``.
        config: path of the file, or None.
    """

    values: Mapping[str, str | list[str] | bool] = field(default_factory=dict)
    limits: Iterable[str] = ()
    config: str | None = None


@dataclass(slots=True)
class _Layer:
    """What one source says: values as a TOML file would hold them, and how the source calls each key."""

    value_name: Callable[[str], str]
    limit_name: Callable[[str], str]
    base: str
    values: dict[str, object] = field(default_factory=dict)
    limits: dict[str, object] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def fault(self, name: str, what: str) -> None:
        """Remember what is wrong."""
        self.faults.append(f"{name}: {what}")

    def take(self, name: str, kind: Kind, text: str, into: dict[str, object], key: str) -> None:
        """Make of an option's or a variable's text what a file would hold."""
        try:
            into[key] = kind.from_text(text)
        except Faulty as error:
            self.refuse(name, error)

    def refuse(self, name: str, error: Faulty) -> None:
        """Remember all that is wrong in a value."""
        for where, what in error.faults:
            self.fault(f"{name}{where}", what)


@dataclass(frozen=True, slots=True)
class Reading:
    """What command line, environment and file say together, and what is wrong with it.

    Attributes:
        values: the settings; the default stands in where a value is wrong. ``state_dir`` is None where nobody says it;
            ``owner`` is nobody's to say here.
        places: where each key's value was said, as a line for the operator begins; of the keys that somebody says.
        wrong: keys whose value is wrong.
        faults: a line for everything that is wrong, in any of the three.
    """

    values: Settings
    places: Mapping[str, str]
    wrong: frozenset[str]
    faults: tuple[str, ...]

    def check(self) -> None:
        """Go on if nothing is wrong.

        Raises:
            Faults: something is.
        """
        if self.faults:
            raise Faults(self.faults)


def read_settings(said: Said, environ: Mapping[str, str]) -> Settings:
    """Return the settings that command line, environment and file make together; see ``Reading``.

    Raises:
        Faults: with a line for everything that is wrong, in any of the three.
    """
    reading = read(said, environ)
    reading.check()
    return reading.values


def read(said: Said, environ: Mapping[str, str]) -> Reading:
    """Return all that command line, environment and file say."""
    layers = [_options(said), _environment(environ)]
    path = said.config or environ.get(CONFIG_VARIABLE) or None
    if path is not None:
        layers.append(_file(path))
    faults = [fault for layer in layers for fault in layer.faults]
    values: dict[str, Any] = {}
    limits: dict[str, Any] = {}
    places: dict[str, str] = {}
    wrong: set[str] = set()
    for layer in reversed(layers):
        found = _read(layer, faults)
        values |= found
        limits |= _read_limits(layer, faults)
        places |= {name: layer.value_name(name) for name in layer.values}
        wrong = wrong - found.keys() | layer.values.keys() - found.keys()
    chosen = Limits(**limits)
    faults += _unrelated(chosen)
    settings = Settings(**{BY_NAME[name].field: value for name, value in values.items()}, limits=chosen)
    return Reading(settings, places, frozenset(wrong), tuple(faults))


def _read(layer: _Layer, faults: list[str]) -> dict[str, Any]:
    """Return the values of a layer by key; add what is wrong to ``faults``."""
    kinds = {name: BY_NAME[name].kind for name in layer.values}
    return _read_all(layer.values, kinds, layer.value_name, layer.base, faults)


def _read_limits(layer: _Layer, faults: list[str]) -> dict[str, Any]:
    return _read_all(layer.limits, LIMITS, layer.limit_name, layer.base, faults)


def _read_all(
    raw: Mapping[str, object],
    kinds: Mapping[str, Kind],
    called: Callable[[str], str],
    base: str,
    faults: list[str],
) -> dict[str, Any]:
    values = {}
    for name, value in raw.items():
        try:
            values[name] = kinds[name].read(value, base)
        except Faulty as error:
            faults += [f"{called(name)}{where}: {what}" for where, what in error.faults]
    return values


def _unrelated(limits: Limits) -> list[str]:
    return [
        f"limits: {small} ({_limit(limits, small)}) must not be above {large} ({_limit(limits, large)}): {why}"
        for small, large, why in RELATIONS
        if getattr(limits, small) > getattr(limits, large)
    ]


def _limit(limits: Limits, name: str) -> str:
    return plain(getattr(limits, name))


def _options(said: Said) -> _Layer:
    layer = _Layer(lambda name: f"--{BY_NAME[name].option}", lambda name: f"--limit {name}", os.getcwd())
    for name, text in said.values.items():
        key = BY_NAME[name]
        if isinstance(text, str):
            layer.take(f"--{key.option}", key.kind, text, layer.values, name)
        else:
            layer.values[name] = text
    _join_tables(layer)
    for name in [name for name, raw in layer.values.items() if BY_NAME[name].hides(raw)]:
        layer.fault(
            layer.value_name(name),
            f"everyone on this machine can read a command line; give a secret by file or by {PREFIX}{name.upper()}",
        )
    for text in said.limits:
        name, equals, number = text.partition("=")
        name = name.strip().replace("-", "_")
        if not equals:
            layer.fault(f"--limit {text}", "write it like --limit max_rooms=500")
        elif name not in LIMITS:
            layer.fault(f"--limit {name}", f"unknown{nearest(name, LIMITS)}")
        else:
            layer.take(layer.limit_name(name), LIMITS[name], number, layer.limits, name)
    return layer


def _join_tables(layer: _Layer) -> None:
    """Make one list of what repeated options say, each a table, a list of tables or a text."""
    for name in ("rooms", "token_keys", "api_keys"):
        texts = layer.values.pop(name, None)
        tables: list[object] = []
        for text in texts if isinstance(texts, list) else []:
            try:
                raw = BY_NAME[name].kind.from_text(text)
            except Faulty as error:
                layer.refuse(layer.value_name(name), error)
            else:
                tables += raw if isinstance(raw, list) else [raw]
        if tables:
            layer.values[name] = tables


def _environment(environ: Mapping[str, str]) -> _Layer:
    layer = _Layer(
        lambda name: PREFIX + name.upper(), lambda name: PREFIX + _LIMIT_PREFIX + name.upper(), os.getcwd()
    )
    known = {layer.value_name(name) for name in BY_NAME} | {layer.limit_name(name) for name in LIMITS}
    for variable in sorted(environ):
        if not variable.startswith(PREFIX) or variable == CONFIG_VARIABLE:
            continue
        name = variable.removeprefix(PREFIX)
        if variable not in known:
            if name not in _OF_OTHERS:
                layer.fault(variable, f"unknown{nearest(variable, known)}")
        elif environ[variable].strip():
            _take_variable(layer, variable, name.lower(), environ[variable])
    return layer


def _take_variable(layer: _Layer, variable: str, name: str, text: str) -> None:
    limit = name.removeprefix(_LIMIT_PREFIX.lower())
    if name in BY_NAME:
        layer.take(variable, BY_NAME[name].kind, text, layer.values, name)
    else:
        layer.take(variable, LIMITS[limit], text, layer.limits, limit)


def _file(path: str) -> _Layer:
    """Read a TOML file; its relative paths count from its own directory."""
    layer = _Layer(
        lambda name: f"{path}: {name}",
        lambda name: f"{path}: limits.{name}",
        os.path.dirname(os.path.abspath(path)),
    )
    try:
        content, mode = _content(path)
        table = tomllib.loads(content.decode("utf-8"))
    except OSError as error:
        layer.fault(path, f"cannot read it: {error.strerror or error}")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        layer.fault(path, f"is not TOML: {_reason(error)}")
    except Refusal as error:
        layer.fault(path, str(error))
    else:
        _take_table(layer, path, table, mode)
    return layer


def _content(path: str) -> tuple[bytes, int]:
    with open(path, "rb") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        content = file.read(_MAX_FILE_BYTES + 1)
    if len(content) > _MAX_FILE_BYTES:
        raise Refusal(f"is larger than {_MAX_FILE_BYTES} bytes")
    return content, mode


def _reason(error: ValueError) -> str:
    return "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else " ".join(str(error).split())


def _take_table(layer: _Layer, path: str, table: dict[str, object], mode: int) -> None:
    limits = table.pop("limits", {})
    for name, raw in table.items():
        if name not in BY_NAME:
            layer.fault(f"{path}: {name}", f"unknown{nearest(name, [*BY_NAME, 'limits'])}")
            continue
        layer.values[name] = raw
        if mode & FOR_OTHERS and BY_NAME[name].hides(raw):
            layer.fault(
                f"{path}: {name}",
                f"others may read this file (mode {mode:o}) and the secret in it; {MAKE_PRIVATE}",
            )
    if not isinstance(limits, dict):
        layer.fault(f"{path}: limits", "takes a table, [limits]")
        return
    for name, raw in limits.items():
        if name in LIMITS:
            layer.limits[name] = raw
        else:
            layer.fault(f"{path}: limits.{name}", f"unknown{nearest(name, LIMITS)}")
