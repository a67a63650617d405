"""The contact sheet, looked at by its pixels."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio import mp4
from studio.clip import Clip
from studio.errors import InvalidRequest, NotFound, StudioError
from studio.gallery import contact_sheet
from studio.gallery.contact_sheet import EMPTY, GROUND, MARGIN, Cell, Foot
from studio.gallery.library import Library
from studio.picture import Box
from tests.gallery.conftest import FRAMES, Render, film

FOOT = Foot(subject="A bottle turns", facts="3 looks   ·   Pocket   ·   seed 7", reference=None)
RED, BLUE = (200, 30, 30), (30, 30, 200)


@pytest.fixture
def clip(library: Library, render: Render) -> Clip:
    return library.adopt(render("a bottle"))


@pytest.fixture
def coloured(clip: Clip, tmp_path: Path) -> Callable[..., Clip]:
    """``coloured(RED)``: a clip whose middle frame alone has this colour."""

    def coloured(colour: tuple[int, int, int], size: tuple[int, int] = (64, 32)) -> Clip:
        file = tmp_path / f"{colour}{size}.mp4"
        with mp4.Writer(file, *size, 8) as writer:
            for number in range(FRAMES):
                shown = colour if number == FRAMES // 2 else (120, 120, 120)
                writer.add(np.full((size[1], size[0], 3), shown, np.uint8))
            writer.tell({"a": 1})
        shot = replace(clip.shot, width=size[0], height=size[1])
        return replace(clip, file=file, shot=shot)

    return coloured


def cells(clips: list[Clip | None], name: str = "Neon noir") -> list[Cell]:
    return [
        Cell(number=number, name=name, clip=clip, note="Cancelled")
        for number, clip in enumerate(clips, 1)
    ]


def share(sheet: Image.Image, colour: tuple[int, int, int]) -> float:
    far = np.abs(np.asarray(sheet).astype(int) - np.array(colour)).max(axis=2)
    return float((far < 5).mean())


def test_every_look_shows_its_middle_frame_or_why_it_has_none(
    coloured: Callable[..., Clip],
) -> None:
    sheet = contact_sheet.draw(cells([coloured(RED), None, coloured(BLUE)]), (64, 32), FOOT)
    red, blue, empty = (share(sheet, each) for each in (RED, BLUE, EMPTY))
    assert red == pytest.approx(blue, rel=0.02) and red > 0.1
    assert 0.8 * red < empty < red  # "Cancelled" is written in it
    assert share(sheet, (120, 120, 120)) < 0.01
    assert share(sheet, GROUND) > 0.2
    edges = np.asarray(sheet)[[0, MARGIN // 2, -1], :]
    assert (edges == GROUND).all()


@pytest.mark.parametrize("count", [1, 2, 3, 5, 7, 20, 33, 64])
@pytest.mark.parametrize("size", [(832, 480), (480, 832), (624, 624)])
def test_any_number_in_any_shape_is_a_page_of_equal_frames(
    count: int, size: tuple[int, int]
) -> None:
    grid = contact_sheet._grid(cells([None] * count, "A name that is rather long for this"), size)
    assert grid.columns * grid.rows >= count > grid.columns * (grid.rows - 1)
    assert grid.width / grid.height == pytest.approx(size[0] / size[1], rel=0.02)
    corners = sorted(grid.corner(place) for place in range(count))
    for (left, top), (other, below) in itertools.combinations(corners, 2):
        assert other - left > grid.width or abs(below - top) > grid.height + grid.letters
    assert max(left for left, _ in corners) + grid.width == MARGIN + grid.across
    if count >= 20:
        assert 0.9 < grid.across / grid.down < 2.2


@pytest.mark.parametrize("size", [(64, 32), (32, 64), (48, 48)])
def test_frames_are_shown_whole_and_nothing_else_is(
    coloured: Callable[..., Clip], size: tuple[int, int]
) -> None:
    looks = cells([coloured(RED, size)] * 2)
    grid = contact_sheet._grid(looks, size)
    sheet = contact_sheet.draw(looks, size, FOOT)
    frames = 2 * grid.width * grid.height / (sheet.width * sheet.height)
    assert share(sheet, RED) == pytest.approx(frames, rel=0.03)


def test_the_picture_that_all_started_from_stands_below(
    coloured: Callable[..., Clip], tmp_path: Path
) -> None:
    photo = tmp_path / "photo.png"
    image = Image.new("RGB", (100, 100), BLUE)
    image.paste((250, 250, 0), (0, 0, 100, 50))
    image.save(photo)
    with_it = replace(FOOT, reference=(photo, Box(0, 50, 100, 100)))
    sheet = contact_sheet.draw(cells([coloured(RED)]), (64, 32), with_it)
    assert share(sheet, BLUE) > 0.005 and share(sheet, (250, 250, 0)) == 0
    plain = contact_sheet.draw(cells([coloured(RED)]), (64, 32), FOOT)
    assert share(plain, BLUE) == 0


@pytest.mark.parametrize(
    "words", ["", "一只香水瓶缓缓转动" * 40, "x" * 900, "\u200b", "two\nlines ${alert(1)}"]
)
def test_any_words_keep_the_sheet_as_wide_as_it_is(
    coloured: Callable[..., Clip], words: str
) -> None:
    usual = contact_sheet.draw(cells([coloured(RED)] * 2), (64, 32), FOOT)
    sheet = contact_sheet.draw(
        cells([coloured(RED)] * 2, words), (64, 32), replace(FOOT, subject=words)
    )
    assert sheet.width == usual.width and share(sheet, RED) > 0.1
    right = np.asarray(sheet)[:, -MARGIN // 2 :]
    assert (right == GROUND).all()


@pytest.mark.parametrize("suffix", [".jpg", ".PNG", ".jpeg"])
def test_a_sheet_is_written_whole_and_never_over_another(
    coloured: Callable[..., Clip], tmp_path: Path, suffix: str
) -> None:
    target = tmp_path / "给 Anna" / f"sheet{suffix}"
    told = contact_sheet.save(cells([coloured(RED)]), (64, 32), FOOT, target)
    assert told == ""
    with Image.open(target) as image:
        assert image.format == ("PNG" if suffix == ".PNG" else "JPEG")
        assert share(image.convert("RGB"), RED) > 0.1
    assert [path.name for path in target.parent.iterdir()] == [target.name]
    with pytest.raises(InvalidRequest, match="exists"):
        contact_sheet.save(cells([coloured(RED)]), (64, 32), FOOT, target)
    with pytest.raises(InvalidRequest, match="is not a"):
        contact_sheet.save(cells([coloured(RED)]), (64, 32), FOOT, tmp_path / "sheet.gif")


def test_what_cannot_be_drawn_or_written_is_told(
    coloured: Callable[..., Clip], tmp_path: Path
) -> None:
    target = tmp_path / "sheet.jpg"
    looks = cells([coloured(RED)], "Old \U00012000")
    assert contact_sheet.save(looks, (64, 32), FOOT, target) in ("", "\U00012000")
    gone = replace(coloured(RED), file=tmp_path / "gone.mp4")
    with pytest.raises(NotFound):
        contact_sheet.save(cells([gone]), (64, 32), FOOT, tmp_path / "other.jpg")
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    with pytest.raises(StudioError, match="could not be written"):
        contact_sheet.save(cells([coloured(RED)]), (64, 32), FOOT, blocked / "sheet.jpg")


def test_a_trimmed_film_shows_its_last_frame(clip: Clip, tmp_path: Path) -> None:
    short = tmp_path / "short.mp4"
    film(short, {"a": 1}, frames=2)
    sheet = contact_sheet.draw(cells([replace(clip, file=short)]), (32, 32), FOOT)
    assert share(sheet, (20, 20, 20)) > 0.3
