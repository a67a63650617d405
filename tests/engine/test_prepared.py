"""Experts kept as they run: from then on only those are read, give the same bits, and are never
taken in by what is stale, cut off or another's. Each published file may come and go by itself, and
what was done when a program was killed is not done again."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from benchmarks.weightless import Live
from studio import manifest, preparation, weights
from studio.engine import load, place, prepared, quantize
from studio.engine.load import Parts
from studio.engine.wan import WanEngine
from studio.hub import HubFile
from studio.manifest import Manifest, Released
from studio.models import MODELS, T2V_A14B
from studio.paths import PROJECT
from studio.plan import Placement, Precision, Residency
from tests.engine.making import ROOMY, Render, make_shot
from tests.engine.test_lora import matrices, worn, write
from tests.engine.test_quantize import forward

PRECISIONS = (Precision.BF16, Precision.INT8, Precision.NF4)
SINGLE = "diffusion_pytorch_model.safetensors"
KEPT = f"prepared-{SINGLE}"
ORIGIN = f"transformer/{SINGLE}"
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
    real = place._opened

    def watched(file: Path, *others: Any) -> Any:
        seen.append(file.name)
        return real(file, *others)

    monkeypatch.setattr(place, "_opened", watched)
    return seen


@pytest.fixture
def shards(home: Path) -> list[Path]:
    """The high-noise expert's files as the published ones are: many, named by an index."""
    expert = parts(home, Precision.FP32, None).get(load.HIGH)
    (home / ORIGIN).unlink()
    expert.save_pretrained(home / load.HIGH, max_shard_size="60KB")
    found = sorted((home / load.HIGH).glob("*.safetensors"))
    assert len(found) > 4
    return found


def parts(
    home: Path, precision: Precision, kept: Path | None, residency: Any = Residency.CPU
) -> Parts:
    return Parts(T2V_A14B, home, Placement(precision, residency), False, kept)


def builder(home: Path, precision: Precision) -> tuple[prepared.Builder, place.Form]:
    form = load.expert_form(precision, bf16=False)
    return partial(load.empty, home / load.HIGH, form), form


def come_and_go(home: Path, shards: list[Path], folder: Path, precision: Precision) -> None:
    """Make each file's own, note that it goes, and let it go; those that are gone are done."""
    build, form = builder(home, precision)
    for file in shards:
        if not file.exists():
            continue
        prepared.add(build, file, folder, form, load.PROCESSOR)
        target = f"{load.HIGH}/{file.name}"
        size, changed = file.stat().st_size, file.stat().st_mtime_ns
        known = manifest.read(home) or Manifest(bundle="full", files={})
        gone = known.released.changed if known.released else {}
        one = HubFile(repository="a/b", commit="c", path=target, bytes=size, digest="d")
        released = Released(changed={**gone, target: changed}, kept={})
        manifest.note(home, replace(known, files={**known.files, target: one}, released=released))
        file.unlink()
    preparation.finish(folder, home / load.HIGH)


def same(one: nn.Module, other: nn.Module, precision: Precision) -> None:
    for its, others in zip(tensors(one), tensors(other), strict=True):
        assert its.dtype == others.dtype
        assert torch.equal(its, others)
    dtype = torch.bfloat16 if precision is Precision.BF16 else torch.float32
    assert torch.equal(forward(one, dtype), forward(other, dtype))


def tensors(expert: nn.Module) -> list[torch.Tensor]:
    return [place.get() for module in expert.modules() for place in quantize.places(module)]


@pytest.mark.parametrize("precision", PRECISIONS)
def test_it_is_made_once_and_from_then_on_read_and_gives_the_same_bits(
    precision: Precision, home: Path, tmp_path: Path, opened: list[str]
) -> None:
    kept = tmp_path / "kept"
    first = parts(home, precision, None).get(load.HIGH)
    assert opened == [SINGLE]
    opened.clear()
    second = parts(home, precision, kept).get(load.HIGH)
    assert opened == [SINGLE, KEPT]
    opened.clear()
    third = parts(home, precision, kept).get(load.HIGH)
    assert opened == [KEPT]
    same(first, second, precision)
    same(first, third, precision)
    written = sum(path.stat().st_size for path in kept.rglob("*.safetensors"))
    assert written < 0.75 * (home / ORIGIN).stat().st_size


@pytest.mark.parametrize("precision", PRECISIONS)
def test_files_that_come_and_go_one_by_one_make_the_same(
    precision: Precision, home: Path, shards: list[Path], tmp_path: Path
) -> None:
    wanted = parts(home, precision, None).get(load.HIGH)
    kept, form = tmp_path / "kept", load.expert_form(precision, bf16=False)
    folder = kept / form.name / load.HIGH
    come_and_go(home, shards, folder, precision)
    assert not any(file.exists() for file in shards)
    assert sorted(path.name for path in folder.glob("*.safetensors")) == [
        preparation.name_of(file.name) for file in shards
    ]
    same(parts(home, precision, kept).get(load.HIGH), wanted, precision)


def test_no_more_than_one_file_is_in_memory(home: Path, shards: list[Path], tmp_path: Path) -> None:
    build, form = builder(home, Precision.NF4)
    result, largest = quantize.kept_bytes(build()), max(path.stat().st_size for path in shards)
    for file in shards:
        # What is empty takes no memory, but would be counted.
        ready = build()
        with Live(*ready.parameters(), *ready.buffers()) as live:
            prepared.add(lambda: ready, file, tmp_path, form, load.PROCESSOR)  # noqa: B023
        assert 0 < live.peak <= 1.5 * largest + result


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_kill_costs_no_more_than_the_file_at_work(
    home: Path, shards: list[Path], tmp_path: Path
) -> None:
    folder = tmp_path / "kept" / "nf4-float32" / load.HIGH
    program = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from studio.engine import prepared\n"
        "from tests.engine.test_prepared import come_and_go\n"
        "from studio.plan import Precision\n"
        "real, calls = prepared.save_file, []\n"
        "def half(tensors, path, *others):\n"
        "    calls.append(path)\n"
        "    real(tensors, path, *others)\n"
        "    if len(calls) == 3:\n"
        "        path.write_bytes(path.read_bytes()[:-100])\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "prepared.save_file = half\n"
        "home, folder, *shards = map(Path, sys.argv[1:])\n"
        "come_and_go(home, shards, folder, Precision.NF4)\n"
    )
    wanted = parts(home, Precision.NF4, None).get(load.HIGH)
    env = {**os.environ, "PYTHONPATH": str(PROJECT)}
    run = subprocess.run(
        [sys.executable, "-c", program, home, folder, *shards], env=env, check=False
    )
    assert run.returncode == -signal.SIGKILL
    assert [file.exists() for file in shards[:3]] == [False, False, True]
    names = [preparation.name_of(file.name) for file in shards]
    assert [path.name for path in sorted(folder.glob("*.safetensors"))] == names[:2]
    assert preparation.find(folder, home / load.HIGH) is None
    before = [(folder / name).stat().st_mtime_ns for name in names[:2]]
    assert len(list(folder.glob("*.partial"))) == 1
    come_and_go(home, shards, folder, Precision.NF4)
    assert [(folder / name).stat().st_mtime_ns for name in names[:2]] == before
    assert {path.name for path in folder.iterdir()} == {*names, preparation.INDEX}
    same(parts(home, Precision.NF4, tmp_path / "kept").get(load.HIGH), wanted, Precision.NF4)


def test_it_serves_a_part_that_comes_from_disk_at_every_call(
    home: Path, tmp_path: Path, opened: list[str]
) -> None:
    wanted = forward(parts(home, Precision.NF4, tmp_path / "other").get(load.HIGH))
    opened.clear()
    waiting = parts(home, Precision.NF4, tmp_path / "kept", Residency.DISK)
    for _ in range(2):
        with waiting.placed(load.HIGH):
            assert torch.equal(forward(waiting.get(load.HIGH)), wanted)
    assert opened == [SINGLE, KEPT, KEPT]


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
    # Without an index what was made of this very file is still good.
    made_anew = damage in ("cut", "gone", "another original")
    assert opened == ([SINGLE, KEPT] if made_anew else [KEPT])
    wanted = parts(home, Precision.NF4, tmp_path / "fresh").get(load.HIGH)
    assert torch.equal(forward(again), forward(wanted))
    opened.clear()
    parts(home, Precision.NF4, kept).get(load.HIGH)
    assert opened == [KEPT]


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
    assert opened == [SINGLE]
    given.wear([])
    assert torch.equal(forward(given.get(load.HIGH)), forward(plain))
    assert not torch.equal(with_it, forward(plain))


def test_a_full_disk_costs_only_time(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opened: list[str]
) -> None:
    monkeypatch.setattr(prepared, "SPARE_BYTES", 1 << 60)
    for _ in range(2):
        parts(home, Precision.NF4, tmp_path / "kept").get(load.HIGH)
    assert opened == [SINGLE] * 2
    assert not list((tmp_path / "kept").rglob("*.safetensors"))


def test_a_clip_is_the_same_with_it_and_it_goes_with_the_model(
    home: Path, task: Callable[..., Any], opened: list[str], render: Callable[..., Render]
) -> None:
    def frames(name: str) -> np.ndarray:
        here = replace(task(make_shot(frames=5, steps=3), name=name), models=home.parent)
        WanEngine(TIGHT).render(here, lambda _: None, lambda: False)
        return np.frombuffer(here.output.with_suffix(".webp").read_bytes(), np.uint8)

    first = frames("first.mp4")
    opened.clear()
    second = frames("second.mp4")
    assert np.array_equal(first, second)
    assert opened.count(KEPT) == 2
    assert (home / weights.PREPARED).is_dir()
    weights.remove(MODELS[home.name], home.parent)
    assert not home.exists()
