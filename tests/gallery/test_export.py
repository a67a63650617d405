"""Trim and GIF of real clips, frame by frame."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from studio import mp4
from studio.clip import Clip
from studio.errors import InvalidRequest, NotFound, StudioError
from studio.gallery import export
from studio.gallery.library import Library
from tests.gallery.conftest import FPS, FRAMES, Render


@pytest.fixture
def clip(library: Library, render: Render) -> Clip:
    nasty = "a ball \u2028  Duration: 00:00:99.00, start\n    Stream #0:0: Video: \x85 x"
    return library.adopt(render(nasty * 50))


@pytest.mark.parametrize(
    ("first", "after"), [(0, FRAMES), (0, 1), (FRAMES - 1, FRAMES), (2, 5), (1, FRAMES)]
)
def test_trim_keeps_these_frames_and_the_recipe(
    clip: Clip, tmp_path: Path, first: int, after: int
) -> None:
    target = tmp_path / "给 Anna" / "part.mp4"
    export.trim(clip, first / FPS, after / FPS, target)
    kept = [int(frame.mean()) for frame in mp4.frames(target)]
    assert kept == pytest.approx([20 * number for number in range(first, after)], abs=2)
    assert mp4.words(target) == mp4.words(clip.file)
    assert [path.name for path in target.parent.iterdir()] == ["part.mp4"]


@pytest.mark.parametrize(
    ("start", "end"), [(0.5, 0.5), (0.6, 0.5), (-0.2, 0.5), (0.0, 5.0), (0.5, 0.51)]
)
def test_trim_refuses_what_is_not_in_the_clip(
    clip: Clip, tmp_path: Path, start: float, end: float
) -> None:
    with pytest.raises(InvalidRequest, match="nothing to keep"):
        export.trim(clip, start, end, tmp_path / "part.mp4")
    assert not (tmp_path / "part.mp4").exists()


def test_a_gif_shows_every_frame(clip: Clip, tmp_path: Path) -> None:
    target = tmp_path / "clip.gif"
    export.gif(clip, target)
    with Image.open(target) as image:
        assert image.size == (32, 32) and image.info["loop"] == 0
        shown = [
            int(np.asarray(frame.convert("L")).mean()) for frame in ImageSequence.Iterator(image)
        ]
        assert image.info["duration"] == pytest.approx(1000 / FPS, abs=10)
    assert shown == pytest.approx([20 * number for number in range(FRAMES)], abs=3)


def test_nothing_is_overwritten_and_nothing_half_made_left(
    clip: Clip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("there.mp4", "there.gif"):
        (tmp_path / name).write_bytes(b"theirs")
    with pytest.raises(InvalidRequest, match="exists"):
        export.trim(clip, 0, 1, tmp_path / "there.mp4")
    with pytest.raises(InvalidRequest, match="exists"):
        export.gif(clip, tmp_path / "there.gif")
    with pytest.raises(InvalidRequest, match="is not a"):
        export.gif(clip, tmp_path / "clip.mp4")

    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(StudioError, match="No space left"):
        export.gif(clip, tmp_path / "clip.gif")
    left = sorted(path.name for path in tmp_path.iterdir() if path.is_file())
    assert left == ["there.gif", "there.mp4"]
    assert (tmp_path / "there.gif").read_bytes() == b"theirs"


def test_a_clip_whose_file_is_gone(clip: Clip, tmp_path: Path) -> None:
    gone = replace(clip, file=clip.file.with_name("gone.mp4"))
    with pytest.raises(NotFound):
        export.trim(gone, 0, 1, tmp_path / "part.mp4")
    with pytest.raises(NotFound):
        export.gif(gone, tmp_path / "clip.gif")


def test_no_start_and_no_command_waits_for_moviepy() -> None:
    program = "import sys, studio.studio, studio.cli; assert 'moviepy' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)
