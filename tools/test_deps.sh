#!/bin/bash
# Install with apt what the tests use and this machine lacks: browsers, Redis, Node.
# With --if-root: only where that can work at all, and a failure is no error (the tests say what they miss).
set -euo pipefail

missing=()
need() { command -v "$1" >/dev/null || missing+=("$2"); }
need chromium chromium
need firefox-esr firefox-esr
need redis-server redis-server
need node nodejs
need npm npm

[ ${#missing[@]} -eq 0 ] && exit 0
if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
    [ "${1:-}" = --if-root ] && exit 0
    echo "missing: ${missing[*]}; installing needs root and apt-get" >&2
    exit 1
fi

install() {
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update && apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
}
echo "installing ${missing[*]}"
if [ "${1:-}" = --if-root ]; then install || echo "could not install ${missing[*]}" >&2; else install; fi
