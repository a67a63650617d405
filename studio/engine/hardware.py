"""This computer → Hardware. Knows nothing of models, but where they lie."""

import logging
import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import psutil
import torch

from studio import attention
from studio.attention import NATIVE, VARIABLE, Attention
from studio.engine import seams
from studio.paths import places
from studio.plan import GIB, VRAM_RESERVE_GB, Hardware

# A card is done with small matrices before it is warm.
MATRIX_SIDE = {"cuda": 4096, "cpu": 1024}
MATRIX_ROUNDS = 4
# A quarter of a second of a hard disk; solid-state ones are done with it at once.
DISK_BYTES = 32 * 1024**2
PIECE_BYTES = 1024**2
LOG = logging.getLogger(__name__)


def look() -> Hardware:
    """Measure this computer; takes a fraction of a second.

    Raises InvalidRequest where the environment asks for an attention that cannot be used.
    """
    free, total = _graphics_memory()
    common = {
        "vram_total_gb": total / GIB,
        "vram_free_gb": free / GIB,
        "ram_total_gb": psutil.virtual_memory().total / GIB,
        "ram_free_gb": _free_memory() / GIB,
        "page_file_gb": psutil.swap_memory().total / GIB,
        "disk_gb_s": disk_speed(places().models) / GIB,
    }
    if not torch.cuda.is_available():
        return Hardware(
            device=f"CPU, {torch.get_num_threads()} threads",
            bf16=seams.processor_has_bf16(),
            teraflops=_teraflops(torch.float32),
            attention_reason=_attention("", False).reason,
            **common,
        )
    # Older cards emulate it, many times slower.
    bf16 = torch.cuda.is_bf16_supported(including_emulation=False)
    capability = "{}.{}".format(*torch.cuda.get_device_capability())
    chosen = _attention(capability, bf16)
    return Hardware(
        device=torch.cuda.get_device_name(),
        bf16=bf16,
        teraflops=_teraflops(torch.bfloat16 if bf16 else torch.float32),
        capability=capability,
        attention=chosen.name,
        attention_reason=chosen.reason,
        **common,
    )


class Computer:
    """This computer: its speed measured once, its free memory as often as asked."""

    def __init__(self) -> None:
        self._measured = look()

    def now(self) -> Hardware:
        """What a render may use now: what is free, and what this process itself has taken, for it
        can give models back, and plans count the rest of it.

        Torch may then take no more graphics memory than that, less the desktop's share: on Windows
        the driver would otherwise spill into main memory without an error, and everything would
        run ten times slower.
        """
        seen = replace(
            self._measured,
            vram_free_gb=_graphics_memory()[0] / GIB,
            ram_free_gb=_free_memory() / GIB,
        )
        if seen.vram_total_gb:
            share = (seen.vram_free_gb - VRAM_RESERVE_GB) / seen.vram_total_gb
            torch.cuda.set_per_process_memory_fraction(max(share, 0.0))
        return seen


def disk_speed(folder: Path) -> float:
    """Bytes a second that a disk takes in: a file of noise written in order, through to the disk,
    and gone afterwards; 0 where that cannot be written.

    Reading would be what loading a model does, but a file just written is read from main memory,
    and not every system forgets it on request. Disks seldom read slower than they write.
    """
    piece = os.urandom(PIECE_BYTES)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            began = time.perf_counter()
            for _ in range(DISK_BYTES // PIECE_BYTES):
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
            return DISK_BYTES / (time.perf_counter() - began)
    except OSError as error:
        LOG.warning("The disk of %s could not be measured: %s", folder, error)
        return 0.0


def _attention(capability: str, bf16: bool) -> Attention:
    """The best that also gives the right numbers on this card."""
    asked = os.environ.get(VARIABLE)
    chosen = attention.choose(capability, bf16, seams.sage_version(), asked)
    if chosen.name == NATIVE or seams.attention_agrees(chosen.name, device(), torch.bfloat16):
        return chosen
    return Attention(name=NATIVE, reason=f"{chosen.reason} and gives wrong numbers on this card")


def device() -> torch.device:
    """Where sampling runs."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _free_memory() -> int:
    """Bytes of main memory that are free, what this process holds included."""
    return int(psutil.virtual_memory().available + psutil.Process().memory_info().rss)


def _graphics_memory() -> tuple[int, int]:
    """(free, total) bytes of the card; free includes what torch keeps in this process."""
    if not torch.cuda.is_available():
        return 0, 0
    free, total = torch.cuda.mem_get_info()
    return free + torch.cuda.memory_reserved(), total


def _teraflops(dtype: torch.dtype) -> float:
    """The best of a few square matrix products, in 10¹² floating-point operations a second."""
    side = MATRIX_SIDE[device().type]
    matrix = torch.ones(side, side, dtype=dtype, device=device())
    matrix @ matrix
    best = min(_seconds(matrix) for _ in range(MATRIX_ROUNDS))
    return 2 * side**3 / best / 1e12


def _seconds(matrix: torch.Tensor) -> float:
    began = time.perf_counter()
    (matrix @ matrix)[0, 0].item()
    return time.perf_counter() - began
