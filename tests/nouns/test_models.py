"""The model table says what the official Wan2.2 configurations say."""

import pytest

from studio.errors import InvalidRequest
from studio.models import MODELS, OFFICIAL_NEGATIVE, ModelSpec, model


@pytest.mark.parametrize(
    ("id", "steps", "flow_shift", "high", "low", "boundary", "frames", "fps"),
    [
        ("t2v-a14b", 40, 12.0, 4.0, 3.0, 0.875, 81, 16),
        ("i2v-a14b", 40, 5.0, 3.5, 3.5, 0.900, 81, 16),
        ("ti2v-5b", 50, 5.0, 5.0, 5.0, None, 121, 24),
    ],
)
def test_official_sampling(
    id: str,
    steps: int,
    flow_shift: float,
    high: float,
    low: float,
    boundary: float | None,
    frames: int,
    fps: int,
) -> None:
    spec = model(id)
    sampling = spec.sampling
    assert (sampling.steps, sampling.flow_shift) == (steps, flow_shift)
    assert (sampling.guidance_high, sampling.guidance_low) == (high, low)
    assert sampling.boundary == boundary
    assert (spec.frames, spec.fps) == (frames, fps)


@pytest.mark.parametrize("spec", MODELS.values(), ids=lambda spec: spec.id)
def test_a_model_s_own_numbers_obey_its_rules(spec: ModelSpec) -> None:
    assert (spec.frames - 1) % spec.stride[0] == 0 and (spec.max_frames - 1) % spec.stride[0] == 0
    assert spec.frames <= spec.max_frames
    assert (spec.experts == 2) == (spec.sampling.boundary is not None)
    assert not (spec.needs_picture and not spec.takes_picture)
    assert spec.takes_picture or not spec.takes_last_picture
    # One latent is (stride) pixels and one token 2×2 latents.
    assert spec.size_multiple == 2 * spec.stride[1] == 2 * spec.stride[2]
    for shape in spec.shapes:
        for side in (*shape.preview, *shape.final):
            assert side % spec.size_multiple == 0 and side <= spec.max_side
        assert shape.preview[0] <= shape.final[0] and shape.preview[1] <= shape.final[1]
        assert spec.shape(shape.name) is shape


def test_preview_and_final_have_the_same_proportions() -> None:
    for spec in MODELS.values():
        for shape in spec.shapes:
            (width, height), (final_width, final_height) = shape.preview, shape.final
            assert width * final_height == height * final_width, (spec.id, shape.name)


def test_the_official_negative_prompt_in_both_languages() -> None:
    chinese = "，".join(words.zh for words in OFFICIAL_NEGATIVE)
    assert chinese == (
        "色调艳丽，过曝，静态，细节模糊不清，字幕，风格，作品，画作，画面，静止，整体发灰，最差质量，"
        "低质量，JPEG压缩残留，丑陋的，残缺的，多余的手指，画得不好的手部，画得不好的脸部，畸形的，"
        "毁容的，形态畸形的肢体，手指融合，静止不动的画面，杂乱的背景，三条腿，背景人很多，倒着走"
    )
    assert all(words.en.strip() for words in OFFICIAL_NEGATIVE)


def test_unknown_names_are_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidRequest, match=r"sdxl.*pocket, t2v-a14b, i2v-a14b, ti2v-5b"):
        model("sdxl")
    with pytest.raises(InvalidRequest, match=r"no shape “2:1”.*16:9"):
        model("t2v-a14b").shape("2:1")
