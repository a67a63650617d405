"""The few things a person may change, kept as one JSON file.

Knows nothing about what they are used for.
"""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from studio.errors import StudioError
from studio.files import write_whole


class Settings(BaseModel):
    """library: where clips go, None for the usual place. model: id of the model to start with, None
    for the built-in one. mirror: address that models come from, None for the usual one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    library: Path | None = None
    model: str | None = None
    mirror: str | None = None


def load(path: Path) -> Settings:
    """The settings in path, or the defaults where there is no file.

    Raises StudioError if the file is there and cannot be understood.
    """
    try:
        return Settings.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Settings()
    except (ValidationError, UnicodeDecodeError) as error:
        raise StudioError(
            f"The settings file {path} cannot be understood.",
            "Correct it, or delete it to return to the defaults.",
        ) from error


def save(path: Path, settings: Settings) -> None:
    """Write what differs from the defaults."""
    write_whole(path, settings.model_dump_json(exclude_defaults=True, indent=1).encode())
