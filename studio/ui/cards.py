"""What can be picked, as JSON for the cards: categories, terms, presets, models.

Knows the vocabulary and the shelf of presets; not what is chosen.
"""

from pathlib import Path
from typing import Any

from studio.errors import PresetError
from studio.models import MODELS
from studio.paths import ASSETS, BUNDLED_PRESETS, Places
from studio.preset_schema import Text
from studio.presets import Preset
from studio.studio import Studio
from studio.ui.served import problem
from studio.vocabulary import Category, Term, Words
from studio.weights import ModelState

# Groups of the form, each with the categories behind its tabs. The last one is folded away.
GROUPS = {
    "lighting": ("lighting_type", "light_source", "time_of_day"),
    "composition": ("composition", "shot_size", "camera_angle"),
    "tone": ("color_tone",),
    "more": ("camera_move", "focal_length", "shot_type", "motion", "emotion", "style", "effect"),
}
PICTURES = ASSETS / "cards"
# What a look is for: tags that are offered as filters, in this order.
USES = ("advertising", "film", "social", "product", "education", "poster-in-motion")

# A card under the heading "Lighting" need not say "lighting" again.
_NOUNS = (" lighting", " shot", " composition", " lens", " colors", " time", " style")


def catalogue(studio: Studio) -> dict[str, Any]:
    """Everything the cards draw, with user-given names as plain text for the page to write."""
    shelf = studio.presets()
    tags = {tag for preset in shelf for tag in preset.tags}
    return {
        "groups": GROUPS,
        "categories": {group.id: _category(group) for group in studio.categories()},
        "presets": [preset_card(preset, studio.places) for preset in shelf],
        "uses": [use for use in USES if use in tags],
        "preset_problem": _first(studio.preset_errors()),
        "models": {state.spec.id: _model(state) for state in studio.models()},
    }


def model_name(model_id: str) -> str:
    """A model as people call it; its id where we know none, as of a clip made elsewhere."""
    return MODELS[model_id].name if model_id in MODELS else model_id


def words_of(text: Text) -> dict[str, str]:
    """A text of a preset in both languages; where it has one only, that one."""
    return {"en": text.get("en"), "zh": text.get("zh")}


def _first(errors: list[PresetError]) -> dict[str, Any] | None:
    return problem(errors[0]) if errors else None


def _words(words: Words) -> dict[str, str]:
    return {"en": words.en, "zh": words.zh}


def _category(group: Category) -> dict[str, Any]:
    return {
        "name": _words(group.name),
        "limit": group.limit,
        "terms": [_term(term) for term in group.terms],
    }


def _term(term: Term) -> dict[str, Any]:
    picture = PICTURES / term.category / f"{term.id}.webp"
    return {
        "id": term.id,
        "name": {"en": _short(term), "zh": term.name.zh},
        "full": _words(term.name),
        "picture": str(picture) if picture.exists() else None,
    }


def _short(term: Term) -> str:
    if term.category == "camera_move":
        return term.id.replace("-", " ").capitalize()
    name = term.name.en
    for noun in _NOUNS:
        name = name.removesuffix(noun)
    return name


def preset_card(preset: Preset, places: Places) -> dict[str, Any]:
    """What a preset's card shows. drawn: when its picture was, which may be anew under its name."""
    picture = _preset_picture(preset, places)
    return {
        "id": preset.id,
        "name": words_of(preset.name),
        "about": words_of(preset.about) if preset.about else None,
        "picture": str(picture) if picture else None,
        "drawn": str(picture.stat().st_mtime_ns) if picture else None,
        "look": {category: list(terms) for category, terms in preset.look.items()},
        "tags": list(preset.tags),
    }


def _preset_picture(preset: Preset, places: Places) -> Path | None:
    for folder in (places.presets, BUNDLED_PRESETS):
        if preset.picture and (folder / preset.picture).exists():
            return folder / preset.picture
    return None


def _model(state: ModelState) -> dict[str, Any]:
    return {
        "name": state.spec.name,
        "note": _words(state.spec.note),
        "built_in": state.spec.repository is None,
        "installed": state.installed,
        "fps": state.spec.fps,
    }
