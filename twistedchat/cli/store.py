"""``backup``: a copy of the store, also while the server runs."""

import argparse

from twistedchat.backends.sqlite_backup import backup
from twistedchat.backends.sqlite_beside import check_owner
from twistedchat.cli.common import Commands, add_store_options, nothing_kept, sqlite_file, store_settings
from twistedchat.config import Refusal

BACKUP = """Copy the SQLite store, as it is at one moment, to a new file. The server may be running. The key that signs
tickets, secret.key in the state directory, is not in it: copy that once, and keep it as safe."""


def add_commands(commands: Commands) -> None:
    """Make the command known."""
    parser: argparse.ArgumentParser = commands.add_parser("backup", help="copy the store", description=BACKUP)
    parser.add_argument("to", metavar="TO", help="the new file")
    add_store_options(parser)
    parser.set_defaults(command=make_backup)


def make_backup(chosen: argparse.Namespace) -> None:
    """Copy the store.

    Raises:
        Refusal: it cannot be copied; there is no file then.
    """
    settings = store_settings(chosen)
    path = sqlite_file(settings)
    if path is None:
        if settings.backend.startswith("memory:"):
            raise nothing_kept(settings, "there is nothing to copy")
        raise Refusal(
            "only a SQLite store is copied by this; Redis has ways of its own: BGSAVE, or its append-only file"
        )
    check_owner(path)
    backup(path, chosen.to)
    print(f"copied {path} to {chosen.to}")
