"""With refine off, our frames are those of stock diffusers, before encoding."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import UniPCMultistepScheduler, WanImageToVideoPipeline, WanPipeline

from studio import picture, weights
from studio.models import MODELS
from studio.shot import PictureUse, Shot
from tests.engine.making import Render, make_shot

Renders = Callable[..., Render]
KeepPicture = Callable[[int], PictureUse]


def stock_frames(
    models: Path, shot: Shot, pictures: Path, per_token: bool | None = None
) -> np.ndarray:
    """What diffusers itself makes of a shot: uint8 [F, H, W, 3]. per_token: a timestep for each
    token, None for as the repository says."""
    kind = WanPipeline if shot.picture is None else WanImageToVideoPipeline
    folder = weights.folder_of(MODELS[shot.model], models)
    pipeline = kind.from_pretrained(folder, dtype=torch.float32)
    pipeline.scheduler = UniPCMultistepScheduler(
        prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=shot.flow_shift
    )
    if per_token is not None:
        pipeline.register_to_config(expand_timesteps=per_token)
    pipeline.set_progress_bar_config(disable=True)
    # from_pretrained leaves weights where they lie in the file, unaligned, for which the processor
    # has other kernels that differ in the last bits. The numbers are the same.
    for part in pipeline.components.values():
        for parameter in part.parameters() if isinstance(part, torch.nn.Module) else ():
            parameter.data = parameter.data.clone()
    settings: dict[str, Any] = {"max_sequence_length": MODELS[shot.model].text_tokens}
    if shot.boundary is not None:
        settings["guidance_scale_2"] = shot.guidance_low
    for name, use in (("image", shot.picture), ("last_image", shot.last_picture)):
        if use is not None:
            path = picture.find(use.sha256, pictures)
            settings[name] = picture.frame(path, use.crop, (shot.width, shot.height))
    film = pipeline(
        prompt=shot.prompt,
        negative_prompt=shot.negative_prompt,
        width=shot.width,
        height=shot.height,
        num_frames=shot.frames,
        num_inference_steps=shot.steps,
        guidance_scale=shot.guidance_high,
        generator=torch.Generator("cpu").manual_seed(shot.seed),
        output_type="pil",
        **settings,
    ).frames[0]
    return np.stack([np.asarray(frame) for frame in film])


@pytest.mark.parametrize("model", ["t2v-a14b", "ti2v-5b", "pocket"])
def test_words_become_the_frames_of_stock_diffusers(
    model: str, render: Renders, models: Path, pictures: Path
) -> None:
    shot = make_shot(model)
    ours = np.stack(render(shot).frames)
    assert ours.shape == (shot.frames, shot.height, shot.width, 3)
    assert ours.std() > 1, "an even grey would be equal to anything"
    np.testing.assert_array_equal(ours, stock_frames(models, shot, pictures, per_token=False))
    # The same timestep for each token is the same film but for the last bits of the sums.
    off = np.abs(ours.astype(int) - stock_frames(models, shot, pictures))
    assert off.max() <= 1
    assert (off > 0).mean() < 1e-3


@pytest.mark.parametrize("model", ["i2v-a14b", "ti2v-5b", "pocket"])
def test_a_picture_becomes_the_frames_of_stock_diffusers(
    model: str, render: Renders, keep_picture: KeepPicture, models: Path, pictures: Path
) -> None:
    shot = make_shot(model, picture=keep_picture(90))
    ours = np.stack(render(shot).frames)
    np.testing.assert_array_equal(ours, stock_frames(models, shot, pictures))


def test_first_and_last_picture_become_the_frames_of_stock_diffusers(
    render: Renders, keep_picture: KeepPicture, models: Path, pictures: Path
) -> None:
    first_only = make_shot("i2v-a14b", picture=keep_picture(90))
    both = replace(first_only, last_picture=keep_picture(200))
    ours = np.stack(render(both).frames)
    np.testing.assert_array_equal(ours, stock_frames(models, both, pictures))
    assert not np.array_equal(ours, np.stack(render(first_only).frames))
