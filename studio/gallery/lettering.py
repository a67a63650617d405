"""Words → pixels, with the fonts this computer has.

Latin and Chinese letters come from different fonts, so a line may change fonts from letter to
letter. What no font can draw is told, never left out in silence. Knows nothing of pictures' layout.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby

from PIL import ImageDraw, ImageFont
from PIL.ImageFont import FreeTypeFont

# Tried in this order, each with its number inside its file; Pillow looks for the names in the font
# folders of the system. First the plain sans of Windows, macOS and Linux, then those that have
# Chinese (of Noto's collection the simplified forms), then one that has letters of many scripts.
FONTS = (
    ("segoeui.ttf", 0),
    ("HelveticaNeue.ttc", 0),
    ("Inter-Regular.ttf", 0),
    ("NotoSans-Regular.ttf", 0),
    ("OpenSans-Regular.ttf", 0),
    ("Ubuntu-R.ttf", 0),
    ("LiberationSans-Regular.ttf", 0),
    ("msyh.ttc", 0),
    ("PingFang.ttc", 0),
    ("Hiragino Sans GB.ttc", 0),
    ("STHeiti Medium.ttc", 0),
    ("NotoSansCJK-Regular.ttc", 2),
    ("NotoSansCJKsc-Regular.otf", 0),
    ("SourceHanSansSC-Regular.otf", 0),
    ("wqy-microhei.ttc", 0),
    ("DroidSansFallbackFull.ttf", 0),
    ("simsun.ttc", 0),
    ("DejaVuSans.ttf", 0),
)
# No letter, so every font draws it as it draws the letters that it has not.
MISSING = "\U0010fffe"
ELLIPSIS = "…"
# Ideographs, kana and full-width marks: a line may break beside each of them.
WIDE = r"\u2e80-\u9fff\uf900-\ufaff\uff00-\uff65"
BREAKABLE = re.compile(rf"\s+|[{WIDE}]|[^\s{WIDE}]+")
# Control characters, halves of pairs, joiners: none has a shape of its own.
SHAPELESS = frozenset(["Cc", "Cf", "Cn", "Co", "Cs"])
VARIATIONS = re.compile("[\ufe00-\ufe0f]")


def undrawable(text: str) -> str:
    """The letters of text that no font of this computer has, each once."""
    letters = dict.fromkeys(letter for letter in plain(text) if not letter.isspace())
    return "".join(letter for letter in letters if _face_of(letter) is None)


def plain(text: str) -> str:
    """text on one line, without what has no shape of its own."""
    composed = VARIATIONS.sub("", unicodedata.normalize("NFC", text))
    seen = (
        letter
        for letter in composed
        if letter.isspace() or unicodedata.category(letter) not in SHAPELESS
    )
    return " ".join("".join(seen).split())


def width(text: str, size: int) -> float:
    """The width of one line as `plain` gives it; size: of its letters. Both in pixels."""
    return sum(font.getlength(run) for font, run in _runs(text, size))


def draw(
    canvas: ImageDraw.ImageDraw,
    at: tuple[float, float],
    text: str,
    size: int,
    fill: tuple[int, int, int],
) -> None:
    """Write one line as `plain` gives it; at: its left end, on the line the letters stand on."""
    left, base = at
    for font, run in _runs(text, size):
        canvas.text((left, base), run, fill, font, anchor="ls")
        left += font.getlength(run)


def wrap(text: str, size: int, limit: float, lines: int) -> list[str]:
    """text as at most so many lines no wider than limit pixels; what is too much ends in “…”."""
    wrapped: list[str] = []
    for piece in _pieces(text, size, limit):
        if wrapped and width((wrapped[-1] + piece).rstrip(), size) <= limit:
            wrapped[-1] += piece
        elif len(wrapped) < lines:
            wrapped.append(piece.lstrip())
        else:
            wrapped[-1] = _cut(wrapped[-1] + piece, size, limit)
            break
    return [line.rstrip() for line in wrapped]


def _pieces(text: str, size: int, limit: float) -> Iterator[str]:
    """What must stay on one line: words, and of a word wider than a line its letters."""
    for word in BREAKABLE.findall(plain(text)):
        yield from [word] if width(word, size) <= limit else word


def _cut(text: str, size: int, limit: float) -> str:
    while text and width(text.rstrip() + ELLIPSIS, size) > limit:
        text = text[:-1]
    return text.rstrip() + ELLIPSIS


Face = tuple[str, int]
# Pillow's own letters: ASCII, and always there.
OWN: Face = ("", 0)


def _runs(text: str, size: int) -> Iterator[tuple[FreeTypeFont, str]]:
    """text in pieces of one font each."""
    for face, letters in groupby(text, key=_face_of):
        yield _font(face or _faces()[0], size), "".join(letters)


@lru_cache(maxsize=4096)
def _face_of(letter: str) -> Face | None:
    """The first font that has the letter; a space belongs to the first of all."""
    if letter.isspace():
        return _faces()[0]
    return next((face for face in _faces() if _has(_font(face, 16), letter)), None)


def _has(font: FreeTypeFont, letter: str) -> bool:
    return bytes(font.getmask(letter)) != bytes(font.getmask(MISSING))


@lru_cache
def _faces() -> tuple[Face, ...]:
    return (*(face for face in FONTS if _is_here(face)), OWN)


def _is_here(face: Face) -> bool:
    try:
        _font(face, 16)
    except OSError:
        return False
    return True


@lru_cache(maxsize=128)
def _font(face: Face, size: int) -> FreeTypeFont:
    name, number = face
    if face == OWN:
        font = ImageFont.load_default(size)
        assert isinstance(font, FreeTypeFont)
        return font
    return ImageFont.truetype(name, size, index=number)
