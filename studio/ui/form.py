"""The form's values ↔ Recipe. Knows both sides, and neither Gradio nor what the words mean.

What arrives here comes from a browser, so it is read strictly: a name nobody knows is dropped, a
value of the wrong kind is refused with a sentence.
"""

import re
from dataclasses import asdict, dataclass
from typing import Any

from studio.errors import InvalidRequest
from studio.recipe import Picture, Recipe, from_json
from studio.vocabulary import CATEGORIES

MAX_TAKES = 8
SIZE = re.compile(r"(\d{1,5})×(\d{1,5})")


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What the form says: a recipe, and how many takes of it."""

    recipe: Recipe
    takes: int


@dataclass(frozen=True, slots=True)
class Values:
    """The form's values as its components hold them, in the order they are wired.

    looks: {"presets": [...], "look": {category: [term]}, "over": bool}, and "loras" and "quick" of
    a recipe that was taken in. picture, last_picture: {"sha256", "across", "down", …} or {}. shape:
    a name of the model's, or a size as 832×480. steps, seed: as typed, "" where the person leaves
    it open.
    """

    prompt: str
    negative: str
    looks: dict[str, Any]
    picture: dict[str, Any]
    last_picture: dict[str, Any]
    model: str | None
    shape: str | None
    frames: int | None
    takes: int
    steps: str
    seed: str


def read(values: Values) -> Asked:
    """Form → recipe. Raises InvalidRequest for a value that is no value at all."""
    looks = clean_looks(values.looks)
    size = SIZE.fullmatch(values.shape or "")
    return Asked(
        recipe=Recipe(
            prompt=values.prompt,
            negative_prompt=values.negative if values.negative.strip() else None,
            presets=tuple(looks["presets"]),
            look={category: tuple(terms) for category, terms in looks["look"].items()},
            look_over_picture=looks["over"],
            picture=_picture(values.picture),
            last_picture=_picture(values.last_picture),
            model=values.model,
            shape=None if size else values.shape,
            width=int(size[1]) if size else None,
            height=int(size[2]) if size else None,
            frames=values.frames,
            steps=_whole("steps", values.steps),
            seed=_whole("seed", values.seed),
            **_worn(values.looks),
        ),
        takes=_takes(values.takes),
    )


def write(
    recipe: Recipe, picture: dict[str, Any], last_picture: dict[str, Any], takes: int = 1
) -> Values:
    """Recipe → form. picture, last_picture: what the picture boxes show, {} for none."""
    sized = recipe.width is not None and recipe.height is not None
    looks = {
        "presets": list(recipe.presets),
        "look": {category: list(terms) for category, terms in recipe.look.items()},
        "over": recipe.look_over_picture,
    }
    # Only what a recipe brought: a form without them has no box for them.
    if recipe.loras:
        looks["loras"] = [asdict(lora) for lora in recipe.loras]
    if not recipe.quick:
        looks["quick"] = False
    return Values(
        prompt=recipe.prompt,
        negative=recipe.negative_prompt or "",
        looks=looks,
        picture=picture,
        last_picture=last_picture,
        model=recipe.model,
        shape=f"{recipe.width}×{recipe.height}" if sized else recipe.shape,
        frames=recipe.frames,
        takes=takes,
        steps="" if recipe.steps is None else str(recipe.steps),
        seed="" if recipe.seed is None else str(recipe.seed),
    )


def clean_looks(value: object) -> dict[str, Any]:
    """The cards' value with only what the vocabulary knows in it."""
    given = _as(dict, value)
    chosen = _as(dict, given.get("look"))
    presets = _as(list, given.get("presets"))
    look = {}
    for category in CATEGORIES:
        known = {term.id for term in category.terms}
        terms = [term for term in _as(list, chosen.get(category.id)) if term in known]
        if terms:
            look[category.id] = terms
    return {
        "presets": [preset for preset in presets if isinstance(preset, str | dict)],
        "look": look,
        "over": given.get("over") is True,
    }


def _worn(looks: object) -> dict[str, Any]:
    """The LoRAs of a recipe that was taken into the form. Raises InvalidRequest."""
    given = _as(dict, looks)
    asked = from_json({key: given[key] for key in ("loras", "quick") if key in given})
    return {"loras": asked.loras, "quick": asked.quick}


def _as(kind: type[Any], value: object) -> Any:
    """value if it is of that kind, else an empty one."""
    return value if isinstance(value, kind) else kind()


def _picture(value: object) -> Picture | None:
    if not isinstance(value, dict) or not value:
        return None
    if not re.fullmatch("[0-9a-f]{64}", str(value.get("sha256"))):
        raise InvalidRequest("The reference picture cannot be found.", "Drop it again.")
    return Picture(
        sha256=value["sha256"],
        across=_share(value.get("across", 0.5)),
        down=_share(value.get("down", 0.5)),
    )


def _share(value: object) -> float:
    if not isinstance(value, int | float):
        raise InvalidRequest("The crop cannot be read.", "Drop the picture again.")
    return min(1.0, max(0.0, float(value)))


def _whole(name: str, text: str) -> int | None:
    """The number somebody typed, None for nothing. Full-width digits count too."""
    words = text.strip()
    if not words:
        return None
    if not words.isdecimal():
        raise InvalidRequest(
            f"“{words}” is no value for {name}.", "Give a whole number, or leave it empty."
        )
    return int(words)


def _takes(value: object) -> int:
    if value not in range(1, MAX_TAKES + 1):
        raise InvalidRequest(f"{value} takes are not allowed.", f"Ask for 1 to {MAX_TAKES}.")
    return int(str(value))
