"""Loading what the operator names: a factory by its dotted name."""

import importlib
import os
import sys
from collections.abc import Callable
from typing import Any

from twistedchat.config import WrongValue
from twistedchat.parsing import nearest


def load_element(name: str) -> Callable[..., Any]:
    """Import the factory that ``package.module.factory`` names.

    The current directory is searched last, so that a module beside the operator is found.

    Raises:
        Refusal: nothing is there by that name, importing it failed, or it cannot be called.
    """
    module_name, _, attribute = name.replace(":", ".").rpartition(".")
    if not module_name or not all(part.isidentifier() for part in f"{module_name}.{attribute}".split(".")):
        raise WrongValue("element", f"{name}: write it like package.module.factory")
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
    try:
        module = importlib.import_module(module_name)
    except Exception as error:
        detail = " ".join(str(error).split())
        raise WrongValue(
            "element", f"{name}: cannot import {module_name}: {type(error).__name__}: {detail}"
        ) from error
    factory: Callable[..., Any] | None = getattr(module, attribute, None)
    if factory is None:
        raise WrongValue(
            "element", f"{name}: {module_name} has no {attribute!r}{nearest(attribute, dir(module))}"
        )
    if not callable(factory):
        raise WrongValue(
            "element", f"{name}: {attribute} is a {type(factory).__name__}, not something to call"
        )
    return factory
