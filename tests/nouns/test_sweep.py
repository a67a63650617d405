"""A sweep as one value: whose takes they are, what each look is called, what they share."""

from dataclasses import replace

import pytest

from studio import sweep
from studio.clip import Clip
from studio.jobs.job import Job, State
from studio.paths import places
from studio.recipe import Recipe
from studio.shot import Kind, Refine, Way
from studio.vocabulary import Words
from tests.gallery.conftest import SHOT

BASE = Recipe(prompt="a red ball", presets=("base",), look={"color_tone": ("warm",)}, seed=7)
LOOSE = {"schema": 1, "id": "loose", "name": {"zh": "散装"}}
NAMES = {"neon-noir": Words(en="Neon noir", zh="霓虹")}


def job(number: int, recipe: Recipe, state: State = State.FINISHED, **values: object) -> Job:
    told = Job(
        id=10 + number,
        group="g",
        take=number,
        recipe=recipe,
        shot=SHOT,
        state=state,
        created="2026-11-22T10:00:00+08:00",
        progress=None,
        plan=None,
        clip_id=f"{number:012x}" if state is State.FINISHED else None,
        error=None,
        advice=None,
        seconds=None,
    )
    return replace(told, **values)


def clip(clip_id: str | None) -> Clip | None:
    if clip_id is None:
        return None
    return Clip(
        id=clip_id,
        file=places().library / f"{clip_id}.mp4",
        poster=places().posters / f"{clip_id}.webp",
        created="2026-11-22T10:00:00+08:00",
        seconds=1.0,
        recipe=BASE,
        shot=SHOT,
    )


@pytest.fixture
def takes() -> list[Job]:
    neon, loose, gone = sweep.recipes(BASE, ["neon-noir", LOOSE, "no-longer-there"])
    return [job(1, neon), job(2, loose, State.CANCELLED), job(3, gone)]


def test_each_look_is_laid_over_all_that_was_asked() -> None:
    assert sweep.recipes(BASE, ["a", LOOSE]) == [
        replace(BASE, presets=("base", "a")),
        replace(BASE, presets=("base", LOOSE)),
    ]


def test_a_look_is_called_by_its_preset_in_both_languages(takes: list[Job]) -> None:
    names = [sweep.name_of(take.recipe, NAMES) for take in takes]
    assert names == [
        Words(en="Neon noir", zh="霓虹"),
        Words(en="散装", zh="散装"),
        Words(en="no-longer-there", zh="no-longer-there"),
    ]


def test_a_sheet_has_what_became_of_each_take(takes: list[Job]) -> None:
    refine = Refine(parent=takes[0].clip_id or "", way=Way.PIXELS, sigma=0.5, fidelity=0.5)
    final = replace(SHOT, kind=Kind.FINAL, refine=refine)
    older, newer = (replace(takes[0], id=number, shot=final) for number in (20, 21))
    sheet = sweep.sheet(takes, [older, newer], clip, NAMES)
    assert [look.clip is not None for look in sheet.looks] == [True, False, True]
    assert [look.missing for look in sheet.looks] == [False, True, False]
    assert [look.refine for look in sheet.looks] == [newer, None, None]
    assert [look.job.take for look in sheet.only([3, 1]).looks] == [1, 3]
    assert sheet.only([]) == sheet


def test_takes_of_other_seeds_or_of_no_preset_are_no_sweep(takes: list[Job]) -> None:
    assert sweep.is_sweep(takes)
    other = replace(takes[0], shot=replace(SHOT, seed=8))
    assert not sweep.is_sweep([*takes, other])
    assert not sweep.is_sweep([*takes, replace(takes[0], recipe=Recipe(prompt="x"))])


def test_what_stands_below_a_sheet(takes: list[Job]) -> None:
    sheet = sweep.sheet(takes, [], clip, NAMES)
    assert sweep.facts(sheet, "en").split("   ·   ") == [
        *("3 looks", "Pocket", "32×32, 1.1 s", "seed 7")
    ]
    assert sweep.facts(sheet.only([1]), "zh").split("   ·   ") == [
        *("Pocket", "32×32，1.1 秒", "种子 7")
    ]
    foreign = replace(takes[0], shot=replace(SHOT, model="from-elsewhere"))
    assert "from-elsewhere" in sweep.facts(sweep.sheet([foreign], [], clip, NAMES), "en")
    assert sweep.file_stem(sheet) == "2026-11-22_a-red-ball_7"
    assert [look["clip"] for look in sweep.reel_words(sheet)["looks"]] == [
        *(takes[0].clip_id, takes[2].clip_id)
    ]


def test_every_state_has_its_words() -> None:
    assert set(sweep.WITHOUT_PICTURE) == set(State)
