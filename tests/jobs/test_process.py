"""A real worker process with the fake engine: what it says, how it dies, what comes after."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from filelock import FileLock

from studio.engine import MAX_SPLIT_MB
from studio.events import Cancelled, Event, Failed, Finished, Progress, Ready, Started
from studio.jobs import worker as child
from studio.jobs.process import Worker
from studio.paths import Places
from tests.jobs.fake_engine import HARDWARE, PLAN, STEPS
from tests.jobs.making import FAKE, a_task

BEGINNING = [
    Started(plan=PLAN),
    *(
        Progress(stage="sample", expert="high", step=step, of=STEPS, seconds_left=None)
        for step in range(1, STEPS + 1)
    ),
]


@pytest.fixture
def worker(where: Places) -> Iterator[Worker]:
    made = Worker(FAKE, where.log)
    yield made
    made.stop()


def said(worker: Worker, where: Places, prompt: str = "") -> list[Event]:
    return [event for event in worker.run(a_task(where, prompt)) if event is not None]


def process_id(worker: Worker) -> int | None:
    assert worker._child is not None
    return worker._child.process.pid


def failure(events: list[Event]) -> Failed:
    last = events[-1]
    assert isinstance(last, Failed)
    return last


def test_one_process_does_task_after_task(worker: Worker, where: Places) -> None:
    first = said(worker, where)
    assert first[:-1] == [Ready(hardware=HARDWARE), *BEGINNING]
    made = first[-1]
    assert isinstance(made, Finished)
    assert made.file == a_task(where, "").output
    assert made.file.exists() and made.poster.exists()
    assert made.tag.shot == a_task(where, "").shot
    at_work = process_id(worker)
    assert said(worker, where) == [*BEGINNING, made]
    assert process_id(worker) == at_work


def test_warming_up_is_heard_once(worker: Worker, where: Places) -> None:
    assert [event for event in worker.warm_up() if event] == [Ready(hardware=HARDWARE)]
    assert list(worker.warm_up()) == []
    assert said(worker, where)[:1] == BEGINNING[:1]


def test_an_error_for_people_arrives_as_it_is(worker: Worker, where: Places) -> None:
    events = said(worker, where, "refuse")
    at_work = process_id(worker)
    assert failure(events) == Failed(error="The picture is black.", advice="Choose another seed.")
    assert isinstance(said(worker, where)[-1], Finished)
    assert process_id(worker) == at_work


def test_a_bug_is_told_and_logged_and_survived(worker: Worker, where: Places) -> None:
    failed = failure(said(worker, where, "bug"))
    at_work = process_id(worker)
    assert failed.error == "The render went wrong: ZeroDivisionError: a bug"
    assert str(where.log) in failed.advice
    log = where.log.read_text(encoding="utf-8")
    assert "Traceback" in log and "fake_engine.py" in log
    assert isinstance(said(worker, where)[-1], Finished)
    assert process_id(worker) == at_work


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("memory", Failed(error="The card is full.", advice="Choose a smaller size.")),
        ("lost", Failed(error="The card is gone.", advice="Run it again.")),
    ],
)
def test_what_a_process_does_not_survive_ends_it(
    worker: Worker, where: Places, what: str, told: Failed
) -> None:
    assert failure(said(worker, where, what)) == told
    assert worker._child is not None
    gone = worker._child.process
    gone.join(5)
    assert gone.exitcode == 0
    events = said(worker, where)
    assert events[0] == Ready(hardware=HARDWARE)
    assert isinstance(events[-1], Finished)


@pytest.mark.parametrize(
    ("death", "cause"),
    [
        ("segv", "SIGSEGV|exit code 0xc0000005"),
        ("kill", "SIGKILL|exit code 15"),
        ("exit", "exit code 7"),
    ],
)
def test_a_death_is_one_failure(worker: Worker, where: Places, death: str, cause: str) -> None:
    events = said(worker, where, f"native {death}")
    assert events[:-1] == [Ready(hardware=HARDWARE), *BEGINNING]
    failed = failure(events)
    assert re.search(rf"ended unexpectedly \(({cause})\)", failed.error)
    assert str(where.log) in failed.advice
    log = where.log.read_text(encoding="utf-8")
    assert "native 词" in log and "printed 词" in log and "complained 词" in log
    assert ("Segmentation fault" in log or "access violation" in log) == (death == "segv")
    events = said(worker, where)
    assert events[0] == Ready(hardware=HARDWARE)
    assert isinstance(events[-1], Finished)


def test_a_death_between_tasks_is_no_failure(worker: Worker, where: Places) -> None:
    said(worker, where)
    assert worker._child is not None
    worker._child.process.kill()
    worker._child.process.join()
    assert isinstance(said(worker, where)[-1], Finished)


def test_cancel(worker: Worker, where: Places) -> None:
    events: list[Event] = []
    for event in worker.run(a_task(where, "steps")):
        if event is not None:
            events.append(event)
        if event == BEGINNING[-1]:
            worker.cancel()
    assert events == [Ready(hardware=HARDWARE), *BEGINNING, Cancelled()]
    assert isinstance(said(worker, where)[-1], Finished)


def test_cancel_while_the_process_is_starting(worker: Worker, where: Places) -> None:
    events = []
    for event in worker.run(a_task(where, "steps")):
        events.append(event)
        worker.cancel()
    assert events[-1] == Cancelled()
    assert Started(plan=PLAN) not in events
    assert isinstance(said(worker, where)[-1], Finished)


def test_leaving_a_task_ends_the_process(worker: Worker, where: Places) -> None:
    running = worker.run(a_task(where, "hold steps"))
    while next(running) != BEGINNING[-1]:
        pass
    next(running)
    running.close()
    with FileLock(where.work / "hold", timeout=0):
        assert isinstance(said(worker, where)[-1], Finished)


def test_an_engine_that_cannot_be_made(where: Places) -> None:
    worker = Worker("tests.jobs.fake_engine:BrokenEngine", where.log)
    for _ in range(2):
        assert [type(event) for event in worker.warm_up() if event] == [Failed]
        failed = failure(said(worker, where))
        assert failed.error == "The render went wrong: ImportError: no such library"
    worker.stop()


@pytest.mark.parametrize("set_before", [None, "max_split_size_mb:512"])
def test_torch_is_set_so_that_its_memory_has_few_gaps(
    worker: Worker, where: Places, monkeypatch: pytest.MonkeyPatch, set_before: str | None
) -> None:
    """Before it is imported; what the user has set stays."""
    monkeypatch.delenv("PYTORCH_ALLOC_CONF", raising=False)
    if set_before:
        monkeypatch.setenv("PYTORCH_ALLOC_CONF", set_before)
    said(worker, where, "surroundings")
    expected = set_before or f"max_split_size_mb:{MAX_SPLIT_MB}"
    assert f"PYTORCH_ALLOC_CONF={expected}\n" in where.log.read_text(encoding="utf-8")


def test_a_large_log_is_put_aside(where: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    aside = where.log.with_name("worker.log.old")
    where.log.parent.mkdir(parents=True)
    where.log.write_bytes(b"x" * (child.MAX_LOG_BYTES + 1))
    aside.write_bytes(b"older")
    for _ in range(2):
        worker = Worker(FAKE, where.log)
        said(worker, where, "native")
        worker.stop()
    assert aside.stat().st_size == child.MAX_LOG_BYTES + 1
    assert where.log.read_text(encoding="utf-8").count("printed 词") == 2


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no signal to one process alone")
def test_ctrl_c_is_not_for_the_worker(worker: Worker, where: Places) -> None:
    for event in worker.run(a_task(where, "steps")):
        if event == BEGINNING[-1]:
            os.kill(process_id(worker) or 0, 2)
            worker.cancel()
    assert event == Cancelled()
    assert "KeyboardInterrupt" not in where.log.read_text(encoding="utf-8")


def test_the_parent_never_meets_the_engine() -> None:
    """A process of its own: other tests of this one do load torch."""
    code = "import sys, studio.cli, studio.studio; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
