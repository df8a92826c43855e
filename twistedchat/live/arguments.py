"""Arguments from a page, checked against a method's annotations before it runs."""

import inspect
import typing
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from twistedchat.core.errors import BadArguments


class Arguments:
    """The parameters of one exposed method.

    Parameters are positional; a default makes one optional, ``*args`` takes the rest. What has no annotation takes
    any JSON value. Types are those of msgspec: str, int, float, bool, None, list[...], dict[str, ...], tuples, dataclasses,
    Structs, Annotated with Meta for bounds. Nothing is converted silently: "1" is no int.

    Raises:
        TypeError: the method has keyword-only parameters without defaults, which a page could never give.
    """

    __slots__ = ("_least", "_rest", "_types")

    def __init__(self, method: Callable[..., Any]) -> None:
        hints = typing.get_type_hints(method, include_extras=True)
        self._types: list[Any] = []
        self._rest: Any = None
        self._least = 0
        for parameter in list(inspect.signature(method).parameters.values())[1:]:
            kind = hints.get(parameter.name, Any)
            if parameter.kind is parameter.VAR_POSITIONAL:
                self._rest = kind
            elif parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
                self._types.append(kind)
                if parameter.default is parameter.empty:
                    self._least = len(self._types)
            elif parameter.kind is parameter.KEYWORD_ONLY and parameter.default is parameter.empty:
                raise TypeError(
                    f"{method.__qualname__}: a page cannot give the keyword argument {parameter.name!r}"
                )

    def check(self, values: Sequence[Any]) -> list[Any]:
        """Return ``values`` as the method wants them.

        Raises:
            BadArguments: too few, too many, or of another type; the text says which.
        """
        if len(values) < self._least or (self._rest is None and len(values) > len(self._types)):
            raise BadArguments(f"takes {self._wanted()} arguments, got {len(values)}")
        checked = []
        for index, value in enumerate(values):
            kind = self._types[index] if index < len(self._types) else self._rest
            try:
                checked.append(msgspec.convert(value, kind))
            except msgspec.ValidationError as error:
                raise BadArguments(f"argument {index + 1}: {error}") from None
        return checked

    def _wanted(self) -> str:
        if self._rest is not None:
            return f"at least {self._least}"
        if self._least == len(self._types):
            return str(self._least)
        return f"{self._least} to {len(self._types)}"
