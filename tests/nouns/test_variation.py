"""Variations leave what was chosen, differ in what was left open, and say in what."""

from itertools import combinations

from hypothesis import given
from hypothesis.strategies import integers

from studio import variation
from studio.models import T2V_A14B
from studio.prompt import expand
from studio.recipe import Recipe
from studio.vocabulary import category

BOAT = Recipe(prompt="a paper boat", look={"color_tone": ("warm",), "composition": ("center",)})


@given(seed=integers(0, 2**31 - 1))
def test_what_was_chosen_stays_and_the_first_free_ones_differ(seed: int) -> None:
    takes = variation.recipes(BOAT, ["time_of_day", "shot_size", "lighting_type"], 6, seed)
    assert all(one.look["color_tone"] == ("warm",) for one in takes)
    assert all(set(one.look) == {*BOAT.look, "time_of_day", "shot_size"} for one in takes)
    assert all(one.look != other.look for one, other in combinations(takes, 2))
    assert all(one.seed is None for one in takes)


def test_the_model_reads_what_differs() -> None:
    takes = variation.recipes(Recipe(prompt="a paper boat"), variation.VARIED, 4, 3)
    texts = {expand(one, T2V_A14B, []).prompt for one in takes}
    assert len(texts) == 4
    assert all("a paper boat" in text for text in texts)


def test_where_nothing_is_free_only_the_seeds_differ() -> None:
    assert variation.recipes(BOAT, [], 2, 3) == [BOAT, BOAT]


def test_each_is_called_by_what_sets_it_apart() -> None:
    sunset, night = (
        Recipe(prompt="a", look={"color_tone": ("warm",), "time_of_day": (time,)})
        for time in ("sunset", "night")
    )
    terms = {one.id: one.name for one in category("time_of_day").terms}
    assert variation.names({1: sunset, 2: night}) == {1: terms["sunset"], 2: terms["night"]}
    assert variation.names({1: sunset, 2: sunset}) == {}
