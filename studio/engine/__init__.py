"""The engine: a task in, a finished clip out, with word of its progress on the way.

This file names what the rest of the program may use. It knows no torch, so that it can be imported
anywhere; `studio.engine.wan` is the engine itself and is imported in the worker process only.
"""

from collections.abc import Callable
from typing import Protocol

from studio.events import Answered, Asking, Event, Finished, Prepared, Preparing, Task
from studio.plan import Hardware


class Stopped(Exception):
    """The task was stopped because `cancelled()` said so; nothing half-made is left."""


class Engine(Protocol):
    """What makes clips."""

    def hardware(self) -> Hardware:
        """This computer, with the memory that is free now."""
        ...

    def render(
        self, task: Task, say: Callable[[Event], None], cancelled: Callable[[], bool]
    ) -> Finished:
        """Make the clip of a task at `task.output`.

        say is given Started, then Progress events. cancelled is asked at least once a step.
        Raises Stopped, or a StudioError; after either nothing is left at `task.output`.
        """
        ...

    def prepare(self, asked: Preparing) -> Prepared:
        """Make of a published weight file what runs; what was made of it before stays.

        Raises a StudioError; then, and where the process is killed, nothing half-made counts.
        """
        ...

    def ask(self, asked: Asking) -> Answered:
        """Ask the experts that are kept as this computer runs them. Raises a StudioError."""
        ...
