"""LoRA files → changes of weights, added while the weights are placed.

So the model that runs is one without LoRA: it can be quantized, streamed and swapped like any.
Reads the three ways that Wan LoRAs are written in (diffusers', the original names, musubi's).
Knows tensors and their names; not models.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import WanPipeline
from safetensors import SafetensorError
from torch import nn

from studio.errors import RenderFailed

# What the names begin with, whichever expert the file is for.
_PREFIX = "transformer."


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What one LoRA does to one layer: up [out, rank] times down [rank, in] is added to its weight,
    bias [out] to its bias, each times strength."""

    down: torch.Tensor | None
    up: torch.Tensor | None
    bias: torch.Tensor | None
    strength: float


# By the layer's path.
Changes = Mapping[str, Sequence[Change]]


def read(files: Sequence[tuple[Path, float]]) -> dict[str, list[Change]]:
    """What files, each with its strength, do together. Raises RenderFailed."""
    changes: dict[str, list[Change]] = {}
    for path, strength in files:
        try:
            tensors, about = WanPipeline.lora_state_dict(
                str(path.parent),
                weight_name=path.name,
                use_safetensors=True,
                local_files_only=True,
                return_lora_metadata=True,
            )
        except (OSError, SafetensorError, ValueError, KeyError, RuntimeError) as error:
            raise _not_usable(path, error) from error
        for layer in {name.removeprefix(_PREFIX).rpartition(".lora_")[0] for name in tensors}:
            found = _change(layer, tensors, about or {}, strength)
            changes.setdefault(layer, []).append(found)
    return changes


def check(changes: Changes, model: nn.Module) -> None:
    """Raises RenderFailed where a change does not fit the layer it is for, or none is for any."""
    shapes = {name: parameter.shape for name, parameter in model.named_parameters()}
    layers = {path: layer for path, layer in model.named_modules() if path in changes}
    if changes and not layers:
        raise RenderFailed("A LoRA has nothing to do with this model.", _ADVICE)
    for path, layer in layers.items():
        wide, high = getattr(layer, "in_features", None), getattr(layer, "out_features", None)
        for change in changes[path]:
            fits = change.up is None or (
                change.down is not None
                and (change.up.shape[0], change.down.shape[1]) == (high, wide)
            )
            if not fits or (change.bias is not None and f"{path}.bias" not in shapes):
                raise RenderFailed(f"A LoRA does not fit this model at {path}.", _ADVICE)


def changed(name: str, value: torch.Tensor, changes: Changes, device: torch.device) -> torch.Tensor:
    """A parameter as the changes make it, in fp32 on device; as it is where there are none."""
    path, _, kind = name.rpartition(".")
    if path not in changes:
        return value
    result = value.to(device, torch.float32, copy=True)
    for change in changes[path]:
        if kind == "bias" and change.bias is not None:
            result += change.strength * change.bias.to(device, torch.float32)
        if kind == "weight" and change.up is not None and change.down is not None:
            up, down = (one.to(device, torch.float32) for one in (change.up, change.down))
            result += change.strength * (up @ down)
    return result


_ADVICE = "Take it out, or use one that was made for this Wan2.2 model."


def _change(layer: str, tensors: Mapping[str, Any], about: Any, strength: float) -> Change:
    def get(name: str) -> torch.Tensor | None:
        plain = tensors.get(f"{layer}.{name}")
        return tensors.get(f"{_PREFIX}{layer}.{name}") if plain is None else plain

    down, up = get("lora_A.weight"), get("lora_B.weight")
    scale = 1.0 if down is None else _scale(layer, down.shape[0], about)
    bias = get("lora_B.bias")
    return Change(down=None if down is None else down * scale, up=up, bias=bias, strength=strength)


def _scale(layer: str, rank: int, about: Mapping[str, Any]) -> float:
    """alpha / rank, where the file says so in peft's own terms."""
    known = {key.removeprefix(_PREFIX): value for key, value in about.items()}
    alpha = (known.get("alpha_pattern") or {}).get(layer, known.get("lora_alpha"))
    if alpha is None:
        return 1.0
    return float(alpha) / (math.sqrt(rank) if known.get("use_rslora") else rank)


def _not_usable(path: Path, error: Exception) -> RenderFailed:
    why = json.dumps(str(error).partition("\n")[0], ensure_ascii=False)
    return RenderFailed(f"The LoRA {path.name} cannot be understood: {why}.", _ADVICE)
