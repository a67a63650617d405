"""What the headers say, and what is thrown away first."""

import json
import os
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from studio import latents


def a_file(path: Path, about: object, numbers: int = 10) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({"latents": np.zeros(numbers, np.float32)}, path, {"about": json.dumps(about)})
    return path


def test_the_steps_of_a_checkpoint(tmp_path: Path) -> None:
    assert latents.steps_done(tmp_path / "none.safetensors") is None
    assert latents.steps_done(a_file(tmp_path / "a.safetensors", {"step": 7})) == 7
    assert latents.steps_done(a_file(tmp_path / "b.safetensors", {})) is None
    cut = a_file(tmp_path / "c.safetensors", {"step": 7})
    cut.write_bytes(cut.read_bytes()[:30])
    assert latents.steps_done(cut) is None


def test_only_the_decoding_is_left_where_no_solver_is(tmp_path: Path) -> None:
    assert latents.is_sampled(a_file(tmp_path / "a.safetensors", {"step": 7, "solver": None}))
    assert not latents.is_sampled(a_file(tmp_path / "b.safetensors", {"step": 7, "solver": {}}))
    assert not latents.is_sampled(tmp_path / "none.safetensors")


def test_tidy_removes_what_nobody_wants_and_then_the_oldest(tmp_path: Path) -> None:
    for age, name in enumerate("abcd"):
        file = a_file(tmp_path / f"{name}.safetensors", {}, 1000)
        os.utime(file, (1_000_000 - age, 1_000_000 - age))
    size = file.stat().st_size
    latents.tidy(tmp_path, {"a", "b", "c"}, most_bytes=2 * size)
    assert sorted(path.stem for path in tmp_path.iterdir()) == ["a", "b"]
    a_file(tmp_path / "unwanted.safetensors", {}, 1000)
    latents.tidy(tmp_path, {"a", "b"}, most_bytes=2 * size)
    assert sorted(path.stem for path in tmp_path.iterdir()) == ["a", "b"]
    latents.tidy(tmp_path / "nothing", {"a"})
