"""LoRA files: small changes to the experts' weights, kept in one folder, known by their hash.

Knows names and headers; what a change does to a weight is the engine's.
"""

import functools
import shutil
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import ConfigDict
from safetensors import SafetensorError, safe_open

from studio.errors import InvalidRequest
from studio.files import sha256_of

# The folder of them, in that of all downloaded weights.
LORAS = "loras"
ENDING = ".safetensors"
# What the tensors of a LoRA are called, by the tools that people train them with.
_MARKS = ("lora_A", "lora_B", "lora_down", "lora_up")

Expert = Literal["high", "low", "both"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Lora:
    """A LoRA in a recipe. file: its name in the folder. expert: whose weights it changes; a dense
    model has only one. strength: times what it was trained to, below 0 the opposite."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    file: str
    sha256: str
    expert: Expert = "both"
    strength: float = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class LoraFile:
    """A LoRA that is on this computer."""

    file: str
    sha256: str
    bytes: int


def files(models: Path) -> list[LoraFile]:
    """Those that are here, by name; models is the folder of all downloaded weights."""
    return [
        LoraFile(file=path.name, sha256=_hash(path), bytes=path.stat().st_size)
        for path in sorted((models / LORAS).glob(f"*{ENDING}"))
    ]


def keep(path: Path, models: Path) -> LoraFile:
    """Copy a LoRA file to the others.

    Raises InvalidRequest if it is none, or another one of that name is there.
    """
    _check(path)
    folder = models / LORAS
    target = folder / path.name
    if target.exists() and _hash(target) != _hash(path):
        raise InvalidRequest(f"There is another {path.name} already.", "Rename the new one.")
    if not target.exists():
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / f"{path.name}.{uuid.uuid4().hex[:8]}.partial"
        try:
            shutil.copyfile(path, partial)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
    return LoraFile(file=target.name, sha256=_hash(target), bytes=target.stat().st_size)


def remove(file: str, models: Path) -> None:
    """Delete one. Raises InvalidRequest if there is none of that name."""
    if file not in [one.file for one in files(models)]:
        raise InvalidRequest(f"There is no LoRA “{file}”.", "Choose one of those listed.")
    (models / LORAS / file).unlink()


def find(lora: Lora, folders: Iterable[Path]) -> Path | None:
    """The very file that a recipe names, under whatever name it is here; None where it is not.

    folders: where LoRAs are.
    """
    for path in _candidates(lora, folders):
        if path.is_file() and _hash(path) == lora.sha256:
            return path
    return None


def required(lora: Lora, folders: Iterable[Path]) -> Path:
    """`find`, or InvalidRequest."""
    found = find(lora, folders)
    if found is None:
        raise InvalidRequest(
            f"The LoRA {lora.file} is not on this computer, or is another version of it.",
            f"Get the file and run: python -m studio loras add {lora.file}",
        )
    return found


def _candidates(lora: Lora, folders: Iterable[Path]) -> Iterator[Path]:
    there = list(folders)
    yield from (folder / lora.file for folder in there)
    for folder in there:
        yield from folder.glob(f"*{ENDING}")


def _check(path: Path) -> None:
    if path.suffix.lower() != ENDING:
        raise InvalidRequest(
            f"{path.name} is not a safetensors file.",
            "Other formats can carry programs; get the LoRA as .safetensors.",
        )
    try:
        with safe_open(path, framework="np") as tensors:
            names = list(tensors.keys())
    except (OSError, SafetensorError) as error:
        raise InvalidRequest(
            f"{path.name} cannot be read: {error}.", "Get the file again."
        ) from error
    if any("dora_scale" in name for name in names):
        raise InvalidRequest(
            f"{path.name} is a DoRA, of which only a part would work.", "Use a plain LoRA."
        )
    if not any(mark in name for name in names for mark in _MARKS):
        raise InvalidRequest(
            f"{path.name} holds no LoRA.", "Choose a LoRA that was made for Wan2.2."
        )


def _hash(path: Path) -> str:
    stat = path.stat()
    return _hash_once(path, stat.st_size, stat.st_mtime_ns)


@functools.lru_cache(maxsize=256)
def _hash_once(path: Path, size: int, changed_ns: int) -> str:  # noqa: ARG001
    return sha256_of(path)
