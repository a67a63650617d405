"""A sweep from the verbs to the files: the real studio, with and without its worker."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio import cli, mp4
from studio.clip import Clip, Tag
from studio.errors import InvalidRequest, NotFound
from studio.events import Finished
from studio.jobs.job import Job, State
from studio.paths import PROJECT, places
from studio.recipe import Picture, Recipe
from studio.settings import Settings
from studio.studio import MAX_TAKES, Studio

BALL = Recipe(prompt="a red ball", seed=7, width=64, height=48, frames=5, steps=2)
LOOKS = ("neon-noir", "claymation-workshop", "golden-hour-drift")
QUICK = ("--frames", "5", "--steps", "2", "--size", "64x48", "--seed", "7")


@pytest.fixture
def studio() -> Iterator[Studio]:
    opened = Studio(places(), Settings())
    yield opened
    opened.close()


def finish(studio: Studio, job: Job) -> Clip:
    """What a worker and the library make of the job that waits longest."""
    claimed = studio._queue.claim()
    assert claimed is not None and claimed.id == job.id
    shot = job.shot
    tag = Tag(
        id=f"{job.id:012x}",
        created="2026-11-22T10:00:00+08:00",
        seconds=1.0,
        recipe=job.recipe,
        shot=shot,
    )
    file = studio.places.work / f"{tag.id}.mp4"
    with mp4.Writer(file, shot.width, shot.height, shot.fps) as writer:
        for _ in range(shot.frames):
            writer.add(np.full((shot.height, shot.width, 3), (200, 30, 30), np.uint8))
        writer.tell(tag.to_json())
    poster = file.with_suffix(".webp")
    clip = studio._library.adopt(Finished(tag=tag, file=file, poster=poster))
    studio._queue.finish(job.id, clip)
    return clip


def test_a_sweep_is_one_group_of_one_seed_over_the_same_recipe(studio: Studio) -> None:
    base = replace(BALL, seed=None, presets=("winter-blue-hour",), look={"color_tone": ("warm",)})
    jobs = studio.sweep(base, LOOKS)
    assert len({job.group for job in jobs}) == len({job.shot.seed for job in jobs}) == 1
    assert [job.recipe.presets for job in jobs] == [("winter-blue-hour", look) for look in LOOKS]
    assert {job.recipe.look["color_tone"] for job in jobs} == {("warm",)}
    assert len({job.shot.prompt for job in jobs}) == 3
    foreseen = studio.foresee_sweep(replace(base, seed=jobs[0].shot.seed), LOOKS)
    assert [shot for shot, _ in foreseen] == [job.shot for job in jobs]


@pytest.mark.parametrize("looks", [(), LOOKS * 22, ("neon-noir", "no-such-look")])
def test_a_sweep_that_cannot_be_queues_nothing(studio: Studio, looks: tuple[str, ...]) -> None:
    assert len(LOOKS * 22) > MAX_TAKES
    with pytest.raises(InvalidRequest):
        studio.sweep(BALL, looks)
    assert studio.jobs() == []


def test_a_sheet_is_the_group_and_nothing_else_is(studio: Studio) -> None:
    jobs = studio.sweep(BALL, LOOKS)
    other = studio.render(BALL)[0]
    clip = finish(studio, jobs[0])
    refine = studio.refine(clip.id)
    sheet = studio.sheet(jobs[0].group)
    assert [look.name.en for look in sheet.looks] == [
        *("Neon noir", "Claymation workshop", "Golden hour drift")
    ]
    assert [look.clip for look in sheet.looks] == [clip, None, None]
    assert sheet.looks[0].refine is not None and sheet.looks[0].refine.id == refine.id
    for group in (other.group, "nowhere"):
        with pytest.raises(NotFound):
            studio.sheet(group)
    studio.trash(clip.id)
    assert studio.sheet(jobs[0].group).looks[0].clip is None


def test_all_of_a_sweep_is_cancelled_and_what_is_missing_runs_again(studio: Studio) -> None:
    jobs = studio.sweep(BALL, LOOKS)
    other = studio.render(BALL)[0]
    finish(studio, jobs[0])
    studio.cancel_sweep(jobs[0].group)
    states = [look.job.state for look in studio.sheet(jobs[0].group).looks]
    assert states == [State.FINISHED, State.CANCELLED, State.CANCELLED]
    assert studio.job(other.id).state is State.QUEUED
    again = studio.again_sweep(jobs[0].group)
    assert [job.take for job in again] == [2, 3]
    states = [look.job.state for look in studio.sheet(jobs[0].group).looks]
    assert states == [State.FINISHED, State.QUEUED, State.QUEUED]


def test_sheet_and_reel_go_into_exports_and_never_over_another(
    studio: Studio, tmp_path: Path
) -> None:
    photo = tmp_path / "photo.png"
    Image.new("RGB", (300, 200), "#2040c0").save(photo)
    digest, _ = studio.keep_picture(photo)
    jobs = studio.sweep(replace(BALL, picture=Picture(sha256=digest)), LOOKS)
    with pytest.raises(InvalidRequest, match="has a clip yet"):
        studio.save_sheet(jobs[0].group, "en")
    clips = [finish(studio, job) for job in jobs[:2]]
    first, undrawable = studio.save_sheet(jobs[0].group, "en")
    second, _ = studio.save_sheet(jobs[0].group, "zh", takes=[2])
    assert undrawable == ""
    assert first.parent == second.parent == studio.places.exports and first != second
    with Image.open(first) as all_three, Image.open(second) as one:
        blue = np.asarray(all_three.convert("RGB")).astype(int) - (0x20, 0x40, 0xC0)
        assert (np.abs(blue).max(axis=2) < 12).any()
        assert one.width < all_three.width
    file, _ = studio.save_reel(jobs[0].group, "en")
    assert len(list(mp4.frames(file))) == 2 * BALL.frames
    assert [look["clip"] for look in mp4.words(file)["looks"]] == [clip.id for clip in clips]
    studio.refresh()  # a reel lies beside the clips and is none
    assert studio.count() == 2
    studio.picture_file(digest).unlink()
    assert studio.save_sheet(jobs[0].group, "en")[0].is_file()
    with pytest.raises(InvalidRequest, match="exists"):
        studio.save_sheet(jobs[0].group, "en", target=first)


@pytest.mark.parametrize(
    ("option", "name", "said"),
    [
        ("--sheet", "sheet.gif", "is not a"),
        ("--reel", "reel.mov", "is not a"),
        ("--sheet", "there.png", "exists"),
    ],
)
def test_a_target_that_will_not_do_is_said_before_anything_is_queued(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], option: str, name: str, said: str
) -> None:
    (tmp_path / "there.png").write_bytes(b"theirs")
    target = str(tmp_path / name)
    assert cli.main(["sweep", "x", "--preset", "neon-noir", option, target]) == 2
    assert said in capfd.readouterr().err
    opened = Studio(places(), Settings())
    assert opened.jobs() == []
    opened.close()


def test_the_command_saves_both_and_prints_events_alone(tmp_path: Path) -> None:
    photo = tmp_path / "Flasche 瓶.png"
    Image.new("RGB", (300, 200), "orange").save(photo)
    sheet, reel = tmp_path / "给 Anna" / "looks.png", tmp_path / "looks.mp4"
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "studio", "sweep", "it turns", "--image", photo, *QUICK),
            *("--preset", "neon-noir", "--preset", "golden-hour-drift", "--over-picture"),
            *("--base", "winter-blue-hour"),
            *("--sheet", sheet, "--reel", reel, "--language", "zh", "--json"),
        ],
        capture_output=True,
        encoding="utf-8",
        cwd=PROJECT,
        env={**os.environ},
        timeout=300,
    )
    assert ran.returncode == 0, ran.stderr
    events = [json.loads(line) for line in ran.stdout.splitlines()]
    assert events[-1] == {"event": "done", "finished": 2, "failed": 0, "cancelled": 0}
    clips = [event["clip"] for event in events if event["event"] == "finished"]
    assert all("time" in clip["prompt"] for clip in clips)  # of the day, though there is a picture
    with Image.open(sheet) as image:
        assert image.format == "PNG"
    assert len(list(mp4.frames(reel))) == 2 * 5
    recipes = [mp4.words(Path(clip["file"]))["recipe"] for clip in clips]
    assert [recipe["presets"] for recipe in recipes] == [
        ["winter-blue-hour", "neon-noir"],
        ["winter-blue-hour", "golden-hour-drift"],
    ]
