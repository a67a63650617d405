"""Processes at one library: an owner until it is killed, a second one, a whole studio."""

import json
import time
from pathlib import Path

from studio.jobs.ownership import Owner
from studio.jobs.queue import Queue
from studio.jobs.supervisor import Supervisor
from studio.paths import Places
from studio.recipe import Recipe
from studio.settings import Settings
from studio.studio import Studio
from tests.jobs.making import FAKE, add, adopt, prepare_in


def own(where: Places) -> None:
    owner = Owner(where)
    assert owner.try_own()
    queue = Queue(where.data / "queue.sqlite")
    Supervisor(queue, prepare_in(where), adopt, FAKE, where).start()
    time.sleep(60)


def only_own(where: Places) -> None:
    owner = Owner(where)
    assert owner.try_own()
    (where.data / "owned").touch()
    time.sleep(60)


def add_jobs(where: Places, takes: int) -> None:
    """What a second process does to the queue of the first."""
    queue = Queue(where.data / "queue.sqlite")
    for _ in range(takes):
        add(queue, "")
    queue.close()


def render_one(where: Places, prompt: str, said: Path) -> None:
    """What `python -m studio render` does: queue, follow, close. said: the events, as JSON."""
    studio = Studio(where, Settings(), engine=FAKE)
    try:
        heard = list(studio.follow(studio.render(Recipe(prompt=prompt))))
    finally:
        studio.close()
    said.write_text(json.dumps(heard), encoding="utf-8")
