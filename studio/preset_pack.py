"""What presets travel in: a file, a folder or a zip, and the pictures of their cards.

Knows containers and pixels; not what a preset may say. Whatever comes in is somebody else's: names
in it are only ever compared, never written to, and nothing is read without a bound.
"""

import contextlib
import io
import itertools
import re
import stat
import struct
import unicodedata
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath, PurePosixPath
from typing import Protocol

from PIL import Image, ImageOps

from studio.errors import PictureError, PresetError
from studio.picture import FORMATS
from studio.plain_yaml import MAX_BYTES

SUFFIXES = (".yaml", ".yml")
# A pack of a thousand looks is a library of its own; what is larger is something else.
MAX_FILES = 1000
MAX_SEEN = 10_000
MAX_PICTURE_BYTES = 8 << 20
MAX_PACK_BYTES = 64 << 20
# A name or two and what the zip says of each file; the library reads all of it before we see any.
MAX_DIRECTORY_BYTES = 2 << 20
# Written text shrinks by ten.
MAX_RATIO = 200
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# A card is drawn at a few hundred pixels; the limit before it is what a laptop decodes easily.
CARD_SIDE = 640
MAX_SIDE = 6000

# The flag by which a zip says that a name is UTF-8; without it the library reads it as cp437.
_IS_UTF_8 = 0x800
_NO_PACK = "It is safer not to open it; ask for the YAML files themselves."
# Absolute, on a drive, upwards, or with a separator of another system.
_LEAVES = re.compile(r"^/|^[A-Za-z]:|\\|(^|/)\.\.(/|$)|[\x00-\x1f]")


class Bundle(Protocol):
    """Preset files and what lies beside them."""

    def names(self) -> list[str]:
        """The preset files, as paths within it with `/`, sorted."""

    def preset(self, name: str) -> bytes:
        """A preset file's bytes, cut off beyond what any may have. Raises PresetError."""

    def picture(self, name: str, beside: str) -> bytes | None:
        """The file of that plain name beside a preset file; None if there is none or it is too
        large. Raises PresetError."""


def is_preset(path: PurePath) -> bool:
    """Whether a file's name is that of a preset; macOS keeps shadows of files that begin with ._"""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith("._")


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Bundle]:
    """A preset file, a folder of them or a zip. Raises PresetError if it is none of those."""
    if path.is_dir():
        yield _Folder(path, _within(path))
    elif is_preset(path) and path.is_file():
        yield _Folder(path.parent, [path.name])
    elif path.suffix.lower() == ".zip" and path.is_file():
        with _unzipping(path.name):
            archive = _archive(path)
        with archive:
            yield _Zip(archive, path.name)
    elif not path.exists():
        raise PresetError(f"There is no file {path}.", "Check the name and the folder.")
    else:
        raise PresetError(
            f"{path.name} is no preset.",
            "Choose a .yaml file, a folder or a .zip of them, or a clip made here.",
        )


def packed(files: Mapping[str, bytes]) -> bytes:
    """A zip of these files by name, without the day it was made."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def card(data: bytes, id: str) -> bytes:
    """A picture drawn anew as a lossless WebP of at most 640 pixels a side, so that nothing but
    pixels travels on, and the next time around changes nothing.

    data: a PNG, JPEG or WebP of at most 6,000 pixels a side and 8 MB. id: of the preset, to say
    whose picture cannot be used. Raises PictureError.
    """
    if len(data) > MAX_PICTURE_BYTES:
        raise _no_card(id, f"it is larger than {MAX_PICTURE_BYTES >> 20} MB")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=list(FORMATS)) as image:
                if max(image.size) > MAX_SIDE:
                    raise _no_card(id, f"it has {image.width}×{image.height} pixels")
                upright = ImageOps.exif_transpose(image).convert("RGB")
    except (
        *(OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error),
        *(Image.DecompressionBombError, MemoryError),
    ) as error:
        raise _no_card(id, "it cannot be read") from error
    upright.thumbnail((CARD_SIDE, CARD_SIDE), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    upright.save(stream, "WEBP", lossless=True)
    return stream.getvalue()


def card_of(path: Path, id: str) -> bytes:
    """`card` of a file. Raises PictureError."""
    try:
        with path.open("rb") as stream:
            return card(stream.read(MAX_PICTURE_BYTES + 1), id)
    except OSError as error:
        raise _no_card(id, f"{path.name} cannot be opened, {error.strerror}") from error


class _Folder:
    def __init__(self, path: Path, names: list[str]) -> None:
        self._path, self._names = path, names

    def names(self) -> list[str]:
        return self._names

    def preset(self, name: str) -> bytes:
        try:
            with (self._path / name).open("rb") as stream:
                return stream.read(MAX_BYTES + 1)
        except OSError as error:
            raise PresetError(
                f"The preset file {name} cannot be read: {error.strerror}.",
                "Check that it may be opened.",
            ) from error

    def picture(self, name: str, beside: str) -> bytes | None:
        path = (self._path / beside).with_name(name)
        try:
            if not path.is_file() or path.stat().st_size > MAX_PICTURE_BYTES:
                return None
            return path.read_bytes()
        except OSError:
            return None


def _within(folder: Path) -> list[str]:
    seen = list(itertools.islice(folder.rglob("*"), MAX_SEEN))
    files = [path for path in seen if is_preset(path) and path.is_file()]
    if len(seen) == MAX_SEEN or len(files) > MAX_FILES:
        raise _too_much(folder.name)
    return sorted(path.relative_to(folder).as_posix() for path in files)


class _Zip:
    def __init__(self, archive: zipfile.ZipFile, name: str) -> None:
        with _unzipping(name):
            self._members = _members(archive, name)
        self._archive, self._name = archive, name
        self._left = MAX_PACK_BYTES

    def names(self) -> list[str]:
        names = {_readings(member)[0] for member in self._members.values()}
        return sorted(name for name in names if is_preset(PurePosixPath(name)))

    def preset(self, name: str) -> bytes:
        return self._read(self._members[name], MAX_BYTES + 1)

    def picture(self, name: str, beside: str) -> bytes | None:
        # Both names are read in the same way.
        paths = [PurePosixPath(one).with_name(name) for one in _readings(self._members[beside])]
        member = next(filter(None, (self._members.get(path.as_posix()) for path in paths)), None)
        if member is None or member.file_size > MAX_PICTURE_BYTES:
            return None
        return self._read(member, MAX_PICTURE_BYTES)

    def _read(self, member: zipfile.ZipInfo, limit: int) -> bytes:
        """At most limit bytes, whatever the zip says of itself."""
        with _unzipping(self._name), self._archive.open(member) as stream:
            data = stream.read(min(limit, self._left))
        self._left -= len(data)
        if self._left <= 0 or len(data) > MAX_RATIO * max(member.compress_size, 1):
            raise PresetError(f"{self._name} unpacks to far more than it is.", _NO_PACK)
        return data


def _archive(path: Path) -> zipfile.ZipFile:
    size = path.stat().st_size
    with path.open("rb") as stream:
        # The last record, behind which only a comment of at most 64 KB may stand.
        stream.seek(max(0, size - 22 - 0xFFFF))
        end = stream.read()
    (directory,) = struct.unpack_from("<12xL", end[end.rfind(b"PK\5\6") :])
    if size > MAX_PACK_BYTES or directory > MAX_DIRECTORY_BYTES:
        raise _too_much(path.name)
    return zipfile.ZipFile(path)


def _members(archive: zipfile.ZipFile, name: str) -> dict[str, zipfile.ZipInfo]:
    """The files by every reading of their names."""
    found = [member for member in archive.infolist() if not member.is_dir()]
    if len(found) > 2 * MAX_FILES:
        raise _too_much(name)
    for member in found:
        if member.compress_type not in METHODS:
            raise NotImplementedError
        if not _readings(member):
            raise PresetError(f"{name} holds a file whose name leads out of it.", _NO_PACK)
        if stat.S_ISLNK(member.external_attr >> 16):
            raise PresetError(f"{name} holds a link instead of a file.", _NO_PACK)
    return {reading: member for member in found for reading in reversed(_readings(member))}


def _readings(member: zipfile.ZipInfo) -> list[str]:
    """What a file's name may be, the likeliest first, but for what leads out of the zip.

    macOS writes UTF-8 without saying so, and takes letters and their accents apart; Windows writes
    as the language of its user does.
    """
    names = [member.filename]
    if not member.flag_bits & _IS_UTF_8 and not member.filename.isascii():
        written, names = member.orig_filename.encode("cp437"), []
        for code in ("utf-8", "gb18030", "cp437"):
            with contextlib.suppress(UnicodeDecodeError):
                names.append(written.decode(code))
    return [unicodedata.normalize("NFC", name) for name in names if not _LEAVES.search(name)]


@contextlib.contextmanager
def _unzipping(name: str) -> Iterator[None]:
    """Whatever a broken zip makes the library say, in our words."""
    try:
        yield
    except (
        *(zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, struct.error),
        # Encrypted, packed by a method we lack, or with lengths and names that make no sense.
        *(RuntimeError, NotImplementedError, ValueError, OverflowError, OSError),
    ) as error:
        raise PresetError(
            f"{name} cannot be unpacked.", "Have it packed again, as an ordinary zip."
        ) from error


def _too_much(name: str) -> PresetError:
    return PresetError(
        f"{name} holds more than a pack of presets.",
        f"Make packs of at most {MAX_FILES} presets and {MAX_PACK_BYTES >> 20} MB.",
    )


def _no_card(id: str, why: str) -> PictureError:
    return PictureError(
        f"The picture of “{id}” cannot be used: {why}.",
        f"Use a PNG, JPEG or WebP file of at most {MAX_SIDE} pixels a side and "
        f"{MAX_PICTURE_BYTES >> 20} MB.",
    )
