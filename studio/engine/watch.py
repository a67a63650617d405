"""Word of a render's progress, and the wish to stop it. Knows neither models nor files."""

import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from statistics import median_low

from studio.engine import Stopped
from studio.events import Event, Progress

# The time left is told by the last steps. Of two in the middle the shorter one counts: a step is
# never too short, but loading, or a laptop that slept, makes it far too long.
LAST_STEPS = 5


class Watch:
    """Told of every step; passes it on, and raises Stopped when the person wants an end."""

    def __init__(self, say: Callable[[Event], None], cancelled: Callable[[], bool]) -> None:
        self._say = say
        self._cancelled = cancelled
        self._stage = ""
        self._before = 0
        self._last = 0.0
        self._seconds: deque[float] = deque(maxlen=LAST_STEPS)

    def begin(self, stage: str, before: int = 0) -> None:
        """A stage begins. before: steps done another time."""
        self.check()
        self._stage = stage
        self._before = before
        self._seconds.clear()

    def step(
        self, step: int, of: int, expert: str | None = None, glimpse: Path | None = None
    ) -> None:
        """Step (1-based) of the stage is done. expert: "high" or "low". glimpse: how the clip looks
        so far."""
        now = time.monotonic()
        if step > self._before + 1:  # the first loads what the others find in place
            self._seconds.append(now - self._last)
        self._last = now
        self._say(
            Progress(
                stage=self._stage,
                expert=expert,
                step=step,
                of=of,
                seconds_left=self._left(of - step),
                glimpse=glimpse,
            )
        )
        self.check()

    def check(self) -> None:
        """Raises Stopped if the person wants an end."""
        if self._cancelled():
            raise Stopped

    def _left(self, steps: int) -> float | None:
        if not steps:
            return 0.0
        return round(median_low(self._seconds) * steps, 1) if self._seconds else None
