"""The comparison of the ways to full size, small: every way runs, and what is said is sane."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks import refine
from studio.models import POCKET
from studio.weights import BUNDLED

SMALL = replace(POCKET, frames=5, sampling=replace(POCKET.sampling, steps=2))
GRID = refine.Grid(sigmas={1.5: (0.5,), 2.0: (0.5,)}, slider=(0.5,), minutes=0.0)


def test_every_way_is_measured_at_the_same_cost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(refine, "POCKET", SMALL)
    monkeypatch.setattr(refine, "STEPS", 1)
    found = refine.run(refine.Bench(BUNDLED / POCKET.id, tmp_path), GRID, seconds=0.0)
    ways = {(ratio, way) for ratio, way, _ in found}
    assert ways == {
        *((ratio, way) for ratio in (1.5, 2.0) for way in (*refine.WAYS, refine.AGAIN)),
        (2.0, "slider at 0.50"),
        (1.0, "the preview"),
    }
    for (_, way, sigma), (row,) in found.items():
        if way in refine.WAYS:
            assert row["forwards"] == 2  # one step, guided
            assert 0 < sigma < 0.875
        if way != "the preview":
            assert -1 <= row["ssim"] <= 1 and 0 <= row["terms"] <= 1
    refine.report(found, None)
    assert "agreement at the default fidelity" in capfd.readouterr().out


def test_agreement_is_full_for_the_same_film_and_falls_with_noise() -> None:
    rng = np.random.default_rng(1)
    film = rng.integers(0, 256, (2, 32, 48, 3), dtype=np.uint8)
    noisy = np.clip(film + rng.normal(0, 30, film.shape), 0, 255).astype(np.uint8)
    assert refine.ssim(film, film) == pytest.approx(1.0)
    assert refine.ssim(film, noisy) < 0.95
    assert refine.psnr(film, noisy) < 25 < refine.psnr(film, film)
    blurred = refine.resized(refine.resized(film, (12, 8)), (48, 32))
    assert refine.sharpness(blurred) < 0.5 * refine.sharpness(film)
