"""What keeping a render safe costs: python benchmarks/checkpoints.py [FOLDER]

Checkpoints of the true sizes, latents, solver state and the latents of both lifts, written whole
into FOLDER (else the system's folder for temporary files) and read again; and how much of a step
that is on an RTX 4090, were it never to wait for anything. Goal: at most 3 % of the time.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch

from studio import ladder, plan
from studio.engine import kept
from studio.engine.kept import Checkpoint
from studio.engine.record import SHARE, STEPS_APART
from studio.engine.scheduler import SolverState
from studio.models import MODELS, ModelSpec
from studio.shot import Kind, Shot

ROUNDS = 5
MB = 1024**2
CARD_TFLOPS = 165.0  # RTX 4090, bf16, from its data sheet; no program reaches it
SIZES = (
    ("t2v-a14b", (832, 480)),
    ("t2v-a14b", (1248, 720)),
    ("ti2v-5b", (1280, 704)),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, nargs="?", default=Path(tempfile.gettempdir()))
    folder = parser.parse_args().folder
    print(
        f"{'model':10} {'size':>10} {'file':>8} {'write':>8} {'read':>8} {'step':>8} {'share':>7}"
    )
    rows = []
    for model, size in SIZES:
        row = measured(MODELS[model], size, folder)
        rows.append(row)
        print(
            f"{model:10} {size[0]:>5}×{size[1]:<4} {row['mb']:5.0f} MB {row['write']:6.3f} s "
            f"{row['read']:6.3f} s {row['step']:6.2f} s {100 * row['share']:5.1f} %"
        )
    print(
        f"A checkpoint is written after every step while it costs at most {100 * SHARE:g} % of it,"
    )
    print(f"else every {STEPS_APART} steps, which halves the share.")
    print(json.dumps({"benchmark": "checkpoints", "rows": rows}))
    return 0 if all(row["share"] / STEPS_APART <= SHARE for row in rows) else 1


def measured(spec: ModelSpec, size: tuple[int, int], folder: Path) -> dict[str, float]:
    """Megabytes, and seconds of writing, of reading and of one step; the share of the step."""
    shot = a_shot(spec, size)
    latents = torch.randn(
        1,
        spec.latent_channels,
        (shot.frames - 1) // spec.stride[0] + 1,
        size[1] // spec.stride[1],
        size[0] // spec.stride[2],
    )
    tensors = {
        name: latents.clone() for name in ("model_outputs.0", "model_outputs.1", "last_sample")
    }
    numbers = {"step_index": 30, "lower_order_nums": 2, "this_order": 2}
    lifts = ladder.RATIOS if spec.experts > 1 else ()
    noisy = {ratio: latents.to(kept.COMPACT) for ratio in lifts}
    checkpoint = Checkpoint(
        step=30,
        latents=latents,
        solver=SolverState(tensors=tensors, numbers=numbers),
        noisy=noisy,
        seconds=0.0,
    )
    path = folder / f"rushes-benchmark-{spec.id}.safetensors"
    writing, reading = [], []
    try:
        for _ in range(ROUNDS):
            began = time.perf_counter()
            kept.save_checkpoint(path, shot, checkpoint)
            written = time.perf_counter()
            assert kept.load_checkpoint(path, shot) is not None
            writing.append(written - began)
            reading.append(time.perf_counter() - written)
        megabytes = path.stat().st_size / MB
    finally:
        path.unlink(missing_ok=True)
    step = plan.forward_flops(shot.extent, spec) / shot.steps / CARD_TFLOPS / 1e12
    return {
        "mb": megabytes,
        "write": median(writing),
        "read": median(reading),
        "step": step,
        "share": median(writing) / step,
    }


def a_shot(spec: ModelSpec, size: tuple[int, int]) -> Shot:
    sampling = spec.sampling
    return Shot(
        kind=Kind.PREVIEW,
        model=spec.id,
        prompt="a red ball",
        negative_prompt="",
        width=size[0],
        height=size[1],
        frames=spec.frames,
        fps=spec.fps,
        steps=sampling.steps,
        flow_shift=sampling.flow_shift,
        guidance_high=sampling.guidance_high,
        guidance_low=sampling.guidance_low,
        boundary=sampling.boundary,
        seed=7,
        picture=None,
        last_picture=None,
        refine=None,
    )


if __name__ == "__main__":
    raise SystemExit(main())
