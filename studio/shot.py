"""Shot: what was decided. Every number fixed, nothing optional; the same shot is the same picture.

`decide` turns a recipe into a shot, `decide_refine` a finished preview into the shot that works it
up. Neither rounds or corrects in silence: what is not allowed is refused with the nearest that is.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from fractions import Fraction
from typing import Any, TypeVar

from studio import fidelity as fidelities
from studio import ladder
from studio.errors import InvalidRequest
from studio.lora import Lora
from studio.models import ModelSpec, Quick, Sampling, Shape
from studio.picture import Box, crop_box
from studio.prompt import Expansion
from studio.recipe import Picture, Recipe

Number = TypeVar("Number", int, float)

# The name of a shape that no model has: that of the reference picture.
PICTURE_SHAPE = "picture"
# How far its area may lie from that of a model's usual shape, as a share of it.
AREA_SPREAD = 0.1
MAX_SEED = 2**31 - 1
MAX_STEPS = 200
# Of a LoRA; as in a preset's file.
MAX_STRENGTH = 2.0
# Far beyond the 512 tokens any model reads, and short enough to refuse without counting them.
MAX_PROMPT_CHARACTERS = 8_000


class Kind(StrEnum):
    """A preview is small and quick, a final is full size."""

    PREVIEW = "preview"
    FINAL = "final"


@dataclass(frozen=True, kw_only=True, slots=True)
class PictureUse:
    """A reference picture as it will be used: crop is (left, top, right, bottom) in pixels of the
    upright picture; what is inside is scaled to the shot's size, never stretched."""

    sha256: str
    crop: Box


class Way(StrEnum):
    """What of a preview is worked up. NOISY: its latents at the lift sigma, as they were on the
    way. FINISHED: its finished latents, with new noise. PIXELS: its frames, enlarged and encoded.
    MIXED: the low frequencies of its finished latents, and what is above them from its frames."""

    NOISY = "noisy"
    FINISHED = "finished"
    PIXELS = "pixels"
    MIXED = "mixed"


# The likest to the preview of all, by what `benchmarks/refine.py` found.
USUAL_WAY = Way.PIXELS


@dataclass(frozen=True, kw_only=True, slots=True)
class Refine:
    """Where a refined shot starts. parent: the preview's clip id. sigma: noise level at which the
    enlarged preview is taken up again, below the boundary. fidelity: what was asked, 0 to 1."""

    parent: str
    way: Way
    sigma: float
    fidelity: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Extent:
    """How much there is to compute: pixels, frames and sampling steps. guided: by classifier-free
    guidance, which takes two forwards a step. pictured: from a reference picture."""

    width: int
    height: int
    frames: int
    steps: int
    guided: bool = True
    pictured: bool = True

    @property
    def forwards(self) -> int:
        return self.steps * (2 if self.guided else 1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Shot:
    """Everything the engine needs to know. Field names as in `studio.models.Sampling`.

    ended_after: the step after which sampling was ended on request, its prediction of the clean
    latents being the result; None for all steps. loras: what the experts wear, in order. quick:
    the distillation LoRAs that they wear besides, none where it is sampled as the makers do.
    """

    kind: Kind
    model: str
    prompt: str
    negative_prompt: str
    width: int
    height: int
    frames: int
    fps: int
    steps: int
    flow_shift: float
    guidance_high: float
    guidance_low: float
    boundary: float | None
    seed: int
    picture: PictureUse | None
    last_picture: PictureUse | None
    refine: Refine | None
    ended_after: int | None = None
    loras: tuple[Lora, ...] = ()
    quick: tuple[Lora, ...] = ()

    @property
    def extent(self) -> Extent:
        return Extent(
            width=self.width,
            height=self.height,
            frames=self.frames,
            steps=self.steps,
            guided=self.guidance_high > 1,
            pictured=self.picture is not None,
        )

    @property
    def worn(self) -> tuple[Lora, ...]:
        """All LoRAs, in the order in which they are added."""
        return (*self.quick, *self.loras)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; `from_json` gives the shot back."""
        return asdict(self)


def from_json(data: dict[str, Any]) -> Shot:
    """The shot that `to_json` wrote. Raises InvalidRequest if it is not one."""
    try:
        values = dict(data)
        values["kind"] = Kind(values["kind"])
        for key in ("picture", "last_picture"):
            if values[key] is not None:
                use = values[key]
                values[key] = PictureUse(sha256=use["sha256"], crop=Box(*use["crop"]))
        if values["refine"] is not None:
            # Before there were ways, there was this one.
            refine = {"way": Way.PIXELS, **values["refine"]}
            values["refine"] = Refine(**{**refine, "way": Way(refine["way"])})
        for key in ("loras", "quick"):
            values[key] = tuple(Lora(**one) for one in values.get(key, ()))
        return Shot(**values)
    except (TypeError, KeyError, ValueError) as error:
        raise InvalidRequest(
            f"The shot cannot be read: {error!r}.", "Use a shot written by this studio."
        ) from error


def decide(
    recipe: Recipe,
    spec: ModelSpec,
    text: Expansion,
    kind: Kind,
    seed: int,
    picture_sizes: Mapping[str, tuple[int, int]],
) -> Shot:
    """Recipe → Shot. picture_sizes: SHA-256 → upright (width, height) of each reference picture.

    Raises InvalidRequest naming the value and what is allowed.
    """
    _check_words(recipe)
    _check_pictures(recipe, spec)
    size = extent(recipe, spec, kind, text, picture_sizes)
    hurried = _hurried(spec, kind, text)
    guidance = 1.0 if hurried else text.guidance

    def use(picture: Picture | None) -> PictureUse | None:
        if picture is None:
            return None
        box = crop_box(
            picture_sizes[picture.sha256], (size.width, size.height), picture.across, picture.down
        )
        return PictureUse(sha256=picture.sha256, crop=box)

    return Shot(
        kind=kind,
        model=spec.id,
        prompt=text.prompt,
        negative_prompt=text.negative_prompt,
        width=size.width,
        height=size.height,
        frames=size.frames,
        fps=spec.fps,
        steps=size.steps,
        flow_shift=hurried.flow_shift if hurried else spec.sampling.flow_shift,
        guidance_high=_given(guidance, spec.sampling.guidance_high),
        guidance_low=_given(guidance, spec.sampling.guidance_low),
        boundary=spec.sampling.boundary,
        seed=_within("seed", seed, 0, MAX_SEED),
        picture=use(recipe.picture),
        last_picture=use(recipe.last_picture),
        refine=None,
        loras=_loras(text.loras),
        quick=text.quick if hurried else (),
    )


def extent(
    recipe: Recipe,
    spec: ModelSpec,
    kind: Kind,
    text: Expansion,
    picture_sizes: Mapping[str, tuple[int, int]],
) -> Extent:
    """The size, length and steps of a recipe; all as for `decide`.

    Raises InvalidRequest naming the value and what is allowed.
    """
    width, height = _size(recipe, spec, kind, picture_sizes)
    usual = spec.preview_steps if kind is Kind.PREVIEW else spec.sampling.steps
    hurried = _hurried(spec, kind, text)
    steps = hurried.steps if hurried else _given(recipe.steps, text.steps, usual)
    guidance = _given(text.guidance, spec.sampling.guidance_high)
    return Extent(
        width=width,
        height=height,
        frames=_frames(recipe, spec),
        steps=_within("steps", steps, 1, MAX_STEPS),
        guided=hurried is None and guidance > 1,
        pictured=recipe.picture is not None,
    )


def usual_extents(spec: ModelSpec) -> list[Extent]:
    """Of clips in each shape and stage of a model, from words and from a picture as it can."""
    pictured = {spec.needs_picture, spec.takes_picture}
    return [
        Extent(width=width, height=height, frames=spec.frames, steps=1, pictured=one)
        for shape in spec.shapes
        for width, height in (shape.preview, shape.final)
        for one in sorted(pictured)
    ]


def decide_refine(
    preview: Shot, parent: str, spec: ModelSpec, fidelity: float, latents_kept: bool
) -> Shot:
    """The shot that works a preview up to full size with the low-noise expert alone.

    parent: the preview's clip id. fidelity: 0 re-invents the detail, 1 keeps nearly everything.
    latents_kept: the preview's latents are still there, as the freest refine needs them. Steps are
    those that a full schedule has left where the preview is taken up. Raises InvalidRequest.
    """
    if not 0 <= fidelity <= 1:
        raise InvalidRequest(f"Fidelity {fidelity} is not allowed.", "Use a value from 0 to 1.")
    width, height = _refined_size(preview, spec)
    ratio = ladder.ratio_between((preview.width, preview.height), (width, height))
    freest = _freest_start(preview, ratio)
    lifted = latents_kept and fidelity == 0 and freest is not None
    way = Way.NOISY if lifted else USUAL_WAY
    highest = ladder.DENSE_START if freest is None else freest
    sigma = fidelities.start_sigma(fidelity, highest)

    # Both sizes of a shape have the same proportions, so the preview's crop serves the larger too.
    return replace(
        preview,
        kind=Kind.FINAL,
        width=width,
        height=height,
        steps=ladder.steps_after(sigma, ratio, spec.sampling.steps, spec.sampling.flow_shift),
        refine=Refine(parent=parent, way=way, sigma=sigma, fidelity=fidelity),
        ended_after=None,
        **(_unhurried(spec.sampling) if preview.quick else {}),
    )


def _unhurried(sampling: Sampling) -> dict[str, Any]:
    """What a shot says that is sampled as the makers do, not with their distillation LoRAs."""
    return {
        "quick": (),
        "flow_shift": sampling.flow_shift,
        "guidance_high": sampling.guidance_high,
        "guidance_low": sampling.guidance_low,
    }


def _freest_start(preview: Shot, ratio: float) -> float | None:
    """The highest sigma a refine of this ratio may start at; None where the preview came past no
    step that is right for a lift, or there is no boundary to keep below."""
    if preview.boundary is None:
        return None
    step = ladder.lift_step(preview.steps, preview.flow_shift, preview.boundary, ratio)
    if step is None or step > (preview.ended_after or preview.steps):
        return None
    return ladder.rewound(ladder.schedule(preview.steps, preview.flow_shift)[step], ratio)


def _check_words(recipe: Recipe) -> None:
    if not recipe.prompt.strip() and recipe.picture is None:
        raise InvalidRequest(
            "There is nothing to film yet.", "Describe the shot, or drop a reference picture."
        )
    for name, words in (
        ("prompt", recipe.prompt),
        ("negative prompt", recipe.negative_prompt or ""),
    ):
        if len(words) > MAX_PROMPT_CHARACTERS:
            raise InvalidRequest(
                f"A {name} of {len(words):,} characters is too long.",
                f"Use at most {MAX_PROMPT_CHARACTERS:,}.",
            )


def _hurried(spec: ModelSpec, kind: Kind, text: Expansion) -> Quick | None:
    """How a preview is sampled that wears the distillation LoRAs; None for every other shot."""
    return spec.quick if text.quick and kind is Kind.PREVIEW else None


def _loras(asked: Sequence[Lora]) -> tuple[Lora, ...]:
    """Those that do anything. Raises InvalidRequest."""
    for one in asked:
        if not abs(one.strength) <= MAX_STRENGTH:
            raise InvalidRequest(
                f"A strength of {one.strength:g} is not allowed for {one.file}.",
                f"Use a value from {-MAX_STRENGTH:g} to {MAX_STRENGTH:g}.",
            )
    return tuple(one for one in asked if one.strength)


def _check_pictures(recipe: Recipe, spec: ModelSpec) -> None:
    if spec.needs_picture and recipe.picture is None:
        raise InvalidRequest(
            f"{spec.name} starts from a picture.",
            "Drop a reference picture, or choose another model.",
        )
    if recipe.picture is not None and not spec.takes_picture:
        raise InvalidRequest(
            f"{spec.name} cannot start from a picture.",
            "Remove the picture, or choose a model that takes one.",
        )
    if recipe.last_picture is not None and not spec.takes_last_picture:
        raise InvalidRequest(
            f"{spec.name} cannot end on a picture.",
            "Remove the last picture, or choose a model that takes one.",
        )
    if recipe.last_picture is not None and recipe.picture is None:
        raise InvalidRequest(
            "A last picture needs a first one.", "Drop the picture the shot starts from as well."
        )


def picture_shape(size: tuple[int, int], spec: ModelSpec) -> Shape:
    """The shape nearest to a picture's that a model can make at about its usual cost.

    size: the picture's (width, height), upright. As with the model's own shapes, both sizes have
    the same proportions, and the final is as many times the preview as theirs.
    """
    width, height = spec.shapes[0].preview
    times = Fraction(spec.shapes[0].final[0], width)
    # A side that is a multiple of this is allowed, and still is when it is enlarged.
    unit = spec.size_multiple * times.denominator
    sides = range(1, int(spec.max_side / times) // unit + 1)
    area, wanted = width * height / unit**2, math.log(size[0] / size[1])
    allowed = [
        (across, down)
        for across in sides
        for down in sides
        if abs(across * down / area - 1) <= AREA_SPREAD
    ]
    across, down = min(
        allowed,
        key=lambda each: (
            abs(math.log(each[0] / each[1]) - wanted),
            abs(each[0] * each[1] - area),
        ),
    )
    preview = (across * unit, down * unit)
    final = (int(preview[0] * times), int(preview[1] * times))
    return Shape(name=PICTURE_SHAPE, preview=preview, final=final)


def _shape(recipe: Recipe, spec: ModelSpec, picture_sizes: Mapping[str, tuple[int, int]]) -> Shape:
    if recipe.shape != PICTURE_SHAPE:
        return spec.shape(recipe.shape) if recipe.shape else spec.shapes[0]
    if recipe.picture is None:
        raise InvalidRequest(
            "The shape is the picture's own, but there is no picture.",
            "Drop a reference picture, or choose a shape.",
        )
    return picture_shape(picture_sizes[recipe.picture.sha256], spec)


def _size(
    recipe: Recipe,
    spec: ModelSpec,
    kind: Kind,
    picture_sizes: Mapping[str, tuple[int, int]],
) -> tuple[int, int]:
    if recipe.width is None and recipe.height is None:
        shape = _shape(recipe, spec, picture_sizes)
        return shape.preview if kind is Kind.PREVIEW else shape.final
    if recipe.width is None or recipe.height is None:
        raise InvalidRequest("A size needs both numbers.", "Give it as width and height.")
    for name, value in (("width", recipe.width), ("height", recipe.height)):
        low, step = spec.size_multiple, spec.size_multiple
        _within(name, value, low, spec.max_side)
        if value % step:
            below = value // step * step
            raise InvalidRequest(
                f"A {name} of {value} is not allowed by {spec.name}.",
                f"Use a multiple of {step}: {below} or {below + step}.",
            )
    return recipe.width, recipe.height


def _refined_size(preview: Shot, spec: ModelSpec) -> tuple[int, int]:
    # A preview of a picture's shape is the nearest to itself, which tells it from other sizes.
    for shape in (*spec.shapes, picture_shape((preview.width, preview.height), spec)):
        # A video that was brought in may have the full size already.
        if (preview.width, preview.height) in (shape.preview, shape.final):
            return shape.final
    doubled = (preview.width * 2, preview.height * 2)
    if max(doubled) > spec.max_side:
        raise InvalidRequest(
            f"This clip is {preview.width}×{preview.height}; twice that is more than "
            f"{spec.name} can make.",
            "Refine a preview of one of the model's own sizes.",
        )
    return doubled


def _frames(recipe: Recipe, spec: ModelSpec) -> int:
    frames = _within("frames", _given(recipe.frames, spec.frames), 1, spec.max_frames)
    step = spec.stride[0]
    if (frames - 1) % step:
        below = (frames - 1) // step * step + 1
        raise InvalidRequest(
            f"{frames} frames are not allowed.",
            f"Use {step}·n+1 frames: {below} or {below + step}.",
        )
    return frames


def _given(*values: Number | None) -> Number:
    """The first that is not None."""
    return next(value for value in values if value is not None)


def _within(name: str, value: int, low: int, high: int) -> int:
    if not low <= value <= high:
        raise InvalidRequest(
            f"{name.capitalize()} {value} is not allowed.", f"Use a value from {low} to {high}."
        )
    return value
