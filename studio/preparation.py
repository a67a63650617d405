"""Experts kept as they run: of which published files they were made, and whether they are whole.

Knows files and their headers; the tensors are the engine's.
"""

import json
from pathlib import Path

from safetensors import SafetensorError, safe_open

from studio import manifest
from studio.repository import GGUF

# Written last, and so found only where all of it is there.
INDEX = "prepared.safetensors.index.json"
WEIGHTS = (".safetensors", GGUF)


def find(folder: Path, origin: Path) -> Path | None:
    """The folder, if it holds whole what was made of the files in origin as they are now, or were
    when they were released."""
    try:
        index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        if index["metadata"]["origin"] != print_of(origin):
            return None
        for shard in set(index["weight_map"].values()):
            with safe_open(folder / shard, framework="np"):
                pass
    except (OSError, SafetensorError, ValueError, KeyError, TypeError):
        return None
    return folder


def print_of(origin: Path) -> list[list[str | int]]:
    """Name, bytes and time of change of each weight file, as JSON gives them back; of those that
    were released, as they were."""
    known = manifest.read(origin.parent)
    if known is not None and known.released is not None:
        before: list[list[str | int]] = [
            [target.rpartition("/")[2], known.files[target].bytes, changed]
            for target, changed in sorted(known.released.changed.items())
            if target.rpartition("/")[0] == origin.name
        ]
        if before:
            return before
    return [[path.name, path.stat().st_size, path.stat().st_mtime_ns] for path in files(origin)]


def files(folder: Path) -> list[Path]:
    """The weight files of a part."""
    return sorted(path for path in folder.iterdir() if path.suffix in WEIGHTS)
