"""The commands, their options, and their exit codes: 0 done, 1 refused (with the reason on standard error), 2 misused."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from twistedchat import __version__
from twistedchat.cli import accounts, check, programs, store, tokens
from twistedchat.config import Refusal
from twistedchat.core.errors import SafeError

Command = Callable[[argparse.Namespace], None]

DESCRIPTION = "Help for the one who runs a chat. The chat itself is started by: twistd chat"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code."""
    parser = _parser()
    chosen, rest = parser.parse_known_args(arguments)
    if rest and not hasattr(chosen, "chat_options"):
        parser.error(f"unknown: {' '.join(rest)}")
    chosen.chat_options = rest
    command: Command = chosen.command
    try:
        command(chosen)
        sys.stdout.flush()
    except BrokenPipeError:  # who reads, such as head, has had enough; what was asked for is done
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes once more at its end
        return 0
    except (Refusal, SafeError) as error:
        for line in str(error).splitlines() or [type(error).__name__]:
            print(f"twistedchat: {line}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m twistedchat", description=DESCRIPTION, allow_abbrev=False)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in (check, accounts, tokens, programs, store):
        module.add_commands(commands)
    version = commands.add_parser("version", help="say which version this is")
    version.set_defaults(command=lambda chosen: print(f"twistedchat {__version__}"))
    return parser
