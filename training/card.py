"""The model card of the built-in model. Knows the trained folder and its record."""

import json
from pathlib import Path

from studio.files import write_whole
from studio.models import POCKET, T2V_A14B, ModelSpec
from training import data, record, tables

FILE = "README.md"
CARD = """---
license: apache-2.0
pipeline_tag: text-to-video
library_name: diffusers
language: [en, zh]
---

# Pocket

A miniature of Wan2.2: the same classes (two experts, `expand_timesteps`, a causal video VAE, a UMT5
encoder), with {params:.0f} million parameters where T2V-A14B has {large:.0f} billion. **It shows
the workflow, not the picture quality of Wan2.2.** It makes clips of {frames} frames at {fps} frames
per second of a drawn world, from words or from a first picture, and follows the words for what is
in that world; of everything else it knows nothing.

## Data
Nothing but clips drawn by `training/world.py`, from fixed seeds ({seed}): {subjects} subjects in
{colors} colours and {places} places, {motions} motions, {lights} lights, shot sizes, sides, camera
angles and moves, tones, and the flaws that the official negative prompt names. Captions in English
and Chinese are written by the studio's own prompt code. No photographs, no films, no people, no
other model's weights or output.

## Size
{size}

## Limits
A text may have {tokens} tokens; the studio refuses longer ones. Trained on {frames} frames at
{sizes}; other lengths and sizes were not trained. No faces, no hands, no writing. Its colours and
shapes are flat on purpose.

## How good it is
{measures}

## Licence
Apache-2.0. Trained from scratch by `python -m training.train`.
"""
UNMEASURED = "Not measured yet: `python -m training.measure --model <this folder> --write`."
UNTRAINED = (
    "**Not trained: it stands in for the model that will be, and shows next to nothing.**\n\n"
)
MEASURED = """By `python -m training.measure --model <this folder>`: {clips} clips of unseen scenes
and seeds for the words, at {width}×{height} with {steps} steps. Whether a clip shows its word is
arithmetic on pixels (`training/signs.py`); with 95 % certainty, at least {low:.1%} of all clips do.

| measure | goal | found |
|---|---|---|
{rows}

By category: {categories}."""


def write(folder: Path) -> None:
    """Write the card into the model's folder."""
    write_whole(folder / FILE, card(folder).encode())


def card(folder: Path) -> str:
    """The card's text for a finished folder."""
    sizes = [size for shape in POCKET.shapes for size in (shape.preview, shape.final)]
    return CARD.format(
        params=_params(POCKET) / 1e6,
        large=_params(T2V_A14B) / 1e9,
        frames=POCKET.frames,
        fps=POCKET.fps,
        seed=data.SEED,
        subjects=len(tables.SUBJECTS),
        colors=len(tables.COLORS),
        places=len(tables.PLACES),
        motions=len(tables.MOTIONS),
        lights=len(tables.LIGHTS),
        size="\n".join(_parts(folder)),
        tokens=POCKET.text_tokens,
        sizes=", ".join(f"{width}×{height}" for width, height in sizes),
        measures=_measures(folder),
    )


def _params(spec: ModelSpec) -> float:
    return spec.experts * spec.expert_params + spec.encoder_params + spec.vae_bytes / 4


def _parts(folder: Path) -> list[str]:
    lines = []
    for part in ("transformer", "transformer_2", "vae", "text_encoder"):
        size = sum(path.stat().st_size for path in (folder / part).glob("*.safetensors")) / 1e6
        kind = json.loads((folder / part / "config.json").read_text(encoding="utf-8"))
        name = kind.get("_class_name") or kind["architectures"][0]
        lines.append(f"- {part}: {name}, {size:.1f} MB in fp16")
    return lines


def _measures(folder: Path) -> str:
    kept = record.read(folder)
    if kept is None:
        return UNMEASURED
    terms = kept["full"]["terms"]
    width, height = POCKET.shapes[0].preview
    rows = [
        f"| {words} | {asked} | {found}{'' if enough else ' (not reached)'} |"
        for words, asked, found, enough in record.table(kept["full"])
    ]
    return ("" if kept["trained"] else UNTRAINED) + MEASURED.format(
        clips=terms["clips"],
        width=width,
        height=height,
        steps=kept["steps"],
        low=terms["low"],
        rows="\n".join(rows),
        categories=", ".join(
            f"{name.replace('_', ' ')} {terms[name]:.0%}"
            for name in terms
            if name not in ("all", "low", "clips")
        ),
    )
