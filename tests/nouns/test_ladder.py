"""The numbers of the ladder: against the published ones, and what must hold for all of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio import ladder

SIGMAS = st.floats(0.01, 0.99)
RATIOS = st.floats(1.0, 4.0)


@given(SIGMAS, RATIOS)
def test_there_and_back(sigma: float, ratio: float) -> None:
    after = ladder.rewound(sigma, ratio)
    assert sigma <= after + 1e-12 and after < 1
    assert ladder.before(after, ratio) == pytest.approx(sigma)


@pytest.mark.parametrize(
    ("ratio", "boundary", "highest"),
    [(2.0, 0.875, 0.7778), (1.5, 0.875, 0.8235), (2.0, 0.9, 0.8182), (1.5, 0.9, 0.8571)],
)
def test_the_highest_sigma_that_may_be_lifted(
    ratio: float, boundary: float, highest: float
) -> None:
    assert ladder.before(boundary, ratio) == pytest.approx(highest, abs=1e-4)


@given(st.integers(2, 60), st.floats(1.0, 12.0), st.sampled_from([0.875, 0.9]), RATIOS)
def test_a_lift_lands_at_or_below_the_boundary(
    steps: int, shift: float, boundary: float, ratio: float
) -> None:
    step = ladder.lift_step(steps, shift, boundary, ratio)
    sigmas = ladder.schedule(steps, shift)
    if step is None:
        assert sigmas[steps - 1] > ladder.before(boundary, ratio)
        return
    assert ladder.rewound(sigmas[step], ratio) <= boundary + 1e-9
    assert step == 1 or ladder.rewound(sigmas[step - 1], ratio) > boundary


def test_forty_steps_of_wan_are_lifted_after_29_and_31() -> None:
    assert ladder.lift_step(40, 12.0, 0.875, 1.5) == 29
    assert ladder.lift_step(40, 12.0, 0.875, 2.0) == 31


def test_a_refine_gets_the_steps_that_were_left() -> None:
    for ratio, left in ((2.0, 9), (1.5, 11)):
        step = ladder.lift_step(40, 12.0, 0.875, ratio)
        assert step == 40 - left
        start = ladder.rewound(ladder.schedule(40, 12.0)[step], ratio)
        assert ladder.steps_after(start, ratio, 40, 12.0) == left
    assert ladder.steps_after(0.3, 2.0, 40, 12.0) == 2


def test_ratio() -> None:
    assert ladder.ratio_between((832, 480), (1248, 720)) == pytest.approx(1.5)
    assert ladder.ratio_between((64, 96), (128, 192)) == pytest.approx(2.0)
