"""A video of any program → a film that a model's refine can start from.

Cut, scaled and paced as that model makes its own. The video itself is only read.

Knows films and sizes; nothing of the library or of words.
"""

import contextlib
import itertools
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from studio import mp4
from studio.clip import Tag
from studio.events import Finished
from studio.models import ModelSpec

# How a clip in the library says that it was not made here.
TAG = "imported"


@dataclass(frozen=True, kw_only=True, slots=True)
class Fit:
    """What of a video a model takes: size in pixels of its frames, and how many."""

    width: int
    height: int
    frames: int


def fit(video: Path, spec: ModelSpec) -> Fit:
    """The shape nearest to the video's, at the largest of its sizes that the video fills; as much
    of its length as the model makes at once.

    Raises NotFound, or InvalidRequest if it is no video.
    """
    width, height = mp4.size(video)
    shape = min(
        spec.shapes,
        key=lambda one: abs(math.log(width * one.final[1] / (height * one.final[0]))),
    )
    large = width >= shape.final[0] and height >= shape.final[1]
    size = shape.final if large else shape.preview
    with contextlib.closing(mp4.frames(video, spec.fps)) as film:
        frames = sum(1 for _ in itertools.islice(film, spec.max_frames))
    step = spec.stride[0]
    return Fit(width=size[0], height=size[1], frames=(frames - 1) // step * step + 1)


def write(video: Path, tag: Tag, target: Path) -> Finished:
    """Write the frames, as the tag's shot has them, into the MP4 target, its poster beside it.

    Raises as `fit`, and RenderFailed if it cannot be written.
    """
    shot = tag.shot
    size = (shot.width, shot.height)
    poster = target.with_suffix(".webp")
    with (
        mp4.Writer(target, *size, shot.fps) as film,
        contextlib.closing(mp4.frames(video, shot.fps)) as frames,
    ):
        for number, frame in enumerate(itertools.islice(frames, shot.frames)):
            # The middle of it, where its shape is another.
            image = ImageOps.fit(Image.fromarray(frame), size, Image.Resampling.LANCZOS)
            film.add(np.asarray(image))
            if number == shot.frames // 2:
                mp4.poster(np.asarray(image), poster)
        film.tell(tag.to_json())
    return Finished(tag=tag, file=target, poster=poster)
