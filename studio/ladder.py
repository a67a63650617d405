"""The ladder from a preview to its full size: how noisy latents change their size, as numbers.

Knows sigmas and sizes; touches no latents. A noisy latent x = (1 − σ)·x₀ + σ·ε that is enlarged r
times in each direction, its spectrum kept and the new frequencies filled with noise of the same
strength, lies on the same path at a higher σ (arXiv 2605.18736, and SD3's shift of the timesteps
with resolution, arXiv 2403.03206, equation 23):

    rewound = r·σ / (1 + (r − 1)·σ)
"""

import math

# Rungs whose noisy latents a preview keeps: full size over preview size, in each direction.
RATIOS = (1.5, 2.0)
# A refine never starts at a lower sigma: there would be nothing left to add.
LOWEST_START = 0.3
# Where a refine starts that has no boundary to keep below (dense models).
DENSE_START = 0.85


def rewound(sigma: float, ratio: float) -> float:
    """The sigma of a latent after it was enlarged `ratio` times."""
    return ratio * sigma / (1 + (ratio - 1) * sigma)


def before(rewound_sigma: float, ratio: float) -> float:
    """The sigma before the enlargement that ends at `rewound_sigma`: `rewound` undone."""
    return rewound_sigma / (ratio - (ratio - 1) * rewound_sigma)


def schedule(steps: int, flow_shift: float) -> list[float]:
    """The sigmas at which the solver calls the model, and 0 at the end: steps + 1 numbers.

    As `UniPCMultistepScheduler` with use_flow_sigmas spreads them.
    """
    even = [1 - step * (1 - 1 / 1000) / steps for step in range(steps)]
    return [*(shifted(sigma, flow_shift) for sigma in even), 0.0]


def shifted(sigma: float, flow_shift: float) -> float:
    """An even sigma, moved towards noise (SD3, arXiv 2403.03206)."""
    return flow_shift * sigma / (1 + (flow_shift - 1) * sigma)


def steps_after(rewound_sigma: float, ratio: float, steps: int, flow_shift: float) -> int:
    """How many steps a lifted latent is given: those of the full schedule that the small one had
    left before it was rewound; at least 2."""
    sigma = before(rewound_sigma, ratio)
    share = sigma / (flow_shift - (flow_shift - 1) * sigma)
    return max(2, round(steps * share))


def lift_step(steps: int, flow_shift: float, boundary: float, ratio: float) -> int | None:
    """After how many of a preview's steps its latents are noisy enough to be lifted `ratio` times
    and, rewound, lie at or below the boundary; None where the last step goes past all of them."""
    sigmas = schedule(steps, flow_shift)
    highest = before(boundary, ratio)
    return next((step for step in range(1, steps) if sigmas[step] <= highest), None)


def ratio_between(preview: tuple[int, int], final: tuple[int, int]) -> float:
    """How many times larger, in each direction, the final (width, height) is."""
    return math.sqrt(final[0] * final[1] / (preview[0] * preview[1]))
