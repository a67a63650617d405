"""What the text encoder made of words is kept: the same words do not load it again, other words,
another encoder or another way of keeping it do."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from studio.engine import load, text
from studio.engine.load import Parts
from studio.engine.wan import WanEngine
from studio.engine.watch import Watch
from studio.models import T2V_A14B
from studio.plan import Placement, Precision, Residency
from tests.engine.making import ROOMY, Render, make_shot

SHOT = make_shot()
WATCH = Watch(lambda _: None, lambda: False)


@pytest.fixture
def read(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[text.Text, bool]]:
    """``read(shot)``: its embeddings, and whether the text encoder was loaded for them."""

    def run(
        shot: Any = SHOT, precision: Precision = Precision.FP32, home: Path | None = None
    ) -> tuple[text.Text, bool]:
        way = Placement(precision, Residency.CPU)
        parts = Parts(T2V_A14B, home or models / T2V_A14B.id, way, False)
        loaded: list[str] = []
        get = Parts.get

        def watched(self: Parts, name: str) -> Any:
            loaded.append(name)
            return get(self, name)

        with monkeypatch.context() as patch:
            patch.setattr(Parts, "get", watched)
            found = text.encode(parts, shot, WATCH, tmp_path / "texts")
        return found, load.TEXT_ENCODER in loaded

    return run


def same(one: text.Text, other: text.Text) -> bool:
    return torch.equal(one.prompt, other.prompt) and torch.equal(one.negative, other.negative)


def test_the_same_words_are_read_once_and_kept_to_the_bit(read: Any, tmp_path: Path) -> None:
    first, loaded = read()
    assert loaded
    again, loaded = read(replace(SHOT, seed=99, width=96))
    assert not loaded
    assert same(first, again)
    assert again.prompt.dtype == first.prompt.dtype
    file = next((tmp_path / "texts").iterdir())
    file.write_bytes(file.read_bytes()[:100])
    once_more, loaded = read()
    assert loaded
    assert same(first, once_more)


def test_other_words_and_another_encoder_are_read_anew(
    read: Any, models: Path, tmp_path: Path
) -> None:
    first, _ = read()
    assert read(replace(SHOT, prompt="other words"))[1]
    assert read(replace(SHOT, negative_prompt=""))[1]
    packed, loaded = read(precision=Precision.INT8)
    assert loaded
    assert not same(first, packed)
    home = tmp_path / "moved"
    for name in ("tokenizer", "text_encoder"):
        shutil.copytree(models / T2V_A14B.id / name, home / name, copy_function=shutil.copyfile)
    shutil.copyfile(models / T2V_A14B.id / "model_index.json", home / "model_index.json")
    assert read(home=home)[1]


def test_only_so_much_is_kept(read: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read()
    size = next((tmp_path / "texts").iterdir()).stat().st_size
    monkeypatch.setattr(text, "MOST_BYTES", 2 * size + 100)
    for number in range(4):
        read(replace(SHOT, prompt=f"shot {number}"))
    assert len(list((tmp_path / "texts").iterdir())) <= 2


def test_a_clip_of_known_words_is_the_same(render: Callable[..., Render]) -> None:
    first = render(SHOT, by=WanEngine(ROOMY))
    second = render(SHOT, by=WanEngine(ROOMY), name="second.mp4")
    assert "text" in [event.stage for event in first.progress]
    assert "text" not in [event.stage for event in second.progress]
    np.testing.assert_array_equal(np.stack(first.frames), np.stack(second.frames))
