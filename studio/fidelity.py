"""Fidelity: one number from 0 to 1 → where a refine starts, and how like its preview it came out.

What is said about it was measured, by `benchmarks/refine.py` on the built-in model; its results are
the lines of LEVELS.
"""

from dataclasses import dataclass
from itertools import pairwise

from studio import ladder

DEFAULT = 0.5


@dataclass(frozen=True, kw_only=True, slots=True)
class Level:
    """One measured place of the slider.

    start: how far from the lowest start (0) to the freest (1) the refine starts. agreement: SSIM of
    the refined clip, made small again, with its preview.
    """

    fidelity: float
    start: float
    agreement: float


# In order of fidelity, from 0 to 1; means of 14 scenes. At 0 the preview's own noisy latents are
# lifted, everywhere else its frames are enlarged.
LEVELS = (
    Level(fidelity=0.0, start=1.0, agreement=0.70),
    Level(fidelity=0.25, start=0.75, agreement=0.89),
    Level(fidelity=0.5, start=0.5, agreement=0.91),
    Level(fidelity=0.75, start=0.25, agreement=0.93),
    Level(fidelity=1.0, start=0.0, agreement=0.95),
)


def start_sigma(fidelity: float, freest: float) -> float:
    """The sigma at which a refine starts. freest: the highest it may start at."""
    lowest = ladder.LOWEST_START
    return lowest + (freest - lowest) * at(fidelity).start


def at(fidelity: float) -> Level:
    """The place of the slider, on the straight line between the measured ones.

    Raises ValueError beyond its ends.
    """
    for low, high in pairwise(LEVELS):
        if low.fidelity <= fidelity <= high.fidelity:
            share = (fidelity - low.fidelity) / (high.fidelity - low.fidelity)
            return Level(
                fidelity=fidelity,
                start=low.start + share * (high.start - low.start),
                agreement=low.agreement + share * (high.agreement - low.agreement),
            )
    raise ValueError(f"{fidelity} is no fidelity from 0 to 1")
