"""What each form of the weights loses and takes: python benchmarks/precisions.py

Every linear layer of the built-in model's two experts, asked with the same unit noise in its own
precision and in NF4, INT8 and FP8 (e4m3, cast as it is, and with a scale for each tensor or row);
the error of what comes out, as a part of it, and the bits a weight takes.
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import mean

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch
from diffusers import WanTransformer3DModel
from torch import nn

from studio.engine import quantize
from studio.models import POCKET
from studio.plan import Precision

FP8 = torch.float8_e4m3fn
LARGEST = torch.finfo(FP8).max
TOKENS = 64
POCKET_FOLDER = Path(__file__).resolve().parent.parent / "assets" / "models" / "pocket"

Ask = Callable[[torch.Tensor], torch.Tensor]


def main() -> int:
    argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0]).parse_args()
    torch.manual_seed(0)
    errors: dict[str, list[float]] = {}
    for folder in ("transformer", "transformer_2")[: POCKET.experts]:
        expert = WanTransformer3DModel.from_pretrained(POCKET_FOLDER / folder)
        for layer in linears(expert):
            noise = torch.randn(TOKENS, layer.in_features)
            true = noise @ layer.weight.float().T
            for name, ask in forms(layer.weight.detach().float()).items():
                lost = (ask(noise) - true).norm() / true.norm()
                errors.setdefault(name, []).append(lost.item())
    bits = {"bf16": 16, "int8": 8, "nf4": 4 + 32 / quantize.BLOCK}
    print(f"{'form':16} {'bits a weight':>14} {'mean error':>12} {'largest':>10}")
    for name, each in errors.items():
        print(f"{name:16} {bits.get(name, 8):14.1f} {mean(each):12.2%} {max(each):10.2%}")
    print(json.dumps({name: mean(each) for name, each in errors.items()}))
    return 0


def linears(expert: WanTransformer3DModel) -> list[nn.Linear]:
    """The layers of the blocks, which are what is quantized."""
    return [layer for layer in expert.blocks.modules() if type(layer) is nn.Linear]


def forms(weight: torch.Tensor) -> dict[str, Ask]:
    """Ways to keep a weight [out, in], each as what a layer without bias gives with it."""

    def as_is(kept: torch.Tensor) -> Ask:
        return lambda noise: noise @ kept.T

    rows = weight.abs().amax(1, keepdim=True) / LARGEST
    whole = weight.abs().max() / LARGEST
    return {
        "bf16": as_is(weight.bfloat16().float()),
        "int8": quantized(weight, Precision.INT8),
        "fp8": as_is(weight.to(FP8).float()),
        "fp8, one scale": as_is((weight / whole).to(FP8).float() * whole),
        "fp8, row scales": as_is((weight / rows).to(FP8).float() * rows),
        "nf4": quantized(weight, Precision.NF4),
    }


def quantized(weight: torch.Tensor, precision: Precision) -> Ask:
    """As the studio's own layers."""
    blocks = nn.Sequential(nn.Linear(weight.shape[1], weight.shape[0], bias=False))
    quantize.replace_linears(blocks, precision, torch.float32, skip=())
    quantize.quantize_weight(blocks[0], weight, torch.device("cpu"))
    return blocks


if __name__ == "__main__":
    raise SystemExit(main())
