"""Variations: one recipe in several looks, and what each is called.

Few-step models give nearly the same picture for every seed; another light or framing shows more.
Pure; knows neither jobs nor prompts.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from studio.recipe import Recipe
from studio.vocabulary import Words, category, term

Key = TypeVar("Key")

# What may differ, the most visible first.
VARIED = (
    "time_of_day",
    "color_tone",
    "shot_size",
    "camera_angle",
    "lighting_type",
    "composition",
    "camera_move",
)
# So many of them at once; more, and nobody could say what made the difference.
AT_ONCE = 2


def recipes(base: Recipe, free: Sequence[str], takes: int, seed: int) -> list[Recipe]:
    """The recipe in so many looks, each with a seed of its own still to be drawn.

    free: categories that may differ, of which the first count. seed: of the choice. Looks come
    again only where there are fewer than takes.
    """
    rng = random.Random(seed)
    decks = {name: [one.id for one in category(name).terms] for name in free[:AT_ONCE]}
    for deck in decks.values():
        rng.shuffle(deck)
    return [
        replace(
            base,
            seed=None,
            look={**base.look, **{name: (deck[take % len(deck)],) for name, deck in decks.items()}},
        )
        for take in range(takes)
    ]


def names(takes: Mapping[Key, Recipe]) -> dict[Key, Words]:
    """What sets each of several takes apart, in words; nothing where all have one look."""
    looks = {key: _terms(recipe) for key, recipe in takes.items()}
    shared = set.intersection(*map(set, looks.values()))
    own = {key: [one for one in look if one not in shared] for key, look in looks.items()}
    if not any(own.values()):
        return {}
    return {key: _joined([term(*one).name for one in apart]) for key, apart in own.items()}


def _terms(recipe: Recipe) -> list[tuple[str, str]]:
    return [(name, each) for name, terms in recipe.look.items() for each in terms]


def _joined(words: list[Words]) -> Words:
    return Words(en=" · ".join(one.en for one in words), zh=" · ".join(one.zh for one in words))
