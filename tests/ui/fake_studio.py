"""A studio without a worker: jobs move when a test says so. The words are expanded for real."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from PIL import Image

from studio import (
    catalogue,
    models,
    picture,
    plan,
    presets,
    prompt,
    shot,
    variation,
    vocabulary,
    weights,
)
from studio import sweep as sweeps
from studio.clip import Clip
from studio.errors import InvalidRequest, NotFound, PresetError
from studio.events import Failed, Progress
from studio.gallery.filters import ANY, Choices, Filters
from studio.jobs.job import Job, State
from studio.paths import Places, places
from studio.plan import Hardware, Plan, Precision, Residency
from studio.recipe import Recipe
from studio.shot import Kind, Shot
from studio.vocabulary import Category, Words

CREATED = "2026-11-22T10:00:00+00:00"
LAPTOP = Hardware(
    device="a test",
    vram_total_gb=0,
    vram_free_gb=0,
    ram_total_gb=16,
    ram_free_gb=8,
    bf16=False,
    teraflops=0.1,
)


@dataclass
class FakeStudio:
    places: Places = field(default_factory=places)
    kept_jobs: list[Job] = field(default_factory=list)
    kept_clips: dict[str, Clip] = field(default_factory=dict)
    changes: int = 0
    measured: Hardware | None = LAPTOP
    fits: bool = True
    broken: Failed | None = None
    clip_changes: int = 0
    asked: list[tuple[object, ...]] = field(default_factory=list)

    # -- what can be chosen

    def categories(self) -> tuple[Category, ...]:
        return vocabulary.CATEGORIES

    def presets(self) -> list[presets.Preset]:
        return presets.everything(self.places)[0]

    def preset_errors(self) -> list[PresetError]:
        return presets.everything(self.places)[1]

    def own_presets(self) -> set[str]:
        return presets.own_ids(self.places)

    def preset_text(self, preset_id: str) -> str:
        return presets.text(preset_id, self.places)

    def offers(self, model_id: str) -> tuple[weights.Offer, ...]:
        spec = models.model(model_id)
        return weights.offers(spec, catalogue.bundles(spec), self.places.models, None)

    def download(self, model_id: str) -> None:
        return None

    def check(self, model_id: str) -> None:
        return None

    def releasable(self, model_id: str) -> int:
        raise InvalidRequest(f"There is nothing of {model_id} to release.", "Get a model first.")

    def mirror(self) -> str:
        return "https://huggingface.co"

    def models(self) -> list[weights.ModelState]:
        return weights.states(self.places.models)

    def default_model(self) -> str:
        return models.POCKET.id

    def keep_picture(self, path: Path) -> tuple[str, tuple[int, int]]:
        digest = picture.keep(path, self.places.pictures)
        return digest, picture.size_of(self.picture_file(digest))

    def picture_file(self, sha256: str) -> Path:
        return picture.find(sha256, self.places.pictures)

    # -- what would happen

    def expand(self, recipe: Recipe) -> prompt.Expansion:
        chosen = [presets.resolve(entry, self.places) for entry in recipe.presets]
        return prompt.expand(recipe, models.model(recipe.model or "pocket"), chosen)

    def foresee(self, recipe: Recipe, kind: Kind) -> tuple[Shot, Plan]:
        foreseen = Plan(
            model="pocket",
            precision=Precision.FP32,
            residency=Residency.CPU,
            vram_peak_gb=0,
            ram_peak_gb=1,
            disk_gb=0,
            seconds=12.0,
            fits=self.fits,
            reason="Pocket at 480×320 in fp32 fits: it runs on the processor.",
        )
        return self._shot(recipe, kind), foreseen

    def offer(self, model_id: str) -> weights.Offer:
        return self.offers(model_id)[0]

    def plans(self, recipe: Recipe, kind: Kind, hardware: Hardware) -> list[Plan]:
        spec = models.model(recipe.model or "pocket")
        sizes = self._sizes(recipe)
        extent = shot.extent(recipe, spec, kind, self.expand(recipe), sizes)
        return plan.plans(extent, spec, hardware)

    def hardware(self) -> Hardware | None:
        return self.measured

    def trouble(self) -> Failed | None:
        return self.broken

    def warm(self) -> None:
        self.asked.append(("warm",))

    # -- jobs

    def render(self, recipe: Recipe, kind: Kind = Kind.PREVIEW, takes: int = 1) -> list[Job]:
        return [self._add(recipe, self._shot(recipe, kind)) for _ in range(takes)]

    def vary(self, recipe: Recipe, takes: int) -> list[Job]:
        group = f"variations {len(self.kept_jobs) + 1}"
        return [
            self.change(self._add(each, self._shot(each, Kind.PREVIEW)).id, group=group)
            for each in variation.recipes(recipe, variation.VARIED, takes, seed=1)
        ]

    def refine(self, clip_id: str, fidelity: float = 0.5) -> Job:
        parent = self.clip(clip_id)
        spec = models.POCKET
        return self._add(
            parent.recipe, shot.decide_refine(parent.shot, parent.id, spec, fidelity, False)
        )

    def again(self, job_id: int) -> Job:
        return self.change(job_id, state=State.QUEUED, error=None, advice=None)

    def pause(self, job_id: int) -> None:
        self.change(job_id, state=State.PAUSED)

    def steps_kept(self, job_id: int) -> int | None:
        progress = self.job(job_id).progress
        return None if progress is None else progress.step

    def end_early(self, job_id: int) -> Job:
        return self.change(job_id, state=State.QUEUED, error=None, advice=None)

    def cancel(self, job_id: int) -> None:
        self.change(job_id, state=State.CANCELLED)

    def sweep(self, recipe: Recipe, looks: Sequence[Any]) -> list[Job]:
        group = f"sweep {len(self.kept_jobs) + 1}"
        return [
            self._add(each, self._shot(each, Kind.PREVIEW), group, take)
            for take, each in enumerate(sweeps.recipes(recipe, looks), 1)
        ]

    def foresee_sweep(self, recipe: Recipe, looks: Sequence[Any]) -> list[tuple[Shot, Plan]]:
        return [self.foresee(each, Kind.PREVIEW) for each in sweeps.recipes(recipe, looks)]

    def look_names(self) -> sweeps.Names:
        return {
            each.id: Words(en=each.name.get("en"), zh=each.name.get("zh"))
            for each in self.presets()
        }

    def sheet(self, group: str) -> sweeps.Sheet:
        jobs = [job for job in self.kept_jobs if job.group == group]
        if not jobs or not sweeps.is_sweep(jobs):
            raise NotFound("There is no such sweep.", "Choose another.")
        refines = [job for job in self.kept_jobs if job.shot.refine]
        return sweeps.sheet(jobs, refines, self._not_trashed, self.look_names())

    def cancel_sweep(self, group: str) -> None:
        self.asked.append(("cancel_sweep", group))

    def again_sweep(self, group: str) -> list[Job]:
        return [self.again(look.job.id) for look in self.sheet(group).looks if look.missing]

    def save_sheet(self, group: str, language: str, takes: Sequence[int]) -> tuple[Path, str]:
        self.asked.append(("save_sheet", group, language, list(takes)))
        return self.places.exports / "looks.jpg", "龘"

    def save_reel(self, group: str, language: str, takes: Sequence[int]) -> tuple[Path, str]:
        self.asked.append(("save_reel", group, language, list(takes)))
        return self.places.exports / "looks.mp4", ""

    def forget(self, job_id: int) -> None:
        self.kept_jobs = [job for job in self.kept_jobs if job.id != job_id]
        self.changes += 1

    def job(self, job_id: int) -> Job:
        for job in self.kept_jobs:
            if job.id == job_id:
                return job
        raise NotFound(f"There is no job {job_id}.", "Choose another.")

    def jobs(self, limit: int = 60) -> list[Job]:
        return list(reversed(self.kept_jobs))[:limit]

    def line(self) -> list[Job]:
        running = [job for job in self.kept_jobs if job.state is State.RUNNING]
        return running + [job for job in self.kept_jobs if job.state is State.QUEUED]

    def move(self, job_id: int, before: int | None) -> None:
        self.asked.append(("move", job_id, before))

    def pause_all(self) -> None:
        for job in self.line():
            self.pause(job.id)

    def paused(self) -> list[Job]:
        return [job for job in reversed(self.kept_jobs) if job.state is State.PAUSED]

    def again_all(self) -> None:
        for job in self.paused():
            self.again(job.id)

    def position(self, job_id: int) -> int:
        waiting = [job.id for job in self.kept_jobs if job.state is State.QUEUED]
        return waiting.index(job_id)

    def revision(self) -> str:
        return f"{self.changes}.{self.clip_changes}"

    def library_revision(self) -> int:
        return self.clip_changes

    # -- clips

    def clips(
        self,
        search: str = "",
        *,
        limit: int = 60,
        offset: int = 0,
        trashed: bool = False,
        filters: Filters = ANY,
    ) -> list[Clip]:
        self.asked.append(("clips", filters))
        return self._matching(search, trashed)[offset : offset + limit]

    def count(self, search: str = "", *, trashed: bool = False, filters: Filters = ANY) -> int:
        return len(self._matching(search, trashed))

    def choices(self, *, trashed: bool = False) -> Choices:
        tags = Counter(tag for clip in self._matching("", trashed) for tag in clip.tags)
        return Choices(
            models=(("pocket", 3), ("from-elsewhere", 1)),
            presets=(("neon-noir", 2), ("lost", 1)),
            tags=tuple(sorted(tags.items())),
        )

    def refresh(self) -> int:
        return 0

    def clip(self, clip_id: str) -> Clip:
        if clip_id not in self.kept_clips:
            raise NotFound(f"There is no clip {clip_id}.", "Choose another.")
        return self.kept_clips[clip_id]

    def family(self, clip_id: str) -> list[Clip]:
        clip = self.clip(clip_id)
        first = clip.parent or clip.id
        kin = [each for each in self.kept_clips.values() if first in (each.id, each.parent)]
        return sorted(kin, key=lambda each: each.id != first)

    def star(self, clip_id: str, stars: int) -> Clip:
        return self._keep(replace(self.clip(clip_id), stars=stars))

    def tag(self, clip_id: str, add: Sequence[str] = (), remove: Sequence[str] = ()) -> Clip:
        clip = self.clip(clip_id)
        kept = [tag for tag in clip.tags if tag not in remove]
        return self._keep(replace(clip, tags=(*kept, *add)))

    def trash(self, clip_id: str) -> Clip:
        return self._keep(replace(self.clip(clip_id), trashed=True))

    def restore(self, clip_id: str) -> Clip:
        return self._keep(replace(self.clip(clip_id), trashed=False))

    def erase(self, clip_id: str) -> None:
        del self.kept_clips[self.clip(clip_id).id]

    def open_folder(self, clip_id: str) -> None:
        self.asked.append(("folder", clip_id))

    def last_frame(self, clip_id: str) -> str:
        frame = self.places.library / "frame.png"
        frame.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (96, 64), "#336699").save(frame)
        return self.keep_picture(frame)[0]

    def trim(self, clip_id: str, start_seconds: float, end_seconds: float) -> Path:
        self.asked.append(("trim", clip_id, start_seconds, end_seconds))
        return self.places.library / "Exports" / "short.mp4"

    def gif(self, clip_id: str) -> Path:
        return self.places.library / "Exports" / f"{clip_id}.gif"

    # -- what a test does to it

    def change(self, job_id: int, **values: object) -> Job:
        """The job, changed as the worker would change it."""
        place = next(i for i, job in enumerate(self.kept_jobs) if job.id == job_id)
        self.kept_jobs[place] = replace(self.kept_jobs[place], **values)
        self.changes += 1
        return self.kept_jobs[place]

    def run(self, job_id: int, step: int, of: int = 8, expert: str = "high") -> Job:
        progress = Progress(stage="sample", expert=expert, step=step, of=of, seconds_left=3.0)
        return self.change(job_id, state=State.RUNNING, progress=progress)

    def finish(self, job_id: int) -> Clip:
        job = self.job(job_id)
        clip = Clip(
            id=f"{job_id:012x}",
            file=self.places.library / f"{job_id}.mp4",
            poster=self.places.posters / f"{job_id}.webp",
            created=CREATED,
            seconds=4.0,
            recipe=job.recipe,
            shot=job.shot,
        )
        self.change(job_id, state=State.FINISHED, clip_id=clip.id, progress=None)
        return self._keep(clip)

    def _keep(self, clip: Clip) -> Clip:
        self.kept_clips[clip.id] = clip
        self.clip_changes += 1
        return clip

    def _matching(self, search: str, trashed: bool) -> list[Clip]:
        return [
            clip
            for clip in reversed(self.kept_clips.values())
            if search in clip.recipe.prompt and clip.trashed is trashed
        ]

    def _shot(self, recipe: Recipe, kind: Kind) -> Shot:
        spec, sizes = models.model(recipe.model or "pocket"), self._sizes(recipe)
        return shot.decide(recipe, spec, self.expand(recipe), kind, recipe.seed or 7, sizes)

    def _sizes(self, recipe: Recipe) -> dict[str, tuple[int, int]]:
        return {
            used.sha256: picture.size_of(self.picture_file(used.sha256))
            for used in (recipe.picture, recipe.last_picture)
            if used is not None
        }

    def _not_trashed(self, clip_id: str | None) -> Clip | None:
        clip = self.kept_clips.get(clip_id or "")
        return None if clip is None or clip.trashed else clip

    def _add(self, recipe: Recipe, decided: Shot, group: str = "g", take: int = 1) -> Job:
        job = Job(
            id=len(self.kept_jobs) + 1,
            group=group,
            take=take,
            recipe=recipe,
            shot=decided,
            state=State.QUEUED,
            created=CREATED,
            progress=None,
            plan=None,
            clip_id=None,
            error=None,
            advice=None,
            seconds=None,
        )
        self.kept_jobs.append(job)
        self.changes += 1
        return job
