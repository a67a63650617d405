"""Preset files and the shelf they stand on: the bundled ones and the person's own.

Knows files and folders; what a preset may say is in `studio.preset_schema`. A wrong file is refused
whole, with the file, the line, the key and what is allowed, and never hides the others. Only the
person's own folder is ever written to; a bundled preset that is edited becomes an own one of the
same id, which takes its place.
"""

import difflib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from studio.errors import InvalidRequest, PictureError, PresetError
from studio.files import write_whole
from studio.paths import BUNDLED_PRESETS, Places
from studio.plain_yaml import MAX_BYTES, Lines, Place, PlainYamlError, load
from studio.preset_pack import card_of, is_preset, packed
from studio.preset_schema import MAX_ID, MAX_LINE, UNREADABLE, Preset
from studio.preset_versions import SCHEMA, is_newer, of_today
from studio.yaml_edit import rewritten

__all__ = [
    "Fault",
    "Preset",
    "another",
    "drawn_card",
    "duplicate",
    "edit",
    "everything",
    "export",
    "faults",
    "find",
    "folder",
    "from_document",
    "keep",
    "keep_all",
    "own_ids",
    "read",
    "read_bytes",
    "remove",
    "resolve",
    "rewrite",
    "text",
    "to_document",
]

# pydantic's error types that read better in our words: what is wrong, what to do.
PLAINER = {
    "missing": ("this key is missing", "Add it."),
    "too_short": ("this list is empty", "Name at least one, or leave the key out."),
    "tuple_type": ("this must be a list", "Write it as [one, two]."),
    "string_type": ("this must be words", "Put it in quotes, or write words."),
    "dict_type": ("this must be keys and values", "Write each as “key: value”."),
}

# Preset id → where its file is and what it says.
Shelf = dict[str, tuple[Path, Preset]]
# What to write into files; None for one that is to go.
Files = dict[Path, bytes | None]
Document = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One thing that is wrong with a preset file: its line, counted from 1, and two sentences.

    key: what is wrong, "look.style"; "" where it is the text itself.
    """

    line: int
    key: str
    message: str
    advice: str


def read(path: Path) -> Preset:
    """The preset in a file. Raises PresetError naming the file, the line and what is allowed."""
    try:
        with path.open("rb") as stream:
            return read_bytes(stream.read(MAX_BYTES + 1), path.name)
    except OSError as error:
        raise PresetError(
            f"The preset file {path} cannot be read: {error.strerror}.",
            "Check its name and that it may be opened.",
        ) from error


def from_document(data: dict[str, Any]) -> Preset:
    """The preset that `to_document` gave. Raises PresetError."""
    return _validated(data, "This preset", {})


def to_document(preset: Preset) -> dict[str, Any]:
    """Plain JSON values: what the preset states and nothing else."""
    return preset.model_dump(mode="json", by_alias=True, exclude_unset=True)


def folder(path: Path) -> tuple[list[Preset], list[PresetError]]:
    """The presets of a folder by file name, and what is wrong with the other files."""
    shelf, errors = _scan(path)
    return [preset for _, preset in shelf.values()], errors


def everything(places: Places) -> tuple[list[Preset], list[PresetError]]:
    """The bundled presets, then the person's own; an own one takes the place of a bundled one."""
    shelf, errors = _shelf(places)
    return [preset for _, preset in shelf.values()], errors


def find(id: str, places: Places) -> Preset:
    """The preset of that id. Raises InvalidRequest naming those with a similar id."""
    return _found(id, places)[1]


def resolve(entry: str | dict[str, Any], places: Places) -> Preset:
    """The preset a recipe names by id or carries as a document."""
    return find(entry, places) if isinstance(entry, str) else from_document(entry)


def own_ids(places: Places) -> set[str]:
    """The ids of the person's own presets."""
    return set(_scan(places.presets)[0])


def keep(data: bytes, picture: bytes | None, places: Places) -> Preset:
    """Write a preset file into the person's own presets, in the place of the own one of its id.

    picture: its card as `preset_pack.card` draws it, None to leave what there is. Raises
    PresetError if the file is wrong, InvalidRequest if a file that is not its own is in the way.
    """
    return keep_all([(data, picture)], places)[0]


def keep_all(coming: Sequence[tuple[bytes, bytes | None]], places: Places) -> list[Preset]:
    """`keep` for several files and their pictures. Raises as `keep`, and then none was written."""
    own = _scan(places.presets)[0]
    return [_put(files) for files in [_files(*each, own, places) for each in coming]]


def edit(id: str, changes: Document, places: Places, picture: Path | None = None) -> Preset:
    """Change a preset and keep it among the person's own; comments, order and spacing stay.

    changes: a JSON merge patch (RFC 7396) of its document: None takes a key away. picture: for its
    card, a PNG, JPEG or WebP. Raises InvalidRequest, PresetError or PictureError.
    """
    file, preset = _found(id, places)
    if changes.get("id", id) != id:
        raise _other_id(id)
    data = _changed(file.read_bytes(), changes)
    drawn = card_of(picture, id) if picture else None
    if drawn is None and file.parent != places.presets:
        drawn = _card(file, preset)
    return keep(data, drawn, places)


def text(id: str, places: Places) -> str:
    """A preset's file as it is written. Raises InvalidRequest if there is no such preset."""
    return _found(id, places)[0].read_bytes().decode("utf-8-sig")


def faults(text: str) -> list[Fault]:
    """All that is wrong with the text of a preset file, from the top; nothing where it is right."""
    try:
        document, lines = load(text.encode())
    except PlainYamlError as error:
        return [
            Fault(line=error.line or 1, key="", message=_shown(error.message), advice=error.advice)
        ]
    try:
        _check_kind(document, "This file", lines)
        Preset.model_validate(of_today(document))
    except PresetError as error:
        return [Fault(line=1, key="", message=error.message, advice=error.advice)]
    except ValidationError as error:
        return _explained(error, lines)
    return []


def rewrite(id: str, text: str, places: Places) -> Preset:
    """Put a text in the place of a preset's file, among the person's own; its picture and the way
    its lines end stay.

    Raises PresetError if the text is wrong, InvalidRequest if it gives another id.
    """
    file, preset = _found(id, places)
    data = text.encode().replace(b"\r\n", b"\n")
    if b"\r\n" in file.read_bytes():
        data = data.replace(b"\n", b"\r\n")
    if read_bytes(data, "This preset").id != id:
        raise _other_id(id)
    return keep(data, None if file.parent == places.presets else _card(file, preset), places)


def remove(id: str, places: Places) -> None:
    """Delete one of the person's own presets; a bundled one whose place it took is back.

    Raises InvalidRequest if it is not the person's own.
    """
    own = _scan(places.presets)[0].get(id)
    if own is None:
        raise InvalidRequest(
            f"“{id}” comes with Rushes and stays.", "Only your own presets can be removed."
        )
    file, preset = own
    drawn = places.presets / f"{id}.webp"
    if preset.picture == drawn.name:
        drawn.unlink(missing_ok=True)
    file.unlink()


def duplicate(id: str, new_id: str, places: Places) -> Preset:
    """Copy a preset to an own one of another id, its name numbered so that both can be told apart.

    Raises InvalidRequest if there is no such preset or the new id is taken, PresetError if it is
    no id.
    """
    file, preset = _found(id, places)
    shelf, _ = _shelf(places)
    if new_id in shelf:
        raise InvalidRequest(f"There is a preset “{new_id}” already.", "Choose another id.")
    data = _renamed(file.read_bytes(), preset, new_id, [one for _, one in shelf.values()])
    return keep(data, _card(file, preset), places)


def another(data: bytes, taken: Sequence[Preset], places: Places) -> bytes:
    """The preset file with an id that neither a preset of taken nor a file of the person's has,
    and the name numbered."""
    preset = read_bytes(data, "This preset")
    files = {path.stem.casefold() for path in places.presets.glob("*")}
    used = files | {one.id for one in taken}
    ids = (f"{preset.id[: MAX_ID - 5].rstrip('-')}-{number}" for number in itertools.count(2))
    return _renamed(data, preset, next(id for id in ids if id not in used), taken)


def drawn_card(id: str, places: Places) -> bytes | None:
    """A preset's picture as it would come in elsewhere; None if it has none that can be read."""
    try:
        return _card(*_found(id, places))
    except PictureError:
        return None


def export(ids: Sequence[str], target: Path, places: Places) -> Path:
    """Copy presets, comments and all, each with its picture; gives the new file.

    target: a .zip for a pack of any number; for a single one also a YAML file, beside which its
    picture is written, or a folder. Raises InvalidRequest if there is no such preset, the file
    exists or it cannot hold them.
    """
    files: dict[str, bytes] = {}
    shelf, _ = _shelf(places)
    for id in ids:
        data, picture = _portable(*_on(shelf, id))
        files |= {f"{id}.yaml": data} | ({} if picture is None else {f"{id}.webp": picture})
    if target.suffix.lower() == ".zip":
        return _write_new({target: packed(files)})
    if len(ids) != 1:
        raise InvalidRequest("Several presets need a pack.", "Choose a name that ends in .zip.")
    file = target / f"{ids[0]}.yaml" if target.is_dir() else target
    names = {f"{ids[0]}.yaml": file}
    return _write_new({names.get(name, file.parent / name): files[name] for name in files})


def _files(data: bytes, picture: bytes | None, own: Shelf, places: Places) -> Files:
    """What is to be written to keep a preset; the preset's own file is the last."""
    preset = read_bytes(data, "This preset")
    old = own.get(preset.id)
    file = old[0] if old else places.presets / f"{preset.id}.yaml"
    drawn = places.presets / f"{preset.id}.webp"
    its_own = old is not None and old[1].picture == drawn.name
    _check_free(file, owned=old is not None)
    if picture is not None:
        _check_free(drawn, owned=its_own)
        return {drawn: picture, file: _changed(data, {"picture": drawn.name})}
    if its_own and preset.picture != drawn.name:
        return {drawn: None, file: data}
    return {file: data}


def _put(files: Files) -> Preset:
    for file, data in files.items():
        if data is None:
            file.unlink(missing_ok=True)
        else:
            write_whole(file, data)
    return read(file)


def _scan(path: Path) -> tuple[Shelf, list[PresetError]]:
    shelf: Shelf = {}
    errors: list[PresetError] = []
    files = sorted(path.iterdir()) if path.is_dir() else []
    for file in filter(is_preset, files):
        try:
            preset = read(file)
            if preset.id in shelf:
                raise PresetError(
                    f"{file.name}: “{preset.id}” is the id of {shelf[preset.id][0].name} too.",
                    "Give one of them another id.",
                )
            shelf[preset.id] = (file, preset)
        except PresetError as error:
            errors.append(error)
    return shelf, errors


def _portable(file: Path, preset: Preset) -> tuple[bytes, bytes | None]:
    """A preset's file and card as they travel: the card under the preset's own name."""
    data, picture = file.read_bytes(), _picture(file, preset)
    name = f"{preset.id}.webp"
    if picture is None:
        return data, None
    if picture.name == name:
        return data, picture.read_bytes()
    return _changed(data, {"picture": name}), card_of(picture, preset.id)


def _card(file: Path, preset: Preset) -> bytes | None:
    picture = _picture(file, preset)
    return None if picture is None else card_of(picture, preset.id)


def _picture(file: Path, preset: Preset) -> Path | None:
    """The picture beside a preset's file, or that of the bundled one whose place it takes."""
    named = [folder / preset.picture for folder in (file.parent, BUNDLED_PRESETS) if preset.picture]
    return next((path for path in named if path.is_file()), None)


def _write_new(files: dict[Path, bytes]) -> Path:
    """Write these files; gives the first. Raises InvalidRequest before any if one exists."""
    for file in files:
        if file.exists():
            raise InvalidRequest(f"The file {file} exists already.", "Choose another name.")
    for file, data in files.items():
        write_whole(file, data)
    return next(iter(files))


def _check_free(file: Path, owned: bool) -> None:
    if file.exists() and not owned:
        raise InvalidRequest(
            f"The file {file} is in the way.", "Rename it, or give the new preset another id."
        )


def _renamed(data: bytes, preset: Preset, id: str, others: Sequence[Preset]) -> bytes:
    names = {text for one in others for text in (one.name.en, one.name.zh)}
    own = {"en": preset.name.en, "zh": preset.name.zh}
    numbered = (
        {key: f"{text[: MAX_LINE - 5]} {number}" for key, text in own.items() if text}
        for number in itertools.count(2)
    )
    name = next(name for name in numbered if not names & set(name.values()))
    return _changed(data, {"id": id, "name": name})


def _changed(data: bytes, changes: Document) -> bytes:
    """A preset file after a merge patch, by today's rules."""
    document = of_today(load(data)[0])
    try:
        return rewritten(data, _patched(document, changes))
    except PlainYamlError as error:
        raise PresetError(
            f"The file of “{document['id']}”: {error.message}.", error.advice
        ) from error


def _patched(document: Document, changes: Document) -> Document:
    """RFC 7396; what is left empty by it goes too, as a preset says nothing by an empty key."""
    patched = dict(document)
    for key, value in changes.items():
        if isinstance(value, dict):
            before = patched.get(key)
            value = _patched(before if isinstance(before, dict) else {}, value) or None
        if value is None:
            patched.pop(key, None)
        else:
            patched[key] = value
    return patched


def _shelf(places: Places) -> tuple[Shelf, list[PresetError]]:
    bundled, bundled_errors = _scan(BUNDLED_PRESETS)
    own, own_errors = _scan(places.presets)
    return bundled | own, bundled_errors + own_errors


def _found(id: str, places: Places) -> tuple[Path, Preset]:
    return _on(_shelf(places)[0], id)


def _on(shelf: Shelf, id: str) -> tuple[Path, Preset]:
    if id not in shelf:
        near = ", ".join(difflib.get_close_matches(id, shelf, n=3))
        raise InvalidRequest(
            f"There is no preset “{id}”.",
            f"Did you mean: {near}." if near else "Choose another one.",
        )
    return shelf[id]


# A file that has not changed is not parsed again; the shelf is read at every look at it.
@lru_cache(maxsize=2048)
def read_bytes(data: bytes, name: str) -> Preset:
    """The preset in a file's bytes; name: what to call it. Raises PresetError as `read`."""
    try:
        document, lines = load(data)
    except PlainYamlError as error:
        told = (
            f"{name} cannot be read: {error.message}"
            if error.line is None
            else f"{name}, line {error.line}: {error.message}"
        )
        raise _wrong(told, error.advice) from error
    return _validated(document, name, lines)


def _other_id(id: str) -> InvalidRequest:
    return InvalidRequest(
        f"The id of “{id}” stays what it is, as recipes name it.",
        "Duplicate it under the new id.",
    )


def _validated(document: Any, name: str, lines: Lines) -> Preset:
    _check_kind(document, name, lines)
    try:
        return Preset.model_validate(of_today(document))
    except ValidationError as error:
        # A key that is misspelt is missing too: the line it stands in is the one to look at.
        first = min(_explained(error, lines), key=_is_missing)
    told = (
        f"{name}, line {first.line}, {first.key}: {first.message}"
        if lines
        else f"{name}, “{first.key}”: {first.message}"
    )
    raise _wrong(told, first.advice)


def _is_missing(fault: Fault) -> bool:
    return fault.message == _shown(PLAINER["missing"][0])


def _check_kind(document: Any, name: str, lines: Lines) -> None:
    if not isinstance(document, dict):
        raise _wrong(
            f"{name} {'is empty' if document is None else 'is not a list of keys and values'}",
            "Start it with “schema: 1”.",
        )
    if is_newer(document):
        where = f"{name}, line {_line(lines, ('schema',))}" if lines else name
        raise _wrong(
            f"{where}: it is written in schema {document['schema']}, and this Rushes reads up to "
            f"{SCHEMA}",
            "Update Rushes, or ask for the preset in an older schema.",
        )


def _wrong(message: str, advice: str) -> PresetError:
    return PresetError(_shown(message), advice)


def _shown(message: str) -> str:
    """A sentence that may quote the file: cut short and made harmless to a terminal."""
    cut = message.removesuffix(".") if len(message) <= 300 else f"{message[:300]}…"
    return f"{UNREADABLE.sub('�', cut)}."


def _explained(error: ValidationError, lines: Lines) -> list[Fault]:
    """Each thing that is wrong, from the top of the file."""
    found = [_fault(detail, lines) for detail in error.errors(include_url=False)]
    return sorted(found, key=lambda fault: fault.line)


def _fault(detail: ErrorDetails, lines: Lines) -> Fault:
    kind, place = detail["type"], detail["loc"]
    if kind == "fault":
        message, advice = detail["ctx"]["message"], detail["ctx"]["advice"]
    elif kind in PLAINER:
        message, advice = PLAINER[kind]
    else:
        written = repr(detail["input"])
        shown = written if len(written) <= 60 else f"{written[:60]}…"
        message = detail["msg"].replace("Input should", "this should")
        advice = f"Now it is {shown}."
    key = UNREADABLE.sub("�", ".".join(str(step)[:40] for step in place))
    return Fault(line=_line(lines, place), key=key, message=_shown(message), advice=advice)


def _line(lines: Lines, place: Place) -> int:
    """The line of a key, or of the nearest thing around it."""
    while place and place not in lines:
        place = place[:-1]
    return lines.get(place, 1)
