"""The verbs: everything the window and the command line may do.

Joins the nouns, the queue and the gallery; contains no sampling, no widgets and no SQL. Safe to
call from any thread; every verb but `measure`, `get_model`, `check_model`, `ask_model`,
`release_model` and those that read or write whole films and packs answers in milliseconds.
"""

import contextlib
import datetime
import itertools
import math
import secrets
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from studio import (
    catalogue,
    hub,
    latents,
    lora,
    manifest,
    margins,
    models,
    mp4,
    picture,
    plan,
    preparation,
    preset_extract,
    preset_import,
    presets,
    prompt,
    release,
    settings,
    shot,
    sweep,
    variation,
    vocabulary,
    weights,
)
from studio.catalogue import Bundle
from studio.checks import Check, Checks
from studio.clip import Clip, Tag, tag_from_json
from studio.download import Download, Order
from studio.downloads import Downloads
from studio.errors import (
    InvalidRequest,
    ModelMissing,
    NotFound,
    PictureError,
    PresetError,
    StudioError,
)
from studio.events import Answered, Asking, Failed, Task
from studio.fidelity import DEFAULT as DEFAULT_FIDELITY
from studio.files import sha256_of, sweep_partials
from studio.gallery import contact_sheet, export, foreign, reel, still
from studio.gallery.contact_sheet import Cell, Foot
from studio.gallery.filters import ANY, Choices, Filters
from studio.gallery.library import Library
from studio.gallery.reveal import reveal
from studio.jobs.helper import Helper
from studio.jobs.job import ENDED, Job, State
from studio.jobs.ownership import Owner
from studio.jobs.queue import Queue
from studio.jobs.supervisor import Supervisor
from studio.lora import LoraFile
from studio.models import ModelSpec
from studio.paths import Places, check_library
from studio.picture import Box
from studio.plan import Hardware, Plan, Precision
from studio.preset_pack import card_of
from studio.presets import Preset
from studio.prompt import Expansion
from studio.recipe import Picture, Recipe
from studio.settings import Settings
from studio.shot import Extent, Kind, Shot
from studio.sweep import Names, Sheet
from studio.vocabulary import Category, Words
from studio.weights import ModelState, Offer
from studio.yaml_edit import written

ENGINE = "studio.engine.wan:WanEngine"
MAX_TAKES = 64
FOLLOW_EVERY_SECONDS = 0.1

# A computer that nobody has measured yet: no limits and no speed.
_UNKNOWN = Hardware(
    device="not measured yet",
    vram_total_gb=0.0,
    vram_free_gb=0.0,
    ram_total_gb=math.inf,
    ram_free_gb=math.inf,
    bf16=False,
    teraflops=0.0,
)


class Studio:
    """One library with its queue and its worker.

    engine: import string of the engine the worker runs. Raises StudioError if the settings name a
    model that there is not, or the library cannot be used where it is.
    """

    def __init__(self, places: Places, settings: Settings, engine: str = ENGINE) -> None:
        if settings.model is not None and settings.model not in models.MODELS:
            raise StudioError(
                f"The settings name a model “{settings.model}” that there is not.",
                f"Correct {places.settings}; the models are: {', '.join(models.MODELS)}.",
            )
        check_library(places.library)
        self.places = places
        self.settings = settings
        self._queue = Queue(places.data / "queue.sqlite")
        self._library = Library(places)
        self._owner = Owner(places)
        self._engine = engine
        self._downloads = Downloads(lambda: contextlib.closing(Helper(engine, places.log)))
        self._checks = Checks()
        # By SHA-256: pictures to keep once they are used, and upright sizes; decoding takes long.
        self._offered: dict[str, Path] = {}
        self._picture_sizes: dict[str, tuple[int, int]] = {}
        self._running = False
        self._supervisor = Supervisor(
            self._queue, self._prepare, self._library.adopt, engine, places
        )

    # -- opening and closing

    def start(self) -> None:
        """Become the owner of the library and run its queue.

        Raises StudioError if another program is.
        """
        if not self.try_start():
            raise StudioError(
                f"Rushes is already at work on {self.places.library}, "
                "in a window or at a terminal.",
                "Wait for it, close it, or choose another folder with --library.",
            )

    def try_start(self) -> bool:
        """`start` where nobody else owns the library; False where somebody does."""
        if self._running:
            return True
        if not self._owner.try_own():
            return False
        self._library.sync()
        self._tidy()
        self._supervisor.start()
        self._running = True
        return True

    def warm(self) -> None:
        """Start the worker now, so that the first render need not wait for it."""
        self._supervisor.warm()

    def trouble(self) -> Failed | None:
        """Why the worker could not be started beforehand; None where it could."""
        return self._supervisor.trouble()

    def close(self) -> None:
        """Stop the worker and let others own the library. A running job waits for the next owner;
        one that was asked to stop is cancelled."""
        self._downloads.close()
        if self._running:
            self._supervisor.stop()
            self._owner.release()
        self._queue.close()

    # -- what can be chosen

    def categories(self) -> tuple[Category, ...]:
        """The vocabulary."""
        return vocabulary.CATEGORIES

    def presets(self) -> list[Preset]:
        """Bundled presets and the person's own."""
        return presets.everything(self.places)[0]

    def preset_errors(self) -> list[PresetError]:
        """What is wrong with the preset files that `presets` leaves out."""
        return presets.everything(self.places)[1]

    def own_presets(self) -> set[str]:
        """The ids of the person's own presets."""
        return presets.own_ids(self.places)

    def edit_preset(
        self, preset_id: str, changes: dict[str, Any], picture: Path | None = None
    ) -> Preset:
        """Change a preset; a bundled one becomes an own one, which takes its place.

        changes: a JSON merge patch of its document: None takes a key away. picture: for its card.
        Raises InvalidRequest.
        """
        return presets.edit(preset_id, changes, self.places, picture)

    def duplicate_preset(self, preset_id: str, new_id: str) -> Preset:
        """Copy a preset to an own one of another id. Raises InvalidRequest."""
        return presets.duplicate(preset_id, new_id, self.places)

    def preset_text(self, preset_id: str) -> str:
        """A preset's file as it is written. Raises InvalidRequest."""
        return presets.text(preset_id, self.places)

    def rewrite_preset(self, preset_id: str, text: str) -> Preset:
        """Put a text in the place of a preset's file; as for `edit_preset`, a bundled one stays."""
        return presets.rewrite(preset_id, text, self.places)

    def remove_preset(self, preset_id: str) -> None:
        """Delete an own preset; a bundled one whose place it took is back.

        Raises InvalidRequest if it is not the person's own.
        """
        presets.remove(preset_id, self.places)

    def make_preset(self, name: str, recipe: Recipe, clip_id: str | None = None) -> Preset:
        """Keep the look of a recipe as an own preset of that name.

        clip_id: whose poster is its card. Raises InvalidRequest if there is no look, NotFound.
        """
        said = preset_extract.of_recipe(recipe, self._spec(recipe), self._presets(recipe), name)
        drawn = None if clip_id is None else card_of(self.clip(clip_id).poster, said["id"])
        data, here = written(said), self.presets()
        if said["id"] in {preset.id for preset in here}:
            data = presets.another(data, here, self.places)
        return presets.keep(data, drawn, self.places)

    def export_presets(self, preset_ids: Sequence[str], target: Path | None = None) -> Path:
        """Copy presets with their pictures to a new YAML file or a zip; gives the file.

        target: None for a zip in the library's Exports. Raises InvalidRequest.
        """
        stem = preset_ids[0] if len(preset_ids) == 1 else f"{len(preset_ids)}-looks"
        return presets.export(preset_ids, target or self._export(stem, "preset.zip"), self.places)

    def inspect_presets(self, paths: Sequence[Path]) -> preset_import.Plan:
        """What preset files, folders, zips and clips of ours hold, and what it would change."""
        return preset_import.plan(paths, self.places)

    def import_presets(
        self, found: preset_import.Plan, choices: Mapping[str, preset_import.Choice]
    ) -> list[preset_import.Kept]:
        """Keep what `inspect_presets` found. choices: for those whose id is taken, by id.

        Raises InvalidRequest if one is missing; then nothing was written.
        """
        return preset_import.carry_out(found, choices, self.places)

    def models(self) -> list[ModelState]:
        """Every model we know and whether it can be used."""
        return weights.states(self.places.models)

    def default_model(self) -> str:
        """The model of the settings, else the built-in one."""
        return self.settings.model or models.POCKET.id

    def keep_picture(self, path: Path) -> tuple[str, tuple[int, int]]:
        """Copy a reference picture into the library: its SHA-256 and its upright (width, height).

        Raises PictureError.
        """
        digest = picture.keep(path, self.places.pictures)
        return digest, self._picture_size(digest)

    def offer_picture(self, path: Path) -> str:
        """The SHA-256 of a picture that a recipe may name at once, and that is copied into the
        library only when a render of it is queued. Raises PictureError.
        """
        size = picture.size_of(path)
        digest = sha256_of(path)
        self._picture_sizes[digest] = size
        self._offered[digest] = path
        return digest

    def picture_file(self, sha256: str) -> Path:
        """Where a kept reference picture is. Raises PictureError if it is gone."""
        return picture.find(sha256, self.places.pictures)

    # -- before anything runs

    def expand(self, recipe: Recipe) -> Expansion:
        """The text the model will read, and where each word came from."""
        spec = self._spec(recipe)
        quick = weights.quick_loras(spec, self.places.models)
        return prompt.expand(recipe, spec, self._presets(recipe), quick)

    def foresee(self, recipe: Recipe, kind: Kind) -> tuple[Shot, Plan]:
        """What would run, and how. The seed shown is the recipe's, or 0 where one will be drawn.

        Raises InvalidRequest; a plan that does not fit is an answer, not an error.
        """
        decided = self._decide(recipe, kind, recipe.seed or 0)
        return decided, self.plans(recipe, kind, self.hardware() or _UNKNOWN)[0]

    def plans(self, recipe: Recipe, kind: Kind, hardware: Hardware) -> list[Plan]:
        """Every way to run a recipe on a computer, best first. Raises InvalidRequest."""
        spec = self._spec(recipe)
        extent = shot.extent(recipe, spec, kind, self.expand(recipe), self._sizes(recipe))
        if hardware != self.hardware():
            return plan.plans(extent, spec, hardware)
        margin = margins.read(self.places.models, spec, hardware)
        kept = weights.kept_precisions(spec, self.places.models)
        return plan.plans(extent, spec, hardware, self._reached_teraflops(spec), margin, kept)

    def hardware(self) -> Hardware | None:
        """This computer as the worker last measured it; None if it never has."""
        return self._supervisor.hardware()

    def measure(self) -> Hardware:
        """This computer, measured by a worker now; takes seconds."""
        return self._supervisor.measure()

    # -- making

    def render(self, recipe: Recipe, kind: Kind = Kind.PREVIEW, takes: int = 1) -> list[Job]:
        """Queue takes of a recipe: the first with its seed, the others with seeds drawn anew.

        Raises InvalidRequest or ModelMissing; then nothing was queued.
        """
        _check_takes(takes)
        first = _draw() if recipe.seed is None else recipe.seed
        seeds = [first, *(_draw() for _ in range(takes - 1))]
        return self._add([(recipe, self._decide(recipe, kind, seed)) for seed in seeds])

    def vary(self, recipe: Recipe, takes: int) -> list[Job]:
        """Queue takes of a recipe that differ in their look, as far as it leaves that open, and in
        their seeds. Raises InvalidRequest or ModelMissing; then nothing was queued.
        """
        _check_takes(takes)
        chosen = {*recipe.look, *(name for one in self._presets(recipe) for name in one.look)}
        free = [one for one in variation.VARIED if one not in chosen and self._counts(recipe, one)]
        asked = variation.recipes(recipe, free, takes, _draw())
        return self._add([(each, self._decide(each, Kind.PREVIEW, _draw())) for each in asked])

    def sweep(self, recipe: Recipe, looks: Sequence[str | dict[str, Any]]) -> list[Job]:
        """Queue a take for each look laid over the recipe, with one seed: only the look differs.

        looks: presets, as a recipe names them; what the recipe says stays under each. Raises
        InvalidRequest or ModelMissing; then nothing was queued.
        """
        if not 1 <= len(looks) <= MAX_TAKES:
            raise InvalidRequest(
                f"A sweep of {len(looks)} looks is not allowed.",
                f"Choose 1 to {MAX_TAKES} presets.",
            )
        seed = _draw() if recipe.seed is None else recipe.seed
        asked = sweep.recipes(recipe, looks)
        return self._add([(each, self._decide(each, Kind.PREVIEW, seed)) for each in asked])

    def foresee_sweep(
        self, recipe: Recipe, looks: Sequence[str | dict[str, Any]]
    ) -> list[tuple[Shot, Plan]]:
        """`foresee` of every take of a sweep."""
        return [self.foresee(each, Kind.PREVIEW) for each in sweep.recipes(recipe, looks)]

    def refine(self, clip_id: str, fidelity: float = DEFAULT_FIDELITY) -> Job:
        """Queue the full-size version of a preview.

        Raises NotFound, InvalidRequest or ModelMissing; then nothing was queued.
        """
        parent = self._library.clip(clip_id)
        if parent.kind is not Kind.PREVIEW:
            raise InvalidRequest("This clip is full size already.", "Refine a preview.")
        spec = models.model(parent.shot.model)
        kept = self._latents(parent.id).exists()
        decided = shot.decide_refine(parent.shot, parent.id, spec, fidelity, kept)
        return self._add([(parent.recipe, decided)])[0]

    def bring_in(self, video: Path, words: str = "", model_id: str | None = None) -> Clip:
        """Take a video of any program into the library, as a preview that refines from its frames.

        words: what it shows; none where the file carries a recipe of ours. A model that always
        needs a picture is given its first frame. Raises NotFound, InvalidRequest or RenderFailed;
        then nothing was taken in.
        """
        spec = models.model(model_id or self.default_model())
        found = foreign.fit(video, spec)
        first = self._keep_frame(still.first_frame, video) if spec.needs_picture else None
        recipe = Recipe(
            prompt=words or _own_words(video),
            model=spec.id,
            width=found.width,
            height=found.height,
            frames=found.frames,
            picture=Picture(sha256=first) if first else None,
        )
        tag = Tag(
            id=_new_id(),
            created=_now(),
            seconds=0.0,
            recipe=recipe,
            shot=self._decide(recipe, Kind.PREVIEW, _draw()),
        )
        film = foreign.write(video, tag, self.places.work / f"{tag.id}.mp4")
        return self._library.tag(self._library.adopt(film).id, [foreign.TAG])

    def again(self, job_id: int) -> Job:
        """Let a paused, failed, cancelled or interrupted job go on from where it was.

        To its end, even if an early one was asked for meanwhile, unless only the decoding is left.
        """
        job = self._queue.job(job_id)
        early = job.shot.ended_after if latents.is_sampled(self.places.checkpoint(job_id)) else None
        job = self._queue.again(job_id, replace(job.shot, ended_after=early))
        self._supervisor.wake()
        return job

    def steps_kept(self, job_id: int) -> int | None:
        """How many steps of a job without a clip are kept: what `again` need not do again and
        `end_early` makes a clip of. All of them where only the decoding is left; None for none."""
        return latents.steps_done(self.places.checkpoint(job_id))

    def end_early(self, job_id: int) -> Job:
        """Make a clip of what a paused, failed, cancelled or interrupted job has so far.

        Raises NotFound, or InvalidRequest if it has nothing yet.
        """
        job = self._queue.job(job_id)
        steps = latents.steps_done(self.places.checkpoint(job_id))
        if steps is None:
            raise InvalidRequest("There is nothing to see of this take yet.", "Let it go on.")
        early = steps if steps < job.shot.steps else None
        decided = self._queue.again(job_id, replace(job.shot, ended_after=early))
        self._supervisor.wake()
        return decided

    def pause(self, job_id: int) -> None:
        """Let a waiting job wait until `again`; ask a running one to stop within a step and keep
        what it has."""
        self._queue.request_pause(job_id)
        self._supervisor.wake()

    def cancel(self, job_id: int) -> None:
        """Take a waiting job out of the queue; ask a running one to stop within a step."""
        self._queue.request_cancel(job_id)
        self._supervisor.wake()

    def sheet(self, group: str) -> Sheet:
        """A sweep as one thing. Raises NotFound if there is no sweep of that group."""
        jobs = self._queue.group(group)
        if not jobs or not sweep.is_sweep(jobs):
            raise NotFound("There is no such sweep.", "Choose one of its takes in the strip.")
        refines = self._queue.refines([job.clip_id for job in jobs if job.clip_id])
        return sweep.sheet(jobs, refines, self._kept_clip, self.look_names())

    def look_names(self) -> Names:
        """What every preset is called, by its id."""
        return {
            preset.id: Words(en=preset.name.get("en"), zh=preset.name.get("zh"))
            for preset in self.presets()
        }

    def cancel_sweep(self, group: str) -> None:
        """Cancel every take of a group that has not ended."""
        # The last first: otherwise the one that runs would make way for the next.
        for job in reversed(self._queue.group(group)):
            self.cancel(job.id)

    def again_sweep(self, group: str) -> list[Job]:
        """`again` for every take of a sweep that stands without a clip. Raises NotFound."""
        return [self.again(look.job.id) for look in self.sheet(group).looks if look.missing]

    def forget(self, job_id: int) -> None:
        """Remove an ended or paused job from the list, and what it could go on from.

        Its clip stays. Raises NotFound, or InvalidRequest if it is waiting or running.
        """
        self._queue.remove(job_id)
        self.places.checkpoint(job_id).unlink(missing_ok=True)

    def follow(self, jobs: Sequence[Job]) -> Iterator[dict[str, Any]]:
        """What happens to these jobs, until all have ended, as JSON values with `job` and `take`.

        Works whoever owns the library, and becomes the owner where the last one went away.
        """
        waiting = {job.id for job in jobs}
        last = 0
        while waiting:
            for number, job_id, take, body in self._queue.events(last, sorted(waiting)):
                last = number
                yield {**body, "job": job_id, "take": take}
                if body["event"] in ENDED:
                    waiting.discard(job_id)
            waiting = self._queue.known(waiting)
            if waiting:
                self.try_start()
                time.sleep(FOLLOW_EVERY_SECONDS)

    def jobs(self, limit: int = 60) -> list[Job]:
        """The newest jobs, newest first."""
        return self._queue.jobs(limit)

    def paused(self) -> list[Job]:
        """All jobs that wait until `again`, newest first, however old they are."""
        return self._queue.jobs(limit=-1, states=[State.PAUSED])

    def job(self, job_id: int) -> Job:
        """One job. Raises NotFound."""
        return self._queue.job(job_id)

    def line(self) -> list[Job]:
        """What runs, then what waits, in the order in which it is taken."""
        return self._queue.line()

    def move(self, job_id: int, before: int | None) -> None:
        """Let a waiting job be taken before another one, None for last of all.

        Raises NotFound, InvalidRequest.
        """
        self._queue.move(job_id, before)

    def pause_all(self) -> None:
        """`pause` for all that runs and waits."""
        # The last first: otherwise the one that runs would make way for the next.
        for job in reversed(self.line()):
            self.pause(job.id)

    def again_all(self) -> None:
        """`again` for all that is paused, in the order in which it was asked for."""
        for job in reversed(self.paused()):
            self.again(job.id)

    def position(self, job_id: int) -> int:
        """How many jobs are ahead of a waiting one; 0 for one that is not waiting."""
        return (self._queue.position(job_id) or 1) - 1

    def revision(self) -> str:
        """Changes whenever a job or a clip does."""
        return f"{self._queue.revision()}.{self._library.revision()}"

    def library_revision(self) -> int:
        """Changes whenever a clip does, whatever the jobs do."""
        return self._library.revision()

    # -- the gallery

    def clips(
        self,
        search: str = "",
        *,
        limit: int = 60,
        offset: int = 0,
        trashed: bool = False,
        filters: Filters = ANY,
    ) -> list[Clip]:
        """Clips whose words contain every word of search and that the filters let through, newest
        first."""
        return self._library.clips(
            search, limit=limit, offset=offset, trashed=trashed, filters=filters
        )

    def count(self, search: str = "", *, trashed: bool = False, filters: Filters = ANY) -> int:
        """How many clips `clips` would give without a limit."""
        return self._library.count(search, trashed=trashed, filters=filters)

    def choices(self, *, trashed: bool = False) -> Choices:
        """The models, presets and tags of the clips, to filter them by."""
        return self._library.choices(trashed=trashed)

    def clip(self, clip_id: str) -> Clip:
        """One clip. Raises NotFound."""
        return self._library.clip(clip_id)

    def family(self, clip_id: str) -> list[Clip]:
        """A clip with all that it was refined from or into, parents first. Raises NotFound."""
        return self._library.family(clip_id)

    def star(self, clip_id: str, stars: int) -> Clip:
        """Give a clip 0 to 5 stars."""
        return self._library.star(clip_id, stars)

    def tag(self, clip_id: str, add: Sequence[str] = (), remove: Sequence[str] = ()) -> Clip:
        """Give a clip tags and take others away. Raises InvalidRequest, NotFound."""
        return self._library.tag(clip_id, add, remove)

    def trash(self, clip_id: str) -> Clip:
        """Move a clip to the library's own trash."""
        return self._library.trash(clip_id)

    def restore(self, clip_id: str) -> Clip:
        """Bring a clip back from the trash."""
        return self._library.restore(clip_id)

    def erase(self, clip_id: str) -> None:
        """Delete a clip of the trash for good. Raises NotFound, InvalidRequest."""
        self._library.erase(clip_id)
        self._latents(clip_id).unlink(missing_ok=True)

    def open_folder(self, clip_id: str) -> None:
        """Show the folder of a clip's file in the system's file manager. Raises NotFound."""
        reveal(self.clip(clip_id).file.parent)

    def last_frame(self, clip_id: str) -> str:
        """Keep a clip's last frame as a reference picture; gives its SHA-256.

        Raises NotFound, InvalidRequest.
        """
        return self._keep_frame(still.last_frame, self.clip(clip_id).file)

    def trim(self, clip_id: str, start_seconds: float, end_seconds: float) -> Path:
        """Write a part of a clip, recipe and all, into the library's Exports; gives the file.

        Raises NotFound, or InvalidRequest if there is nothing between the two times.
        """
        clip = self.clip(clip_id)
        target = self._export(clip.file.stem, f"{start_seconds:g}s-{end_seconds:g}s.mp4")
        export.trim(clip, start_seconds, end_seconds, target)
        return target

    def gif(self, clip_id: str) -> Path:
        """Write a clip as an endless GIF into the library's Exports; gives the file."""
        clip = self.clip(clip_id)
        target = self._export(clip.file.stem, "loop.gif")
        export.gif(clip, target)
        return target

    def save_sheet(
        self,
        group: str,
        language: str,
        takes: Collection[int] = (),
        target: Path | None = None,
    ) -> tuple[Path, str]:
        """Write a sweep as one picture; gives its file, and the letters that no font here has.

        language: of the names, "en" or "zh". takes: those to show, all if none are named. target:
        a new PNG or JPEG, None for one in the library's Exports. Raises NotFound, InvalidRequest
        or StudioError.
        """
        sheet = self._with_pictures(group, takes)
        file = target or self._export(sweep.file_stem(sheet), "looks.jpg")
        cells = [
            Cell(
                number=look.job.take,
                name=look.name.get(language),
                clip=look.clip,
                note=sweep.WITHOUT_PICTURE[look.job.state].get(language),
            )
            for look in sheet.looks
        ]
        foot = Foot(
            subject=sheet.first.recipe.prompt,
            facts=sweep.facts(sheet, language),
            reference=self._reference(sheet.first.shot),
        )
        shot = sheet.first.shot
        return file, contact_sheet.save(cells, (shot.width, shot.height), foot, file)

    def save_reel(
        self,
        group: str,
        language: str,
        takes: Collection[int] = (),
        target: Path | None = None,
    ) -> tuple[Path, str]:
        """Write the clips of a sweep one after the other as one MP4. All as for `save_sheet`."""
        sheet = self._with_pictures(group, takes)
        file = target or self._export(sweep.file_stem(sheet), "looks.mp4")
        looks = [(look.name.get(language), look.clip) for look in sheet.looks if look.clip]
        return file, reel.save(looks, sweep.reel_words(sheet), file)

    def refresh(self) -> int:
        """Follow what happened to the clips' files outside the studio; gives how many changed."""
        return self._library.sync()

    def rebuild(self) -> int:
        """Make the index again from the files; gives the number of clips."""
        return self._library.rebuild()

    # -- models

    def offers(self, model_id: str, folder: Path | None = None) -> tuple[Offer, ...]:
        """What getting a model would take in each way to have it, the one begun first, else the
        recommended one; none for the built-in one. folder: as for `offer`."""
        spec = models.model(model_id)
        begun = self._begun(spec)
        known = catalogue.bundles(spec, self._best_precision(spec))
        ways = sorted(known, key=lambda one: one.id != begun)
        return weights.offers(spec, ways, self.places.models, folder)

    def offer(
        self, model_id: str, bundle_id: str | None = None, folder: Path | None = None
    ) -> Offer:
        """What getting a model would take, told without asking the hub.

        bundle_id: None for the one begun, else the recommended one. folder: to make the model's
        folder in; None for the usual one. Raises InvalidRequest.
        """
        spec = models.model(model_id)
        chosen = self._bundle(spec, bundle_id)
        return weights.offers(spec, [chosen], self.places.models, folder)[0]

    def start_download(
        self, model_id: str, bundle_id: str | None = None, folder: Path | None = None
    ) -> Download:
        """Begin to download a model, or go on with it; all as for `offer`. Answers at once.

        Raises InvalidRequest; what else goes wrong, a full disk too, `download` tells.
        """
        spec = models.model(model_id)
        chosen = self._bundle(spec, bundle_id)
        home = weights.settle(spec, self.places.models, folder)
        self._checks.forget(spec)
        return self._downloads.start(
            Order(
                spec=spec,
                bundle=chosen,
                home=home,
                models=self.places.models,
                endpoint=self.mirror(),
            )
        )

    def pause_download(self, model_id: str) -> Download:
        """Stop a download; `start_download` goes on. Raises InvalidRequest if there is none."""
        return self._downloads.pause(models.model(model_id))

    def download(self, model_id: str) -> Download | None:
        """How far a model's download is; None where none was begun, or it is long whole."""
        return self._downloads.now(models.model(model_id), self.places.models)

    def get_model(
        self,
        model_id: str,
        bundle_id: str | None = None,
        folder: Path | None = None,
        told: Callable[[Download], None] = lambda _: None,
    ) -> ModelState:
        """`start_download`, and wait until it has ended. told: is given how far it is, several
        times a second. Raises StudioError; interrupted, it pauses."""
        spec = models.model(model_id)
        self.start_download(model_id, bundle_id, folder)
        self._downloads.follow(spec, told)
        return weights.state(spec, self.places.models)

    def use_folder(self, model_id: str, folder: Path) -> ModelState:
        """Use a folder that has a model already, where it is. Raises InvalidRequest."""
        spec = models.model(model_id)
        self._downloads.forget(spec)
        self._checks.forget(spec)
        return weights.borrow(spec, self.places.models, folder)

    def check_model(self, model_id: str) -> tuple[str, ...]:
        """Read all files of a model anew; gives those that are damaged. Those that were downloaded
        are taken away, for `start_download` to get them again. Takes minutes.

        Raises InvalidRequest if the model is not here.
        """
        return tuple(weights.damaged(models.model(model_id), self.places.models))

    def ask_model(self, model_id: str) -> Answered:
        """Ask a model's experts, where they are kept as they run, whether they are what they were
        when they were made; by a worker of its own. Takes as long as loading them.

        Raises StudioError, where they do not fit or the worker does not start.
        """
        prepared = weights.prepared_in(models.model(model_id), self.places.models)
        if prepared is None or not any(prepared.rglob(preparation.INDEX)):
            return Answered()
        with contextlib.closing(Helper(self._engine, self.places.log)) as helper:
            answered = helper.ask(Asking(model=model_id, models=self.places.models))
        assert answered is not None  # nobody stops it
        return answered

    def releasable(self, model_id: str) -> int:
        """Bytes that `release_model` would free. Raises InvalidRequest saying why it would not."""
        return self._release(model_id).bytes

    def release_model(self, model_id: str) -> int:
        """Let go of a model's published experts, which are kept as they run here; gives the bytes
        freed. `start_download` brings them back. Takes minutes: what is kept is read before.

        Raises InvalidRequest, StudioError.
        """
        return release.carry_out(self._release(model_id))

    def start_check(self, model_id: str) -> Check:
        """`check_model` in the background, then `ask_model` where nothing renders or waits: there
        is no room for experts twice. Answers at once, `check` tells what came of it."""
        return self._checks.start(models.model(model_id), lambda: self._checked(model_id))

    def start_release(self, model_id: str) -> Check:
        """`release_model` in the background, likewise. Raises InvalidRequest."""
        possible = self._release(model_id)
        return self._checks.start(
            possible.spec, lambda: Check(running=False, freed=release.carry_out(possible))
        )

    def check(self, model_id: str) -> Check | None:
        """How the last check of a model's files stands, a release too; None where there was none
        since its files came or the studio was opened."""
        return self._checks.now(models.model(model_id))

    def remove_model(self, model_id: str) -> None:
        """Delete a downloaded model's files, all or those that came; forget a folder that was
        pointed at. Raises InvalidRequest, StudioError."""
        spec = models.model(model_id)
        self._downloads.forget(spec)
        self._checks.forget(spec)
        weights.remove(spec, self.places.models)

    def loras(self) -> list[LoraFile]:
        """The LoRA files that a recipe may name."""
        return lora.files(self.places.models)

    def add_lora(self, path: Path) -> LoraFile:
        """Copy a LoRA file to the others. Raises InvalidRequest if it is none."""
        return lora.keep(path, self.places.models)

    def remove_lora(self, file: str) -> None:
        """Delete one of them. Raises InvalidRequest."""
        lora.remove(file, self.places.models)

    def mirror(self) -> str:
        """The address that models come from."""
        return hub.address(self.settings.mirror)

    def set_mirror(self, address: str | None) -> str:
        """Choose it, None for HF_ENDPOINT or else the hub itself; kept in the settings.

        Raises InvalidRequest if it is none.
        """
        chosen = hub.checked_address(address) if address else None
        self.settings = self.settings.model_copy(update={"mirror": chosen})
        settings.save(self.places.settings, self.settings)
        return self.mirror()

    # -- between them

    def _bundle(self, spec: ModelSpec, id: str | None) -> Bundle:
        return catalogue.bundle(spec, id or self._begun(spec), self._best_precision(spec))

    def _begun(self, spec: ModelSpec) -> str | None:
        """The way in which a model's download was begun."""
        known = manifest.read(weights.folder_of(spec, self.places.models))
        return known.bundle if known else None

    def _best_precision(self, spec: ModelSpec) -> Precision | None:
        """In which this computer would keep a model's experts for a clip of full size."""
        here = self.hardware()
        if here is None:
            return None
        width, height = spec.shapes[0].final
        full = Extent(width=width, height=height, frames=spec.frames, steps=spec.sampling.steps)
        return plan.plans(full, spec, here)[0].precision

    def _checked(self, model_id: str) -> Check:
        damaged = self.check_model(model_id)
        asked = not damaged and not self.line()
        answered = self.ask_model(model_id) if asked else Answered()
        return Check(running=False, damaged=damaged, answered=answered)

    def _release(self, model_id: str) -> release.Release:
        """Held to every precision in which this computer would make a clip by itself."""
        spec, here = models.model(model_id), self.hardware()
        if here is None:
            raise InvalidRequest(
                "This computer is not measured yet: nobody knows what must stay.",
                "Run: python -m studio doctor",
            )
        margin = margins.read(self.places.models, spec, here)
        best = (plan.plans(each, spec, here, None, margin)[0] for each in shot.usual_extents(spec))
        needed = {one.precision for one in best if one.fits}
        if not needed:
            raise InvalidRequest(
                f"{spec.name} does not run on this computer.", "Remove it, if you do not need it."
            )
        return release.possible(spec, self.places.models, needed)

    def _spec(self, recipe: Recipe) -> ModelSpec:
        return models.model(recipe.model or self.default_model())

    def _add(self, takes: Sequence[tuple[Recipe, Shot]]) -> list[Job]:
        """Queue shots that are decided; only now are their pictures kept."""
        for _, decided in takes:
            self._check_installed(models.model(decided.model))
            for one in decided.worn:
                weights.check_wearable(models.model(decided.model), self.places.models)
                lora.required(one, weights.lora_folders(self.places.models))
        for _, decided in takes:
            for use in (decided.picture, decided.last_picture):
                if use is not None and use.sha256 in self._offered:
                    picture.keep(self._offered[use.sha256], self.places.pictures)
        jobs = self._queue.add(takes)
        self._supervisor.wake()
        return jobs

    def _check_installed(self, spec: ModelSpec) -> None:
        if not weights.state(spec, self.places.models).installed:
            raise ModelMissing(
                f"{spec.name} is not on this computer.",
                f"Get it on the Models page, or with: python -m studio models get {spec.id}",
            )

    def _presets(self, recipe: Recipe) -> list[Preset]:
        return [presets.resolve(entry, self.places) for entry in recipe.presets]

    def _counts(self, recipe: Recipe, category: str) -> bool:
        """Whether a term of a category would be read now: a picture, a flat style or a camera move
        decides some."""
        first = vocabulary.category(category).terms[0]
        asked = replace(recipe, look={**recipe.look, category: (first.id,)})
        return first not in [left.term for left in self.expand(asked).left_out]

    def _decide(self, recipe: Recipe, kind: Kind, seed: int) -> Shot:
        spec, text = self._spec(recipe), self.expand(recipe)
        return shot.decide(recipe, spec, text, kind, seed, self._sizes(recipe))

    def _sizes(self, recipe: Recipe) -> dict[str, tuple[int, int]]:
        """SHA-256 → upright (width, height) of the recipe's pictures. Raises PictureError."""
        return {
            used.sha256: self._picture_size(used.sha256)
            for used in (recipe.picture, recipe.last_picture)
            if used is not None
        }

    def _picture_size(self, sha256: str) -> tuple[int, int]:
        path = self._offered.get(sha256) or self.picture_file(sha256)
        if sha256 not in self._picture_sizes:
            self._picture_sizes[sha256] = picture.size_of(path)
        return self._picture_sizes[sha256]

    def _parent_file(self, refine: shot.Refine | None) -> Path | None:
        """None also where the preview is gone: a refine that was begun goes on without it."""
        try:
            return self._library.clip(refine.parent).file if refine else None
        except NotFound:
            return None

    def _prepare(self, job: Job) -> Task:
        """What the worker needs for a job; runs when its turn has come."""
        refine = job.shot.refine
        clip_id = _new_id()
        return Task(
            id=clip_id,
            created=_now(),
            recipe=job.recipe,
            shot=job.shot,
            output=self.places.work / f"{clip_id}.mp4",
            parent_file=self._parent_file(refine),
            pictures=self.places.pictures,
            models=self.places.models,
            texts=self.places.texts,
            checkpoint=self.places.checkpoint(job.id),
            latents=self.places.latents,
            glimpses=self.places.glimpses,
        )

    def _latents(self, clip_id: str) -> Path:
        return self.places.latents / f"{clip_id}.safetensors"

    def _tidy(self) -> None:
        """Remove what no clip and no job can be gone on with any more."""
        checkpoints = self.places.checkpoints
        numbers = [int(path.stem) for path in checkpoints.glob("*.safetensors")]
        latents.tidy(checkpoints, {str(known) for known in self._queue.known(numbers)})
        # A film that a crash left behind becomes a clip in a moment.
        left = {path.stem for path in self.places.work.glob("*.mp4")}
        latents.tidy(self.places.latents, self._library.ids() | left)
        for folder in (checkpoints, self.places.latents):
            sweep_partials(folder)

    def _kept_clip(self, clip_id: str | None) -> Clip | None:
        """The clip, or None where there is none, or it was thrown away."""
        if clip_id is None:
            return None
        try:
            clip = self._library.clip(clip_id)
        except NotFound:
            return None
        return None if clip.trashed else clip

    def _with_pictures(self, group: str, takes: Collection[int]) -> Sheet:
        """A sheet on which there is something to see."""
        sheet = self.sheet(group).only(takes)
        if not any(look.clip for look in sheet.looks):
            raise InvalidRequest(
                "None of these looks has a clip yet.", "Wait for one, or run them again."
            )
        return sheet

    def _keep_frame(self, write: Callable[[Path, Path], None], film: Path) -> str:
        """write: a function of `still`. Gives the SHA-256 of the reference picture."""
        frame = self.places.work / f"{uuid.uuid4().hex}.png"
        try:
            write(film, frame)
            return picture.keep(frame, self.places.pictures)
        finally:
            frame.unlink(missing_ok=True)

    def _reference(self, decided: Shot) -> tuple[Path, Box] | None:
        """The picture a shot starts from, and what of it is used; None where it is gone."""
        if decided.picture is None:
            return None
        try:
            return self.picture_file(decided.picture.sha256), decided.picture.crop
        except PictureError:
            return None

    def _export(self, stem: str, ending: str) -> Path:
        """A name in Exports that nothing has yet."""
        self.places.exports.mkdir(parents=True, exist_ok=True)
        path = self.places.exports / f"{stem}_{ending}"
        numbered = (path.with_stem(f"{path.stem}-{number}") for number in itertools.count(2))
        return next(name for name in itertools.chain([path], numbered) if not name.exists())

    def _reached_teraflops(self, spec: ModelSpec) -> float | None:
        """The best speed among this model's last renders here: the others had to load first."""
        speeds = [
            plan.forward_flops(clip.shot.extent, spec) / clip.seconds / 1e12
            for clip in self._library.clips("", limit=20)
            if clip.shot.model == spec.id and clip.seconds > 0 and clip.shot.ended_after is None
        ]
        return max(speeds, default=None)


def _check_takes(takes: int) -> None:
    if not 1 <= takes <= MAX_TAKES:
        raise InvalidRequest(f"{takes} takes are not allowed.", f"Use 1 to {MAX_TAKES}.")


def _own_words(video: Path) -> str:
    """What a film made here was asked for; "" for any other."""
    try:
        return tag_from_json(mp4.words(video)).recipe.prompt
    except StudioError:
        return ""


def _new_id() -> str:
    return uuid.uuid4().hex[:12]


def _now() -> str:
    return datetime.datetime.now().astimezone().isoformat(timespec="seconds")


def _draw() -> int:
    return secrets.randbelow(shot.MAX_SEED + 1)
