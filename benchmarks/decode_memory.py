"""Memory that decoding takes, by the clip's length: python benchmarks/decode_memory.py [--real]

Latents of 17, 65 and 129 frames, each decoded in a process of its own into a film: by the studio's
way, latent frame by latent frame into the encoder, and, to compare, by the VAE's own, which holds
all frames at once. What is told is how much the process grew over what it held before.

On the built-in model at its full size; with --real, a VAE of the true Wan2.1 configuration with
random weights at 104×64 (eight minutes of two cores). Exit status 1 where the studio's way grows
with the length.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from time import sleep

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import psutil
import torch
from diffusers import AutoencoderKLWan

from studio import mp4
from studio.engine import decode, load
from studio.engine.load import Parts
from studio.engine.watch import Watch
from studio.models import POCKET
from studio.plan import Placement, Precision, Residency
from studio.weights import BUNDLED

FRAMES = (17, 65, 129)
OURS, THEIRS = "frame by frame", "all at once"
MB = 1024**2
# What 48 latent frames more may add: their latents themselves, and the noise of the allocator.
SLACK = 1.25
LOOK_EVERY_SECONDS = 0.005
# Told to glibc: give large pieces back as soon as they are freed, so that what is counted lives.
FREED_AT_ONCE = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--real", action="store_true", help="a VAE of Wan2.1's own size")
    parser.add_argument("--one", nargs=2, metavar=("WAY", "FRAMES"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(measured(asked.real, asked.one[0], int(asked.one[1]))))
        return 0
    rows = {way: [_apart(asked.real, way, frames) for frames in FRAMES] for way in (OURS, THEIRS)}
    print(f"{'frames':16}", *(f"{frames:>8}" for frames in FRAMES))
    for way, grown in rows.items():
        print(f"{way:16}", *(f"{mb:5.0f} MB" for mb in grown))
    print(json.dumps({"benchmark": "decode_memory", "real": asked.real, "mb": rows}))
    return 0 if rows[OURS][-1] <= SLACK * rows[OURS][0] else 1


def _apart(real: bool, way: str, frames: int) -> float:
    command = [sys.executable, __file__, "--one", way, str(frames)]
    told = subprocess.run(
        [*command, *(["--real"] if real else [])],
        env=os.environ | FREED_AT_ONCE,
        stdout=subprocess.PIPE,
        check=True,
    )
    return float(json.loads(told.stdout.splitlines()[-1]))


@torch.no_grad()
def measured(real: bool, way: str, frames: int) -> float:
    """Megabytes that this process grows by while it makes the film."""
    vae = _true_vae() if real else _pocket_vae()
    height, width = (8, 13) if real else (16, 24)
    shape = (1, vae.config.z_dim, (frames - 1) // 4 + 1, height, width)
    latents = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    watch = Watch(lambda _: None, lambda: False)
    list(decode.frames(vae, latents[:, :, :2], watch))  # what only the first decode ever takes
    before = _held()
    peak = [before]
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            peak[0] = max(peak[0], _held())
            sleep(LOOK_EVERY_SECONDS)

    looking = threading.Thread(target=look)
    looking.start()
    space = vae.config.scale_factor_spatial
    frames_of = decode.frames(vae, latents, watch) if way == OURS else _whole(vae, latents)
    with (
        tempfile.TemporaryDirectory() as folder,
        mp4.Writer(Path(folder) / "a.mp4", width * space, height * space, 16) as film,
    ):
        for frame in frames_of:
            film.add(frame)
        film.tell({"benchmark": "decode_memory"})
    done.set()
    looking.join()
    return (peak[0] - before) / MB


def _whole(vae: AutoencoderKLWan, latents: torch.Tensor) -> Iterator[np.ndarray]:
    pixels = vae.decode(latents).sample
    for number in range(pixels.shape[2]):
        yield from decode._to_bytes(pixels[:, :, number : number + 1])


def _held() -> int:
    return int(psutil.Process().memory_info().rss)


def _pocket_vae() -> AutoencoderKLWan:
    way = Placement(Precision.FP32, Residency.CPU)
    return Parts(POCKET, BUNDLED / POCKET.id, way, bf16=False).get(load.VAE)


def _true_vae() -> AutoencoderKLWan:
    torch.manual_seed(1)
    return AutoencoderKLWan().eval()  # its defaults are Wan2.1's


if __name__ == "__main__":
    raise SystemExit(main())
