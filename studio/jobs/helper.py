"""A worker process for what is no render: it makes what runs of what a download brings, and asks
experts whether they are what they were.

Knows the process; not when it is wanted.
"""

import contextlib
from collections.abc import Callable
from pathlib import Path

from studio.errors import StudioError
from studio.events import Answered, Asking, Event, Failed, Prepared, Preparing
from studio.jobs.process import Worker


class Helper:
    """One process, started when it is first needed, for the one thread that uses it."""

    def __init__(self, engine: str, log: Path) -> None:
        """engine, log: as of `studio.jobs.worker.serve`."""
        self._worker = Worker(engine, log)

    def prepare(self, asked: Preparing, stopped: Callable[[], bool]) -> Path | None:
        """Have it made, and give its file; None where stopped() said so on the way: then the
        process is ended. Raises StudioError."""
        done = self._done(asked, stopped)
        return done.file if isinstance(done, Prepared) else None

    def ask(self, asked: Asking, stopped: Callable[[], bool] = lambda: False) -> Answered | None:
        """What the experts answer; all else as for `prepare`."""
        done = self._done(asked, stopped)
        return done if isinstance(done, Answered) else None

    def _done(self, asked: Preparing | Asking, stopped: Callable[[], bool]) -> Event | None:
        last: Event | None = None
        with contextlib.closing(self._worker.run(asked)) as said:
            for event in said:
                if event is None and stopped():
                    return None
                last = event
        if isinstance(last, Failed):
            raise StudioError(last.error, last.advice)
        return last

    def close(self) -> None:
        """End the process."""
        self._worker.stop()
