"""Run twistd with a profiler that signals switch on (USR1) and off (USR2): ``python -m bench.profiled FILE ARGUMENT…``.

So the figures are those of the fan-out alone, without start and log-ins.
"""

import cProfile
import signal
import sys
from types import FrameType

from twisted.scripts.twistd import run


def main() -> None:
    """Take the file's name off the arguments and be twistd."""
    path = sys.argv.pop(1)
    profile = cProfile.Profile()

    def on(number: int, frame: FrameType | None) -> None:
        profile.enable()

    def off(number: int, frame: FrameType | None) -> None:
        profile.disable()
        profile.dump_stats(path)

    signal.signal(signal.SIGUSR1, on)
    signal.signal(signal.SIGUSR2, off)
    run()


if __name__ == "__main__":
    main()
