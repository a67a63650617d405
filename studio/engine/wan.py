"""The engine: plan → load → text → sample → film. Reads like the recipe.

Every other file of this folder does one of these; this one only calls them in order and says what
went wrong in words for people.
"""

import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import torch
from PIL.Image import Image
from safetensors import SafetensorError

from studio import lora, manifest, margins, picture, weights
from studio.engine import answer, film, glimpse, hardware, kept, load, prepared, refine, seams
from studio.engine.glimpse import Glimpses, Painter
from studio.engine.kept import Kept
from studio.engine.load import Parts
from studio.engine.record import Record
from studio.engine.sample import Aside, Pictures, sample
from studio.engine.text import Text, encode
from studio.engine.watch import Watch
from studio.errors import CardLost, NotFound, OutOfMainMemory, OutOfMemory, StudioError
from studio.events import Answered, Asking, Event, Finished, Prepared, Preparing, Started, Task
from studio.models import ModelSpec, model
from studio.plan import Hardware, Placement, Plan, choose, plans, roomier
from studio.shot import Kind, PictureUse, Shot, Way, usual_extents

LOG = logging.getLogger(__name__)
# GiB that come and go without another program having started.
_TAKEN_GB = 0.5
_LESS = "Close other programs, or choose a smaller size, fewer frames or a smaller model."


class WanEngine:
    """Makes clips with Wan2.2 models. Keeps the last model's parts warm between tasks.

    computer: plan as if on this one; None looks at the real one.
    """

    def __init__(self, computer: Hardware | None = None) -> None:
        seams.quiet()
        self._imagined = computer
        self._computer: hardware.Computer | None = None
        self._parts: Parts | None = None
        self._got: int | None = None  # when the files of the parts were
        self._texts: dict[tuple[str, str], Text] = {}
        self._painter: Painter | None = None
        self._ways: dict[tuple[int, int, tuple[int, int] | None], list[film.Way]] = {}

    def hardware(self) -> Hardware:
        """This computer as it is now: programs come and go between two renders."""
        if self._imagined is not None:
            return self._imagined
        if self._computer is None:
            self._computer = hardware.Computer()
        return self._computer.now()

    def render(
        self, task: Task, say: Callable[[Event], None], cancelled: Callable[[], bool]
    ) -> Finished:
        """See `studio.engine.Engine.render`."""
        extent, spec, here = task.shot.extent, model(task.shot.model), self.hardware()
        margin = margins.read(task.models, spec, here)
        kept_in = weights.kept_precisions(spec, task.models)
        plan = choose(extent, spec, here, None, margin, kept_in)
        lasting = True
        while True:
            say(Started(plan=plan))
            try:
                finished = self._rendered(task, plan, Watch(say, cancelled))
            except OutOfMemory as error:
                # Its memory is given back; the record says how far it came.
                now = self.hardware()
                wider = margin.wider(main=isinstance(error, OutOfMainMemory))
                other = roomier(extent, spec, now, plan, wider, kept_in)
                if other is None:
                    raise
                plan, margin = other
                lasting = lasting and _as_free(now, here)
                continue
            if lasting and margin != margins.read(task.models, spec, here):
                margins.write(task.models, spec, here, margin)
            return finished

    def prepare(self, asked: Preparing) -> Prepared:
        """See `studio.engine.Engine.prepare`. On the processor: it is quicker than a download, and
        the card may be at work."""
        origin = asked.file.parent
        form = load.expert_form(asked.precision, self.hardware().bf16)
        folder = asked.folder / form.name / origin.name
        build = partial(load.empty, origin, form)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            made = prepared.add(build, asked.file, folder, form, load.PROCESSOR)
        except (OSError, SafetensorError) as error:
            raise StudioError(
                f"{asked.precision.value} could not be made of {asked.file.name}: {error}.",
                "Free the disk and download again; it goes on where it stopped.",
            ) from error
        return Prepared(file=made)

    def ask(self, asked: Asking) -> Answered:
        """See `studio.engine.Engine.ask`."""
        spec, here = model(asked.model), self.hardware()
        margin = margins.read(asked.models, spec, here)
        kept_in = weights.kept_precisions(spec, asked.models)
        best = [
            plans(extent, spec, here, None, margin, kept_in)[0] for extent in usual_extents(spec)
        ]
        told: dict[bool, list[str]] = {True: [], False: []}
        self._forget()
        with self._memory_watched():
            for way in {one.precision: one.placement for one in best if one.fits}.values():
                self._parts = self._opened(spec, way, asked.models)
                for name in (load.HIGH, load.LOW)[: spec.experts]:
                    folder = self._parts.kept(name)
                    if folder is not None:
                        same = answer.same(self._parts, name, folder)
                        told[same].append(f"{folder.parent.name}/{folder.name}")
                self._forget()
        return Answered(same=tuple(told[True]), otherwise=tuple(told[False]))

    def _rendered(self, task: Task, plan: Plan, watch: Watch) -> Finished:
        """By this plan, from where the record of an earlier try stands."""
        began = time.monotonic()
        shot, spec = task.shot, model(task.shot.model)
        with self._memory_watched():
            parts = self._parts_for(spec, plan, task)
            folders = weights.lora_folders(task.models)
            parts.wear([(one, lora.required(one, folders)) for one in shot.worn])
            record = Record(path=task.checkpoint, shot=shot, began=began)
            parent = self._parent(task, record)
            text = self._text(parts, task, watch)
            aside = Aside(
                record=record,
                glimpses=Glimpses(task.glimpses, task.id, self._painter_of(parts, task), shot.fps),
                watch=watch,
            )
            ways = self._ways_for(parts, shot, plan.tile)
            start = None
            if shot.refine is not None and record.before is None:
                start = refine.take_up(parts, shot, parent, task.parent_file, ways, watch)
            latents = sample(parts, shot, text, _pictures(task), start, aside)
            finished = film.develop(parts, task, latents, ways, record.began, watch)
            answer.note(parts)
        self._keep(task, latents, record.noisy, text)
        record.forget()
        return finished

    def _parent(self, task: Task, record: Record) -> Kept | None:
        """What a refined shot's preview left, where it is worked up from that; its words too, so
        that the text encoder need not be loaded again. Raises NotFound where it is gone, unless
        the record goes on without it."""
        refine = task.shot.refine
        if refine is None or refine.way is Way.PIXELS:
            return None
        try:
            found = kept.load_preview(task.latents / f"{refine.parent}.safetensors")
        except NotFound:
            if record.before is None:
                raise
            return None
        self._texts = {(found.shot.prompt, found.shot.negative_prompt): found.text}
        return found

    def _keep(
        self, task: Task, latents: torch.Tensor, noisy: dict[float, torch.Tensor], text: Text
    ) -> None:
        """Keep what a preview can be worked up from. Where that fails, its frames are left."""
        if task.shot.kind is Kind.PREVIEW:
            left = Kept(shot=task.shot, finished=latents, noisy=noisy, text=text)
            try:
                kept.save_preview(task.latents / f"{task.id}.safetensors", left)
            except (OSError, SafetensorError) as error:
                LOG.warning("The latents of %s could not be kept: %s", task.id, error)

    def _painter_of(self, parts: Parts, task: Task) -> Painter:
        if self._painter is None:
            self._painter = glimpse.painter(parts, task.models)
        return self._painter

    def _ways_for(self, parts: Parts, shot: Shot, tile: tuple[int, int] | None) -> list[film.Way]:
        """How this size can be decoded here; tried once, before anything long begins."""
        asked = (shot.width, shot.height, tile)
        if asked not in self._ways:
            self._ways[asked] = film.possible(parts, shot, tile)
        return self._ways[asked]

    def _parts_for(self, spec: ModelSpec, plan: Plan, task: Task) -> Parts:
        folder = weights.folder_of(spec, task.models)
        way = plan.placement
        warm, got = self._parts, manifest.finished(folder)
        if warm is None or (warm.folder, warm.way, self._got) != (folder, way, got):
            self._forget()
            self._parts, self._got = self._opened(spec, way, task.models), got
        assert self._parts is not None
        return self._parts

    def _opened(self, spec: ModelSpec, way: Placement, models: Path) -> Parts:
        folder, kept = weights.folder_of(spec, models), weights.prepared_in(spec, models)
        here = self.hardware()
        return Parts(spec, folder, way, here.bf16, kept, here.attention)

    def _text(self, parts: Parts, task: Task, watch: Watch) -> Text:
        words = (task.shot.prompt, task.shot.negative_prompt)
        if words not in self._texts:
            # The last words only: takes and refines of one shot share them.
            self._texts = {words: encode(parts, task.shot, watch, task.texts)}
        return self._texts[words]

    def _forget(self) -> None:
        if self._parts is not None:
            self._parts.release()
        self._parts = None
        self._texts = {}
        self._painter = None
        self._ways = {}

    @contextlib.contextmanager
    def _memory_watched(self) -> Iterator[None]:
        try:
            yield
        except (MemoryError, RuntimeError) as error:
            if seams.lost_the_card(error):
                raise CardLost(
                    "The graphics card stopped answering in the middle of its work.",
                    "Run it again: it goes on from its last step. If it happens again, restart "
                    "the computer.",
                ) from error
            if not seams.ran_out_of_memory(error):
                raise
            main = self._on_processor or seams.ran_out_of_main_memory(error)
            self._forget()
            if main:
                raise OutOfMainMemory(
                    "The computer ran out of memory while rendering.", _LESS
                ) from error
            raise OutOfMemory(
                "The graphics card ran out of memory while rendering.", _LESS
            ) from error

    @property
    def _on_processor(self) -> bool:
        return self._parts is not None and self._parts.device.type == "cpu"


def _as_free(now: Hardware, before: Hardware) -> bool:
    """Whether no other program has taken memory meanwhile: what ran out then says nothing of the
    next render."""
    return (
        now.vram_free_gb > before.vram_free_gb - _TAKEN_GB
        and now.ram_free_gb > before.ram_free_gb - _TAKEN_GB
    )


def _pictures(task: Task) -> Pictures:
    """The reference pictures cropped and scaled to the shot's size."""
    shot = task.shot

    def frame(use: PictureUse | None) -> Image | None:
        if use is None:
            return None
        path = picture.find(use.sha256, task.pictures)
        return picture.frame(path, use.crop, (shot.width, shot.height))

    return Pictures(first=frame(shot.picture), last=frame(shot.last_picture))
