"""The engine: a task in, a finished clip out, with word of its progress on the way.

This file names what the rest of the program may use. It knows no torch, so that it can be imported
anywhere; `studio.engine.wan` is the engine itself and is imported in the worker process only.
"""

from collections.abc import Callable
from typing import Protocol

from studio.events import Answered, Asking, Event, Finished, Prepared, Preparing, Task
from studio.plan import Hardware

# Torch's memory for tensors of a forward has gaps that nothing else fits in: 2.4 GB for A14B at
# 832×480 on an H200, so that plans which leave 0.6 GB for them ran out of memory. Where large
# blocks are not cut, 0.3 GB suffice (`benchmarks/gaps.py`). Not the expandable segments that
# torch has for it on Linux: most users' Windows has none of them.
MAX_SPLIT_MB = 64
# Of the environment, set before torch is imported; what the user has set stays.
SURROUNDINGS = {"PYTORCH_ALLOC_CONF": f"max_split_size_mb:{MAX_SPLIT_MB}"}


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
