"""A worker process for what is no render: a download has it make what runs of what came.

Knows the process; not what it is asked for.
"""

import contextlib
from collections.abc import Callable
from pathlib import Path

from studio.errors import StudioError
from studio.events import Failed, Prepared, Preparing
from studio.jobs.process import Worker


class Helper:
    """One process, started when it is first needed, for the one thread that uses it."""

    def __init__(self, engine: str, log: Path) -> None:
        """engine, log: as of `studio.jobs.worker.serve`."""
        self._worker = Worker(engine, log)

    def prepare(self, asked: Preparing, stopped: Callable[[], bool]) -> Path | None:
        """Have it made, and give its file; None where stopped() said so on the way: then the
        process is ended. Raises StudioError."""
        made: Path | None = None
        with contextlib.closing(self._worker.run(asked)) as said:
            for event in said:
                match event:
                    case Prepared(file=file):
                        made = file
                    case Failed(error=error, advice=advice):
                        raise StudioError(error, advice)
                    case None if stopped():
                        break
        return made

    def close(self) -> None:
        """End the process."""
        self._worker.stop()
