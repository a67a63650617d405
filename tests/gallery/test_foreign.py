"""A video of another program comes in as a model would have made it."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from studio import mp4, shot
from studio.clip import Tag
from studio.errors import InvalidRequest, NotFound
from studio.gallery import foreign
from studio.gallery.foreign import Fit
from studio.models import POCKET, T2V_A14B
from studio.prompt import expand
from studio.recipe import Recipe
from studio.shot import Kind


def video(path: Path, size: tuple[int, int], fps: int, frames: int) -> Path:
    """Every frame is grey, ten brighter than the one before; no words of ours are in it."""
    with mp4.Writer(path, *size, fps) as film:
        for number in range(frames):
            film.add(np.full((size[1], size[0], 3), 10 * number % 250, np.uint8))
        film.tell({"made": "elsewhere"})
    return path


@pytest.mark.parametrize(
    ("size", "fps", "frames", "wanted"),
    [
        ((320, 180), 24, 48, Fit(width=192, height=128, frames=13)),  # 2 s at 8 a second
        ((100, 60), 8, 9, Fit(width=96, height=64, frames=9)),
        ((60, 100), 8, 9, Fit(width=64, height=96, frames=9)),
        ((170, 160), 8, 3, Fit(width=160, height=160, frames=1)),
    ],
)
def test_the_nearest_shape_at_the_largest_size_that_it_fills(
    tmp_path: Path, size: tuple[int, int], fps: int, frames: int, wanted: Fit
) -> None:
    assert foreign.fit(video(tmp_path / "a.mp4", size, fps, frames), POCKET) == wanted


def test_no_more_of_it_than_the_model_makes_at_once(tmp_path: Path) -> None:
    film = video(tmp_path / "long.mp4", (64, 64), 2, 30)
    assert foreign.fit(film, T2V_A14B).frames == 121


@pytest.mark.parametrize(("fps", "shown"), [(16, [0, 20, 40, 60]), (4, [0, 0, 10, 10])])
def test_it_is_shown_at_the_models_pace(tmp_path: Path, fps: int, shown: list[int]) -> None:
    film = video(tmp_path / "a.mp4", (64, 48), fps, 20)
    seen = [int(np.median(frame)) for frame in itertools.islice(mp4.frames(film, 8), 4)]
    assert seen == pytest.approx(shown, abs=2)


def test_what_is_cut_away_lies_outside_the_shape(tmp_path: Path) -> None:
    """A wide film for a square: its coloured ends go."""
    wide = np.zeros((48, 120, 3), np.uint8)
    wide[:, 30:90] = 200
    with mp4.Writer(tmp_path / "a.mp4", 120, 48, 8) as film:
        for _ in range(5):
            film.add(wide)
        film.tell({"made": "elsewhere"})
    asked = Recipe(prompt="a wall", width=80, height=80, frames=5)
    decided = shot.decide(asked, POCKET, expand(asked, POCKET, []), Kind.PREVIEW, 7, {})
    tag = Tag(
        id="0123456789ab",
        created="2026-11-22T10:00:00+00:00",
        seconds=0.0,
        recipe=asked,
        shot=decided,
    )
    done = foreign.write(tmp_path / "a.mp4", tag, tmp_path / "0123456789ab.mp4")
    frames = list(mp4.frames(done.file))
    assert len(frames) == 5 and frames[0].shape == (80, 80, 3)
    assert frames[0].min() > 190
    assert done.poster.exists()


def test_what_is_no_video_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "words.mp4").write_text("not a film")
    with pytest.raises(InvalidRequest, match="cannot be read as a video"):
        foreign.fit(tmp_path / "words.mp4", POCKET)
    with pytest.raises(NotFound):
        foreign.fit(tmp_path / "nothing.mp4", POCKET)
