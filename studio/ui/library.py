"""The Library page: posters of every clip, one clip in full, two clips side by side.

`layout` draws, `Shelf` answers. Posters are served where they lie; nothing is copied.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from studio.clip import Clip
from studio.errors import InvalidRequest, StudioError
from studio.gallery.filters import Counted, Filters
from studio.gallery.library import MAX_STARS
from studio.shot import Kind
from studio.studio import Studio
from studio.ui.cards import model_name
from studio.ui.differences import Text, differences, guidance, preset_ids
from studio.ui.part import part
from studio.ui.served import problem, served, uploaded

PAGE = 60
MOST = 600  # of posters in one answer, and of clips in one action


class Shelf:
    """Answers the Library page. Every method takes and gives plain JSON."""

    def __init__(self, studio: Studio, *, anywhere: bool) -> None:
        """anywhere: the page may be open on another computer than the one the clips are on."""
        self._studio = studio
        self._anywhere = anywhere

    def browse(self, asked: dict[str, Any]) -> dict[str, Any]:
        """asked: {"words", "trash", "filters", "offset", "count"}. Gives count clips, at least a
        page, and how many there are in all."""
        words = str(asked.get("words", ""))[:200]
        trashed, filters = asked.get("trash") is True, _filters(asked.get("filters"))
        offset = max(0, int(asked.get("offset", 0)))
        count = min(MOST, max(PAGE, int(asked.get("count", 0))))
        clips = self._studio.clips(
            words, limit=count, offset=offset, trashed=trashed, filters=filters
        )
        total = self._studio.count(words, trashed=trashed, filters=filters)
        return {"clips": [_poster(clip) for clip in clips], "total": total}

    def choices(self, asked: dict[str, Any]) -> dict[str, Any]:
        """asked: {"trash"}. What there is to filter by: [[id, name, how many]]."""
        found = self._studio.choices(trashed=asked.get("trash") is True)
        names = self._preset_names()
        return {
            "model": [[id, {"en": model_name(id)}, clips] for id, clips in found.models],
            "preset": [[id, names.get(id, {"en": id}), clips] for id, clips in found.presets],
            "tag": _named(found.tags),
        }

    def follow(self, _: dict[str, Any]) -> dict[str, Any]:
        """Look for what other programs did to the files. Gives how many changed."""
        return {"changed": self._studio.refresh()}

    def bring(self, asked: dict[str, Any]) -> dict[str, Any]:
        """asked: {"path"} of an upload, {"words"}: what it shows. Takes the video in; gives its
        {"clip"}."""
        path = uploaded(asked.get("path"))
        try:
            return {"clip": self._studio.bring_in(path, str(asked.get("words", ""))).id}
        finally:
            path.unlink(missing_ok=True)

    def detail(self, asked: dict[str, Any]) -> dict[str, Any]:
        """asked: {"id"}. Everything about one clip, and the clips it was refined from or into."""
        clip = self._studio.clip(str(asked.get("id")))
        names = self._preset_names()
        recipe = {"recipe": clip.recipe.to_json(), "shot": clip.shot.to_json()}
        return {
            "clip": _full(clip),
            "presets": [names.get(id, {"en": id}) for id in preset_ids(clip)],
            "parts": self._parts(clip),
            "family": [_poster(each) for each in self._studio.family(clip.id)],
            "recipe": json.dumps(recipe, ensure_ascii=False, indent=2),
            "folder": not self._anywhere,
        }

    def compare(self, asked: dict[str, Any]) -> dict[str, Any]:
        """asked: {"a", "b"}: ids. Both clips, and what differs between them."""
        a, b = (self._studio.clip(str(asked.get(side))) for side in ("a", "b"))
        rows = differences(a, b, self._preset_names(), self._studio.picture_file)
        return {"a": _full(a), "b": _full(b), "differs": rows}

    def mark(self, asked: dict[str, Any]) -> dict[str, Any]:
        """asked: {"name": star | tag | trash | restore | erase, "ids", …}. Does it to each clip
        that it can be done to; gives the ids of those, and the first problem."""
        done: list[str] = []
        told = None
        for clip_id in _ids(asked.get("ids")):
            try:
                self._mark(str(asked.get("name")), clip_id, asked)
                done.append(clip_id)
            except StudioError as error:
                told = told or problem(error)
        return {"done": done, "problem": told}

    def act(self, asked: dict[str, Any]) -> dict[str, Any]:
        """asked: {"name": refine | trim | gif | folder, "id", …}. Gives {"job"}, {"file"} or {}."""
        clip_id = str(asked.get("id"))
        match asked.get("name"):
            case "refine":
                return {"job": self._studio.refine(clip_id, float(asked["fidelity"])).id}
            case "trim":
                return _file(self._studio.trim(clip_id, float(asked["from"]), float(asked["to"])))
            case "gif":
                return _file(self._studio.gif(clip_id))
            case "folder":
                return self._open_folder(clip_id)
        raise _impossible()

    def _mark(self, name: str, clip_id: str, asked: dict[str, Any]) -> None:
        match name:
            case "star":
                self._studio.star(clip_id, int(asked.get("stars", 0)))
            case "tag":
                add, remove = _texts(asked.get("add")), _texts(asked.get("remove"))
                self._studio.tag(clip_id, add, remove)
            case "trash":
                self._studio.trash(clip_id)
            case "restore":
                self._studio.restore(clip_id)
            case "erase":
                self._studio.erase(clip_id)
            case _:
                raise _impossible()

    def _open_folder(self, clip_id: str) -> dict[str, Any]:
        if self._anywhere:
            raise InvalidRequest(
                "The folder would open on the computer that the studio runs on.",
                "Copy the file's path, or save the clip.",
            )
        self._studio.open_folder(clip_id)
        return {}

    def _preset_names(self) -> dict[str, Text]:
        return {
            preset.id: {"en": preset.name.get("en"), "zh": preset.name.get("zh")}
            for preset in self._studio.presets()
        }

    def _parts(self, clip: Clip) -> list[dict[str, str]]:
        """The prompt by origin, as long as the presets still say what they said then."""
        try:
            parts = self._studio.expand(clip.recipe).parts
        except StudioError:
            parts = ()
        if "".join(part.text for part in parts) != clip.shot.prompt:
            return [{"text": clip.shot.prompt, "origin": "user"}]
        return [{"text": part.text, "origin": part.origin.value} for part in parts]


def _filters(given: object) -> Filters:
    """What the page's menus say; what is no filter at all filters nothing. stars: that many or
    more, 0 for none at all."""
    asked = given if isinstance(given, dict) else {}
    names = {
        name: str(asked[name]) for name in ("model", "preset", "tag") if asked.get(name, "") != ""
    }
    stars, kind, since = asked.get("stars"), asked.get("kind"), asked.get("since")
    return Filters(
        **names,
        stars=(stars, MAX_STARS if stars else 0) if isinstance(stars, int) else None,
        kind=Kind(kind) if kind in list(Kind) else None,
        since=float(since) if isinstance(since, int | float) else None,
    )


def _ids(given: object) -> list[str]:
    return _texts(given)[:MOST]


def _texts(given: object) -> list[str]:
    return [str(each) for each in given] if isinstance(given, list) else []


def _named(counted: tuple[Counted, ...]) -> list[list[Any]]:
    return [[name, {"en": name}, clips] for name, clips in counted]


def _impossible() -> InvalidRequest:
    return InvalidRequest("That cannot be done with this clip.", "Choose another action.")


def _poster(clip: Clip) -> dict[str, Any]:
    return {
        "id": clip.id,
        "name": clip.recipe.prompt,
        "poster": str(clip.poster),
        "file": str(clip.file),
        "kind": clip.kind.value,
        "parent": clip.parent,
        "width": clip.shot.width,
        "height": clip.shot.height,
        "frames": clip.shot.frames,
        "seconds": clip.shot.frames / clip.shot.fps,
        "stars": clip.stars,
        "tags": list(clip.tags),
        "trashed": clip.trashed,
    }


def _full(clip: Clip) -> dict[str, Any]:
    shot = clip.shot
    return _poster(clip) | {
        "save_as": clip.file.name,
        "model": model_name(shot.model),
        "seed": shot.seed,
        "steps": shot.steps,
        "guidance": guidance(clip),
        "fps": shot.fps,
        "created": clip.created,
        "took": clip.seconds,
        "negative": shot.negative_prompt,
    }


def _file(path: Path) -> dict[str, Any]:
    return {"file": str(path), "name": path.name}


@dataclass(frozen=True, kw_only=True, slots=True)
class LibraryPage:
    """The components of the page. shelf fires `reuse` with {"clip": id, "what": all | look | seed |
    frame}."""

    shelf: gr.HTML


def layout(studio: Studio, *, anywhere: bool) -> LibraryPage:
    """Draw the page; call inside its tab. anywhere: as of `Shelf`."""
    shelf = Shelf(studio, anywhere=anywhere)
    page = LibraryPage(
        shelf=_room("library", shelf.browse, shelf.choices, shelf.follow, shelf.mark, shelf.bring)
    )
    _room("library_detail", shelf.detail, shelf.mark, shelf.act)
    return page


def comparison(studio: Studio, *, anywhere: bool) -> None:
    """Draw the dialog that compares two clips; call outside the tabs, as more than one opens it."""
    _room("library_compare", Shelf(studio, anywhere=anywhere).compare)


def _room(name: str, *answers: Any) -> gr.HTML:
    scripts = ("shared", "library_shared")
    return part(name, *(served(answer) for answer in answers), shared=scripts)
