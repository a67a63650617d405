"""A linear map from latents to colours: a picture of them in a millisecond, without the VAE.

Fitted on what the model's own VAE does to plain moving pictures, once for each model, and kept
beside the models. Knows nothing of jobs or shots.
"""

import json
import logging
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKLWan
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from studio.engine import decode, load
from studio.engine.load import Parts
from studio.engine.watch import Watch
from studio.files import write_whole

LOG = logging.getLogger(__name__)

CLIPS, CELLS, SPEED = 16, 4, 0.5
SEED = 5
NAME = "colours"


def prepared(parts: Parts, folder: Path) -> torch.Tensor:
    """The map of a model, as `fit` gives it: from its file in folder, else fitted now and kept.

    One that was fitted from another VAE than the model has now is fitted anew.
    """
    file = folder / f"{parts.spec.id}.safetensors"
    stamp = _stamp(parts.folder / load.VAE)
    try:
        with safe_open(file, framework="pt") as kept:
            if (kept.metadata() or {}).get("vae") == stamp:
                return kept.get_tensor(NAME).clone()
    except (OSError, SafetensorError):
        pass  # not there yet, or not whole
    with parts.running(load.VAE) as vae:
        found = fit(vae)
    try:
        write_whole(file, save({NAME: found}, {"vae": stamp}))
    except OSError as error:
        # A render must not fail for it; the next start fits it again.
        LOG.warning("The map of colours could not be kept: %s", error)
    return found


def fit(vae: AutoencoderKLWan) -> torch.Tensor:
    """The map [2, C + 1, 3] from latents and 1 to RGB in 0 … 1: of first latent frames, and of the
    others. Least squares on CLIPS drifting colour fields."""
    rng = np.random.default_rng(SEED)
    space = vae.config.scale_factor_spatial
    pairs: tuple[list[torch.Tensor], list[torch.Tensor]] = ([], [])
    quiet = Watch(lambda _: None, lambda: False)
    for _ in range(CLIPS):
        film = _drifting(rng, CELLS * space)
        latents = decode.latents_of(vae, film, quiet)[0]
        for frame in range(latents.shape[1]):
            part = film[:1] if frame == 0 else film[1 + 4 * (frame - 1) : 1 + 4 * frame]
            pairs[min(frame, 1)].append(
                torch.cat([_points(latents[:, frame]), _means(part, space)], 1)
            )
    return torch.stack([_solved(torch.cat(some)) for some in pairs])


def coloured(latents: torch.Tensor, colours: torch.Tensor) -> np.ndarray:
    """Clean latents [1, C, T, h, w] → uint8 [T, h, w, 3]."""
    frames = latents[0].float().cpu().permute(1, 2, 3, 0)
    points = torch.cat([frames, torch.ones_like(frames[..., :1])], -1)
    first = points[:1] @ colours[0]
    rest = points[1:] @ colours[1]
    return (torch.cat([first, rest]).clamp(0, 1) * 255).round().byte().numpy()


def _drifting(rng: np.random.Generator, side: int) -> list[np.ndarray]:
    """Nine frames uint8 [side, side, 3] of a coloured plain and a coloured wave that moves."""
    down, across = np.mgrid[0:side, 0:side] / side
    base, swing = rng.uniform(0, 1, 3), rng.uniform(-0.5, 0.5, 3)
    turn, phase = rng.uniform(0, 2 * np.pi, 2)
    frames = []
    for time_step in range(9):
        along = across * np.cos(turn) + down * np.sin(turn)
        wave = np.sin(2 * np.pi * along + phase + SPEED * time_step / 4)
        picture = np.clip(base + wave[..., None] * swing, 0, 1)
        frames.append((picture * 255).round().astype(np.uint8))
    return frames


def _points(latents: torch.Tensor) -> torch.Tensor:
    """[C, h, w] → [h·w, C + 1]."""
    flat = latents.flatten(1).T
    return torch.cat([flat, torch.ones_like(flat[:, :1])], 1)


def _means(frames: list[np.ndarray], space: int) -> torch.Tensor:
    """Frames uint8 [H, W, 3] → mean colours [h·w, 3] of the blocks that one latent stands for."""
    mean = torch.from_numpy(np.mean(np.stack(frames), 0) / 255).float().permute(2, 0, 1)
    return torch.nn.functional.avg_pool2d(mean[None], space)[0].flatten(1).T


def _solved(pairs: torch.Tensor) -> torch.Tensor:
    """Ridge regression: the last three columns by the others."""
    known, wanted = pairs[:, :-3].double(), pairs[:, -3:].double()
    gram = known.T @ known
    small = 1e-4 * gram.diagonal().mean() * torch.eye(len(gram), dtype=gram.dtype)
    return torch.linalg.solve(gram + small, known.T @ wanted).float()


def _stamp(vae: Path) -> str:
    """What tells a VAE's files from other ones without reading them."""
    files = [(path.name, path.stat()) for path in sorted(vae.glob("*.safetensors"))]
    return json.dumps([[name, stat.st_size, stat.st_mtime_ns] for name, stat in files])
