"""Files of latents without the latents: what their headers say, and how much of them is kept.

Knows names, sizes and one line of JSON; torch is not needed for that.
"""

import contextlib
import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

# What all previews together may keep; the oldest make way. An A14B preview takes about 20 MB.
MOST_BYTES = 10 * 1024**3


def steps_done(checkpoint: Path) -> int | None:
    """How many steps of a render its checkpoint holds; None where there is none."""
    step: int | None = _about(checkpoint).get("step")
    return step


def is_sampled(checkpoint: Path) -> bool:
    """Whether only the decoding of a render is left to do."""
    return _about(checkpoint).get("solver", ...) is None


def tidy(folder: Path, wanted: Collection[str], most_bytes: int = MOST_BYTES) -> None:
    """Remove the files of a folder whose stem nobody wants, and the oldest beyond most_bytes."""
    left = 0
    files = [(path.stat().st_mtime, path) for path in folder.glob("*.safetensors")]
    for _, path in sorted(files, reverse=True):
        if path.stem in wanted:
            left += path.stat().st_size
        if path.stem not in wanted or left > most_bytes:
            # Windows does not delete what somebody has open; then it is next time's turn.
            with contextlib.suppress(PermissionError):
                path.unlink()


def _about(checkpoint: Path) -> dict[str, Any]:
    """What a checkpoint says of itself; nothing where there is none."""
    try:
        with safe_open(checkpoint, framework="np") as file:
            about: dict[str, Any] = json.loads((file.metadata() or {})["about"])
            return about
    except (OSError, SafetensorError, KeyError, ValueError):
        return {}
