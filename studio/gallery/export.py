"""A clip → a part of it as MP4, or a GIF, somewhere else. The clip itself is never changed.

The only place that imports moviepy, and only when a clip is opened: that takes a third of a second
warm and more cold, which no start and no other command should wait for. Knows nothing of the
library.
"""

import contextlib
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from studio import mp4
from studio.clip import Clip
from studio.errors import InvalidRequest, NotFound, StudioError
from studio.files import write_whole

if TYPE_CHECKING:
    from moviepy import VideoFileClip


def trim(clip: Clip, start_seconds: float, end_seconds: float, target: Path) -> None:
    """Write the clip's frames from start to end, both in seconds, to the MP4 target.

    The recipe goes along. Raises InvalidRequest if there is nothing between the two or target
    exists, NotFound if the clip's file is gone, RenderFailed if it cannot be written.
    """
    _check(clip, target, ".mp4")
    # Not `subclipped(…).write_videofile`: it goes by a duration rounded to hundredths, loses the
    # last frame by that, and knows nothing of words and colour tags.
    first, after = round(start_seconds * clip.shot.fps), round(end_seconds * clip.shot.fps)
    if not 0 <= first < after <= clip.shot.frames:
        seconds = clip.shot.frames / clip.shot.fps
        raise InvalidRequest(
            f"There is nothing to keep from {start_seconds:g} to {end_seconds:g} seconds.",
            f"Choose a start before an end, within 0 and {seconds:g} seconds.",
        )
    shot = clip.shot
    words = mp4.words(clip.file)
    with (
        _open(clip) as film,
        mp4.Writer(target, shot.width, shot.height, shot.fps) as writer,
    ):
        for number in range(first, after):
            # The middle of the frame's time: no rounding can take its neighbour.
            writer.add(film.get_frame((number + 0.5) / shot.fps))
        writer.tell(words)


def gif(clip: Clip, target: Path) -> None:
    """Write the whole clip as an endless GIF of its own size. Raises as `trim`."""
    _check(clip, target, ".gif")
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f"{target.stem}.{uuid.uuid4().hex[:8]}.partial.gif")
    try:
        with _open(clip) as film:
            frames = film.with_duration((clip.shot.frames + 0.5) / clip.shot.fps)
            frames.write_gif(partial, fps=clip.shot.fps, logger=None)
        partial.rename(target)
    except OSError as error:
        raise _not_written(target, error) from error
    finally:
        partial.unlink(missing_ok=True)


def write(target: Path, data: bytes) -> None:
    """Write a whole file. Raises StudioError if it cannot be written."""
    try:
        write_whole(target, data)
    except OSError as error:
        raise _not_written(target, error) from error


def check_target(target: Path, suffixes: Sequence[str]) -> None:
    """Raises InvalidRequest if target has another ending than these or exists already."""
    if target.suffix.casefold() not in suffixes:
        allowed = " or ".join(suffixes)
        raise InvalidRequest(f"{target.name} is not a {allowed} file.", f"Let it end in {allowed}.")
    if target.exists():
        raise InvalidRequest(f"{target} exists already.", "Choose another name.")


@contextlib.contextmanager
def _open(clip: Clip) -> Iterator["VideoFileClip"]:
    from moviepy import VideoFileClip

    with contextlib.closing(VideoFileClip(str(clip.file), audio=False)) as film:
        yield film


def _check(clip: Clip, target: Path, suffix: str) -> None:
    if not clip.file.is_file():
        raise NotFound(f"{clip.file.name} is no longer in the library.", "Put it back first.")
    check_target(target, (suffix,))


def _not_written(target: Path, error: OSError) -> StudioError:
    return StudioError(
        f"{target.name} could not be written: {error.strerror or error}.",
        f"Make sure that the disk of {target.parent} has room and may be written to.",
    )
