"""The measures kept beside a model's weights: written, read, held against the goals.

Knows files and numbers; measures nothing.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.files import sha256_of, write_whole

FILE = "measures.json"
# A model that shows fewer of the words was not trained: it stands in for one that will be.
TRAINED = 0.5
Numbers = dict[str, dict[str, float]]  # by group and name


@dataclass(frozen=True, kw_only=True, slots=True)
class Goal:
    """What a measure is to reach. group, name: where it is in the measures. at_most: less is
    better. percent: shown as one."""

    words: str
    group: str
    name: str
    limit: float
    at_most: bool = False
    percent: bool = True

    def reached(self, found: float) -> bool:
        return found <= self.limit if self.at_most else found >= self.limit

    def shown(self, number: float) -> str:
        return f"{number:.1%}" if self.percent else f"{number:.3g}"


GOALS = (
    Goal(words="clips that show their word", group="terms", name="all", limit=0.95),
    Goal(words="colour of the subject", group="terms", name="color", limit=0.90),
    Goal(words="direction of motion", group="terms", name="motion", limit=0.90),
    Goal(words="the same beside unknown words", group="unknown", name="shown", limit=0.90),
    Goal(words="clean beside unknown words", group="unknown", name="clean", limit=0.95),
    # All of them but one: another seed may tell a pair otherwise.
    Goal(words="presets that differ as they say", group="presets", name="told", limit=0.93),
    Goal(
        words="first frame to the given picture, dB",
        group="picture",
        name="first_frame_psnr",
        limit=26.0,
        percent=False,
    ),
    Goal(words="VAE on held-out clips, dB", group="vae", name="psnr", limit=30.0, percent=False),
    # No clip can show more than its VAE can.
    Goal(words="words left of drawn clips by the VAE", group="vae", name="shown", limit=0.95),
    Goal(
        words="colour drift of the last frame",
        group="vae",
        name="drift",
        limit=0.02,
        at_most=True,
        percent=False,
    ),
)


def write(folder: Path, full: Numbers, quick: Numbers, steps: int) -> None:
    """Keep the full measures of a model, and the quick ones that a test repeats."""
    record = {
        "trained": full["terms"]["all"] >= TRAINED,
        "weights": digest(folder),
        "steps": steps,
        "full": _rounded(full),
        "quick": _rounded(quick),
    }
    text = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
    write_whole(folder / FILE, text.encode())


def _rounded(numbers: Numbers) -> Numbers:
    return {
        group: {name: round(number, 4) for name, number in named.items()}
        for group, named in numbers.items()
    }


def read(folder: Path) -> dict[str, Any] | None:
    """What `write` kept; None where nothing was."""
    try:
        return dict(json.loads((folder / FILE).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None


def digest(folder: Path) -> str:
    """One SHA-256 for all weights of a model."""
    files = sorted(folder.rglob("*.safetensors"))
    lines = [f"{sha256_of(path)} {path.relative_to(folder).as_posix()}" for path in files]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def table(numbers: Numbers) -> list[tuple[str, str, str, bool]]:
    """For each goal that was measured: its words, what it asks, what was found, whether that is
    enough."""
    return [
        (
            goal.words,
            f"{'≤' if goal.at_most else '≥'} {goal.shown(goal.limit)}",
            goal.shown(found),
            goal.reached(found),
        )
        for goal in GOALS
        if (found := numbers.get(goal.group, {}).get(goal.name)) is not None
    ]
