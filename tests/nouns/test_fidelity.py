"""The fidelity slider: what it means, and that it says what was measured."""

from itertools import pairwise

import pytest

from studio import fidelity, ladder


def test_the_slider_is_measured_from_end_to_end_and_only_ever_goes_one_way() -> None:
    assert (fidelity.LEVELS[0].fidelity, fidelity.LEVELS[-1].fidelity) == (0.0, 1.0)
    assert fidelity.DEFAULT in [level.fidelity for level in fidelity.LEVELS]
    for low, high in pairwise(fidelity.LEVELS):
        assert low.fidelity < high.fidelity
        assert low.start > high.start
        assert 0 < low.agreement <= high.agreement <= 1


def test_its_ends_are_the_freest_and_the_lowest_start() -> None:
    assert fidelity.start_sigma(0.0, freest=0.86) == pytest.approx(0.86)
    assert fidelity.start_sigma(1.0, freest=0.86) == pytest.approx(ladder.LOWEST_START)


def test_between_two_measured_places_lies_the_straight_line() -> None:
    low, high = fidelity.LEVELS[1:3]
    middle = (low.fidelity + high.fidelity) / 2
    assert fidelity.at(middle).agreement == pytest.approx((low.agreement + high.agreement) / 2)
    assert fidelity.at(high.fidelity) == high


def test_there_is_nothing_beyond_its_ends() -> None:
    with pytest.raises(ValueError, match="no fidelity"):
        fidelity.start_sigma(1.1, freest=0.8)
