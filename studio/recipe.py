"""Recipe: what was asked. Editable, kept with every clip; rendering it again gives the same shot.

Knows nothing of what the words mean or whether they are allowed.
"""

import json
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from studio.errors import InvalidRequest
from studio.lora import Lora


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A reference picture: the SHA-256 of its file, kept in the library's Pictures folder.

    across, down: where the crop sits, 0 to 1; 0.5 is the middle.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    sha256: str
    across: float = 0.5
    down: float = 0.5


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """What the person asked for. None means: the model's own.

    look: category id → term ids. presets: later ones win; each an id, or a whole preset document
    where the preset was a loose file. look_over_picture: emit lighting,
    composition, lens and tone even though a reference picture decides them. shape: a name of the
    model's, or "picture" for the nearest to the reference picture's; or give width and height.
    seed None: drawn for each take. loras: on top of those that the presets bring; of one file the
    last one counts. quick: previews may be made with the model's distillation LoRAs, where those
    are here.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    prompt: str = ""
    negative_prompt: str | None = None
    presets: tuple[str | dict[str, Any], ...] = ()
    look: dict[str, tuple[str, ...]] = field(default_factory=dict)
    look_over_picture: bool = False
    picture: Picture | None = None
    last_picture: Picture | None = None
    model: str | None = None
    shape: str | None = None
    width: int | None = None
    height: int | None = None
    frames: int | None = None
    steps: int | None = None
    seed: int | None = None
    loras: tuple[Lora, ...] = ()
    quick: bool = True

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; `from_json` gives the recipe back."""
        return asdict(self)


_READER = TypeAdapter(Recipe)


def from_json(data: dict[str, Any]) -> Recipe:
    """The recipe that `to_json` wrote. Raises InvalidRequest for an unknown key or value."""
    try:
        return _READER.validate_json(json.dumps(data), strict=True)
    except (TypeError, ValidationError) as error:
        raise InvalidRequest(
            f"The recipe cannot be read: {error}.", "Use a recipe written by this studio."
        ) from error
