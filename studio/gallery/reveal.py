"""A folder shown in the system's own file manager.

Knows the three systems; nothing of clips. No shell: a folder's name is never read as a command.
"""

import os
import subprocess
import sys
import threading
from pathlib import Path

from studio.errors import StudioError


def reveal(folder: Path) -> None:
    """Open the folder in a window of its own, without waiting for it.

    Raises StudioError if the system has nothing to show folders with.
    """
    try:
        if sys.platform == "win32":
            os.startfile(folder)
        else:
            _run("open" if sys.platform == "darwin" else "xdg-open", folder)
    except OSError as error:
        raise StudioError(
            f"{folder} could not be opened: {error.strerror or error}.",
            "Copy the file's path, and open it in your file manager.",
        ) from error


def _run(program: str, folder: Path) -> None:
    process = subprocess.Popen(
        [program, str(folder)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    # Some file managers end only with their window; somebody must still notice it.
    threading.Thread(target=process.wait, daemon=True).start()
