"""Finished latents → the film file, by the most generous way of decoding that memory allows.

Whole frames first, then tiles, then the processor. Latents are on disk before this begins, so that
whatever happens here can be tried again.
"""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from studio import mp4
from studio.clip import Tag
from studio.engine import decode, load, seams
from studio.engine.load import Parts
from studio.engine.watch import Watch
from studio.events import Finished, Task
from studio.plan import TILES
from studio.shot import Shot

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """How a film goes through the VAE. tile: side in pixels of the tiles, None for whole frames.
    device: where."""

    device: torch.device
    tile: int | None


def ways(parts: Parts, tile: tuple[int, int] | None) -> list[Way]:
    """Every way from the plan's tiles on, the fastest first, the one that needs the least graphics
    memory last."""
    sides = [None, *TILES] if tile is None else [side for side in TILES if side <= max(tile)]
    found = [Way(device=parts.device, tile=side) for side in sides]
    if parts.device.type != "cpu":
        found.append(Way(device=torch.device("cpu"), tile=TILES[-1]))
    return found


def possible(parts: Parts, shot: Shot, tile: tuple[int, int] | None) -> list[Way]:
    """The ways from the first on that this shot's size was tried with and found room for. tile: as
    in `studio.plan.Plan`.

    Raises what torch raises where memory runs out, if none has.
    """
    stride = parts.spec.stride
    shape = (parts.spec.latent_channels, shot.height // stride[1], shot.width // stride[2])
    open_ways = ways(parts, tile)
    while True:
        try:
            _tried(parts, open_ways[0], shape)
            return open_ways
        except (MemoryError, RuntimeError) as error:
            if len(open_ways) == 1 or not seams.ran_out_of_memory(error):
                raise
            LOG.warning("%s has too little memory: %s", open_ways[0], error)
            open_ways = open_ways[1:]


def develop(
    parts: Parts,
    task: Task,
    latents: torch.Tensor,
    open_ways: list[Way],
    began: float,
    watch: Watch,
) -> Finished:
    """Decode and write the task's MP4 by the first of the ways that memory suffices for.

    began: `time.monotonic()` when the task did. Raises what torch raises where it never does.
    """
    way, *others = open_ways
    try:
        with parts.running(load.VAE, way.device) as vae:
            return _write(task, decode.frames(vae, latents, watch, way.tile), began)
    except (MemoryError, RuntimeError) as error:
        if not others or not seams.ran_out_of_memory(error):
            raise
        LOG.warning("%s has too little memory: %s", way, error)
    return develop(parts, task, latents, others, began, watch)


def _tried(parts: Parts, way: Way, shape: tuple[int, int, int]) -> None:
    with parts.running(load.VAE, way.device) as vae:
        decode.probe(vae, shape, way.tile)


def _write(task: Task, frames: Iterator[np.ndarray], began: float) -> Finished:
    """Stream frames into the task's MP4, and the middle one into the poster."""
    shot = task.shot
    poster = task.output.with_suffix(".webp")
    try:
        with mp4.Writer(task.output, shot.width, shot.height, shot.fps) as film:
            for number, frame in enumerate(frames):
                film.add(frame)
                if number == shot.frames // 2:
                    mp4.poster(frame, poster)
            tag = Tag(
                id=task.id,
                created=task.created,
                seconds=round(time.monotonic() - began, 2),
                recipe=task.recipe,
                shot=shot,
            )
            film.tell(tag.to_json())
    except BaseException:
        poster.unlink(missing_ok=True)
        raise
    return Finished(tag=tag, file=task.output, poster=poster)
