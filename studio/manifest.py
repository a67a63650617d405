"""What a download is to bring, written down in its folder, and how much of that is there.

Knows files by where they lie; not which model they are of.
"""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from studio.errors import StudioError
from studio.files import write_whole
from studio.hub import HubFile

# Written last: without it a folder is a download that was broken off.
WHOLE = "whole.txt"
# What a download is to bring; written first.
MANIFEST = "download.json"
# The end of a file's name while it is on its way.
PARTIAL = ".partial"
# Held by whoever downloads.
LOCK = "download.lock"


@dataclass(frozen=True, kw_only=True, slots=True)
class Released:
    """Weights that were let go once they were kept as they run. changed: time of change of each, in
    nanoseconds, by where it lay. kept: SHA-256 of what was made of them, by where that lies in the
    folder of experts as they run, with `/`."""

    changed: dict[str, int]
    kept: dict[str, str]

    @property
    def forms(self) -> list[str]:
        """The names of the ways in which they are kept."""
        return sorted({path.partition("/")[0] for path in self.kept})


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    """What a download is to bring. bundle: its id. files: by where they lie in the model's folder,
    with `/`. released: those of them that were let go, None where none were. passing: they are let
    go one by one, as what runs is made of them."""

    bundle: str
    files: dict[str, HubFile]
    released: Released | None = None
    passing: bool = False

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.files.values())


def read(folder: Path) -> Manifest | None:
    """What the download of a model's folder is to bring; None where none was begun."""
    try:
        data = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        files = {target: HubFile(**file) for target, file in data["files"].items()}
        gone = data.get("released")
        released = None if gone is None else Released(**gone)
        passing = data.get("passing", False)
        return Manifest(bundle=data["bundle"], files=files, released=released, passing=passing)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, TypeError, KeyError) as error:
        raise StudioError(
            f"The list of files in {folder} cannot be read.",
            f"Delete {folder / MANIFEST} and download the model again; nothing that is there comes "
            "anew.",
        ) from error


def begin(folder: Path, planned: Manifest) -> None:
    """Write down what a download is to bring; what an earlier one was to bring and this is not,
    goes."""
    (folder / WHOLE).unlink(missing_ok=True)
    before = read(folder)
    for target in set(before.files if before else ()) - set(planned.files):
        (folder / target).unlink(missing_ok=True)
        (folder / f"{target}{PARTIAL}").unlink(missing_ok=True)
    note(folder, planned)


def note(folder: Path, known: Manifest) -> None:
    """Write it down."""
    write_whole(folder / MANIFEST, json.dumps(asdict(known), indent=1).encode())


def finish(folder: Path) -> None:
    """Call a download whole."""
    write_whole(folder / WHOLE, b"")


def finished(folder: Path) -> int | None:
    """When a download was last called whole, in nanoseconds; None where none was."""
    mark = folder / WHOLE
    return mark.stat().st_mtime_ns if mark.exists() else None


def there(folder: Path, planned: Manifest) -> int:
    """Bytes of a download that came: on disk, on their way, or let go in passing."""
    gone = planned.released.changed if planned.passing and planned.released else {}
    sizes = (
        file.bytes
        if target in gone
        else max(size(folder / target), size(folder / f"{target}{PARTIAL}"))
        for target, file in planned.files.items()
    )
    return sum(sizes)


def size(path: Path) -> int:
    """Of a file in bytes; 0 where there is none, or none any more."""
    with suppress(FileNotFoundError):
        return path.stat().st_size if path.is_file() else 0
    return 0
