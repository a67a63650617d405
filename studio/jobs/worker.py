"""The child process: one task after another through the engine, until the parent is gone.

Knows the engine by its name alone ("module:Class") and imports it here, so that torch lives in no
other process. Knows nothing of the queue.
"""

import contextlib
import faulthandler
import importlib
import multiprocessing
import os
import signal
import sys
import threading
import traceback
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event as Flag
from pathlib import Path
from typing import cast

from studio.engine import SURROUNDINGS, Engine, Stopped
from studio.errors import CardLost, OutOfMemory, StudioError
from studio.events import Asked, Asking, Cancelled, Event, Failed, Preparing, Ready, Task
from studio.jobs.awake import awake

MAX_LOG_BYTES = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Leaving:
    """Said before a task's last event: this process ends after it, and with it its memory."""


def serve(connection: Connection, cancel: Flag, engine: str, log: Path) -> None:
    """Say Ready, then turn everything that is asked down the connection into events.

    cancel: set while the task at work is to be stopped. engine: "module:Class", made without
    arguments. log: gets everything this process and its libraries print. Returns when the
    connection is closed, when the engine cannot be made, or after an OutOfMemory or a CardLost.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the parent, who then ends us
    _print_into(log)
    faulthandler.enable()
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    for name, value in SURROUNDINGS.items():
        os.environ.setdefault(name, value)
    with contextlib.suppress(EOFError, ConnectionError), connection:
        try:
            performer = _engine(engine)
            connection.send(Ready(hardware=performer.hardware()))
        except Exception as error:
            connection.send(Leaving())
            connection.send(_failure(error, log))
        else:
            _perform(performer, connection, cancel, log)


def _perform(engine: Engine, connection: Connection, cancel: Flag, log: Path) -> None:
    while True:
        asked: Asked = connection.recv()
        last: Event
        try:
            with awake():
                match asked:
                    case Task():
                        last = engine.render(asked, connection.send, cancel.is_set)
                    case Preparing():
                        last = engine.prepare(asked)
                    case Asking():
                        last = engine.ask(asked)
        except Stopped:
            last = Cancelled()
        except Exception as error:
            last = _failure(error, log)
            if isinstance(error, OutOfMemory | CardLost):
                connection.send(Leaving())
                connection.send(last)
                return
        connection.send(last)


def _engine(name: str) -> Engine:
    module, _, made = name.partition(":")
    return cast(Engine, getattr(importlib.import_module(module), made)())


def _failure(error: Exception, log: Path) -> Failed:
    """What to tell the person; the whole story goes to the log."""
    traceback.print_exception(error)
    if isinstance(error, StudioError):
        return Failed(error=error.message, advice=error.advice)
    return Failed(
        error=f"The render went wrong: {type(error).__name__}: {error}",
        advice=f"Run it again; if that does not help, the end of {log} says more.",
    )


def _print_into(log: Path) -> None:
    """Standard output and error go to the end of log, those of native libraries too.

    A log that has grown large becomes `worker.log.old` first.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > MAX_LOG_BYTES:
        # Windows does not rename a file that somebody has open; then it is next time's turn.
        with contextlib.suppress(PermissionError):
            log.replace(log.with_name(f"{log.name}.old"))
    with log.open("ab") as stream:
        for number in (1, 2):
            os.dup2(stream.fileno(), number)
    for number, name in ((1, "stdout"), (2, "stderr")):
        text = open(  # noqa: SIM115 - open as long as the process lives
            number, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False
        )
        setattr(sys, name, text)


def _end_with_parent() -> None:
    """Leave at once when the parent is gone, even out of the middle of a long step."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
