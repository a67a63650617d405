"""Which way from a preview to full size is best, and what the fidelity slider gives.

    python benchmarks/refine.py [--quick | --slider] [--minutes N] [--model FOLDER] [--json FILE]

On the built-in model, from previews of drawn scenes, at both ratios and several starting sigmas:
the ways the studio has and those it has not, all with the same number of steps; the same seed run
again at full size; and the slider's places as the studio takes them, with its own steps. For each:
how well the result, made small again, agrees with the preview (PSNR, SSIM), how many of the words
that can be seen in the drawn truth show, how sharp it is against that truth, forwards and seconds.
Scene after scene until the minutes are over (55; with --quick 6 and fewer rows; with --slider 7,
its places and the seed run again alone). Prints a table, the goals, the lines for
`studio/fidelity.py` and one JSON line.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import torch
from PIL import Image

from studio import fidelity, ladder, mp4
from studio.engine import decode, glimpse, hardware, lift, load, refine, seams
from studio.engine.film import ways
from studio.engine.glimpse import Glimpses
from studio.engine.kept import Kept
from studio.engine.load import Parts
from studio.engine.record import Record
from studio.engine.sample import Aside, Pictures, Start, noise, sample
from studio.engine.text import Text, encode
from studio.engine.watch import Watch
from studio.models import POCKET
from studio.paths import ASSETS
from studio.plan import choose
from studio.shot import Kind, Refine, Shot, Way, decide_refine
from training import captions, signs, world
from training.world import Scene

Array = np.ndarray
FINALS = {1.5: (144, 96), 2.0: (192, 128)}
# Every way is given so many steps, whatever its sigma: those of the studio's freest refine.
STEPS = 5
UNSEEN = 2_000_000_000
NO_PICTURES = Pictures(first=None, last=None)
AGAIN = "the seed again"
AGREED = 0.9


@dataclass(frozen=True, kw_only=True)
class Grid:
    """What is compared. sigmas: for each ratio. slider: places of it."""

    sigmas: dict[float, tuple[float, ...]]
    slider: tuple[float, ...]
    minutes: float


WHOLE = Grid(
    sigmas={1.5: (0.8, 0.5), 2.0: (0.8, 0.65, 0.5, 0.35)},
    slider=tuple(level.fidelity for level in fidelity.LEVELS),
    minutes=55.0,
)
QUICK = Grid(
    sigmas={1.5: (0.65,), 2.0: (0.8, 0.5)},
    slider=tuple(level.fidelity for level in fidelity.LEVELS[::2]),
    minutes=6.0,
)

SLIDER = replace(WHOLE, sigmas={2.0: ()}, minutes=7.0)


@dataclass(frozen=True, kw_only=True)
class Preview:
    """A finished preview, the scene its words describe, and the words the drawn truth shows."""

    scene: Scene
    shot: Shot
    kept: Kept
    frames: Array
    film: Path
    shown: tuple[str, ...]
    seconds: float


# What was measured of one clip, by name.
Row = dict[str, float]
# A preview, the full-size shot and its sigma → where sampling begins.
Beginning = Callable[["Bench", Preview, Shot, float], Start]


class Bench:
    """The model, and how often its experts were called."""

    def __init__(self, folder: Path, scratch: Path) -> None:
        seams.quiet()
        computer = hardware.look()
        plan = choose(a_shot(world.sample(np.random.default_rng(0)), 0).extent, POCKET, computer)
        self.parts = Parts(POCKET, folder, plan.placement, computer.bf16)
        self.watch = Watch(lambda _: None, lambda: False)
        self.scratch = scratch
        self.forwards = 0
        self.text = cache(self._text)
        self.paint = glimpse.painter(self.parts, scratch)
        for name in (load.HIGH, load.LOW):
            self.parts.get(name).register_forward_hook(self._count)

    def sampled(
        self, shot: Shot, start: Start | None
    ) -> tuple[torch.Tensor, dict[float, torch.Tensor]]:
        """Finished latents, and those on the way that may be lifted."""
        record = Record(
            path=self.scratch / "checkpoint.safetensors", shot=shot, began=time.monotonic()
        )
        glimpses = Glimpses(self.scratch, "a", self.paint, POCKET.fps)
        aside = Aside(record=record, glimpses=glimpses, watch=self.watch)
        text = self.text(shot.prompt, shot.negative_prompt)
        latents = sample(self.parts, shot, text, NO_PICTURES, start, aside)
        record.forget()
        return latents, record.noisy

    def frames(self, latents: torch.Tensor) -> Array:
        return np.stack(list(decode.frames(self.parts.get(load.VAE), latents, self.watch)))

    def latents_of(self, film: Array) -> torch.Tensor:
        return decode.latents_of(self.parts.get(load.VAE), film, self.watch)

    def _text(self, prompt: str, negative: str) -> Text:
        shot = a_shot(world.sample(np.random.default_rng(0)), 0)
        said = replace(shot, prompt=prompt, negative_prompt=negative)
        return encode(self.parts, said, self.watch, self.scratch / "texts")

    def _count(self, *_: object) -> None:
        self.forwards += 1


def spectral_noisy(bench: Bench, preview: Preview, shot: Shot, _: float) -> Start:
    """From the one sigma at which they were kept."""
    ratio = ladder.ratio_between(
        (preview.shot.width, preview.shot.height), (shot.width, shot.height)
    )
    unit = noise(bench.parts, shot)
    before = _lift_sigma(preview.shot, ratio)
    small = next(one for rung, one in preview.kept.noisy.items() if abs(rung - ratio) < 0.01)
    latents = lift.lifted(small, before, unit.shape[-2:], unit)
    return Start(latents=latents, sigma=ladder.rewound(before, ratio))


def spectral_finished(bench: Bench, preview: Preview, shot: Shot, sigma: float) -> Start:
    unit = noise(bench.parts, shot)
    return Start(
        latents=lift.enlarged(preview.kept.finished, sigma, unit.shape[-2:], unit), sigma=sigma
    )


def interpolated(bench: Bench, preview: Preview, shot: Shot, sigma: float) -> Start:
    unit = noise(bench.parts, shot)
    clean = torch.nn.functional.interpolate(
        preview.kept.finished[0].transpose(0, 1), unit.shape[-2:], mode="bicubic", antialias=True
    )
    latents = lift.renoised(clean.transpose(0, 1)[None], sigma, unit)
    return Start(latents=latents, sigma=sigma)


def pixels(bench: Bench, preview: Preview, shot: Shot, sigma: float) -> Start:
    clean = bench.latents_of(resized(preview.frames, (shot.width, shot.height)))
    return Start(latents=lift.renoised(clean, sigma, noise(bench.parts, shot)), sigma=sigma)


def mixed(bench: Bench, preview: Preview, shot: Shot, sigma: float) -> Start:
    clean = bench.latents_of(resized(preview.frames, (shot.width, shot.height)))
    latents = lift.mixed(preview.kept.finished, clean)
    return Start(latents=lift.renoised(latents, sigma, noise(bench.parts, shot)), sigma=sigma)


WAYS: dict[str, Beginning] = {
    "spectral, noisy": spectral_noisy,
    "spectral, finished": spectral_finished,
    "latents, bicubic": interpolated,
    "pixels": pixels,
    "mix": mixed,
}


def a_shot(scene: Scene, seed: int) -> Shot:
    sampling = POCKET.sampling
    width, height = POCKET.shapes[0].preview
    return Shot(
        kind=Kind.PREVIEW,
        model=POCKET.id,
        prompt=captions.full_prompt(scene, "en"),
        negative_prompt=captions.negative_prompt("en"),
        width=width,
        height=height,
        frames=POCKET.frames,
        fps=POCKET.fps,
        steps=POCKET.preview_steps,
        flow_shift=sampling.flow_shift,
        guidance_high=sampling.guidance_high,
        guidance_low=sampling.guidance_low,
        boundary=sampling.boundary,
        seed=seed,
        picture=None,
        last_picture=None,
        refine=None,
    )


def _lift_sigma(preview: Shot, ratio: float) -> float:
    assert preview.boundary is not None
    step = ladder.lift_step(preview.steps, preview.flow_shift, preview.boundary, ratio)
    assert step is not None
    return ladder.schedule(preview.steps, preview.flow_shift)[step]


def final_of(preview: Shot, size: tuple[int, int], sigma: float) -> Shot:
    return replace(
        preview,
        kind=Kind.FINAL,
        width=size[0],
        height=size[1],
        steps=STEPS,
        refine=Refine(parent="0" * 12, way=Way.FINISHED, sigma=sigma, fidelity=0.5),
    )


def resized(film: Array, size: tuple[int, int]) -> Array:
    frames = [Image.fromarray(one).resize(size, Image.Resampling.LANCZOS) for one in film]
    return np.stack([np.asarray(one) for one in frames])


def psnr(one: Array, other: Array) -> float:
    error = np.mean((one.astype(float) - other.astype(float)) ** 2)
    return float(10 * np.log10(255**2 / max(error, 1e-9)))


def ssim(one: Array, other: Array) -> float:
    """Structural similarity of luma, Gaussian window of 1.5 pixels (Wang et al., 2004)."""
    weights = torch.tensor([0.299, 0.587, 0.114], dtype=torch.float64)
    a, b = (torch.from_numpy(film).double() @ weights for film in (one, other))
    span = torch.arange(-5, 6, dtype=torch.float64)
    bell = torch.exp(-(span**2) / (2 * 1.5**2))
    bell /= bell.sum()

    def blurred(film: torch.Tensor) -> torch.Tensor:
        rows = torch.nn.functional.conv2d(film[:, None], bell.view(1, 1, -1, 1))
        return torch.nn.functional.conv2d(rows, bell.view(1, 1, 1, -1))

    mean_a, mean_b = blurred(a), blurred(b)
    spread_a, spread_b = blurred(a * a) - mean_a**2, blurred(b * b) - mean_b**2
    together = blurred(a * b) - mean_a * mean_b
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    top = (2 * mean_a * mean_b + c1) * (2 * together + c2)
    return float((top / ((mean_a**2 + mean_b**2 + c1) * (spread_a + spread_b + c2))).mean())


def sharpness(film: Array) -> float:
    luma = film.astype(float).mean(-1)
    return float(np.abs(np.diff(luma, axis=-1)).mean() + np.abs(np.diff(luma, axis=-2)).mean())


def a_preview(bench: Bench, term: str, seed: int) -> Preview:
    scene = signs.scene_for(term, np.random.default_rng((UNSEEN, seed)))
    shot = a_shot(scene, seed)
    truth = world.draw(scene, shot.width, shot.height, shot.frames)
    text = bench.text(shot.prompt, shot.negative_prompt)
    began = time.perf_counter()
    finished, noisy = bench.sampled(shot, None)
    frames = bench.frames(finished)
    seconds = time.perf_counter() - began
    film = bench.scratch / f"{seed}.mp4"
    with mp4.Writer(film, shot.width, shot.height, shot.fps) as writer:
        for frame in frames:
            writer.add(frame)
        writer.tell({"benchmark": "refine"})
    return Preview(
        scene=scene,
        shot=shot,
        kept=Kept(shot=shot, finished=finished, noisy=noisy, text=text),
        frames=frames,
        film=film,
        shown=tuple(one for one in signs.terms() if signs.passes(one, truth)),
        seconds=seconds,
    )


def measured(
    bench: Bench, preview: Preview, shot: Shot, begin: Callable[[], Start | None]
) -> tuple[float, Row]:
    """The sigma it began at, and all that is said of the clip."""
    bench.forwards = 0
    began = time.perf_counter()
    start = begin()
    latents, _ = bench.sampled(shot, start)
    film = bench.frames(latents)
    seconds = time.perf_counter() - began
    small = resized(film, (preview.shot.width, preview.shot.height))
    truth = world.draw(preview.scene, shot.width, shot.height, shot.frames)
    return start.sigma if start else 1.0, {
        "psnr": psnr(small, preview.frames),
        "ssim": ssim(small, preview.frames),
        "terms": obeyed(preview, small),
        "sharpness": sharpness(film) / sharpness(truth),
        "forwards": float(bench.forwards),
        "seconds": seconds,
    }


def obeyed(preview: Preview, film: Array) -> float:
    """The part of the words seen in the drawn truth that a film of the preview's size shows."""
    return float(np.mean([signs.passes(term, film) for term in preview.shown]))


def compared(bench: Bench, preview: Preview, grid: Grid) -> Iterator[tuple[float, str, float, Row]]:
    """Ratio, way, sigma and measures of everything that one preview is compared by."""
    for ratio, sigmas in grid.sigmas.items():
        size = FINALS[ratio]
        for name, begin in WAYS.items():
            for sigma in sigmas if begin is not spectral_noisy else (1.0,):
                shot = final_of(preview.shot, size, sigma)
                start, row = measured(
                    bench, preview, shot, partial(begin, bench, preview, shot, sigma)
                )
                yield ratio, name, start, row
        full = replace(
            preview.shot,
            width=size[0],
            height=size[1],
            kind=Kind.FINAL,
            steps=POCKET.sampling.steps,
        )
        yield ratio, AGAIN, *measured(bench, preview, full, lambda: None)
    for place in grid.slider:
        shot = decide_refine(preview.shot, "0" * 12, POCKET, place, latents_kept=True)
        begin_there = partial(
            refine.take_up,
            bench.parts,
            shot,
            preview.kept,
            preview.film,
            ways(bench.parts, None),
            bench.watch,
        )
        yield 2.0, slider_row(place), *measured(bench, preview, shot, begin_there)


def slider_row(place: float) -> str:
    return f"slider at {place:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--model", type=Path, default=ASSETS / "models" / POCKET.id)
    less = parser.add_mutually_exclusive_group()
    less.add_argument("--quick", action="store_true", help="fewer rows, six minutes")
    less.add_argument("--slider", action="store_true", help="the slider alone, seven minutes")
    parser.add_argument("--minutes", type=float, help="no new scene where it would last longer")
    parser.add_argument("--json", type=Path, help="append the numbers to this file")
    asked = parser.parse_args()
    grid = QUICK if asked.quick else SLIDER if asked.slider else WHOLE
    minutes = asked.minutes or grid.minutes
    with tempfile.TemporaryDirectory() as scratch, torch.no_grad():
        found = run(Bench(asked.model, Path(scratch)), grid, 60 * minutes)
    report(found, asked.json)


Found = dict[tuple[float, str, float], list[Row]]


def run(bench: Bench, grid: Grid, seconds: float) -> Found:
    """Every row of the grid, for as many scenes as there is time for; at least one."""
    terms = np.random.default_rng(UNSEEN).permutation(signs.terms())
    found: Found = {}
    began = time.perf_counter()
    for seed, term in enumerate(terms):
        spent = time.perf_counter() - began
        if seed and spent * (seed + 1) / seed > seconds:
            break
        preview = a_preview(bench, str(term), seed)
        own = {"terms": obeyed(preview, preview.frames), "seconds": preview.seconds}
        found.setdefault((1.0, "the preview", 1.0), []).append(own)
        for ratio, way, sigma, row in compared(bench, preview, grid):
            found.setdefault((ratio, way, round(sigma, 3)), []).append(row)
        print(f"scene {seed + 1}: {term}", file=sys.stderr, flush=True)
    return found


def report(found: Found, file: Path | None) -> None:
    names = ("psnr", "ssim", "terms", "sharpness", "forwards", "seconds")
    print(f"{'ratio':>5}  {'way':20} {'sigma':>5}", *(f"{name:>10}" for name in names))
    rows = []
    for (ratio, way, sigma), results in found.items():
        means = {name: float(np.mean([one[name] for one in results])) for name in results[0]}
        told = (f"{means[name]:10.3f}" if name in means else " " * 10 for name in names)
        print(f"{ratio:5}  {way:20} {sigma:5.2f}", *told)
        rows.append({"ratio": ratio, "way": way, "sigma": sigma, "clips": len(results), **means})
    print()
    goals(rows)
    line = json.dumps({"benchmark": "refine", "steps": STEPS, "rows": rows})
    print(line)
    if file is not None:
        with file.open("a", encoding="utf-8") as stream:
            stream.write(line + "\n")


def goals(rows: list[dict[str, float | int | str]]) -> None:
    """What the studio promises, by the slider's default place; and the slider's measured lines."""

    def value(way: str, name: str) -> float:
        return float(next(row[name] for row in rows if row["way"] == way and row["ratio"] != 1.5))

    default = slider_row(fidelity.DEFAULT)
    both = value("the preview", "seconds") + value(default, "seconds")
    lost = 100 * (value(AGAIN, "terms") - value(default, "terms"))
    print(f"preview and refine {both:.1f} s, the full run {value(AGAIN, 'seconds'):.1f} s")
    agreed = value(default, "ssim")
    print(f"agreement at the default fidelity {agreed:.3f} (goal: at least {AGREED:g})")
    print(f"fewer words shown than by the full run: {lost:.1f} points (goal: at most 2)")
    print("\nstudio/fidelity.py:")
    measured_there: dict[float, float] = {}
    for level in fidelity.LEVELS:
        way = slider_row(level.fidelity)
        if any(row["way"] == way for row in rows):
            measured_there[level.start] = value(way, "ssim")
            print(f"    {replace(level, agreement=round(value(way, 'ssim'), 2))},")
    starts = sorted(measured_there)
    enough = np.interp(AGREED, [measured_there[s] for s in reversed(starts)], starts[::-1])
    print(f"an agreement of {AGREED:g} lies at start {enough:.2f} (an end may stand for beyond)")
    print()


if __name__ == "__main__":
    main()
