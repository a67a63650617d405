"""The live part of the Create page as JSON: the take on the stage, the filmstrip, the status.

The page asks a few times a second and is told "the same" while nothing changed. Every answer comes
from the studio, so any number of tabs see the same, and a reload loses nothing.
"""

import contextlib
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from studio import variation
from studio.clip import Clip
from studio.errors import InvalidRequest, NotFound, StudioError
from studio.jobs.job import REPEATABLE, Job, State
from studio.recipe import Recipe
from studio.shot import Kind
from studio.studio import Studio
from studio.sweep import Look, Names, Sheet, facts, is_sweep, name_of
from studio.ui.cards import model_name
from studio.ui.models import welcome
from studio.ui.served import problem, sentence, trouble
from studio.vocabulary import Words

MAX_TAKES_SHOWN = 60
VARIATIONS = 3  # takes of one press


class Desk:
    """Answers the page. Holds no state of its own but a mark of this start of the program, so that
    a page left open over a restart asks for everything again."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._start = uuid.uuid4().hex[:8]

    def poll(self, asked: dict[str, Any]) -> dict[str, Any]:
        """asked: {"focus": job id or None, "sheet": group of the sweep that is open or None,
        "revision": what the page has}."""
        revision = f"{self._start}.{self._studio.revision()}"
        if asked.get("revision") == revision:
            return {"same": True, "busy": bool(self._studio.line()), **self._worker()}
        jobs = self._studio.jobs(MAX_TAKES_SHOWN)
        chosen = self._chosen(jobs, asked.get("focus"))
        sheet = self._sheet(asked.get("sheet"))
        return self._state(jobs, chosen, revision) | {"sheet": sheet}

    def act(self, asked: dict[str, Any]) -> dict[str, Any]:
        """asked: {"name": action, "id": job id, "sheet"?, "fidelity"?, "before"?}; an action on a
        whole sweep has its "group" and perhaps "clips". "stage": the job that stays on the stage,
        where it is not the one acted on. Gives the new state, with a problem in it where the action
        was refused."""
        told = None
        focus, name = asked.get("id"), str(asked.get("name"))
        try:
            if "group" in asked:
                self._do_all(name, asked)
            elif name in ("pause_all", "again_all", "move"):
                self._do_in_line(name, asked)
            else:
                focus = self._do(name, _job_id(focus), asked.get("fidelity", 0.5))
        except StudioError as error:
            told = problem(error)
        focus = asked.get("stage", focus)
        return self.poll({"focus": focus, "sheet": asked.get("sheet")}) | {"problem": told}

    def save(self, asked: dict[str, Any]) -> dict[str, Any]:
        """asked: {"what": "sheet" or "reel", "group", "takes": those to show or none for all,
        "language"}. Writes it into the library's Exports."""
        save = self._studio.save_reel if asked.get("what") == "reel" else self._studio.save_sheet
        takes = [take for take in _list(asked.get("takes")) if isinstance(take, int)]
        language = "zh" if asked.get("language") == "zh" else "en"
        file, undrawable = save(str(asked.get("group")), language, takes)
        return {"file": str(file), "name": file.name, "undrawable": undrawable}

    def render(self, recipe: Recipe, takes: int) -> dict[str, Any]:
        """Put previews in line; gives the state with the first of them on the stage."""
        jobs = self._studio.render(recipe, Kind.PREVIEW, takes)
        return self.poll({"focus": jobs[0].id})

    def sweep(self, recipe: Recipe) -> dict[str, Any]:
        """Put a take for each preset of the recipe in line; gives the state with the sheet open."""
        jobs = self._studio.sweep(replace(recipe, presets=()), recipe.presets)
        return self.poll({"focus": jobs[0].id, "sheet": jobs[0].group})

    def recipe_of(self, job_id: int) -> Recipe:
        """The recipe of a take. Raises NotFound."""
        return self._studio.job(job_id).recipe

    def _do(self, name: str, job_id: int, fidelity: float) -> int | None:
        job = self._studio.job(job_id)
        match name:
            case "cancel" | "pause":
                stop = self._studio.cancel if name == "cancel" else self._studio.pause
                stop(job.id)
                return job.id
            case "early":
                return self._studio.end_early(job.id).id
            case "again":
                return self._studio.again(job.id).id
            case "another":
                return self._studio.render(replace(job.recipe, seed=None), Kind.PREVIEW)[0].id
            case "vary":
                return self._studio.vary(job.recipe, VARIATIONS)[0].id
            case "forget":
                self._studio.forget(job.id)
                return None
        if job.clip_id:
            return self._do_with_clip(name, job, job.clip_id, fidelity)
        raise _impossible()

    def _do_with_clip(self, name: str, job: Job, clip_id: str, fidelity: float) -> int:
        match name:
            case "refine":
                return self._studio.refine(clip_id, fidelity).id
            case "star":
                self._studio.star(clip_id, 0 if self._studio.clip(clip_id).stars else 1)
            case "trash":
                self._studio.trash(clip_id)
            case "restore":
                self._studio.restore(clip_id)
            case _:
                raise _impossible()
        return job.id

    def _do_in_line(self, name: str, asked: dict[str, Any]) -> None:
        match name:
            case "pause_all":
                self._studio.pause_all()
            case "again_all":
                self._studio.again_all()
            case _:
                before = asked.get("before")
                place = None if before is None else _job_id(before)
                self._studio.move(_job_id(asked.get("id")), place)

    def _do_all(self, name: str, asked: dict[str, Any]) -> None:
        group = str(asked.get("group"))
        match name:
            case "cancel":
                self._studio.cancel_sweep(group)
            case "again":
                self._studio.again_sweep(group)
            case "refine":
                for clip_id in _list(asked.get("clips")):
                    self._studio.refine(str(clip_id), asked.get("fidelity", 0.5))
            case _:
                raise InvalidRequest("That cannot be done with these takes.", "Choose one take.")

    def _chosen(self, jobs: list[Job], focus: object) -> Job | None:
        """The job that shall be on the stage; one that is no longer in the strip may be, too."""
        with contextlib.suppress(NotFound, InvalidRequest):
            return self._studio.job(_job_id(focus))
        return _default(jobs)

    def _state(self, jobs: list[Job], chosen: Job | None, revision: str) -> dict[str, Any]:
        line = self._studio.line()
        running = next((job for job in line if job.state is State.RUNNING), None)
        made = {job.clip_id: job for job in jobs if job.clip_id}
        names = _names_of_looks(jobs, made, self._studio.look_names)
        takes = [self._take(job) | {"look": names.get(job.id)} for job in jobs]
        stage = self._empty()
        if chosen:
            stage = self._stage(chosen, _preview_of(chosen, made))
            stage["look"] = stage["look"] or names.get(chosen.id)
        return {
            "revision": revision,
            "library": self._studio.library_revision(),
            "busy": bool(line),
            **self._worker(),
            "focus": chosen.id if chosen else None,
            "stage": stage,
            "takes": takes,
            "queue": self._rows(line, jobs, names),
            "running": _percent(running) if running else None,
            "waiting": sum(job.state is State.QUEUED for job in line),
        }

    def _empty(self) -> dict[str, Any]:
        return {"state": "empty", "welcome": welcome(self._studio)}

    def _worker(self) -> dict[str, Any]:
        """What moves no revision: is this computer measured, and what keeps it from working."""
        return {
            "measured": self._studio.hardware() is not None,
            "trouble": trouble(self._studio),
        }

    def _take(self, job: Job) -> dict[str, Any]:
        clip = self._clip(job.clip_id)
        parent = self._clip(job.shot.refine.parent) if job.shot.refine else None
        shown = clip or parent
        return {
            "id": job.id,
            "state": job.state.value,
            "kind": job.kind.value,
            "name": job.recipe.prompt,
            "percent": _percent(job),
            "poster": str(shown.poster) if shown else None,
        }

    def _rows(
        self, line: list[Job], jobs: list[Job], names: dict[int, dict[str, str]]
    ) -> list[dict[str, Any]]:
        """What runs and waits, in its order, then what stands without a clip, the newest first;
        what is paused however old it is."""
        stopped = {job.id: job for job in self._studio.paused()}
        stopped |= {job.id: job for job in jobs if job.state in REPEATABLE}
        return [
            self._take(job)
            | {
                "look": names.get(job.id),
                "left": job.progress.seconds_left if job.progress else None,
                "glimpse": _glimpse(job),
                "error": sentence(job.error),
                "advice": sentence(job.advice),
            }
            for job in [*line, *(stopped[id] for id in sorted(stopped, reverse=True))]
        ]

    def _sheet(self, group: object) -> dict[str, Any] | None:
        """A sweep as its sheet shows it; None where there is none of that group."""
        sheet = self._sweep(group)
        if sheet is None:
            return None
        shot = sheet.first.shot
        return {
            "group": sheet.group,
            "subject": sheet.first.recipe.prompt,
            "facts": {language: facts(sheet, language) for language in ("en", "zh")},
            "shape": shot.width / shot.height,
            "looks": [_look(look) for look in sheet.looks],
        }

    def _sweep(self, group: object) -> Sheet | None:
        try:
            return self._studio.sheet(str(group))
        except NotFound:
            return None

    def _in_sweep(self, job: Job) -> dict[str, Any]:
        """The name of a take's look, and the sweep it belongs to; None for both elsewhere."""
        sheet = self._sweep(job.group)
        if sheet is None or len(sheet.looks) < 2:
            return {"look": None, "sheet": None}
        look = next(look for look in sheet.looks if look.job.take == job.take)
        return {
            "look": _words(look.name),
            "sheet": {"group": sheet.group, "looks": len(sheet.looks)},
        }

    def _stage(self, job: Job, preview: Job) -> dict[str, Any]:
        """preview: the take that this one works up, else itself."""
        clip = self._clip(job.clip_id)
        progress = job.progress
        return self._take(job) | {
            **self._in_sweep(preview),
            "ahead": self._studio.position(job.id) if job.state is State.QUEUED else 0,
            "progress": {
                "stage": progress.stage,
                "expert": progress.expert,
                "step": progress.step,
                "of": progress.of,
                "seconds_left": progress.seconds_left,
                "glimpse": None if progress.glimpse is None else str(progress.glimpse),
            }
            if progress
            else None,
            "error": sentence(job.error),
            "advice": sentence(job.advice),
            "again": job.state in REPEATABLE,
            "kept": self._kept(job),
            "width": job.shot.width,
            "height": job.shot.height,
            "seed": job.shot.seed,
            "model": model_name(job.shot.model),
            "clip": _clip(clip) if clip else None,
            "parent": self._comparable(clip),
        }

    def _kept(self, job: Job) -> str:
        """What a take that stands without a clip can go on from: "none", "some" steps, or "all" of
        them, with only the decoding left."""
        steps = self._studio.steps_kept(job.id) if job.state in REPEATABLE else None
        if steps is None:
            return "none"
        return "some" if steps < (job.shot.ended_after or job.shot.steps) else "all"

    def _comparable(self, clip: Clip | None) -> str | None:
        """The preview that a clip was worked up from, where it is still there."""
        parent = self._clip(clip.parent) if clip else None
        return parent.id if parent and not parent.trashed else None

    def _clip(self, clip_id: str | None) -> Clip | None:
        """The clip, or None where it was removed for good."""
        if clip_id is None:
            return None
        try:
            return self._studio.clip(clip_id)
        except NotFound:
            return None


def _clip(clip: Clip) -> dict[str, Any]:
    return {
        "id": clip.id,
        "file": str(clip.file),
        "save_as": clip.file.name,
        "fps": clip.shot.fps,
        "trashed": clip.trashed,
        "stars": clip.stars,
        "can_refine": clip.kind is Kind.PREVIEW and not clip.trashed,
    }


def _look(look: Look) -> dict[str, Any]:
    clip, refine = look.clip, look.refine
    return {
        "id": look.job.id,
        "take": look.job.take,
        "name": _words(look.name),
        "state": look.job.state.value,
        "percent": _percent(look.job),
        "error": sentence(look.job.error),
        "clip": clip.id if clip else None,
        "poster": str(clip.poster) if clip else None,
        "glimpse": _glimpse(look.job),
        "file": str(clip.file) if clip else None,
        "refine": {"state": refine.state.value, "percent": _percent(refine)} if refine else None,
    }


def _glimpse(job: Job) -> str | None:
    """How a take that is being made looks so far; those of others may be gone."""
    glimpse = job.progress.glimpse if job.progress and job.state is State.RUNNING else None
    return str(glimpse) if glimpse else None


def _words(words: Words) -> dict[str, str]:
    return {"en": words.en, "zh": words.zh}


def _preview_of(job: Job, made: dict[str, Job]) -> Job:
    """The job whose clip this one works up, else the job itself. made: clip id → its job."""
    return made.get(job.shot.refine.parent, job) if job.shot.refine else job


def _names_of_looks(
    jobs: list[Job], made: dict[str, Job], names: Callable[[], Names]
) -> dict[int, dict[str, str]]:
    """Job number → its look's name, for the takes of sweeps, variations and what works them up."""
    groups: dict[str, list[Job]] = {}
    for job in jobs:
        groups.setdefault(job.group, []).append(job)
    several = [takes for takes in groups.values() if len(takes) > 1]
    swept = [job for takes in several if is_sweep(takes) for job in takes]
    known = names() if swept else {}
    own = {job.id: name_of(job.recipe, known) for job in swept}
    for takes in several:
        if not is_sweep(takes):
            own |= variation.names({job.id: job.recipe for job in takes})
    previews = {job.id: _preview_of(job, made).id for job in jobs}
    return {id: _words(own[preview]) for id, preview in previews.items() if preview in own}


def _impossible() -> InvalidRequest:
    return InvalidRequest("That cannot be done with this take.", "Choose another take.")


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _default(jobs: list[Job]) -> Job | None:
    """What to show to somebody who has chosen nothing: what runs, else the newest that is done."""
    for state in (State.RUNNING, State.QUEUED, State.FINISHED):
        for job in jobs:
            if job.state is state:
                return job
    return jobs[0] if jobs else None


def _percent(job: Job) -> int:
    progress = job.progress
    if progress is None or progress.stage != "sample" or not progress.of:
        return 100 if progress is not None and progress.stage == "decode" else 0
    return round(100 * progress.step / progress.of)


def _job_id(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidRequest("No take was chosen.", "Choose one in the strip.")
    return value
