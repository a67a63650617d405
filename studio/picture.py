"""Reference pictures: checked, turned upright, cropped by us and never stretched.

Knows files and pixels; not models. Nothing here scales silently: `frame` gives exactly what a crop
box says.
"""

import hashlib
import struct
import warnings
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageOps

from studio.errors import PictureError
from studio.files import write_whole

# Room for any camera; beyond it decoding alone costs more memory than a laptop has to spare.
MAX_SIDE = 12_000
MIN_SIDE = 32
FORMATS = {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp"}


class Box(NamedTuple):
    """(left, top, right, bottom) in pixels of the upright picture, right and bottom exclusive."""

    left: int
    top: int
    right: int
    bottom: int


def size_of(path: Path) -> tuple[int, int]:
    """The upright (width, height) of a picture, after checking that all of it can be read.

    Raises PictureError for anything but a PNG, JPEG or WebP of 32 to 12,000 pixels a side.
    """
    return _upright(path)[0].size


def keep(path: Path, folder: Path) -> str:
    """Copy a checked picture into folder under its SHA-256; gives the SHA-256.

    Raises PictureError as `size_of`.
    """
    _, suffix = _upright(path)
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    target = folder / f"{digest}{suffix}"
    if not target.exists():
        write_whole(target, data)
    return digest


def find(digest: str, folder: Path) -> Path:
    """The kept picture of that SHA-256. Raises PictureError if it is not in folder."""
    for suffix in FORMATS.values():
        path = folder / f"{digest}{suffix}"
        if path.exists():
            return path
    raise PictureError(
        "The reference picture is no longer in the library.", f"Put it back into {folder}."
    )


def crop_box(picture: tuple[int, int], target: tuple[int, int], across: float, down: float) -> Box:
    """The largest box of the target's shape inside the picture; both are (width, height).

    across, down: where the box sits in what is left over, 0 (left, top) to 1; 0.5 is the middle.
    """
    width, height = picture
    scale = min(width / target[0], height / target[1])
    box_width, box_height = (max(1, round(side * scale)) for side in target)
    left, top = round((width - box_width) * across), round((height - box_height) * down)
    return Box(left, top, left + box_width, top + box_height)


def frame(path: Path, crop: Box, size: tuple[int, int]) -> Image.Image:
    """The crop of the upright picture as RGB at size (width, height). Lanczos, as the official
    TI2V-5B code resizes. What is transparent is white.

    Raises PictureError as `size_of`, and if the crop is not inside the picture."""
    upright, _ = _upright(path)
    if not (0 <= crop.left < crop.right <= upright.width):
        raise _outside(path, crop)
    if not (0 <= crop.top < crop.bottom <= upright.height):
        raise _outside(path, crop)
    # Not `resize(box=…)`: its filter reaches beyond the box and lets the surroundings bleed in.
    return _rgb(upright.crop(crop)).resize(size, Image.Resampling.LANCZOS)


def _upright(path: Path) -> tuple[Image.Image, str]:
    """The whole picture, turned as its camera says, and the suffix of its format. The file is
    closed again, so that it can be moved or deleted also on Windows."""
    if not path.is_file():
        raise PictureError(f"There is no picture {path}.", "Check the name and the folder.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path, formats=list(FORMATS)) as image:
                _check_size(path, image.size)
                # A phone's JPEG that carries a second picture calls itself MPO.
                kind = "JPEG" if image.format == "MPO" else str(image.format)
                return ImageOps.exif_transpose(image), FORMATS[kind]
    except Image.DecompressionBombError as error:
        raise PictureError(
            f"{path.name} has more pixels than the studio can take.",
            f"Make it at most {MAX_SIDE} pixels a side.",
        ) from error
    except (OSError, SyntaxError, ValueError, EOFError, struct.error) as error:
        raise PictureError(
            f"{path.name} is not a picture the studio can read.", "Use a PNG, JPEG or WebP file."
        ) from error


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        # 16 bits of grey; a plain conversion would cut everything above 255 to white.
        return image.convert("I").point(lambda value: value * (1 / 257)).convert("L").convert("RGB")
    if image.has_transparency_data:
        layers = image.convert("RGBA")
        white = Image.new("RGBA", layers.size, "white")
        return Image.alpha_composite(white, layers).convert("RGB")
    return image.convert("RGB")


def _outside(path: Path, crop: Box) -> PictureError:
    return PictureError(
        f"The crop {tuple(crop)} is not inside {path.name}.", "Choose the crop again."
    )


def _check_size(path: Path, size: tuple[int, int]) -> None:
    if max(size) > MAX_SIDE:
        raise PictureError(
            f"{path.name} is {size[0]}×{size[1]} pixels; that is more than the studio can take.",
            f"Make it at most {MAX_SIDE} pixels a side.",
        )
    if min(size) < MIN_SIDE:
        raise PictureError(
            f"{path.name} is {size[0]}×{size[1]} pixels; there is nothing to film in it.",
            f"Use a picture of at least {MIN_SIDE} pixels a side.",
        )
