"""python -m studio …: every verb for people and scripts at a terminal.

With --json standard output carries only JSON; without it, sentences. Exit status: 0 done, 1
something failed, 2 wrong usage or an invalid value, 130 cancelled.
"""

import argparse
import json
import math
import os
import platform
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from studio import fidelity, mp4, paths, presets, settings
from studio.clip import Clip, tag_from_json
from studio.download import Download
from studio.errors import InvalidRequest, NotFound, StudioError, of_disk
from studio.events import Answered
from studio.files import write_whole
from studio.gallery import contact_sheet, export, reel
from studio.gallery.filters import Filters
from studio.gallery.library import MAX_STARS
from studio.jobs.job import ENDED, Job
from studio.lora import Expert, Lora, LoraFile
from studio.models import MODELS
from studio.plain_yaml import PlainYamlError, load
from studio.plan import GIB, Hardware, Plan
from studio.preset_import import FILMS, Choice, Found, Standing
from studio.preset_import import Plan as Inside
from studio.preset_schema import json_schema
from studio.recipe import Picture, Recipe
from studio.shot import Kind
from studio.studio import Studio
from studio.weights import ModelState

DONE, FAILED, USAGE, CANCELLED = 0, 1, 2, 130
# After Ctrl+C: a step may take longer, and then the worker is ended without waiting for it.
CANCEL_WITHIN_SECONDS = 10.0
TELL_EVERY_SECONDS = 5.0
EXPERTS: dict[str, Expert] = {"high": "high", "low": "low", "both": "both"}
# Of a computer that is told by both its memories, nothing else is known.
_ANOTHER = Hardware(
    device="no graphics card",
    vram_total_gb=0.0,
    vram_free_gb=0.0,
    ram_total_gb=0.0,
    ram_free_gb=0.0,
    bf16=True,
    teraflops=0.0,
)


def main(arguments: Sequence[str]) -> int:
    """Run one command; gives the exit status."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    given = _parser().parse_args(arguments)
    try:
        kept = settings.load(paths.settings_file())
        studio = Studio(paths.places(given.library or kept.library), kept)
        try:
            return int(given.run(given, studio))
        finally:
            studio.close()
    except StudioError as error:
        print(error, file=sys.stderr)
        return USAGE if isinstance(error, InvalidRequest) else FAILED
    except KeyboardInterrupt:
        return CANCELLED
    except BrokenPipeError:
        # Whoever read our output has gone, as `head` does; Python must not try to flush it again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except OSError as error:
        print(of_disk(error), file=sys.stderr)
        return FAILED


# -- making


def _render(given: argparse.Namespace, studio: Studio) -> int:
    recipe = _recipe(given, studio)
    if given.vary:
        return _follow(given, studio, studio.vary(recipe, given.takes))
    return _follow(given, studio, studio.render(recipe, Kind(given.stage), given.takes))


def _refine(given: argparse.Namespace, studio: Studio) -> int:
    clip = given.clip
    if Path(clip).is_file():
        clip = studio.bring_in(Path(clip), given.prompt, given.model).id
    return _follow(given, studio, [studio.refine(clip, given.fidelity)])


def _sweep(given: argparse.Namespace, studio: Studio) -> int:
    # Before anything is rendered: a name that will not do is better known now.
    for target, suffixes in ((given.sheet, contact_sheet.SUFFIXES), (given.reel, reel.SUFFIXES)):
        if target is not None:
            export.check_target(target, suffixes)
    asked = _recipe(given, studio)
    base = replace(
        asked,
        presets=tuple(_preset(entry) for entry in given.base),
        look_over_picture=given.over_picture,
    )
    jobs = studio.sweep(base, asked.presets)
    status = _follow(given, studio, jobs)
    if status != CANCELLED and any(look.clip for look in studio.sheet(jobs[0].group).looks):
        _save_looks(given, studio, jobs[0].group)
    return status


def _save_looks(given: argparse.Namespace, studio: Studio, group: str) -> None:
    """The sheet and the reel that were asked for; with --json nothing more is printed."""
    for target, save in ((given.sheet, studio.save_sheet), (given.reel, studio.save_reel)):
        if target is None:
            continue
        file, undrawable = save(group, given.language, target=target)
        if undrawable:
            print(
                f"No font on this computer has “{undrawable}”. "
                "Install one that does (for Chinese: Noto Sans CJK), and save again.",
                file=sys.stderr,
            )
        if not given.json:
            print(file)


def _follow(given: argparse.Namespace, studio: Studio, jobs: list[Job]) -> int:
    ends: dict[int, str] = {}
    stopped = False
    try:
        for body in studio.follow(jobs):
            _tell(given, body, ends)
    except KeyboardInterrupt:
        stopped = True
        for body in _stop(studio, [job for job in jobs if job.id not in ends]):
            _tell(given, body, ends)
    counts = {end: list(ends.values()).count(end) for end in ("finished", "failed", "cancelled")}
    if given.json:
        _print({"event": "done", **counts})
    if counts["finished"] == len(jobs) and not stopped:
        return DONE
    # A job that was forgotten in another window has no end, and no clip either.
    unfinished = len(jobs) - counts["finished"]
    return CANCELLED if stopped or counts["cancelled"] == unfinished else FAILED


def _stop(studio: Studio, jobs: list[Job]) -> Iterator[dict[str, Any]]:
    """Cancel jobs and give the last event of each that ends in time."""
    waiting = [job for job in jobs if not _has_ended(studio, job)]
    for job in waiting:
        studio.cancel(job.id)
    until = time.monotonic() + CANCEL_WITHIN_SECONDS
    while waiting and time.monotonic() < until:
        waiting = [job for job in waiting if not _has_ended(studio, job)]
        time.sleep(0.1)
    ended = [job for job in jobs if job not in waiting]
    return (body for body in studio.follow(ended) if body["event"] in ENDED)


def _has_ended(studio: Studio, job: Job) -> bool:
    try:
        return studio.job(job.id).state in ENDED
    except NotFound:
        # It ended, and was then forgotten in another window.
        return True


def _tell(given: argparse.Namespace, body: dict[str, Any], ends: dict[int, str]) -> None:
    """Print an event; ends: how each job ended, by its number."""
    if body["event"] == "interrupted":
        body = {**body, "event": "failed"}
    if given.json:
        _print(body)
    else:
        _say(body)
    if body["event"] in ENDED:
        ends[body["job"]] = body["event"]


def _say(body: dict[str, Any]) -> None:
    take = f"Take {body['take']}"
    match body["event"]:
        case "queued":
            print(f"{take}: waiting", file=sys.stderr)
        case "started":
            print(f"{take}: {body['plan']['reason']}", file=sys.stderr)
        case "progress":
            expert = f", {body['expert']}-noise expert" if body["expert"] else ""
            print(f"{take}: {body['stage']} {body['step']}/{body['of']}{expert}", file=sys.stderr)
        case "finished":
            print(body["clip"]["file"])
        case "failed":
            print(f"{take}: {body['error']} {body['advice']}", file=sys.stderr)
        case "cancelled" | "paused":
            print(f"{take}: {body['event']}", file=sys.stderr)


# -- before anything runs


def _expand(given: argparse.Namespace, studio: Studio) -> int:
    expansion = studio.expand(_recipe(given, studio))
    if given.json:
        _print(expansion.to_json())
        return DONE
    print(expansion.prompt)
    for part in expansion.parts:
        print(f"  {part.origin.value:<7} {part.text.strip()}   ({part.source})")
    for left in expansion.left_out:
        why = f"{left.reason.value}, by {left.by}"
        print(f"  left out: {left.term.name.en} of {left.source} ({why})")
    for said in expansion.overruled:
        print(f"  overruled: {said.key} {said.value} of {said.source} (by {said.by})")
    print(f"Not: {expansion.negative_prompt}")
    return DONE


def _plan(given: argparse.Namespace, studio: Studio) -> int:
    width, height = given.size or (None, None)
    recipe = Recipe(model=given.model, width=width, height=height, frames=given.frames)
    best, *others = studio.plans(recipe, Kind(given.stage), _computer(given, studio))
    if given.json:
        _print({**best.to_json(), "alternatives": [other.to_json() for other in others]})
    else:
        print(_sentence(best))
        for other in others:
            if other.fits:
                print(f"or: {_sentence(other)}")
    return DONE


def _computer(given: argparse.Namespace, studio: Studio) -> Hardware:
    """This computer, with the memory that was told in place of its own and nothing else in it."""
    vram, ram = given.vram, given.ram
    told = vram is not None and ram is not None
    here = _ANOTHER if told else studio.hardware() or studio.measure()
    if ram is not None:
        here = replace(here, ram_total_gb=ram, ram_free_gb=ram)
    if vram is not None:
        here = replace(
            here,
            device=f"{vram:g} GB graphics card" if vram else "no graphics card",
            vram_total_gb=vram,
            vram_free_gb=vram,
            bf16=True,
            teraflops=0.0,
            capability="",
        )
    return here


def _sentence(plan: Plan) -> str:
    time = f", about {plan.seconds / 60:.1f} minutes" if plan.seconds is not None else ""
    return (
        f"{plan.reason}\n    {plan.vram_peak_gb:.1f} GB of graphics memory, "
        f"{plan.ram_peak_gb:.1f} GB of main memory, {plan.disk_gb:.0f} GB on disk{time}"
    )


def _vocabulary(given: argparse.Namespace, studio: Studio) -> int:
    terms = [term for category in studio.categories() for term in category.terms]
    rows = [
        {
            "category": term.category,
            "id": term.id,
            "name": {"en": term.name.en, "zh": term.name.zh},
            "emit": {"en": term.emit.en, "zh": term.emit.zh},
        }
        for term in terms
    ]
    lines = (f"{term.category}={term.id}  {term.name.en}  {term.name.zh}" for term in terms)
    return _list(given, rows, lines)


# -- presets


def _list_presets(given: argparse.Namespace, studio: Studio) -> int:
    found, own = studio.presets(), studio.own_presets()
    for error in studio.preset_errors():
        print(error, file=sys.stderr)
    rows = [
        {
            "id": look.id,
            "name": look.name.model_dump(),
            "own": look.id in own,
            "tags": list(look.tags),
        }
        for look in found
    ]
    lines = (
        f"{look.id}  {look.name.get('en')}  {look.name.get('zh')}"
        f"{'  (your own)' if look.id in own else ''}"
        for look in found
    )
    return _list(given, rows, lines)


def _check_presets(given: argparse.Namespace, studio: Studio) -> int:
    wrong = 0
    for file in given.files:
        inside = studio.inspect_presets([file])
        wrong += len(inside.wrong)
        for found in inside.found:
            row = {"file": str(file), "id": found.preset.id, **_inspected(found)}
            _one(given, row, "\n".join([f"{file}: {found.preset.id} is fine.", *_told(found)]))
        for error in inside.wrong:
            print(error, file=sys.stderr)
            if given.json:
                _print({"file": str(file), "error": error.message, "advice": error.advice})
    return USAGE if wrong else DONE


def _import_presets(given: argparse.Namespace, studio: Studio) -> int:
    return _import(given, studio, studio.inspect_presets(given.files))


def _extract_preset(given: argparse.Namespace, studio: Studio) -> int:
    film = Path(given.clip)
    file = film if film.suffix.lower() in FILMS else studio.clip(given.clip).file
    # A look that was put together here has no id of its own yet that could mean another one.
    given.choice = Choice.KEEP_BOTH
    return _import(given, studio, studio.inspect_presets([file]))


def _import(given: argparse.Namespace, studio: Studio, inside: Inside) -> int:
    for error in inside.wrong:
        print(error, file=sys.stderr)
    taken = [found for found in inside.found if found.taken]
    kept = studio.import_presets(inside, {one.preset.id: _choice(given, one) for one in taken})
    for one in kept:
        row = {"id": one.preset.id, "file": str(one.found.path), "was": one.found.preset.id}
        line = f"{one.preset.id}  ({one.found.source})"
        _one(given, row | _inspected(one.found), "\n".join([line, *_told(one.found)]))
    same = [found.preset.id for found in inside.found if found.standing is Standing.SAME]
    if same:
        print(f"Here already, and the same: {', '.join(same)}.", file=sys.stderr)
    return USAGE if inside.wrong else DONE


def _choice(given: argparse.Namespace, found: Found) -> Choice:
    """What to do with a preset whose id is taken: as was said, or else as the person answers."""
    if given.choice is not None:
        return Choice(given.choice)
    if given.json or not sys.stdin.isatty():
        raise InvalidRequest(
            f"There is a preset “{found.preset.id}” already, and {found.source} says something "
            "else.",
            "Say --replace or --keep-both.",
        )
    answers = {"r": Choice.REPLACE, "k": Choice.KEEP_BOTH, "s": Choice.SKIP}
    while True:
        print("\n".join([f"{found.preset.id} is taken. {found.source}:", *_told(found)]))
        answer = input("Replace (r), keep both (k) or skip (s)? ").strip().lower()
        if answer in answers:
            return answers[answer]


def _inspected(found: Found) -> dict[str, Any]:
    return {
        "source": found.source,
        "here": found.standing.value,
        "changes": {one.key: {"en": one.value.en, "zh": one.value.zh} for one in found.changes},
        "missing": [{"need": one.need.value, "name": one.name} for one in found.missing],
    }


def _told(found: Found) -> list[str]:
    missing = [f"  missing here: {one.need.value} {one.name}" for one in found.missing]
    return [*(f"  {one.key}: {one.value.en}" for one in found.changes), *missing]


def _export_presets(given: argparse.Namespace, studio: Studio) -> int:
    target = given.out or Path("presets.zip" if len(given.ids) > 1 else f"{given.ids[0]}.yaml")
    file = studio.export_presets(given.ids, target)
    rows = [{"id": id, "file": str(file)} for id in given.ids]
    for row in rows if given.json else rows[:1]:
        _one(given, row, str(file))
    return DONE


def _edit_preset(given: argparse.Namespace, studio: Studio) -> int:
    changes: dict[str, Any] = {}
    for key, value in given.changes:
        *outer, last = key.split(".")
        place = changes
        for step in outer:
            place = place.setdefault(step, {})
            if not isinstance(place, dict):
                raise InvalidRequest(
                    f"“{key}” is part of “{step}”, which is given as well.", "Keep one of them."
                )
        place[last] = value
    edited = studio.edit_preset(given.id, changes, given.picture)
    _one(given, presets.to_document(edited), edited.id)
    return DONE


def _duplicate_preset(given: argparse.Namespace, studio: Studio) -> int:
    copy = studio.duplicate_preset(given.id, given.new_id)
    _one(given, presets.to_document(copy), copy.id)
    return DONE


def _preset_schema(given: argparse.Namespace, _: Studio) -> int:
    text = json.dumps(json_schema(), ensure_ascii=False, indent=2)
    if given.out is None:
        print(text)
    else:
        write_whole(given.out, f"{text}\n".encode())
    return DONE


# -- models and clips


def _models(given: argparse.Namespace, studio: Studio) -> int:
    match given.do:
        case "get":
            state = studio.get_model(given.id, given.bundle, given.folder, _told_at_terminal())
            _one(given, _model(state), f"{state.spec.name} is installed.")
        case "offer":
            return _offer(given, studio)
        case "use":
            state = studio.use_folder(given.id, given.folder)
            _one(given, _model(state), f"{state.spec.name} is used from {state.folder}.")
        case "check":
            return _check_model(given, studio)
        case "mirror":
            default = given.address == "default"
            if given.address:
                studio.set_mirror(None if default else given.address)
            _one(given, {"mirror": studio.mirror()}, studio.mirror())
        case "remove":
            studio.remove_model(given.id)
            _one(given, {"id": given.id}, f"{given.id} is removed.")
        case _:
            rows = [_model(state) for state in studio.models()]
            lines = (
                f"{row['id']:<10} {'installed' if row['installed'] else '—':<10} {row['note']}"
                for row in rows
            )
            return _list(given, rows, lines)
    return DONE


def _offer(given: argparse.Namespace, studio: Studio) -> int:
    rows, lines = [], []
    for offer in studio.offers(given.id, given.folder):
        bundle = offer.bundle
        row: dict[str, Any] = {
            "id": bundle.id,
            "name": bundle.name.en,
            "note": bundle.note.en,
            "folder": str(offer.folder),
            "bytes": offer.bytes,
            "missing": offer.missing,
            "stays": bundle.stays,
            "free": offer.free,
            "enough": offer.enough,
            "seconds": offer.seconds,
            "found": str(offer.found) if offer.found else None,
            "sources": [source.repository for source in bundle.sources],
            "licences": sorted({source.licence for source in bundle.sources}),
        }
        line = (
            f"{bundle.id:<10} {offer.missing / GIB:7.1f} GB to come, {bundle.stays / GIB:.1f} GB "
            f"to stay, {offer.free / GIB:.1f} GB free in {offer.folder}; "
            f"{offer.seconds / 3600:.1f} h at 100 Mbit/s. {bundle.note.en}"
        )
        rows.append(row)
        lines.append(line)
    return _list(given, rows, lines)


def _check_model(given: argparse.Namespace, studio: Studio) -> int:
    bad = studio.check_model(given.id)
    answered = Answered() if bad else studio.ask_model(given.id)
    others = ", ".join(answered.otherwise)
    told = f"Every file of {given.id} is as it should be."
    if bad:
        told = f"Damaged: {', '.join(bad)}. Get the model again; only these come anew."
    elif others:
        told = (
            f"The files of {given.id} are whole, but {others} no longer answer as when they were "
            f"made. Remove the model and get it again; if that does not help, it is the card, its "
            "driver or a library."
        )
    elif answered.same:
        told += " Its experts answer as when they were made."
    row = {"id": given.id, "damaged": list(bad), "otherwise": list(answered.otherwise)}
    _one(given, row, told)
    return FAILED if bad or others else DONE


def _release(given: argparse.Namespace, studio: Studio) -> int:
    size = f"{studio.releasable(given.id) / GIB:.1f} GB"
    if not given.yes:
        if given.json or not sys.stdin.isatty():
            raise InvalidRequest(f"This deletes the published experts, {size}.", "Say --yes.")
        print(
            f"The published experts of {given.id} would go, {size}. What they run as stays; LoRAs "
            "(so 4-step previews too) and other precisions need them downloaded again."
        )
        if input("Release them (y/N)? ").strip().lower() != "y":
            return CANCELLED
    freed = studio.release_model(given.id)
    told = f"{freed / GIB:.1f} GB are free; {given.id} runs from what was made of them."
    _one(given, {"id": given.id, "freed": freed}, told)
    return DONE


def _told_at_terminal() -> Callable[[Download], None]:
    """Writes how far a download is to the terminal, now and then; standard output stays clean."""
    last = 0.0

    def tell(now: Download) -> None:
        nonlocal last
        if time.monotonic() - last < TELL_EVERY_SECONDS:
            return
        last = time.monotonic()
        left = f", {now.seconds_left / 60:.0f} min left" if now.seconds_left else ""
        said = now.error or now.file or ""
        print(
            f"{now.stage.value} {now.done / GIB:.2f} of {now.of / GIB:.2f} GB{left} {said}",
            file=sys.stderr,
        )

    return tell


def _model(state: ModelState) -> dict[str, Any]:
    return {
        "id": state.spec.id,
        "name": state.spec.name,
        "installed": state.installed,
        "partly": state.partly,
        "folder": str(state.folder),
        "bytes": state.bytes,
        "licence": state.spec.licence,
        "note": state.spec.note.en,
    }


def _loras(given: argparse.Namespace, studio: Studio) -> int:
    match given.do:
        case "add":
            added = studio.add_lora(given.file)
            _one(given, asdict(added), f"{added.file} can be used.")
        case "remove":
            studio.remove_lora(given.file)
            _one(given, {"file": given.file}, f"{given.file} is removed.")
        case _:
            known = studio.loras()
            return _list(given, [asdict(one) for one in known], (one.file for one in known))
    return DONE


def _clips(given: argparse.Namespace, studio: Studio) -> int:
    match given.do:
        case "show":
            _print(studio.clip(given.id).to_json())
        case "recipe":
            tag = tag_from_json(mp4.words(given.file))
            _print({"recipe": tag.to_json()["recipe"], "shot": tag.shot.to_json()})
        case "rebuild":
            count = studio.rebuild()
            _one(given, {"clips": count}, f"{count} clips")
        case None:
            return _list_clips(given, studio)
        case _:
            clip = _changed_clip(given, studio)
            _one(given, clip.to_json(), str(clip.file))
    return DONE


def _list_clips(given: argparse.Namespace, studio: Studio) -> int:
    filters = Filters(
        stars=None if given.stars is None else (given.stars, MAX_STARS),
        model=given.model,
        tag=given.tag,
    )
    found = studio.clips(given.search, limit=given.limit, trashed=given.trash, filters=filters)
    rows = [clip.to_json() for clip in found]
    return _list(given, rows, (f"{r['id']}  {r['kind']:<7}  {r['file']}" for r in rows))


def _changed_clip(given: argparse.Namespace, studio: Studio) -> Clip:
    match given.do:
        case "delete":
            return studio.trash(given.id)
        case "star":
            return studio.star(given.id, given.stars)
        case "tag":
            return studio.tag(given.id, given.tags, given.remove)
    return studio.restore(given.id)


def _doctor(given: argparse.Namespace, studio: Studio) -> int:
    hardware = studio.measure()
    report = {
        "python": platform.python_version(),
        "system": platform.platform(),
        "library": str(studio.places.library),
        "data": str(studio.places.data),
        "hardware": hardware.to_json(),
        "models": {state.spec.id: state.installed for state in studio.models()},
    }
    if given.json:
        _print(report)
    else:
        for name, value in (report | {"hardware": _described(hardware)}).items():
            print(f"{name}: {value}")
    return DONE


def _described(hardware: Hardware) -> str:
    """Everything that was measured, in one line."""
    card = (
        f"graphics memory {hardware.vram_total_gb:.1f} GB ({hardware.vram_free_gb:.1f} free), "
        f"compute capability {hardware.capability}"
        if hardware.vram_total_gb
        else "no graphics card that torch can use"
    )
    disk = f"{hardware.disk_gb_s:.2f} GB/s written" if hardware.disk_gb_s else "not measured"
    return (
        f"{hardware.device}; {card}; {'bf16' if hardware.bf16 else 'no bf16'}, "
        f"{hardware.teraflops:.2f} TFLOPS; main memory {hardware.ram_total_gb:.1f} GB "
        f"({hardware.ram_free_gb:.1f} free), page file {hardware.page_file_gb:.1f} GB; "
        f"disk of the models {disk}; attention {hardware.attention} ({hardware.attention_reason})"
    )


# -- reading what was typed


def _recipe(given: argparse.Namespace, studio: Studio) -> Recipe:
    width, height = getattr(given, "size", None) or (None, None)
    look: dict[str, tuple[str, ...]] = {}
    for category, term in given.look:
        look[category] = (*look.get(category, ()), term)
    recipe = Recipe(
        prompt=given.prompt,
        presets=tuple(_preset(entry) for entry in given.preset),
        look=look,
        quick=not getattr(given, "slow", False),
        loras=tuple(_lora(entry, studio) for entry in getattr(given, "lora", ())),
        picture=_picture(given.image, studio),
        last_picture=_picture(given.last_image, studio),
        model=given.model,
        width=width,
        height=height,
    )
    return replace(
        recipe,
        frames=getattr(given, "frames", None),
        steps=getattr(given, "steps", None),
        seed=getattr(given, "seed", None),
    )


def _preset(entry: str) -> str | dict[str, Any]:
    """An id stays an id; a file's whole document goes into the recipe."""
    if not entry.lower().endswith((".yaml", ".yml")):
        return entry
    return presets.to_document(presets.read(Path(entry)))


def _lora(text: str, studio: Studio) -> Lora:
    """FILE[,STRENGTH][,high|low]: a file that was added, or one that is added now."""
    name, *rest = text.split(",")
    found = _lora_file(name, studio)
    lora = Lora(file=found.file, sha256=found.sha256)
    for word in rest:
        if word in EXPERTS:
            lora = replace(lora, expert=EXPERTS[word])
            continue
        try:
            lora = replace(lora, strength=float(word))
        except ValueError as error:
            raise InvalidRequest(
                f"“{word}” is neither a strength nor an expert.", "Write it as film.safetensors,0.8"
            ) from error
    return lora


def _lora_file(name: str, studio: Studio) -> LoraFile:
    found = next((one for one in studio.loras() if one.file == name), None)
    if found is None and not Path(name).is_file():
        raise InvalidRequest(f"There is no LoRA “{name}”.", "python -m studio loras lists them.")
    return found or studio.add_lora(Path(name))


def _picture(image: Path | None, studio: Studio) -> Picture | None:
    return None if image is None else Picture(sha256=studio.offer_picture(image))


def _gigabytes(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"“{text}” is no amount of memory; write it as 16")
    return value


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,5})[x×](\d{1,5})", text)
    if not match:
        raise argparse.ArgumentTypeError(f"“{text}” is not a size; write it as 832x480")
    return int(match[1]), int(match[2])


def _look(text: str) -> tuple[str, str]:
    category, equals, term = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"“{text}” is not a look; write it as color_tone=warm")
    return category, term


def _change(text: str) -> tuple[str, Any]:
    """A key of a preset and what to write there; None takes it away. Lists and numbers are YAML,
    all else is the text as it was typed."""
    key, equals, value = text.partition("=")
    if not equals or not all(key.split(".")):
        raise argparse.ArgumentTypeError(f"“{text}” is no change; write it as name.en=Dusk")
    if not value.startswith("[") and not key.startswith("sampling."):
        return key, value or None
    try:
        return key, load(value.encode())[0]
    except PlainYamlError as error:
        raise argparse.ArgumentTypeError(f"“{text}”: {error.message}") from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m studio", description="Rushes at a terminal.")
    parser.add_argument("--library", type=Path, help="the folder of the clips")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _making_commands(commands)
    _asking_commands(commands)
    _preset_commands(commands)
    _model_commands(commands)
    _keeping_commands(commands)
    return parser


def _command(commands: Any, name: str, run: Any, help: str) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(name, help=help, description=help)
    command.set_defaults(run=run)
    command.add_argument("--json", action="store_true", help="print JSON only")
    return command


def _describing(command: argparse.ArgumentParser) -> None:
    command.add_argument("prompt", help="the shot in your own words")
    command.add_argument("--image", type=Path, help="the picture to start from")
    command.add_argument("--last-image", type=Path, help="the picture to end on (I2V-A14B)")
    command.add_argument("--preset", action="append", default=[], metavar="ID|FILE")
    command.add_argument("--look", action="append", default=[], type=_look, metavar="CATEGORY=TERM")
    command.add_argument(
        "--slow", action="store_true", help="previews without the model's 4-step LoRAs"
    )
    command.add_argument(
        "--lora", action="append", default=[], metavar="FILE[,STRENGTH][,high|low]"
    )
    command.add_argument("--model", choices=list(MODELS))


def _sizing(command: argparse.ArgumentParser) -> None:
    command.add_argument("--size", type=_size, metavar="WxH")
    command.add_argument("--frames", type=int)


def _making_commands(commands: Any) -> None:
    render = _command(commands, "render", _render, "Make a clip.")
    _describing(render)
    _sizing(render)
    render.add_argument("--steps", type=int)
    render.add_argument("--seed", type=int)
    render.add_argument("--takes", type=int, default=1)
    stage = render.add_mutually_exclusive_group()
    stage.add_argument("--stage", choices=[kind.value for kind in Kind], default="preview")
    stage.add_argument(
        "--vary", action="store_true", help="previews that differ in their look, too"
    )
    refine = _command(commands, "refine", _refine, "Work a preview up to full size.")
    refine.add_argument("clip", help="the preview's id, or a video file of any program")
    refine.add_argument("--prompt", default="", help="what the video shows")
    refine.add_argument("--model", choices=list(MODELS), help="that works the video up")
    refine.add_argument(
        "--fidelity", type=float, default=fidelity.DEFAULT, help="0 new detail … 1 as it is"
    )
    sweep = _command(commands, "sweep", _sweep, "One subject, many looks: a take for each preset.")
    _describing(sweep)
    _sizing(sweep)
    sweep.add_argument("--steps", type=int)
    sweep.add_argument("--seed", type=int)
    sweep.add_argument(
        "--base", action="append", default=[], metavar="ID|FILE", help="a preset under every look"
    )
    sweep.add_argument(
        "--over-picture",
        action="store_true",
        help="name light, framing and tone although the picture decides them",
    )
    sweep.add_argument("--sheet", type=Path, metavar="FILE", help="save all as one JPEG or PNG")
    sweep.add_argument("--reel", type=Path, metavar="FILE", help="save all as one MP4")
    sweep.add_argument("--language", choices=("en", "zh"), default="en", help="of the names")


def _asking_commands(commands: Any) -> None:
    _command(commands, "vocabulary", _vocabulary, "Every category and term, with ids.")
    expand = _command(commands, "expand", _expand, "The text the model will read, and why.")
    _describing(expand)
    plan = _command(commands, "plan", _plan, "What would happen, here or on another PC.")
    plan.add_argument("--model", choices=list(MODELS))
    _sizing(plan)
    plan.add_argument("--vram", type=_gigabytes, metavar="GB")
    plan.add_argument("--ram", type=_gigabytes, metavar="GB")
    plan.add_argument("--stage", choices=[kind.value for kind in Kind], default="final")
    _command(commands, "doctor", _doctor, "What this computer is and what is installed.")


def _preset_commands(commands: Any) -> None:
    looks = commands.add_parser("presets", help="Looks: list, check, share, edit.")
    looks.add_argument("--json", action="store_true", help="print JSON only")
    do = looks.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Any, help: str) -> argparse.ArgumentParser:
        deeper = _deeper(do, name, help)
        deeper.set_defaults(run=run)
        return deeper

    command("list", _list_presets, "Bundled looks and your own.")
    check = command("check", _check_presets, "What files hold, and what is wrong with them.")
    check.add_argument("files", nargs="+", type=Path, metavar="FILE")
    bring = command("import", _import_presets, "Keep looks from files, folders, zips and clips.")
    bring.add_argument("files", nargs="+", type=Path, metavar="FILE")
    choices = bring.add_mutually_exclusive_group()
    for choice in (Choice.REPLACE, Choice.KEEP_BOTH):
        choices.add_argument(
            f"--{choice.value}",
            dest="choice",
            action="store_const",
            const=choice,
            help="where the id is taken",
        )
    export = command("export", _export_presets, "Write looks to a YAML file or a zip.")
    export.add_argument("ids", nargs="+", metavar="ID")
    export.add_argument("--out", type=Path, metavar="FILE")
    edit = command("edit", _edit_preset, "Change a look; of a bundled one, your own copy.")
    edit.add_argument("id", metavar="ID")
    edit.add_argument(
        "changes",
        nargs="*",
        type=_change,
        metavar="KEY=VALUE",
        help="as name.en=Dusk, look.color_tone=[warm, mixed]; nothing after = takes the key away",
    )
    edit.add_argument("--picture", type=Path, metavar="FILE", help="for its card")
    copy = command("duplicate", _duplicate_preset, "Copy a look to one of your own.")
    copy.add_argument("id", metavar="ID")
    copy.add_argument("new_id", metavar="NEW_ID")
    extract = command("extract", _extract_preset, "Keep the look of a clip as one of your own.")
    extract.add_argument("clip", metavar="CLIP|FILE.mp4")
    schema = command("schema", _preset_schema, "The JSON Schema by which editors check looks.")
    schema.add_argument("--out", type=Path, metavar="FILE")


def _model_commands(commands: Any) -> None:
    models = _command(commands, "models", _models, "List, get, use, check, release, remove.")
    do = models.add_subparsers(dest="do")
    offer = _deeper(do, "offer", "What getting a model would take; nothing is fetched.")
    get = _deeper(do, "get", "Download a model, or go on with it.")
    get.add_argument("--bundle", metavar="ID", help="which way to have it, see offer")
    for command in (offer, get):
        command.add_argument("id")
        command.add_argument("--folder", type=Path, metavar="DIR", help="to make its folder in")
    use = _deeper(do, "use", "Use a folder that has the model already, where it is.")
    use.add_argument("id")
    use.add_argument("folder", type=Path)
    _deeper(do, "check", "Read every file of a model anew.").add_argument("id")
    release = _deeper(do, "release", "Delete published experts that are kept as they run here.")
    release.set_defaults(run=_release)
    release.add_argument("id")
    release.add_argument("--yes", action="store_true", help="without asking")
    _deeper(do, "remove").add_argument("id")
    mirror = _deeper(do, "mirror", "Where models come from: shown, or chosen.")
    mirror.add_argument(
        "address",
        nargs="?",
        help="https://modelscope.cn, or a mirror of Hugging Face as https://hf-mirror.com; "
        "default for the usual",
    )


def _keeping_commands(commands: Any) -> None:
    loras = _command(commands, "loras", _loras, "LoRA files: list, add, remove.")
    do = loras.add_subparsers(dest="do")
    _deeper(do, "add").add_argument("file", type=Path, metavar="FILE")
    _deeper(do, "remove").add_argument("file")
    clips = _command(commands, "clips", _clips, "Clips: list, show, star, tag, delete, restore.")
    clips.add_argument("--search", default="")
    clips.add_argument("--limit", type=int, default=100)
    clips.add_argument("--trash", action="store_true", help="those thrown away")
    clips.add_argument("--stars", type=int, metavar="N", help="those with N stars or more")
    clips.add_argument("--model", metavar="ID", help="those of this model")
    clips.add_argument("--tag", help="those with this tag")
    do = clips.add_subparsers(dest="do")
    for name in ("show", "delete", "restore"):
        _deeper(do, name).add_argument("id")
    star = _deeper(do, "star")
    star.add_argument("id")
    star.add_argument("stars", type=int, help=f"0 to {MAX_STARS}")
    tag = _deeper(do, "tag")
    tag.add_argument("id")
    tag.add_argument("tags", nargs="*", metavar="TAG", help="to add")
    tag.add_argument("--remove", action="append", default=[], metavar="TAG", help="to take away")
    _deeper(do, "recipe").add_argument("file", type=Path)
    _deeper(do, "rebuild")


def _deeper(commands: Any, name: str, help: str | None = None) -> argparse.ArgumentParser:
    """A command under a command. --json may stand before or after it."""
    command: argparse.ArgumentParser = commands.add_parser(name, help=help, description=help)
    command.add_argument("--json", action="store_true", default=argparse.SUPPRESS)
    return command


# -- writing what came out


def _list(given: argparse.Namespace, rows: Sequence[object], lines: Iterable[str]) -> int:
    if given.json:
        _print(rows)
    else:
        for line in lines:
            print(line)
    return DONE


def _one(given: argparse.Namespace, value: object, line: str) -> None:
    if given.json:
        _print(value)
    else:
        print(line)


def _print(value: object) -> None:
    print(json.dumps(value, ensure_ascii=False), flush=True)
