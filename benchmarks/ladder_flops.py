"""How much is computed by way of previews, against full runs: python benchmarks/ladder_flops.py

Four previews, one of which is refined, against four runs at full size, on the real configuration of
T2V-A14B with 81 frames and guidance. Floating point operations are counted by torch on tensors
without memory; nothing is timed. Prints a table and one JSON line.
"""

import json
from functools import cache
from pathlib import Path
from sys import path

path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch
from diffusers import WanTransformer3DModel
from torch.utils.flop_counter import FlopCounterMode

from studio import ladder
from studio.models import T2V_A14B

TAKES = 4
FRAMES = 81
LADDERS = (((640, 352), (1280, 704)), ((832, 480), (1248, 720)))
# The 4-step distillation LoRAs run without guidance: one forward a step.
DISTILLED_STEPS = 4


def main() -> None:
    results = [row(small, large) for small, large in LADDERS]
    for name in results[0]:
        print(f"{name:<44}", *(f"{result[name]:>24}" for result in results))
    print(json.dumps({"benchmark": "ladder_flops", "rows": results}))


def row(small: tuple[int, int], large: tuple[int, int]) -> dict[str, object]:
    sampling = T2V_A14B.sampling
    assert sampling.boundary is not None
    ratio = ladder.ratio_between(small, large)
    lifted_after = ladder.lift_step(sampling.steps, sampling.flow_shift, sampling.boundary, ratio)
    assert lifted_after is not None
    sigma = ladder.schedule(sampling.steps, sampling.flow_shift)[lifted_after]
    start = ladder.rewound(sigma, ratio)
    refine_steps = ladder.steps_after(start, ratio, sampling.steps, sampling.flow_shift)

    guided_small, guided_large = 2 * forward(*small), 2 * forward(*large)
    full = TAKES * sampling.steps * guided_large
    refine = refine_steps * guided_large
    finished = TAKES * sampling.steps * guided_small + refine
    stopped = TAKES * lifted_after * guided_small + refine
    distilled = TAKES * DISTILLED_STEPS * forward(*small) + refine
    return {
        "ladder": "{}×{} → {}×{}".format(*small, *large),
        "petaflops of one forward, small / large": f"{forward(*small) / 1e15:.2f} / "
        f"{forward(*large) / 1e15:.2f}",
        "lifted after step, at σ → σ": f"{lifted_after}, {sigma:.3f} → {start:.3f}",
        "steps of the refine": refine_steps,
        "four full runs, petaflops": round(full / 1e15, 1),
        "finished previews + refine: times less": round(full / finished, 2),
        "previews stopped at the lift: times less": round(full / stopped, 2),
        "previews with 4-step LoRAs: times less": round(full / distilled, 2),
    }


@cache
def forward(width: int, height: int) -> int:
    """Operations of one forward of one expert at a size."""
    with torch.device("meta"):
        model = WanTransformer3DModel(
            patch_size=(1, 2, 2),
            num_attention_heads=40,
            attention_head_dim=128,
            in_channels=16,
            out_channels=16,
            text_dim=4096,
            freq_dim=256,
            ffn_dim=13824,
            num_layers=40,
            cross_attn_norm=True,
            qk_norm="rms_norm_across_heads",
            rope_max_seq_len=1024,
        )
        latents = torch.empty(1, 16, (FRAMES - 1) // 4 + 1, height // 8, width // 8)
        text = torch.empty(1, 512, 4096)
        timestep = torch.empty(1)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(hidden_states=latents, timestep=timestep, encoder_hidden_states=text)
    return counter.get_total_flops()


if __name__ == "__main__":
    main()
