#!/bin/bash
# Make a virtual environment at $1 with the first Python that is new enough. A name on the PATH proves nothing
# (version managers put stand-ins there), so each is asked.
set -euo pipefail

for python in ${PYTHON:-} python3.11 python3.12 python3.13 python3 python3.14; do
    if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
            echo "$python cannot make virtual environments; on Debian: apt-get install python3-venv" >&2
            exit 1
        fi
        echo "making $1 with $("$python" -V)"
        exec "$python" -m venv "$1"
    fi
done
echo "twistedchat needs Python 3.11 or newer, and none was found; name it with: make PYTHON=/path/to/python3.11" >&2
exit 1
