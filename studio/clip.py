"""Clip: what came back. A finished MP4 with the words that made it.

Knows how a clip is named and written down; not where the library is or how frames become a file.
"""

import datetime
import functools
import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from studio import recipe as recipes
from studio import shot as shots
from studio.errors import InvalidRequest
from studio.files import safe_words
from studio.recipe import Recipe
from studio.shot import Kind, Shot

TAG_VERSION = 1
MAX_NUMBER = 2**63 - 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Clip:
    """One finished clip.

    id: 12 hexadecimal digits. file, poster: where they are now. created: ISO 8601 with offset.
    seconds: how long the render took. stars: 0 or 1 … 5. parent: id of the clip this one refines.
    trashed: in the library's own trash.
    """

    id: str
    file: Path
    poster: Path
    created: str
    seconds: float
    recipe: Recipe
    shot: Shot
    stars: int = 0
    tags: tuple[str, ...] = ()
    trashed: bool = False

    @property
    def parent(self) -> str | None:
        return self.shot.refine.parent if self.shot.refine else None

    @property
    def kind(self) -> Kind:
        return self.shot.kind

    def to_json(self) -> dict[str, Any]:
        """The clip object of the command line and of the page."""
        return {
            "id": self.id,
            "name": self.recipe.prompt or self.file.stem,
            "file": str(self.file),
            "poster": str(self.poster),
            "parent": self.parent,
            "kind": self.kind.value,
            "seed": self.shot.seed,
            "width": self.shot.width,
            "height": self.shot.height,
            "frames": self.shot.frames,
            "fps": self.shot.fps,
            "model": self.shot.model,
            "prompt": self.shot.prompt,
            "negative_prompt": self.shot.negative_prompt,
            "stars": self.stars,
            "tags": list(self.tags),
            "created": self.created,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Tag:
    """What is written inside the MP4: enough to know the clip again from the file alone."""

    id: str
    created: str
    seconds: float
    recipe: Recipe
    shot: Shot

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values. What the recipe left open and could be another one tomorrow, the seed
        and the model, is filled in."""
        recipe = replace(self.recipe, seed=self.shot.seed, model=self.shot.model)
        return {
            "rushes": TAG_VERSION,
            "id": self.id,
            "created": self.created,
            "seconds": self.seconds,
            "recipe": recipe.to_json(),
            "shot": self.shot.to_json(),
        }


def tag_from_json(data: dict[str, Any]) -> Tag:
    """The tag that `Tag.to_json` wrote. Raises InvalidRequest if it is not one of ours."""
    if data.get("rushes") != TAG_VERSION:
        raise InvalidRequest(
            "This file carries no recipe of this studio.", "Choose a clip made here."
        )
    try:
        tag = Tag(
            id=data["id"],
            created=data["created"],
            seconds=data["seconds"],
            recipe=recipes.from_json(data["recipe"]),
            shot=shots.from_json(data["shot"]),
        )
        values = asdict(tag)
        _types().validate_python(values)
        _check_values(values)
        if datetime.datetime.fromisoformat(tag.created).utcoffset() is None:
            raise ValueError("a time without its offset")
        if min(tag.shot.width, tag.shot.height, tag.shot.frames, tag.shot.fps) < 1:
            raise ValueError("a film of nothing")
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidRequest(
            "The recipe in this file cannot be read.", "Choose a clip made here."
        ) from error
    # The id becomes part of file names, and anybody can write a file that claims to be a clip.
    if not re.fullmatch("[0-9a-f]{12}", tag.id):
        raise InvalidRequest(f"{tag.id!r} is no clip's id.", "Choose a clip made here.")
    return tag


@functools.cache
def _types() -> TypeAdapter[Tag]:
    """Checks that a tag read from a file has values of the types it should have, all the way in."""
    return TypeAdapter(Tag)


def _check_values(found: object) -> None:
    """Raises ValueError for what neither the index nor a page can hold: a number of more than 64
    bits, half of a surrogate pair."""
    match found:
        case dict():
            for value in found.values():
                _check_values(value)
        case list() | tuple():
            for value in found:
                _check_values(value)
        case str():
            found.encode()
        case int() | float() if abs(found) > MAX_NUMBER:
            raise ValueError("a number of more than 64 bits")


def file_name(tag: Tag) -> str:
    """`date_words_seed_kind.mp4`, accepted by every system."""
    date = datetime.datetime.fromisoformat(tag.created).date().isoformat()
    words = safe_words(tag.recipe.prompt) or "picture"
    return f"{date}_{words}_{tag.shot.seed}_{tag.shot.kind.value}.mp4"
