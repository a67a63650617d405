"""The checks of this process: each reads what a model has on disk, in a thread of its own.

Knows who reads; not when a file is damaged, nor what may go once it was read.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock, Thread

from studio.errors import StudioError
from studio.events import Answered
from studio.models import ModelSpec

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """How a check stands. damaged: the files that are not as they should be, known once it no
    longer runs. answered: what its experts said, where they were asked. freed: bytes of published
    weights that were let go after it. error, advice: why it could not be done, and what to do."""

    running: bool
    damaged: tuple[str, ...] = ()
    answered: Answered = field(default_factory=Answered)
    freed: int | None = None
    error: str | None = None
    advice: str | None = None


class Checks:
    """What is being read, and what came of it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: dict[str, Check] = {}

    def start(self, spec: ModelSpec, read: Callable[[], Check]) -> Check:
        """Begin to read; what is being read already stays so. read: gives how it ended, or raises
        StudioError."""
        with self._lock:
            before = self._known.get(spec.id)
            if before is not None and before.running:
                return before
            begun = self._known[spec.id] = Check(running=True)
        Thread(
            target=self._run, args=(spec, read, begun), name=f"check {spec.id}", daemon=True
        ).start()
        return begun

    def now(self, spec: ModelSpec) -> Check | None:
        """How the last check of a model stands; None where there was none."""
        with self._lock:
            return self._known.get(spec.id)

    def forget(self, spec: ModelSpec) -> None:
        """Know nothing of it any more: the files are others now."""
        with self._lock:
            self._known.pop(spec.id, None)

    def _run(self, spec: ModelSpec, read: Callable[[], Check], begun: Check) -> None:
        try:
            ended = read()
        except StudioError as error:
            ended = Check(running=False, error=error.message, advice=error.advice)
        except OSError as error:
            ended = Check(
                running=False,
                error=f"The files of {spec.name} could not be read: {error.strerror or error}.",
                advice="Make sure that their disk is there, and check again.",
            )
        except Exception as error:
            LOG.exception("Checking %s", spec.id)
            ended = Check(
                running=False,
                error=f"The check went wrong: {type(error).__name__}: {error}",
                advice="Delete the model and download it again.",
            )
        with self._lock:
            if self._known.get(spec.id) is begun:
                self._known[spec.id] = ended
