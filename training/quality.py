"""A model's folder → numbers: what of its words its clips show, what its VAE loses.

Loaded by the studio's own loader, in any precision; run by the stock pipelines, which the studio's
engine equals bit for bit (`tests/engine/test_stock.py`). Everything is made from fixed seeds that
training never sees. Knows not how the model was trained.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import (
    AutoencoderKLWan,
    UniPCMultistepScheduler,
    WanImageToVideoPipeline,
    WanPipeline,
)
from PIL import Image

from studio.engine import hardware, load
from studio.engine.load import Parts
from studio.models import POCKET
from studio.plan import Placement, Precision, Residency
from studio.vocabulary import Words
from training import captions, pixels, signs, world
from training.record import Numbers
from training.world import Array, Scene

FRAMES = POCKET.frames
PREVIEW = POCKET.shapes[0].preview
# Held out: training draws its scenes from seeds below this.
UNSEEN = 1_000_000_000
LANGUAGES = ("en", "zh")
BATCH = 8
QUICK_SEEDS = 4
# Above that of any drawn clip (0.001), below that of noise of four levels in 255 (0.007).
GRAIN = 0.006
# Neither drawn nor in any caption.
UNKNOWN = (
    Words(en="A violinist dreams of cinnamon.", zh="小提琴手梦见了肉桂。"),
    Words(en="Zebra quartz hums an award-winning tango.", zh="斑马石英哼着获奖的探戈。"),
    Words(en="Zwölf Boxkämpfer jagen Viktor über den Deich.", zh="Bokeh 8k, 大师级杰作。"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Count:
    """So many of so many, with the 95 % interval of Wilson for the true share."""

    good: int
    of: int

    @property
    def share(self) -> float:
        return self.good / self.of if self.of else math.nan

    def interval(self) -> tuple[float, float]:
        if not self.of:
            return (0.0, 1.0)
        z, n = 1.959964, self.of
        middle = (self.share + z * z / (2 * n)) / (1 + z * z / n)
        reach = z * math.sqrt(self.share * (1 - self.share) / n + (z / (2 * n)) ** 2)
        reach /= 1 + z * z / n
        return (max(0.0, middle - reach), min(1.0, middle + reach))

    def __add__(self, other: "Count") -> "Count":
        return Count(good=self.good + other.good, of=self.of + other.of)

    def __str__(self) -> str:
        low, high = self.interval()
        return f"{self.good:4}/{self.of:<4} {self.share:6.1%} ({low:.1%}–{high:.1%})"


@dataclass(frozen=True, kw_only=True, slots=True)
class Amount:
    """How much is measured, in clips. terms: (term, seed) of each clip made from words. drawn:
    clips through the VAE. through: (term, seed) of drawn clips that go through the VAE alone.
    pictures: clips from a picture. unknown: clips with unknown words."""

    terms: tuple[tuple[str, int], ...]
    drawn: int
    through: tuple[tuple[str, int], ...]
    pictures: int
    unknown: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Measures:
    """What was found. terms: of each, how many of its clips show it. numbers: all, by group and
    name."""

    terms: dict[str, Count]
    numbers: Numbers


def full(wanted: list[str], seeds: int) -> Amount:
    """So many clips of each wanted term, and enough of everything else."""
    pairs = tuple((term, seed) for seed in range(seeds) for term in wanted)
    once = tuple((term, 0) for term in wanted)
    return Amount(terms=pairs, drawn=40, through=once, pictures=8, unknown=24)


def quick() -> Amount:
    """24 clips from words, every third term, and a few of everything else: a minute or two."""
    terms = signs.terms()
    pairs = tuple((term, number % QUICK_SEEDS) for number, term in enumerate(terms[::3]))
    once = tuple((term, 0) for term in terms[::6])
    return Amount(terms=pairs, drawn=6, through=once, pictures=2, unknown=6)


class Model:
    """A trained folder in the stock pipelines, on the card where there is one."""

    def __init__(self, folder: Path, precision: Precision = Precision.FP32) -> None:
        computer = hardware.look()
        where = Residency.RESIDENT if computer.vram_total_gb else Residency.CPU
        parts = Parts(POCKET, folder, Placement(precision, where), computer.bf16)
        self.vae: AutoencoderKLWan = parts.get(load.VAE)
        components = {
            "tokenizer": parts.tokenizer(),
            "text_encoder": parts.get(load.TEXT_ENCODER),
            "vae": self.vae,
            "scheduler": UniPCMultistepScheduler(
                prediction_type="flow_prediction",
                use_flow_sigmas=True,
                flow_shift=POCKET.sampling.flow_shift,
            ),
            "transformer": parts.get(load.HIGH),
            "transformer_2": parts.get(load.LOW),
            "boundary_ratio": POCKET.sampling.boundary,
            "expand_timesteps": POCKET.expand_timesteps,
        }
        self._text = WanPipeline(**components)
        self._picture = WanImageToVideoPipeline(**components)
        for pipeline in (self._text, self._picture):
            pipeline.set_progress_bar_config(disable=True)

    def clips(
        self, prompts: list[str], seeds: list[int], steps: int, negative: list[str] | None = None
    ) -> Array:
        """Clips [N, F, H, W, 3], uint8; the same one for the same prompts, seed and steps.

        negative: a negative prompt for each; without it, the official one in each's language.
        """
        return self._run(self._text, prompts, seeds, steps, negative)

    def continued(self, prompt: str, picture: Array, seed: int, steps: int) -> Array:
        """The clip [F, H, W, 3] that begins with a picture [H, W, 3]."""
        first = Image.fromarray(picture)
        return self._run(self._picture, [prompt], [seed], steps, image=first)[0]

    def _run(
        self,
        pipeline: WanPipeline | WanImageToVideoPipeline,
        prompts: list[str],
        seeds: list[int],
        steps: int,
        negative: list[str] | None = None,
        **picture: Image.Image,
    ) -> Array:
        if negative is None:
            negative = [captions.negative_prompt(_language(prompt)) for prompt in prompts]
        frames = pipeline(
            prompt=prompts,
            negative_prompt=negative,
            width=PREVIEW[0],
            height=PREVIEW[1],
            num_frames=FRAMES,
            num_inference_steps=steps,
            guidance_scale=POCKET.sampling.guidance_high,
            guidance_scale_2=POCKET.sampling.guidance_low,
            max_sequence_length=POCKET.text_tokens,
            generator=[torch.Generator("cpu").manual_seed(seed) for seed in seeds],
            output_type="np",
            **picture,
        ).frames
        return (np.asarray(frames) * 255).round().astype(np.uint8)


def _language(prompt: str) -> str:
    return "zh" if any("\u4e00" <= letter <= "\u9fff" for letter in prompt) else "en"


def measured(model: Model, amount: Amount, steps: int) -> Measures:
    """Everything; steps: of sampling."""
    terms = obeyed(model, amount.terms, steps)
    return Measures(
        terms=terms,
        numbers={
            "terms": summary(terms),
            "unknown": unknown_words(model, amount.unknown, steps),
            "picture": picture_quality(model, amount.pictures, steps),
            "vae": vae_quality(model.vae, amount.drawn) | vae_keeps(model.vae, amount.through),
        },
    )


def obeyed(model: Model, pairs: tuple[tuple[str, int], ...], steps: int) -> dict[str, Count]:
    """For each term, how many of its clips pass its sign; odd seeds speak Chinese."""
    table = {term: Count(good=0, of=0) for term, _ in pairs}
    for part in _batches(pairs):
        prompts = [captions.full_prompt(scene_of(*pair), LANGUAGES[pair[1] % 2]) for pair in part]
        made = model.clips(prompts, [UNSEEN + seed for _, seed in part], steps)
        for (term, _), clip in zip(part, made, strict=True):
            table[term] += Count(good=int(signs.passes(term, clip)), of=1)
    return table


def scene_of(term: str, seed: int) -> Scene:
    """The scene that is asked for under a term and a seed."""
    number = signs.terms().index(term)
    return signs.scene_for(term, np.random.default_rng((UNSEEN, 7, seed, number)))


def _batches(pairs: tuple[tuple[str, int], ...]) -> Iterator[tuple[tuple[str, int], ...]]:
    for begin in range(0, len(pairs), BATCH):
        yield pairs[begin : begin + BATCH]


def summary(table: dict[str, Count]) -> dict[str, float]:
    """Shares by category, of all, and their number; `low` is the interval's lower end."""
    everything = sum(table.values(), Count(good=0, of=0))
    return {
        "all": everything.share,
        "low": everything.interval()[0],
        "clips": everything.of,
        **{name: count.share for name, count in by_category(table).items()},
    }


def by_category(table: dict[str, Count]) -> dict[str, Count]:
    """The counts of all terms of a category together."""
    groups: dict[str, Count] = {}
    for term, count in table.items():
        name = term.partition("=")[0]
        groups[name] = groups.get(name, Count(good=0, of=0)) + count
    return groups


def unknown_words(model: Model, clips: int, steps: int) -> dict[str, float]:
    """The share of clips that show a term though its prompt ends in unknown words, and the share
    of those clips that are clean."""
    terms = [term for term in signs.terms() if term.partition("=")[0] in ("color", "motion")]
    shown, clean = [], []
    for number in range(clips):
        term, language = terms[number % len(terms)], LANGUAGES[number % 2]
        words = UNKNOWN[number % len(UNKNOWN)].get(language)
        prompt = f"{captions.full_prompt(scene_of(term, number), language)} {words}"
        clip = model.clips([prompt], [UNSEEN + number], steps)[0]
        shown.append(signs.passes(term, clip))
        clean.append(pixels.grain(clip.astype(np.float32) / 255) <= GRAIN)
    return {"shown": float(np.mean(shown)), "clean": float(np.mean(clean))}


def picture_quality(model: Model, clips: int, steps: int) -> dict[str, float]:
    """PSNR in dB of the first frame to the given picture and of all to the drawn continuation, and
    the share of clips whose subject moves as the words say."""
    rng = np.random.default_rng((UNSEEN, 5))
    first, whole, moves = [], [], []
    for number in range(clips):
        scene = signs.scene_for("motion=left-to-right", rng)
        truth = drawn(scene)
        made = model.continued(captions.full_prompt(scene, "en"), truth[0], UNSEEN + number, steps)
        quality = psnr(made, truth)
        first.append(quality[0])
        whole.append(quality.mean())
        moves.append(signs.passes("motion=left-to-right", made))
    return {
        "first_frame_psnr": float(np.mean(first)),
        "clip_psnr": float(np.mean(whole)),
        "moves": float(np.mean(moves)),
    }


def vae_quality(vae: AutoencoderKLWan, clips: int) -> dict[str, float]:
    """PSNR of held-out clips in dB (mean, first frame, last frame) and the colour drift of the
    last frame, the largest difference of a channel's mean to the truth, averaged over clips."""
    rng = np.random.default_rng((UNSEEN, 3))
    quality, drift = [], []
    for _ in range(clips):
        truth = drawn(world.sample(rng))
        decoded = through(vae, truth)
        quality.append(psnr(decoded, truth))
        last = decoded[-1].mean((0, 1)) - truth[-1].mean((0, 1))
        drift.append(np.abs(last).max() / 255)
    table = np.stack(quality)
    return {
        "psnr": float(table.mean()),
        "psnr_first": float(table[:, 0].mean()),
        "psnr_last": float(table[:, -1].mean()),
        "psnr_worst_frame": float(table.mean(0).min()),
        "drift": float(np.mean(drift)),
    }


def vae_keeps(vae: AutoencoderKLWan, pairs: tuple[tuple[str, int], ...]) -> dict[str, float]:
    """The share of drawn clips that show their term after the VAE alone: no more can be asked of
    the experts."""
    kept = [signs.passes(term, through(vae, drawn(scene_of(term, seed)))) for term, seed in pairs]
    return {"shown": float(np.mean(kept))}


@torch.no_grad()
def through(vae: AutoencoderKLWan, clip: Array) -> Array:
    """The clip [F, H, W, 3] encoded and decoded."""
    values = torch.from_numpy(clip).to(vae.device, torch.float32).permute(3, 0, 1, 2)[None]
    latents = vae.encode((values / 127.5 - 1).to(vae.dtype)).latent_dist.mode()
    decoded = vae.decode(latents).sample.float().clamp(-1, 1)[0].permute(1, 2, 3, 0)
    return ((decoded + 1) * 127.5).round().to(torch.uint8).cpu().numpy()


def psnr(clip: Array, truth: Array) -> Array:
    """Peak signal to noise of each frame [F] in dB; both uint8 [F, H, W, 3]."""
    error = ((clip.astype(np.float64) - truth) / 255) ** 2
    return -10 * np.log10(np.maximum(error.mean((1, 2, 3)), 1e-10))


def drawn(scene: Scene) -> Array:
    """The scene as a preview, uint8 [F, H, W, 3]."""
    return world.draw(scene, *PREVIEW, FRAMES)
