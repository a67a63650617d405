"""The Presets page: every look, one in full, its file to write in, and looks from elsewhere.

`layout` draws, `wire` connects, `Rack` answers. What is wrong with a file comes back by line.
"""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from studio import preset_import
from studio.errors import InvalidRequest, StudioError
from studio.preset_import import Change, Choice, Found
from studio.presets import Fault, Preset, faults
from studio.studio import Studio
from studio.ui import form
from studio.ui.cards import preset_card, words_of
from studio.ui.part import part
from studio.ui.served import problem, sentence, served, uploaded
from studio.vocabulary import CATEGORIES

MOST_FILES = 200  # of one import
_CATEGORIES = {category.id: category for category in CATEGORIES}


class Rack:
    """Answers the Presets page. Every method takes and gives plain JSON."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio

    def browse(self, _: dict[str, Any]) -> dict[str, Any]:
        """Every preset as its card shows it, and what is wrong with the files that are left out."""
        own = self._studio.own_presets()
        return {
            "presets": [self._card(preset, own) for preset in self._studio.presets()],
            "wrong": [problem(error) for error in self._studio.preset_errors()],
        }

    def detail(self, asked: dict[str, Any]) -> dict[str, Any]:
        """asked: {"id"}. Everything about one preset, its file as it is written included."""
        preset = self._found(str(asked.get("id")))
        return self._card(preset, self._studio.own_presets()) | {
            "says": [_said(change) for change in preset_import.changes(preset)],
            "missing": [each.name for each in preset_import.missing(preset, self._studio.places)],
            "author": preset.author,
            "license": preset.license,
            "text": self._studio.preset_text(preset.id),
        }

    def check(self, asked: dict[str, Any]) -> dict[str, Any]:
        """asked: {"text"} of a preset file. What is wrong with it, by line."""
        return {"faults": [_wrong(fault) for fault in faults(str(asked.get("text")))]}

    def change(self, asked: dict[str, Any]) -> dict[str, Any]:
        """asked: {"name": write | picture | duplicate | remove | export, "id", …}. Gives {"id"} of
        what is there now, or {"file", "name"} of what was written."""
        id = str(asked.get("id"))
        match asked.get("name"):
            case "write":
                return {"id": self._studio.rewrite_preset(id, str(asked.get("text"))).id}
            case "picture":
                with _uploads([asked.get("path")]) as (path,):
                    return {"id": self._studio.edit_preset(id, {}, path).id}
            case "duplicate":
                return {"id": self._studio.duplicate_preset(id, self._free(id)).id}
            case "remove":
                self._studio.remove_preset(id)
                return {"id": id if id in self._ids() else None}
            case "export":
                return _file(self._studio.export_presets([id]))
            case "export_own":
                return _file(self._studio.export_presets(sorted(self._studio.own_presets())))
        raise InvalidRequest("That cannot be done with a preset.", "Choose another action.")

    def inspect(self, asked: dict[str, Any]) -> dict[str, Any]:
        """asked: {"paths"} of uploads. What is in them, and how it stands to what is here."""
        found = self._studio.inspect_presets([uploaded(path) for path in _list(asked.get("paths"))])
        return {
            "found": [self._foreseen(one) for one in found.found],
            "wrong": [problem(error) for error in found.wrong],
        }

    def take_in(self, asked: dict[str, Any]) -> dict[str, Any]:
        """asked: {"paths", "choices": {id: replace | keep-both | skip}}. Keeps what `inspect`
        found; gives the ids that came in. The uploads go, also where nothing is chosen."""
        chosen = asked.get("choices")
        choices = {
            str(id): Choice(way)
            for id, way in (chosen if isinstance(chosen, dict) else {}).items()
            if way in list(Choice)
        }
        with _uploads(_list(asked.get("paths"))) as paths:
            kept = self._studio.import_presets(self._studio.inspect_presets(paths), choices)
            return {"ids": [one.preset.id for one in kept]}

    def _card(self, preset: Preset, own: set[str]) -> dict[str, Any]:
        return preset_card(preset, self._studio.places) | {"own": preset.id in own}

    def _foreseen(self, one: Found) -> dict[str, Any]:
        return {
            "id": one.preset.id,
            "name": words_of(one.preset.name),
            "source": one.source,
            "standing": one.standing.value,
            "taken": one.taken,
            "says": [_said(change) for change in one.changes],
            "missing": [each.name for each in one.missing],
        }

    def _found(self, id: str) -> Preset:
        for preset in self._studio.presets():
            if preset.id == id:
                return preset
        raise InvalidRequest(f"There is no preset “{id}”.", "Choose another one.")

    def _ids(self) -> set[str]:
        return {preset.id for preset in self._studio.presets()}

    def _free(self, id: str) -> str:
        taken = self._ids()
        number = next(
            number for number in range(2, len(taken) + 3) if f"{id}-{number}" not in taken
        )
        return f"{id}-{number}"


@dataclass(frozen=True, kw_only=True, slots=True)
class PresetsPage:
    """The components of the page. rack fires `make` with {"name", "clip"} for a new preset of what
    the form holds, and `use` when a preset was put into it."""

    rack: gr.HTML


def layout(studio: Studio) -> PresetsPage:
    """Draw the page; call inside its tab."""
    rack = Rack(studio)
    page = PresetsPage(
        rack=part(
            "presets",
            *(served(each) for each in (rack.browse, rack.change, rack.inspect, rack.take_in)),
            shared=("shared",),
        )
    )
    answers = (served(each) for each in (rack.detail, rack.check, rack.change))
    part("preset_detail", *answers, shared=("shared",))
    return page


def wire(page: PresetsPage, inputs: list[Any], tabs: gr.Tabs, studio: Studio) -> None:
    """Connect the page. inputs: the form of the Create page."""
    quiet = {"show_progress": "hidden", "concurrency_limit": None, "api_visibility": "private"}

    def make(event: gr.EventData, *values: Any) -> dict[str, Any]:
        return _made(studio, str(event.name), event.clip, form.Values(*values))

    page.rack.make(make, inputs, page.rack, **quiet)
    page.rack.use(lambda: gr.Tabs(selected="create"), None, tabs, **quiet)


def _made(studio: Studio, name: str, clip: str | None, values: form.Values) -> dict[str, Any]:
    # Marked with the time, since the page is only told of a value that changed.
    at = time.monotonic()
    try:
        preset = studio.make_preset(name, form.read(values).recipe, clip)
    except StudioError as error:
        return {"problem": problem(error), "at": at}
    return {"made": preset.id, "at": at}


def _wrong(fault: Fault) -> dict[str, Any]:
    said = {"message": sentence(fault.message), "advice": sentence(fault.advice)}
    return asdict(fault) | said


def _said(change: Change) -> dict[str, Any]:
    """One statement of a preset. name: of a category of the look, else none and the key tells."""
    category = _CATEGORIES.get(change.key.removeprefix("look."))
    return {
        "key": change.key,
        "name": {"en": category.name.en, "zh": category.name.zh} if category else None,
        "value": {"en": change.value.en, "zh": change.value.zh},
    }


@contextlib.contextmanager
def _uploads(paths: list[Any]) -> Iterator[list[Path]]:
    """These uploads, removed in the end."""
    found = [uploaded(path) for path in paths]
    try:
        yield found
    finally:
        for path in found:
            path.unlink(missing_ok=True)


def _list(given: object) -> list[Any]:
    return given[:MOST_FILES] if isinstance(given, list) else []


def _file(path: Path) -> dict[str, Any]:
    return {"file": str(path), "name": path.name}
