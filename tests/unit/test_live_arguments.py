"""Arguments of exposed methods are checked before the method runs, and nothing is converted silently."""

from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from msgspec import Meta

from twistedchat.core.errors import BadArguments
from twistedchat.live.arguments import Arguments


@dataclass
class Point:
    x: int
    y: int = 0


class Thing:
    def none(self) -> None: ...
    def any(self, value): ...  # type: ignore[no-untyped-def]
    def one(self, text: str) -> None: ...
    def two(self, text: str, number: int = 5) -> None: ...
    def rest(self, first: str, *others: int) -> None: ...
    def point(self, point: Point) -> None: ...
    def short(self, text: Annotated[str, Meta(max_length=3)]) -> None: ...
    def maybe(self, text: str | None) -> None: ...
    def number(self, value: float) -> None: ...
    def option(self, text: str, *, loud: bool = False, **more: int) -> None: ...
    def impossible(self, *, loud: bool) -> None: ...


@pytest.mark.parametrize(
    ("name", "values", "checked"),
    [
        ("none", [], []),
        ("any", [{"x": [1, None]}], [{"x": [1, None]}]),
        ("one", ["x"], ["x"]),
        ("two", ["x"], ["x"]),
        ("two", ["x", 3], ["x", 3]),
        ("rest", ["x", 1, 2, 3], ["x", 1, 2, 3]),
        ("point", [{"x": 1}], [Point(1)]),
        ("short", ["abc"], ["abc"]),
        ("maybe", [None], [None]),
        ("number", [1], [1.0]),
        ("option", ["x"], ["x"]),
    ],
)
def test_what_fits_is_given(name: str, values: list[Any], checked: list[Any]) -> None:
    assert Arguments(getattr(Thing, name)).check(values) == checked


@pytest.mark.parametrize(
    ("name", "values", "text"),
    [
        ("none", [1], "takes 0 arguments, got 1"),
        ("one", [], "takes 1 arguments, got 0"),
        ("one", ["x", "y"], "takes 1 arguments, got 2"),
        ("two", [], "takes 1 to 2 arguments, got 0"),
        ("rest", [], "takes at least 1 arguments, got 0"),
        ("one", [1], "argument 1: "),
        ("two", ["x", "1"], "argument 2: "),
        ("two", ["x", True], "argument 2: "),
        ("rest", ["x", 1, "2"], "argument 3: "),
        ("point", [{"y": 1}], "argument 1: "),
        ("short", ["abcd"], "argument 1: "),
        ("maybe", [0], "argument 1: "),
    ],
)
def test_what_does_not_fit_is_refused_with_the_reason(name: str, values: list[Any], text: str) -> None:
    with pytest.raises(BadArguments) as caught:
        Arguments(getattr(Thing, name)).check(values)
    assert caught.value.text.startswith(text)


def test_a_method_that_no_page_could_call_is_refused_when_it_is_defined() -> None:
    with pytest.raises(TypeError, match="loud"):
        Arguments(Thing.impossible)
