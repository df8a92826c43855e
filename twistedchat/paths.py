"""Where the files of this installation are."""

from pathlib import Path


def static_dir() -> Path:
    """Return the folder of the browser's half.

    In a wheel it is inside the package; in a checkout, from where an editable install runs too, beside it.

    Raises:
        RuntimeError: the installation has no such folder.
    """
    package = Path(__file__).resolve().parent
    for candidate in (package / "static", package.parent / "static"):
        if (candidate / "twistedchat.d.ts").is_file():
            return candidate
    raise RuntimeError("the static files are missing from this installation of twistedchat")
