"""The spectral lift keeps what it says it keeps."""

import math

import pytest
import torch

from studio import ladder
from studio.engine import lift
from studio.engine.scheduler import scheduler


def noise(*shape: int, seed: int = 1) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("size", [(16, 24), (12, 18), (24, 16), (15, 20)])
def test_a_noisy_latent_stays_on_its_path(size: tuple[int, int]) -> None:
    """(1 − σ)·x₀ + σ·ε becomes (1 − σ̃)·up(x₀) + σ̃·ε̃ with ε̃ of unit variance."""
    sigma = 0.7
    small = (size[0] * 2 // 3, size[1] * 2 // 3) if size[0] % 3 == 0 else (8, 12)
    small = {(24, 16): (12, 8), (15, 20): (10, 13)}.get(size, small)
    clean = noise(1, 16, 3, *small, seed=2)
    grain = noise(1, 16, 3, *small, seed=3)
    unit = noise(1, 16, 3, *size)
    ratio = math.sqrt(size[0] * size[1] / (small[0] * small[1]))
    after = ladder.rewound(sigma, ratio)
    lifted = lift.lifted((1 - sigma) * clean + sigma * grain, sigma, size, unit)
    # A clean latent is enlarged without noise, and with its brightness.
    enlarged = lift.lifted(clean, 0.0, size, unit)
    rest = (lifted - (1 - after) * enlarged) / after
    assert float(rest.std()) == pytest.approx(1.0, abs=0.03)
    assert float(rest.mean()) == pytest.approx(0.0, abs=0.03)
    assert float((rest * enlarged).mean()) == pytest.approx(0.0, abs=0.03)


def test_a_flat_latent_keeps_its_value() -> None:
    flat = torch.full((1, 4, 2, 6, 8), 1.25)
    lifted = lift.lifted(flat, 0.0, (12, 16), noise(1, 4, 2, 12, 16))
    assert torch.allclose(lifted, torch.full((1, 4, 2, 12, 16), 1.25), atol=1e-6)


def test_a_smooth_latent_is_the_same_curve_on_more_points() -> None:
    def wave(height: int, width: int) -> torch.Tensor:
        down = torch.cos(math.pi * (torch.arange(height) + 0.5) / height)
        across = torch.cos(2 * math.pi * (torch.arange(width) + 0.5) / width)
        return (down[:, None] * across).expand(1, 2, 1, height, width)

    lifted = lift.lifted(wave(8, 12), 0.0, (16, 24), noise(1, 2, 1, 16, 24))
    assert torch.allclose(lifted, wave(16, 24), atol=1e-5)


@pytest.mark.parametrize("sigma", [0.3, 0.6, 0.85])
def test_clean_latents_are_enlarged_to_the_sigma_asked_for(sigma: float) -> None:
    clean, unit = noise(1, 16, 3, 8, 12, seed=2), noise(1, 16, 3, 16, 24)
    made = lift.enlarged(clean, sigma, (16, 24), unit)
    rest = (made - (1 - sigma) * lift.lifted(clean, 0.0, (16, 24), unit)) / sigma
    assert torch.allclose(rest, unit, atol=1e-4)  # the very noise that was given, low band too


@pytest.mark.parametrize(
    ("steps", "shift"), [(4, 5.0), (8, 5.0), (20, 12.0), (40, 12.0), (25, 5.0)]
)
def test_the_ladder_knows_the_solvers_sigmas(steps: int, shift: float) -> None:
    solver = scheduler(shift)
    solver.set_timesteps(steps, device="cpu")
    assert ladder.schedule(steps, shift) == pytest.approx(solver.sigmas.tolist(), abs=2e-6)


def test_a_mix_takes_the_low_half_of_one_and_the_rest_of_the_other() -> None:
    small, large = noise(1, 4, 2, 8, 12, seed=2), noise(1, 4, 2, 16, 24, seed=3)
    found = lift._transformed(lift.mixed(small, large).double())
    low = lift._transformed(lift.lifted(small, 0.0, (16, 24), large * 0).double())
    assert torch.allclose(found[..., :4, :6], low[..., :4, :6], atol=1e-5)
    rest = lift._transformed(large.double())
    assert torch.allclose(found[..., 4:, :], rest[..., 4:, :], atol=1e-5)
    assert torch.allclose(found[..., :4, 6:], rest[..., :4, 6:], atol=1e-5)
