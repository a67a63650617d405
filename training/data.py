"""Clips drawn ahead of training, by several processes, the same ones on every computer.

Scene number i of a size always has the same seed, so nothing drawn needs to be kept: after an
interruption it is drawn again.
"""

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import numpy as np
import torch

from studio.models import POCKET
from training import world
from training.efforts import Effort, Size
from training.world import Scene

Asked = TypeVar("Asked")
Made = TypeVar("Made")

SEED = 2026
BLOCK = POCKET.stride[1]  # the side of a latent, in pixels
MOST_HELPERS = 16


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawn:
    """The scenes of one size, their clips, uint8 [N, F, H, W, 3], and about where the subjects are,
    bool [N, F, H / BLOCK, W / BLOCK]."""

    scenes: list[Scene]
    clips: torch.Tensor
    subjects: torch.Tensor


def scene(size: Size, number: int, salt: int) -> Scene:
    """Scene number `number` of a size; salt keeps the clips of two stages apart."""
    return world.sample(np.random.default_rng((SEED, salt, *size, number)))


def shares(effort: Effort, clips: int) -> dict[Size, int]:
    """How many clips of each size, in proportion to the steps it gets and at least one."""
    return {size: max(1, round(clips * share)) for size, share in effort.sizes.items()}


def batch_of(size: Size, batch: int, reference: Size) -> int:
    """The batch at a size with as many pixels as `batch` clips have at the reference."""
    return max(1, round(batch * reference[0] * reference[1] / (size[0] * size[1])))


def draw_size(size: Size, numbers: range, frames: int, salt: int) -> Drawn:
    """The scenes of those numbers, drawn by all processors that may be used."""
    asked = [(size, number, frames, salt) for number in numbers]
    (clips,) = made(_draw, [asked])
    scenes = [scene(size, number, salt) for number in numbers]
    return Drawn(
        scenes=scenes,
        clips=torch.from_numpy(np.stack(clips)),
        subjects=torch.from_numpy(np.stack([subject(each, size, frames) for each in scenes])),
    )


def subject(shown: Scene, size: Size, frames: int) -> np.ndarray:
    """About where a clip's subject is, bool [F, H / BLOCK, W / BLOCK]."""
    return world.where(shown, size[0] // BLOCK, size[1] // BLOCK, frames)


def made(make: Callable[[Asked], Made], batches: Iterable[list[Asked]]) -> Iterator[list[Made]]:
    """What all processors that may be used make of each batch, the next one being made while the
    last one is used."""
    making: Iterator[Made] | None = None
    for batch in batches:
        few = len(batch) < 64
        following = map(make, batch) if few else _helpers().map(make, batch, chunksize=8)
        if making is not None:
            yield list(making)
        making = following
    if making is not None:
        yield list(making)


@lru_cache
def _helpers() -> ProcessPoolExecutor:
    """Processes that draw; they stay, because each takes seconds to start."""
    may_use = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return ProcessPoolExecutor(
        min(may_use or 1, MOST_HELPERS), mp_context=multiprocessing.get_context("spawn")
    )


def _draw(asked: tuple[Size, int, int, int]) -> np.ndarray:
    size, number, frames, salt = asked
    return world.draw(scene(size, number, salt), *size, frames)


def draw(effort: Effort, clips: int, salt: int) -> dict[Size, Drawn]:
    """All clips of a stage."""
    return {
        size: draw_size(size, range(count), effort.frames, salt)
        for size, count in shares(effort, clips).items()
    }


def parts(count: int, size: int) -> Iterator[slice]:
    """Slices of at most `size` that cover `count`."""
    for begin in range(0, count, size):
        yield slice(begin, min(count, begin + size))


def to_pixels(clips: torch.Tensor, device: str) -> torch.Tensor:
    """uint8 [B, F, H, W, 3] → fp32 [B, 3, F, H, W] in −1 … 1."""
    return clips.to(device).permute(0, 4, 1, 2, 3).float() / 127.5 - 1
