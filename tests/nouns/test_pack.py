"""The bundled presets: they cover the vocabulary, keep their own rules, can be found and seen."""

import json

import pytest
from PIL import Image

from studio import presets
from studio.models import MODELS
from studio.paths import BUNDLED_PRESETS
from studio.preset_schema import Preset
from studio.prompt import CHINESE, expand
from studio.recipe import Recipe
from studio.ui.cards import USES
from studio.vocabulary import CATEGORIES, Term

PACK, ERRORS = presets.folder(BUNDLED_PRESETS)
TERMS = [term for category in CATEGORIES for term in category.terms]
TEXTS = ("A ferry leaves the pier.", "A ferry", "一艘渡轮驶离码头。", "一艘渡轮")
PICTURE_SIZE = (240, 150)
PICTURES_LIMIT = 600_000


def every(preset: Preset) -> str:
    return preset.id


def test_the_pack_is_large_and_whole() -> None:
    assert ERRORS == []
    assert len(PACK) >= 64


@pytest.mark.parametrize("term", TERMS, ids=lambda term: f"{term.category}={term.id}")
def test_every_term_has_a_preset(term: Term) -> None:
    assert [preset.id for preset in PACK if term.id in preset.look.get(term.category, ())]


@pytest.mark.parametrize("wanted", ["cinematic-lighting", "natural-motion-blur"])
def test_the_looks_that_people_ask_for_by_name_are_there(wanted: str) -> None:
    assert wanted in [preset.id for preset in PACK]


@pytest.mark.parametrize("preset", PACK, ids=every)
def test_it_is_complete_in_both_languages(preset: Preset) -> None:
    assert (BUNDLED_PRESETS / f"{preset.id}.yaml").is_file()
    assert (preset.author, preset.license) == ("Rushes", "CC0-1.0")
    assert preset.about is not None
    for text in (preset.name, preset.about, preset.prompt):
        if text is not None:
            assert text.en and text.zh
            assert CHINESE.search(text.zh) and not CHINESE.search(text.en)
    assert len(preset.negative.add.en) == len(preset.negative.add.zh)
    assert not CHINESE.search("".join(preset.negative.add.en))


def test_names_are_told_apart_in_both_languages() -> None:
    for language in ("en", "zh"):
        names = [preset.name.get(language).casefold() for preset in PACK]
        assert len(set(names)) == len(names)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("preset", PACK, ids=every)
def test_it_keeps_every_word_on_every_model_it_is_for(preset: Preset, text: str) -> None:
    for spec in MODELS.values():
        if preset.models and spec.id not in preset.models:
            continue
        expansion = expand(Recipe(prompt=text, presets=(preset.id,)), spec, [preset])
        assert expansion.left_out == ()
        assert text in expansion.prompt
        assert bool(CHINESE.search(expansion.prompt)) == (expansion.language == "zh")
        assert "{" not in expansion.prompt
        assert not any(twice in expansion.prompt for twice in ("..", "。。", ".。", "。.", ",,"))


@pytest.mark.parametrize("preset", PACK, ids=every)
def test_what_it_keeps_away_is_not_what_it_asks_for(preset: Preset) -> None:
    """A word added to the negative prompt must not stand in the look's own words."""
    for language, text in (("en", TEXTS[0]), ("zh", TEXTS[2])):
        recipe = Recipe(prompt=text, presets=(preset.id,))
        asked = expand(recipe, MODELS["t2v-a14b"], [preset]).prompt.casefold()
        assert [w for w in preset.negative.add.get(language) if w.casefold() in asked] == []


def test_no_two_look_the_same() -> None:
    looks = [json.dumps(presets.to_document(preset)["look"], sort_keys=True) for preset in PACK]
    assert len(set(looks)) == len(looks)
    for one in PACK:
        for other in PACK:
            if one is not other:
                shared = set(one.look.items()) & set(other.look.items())
                assert len(shared) < len(one.look) or len(one.look) < len(other.look)


@pytest.mark.parametrize("preset", PACK, ids=every)
def test_it_is_tagged_with_a_genre_and_a_use(preset: Preset) -> None:
    assert set(preset.tags) & set(USES)
    assert set(preset.tags) - set(USES)
    assert len(set(preset.tags)) == len(preset.tags)


def test_every_use_has_looks_to_choose_from() -> None:
    for use in USES:
        assert len([preset for preset in PACK if use in preset.tags]) >= 8


@pytest.mark.parametrize("preset", PACK, ids=every)
def test_its_picture_is_there_and_small(preset: Preset) -> None:
    assert preset.picture == f"{preset.id}.webp"
    with Image.open(BUNDLED_PRESETS / preset.picture) as picture:
        assert (picture.format, picture.size) == ("WEBP", PICTURE_SIZE)
        spread = picture.convert("L").getextrema()
        assert spread[1] - spread[0] > 60  # something can be seen on it


def test_the_pictures_are_different_and_light_together() -> None:
    files = [(BUNDLED_PRESETS / f"{preset.id}.webp").read_bytes() for preset in PACK]
    assert len(set(files)) == len(files)
    assert sum(map(len, files)) < PICTURES_LIMIT
