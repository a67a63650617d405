"""A drawn clip → whether it shows what a word says, by arithmetic on its pixels.

Every sign has the scenes in which it can be seen (a colour by day, a horizon where the ground is
flat) and a test of the pixels alone. Knows the world's tables; not prompts, nor where a clip comes
from. Clips are uint8 [F, H, W, 3]; lengths are parts of the picture or of its short side.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from training import pixels, tables, world
from training.tables import COLORS, HORIZONS, LIGHTS, SHOTS
from training.world import LUMA, Array, Scene

Generator = np.random.Generator
FILLED = 0.91  # of its circle's radius: between a ball, which fills it, and a balloon
SIZE = (96, 64)  # of the drawn references


@dataclass(frozen=True, kw_only=True, slots=True)
class Sign:
    """One category of words that can be seen.

    values: what it may be. put: a scene with the value. plain: the other values of a scene in
    which it can be seen, drawn at random. shows: the clip → the value seen, None for none of them.
    """

    values: tuple[str, ...]
    put: Callable[[Scene, str, Generator], Scene]
    plain: Callable[[Generator], Scene]
    shows: Callable[[Array, str], bool]


def terms() -> list[str]:
    """Every measured word as `category=value`."""
    return [f"{name}={value}" for name, sign in SIGNS.items() for value in sign.values]


def scene_for(term: str, rng: Generator) -> Scene:
    """A random scene in which the term is true and can be seen."""
    name, value = term.split("=")
    sign = SIGNS[name]
    return sign.put(replace(sign.plain(rng), seed=int(rng.integers(2**31))), value, rng)


def passes(term: str, clip: Array) -> bool:
    """Whether the clip [F, H, W, 3], uint8, shows the term."""
    name, value = term.split("=")
    return SIGNS[name].shows(clip.astype(np.float32) / 255, value)


def others(term: str) -> list[str]:
    """The other terms of the same category."""
    name, value = term.split("=")
    return [f"{name}={other}" for other in SIGNS[name].values if other != value]


# --- the tests -----------------------------------------------------------------------------------


def _light_seen(clip: Array) -> str:
    """The light whose sky is nearest: overhead and above the horizon."""
    sky = _sky(clip)
    return min(LIGHTS, key=lambda name: float(np.abs(sky - _sky_of(name)).sum()))


def _sky(clip: Array) -> Array:
    return np.concatenate((pixels.rows(clip, 0, 0.06), pixels.rows(clip, 0.44, 0.54)))


@lru_cache
def _sky_of(light: str) -> Array:
    drawn = [world.draw(Scene(light=light, seed=seed), *SIZE, 1) / 255.0 for seed in range(12)]
    return np.median([_sky(clip) for clip in drawn], 0)


def _shows_source(clip: Array, value: str) -> bool:
    return LIGHTS[_light_seen(clip)].source == value


def _shows_time(clip: Array, value: str) -> bool:
    return LIGHTS[_light_seen(clip)].time == value


def _shows_place(clip: Array, value: str) -> bool:
    seen = _land(clip)

    def distance(name: str) -> float:
        return min(float(np.abs(seen - land).sum()) for land in _lands(name))

    return value == min(tables.PLACES, key=distance)


def _land(clip: Array) -> Array:
    return np.concatenate((pixels.rows(clip, 0.53, 0.59), pixels.rows(clip, 0.8, 1.0)))


@lru_cache
def _lands(place: str) -> tuple[Array, ...]:
    drawn = [world.draw(Scene(place=place, seed=seed), *SIZE, 1) / 255.0 for seed in range(12)]
    return tuple(_land(clip) for clip in drawn)


def _shows_color(clip: Array, value: str) -> bool:
    mask = pixels.subject(clip)
    if mask.sum() < 8:
        return False
    # The brighter half leaves out wheels, baskets and hulls.
    inside = clip[mask]
    bright = inside[inside.max(1) >= np.median(inside.max(1))]
    seen = np.median(bright, 0)

    def distance(name: str) -> float:
        color = np.array(COLORS[name])
        return float(np.abs(seen / max(seen.max(), 1e-3) - color / color.max()).sum())

    return value == min(COLORS, key=distance)


def _shows_subject(clip: Array, value: str) -> bool:
    outline = _outline(clip)

    def likeness(name: str) -> float:
        return max(
            np.minimum(outline, known).sum() / np.maximum(outline, known).sum()
            for known in _outlines(name)
        )

    return bool(outline.any()) and value == max(tables.SUBJECTS, key=likeness)


def _outline(clip: Array) -> Array:
    """The subject's shape in the middle frame, [24, 24], its longer side filling the square."""
    frame = pixels.subject(clip)[len(clip) // 2]
    result = np.zeros((24, 24), np.float32)
    if frame.sum() < 8:
        return result
    rows, columns = np.flatnonzero(frame.any(1)), np.flatnonzero(frame.any(0))
    top, left = rows[0], columns[0]
    tall, broad = rows[-1] + 1 - top, columns[-1] + 1 - left
    side = max(tall, broad)
    steps = (np.arange(24) + 0.5) * side / 24
    y = np.floor(steps - (side - tall) / 2).astype(int)
    x = np.floor(steps - (side - broad) / 2).astype(int)
    inside = ((y >= 0) & (y < tall))[:, None] & ((x >= 0) & (x < broad))[None]
    taken = frame[np.clip(y + top, 0, len(frame) - 1)][:, np.clip(x + left, 0, frame.shape[1] - 1)]
    return (taken & inside).astype(np.float32)


@lru_cache
def _outlines(subject: str) -> tuple[Array, ...]:
    scenes = [
        Scene(subject=subject, angle="high-angle", shot=shot, color=color)
        for shot in ("medium", "close-up")
        for color in ("red", "white")
    ]
    clips = [world.draw(scene, *SIZE, 17) / np.float32(255) for scene in scenes]
    return tuple(
        _outline(clip[frame : frame + 1]) for clip in clips for frame in (0, 2, 4, 6, 8, 10)
    )


def _shows_motion(clip: Array, value: str) -> bool:
    centres = pixels.centres(clip)
    way = pixels.middle(centres[-3:]) - pixels.middle(centres[:3])
    if np.isnan(way).any():
        return False
    if np.abs(way).max() < 0.12:
        return value == "still"
    sideways = abs(way[0]) > abs(way[1])
    names = ("right-to-left", "left-to-right") if sideways else ("rises", "falls")
    return value == names[int(way[0 if sideways else 1] > 0)]


def _shows_side(clip: Array, value: str) -> bool:
    across = pixels.middle(pixels.centres(clip))[0] * min(clip.shape[1:3]) / clip.shape[2]
    if np.isnan(across):
        return False
    seen = "left-weighted" if across < -0.12 else "right-weighted" if across > 0.12 else "center"
    return value == seen


def _shows_shot(clip: Array, value: str) -> bool:
    area = float(np.median(pixels.subject(clip).sum((1, 2)))) / min(clip.shape[1:3]) ** 2
    radius = np.sqrt(area / np.pi) / FILLED + 1e-6
    return value == min(SHOTS, key=lambda name: abs(np.log(radius / SHOTS[name])))


def _shows_angle(clip: Array, value: str) -> bool:
    ends = horizon(clip)
    if ends is None:
        return value == "overhead"
    left, right = ends
    if abs(left - right) > 0.15:
        return value == "dutch-angle"
    level = {name: at for name, at in HORIZONS.items() if name not in ("overhead", "dutch-angle")}
    return value == min(level, key=lambda name: abs(level[name] - (left + right) / 2))


def horizon(clip: Array) -> tuple[float, float] | None:
    """Where it meets the left and the right edge, as parts of the height; None without one."""
    edge = max(2, round(pixels.EDGE * clip.shape[2]))
    (left, left_change), (right, right_change) = (
        _greatest_change(clip[:, :, columns]) for columns in (slice(None, edge), slice(-edge, None))
    )
    return None if max(left_change, right_change) < 0.14 else (left, right)


def _greatest_change(strip: Array) -> tuple[float, float]:
    """Where the colour changes most from top to bottom (part of the height), and by how much."""
    rows = np.median(strip, (0, 2))
    reach = max(2, len(rows) // 32)
    change = np.abs(rows[2 * reach :] - rows[: -2 * reach]).max(1)
    return (change.argmax() + reach) / len(rows), float(change.max())


def _shows_tone(clip: Array, value: str) -> bool:
    sky, ground = pixels.rows(clip, 0.05, 0.4), pixels.rows(clip, 0.72, 1.0)
    warmth = (float(sky[0] - sky[2]), float(ground[0] - ground[2]))
    colorful = float(np.ptp(sky) + np.ptp(ground)) / 2
    return {
        "warm": min(warmth) > 0.0,
        "cool": max(warmth) < 0.0 and colorful > 0.14,
        "saturated": colorful > 0.45,
        "desaturated": colorful < 0.14,
    }[value]


def _shows_style(clip: Array, value: str) -> bool:
    del value  # black and white is the only one that is drawn
    return float((clip.max(-1) - clip.min(-1)).mean()) < 0.03


def _shows_lighting(clip: Array, value: str) -> bool:
    luma = np.median(clip, 0) @ LUMA
    if value == "low-contrast":
        return float(np.ptp(np.percentile(luma, (1, 99)))) < 0.36
    if value == "high-contrast":
        return _clipped(clip) > 0.35
    left, right, top, bottom, middle, around, far = _about_the_subject(luma)
    sideways, downwards = (left - right) / (left + right), (top - bottom) / (top + bottom)
    glow = around - far > 0.18
    plain = _clipped(clip) <= 0.35 and middle >= 0.09 and not glow
    return bool(
        {
            "silhouette": middle < 0.09 and not glow,
            "backlighting": middle < 0.35 and glow,
            "side": plain and sideways > 0.25 and sideways > abs(downwards),
            "top": plain and downwards > 0.25 and downwards > abs(sideways),
            "underlighting": plain and downwards < -0.25 and -downwards > abs(sideways),
        }[value]
    )


def _clipped(clip: Array) -> float:
    """The part of all values that is black or full."""
    return float(((clip < 0.03) | (clip > 0.97)).mean())


def _about_the_subject(luma: Array) -> tuple[float, ...]:
    """Mean luma of a close-up's halves (left, right, top, bottom), its middle, around it, far."""
    height, width = luma.shape
    short, radius = min(height, width), SHOTS["close-up"]
    x = (np.arange(width) + 0.5 - width / 2)[None] / short / radius
    y = (np.arange(height) + 0.5 - height / 2)[:, None] / short / radius - 0.02 / radius
    away = np.hypot(x, y)
    inside = away < 0.8
    parts = (
        inside & (x < -0.3),
        inside & (x > 0.3),
        inside & (y < -0.3),
        inside & (y > 0.3),
        away < 0.5,
        (away > 1.15) & (away < 1.35),
        (away > 2.0) & (np.abs(y) < 1.2),
    )
    return tuple(float(luma[part].mean()) + 1e-3 for part in parts)


def _shows_camera(clip: Array, value: str) -> bool:
    move = move_seen(clip)[0]
    if move != "fixed":
        return value == move
    return value == ("handheld" if shaking(clip) > 0.15 else "fixed")


def move_seen(clip: Array) -> tuple[str, float, float, float]:
    """The camera move that best explains the last frame from the first: its term, how far across
    and down in short sides, and how often larger."""
    candidates = [("fixed", 0.0, 0.0, 1.0)]
    for amount in np.arange(0.18, 0.5, 0.04):
        candidates += [("pan-right", amount, 0, 1), ("move-left", -amount, 0, 1)]
        candidates += [("tilt-up", 0, -amount, 1), ("tilt-down", 0, amount, 1)]
    for zoom in (1.25, 1.35, 1.45, 1.5, 1.6, 1.75):
        candidates += [("push-in", 0, 0, zoom), ("pull-back", 0, 0, 1 / zoom)]
    candidates += [("fixed", x, y, 1) for x in (-0.07, 0, 0.07) for y in (-0.07, 0, 0.07)]
    return min(candidates, key=lambda way: _difference(clip[0], clip[-1], *way[1:]))


def shaking(clip: Array) -> float:
    """How far the picture travels back and forth, in short sides: the sum over all frames."""
    grid = np.arange(-0.10, 0.101, 0.025)
    ways = [(x, y) for x in grid for y in grid]
    path = [min(ways, key=lambda way: _difference(clip[0], frame, *way, 1.0)) for frame in clip]
    return float(np.abs(np.diff(path, axis=0)).sum())


def _difference(first: Array, then: Array, across: float, down: float, zoom: float) -> float:
    """The mean difference where the first frame, seen by the moved camera, covers the later one."""
    height, width, _ = first.shape
    short = min(height, width)
    x = (np.arange(width) + 0.5 - width / 2) / zoom + across * short + width / 2
    y = (np.arange(height) + 0.5 - height / 2) / zoom + down * short + height / 2
    columns, rows = np.floor(x).astype(int), np.floor(y).astype(int)
    in_x, in_y = (columns >= 0) & (columns < width), (rows >= 0) & (rows < height)
    return float(np.abs(first[rows[in_y]][:, columns[in_x]] - then[in_y][:, in_x]).mean())


# --- the signs and where they can be seen --------------------------------------------------------


def _one(rng: Generator, *values: str) -> str:
    return values[rng.integers(len(values))]


def _put(field: str) -> Callable[[Scene, str, Generator], Scene]:
    return lambda scene, value, _: replace(scene, **{field: value})


def _put_light(named: str) -> Callable[[Scene, str, Generator], Scene]:
    def put(scene: Scene, value: str, rng: Generator) -> Scene:
        names = [name for name, light in LIGHTS.items() if getattr(light, named) == value]
        return replace(scene, light=_one(rng, *names))

    return put


def _any(rng: Generator) -> Scene:
    """A still small subject of any kind and colour on flat ground by day."""
    return Scene(
        subject=_one(rng, *tables.SUBJECTS),
        color=_one(rng, *COLORS),
        place=_one(rng, "sea", "desert"),
        light=_one(rng, "daylight", "overcast"),
        shot=_one(rng, "medium", "wide"),
    )


def _on_water(rng: Generator) -> Scene:
    """The subject before the water, which is unlike all of its colours."""
    return replace(_any(rng), place="sea", angle="high-angle")


def _land_by_day(rng: Generator) -> Scene:
    return replace(_any(rng), light="daylight")


def _close_up(rng: Generator) -> Scene:
    return replace(_on_water(rng), subject="ball", shot="close-up", light="daylight")


def _sized(rng: Generator) -> Scene:
    return replace(_on_water(rng), subject=_one(rng, "ball", "balloon"))


def _large(rng: Generator) -> Scene:
    return replace(_on_water(rng), shot=_one(rng, "medium", "close-up"))


def _sand(rng: Generator) -> Scene:
    return replace(_any(rng), place="desert", light="daylight")


def _landmarks(rng: Generator) -> Scene:
    return replace(_any(rng), place=_one(rng, "mountains", "city"))


def _names(values: object) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))  # type: ignore[attr-defined]


SIGNS = {
    "subject": Sign(
        values=tables.SUBJECTS, put=_put("subject"), plain=_large, shows=_shows_subject
    ),
    "color": Sign(values=_names(COLORS), put=_put("color"), plain=_on_water, shows=_shows_color),
    "motion": Sign(
        values=_names(tables.MOTIONS), put=_put("motion"), plain=_on_water, shows=_shows_motion
    ),
    "place": Sign(
        values=_names(tables.PLACES), put=_put("place"), plain=_land_by_day, shows=_shows_place
    ),
    "light_source": Sign(
        values=_names(light.source for light in LIGHTS.values()),
        put=_put_light("source"),
        plain=_any,
        shows=_shows_source,
    ),
    "time_of_day": Sign(
        values=_names(light.time for light in LIGHTS.values()),
        put=_put_light("time"),
        plain=_any,
        shows=_shows_time,
    ),
    "lighting_type": Sign(
        values=tables.LIGHTINGS, put=_put("lighting"), plain=_close_up, shows=_shows_lighting
    ),
    "shot_size": Sign(values=_names(SHOTS), put=_put("shot"), plain=_sized, shows=_shows_shot),
    "composition": Sign(
        values=_names(tables.SIDES), put=_put("side"), plain=_on_water, shows=_shows_side
    ),
    "camera_angle": Sign(
        values=_names(HORIZONS), put=_put("angle"), plain=_any, shows=_shows_angle
    ),
    "color_tone": Sign(values=tables.TONES, put=_put("tone"), plain=_sand, shows=_shows_tone),
    "camera_move": Sign(
        values=_names(tables.CAMERA_MOVES),
        put=_put("camera"),
        plain=_landmarks,
        shows=_shows_camera,
    ),
    "style": Sign(values=tables.STYLES, put=_put("style"), plain=_any, shows=_shows_style),
}
