"""Looks of one subject → one picture: a frame of each with its name, and below what they share.

Knows clips, names and pixels; not where clips are kept, nor what a sweep is.
"""

import contextlib
import io
import itertools
import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw

from studio import mp4, picture
from studio.clip import Clip
from studio.gallery import export, lettering
from studio.picture import Box

SUFFIXES = (".jpg", ".jpeg", ".png")
# Full chroma: without it red letters and thin lines on dark would blur.
JPEG_QUALITY, JPEG_FULL_CHROMA = 93, 0

GROUND, EMPTY, EDGE = (14, 14, 17), (23, 23, 27), (48, 48, 56)
TEXT, QUIET = (236, 236, 240), (150, 150, 162)
MARGIN, GAP, ROW_GAP = 96, 36, 40
CORNER = 12
# Corners are drawn so much larger and made smaller, for smooth edges.
SMOOTH = 4
# Pixels of all frames together, and of one: few looks are large, many can still be read.
ALL_PIXELS, MOST_PIXELS, FEWEST_PIXELS = 2_600_000, 1280 * 720, 320 * 180
# A page held sideways.
SHEET_PROPORTION = 1.5
# Letters of the names, in pixels, and what a line takes as a multiple of them.
SMALLEST, LARGEST = 22, 34
LINE = 1.3
NAME_LINES, SUBJECT_LINES = 3, 2
SUBJECT, FACTS = 32, 24
REFERENCE_HEIGHT, REFERENCE_GAP = 124, 32


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """One look. number: what people call it by. clip: None where there is none; note says why."""

    number: int
    name: str
    clip: Clip | None
    note: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Foot:
    """What all looks share. facts: one quiet line. reference: the picture they started from and
    the part of it that was used."""

    subject: str
    facts: str
    reference: tuple[Path, Box] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Grid:
    """Where the frames are. width, height: of one, in pixels; letters: size of the names."""

    columns: int
    rows: int
    width: int
    height: int
    letters: int
    name_lines: int
    number_width: int

    @property
    def row(self) -> int:
        """From one row of frames to the next."""
        return self.height + round(self.letters * (0.7 + LINE * self.name_lines)) + ROW_GAP

    @property
    def across(self) -> int:
        return self.columns * (self.width + GAP) - GAP

    @property
    def down(self) -> int:
        return self.rows * self.row - ROW_GAP

    def corner(self, place: int) -> tuple[int, int]:
        row, column = divmod(place, self.columns)
        return MARGIN + column * (self.width + GAP), MARGIN + row * self.row


def save(cells: Sequence[Cell], shape: tuple[int, int], foot: Foot, target: Path) -> str:
    """Write the sheet of 1 to 64 looks as PNG or JPEG; gives the letters that no font here has.

    shape: (width, height) of the clips. Raises InvalidRequest if target exists or is no picture's
    name, NotFound if a clip's file is gone, StudioError if the sheet cannot be written.
    """
    export.check_target(target, SUFFIXES)
    sheet = draw(cells, shape, foot)
    data = io.BytesIO()
    if target.suffix.casefold() == ".png":
        sheet.save(data, "PNG")
    else:
        sheet.save(data, "JPEG", quality=JPEG_QUALITY, subsampling=JPEG_FULL_CHROMA)
    export.write(target, data.getvalue())
    texts = [foot.subject, foot.facts, *(cell.name for cell in cells)]
    return lettering.undrawable(" ".join(texts))


def draw(cells: Sequence[Cell], shape: tuple[int, int], foot: Foot) -> Image.Image:
    """The sheet as an RGB picture. Raises NotFound if a clip's file is gone."""
    grid = _grid(cells, shape)
    lines = lettering.wrap(foot.subject, SUBJECT, _beside(foot, grid, shape), SUBJECT_LINES)
    words = round(LINE * (len(lines) * SUBJECT + FACTS))
    tall = max(words, REFERENCE_HEIGHT if foot.reference else 0)
    size = (grid.across + 2 * MARGIN, grid.down + tall + 3 * MARGIN)
    sheet = Image.new("RGB", size, GROUND)
    for place, cell in enumerate(cells):
        _draw_cell(sheet, cell, grid.corner(place), grid)
    top = MARGIN + grid.down + MARGIN
    ImageDraw.Draw(sheet).line(
        [(MARGIN, top - MARGIN // 2), (MARGIN + grid.across, top - MARGIN // 2)], EDGE, 2
    )
    _draw_foot(sheet, foot, lines, (top, tall), shape)
    return sheet


def _grid(cells: Sequence[Cell], shape: tuple[int, int]) -> _Grid:
    count, proportion = len(cells), shape[0] / shape[1]
    pixels = min(MOST_PIXELS, max(FEWEST_PIXELS, ALL_PIXELS / count))
    width, height = round(math.sqrt(pixels * proportion)), round(math.sqrt(pixels / proportion))
    letters = min(LARGEST, max(SMALLEST, width // 15))
    numbers = max(lettering.width(str(cell.number), letters) for cell in cells)
    room = width - math.ceil(numbers + 0.55 * letters)
    lines = max(len(lettering.wrap(cell.name, letters, room, NAME_LINES)) for cell in cells)
    grids = (
        _Grid(
            columns=columns,
            rows=math.ceil(count / columns),
            width=width,
            height=height,
            letters=letters,
            name_lines=lines,
            number_width=width - room,
        )
        for columns in range(1, count + 1)
    )
    return min(grids, key=lambda grid: _awkwardness(grid, count))


def _awkwardness(grid: _Grid, count: int) -> float:
    """How far a grid is from a page held sideways, and how much of it stays empty."""
    empty = 1 - count / (grid.columns * grid.rows)
    return abs(math.log(grid.across / grid.down / SHEET_PROPORTION)) + empty


def _draw_cell(sheet: Image.Image, cell: Cell, corner: tuple[int, int], grid: _Grid) -> None:
    (left, top), size = corner, (grid.width, grid.height)
    if cell.clip is None:
        frame = _without_picture(cell.note, size, grid.letters)
    else:
        frame = Image.fromarray(_middle(cell.clip)).resize(size, Image.Resampling.LANCZOS)
    _put(sheet, frame, corner)
    canvas = ImageDraw.Draw(sheet)
    base = top + grid.height + round(grid.letters * 1.55)
    lettering.draw(canvas, (left, base), str(cell.number), grid.letters, QUIET)
    room = grid.width - grid.number_width
    colour = TEXT if cell.clip else QUIET
    for line in lettering.wrap(cell.name, grid.letters, room, NAME_LINES):
        lettering.draw(canvas, (left + grid.number_width, base), line, grid.letters, colour)
        base += round(LINE * grid.letters)


def _draw_foot(
    sheet: Image.Image,
    foot: Foot,
    lines: Sequence[str],
    place: tuple[int, int],
    shape: tuple[int, int],
) -> None:
    """place: the upper edge of the foot and its height."""
    (top, tall), left = place, MARGIN
    if foot.reference is not None:
        path, crop = foot.reference
        reference = picture.frame(path, crop, (_reference_width(shape), REFERENCE_HEIGHT))
        _put(sheet, reference, (left, top))
        left += reference.width + REFERENCE_GAP
    canvas = ImageDraw.Draw(sheet)
    words = LINE * (len(lines) * SUBJECT + FACTS)
    base = top + (tall - words) / 2 + SUBJECT
    for line in lines:
        lettering.draw(canvas, (left, base), line, SUBJECT, TEXT)
        base += LINE * SUBJECT
    facts = lettering.wrap(foot.facts, FACTS, sheet.width - MARGIN - left, 1)
    lettering.draw(canvas, (left, base), facts[0], FACTS, QUIET)


def _beside(foot: Foot, grid: _Grid, shape: tuple[int, int]) -> int:
    """How wide the words of the foot may be."""
    taken = _reference_width(shape) + REFERENCE_GAP if foot.reference else 0
    return grid.across - taken


def _reference_width(shape: tuple[int, int]) -> int:
    return round(REFERENCE_HEIGHT * shape[0] / shape[1])


def _middle(clip: Clip) -> mp4.Frame:
    """The frame that the clip's poster shows, as good as the film has it."""
    with contextlib.closing(mp4.frames(clip.file)) as frames:
        return deque(itertools.islice(frames, clip.shot.frames // 2 + 1), maxlen=1).pop()


def _without_picture(note: str, size: tuple[int, int], letters: int) -> Image.Image:
    frame = Image.new("RGB", size, EMPTY)
    left = (size[0] - lettering.width(note, letters)) / 2
    canvas = ImageDraw.Draw(frame)
    lettering.draw(canvas, (left, (size[1] + 0.7 * letters) / 2), note, letters, QUIET)
    return frame


def _put(sheet: Image.Image, frame: Image.Image, corner: tuple[int, int]) -> None:
    """Paste a frame with round corners and a fine edge."""
    inside, edge = _outline(frame.size)
    sheet.paste(frame, corner, inside)
    sheet.paste(EDGE, (*corner, corner[0] + frame.width, corner[1] + frame.height), edge)


@lru_cache(maxsize=2)
def _outline(size: tuple[int, int]) -> tuple[Image.Image, Image.Image]:
    """Masks of what is inside the round corners, and of the edge; all frames of a sheet share
    them."""
    large = (size[0] * SMOOTH, size[1] * SMOOTH)
    inside, edge = Image.new("L", large), Image.new("L", large)
    box, radius = (0, 0, large[0] - 1, large[1] - 1), CORNER * SMOOTH
    ImageDraw.Draw(inside).rounded_rectangle(box, radius, fill=255)
    ImageDraw.Draw(edge).rounded_rectangle(box, radius, outline=255, width=SMOOTH)
    return inside.resize(size, Image.Resampling.BOX), edge.resize(size, Image.Resampling.BOX)
