"""What is in the air between the lens and the scene, drawn onto the light: rain, dust, steam."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from drawing.shapes import Array, Colour
from drawing.treatment import bell, convolved, plane_noise, streak


@dataclass(frozen=True, kw_only=True)
class Air:
    """kind: one of those below. amount: how much, or how many blades. x, y: where it is thickest,
    in frame widths and heights from the upper left corner. size: in frame heights."""

    kind: str
    amount: float = 1.0
    x: float = 0.5
    y: float = 0.5
    size: float = 0.4
    paint: Colour = (1.0, 1.0, 1.0)
    seed: int = 0


def filled(light: Array, airs: tuple[Air, ...]) -> Array:
    """Linear light [height, width, 3] with all of it."""
    for air in airs:
        paint = np.array(air.paint, np.float32)
        if air.kind == "blades":
            cover = _blades(light.shape[:2], air)
            light = light * (1 - cover) + paint * cover
        else:
            light = light + _KINDS[air.kind](light, air) * paint
    return light


def _specks(shape: tuple[int, int], count: int, seed: int, low: float = 0.2) -> Array:
    chance = np.random.default_rng(seed)
    found = np.zeros(shape, np.float32)
    rows, columns = chance.integers(shape[0], size=count), chance.integers(shape[1], size=count)
    found[rows, columns] = chance.uniform(low, 1, count)
    return found[..., None]


def _dots(shape: tuple[int, int], count: int, seed: int, radius: float) -> Array:
    """Soft round specks, as bright as 1; radius in 300ths of the frame's height."""
    wide = max(radius * shape[0] / 300, 0.5)
    return convolved(_specks(shape, count, seed, 0.1), bell(wide)) * 2 * np.pi * wide * wide


def _rain(light: Array, air: Air) -> Array:
    shape = light.shape[:2]
    long = int(shape[0] * 0.09)
    near = convolved(_specks(shape, 90, air.seed), streak(long * 2, 80)) * long * 0.75
    far = convolved(_specks(shape, 500, air.seed + 1), streak(long, 80)) * long * 0.35
    around = convolved(light, bell(12)).mean(-1, keepdims=True)
    return (near + far) * (0.1 + around) * air.amount


def _motes(light: Array, air: Air) -> Array:
    """Dust, pollen, powder: seen where there is light behind it."""
    shape = light.shape[:2]
    soft = _dots(shape, 70, air.seed, 3.2) * 0.35
    fine = _dots(shape, 240, air.seed + 1, 1.2) * 0.7
    around = convolved(light, bell(16)).mean(-1, keepdims=True)
    return (soft + fine) * (0.04 + around) * _near(shape, air) * air.amount


def _snow(light: Array, air: Air) -> Array:
    shape = light.shape[:2]
    large, small = _dots(shape, 40, air.seed, 3.6) * 0.5, _dots(shape, 320, air.seed + 1, 1.3)
    return (large + small) * air.amount


def _steam(light: Array, air: Air) -> Array:
    """A plume that rises from (x, y) and widens."""
    height, width = light.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    up = (air.y - y / height) / air.size
    sway = (
        (plane_noise((height, width), height * 0.22, air.seed, 3) - 0.5) * 0.34 * np.clip(up, 0, 1)
    )
    aside = (x / width - air.x) * width / height / air.size + sway
    wide = 0.1 + 0.3 * np.clip(up, 0, 1.4)
    body = np.exp(-((aside / wide) ** 2)) * np.clip(up * 6, 0, 1) * np.clip(1.3 - up, 0, 1)
    curls = np.clip(
        plane_noise((height, width), height * 0.13, air.seed + 5, 4) * 2.4 - 0.75, 0, 1.3
    )
    return (body * curls * air.amount)[..., None]


def _bubbles(light: Array, air: Air) -> Array:
    height, width = light.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    chance = np.random.default_rng(air.seed)
    total = np.zeros((height, width), np.float32)
    for _ in range(26):
        radius = float(chance.uniform(0.006, 0.022)) * height
        at = (air.x + chance.normal(0, 0.1)) * width, chance.uniform(0.05, 1) * height
        off = np.hypot(x - at[0], y - at[1])
        total += np.exp(-(((off - radius) / 1.1) ** 2)) * 0.5
        total += np.exp(
            -((np.hypot(x - at[0] + radius / 2.5, y - at[1] + radius / 2.5) / 1.3) ** 2)
        )
    return (total * air.amount)[..., None]


def _flare(light: Array, air: Air) -> Array:
    """Light that leaks in, or scatters in the lens."""
    return _near(light.shape[:2], air) * air.amount


def _blades(shape: tuple[int, int], air: Air) -> Array:
    """Grass close to the lens, out of focus, up from the lower edge."""
    height, width = shape
    sheet = Image.new("L", (width, height))
    pen = ImageDraw.Draw(sheet)
    chance = np.random.default_rng(air.seed)
    for _ in range(int(air.amount)):
        foot, tall = chance.uniform(0, width), height * air.size * chance.uniform(0.35, 1.15)
        lean = chance.normal(0, 0.22) * tall
        path = [
            (foot, height),
            (foot + lean * 0.3, height - tall * 0.6),
            (foot + lean, height - tall),
        ]
        pen.line(path, fill=int(chance.uniform(120, 230)), width=max(int(height * 0.008), 1))
    soft = convolved(np.asarray(sheet, np.float32)[..., None] / 255, bell(height * 0.004))
    return np.clip(soft * 1.2, 0, 1)


def _near(shape: tuple[int, int], air: Air) -> Array:
    height, width = shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    off = np.hypot((x / width - air.x) * width / height, y / height - air.y) / air.size
    return np.exp(-(off**2))[..., None]


def _drops(light: Array, air: Air) -> Array:
    """Drops on a pane: each shows the bright sky at its lower edge, some have run."""
    height, width = light.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    chance = np.random.default_rng(air.seed)
    total = np.zeros((height, width), np.float32)
    for number in range(150):
        radius = float(chance.exponential(0.007) + 0.004) * height
        at = chance.uniform(0, width), chance.uniform(0, height)
        off = np.hypot(x - at[0], (y - at[1]) * 0.9)
        body = np.clip((radius - off) / 1.5 + 0.5, 0, 1)
        total += body * (0.1 + 0.75 * np.clip((y - at[1]) / radius, -0.3, 1))
        if number % 9 == 0:
            trail = np.exp(-(((x - at[0] - np.sin(y / 9) * 1.2) / 1.3) ** 2))
            total += trail * (y < at[1]) * (y > at[1] - height * 0.35) * 0.16
    return (total * air.amount)[..., None]


_KINDS = {
    "rain": _rain,
    "motes": _motes,
    "snow": _snow,
    "steam": _steam,
    "bubbles": _bubbles,
    "flare": _flare,
    "drops": _drops,
}
