"""The state directory: one process at a time, one secret key; private to its owner."""

import fcntl
import os
import pwd
import secrets
import stat
from contextlib import suppress
from dataclasses import dataclass

from twistedchat.config import Owner, Refusal

LOCK_NAME = "lock"
KEY_NAME = "secret.key"
KEY_BYTES = 32


@dataclass(slots=True)
class State:
    """An open state directory, or a stand-in that forgets everything.

    Attributes:
        path: the directory's absolute path; None when nothing is kept on disk.
        secret: 32 random bytes that sign tickets; the same after a restart when there is a directory.
    """

    path: str | None
    secret: bytes
    _lock: int | None = None

    def close(self) -> None:
        """Let another process have the directory. Idempotent."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def open_state(path: str | None, owner: Owner | None = None) -> State:
    """Open the state directory, made where it is missing, and keep other processes out of it.

    The lock is an advisory one on an open file: it outlives the forks of a daemon's start and ends with the process,
    however that ends. Nothing has to be cleaned up after a crash.

    Args:
        path: absolute path, or None: a new key, nothing on disk.
        owner: who shall own what is made here; needs the privilege to give files away.

    Raises:
        Refusal: another process has it, or it cannot be made, read, written or owned.
    """
    if path is None:
        return State(None, secrets.token_bytes(KEY_BYTES))
    try:
        _make_directory(path, owner)
        lock = _lock(path, owner)
    except OSError as error:
        raise _unusable(path, error) from error
    try:
        return State(path, _key(path, owner), lock)
    except OSError as error:
        os.close(lock)
        raise _unusable(path, error) from error
    except Refusal:
        os.close(lock)
        raise


def _unusable(path: str, error: OSError) -> Refusal:
    return Refusal(f"cannot use the state directory {path}: {error.strerror or error}")


def _make_directory(path: str, owner: Owner | None) -> None:
    if not os.path.isdir(path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.mkdir(path, 0o700)
        if owner is not None:
            os.chown(path, *_ids(owner))
        return
    found = os.stat(path)
    _check_owner(path, found, owner)
    if stat.S_IMODE(found.st_mode) & 0o077 and found.st_uid == os.geteuid():
        os.chmod(path, 0o700)


def _check_owner(path: str, found: os.stat_result, owner: Owner | None) -> None:
    """Refuse a directory of another user than the server's: what root made in it, that user could not read."""
    wanted = os.geteuid() if owner is None or owner.uid is None else owner.uid
    if found.st_uid == wanted:
        return
    run_as = f"start with twistd's --uid={_user(found.st_uid)}, " if os.geteuid() == 0 else ""
    raise Refusal(
        f"{path} belongs to {_told_user(found.st_uid)}, not to {_told_user(wanted)}; {run_as}"
        f"chown -R {_user(wanted)} it, or choose another --state"
    )


def _told_user(uid: int) -> str:
    name = _user(uid)
    return f"user id {uid}" if name == str(uid) else f"{name} (user id {uid})"


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _ids(owner: Owner) -> tuple[int, int]:
    return (-1 if owner.uid is None else owner.uid, -1 if owner.gid is None else owner.gid)


def _lock(path: str, owner: Owner | None) -> int:
    fd = _open_private(os.path.join(path, LOCK_NAME), os.O_RDWR | os.O_CREAT, owner)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        raise Refusal(
            f"another twistedchat uses the state directory {path}; stop it, or choose another --state"
        ) from None
    return fd


def _open_private(path: str, flags: int, owner: Owner | None) -> int:
    fd = os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    found = os.fstat(fd)
    if owner is not None and found.st_uid == os.geteuid() and found.st_nlink <= 1:
        os.fchown(fd, *_ids(owner))
    return fd


def _key(path: str, owner: Owner | None) -> bytes:
    name = os.path.join(path, KEY_NAME)
    if not os.path.exists(name):
        _write_key(path, name, owner)
    fd = _open_private(name, os.O_RDONLY, owner)
    with os.fdopen(fd, "rb") as file:
        key = file.read(KEY_BYTES + 1)
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
    if len(key) != KEY_BYTES:
        raise Refusal(
            f"{name} is not a key of {KEY_BYTES} bytes; restore it, or remove it and all tickets are void"
        )
    if mode & 0o077:
        raise Refusal(f"others may read {name} (mode {mode:o}); chmod 600 it, and replace it if they have")
    return key


def _write_key(path: str, name: str, owner: Owner | None) -> None:
    """Make the key appear whole or not at all; only the holder of the lock comes here."""
    fresh = name + ".new"
    with suppress(FileNotFoundError):  # what a crash left here may have another mode or owner
        os.unlink(fresh)
    fd = _open_private(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, owner)
    with os.fdopen(fd, "wb") as file:
        file.write(secrets.token_bytes(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    os.rename(fresh, name)
    directory = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
