"""A preset's terms and a staging → a picture: each term does to it what its words say.

Light is placed as seen from the camera, so that side light comes from the side of the picture.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from drawing import treatment
from drawing.air import filled
from drawing.shapes import WHITE, Array, Colour, Point, colour
from drawing.sky import Disc, Sky
from drawing.staging import Staging
from drawing.styles import styled
from drawing.tracing import FLOOR, Camera, Frame, Light, Scene, trace

Look = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Hour:
    """A time of day outside: sky, sun, and what comes from all around."""

    low: str
    high: str
    sun: Colour
    up: float
    ambient: str
    disc: tuple[float, str] | None = None
    fog: float = 0.0
    stars: float = 0.0


HOURS = {
    "day": Hour(low="#c6dbe8", high="#4f8ac6", sun=(2.0, 1.85, 1.6), up=42, ambient="#93a6bd"),
    "night": Hour(
        low="#1b2a4e", high="#060a1a", sun=(0.30, 0.38, 0.58), up=40, ambient="#18223a", stars=1.0
    ),
    "dusk": Hour(low="#d98f92", high="#28356e", sun=(0.75, 0.42, 0.36), up=8, ambient="#454b74"),
    "sunset": Hour(
        low="#ffbd80",
        high="#5d4a8c",
        sun=(2.6, 1.4, 0.66),
        up=9,
        ambient="#5f4a58",
        disc=(2.6, "#ffdf9c"),
        fog=0.004,
    ),
    "dawn": Hour(
        low="#f1c6b6", high="#6d8ab8", sun=(0.95, 0.72, 0.62), up=10, ambient="#7c88ac", fog=0.012
    ),
    "sunrise": Hour(
        low="#ffdcaa",
        high="#6d9dd0",
        sun=(2.3, 1.55, 0.85),
        up=13,
        ambient="#6f6c86",
        disc=(2.4, "#fff0c0"),
        fog=0.007,
    ),
}

DARK_ROOM = Sky(low=colour("#16161b"), high=colour("#0c0c10"))
CANDLE, TUBE, COOL, AMBER = (
    colour("#ff9a4a"),
    colour("#d2ffe2"),
    colour("#9dbdff"),
    colour("#ffc27a"),
)


@dataclass(frozen=True, kw_only=True)
class Rig:
    """Where the key stands as seen from the camera (degrees right, degrees up), how strong and soft
    it is, how much comes from all around, and what stands behind the subject."""

    side: float = -42.0
    up: float = 36.0
    key: float = 1.0
    size: float = 0.16
    fill: float = 1.0
    rim: float = 0.0
    kickers: float = 0.0
    contrast: float = 1.0


def _rigged(rig: Rig, name: str, hour: Hour | None, first: bool) -> Rig:
    """The rig with one more lighting term; only the first one moves the key."""
    places = {
        "top": (-15.0, 78.0),
        "side": (-86.0, 20.0),
        "backlighting": (158.0, hour.up + 6 if hour else 30.0),
        "underlighting": (-24.0, -42.0),
    }
    changes = {
        "soft": {"size": 0.75, "fill": rig.fill * 1.25, "key": rig.key * 0.85},
        "hard": {"size": 0.0, "fill": rig.fill * 0.62, "key": rig.key * 1.2, "contrast": 1.12},
        "top": {"fill": rig.fill * 0.62},
        "side": {"fill": rig.fill * 0.6},
        "backlighting": {"fill": rig.fill * 0.75, "rim": rig.rim + 0.8, "key": rig.key * 1.25},
        "underlighting": {"fill": rig.fill * 0.5},
        "edge": {"kickers": 1.0, "rim": rig.rim + 0.35},
        "silhouette": {"key": rig.key * 0.25, "fill": rig.fill * 0.05, "contrast": 1.15},
        "low-contrast": {"fill": rig.fill * 1.7, "key": rig.key * 0.55, "contrast": 0.72},
        "high-contrast": {"fill": rig.fill * 0.35, "key": rig.key * 1.25, "contrast": 1.25},
    }[name]
    rig = replace(rig, **changes)
    if name in places and first:
        side, up = places[name]
        rig = replace(rig, side=side, up=up)
    return rig


# Shot size → (height of the frame at the subject, height looked at), for somebody 1.75 m tall; a
# height above 1 that close-ups take from the subject's eye is given as the distance below it.
FRAMES = {
    "extreme-close-up": (0.30, 0.005),
    "close-up": (0.46, 0.045),
    "medium-close-up": (0.72, 0.11),
    "medium": (1.1, 0.30),
    "medium-wide": (1.55, 0.52),
    "medium-long": (2.15, 0.66),
    "wide": (3.3, 0.55),
    "extreme-wide": (11.0, -1.4),
    "wide-angle-lens": (2.7, 0.55),
}
# Focal length → (field of view across in degrees, how shallow the focus is).
LENSES = {
    "medium": (40.0, 0.5),
    "wide": (76.0, 0.12),
    "long": (20.0, 1.0),
    "telephoto": (10.0, 1.2),
    "fisheye": (150.0, 0.0),
}
RISES = {"high-angle": 33.0, "low-angle": -16.0, "aerial": 36.0, "overhead": 89.3}


def picture(look: Look, staging: Staging, size: tuple[int, int]) -> Array:
    """Shown values [height, width, 3] from 0 to 1; size is (width, height)."""
    camera = camera_for(look, staging)
    frame = trace(scene_for(look, staging, camera), camera, size)
    return developed(look, staging, camera, frame)


def _one(look: Look, category: str) -> str:
    names = look.get(category, ())
    return names[0] if names else ""


# -- light


def scene_for(look: Look, staging: Staging, camera: Camera) -> Scene:
    place = staging.place
    time = _one(look, "time_of_day") or "day"
    source = _one(look, "light_source")
    hour = _weathered(HOURS[time], source) if not place.inside else None
    rig = Rig()
    for number, name in enumerate(_directions_first(look.get("lighting_type", ()))):
        rig = _rigged(rig, name, hour, number == 0)
    if hour is not None and rig.up > hour.up and time != "day" and source != "overcast":
        rig = replace(rig, up=max(hour.up, 6.0))  # a low sun lights from low
    if staging.sun is not None:
        rig = replace(rig, side=staging.sun[0], up=staging.sun[1])
    sky = place.sky or (_sky(hour, source, rig, camera) if hour else DARK_ROOM)
    ambient = colour(hour.ambient) if hour else _around(source)
    share = rig.fill * place.fill
    return Scene(
        things=(*place.things, *staging.subject),
        lights=(*_lights(rig, hour, source, camera, staging), *place.lamps),
        ambient=(ambient[0] * share, ambient[1] * share, ambient[2] * share),
        sky=sky,
        ground=place.ground,
        rim=_scaled(_key_paint(hour, source), rig.rim * 0.5 * place.key),
        fog=place.fog + (hour.fog if hour else 0.0),
        # Fog that begins behind the subject, however far away a long lens stands.
        clear=place.clear + _away(camera),
        mist=place.mist,
        haze=place.haze,
        shafts=place.shafts,
        far=place.far,
    )


def _away(camera: Camera) -> float:
    """Metres from the camera to what it looks at."""
    return float(np.linalg.norm(np.subtract(camera.at, camera.look)))


def _directions_first(names: tuple[str, ...]) -> list[str]:
    order = ("backlighting", "side", "top", "underlighting")
    return sorted(names, key=lambda name: order.index(name) if name in order else len(order))


def _weathered(hour: Hour, source: str) -> Hour:
    if source == "overcast":
        grey = tuple(0.4 * part + 0.6 * 0.28 for part in colour(hour.ambient))
        return replace(
            hour,
            low=_mixed(hour.low, "#b4babf", 0.75),
            high=_mixed(hour.high, "#8d969e", 0.7),
            sun=(0.42 * grey[0] * 2, 0.42 * grey[1] * 2, 0.45 * grey[2] * 2),
            up=70,
            ambient=_mixed(hour.ambient, "#a4abb2", 0.55),
            disc=None,
            fog=hour.fog + 0.006,
        )
    if source == "sunny" and hour is HOURS["day"]:
        return replace(hour, low="#bfe0f2", high="#2f78c8", sun=(3.0, 2.65, 2.0))
    if source == "moonlight":
        return replace(hour, sun=(0.55, 0.7, 1.05), ambient="#202c48")
    return hour


def _mixed(one: str, other: str, share: float) -> str:
    parts = (
        round(int(one[i : i + 2], 16) * (1 - share) + int(other[i : i + 2], 16) * share)
        for i in (1, 3, 5)
    )
    return "#" + "".join(f"{part:02x}" for part in parts)


def _sky(hour: Hour, source: str, rig: Rig, camera: Camera) -> Sky:
    disc = None
    # Kept where a long lens still sees it, if it stands behind the subject at all.
    side = max(rig.side, 180 - camera.width * 0.3) if rig.side > 150 else rig.side
    up = min(hour.up * 0.75, camera.width * 0.17)
    if hour.disc is not None:
        disc = Disc(
            towards=_seen_from(camera, side, up),
            radius=hour.disc[0],
            paint=_scaled(colour(hour.disc[1]), 2.2),
        )
    if source == "moonlight":
        disc = Disc(
            towards=_seen_from(camera, side, min(15.0, camera.width * 0.17)),
            radius=3.0,
            paint=(1.3, 1.4, 1.6),
            halo=2.0,
        )
    return Sky(low=colour(hour.low), high=colour(hour.high), disc=disc, stars=hour.stars)


def _around(source: str) -> Colour:
    """Light from all around in a room."""
    return colour(
        {
            "daylight": "#7d8690",
            "sunny": "#858073",
            "overcast": "#7f878d",
            "fluorescent": "#77907f",
            "firelight": "#241712",
            "practical": "#2e2823",
            "moonlight": "#1a2238",
            "mixed": "#2c2a36",
        }.get(source, "#4a4b52")
    )


def _key_paint(hour: Hour | None, source: str) -> Colour:
    if hour is not None and source not in ("artificial", "practical", "firelight", "fluorescent"):
        return hour.sun
    return {
        "daylight": (1.9, 1.9, 1.9),
        "sunny": (2.8, 2.4, 1.8),
        "overcast": (0.9, 0.95, 1.0),
        "moonlight": (0.6, 0.75, 1.1),
        "practical": _scaled(AMBER, 2.0),
        "firelight": _scaled(CANDLE, 2.2),
        "fluorescent": _scaled(TUBE, 1.3),
        "mixed": _scaled(AMBER, 1.9),
    }.get(source, (2.1, 2.1, 2.1))


def _lights(
    rig: Rig, hour: Hour | None, source: str, camera: Camera, staging: Staging
) -> tuple[Light, ...]:
    paint = _scaled(_tinted(_key_paint(hour, source), staging.key_paint), staging.place.key)
    found = []
    if rig.key and staging.place.key:
        found.append(
            Light(
                paint=_scaled(paint, rig.key),
                towards=_seen_from(camera, rig.side, rig.up),
                size=max(rig.size, 0.5 if source in ("overcast", "fluorescent") else 0),
            )
        )
    if source == "mixed":
        cool = _scaled(COOL, 1.5 * staging.place.key)
        found.append(Light(paint=cool, towards=_seen_from(camera, 100, 20), size=0.2))
    if rig.kickers:
        power = rig.kickers * (0.9 if staging.place.key else 0.25)
        other = COOL if source in ("artificial", "practical", "mixed") else paint
        found += [
            Light(paint=_scaled(paint, 0.85 * power), towards=_seen_from(camera, -132, 28)),
            Light(paint=_scaled(other, 0.85 * power), towards=_seen_from(camera, 136, 24)),
        ]
    return tuple(found)


def _tinted(paint: Colour, tint: Colour) -> Colour:
    return paint if tint is WHITE else (paint[0] * tint[0], paint[1] * tint[1], paint[2] * tint[2])


def _scaled(paint: Colour, share: float) -> Colour:
    return paint[0] * share, paint[1] * share, paint[2] * share


def _seen_from(camera: Camera, side: float, up: float) -> Point:
    """A direction given in degrees to the right of the camera's own place, and up."""
    x, z = camera.at[0] - camera.look[0], camera.at[2] - camera.look[2]
    base = np.arctan2(x, z) if abs(x) + abs(z) > 0.05 else np.pi
    turn = base - np.radians(side)
    rise = np.radians(up)
    return (
        float(np.sin(turn) * np.cos(rise)),
        float(np.sin(rise)),
        float(np.cos(turn) * np.cos(rise)),
    )


# -- camera


def camera_for(look: Look, staging: Staging) -> Camera:
    size, angle, lens = (_one(look, each) for each in ("shot_size", "camera_angle", "focal_length"))
    scale = staging.tall / 1.75
    high, below = FRAMES.get(size, (1.9, 0.6))
    high *= scale * staging.back
    width, _ = LENSES.get(lens, (36.0, 0.4))
    if size == "wide-angle-lens":
        width = max(width, 84.0)
    target = max(staging.eye - below * scale, high * 0.28 if high < 4 else 0.5) + staging.rise
    distance = high * 1.6 / 2 / np.tan(np.radians(min(width, 110) / 2))
    if lens == "fisheye":
        distance = high * 0.55
    rise = np.radians(RISES.get(angle, 1.5) + staging.tilt)
    turn = np.radians(staging.walk)
    shift = (_aside(_one(look, "composition")) + staging.shift) * high * 1.6
    look_at = (shift * np.cos(turn), target, -shift * np.sin(turn))
    at = (
        look_at[0] - distance * np.sin(turn) * np.cos(rise),
        max(target + distance * np.sin(rise), 0.10),
        look_at[2] - distance * np.cos(turn) * np.cos(rise),
    )
    return Camera(
        at=tuple(map(float, at)),
        look=tuple(map(float, look_at)),
        width=width,
        roll=13.0 if angle == "dutch-angle" else 1.6 * (_one(look, "camera_move") == "handheld"),
        fisheye=lens == "fisheye",
    )


def _aside(composition: str) -> float:
    """How far right of the subject the camera aims, in frame widths."""
    return {
        "left-weighted": 0.2,
        "right-weighted": -0.2,
        "short-side": -0.24,
        "balanced": 0.1,
    }.get(composition, 0.0)


# -- what the lens, the shutter and the laboratory do


def developed(look: Look, staging: Staging, camera: Camera, frame: Frame) -> Array:
    light = frame.light * staging.exposure
    light = treatment.focused(light, _circles(look, staging, camera, frame))
    light = _shutter(look, light, frame, camera)
    light = treatment.bloomed(filled(light, staging.airs))
    light = treatment.toned(light, look.get("color_tone", ()))
    contrast = 1.0
    for name in look.get("lighting_type", ()):
        contrast += {"low-contrast": -0.25, "high-contrast": 0.2, "hard": 0.1}.get(name, 0.0)
    shown = treatment.vignetted(treatment.printed(light, contrast), 0.22)
    shown = styled(_one(look, "style"), shown, frame)
    if staging.film == "mono":
        return treatment.grained(treatment.grey(shown), 0.04)
    if staging.film == "faded":
        return treatment.grained(
            shown * np.array([0.86, 0.8, 0.72]) + np.array([0.13, 0.1, 0.08]), 0.03
        )
    return shown


def _circles(look: Look, staging: Staging, camera: Camera, frame: Frame) -> Array:
    """Circles of confusion in pixels."""
    height = frame.distance.shape[0]
    if "tilt-shift" in look.get("effect", ()):
        rows = np.abs(np.linspace(-0.62, 0.38, height))[:, None]
        return np.broadcast_to(np.clip(rows - 0.09, 0, 1) * 26, frame.distance.shape)
    _, shallow = LENSES.get(_one(look, "focal_length"), (0, 0.4))
    size = _one(look, "shot_size")
    shallow *= {"extreme-close-up": 1.5, "close-up": 1.3, "medium-close-up": 1.15}.get(size, 0.8)
    if size in ("wide", "extreme-wide", "wide-angle-lens"):
        shallow *= 0.35
    sharp = _away(camera) + staging.focus
    amount = np.abs(1 - sharp / np.maximum(frame.distance, 0.05))
    beyond = np.maximum(amount - 0.06, 0) * 17 * shallow * staging.blur * height / 300
    return np.clip(beyond, 0, 15 * height / 300)


def _shutter(look: Look, light: Array, frame: Frame, camera: Camera) -> Array:
    """What moves while the shutter is open."""
    sharp = _away(camera)
    far = np.clip((frame.distance / sharp - 1.25) * 2.5, 0, 1)
    near = np.clip((0.82 - frame.distance / sharp) * 3.5, 0, 1)
    scale = light.shape[0] / 300
    match _one(look, "camera_move"):
        case "pan-right" | "tracking":
            passing = np.maximum(far, (frame.thing == FLOOR) * 0.8)
            return treatment.moved_along(light, passing, int(34 * scale))
        case "move-left" | "arc":
            return treatment.moved_along(light, np.maximum(far, near), int(20 * scale))
        case "push-in" | "pull-back":
            return treatment.moved_towards(light, 0.035)
        case "tilt-up" | "tilt-down":
            return treatment.moved_along(light, np.maximum(far, near), int(15 * scale), 90)
        case "compound":
            return treatment.moved_towards(light, 0.03, spin=1.6)
        case "handheld":
            return treatment.moved_along(light, np.full(far.shape, 0.4), int(7 * scale), 28)
    return light
