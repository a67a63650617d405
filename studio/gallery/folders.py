"""The library's folders: which film files are in them, and moving one without harming another.

Knows names, sizes and times; not what is inside a file.
"""

import contextlib
import os
from collections.abc import Iterator
from enum import StrEnum
from itertools import count
from pathlib import Path, PurePath
from typing import NamedTuple

from studio.errors import StudioError
from studio.files import patiently
from studio.paths import Places


class Place(StrEnum):
    """The folder a clip's file is in. GONE: it has vanished; stars and tags wait for its return."""

    LIBRARY = "library"
    TRASH = "trash"
    GONE = "gone"


class Spot(NamedTuple):
    """Where a file is: its folder and its name in there, relative, with `/`."""

    place: Place
    file: str


class Stamp(NamedTuple):
    """What shows that a file is still the one that was read."""

    modified_ns: int
    bytes: int


class Folders:
    """The folders of one library. None of them need exist."""

    def __init__(self, places: Places) -> None:
        self._roots = {Place.LIBRARY: places.library, Place.TRASH: places.trash}
        self._not_clips = {places.work, places.trash, places.pictures, places.exports}

    def path(self, spot: Spot) -> Path:
        """Where a file is that has not gone."""
        return self._roots[spot.place] / spot.file

    def exists(self, spot: Spot) -> bool:
        """Whether there is a file, in a folder where clips may be."""
        return spot.place is not Place.GONE and self._takes(spot) and self.path(spot).is_file()

    def stamp(self, spot: Spot) -> Stamp:
        """Raises FileNotFoundError if it has just vanished."""
        status = self.path(spot).stat()
        return Stamp(status.st_mtime_ns, status.st_size)

    def is_still(self, spot: Spot, stamp: Stamp) -> bool:
        """Whether the file there is the one that had this stamp."""
        return self.exists(spot) and self.stamp(spot) == stamp

    def files(self) -> Iterator[tuple[Spot, Stamp]]:
        """Every MP4 of the library and its trash, subfolders of the person's own included."""
        for place, root in self._roots.items():
            for folder, inner, names in os.walk(root):
                inner[:] = [name for name in inner if Path(folder, name) not in self._not_clips]
                for name in filter(_is_film, names):
                    spot = Spot(place, PurePath(folder, name).relative_to(root).as_posix())
                    try:
                        yield spot, self.stamp(spot)
                    except FileNotFoundError:
                        continue

    def move(self, source: Path, place: Place, file: str) -> Spot:
        """Move a file to another place on its disk, under its name relative to that; where the name
        is taken, `-2` is added to it, or `-3` … Names that differ only in case are the same, as
        they are on Windows. Folders that become empty by it are removed from the trash.

        Raises StudioError if the system refuses, and still does after a few seconds.
        """
        wanted = Spot(place, file)
        if not self._takes(wanted):
            wanted = Spot(place, PurePath(file).name)
        path = self.path(wanted)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            taken = {other.name.casefold() for other in path.parent.iterdir()}
            free = next(name for name in _numbered(path.name) if name.casefold() not in taken)
            # On Windows this refuses to overwrite whatever has come in between.
            patiently(lambda: source.rename(path.with_name(free)))
        except OSError as error:
            raise StudioError(
                f"{source.name} could not be moved to {path.parent}: {error.strerror or error}.",
                "Close any program that shows it, and make sure that the folder may be written to.",
            ) from error
        self._clear_away(source)
        return Spot(place, PurePath(wanted.file).with_name(free).as_posix())

    def erase(self, spot: Spot) -> None:
        """Delete a file for good. Raises StudioError if the system refuses, and still does after a
        few seconds."""
        path = self.path(spot)
        try:
            patiently(path.unlink)
        except OSError as error:
            raise StudioError(
                f"{path.name} could not be deleted: {error.strerror or error}.",
                "Close any program that shows it, then try again.",
            ) from error
        self._clear_away(path)

    def _takes(self, spot: Spot) -> bool:
        """Whether clips may be there."""
        return self._roots[spot.place] / PurePath(spot.file).parts[0] not in self._not_clips

    def _clear_away(self, gone: Path) -> None:
        """Remove the folders of the trash that a file has left empty."""
        # The system refuses for the first that is not empty, or that somebody has open.
        with contextlib.suppress(OSError):
            for folder in gone.parents:
                if self._roots[Place.TRASH] not in folder.parents:
                    break
                folder.rmdir()


def _is_film(name: str) -> bool:
    """An MP4 that is not being written, its name whole Unicode; another cannot be written down."""
    whole = name.encode("utf-8", "ignore").decode("utf-8") == name
    folded = name.casefold()
    return whole and folded.endswith(".mp4") and not folded.endswith(".partial.mp4")


def _numbered(name: str) -> Iterator[str]:
    stem, suffix = PurePath(name).stem, PurePath(name).suffix
    yield name
    for number in count(2):
        yield f"{stem}-{number}{suffix}"
