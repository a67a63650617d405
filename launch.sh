#!/bin/sh
# Rushes on Linux and macOS: find a Python 3.11 or newer and give launch.py to it.
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || exit 1
for python in python3.12 python3.13 python3.11 python3.14 python3 python; do
    if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
        exec "$python" "$here/launch.py" "$@"
    fi
done
echo "Rushes needs Python 3.11 or newer, and there is none here." >&2
if [ "$(uname)" = Darwin ]; then
    echo "Install Python 3.12 from https://www.python.org/downloads/macos/ and start again." >&2
else
    echo "Install it (Debian, Ubuntu: sudo apt install python3 python3-venv) and start again." >&2
fi
exit 1
