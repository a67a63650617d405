"""Job: one render somebody asked for, and how far it has come.

Knows nothing of how jobs are kept or run.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from studio import recipe, shot
from studio.events import Progress
from studio.recipe import Recipe
from studio.shot import Kind, Shot


class State(StrEnum):
    """Where a job is. PAUSED: stopped on request, to be gone on with. INTERRUPTED: the program died
    while it was running."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"


# From these nothing more happens by itself.
ENDED = frozenset([State.FINISHED, State.FAILED, State.CANCELLED, State.INTERRUPTED])
# These stand without a clip; asked for again, they go on from where they were.
REPEATABLE = (ENDED | {State.PAUSED}) - {State.FINISHED}
# Columns of the job list that are no part of a job.
OF_THE_QUEUE = ("cancel", "place")


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One render of one shot.

    group: shared by the takes of one press of the button. take: 1-based. recipe: with the take's
    seed filled in. created: ISO 8601 with offset. progress: the last word of a running job.
    plan: how it runs, as `studio.plan.Plan.to_json` tells it, once it has started. clip_id,
    seconds: of the finished clip. error, advice: two sentences, if it failed or was interrupted.
    """

    id: int
    group: str
    take: int
    recipe: Recipe
    shot: Shot
    state: State
    created: str
    progress: Progress | None
    plan: dict[str, Any] | None
    clip_id: str | None
    error: str | None
    advice: str | None
    seconds: float | None

    @property
    def kind(self) -> Kind:
        return self.shot.kind


def job_of(row: Mapping[str, Any]) -> Job:
    """The job in a row of the job list: values as in `Job`, those that are not plain as JSON."""
    values = {name: value for name, value in row.items() if name not in OF_THE_QUEUE}
    for name in ("recipe", "shot", "progress", "plan"):
        if values[name] is not None:
            values[name] = json.loads(values[name])
    if values["progress"] is not None:
        told = {name: value for name, value in values["progress"].items() if name != "event"}
        glimpse = told.get("glimpse")
        told["glimpse"] = None if glimpse is None else Path(glimpse)
        values["progress"] = Progress(**told)
    values["recipe"] = recipe.from_json(values["recipe"])
    values["shot"] = shot.from_json(values["shot"])
    values["state"] = State(values["state"])
    return Job(**values)
