"""A shot's text and pictures → finished latents, by the stock pipelines of diffusers.

Everything of ours comes in through what they offer: the scheduler, the step callback,
`output_type="latent"`. Knows nothing of files.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from diffusers import DiffusionPipeline, WanImageToVideoPipeline, WanPipeline
from PIL import Image

from studio.engine import Stopped, decode, load, seams
from studio.engine.glimpse import Glimpses
from studio.engine.kept import Checkpoint
from studio.engine.load import Parts
from studio.engine.record import Record
from studio.engine.scheduler import TRAINING_STEPS, scheduler
from studio.engine.text import Text
from studio.engine.watch import Watch
from studio.shot import Shot


@dataclass(frozen=True, kw_only=True, slots=True)
class Pictures:
    """Reference frames at the shot's own size. last only together with first."""

    first: Image.Image | None
    last: Image.Image | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Start:
    """Where sampling begins below full noise: latents [1, C, T, h, w] already noised to sigma."""

    latents: torch.Tensor
    sigma: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Aside:
    """What is told and kept while sampling goes on."""

    record: Record
    glimpses: Glimpses
    watch: Watch


def sample(
    parts: Parts, shot: Shot, text: Text, pictures: Pictures, start: Start | None, aside: Aside
) -> torch.Tensor:
    """Normalised latents [1, C, T, h, w], fp32, on the CPU. Raises Stopped within one step.

    Goes on from the record where that has a checkpoint. With a start, or past the boundary, the
    low-noise expert works alone and the high-noise expert is not loaded.
    """
    before = aside.record.before
    if before is not None and before.solver is None:
        return before.latents
    held = _held_frame(parts, pictures, aside.watch)
    if before is not None and before.solver is not None and before.step == shot.ended_after:
        return _with_first(before.solver.predicted, held)
    alone = start is not None or _is_low(shot, before)
    experts = _experts(parts, shot, alone, aside.watch)
    aside.watch.begin("sample", before.step if before else 0)
    with _pipeline(parts, shot, start, pictures, experts, before) as pipeline:
        result = pipeline(
            **_settings(parts, shot, text, alone),
            **_reference_frames(pictures),
            latents=_first_latents(parts, shot, start, before),
            output_type="latent",
            callback_on_step_end=_on_step_end(shot, alone, held, aside),
        )
    latents = result.frames.cpu()
    aside.record.done(latents)
    return latents


def noise(parts: Parts, shot: Shot) -> torch.Tensor:
    """Unit noise of the shot's latent shape [1, C, T, h, w], drawn on the CPU from its seed."""
    config = parts.get(load.VAE).config
    shape = (
        1,
        config.z_dim,
        (shot.frames - 1) // config.scale_factor_temporal + 1,
        shot.height // config.scale_factor_spatial,
        shot.width // config.scale_factor_spatial,
    )
    return torch.randn(shape, generator=torch.Generator("cpu").manual_seed(shot.seed))


def _is_low(shot: Shot, before: Checkpoint | None) -> bool:
    """Whether all that is left to do is the low-noise expert's."""
    if shot.boundary is None or before is None or before.solver is None:
        return False
    timesteps = before.solver.tensors["timesteps"]
    left = timesteps[min(before.step, len(timesteps) - 1)]  # a power cut may come after the last
    return float(left) < shot.boundary * TRAINING_STEPS


def _held_frame(parts: Parts, pictures: Pictures, watch: Watch) -> torch.Tensor | None:
    """The first latent frame where the pipeline holds it still and puts it back only at the end;
    what the solver makes of it meanwhile means nothing."""
    if pictures.first is None or not parts.spec.expand_timesteps:
        return None
    with parts.running(load.VAE) as vae:
        return decode.latents_of(vae, [np.asarray(pictures.first)], watch)


def _with_first(latents: torch.Tensor, held: torch.Tensor | None) -> torch.Tensor:
    latents = latents.float().cpu()
    return latents if held is None else torch.cat([held, latents[:, :, 1:]], 2)


def _first_latents(
    parts: Parts, shot: Shot, start: Start | None, before: Checkpoint | None
) -> torch.Tensor:
    if before is not None:
        return before.latents
    return noise(parts, shot) if start is None else start.latents


def _experts(parts: Parts, shot: Shot, alone: bool, watch: Watch) -> dict[str, Any]:
    """The pipeline's two transformers; the published folders keep a dense model in the first."""
    needed = [load.HIGH] if shot.boundary is None else [load.HIGH, load.LOW]
    if alone and shot.boundary is not None:
        needed = [load.LOW]
    watch.begin("load")
    experts: dict[str, Any] = {load.HIGH: None, load.LOW: None}
    for done, name in enumerate([*needed, load.VAE], start=1):
        part = parts.get(name)
        if name in experts:
            experts[name] = part
        watch.step(done, len(needed) + 1)
    return experts


@contextlib.contextmanager
def _pipeline(
    parts: Parts,
    shot: Shot,
    start: Start | None,
    pictures: Pictures,
    experts: dict[str, Any],
    before: Checkpoint | None,
) -> Iterator[DiffusionPipeline]:
    """The pipeline for a shot. Built by its constructor, which casts nothing; `from_pipe` would
    turn every part into fp32."""
    kind = WanPipeline if pictures.first is None else WanImageToVideoPipeline
    # With the boundary at 1, every timestep lies below it and is the low-noise expert's.
    alone = experts[load.HIGH] is None
    solver = scheduler(
        shot.flow_shift, start.sigma if start else None, before.solver if before else None
    )
    pipeline = kind(
        tokenizer=None,
        text_encoder=None,
        vae=parts.get(load.VAE),
        scheduler=solver,
        **experts,
        boundary_ratio=1.0 if alone else shot.boundary,
        # Without a picture every token would have the same timestep: one does for all, and the
        # largest of the forward's tensors need not be.
        expand_timesteps=parts.spec.expand_timesteps and pictures.first is not None,
    )
    pipeline.set_progress_bar_config(disable=True)
    working = [name for name, part in experts.items() if part is not None]
    with parts.placed(*working, load.VAE):
        yield pipeline


def _settings(parts: Parts, shot: Shot, text: Text, alone: bool) -> dict[str, Any]:
    settings = {
        "prompt_embeds": text.prompt.to(parts.device),
        "negative_prompt_embeds": text.negative.to(parts.device),
        "width": shot.width,
        "height": shot.height,
        "num_frames": shot.frames,
        "num_inference_steps": shot.steps,
        "guidance_scale": shot.guidance_high,
        "max_sequence_length": parts.spec.text_tokens,
    }
    if shot.boundary is not None:
        settings["guidance_scale_2"] = shot.guidance_low
        if alone:
            # The pipeline decides by the first one whether to guide at all.
            settings["guidance_scale"] = shot.guidance_low
    return settings


def _reference_frames(pictures: Pictures) -> dict[str, Image.Image]:
    named = {"image": pictures.first, "last_image": pictures.last}
    return {name: picture for name, picture in named.items() if picture is not None}


def _on_step_end(
    shot: Shot, alone: bool, held: torch.Tensor | None, aside: Aside
) -> Callable[[Any, int, Any, dict[str, Any]], dict[str, Any]]:
    def expert(timestep: float) -> str | None:
        if shot.boundary is None:
            return None
        return "low" if alone or timestep < shot.boundary * TRAINING_STEPS else "high"

    def told(pipeline: Any, _: int, timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        solver = pipeline.scheduler
        step = solver.step_index  # of the whole plan, after a resume too
        aside.record.step(step, tensors["latents"], solver)
        clean = _with_first(solver.predicted(), held)
        glimpse = aside.glimpses.show(step, clean)
        try:
            aside.watch.step(step, shot.steps, expert(float(timestep)), glimpse)
        except Stopped:
            aside.record.keep(step, tensors["latents"], solver)
            raise
        if step == shot.ended_after:
            seams.end_here(pipeline)
            return {"latents": clean.to(tensors["latents"])}
        return tensors

    return told
