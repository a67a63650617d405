"""An expert as it runs, kept on disk when it was first made of the published files: the next time
that is all that is read, a seventh of the bytes in 4 bits, and nothing is quantized again.

Knows files and tensors; not which models there are.
"""

import json
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import nn

from studio import preparation
from studio.files import write_whole
from studio.plan import GIB
from studio.preparation import INDEX

LOG = logging.getLogger(__name__)
# No more than this, and a block, is in memory twice while it is written.
SHARD_BYTES = GIB
# Left on the disk for clips.
SPARE_BYTES = 4 * GIB


def keep(part: nn.Module, folder: Path, origin: Path) -> None:
    """Write a part, with every weight where it is, if that is worth its room on the disk.

    It only saves time: where it cannot be written, that is logged.
    """
    tensors = part.state_dict()
    size = sum(tensor.nbytes for tensor in tensors.values())
    original = sum(path.stat().st_size for path in preparation.files(origin))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free - SPARE_BYTES
        if size >= original or size > free:
            return
        (folder / INDEX).unlink(missing_ok=True)
        weight_map: dict[str, str] = {}
        for number, shard in enumerate(_shards(tensors)):
            name = f"prepared-{number:05}.safetensors"
            save_file(
                {key: value.cpu().contiguous() for key, value in shard.items()}, folder / name
            )
            weight_map |= dict.fromkeys(shard, name)
        index = {"metadata": {"origin": preparation.print_of(origin)}, "weight_map": weight_map}
        write_whole(folder / INDEX, json.dumps(index).encode())
    except (OSError, SafetensorError) as error:
        LOG.warning("A prepared expert could not be kept: %s", error)


def _shards(tensors: dict[str, torch.Tensor]) -> Iterator[dict[str, torch.Tensor]]:
    """Whole blocks together: what belongs to a layer must be in one file."""
    shard: dict[str, torch.Tensor] = {}
    size, last = 0, ""
    for key, value in tensors.items():
        block = ".".join(key.split(".")[:2])
        if block != last and size > SHARD_BYTES:
            yield shard
            shard, size = {}, 0
        shard[key] = value
        size, last = size + value.nbytes, block
    yield shard
