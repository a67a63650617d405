"""What the tests of the jobs make: shots, tasks, jobs, and the patience to see them end."""

import time
from collections.abc import Callable

from studio.clip import Clip
from studio.events import Finished, Task
from studio.jobs.job import ENDED, Job, State
from studio.jobs.queue import Queue
from studio.paths import Places
from studio.recipe import Recipe
from studio.shot import Kind, Shot

FAKE = "tests.jobs.fake_engine:FakeEngine"
PATIENCE_SECONDS = 20


def a_shot(seed: int = 7) -> Shot:
    return Shot(
        kind=Kind.PREVIEW,
        model="pocket",
        prompt="a red ball",
        negative_prompt="",
        width=64,
        height=64,
        frames=5,
        fps=8,
        steps=3,
        flow_shift=5.0,
        guidance_high=4.0,
        guidance_low=3.0,
        boundary=0.875,
        seed=seed,
        picture=None,
        last_picture=None,
        refine=None,
    )


def add(queue: Queue, prompt: str, takes: int = 1) -> list[Job]:
    return queue.add([(Recipe(prompt=prompt), a_shot(seed)) for seed in range(takes)])


def a_task(where: Places, prompt: str, number: int = 1) -> Task:
    clip_id = f"{number:012x}"
    return Task(
        id=clip_id,
        created="2026-11-22T10:00:00+01:00",
        recipe=Recipe(prompt=prompt),
        shot=a_shot(),
        output=where.work / f"{clip_id}.mp4",
        parent_file=None,
        pictures=where.pictures,
        models=where.models,
        texts=where.texts,
        checkpoint=where.checkpoint(number),
        latents=where.latents,
        glimpses=where.glimpses,
    )


def prepare_in(where: Places) -> Callable[[Job], Task]:
    def prepare(job: Job) -> Task:
        if job.recipe.prompt == "unprepared":
            raise KeyError("the parent clip")
        return a_task(where, job.recipe.prompt, job.id)

    return prepare


def adopt(made: Finished) -> Clip:
    if made.tag.recipe.prompt == "unadopted":
        raise PermissionError("the library is read-only")
    return Clip(
        id=made.tag.id,
        file=made.file,
        poster=made.poster,
        created=made.tag.created,
        seconds=made.tag.seconds,
        recipe=made.tag.recipe,
        shot=made.tag.shot,
    )


def wait_until(true: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


def wait_for(queue: Queue, job_id: int, *states: State) -> Job:
    """The job once it is in one of the states; by default, once it has ended."""
    wait_until(lambda: queue.job(job_id).state in (states or ENDED))
    return queue.job(job_id)
