"""Kinds of values: what a key takes, from a file's own types or from text, and what is said where it takes something else.

A value passes two steps. ``from_text`` makes of an option's or a variable's text what a TOML file would hold; ``read`` makes
of that what ``Settings`` holds. What is wrong is told as ``Faulty``, with the place inside the value.
"""

import math
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol

from twistedchat.config import Refusal

_SEPARATORS = re.compile(r"[,\s]+")
_SHOWN_CHARS = 60
_FLAGS = {
    "1": True,
    "true": True,
    "yes": True,
    "on": True,
    "0": False,
    "false": False,
    "no": False,
    "off": False,
}
_UNITS = {
    "_bytes": "bytes",
    "_chars": "characters",
    "_per_s": "times a second",
    "_s": "seconds",
    "_days": "days",
}


class Faulty(Exception):
    """A value is wrong, perhaps in several places.

    Attributes:
        faults: pairs of the place inside the value, such as ``[2].kind`` or "", and what is wrong there.
    """

    def __init__(self, *faults: tuple[str, str]) -> None:
        super().__init__(faults)
        self.faults = faults


class Kind(Protocol):
    """What a key takes."""

    @property
    def takes(self) -> str:
        """The kind in words, to stand after "takes"."""

    def from_text(self, text: str) -> object:
        """Return what a TOML file would hold for ``text``; what makes no sense is left to ``read``."""

    def read(self, raw: object, base: str) -> Any:
        """Return the value.

        Args:
            raw: what a TOML file holds.
            base: directory that relative paths count from.

        Raises:
            Faulty: it is of another type, out of range, or makes no sense.
        """


def shown(raw: object) -> str:
    """Return a wrong value as it is told to the operator: short, in one line."""
    text = (
        repr(raw) if isinstance(raw, str | int | float) else f"a {_TYPES.get(type(raw), type(raw).__name__)}"
    )
    return text if len(text) <= _SHOWN_CHARS else text[: _SHOWN_CHARS - 1] + "…"


_TYPES: dict[type, str] = {list: "list", dict: "table"}


def plain(number: float) -> str:
    """Return a number as people write it: 0.5, 31 622 400, without an exponent."""
    whole = number == int(number)
    return f"{int(number):,}".replace(",", " ") if whole else f"{number:,}".replace(",", " ")


def _wrong(kind: Kind, raw: object) -> Faulty:
    return Faulty(("", f"takes {kind.takes}, not {shown(raw)}"))


@dataclass(frozen=True, slots=True)
class Text:
    """One text, and what is made of it.

    Attributes:
        parse: makes the value of the text, or raises ``Refusal``.
        takes: see ``Kind``.
        secret: whether a wrong value must not be told; then ``parse`` must not tell it either.
    """

    parse: Callable[[str], Any] = str
    takes: str = "a text"
    secret: bool = False

    def from_text(self, text: str) -> object:
        """See ``Kind``."""
        return text

    def read(self, raw: object, base: str) -> Any:
        """See ``Kind``."""
        if not isinstance(raw, str):
            raise Faulty(("", f"takes {self.takes}")) if self.secret else _wrong(self, raw)
        return _parsed(self.parse, raw)


@dataclass(frozen=True, slots=True)
class Path:
    """A path, made absolute.

    Attributes:
        thing: what is there, in words.
    """

    thing: str = "file"

    @property
    def takes(self) -> str:
        """See ``Kind``."""
        return f"the path of a {self.thing}"

    def from_text(self, text: str) -> object:
        """See ``Kind``."""
        return text

    def read(self, raw: object, base: str) -> str:
        """See ``Kind``."""
        if not isinstance(raw, str) or "\0" in raw:
            raise _wrong(self, raw)
        if not raw:
            raise Faulty(("", f"names no {self.thing}"))
        return os.path.abspath(os.path.join(base, raw))


@dataclass(frozen=True, slots=True)
class Many:
    """Several texts, each parsed, each once; a lone text is a list of one, or one with commas.

    Attributes:
        parse: makes the value of a text, or raises ``Refusal``.
        takes: see ``Kind``.
        least: how many there must be.
    """

    parse: Callable[[str], Any] = str
    takes: str = "a list of texts"
    least: int = 0

    def from_text(self, text: str) -> object:
        """See ``Kind``: separated by commas or spaces."""
        return [part for part in _SEPARATORS.split(text) if part]

    def read(self, raw: object, base: str) -> tuple[Any, ...]:
        """See ``Kind``."""
        texts = [raw] if isinstance(raw, str) else raw
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise _wrong(self, raw)
        if len(texts) < self.least:
            raise Faulty(("", f"takes {self.takes}, at least {self.least}"))
        return tuple(dict.fromkeys(collect(partial(_parsed, self.parse, text) for text in texts)))


@dataclass(frozen=True, slots=True)
class Listed:
    """A comma list that is parsed as a whole, or a TOML list of the same."""

    parse: Callable[[str], tuple[str, ...]]
    takes: str = "a list of names"

    def from_text(self, text: str) -> object:
        """See ``Kind``."""
        return text

    def read(self, raw: object, base: str) -> tuple[str, ...]:
        """See ``Kind``."""
        if isinstance(raw, list) and all(isinstance(part, str) for part in raw):
            raw = ",".join(raw)
        if not isinstance(raw, str):
            raise _wrong(self, raw)
        value: tuple[str, ...] = _parsed(self.parse, raw)
        return value


@dataclass(frozen=True, slots=True)
class Flag:
    """Yes or no."""

    takes: str = "true or false"

    def from_text(self, text: str) -> object:
        """See ``Kind``: 1, true, yes, on, or 0, false, no, off."""
        return _FLAGS.get(text.strip().lower(), text)

    def read(self, raw: object, base: str) -> bool:
        """See ``Kind``."""
        if not isinstance(raw, bool):
            raise _wrong(self, raw)
        return raw


@dataclass(frozen=True, slots=True)
class Number:
    """A number in a range; its unit is the end of its name.

    Attributes:
        unit: the unit in words, or "".
        whole: whether only whole numbers make sense.
        least: the smallest that is taken.
        most: the largest that is taken.
        above: whether ``least`` itself is too small.
    """

    unit: str = ""
    whole: bool = True
    least: float = 1
    most: float = 10**12
    above: bool = False

    @property
    def takes(self) -> str:
        """See ``Kind``."""
        number = "a whole number" if self.whole else "a number"
        start = "above" if self.above else "from"
        return f"{number}{f' of {self.unit}' if self.unit else ''} {start} {plain(self.least)} to {plain(self.most)}"

    def from_text(self, text: str) -> object:
        """See ``Kind``."""
        for number in (int, float):
            try:
                return number(text)
            except ValueError:
                continue
        return text

    def read(self, raw: object, base: str) -> int | float:
        """See ``Kind``."""
        if isinstance(raw, bool) or not isinstance(raw, int if self.whole else int | float):
            raise _wrong(self, raw)
        low = raw <= self.least if self.above else raw < self.least
        if low or raw > self.most or not math.isfinite(raw):
            raise _wrong(self, raw)
        return raw if self.whole else float(raw)


@dataclass(frozen=True, slots=True)
class Moment:
    """A date or a time, made seconds since 1970; without an offset it is UTC."""

    takes: str = "a date or a time such as 2027-01-31 or 2027-01-31T12:00:00Z"

    def from_text(self, text: str) -> object:
        """See ``Kind``."""
        return text

    def read(self, raw: object, base: str) -> float:
        """See ``Kind``."""
        try:
            moment = datetime.fromisoformat(raw if isinstance(raw, str) else raw.isoformat())  # type: ignore[attr-defined]
        except (AttributeError, ValueError):
            raise _wrong(self, raw) from None
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def unit_of(name: str) -> str:
    """Return the unit that the end of a name tells, in words; "" for a count."""
    return next((unit for end, unit in _UNITS.items() if name.endswith(end)), "")


def collect(parts: Iterable[Callable[[], Any]]) -> list[Any]:
    """Return what each of ``parts`` returns.

    Raises:
        Faulty: with all that any of them raised.
    """
    values: list[Any] = []
    faults: list[tuple[str, str]] = []
    for part in parts:
        try:
            values.append(part())
        except Faulty as error:
            faults += error.faults
    if faults:
        raise Faulty(*faults)
    return values


def _parsed(parse: Callable[[str], Any], text: str) -> Any:
    try:
        return parse(text)
    except Refusal as error:
        raise Faulty(("", str(error))) from None
