"""The whole training with two steps a stage: the model it writes is one that pipelines run."""

import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from studio.engine.load import HIGH, LOW, TEXT_ENCODER, VAE, Parts
from studio.models import POCKET
from studio.plan import Placement, Precision, Residency
from training import experts, text, vae
from training.efforts import EFFORTS
from training.quality import Model
from training.run import OutOfTime, Run
from training.train import LARGEST_MB, train

FOREVER = 1e6
FILE, TEXT_FILE = "diffusion_pytorch_model.safetensors", "model.safetensors"


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """The same sums in the same order, and no waiting for other processes' cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def at_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("at once")
    return train(Run(folder, "cpu", time.monotonic() + FOREVER), EFFORTS["smoke"])


def test_the_model_is_small_enough_and_has_a_card(at_once: Path) -> None:
    size = sum(path.stat().st_size for path in at_once.rglob("*") if path.is_file())
    assert size / 1e6 <= LARGEST_MB
    assert "not the picture quality" in (at_once / "README.md").read_text(encoding="utf-8")


def test_stock_pipelines_make_clips_from_text_and_from_a_picture(at_once: Path) -> None:
    model = Model(at_once)
    clip = model.clips(["a red ball over the sea"], [1], steps=2)[0]
    assert clip.shape == (POCKET.frames, 64, 96, 3)
    picture = np.full((64, 96, 3), 128, np.uint8)
    assert model.continued("a red ball", picture, seed=1, steps=2).shape == clip.shape


def test_the_studio_loads_every_part(at_once: Path) -> None:
    parts = Parts(POCKET, at_once, Placement(Precision.FP32, Residency.CPU), bf16=False)
    assert parts.get(HIGH).config.in_channels == parts.get(VAE).config.z_dim
    assert parts.get(LOW) is not parts.get(HIGH)
    assert parts.get(TEXT_ENCODER).config.d_model == parts.get(HIGH).config.text_dim
    assert parts.get(VAE).config.latents_std != [1.0] * parts.get(VAE).config.z_dim


def test_many_stretches_end_where_one_does(at_once: Path, tmp_path: Path) -> None:
    stretches = 0
    while True:
        try:
            train(Run(tmp_path, "cpu", until=0.0), EFFORTS["smoke"])
            break
        except OutOfTime:
            stretches += 1
    assert stretches > 5
    same_experts(at_once.parent, tmp_path)


def test_experts_side_by_side_are_those_of_one_process(at_once: Path, tmp_path: Path) -> None:
    for kept in at_once.parent.glob("*.safetensors"):
        if not kept.stem.startswith(experts.SIDES):
            shutil.copy(kept, tmp_path)
    run = Run(tmp_path, "cpu", time.monotonic() + FOREVER)
    experts.train(run, replace(EFFORTS["smoke"], side_by_side=True), minutes=1)
    same_experts(at_once.parent, tmp_path)


def same_experts(first: Path, second: Path) -> None:
    for side in experts.SIDES:
        once, _ = Run(first, "cpu", 0.0).load(f"{side}-done")
        again, _ = Run(second, "cpu", 0.0).load(f"{side}-done")
        assert once.keys() == again.keys()
        for name, value in once.items():
            torch.testing.assert_close(again[name], value, rtol=1e-3, atol=1e-4)


def test_a_finished_model_learns_on(at_once: Path, tmp_path: Path) -> None:
    run = Run(tmp_path, "cpu", time.monotonic() + FOREVER)
    vae.take(run, at_once, learns_on=False)
    text.take(run, at_once, learns_on=True)
    experts.take(run, at_once)
    again = train(run, EFFORTS["smoke"])
    for part in ("vae", "transformer", "transformer_2"):
        before, after = (load_file(model / part / FILE) for model in (at_once, again))
        learned = [name for name in before if not torch.equal(before[name], after[name])]
        assert learned
        for name in learned:
            # The latents that the experts know are the encoder's.
            assert not name.startswith(("encoder.", "quant_conv."))
            torch.testing.assert_close(after[name], before[name], rtol=0, atol=0.02)
    before, after = (load_file(model / "text_encoder" / TEXT_FILE) for model in (at_once, again))
    assert any(not torch.equal(before[name], after[name]) for name in before)


def test_a_finished_vae_learns_on(at_once: Path, tmp_path: Path) -> None:
    run = Run(tmp_path, "cpu", time.monotonic() + FOREVER)
    vae.take(run, at_once, learns_on=True)
    after = vae.train(run, EFFORTS["smoke"], 1.0).state_dict()
    before = load_file(at_once / "vae" / FILE)
    for half in ("encoder", "decoder"):
        names = [name for name in before if name.startswith(half)]
        assert any(not torch.equal(after[name], before[name].float()) for name in names)
        for name in names:
            torch.testing.assert_close(after[name], before[name].float(), rtol=0, atol=0.05)


def test_a_text_encoder_may_stay_as_it_is(at_once: Path, tmp_path: Path) -> None:
    run = Run(tmp_path, "cpu", time.monotonic() + FOREVER)
    text.take(run, at_once, learns_on=False)
    text.train(run, EFFORTS["smoke"], 1.0)
    kept, _ = Run(at_once.parent, "cpu", 0.0).load("words-done")
    for name, value in text.trained(run).named_parameters():
        torch.testing.assert_close(value, kept[f"text.{name}"], rtol=1e-2, atol=1e-3)
