"""How long the library takes to find clips among 10,000: the median of each search, in ms.

Run it as `python benchmarks/library_search.py` in the project's environment.
The target is 300 ms for a page and the number of all that were found, whatever is asked for.
"""

import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from studio.clip import Tag
from studio.gallery.filters import Filters
from studio.gallery.folders import Place, Spot, Stamp
from studio.gallery.index import Index, Row, Wanted, fold
from studio.recipe import Recipe
from studio.shot import Kind, Shot

CLIPS = 10_000
ROUNDS = 15
ENGLISH = [
    "neon",
    "rain",
    "street",
    "ball",
    "child",
    "lantern",
    "desert",
    "train",
    "mirror",
    "dust",
]
CHINESE = ["猫咪", "霓虹", "雨夜", "街道", "红球", "大海", "灯笼", "沙漠", "火车", "窗边"]
SEARCHES = ["", "neon", "猫咪", "猫", "neon 猫咪", "rain ball train", "never written", "2026"]
MODELS = ["t2v-a14b", "i2v-a14b", "ti2v-5b", "pocket"]
PRESETS = ["noir", "golden-hour", "neon-night", "documentary"]
TAGS = ["海报", "for Anna", "best", "again"]
FILTERS = {
    "4 stars": Filters(stars=(4, 5)),
    "no stars": Filters(stars=(0, 0)),
    "a model": Filters(model="ti2v-5b"),
    "a preset": Filters(preset="noir"),
    "refined": Filters(kind=Kind.FINAL),
    "a tag": Filters(tag="海报"),
    "a tag nobody has": Filters(tag="nobody"),
    "the newest tenth": Filters(since=CLIPS * 0.9),
    "all of these": Filters(
        stars=(1, 5), model="pocket", preset="noir", kind=Kind.FINAL, tag="best", since=1.0
    ),
}
PAGE = 60


def tag(number: int, chance: random.Random) -> Tag:
    """A clip's words: a prompt of 40 words in two languages, and what the model read."""
    prompt = " ".join(chance.choices(ENGLISH + CHINESE, k=40))
    shot = Shot(
        kind=Kind.PREVIEW,
        model="t2v-a14b",
        prompt=f"soft lighting, warm colors. {prompt}",
        negative_prompt="blurry " * 60,
        width=832,
        height=480,
        frames=81,
        fps=16,
        steps=40,
        flow_shift=12.0,
        guidance_high=4.0,
        guidance_low=3.0,
        boundary=0.875,
        seed=number,
        picture=None,
        last_picture=None,
        refine=None,
    )
    created = "2026-11-22T10:00:00+08:00"
    recipe = Recipe(prompt=prompt, presets=tuple(chance.sample(PRESETS, chance.randrange(3))))
    return Tag(id=f"{number:012x}", created=created, seconds=1.0, recipe=recipe, shot=shot)


def row(number: int, chance: random.Random) -> Row:
    made = tag(number, chance)
    return Row(
        id=made.id,
        spot=Spot(Place.LIBRARY, f"{made.id}.mp4"),
        stamp=Stamp(number, number),
        created_at=float(number),
        kind=chance.choice(list(Kind)),
        model=chance.choice(MODELS),
        presets=tuple(map(str, made.recipe.presets)),
        parent=f"{number - 1:012x}" if number % 3 == 2 else None,
        stars=chance.randrange(6),
        tags=tuple(chance.sample(TAGS, chance.randrange(3))),
        search_text=fold(f"{made.shot.prompt}\n2026-11-22_{made.id}.mp4"),
        words=json.dumps(made.to_json()),
    )


def page(index: Index, wanted: Wanted) -> None:
    """One page and the number of all, as the window asks for them."""
    index.find(wanted, PAGE)
    index.count(wanted)


def median_ms(question: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        question()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def main() -> None:
    chance = random.Random(7)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index.sqlite"
        index = Index(path)
        with index.changing() as change:
            for number in range(CLIPS):
                change.put(row(number, chance))
        everything = Wanted(place=Place.LIBRARY)
        asked = {search or "everything": replace(everything, search=search) for search in SEARCHES}
        asked |= {name: replace(everything, filters=few) for name, few in FILTERS.items()}
        asked["neon, 4 stars"] = Wanted(
            place=Place.LIBRARY, search="neon", filters=FILTERS["4 stars"]
        )
        found = {}
        for name, wanted in asked.items():
            found[name] = median_ms(partial(page, index, wanted))
            print(f"{name:20} {index.count(wanted):6} clips {found[name]:7.1f} ms")
        found["choices"] = median_ms(partial(index.choices, Place.LIBRARY))
        print(f"{'what can be chosen':33} {found['choices']:7.1f} ms")
        print(f"{'opening':33} {median_ms(partial(Index, path)):7.1f} ms")
    print(json.dumps({"library_search_ms": max(found.values()), "clips": CLIPS}))


if __name__ == "__main__":
    main()
