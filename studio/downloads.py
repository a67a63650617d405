"""The downloads of this process, each in a thread of its own; asked for and looked at from any.

Knows who watches; not how a file comes.
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Lock, Thread

from studio import manifest, weights
from studio.download import Download, Getting, Order, Paused, Preparer, Stage
from studio.errors import InvalidRequest, StudioError
from studio.models import ModelSpec

# A stopped download may wait for its server so long, plus a little.
STOP_SECONDS = 15.0
LOOK_SECONDS = 0.2


@dataclass(kw_only=True, slots=True)
class _Running:
    now: Download
    thread: Thread
    stop: Event


class Downloads:
    """What is on its way."""

    def __init__(self, preparer: Callable[[], contextlib.AbstractContextManager[Preparer]]) -> None:
        """preparer: gives one for one download, and ends it after that."""
        self._preparer = preparer
        self._lock = Lock()
        self._running: dict[str, _Running] = {}

    def start(self, order: Order) -> Download:
        """Begin, or go on with what was begun; what is on its way already stays so."""
        with self._lock:
            before = self._running.get(order.spec.id)
            if before is not None and before.now.stage.active:
                return before.now
            stop = Event()
            known = manifest.read(order.home)
            running = _Running(
                now=Download(
                    model=order.spec.id,
                    stage=Stage.LISTING,
                    done=manifest.there(order.home, known) if known else 0,
                    of=known.bytes if known else order.bundle.bytes,
                ),
                thread=Thread(
                    target=self._run,
                    args=(order, stop, before.thread if before else None),
                    name=f"download {order.spec.id}",
                    daemon=True,
                ),
                stop=stop,
            )
            self._running[order.spec.id] = running
            running.thread.start()
            return running.now

    def pause(self, spec: ModelSpec, wait: bool = False) -> Download:
        """Stop a download at its next piece. wait: until it has. Raises InvalidRequest."""
        with self._lock:
            running = self._running.get(spec.id)
            if running is None:
                raise InvalidRequest(f"{spec.name} is not being downloaded.", "Start it first.")
            if running.now.stage.active:
                running.stop.set()
                running.now = replace(
                    running.now, stage=Stage.PAUSED, bytes_per_second=None, error=None, advice=None
                )
        if wait:
            running.thread.join(STOP_SECONDS)
        return running.now

    def now(self, spec: ModelSpec, models: Path) -> Download | None:
        """How far a model's download is; None where none was begun, or it is long whole."""
        with self._lock:
            running = self._running.get(spec.id)
        if running is not None:
            return running.now
        state = weights.state(spec, models)
        known = manifest.read(state.folder) if state.partly else None
        if known is None:
            return None
        done = manifest.there(state.folder, known)
        return Download(model=spec.id, stage=Stage.PAUSED, done=done, of=known.bytes)

    def follow(self, spec: ModelSpec, told: Callable[[Download], None]) -> None:
        """Wait until a download has ended; paused where the waiting is interrupted.

        Raises StudioError if it failed.
        """
        running = self._running[spec.id]
        try:
            while running.thread.is_alive():
                running.thread.join(LOOK_SECONDS)
                told(running.now)
        except BaseException:
            self.pause(spec, wait=True)
            raise
        if running.now.error is not None and running.now.stage is Stage.FAILED:
            raise StudioError(running.now.error, running.now.advice or "")

    def forget(self, spec: ModelSpec) -> None:
        """Stop a download, and know nothing of it any more. Raises StudioError while it has not
        stopped."""
        with self._lock:
            running = self._running.get(spec.id)
        if running is not None:
            self.pause(spec, wait=True)
            if running.thread.is_alive():
                raise StudioError("The download has not stopped yet.", "Try again in a minute.")
            self._running.pop(spec.id, None)

    def close(self) -> None:
        """Stop all; what came is kept."""
        for running in tuple(self._running.values()):
            running.stop.set()

    def _run(self, order: Order, stop: Event, before: Thread | None) -> None:
        if before is not None:
            before.join()

        def tell(now: Download) -> None:
            with self._lock:
                if not stop.is_set():
                    self._running[order.spec.id].now = now

        told = StudioError(
            "The download ended in a way that nobody foresaw.", "Start it again; it goes on."
        )
        try:
            with self._preparer() as preparer:
                Getting(order, preparer, tell, stop).run()
        except Paused:
            pass
        except StudioError as error:
            told = error
        finally:
            self._ended(order.spec, stop, told)

    def _ended(self, spec: ModelSpec, stop: Event, told: StudioError) -> None:
        with self._lock:
            running = self._running.get(spec.id)
            if running is not None and running.now.stage.active and not stop.is_set():
                running.now = replace(
                    running.now,
                    stage=Stage.FAILED,
                    error=told.message,
                    advice=told.advice,
                    bytes_per_second=None,
                )
