"""A clip's last frame as a picture, to go on from.

Knows films and PNG; nothing of the library.
"""

import contextlib
from collections import deque
from pathlib import Path

from PIL import Image

from studio import mp4


def last_frame(film: Path, target: Path) -> None:
    """Write the last frame of a film to the PNG target; the same film always gives the same bytes.

    Raises NotFound if the film is gone, InvalidRequest if it cannot be played to its end.
    """
    with contextlib.closing(mp4.frames(film)) as frames:
        last = deque(frames, maxlen=1).pop()
    target.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(last).save(target, "PNG")
