"""What would happen if the button were pressed now, as JSON: the words the model will read with
their origins, what was left out and why, the size, and an honest answer about this computer.

Asks the studio; decides nothing itself.
"""

from dataclasses import replace
from typing import Any

from studio.errors import StudioError
from studio.models import MODELS, ModelSpec, model
from studio.picture import size_of
from studio.presets import resolve
from studio.prompt import Expansion, Reason
from studio.recipe import Picture, Recipe
from studio.shot import Kind
from studio.studio import Studio
from studio.ui.served import problem, sentence, trouble
from studio.vocabulary import CATEGORIES, Form


def outlook(studio: Studio, recipe: Recipe) -> dict[str, Any]:
    """The answer to every change of the form. Never raises StudioError: it says it."""
    try:
        expansion = studio.expand(recipe)
        words = _words(expansion) | {"greyed": greyed(studio, recipe)}
        words["from_presets"] = _from_presets(studio, recipe, expansion)
        words["trouble"] = trouble(studio)
        words["takes_last_picture"] = _spec(studio, recipe).takes_last_picture
        words["sweep"] = _swept(studio, recipe)
    except StudioError as error:
        return {"problem": problem(error)}
    try:
        return words | _foreseen(studio, recipe)
    except StudioError as error:
        return words | {"problem": problem(error)}


def greyed(studio: Studio, recipe: Recipe) -> dict[str, str]:
    """{category: reason} of the categories whose terms would be left out if chosen now.

    Found by asking for a term of each, so the rules stay where the prompt is made.
    """
    filled = dict(recipe.look)
    for category in CATEGORIES:
        if category.form is Form.TAG:
            filled.setdefault(category.id, (category.terms[0].id,))
    return {
        left.term.category: left.reason.value
        for left in studio.expand(replace(recipe, look=filled)).left_out
        if left.reason is not Reason.REPLACED
    }


def _words(expansion: Expansion) -> dict[str, Any]:
    told = expansion.to_json()
    return {
        "parts": told["parts"],
        "negative": told["negative_parts"],
        "left_out": told["left_out"],
        "overruled": told["overruled"],
    }


def _from_presets(studio: Studio, recipe: Recipe, expansion: Expansion) -> list[tuple[str, str]]:
    """(category, term) of what the chosen presets bring and nothing replaced."""
    dropped = {(left.term.category, left.term.id) for left in expansion.left_out}
    return [
        (category, term)
        for preset in (resolve(entry, studio.places) for entry in recipe.presets)
        for category, terms in preset.look.items()
        for term in terms
        if (category, term) not in dropped
    ]


def _foreseen(studio: Studio, recipe: Recipe) -> dict[str, Any]:
    shot, plan = studio.foresee(recipe, Kind.PREVIEW)
    spec = MODELS[shot.model]
    return {
        "problem": None,
        "shot": {
            "width": shot.width,
            "height": shot.height,
            "seconds": shot.frames / shot.fps,
            "steps": shot.steps,
        },
        "crop": list(shot.picture.crop) if shot.picture else None,
        "last_crop": list(shot.last_picture.crop) if shot.last_picture else None,
        "plan": {
            "fits": plan.fits,
            "reason": sentence(plan.reason),
            "seconds": plan.seconds,
            "measured": studio.hardware() is not None,
        },
        "absent": _absent(studio, spec),
        "note": {"en": spec.note.en, "zh": spec.note.zh} if spec.repository is None else None,
    }


def _absent(studio: Studio, spec: ModelSpec) -> dict[str, Any] | None:
    """What must be downloaded before this can run; None where all is here."""
    if any(state.spec.id == spec.id and state.installed for state in studio.models()):
        return None
    return {"name": spec.name, "bytes": studio.offer(spec.id).missing}


def _swept(studio: Studio, recipe: Recipe) -> dict[str, Any] | None:
    """What trying each preset by itself would take, None below two. seconds: None where it cannot
    be told, or not be done. alike: how many takes would be the same as another one."""
    if len(recipe.presets) < 2:
        return None
    takes = len(recipe.presets)
    try:
        foreseen = studio.foresee_sweep(replace(recipe, presets=()), recipe.presets)
    except StudioError:
        # The form's own problem is told already, and a preset's own when the button is pressed.
        return {"takes": takes, "seconds": None, "alike": 0}
    times = [plan.seconds for _, plan in foreseen if plan.fits and plan.seconds is not None]
    return {
        "takes": takes,
        "seconds": sum(times) if len(times) == takes else None,
        "alike": takes - len({shot for shot, _ in foreseen}),
    }


def _spec(studio: Studio, recipe: Recipe) -> ModelSpec:
    return model(recipe.model or studio.default_model())


def shown_picture(studio: Studio, picture: Picture | None) -> dict[str, Any]:
    """What a picture box holds for a picture of a recipe, {} for none. Raises PictureError."""
    if picture is None:
        return {}
    path = studio.picture_file(picture.sha256)
    width, height = size_of(path)
    return {
        "sha256": picture.sha256,
        "across": picture.across,
        "down": picture.down,
        "width": width,
        "height": height,
        "file": str(path),
    }
