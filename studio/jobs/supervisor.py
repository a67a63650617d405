"""The parent's side: takes jobs from the queue, has the worker process do them, tells the queue.

Knows neither engine nor gallery: what makes a task of a job and a clip of a film is handed in.
"""

import contextlib
import json
import logging
import re
import threading
from collections.abc import Callable
from pathlib import Path

from studio import mp4
from studio.clip import Clip, tag_from_json
from studio.errors import RenderFailed, StudioError
from studio.events import Cancelled, Event, Failed, Finished, Progress, Ready, Started, Task
from studio.files import write_whole
from studio.jobs.job import Job, State
from studio.jobs.process import Worker
from studio.jobs.queue import Queue
from studio.paths import Places
from studio.plan import Hardware

LOG = logging.getLogger(__name__)

IDLE_SECONDS = 0.3  # how long a job added by another process may go unseen
PAUSE_SECONDS = 2.0  # before trying again after the queue itself could not be used

# What a task leaves in the work folder when its process dies: named after the clip's id.
LEFTOVER = re.compile(r"[0-9a-f]{12}([._-].*)?")
# A whole film: while it is being written it has a longer name.
FILM = re.compile(r"[0-9a-f]{12}\.mp4")


class Supervisor:
    """The owner's thread: every waiting job, one after another, until stopped."""

    def __init__(
        self,
        queue: Queue,
        prepare: Callable[[Job], Task],
        finish: Callable[[Finished], Clip],
        engine: str,
        places: Places,
    ) -> None:
        """prepare: what the worker is to do for a job. finish: takes the file into the gallery.

        Both run in the supervisor's thread and may raise; then that job has failed.
        engine: "module:Class", imported in the worker process only.
        """
        self._queue = queue
        self._prepare = prepare
        self._finish = finish
        self._engine = engine
        self._places = places
        self._worker = Worker(engine, places.log)
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._cold = threading.Event()
        self._warmed = False
        self._trouble: Failed | None = None
        self._hardware: Hardware | None = None
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)

    def start(self) -> None:
        """Begin; this process must own the library. What a dead owner left is cleared first."""
        self._thread.start()

    def stop(self) -> None:
        """End the worker and the thread. A job at work waits again, for the next owner."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def wake(self) -> None:
        """Look at the queue now."""
        self._wake.set()

    def warm(self) -> None:
        """Start the worker before there is a job, so that the first need not wait for it.

        Only the first call does: if that start fails, `trouble` says why, and the next job tries.
        """
        if not self._warmed:
            self._warmed = True
            self._cold.set()
            self._wake.set()

    def trouble(self) -> Failed | None:
        """Why the worker could not be started by `warm`; None once it could."""
        return self._trouble

    def hardware(self) -> Hardware | None:
        """This computer, as our worker saw it last, else as any did; None if none ever did."""
        return self._hardware or last_hardware(self._places)

    def measure(self) -> Hardware:
        """This computer, looked at now by a worker of its own; takes seconds, in any process.

        Remembered only where nothing is: an owner's worker may hold a model now, and then less is
        free than that worker has. Raises RenderFailed if the worker does not start.
        """
        worker = Worker(self._engine, self._places.log)
        try:
            said = next(event for event in worker.warm_up() if isinstance(event, Ready | Failed))
        finally:
            worker.stop()
        if isinstance(said, Failed):
            raise RenderFailed(said.error, said.advice)
        if self.hardware() is None:
            _write(said.hardware, self._places)
        return said.hardware

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._clear_up(self._queue.recover)
                self._serve()
            except Exception:
                # A full disk, say. Nobody would ever start this thread again.
                LOG.exception("The queue cannot be worked at")
                self._stopping.wait(PAUSE_SECONDS)
        self._worker.stop()
        self._clear_up(self._queue.put_back)

    def _clear_up(self, settle: Callable[[], object]) -> None:
        """Take in what is finished, settle the jobs that ran, delete what is half-made."""
        leftovers = [
            file
            for file in sorted(self._places.work.glob("*"))
            if LEFTOVER.fullmatch(file.name) and file.is_file()
        ]
        films = self._films()
        for film in films:
            self._rescue(film)
        settle()
        kept = {film.stem for film in films}  # a film that is not taken in yet needs its poster
        for file in leftovers:
            if file.stem not in kept:
                # Windows does not delete what somebody has open; then it is next time's turn.
                with contextlib.suppress(PermissionError):
                    file.unlink(missing_ok=True)

    def _films(self) -> list[Path]:
        """The whole films in the work folder: finished, and not taken in yet."""
        files = sorted(self._places.work.glob("*.mp4"))
        return [file for file in files if FILM.fullmatch(file.name) and file.is_file()]

    def _rescue(self, film: Path) -> None:
        """A film that was finished and never taken in is taken in now, or stays where it is."""
        try:
            made = _made(film)
            clip = self._finish(made)
        except (StudioError, OSError) as error:
            LOG.warning("%s is kept as it is: %s", film, error)
            return
        for job in self._queue.jobs(states=[State.RUNNING]):
            if job.shot == made.tag.shot:
                self._queue.finish(job.id, clip)

    def _film_of(self, job: Job) -> Finished | None:
        """A job's film, where it was finished and could not be taken in when it was."""
        for film in self._films():
            # One that is damaged is nobody's.
            with contextlib.suppress(StudioError, OSError):
                made = _made(film)
                if made.tag.shot == job.shot:
                    return made
        return None

    def _serve(self) -> None:
        while not self._stopping.is_set():
            job = self._queue.claim()
            if job is not None:
                self._work(job)
            elif self._cold.is_set():
                self._cold.clear()
                self._warm_up()
            else:
                self._wake.wait(IDLE_SECONDS)
                self._wake.clear()

    def _work(self, job: Job) -> None:
        try:
            made = self._film_of(job)
            if made is not None:
                self._relay(job, made)
                return
            task = self._prepare(job)
            with contextlib.closing(self._worker.run(task)) as said:
                for event in said:
                    if event is not None:
                        self._relay(job, event)
                    if self._stopping.is_set():
                        return
                    if self._queue.stop_requested(job.id):
                        self._worker.cancel()
        except StudioError as error:
            self._queue.fail(job.id, error.message, error.advice)
        except Exception as error:
            LOG.exception("Job %d", job.id)
            self._queue.fail(
                job.id, f"The job went wrong: {type(error).__name__}: {error}", "Run it again."
            )

    def _relay(self, job: Job, event: Event) -> None:
        match event:
            case Ready(hardware=hardware):
                self._keep(hardware)
            case Started() | Progress():
                self._queue.say(job.id, event)
            case Finished():
                self._queue.finish(job.id, self._finish(event))
            case Failed(error=error, advice=advice):
                self._queue.fail(job.id, error, advice)
            case Cancelled():
                self._queue.stopped(job.id)
                self._free_memory(job)

    def _free_memory(self, job: Job) -> None:
        """A paused job gives its memory back, unless another needs the worker at once."""
        paused = self._queue.job(job.id).state is State.PAUSED
        if paused and not self._queue.jobs(limit=1, states=[State.QUEUED]):
            self._worker.stop()

    def _warm_up(self) -> None:
        for event in self._worker.warm_up():
            match event:
                case Ready(hardware=hardware):
                    self._keep(hardware)
                case Failed():
                    self._trouble = event
                    LOG.error("The worker did not start: %s", event.error)
            if self._stopping.is_set():
                return

    def _keep(self, hardware: Hardware) -> None:
        self._hardware = hardware
        self._trouble = None
        _write(hardware, self._places)


def _made(film: Path) -> Finished:
    """What the worker said of a whole film. Raises StudioError if it cannot be read."""
    tag = tag_from_json(mp4.words(film))
    return Finished(tag=tag, file=film, poster=film.with_suffix(".webp"))


def last_hardware(places: Places) -> Hardware | None:
    """What a worker of any process last said about this computer; None if it cannot be told."""
    try:
        return Hardware(**json.loads(_hardware_file(places).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None  # only a cache: absent, or of another version


def _write(hardware: Hardware, places: Places) -> None:
    data = json.dumps(hardware.to_json(), indent=2).encode("utf-8")
    try:
        write_whole(_hardware_file(places), data)
    except OSError as error:
        # Only a cache, and Windows replaces no file that somebody has open.
        LOG.warning("What this computer is could not be remembered: %s", error)


def _hardware_file(places: Places) -> Path:
    return places.cache / "hardware.json"
