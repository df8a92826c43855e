"""Whether a path of the settings can be on this disk, found out by looking: nothing is opened, nothing is changed.

Permissions are left out: who checks a configuration is often another user than the server's.
"""

import os
import stat

from twistedchat.config import Refusal


def check_directory(path: str) -> None:
    """Look whether ``path`` is a directory, or could be made where it is missing.

    Raises:
        Refusal: something else is in its place, or nothing can be made there.
    """
    place = path
    while (mode := _mode(place)) is None and place != os.path.dirname(place):
        place = os.path.dirname(place)
    if mode is None:
        return
    if not stat.S_ISDIR(mode):
        raise Refusal(f"{path} cannot be a directory: {place} is a file")
    if place != path and (reason := _barren(place, mode)):
        raise Refusal(f"{path} cannot be made: {place} is {reason}")


def check_file(path: str, made: str | None = None) -> None:
    """Look whether ``path`` is a file, or is in a directory where one could be.

    Args:
        path: absolute path.
        made: a directory that will be there, for it is made before the file.

    Raises:
        Refusal: it is a directory, or its own directory is missing or none.
    """
    mode = _mode(path)
    if mode is not None and stat.S_ISDIR(mode):
        raise Refusal(f"{path} is a directory, not a file")
    folder = os.path.dirname(path)
    if mode is not None or folder == made:
        return
    above = _mode(folder)
    if above is None and _is_missing(folder):
        raise Refusal(f"there is no directory {folder}; make it for the server's user")
    if above is not None and not stat.S_ISDIR(above):
        raise Refusal(f"{folder} is a file, not a directory")


def _mode(path: str) -> int | None:
    """Return the mode of what is at ``path``; None where nothing is, or where we may not look."""
    try:
        return os.stat(path).st_mode
    except OSError:
        return None


def _is_missing(path: str) -> bool:
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def _barren(place: str, mode: int) -> str:
    """Return why nobody can make anything in a directory, or "": a disk for reading, or the kernel's own like /proc."""
    try:
        system = os.statvfs(place)
    except OSError:
        return ""
    if system.f_flag & os.ST_RDONLY:
        return "on a file system that is for reading only"
    return "no place for files" if system.f_blocks == 0 and not mode & 0o222 else ""
