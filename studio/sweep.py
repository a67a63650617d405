"""One subject in many looks: the jobs of a sweep, and what came of them, as one value.

Pure; knows neither where jobs and clips are kept nor how a sheet of them is drawn.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from studio.clip import Clip
from studio.files import safe_words
from studio.jobs.job import REPEATABLE, Job, State
from studio.models import MODELS
from studio.recipe import Recipe
from studio.vocabulary import Words

# Preset id → its name.
Names = Mapping[str, Words]

# What stands in the place of a look that has no picture (yet).
WITHOUT_PICTURE = {
    State.QUEUED: Words(en="Waiting", zh="等待中"),
    State.RUNNING: Words(en="Rendering", zh="渲染中"),
    State.PAUSED: Words(en="Paused", zh="已暂停"),
    State.FINISHED: Words(en="Removed", zh="已移除"),
    State.FAILED: Words(en="Failed", zh="失败"),
    State.CANCELLED: Words(en="Cancelled", zh="已取消"),
    State.INTERRUPTED: Words(en="Interrupted", zh="已中断"),
}

LOOKS = Words(en="{n} looks", zh="{n} 种风格")
SIZE = Words(en="{width}×{height}, {seconds:.1f} s", zh="{width}×{height}，{seconds:.1f} 秒")
SEED = Words(en="seed {seed}", zh="种子 {seed}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """One take of a sweep. name: the look's. clip: None as long as there is none, and where it was
    thrown away. refine: the last job that works it up."""

    job: Job
    name: Words
    clip: Clip | None
    refine: Job | None

    @property
    def missing(self) -> bool:
        """It stands without a clip, and can be run again."""
        return self.job.state in REPEATABLE


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """A sweep: takes that share everything but the look, in the order they were asked for."""

    group: str
    looks: tuple[Look, ...]

    @property
    def first(self) -> Job:
        """What all takes share can be read from any: subject, picture, model, size and seed."""
        return self.looks[0].job

    def only(self, takes: Collection[int]) -> "Sheet":
        """The sheet with these takes alone; with all where none are named."""
        chosen = tuple(look for look in self.looks if not takes or look.job.take in takes)
        return replace(self, looks=chosen)


def recipes(base: Recipe, looks: Sequence[str | dict[str, Any]]) -> list[Recipe]:
    """A recipe for each look: base with this one look laid over what it has already."""
    return [replace(base, presets=(*base.presets, look)) for look in looks]


def is_sweep(jobs: Sequence[Job]) -> bool:
    """Whether the takes of one group are looks: other takes have other seeds, or no preset."""
    one_seed = len({job.shot.seed for job in jobs}) == 1
    return one_seed and all(job.recipe.presets for job in jobs)


def name_of(recipe: Recipe, names: Names) -> Words:
    """The name of the look that was laid over last; its id where nobody knows that any more."""
    look = recipe.presets[-1]
    if isinstance(look, str):
        return names.get(look, Words(en=look, zh=look))
    told = look["name"]
    en, zh = told.get("en"), told.get("zh")
    return Words(en=en or zh, zh=zh or en)


def sheet(
    jobs: Sequence[Job],
    refines: Sequence[Job],
    clip: Callable[[str | None], Clip | None],
    names: Names,
) -> Sheet:
    """The sheet of a sweep's jobs. jobs, refines: oldest first. clip: the clip of an id, None for
    one that is not in the library."""
    refined = {job.shot.refine.parent: job for job in refines if job.shot.refine}
    looks = [
        Look(
            job=job,
            name=name_of(job.recipe, names),
            clip=clip(job.clip_id),
            refine=refined.get(job.clip_id or ""),
        )
        for job in jobs
    ]
    return Sheet(group=jobs[0].group, looks=tuple(looks))


def facts(sheet: Sheet, language: str) -> str:
    """What all takes share besides the subject, as one line."""
    shot, count = sheet.first.shot, len(sheet.looks)
    model = MODELS[shot.model].name if shot.model in MODELS else shot.model
    seconds = shot.frames / shot.fps
    size = SIZE.get(language).format(width=shot.width, height=shot.height, seconds=seconds)
    looks = [LOOKS.get(language).format(n=count)] if count > 1 else []
    return "   ·   ".join([*looks, model, size, SEED.get(language).format(seed=shot.seed)])


def file_stem(sheet: Sheet) -> str:
    """`date_words_seed`, as a clip of the sweep is called."""
    job = sheet.first
    words = safe_words(job.recipe.prompt) or "picture"
    return f"{job.created[:10]}_{words}_{job.shot.seed}"


def reel_words(sheet: Sheet) -> dict[str, Any]:
    """What is written inside a reel: the subject, and which clip each look is."""
    return {
        "recipe": {"prompt": sheet.first.recipe.prompt},
        "looks": [
            {"name": {"en": look.name.en, "zh": look.name.zh}, "clip": look.clip.id}
            for look in sheet.looks
            if look.clip
        ],
    }
