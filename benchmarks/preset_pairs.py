"""Bundled presets, two by two, on the built-in model: does what they state differently differ?

    python benchmarks/preset_pairs.py [--seeds N] [--truth]

Every preset is laid over one subject with the same seeds. For every two that state different
numbers of something that the miniature world can draw (how light the sky is, how large the subject,
where the horizon lies), the clips are measured, and the difference must have the stated sign. Pairs
whose drawn clips do not show it either, because the rest of the two looks hides it, are counted and
not asked. --truth stops there, without a model. The goal: 95 % of all pairs.
"""

import argparse
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from studio import weights
from studio.models import POCKET
from training import record
from training.quality import Count, Model
from training.shelf import Shelf, counted

GOAL = 0.95
SEEDS = 4


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=SEEDS, help="clips of each preset")
    parser.add_argument("--truth", action="store_true", help="only what can be asked")
    given = parser.parse_args()
    began = time.monotonic()
    shelf = Shelf(given.seeds)
    stated, asked = shelf.stated(), list(shelf.asked())
    print(f"{len(shelf.presets)} presets; {len(stated)} differences are stated")
    shown = Count(good=len(asked), of=len(stated))
    print(f"{'drawn clips show':36} {shown}")
    if given.truth:
        return 0
    folder = weights.folder_of(POCKET, Path("none"))
    kept = record.read(folder)
    if kept is None or not kept["trained"]:
        print("The built-in model is a stand-in that was not trained; this is what chance gives.")
    verdicts = shelf.judged(asked, Model(folder), POCKET.preview_steps)
    table = counted(verdicts)
    for name, count in table.items():
        print(f"{name:36} {count}")
    whole = sum(table.values(), Count(good=0, of=0))
    print(f"{'all':36} {whole}  (goal: {GOAL:.0%})")
    wrong = {(pair.less, pair.more, pair.attribute) for pair, right in verdicts if not right}
    for less, more, name in sorted(wrong)[:40]:
        print(f"    not more {name}: {shelf.presets[more].id} than {shelf.presets[less].id}")
    print(f"{(time.monotonic() - began) / 60:.1f} minutes")
    print(json.dumps({"share": whole.share, "pairs": whole.of, "stated": len(stated)}))
    return 0 if whole.share >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
