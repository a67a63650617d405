"""Small promises about files: whole or not there at all, and names that every system accepts.

Knows nothing about clips, presets or folders of the studio.
"""

import contextlib
import hashlib
import os
import re
import time
import unicodedata
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

# Windows refuses these as file names, with any extension.
# Source: Microsoft, "Naming Files, Paths, and Namespaces".
RESERVED_NAMES = frozenset(
    ["con", "prn", "aux", "nul", *(f"com{n}" for n in range(10)), *(f"lpt{n}" for n in range(10))]
)

_PARTIAL = ".partial"
# A virus scanner or a cloud service may hold a fresh file for a moment.
PATIENCE_SECONDS, RETRY_SECONDS = 3.0, 0.1


def write_whole(path: Path, data: bytes, lasting: bool = True) -> None:
    """Write data to path so that a reader sees the old file or the new one, never a part.

    lasting: through a power cut, too; waiting for the disk takes milliseconds.
    """
    with whole(path, lasting) as partial:
        partial.write_bytes(data)


@contextlib.contextmanager
def whole(path: Path, lasting: bool = True) -> Iterator[Path]:
    """A name to write to; what is there when the block ends well appears at path, as a whole.

    lasting: as of `write_whole`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}{_PARTIAL}")
    try:
        yield partial
        if lasting:
            with partial.open("rb+") as stream:
                os.fsync(stream.fileno())
        patiently(lambda: partial.replace(path))
    finally:
        with contextlib.suppress(PermissionError):
            partial.unlink(missing_ok=True)


def sweep_partials(folder: Path) -> None:
    """Remove what programs that were killed had begun to write there with `whole`."""
    for partial in folder.glob(f"*{_PARTIAL}"):
        # Windows does not delete what somebody has open; then it is next time's turn.
        with contextlib.suppress(PermissionError):
            partial.unlink()


def patiently(act: Callable[[], object]) -> None:
    """Do something to a file, again and again for some seconds while somebody holds it. Raises
    OSError."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            act()
            return
        except PermissionError:
            if time.monotonic() > until:
                raise
        time.sleep(RETRY_SECONDS)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def safe_words(text: str, limit: int = 40) -> str:
    """Letters and digits of text joined by hyphens, at most limit characters.

    Chinese and other letters stay; everything a file system could refuse goes. May be empty.
    """
    folded = unicodedata.normalize("NFKC", text)
    words = "-".join(re.findall(r"[^\W_]+", folded))[:limit].strip("-")
    return f"{words}-" if words.casefold() in RESERVED_NAMES else words
