"""kill -9 at any moment: the render goes on from where it was, to the same film."""

import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil
import pytest

from studio import mp4
from studio.jobs.job import REPEATABLE, Job, State
from studio.paths import PROJECT, Places, places
from studio.recipe import Recipe
from studio.settings import Settings
from studio.studio import Studio

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]

Count = Callable[[int, int], int]
PATIENCE_SECONDS = 120.0
LONG = Recipe(prompt="a red ball", seed=7, width=48, height=32, frames=9, steps=100)
REDONE = 2


@contextmanager
def a_studio(where: Places) -> Iterator[Studio]:
    studio = Studio(where, Settings())
    try:
        yield studio
    finally:
        studio.close()


def until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not done():
        assert time.monotonic() < end, "nothing more happened"
        time.sleep(0.02)


def step_of(job: Job) -> int:
    sampling = job.progress is not None and job.progress.stage == "sample"
    return job.progress.step if job.progress is not None and sampling else 0


def workers() -> list[psutil.Process]:
    """The processes of this test's studios that hold a model."""
    return [
        process
        for process in psutil.Process().children(recursive=True)
        if "spawn_main" in command(process)
    ]


def command(process: psutil.Process) -> str:
    """A process's command line; nothing of one that has ended in the meantime."""
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


@pytest.fixture
def whole() -> list[np.ndarray]:
    """The frames of the same shot, never interrupted."""
    with a_studio(places()) as studio:
        studio.start()
        (job,) = studio.render(LONG)
        until(lambda: studio.job(job.id).state is State.FINISHED)
        return list(mp4.frames(studio.clip(studio.job(job.id).clip_id or "").file))


def test_the_worker_may_be_killed_at_any_moment(whole: list[np.ndarray], rounds: Count) -> None:
    rng = random.Random(5)
    kills = rounds(3, 20)
    with a_studio(places()) as studio:
        studio.start()
        (job,) = studio.render(LONG)
        reached = 0
        for kill in range(kills):
            goal = reached + rng.randint(1, max(1, (LONG.steps or 1) // (kills + 1)))
            until(lambda goal=goal: step_of(studio.job(job.id)) >= goal)  # type: ignore[misc]
            time.sleep(rng.random() * 0.05)
            for process in workers():
                process.kill()
            until(lambda: studio.job(job.id).state in REPEATABLE)
            reached = step_of(studio.job(job.id))
            first = goes_on(studio, job.id)
            assert reached - first < REDONE, f"kill {kill}"
        until(lambda: studio.job(job.id).state is State.FINISHED)
        film = mp4.frames(studio.clip(studio.job(job.id).clip_id or "").file)
        np.testing.assert_array_equal(np.stack(whole), np.stack(list(film)))
        assert not list(studio.places.checkpoints.glob("*"))


def goes_on(studio: Studio, job_id: int) -> int:
    """Run it again; gives the steps that were not done again."""
    studio.again(job_id)
    until(lambda: step_of(studio.job(job_id)) > 0 or studio.job(job_id).state is State.FINISHED)
    return step_of(studio.job(job_id)) - 1


def test_the_program_may_be_killed_at_any_moment(
    whole: list[np.ndarray], rounds: Count, tmp_path: Path
) -> None:
    rng = random.Random(6)
    kills = rounds(1, 10)
    command = [sys.executable, "app.py", "--no-browser", "--port", "7980"]
    with a_studio(places()) as reader:
        (job,) = reader.render(LONG)
        for kill in range(kills):
            before = step_of(reader.job(job.id))
            with (tmp_path / f"{kill}.log").open("w") as log:
                program = subprocess.Popen(command, cwd=PROJECT, stdout=log, stderr=log)
            if kill:
                until(lambda: reader.job(job.id).state in REPEATABLE)
                reader.again(job.id)
            goal = before + rng.randint(1, max(1, (LONG.steps or 1) // (kills + 1)))
            until(lambda goal=goal: step_of(reader.job(job.id)) >= goal)  # type: ignore[misc]
            program.kill()
            program.wait()
            until(lambda: reader.job(job.id).state in (State.RUNNING, *REPEATABLE))
        reached = step_of(reader.job(job.id))
        reader.start()
        until(lambda: reader.job(job.id).state in REPEATABLE)
        assert reached - goes_on(reader, job.id) < REDONE
        until(lambda: reader.job(job.id).state is State.FINISHED)
        film = mp4.frames(reader.clip(reader.job(job.id).clip_id or "").file)
        np.testing.assert_array_equal(np.stack(whole), np.stack(list(film)))
