"""An expert as it runs, made of the published files once and kept on disk: from then on that is all
that is read, a seventh of the bytes in 4 bits, and nothing is quantized again.

One published file at a time, each into a file of its own: no more than that is in memory, and what
is done is never done again. Knows files and tensors; not which models there are.
"""

import json
import logging
import shutil
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import nn

from studio import preparation
from studio.engine import place, quantize
from studio.engine.place import Form
from studio.files import whole
from studio.plan import GIB

LOG = logging.getLogger(__name__)
# Left on the disk for clips.
SPARE_BYTES = 4 * GIB
PROCESSOR = torch.device("cpu")

# Gives a part without weights.
Builder = Callable[[], nn.Module]


def make(
    build: Builder, origin: Path, folder: Path, form: Form, worker: torch.device
) -> Path | None:
    """Keep what the files in origin hold, if that is worth its room on the disk; gives the folder.

    worker: where it is quantized. It only saves time: where it cannot be written, that is logged.
    """
    size, published = quantize.kept_bytes(build()), preparation.named(origin)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        there = sum(path.stat().st_size for path in folder.iterdir())
        free = shutil.disk_usage(folder).free + there - SPARE_BYTES
        if size >= sum(path.stat().st_size for path in published) or size > free:
            return None
        (folder / preparation.INDEX).unlink(missing_ok=True)
        for file in published:
            add(build, file, folder, form, worker)
        preparation.finish(folder, origin)
    except (OSError, SafetensorError) as error:
        LOG.warning("A prepared expert could not be kept: %s", error)
        return None
    return folder


def add(build: Builder, file: Path, folder: Path, form: Form, worker: torch.device) -> Path:
    """Keep what one published file holds, in a file of its own, which it gives: that is there whole
    or not at all, and stays where it was made of this very file before. worker: as of `make`.

    Raises OSError, SafetensorError.
    """
    made, origin = folder / preparation.name_of(file.name), preparation.print_of_file(file)
    if preparation.made_of(made) == origin:
        return made
    for broken_off in folder.glob("*.partial"):
        broken_off.unlink()
    part = build()
    place.add(part, file, form, (PROCESSOR, worker), {})
    tensors = {
        key: value.contiguous() for key, value in part.state_dict().items() if not value.is_meta
    }
    with whole(made) as partial:
        save_file(tensors, partial, {preparation.ORIGIN: json.dumps(origin)})
    return made
