"""Settings told: as a TOML file without secrets, and as the tables of docs/operation.md."""

import inspect
import json
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from twistedchat.config import DEFAULT_STATE_NAME, Limits, Settings
from twistedchat.parsing import without_password
from twistedchat.settings.keys import KEYS, LIMITS, SECRETS, Key
from twistedchat.settings.kinds import Many, unit_of
from twistedchat.settings.sources import PREFIX
from twistedchat.settings.tables import Tables

REDACTED = "***"

_NONE = re.compile(r", or None[^.;]*")
_ATTRIBUTE = re.compile(r"(\w+): (.*)")


def descriptions(kind: type) -> dict[str, str]:
    """Return what a dataclass's docstring says of each of its fields, in one line each."""
    _, _, part = (inspect.getdoc(kind) or "").partition("Attributes:\n")
    found: dict[str, str] = {}
    name = ""
    for line in inspect.cleandoc(part).splitlines():
        begins = _ATTRIBUTE.fullmatch(line)
        if begins:
            name, found[begins[1]] = begins[1], begins[2]
        elif name and line.strip():
            found[name] += f" {line.strip()}"
    return found


def as_toml(settings: Settings) -> Iterator[str]:
    """Yield the lines of a file that says what ``settings`` are, with stars for secrets; limits that are by default are
    counted only."""
    default = Limits()
    for key in KEYS:
        value = getattr(settings, key.field)
        if value is None:
            yield f"# {key.name} is not set"
        else:
            yield f"{key.name} = {_toml(_redacted(key.name, value))}"
    changed = {
        name: value for name in LIMITS if (value := getattr(settings.limits, name)) != getattr(default, name)
    }
    yield ""
    yield "[limits]"
    yield from (f"{name} = {_toml(value)}" for name, value in changed.items())
    yield f"# {len(LIMITS) - len(changed)} by default"


def _redacted(name: str, value: Any) -> Any:
    return without_password(value) if name == "backend" else value


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if is_dataclass(value):
        return f"{{{', '.join(_items(value))}}}"
    return json.dumps(str(value), ensure_ascii=False)


def _items(record: Any) -> Iterator[str]:
    for field in fields(record):
        value = getattr(record, field.name)
        if value is not None:
            yield f"{field.name} = {_toml(REDACTED if field.name in SECRETS else value)}"


def tables() -> Iterator[str]:
    """Yield the lines of the two tables, in Markdown: every key, and every limit."""
    told = descriptions(Settings)
    yield "| in a file | option | variable | what it is | default |"
    yield "| --- | --- | --- | --- | --- |"
    for key in KEYS:
        option = f"`--{key.option}`{' *' if isinstance(key.kind, Many | Tables) else ''}"
        default = _default(key)
        yield f"| `{key.name}` | {option} | `{PREFIX}{key.name.upper()}` | {_cell(told[key.field])} | {default} |"
    yield ""
    yield "| in `[limits]` | unit | what it is | default |"
    yield "| --- | --- | --- | --- |"
    told = descriptions(Limits)
    for name in LIMITS:
        default = f"{getattr(Limits(), name):,}".replace(",", " ")
        yield f"| `{name}` | {unit_of(name) or '-'} | {_cell(told[name])} | {default} |"


def _default(key: Key) -> str:
    if key.name == "state":
        return f"`{DEFAULT_STATE_NAME}` in twistd's `--rundir`"
    value = getattr(Settings(), key.field)
    if key.name == "transports":
        return "all"
    if key.name == "rooms":
        return ", ".join(room.title for room in value)
    if value in (None, (), ""):
        return "none"
    return f"`{_toml(value)}`"


def _cell(text: str) -> str:
    """Return a description without what only a program has to know."""
    return _NONE.sub("", text).replace("``", "`").replace("|", "\\|")
