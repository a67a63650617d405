"""Experts kept as they run: the next load reads only those, gives the same bits, and is never taken
in by what is stale, cut off or another's."""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from studio import weights
from studio.engine import load, prepared, quantize
from studio.engine.load import Parts
from studio.engine.wan import WanEngine
from studio.models import MODELS, T2V_A14B
from studio.plan import Placement, Precision, Residency
from tests.engine.making import ROOMY, Render, make_shot
from tests.engine.test_lora import matrices, worn, write
from tests.engine.test_quantize import forward

PRECISIONS = (Precision.BF16, Precision.INT8, Precision.NF4)
ORIGIN = "transformer/diffusion_pytorch_model.safetensors"
# Plans for the published sizes: INT8 is the best that fits.
TIGHT = replace(ROOMY, ram_total_gb=60.0, ram_free_gb=60.0, bf16=True)


@pytest.fixture
def home(models: Path, tmp_path: Path) -> Path:
    """A copy of the tiny T2V-A14B."""
    made = tmp_path / "models" / T2V_A14B.id
    others = shutil.ignore_patterns(weights.PREPARED)
    shutil.copytree(models / T2V_A14B.id, made, ignore=others)
    return made


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The weight files that are placed from, as they are opened."""
    seen: list[str] = []
    real = load._opened

    def watched(shard: Path, *others: Any) -> Any:
        seen.append(shard.name)
        return real(shard, *others)

    monkeypatch.setattr(load, "_opened", watched)
    return seen


def parts(home: Path, precision: Precision, kept: Path, residency: Any = Residency.CPU) -> Parts:
    return Parts(T2V_A14B, home, Placement(precision, residency), False, kept)


def tensors(expert: nn.Module) -> list[torch.Tensor]:
    return [place.get() for module in expert.modules() for place in quantize.places(module)]


@pytest.mark.parametrize("precision", PRECISIONS)
def test_the_second_load_reads_only_what_was_kept_and_gives_the_same_bits(
    precision: Precision, home: Path, tmp_path: Path, opened: list[str]
) -> None:
    kept = tmp_path / "kept"
    first = parts(home, precision, kept).get(load.HIGH)
    assert opened == ["diffusion_pytorch_model.safetensors"]
    opened.clear()
    second = parts(home, precision, kept).get(load.HIGH)
    assert opened == ["prepared-00000.safetensors"]
    for one, other in zip(tensors(first), tensors(second), strict=True):
        assert one.dtype == other.dtype
        assert torch.equal(one, other)
    dtype = torch.bfloat16 if precision is Precision.BF16 else torch.float32
    assert torch.equal(forward(first, dtype), forward(second, dtype))
    written = sum(path.stat().st_size for path in kept.rglob("*.safetensors"))
    assert written < 0.75 * (home / ORIGIN).stat().st_size


def test_blocks_are_not_torn_apart_by_the_files(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opened: list[str]
) -> None:
    monkeypatch.setattr(prepared, "SHARD_BYTES", 1000)
    first = parts(home, Precision.NF4, tmp_path / "kept").get(load.HIGH)
    opened.clear()
    second = parts(home, Precision.NF4, tmp_path / "kept").get(load.HIGH)
    assert len(opened) > 2
    assert torch.equal(forward(first), forward(second))


def test_it_serves_a_part_that_comes_from_disk_at_every_call(
    home: Path, tmp_path: Path, opened: list[str]
) -> None:
    wanted = forward(parts(home, Precision.NF4, tmp_path / "other").get(load.HIGH))
    opened.clear()
    waiting = parts(home, Precision.NF4, tmp_path / "kept", Residency.DISK)
    for _ in range(2):
        with waiting.placed(load.HIGH):
            assert torch.equal(forward(waiting.get(load.HIGH)), wanted)
    assert opened == ["diffusion_pytorch_model.safetensors", "prepared-00000.safetensors"]


@pytest.mark.parametrize("damage", ["cut", "gone", "no index", "half an index", "another original"])
def test_what_is_not_whole_or_not_of_this_original_is_made_again(
    damage: str, home: Path, tmp_path: Path, opened: list[str]
) -> None:
    kept = tmp_path / "kept"
    parts(home, Precision.NF4, kept).get(load.HIGH)
    shard, index = next(kept.rglob("*.safetensors")), next(kept.rglob("*.index.json"))
    match damage:
        case "cut":
            shard.write_bytes(shard.read_bytes()[:-100])
        case "gone":
            shard.unlink()
        case "no index":
            index.unlink()
        case "half an index":
            index.write_bytes(index.read_bytes()[:50])
        case "another original":
            changed = {key: value * 2 for key, value in load_file(home / ORIGIN).items()}
            save_file(changed, home / ORIGIN)
            os.utime(home / ORIGIN, ns=(1, 1))
    opened.clear()
    again = parts(home, Precision.NF4, kept).get(load.HIGH)
    assert opened == ["diffusion_pytorch_model.safetensors"]
    wanted = parts(home, Precision.NF4, tmp_path / "fresh").get(load.HIGH)
    assert torch.equal(forward(again), forward(wanted))
    opened.clear()
    parts(home, Precision.NF4, kept).get(load.HIGH)
    assert opened == ["prepared-00000.safetensors"]


def test_a_lora_is_added_to_the_original_and_never_kept(
    home: Path, tmp_path: Path, opened: list[str]
) -> None:
    kept = tmp_path / "kept"
    plain = parts(home, Precision.NF4, kept).get(load.HIGH)
    made = write(
        tmp_path / "a.safetensors",
        matrices(parts(home, Precision.FP32, kept).get(load.HIGH)),
        "original",
    )
    opened.clear()
    given = parts(home, Precision.NF4, kept)
    given.wear([worn(made)])
    with_it = forward(given.get(load.HIGH))
    assert opened == ["diffusion_pytorch_model.safetensors"]
    given.wear([])
    assert torch.equal(forward(given.get(load.HIGH)), forward(plain))
    assert not torch.equal(with_it, forward(plain))


def test_a_full_disk_costs_only_time(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opened: list[str]
) -> None:
    monkeypatch.setattr(prepared, "SPARE_BYTES", 1 << 60)
    for _ in range(2):
        parts(home, Precision.NF4, tmp_path / "kept").get(load.HIGH)
    assert opened == ["diffusion_pytorch_model.safetensors"] * 2
    assert not list((tmp_path / "kept").rglob("*.safetensors"))


def test_a_clip_is_the_same_with_it_and_it_goes_with_the_model(
    home: Path, task: Callable[..., Any], opened: list[str], render: Callable[..., Render]
) -> None:
    def frames(name: str) -> np.ndarray:
        here = replace(task(make_shot(frames=5, steps=3), name=name), models=home.parent)
        WanEngine(TIGHT).render(here, lambda _: None, lambda: False)
        return np.frombuffer(here.output.with_suffix(".webp").read_bytes(), np.uint8)

    first = frames("first.mp4")
    assert not [name for name in opened if name.startswith("prepared")]
    opened.clear()
    second = frames("second.mp4")
    assert np.array_equal(first, second)
    assert [name for name in opened if name.startswith("prepared")]
    assert (home / weights.PREPARED).is_dir()
    weights.remove(MODELS[home.name], home.parent)
    assert not home.exists()
