"""What differs between two clips, as rows for the page: their recipes and shots, side by side.

Knows what a clip says about itself; not how it is shown. A value is a text, {"en", "zh"},
{"picture": its file or None}, {"frames", "fps", "seconds"}, or, of a long text,
{"words": [[words, whether the other lacks them]]}.
"""

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from studio.clip import Clip
from studio.errors import PictureError
from studio.shot import PictureUse
from studio.ui.cards import model_name
from studio.vocabulary import CATEGORIES

Text = Mapping[str, str | None]
Fact = tuple[str, Any]
LONG = ("prompt", "negative")
# Chinese is written without spaces; there a letter is as good as a word.
TOKENS = re.compile(r"[\u3400-\u9fff]|\w+|\s+|[^\w\s]")


def differences(
    a: Clip, b: Clip, preset_names: Mapping[str, Text], picture_file: Callable[[str], Path]
) -> list[dict[str, Any]]:
    """[{"what", "name", "a", "b"}] of everything that is not the same; name: of a category of the
    vocabulary, where what is "look". preset_names: by id. picture_file: SHA-256 → where it is, or
    raises PictureError."""
    left = dict(_facts(a, preset_names, picture_file))
    right = dict(_facts(b, preset_names, picture_file))
    names = {category.id: _words(category.name) for category in CATEGORIES}
    rows = []
    for what in left:
        if left[what] == right[what]:
            continue
        sides = {"a": left[what], "b": right[what]}
        if what in LONG:
            sides = {"a": _marked(left[what], right[what]), "b": _marked(right[what], left[what])}
        kind, _, category = what.partition(":")
        rows.append({"what": kind, "name": names.get(category), **sides})
    return rows


def _facts(
    clip: Clip, preset_names: Mapping[str, Text], picture_file: Callable[[str], Path]
) -> Iterator[Fact]:
    shot, recipe = clip.shot, clip.recipe

    def picture(use: PictureUse | None) -> Any:
        if use is None:
            return ""
        try:
            file: str | None = str(picture_file(use.sha256))
        except PictureError:
            file = None
        return {"picture": file, "crop": list(use.crop)}

    yield "kind", shot.kind.value
    yield "prompt", shot.prompt
    yield "negative", shot.negative_prompt
    yield "presets", _listed([preset_names.get(id, {"en": id}) for id in preset_ids(clip)])
    for category in CATEGORIES:
        chosen = recipe.look.get(category.id, ())
        yield (
            f"look:{category.id}",
            _listed([_words(term.name) for term in category.terms if term.id in chosen]),
        )
    yield "picture", picture(shot.picture)
    yield "last_picture", picture(shot.last_picture)
    yield "model", model_name(shot.model)
    yield "size", f"{shot.width} × {shot.height}"
    yield (
        "length",
        {"frames": shot.frames, "fps": shot.fps, "seconds": shot.frames / shot.fps},
    )
    yield "seed", str(shot.seed)
    yield "steps", str(shot.steps)
    yield "guidance", guidance(clip)
    yield "shift", f"{shot.flow_shift:g}"
    yield "boundary", "" if shot.boundary is None else f"{shot.boundary:g}"
    yield "loras", ", ".join(f"{one.file} {one.strength:g} {one.expert}" for one in shot.worn)
    yield "fidelity", "" if shot.refine is None else f"{shot.refine.fidelity:g}"
    yield "start", "" if shot.refine is None else f"{shot.refine.sigma:g}"


def preset_ids(clip: Clip) -> list[str]:
    """The ids of its recipe's presets."""
    return [
        preset if isinstance(preset, str) else str(preset.get("id", ""))
        for preset in clip.recipe.presets
    ]


def guidance(clip: Clip) -> str:
    """Guidance of the two experts, or the one number where both have the same."""
    both = (clip.shot.guidance_high, clip.shot.guidance_low)
    return " / ".join(f"{value:g}" for value in dict.fromkeys(both))


def _words(words: Any) -> dict[str, str]:
    return {"en": words.en, "zh": words.zh}


def _listed(names: list[Any]) -> dict[str, str]:
    """Several names as one, in both languages."""
    return {
        "en": ", ".join(name.get("en") or name.get("zh") or "" for name in names),
        "zh": "，".join(name.get("zh") or name.get("en") or "" for name in names),
    }


def _marked(text: str, other: str) -> dict[str, Any]:
    """The text in pieces, each with whether the other lacks it."""
    mine = TOKENS.findall(text)
    same = difflib.SequenceMatcher(None, mine, TOKENS.findall(other), autojunk=False)
    pieces = []
    at = 0
    for start, _, size in same.get_matching_blocks():
        shared = "".join(mine[start : start + size])
        # A space or a comma between other words is not worth showing as the same.
        if re.search(r"\w", shared) or not size:
            pieces += [["".join(mine[at:start]), True], [shared, False]]
            at = start + size
    return {"words": [piece for piece in pieces if piece[0]]}
