"""What every test of the jobs gets: a library of its own, its queue, its supervisor."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.jobs.queue import Queue
from studio.jobs.supervisor import Supervisor
from studio.paths import Places, places
from tests.jobs.making import FAKE, adopt, prepare_in


@pytest.fixture
def where() -> Places:
    return places()


@pytest.fixture
def file(where: Places) -> Path:
    return where.data / "queue.sqlite"


@pytest.fixture
def queue(file: Path) -> Iterator[Queue]:
    opened = Queue(file)
    yield opened
    opened.close()


@pytest.fixture
def supervisor(queue: Queue, where: Places) -> Iterator[Supervisor]:
    """Not started yet."""
    made = Supervisor(queue, prepare_in(where), adopt, FAKE, where)
    yield made
    made.stop()
