"""How long the built-in model takes on this computer: to load, a preview, a full-size clip.

    python benchmarks/pocket.py [--threads N]

The engine alone, in this process, to finished MP4 files: what the worker does. The first preview
shows what loading takes; the second, with other words, what a preview takes from then on. A
full-size clip is made from nothing, and by refining the second preview. The goals, on two cores:
loading 3 s, a preview 5 s, a full-size clip 25 s.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch

from studio.engine.wan import WanEngine
from studio.events import Event, Finished, Progress, Task
from studio.models import POCKET
from studio.prompt import expand
from studio.recipe import Recipe
from studio.shot import Kind, Shot, decide, decide_refine

GOALS = {"load": 3.0, "preview": 5.0, "final": 25.0, "refine": 25.0}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--threads", type=int, help="processor threads; torch decides without it")
    threads = parser.parse_args().threads
    if threads:
        torch.set_num_threads(threads)
    # A render must not pay for finding out how fast this computer is.
    engine = WanEngine()
    hardware = engine.hardware()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        seconds = measured(engine, Path(folder))
    for name, goal in GOALS.items():
        print(f"{name:8} {seconds[name]:6.2f} s  (goal: at most {goal:g} s)")
    print(f"{hardware.device}, bf16 {'native' if hardware.bf16 else 'not native'}")
    print(json.dumps({**seconds, "threads": torch.get_num_threads(), "bf16": hardware.bf16}))
    return 0 if all(seconds[name] <= goal for name, goal in GOALS.items()) else 1


def measured(engine: WanEngine, folder: Path) -> dict[str, float]:
    """Seconds of everything in GOALS."""
    spent, _ = render(engine, folder, shot_of("A red balloon rises over the sea.", Kind.PREVIEW))
    again = shot_of("A blue car moves from left to right in the desert.", Kind.PREVIEW)
    preview, clip = render(engine, folder, again)
    final, _ = render(engine, folder, shot_of("A white bird in the snow.", Kind.FINAL))
    refined = decide_refine(again, clip.tag.id, POCKET, fidelity=0.5, latents_kept=True)
    refine, _ = render(engine, folder, refined, parent=clip.file)
    return {
        "load": round(spent["load"], 2),
        "preview": round(preview.total(), 2),
        "final": round(final.total(), 2),
        "refine": round(refine.total(), 2),
    }


def shot_of(words: str, kind: Kind) -> Shot:
    recipe = Recipe(prompt=words, look={"color_tone": ("warm",)})
    return decide(recipe, POCKET, expand(recipe, POCKET, []), kind, 7, {})


def render(
    engine: WanEngine, folder: Path, shot: Shot, parent: Path | None = None
) -> tuple[Counter[str], Finished]:
    """Seconds by stage, what comes after the last step being “write”; and the finished clip."""
    name = f"{len(list(folder.glob('*.mp4')))}"
    task = Task(
        id=name,
        created="2026-01-01T00:00:00+00:00",
        recipe=Recipe(prompt=shot.prompt),
        shot=shot,
        output=folder / f"{name}.mp4",
        parent_file=parent,
        pictures=folder / "pictures",
        models=folder / "models",
        texts=folder / "texts" / name,
        checkpoint=folder / "checkpoints" / f"{name}.safetensors",
        latents=folder / "latents",
        glimpses=folder / "glimpses",
    )
    spent: Counter[str] = Counter()
    last = time.perf_counter()

    def say(event: Event) -> None:
        nonlocal last
        now = time.perf_counter()
        spent[event.stage if isinstance(event, Progress) else "start"] += now - last
        last = now

    finished = engine.render(task, say, lambda: False)
    spent["write"] += time.perf_counter() - last
    return spent, finished


if __name__ == "__main__":
    raise SystemExit(main())
