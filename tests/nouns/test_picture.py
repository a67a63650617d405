"""Reference pictures of every kind a person may drop, good and bad."""

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from PIL import Image

from studio import picture
from studio.errors import PictureError
from studio.picture import Box

RED, GREEN, WHITE = (255, 0, 0), (0, 128, 0), (255, 255, 255)
ORIENTATION = 0x0112


def two_halves(mode: str = "RGB", size: tuple[int, int] = (64, 48)) -> Image.Image:
    """Left half red, right half green."""
    image = Image.new("RGB", size, RED)
    image.paste(GREEN, (size[0] // 2, 0, *size))
    return image.convert(mode)


def saved(folder: Path, name: str, image: Image.Image, **options: object) -> Path:
    path = folder / name
    image.save(path, **options)
    return path


def corner(image: Image.Image) -> tuple[int, ...]:
    return image.getpixel((2, 2))


def open_files() -> list[str]:
    """What this process holds open, where the system tells."""
    listing = Path("/proc/self/fd")
    if not listing.exists():
        pytest.skip("this system does not list open files, so a leak was NOT looked for")
    return [str(entry.readlink()) for entry in listing.iterdir() if entry.is_symlink()]


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp", "猫 1.png", "lying.gif"])
def test_pictures_are_known_by_their_content(tmp_path: Path, name: str) -> None:
    kind = {".jpg": "JPEG", ".webp": "WEBP"}.get(Path(name).suffix, "PNG")
    path = saved(tmp_path, name, two_halves(), format=kind)
    assert picture.size_of(path) == (64, 48)
    digest = picture.keep(path, tmp_path / "kept")
    kept = picture.find(digest, tmp_path / "kept")
    assert kept.suffix == picture.FORMATS[kind]
    assert kept.read_bytes() == path.read_bytes()
    assert picture.keep(path, tmp_path / "kept") == digest
    assert [file.name for file in (tmp_path / "kept").iterdir()] == [kept.name]


@pytest.mark.parametrize(
    ("orientation", "size", "top_left"),
    [(1, (64, 48), RED), (3, (64, 48), GREEN), (6, (48, 64), RED), (8, (48, 64), GREEN)],
)
def test_the_cameras_rotation_is_obeyed(
    tmp_path: Path, orientation: int, size: tuple[int, int], top_left: tuple[int, ...]
) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    path = saved(tmp_path, "a.jpg", two_halves(), exif=exif, quality=95)
    assert picture.size_of(path) == size
    shown = picture.frame(path, Box(0, 0, *size), size)
    assert shown.size == size
    assert np.allclose(corner(shown), top_left, atol=12)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "L", "LA", "1"])
def test_every_kind_of_pixel_becomes_rgb(tmp_path: Path, mode: str) -> None:
    path = saved(tmp_path, "a.png", two_halves(mode))
    shown = picture.frame(path, Box(0, 0, 64, 48), (64, 48))
    assert shown.mode == "RGB"
    colours = two_halves(mode).convert("RGB")
    assert np.allclose(np.asarray(shown)[:, :16], np.asarray(colours)[:, :16], atol=2)


def test_cmyk_jpegs_are_read(tmp_path: Path) -> None:
    path = saved(tmp_path, "a.jpg", two_halves("CMYK"))
    assert np.allclose(corner(picture.frame(path, Box(0, 0, 64, 48), (64, 48))), RED, atol=12)


@pytest.mark.parametrize(("value", "grey"), [(0, 0), (257 * 100, 100), (65535, 255)])
def test_sixteen_bit_greys_keep_their_brightness(tmp_path: Path, value: int, grey: int) -> None:
    path = saved(tmp_path, "a.png", Image.fromarray(np.full((48, 64), value, np.uint16)))
    assert corner(picture.frame(path, Box(0, 0, 64, 48), (64, 48))) == (grey, grey, grey)


@pytest.mark.parametrize("mode", ["RGBA", "P"])
def test_what_is_transparent_is_white(tmp_path: Path, mode: str) -> None:
    image = Image.new("RGBA", (64, 48), (10, 20, 30, 0))
    image.paste((*GREEN, 255), (32, 0, 64, 48))
    path = saved(tmp_path, "a.png", image.convert(mode))
    shown = picture.frame(path, Box(0, 0, 64, 48), (64, 48))
    assert corner(shown) == WHITE
    assert np.allclose(shown.getpixel((60, 20)), GREEN, atol=4)


def test_the_crop_is_taken_and_nothing_else(tmp_path: Path) -> None:
    path = saved(tmp_path, "a.png", two_halves())
    shown = np.asarray(picture.frame(path, Box(32, 0, 64, 48), (16, 24)))
    assert shown.shape == (24, 16, 3)
    assert (shown == GREEN).all()


def bytes_of(image: Image.Image, kind: str) -> bytes:
    data = io.BytesIO()
    image.save(data, kind)
    return data.getvalue()


NOISE = Image.fromarray(np.random.default_rng(7).integers(0, 255, (64, 64, 3), np.uint8))
BROKEN = {
    "text.png": b"This is no picture, whatever its name says.\n" * 50,
    "empty.png": b"",
    "short.png": bytes_of(NOISE, "PNG")[:3000],
    "headless.png": bytes_of(NOISE, "PNG")[8:],
    "only_header.png": bytes_of(NOISE, "PNG")[:40],
    "flipped.png": bytes_of(NOISE, "PNG").replace(b"IDAT", b"IDOT"),
    "short.jpg": bytes_of(NOISE, "JPEG")[:1200],
    "short.webp": bytes_of(NOISE, "WEBP")[:1200],
    "animation.gif": bytes_of(two_halves(), "GIF"),
    "vector.svg": b"<svg xmlns='http://www.w3.org/2000/svg' width='64' height='64'/>",
    "program.eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n",
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_whole_picture_is_refused_in_one_sentence(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(BROKEN[name])
    for use in (picture.size_of, lambda path: picture.keep(path, tmp_path / "kept")):
        with pytest.raises(PictureError, match="is not a picture the studio can read") as caught:
            use(path)
        assert "\n" not in str(caught.value)
    assert not (tmp_path / "kept").exists()


@pytest.mark.parametrize("size", [(1, 1), (31, 400), (400, 31), (12_001, 40), (20_000, 20)])
def test_pictures_too_small_or_too_large_say_their_size(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    path = saved(tmp_path, "a.png", Image.new("1", size))
    with pytest.raises(PictureError, match=f"{size[0]}×{size[1]}"):
        picture.size_of(path)


def test_a_decompression_bomb_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    """A small file that says it is 20,000 pixels a side: 1.2 GB once decoded."""
    path = saved(tmp_path, "bomb.png", Image.new("1", (20_000, 20_000)))
    assert path.stat().st_size < 100_000
    with pytest.raises(PictureError, match="more pixels than the studio can take"):
        picture.size_of(path)


def test_the_largest_picture_is_taken_without_a_warning(
    tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    path = saved(tmp_path, "a.png", Image.new("1", (12_000, 8_000)))
    assert picture.size_of(path) == (12_000, 8_000)
    assert not [warning for warning in recwarn if "Decompression" in warning.category.__name__]


@pytest.mark.parametrize("name", ["good.png", "text.png", "short.png", "short.jpg", "tiny.png"])
def test_no_picture_is_left_open(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    good = two_halves(size=(8, 8) if name == "tiny.png" else (64, 48))
    path.write_bytes(BROKEN.get(name) or bytes_of(good, "PNG"))
    try:
        picture.size_of(path)
    except PictureError as error:
        # The error is still held here, as a window holds it while it shows it.
        assert str(path) not in open_files(), error
    assert str(path) not in open_files()


def test_a_picture_that_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path / "gone.png", tmp_path):
        with pytest.raises(PictureError, match="There is no picture"):
            picture.size_of(path)
    with pytest.raises(PictureError, match="no longer in the library"):
        picture.find("0" * 64, tmp_path)


@pytest.mark.parametrize(
    ("size", "across", "down", "box"),
    [
        ((1920, 1080), 0.5, 0.5, (0, 0, 1920, 1080)),
        ((1080, 1920), 0.5, 0.5, (0, 656, 1080, 1264)),
        ((1080, 1920), 0.5, 0.0, (0, 0, 1080, 608)),
        ((4000, 1080), 1.0, 0.5, (2080, 0, 4000, 1080)),
    ],
)
def test_the_crop_box_is_the_largest_that_fits(
    size: tuple[int, int], across: float, down: float, box: tuple[int, ...]
) -> None:
    assert picture.crop_box(size, (1280, 720), across, down) == box


SIDES = some.tuples(some.integers(32, 12_000), some.integers(32, 12_000))
TARGETS = some.tuples(some.integers(1, 120), some.integers(1, 120))


@given(SIDES, TARGETS, some.floats(0, 1), some.floats(0, 1))
def test_the_crop_box_stays_inside_and_keeps_the_shape(
    size: tuple[int, int], target: tuple[int, int], across: float, down: float
) -> None:
    width, height = target[0] * 16, target[1] * 16
    box = picture.crop_box(size, (width, height), across, down)
    assert 0 <= box.left < box.right <= size[0]
    assert 0 <= box.top < box.bottom <= size[1]
    got_width, got_height = box.right - box.left, box.bottom - box.top
    assert got_width == size[0] or got_height == size[1]
    scale = min(size[0] / width, size[1] / height)
    assert abs(got_width - max(1, width * scale)) <= 0.5 + 1e-6
    assert abs(got_height - max(1, height * scale)) <= 0.5 + 1e-6


@pytest.mark.parametrize("crop", [(-1, 0, 64, 48), (0, 0, 65, 48), (9, 9, 9, 40), (0, 40, 64, 49)])
def test_a_crop_outside_the_picture_is_refused(tmp_path: Path, crop: tuple[int, ...]) -> None:
    path = saved(tmp_path, "a.png", two_halves())
    with pytest.raises(PictureError, match="not inside"):
        picture.frame(path, Box(*crop), (16, 16))


def test_a_phones_picture_of_two_pictures_is_a_jpeg(tmp_path: Path) -> None:
    second = two_halves(size=(32, 32))
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    path = saved(
        tmp_path,
        "phone.jpg",
        two_halves(),
        format="MPO",
        save_all=True,
        append_images=[second],
        exif=exif,
    )
    with Image.open(path) as image:
        assert image.format == "MPO"
    assert picture.size_of(path) == (48, 64)
    kept = picture.find(picture.keep(path, tmp_path / "kept"), tmp_path / "kept")
    assert kept.suffix == ".jpg"
    assert picture.frame(kept, Box(0, 0, 48, 64), (48, 64)).size == (48, 64)
