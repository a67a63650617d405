"""The published models without their weights: what of memory lives while one works, traced."""

import weakref
from dataclasses import replace
from typing import Any

import torch
from diffusers import WanTransformer3DModel
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter

from benchmarks import published
from studio.engine import seams
from studio.models import ModelSpec
from studio.shot import Extent


class Live(TorchDispatchMode):
    """The most bytes that live at once of what is made inside; what is there before counts for
    nothing.

    events: (number, bytes) for each tensor that was made, and the number again with 0 once it is
    gone.
    """

    def __init__(self, *there: torch.Tensor) -> None:
        super().__init__()
        self.peak = self._now = self._made = 0
        self.events: list[tuple[int, int]] = []
        self._seen = {tensor.untyped_storage()._cdata for tensor in there}

    def __torch_dispatch__(
        self, operation: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        made = operation(*args, **(kwargs or {}))
        for tensor in tree_iter(made):
            if isinstance(tensor, torch.Tensor):
                self._see(tensor.untyped_storage())
        return made

    def _see(self, storage: torch.UntypedStorage) -> None:
        if storage._cdata in self._seen:
            return
        self._seen.add(storage._cdata)
        self._made += 1
        self._now += storage.nbytes()
        self.peak = max(self.peak, self._now)
        self.events.append((self._made, storage.nbytes()))
        weakref.finalize(storage, self._gone, storage._cdata, self._made, storage.nbytes())

    def _gone(self, key: int, number: int, size: int) -> None:
        self._seen.discard(key)
        self._now -= size
        self.events.append((number, 0))


class FourBits(nn.Module):
    """Takes the memory that bitsandbytes' 4-bit product takes on a card: the weight in full."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        weight = torch.empty_like(self.layer.weight)
        return nn.functional.linear(given, weight, self.layer.bias)


class EightBits(nn.Module):
    """Takes the memory that bitsandbytes' 8-bit product takes on a card."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        rows = given.reshape(-1, given.shape[-1])
        rounded = rows.to(torch.float16).to(torch.int8)
        sums = torch.empty(len(rounded), self.layer.out_features, dtype=torch.int32)
        half = torch.empty_like(sums, dtype=torch.float16).add_(self.layer.bias)
        return half.to(given.dtype).reshape(*given.shape[:-1], -1)


def expert(
    id: str, layers: int, dtype: torch.dtype, bits: type[FourBits | EightBits] | None = None
) -> WanTransformer3DModel:
    """An expert of so many layers; bits: what its blocks' linear layers are instead."""
    model = WanTransformer3DModel(**{**published.TRANSFORMERS[id], "num_layers": layers})
    for name, parameter in model.named_parameters():
        if not set(seams.FP32_ISLANDS) & set(name.split(".")):
            parameter.data = parameter.data.to(dtype)
    for path, layer in list(model.blocks.named_modules()):
        if bits and type(layer) is nn.Linear:
            model.blocks.set_submodule(path, bits(layer))
    return model.eval()


def forward(
    spec: ModelSpec,
    extent: Extent,
    layers: int,
    dtype: torch.dtype,
    bits: type[FourBits | EightBits] | None = None,
) -> Live:
    """What lived in one forward of an expert. Wants a FakeTensorMode around it."""
    model, given = expert(spec.id, layers, dtype, bits), inputs(spec, extent, dtype)
    with Live(*model.parameters(), *model.buffers(), *given.values()) as live:
        model(**given)
    return live


def extent_of(spec: ModelSpec, size: tuple[int, int], *, pictured: bool = False) -> Extent:
    extent = Extent(width=size[0], height=size[1], frames=spec.frames, steps=1)
    return replace(extent, pictured=pictured)


def per_token(spec: ModelSpec, extent: Extent) -> bool:
    return spec.expand_timesteps and extent.pictured


def inputs(spec: ModelSpec, extent: Extent, dtype: torch.dtype) -> dict[str, torch.Tensor]:
    """What one forward of an expert is given, without values."""
    frames, rows, columns = spec.stride
    latent = ((extent.frames - 1) // frames + 1, extent.height // rows, extent.width // columns)
    channels = published.TRANSFORMERS[spec.id]["in_channels"]
    tokens = latent[0] * latent[1] * latent[2] // 4
    return {
        "hidden_states": torch.empty(1, channels, *latent, dtype=dtype),
        "timestep": torch.empty(1, tokens) if per_token(spec, extent) else torch.empty(1),
        "encoder_hidden_states": torch.empty(1, spec.text_tokens, 4096, dtype=dtype),
    }
