"""Linear layers in 4 or 8 bits by bitsandbytes, the same way on CPU and GPU.

Layers are replaced while the model is still empty; each weight is quantized as it is placed, so
the full model is never in memory. Knows modules and tensors; not files or models by name.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from bitsandbytes import MatmulLtState
from bitsandbytes.nn import Int8Params, Linear4bit, Linear8bitLt, Params4bit
from torch import nn

from studio.engine import seams
from studio.plan import Precision

Quantized: TypeAlias = Linear4bit | Linear8bitLt
QUANTIZED = (Precision.NF4, Precision.INT8)
# Weights that share one absmax in 4 bits (bitsandbytes' default, and QLoRA's).
BLOCK = 64


@dataclass(frozen=True, slots=True)
class Place:
    """Where a module keeps one of its tensors: an attribute, or several that are one tensor."""

    owners: tuple[tuple[Any, str], ...]

    def get(self) -> torch.Tensor:
        owner, name = self.owners[0]
        return getattr(owner, name)

    def put(self, tensor: torch.Tensor) -> None:
        for owner, name in self.owners:
            setattr(owner, name, tensor)


def places(module: nn.Module) -> Iterator[Place]:
    """Every tensor a module computes with, those of the modules in it not counted.

    bitsandbytes keeps some outside parameters and buffers, where `module.to` does not find them.
    """
    if isinstance(module, Linear4bit | Linear8bitLt):
        yield from _weight_places(module)
    for name, parameter in module.named_parameters(recurse=False):
        if name != "weight" or not isinstance(module, Linear4bit | Linear8bitLt):
            yield Place(((parameter, "data"),))
    for name, _ in module.named_buffers(recurse=False):
        yield Place(((module, name),))


def empty(model: nn.Module) -> None:
    """Let go of a model's weights; what is left can be filled again."""
    for module in model.modules():
        for name, parameter in module.named_parameters(recurse=False):
            nothing = torch.empty(parameter.shape, dtype=parameter.dtype, device="meta")
            module.register_parameter(name, nn.Parameter(nothing, requires_grad=False))
        if isinstance(module, Linear4bit):
            module.quant_state = None
        if isinstance(module, Linear8bitLt):
            module.state.reset_grads()


def replace_linears(
    blocks: nn.Module, precision: Precision, compute: torch.dtype, skip: tuple[str, ...]
) -> None:
    """Put quantized layers where the empty linear layers of blocks are.

    compute: the dtype of the matrix product. skip: names of layers to leave as they are. In 4 bits
    a layer whose rows are not whole blocks is left too: the processor's kernel misreads it.
    """
    for path, layer in list(blocks.named_modules()):
        if type(layer) is not nn.Linear or path.rsplit(".", 1)[-1] in skip:
            continue
        if precision is Precision.NF4 and layer.in_features % BLOCK:
            continue
        blocks.set_submodule(path, _empty_layer(layer, precision, compute))


def quantized_layers(model: nn.Module) -> dict[str, Quantized]:
    """The quantized layers of a model by path."""
    return {
        path: layer
        for path, layer in model.named_modules()
        if isinstance(layer, Linear4bit | Linear8bitLt)
    }


def kept_bytes(model: nn.Module) -> int:
    """What an empty model's weights will take, but for a few numbers that each layer repeats."""
    layers = quantized_layers(model)
    size = 0
    for name, parameter in model.named_parameters():
        path, _, kind = name.rpartition(".")
        layer = layers.get(path) if kind == "weight" else None
        if isinstance(layer, Linear4bit):
            size += parameter.numel() // 2 + parameter.numel() // BLOCK * 4
        elif layer is not None:
            size += parameter.numel() + parameter.shape[0] * 4
        else:
            size += parameter.nbytes
    return size


def move_weight(layer: Quantized, device: torch.device) -> None:
    """Bring a quantized weight to a device; the layer's bias stays."""
    for place in _weight_places(layer):
        place.put(place.get().to(device))


def quantize_weight(layer: Quantized, weight: torch.Tensor, device: torch.device) -> None:
    """Quantize weight [out, in] into layer, on device."""
    if isinstance(layer, Linear4bit):
        layer.weight = Params4bit(
            weight.to(layer.compute_dtype),
            requires_grad=False,
            quant_type="nf4",
            blocksize=BLOCK,
            compress_statistics=False,
            module=layer,
        ).to(device)
        return
    # bitsandbytes quantizes to 8 bits from half precision on a GPU, so everywhere.
    packed = Int8Params(weight.half(), requires_grad=False, has_fp16_weights=False).to(device)
    _hold_int8(layer, packed.data, packed.SCB)


def place_quantized(
    layer: Quantized, saved: Mapping[str, torch.Tensor], device: torch.device
) -> None:
    """Put back what `state_dict` saved of a layer, as it was; keys start at the layer."""
    weight = saved["weight"].to(device)
    if isinstance(layer, Linear4bit):
        layer.weight = Params4bit.from_prequantized(
            data=weight,
            quantized_stats={
                key.removeprefix("weight."): value
                for key, value in saved.items()
                if key.startswith("weight.")
            },
            device=device,
            module=layer,
        )
        return
    _hold_int8(layer, weight, saved["SCB"].to(device))


def saved_keys(layer: Quantized) -> Iterator[str]:
    """What a quantized layer's weights are called in a state dict; the first is the weight."""
    yield "weight"
    if isinstance(layer, Linear8bitLt):
        yield from ("SCB", "weight_format")
        return
    yield from ("weight.absmax", "weight.quant_map", "weight.quant_state.bitsandbytes__nf4")


def _weight_places(layer: Quantized) -> Iterator[Place]:
    if isinstance(layer, Linear4bit):
        yield Place(((layer.weight, "data"),))
        yield Place(((layer.weight.quant_state, "absmax"),))
        yield Place(((layer.weight.quant_state, "code"),))
        return
    if layer.weight.CB is not None:
        # What the layer would do at its first forward: then everything is in its state.
        layer.init_8bit_state()
    yield Place(((layer.weight, "data"), (layer.state, "CB")))
    yield Place(((layer.state, "SCB"),))


def _empty_layer(layer: nn.Linear, precision: Precision, compute: torch.dtype) -> Quantized:
    shape = (layer.in_features, layer.out_features)
    bias = layer.bias is not None
    if precision is Precision.NF4:
        return seams.plain_kernel(
            Linear4bit(
                *shape,
                bias=bias,
                compute_dtype=compute,
                quant_type="nf4",
                compress_statistics=False,
                device="meta",
            )
        )
    return Linear8bitLt(*shape, bias=bias, has_fp16_weights=False, threshold=0.0, device="meta")


def _hold_int8(layer: Linear8bitLt, weight: torch.Tensor, scale: torch.Tensor) -> None:
    layer.weight = Int8Params(
        weight, requires_grad=False, has_fp16_weights=False, CB=weight, SCB=scale
    )
    layer.state = MatmulLtState()
    layer.state.threshold = 0.0
    layer.state.has_fp16_weights = False
