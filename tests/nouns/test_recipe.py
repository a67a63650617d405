"""A recipe survives JSON unchanged, and what is not a recipe is refused."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.errors import InvalidRequest
from studio.lora import Lora
from studio.recipe import Picture, Recipe, from_json

maybe = st.none() | st.integers(0, 10_000)
pictures = st.none() | st.builds(
    Picture,
    sha256=st.text("0123456789abcdef", min_size=64, max_size=64),
    across=st.floats(0, 1),
    down=st.floats(0, 1),
)
entries = st.text(max_size=10) | st.dictionaries(st.text(max_size=5), st.integers(), max_size=2)
recipes = st.builds(
    Recipe,
    prompt=st.text(max_size=50),
    negative_prompt=st.none() | st.text(max_size=50),
    presets=st.lists(entries, max_size=3).map(tuple),
    look=st.dictionaries(
        st.text(max_size=8), st.lists(st.text(max_size=8), max_size=3).map(tuple), max_size=3
    ),
    look_over_picture=st.booleans(),
    picture=pictures,
    last_picture=pictures,
    model=st.none() | st.text(max_size=8),
    shape=st.none() | st.text(max_size=8),
    width=maybe,
    height=maybe,
    frames=maybe,
    steps=maybe,
    seed=maybe,
    loras=st.lists(
        st.builds(
            Lora,
            file=st.text(max_size=8),
            sha256=st.text(max_size=8),
            expert=st.sampled_from(["high", "low", "both"]),
            strength=st.floats(-2, 2),
        ),
        max_size=2,
    ).map(tuple),
)


@given(recipe=recipes)
def test_json_gives_the_recipe_back(recipe: Recipe) -> None:
    assert from_json(json.loads(json.dumps(recipe.to_json()))) == recipe


def test_what_is_absent_is_left_to_the_model() -> None:
    assert from_json({}) == Recipe()
    assert from_json({"prompt": "A ferry.", "seed": 7}) == Recipe(prompt="A ferry.", seed=7)


@pytest.mark.parametrize(
    "data",
    [
        {"promt": "A ferry."},
        {"picture": {"path": "a.png"}},
        {"picture": "a.png"},
        {"look": ["warm"]},
        {"presets": 3},
        {"look": {"color_tone": 3}},
    ],
    ids=str,
)
def test_what_is_not_a_recipe_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest, match="recipe cannot be read"):
        from_json(data)


def test_a_recipe_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Recipe().prompt = "other"  # type: ignore[misc]
