"""An engine for the tests of the jobs: does what the prompt says, knows no torch.

The prompt is a list of words; each is one thing the engine does, in order. The file it makes is
named and tagged like a real one.
"""

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable

from filelock import FileLock

from studio.clip import Tag
from studio.engine import SURROUNDINGS, Stopped
from studio.errors import CardLost, OutOfMemory, RenderFailed
from studio.events import (
    Answered,
    Asking,
    Event,
    Finished,
    Prepared,
    Preparing,
    Progress,
    Started,
    Task,
)
from studio.plan import Hardware, Plan, Precision, Residency

HARDWARE = Hardware(
    device="fake",
    vram_total_gb=8.0,
    vram_free_gb=7.0,
    ram_total_gb=16.0,
    ram_free_gb=12.0,
    bf16=True,
    teraflops=1.5,
)
PLAN = Plan(
    model="pocket",
    precision=Precision.NF4,
    residency=Residency.SWAP,
    vram_peak_gb=6.0,
    ram_peak_gb=9.0,
    disk_gb=0.5,
    seconds=3.0,
    fits=True,
    reason="fits",
)
STEPS = 3
LONG_SECONDS = 60


class FakeEngine:
    def hardware(self) -> Hardware:
        return HARDWARE

    def render(
        self, task: Task, say: Callable[[Event], None], cancelled: Callable[[], bool]
    ) -> Finished:
        say(Started(plan=PLAN))
        half_made = task.output.with_name(f"{task.id}.part")
        half_made.parent.mkdir(parents=True, exist_ok=True)
        half_made.write_bytes(b"half")
        for step in range(1, STEPS + 1):
            say(Progress(stage="sample", expert="high", step=step, of=STEPS, seconds_left=None))
        for word in task.recipe.prompt.split():
            self.do(word, task, cancelled)
        half_made.replace(task.output)
        poster = task.output.with_suffix(".jpg")
        poster.write_bytes(b"poster")
        tag = Tag(id=task.id, created=task.created, seconds=0.5, recipe=task.recipe, shot=task.shot)
        return Finished(tag=tag, file=task.output, poster=poster)

    def prepare(self, asked: Preparing) -> Prepared:
        match asked.file.stem:
            case "refuse":
                raise RenderFailed("The disk is full.", "Free some space.")
            case "deaf":
                asked.file.touch()
                time.sleep(LONG_SECONDS)
            case "exit":
                os._exit(7)
        return Prepared(file=asked.folder / f"{asked.precision}-{asked.file.name}")

    def ask(self, asked: Asking) -> Answered:
        return Answered(same=(asked.model,))

    def do(self, word: str, task: Task, cancelled: Callable[[], bool]) -> None:
        match word:
            case "steps":  # long, and asks at every step
                for _ in range(LONG_SECONDS * 100):
                    if cancelled():
                        raise Stopped
                    time.sleep(0.01)
            case "gate":  # until the test opens it
                while not task.output.with_name("open").exists():
                    time.sleep(0.02)
            case "nap":
                time.sleep(1)
            case "deaf":  # one long step
                time.sleep(LONG_SECONDS)
            case "once":  # one long step, and none when run again
                mark = task.output.with_name("once")
                if not mark.exists():
                    mark.touch()
                    time.sleep(LONG_SECONDS)
            case "hold":  # a lock that is free again when this process is gone
                self.lock = FileLock(task.output.with_name("hold"))
                self.lock.acquire(timeout=0)
            case "refuse":
                raise RenderFailed("The picture is black.", "Choose another seed.")
            case "memory":
                raise OutOfMemory("The card is full.", "Choose a smaller size.")
            case "lost":
                raise CardLost("The card is gone.", "Run it again.")
            case "bug":
                raise ZeroDivisionError("a bug")
            case "native":
                os.write(1, "native 词\n".encode())
                sys.stdout.write("printed 词\n")
                sys.stderr.write("complained 词\n")
            case "surroundings":
                sys.stdout.writelines(f"{name}={os.environ[name]}\n" for name in SURROUNDINGS)
            case "segv":
                ctypes.string_at(0)
            case "kill":
                os.kill(os.getpid(), signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
            case "exit":
                os._exit(7)


class BrokenEngine:
    def __init__(self) -> None:
        raise ImportError("no such library")
