"""A clip as it looks while it is being made: latents → a small moving picture, without the VAE.

By TAEHV where a person has installed it, else by a linear map. Knows nothing of jobs or shots.
"""

import logging
import math
import time
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from studio.engine import colours
from studio.engine.load import Parts
from studio.engine.taehv import TinyDecoder
from studio.errors import ModelMissing
from studio.files import write_whole

LOG = logging.getLogger(__name__)

# The part of a render's time that glimpses may take.
SHARE = 0.03
# Width or height in pixels of a glimpse, smallest and largest; between them twice that of what it
# is made from. The page enlarges it smoothly, and encoding more takes longer than there is.
SIDES = (96, 240)
KEPT_SECONDS = 60.0  # a page that was just told of a glimpse may still fetch it
# Folders beside the models: of the maps that were fitted, and of what a person puts there.
FITTED, TAEHV = "glimpses", "taehv"

# Clean latents [1, C, T, h, w] → uint8 [T, H, W, 3].
Painter = Callable[[torch.Tensor], np.ndarray]


class Glimpses:
    """Writes the glimpses of one render into a folder, each under a name of its own."""

    def __init__(self, folder: Path, name: str, paint: Painter, fps: int) -> None:
        """name: of the render. fps: of the finished clip."""
        self._folder = folder
        self._name = name
        self._paint = paint
        self._fps = fps
        self._began = time.monotonic()
        self._made, self._cheapest = 0, math.inf
        _sweep(folder)

    def show(self, step: int, latents: torch.Tensor) -> Path | None:
        """The glimpse of clean latents [1, C, T, h, w] after a step; None where there is no time
        for one, or it cannot be made: the render matters more."""
        began = time.monotonic()
        # By the cheapest so far: the first loads the encoder, and a busy computer interrupts some.
        if self._made and self._made * self._cheapest > SHARE * (began - self._began):
            return None
        path = self._folder / f"{self._name}-{step}.webp"
        try:
            self._write(path, latents)
        except (OSError, MemoryError, RuntimeError) as error:  # torch's own kinds are RuntimeErrors
            LOG.warning("No glimpse of step %d: %s", step, error)
            return None
        finally:
            self._made += 1
            self._cheapest = min(self._cheapest, time.monotonic() - began)
        return path

    def _write(self, path: Path, latents: torch.Tensor) -> None:
        write_whole(path, animated(self._paint(latents), self._fps), lasting=False)


def painter(parts: Parts, models: Path) -> Painter:
    """The best there is for a model. models: folder of the downloaded weights."""
    spec = parts.spec
    tiny = models / TAEHV / f"{spec.tiny_decoder}.safetensors"
    if spec.tiny_decoder and tiny.exists():
        try:
            patch = spec.stride[1] // 8  # what the VAE folds into channels beyond its own 8×8
            return TinyDecoder(tiny, spec.latent_channels, patch, parts.device)
        except (ModelMissing, MemoryError, RuntimeError) as error:
            LOG.warning("No TAEHV: %s", error)
    return partial(colours.coloured, colours=colours.prepared(parts, models / FITTED))


def animated(frames: np.ndarray, fps: int) -> bytes:
    """Frames uint8 [T, h, w, 3], each four frames of a film of fps, as a looping WebP."""
    height, width = frames.shape[1:3]
    longest = max(height, width)
    scale = min(max(2 * longest, SIDES[0]), SIDES[1]) / longest
    size = (round(width * scale), round(height * scale))
    pictures = [Image.fromarray(one).resize(size, Image.Resampling.BICUBIC) for one in frames]
    stream = BytesIO()
    pictures[0].save(
        stream,
        "WEBP",
        save_all=True,
        append_images=pictures[1:],
        duration=round(4000 / fps),
        loop=0,
        quality=60,
        method=0,
    )
    return stream.getvalue()


def _sweep(folder: Path) -> None:
    """Remove the glimpses of earlier renders."""
    for path in folder.glob("*.webp"):
        try:
            if time.time() - path.stat().st_mtime > KEPT_SECONDS:
                path.unlink()
        except OSError:
            continue  # Windows does not delete what somebody has open; the next render does
