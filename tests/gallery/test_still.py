"""The last frame of a real film."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.errors import NotFound
from studio.gallery import still
from tests.gallery.conftest import FRAMES, film


@pytest.mark.parametrize("frames", [1, FRAMES])
def test_the_last_frame_is_the_last_and_always_the_same(tmp_path: Path, frames: int) -> None:
    film(tmp_path / "a.mp4", {"some": "words"}, frames)
    for name in ("one.png", "two.png"):
        still.last_frame(tmp_path / "a.mp4", tmp_path / "new" / name)
    with Image.open(tmp_path / "new" / "one.png") as image:
        assert np.asarray(image).mean() == pytest.approx(20 * (frames - 1), abs=2)
    one, two = sorted((tmp_path / "new").iterdir())
    assert one.read_bytes() == two.read_bytes()


def test_a_film_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        still.last_frame(tmp_path / "gone.mp4", tmp_path / "frame.png")
