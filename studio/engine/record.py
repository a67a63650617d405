"""What a render keeps on its way: checkpoints to go on from, and the latents it can be lifted from.

Knows steps and files; not how a step is made.
"""

import contextlib
import logging
import time
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError

from studio import ladder
from studio.engine import kept
from studio.engine.kept import Checkpoint
from studio.engine.scheduler import SolverState, StudioUniPC
from studio.shot import Kind, Shot

LOG = logging.getLogger(__name__)
# A checkpoint is written after every step that is worth it: its cost stays below this share …
SHARE = 0.03
# … but never fewer than one in so many steps, so that a crash costs no more.
STEPS_APART = 2


@dataclass(kw_only=True)
class Record:
    """One shot's checkpoints at `path`. began: `time.monotonic()` when the work on it did, earlier
    tries counted. before: where it stood when this render began."""

    path: Path
    shot: Shot
    began: float
    before: Checkpoint | None = None
    noisy: dict[float, torch.Tensor] = field(default_factory=dict)
    _last_step: int = 0
    _last_time: float = 0.0
    _cost: float = 0.0

    def __post_init__(self) -> None:
        self.before = kept.load_checkpoint(self.path, self.shot)
        if self.before is not None:
            self.noisy = dict(self.before.noisy)
            self._last_step = self.before.step
            self.began -= self.before.seconds
        self._last_time = time.monotonic()

    def step(self, step: int, latents: torch.Tensor, solver: StudioUniPC) -> None:
        """A step is done: keep what must be kept of it."""
        for ratio in self._rungs(step):
            self.noisy[ratio] = latents.to("cpu", kept.COMPACT)
        worth = self._cost <= SHARE * (time.monotonic() - self._last_time)
        if worth or step - self._last_step >= STEPS_APART:
            self.keep(step, latents, solver)

    def keep(self, step: int, latents: torch.Tensor, solver: StudioUniPC) -> None:
        """Write a checkpoint, unless the last one is of this step already."""
        if step == self._last_step:
            return
        began = time.monotonic()
        if self._write(step, latents, solver.state()):
            self._last_step = step
        self._last_time = time.monotonic()
        self._cost = self._last_time - began

    def done(self, latents: torch.Tensor) -> None:
        """Sampling is over; decoding may fail and be tried again."""
        steps = self.shot.ended_after or self.shot.steps
        self._write(steps, latents, None)

    def forget(self) -> None:
        """The clip is whole; nothing is left to go on with. What cannot be removed now is when the
        studio starts again."""
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)

    def _write(self, step: int, latents: torch.Tensor, solver: SolverState | None) -> bool:
        """Whether it could be written: where not, the render goes on without it."""
        seconds = time.monotonic() - self.began
        stands = Checkpoint(
            step=step, latents=latents, solver=solver, noisy=self.noisy, seconds=seconds
        )
        try:
            kept.save_checkpoint(self.path, self.shot, stands)
        except (OSError, SafetensorError) as error:
            LOG.warning("How far the render is, could not be kept: %s", error)
            return False
        return True

    def _rungs(self, step: int) -> list[float]:
        """The ratios whose lift takes the latents as they are after this step."""
        shot = self.shot
        if shot.kind is not Kind.PREVIEW or shot.boundary is None:
            return []
        return [
            ratio
            for ratio in ladder.RATIOS
            if ladder.lift_step(shot.steps, shot.flow_shift, shot.boundary, ratio) == step
        ]
