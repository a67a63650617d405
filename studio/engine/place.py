"""Weight files → an empty model, filled in the form in which it runs.

One tensor at a time, from safetensors or GGUF, so that a file is never in memory as a whole. Knows
modules and files; not models by name.
"""

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate.utils import set_module_tensor_to_device
from safetensors import safe_open
from torch import nn

from studio import preparation, repository
from studio.engine import gguf_file, lora, quantize
from studio.plan import Precision

# A tied weight: some checkpoints carry it under one name, some under the other, some under both.
TIED = {"encoder.embed_tokens.weight": "shared.weight"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """How a part's weights are kept. compute: dtype of what is not quantized. islands: names of
    modules whose parameters are in fp32 all the same."""

    precision: Precision
    compute: torch.dtype
    islands: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.precision.value}-{str(self.compute).removeprefix('torch.')}"

    def dtype_of(self, name: str) -> torch.dtype:
        return torch.float32 if set(self.islands) & set(name.split(".")) else self.compute


def fill(
    model: nn.Module,
    folder: Path,
    form: Form,
    devices: tuple[torch.device, torch.device],
    changes: lora.Changes,
) -> None:
    """Fill an empty model from a folder's weight files. Raises OSError where there are none,
    KeyError naming what is missing.

    devices: where the weights are to be, and where they are changed and quantized.
    """
    files = preparation.named(folder)
    if not files:
        raise OSError(f"no weights in {folder.name}")
    for file in files:
        add(model, file, form, devices, changes)
    lacking = _lacking(model)
    if lacking:
        raise KeyError(f"{len(lacking)} weights are missing, the first is {min(lacking)}")
    for module in model.modules():
        for name, buffer in module.named_buffers(recurse=False):
            setattr(module, name, buffer.to(devices[0]))


def add(
    model: nn.Module,
    file: Path,
    form: Form,
    devices: tuple[torch.device, torch.device],
    changes: lora.Changes,
) -> None:
    """Put into a model what one weight file has of it. devices: as of `fill`."""
    device, worker = devices
    layers = quantize.quantized_layers(model)
    waiting = _lacking(model)
    with _opened(file, model, worker) as tensors:
        for saved in sorted(tensors.keys()):
            name = TIED.get(saved, saved)
            if name not in waiting:
                continue
            path = name.rpartition(".")[0]
            waiting.discard(name)
            if path in layers and name.endswith(".weight"):
                _put_layer(layers[path], path, tensors, worker, changes)
                quantize.move_weight(layers[path], device)
                continue
            dtype = form.dtype_of(name)
            # A copy, because tensors in the file are not aligned, and kernels then differ in the
            # last bits.
            value = lora.changed(name, tensors.get_tensor(saved), changes, worker)
            value = value.to(device, dtype, copy=True)
            set_module_tensor_to_device(model, name, device, value, dtype)


def _lacking(model: nn.Module) -> set[str]:
    return {name for name, parameter in model.named_parameters() if parameter.is_meta}


def _put_layer(
    layer: quantize.Quantized,
    path: str,
    tensors: Any,
    device: torch.device,
    changes: lora.Changes,
) -> None:
    """A quantized layer's weight, from plain weights or from those saved already quantized."""
    names = set(tensors.keys())
    saved = {
        key: tensors.get_tensor(f"{path}.{key}").clone()
        for key in quantize.saved_keys(layer)
        if f"{path}.{key}" in names
    }
    if len(saved) == 1:
        weight = lora.changed(f"{path}.weight", saved["weight"], changes, device)
        quantize.quantize_weight(layer, weight, device)
    else:
        quantize.place_quantized(layer, saved, device)


def _opened(
    file: Path, model: nn.Module, worker: torch.device
) -> contextlib.AbstractContextManager[Any]:
    if file.suffix != repository.GGUF:
        opened: contextlib.AbstractContextManager[Any] = safe_open(file, framework="pt")
        return opened
    shapes = {name: parameter.shape for name, parameter in model.named_parameters()}
    return gguf_file.opened(file, shapes, worker)
