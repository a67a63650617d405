"""A video of another program is refined from its frames."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio import cli, mp4
from studio.gallery import foreign
from studio.paths import places
from studio.settings import Settings
from studio.shot import Kind, Way
from studio.studio import Studio


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """One second of somebody's own video, brighter from left to right."""
    path = tmp_path / "holiday film.mp4"
    ramp = np.linspace(40, 220, 150).astype(np.uint8)
    frame = np.repeat(np.repeat(ramp[None, :, None], 100, 0), 3, 2)
    with mp4.Writer(path, 150, 100, 25) as film:
        for _ in range(5):
            film.add(frame)
        film.tell({"made": "elsewhere"})
    return path


def test_a_foreign_video_is_refined_by_one_command(
    video: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = video.read_bytes()
    asked = ["refine", str(video), "--prompt", "a grey wall", "--fidelity", "1", "--json"]
    assert cli.main(asked) == cli.DONE
    told = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert {one["expert"] for one in told if one.get("stage") == "sample"} == {"low"}
    (clip,) = (one["clip"] for one in told if one["event"] == "finished")
    assert (clip["width"], clip["height"], clip["frames"]) == (192, 128, 1)
    assert clip["prompt"] == "a grey wall"
    assert video.read_bytes() == before
    studio = Studio(places(), Settings())
    try:
        refined, parent = studio.clip(clip["id"]), studio.clip(clip["parent"])
        assert refined.shot.refine is not None and refined.shot.refine.way is Way.PIXELS
        assert parent.kind is Kind.PREVIEW and parent.tags == (foreign.TAG,)
        assert parent.poster.exists()
        # It is still the same picture: dark on the left, bright on the right.
        (frame,) = mp4.frames(refined.file)
        sides = [float(half.mean()) for half in np.array_split(frame, 2, axis=1)]
        assert sides[1] > sides[0] + 30
    finally:
        studio.close()


def test_a_model_of_pictures_is_given_the_first_frame(video: Path) -> None:
    studio = Studio(places(), Settings())
    try:
        clip = studio.bring_in(video, "a grey wall", "i2v-a14b")
        assert clip.recipe.picture is not None and clip.shot.picture is not None
        kept = np.asarray(Image.open(studio.picture_file(clip.recipe.picture.sha256)))
        assert np.array_equal(kept, next(mp4.frames(video)))
        assert studio.bring_in(video, "a grey wall", "ti2v-5b").recipe.picture is None
        assert not list(studio.places.work.glob("*.png"))
    finally:
        studio.close()


def test_a_video_without_words_is_not_taken_in(
    video: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["refine", str(video)]) == cli.USAGE
    assert "Describe the shot" in capfd.readouterr().err
    assert not list(places().library.rglob("*.mp4"))
