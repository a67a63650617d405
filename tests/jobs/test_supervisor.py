"""Queue, supervisor and a real worker process together, in one program and in two."""

import json
import multiprocessing
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import FileLock, Timeout

from studio import mp4
from studio.clip import Clip, Tag
from studio.errors import RenderFailed, StudioError
from studio.events import Failed, Finished, Task
from studio.jobs.job import Job, State
from studio.jobs.ownership import Owner
from studio.jobs.queue import Queue
from studio.jobs.supervisor import Supervisor, last_hardware
from studio.paths import Places
from studio.recipe import Recipe
from tests.jobs.fake_engine import HARDWARE, PLAN, STEPS
from tests.jobs.making import FAKE, a_shot, a_task, add, adopt, prepare_in, wait_for, wait_until
from tests.jobs.owner import own, render_one

BROKEN = "tests.jobs.fake_engine:BrokenEngine"


def story(queue: Queue, *jobs: Job) -> list[tuple[int, str]]:
    """(job, event) of everything said about the jobs; of each one's steps the first."""
    told = queue.events(0, [job.id for job in jobs])
    return list(dict.fromkeys((job_id, body["event"]) for _, job_id, _, body in told))


def last_word(queue: Queue, job: Job) -> dict[str, Any]:
    return queue.events(0, [job.id])[-1][3]


def has_sampled(job: Job) -> bool:
    return job.progress is not None and job.progress.step == STEPS


def free(where: Places) -> bool:
    """Whether the worker that held this lock is gone."""
    try:
        with FileLock(where.work / "hold", timeout=0):
            return True
    except Timeout:
        return False


@contextmanager
def another_program(where: Places) -> Iterator[SpawnProcess]:
    """A second process that owns the library and runs its queue."""
    process = multiprocessing.get_context("spawn").Process(target=own, args=(where,))
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()


def test_a_job_fails_and_the_queue_goes_on(
    queue: Queue, supervisor: Supervisor, where: Places
) -> None:
    prompts = ("refuse", "unprepared", "unadopted", "kill", "bug", "memory", "")
    jobs = [add(queue, prompt)[0] for prompt in prompts]
    assert supervisor.hardware() is None
    supervisor.start()
    wait_for(queue, jobs[-1].id)
    ended = [queue.job(job.id) for job in jobs]
    assert [job.state for job in ended] == [State.FAILED] * 6 + [State.FINISHED]
    assert all(job.error and job.advice for job in ended[:-1])
    errors = [job.error or "" for job in ended]
    assert errors[0] == "The picture is black."
    assert "KeyError: 'the parent clip'" in errors[1]
    assert "PermissionError: the library is read-only" in errors[2]
    assert "ended unexpectedly" in errors[3]
    finished = ended[-1]
    assert (finished.clip_id, finished.seconds) == (f"{finished.id:012x}", 0.5)
    assert finished.plan == PLAN.to_json()
    assert finished.progress is not None and finished.progress.step == STEPS
    assert last_word(queue, finished)["clip"]["id"] == finished.clip_id
    assert supervisor.hardware() == last_hardware(where) == HARDWARE
    order = [pair for pair in story(queue, *jobs) if pair[1] in ("started", "failed", "finished")]
    ids = [job.id for job in jobs]
    assert order == [
        (ids[0], "started"),
        (ids[0], "failed"),
        (ids[1], "failed"),
        *((number, name) for number in ids[2:6] for name in ("started", "failed")),
        (ids[6], "started"),
        (ids[6], "finished"),
    ]


def test_a_paused_job_gives_its_memory_back_and_goes_on(
    queue: Queue, supervisor: Supervisor, where: Places
) -> None:
    supervisor.start()
    (job,) = add(queue, "hold steps")
    supervisor.wake()
    wait_until(lambda: (where.work / "hold").exists())
    queue.request_pause(job.id)
    wait_for(queue, job.id, State.PAUSED)
    wait_until(lambda: free(where))
    queue.again(job.id)
    supervisor.wake()
    wait_for(queue, job.id, State.RUNNING)
    queue.request_cancel(job.id)
    assert wait_for(queue, job.id).state is State.CANCELLED


def test_cancel_a_running_job_and_a_waiting_one(queue: Queue, supervisor: Supervisor) -> None:
    supervisor.start()
    running, waiting, last = add(queue, "steps")[0], add(queue, "steps")[0], add(queue, "")[0]
    supervisor.wake()
    wait_until(lambda: has_sampled(queue.job(running.id)))
    queue.request_cancel(waiting.id)
    asked = time.monotonic()
    queue.request_cancel(running.id)
    assert wait_for(queue, running.id).state is State.CANCELLED
    assert time.monotonic() - asked < 2
    assert wait_for(queue, last.id).state is State.FINISHED
    assert story(queue, running, waiting, last) == [
        (running.id, "queued"),
        (waiting.id, "queued"),
        (last.id, "queued"),
        (running.id, "started"),
        (running.id, "progress"),
        (waiting.id, "cancelled"),
        (running.id, "cancelled"),
        (last.id, "started"),
        (last.id, "progress"),
        (last.id, "finished"),
    ]


def test_closing_the_studio_puts_the_job_back_and_leaves_nothing(
    queue: Queue, supervisor: Supervisor, where: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.jobs.process.STOP_SECONDS", 0.5)
    where.work.mkdir(parents=True)
    foreign = where.work / "holiday.mp4"
    foreign.write_bytes(b"not ours")
    running, waiting = add(queue, "hold once", takes=2)
    supervisor.start()
    wait_until((where.work / "once").exists)
    supervisor.stop()
    assert free(where)
    assert queue.job(running.id) == running
    assert queue.job(waiting.id).state is State.QUEUED
    assert {file.name for file in where.work.iterdir()} <= {"holiday.mp4", "once", "hold"}
    assert foreign.read_bytes() == b"not ours"

    second = Supervisor(queue, prepare_in(where), adopt, FAKE, where)
    second.start()
    assert wait_for(queue, running.id).state is State.FINISHED
    second.stop()


def test_two_renders_at_once_both_end_well(queue: Queue, where: Places, tmp_path: Path) -> None:
    """The first leaves when its own is done, with the other's under its hands."""
    spawn = multiprocessing.get_context("spawn")
    prompts = ("gate", "nap nap nap")
    renders = [
        spawn.Process(target=render_one, args=(where, prompt, tmp_path / prompt))
        for prompt in prompts
    ]
    for number, process in enumerate(renders, 1):
        process.start()
        wait_until(lambda: len(queue.jobs()) == number)  # noqa: B023 - called at once
        wait_until(lambda: queue.jobs(states=[State.RUNNING]))
    (where.work / "open").touch()
    for process in renders:
        process.join(60)
        assert process.exitcode == 0
    first, second = (
        [event["event"] for event in json.loads((tmp_path / prompt).read_text(encoding="utf-8"))]
        for prompt in prompts
    )
    assert first[-1] == second[-1] == "finished"
    assert first.count("started") == 1
    assert second.count("started") == second.count("queued") == 2


def test_when_its_program_is_killed_the_worker_goes_too(queue: Queue, where: Places) -> None:
    with another_program(where) as program:
        running, waiting = add(queue, "hold once", takes=2)
        wait_until((where.work / "once").exists)
        assert not Owner(where).try_own()
        assert not free(where)
        program.kill()
        program.join()
    wait_until(lambda: free(where))
    assert queue.job(running.id).state is State.RUNNING
    assert list(where.work.glob("*.part"))

    owner = Owner(where)
    assert owner.try_own()
    supervisor = Supervisor(queue, prepare_in(where), adopt, FAKE, where)
    supervisor.start()
    assert wait_for(queue, running.id).state is State.INTERRUPTED
    assert last_word(queue, running)["event"] == "interrupted"
    assert wait_for(queue, waiting.id).state is State.FINISHED
    assert not list(where.work.glob("*.part"))
    assert wait_for(queue, queue.again(running.id).id).state is State.FINISHED
    supervisor.stop()
    owner.release()


def test_what_one_program_does_the_other_follows(queue: Queue, where: Places) -> None:
    with another_program(where):
        first, second = add(queue, "", takes=2)
        heard: list[tuple[int, int, dict[str, Any]]] = []
        last = 0

        def listen() -> bool:
            nonlocal last
            for number, job_id, take, body in queue.events(last, [first.id, second.id]):
                last = number
                heard.append((job_id, take, body))
            return sum(body["event"] == "finished" for *_, body in heard) == 2

        wait_until(listen)
        (stopped,) = add(queue, "steps")
        wait_for(queue, stopped.id, State.RUNNING)
        queue.request_cancel(stopped.id)
        assert wait_for(queue, stopped.id).state is State.CANCELLED
    assert last_hardware(where) == HARDWARE
    told = [(take, body["event"]) for _, take, body in heard if body["event"] != "progress"]
    assert told == [
        (1, "queued"),
        (2, "queued"),
        (1, "started"),
        (1, "finished"),
        (2, "started"),
        (2, "finished"),
    ]
    assert json.dumps(heard)


def test_warming_makes_the_hardware_known(supervisor: Supervisor, where: Places) -> None:
    supervisor.start()
    assert last_hardware(where) is None
    supervisor.warm()
    wait_until(supervisor.hardware)
    assert supervisor.hardware() == HARDWARE


def test_measuring_needs_no_ownership(supervisor: Supervisor, where: Places) -> None:
    assert supervisor.measure() == HARDWARE == last_hardware(where)


def test_measuring_says_what_went_wrong(queue: Queue, where: Places) -> None:
    supervisor = Supervisor(queue, prepare_in(where), adopt, BROKEN, where)
    with pytest.raises(RenderFailed, match="no such library"):
        supervisor.measure()
    assert last_hardware(where) is None


def test_hardware_of_another_version_is_forgotten(where: Places) -> None:
    where.cache.mkdir(parents=True)
    for text in ('{"device": "old"}', "not JSON", "[]"):
        (where.cache / "hardware.json").write_text(text, encoding="utf-8")
        assert last_hardware(where) is None


def test_a_queue_that_fails_for_a_while_is_tried_again(
    queue: Queue, supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.jobs.supervisor.PAUSE_SECONDS", 0.05)
    (job,) = add(queue, "")
    claim = queue.claim
    full = iter([OSError("disk full"), OSError("disk full")])

    def claim_when_there_is_room() -> Job | None:
        for error in full:
            raise error
        return claim()

    monkeypatch.setattr(queue, "claim", claim_when_there_is_room)
    supervisor.start()
    assert wait_for(queue, job.id).state is State.FINISHED


def a_whole_film(where: Places, number: int, seed: int = 7) -> Path:
    """What a task has left when nobody heard of its end."""
    task = a_task(where, "found", number)
    tag = Tag(id=task.id, created=task.created, seconds=1.0, recipe=task.recipe, shot=a_shot(seed))
    with mp4.Writer(task.output, 64, 64, 8) as film:
        film.add(np.zeros((64, 64, 3), np.uint8))
        film.tell(tag.to_json())
    return task.output


def test_a_film_that_was_not_taken_in_is_taken_in_later(queue: Queue, where: Places) -> None:
    taken: list[Finished] = []

    def take(made: Finished) -> Clip:
        made.file.rename(where.library / made.file.name)
        taken.append(made)
        return adopt(made)

    (job,) = queue.add([(Recipe(prompt="found"), a_shot(3))])
    queue.claim()
    theirs, others = a_whole_film(where, 1, seed=3), a_whole_film(where, 2)
    half = others.with_name("00000000000c.frames.partial.mp4")
    half.write_bytes(b"half")
    supervisor = Supervisor(queue, prepare_in(where), take, FAKE, where)
    supervisor.start()
    ended = wait_for(queue, job.id)
    wait_until(lambda: not list(where.work.iterdir()))
    supervisor.stop()
    assert (ended.state, ended.clip_id) == (State.FINISHED, theirs.stem)
    assert [made.file for made in taken] == [theirs, others]
    assert [made.tag.shot.seed for made in taken] == [3, 7]


def test_a_film_that_cannot_be_taken_in_is_kept(queue: Queue, where: Places) -> None:
    def refuse(made: Finished) -> Clip:
        raise StudioError(f"{made.file.name} could not be moved.", "Close what shows it.")

    film = a_whole_film(where, 1)
    poster = film.with_suffix(".webp")
    poster.write_bytes(b"poster")
    unreadable = film.with_name("00000000000d.mp4")
    unreadable.write_bytes(b"a damaged film")
    supervisor = Supervisor(queue, prepare_in(where), refuse, FAKE, where)
    supervisor.start()
    (job,) = add(queue, "")
    assert "could not be moved" in (wait_for(queue, job.id).error or "")
    supervisor.stop()
    assert film.exists() and poster.exists() and unreadable.exists()
    assert (where.work / f"{job.id:012x}.mp4").exists()


def test_a_job_whose_film_lies_finished_is_not_rendered_again(queue: Queue, where: Places) -> None:
    full = threading.Event()
    full.set()
    taken: list[Path] = []

    def take(made: Finished) -> Clip:
        if full.is_set():
            raise StudioError(f"{made.file.name} could not be moved.", "Free the disk.")
        taken.append(made.file)
        return adopt(made)

    def prepare(job: Job) -> Task:
        raise AssertionError(f"Job {job.id} is rendered")

    a_whole_film(where, 1, seed=8)
    theirs = a_whole_film(where, 3, seed=0)
    theirs.with_name("000000000002.mp4").write_bytes(b"a damaged film")
    supervisor = Supervisor(queue, prepare, take, FAKE, where)
    supervisor.start()
    (job,) = add(queue, "")
    assert wait_for(queue, job.id).error == f"{theirs.name} could not be moved."
    full.clear()
    queue.again(job.id)
    ended = wait_for(queue, job.id, State.FINISHED)
    assert (ended.clip_id, taken) == (theirs.stem, [theirs])
    supervisor.stop()


def test_a_worker_that_cannot_start_is_tried_once_and_then_for_each_job(
    queue: Queue, where: Places
) -> None:
    supervisor = Supervisor(queue, prepare_in(where), adopt, BROKEN, where)
    supervisor.start()
    assert supervisor.trouble() is None
    supervisor.warm()
    wait_until(supervisor.trouble)
    trouble = supervisor.trouble()
    assert isinstance(trouble, Failed) and "no such library" in trouble.error
    for _ in range(20):
        supervisor.warm()
        time.sleep(0.05)

    def tries() -> int:
        return where.log.read_text(encoding="utf-8").count("Traceback")

    (job,) = add(queue, "")
    assert tries() == 1
    assert wait_for(queue, job.id).state is State.FAILED
    assert tries() == 2
    supervisor.stop()


def test_a_computer_that_cannot_be_written_down_fails_no_job(
    queue: Queue, supervisor: Supervisor, where: Places
) -> None:
    (where.cache / "hardware.json").mkdir(parents=True)
    (job,) = add(queue, "")
    supervisor.start()
    assert wait_for(queue, job.id).state is State.FINISHED
    assert last_hardware(where) is None
    assert supervisor.hardware() == HARDWARE


def test_measuring_leaves_what_the_owner_saw(supervisor: Supervisor, where: Places) -> None:
    roomy = HARDWARE.to_json() | {"vram_free_gb": 7.9}
    where.cache.mkdir(parents=True)
    (where.cache / "hardware.json").write_text(json.dumps(roomy), encoding="utf-8")
    assert supervisor.measure() == HARDWARE
    seen = last_hardware(where)
    assert seen and seen.to_json() == roomy
