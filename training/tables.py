"""The miniature world's values as data: what there is, and how it looks. Keys are the vocabulary's
ids wherever it has the word. Colours are RGB, 0 to 1; lengths are in short sides of the picture.
"""

from dataclasses import dataclass

Color = tuple[float, float, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class Light:
    """What a source and a time of day do to a picture. Colours are RGB, 0 to 1.

    source, time: the vocabulary's ids that name this light, None where it has no name. top, low:
    the sky overhead and at the horizon. falls: multiplies everything that is lit. disc: sun or
    moon, its colour; height: where it stands, as a part of the sky, 1 being the horizon.
    """

    source: str | None
    time: str | None
    top: Color
    low: Color
    falls: Color
    disc: Color | None = None
    height: float = 0.3


LIGHTS = {
    "daylight": Light(
        source="daylight", time="day", top=(0.38, 0.61, 0.90), low=(0.74, 0.85, 0.95),
        falls=(0.90, 0.90, 0.90),
    ),
    "sunny": Light(
        source="sunny", time="day", top=(0.10, 0.44, 0.98), low=(0.52, 0.80, 1.0),
        falls=(1.08, 1.05, 0.98), disc=(1.0, 0.97, 0.75),
    ),
    "overcast": Light(
        source="overcast", time="day", top=(0.52, 0.54, 0.57), low=(0.68, 0.69, 0.71),
        falls=(0.66, 0.67, 0.69),
    ),
    "moonlight": Light(
        source="moonlight", time="night", top=(0.01, 0.04, 0.15), low=(0.06, 0.15, 0.36),
        falls=(0.24, 0.34, 0.58), disc=(0.90, 0.94, 1.0),
    ),
    "night": Light(
        source=None, time="night", top=(0.02, 0.02, 0.04), low=(0.07, 0.07, 0.10),
        falls=(0.26, 0.26, 0.30),
    ),
    "firelight": Light(
        source="firelight", time="night", top=(0.05, 0.02, 0.02), low=(0.34, 0.12, 0.03),
        falls=(0.92, 0.46, 0.18),
    ),
    "fluorescent": Light(
        source="fluorescent", time=None, top=(0.52, 0.72, 0.58), low=(0.72, 0.92, 0.76),
        falls=(0.78, 1.0, 0.82),
    ),
    "artificial": Light(
        source="artificial", time="night", top=(0.12, 0.02, 0.24), low=(0.66, 0.06, 0.54),
        falls=(0.40, 0.66, 0.80),
    ),
    "dusk": Light(
        source=None, time="dusk", top=(0.12, 0.13, 0.38), low=(0.50, 0.32, 0.54),
        falls=(0.46, 0.42, 0.60),
    ),
    "sunset": Light(
        source=None, time="sunset", top=(0.44, 0.18, 0.32), low=(1.0, 0.45, 0.12),
        falls=(1.0, 0.64, 0.42), disc=(1.0, 0.70, 0.35), height=0.86,
    ),
    "sunrise": Light(
        source=None, time="sunrise", top=(0.52, 0.66, 0.88), low=(1.0, 0.86, 0.48),
        falls=(1.0, 0.90, 0.68), disc=(1.0, 0.98, 0.82), height=0.86,
    ),
    "dawn": Light(
        source=None, time="dawn", top=(0.36, 0.42, 0.62), low=(0.90, 0.68, 0.74),
        falls=(0.72, 0.66, 0.76),
    ),
}  # fmt: skip

COLORS: dict[str, Color] = {
    "red": (0.86, 0.10, 0.10),
    "orange": (0.96, 0.48, 0.06),
    "yellow": (0.96, 0.86, 0.12),
    "green": (0.10, 0.62, 0.18),
    "blue": (0.10, 0.26, 0.88),
    "purple": (0.54, 0.16, 0.74),
    "white": (0.97, 0.97, 0.97),
}
PLACES: dict[str, Color] = {
    "sea": (0.06, 0.34, 0.46),
    "desert": (0.86, 0.66, 0.38),
    "mountains": (0.42, 0.54, 0.28),
    "city": (0.40, 0.40, 0.44),
    "forest": (0.20, 0.36, 0.14),
    "snowfield": (0.95, 0.96, 1.0),
}
SUBJECTS = ("ball", "balloon", "sailboat", "car", "bird", "rocket")
MOTIONS: dict[str, tuple[float, float]] = {  # the way in x and y, short sides over the clip
    "left-to-right": (0.5, 0.0),
    "right-to-left": (-0.5, 0.0),
    "rises": (0.0, -0.5),
    "falls": (0.0, 0.5),
    "still": (0.0, 0.0),
}
SHOTS = {
    "extreme-close-up": 0.40,
    "close-up": 0.27,
    "medium": 0.175,
    "wide": 0.11,
    "extreme-wide": 0.065,
}
SIDES = {"center": 0.0, "left-weighted": -0.24, "right-weighted": 0.24}
HORIZONS = {  # as a part of the picture's height, from the top
    "eye-level": 0.60,
    "low-angle": 0.82,
    "high-angle": 0.34,
    "overhead": -0.6,
    "dutch-angle": 0.60,
}
DUTCH_RADIANS = 0.26
CAMERA_MOVES: dict[str, tuple[float, float, float]] = {  # across, down, and zoom over the clip
    "fixed": (0.0, 0.0, 1.0),
    "push-in": (0.0, 0.0, 1.5),
    "pull-back": (0.0, 0.0, 1 / 1.5),
    "pan-right": (0.36, 0.0, 1.0),
    "move-left": (-0.36, 0.0, 1.0),
    "tilt-up": (0.0, -0.30, 1.0),
    "tilt-down": (0.0, 0.30, 1.0),
    "handheld": (0.0, 0.0, 1.0),
}
HANDHELD = 0.045
TONES = ("warm", "cool", "saturated", "desaturated")
TINTS = {"warm": (1.26, 0.96, 0.58), "cool": (0.64, 1.0, 1.40)}
LIGHTINGS = (
    "silhouette",
    "backlighting",
    "side",
    "top",
    "underlighting",
    "low-contrast",
    "high-contrast",
)
STYLES = ("black-and-white-animation",)
FLAWS = ("blurred", "overexposed", "gray", "static", "noisy", "gaudy")
