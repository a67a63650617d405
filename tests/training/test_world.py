"""The miniature world: the same scene at every size, said in the studio's own words."""

import numpy as np
import pytest

from studio.models import POCKET
from training import captions, tables, world
from training.world import Scene


def scenes(count: int) -> list[Scene]:
    rng = np.random.default_rng(5)
    return [world.sample(rng) for _ in range(count)]


@pytest.mark.parametrize("shape", POCKET.shapes, ids=lambda shape: shape.name)
def test_a_scene_is_the_same_picture_at_both_sizes_of_a_shape(shape) -> None:
    for scene in scenes(6):
        small = world.draw(scene, *shape.preview, 3).astype(float)
        large = world.draw(scene, *shape.final, 3).astype(float)
        frames, height, width, _ = small.shape
        halved = large.reshape(frames, height, 2, width, 2, 3).mean((2, 4))
        assert np.abs(halved - small).mean() < 4


def test_a_clip_is_drawn_again_alike() -> None:
    for scene in scenes(6):
        assert np.array_equal(world.draw(scene, 48, 32, 5), world.draw(scene, 48, 32, 5))


def test_every_term_of_a_scene_is_in_its_full_prompt() -> None:
    scene = Scene(subject="balloon", motion="rises", light="sunset", tone="warm", angle="low-angle")
    said = captions.full_prompt(scene, "en")
    assert "A red balloon rises over the sea." in said
    for words in ("sunset time", "warm colors", "low angle shot", "medium shot"):
        assert words in said
    assert "暖色调" in captions.full_prompt(scene, "zh")


def test_captions_differ_and_are_never_empty() -> None:
    rng = np.random.default_rng(0)
    scene = Scene(tone="cool", lighting="side")
    said = {captions.caption(scene, rng) for _ in range(50)}
    assert len(said) > 40
    assert all(said)


def test_a_picture_leaves_out_what_it_decides() -> None:
    rng = np.random.default_rng(1)
    scene = Scene(tone="cool", shot="wide", place="city")
    for _ in range(30):
        # A person may still write any words into the sentence itself, after the first full stop.
        first = captions.caption(scene, rng, picture=True).split(". ")[0]
        assert not first.startswith(("cool colors", "wide shot", "daylight"))


def test_a_flaw_is_named_as_in_the_official_negative_prompt() -> None:
    rng = np.random.default_rng(2)
    for flaw in tables.FLAWS:
        for _ in range(5):
            said = captions.caption(Scene(flaw=flaw), rng)
            wholly = said in (captions.negative_prompt("en"), captions.negative_prompt("zh"))
            names = [
                words.get(language)
                for words in POCKET.negative
                if words.en in captions.FLAWS[flaw]
                for language in ("en", "zh")
            ]
            assert wholly or said.startswith(tuple(names))
