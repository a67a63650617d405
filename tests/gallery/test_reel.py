"""The reel of real clips, frame by frame."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from studio import mp4
from studio.clip import Clip
from studio.errors import InvalidRequest, NotFound
from studio.gallery import reel
from studio.gallery.library import Library
from tests.gallery.conftest import FPS, FRAMES, SIZE, Render

WORDS = {"recipe": {"prompt": "a bottle"}, "looks": [{"name": {"en": "Neon noir"}}]}


@pytest.fixture
def clips(library: Library, render: Render) -> list[Clip]:
    return [library.adopt(render("a bottle")) for _ in range(3)]


def test_each_look_runs_its_whole_length_under_its_name(clips: list[Clip], tmp_path: Path) -> None:
    target = tmp_path / "给 Anna" / "reel.mp4"
    names = ["Neon noir", "霓虹黑色电影", "A name that is far too long for a corner " * 9]
    reel.save(list(zip(names, clips, strict=True)), WORDS, target)
    frames = list(mp4.frames(target))
    assert len(frames) == 3 * FRAMES
    scale = frames[0].shape[0] / SIZE
    assert scale == int(scale) and frames[0].shape[0] >= reel.READABLE_SIDE
    # The upper half is the film as it was; the lower left corner has the name.
    assert [int(frame[: frame.shape[0] // 2].mean()) for frame in frames] == pytest.approx(
        [20 * number for number in range(FRAMES)] * 3, abs=3
    )
    last = [frames[place][frames[0].shape[0] // 2 :] for place in (8, 17, 26)]
    assert all(corner.max() > 220 and corner.min() < 90 for corner in last)
    assert not np.array_equal(last[0], last[1])
    assert mp4.words(target) == WORDS


def test_a_large_clip_keeps_its_size(clips: list[Clip], tmp_path: Path) -> None:
    large = tmp_path / "large.mp4"
    with mp4.Writer(large, 640, 368, FPS) as writer:
        writer.add(np.full((368, 640, 3), 90, np.uint8))
        writer.tell({"a": 1})
    clip = replace(clips[0], file=large, shot=replace(clips[0].shot, width=640, height=368))
    reel.save([("Neon noir", clip)], WORDS, tmp_path / "reel.mp4")
    assert mp4.size(tmp_path / "reel.mp4") == (640, 368)


def test_nothing_is_overwritten_and_nothing_half_made_left(
    clips: list[Clip], tmp_path: Path
) -> None:
    gone = replace(clips[1], file=tmp_path / "gone.mp4")
    with pytest.raises(NotFound):
        reel.save([("one", clips[0]), ("two", gone)], WORDS, tmp_path / "reel.mp4")
    (tmp_path / "there.mp4").write_bytes(b"theirs")
    for name, reason in (("there.mp4", "exists"), ("reel.mov", "is not a")):
        with pytest.raises(InvalidRequest, match=reason):
            reel.save([("one", clips[0])], WORDS, tmp_path / name)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["there.mp4"]
