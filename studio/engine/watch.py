"""Word of a render's progress, and the wish to stop it. Knows neither models nor files."""

import time
from collections.abc import Callable
from pathlib import Path

from studio.engine import Stopped
from studio.events import Event, Progress


class Watch:
    """Told of every step; passes it on, and raises Stopped when the person wants an end."""

    def __init__(self, say: Callable[[Event], None], cancelled: Callable[[], bool]) -> None:
        self._say = say
        self._cancelled = cancelled
        self._stage = ""
        self._began = 0.0
        self._before = 0

    def begin(self, stage: str, before: int = 0) -> None:
        """A stage begins; its seconds_left count from here. before: steps done another time."""
        self.check()
        self._stage = stage
        self._began = time.monotonic()
        self._before = before

    def step(
        self, step: int, of: int, expert: str | None = None, glimpse: Path | None = None
    ) -> None:
        """Step (1-based) of the stage is done. expert: "high" or "low". glimpse: how the clip looks
        so far."""
        each = (time.monotonic() - self._began) / (step - self._before)
        self._say(
            Progress(
                stage=self._stage,
                expert=expert,
                step=step,
                of=of,
                seconds_left=round(each * (of - step), 1),
                glimpse=glimpse,
            )
        )
        self.check()

    def check(self) -> None:
        """Raises Stopped if the person wants an end."""
        if self._cancelled():
            raise Stopped
