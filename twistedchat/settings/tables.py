"""Tables: settings that are several records, each with keys of its own."""

import tomllib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from twistedchat.parsing import nearest
from twistedchat.settings.kinds import Faulty, Kind


@dataclass(frozen=True, slots=True)
class Tables:
    """Several tables, each made into a record by ``make``.

    Attributes:
        make: gets the table and the directory that relative paths count from; raises ``Faulty``.
        short: key that a text in place of a table stands for, or None where there must be a table.
        identity: returns of a record what no two may have.
        least: how many there must be.
    """

    make: Callable[[dict[str, object], str], Any]
    short: str | None
    identity: Callable[[Any], str]
    least: int = 0
    takes: str = "a list of tables"

    def from_text(self, text: str) -> object:
        """See ``Kind``: a TOML list of inline tables, one such table, or a text that ``short`` allows."""
        if not text.lstrip().startswith(("[", "{")):
            return [text]
        try:
            return tomllib.loads(f"it = {text}")["it"]
        except tomllib.TOMLDecodeError as error:
            raise Faulty(("", f"is not TOML: {' '.join(str(error).split())}")) from None

    def read(self, raw: object, base: str) -> tuple[Any, ...]:
        """See ``Kind``."""
        tables = [raw] if isinstance(raw, dict) else raw
        if not isinstance(tables, list) or len(tables) < self.least:
            raise Faulty(("", f"takes {self.takes}"))
        found: list[Any] = []
        faults: list[tuple[str, str]] = []
        for at, table in enumerate(tables, 1):
            try:
                found.append(self._record(table, base, f"[{at}]" if len(tables) > 1 else ""))
            except Faulty as error:
                faults += error.faults
        counts = Counter(map(self.identity, found))
        faults += [("", f"{name!r} is there twice") for name, count in counts.items() if count > 1]
        if faults:
            raise Faulty(*faults)
        return tuple(found)

    def _record(self, table: object, base: str, place: str) -> Any:
        if isinstance(table, str) and self.short is not None:
            table = {self.short: table}
        if not isinstance(table, dict):
            raise Faulty((place, f"takes {self.takes}"))
        try:
            return self.make(table, base)
        except Faulty as error:
            raise Faulty(*((f"{place}{where}", what) for where, what in error.faults)) from None


def read_table(
    table: dict[str, object], kinds: dict[str, Kind], base: str, needed: Iterable[str] = ()
) -> dict[str, Any]:
    """Return the values of a table whose keys are known.

    Raises:
        Faulty: with every unknown, missing and wrong key; its places begin with a dot.
    """
    faults = [(f".{name}", f"unknown{nearest(name, kinds)}") for name in table if name not in kinds]
    faults += [(f".{name}", "is missing") for name in needed if name not in table]
    values = {}
    for name, kind in kinds.items():
        if name not in table:
            continue
        try:
            values[name] = kind.read(table[name], base)
        except Faulty as error:
            faults += [(f".{name}{where}", what) for where, what in error.faults]
    if faults:
        raise Faulty(*faults)
    return values
