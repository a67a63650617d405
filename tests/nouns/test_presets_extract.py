"""A look out of a clip: what the model read then, it reads again."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image

from studio import mp4, preset_import, presets
from studio.clip import Tag
from studio.combine import combine, negative
from studio.errors import InvalidRequest
from studio.lora import Lora
from studio.models import POCKET
from studio.paths import Places, places
from studio.preset_extract import extract, of_recipe
from studio.preset_import import Choice, Standing
from studio.presets import Preset, from_document, to_document
from studio.prompt import expand
from studio.recipe import Recipe
from studio.shot import Kind, decide
from studio.yaml_edit import written
from tests.nouns.test_prompt import FERRY, PICTURE, preset, some_look, some_preset, 渡轮


def tag_of(recipe: Recipe, chosen: list[Preset]) -> Tag:
    sizes = {PICTURE.sha256: (300, 200)}
    text = expand(recipe, POCKET, chosen)
    return Tag(
        id="0123456789ab",
        created="2026-11-22T10:00:00+00:00",
        seconds=1.0,
        recipe=recipe,
        shot=decide(recipe, POCKET, text, Kind.PREVIEW, 7, sizes),
    )


def resolver(chosen: list[Preset]) -> Any:
    known = {one.id: one for one in chosen}

    def resolve(entry: Any) -> Preset:
        if isinstance(entry, dict):
            return from_document(entry)
        if entry not in known:
            raise InvalidRequest(f"There is no preset “{entry}”.", "Use another.")
        return known[entry]

    return resolve


def reads(tag: Tag, document: dict[str, Any]) -> tuple[str, str]:
    """What the model reads with the extracted look in the place of all presets and cards."""
    recipe = replace(tag.recipe, presets=(), look={})
    again = expand(recipe, POCKET, [from_document(document)])
    return again.prompt, again.negative_prompt


def read(tag: Tag) -> tuple[str, str]:
    return tag.shot.prompt, tag.shot.negative_prompt


some_prompts = st.sampled_from([FERRY, 渡轮, "A ferry", "a ferry, at dusk…", "“Go!”", "船"])
some_recipes = st.builds(
    Recipe,
    prompt=some_prompts,
    look=some_look(),
    picture=st.sampled_from([None, PICTURE]),
    look_over_picture=st.booleans(),
    negative_prompt=st.sampled_from([None, "rain"]),
)
some_presets = st.lists(st.sampled_from("abc"), unique=True).flatmap(
    lambda ids: st.tuples(*(some_preset(id) for id in ids)).map(list)
)


@settings(max_examples=100, deadline=None)
@given(recipe=some_recipes, chosen=some_presets, here=st.booleans())
def test_the_look_of_a_clip_gives_the_same_prompt_again(
    recipe: Recipe, chosen: list[Preset], here: bool
) -> None:
    """Also on a computer where its presets are not."""
    recipe = replace(recipe, presets=tuple(one.id for one in chosen))
    tag = tag_of(recipe, chosen)
    try:
        document = extract(tag, resolver(chosen if here else []))
    except InvalidRequest as error:
        assert "without a look" in error.message
        assert tag.shot.prompt == recipe.prompt
        return
    assert reads(tag, document) == read(tag)


def _added(recipe: Recipe, chosen: list[Preset]) -> list[tuple[str, ...]]:
    """What the presets add to the negative prompt, in English and in Chinese."""
    combined = combine(recipe, chosen)
    return [negative(combined, recipe, POCKET, language).added for language in ("en", "zh")]


@settings(max_examples=60, deadline=None)
@given(recipe=some_recipes, chosen=some_presets)
def test_it_is_the_same_in_the_other_language(recipe: Recipe, chosen: list[Preset]) -> None:
    # Between sentences that are there in English alone, a Chinese prompt sets its own full stops.
    assume(all(one.prompt is None or one.prompt.zh for one in chosen))
    assume(recipe.look and recipe.negative_prompt is None)
    # A file cannot say “nothing” in one language and something in the other.
    english, chinese = _added(recipe, chosen)
    assume(bool(english) == bool(chinese))
    recipe = replace(recipe, presets=tuple(one.id for one in chosen))
    document = extract(tag_of(recipe, chosen), resolver(chosen))
    for text in (FERRY, 渡轮):
        other = tag_of(replace(recipe, prompt=text), chosen)
        assert reads(other, document) == read(other)


def test_a_look_becomes_a_file_that_a_person_can_read() -> None:
    one = preset("one", look={"color_tone": ["cool"]}, prompt={"en": "{prompt} Gulls circle."})
    two = preset(
        "two",
        look={"color_tone": ["warm"], "time_of_day": "night"},
        negative={"add": {"en": ["haze"]}, "remove": ["style"]},
        sampling={"steps": 12, "guidance": 2.5},
    )
    recipe = Recipe(
        prompt="A ferry leaves the old pier at dawn",
        presets=("one", "two"),
        look={"camera_move": ("arc",), "time_of_day": ("dawn",)},
    )
    text = written(extract(tag_of(recipe, [one, two]), resolver([one, two]))).decode()
    assert text.splitlines() == [
        *("schema: 1", "id: look-a-ferry-leaves-the-old-pier"),
        *("name:", "  en: A ferry leaves the old pier"),
        *("look:", "  time_of_day: dawn", "  color_tone: [cool, warm]", "  camera_move: arc"),
        *("prompt:", "  en: '{prompt} Gulls circle.'"),
        *("negative:", "  add: {en: [haze]}", "  remove: [style]"),
        *("sampling:", "  steps: 12", "  guidance: 2.5"),
    ]


def test_a_new_look_keeps_the_loras_of_the_presets_it_is_made_of() -> None:
    film = {"file": "film.safetensors", "sha256": "a" * 64, "expert": "low", "strength": 0.7}
    ours = {"file": "ours.safetensors", "sha256": "b" * 64, "expert": "both", "strength": 1.0}
    mine = preset("mine", look={"color_tone": "warm"}, loras=[film])
    recipe = Recipe(prompt=FERRY, presets=("mine",), loras=(Lora(**ours),))
    document = of_recipe(recipe, POCKET, [mine], "Ours")
    assert document["loras"] == [film, ours]
    assert from_document(document).look == mine.look


def test_the_look_of_one_preset_is_that_preset() -> None:
    mine = preset("mine", look={"color_tone": "warm"}, author="Me", tags=["a"])
    tag = tag_of(Recipe(prompt=FERRY, presets=(to_document(mine),)), [mine])
    assert extract(tag, resolver([])) == to_document(mine)


def test_a_preset_that_says_something_else_today_is_not_taken_for_what_it_was() -> None:
    then = preset("mine", look={"color_tone": "warm", "camera_move": "arc"})
    tag = tag_of(Recipe(prompt=FERRY, presets=("mine",)), [then])
    today = preset("mine", look={"color_tone": "cool"})
    document = extract(tag, resolver([today]))
    assert document["look"] == {"color_tone": "warm", "camera_move": "arc"}
    assert "prompt" not in document


def test_terms_are_told_from_sentences_where_the_presets_are_not() -> None:
    far = preset(
        "far",
        look={"style": "felt", "lighting_type": ["soft", "edge"], "emotion": "happy"},
        prompt={"en": "A dream: {prompt} Gulls circle."},
        negative={"add": {"en": ["haze"]}, "remove": ["ugly"]},
    )
    tag = tag_of(Recipe(prompt="A ferry", presets=("far",)), [far])
    document = extract(tag, resolver([]))
    assert document["look"] == {
        "style": "felt",
        "lighting_type": ["soft", "edge"],
        "emotion": "happy",
    }
    assert document["prompt"] == {"en": "A dream: {prompt}. Gulls circle."}
    assert document["negative"] == {"add": {"en": ["haze"]}, "remove": ["ugly"]}


@pytest.mark.parametrize(
    ("prompt", "id", "name"),
    [
        (FERRY, "look-a-ferry-leaves-the-pier", {"en": "A ferry leaves the pier."}),
        (渡轮, "look", {"zh": 渡轮}),
        ("Café “NUL”\x1b[2J", "look-cafe-nul-2j", {"en": "Café “NUL”[2J"}),
        ("../../etc/passwd", "look-etc-passwd", {"en": "../../etc/passwd"}),
    ],
)
def test_it_is_named_after_the_clip(prompt: str, id: str, name: dict[str, str]) -> None:
    tag = tag_of(Recipe(prompt=prompt, look={"color_tone": ("warm",)}), [])
    document = extract(tag, resolver([]))
    assert (document["id"], document["name"]) == (id, name)
    assert from_document(document).id == id


# --- from the film itself -------------------------------------------------------------------------


@pytest.fixture
def here() -> Places:
    return places()


@pytest.fixture
def film(tmp_path: Path) -> Path:
    chosen = presets.find("neon-noir", places())
    recipe = Recipe(prompt=FERRY, presets=("neon-noir",), look={"color_tone": ("warm",)})
    tag = tag_of(recipe, [chosen])
    path = tmp_path / "film.mp4"
    with mp4.Writer(path, 96, 64, 8) as writer:
        for shade in np.linspace(0, 255, tag.shot.frames):
            writer.add(np.full((64, 96, 3), int(shade), np.uint8))
        writer.tell(tag.to_json())
    return path


def test_a_clip_gives_its_look_and_a_frame_of_it(film: Path, here: Places) -> None:
    plan = preset_import.plan([film], here)
    (found,) = plan.found
    assert (found.standing, found.source) == (Standing.NEW, "film.mp4")
    (kept,) = preset_import.carry_out(plan, {}, here)
    assert kept.preset.id == "look-a-ferry-leaves-the-pier"
    assert kept.preset.look["color_tone"][-1] == "warm"
    with Image.open(here.presets / str(kept.preset.picture)) as card:
        assert card.size == (96, 64)
        assert 100 < card.getpixel((48, 32))[0] < 155, "from the middle"
    (again,) = preset_import.plan([film], here).found
    assert again.standing is Standing.SAME
    presets.edit(kept.preset.id, {"author": "Me"}, here)
    plan = preset_import.plan([film], here)
    (both,) = preset_import.carry_out(plan, {kept.preset.id: Choice.KEEP_BOTH}, here)
    assert both.preset.id == "look-a-ferry-leaves-the-pier-2"


def test_a_film_of_others_is_told(tmp_path: Path, here: Places) -> None:
    (tmp_path / "text.mp4").write_text("no film", encoding="utf-8")
    plan = preset_import.plan([tmp_path / "text.mp4", tmp_path / "gone.mp4"], here)
    assert plan.found == ()
    assert ["recipe" in plan.wrong[0].message, "no file" in plan.wrong[1].message] == [True] * 2
