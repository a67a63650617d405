"""The worker process as the parent sees it: started when needed, replaced when it died.

Knows nothing of the queue. What the process itself does is in `studio.jobs.worker`.
"""

import multiprocessing
import signal
from collections.abc import Generator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from multiprocessing.synchronize import Event as Flag
from pathlib import Path

from studio.events import Answered, Asked, Cancelled, Event, Failed, Finished, Prepared, Ready
from studio.jobs.worker import Leaving, serve

POLL_SECONDS = 0.1  # how long a request to cancel may go unseen
STOP_SECONDS = 5.0  # what the process gets to leave by itself
# After one of these nothing more is said to what was asked.
LAST = (Finished, Prepared, Answered, Failed, Cancelled)

Ticking = Generator[Event | None, None, None]


@dataclass(kw_only=True, slots=True)
class _Child:
    process: SpawnProcess
    connection: Connection
    cancel: Flag
    ready: bool = False
    leaving: bool = False


class Worker:
    """One worker process at a time, for the one thread that uses it."""

    def __init__(self, engine: str, log: Path) -> None:
        self._engine = engine
        self._log = log
        self._child: _Child | None = None

    def warm_up(self) -> Ticking:
        """Start the process if there is none: its Ready, or a Failed.

        Here and in `run`, None comes every POLL_SECONDS in which nothing was said.
        """
        yield from self._until_ready(self._living())

    def run(self, asked: Asked) -> Ticking:
        """Do what is asked: its events, the last one of those in LAST.

        A process that dies is a Failed. Closing the iterator early ends the process.
        """
        child = self._living()
        child.cancel.clear()
        for event in self._until_ready(child):
            yield event
            if isinstance(event, Failed):
                return
            if child.cancel.is_set():
                yield Cancelled()
                return
        try:
            for event in self._listen(child, asked):
                yield event
                if isinstance(event, LAST):
                    return
        except GeneratorExit:
            self.stop()
            raise

    def cancel(self) -> None:
        """Ask for the task at work to be stopped; `run` then ends, mostly with Cancelled."""
        if self._child is not None:
            self._child.cancel.set()

    def stop(self) -> None:
        """End the process, and with it all it holds in memory."""
        if self._child is not None:
            self._child.cancel.set()
            self._end(self._child)

    def _living(self) -> _Child:
        if self._child is not None and (self._child.leaving or not self._child.process.is_alive()):
            self._end(self._child)
        if self._child is None:
            self._child = self._start()
        return self._child

    def _start(self) -> _Child:
        spawn = multiprocessing.get_context("spawn")
        ours, theirs = spawn.Pipe()
        cancel = spawn.Event()
        process = spawn.Process(
            target=serve, args=(theirs, cancel, self._engine, self._log), daemon=True
        )
        process.start()
        theirs.close()  # so that the child's end closes with the child
        return _Child(process=process, connection=ours, cancel=cancel)

    def _until_ready(self, child: _Child) -> Ticking:
        if child.ready:
            return
        for event in self._listen(child, None):
            child.ready = isinstance(event, Ready)
            yield event
            if event is not None:
                return

    def _listen(self, child: _Child, asked: Asked | None) -> Ticking:
        try:
            if asked is not None:
                child.connection.send(asked)
            while True:
                if not child.connection.poll(POLL_SECONDS):
                    yield None
                elif isinstance(message := child.connection.recv(), Leaving):
                    child.leaving = True
                else:
                    yield message
        except (EOFError, ConnectionError):
            yield Failed(
                error=f"The render process ended unexpectedly ({_cause(self._end(child))}).",
                advice=f"Run it again; if that does not help, the end of {self._log} says more.",
            )

    def _end(self, child: _Child) -> int | None:
        """Let the process leave, or make it. Gives its exit code."""
        child.connection.close()
        child.process.join(STOP_SECONDS)
        if child.process.is_alive():
            child.process.kill()
            child.process.join()
        code = child.process.exitcode
        child.process.close()
        self._child = None
        return code


def _cause(exit_code: int | None) -> str:
    """The name of the signal that ended a process, or its exit code as its system writes it."""
    if exit_code is None:
        return "no exit code"
    if exit_code < 0:
        return signal.Signals(-exit_code).name
    return f"exit code {exit_code:#x}" if exit_code > 255 else f"exit code {exit_code}"
