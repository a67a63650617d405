"""What the worker says while it works. Values only; they cross a process boundary by pickling."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.clip import Tag
from studio.plan import Hardware, Plan, Precision
from studio.recipe import Recipe
from studio.shot import Shot


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """What the worker is given. output: the MP4 to write, in the library's work folder.

    parent_file: the preview's MP4 when the shot refines one. pictures: folder of kept reference
    pictures. models: folder of the weights. texts: folder of what the text encoder made of words.
    id, created: what the new clip will be called. checkpoint: where this render keeps how far it
    is, and goes on from if it is there. latents: folder of what previews can be worked up from,
    each under its clip's id. glimpses: folder for moving pictures of what is being made.
    """

    id: str
    created: str
    recipe: Recipe
    shot: Shot
    output: Path
    parent_file: Path | None
    pictures: Path
    models: Path
    texts: Path
    checkpoint: Path
    latents: Path
    glimpses: Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Preparing:
    """A published weight file of which the worker is to make what runs. file: in the folder of its
    part of the model, which has its configuration too. folder: of experts as they run."""

    file: Path
    folder: Path
    precision: Precision


@dataclass(frozen=True, kw_only=True, slots=True)
class Asking:
    """Experts of a model, kept as they run, are to be asked what they were when they were made.
    models: folder of the weights."""

    model: str
    models: Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Ready:
    """The worker is up and has looked at the computer."""

    hardware: Hardware


@dataclass(frozen=True, kw_only=True, slots=True)
class Started:
    """The task begins, this way."""

    plan: Plan


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """stage: "load", "text", "sample", "decode". expert: "high" or "low" while sampling a
    two-expert model. step of `of`, 1-based; seconds_left: None until it can be told. glimpse: a
    small moving picture of the clip so far."""

    stage: str
    expert: str | None
    step: int
    of: int
    seconds_left: float | None
    glimpse: Path | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished:
    """The MP4 is whole at `Task.output`, its poster beside it."""

    tag: Tag
    file: Path
    poster: Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """What was made of a published weight file is whole at file."""

    file: Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """Where experts lie in the folder of experts as they run. same: those that answer as when they
    were made, or were asked for the first time. otherwise: those that do not."""

    same: tuple[str, ...] = ()
    otherwise: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Failed:
    """What was asked for could not be done; nothing half-made is left."""

    error: str
    advice: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Cancelled:
    """The task was stopped on request; nothing half-made is left."""


Asked = Task | Preparing | Asking
Event = Ready | Started | Progress | Finished | Prepared | Answered | Failed | Cancelled


def to_json(event: Started | Progress | Failed | Cancelled) -> dict[str, Any]:
    """The event as the command line and the page tell it, without job and take."""
    match event:
        case Started(plan=plan):
            return {"event": "started", "plan": plan.to_json()}
        case Progress():
            return {
                "event": "progress",
                "stage": event.stage,
                "expert": event.expert,
                "step": event.step,
                "of": event.of,
                "seconds_left": event.seconds_left,
                "glimpse": None if event.glimpse is None else str(event.glimpse),
            }
        case Failed():
            return {"event": "failed", "error": event.error, "advice": event.advice}
        case Cancelled():
            return {"event": "cancelled"}
