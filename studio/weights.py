"""The models' files on this computer: where they are, whether they are whole, letting them go.

Knows folders and names; not the hub, nor what is inside a weight file.
"""

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from studio import hub, manifest, repository
from studio.catalogue import WANTED, Bundle
from studio.errors import InvalidRequest, StudioError
from studio.files import sha256_of, write_whole
from studio.hub import HubFile
from studio.lora import LORAS, Lora
from studio.manifest import MANIFEST, PARTIAL, WHOLE, Manifest, Released
from studio.models import MODELS, ModelSpec
from studio.paths import ASSETS
from studio.plan import GIB, Precision

# Models that come with the program; it never writes there.
BUNDLED = ASSETS / "models"
# Not to fill a disk to the last byte.
SPARE_BYTES = GIB
# A published weight file has less; two are on the disk at once where they pass.
FILE_BYTES = 5 * 10**9
# 100 Mbit/s.
USUAL_BYTES_PER_SECOND = 12.5e6
# Experts as they run; never in a folder of the person's own.
PREPARED = "prepared"
# Where a model's files are, if not beside this.
ELSEWHERE = "elsewhere.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelState:
    """A model and whether it can be used now. bytes: what its files take on disk, 0 if none.
    partly: a download was begun and is not whole. folder: where its files are, or will be.
    borrowed: a folder of the person's own, used where it is."""

    spec: ModelSpec
    installed: bool
    bytes: int
    partly: bool
    folder: Path
    borrowed: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """What getting a model would take. there: bytes of it that this computer has. room: bytes that
    the disk still needs for it. free: bytes on the disk. found: where the Hugging Face cache has
    the whole repository."""

    bundle: Bundle
    folder: Path
    bytes: int
    there: int
    room: int
    free: int
    found: Path | None

    @property
    def missing(self) -> int:
        """Bytes that are still to come."""
        return max(self.bytes - self.there, 0)

    @property
    def enough(self) -> bool:
        """Whether the disk has room for it."""
        return not self.room or self.room + SPARE_BYTES <= self.free

    @property
    def seconds(self) -> float:
        """At a line's usual speed; a download that runs tells its own."""
        return self.missing / USUAL_BYTES_PER_SECOND


def folder_of(spec: ModelSpec, models: Path) -> Path:
    """Where a model's files are, or will be; models is the folder of all downloaded weights.

    Raises StudioError if the note of where they are cannot be read.
    """
    if spec.repository is None:
        return BUNDLED / spec.id
    elsewhere = _elsewhere(spec, models)
    return elsewhere[0] if elsewhere else models / spec.id


def prepared_in(spec: ModelSpec, models: Path) -> Path | None:
    """Where experts are kept as they run; None for a model that is built in."""
    if spec.repository is None:
        return None
    now = state(spec, models)
    return (models / spec.id if now.borrowed else now.folder) / PREPARED


def state(spec: ModelSpec, models: Path) -> ModelState:
    """How a model stands on this computer; models is the folder of all downloaded weights."""
    folder = folder_of(spec, models)
    elsewhere = _elsewhere(spec, models)
    borrowed = elsewhere is not None and elsewhere[1]
    if borrowed:
        there = (folder / "model_index.json").exists()
    else:
        there = spec.repository is None or (folder / WHOLE).exists()
    return ModelState(
        spec=spec,
        installed=there,
        bytes=_bytes(folder) if there else 0,
        partly=not there and not borrowed and (folder / MANIFEST).exists(),
        folder=folder,
        borrowed=borrowed,
    )


def offers(
    spec: ModelSpec, bundles: Sequence[Bundle], models: Path, parent: Path | None
) -> tuple[Offer, ...]:
    """What getting a model would take, in each of some ways. parent: as for `settle`."""
    home = _home(spec, models, parent)
    begun = manifest.read(home)
    cached = hub.cached_snapshot(spec.repository) if spec.repository else None
    whole = cached if cached and next(repository.missing(cached), None) is None else None
    linked = whole is not None and same_disk(whole, home)
    here, free = _bytes(home), free_bytes(home)

    def offer(bundle: Bundle) -> Offer:
        known = begun if begun and begun.bundle == bundle.id else None
        size = known.bytes if known else bundle.bytes
        came = there = manifest.there(home, known) if known else 0
        own, *others = bundle.sources
        found = whole if own.wanted == WANTED else None
        if found:
            there = max(came, size - sum(source.bytes for source in others))
        if bundle.precision is not None:
            room = bundle.stays + 2 * FILE_BYTES - here
        else:
            room = size - (there if linked else came)
        return Offer(
            bundle=bundle,
            folder=home,
            bytes=size,
            there=there,
            room=max(room, 0),
            free=free,
            found=found,
        )

    return tuple(map(offer, bundles))


def nearest(folder: Path) -> Path | None:
    """A folder, or the nearest one above it that is there; None where its disk is not."""
    return next((path for path in (folder, *folder.parents) if path.exists()), None)


def same_disk(file: Path, folder: Path) -> bool:
    """Whether a file may have a second name in a folder, which need not be there yet."""
    there = nearest(folder)
    return there is not None and there.stat().st_dev == file.stat().st_dev


def free_bytes(folder: Path) -> int:
    """How much room the disk of a folder has, which need not be there yet; none where that disk is
    not there."""
    there = nearest(folder)
    return shutil.disk_usage(there).free if there else 0


def states(models: Path) -> list[ModelState]:
    """Every model we know, in the catalogue's order."""
    return [state(spec, models) for spec in MODELS.values()]


def settle(spec: ModelSpec, models: Path, parent: Path | None) -> Path:
    """Decide where a model will be downloaded to: in a folder of its own in parent, or where it
    was begun, or beside the others; gives that folder. Raises InvalidRequest."""
    home = _home(spec, models, parent)
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidRequest(
            f"The folder {home} cannot be made: {error.strerror}.", "Choose another folder."
        ) from error
    begun = (home / MANIFEST).exists() or home == models / spec.id
    if not begun and any(home.iterdir()):
        raise InvalidRequest(
            f"{home} has files already.",
            "Choose another folder, or point at this one if it is the model.",
        )
    _note_elsewhere(spec, models, None if home == models / spec.id else (home, False))
    return home


def borrow(spec: ModelSpec, models: Path, folder: Path) -> ModelState:
    """Use a folder of the person's own that has a model's diffusers repository, where it is.

    Raises InvalidRequest naming what it lacks.
    """
    folder = folder.expanduser().resolve()
    if spec.repository is None:
        raise InvalidRequest(f"{spec.name} is built in.", "Choose another model.")
    lacking = next(repository.missing(folder), None)
    if lacking is not None:
        raise InvalidRequest(
            f"{folder} is not the whole of {spec.name}: {lacking} is missing.",
            f"Choose the folder that holds model_index.json of {spec.repository}.",
        )
    if repository.kind(folder) != (spec.in_channels, spec.experts):
        raise InvalidRequest(
            f"{folder} is another model than {spec.name}.",
            f"Choose the folder of {spec.repository}.",
        )
    _note_elsewhere(spec, models, (folder, True))
    return state(spec, models)


def lora_folders(models: Path) -> list[Path]:
    """Where LoRAs are: the person's own, and those that came with the models."""
    homes = [folder_of(spec, models) for spec in MODELS.values() if spec.quick]
    return [models / LORAS, *(home / LORAS for home in homes)]


def quick_loras(spec: ModelSpec, models: Path) -> tuple[Lora, ...]:
    """The distillation LoRAs that came with a model, one for each expert; none where they did not
    come, or not both, or where what they are added to was released."""
    folder = folder_of(spec, models)
    known = manifest.read(folder) if spec.quick else None
    if known is None or spec.quick is None or known.released is not None:
        return ()
    there = {
        target.rpartition("/")[2]: file.digest
        for target, file in known.files.items()
        if target.startswith(f"{LORAS}/") and (folder / target).exists()
    }
    high, low = spec.quick.files
    if not {high, low} <= set(there):
        return ()
    return (
        Lora(file=high, sha256=there[high], expert="high"),
        Lora(file=low, sha256=there[low], expert="low"),
    )


def kept_precisions(spec: ModelSpec, models: Path) -> frozenset[Precision]:
    """The only ones that a model's experts can be had in, where their originals were released;
    none where they are here."""
    known = manifest.read(folder_of(spec, models)) if spec.repository else None
    forms = known.released.forms if known is not None and known.released is not None else ()
    return frozenset(Precision(form.partition("-")[0]) for form in forms)


def check_wearable(spec: ModelSpec, models: Path) -> None:
    """Raises InvalidRequest where what LoRAs are added to was released."""
    folder = folder_of(spec, models)
    known = manifest.read(folder) if spec.repository else None
    if known is not None and known.released is not None:
        raise InvalidRequest(
            f"LoRAs are added to the published experts of {spec.name}, and those were released.",
            f"Render without LoRAs, or run: {bring_back(spec, known)}",
        )


def bring_back(spec: ModelSpec, known: Manifest) -> str:
    """The command that gets what was released."""
    bundle = "full" if known.passing else known.bundle
    return f"python -m studio models get {spec.id} --bundle {bundle}"


def twin(file: HubFile, models: Path) -> Path | None:
    """A file with the same bytes that another model has: its folder has it already, or what is
    shared between models would be there twice."""
    for spec in MODELS.values():
        folder = folder_of(spec, models)
        known = manifest.read(folder) if spec.repository else None
        for target, other in known.files.items() if known else ():
            same = (other.digest, other.bytes) == (file.digest, file.bytes)
            if same and manifest.size(folder / target) == file.bytes:
                return folder / target
    return None


def damaged(spec: ModelSpec, models: Path) -> Iterator[str]:
    """The files of a model that are not as they should be, each read from end to end; of those that
    nobody told the hash of, whether they are as long as they say. Ours are taken away. Where
    published weights were released, what is kept of them is read instead.

    Raises InvalidRequest if the model is not here.
    """
    now = state(spec, models)
    if not now.installed:
        raise InvalidRequest(f"{spec.name} is not on this computer.", "Download it first.")
    planned = None if now.borrowed else manifest.read(now.folder)
    if planned is None:
        yield from repository.missing(now.folder)
        yield from repository.cut_short(now.folder)
        return
    released = planned.released or Released(changed={}, kept={})
    for path, digest in released.kept.items():
        kept = now.folder / PREPARED / path
        if not kept.is_file() or sha256_of(kept) != digest:
            _take_away(now.folder, kept)
            yield f"{PREPARED}/{path}"
    for target, file in planned.files.items():
        if target not in released.changed and not hub.is_file(now.folder / target, file):
            _take_away(now.folder, now.folder / target)
            yield target


def _take_away(folder: Path, file: Path) -> None:
    """A damaged file of ours: without it the model is no longer whole."""
    (folder / WHOLE).unlink(missing_ok=True)
    file.unlink(missing_ok=True)


def remove(spec: ModelSpec, models: Path) -> None:
    """Delete a model's files; a borrowed folder is only forgotten.

    Raises InvalidRequest if there are none to delete, StudioError if another program holds them.
    """
    now = state(spec, models)
    if spec.repository is None or not (now.borrowed or now.folder.exists()):
        raise InvalidRequest(
            f"{spec.name} has no downloaded files.", "Only a downloaded model can be removed."
        )
    try:
        prepared = prepared_in(spec, models)
        assert prepared is not None  # what is built in is not removed
        shutil.rmtree(prepared, ignore_errors=True)
        if not now.borrowed:
            _delete(now.folder, ours=now.folder == models / spec.id)
        _note_elsewhere(spec, models, None)
    except OSError as error:
        raise StudioError(
            f"{spec.name} could not be removed: {error}.",
            "Close every studio that uses it and run the same again.",
        ) from error


def _elsewhere(spec: ModelSpec, models: Path) -> tuple[Path, bool] | None:
    """The folder noted for a model and whether it is borrowed; None where it is the usual one."""
    note = models / spec.id / ELSEWHERE
    try:
        data = json.loads(note.read_text(encoding="utf-8"))
        return Path(data["folder"]), bool(data["borrowed"])
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError) as error:
        raise StudioError(
            f"The note of where {spec.name} is cannot be read.",
            f"Delete {note} and point at the folder again.",
        ) from error


def _note_elsewhere(spec: ModelSpec, models: Path, where: tuple[Path, bool] | None) -> None:
    note = models / spec.id / ELSEWHERE
    if where is not None:
        data = {"folder": str(where[0]), "borrowed": where[1]}
        write_whole(note, json.dumps(data).encode())
    elif note.exists():
        note.unlink()
        if not any(note.parent.iterdir()):
            note.parent.rmdir()


def _home(spec: ModelSpec, models: Path, parent: Path | None) -> Path:
    if parent is not None:
        return parent.expanduser().resolve() / spec.id
    now = state(spec, models)
    return models / spec.id if now.borrowed else now.folder


def _delete(folder: Path, ours: bool) -> None:
    """ours: nobody but the studio puts anything there. Otherwise only what it brought goes."""
    (folder / WHOLE).unlink(missing_ok=True)
    if ours:
        _empty(folder)
    else:
        planned = manifest.read(folder)
        for target in planned.files if planned else ():
            (folder / target).unlink(missing_ok=True)
            (folder / f"{target}{PARTIAL}").unlink(missing_ok=True)
    # The list last: where something is held by another program, the rest can still be removed.
    (folder / manifest.LOCK).unlink(missing_ok=True)
    (folder / MANIFEST).unlink(missing_ok=True)
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
    if not any(folder.iterdir()):
        folder.rmdir()


def _empty(folder: Path) -> None:
    """All goes but what tells that something was downloaded."""
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name not in (MANIFEST, manifest.LOCK):
            path.unlink()


def _bytes(folder: Path) -> int:
    return sum(manifest.size(path) for path in folder.rglob("*"))
