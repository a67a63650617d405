"""Letters on pictures, with whatever fonts this computer has, and with hardly any."""

from collections.abc import Iterator

import pytest
from PIL import Image, ImageDraw

from studio.gallery import lettering

WORDS = "Street dance under stage light, seen by somebody who passes by"


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A computer without a single font we know of."""
    monkeypatch.setattr(lettering, "FONTS", (("no-such-font.ttf", 0),))
    caches = (lettering._faces, lettering._face_of)
    for cache in caches:
        cache.cache_clear()
    yield
    monkeypatch.undo()
    for cache in caches:
        cache.cache_clear()


def ink(text: str) -> tuple[int, int, int, int] | None:
    image = Image.new("RGB", (400, 60))
    lettering.draw(ImageDraw.Draw(image), (10, 40), text, 24, (255, 255, 255))
    return image.getbbox()


@pytest.mark.parametrize("limit", [60, 150, 400])
@pytest.mark.parametrize("text", [WORDS, "x" * 80, "舞台灯光下的街舞，有人路过看见了 Noir 2D" * 2])
def test_lines_fit_and_keep_every_word_they_have_room_for(text: str, limit: int) -> None:
    for lines in (1, 2, 3):
        wrapped = lettering.wrap(text, 20, limit, lines)
        assert len(wrapped) <= lines
        assert all(lettering.width(line, 20) <= limit for line in wrapped)
        shown, whole = "".join(wrapped).replace(" ", ""), text.replace(" ", "")
        assert shown == whole or (shown.endswith("…") and whole.startswith(shown[:-1]))
    assert "".join(lettering.wrap(text, 20, limit, 99)).replace(" ", "") == text.replace(" ", "")


def test_words_are_not_broken_where_a_line_has_room_for_them() -> None:
    lines = lettering.wrap(WORDS, 20, 300, 9)
    assert len(lines) > 1 and " ".join(lines) == WORDS


def test_what_has_no_shape_is_no_letter() -> None:
    assert lettering.wrap("  a\n\tb\u200d \ufe0f\x07 c\ud800 ", 20, 400, 1) == ["a b c"]
    assert lettering.wrap(" \u200b ", 20, 400, 1) == []
    assert lettering.plain("e\u0301") == "é"


def test_letters_stand_on_the_line_and_are_as_wide_as_told() -> None:
    box = ink("Hand")
    assert box is not None
    assert box[3] == 40 and abs(box[2] - 10 - lettering.width("Hand", 24)) < 3


def test_letters_that_no_font_has_are_told_once(bare: None) -> None:
    assert lettering.undrawable("Neon noir 12:30!") == ""
    assert lettering.undrawable("霓虹 Neon 霓") == "霓虹"
    assert ink("霓") is not None  # a box stands in its place


def test_a_letter_is_drawn_by_the_first_font_that_has_it() -> None:
    faces = lettering._faces()
    assert faces[-1] == lettering.OWN
    for letter in "Aé霓":
        face = lettering._face_of(letter)
        before = faces[: faces.index(face)] if face else faces
        assert not any(lettering._has(lettering._font(each, 16), letter) for each in before)
