"""The files of a published model, names and small files as they are, weights a few kilobytes."""

import json
import random
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from studio import preparation, weights
from studio.models import MODELS

SHARDS = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
BIG = "transformer/diffusion_pytorch_model.safetensors"
QUICK = {id: MODELS[id].quick.files for id in ("t2v-a14b", "i2v-a14b")}  # type: ignore[union-attr]
PARTS = {
    "scheduler": ["diffusers", "UniPCMultistepScheduler"],
    "text_encoder": ["transformers", "UMT5EncoderModel"],
    "tokenizer": ["transformers", "T5TokenizerFast"],
    "transformer": ["diffusers", "WanTransformer3DModel"],
    "transformer_2": ["diffusers", "WanTransformer3DModel"],
    "vae": ["diffusers", "AutoencoderKLWan"],
}
INDEX = {"weight_map": {"a": SHARDS[0], "b": SHARDS[1], "c": SHARDS[1]}}
CHUNK = 20_000
# Experts in few bits; on the real hub they are a repository of their own.
PACKED = [
    f"{expert}Noise/Wan2.2-T2V-A14B-{expert}Noise-{kind}"
    for kind in ("Q8_0", "Q4_K_M")
    for expert in ("High", "Low")
]


def noise(name: str, size: int) -> bytes:
    return random.Random(name).randbytes(size)


def files() -> dict[str, bytes]:
    text = {
        "model_index.json": {"_class_name": "WanPipeline", "boundary": 0.875} | PARTS,
        "scheduler/scheduler_config.json": {},
        "tokenizer/tokenizer_config.json": {},
        "text_encoder/config.json": {},
        "text_encoder/model.safetensors.index.json": INDEX,
        "transformer/config.json": {"in_channels": 16},
        "transformer_2/config.json": {"in_channels": 16},
        "vae/config.json": {},
    }
    weights_of = {
        **{f"text_encoder/{name}": noise(name, 30_000) for name in SHARDS},
        BIG: noise("high", 10 * CHUNK),
        BIG.replace("transformer", "transformer_2"): noise("low", 50_000),
        "vae/diffusion_pytorch_model.safetensors": noise("vae", 10_000),
    }
    return {
        **{name: json.dumps(value).encode() for name, value in text.items()},
        "tokenizer/spiece.model": b"words",
        **weights_of,
        **{f"{name}.gguf": noise(name, 20_000) for name in PACKED},
        **{name: noise(name, 5_000) for name in (*QUICK["t2v-a14b"], *QUICK["i2v-a14b"])},
        "README.md": b"art",
        "assets/film.mp4": b"art",
        "text_encoder/pytorch_model.bin": b"pickle",
    }


def lay(folder: Path) -> None:
    """Write them to a folder, as somebody has them who got them with another program."""
    for name, data in files().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def prepare(home: Path, form: str) -> None:
    """Keep its experts in a form as if a render had: something small for each published file."""
    for part in ("transformer", "transformer_2"):
        kept = home / weights.PREPARED / form / part
        kept.mkdir(parents=True)
        for file in preparation.files(home / part):
            save_file({part: np.zeros(4, np.float32)}, kept / preparation.name_of(file.name))
        preparation.finish(kept, home / part)


# What the published way to have T2V-A14B takes of all this.
WANTED = [
    name
    for name in files()
    if ("/" in name and not name.endswith((".mp4", ".bin", ".gguf")))
    or name in ("model_index.json", *QUICK["t2v-a14b"])
]


def target(name: str) -> str:
    """Where a wanted file lies in the model's folder."""
    return f"loras/{name}" if name in QUICK["t2v-a14b"] else name
