"""Preview → refine: the low-noise expert alone, from the preview's own picture."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from studio import mp4
from studio.engine import decode, load, refine, sample
from studio.engine.film import Way as VaeWay
from studio.engine.load import Parts
from studio.engine.scheduler import scheduler
from studio.engine.wan import WanEngine
from studio.engine.watch import Watch
from studio.errors import NotFound, RenderFailed
from studio.models import MODELS
from studio.plan import Precision, Residency
from studio.shot import Kind, PictureUse, Refine, Shot, Way
from tests.engine.making import ROOMY, Render, make_shot


def refined(preview: Shot, sigma: float = 0.5, way: Way = Way.PIXELS, **changes: Any) -> Shot:
    return replace(
        preview,
        kind=Kind.FINAL,
        width=preview.width * 2,
        height=preview.height * 2,
        steps=3,
        refine=Refine(parent="0123456789ab", way=way, sigma=sigma, fidelity=0.7),
        **changes,
    )


@pytest.mark.parametrize("model", ["t2v-a14b", "i2v-a14b", "pocket"])
def test_the_high_noise_expert_is_never_loaded(
    model: str,
    render: Callable[..., Render],
    keep_picture: Callable[[int], PictureUse],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    use = keep_picture(90) if model == "i2v-a14b" else None
    preview = make_shot(model, picture=use)
    parent = render(preview, name="parent.mp4").finished
    asked: list[str] = []
    calls: list[int] = []
    get = load.Parts.get

    def watched(parts: Parts, name: str) -> Any:
        part = get(parts, name)
        if name == load.LOW and name not in asked:
            part.register_forward_hook(lambda *_: calls.append(1))
        asked.append(name)
        return part

    monkeypatch.setattr(load.Parts, "get", watched)
    done = render(refined(preview), by=WanEngine(ROOMY), parent_file=parent.file)
    assert load.HIGH not in asked
    assert len(calls) == 2 * 3
    assert done.experts == ["low"] * 3
    assert mp4.size(done.finished.file) == (96, 64)
    assert len(done.frames) == preview.frames
    assert done.finished.tag.shot.refine is not None


def test_a_dense_model_refines_with_what_it_has(render: Callable[..., Render]) -> None:
    preview = make_shot("ti2v-5b")
    parent = render(preview, name="parent.mp4").finished
    done = render(refined(preview), parent_file=parent.file)
    assert done.experts == [None] * 3
    assert done.frames[0].shape == (128, 192, 3)


def test_a_lower_sigma_keeps_more_of_the_preview(
    models: Path, render: Callable[..., Render]
) -> None:
    """Against the preview's own frames, enlarged and passed through the VAE and back."""
    preview = make_shot("t2v-a14b")
    parent = render(preview, name="parent.mp4").finished
    way = (Precision.FP32, Residency.CPU)
    vae = Parts(MODELS["t2v-a14b"], models / "t2v-a14b", way, bf16=False).get(load.VAE)
    watch = Watch(lambda _: None, lambda: False)
    film = [
        np.asarray(Image.fromarray(frame).resize((96, 64), Image.Resampling.LANCZOS))
        for frame in mp4.frames(parent.file)
    ]
    kept = np.stack(list(decode.frames(vae, decode.latents_of(vae, film, watch), watch)))
    distances = [
        float(
            np.abs(
                np.stack(render(refined(preview, sigma), parent_file=parent.file).frames) * 1.0
                - kept
            ).mean()
        )
        for sigma in (0.02, 0.3, 0.8)
    ]
    assert distances == sorted(distances)
    assert distances[0] < 0.25 * distances[2]


@pytest.mark.parametrize("failures", [1, 2], ids=["then tiles", "then the processor"])
def test_encoding_falls_back_when_the_card_has_no_room(
    render: Callable[..., Render], monkeypatch: pytest.MonkeyPatch, failures: int
) -> None:
    """The film is smaller than a tile, so that every way gives the same."""
    preview = make_shot("t2v-a14b")
    parent = render(preview, name="parent.mp4").finished
    whole = render(refined(preview), parent_file=parent.file).frames
    other = torch.device("cpu", 0)
    ways = [VaeWay(device=load.PROCESSOR, tile=None), VaeWay(device=load.PROCESSOR, tile=512)]
    ways.append(VaeWay(device=other, tile=256))
    asked: list[Any] = []
    tiles: list[int | None] = []
    encode, running = decode.latents_of, load.Parts.running

    def first_fails(*given: Any) -> torch.Tensor:
        tiles.append(given[3])
        if len(asked) <= failures:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return encode(*given)

    def watched(parts: Parts, name: str, device: torch.device | None = None) -> Any:
        asked.append(device)
        return running(parts, name, device)

    def patched_take_up(*given: Any) -> Any:
        with monkeypatch.context() as patch:
            patch.setattr(load.Parts, "running", watched)
            patch.setattr(decode, "latents_of", first_fails)
            return take_up(*given[:4], ways, given[5])

    take_up = refine.take_up
    monkeypatch.setattr(refine, "take_up", patched_take_up)
    frames = render(refined(preview), parent_file=parent.file).frames
    assert asked == [load.PROCESSOR, load.PROCESSOR, other][: failures + 1]
    assert tiles == [None, 512, 256][: failures + 1]
    np.testing.assert_array_equal(np.stack(whole), np.stack(frames))


def test_the_picture_is_set_anew_at_the_new_size(
    render: Callable[..., Render],
    keep_picture: Callable[[int], PictureUse],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    preview = make_shot("i2v-a14b", picture=keep_picture(90), last_picture=keep_picture(200))
    parent = render(preview, name="parent.mp4").finished
    seen: list[sample.Pictures] = []
    named = sample._reference_frames
    monkeypatch.setattr(
        sample, "_reference_frames", lambda pictures: seen.append(pictures) or named(pictures)
    )
    render(refined(preview), parent_file=parent.file)
    assert [picture.size for picture in (seen[0].first, seen[0].last)] == [(96, 64), (96, 64)]


def test_a_preview_that_is_gone_or_cut_is_said_so(render: Callable[..., Render]) -> None:
    preview = make_shot()
    parent = render(preview, name="parent.mp4").finished
    with pytest.raises(NotFound, match="preview of this clip is gone"):
        render(refined(preview), parent_file=parent.file.with_name("gone.mp4"))
    with pytest.raises(RenderFailed, match="does not have 13 frames"):
        render(refined(preview, frames=13), parent_file=parent.file)


@pytest.mark.parametrize("shift", [3.0, 5.0, 12.0])
@pytest.mark.parametrize("start", [0.2, 0.5, 0.87])
def test_the_solver_starts_where_it_is_told(shift: float, start: float) -> None:
    solver = scheduler(shift, start)
    solver.set_timesteps(6, device="cpu")
    assert float(solver.sigmas[0]) == pytest.approx(start, abs=1e-6)
    assert len(solver.timesteps) == 6
    assert torch.all(solver.sigmas.diff() < 0)
    assert float(solver.sigmas[-1]) == 0.0
