"""Linear light → the finished picture: lens, motion, tone, film.

Knows pixels and their distances; not what was in front of the camera.
"""

import numpy as np

from drawing.shapes import Array, clouds, noise

LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)


def convolved(picture: Array, kernel: Array) -> Array:
    """[height, width, channels] blurred by a small kernel, its borders mirrored."""
    reach = kernel.shape[0] // 2, kernel.shape[1] // 2
    wide = np.pad(picture, ((reach[0],) * 2, (reach[1],) * 2, (0, 0)), mode="symmetric")
    shape = wide.shape[0] + kernel.shape[0], wide.shape[1] + kernel.shape[1]
    spectrum = np.fft.rfft2(kernel / kernel.sum(), shape)[..., None]
    full = np.fft.irfft2(np.fft.rfft2(wide, shape, axes=(0, 1)) * spectrum, shape, axes=(0, 1))
    top, left = 2 * reach[0], 2 * reach[1]
    return full[top : top + picture.shape[0], left : left + picture.shape[1]].astype(np.float32)


def disc(radius: float) -> Array:
    """An open lens: every ray within the radius counts the same."""
    reach = int(np.ceil(radius))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    return np.clip(radius + 0.5 - np.hypot(x, y), 0, 1)


def bell(radius: float) -> Array:
    reach = int(np.ceil(radius * 2.5))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    return np.exp(-(x * x + y * y) / (2 * radius * radius))


def streak(long: int, degrees: float = 0.0) -> Array:
    """A path that many pixels long."""
    reach = max(long // 2, 1)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    turn = np.radians(degrees)
    along, aside = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    return np.clip(1.2 - np.abs(aside), 0, 1) * (np.abs(along) <= reach)


def focused(light: Array, circle: Array) -> Array:
    """Out of focus by a circle of that many pixels at each pixel. What is sharp does not bleed into
    what is not."""
    sharp, before = light, 0.0
    for radius in (1.2, 2.5, 5.0, 9.0, 15.0):
        if circle.max() <= before:
            break
        soft = _bled(light, np.clip(circle / radius, 0.01, 1), disc(radius))
        share = np.clip((circle - before) / (radius - before), 0, 1)[..., None]
        sharp = sharp * (1 - share) + soft * share
        before = radius
    return sharp


def moved_along(light: Array, where: Array, long: int, degrees: float = 0.0) -> Array:
    """Smeared along a straight path, where [height, width] says how much, 0 to 1."""
    smeared = _bled(light, np.clip(where, 0.01, 1), streak(long, degrees))
    share = where[..., None].astype(np.float32)
    return light * (1 - share) + smeared * share


def _bled(light: Array, weight: Array, kernel: Array) -> Array:
    """Blurred, each pixel giving away only its weight [height, width]."""
    weight = weight[..., None].astype(np.float32)
    both = convolved(np.concatenate([light * weight, weight], -1), kernel)
    return both[..., :3] / np.maximum(both[..., 3:], 1e-4)


def moved_towards(light: Array, amount: float, spin: float = 0.0) -> Array:
    """Smeared out from the middle, as when the camera goes in; spin: degrees it turns meanwhile."""
    height, width = light.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    y, x = y - height / 2, x - width / 2
    total = np.zeros_like(light)
    for share in np.linspace(-0.5, 0.5, 9):
        turn = np.radians(spin * share)
        size = 1 + amount * share
        across = (x * np.cos(turn) - y * np.sin(turn)) * size + width / 2
        down = (x * np.sin(turn) + y * np.cos(turn)) * size + height / 2
        total += sampled(light, across, down)
    return total / 9


def sampled(light: Array, across: Array, down: Array) -> Array:
    """The picture at fractional places, its border held."""
    height, width = light.shape[:2]
    x, y = np.clip(across, 0, width - 1.001), np.clip(down, 0, height - 1.001)
    left, top = x.astype(int), y.astype(int)
    x, y = (x - left)[..., None], (y - top)[..., None]
    upper = light[top, left] * (1 - x) + light[top, left + 1] * x
    lower = light[top + 1, left] * (1 - x) + light[top + 1, left + 1] * x
    return upper * (1 - y) + lower * y


def bloomed(light: Array, amount: float = 0.35) -> Array:
    """Bright parts spill over."""
    bright = np.maximum(light - 0.9, 0)
    bright = np.minimum(bright, 6)
    scale = light.shape[0] / 300
    spill = convolved(bright, bell(5 * scale)) * 0.6 + convolved(bright, bell(18 * scale)) * 0.4
    return light + spill * amount


# Colour tone → (gain of red, green, blue; saturation).
TONES = {
    "warm": ((1.12, 1.0, 0.82), 1.0),
    "cool": ((0.84, 0.99, 1.20), 1.0),
    "saturated": ((1.0, 1.0, 1.0), 1.22),
    "desaturated": ((1.0, 1.0, 1.0), 0.42),
    "mixed": ((1.0, 1.0, 1.0), 1.12),
}


def toned(light: Array, names: tuple[str, ...]) -> Array:
    for name in names:
        gains, saturation = TONES[name]
        light = light * np.array(gains, np.float32)
        grey = (light @ LUMA)[..., None]
        light = np.maximum(grey + (light - grey) * saturation, 0)
        if name == "mixed":
            light = _split(light, grey)
    return light


def _split(light: Array, grey: Array) -> Array:
    """Cool shadows, warm highlights."""
    high = np.clip(grey * 1.8, 0, 1)
    cool, warm = np.array([0.72, 1.0, 1.32]), np.array([1.22, 1.0, 0.74])
    return (light * (cool * (1 - high) + warm * high)).astype(np.float32)


def printed(light: Array, contrast: float = 1.0) -> Array:
    """Linear light → shown values 0 to 1, with a soft toe and shoulder as film has them."""
    light = np.maximum(light, 0) * 1.05
    shown = (light * (1 + light / 9) / (1 + light)) ** (1 / 2.2) * 1.12
    shown = np.clip(shown, 0, 1)
    bent = shown * shown * (3 - 2 * shown)
    return shown + (bent - shown) * (contrast - 0.45)


def vignetted(shown: Array, amount: float) -> Array:
    height, width = shown.shape[:2]
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    return shown * (1 - amount * np.clip(x * x * 0.6 + y * y * 0.5, 0, 1) ** 1.5)[..., None]


def grained(shown: Array, amount: float, seed: int = 0) -> Array:
    """Silver grain: strongest in the middle tones."""
    speckle = np.random.default_rng(seed).normal(0, 1, shown.shape[:2])[..., None]
    return np.clip(shown + speckle * amount * (0.3 + shown * (1 - shown) * 2.4), 0, 1)


def grey(shown: Array) -> Array:
    """Black and white."""
    return np.repeat((shown @ np.array([0.35, 0.5, 0.15]))[..., None], 3, -1)


def plane_noise(shape: tuple[int, int], wide: float, seed: int, octaves: int = 4) -> Array:
    """Smooth noise on a plane, 0 to 1; wide: pixels from bump to bump."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    points = np.stack([x / wide, y / wide, np.full_like(x, 0.5)], -1).reshape(-1, 3)
    values = noise(points, seed) if octaves == 1 else clouds(points, octaves, seed)
    return values.reshape(shape)
