"""A film's first or last frame as a picture, to begin with or to go on from.

Knows films and PNG; nothing of the library.
"""

import contextlib
from collections import deque
from pathlib import Path

import numpy as np
from PIL import Image

from studio import mp4


def first_frame(film: Path, target: Path) -> None:
    """Write the first frame of a film to the PNG target; all else as for `last_frame`."""
    with contextlib.closing(mp4.frames(film)) as frames:
        _write(next(frames), target)


def last_frame(film: Path, target: Path) -> None:
    """Write the last frame of a film to the PNG target; the same film always gives the same bytes.

    Raises NotFound if the film is gone, InvalidRequest if it cannot be played to its end.
    """
    with contextlib.closing(mp4.frames(film)) as frames:
        _write(deque(frames, maxlen=1).pop(), target)


def _write(frame: np.ndarray, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(frame).save(target, "PNG")
