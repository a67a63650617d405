"""A diffusers repository on disk: what it lacks, and which kind of model it is.

Knows the layout and the small files; of weights only what their headers say.
"""

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

# How each part of a pipeline describes itself: diffusers' and transformers' own file names.
CONFIGS = {"scheduler": "scheduler_config.json", "tokenizer": "tokenizer_config.json"}
# One of these holds the words of a tokenizer.
TOKENIZERS = ("tokenizer.json", "spiece.model")
# Experts come in this form too, one file each.
GGUF = ".gguf"
# A part small enough for one weight file has it under one of these names.
SINGLE = ("diffusion_pytorch_model.safetensors", "model.safetensors")
# Of a weight file: its header's length comes first, in so many bytes; what it says beside its
# tensors; and the most that safetensors takes for one.
_LENGTH_BYTES, _NOTES, _HEADER_BYTES = 8, "__metadata__", 100_000_000


def missing(folder: Path, gone: Collection[str] = ()) -> Iterator[str]:
    """What a diffusers repository on disk lacks of what its own files name, a file that cannot be
    read for what it lacks included. gone: weight files, with `/`, that count as there."""
    index = folder / "model_index.json"
    if not _is_readable(index):
        yield index.name
        return
    for part, classes in _read(index).items():
        # A part is [library, class]; [null, null] is one that this model does without.
        if isinstance(classes, list) and classes[0] is not None:
            own = {one.removeprefix(f"{part}/") for one in gone if one.startswith(f"{part}/")}
            yield from (f"{part}/{name}" for name in _missing_of(folder / part, own))


def _missing_of(part: Path, gone: Collection[str]) -> Iterator[str]:
    config = CONFIGS.get(part.name, "config.json")
    if not _is_readable(part / config):
        yield config
    match part.name:
        case "scheduler":
            return
        case "tokenizer":
            names, alternatives = set[str](), TOKENIZERS
        case _:
            names, alternatives = _shards(part), SINGLE
            yield from (path.name for path in _indexes(part) if not _is_readable(path))
    single = any((part / name).exists() for name in alternatives)
    if not names and not single and not gone and not any(part.glob(f"*{GGUF}")):
        yield " or ".join(alternatives)
    yield from (name for name in sorted(names - set(gone)) if not (part / name).exists())


def _shards(part: Path) -> set[str]:
    """The weight files that the part's index names; none where there is no index."""
    return {
        str(name)
        for index in _indexes(part)
        if _is_readable(index)
        for name in _read(index).get("weight_map", {}).values()
    }


def _indexes(part: Path) -> list[Path]:
    return sorted(part.glob("*.safetensors.index.json"))


def kind(folder: Path) -> tuple[int, int]:
    """Latent channels that an expert reads, and how many experts there are."""
    second = _read(folder / "model_index.json").get("transformer_2") or [None]
    channels = _read(folder / "transformer" / "config.json").get("in_channels", 0)
    return int(channels), 1 if second[0] is None else 2


def cut_short(folder: Path) -> Iterator[str]:
    """The weight files that are not as long as they say."""
    for path in sorted(folder.rglob("*.safetensors")):
        try:
            header(path)
        except (OSError, SafetensorError):
            yield path.relative_to(folder).as_posix()


def header(file: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """What a safetensors file says of its tensors, by their names, and its notes.

    Raises OSError, or SafetensorError where it is damaged or not as long as it says. Not by
    safe_open: with either backend that maps the whole file at first, which Windows counts against
    main memory and page file and refuses where they are short, as if the file were at fault.
    """
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(_LENGTH_BYTES), "little")
        text = stream.read(min(length, _HEADER_BYTES))
    try:
        tensors = json.loads(text)
        notes = tensors.pop(_NOTES, {})
        end = max((each["data_offsets"][1] for each in tensors.values()), default=0)
        whole = file.stat().st_size == _LENGTH_BYTES + length + end
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise SafetensorError(f"the header of {file.name} cannot be read") from error
    if not whole:
        raise SafetensorError(f"{file.name} is not as long as it says")
    return tensors, notes


def _is_readable(path: Path) -> bool:
    try:
        _read(path)
    except (OSError, ValueError):
        return False
    return True


def _read(path: Path) -> dict[str, Any]:
    """Raises OSError, or ValueError where a file is damaged."""
    data = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(data, dict):
        raise ValueError(f"{path.name} is no object")
    return data
