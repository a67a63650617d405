"""What plans promise on an NVIDIA card, beside what it does: python benchmarks/gpu.py

Experts, text encoder and VAE of full size with random weights, made on the card from the published
configurations (no download), run stage by stage in every way the studio plans for cards of 24, 16,
12 and 8 GB, which torch is held to. For each: the peak of graphics memory, predicted and measured;
seconds a step, beside those that its arithmetic alone would take; and whether streaming changed the
numbers. Prints a table, and adds what it measured to benchmarks/results.jsonl, a line for each.

    --model ID --precision P --cap GB   only these; each may be given more than once
    --size WxH                          likewise, of the sizes there are
    --steps N                           timed steps of two forwards each, after a forward that is
                                        not timed (2); 0 times that forward alone
    --results FILE                      another file for the lines
    --tiny                              a few small layers, on any processor: tries the program,
                                        and keeps lines only where --results says

Needs 40 GB of main memory for one expert in bf16, 16 GB in NF4, and of packages: torch with CUDA,
diffusers, transformers, accelerate, bitsandbytes, gguf, psutil.
"""

import argparse
import datetime
import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from studio.engine import SURROUNDINGS

os.environ.update(SURROUNDINGS)  # as the studio starts torch

import torch
from accelerate import init_empty_weights
from accelerate.utils import set_module_tensor_to_device
from diffusers import AutoencoderKLWan, WanTransformer3DModel
from torch import nn
from transformers import UMT5Config, UMT5EncoderModel

from benchmarks import published
from studio.engine import hardware, quantize, seams, stream
from studio.models import MODELS, ModelSpec
from studio.plan import (
    GIB,
    VRAM_RESERVE_GB,
    Hardware,
    Placement,
    Plan,
    Precision,
    Residency,
    Run,
    forward_flops,
    plans,
)
from studio.shot import Extent

FOLDER = Path(__file__).resolve().parent
RESULTS = FOLDER / "results.jsonl"
CAPS = (24.0, 16.0, 12.0, 8.0)
SIZES = {
    "t2v-a14b": ((832, 480), (1280, 720)),
    "i2v-a14b": ((832, 480), (1280, 720)),
    "ti2v-5b": ((832, 480), (1280, 704)),
}
# What --tiny makes of a configuration, and the size it runs at.
TINY_LAYERS = {"num_layers": 4}
TINY_EXPERT = {"num_attention_heads": 2, "attention_head_dim": 64, "ffn_dim": 256, **TINY_LAYERS}
TINY_ENCODER = {"vocab_size": 512, "d_ff": 128, "num_heads": 4, **TINY_LAYERS}
TINY_VAE = {"base_dim": 8, "dim_mult": [1, 1, 1, 1], "num_res_blocks": 1}
TINY_SIZE = (96, 64)


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Where and how to measure. about: what every line says of it."""

    device: torch.device
    here: Hardware
    tiny: bool
    steps: int
    about: dict[str, Any]

    def measured(self, work: Callable[[], float | None]) -> dict[str, Any]:
        """What some work took. work gives its seconds."""
        gc.collect()
        if self.device.type != "cuda":
            return {"seconds": work()}
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        try:
            seconds = work()
        except torch.OutOfMemoryError:
            return {"out_of_memory": True}
        return {
            "seconds": seconds,
            "allocated_gb": (torch.cuda.max_memory_allocated() - before) / GIB,
            "reserved_gb": torch.cuda.max_memory_reserved() / GIB,
        }

    def now(self) -> float:
        if self.device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter()

    def hold_to(self, cap_gb: float) -> None:
        """Let torch have no more than the studio would on a card of this size."""
        if self.device.type == "cuda":
            share = (cap_gb - VRAM_RESERVE_GB) / self.here.vram_total_gb
            torch.cuda.set_per_process_memory_fraction(min(share, 1.0))


def main() -> int:
    given = _arguments()
    if not given.tiny and not torch.cuda.is_available():
        print("There is no card that torch can use here; --tiny tries the program without.")
        return 1
    here = hardware.look()
    bench = Bench(
        device=hardware.device(),
        here=here,
        tiny=given.tiny,
        steps=given.steps,
        about={
            "benchmark": "gpu",
            "when": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "commit": _commit(),
            "device": here.device,
            "teraflops": round(here.teraflops, 1),
            "torch": torch.__version__,
            "tiny": given.tiny,
        },
    )
    seams.quiet()
    results = given.results or (None if given.tiny else RESULTS)
    over = 0
    print(f"{here.device}, {here.teraflops:.0f} TFLOP/s\n{HEAD}")
    with torch.no_grad():
        for id in given.model or ("t2v-a14b", "ti2v-5b"):
            for line in _lines(bench, id, given):
                print(_row(line), flush=True)
                over += _is_over(line)
                if results is not None:
                    with results.open("a", encoding="utf-8") as file:
                        file.write(json.dumps({**bench.about, **line}) + "\n")
    print(f"{over} over what was predicted" if over else "none over what was predicted")
    return 1 if over else 0


def _lines(bench: Bench, id: str, given: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """What was measured of a model, stage by stage."""
    spec = MODELS[id]
    precisions = [Precision(one) for one in given.precision or ["nf4"]]
    sizes = [size for size in SIZES[id] if not given.size or "{}x{}".format(*size) in given.size]
    cases = [(size, cap) for size in sizes for cap in given.cap or CAPS]
    for precision in precisions:
        model = _expert(bench, id, precision)
        baseline: dict[tuple[int, int], torch.Tensor] = {}
        for size, cap, plan in _distinct(bench, spec, cases, precision):
            yield _sampled(bench, spec, model, (size, cap, plan), baseline)
        del model
    yield _read(bench, spec)
    vae = _vae(bench, id)
    tiles: dict[tuple[object, ...], tuple[tuple[int, int], float, Plan]] = {}
    for size, cap in cases:
        for plan in _planned(bench, spec, size, cap):
            if plan.fits:
                tiles[size, plan.tile] = (size, cap, plan)
    for case in tiles.values():
        yield _decoded(bench, spec, vae, case)


def _planned(bench: Bench, spec: ModelSpec, size: tuple[int, int], cap: float) -> list[Plan]:
    card = replace(bench.here, vram_total_gb=cap, vram_free_gb=cap, bf16=True)
    return plans(_extent(spec, size), spec, card)


def _distinct(
    bench: Bench,
    spec: ModelSpec,
    cases: list[tuple[tuple[int, int], float]],
    precision: Precision,
) -> list[tuple[tuple[int, int], float, Plan]]:
    """The plans of a precision that fit, each at the smallest card it is for: of several that are
    the same to the card, one."""
    same = {
        (size, plan.residency is Residency.RESIDENT, plan.streamed_blocks): (size, cap, plan)
        for size, cap in cases
        for plan in _planned(bench, spec, size, cap)
        if plan.fits and plan.precision is precision
    }
    return list(same.values())


def _sampled(
    bench: Bench,
    spec: ModelSpec,
    model: WanTransformer3DModel,
    case: tuple[tuple[int, int], float, Plan],
    baseline: dict[tuple[int, int], torch.Tensor],
) -> dict[str, Any]:
    """One expert as planned. baseline: size → what the first plan's forward gave."""
    size, cap, plan = case
    run = _run(spec, size, plan)
    given = _inputs(bench, spec, size)
    results: list[torch.Tensor] = []
    on_call = stream.OnCall(model, model.blocks, plan.streamed_blocks, stream.mover(bench.device))

    def work() -> float:
        others = _others(bench, run)
        try:
            on_call.enter()
            began = bench.now()
            results.append(model(**given, return_dict=False)[0].cpu())
            if not bench.steps:
                return 2 * (bench.now() - began)
            began = bench.now()
            for _ in range(2 * bench.steps):
                model(**given, return_dict=False)
            return (bench.now() - began) / bench.steps
        finally:
            on_call.leave()
            del others

    bench.hold_to(cap)
    measured = bench.measured(work)
    bench.hold_to(bench.here.vram_total_gb or 1.0)
    floor = forward_flops(run.extent, spec) / run.extent.steps / bench.here.teraflops / 1e12
    return {
        **_case(spec, size, cap, plan),
        "stage": "sample",
        "predicted_gb": run.sample().vram,
        **measured,
        "floor_seconds": floor,
        "equal": torch.equal(baseline.setdefault(size, results[0]), results[0])
        if results
        else None,
    }


def _read(bench: Bench, spec: ModelSpec) -> dict[str, Any]:
    """The text encoder in bf16, its blocks streaming, as in every plan whose parts take turns."""
    encoder = _encoder(bench)
    blocks = encoder.encoder.block
    on_call = stream.OnCall(encoder, blocks, len(blocks), stream.mover(bench.device))
    ids = torch.zeros(1, spec.text_tokens, dtype=torch.long, device=bench.device)

    def work() -> float:
        try:
            on_call.enter()
            encoder(ids, torch.ones_like(ids))
            began = bench.now()
            encoder(ids, torch.ones_like(ids))
            return bench.now() - began
        finally:
            on_call.leave()

    run = replace(
        _run(spec, SIZES[spec.id][0], None),
        placement=Placement(Precision.BF16, Residency.SWAP, 0, Precision.BF16),
    )
    return {
        "model": spec.id,
        "precision": "bf16",
        "stage": "text",
        "predicted_gb": run.text().vram,
        **bench.measured(work),
    }


def _decoded(
    bench: Bench,
    spec: ModelSpec,
    vae: AutoencoderKLWan,
    case: tuple[tuple[int, int], float, Plan],
) -> dict[str, Any]:
    """Three latent frames of a film, or of one tile of it; the others take what the last takes."""
    size, cap, plan = case
    width, height = TINY_SIZE if bench.tiny else plan.tile or size
    run = _run(spec, size, plan)
    shape = (1, spec.latent_channels, 1, height // spec.stride[1], width // spec.stride[2])

    def work() -> float:
        others = _others(bench, run, spec.experts)
        try:
            vae.to(bench.device)
            cache = seams.empty_cache(vae.decoder)
            latent = torch.zeros(shape, device=bench.device)
            for first in (True, False, False):
                began = bench.now()
                seams.to_pixels(vae, seams.decode_chunk(vae, latent, cache, first))
            return bench.now() - began
        finally:
            vae.to("cpu")
            del others

    bench.hold_to(cap)
    measured = bench.measured(work)
    bench.hold_to(bench.here.vram_total_gb or 1.0)
    return {
        **_case(spec, size, cap, plan),
        "stage": "decode",
        "predicted_gb": run.decode().vram,
        **measured,
    }


def _others(bench: Bench, run: Run, experts: int | None = None) -> torch.Tensor:
    """Room for what stays on the card besides what works, where everything does: the VAE beside
    one expert of all, or so many experts beside the VAE."""
    size = 0.0
    if run.placement.residency is Residency.RESIDENT and not bench.tiny:
        vae = run.spec.vae_bytes / GIB
        beside = run.expert_gb * (run.spec.experts - 1) + vae
        size = beside if experts is None else run.expert_gb * experts
    return torch.empty(int(size * GIB), dtype=torch.uint8, device=bench.device)


# -- what is measured, with random weights


def _expert(bench: Bench, id: str, precision: Precision) -> WanTransformer3DModel:
    config = {**published.TRANSFORMERS[id], **(TINY_EXPERT if bench.tiny else {})}
    with init_empty_weights():
        model = WanTransformer3DModel(**config)
    if precision in quantize.QUANTIZED:
        quantize.replace_linears(model.blocks, precision, torch.bfloat16, skip=())
    _fill(bench, model, seams.FP32_ISLANDS)
    return model.eval()


def _encoder(bench: Bench) -> UMT5EncoderModel:
    config = {**published.TEXT_ENCODER, **(TINY_ENCODER if bench.tiny else {})}
    with init_empty_weights():
        model = UMT5EncoderModel(UMT5Config(**config))
    model.set_input_embeddings(model.shared)
    _fill(bench, model, ())
    return model.eval()


def _vae(bench: Bench, id: str) -> AutoencoderKLWan:
    config = {**published.VAES[id], **(TINY_VAE if bench.tiny else {})}
    if bench.tiny and "decoder_base_dim" in config:
        config["decoder_base_dim"] = TINY_VAE["base_dim"]
    return AutoencoderKLWan(**config).eval()


def _fill(bench: Bench, model: nn.Module, islands: tuple[str, ...]) -> None:
    """Random weights in bf16, made and quantized on the device, kept in main memory."""
    layers = quantize.quantized_layers(model)
    home = torch.device("cpu")
    for name, parameter in list(model.named_parameters()):
        path, _, leaf = name.rpartition(".")
        layer = layers.get(path) if leaf == "weight" else None
        shape = (layer.out_features, layer.in_features) if layer else parameter.shape
        value = torch.randn(shape, dtype=torch.bfloat16, device=bench.device) * 0.02
        if layer is not None:
            quantize.quantize_weight(layer, value, bench.device)
            quantize.move_weight(layer, home)
            continue
        dtype = torch.float32 if set(islands) & set(name.split(".")) else torch.bfloat16
        set_module_tensor_to_device(model, name, home, value.to(home, dtype), dtype)


def _inputs(bench: Bench, spec: ModelSpec, size: tuple[int, int]) -> dict[str, torch.Tensor]:
    """What one forward of an expert is given."""
    extent = _extent(spec, TINY_SIZE if bench.tiny else size)
    if bench.tiny:
        extent = replace(extent, frames=5)
    frames, rows, columns = spec.stride
    latent = ((extent.frames - 1) // frames + 1, extent.height // rows, extent.width // columns)
    config = published.TRANSFORMERS[spec.id]
    tokens = latent[0] * latent[1] * latent[2] // 4
    each = (1, tokens) if spec.expand_timesteps else (1,)
    draw = torch.Generator(bench.device).manual_seed(1)

    def random(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=draw, device=bench.device).to(torch.bfloat16)

    return {
        "hidden_states": random(1, config["in_channels"], *latent),
        "timestep": torch.full(each, 900.0, device=bench.device),
        "encoder_hidden_states": random(1, spec.text_tokens, config["text_dim"]),
    }


def _extent(spec: ModelSpec, size: tuple[int, int]) -> Extent:
    return Extent(width=size[0], height=size[1], frames=spec.frames, steps=spec.sampling.steps)


def _run(spec: ModelSpec, size: tuple[int, int], plan: Plan | None) -> Run:
    return Run(
        extent=_extent(spec, size),
        spec=spec,
        placement=plan.placement if plan else Placement(Precision.BF16, Residency.SWAP),
        tile=plan.tile if plan else None,
        bf16=True,
    )


# -- what is told of it

HEAD = (
    "model      size       cap  precision  waits     streams  tile  stage   predicted  measured"
    "  reserved     s  × floor  equal"
)


def _case(spec: ModelSpec, size: tuple[int, int], cap: float, plan: Plan) -> dict[str, Any]:
    return {
        "model": spec.id,
        "size": size,
        "cap_gb": cap,
        "precision": plan.precision.value,
        "residency": plan.residency.value,
        "streamed": plan.streamed_blocks,
        "tile": plan.tile,
    }


def _row(line: dict[str, Any]) -> str:
    def number(key: str, width: int) -> str:
        value = line.get(key)
        return f"{value:{width}.2f}" if value is not None else " " * (width - 1) + "–"

    size = "{}×{}".format(*line["size"]) if "size" in line else ""
    floor = line.get("floor_seconds")
    times = f"{line['seconds'] / floor:9.2f}" if floor and line.get("seconds") else " " * 8 + "–"
    measured = "   no room" if line.get("out_of_memory") else number("allocated_gb", 10)
    return (
        f"{line['model']:<10} {size:<10} {line.get('cap_gb', ''):<4} {line['precision']:<10} "
        f"{line.get('residency', ''):<9} {line.get('streamed', ''):>7} "
        f"{(line.get('tile') or ['–'])[0]:>5}  {line['stage']:<7} {number('predicted_gb', 9)}"
        f"{measured}{number('reserved_gb', 10)}{number('seconds', 6)}{times}  "
        f"{line.get('equal', '')}"
    )


def _is_over(line: dict[str, Any]) -> bool:
    return bool(
        line.get("out_of_memory") or line.get("allocated_gb", 0.0) > line["predicted_gb"]
    ) or (line.get("equal") is False)


def _commit() -> str:
    try:
        told = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], cwd=FOLDER, capture_output=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return ""  # a copy without its history
    return told.stdout.decode().strip()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", action="append", choices=list(SIZES))
    parser.add_argument("--precision", action="append", choices=["bf16", "int8", "nf4"])
    parser.add_argument("--cap", action="append", type=float)
    parser.add_argument("--size", action="append")
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--results", type=Path)
    parser.add_argument("--tiny", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
