"""The bundled presets two by two on a model: what they state differently, is it different?

Each preset is laid over one plain subject, with the same seeds; its words are written by the
studio's own prompt code. Every clip is made once and serves all pairs. A pair is asked for only
where the clips that the world draws of it differ too. Knows presets and a model; what can be told
from pixels is in `attributes.py`.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache

from studio import presets
from studio.models import POCKET
from studio.paths import BUNDLED_PRESETS
from studio.preset_schema import Preset
from studio.prompt import expand
from studio.recipe import Recipe
from training import attributes
from training.attributes import ATTRIBUTES, Pair
from training.quality import BATCH, UNSEEN, Count, Model, drawn
from training.world import Array

# What `attributes.scene` draws without a look.
SUBJECT = "A red ball stands still over the sea."

Verdict = tuple[Pair, bool]
SEEDS = 2  # of each preset, where one pair for every attribute is asked


class Shelf:
    """The bundled presets and what the world draws of them.

    seeds: how many clips of each preset are drawn and made; the median counts.
    """

    def __init__(self, seeds: int) -> None:
        self.seeds = range(seeds)
        self.presets: list[Preset] = presets.folder(BUNDLED_PRESETS)[0]
        self._measured = cache(self._measure)

    def asked(self) -> Iterator[Pair]:
        """The pairs whose drawn clips differ in the stated direction, so much that it can be seen.
        In the others the rest of the two looks hides it."""
        return filter(self._shows, self.stated())

    def stated(self) -> list[Pair]:
        """All pairs that state different numbers."""
        return attributes.pairs([preset.look for preset in self.presets])

    def extremes(self) -> list[Pair]:
        """For each attribute one of the pairs that are asked, the farthest apart in words, in as
        few presets as one pass over them finds."""
        chosen: list[Pair] = []
        used: set[int] = set()
        for name in ATTRIBUTES:
            own = [pair for pair in self.stated() if pair.attribute == name]
            own.sort(key=lambda pair: (-pair.by, -len({pair.less, pair.more} & used)))
            pair = next(filter(self._shows, own))
            chosen.append(pair)
            used |= {pair.less, pair.more}
        return chosen

    def judged(self, pairs: Sequence[Pair], model: Model, steps: int) -> list[Verdict]:
        """Each pair, and whether the model's clips differ as the words say."""
        wanted = sorted({number for pair in pairs for number in (pair.less, pair.more)})
        clips = self._made(wanted, model, steps)

        @cache
        def measured(name: str, number: int) -> float:
            return attributes.measured(name, clips[number])

        return [
            (pair, measured(pair.attribute, pair.more) > measured(pair.attribute, pair.less))
            for pair in pairs
        ]

    def _shows(self, pair: Pair) -> bool:
        less, more = (self._measured(pair.attribute, which) for which in (pair.less, pair.more))
        return more - less > ATTRIBUTES[pair.attribute].visible

    def _measure(self, name: str, number: int) -> float:
        look = self.presets[number].look
        scenes = [attributes.scene(look, name, seed) for seed in self.seeds]
        return attributes.measured(name, [drawn(scene) for scene in scenes])

    def _made(self, wanted: Sequence[int], model: Model, steps: int) -> dict[int, list[Array]]:
        """Clips [F, H, W, 3], uint8, of each preset, by its number."""
        clips: dict[int, list[Array]] = {number: [] for number in wanted}
        tasks = [(number, seed) for number in wanted for seed in self.seeds]
        for begin in range(0, len(tasks), BATCH):
            part = tasks[begin : begin + BATCH]
            said = [
                expand(Recipe(prompt=SUBJECT), POCKET, [self.presets[number]]) for number, _ in part
            ]
            made = model.clips(
                [each.prompt for each in said],
                [UNSEEN + seed for _, seed in part],
                steps,
                [each.negative_prompt for each in said],
            )
            for (number, _), clip in zip(part, made, strict=True):
                clips[number].append(clip)
        return clips


def told(model: Model, steps: int) -> dict[str, float]:
    """One pair for every attribute, those farthest apart: how many there are, and the share of them
    whose clips differ as the words say."""
    row = Shelf(SEEDS)
    verdicts = row.judged(row.extremes(), model, steps)
    right = sum(right for _, right in verdicts)
    return {"told": right / len(verdicts), "pairs": len(verdicts)}


def counted(verdicts: Iterable[Verdict]) -> dict[str, Count]:
    """Right ones of all, by attribute."""
    table: dict[str, Count] = {}
    for pair, right in verdicts:
        so_far = table.get(pair.attribute, Count(good=0, of=0))
        table[pair.attribute] = so_far + Count(good=int(right), of=1)
    return table
