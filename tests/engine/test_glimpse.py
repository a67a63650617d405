"""A moving picture of what is being made, from latents alone."""

import io
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from studio.engine import colours, decode, glimpse, load, miniature
from studio.engine.glimpse import Glimpses
from studio.engine.load import Parts
from studio.engine.taehv import TinyDecoder
from studio.engine.watch import Watch
from studio.errors import ModelMissing
from studio.events import Progress
from studio.models import MODELS, POCKET
from studio.plan import Placement, Precision, Residency
from studio.weights import BUNDLED
from tests.engine.making import Render, make_shot

WATCH = Watch(lambda _: None, lambda: False)
FP32 = Placement(Precision.FP32, Residency.CPU)


def grey(latents: torch.Tensor) -> np.ndarray:
    return np.full((latents.shape[2], 4, 6, 3), 128, np.uint8)


def test_the_map_sees_the_colours_of_what_the_vae_encoded() -> None:
    """On the built-in model, against one grey for everything: most of the colour is there, of the
    first frame and of the later ones."""
    vae = Parts(POCKET, BUNDLED / POCKET.id, FP32, False)
    vae = vae.get(load.VAE)
    fitted = colours.fit(vae)
    assert fitted.shape == (2, POCKET.latent_channels + 1, 3)
    film = colours._drifting(np.random.default_rng(99), 48)
    seen = colours.coloured(decode.latents_of(vae, film, WATCH), fitted) / 255
    wanted = [
        colours._means(part, 8).reshape(6, 6, 3).numpy() for part in (film[:1], film[1:5], film[5:])
    ]
    error = np.mean((seen - np.stack(wanted)) ** 2)
    assert error < 0.25 * np.var(np.stack(wanted))


def test_a_glimpse_is_a_small_looping_picture() -> None:
    frames = np.random.default_rng(1).integers(0, 256, (3, 4, 6, 3), dtype=np.uint8)
    with Image.open(io.BytesIO(glimpse.animated(frames, fps=16))) as picture:
        assert picture.size == (96, 64)
        assert picture.n_frames == 3
        assert picture.info["loop"] == 0


def test_glimpses_take_a_small_part_of_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [100.0]
    monkeypatch.setattr(glimpse.time, "monotonic", lambda: clock[0])
    write = glimpse.write_whole

    def slowly(path: Path, data: bytes, lasting: bool) -> None:
        clock[0] += 0.3
        write(path, data, lasting)

    monkeypatch.setattr(glimpse, "write_whole", slowly)
    glimpses = Glimpses(tmp_path, "a", grey, fps=8)
    shown = []
    for step in range(1, 31):
        clock[0] += 1.0
        shown.append(glimpses.show(step, torch.rand(1, 4, 2, 4, 6)))
    assert [step for step, path in enumerate(shown, 1) if path] == [1, 10, 20, 30]
    assert shown[0] == tmp_path / "a-1.webp"


def test_a_glimpse_that_cannot_be_written_harms_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(glimpse, "write_whole", full)
    assert Glimpses(tmp_path, "a", grey, 8).show(1, torch.rand(1, 4, 1, 4, 4)) is None


def test_a_painter_that_runs_out_of_memory_harms_nothing(tmp_path: Path) -> None:
    def full(_: torch.Tensor) -> np.ndarray:
        raise torch.OutOfMemoryError("CUDA out of memory")

    assert Glimpses(tmp_path, "a", full, 8).show(1, torch.rand(1, 4, 1, 4, 4)) is None


def test_a_render_shows_how_it_gets_on(render: Callable[..., Render]) -> None:
    done = render(make_shot("t2v-a14b"))
    shown = [event.glimpse for event in done.events if isinstance(event, Progress)]
    paths = [path for path in shown if path is not None]
    assert paths
    with Image.open(paths[0]) as picture:
        assert picture.n_frames == 3


def test_the_map_is_fitted_once_for_each_vae(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "t2v-a14b"
    shutil.copytree(models / "t2v-a14b" / "vae", folder / "vae")
    shutil.copy(models / "t2v-a14b" / "model_index.json", folder)
    fits: list[int] = []
    fit = colours.fit
    monkeypatch.setattr(colours, "fit", lambda vae: fits.append(1) or fit(vae))

    def prepared() -> torch.Tensor:
        parts = Parts(MODELS["t2v-a14b"], folder, FP32, bf16=False)
        return colours.prepared(parts, tmp_path / "kept")

    first = prepared()
    assert torch.equal(prepared(), first)
    assert len(fits) == 1
    (weights,) = (folder / "vae").glob("*.safetensors")
    os.utime(weights, (1, 1))
    prepared()
    assert len(fits) == 2


def test_a_map_that_cannot_be_kept_is_used_all_the_same(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(colours, "write_whole", full)
    parts = Parts(MODELS["t2v-a14b"], models / "t2v-a14b", FP32, bf16=False)
    assert colours.prepared(parts, tmp_path).shape == (2, 17, 3)


@pytest.mark.parametrize("model", ["t2v-a14b", "ti2v-5b"])
def test_an_installed_tiny_decoder_paints_instead(
    model: str, models: Path, tmp_path: Path, render: Callable[..., Render]
) -> None:
    """A file of random weights in the published layout, both halves of it."""
    spec = MODELS[model]
    file = tmp_path / glimpse.TAEHV / f"{spec.tiny_decoder}.safetensors"
    miniature.build_taehv(file, spec.latent_channels, spec.stride[1] // 8)
    parts = Parts(spec, models / model, FP32, bf16=False)
    paint = glimpse.painter(parts, tmp_path)
    assert isinstance(paint, TinyDecoder)
    latents = torch.randn(1, spec.latent_channels, 3, 4, 6)
    seen = paint(latents)
    half = spec.stride[1] // 2
    assert seen.shape == (3, 4 * half, 6 * half, 3)
    # It remembers: the second frame depends on the first, the first on none but itself.
    other = paint(torch.cat([torch.randn_like(latents[:, :, :1]), latents[:, :, 1:]], 2))
    assert not np.array_equal(other[1], seen[1])
    assert np.array_equal(paint(latents[:, :, :1])[0], seen[0])


def test_the_tiny_decoder_computes_what_the_published_one_does(tmp_path: Path) -> None:
    """Written out for two frames, from the published layout: doubled twice, the last of what each
    growth gives."""
    file = tmp_path / "taew2_1.safetensors"
    miniature.build_taehv(file, 16, 1)
    weights = load_file(file)

    def conv(number: str, value: torch.Tensor) -> torch.Tensor:
        weight = weights[f"decoder.{number}.weight"]
        bias = weights.get(f"decoder.{number}.bias")
        return torch.nn.functional.conv2d(value, weight, bias, padding=weight.shape[-1] // 2)

    def block(number: int, value: torch.Tensor) -> torch.Tensor:
        past = torch.cat([torch.zeros_like(value[:1]), value[:-1]])
        inner = torch.cat([value, past], 1)
        for place in (0, 2):
            inner = conv(f"{number}.conv.{place}", inner).relu()
        return (conv(f"{number}.conv.4", inner) + value).relu()

    latents = torch.randn(1, 16, 2, 3, 5)
    value = conv("1", torch.tanh(latents[0].transpose(0, 1) / 3) * 3).relu()
    for first in (3, 9, 15):
        for number in range(first, first + 3):
            value = block(number, value)
        if first < 15:
            value = value.repeat_interleave(2, -1).repeat_interleave(2, -2)
        grown = conv(f"{first + 4}.conv", value)
        value = conv(f"{first + 5}", grown[:, -value.shape[1] :])
    value = conv("22", value.relu()).clamp(0, 1)
    ours = TinyDecoder(file, 16, 1, torch.device("cpu"))(latents)
    wanted = (value.permute(0, 2, 3, 1) * 255).numpy()
    assert wanted.std() > 1
    np.testing.assert_allclose(ours, wanted, atol=0.51)


def test_a_file_that_is_no_tiny_decoder_is_passed_over(models: Path, tmp_path: Path) -> None:
    spec = MODELS["t2v-a14b"]
    file = tmp_path / glimpse.TAEHV / "taew2_1.safetensors"
    miniature.build_taehv(file, 48, 2)  # the one of the other VAE
    with pytest.raises(ModelMissing, match="not a TAEHV decoder"):
        TinyDecoder(file, 16, 1, torch.device("cpu"))
    parts = Parts(spec, models / spec.id, FP32, bf16=False)
    assert not isinstance(glimpse.painter(parts, tmp_path), TinyDecoder)
