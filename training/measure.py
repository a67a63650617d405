"""How good the built-in model is: tables for people, JSON for programs, a record beside the model.

`--truth` asks the signs themselves: does each pass on drawn clips of its word, and fail on clips of
another word of its category? `--model DIR` asks a model; with `--write`, what was found is kept in
its folder and told by its card. Knows what to ask; `quality.py` knows how.

    python -m training.measure --truth
    python -m training.measure --model assets/models/pocket --write
"""

import argparse
import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from studio.models import POCKET
from studio.plan import Precision
from training import card, quality, record, shelf, signs
from training.quality import UNSEEN, Count, Model
from training.record import Numbers
from training.world import Scene


def truth(clips: int, wanted: Iterable[str]) -> dict[str, tuple[Count, Count]]:
    """For each term: passes on drawn clips of it, and failures on drawn clips of another."""
    table = {}
    for number, term in enumerate(wanted):
        rng = np.random.default_rng((UNSEEN, number))
        own = sum(
            signs.passes(term, quality.drawn(signs.scene_for(term, rng))) for _ in range(clips)
        )
        wrong = sum(not signs.passes(term, quality.drawn(_unlike(term, rng))) for _ in range(clips))
        table[term] = (Count(good=own, of=clips), Count(good=wrong, of=clips))
    return table


def _unlike(term: str, rng: np.random.Generator) -> Scene:
    others = signs.others(term)
    if others:
        return signs.scene_for(others[rng.integers(len(others))], rng)
    return signs.SIGNS[term.split("=")[0]].plain(rng)


def print_truth(table: dict[str, tuple[Count, Count]]) -> dict[str, Any]:
    """The table of the signs; the returned values are its JSON."""
    print(f"{'term':42} {'passes on its own':32} fails on another")
    for term, (own, wrong) in table.items():
        print(f"{term:42} {own!s:32} {wrong}")
    own, wrong = (sum((row[k] for row in table.values()), Count(good=0, of=0)) for k in (0, 1))
    print(f"{'all':42} {own!s:32} {wrong}")
    return {
        "passes": own.share,
        "fails_on_another": wrong.share,
        "lowest_passes": min(row[0].share for row in table.values()),
        "lowest_fails": min(row[1].share for row in table.values()),
        "terms": len(table),
    }


def print_terms(table: dict[str, Count]) -> None:
    """The table of a model's terms, and of their categories."""
    for term, count in table.items():
        print(f"{term:42} {count}")
    print()
    everything = sum(table.values(), Count(good=0, of=0))
    for name, count in {**quality.by_category(table), "all": everything}.items():
        print(f"{name:42} {count}")


def print_goals(numbers: Numbers) -> None:
    """What the model is to reach, and whether it does."""
    print()
    for words, asked, found, enough in record.table(numbers):
        print(f"{words:42} {found:>8}  (goal: {asked}){'' if enough else '  NOT REACHED'}")


def main() -> None:
    asked = _arguments()
    if asked.threads:
        torch.set_num_threads(asked.threads)
    wanted = [
        term
        for term in signs.terms()
        if not asked.only or {term, term.split("=")[0]} & set(asked.only)
    ]
    result = print_truth(truth(asked.clips, wanted)) if asked.truth else _of_model(asked, wanted)
    if asked.json:
        print(json.dumps(result))


def _of_model(asked: argparse.Namespace, wanted: list[str]) -> Numbers:
    began = time.monotonic()
    model = Model(asked.model, asked.precision)
    amount = quality.quick() if asked.quick else quality.full(wanted, asked.seeds)
    found = quality.measured(model, amount, asked.steps)
    numbers = {**found.numbers, "presets": shelf.told(model, asked.steps)}
    print_terms(found.terms)
    print_goals(numbers)
    if asked.write:
        again = quality.measured(model, quality.quick(), asked.steps)
        record.write(asked.model, numbers, again.numbers, asked.steps)
        card.write(asked.model)
        print(f"\nkept in {asked.model / record.FILE}, told by {asked.model / card.FILE}")
    print(f"\n{(time.monotonic() - began) / 60:.1f} minutes")
    return numbers


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--truth", action="store_true", help="measure the signs on drawn clips")
    what.add_argument("--model", type=Path, help="measure the model in this folder")
    parser.add_argument("--clips", type=int, default=100, help="drawn for each term, with --truth")
    parser.add_argument("--seeds", type=int, default=4, help="generated clips per term")
    parser.add_argument("--steps", type=int, default=POCKET.preview_steps)
    parser.add_argument("--only", nargs="*", help="categories or category=term")
    parser.add_argument("--quick", action="store_true", help="only what the tests measure")
    parser.add_argument(
        "--precision", type=Precision, choices=list(Precision), default=Precision.FP32
    )
    parser.add_argument("--threads", type=int, help="processor threads")
    parser.add_argument("--write", action="store_true", help="keep the measures beside the model")
    parser.add_argument("--json", action="store_true", help="print one JSON line at the end")
    asked = parser.parse_args()
    usual = all(getattr(asked, name) == parser.get_default(name) for name in USUAL)
    if asked.write and not (asked.model and usual):
        parser.error(f"--write keeps the measures of a --model, without {', '.join(USUAL)}.")
    return asked


# With any of these changed, a model's measures are not the ones that are kept.
USUAL = ("seeds", "steps", "only", "quick", "precision")


if __name__ == "__main__":
    main()
