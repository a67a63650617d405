"""The form ↔ the recipe, and what a browser may not smuggle in."""

from dataclasses import asdict, replace

import pytest

from studio.errors import InvalidRequest
from studio.lora import Lora
from studio.recipe import Picture, Recipe
from studio.ui import form

EMPTY = form.Values("", "", {}, {}, {}, None, None, None, 1, "", "")
FULL = Recipe(
    prompt="a red ball",
    negative_prompt="fog",
    presets=("neon-noir",),
    look={"lighting_type": ("soft", "edge"), "color_tone": ("warm",)},
    look_over_picture=True,
    picture=Picture(sha256="a" * 64, across=0.25, down=1.0),
    model="pocket",
    shape="1:1",
    frames=17,
    steps=4,
    seed=7,
)


@pytest.mark.parametrize(
    "recipe",
    [
        FULL,
        replace(FULL, shape=None, width=96, height=48),
        replace(FULL, loras=(Lora(file="a.safetensors", sha256="c" * 64, strength=0.5),)),
        replace(FULL, quick=False),
        replace(FULL, shape="picture"),
        replace(FULL, last_picture=Picture(sha256="b" * 64, across=0.5, down=0.0)),
        replace(FULL, presets=("neon-noir", {"schema": 1, "id": "mine", "name": {"en": "Mine"}})),
    ],
)
def test_a_recipe_goes_through_the_form_unchanged(recipe: Recipe) -> None:
    shown = {"sha256": "a" * 64, "across": 0.25, "down": 1.0, "width": 10, "height": 10}
    last = asdict(recipe.last_picture) if recipe.last_picture else {}
    assert form.read(form.write(recipe, shown, last, takes=3)) == form.Asked(recipe=recipe, takes=3)


def test_an_empty_form_asks_for_nothing() -> None:
    assert form.read(EMPTY) == form.Asked(recipe=Recipe(), takes=1)


def test_the_persons_words_are_never_changed() -> None:
    words = "  two  spaces\nand 一只猫 ${alert(1)} <b> "
    assert form.read(replace(EMPTY, prompt=words)).recipe.prompt == words


@pytest.mark.parametrize(
    "looks",
    [
        None,
        "text",
        {"presets": "neon-noir", "look": [1], "over": 1},
        {"presets": [3], "look": {"nonsense": ["soft"], "color_tone": ["plaid"]}},
        {"look": {"color_tone": "warm"}},
    ],
)
def test_cards_nobody_knows_are_dropped(looks: object) -> None:
    assert form.clean_looks(looks) == {"presets": [], "look": {}, "over": False}


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("steps", "many", "many"),
        ("seed", "-3", "-3"),
        ("seed", "1.5", "1.5"),
        ("takes", 0, "0 takes"),
        ("takes", 99, "99 takes"),
        ("takes", "2; drop", "2; drop"),
        ("looks", {"loras": [{"file": "a", "weight": 3}]}, "weight"),
        ("picture", {"sha256": "../../secret"}, "picture"),
        ("picture", {"sha256": "a" * 64, "across": "left"}, "crop"),
    ],
)
def test_a_wrong_value_is_named(field: str, value: object, said: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        form.read(replace(EMPTY, **{field: value}))
    assert said in caught.value.message
    assert caught.value.advice
