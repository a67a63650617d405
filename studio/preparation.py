"""Experts kept as they run: of which published files they were made, and whether they are whole.

Each published file has one of its own here, made of it alone. Knows files and their headers; the
tensors are the engine's.
"""

import json
from pathlib import Path
from typing import Any, TypeAlias

from safetensors import SafetensorError

from studio import manifest
from studio.files import write_whole
from studio.repository import GGUF, header

# Written last, and so found only where all of it is there.
INDEX = "prepared.safetensors.index.json"
# In a header: the print of the file it was made of, as JSON.
ORIGIN = "origin"

# Name, bytes and time of change in nanoseconds of a weight file, as JSON gives them back.
Print: TypeAlias = list[str | int]


def find(folder: Path, origin: Path) -> Path | None:
    """The folder, if it holds whole what was made of the files in origin as they are now, or were
    when they were released."""
    try:
        index = _index(folder)
        if index["metadata"]["origin"] != print_of(origin):
            return None
        for file in set(index["weight_map"].values()):
            header(folder / file)
    except (OSError, SafetensorError, ValueError, KeyError, TypeError):
        return None
    return folder


def finish(folder: Path, origin: Path) -> None:
    """Call what is in the folder whole, once every file in origin has its own there; what else is
    there goes. Raises OSError, SafetensorError where one is missing or cut off."""
    prints = print_of(origin)
    weight_map: dict[str, str] = {}
    for name, _, _ in prints:
        made = name_of(str(name))
        tensors, _ = header(folder / made)
        weight_map |= dict.fromkeys(tensors, made)
    for other in folder.iterdir():
        if other.name not in weight_map.values():
            other.unlink()
    index = {"metadata": {"origin": prints}, "weight_map": weight_map}
    write_whole(folder / INDEX, json.dumps(index).encode())


def answer(folder: Path) -> list[float] | None:
    """What the expert kept in a folder answered when it was made; None where nobody asked."""
    found: list[float] | None = _index(folder)["metadata"].get("answer")
    return found


def note_answer(folder: Path, numbers: list[float]) -> None:
    """Note it; it goes when the expert is made anew."""
    index = _index(folder)
    index["metadata"]["answer"] = numbers
    write_whole(folder / INDEX, json.dumps(index).encode())


def _index(folder: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    return read


def name_of(file: str) -> str:
    """What is made of a weight file is called."""
    return f"prepared-{Path(file).stem}.safetensors"


def made_of(file: Path) -> Print | None:
    """The print of what a file here was made of; None where it is not there or is cut off."""
    try:
        _, notes = header(file)
        found: Print = json.loads(notes[ORIGIN])
        return found
    except (OSError, SafetensorError, ValueError, KeyError, TypeError):
        return None


def print_of(origin: Path) -> list[Print]:
    """The print of each weight file; of those that were released, as they were."""
    known = manifest.read(origin.parent)
    if known is not None and known.released is not None:
        before: list[Print] = [
            [target.rpartition("/")[2], known.files[target].bytes, changed]
            for target, changed in sorted(known.released.changed.items())
            if target.rpartition("/")[0] == origin.name
        ]
        if before:
            return before
    return [print_of_file(path) for path in files(origin)]


def print_of_file(path: Path) -> Print:
    """The print of one that is there."""
    return [path.name, path.stat().st_size, path.stat().st_mtime_ns]


def files(folder: Path) -> list[Path]:
    """The weight files of a part that are there."""
    return [path for path in named(folder) if path.exists()]


def named(folder: Path) -> list[Path]:
    """The weight files of a part: those its index names, else those that are there."""
    for index in folder.glob("*.safetensors.index.json"):
        names = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
        return [folder / name for name in sorted(names)]
    return sorted(folder.glob("*.safetensors")) or sorted(folder.glob(f"*{GGUF}"))
