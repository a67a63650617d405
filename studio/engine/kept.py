"""Latents on disk: where a render stands, and what a finished preview can be worked up from.

safetensors with one JSON text in the header; a file appears whole or not at all. Knows files and
tensors, not how they came about.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from studio import shot as shots
from studio.engine.scheduler import SolverState
from studio.engine.text import Text
from studio.errors import InvalidRequest, NotFound
from studio.files import whole
from studio.shot import Shot

# How latents that are only looked at again are kept; their noise is a thousand times coarser.
COMPACT = torch.float16


@dataclass(frozen=True, kw_only=True, slots=True)
class Checkpoint:
    """Where a render stands. step: how many are done. latents: [1, C, T, h, w] after that step, the
    finished ones where solver is None. noisy: ratio → latents that were right for that lift, in
    COMPACT. seconds: of work so far, all tries together."""

    step: int
    latents: torch.Tensor
    solver: SolverState | None
    noisy: dict[float, torch.Tensor]
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """What a finished preview leaves. finished: its latents [1, C, T, h, w]. noisy: ratio → its
    latents at that ratio's lift sigma. text: its embeddings, for the words of its shot."""

    shot: Shot
    finished: torch.Tensor
    noisy: dict[float, torch.Tensor]
    text: Text


def save_checkpoint(path: Path, shot: Shot, checkpoint: Checkpoint) -> None:
    """Write it in full precision, so that going on gives the same frames to the bit."""
    solver = checkpoint.solver
    tensors = {"latents": checkpoint.latents, **_numbered(checkpoint.noisy)}
    if solver is not None:
        tensors |= {f"solver.{name}": tensor for name, tensor in solver.tensors.items()}
    about = {
        "shot": shot.to_json(),
        "step": checkpoint.step,
        "solver": None if solver is None else solver.numbers,
        "seconds": checkpoint.seconds,
    }
    _write(path, tensors, about)


def load_checkpoint(path: Path, shot: Shot) -> Checkpoint | None:
    """Where this shot stands; None where it has not begun, or the file is of another shot."""
    try:
        tensors, about = _read(path)
        if _whole(shots.from_json(about["shot"])) != _whole(shot):
            return None
    except (NotFound, InvalidRequest, KeyError):
        return None
    solver = None
    if about["solver"] is not None:
        own = {
            name.removeprefix("solver."): tensor
            for name, tensor in tensors.items()
            if name.startswith("solver.")
        }
        solver = SolverState(tensors=own, numbers=about["solver"])
    return Checkpoint(
        step=about["step"],
        latents=tensors["latents"],
        solver=solver,
        noisy=_ratios(tensors),
        seconds=about.get("seconds", 0.0),  # files of earlier versions do not say
    )


def save_preview(path: Path, kept: Kept) -> None:
    """Write it compactly: an A14B preview of 832×480 and 81 frames takes about 20 MB."""
    tensors = {
        "finished": kept.finished,
        **_numbered(kept.noisy),
        "text.prompt": _short(kept.text.prompt),
        "text.negative": _short(kept.text.negative),
    }
    compact = {
        name: tensor if name.startswith("text.") else tensor.to(COMPACT)
        for name, tensor in tensors.items()
    }
    about = {"shot": kept.shot.to_json(), "tokens": kept.text.prompt.shape[1]}
    _write(path, compact, about)


def load_preview(path: Path) -> Kept:
    """Raises NotFound if it is gone or cannot be read."""
    tensors, about = _read(path)
    tokens = about["tokens"]
    return Kept(
        shot=shots.from_json(about["shot"]),
        finished=tensors["finished"].float(),
        noisy={ratio: tensor.float() for ratio, tensor in _ratios(tensors).items()},
        text=Text(
            prompt=_long(tensors["text.prompt"], tokens),
            negative=_long(tensors["text.negative"], tokens),
        ),
    )


def _write(path: Path, tensors: dict[str, torch.Tensor], about: dict[str, Any]) -> None:
    own: dict[str, torch.Tensor] = {}
    seen = set[int]()
    for name, tensor in tensors.items():
        plain = tensor.detach().cpu().contiguous()
        # The file wants each tensor apart; copying them all would take longer than the disk does.
        own[name] = plain.clone() if plain.data_ptr() in seen else plain
        seen.add(plain.data_ptr())
    with whole(path) as partial:
        save_file(own, partial, {"about": json.dumps(about)})


def _read(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {})["about"])
            # Copies: tensors in the file are not aligned, and kernels then differ in the last bits.
            return {name: file.get_tensor(name).clone() for name in file.keys()}, about  # noqa: SIM118
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise NotFound(
            "The latents of this preview are gone.",
            "Refine it again: it will start from its frames.",
        ) from error


def _whole(shot: Shot) -> Shot:
    """The shot as it was before anybody asked for an early end."""
    return replace(shot, ended_after=None)


def _numbered(noisy: dict[float, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {f"noisy.{ratio}": tensor for ratio, tensor in noisy.items()}


def _ratios(tensors: dict[str, torch.Tensor]) -> dict[float, torch.Tensor]:
    return {
        float(name.removeprefix("noisy.")): tensor
        for name, tensor in tensors.items()
        if name.startswith("noisy.")
    }


def _short(embeddings: torch.Tensor) -> torch.Tensor:
    """Without the zeros that fill embeddings [1, tokens, width] up to the length of the model."""
    used = embeddings[0].abs().amax(1).nonzero()
    return embeddings[:, : int(used[-1]) + 1 if len(used) else 1]


def _long(embeddings: torch.Tensor, tokens: int) -> torch.Tensor:
    return torch.nn.functional.pad(embeddings, (0, 0, 0, tokens - embeddings.shape[1]))
