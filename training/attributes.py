"""What two looks state differently → whether two clips differ in that direction.

A look states numbers: how light the sky is, how large the subject, where the horizon lies. They are
read from the world's own tables, and each can be measured in a clip. Two looks also differ in much
else, which may hide a difference (a silhouette has no bright side), so looks are drawn as clips
too. Knows looks and pixels; not where clips come from.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from training import pixels, signs
from training.tables import CAMERA_MOVES, DUTCH_RADIANS, HORIZONS, LIGHTS, SHOTS, SIDES, Light
from training.world import LUMA, Array, Scene

Look = Mapping[str, Sequence[str]]  # category → terms, of the vocabulary


@dataclass(frozen=True, kw_only=True, slots=True)
class Attribute:
    """A number that terms state and clips have.

    field: of a scene. stated: the field's value → the number, on a scale of its own. measured: the
    number in a clip, fp32 [F, H, W, 3] in 0 to 1, nan where it cannot be read. visible: so much of
    a difference in drawn clips can be seen.
    """

    field: str
    stated: Mapping[str, float]
    measured: Callable[[Array], float]
    visible: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """Two looks, by number, the second of which states more of an attribute, and how much more on
    its scale."""

    attribute: str
    less: int
    more: int
    by: float


def pairs(looks: Sequence[Look]) -> list[Pair]:
    """Every two looks that state different numbers, for every attribute in which they do."""
    found = []
    for name in ATTRIBUTES:
        stated = [(number, _stated(look, name)) for number, look in enumerate(looks)]
        known = sorted((value, number) for number, value in stated if value is not None)
        found += [
            Pair(attribute=name, less=less, more=more, by=high - low)
            for (low, less), (high, more) in combinations(known, 2)
            if low < high
        ]
    return found


def scene(look: Look, name: str, seed: int) -> Scene:
    """A ball at sea in a look, drawn for one attribute: of two tones or lights that a look has and
    the world has not together, the one that states it."""
    values = {field: options[0] for field, options in _drawable(look).items()}
    stating = _stating(look, name)
    if stating is not None:
        values[ATTRIBUTES[name].field] = stating
    return replace(Scene(seed=seed), **values)


def measured(name: str, clips: Sequence[Array]) -> float:
    """The median over clips [F, H, W, 3], uint8; nan where one cannot be read."""
    return float(np.median([ATTRIBUTES[name].measured(clip / np.float32(255)) for clip in clips]))


# --- what a look states ---------------------------------------------------------------------------


def _stated(look: Look, name: str) -> float | None:
    value = _stating(look, name)
    return None if value is None else ATTRIBUTES[name].stated[value]


def _stating(look: Look, name: str) -> str | None:
    """The one value of the look that states the attribute; None without one, or with several."""
    attribute = ATTRIBUTES[name]
    stating = [
        value for value in _drawable(look).get(attribute.field, ()) if value in attribute.stated
    ]
    return stating[0] if len(stating) == 1 else None


def _drawable(look: Look) -> dict[str, list[str]]:
    """A scene's field → the values that the look asks for, as far as the world has them."""
    known = {
        field: [value for value in look.get(category, ()) if value in _values(category)]
        for field, category in FIELDS.items()
    }
    light = _light(look)
    return {field: values for field, values in (*known.items(), ("light", light)) if values}


def _values(category: str) -> tuple[str, ...]:
    return signs.SIGNS[category].values


def _light(look: Look) -> list[str]:
    """The world's light with the look's source and time of day, and nothing else if there is one;
    none where the world has no such light."""
    asked = {
        "source": [v for v in look.get("light_source", ()) if v in _values("light_source")],
        "time": [v for v in look.get("time_of_day", ()) if v in _values("time_of_day")],
    }

    def fits(light: Light) -> bool:
        return all(getattr(light, key) in values for key, values in asked.items() if values)

    def unasked(name: str) -> int:
        return sum(getattr(LIGHTS[name], key) is not None for key in asked if not asked[key])

    fitting = [name for name, light in LIGHTS.items() if fits(light)] if any(asked.values()) else []
    return sorted(fitting, key=unasked)[:1]


# --- what a clip has ------------------------------------------------------------------------------


def _sky(clip: Array) -> Array:
    return pixels.rows(clip, 0.0, 0.3)


def _sky_luma(clip: Array) -> float:
    return float(_sky(clip) @ LUMA)


def _warmth(color: Array) -> float:
    """Red over blue, from -1 to 1."""
    return float((color[0] - color[2]) / (color[0] + color[2] + 1e-3))


def _around(clip: Array) -> Array:
    """The mean colour [3] of sky and ground, without the subject."""
    return pixels.edges(clip).mean((0, 1, 2))


def _colorful(clip: Array) -> float:
    edges = pixels.edges(clip)
    return float((edges.max(-1) - edges.min(-1)).mean())


def _contrast(clip: Array) -> float:
    return float(np.ptp(np.percentile(clip @ LUMA, (2, 98))))


def _radius(clip: Array) -> float:
    area = float(np.median(pixels.subject(clip).sum((1, 2)))) / min(clip.shape[1:3]) ** 2
    return math.log(math.sqrt(area / math.pi)) if area else math.nan


def _side(clip: Array) -> float:
    return float(pixels.middle(pixels.centres(clip))[0]) * min(clip.shape[1:3]) / clip.shape[2]


def _horizon(clip: Array) -> float:
    ends = signs.horizon(clip)
    return HORIZONS["overhead"] if ends is None else sum(ends) / 2


def _tilt(clip: Array) -> float:
    ends = signs.horizon(clip)
    return 0.0 if ends is None else abs(ends[0] - ends[1])


def _lit(clip: Array, axis: int) -> float:
    """How much lighter the subject's left is than its right (axis 1), its top than its bottom (0),
    from -1 to 1; nan without a subject."""
    mask = pixels.subject(clip)[len(clip) // 2]
    if mask.sum() < 16:
        return math.nan
    luma = clip[len(clip) // 2] @ LUMA
    places = np.nonzero(mask)[axis]
    first, last = (
        float(luma[mask][half].mean())
        for half in (places < np.median(places), places > np.median(places))
    )
    return (first - last) / (first + last + 1e-3)


def _against(clip: Array) -> float:
    """How much lighter the subject is than what is around it, in log luma; nan without one."""
    mask = pixels.subject(clip)
    if mask.sum() < 16 * len(clip):
        return math.nan
    return math.log(
        (float((clip @ LUMA)[mask].mean()) + 0.02) / (float(_around(clip) @ LUMA) + 0.02)
    )


# --- the attributes -------------------------------------------------------------------------------

FIELDS = {  # a scene's field → the vocabulary's category; light is made of two
    "lighting": "lighting_type",
    "shot": "shot_size",
    "side": "composition",
    "angle": "camera_angle",
    "tone": "color_tone",
    "camera": "camera_move",
    "style": "style",
}
_SKIES = {name: np.add(light.top, light.low) / 2 for name, light in LIGHTS.items()}
_STILL = {"fixed": 0.0}

ATTRIBUTES = {
    "sky's lightness": Attribute(
        field="light",
        stated={name: round(float(sky @ LUMA), 1) for name, sky in _SKIES.items()},
        measured=_sky_luma,
        visible=0.06,
    ),
    "sky's warmth": Attribute(
        field="light",
        stated={name: round(2 * _warmth(sky)) / 2 for name, sky in _SKIES.items()},
        measured=lambda clip: _warmth(_sky(clip)),
        visible=0.1,
    ),
    "warmth": Attribute(
        field="tone",
        stated={"cool": -1, "warm": 1},
        measured=lambda clip: _warmth(_around(clip)),
        visible=0.1,
    ),
    "colour": Attribute(
        field="tone", stated={"desaturated": -1, "saturated": 1}, measured=_colorful, visible=0.08
    ),
    "contrast": Attribute(
        field="lighting",
        stated={"low-contrast": -1, "high-contrast": 1},
        measured=_contrast,
        visible=0.1,
    ),
    "light from the left": Attribute(
        field="lighting",
        stated={"side": 1, "top": 0, "underlighting": 0},
        measured=lambda clip: _lit(clip, 1),
        visible=0.1,
    ),
    "light from above": Attribute(
        field="lighting",
        stated={"top": 1, "side": 0, "underlighting": -1},
        measured=lambda clip: _lit(clip, 0),
        visible=0.1,
    ),
    "subject against its surroundings": Attribute(
        field="lighting",
        stated={"silhouette": 0, "side": 1, "top": 1, "underlighting": 1},
        measured=_against,
        visible=0.3,
    ),
    "subject's size": Attribute(field="shot", stated=SHOTS, measured=_radius, visible=0.15),
    "subject's side": Attribute(field="side", stated=SIDES, measured=_side, visible=0.08),
    "horizon's height": Attribute(field="angle", stated=HORIZONS, measured=_horizon, visible=0.1),
    "tilt": Attribute(
        field="angle",
        stated={**dict.fromkeys(HORIZONS, 0.0), "dutch-angle": DUTCH_RADIANS},
        measured=_tilt,
        visible=0.1,
    ),
    "zoom": Attribute(
        field="camera",
        stated={name: CAMERA_MOVES[name][2] for name in ("pull-back", "fixed", "push-in")},
        measured=lambda clip: math.log(signs.move_seen(clip)[3]),
        visible=0.1,
    ),
    "travel across": Attribute(
        field="camera",
        stated={name: CAMERA_MOVES[name][0] for name in ("move-left", "fixed", "pan-right")},
        measured=lambda clip: signs.move_seen(clip)[1],
        visible=0.1,
    ),
    "travel down": Attribute(
        field="camera",
        stated={name: CAMERA_MOVES[name][1] for name in ("tilt-up", "fixed", "tilt-down")},
        measured=lambda clip: signs.move_seen(clip)[2],
        visible=0.1,
    ),
    "shaking": Attribute(
        field="camera", stated={"fixed": 0, "handheld": 1}, measured=signs.shaking, visible=0.1
    ),
}
