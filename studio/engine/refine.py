"""A finished preview → where its full-size version starts; from there the low-noise expert finishes
alone (`studio.engine.sample`).

From its latents, whose spectrum is put into the larger grid (`studio.engine.lift`): as they were on
the way, or finished and noised again. Or from its pixels, enlarged, encoded and noised. Or from
both.
"""

import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from studio import ladder, mp4
from studio.engine import decode, film, lift, load, seams
from studio.engine.kept import Kept
from studio.engine.load import Parts
from studio.engine.sample import Start, noise
from studio.engine.watch import Watch
from studio.errors import NotFound, RenderFailed
from studio.shot import Shot, Way

LOG = logging.getLogger(__name__)


def take_up(
    parts: Parts,
    shot: Shot,
    kept: Kept | None,
    preview: Path | None,
    open_ways: list[film.Way],
    watch: Watch,
) -> Start:
    """The latents at which a refined shot begins.

    kept: of the preview, where the shot's way needs it. preview: the parent's MP4. open_ways: as of
    `film.develop`. Raises NotFound if what is needed is gone, RenderFailed if the preview has
    another length.
    """
    assert shot.refine is not None
    way, sigma, unit = shot.refine.way, shot.refine.sigma, noise(parts, shot)
    if way is Way.PIXELS:
        clean = _encoded(parts, shot, preview, open_ways, watch)
        _check_frames(shot, clean, unit)
        return Start(latents=lift.renoised(clean, sigma, unit), sigma=sigma)
    assert kept is not None
    _check_frames(shot, kept.finished, unit)
    size = (unit.shape[-2], unit.shape[-1])
    if way is Way.MIXED:
        clean = lift.mixed(kept.finished, _encoded(parts, shot, preview, open_ways, watch))
        latents = lift.renoised(clean, sigma, unit)
    elif way is Way.NOISY:
        ratio = ladder.ratio_between((kept.shot.width, kept.shot.height), (shot.width, shot.height))
        latents = lift.lifted(_noisy(kept, ratio), ladder.before(sigma, ratio), size, unit)
    else:
        latents = lift.enlarged(kept.finished, sigma, size, unit)
    return Start(latents=latents, sigma=sigma)


def _noisy(kept: Kept, ratio: float) -> torch.Tensor:
    found = next((one for rung, one in kept.noisy.items() if abs(rung - ratio) < 0.01), None)
    if found is None:
        raise NotFound(
            "The preview's latents for this size are not there.",
            "Refine it with a little more fidelity.",
        )
    return found


def _check_frames(shot: Shot, clean: torch.Tensor, unit: torch.Tensor) -> None:
    if clean.shape[2] != unit.shape[2]:
        raise RenderFailed(
            f"The preview does not have {shot.frames} frames.",
            "Refine a clip made here, untrimmed.",
        )


def _encoded(
    parts: Parts, shot: Shot, preview: Path | None, open_ways: list[film.Way], watch: Watch
) -> torch.Tensor:
    if preview is None or not preview.exists():
        raise NotFound(
            "The preview of this clip is gone.", "Restore it from the trash, or render it again."
        )
    way, *others = open_ways
    try:
        with parts.running(load.VAE, way.device) as vae:
            return decode.latents_of(vae, _enlarged(preview, shot), watch, way.tile)
    except (MemoryError, RuntimeError) as error:
        if not others or not seams.ran_out_of_memory(error):
            raise
        LOG.warning("%s has too little memory to encode: %s", way, error)
    return _encoded(parts, shot, preview, others, watch)


def _enlarged(preview: Path, shot: Shot) -> Iterator[np.ndarray]:
    """The preview's frames at the shot's size, uint8 [H, W, 3]."""
    size = (shot.width, shot.height)
    for frame in mp4.frames(preview):
        yield np.asarray(Image.fromarray(frame).resize(size, Image.Resampling.LANCZOS))
