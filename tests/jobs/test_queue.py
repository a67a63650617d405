"""The job list: what is asked of it, in one process and in several."""

import contextlib
import json
import multiprocessing
import sqlite3
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from studio.clip import Clip
from studio.errors import InvalidRequest, NotFound, StudioError
from studio.events import Progress, Started
from studio.jobs.job import Job, State
from studio.jobs.queue import EVENTFUL_JOBS, Queue
from studio.jobs.schema import MIGRATIONS
from studio.paths import Places
from studio.recipe import Picture, Recipe
from studio.shot import Kind
from tests.jobs.fake_engine import PLAN
from tests.jobs.making import a_shot, add
from tests.jobs.owner import add_jobs


def progress(step: int) -> Progress:
    return Progress(stage="sample", expert="low", step=step, of=9, seconds_left=1.5)


def a_clip(job: Job) -> Clip:
    return Clip(
        id="0123456789ab",
        file=Path("clip.mp4"),
        poster=Path("clip.jpg"),
        created="2026-11-22T10:00:00+01:00",
        seconds=2.5,
        recipe=job.recipe,
        shot=job.shot,
    )


def names(queue: Queue, *jobs: Job) -> list[tuple[int, str]]:
    """(take, event) of everything said about the jobs."""
    return [(take, body["event"]) for _, _, take, body in queue.events(0, [job.id for job in jobs])]


def test_takes_share_a_group_and_keep_their_seeds(queue: Queue) -> None:
    asked = Recipe(
        prompt="海 a \"sea\" 'wide'",
        look={"lighting_type": ("soft", "edge")},
        presets=("golden-hour-drift", {"id": "loose"}),
        picture=Picture(sha256="ab" * 32, across=0.25),
    )
    first, second = queue.add([(asked, a_shot(3)), (replace(asked, prompt="海"), a_shot(4))])
    (other,) = add(queue, "another press")
    assert first.group == second.group != other.group
    assert [first.take, second.take, other.take] == [1, 2, 1]
    assert second.recipe == replace(asked, prompt="海", seed=4)
    assert [first.recipe.seed, second.recipe.seed] == [3, 4]
    assert [job.state for job in (first, second)] == [State.QUEUED] * 2
    assert first.shot == a_shot(3)
    assert first.kind is Kind.PREVIEW
    assert first.recipe.look == asked.look
    assert first.recipe.presets == asked.presets
    assert first.recipe.picture == asked.picture
    assert queue.job(second.id) == second
    assert [job.id for job in queue.jobs()] == [other.id, second.id, first.id]
    assert [job.id for job in queue.jobs(limit=1)] == [other.id]


def test_the_oldest_goes_first(queue: Queue) -> None:
    ids = [job.id for job in add(queue, "", takes=3)]
    assert [queue.position(job_id) for job_id in ids] == [1, 2, 3]
    claimed = queue.claim()
    assert claimed is not None
    assert (claimed.id, claimed.state) == (ids[0], State.RUNNING)
    assert [queue.position(job_id) for job_id in ids] == [None, 1, 2]
    queue.request_cancel(ids[1])
    assert [queue.position(job_id) for job_id in ids] == [None, None, 1]
    assert queue.claim() == queue.job(ids[2])
    assert queue.claim() is None
    assert [job.id for job in queue.jobs(states=[State.CANCELLED])] == [ids[1]]


def test_old_jobs_forget_their_steps(queue: Queue) -> None:
    jobs = add(queue, "a sea", 21)
    for _ in jobs:
        running = queue.claim()
        assert running
        queue.say(running.id, progress(1))
        queue.fail(running.id, "No.", "Why not.")
    assert [name for _, name in names(queue, jobs[0])] == ["queued", "failed"]
    assert [name for _, name in names(queue, jobs[1])] == ["queued", "progress", "failed"]


def test_a_finished_job_tells_its_story_in_order(queue: Queue) -> None:
    (job,) = add(queue, "a sea")
    assert queue.claim()
    queue.say(job.id, Started(plan=PLAN))
    for step in (1, 2, 3):
        queue.say(job.id, progress(step))
    now = queue.job(job.id)
    assert now.plan == PLAN.to_json()
    assert now.progress == progress(3)
    told = [name for _, name in names(queue, job)]
    assert told == ["queued", "started", "progress", "progress", "progress"]

    clip = a_clip(job)
    queue.finish(job.id, clip)
    numbers, bodies = zip(*((row[0], row[3]) for row in queue.events(0, [job.id])), strict=True)
    assert [body["event"] for body in bodies] == [*told, "finished"]
    assert bodies[0] == {"event": "queued", "position": 1}
    assert bodies[1]["plan"]["precision"] == "nf4"
    assert [body["step"] for body in bodies[2:5]] == [1, 2, 3]
    assert bodies[-1] == {"event": "finished", "clip": clip.to_json(), "seconds": 2.5}
    assert queue.events(numbers[-2], [job.id]) == [(numbers[-1], job.id, 1, bodies[-1])]
    ended = queue.job(job.id)
    assert (ended.state, ended.clip_id, ended.seconds) == (State.FINISHED, clip.id, 2.5)


def test_only_those_asked_for_are_heard(queue: Queue) -> None:
    mine, other = add(queue, "mine")[0], add(queue, "other")[0]
    assert {row[1] for row in queue.events(0, [mine.id])} == {mine.id}
    assert {row[1] for row in queue.events(0, [mine.id, other.id])} == {mine.id, other.id}
    assert queue.events(0, []) == []


def test_a_late_word_revives_nothing(queue: Queue) -> None:
    (job,) = add(queue, "")
    queue.say(job.id, progress(1))
    assert queue.job(job.id).progress is None
    queue.claim()
    queue.fail(job.id, "It broke.", "Mend it.")
    failed = queue.job(job.id)
    assert (failed.state, failed.error, failed.advice) == (State.FAILED, "It broke.", "Mend it.")
    queue.say(job.id, progress(1))
    queue.finish(job.id, a_clip(job))
    queue.stopped(job.id)
    queue.request_cancel(job.id)
    assert queue.job(job.id) == failed
    assert [name for _, name in names(queue, job)] == ["queued", "failed"]


def test_cancel(queue: Queue) -> None:
    running, waiting = add(queue, "", takes=2)
    queue.claim()
    queue.request_cancel(waiting.id)
    assert queue.job(waiting.id).state is State.CANCELLED
    queue.request_cancel(running.id)
    assert queue.job(running.id).state is State.RUNNING
    assert queue.stop_requested(running.id)
    queue.stopped(running.id)
    assert queue.job(running.id).state is State.CANCELLED
    assert names(queue, running, waiting) == [
        (1, "queued"),
        (2, "queued"),
        (2, "cancelled"),
        (1, "cancelled"),
    ]


def test_again_is_the_same_job(queue: Queue) -> None:
    (job,) = add(queue, "a sea")
    queue.claim()
    queue.request_cancel(job.id)
    with pytest.raises(InvalidRequest, match="running"):
        queue.again(job.id)
    queue.stopped(job.id)
    repeated = queue.again(job.id)
    assert replace(repeated, state=job.state) == job
    assert repeated.state is State.QUEUED
    assert names(queue, job) == [(1, "queued")]
    assert queue.claim() == queue.job(repeated.id)
    assert not queue.stop_requested(repeated.id)
    queue.finish(repeated.id, a_clip(job))
    with pytest.raises(InvalidRequest, match="finished"):
        queue.again(repeated.id)


def test_a_job_may_go_on_as_another_shot(queue: Queue) -> None:
    (job,) = add(queue, "a sea")
    queue.claim()
    queue.fail(job.id, "It broke.", "Mend it.")
    early = replace(job.shot, ended_after=2)
    assert queue.again(job.id, early).shot == early
    assert queue.job(job.id).error is None


def test_pause(queue: Queue) -> None:
    running, waiting, other = add(queue, "", takes=3)
    queue.claim()
    queue.request_pause(waiting.id)
    queue.request_pause(running.id)
    assert queue.job(running.id).state is State.RUNNING
    assert queue.stop_requested(running.id)
    queue.stopped(running.id)
    assert [queue.job(one.id).state for one in (running, waiting)] == [State.PAUSED] * 2
    assert queue.claim() == queue.job(other.id)
    assert queue.claim() is None
    queue.request_cancel(waiting.id)
    assert queue.job(waiting.id).state is State.CANCELLED
    assert queue.again(running.id).state is State.QUEUED
    claimed = queue.claim()
    assert claimed is not None and claimed.id == running.id
    assert not queue.stop_requested(running.id)
    assert names(queue, running, waiting) == [
        (2, "queued"),
        (2, "paused"),
        (2, "cancelled"),
        (1, "queued"),
    ]


def test_what_is_paused_may_be_discarded_and_what_waits_may_not(queue: Queue) -> None:
    paused, waiting = add(queue, "", takes=2)
    queue.request_pause(paused.id)
    queue.remove(paused.id)
    assert queue.known([paused.id, waiting.id]) == {waiting.id}
    with pytest.raises(InvalidRequest, match="not ended"):
        queue.remove(waiting.id)


def test_what_was_asked_to_pause_is_paused_when_its_owner_leaves(queue: Queue) -> None:
    (job,) = add(queue, "")
    queue.claim()
    queue.request_pause(job.id)
    queue.put_back()
    assert queue.job(job.id).state is State.PAUSED


def test_remove_forgets_only_what_has_ended(queue: Queue) -> None:
    (job,) = add(queue, "")
    with pytest.raises(InvalidRequest):
        queue.remove(job.id)
    queue.claim()
    with pytest.raises(InvalidRequest):
        queue.remove(job.id)
    queue.fail(job.id, "It broke.", "Mend it.")
    queue.remove(job.id)
    for use in (queue.job, queue.remove, queue.again, queue.request_cancel):
        with pytest.raises(NotFound):
            use(job.id)
    assert queue.events(0, [job.id]) == []
    assert add(queue, "")[0].id > job.id


def test_recover_interrupts_what_was_running(queue: Queue, file: Path) -> None:
    running, waiting = add(queue, "", takes=2)
    queue.claim()
    queue.say(running.id, progress(1))
    queue.close()
    reopened = Queue(file)
    (interrupted,) = reopened.recover()
    assert (interrupted.id, interrupted.state) == (running.id, State.INTERRUPTED)
    assert interrupted.error and interrupted.advice
    assert reopened.job(waiting.id).state is State.QUEUED
    assert names(reopened, running)[-1] == (1, "interrupted")
    assert reopened.recover() == []
    assert reopened.again(running.id).state is State.QUEUED
    reopened.close()


def test_what_ran_when_its_owner_left_in_order_waits_again(queue: Queue) -> None:
    stopped, put_back, waiting = add(queue, "", takes=3)
    queue.claim()
    queue.request_cancel(stopped.id)
    queue.claim()
    queue.say(put_back.id, Started(plan=PLAN))
    queue.say(put_back.id, progress(1))
    queue.put_back()
    assert queue.job(stopped.id).state is State.CANCELLED
    assert queue.job(put_back.id) == put_back
    assert queue.job(waiting.id) == waiting
    assert names(queue, put_back)[-1] == (2, "queued")
    assert queue.events(0, [put_back.id])[-1][3] == {"event": "queued", "position": 1}
    again = queue.claim()
    assert again and again.id == put_back.id


def test_events_do_not_grow_without_limit(queue: Queue, file: Path) -> None:
    jobs = add(queue, "", takes=EVENTFUL_JOBS + 2)
    for job in jobs[:-1]:
        queue.request_cancel(job.id)
    queue.recover()
    assert queue.events(0, [jobs[0].id]) == []
    assert len(queue.events(0, [jobs[1].id])) == 2
    assert len(queue.events(0, [jobs[-1].id])) == 1
    assert queue.job(jobs[0].id).state is State.CANCELLED
    with sqlite3.connect(file) as sql:
        assert sql.execute("SELECT count(*) FROM events").fetchone()[0] == 2 * EVENTFUL_JOBS + 1
    sql.close()


def test_every_change_is_a_new_revision(queue: Queue, file: Path) -> None:
    elsewhere = Queue(file)
    (job,) = add(queue, "")
    changes = [
        lambda: add(elsewhere, ""),
        queue.claim,
        lambda: queue.say(job.id, Started(plan=PLAN)),
        lambda: queue.say(job.id, progress(1)),
        lambda: elsewhere.request_cancel(job.id),
        lambda: queue.stopped(job.id),
        lambda: queue.again(job.id),
        lambda: queue.request_pause(job.id),
        lambda: queue.request_cancel(job.id),
        lambda: elsewhere.remove(job.id),
    ]
    seen = [queue.revision()]
    for change in changes:
        change()
        assert queue.revision() == elsewhere.revision()
        seen.append(queue.revision())
    assert len(set(seen)) == len(changes) + 1
    queue.jobs()
    queue.events(0, [job.id])
    assert queue.revision() == seen[-1]
    elsewhere.close()


def test_a_half_done_change_is_undone(queue: Queue) -> None:
    before = queue.revision()
    with pytest.raises(AttributeError):
        queue.add([(Recipe(), a_shot()), (Recipe(), None)])  # type: ignore[list-item]
    assert queue.jobs() == []
    assert queue.revision() == before
    assert add(queue, "")


def test_no_job_is_claimed_twice(queue: Queue, file: Path) -> None:
    count = 60
    add(queue, "", takes=count)
    claimed: list[int] = []

    def work() -> None:
        mine = Queue(file)
        while (job := mine.claim()) is not None:
            claimed.append(job.id)
        mine.close()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claimed) == len(set(claimed)) == count


def test_processes_may_open_and_fill_a_new_queue_at_once(where: Places, file: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=add_jobs, args=(where, 5)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    queue = Queue(file)
    jobs = queue.jobs()
    assert len(jobs) == 15
    positions = [body["position"] for *_, body in queue.events(0, [job.id for job in jobs])]
    assert positions == list(range(1, 16))
    queue.close()


def test_a_file_that_is_no_queue_is_refused_and_kept(file: Path) -> None:
    file.parent.mkdir(parents=True)
    file.write_bytes(b"a shopping list, long enough to be taken for a database" * 100)
    with pytest.raises(StudioError, match="cannot be opened"):
        Queue(file)
    assert file.read_bytes().startswith(b"a shopping list")


def test_a_newer_queue_is_refused(queue: Queue, file: Path) -> None:
    queue.close()
    with sqlite3.connect(file) as sql:
        sql.execute("PRAGMA user_version = 999")
    sql.close()
    with pytest.raises(StudioError, match="newer"):
        Queue(file)


def test_what_waits_is_moved(queue: Queue) -> None:
    first, second, third = add(queue, "", takes=3)
    assert queue.claim() is not None
    queue.move(third.id, second.id)
    (late,) = add(queue, "late")
    assert [job.id for job in queue.line()] == [first.id, third.id, second.id, late.id]
    assert queue.position(second.id) == 2
    queue.move(third.id, None)
    queue.move(late.id, late.id)
    assert [job.id for job in queue.line()] == [first.id, second.id, late.id, third.id]
    with pytest.raises(InvalidRequest, match="running"):
        queue.move(second.id, first.id)
    with pytest.raises(NotFound):
        queue.move(999, None)
    queue.stopped(first.id)
    claimed = queue.claim()
    assert claimed is not None and claimed.id == second.id


def test_a_list_of_an_older_studio_keeps_its_order(where: Places) -> None:
    path = where.data / "queue.sqlite"
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.closing(sqlite3.connect(path)) as sql:
        for statement in MIGRATIONS[0]:
            sql.execute(statement)
        sql.execute("PRAGMA user_version = 1")
        shot, recipe = json.dumps(a_shot(1).to_json()), json.dumps(Recipe(prompt="old").to_json())
        for take in (1, 2):
            sql.execute(
                'INSERT INTO jobs ("group", take, recipe, shot, state, created) '
                "VALUES ('g', ?, ?, ?, 'queued', '2026-11-22T10:00:00+01:00')",
                (take, recipe, shot),
            )
        sql.commit()
    with contextlib.closing(Queue(path)) as queue:
        (new,) = add(queue, "new")
        assert [job.take for job in queue.line()] == [1, 2, 1]
        assert queue.line()[-1] == new
