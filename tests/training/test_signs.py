"""The signs on drawn truth. `python -m training.measure --truth` prints the large table."""

import numpy as np

from training import signs
from training.measure import truth
from training.quality import Count


def test_signs_pass_on_their_own_clips_and_fail_on_others() -> None:
    table = truth(1, signs.terms())
    nothing = Count(good=0, of=0)
    own = sum((row[0] for row in table.values()), nothing)
    wrong = sum((row[1] for row in table.values()), nothing)
    assert own.of > 60
    assert own.of - own.good <= 1
    assert wrong.of - wrong.good <= 2


def test_nothing_shows_nothing() -> None:
    """An empty or a random clip may be called still or desaturated, but little else."""
    noise = np.random.default_rng(0).integers(0, 256, (17, 64, 96, 3)).astype(np.uint8)
    for clip in (np.full((17, 64, 96, 3), 90, np.uint8), noise):
        shown = [term for term in signs.terms() if signs.passes(term, clip)]
        assert len(shown) < len(signs.terms()) / 4


def test_the_interval_is_that_of_wilson() -> None:
    low, high = Count(good=95, of=100).interval()
    assert (round(low, 4), round(high, 4)) == (0.8882, 0.9785)
    assert Count(good=0, of=0).interval() == (0.0, 1.0)
