"""Names of people and rooms: normalized, compared by case fold, tricks refused with a reason.

Source: Unicode TR15 (NFKC), TR36 (visual spoofing).
"""

import unicodedata

from twistedchat.core.errors import SafeError

MAX_NAME_CHARS = 32
MAX_ROOM_CHARS = 60

# Letters that show nothing, or fill a line, though they are no control characters.
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800\u034f\u17b4\u17b5")

# Variation selectors: they belong to emoji, but a name must not differ from another by nothing else.
_SELECTORS = dict.fromkeys([*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)])


class BadName(SafeError):
    """The name cannot be used; the text says why."""


class NameTaken(SafeError):
    """Somebody who is here has this name."""


def clean_name(text: str, what: str = "name", longest: int = MAX_NAME_CHARS) -> str:
    """Return ``text`` in NFKC with single blanks.

    Raises:
        BadName: it is empty, too long, or has characters that cannot be seen or change the direction of writing.
    """
    name = " ".join(unicodedata.normalize("NFKC", text).split())
    if not name:
        raise BadName(f"a {what} needs at least one character")
    if len(name) > longest:
        raise BadName(f"a {what} has at most {longest} characters")
    if not all(map(_is_fair, name)):
        raise BadName(f"a {what} cannot have invisible or direction-changing characters")
    if all(unicodedata.category(char)[0] in "MZ" for char in name):
        raise BadName(f"a {what} needs at least one visible character")
    if sum(unicodedata.category(char) in ("Mn", "Me") for char in name) > len(name) // 2 + 1:
        raise BadName(f"a {what} cannot stack marks")
    return name


def _is_fair(char: str) -> bool:
    category = unicodedata.category(char)
    return category[0] != "C" and category not in ("Zl", "Zp") and char not in _BLANK


def folded(name: str) -> str:
    """Return the form in which names are compared."""
    return unicodedata.normalize("NFKC", name.casefold().translate(_SELECTORS))
