"""Experts out of GGUF files of tiny models: what is loaded is what the file says, in every
precision, and a clip can be made with it."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from studio import mp4, repository, weights
from studio.engine import load, seams
from studio.engine.load import Parts
from studio.engine.wan import WanEngine
from studio.errors import ModelMissing
from studio.events import Task
from studio.models import MODELS
from studio.paths import places
from studio.plan import Placement, Precision, Residency
from tests.engine.making import ROOMY, Render, make_shot
from tests.engine.test_quantize import EXPERT_ERROR, error, forward

Q8, Q4 = gguf.GGMLQuantizationType.Q8_0, gguf.GGMLQuantizationType.Q4_0
# Of a whole expert, beside its own numbers: 8 bits and a scale for 32 weights, or 4.
GGUF_ERROR = {Q8: 0.004, Q4: 0.06}
# diffusers' names → the original ones, in which GGUF files are written.
ORIGINAL = [
    ("condition_embedder.time_embedder.linear_1", "time_embedding.0"),
    ("condition_embedder.time_embedder.linear_2", "time_embedding.2"),
    ("condition_embedder.text_embedder.linear_1", "text_embedding.0"),
    ("condition_embedder.text_embedder.linear_2", "text_embedding.2"),
    ("condition_embedder.time_proj", "time_projection.1"),
    ("attn1", "self_attn"),
    ("attn2", "cross_attn"),
    (".to_out.0.", ".o."),
    (".to_q.", ".q."),
    (".to_k.", ".k."),
    (".to_v.", ".v."),
    ("proj_out", "head.head"),
    ("ffn.net.0.proj", "ffn.0"),
    ("ffn.net.2", "ffn.2"),
    ("norm2", "norm__"),
    ("norm3", "norm2"),
    ("norm__", "norm3"),
]


def original(name: str) -> str:
    for ours, theirs in ORIGINAL:
        name = name.replace(ours, theirs)
    if name == "scale_shift_table":
        return "head.modulation"
    return name.replace("scale_shift_table", "modulation")


def write(target: Path, weights_of: dict[str, torch.Tensor], kind: Any) -> None:
    """As the converters write them: matrices in few bits, everything else in fp32."""
    writer = gguf.GGUFWriter(target, "wan")
    for name, tensor in weights_of.items():
        data = tensor.float().numpy()
        if data.ndim == 2 and "blocks." in name and data.shape[1] % 32 == 0:
            packed = gguf.quants.quantize(data, kind)
            writer.add_tensor(original(name), packed, raw_dtype=kind)
        else:
            # No more than four dimensions are told of a tensor.
            writer.add_tensor(
                original(name),
                data.reshape(data.shape[-4:])
                if data.ndim < 5
                else data.reshape(-1, *data.shape[2:]),
            )
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@pytest.fixture
def packed(models: Path, tmp_path: Path) -> Callable[..., Path]:
    """``packed("t2v-a14b", Q8)``: a models folder with its experts in GGUF files."""

    def make(model: str, kind: Any) -> Path:
        home = tmp_path / "models" / model
        shutil.copytree(models / model, home)
        for part in ("transformer", "transformer_2"):
            for path in (home / part).glob("*.safetensors"):
                write(home / part / f"Wan2.2-{part}.gguf", load_file(path), kind)
                path.unlink()
        return tmp_path / "models"

    return make


def expert(models: Path, model: str, precision: Precision = Precision.FP32) -> nn.Module:
    way = Placement(precision, Residency.CPU)
    part: nn.Module = Parts(MODELS[model], models / model, way, bf16=False).get(load.HIGH)
    return part


@pytest.mark.parametrize("model", ["t2v-a14b", "i2v-a14b", "ti2v-5b"])
def test_every_name_finds_its_way_back(model: str, models: Path) -> None:
    names = [name for name, _ in expert(models, model).named_parameters()]
    assert seams.original_names(map(original, names)) == {original(name): name for name in names}


@pytest.mark.parametrize("kind", list(GGUF_ERROR), ids=lambda kind: kind.name)
def test_an_expert_is_what_its_file_says(
    kind: Any, models: Path, packed: Callable[..., Path]
) -> None:
    plain, found = expert(models, "t2v-a14b"), expert(packed("t2v-a14b", kind), "t2v-a14b")
    layer = "blocks.1.ffn.net.0.proj.weight"
    wanted = gguf.quants.quantize(plain.get_parameter(layer).detach().numpy(), kind)
    numbers = gguf.quants.dequantize(wanted, kind)
    assert np.allclose(found.get_parameter(layer).numpy(), numbers, atol=1e-3)
    for name in ("patch_embedding.weight", "proj_out.bias", "blocks.0.scale_shift_table"):
        assert torch.equal(found.get_parameter(name), plain.get_parameter(name))
    assert 0 < error(forward(found), forward(plain)) < GGUF_ERROR[kind]


@pytest.mark.parametrize("precision", list(EXPERT_ERROR))
def test_it_is_kept_in_any_precision(
    precision: Precision, models: Path, packed: Callable[..., Path]
) -> None:
    found = expert(packed("t2v-a14b", Q8), "t2v-a14b", precision)
    off = error(forward(found), forward(expert(models, "t2v-a14b")))
    assert off < GGUF_ERROR[Q8] + EXPERT_ERROR[precision]


def test_a_clip_is_made_with_it(
    packed: Callable[..., Path], task: Callable[..., Task], render: Callable[..., Render]
) -> None:
    shot = make_shot("t2v-a14b", frames=5, steps=4)
    wanted = np.stack(render(shot).frames).astype(float)
    here = replace(task(shot, name="packed.mp4"), models=packed("t2v-a14b", Q8))
    WanEngine(ROOMY).render(here, lambda _: None, lambda: False)
    found = np.stack(list(mp4.frames(here.output))).astype(float)
    assert np.abs(found - wanted).mean() < 0.2 * wanted.std()


def test_a_damaged_file_says_so(packed: Callable[..., Path]) -> None:
    models = packed("t2v-a14b", Q8)
    file = next((models / "t2v-a14b" / "transformer").glob("*.gguf"))
    whole = file.read_bytes()
    for rest in (whole[:200], whole[: len(whole) // 2], b"not one"):
        file.write_bytes(rest)
        with pytest.raises(ModelMissing, match="not whole"):
            expert(models, "t2v-a14b")


def test_it_is_a_whole_model_on_disk(packed: Callable[..., Path]) -> None:
    home = packed("t2v-a14b", Q8) / "t2v-a14b"
    assert list(repository.missing(home)) == []
    assert weights.borrow(MODELS["t2v-a14b"], places().models, home).installed
    next((home / "transformer_2").glob("*.gguf")).unlink()
    assert [name.partition("/")[0] for name in repository.missing(home)] == ["transformer_2"]
    assert json.loads((home / "model_index.json").read_text(encoding="utf-8"))
