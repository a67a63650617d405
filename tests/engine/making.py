"""What the engine's tests are about: a roomy computer, small shots, finished renders."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from studio.events import Event, Finished, Progress
from studio.models import MODELS
from studio.plan import Hardware
from studio.shot import Kind, Shot

# Room for everything in fp32: the tiny weights stand where the plan expects the published ones.
ROOMY = Hardware(
    device="a roomy processor",
    vram_total_gb=0.0,
    vram_free_gb=0.0,
    ram_total_gb=1000.0,
    ram_free_gb=1000.0,
    bf16=False,
    teraflops=0.0,
)
SIZES = {"ti2v-5b": (96, 64)}


def make_shot(model: str = "t2v-a14b", **changes: Any) -> Shot:
    """A small quick shot of a model, sampled as its makers do."""
    sampling = MODELS[model].sampling
    width, height = SIZES.get(model, (48, 32))
    plain = Shot(
        kind=Kind.PREVIEW,
        model=model,
        prompt="a red ball bounces over the sea",
        negative_prompt="overexposed, 静态",
        width=width,
        height=height,
        frames=9,
        fps=8,
        steps=5,
        flow_shift=sampling.flow_shift,
        guidance_high=sampling.guidance_high,
        guidance_low=sampling.guidance_low,
        boundary=sampling.boundary,
        seed=7,
        picture=None,
        last_picture=None,
        refine=None,
    )
    return replace(plain, **changes)


@dataclass
class Render:
    """One finished render: its frames as they were before encoding, and what was said."""

    finished: Finished
    frames: list[np.ndarray]
    events: list[Event] = field(default_factory=list)

    @property
    def progress(self) -> list[Progress]:
        return [event for event in self.events if isinstance(event, Progress)]

    @property
    def experts(self) -> list[str | None]:
        return [event.expert for event in self.progress if event.stage == "sample"]
