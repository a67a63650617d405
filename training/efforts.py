"""How much is drawn and how large the batches are, for each kind of computer, as data."""

from dataclasses import dataclass

from studio.models import POCKET

Size = tuple[int, int]
PREVIEWS: tuple[Size, ...] = tuple(shape.preview for shape in POCKET.shapes)
FINALS: tuple[Size, ...] = tuple(shape.final for shape in POCKET.shapes)


@dataclass(frozen=True, kw_only=True, slots=True)
class Effort:
    """How much work a training is.

    sizes: (width, height) → its share of the training steps. vae_clips, clips: drawn for the VAE
    and for the experts, over all sizes. vae_batch, batch: clips in one step at the size of a
    preview; larger sizes take fewer, so that a step is as long. rate: the experts' highest learning
    rate; larger batches bear a higher one. minutes: of the whole training. steps: end each stage
    after so many steps instead of by the clock. side_by_side: each expert is trained by a process
    of its own, at the same time. compiled: their blocks, which takes a minute or two and a C++
    compiler.
    """

    sizes: dict[Size, float]
    vae_clips: int
    vae_batch: int
    clips: int
    batch: int
    rate: float
    minutes: float
    frames: int = POCKET.frames
    steps: int | None = None
    side_by_side: bool = False
    compiled: bool = False


BOTH_SIZES = {
    **dict(zip(PREVIEWS, (0.36, 0.18, 0.18), strict=True)),
    **dict(zip(FINALS, (0.12, 0.08, 0.08), strict=True)),
}
# Where time is short: what is measured first is learned first.
MOSTLY_PREVIEWS = {
    **dict(zip(PREVIEWS, (0.58, 0.16, 0.16), strict=True)),
    **dict(zip(FINALS, (0.04, 0.03, 0.03), strict=True)),
}

EFFORTS = {
    # One large graphics card: 20 minutes with everything, drawing included.
    "cuda": Effort(
        sizes=BOTH_SIZES,
        vae_clips=4000,
        vae_batch=48,
        clips=20000,
        # A step of 256 took 70 ms on an H200, nearly all of it to tell the card what to do.
        batch=1024,
        rate=2.5e-3,
        minutes=17,
        side_by_side=True,
        compiled=True,
    ),
    # Two processor cores: in the background, in as many stretches as it takes.
    "cpu": Effort(
        sizes=MOSTLY_PREVIEWS,
        vae_clips=1200,
        vae_batch=4,
        clips=8000,
        batch=24,
        rate=1.2e-3,
        minutes=300,
        side_by_side=True,
        compiled=True,
    ),
    # Seconds: every line of the training runs, and nothing is learned.
    "smoke": Effort(
        sizes={(48, 32): 0.7, (32, 48): 0.3},
        vae_clips=12,
        vae_batch=2,
        clips=12,
        batch=2,
        rate=1e-3,
        minutes=1,
        frames=5,
        steps=2,
    ),
}

# Parts of the whole time. The rest is drawing, encoding and writing.
SHARES = {"vae": 0.38, "decoder": 0.07, "words": 0.05, "experts": 0.5}
