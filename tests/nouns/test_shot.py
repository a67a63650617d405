"""Asked, then decided: official numbers unless asked otherwise, and never a silent correction."""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from studio import ladder
from studio.errors import InvalidRequest
from studio.lora import Lora
from studio.models import MODELS, POCKET, T2V_A14B, ModelSpec, Shape, model
from studio.presets import Preset, from_document
from studio.prompt import expand
from studio.recipe import Picture, Recipe
from studio.shot import (
    AREA_SPREAD,
    MAX_PROMPT_CHARACTERS,
    MAX_SEED,
    PICTURE_SHAPE,
    Kind,
    Shot,
    Way,
    decide,
    decide_refine,
    extent,
    from_json,
    picture_shape,
)

SHA = "ab" * 32
PICTURE = Picture(sha256=SHA)
SIZES = {SHA: (1920, 1080)}
TEXT_MODELS = [spec for spec in MODELS.values() if not spec.needs_picture]
any_model = pytest.mark.parametrize("spec", MODELS.values(), ids=lambda spec: spec.id)


def asked(spec: ModelSpec, **more: Any) -> Recipe:
    """The shortest recipe a model accepts."""
    return Recipe(
        **({"prompt": "A ferry.", "picture": PICTURE if spec.needs_picture else None} | more)
    )


def decided(
    recipe: Recipe, spec: ModelSpec, kind: Kind = Kind.FINAL, seed: int = 7, *presets: Preset
) -> Shot:
    return decide(recipe, spec, expand(recipe, spec, presets), kind, seed, SIZES)


# --- quick previews -------------------------------------------------------------------------------

QUICK = (
    Lora(file="high.safetensors", sha256=SHA, expert="high"),
    Lora(file="low.safetensors", sha256=SHA, expert="low"),
)


def hurried(kind: Kind = Kind.PREVIEW, *presets: Preset, **more: Any) -> Shot:
    recipe = asked(T2V_A14B, **more)
    text = expand(recipe, T2V_A14B, presets, QUICK)
    shot = decide(recipe, T2V_A14B, text, kind, 7, SIZES)
    assert shot.extent == extent(recipe, T2V_A14B, kind, text, SIZES)
    return shot


def test_a_preview_wears_the_distillation_loras_where_they_are_here() -> None:
    shot = hurried()
    assert (shot.quick, shot.steps, shot.flow_shift) == (QUICK, 4, 5.0)
    assert (shot.guidance_high, shot.guidance_low) == (1.0, 1.0)
    assert shot.extent.forwards == 4
    own = Lora(file="own.safetensors", sha256=SHA)
    assert hurried(loras=(own,)).worn == (*QUICK, own)
    # Four steps, the first two above the boundary: as the LoRAs' makers change experts.
    sigmas = ladder.schedule(shot.steps, shot.flow_shift)[:-1]
    assert sigmas == pytest.approx([1.0, 0.9375, 0.8333, 0.625], abs=0.001)
    for spec in (T2V_A14B, model("i2v-a14b")):
        boundary = spec.sampling.boundary
        assert boundary and [sigma >= boundary for sigma in sigmas] == [True, True, False, False]


@pytest.mark.parametrize(
    "slow",
    [
        hurried(Kind.FINAL),
        hurried(quick=False),
        hurried(steps=20),
        hurried(
            Kind.PREVIEW,
            from_document(
                {"schema": 1, "id": "a", "name": {"en": "a"}, "sampling": {"guidance": 4.0}}
            ),
        ),
    ],
    ids=["final", "not wanted", "steps asked", "guidance asked"],
)
def test_nothing_else_wears_them(slow: Shot) -> None:
    assert slow.quick == ()
    assert slow.flow_shift == T2V_A14B.sampling.flow_shift
    assert slow.extent.forwards == 2 * slow.steps


def test_a_quick_preview_is_worked_up_as_the_makers_do() -> None:
    for kept in (True, False):
        final = decide_refine(hurried(), "p", T2V_A14B, 0.5, kept)
        slow = decide_refine(hurried(quick=False), "p", T2V_A14B, 0.5, kept)
        assert (final.quick, final.flow_shift) == ((), T2V_A14B.sampling.flow_shift)
        assert (final.guidance_high, final.guidance_low) == (4.0, 3.0)
        assert final.extent.guided
        assert slow.steps >= final.steps >= 2


# --- the numbers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("id", "frames", "fps", "steps", "shift", "guidance", "boundary"),
    [
        ("t2v-a14b", 81, 16, 40, 12.0, (4.0, 3.0), 0.875),
        ("i2v-a14b", 81, 16, 40, 5.0, (3.5, 3.5), 0.900),
        ("ti2v-5b", 121, 24, 50, 5.0, (5.0, 5.0), None),
    ],
)
def test_a_final_is_sampled_as_its_makers_do(
    id: str,
    frames: int,
    fps: int,
    steps: int,
    shift: float,
    guidance: tuple[float, float],
    boundary: float | None,
) -> None:
    shot = decided(asked(model(id)), model(id))
    assert (shot.width, shot.height) == model(id).shapes[0].final
    assert (shot.frames, shot.fps, shot.steps) == (frames, fps, steps)
    assert (shot.flow_shift, shot.boundary) == (shift, boundary)
    assert (shot.guidance_high, shot.guidance_low) == guidance


@any_model
def test_a_preview_is_small_or_quick_and_otherwise_the_same(spec: ModelSpec) -> None:
    final, preview = decided(asked(spec), spec), decided(asked(spec), spec, Kind.PREVIEW)
    assert (preview.width, preview.height) == spec.shapes[0].preview
    assert (preview.kind, preview.steps) == (Kind.PREVIEW, spec.preview_steps)
    assert preview.steps < final.steps
    assert (preview.prompt, preview.frames, preview.flow_shift, preview.seed) == (
        final.prompt,
        final.frames,
        final.flow_shift,
        final.seed,
    )


def test_what_is_asked_wins_over_presets_and_presets_over_the_model() -> None:
    said = {"schema": 1, "id": "slow", "name": {"en": "Slow"}}
    slow = from_document({**said, "sampling": {"steps": 60, "guidance": 2.0}})
    spec = model("t2v-a14b")
    shot = decided(asked(spec), spec, Kind.FINAL, 7, slow)
    assert (shot.steps, shot.guidance_high, shot.guidance_low) == (60, 2.0, 2.0)
    assert decided(asked(spec, steps=9), spec, Kind.FINAL, 7, slow).steps == 9


@any_model
def test_every_shape_of_a_model_can_be_asked_for(spec: ModelSpec) -> None:
    for shape in spec.shapes:
        final = decided(asked(spec, shape=shape.name), spec)
        assert (final.width, final.height) == shape.final


@given(
    spec=st.sampled_from(list(MODELS.values())),
    size=st.tuples(st.integers(1, 20_000), st.integers(1, 20_000)),
)
def test_a_shape_may_be_the_pictures_own(spec: ModelSpec, size: tuple[int, int]) -> None:
    shape, usual = picture_shape(size, spec), spec.shapes[0]
    assert math.prod(shape.preview) == pytest.approx(math.prod(usual.preview), rel=AREA_SPREAD)
    for width, height in (shape.preview, shape.final):
        assert width % spec.size_multiple == height % spec.size_multiple == 0
        assert min(width, height) > 0 and max(width, height) <= spec.max_side
    times = ladder.ratio_between(usual.preview, usual.final)
    assert shape.final == (shape.preview[0] * times, shape.preview[1] * times)
    # No shape of the model's own that is as large comes nearer.
    own = [each for each in spec.shapes if picture_shape(each.preview, spec).final == each.final]
    assert usual in own
    wanted = size[0] / size[1]
    assert all(off(shape, wanted) <= off(each, wanted) for each in own)
    # A size found so is known again: it is worked up to the final of its shape.
    assert picture_shape(shape.preview, spec) == shape
    turned = picture_shape((size[1], size[0]), spec)
    assert off(turned, 1 / wanted) == pytest.approx(off(shape, wanted))


def off(shape: Shape, wanted: float) -> float:
    """How far its proportions are from those wanted; 0 for none."""
    return abs(math.log(shape.preview[0] / shape.preview[1]) - math.log(wanted))


@pytest.mark.parametrize(
    ("id", "size", "preview", "final"),
    [
        ("i2v-a14b", (1920, 1080), (832, 480), (1248, 720)),
        ("i2v-a14b", (3000, 4000), (544, 736), (816, 1104)),
        ("i2v-a14b", (9000, 100), (832, 448), (1248, 672)),
        ("ti2v-5b", (1000, 1000), (960, 960), (960, 960)),
        ("pocket", (1000, 1000), (80, 80), (160, 160)),
    ],
)
def test_a_shot_of_the_pictures_shape_climbs_the_ladder(
    id: str, size: tuple[int, int], preview: tuple[int, int], final: tuple[int, int]
) -> None:
    spec = model(id)
    recipe = asked(spec, picture=PICTURE, shape=PICTURE_SHAPE)
    small = decide(recipe, spec, expand(recipe, spec, []), Kind.PREVIEW, 7, {SHA: size})
    large = decide_refine(small, "p", spec, 0.5, True)
    assert (small.width, small.height, large.width, large.height) == (*preview, *final)
    with pytest.raises(InvalidRequest, match="there is no picture"):
        decided(replace(recipe, picture=None, model="pocket"), POCKET)


def test_the_texts_are_those_of_the_expansion() -> None:
    spec = model("t2v-a14b")
    recipe = asked(spec, look={"color_tone": ("warm",)})
    text = expand(recipe, spec, [])
    shot = decided(recipe, spec)
    assert (shot.prompt, shot.negative_prompt) == (text.prompt, text.negative_prompt)


def test_a_picture_is_cropped_to_the_shot_and_never_stretched() -> None:
    spec = model("i2v-a14b")
    shot = decided(asked(spec, shape="1:1", last_picture=Picture(sha256=SHA, across=1.0)), spec)
    assert shot.picture is not None and shot.last_picture is not None
    assert tuple(shot.picture.crop) == (420, 0, 1500, 1080)
    assert tuple(shot.last_picture.crop) == (840, 0, 1920, 1080)


# --- refusals -------------------------------------------------------------------------------------

REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "frames not 4n+1": ("t2v-a14b", {"frames": 80}, r"80 frames.*77 or 81"),
    "no frames": ("t2v-a14b", {"frames": 0}, r"Frames 0.*1 to 121"),
    "too many frames": ("t2v-a14b", {"frames": 125}, r"Frames 125.*1 to 121"),
    "width not a multiple": (
        "t2v-a14b",
        {"width": 850, "height": 480},
        r"width of 850.*848 or 864",
    ),
    "height not a multiple": (
        "ti2v-5b",
        {"width": 1280, "height": 720},
        r"height of 720.*704 or 736",
    ),
    "too wide": ("t2v-a14b", {"width": 4096, "height": 480}, r"Width 4096.*16 to 1280"),
    "no height at all": ("t2v-a14b", {"width": 832, "height": 0}, r"Height 0"),
    "only one side": ("t2v-a14b", {"width": 832}, r"both"),
    "unknown shape": ("t2v-a14b", {"shape": "2:1"}, r"no shape “2:1”.*16:9"),
    "no steps": ("t2v-a14b", {"steps": 0}, r"Steps 0.*1 to 200"),
    "too many steps": ("t2v-a14b", {"steps": 201}, r"Steps 201"),
    "nothing to film": ("t2v-a14b", {"prompt": ""}, r"nothing to film.*Describe"),
    "only blanks": ("t2v-a14b", {"prompt": " \n\t"}, r"nothing to film"),
    "a picture is needed": ("i2v-a14b", {"picture": None}, r"starts from a picture"),
    "a picture is not taken": ("t2v-a14b", {"picture": PICTURE}, r"cannot start from a picture"),
    "a last picture is not taken": (
        "ti2v-5b",
        {"picture": PICTURE, "last_picture": PICTURE},
        r"cannot end on a picture",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_allowed_is_refused_with_what_is(case: str) -> None:
    id, more, words = REFUSED[case]
    with pytest.raises(InvalidRequest, match=words) as caught:
        decided(asked(model(id), **more), model(id))
    assert caught.value.message.endswith(".") and caught.value.advice.endswith(".")


@pytest.mark.parametrize("seed", [-1, MAX_SEED + 1])
def test_a_seed_out_of_range_is_refused(seed: int) -> None:
    spec = model("t2v-a14b")
    with pytest.raises(InvalidRequest, match=f"Seed {seed}.*0 to {MAX_SEED}"):
        decided(asked(spec), spec, seed=seed)


def test_the_ends_of_the_ranges_are_allowed() -> None:
    spec = model("t2v-a14b")
    assert decided(asked(spec, frames=1), spec).frames == 1
    assert decided(asked(spec, frames=121), spec).frames == 121
    assert [decided(asked(spec), spec, seed=seed).seed for seed in (0, MAX_SEED)] == [0, MAX_SEED]


@given(
    spec=st.sampled_from(TEXT_MODELS),
    width=st.integers(-16, 1400),
    height=st.integers(-16, 1400),
    frames=st.integers(-1, 130),
)
def test_a_size_is_kept_exactly_or_refused(
    spec: ModelSpec, width: int, height: int, frames: int
) -> None:
    recipe = asked(spec, width=width, height=height, frames=frames)
    try:
        shot = decided(recipe, spec)
    except InvalidRequest:
        allowed = all(
            side % spec.size_multiple == 0 and 0 < side <= spec.max_side for side in (width, height)
        )
        assert not (allowed and frames % 4 == 1 and 1 <= frames <= spec.max_frames)
        return
    assert (shot.width, shot.height, shot.frames) == (width, height, frames)


# --- refine ---------------------------------------------------------------------------------------


@any_model
def test_a_refine_is_larger_and_starts_below_the_boundary(spec: ModelSpec) -> None:
    preview = decided(asked(spec), spec, Kind.PREVIEW)
    shot = decide_refine(preview, "clip-1", spec, 0.6, latents_kept=True)
    assert (shot.width, shot.height) == spec.shapes[0].final
    assert shot.kind is Kind.FINAL and shot.refine is not None
    assert (shot.refine.parent, shot.refine.fidelity) == ("clip-1", 0.6)
    assert shot.refine.sigma <= (spec.sampling.boundary or 1)
    assert (shot.prompt, shot.seed, shot.frames, shot.picture) == (
        preview.prompt,
        preview.seed,
        preview.frames,
        preview.picture,
    )
    assert 2 <= shot.steps <= spec.sampling.steps


@any_model
def test_more_fidelity_starts_later_and_takes_fewer_steps(spec: ModelSpec) -> None:
    preview = decided(asked(spec), spec, Kind.PREVIEW)
    shots = [decide_refine(preview, "p", spec, fidelity, True) for fidelity in (0.0, 0.5, 1.0)]
    sigmas = [shot.refine.sigma for shot in shots if shot.refine]
    assert sigmas == sorted(sigmas, reverse=True) and len(set(sigmas)) == 3
    assert shots[0].steps > shots[2].steps


def test_what_is_kept_of_a_preview_decides_the_way() -> None:
    spec = model("t2v-a14b")
    preview = decided(asked(spec), spec, Kind.PREVIEW)

    def way(fidelity: float, kept: bool, of: Shot = preview) -> Way:
        refine = decide_refine(of, "p", spec, fidelity, kept).refine
        assert refine is not None
        return refine.way

    assert way(0.0, kept=True) is Way.NOISY
    assert way(0.5, kept=True) is Way.PIXELS
    assert way(0.0, kept=False) is way(0.5, kept=False) is Way.PIXELS
    # Ended before its latents were right for a lift, there are only its frames.
    assert way(0.0, kept=True, of=replace(preview, ended_after=3)) is Way.PIXELS
    assert decide_refine(preview, "p", spec, 0.0, True).ended_after is None


def test_a_clip_of_before_there_were_ways_is_still_read() -> None:
    spec = model("t2v-a14b")
    shot = decide_refine(decided(asked(spec), spec, Kind.PREVIEW), "p", spec, 0.5, False)
    data = shot.to_json()
    del data["refine"]["way"], data["ended_after"]
    assert from_json(data) == shot


@pytest.mark.parametrize("fidelity", [-0.1, 1.1, float("nan")])
def test_a_fidelity_out_of_range_is_refused(fidelity: float) -> None:
    spec = model("t2v-a14b")
    with pytest.raises(InvalidRequest, match=r"Fidelity.*0 to 1"):
        decide_refine(decided(asked(spec), spec, Kind.PREVIEW), "p", spec, fidelity, True)


def test_a_clip_too_large_to_double_is_not_refined() -> None:
    spec = model("t2v-a14b")
    preview = decided(asked(spec, width=1024, height=576), spec, Kind.PREVIEW)
    with pytest.raises(InvalidRequest, match="1024×576"):
        decide_refine(preview, "p", spec, 0.5, True)


# --- JSON -----------------------------------------------------------------------------------------


@given(
    spec=st.sampled_from(list(MODELS.values())),
    kind=st.sampled_from(Kind),
    seed=st.integers(0, MAX_SEED),
    refine=st.booleans(),
    text=st.text(min_size=1, max_size=40),
)
def test_json_gives_the_shot_back(
    spec: ModelSpec, kind: Kind, seed: int, refine: bool, text: str
) -> None:
    assume(text.strip())
    shot = decided(asked(spec, prompt=text), spec, kind, seed)
    if refine and kind is Kind.PREVIEW:
        shot = decide_refine(shot, "clip-1", spec, 0.5, True)
    worn = Lora(file="a.safetensors", sha256=SHA, expert="high", strength=-0.5)
    shot = replace(shot, loras=(worn,), quick=(worn,))
    again = from_json(json.loads(json.dumps(shot.to_json())))
    assert again == shot
    assert type(again.kind) is Kind


def test_loras_that_do_nothing_are_left_out_and_too_strong_ones_refused() -> None:
    def worn(strength: float) -> Lora:
        return Lora(file="a.safetensors", sha256=SHA, strength=strength)

    assert decided(asked(T2V_A14B, loras=(worn(0.0),)), T2V_A14B).loras == ()
    kept = (worn(-2.0),)
    preview = decided(asked(T2V_A14B, loras=kept), T2V_A14B, Kind.PREVIEW)
    assert preview.loras == decide_refine(preview, "p", T2V_A14B, 0.5, True).loras == kept
    for strength in (2.1, math.nan, math.inf):
        with pytest.raises(InvalidRequest, match=r"strength .* a\.safetensors"):
            decided(asked(T2V_A14B, loras=(worn(strength),)), T2V_A14B)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data.pop("seed"),
        lambda data: data.pop("kind"),
        lambda data: data.update(kind="draft"),
        lambda data: data.update(cfg=3),
        lambda data: data.update(picture={"sha256": SHA}),
        lambda data: data.update(loras=[{"sha256": SHA, "weight": 1}]),
        lambda data: data.update(refine={"parent": "p"}),
    ],
    ids=[
        "no seed",
        "no kind",
        "unknown kind",
        "unknown key",
        "no crop",
        "a strange LoRA",
        "half a refine",
    ],
)
def test_what_is_not_a_shot_is_refused(spoil: Callable[[dict[str, Any]], Any]) -> None:
    spec = model("t2v-a14b")
    data = decided(asked(spec), spec).to_json()
    spoil(data)
    with pytest.raises(InvalidRequest, match="shot cannot be read"):
        from_json(data)


def test_words_have_a_longest_length() -> None:
    most = "a" * MAX_PROMPT_CHARACTERS
    spec = model("t2v-a14b")
    decided(asked(spec, prompt=most, negative_prompt=most), spec)
    for name, more in (("prompt", "prompt"), ("negative prompt", "negative_prompt")):
        with pytest.raises(InvalidRequest, match=rf"A {name} of 8,001 characters.*8,000"):
            decided(asked(spec, **{more: f"{most}a"}), spec)


SHAPES = [(spec, shape) for spec in MODELS.values() for shape in spec.shapes]


@pytest.mark.parametrize(
    ("spec", "shape"), SHAPES, ids=[f"{spec.id}-{shape.name}" for spec, shape in SHAPES]
)
def test_every_shape_is_refined_along_a_rung_that_its_preview_keeps(
    spec: ModelSpec, shape: Shape
) -> None:
    """Wide, tall and square; a model without a lower rung is refined at its own size."""
    preview = decided(asked(spec, shape=shape.name), spec, Kind.PREVIEW)
    final = decide_refine(preview, "0" * 12, spec, 0.0, latents_kept=True)
    ratio = ladder.ratio_between((preview.width, preview.height), (final.width, final.height))
    assert (final.width, final.height) == shape.final
    assert final.refine is not None
    if preview.boundary is None:
        assert ratio == 1.0
        return
    assert min(abs(ratio - rung) for rung in ladder.RATIOS) < 0.01
    assert final.refine.way is Way.NOISY
    assert ladder.LOWEST_START < final.refine.sigma <= preview.boundary


def test_a_clip_of_full_size_already_is_refined_at_that_size() -> None:
    """As a video that was brought in may be."""
    preview = decided(asked(POCKET, width=192, height=128), POCKET, Kind.PREVIEW)
    final = decide_refine(preview, "0" * 12, POCKET, 0.5, latents_kept=False)
    assert (final.width, final.height) == (192, 128)
    assert final.refine is not None and final.refine.way is Way.PIXELS
