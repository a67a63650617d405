"""Looks of one subject → one film: each for its whole length, its name in the corner.

One frame is in memory at a time. Knows clips, names and pixels; not what a sweep is.
"""

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from studio import mp4
from studio.clip import Clip
from studio.gallery import export, lettering

SUFFIXES = (".mp4",)
# Below this many pixels of the shorter side a name could not be read; such clips are enlarged by a
# whole number, so that no frame is blurred more than another.
READABLE_SIDE = 360
TEXT, PLATE = (244, 244, 246), (10, 10, 12, 184)
# As parts of the shorter side.
LETTERS, INSET = 0.037, 0.04


def save(looks: Sequence[tuple[str, Clip]], words: Mapping[str, Any], target: Path) -> str:
    """Write the reel of (name, clip) pairs of one size and speed; gives the letters that no font
    here has.

    words: kept inside the film, as `studio.mp4.Writer.tell` keeps them. Raises InvalidRequest if
    target exists or is no MP4's name, NotFound if a clip's file is gone, RenderFailed if the film
    cannot be written.
    """
    export.check_target(target, SUFFIXES)
    shot = looks[0][1].shot
    scale = -(-READABLE_SIDE // min(shot.width, shot.height))
    size = (shot.width * scale, shot.height * scale)
    with mp4.Writer(target, *size, shot.fps) as film:
        for name, clip in looks:
            plate, corner = _plate(name, size)
            with contextlib.closing(mp4.frames(clip.file)) as frames:
                for frame in frames:
                    film.add(_named(frame, size, plate, corner))
        film.tell(dict(words))
    return lettering.undrawable("".join(name for name, _ in looks))


def _plate(name: str, size: tuple[int, int]) -> tuple[Image.Image, tuple[int, int]]:
    """The name on a dark plate, RGBA, and where its upper left corner goes."""
    side = min(size)
    letters, inset = round(side * LETTERS), round(side * INSET)
    room = size[0] - 2 * inset - 2 * letters
    line = "".join(lettering.wrap(name, letters, room, 1))
    wide, tall = round(lettering.width(line, letters)) + 2 * letters, round(letters * 2.1)
    plate = Image.new("RGBA", (wide, tall), (0, 0, 0, 0))
    canvas = ImageDraw.Draw(plate)
    canvas.rounded_rectangle((0, 0, wide - 1, tall - 1), round(letters * 0.5), fill=PLATE)
    lettering.draw(canvas, (letters, round(letters * 1.4)), line, letters, TEXT)
    return plate, (inset, size[1] - inset - tall)


def _named(
    frame: mp4.Frame, size: tuple[int, int], plate: Image.Image, corner: tuple[int, int]
) -> mp4.Frame:
    image = Image.fromarray(frame)
    if image.size != size:
        image = image.resize(size, Image.Resampling.LANCZOS)
    image.paste(plate, corner, plate)
    named: mp4.Frame = np.asarray(image)
    return named
