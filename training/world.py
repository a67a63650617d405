"""The miniature world: a scene of plain values → a drawn clip.

Everything is a distance or a smooth gradient in units of the picture's short side, so that a scene
looks the same at every size. Knows nothing of words, models or files.
"""

from dataclasses import dataclass

import numpy as np

from training.tables import (
    CAMERA_MOVES,
    COLORS,
    DUTCH_RADIANS,
    FLAWS,
    HANDHELD,
    HORIZONS,
    LIGHTINGS,
    LIGHTS,
    MOTIONS,
    PLACES,
    SHOTS,
    SIDES,
    STYLES,
    SUBJECTS,
    TINTS,
    TONES,
    Color,
)

Array = np.ndarray
LUMA = np.array((0.299, 0.587, 0.114), np.float32)


@dataclass(frozen=True, kw_only=True, slots=True)
class Scene:
    """One clip of the world. Values are keys of the tables above, which are the vocabulary's ids
    wherever it has the word; None is plain. flaw: what is wrong with the clip. seed: everything
    that no word describes (where the sun stands, the shape of the mountains).
    """

    subject: str = "ball"
    color: str = "red"
    motion: str = "still"
    place: str = "sea"
    light: str = "daylight"
    lighting: str | None = None
    shot: str = "medium"
    side: str = "center"
    angle: str = "eye-level"
    tone: str | None = None
    camera: str = "fixed"
    style: str | None = None
    flaw: str | None = None
    seed: int = 0


def sample(rng: np.random.Generator) -> Scene:
    """A random scene: everything at once in half of them, one thing or two in the others."""
    busy = 1.0 if rng.random() < 0.5 else 0.3

    def one(values: object) -> str:
        options = list(values)  # type: ignore[call-overload]
        return str(options[rng.integers(len(options))])

    def some(chance: float, values: object) -> str | None:
        return one(values) if rng.random() < chance * busy else None

    return Scene(
        subject=one(SUBJECTS),
        color=one(COLORS),
        motion=some(0.8, MOTIONS) or "still",
        place=one(PLACES),
        light=one(LIGHTS),
        lighting=some(0.45, LIGHTINGS),
        shot=one(SHOTS),
        side=some(0.8, SIDES) or "center",
        angle=some(0.7, HORIZONS) or "eye-level",
        tone=some(0.6, TONES),
        camera=some(0.65, CAMERA_MOVES) or "fixed",
        style=some(0.05, STYLES),
        flaw=some(0.12, FLAWS),
        seed=int(rng.integers(2**31)),
    )


def draw(scene: Scene, width: int, height: int, frames: int) -> Array:
    """The clip [frames, height, width, 3], uint8."""
    canvas = _Canvas(scene, width, height, frames)
    canvas.sky()
    canvas.backdrop()
    canvas.ground()
    canvas.subject()
    clip = _grade(canvas.image, scene)
    clip = _spoil(clip, scene, min(width, height))
    return (clip.clip(0, 1) * 255 + 0.5).astype(np.uint8)


def where(scene: Scene, width: int, height: int, frames: int) -> Array:
    """About where the subject is, [frames, height, width] of bool, at any size, however small."""
    canvas = _Canvas(scene, width, height, frames)
    x, y, size = canvas.subject_path()
    return np.hypot(canvas.x - x, canvas.y - y) < np.maximum(1.15 * size, 0.7 * canvas.pixel)


def chart(scene: Scene, width: int, height: int, frames: int) -> Array:
    """Where in the world each pixel lies, [frames, height, width, 4]: across the scene and below
    its horizon, in short sides; then across and down the subject, 0 in its middle, −1 and 1 far
    from it, ±0.76 at its rim."""
    canvas = _Canvas(scene, width, height, frames)
    x, y, size = canvas.subject_path()
    body = (np.tanh((canvas.x - x) / size), np.tanh((canvas.y - y) / size))
    horizon = np.clip(canvas.y - canvas.horizon, -1.0, 1.0)
    return np.stack((canvas.x, horizon, *body), -1).astype(np.float32)


class _Canvas:
    """The picture while it is drawn, [F, H, W, 3] in 0 to 1, and where each pixel lies.

    x, y: the world's place of every pixel [F, H, W] in short sides, the picture's middle being 0.
    """

    def __init__(self, scene: Scene, width: int, height: int, frames: int) -> None:
        self.scene = scene
        self.light = LIGHTS[scene.light]
        self.falls = np.array(self.light.falls, np.float32)
        self.luck = np.random.default_rng(scene.seed).random(12).astype(np.float32)
        short = min(width, height)
        self.across, self.down = width / short, height / short
        self.horizon = (HORIZONS[scene.angle] - 0.5) * self.down
        time = np.linspace(0, 1, frames, dtype=np.float32) if frames > 1 else np.zeros(1)
        self.time = time.astype(np.float32)[:, None, None]
        self.x, self.y, self.pixel = self._places(width, height, short)
        self.image = np.empty((frames, height, width, 3), np.float32)

    def _places(self, width: int, height: int, short: int) -> tuple[Array, Array, Array]:
        across, down, zoom = CAMERA_MOVES[self.scene.camera]
        x = ((np.arange(width, dtype=np.float32) + 0.5) / short - self.across / 2)[None, None]
        y = ((np.arange(height, dtype=np.float32) + 0.5) / short - self.down / 2)[None, :, None]
        scale = zoom**self.time / min(zoom, 1.0)
        moved = self.time - 0.5
        shake_x = shake_y = np.float32(0)
        if self.scene.camera == "handheld":
            turns = 2 * np.pi * (self.time * 2.6 + self.luck[0])
            shake_x, shake_y = HANDHELD * np.sin(turns), HANDHELD * np.sin(turns * 1.37 + 1)
        x, y = x / scale + across * moved + shake_x, y / scale + down * moved + shake_y
        if self.scene.angle == "dutch-angle":
            sine, cosine = np.sin(DUTCH_RADIANS), np.cos(DUTCH_RADIANS)
            x, y = x * cosine + y * sine, y * cosine - x * sine
        x, y = np.broadcast_arrays(x, y)
        return x.astype(np.float32), y.astype(np.float32), (1.25 / short / scale).astype(np.float32)

    def paint(self, distance: Array, color: Array | Color) -> None:
        """Cover where the distance [F, H, W], in short sides, is below 0."""
        mask = np.clip(0.5 - distance / self.pixel, 0, 1)[..., None]
        self.image += mask * (np.asarray(color, np.float32) - self.image)

    def sky(self) -> None:
        above = np.clip((self.y + self.down / 2) / (self.horizon + self.down / 2 + 1e-6), 0, 1)
        top, low = (np.array(c, np.float32) for c in (self.light.top, self.light.low))
        self.image[:] = top + above[..., None] * (low - top)
        if self.light.disc is None:
            return
        sun_x = (self.luck[1] - 0.5) * 0.7 * self.across
        sun_y = -self.down / 2 + self.light.height * (self.horizon + self.down / 2)
        distance = np.hypot(self.x - sun_x, self.y - sun_y)
        disc = np.array(self.light.disc, np.float32)
        self.image += 0.35 * np.exp(-distance / 0.16)[..., None] * disc
        self.paint(distance - 0.075, disc)

    def backdrop(self) -> None:
        x, y, luck, ground = self.x, self.y, self.luck, np.array(PLACES[self.scene.place])
        if self.scene.place == "mountains":
            for far, color in ((0.24, (0.52, 0.56, 0.66)), (0.13, (0.34, 0.38, 0.42))):
                ridge = np.sin(x * (3.2 if far > 0.2 else 4.7) + luck[2] * 6 + far * 40)
                self.paint(self.horizon - far - 0.5 * far * ridge - y, self.falls * color)
        elif self.scene.place == "city":
            block = np.floor(x * 4.5 + luck[3])
            tall = 0.16 + 0.20 * np.abs(np.sin(block * 12.99 + luck[4] * 6))
            shade = (0.26 + 0.10 * np.abs(np.sin(block * 5.1)))[..., None] * self.falls
            self.paint(self.horizon - tall - y, shade * np.array((1.0, 1.0, 1.12), np.float32))
        elif self.scene.place == "forest":
            tree = np.abs((x * 5 + luck[3]) % 1 - 0.5) * 2
            self.paint(self.horizon - 0.14 - 0.13 * (1 - tree) - y, self.falls * (0.08, 0.26, 0.12))
        elif self.scene.place == "desert":
            dune = 0.03 * np.sin(x * 3 + luck[2] * 6)
            self.paint(self.horizon - 0.02 - dune - y, self.falls * ground * 0.93)

    def ground(self) -> None:
        depth = np.clip((self.y - self.horizon) / 0.6, 0, 1)
        color = (0.84 + 0.26 * depth)[..., None] * self.falls * np.array(PLACES[self.scene.place])
        if self.scene.place == "sea":
            wave = np.sin(depth**0.6 * 26 - self.time * 6.3 + np.sin(self.x * 2 + self.luck[2] * 6))
            shine = (0.045 * wave * (1 - 0.5 * depth))[..., None]
            color = color + shine * (0.3 + np.array(self.light.low))
        self.paint(self.horizon - self.y, color)

    def subject_path(self) -> tuple[Array, Array, float]:
        """The subject's middle over time, [F, 1, 1] across and down, and its radius."""
        scene = self.scene
        way_x, way_y = MOTIONS[scene.motion]
        x = SIDES[scene.side] * self.across + way_x * (self.time - 0.5)
        rest = 0.02 + 0.06 * (self.luck[5] - 0.5)
        return x, rest + way_y * (self.time - 0.5), SHOTS[scene.shot]

    def subject(self) -> None:
        _SUBJECTS[self.scene.subject](self, _Body(self, *self.subject_path()))


class _Body:
    """A subject's own coordinates: its middle is 0, its radius 1."""

    def __init__(self, canvas: _Canvas, x: Array, y: Array, size: float) -> None:
        self.canvas, self.size = canvas, size
        self.x, self.y = (canvas.x - x) / size, (canvas.y - y) / size
        self.color = self._lit(np.array(COLORS[canvas.scene.color], np.float32))
        self.dark = self._lit(np.array((0.20, 0.17, 0.17), np.float32))
        if canvas.scene.lighting == "backlighting":
            halo = np.exp(-np.maximum(np.hypot(self.x, self.y) - 0.9, 0) / 0.45)[..., None]
            canvas.image += 0.75 * halo * (1.0 - canvas.image)

    def _lit(self, color: Array) -> Array:
        lighting = self.canvas.scene.lighting
        toward = {
            "side": -0.8 * self.x,
            "top": -0.8 * self.y,
            "underlighting": 0.8 * self.y,
        }.get(str(lighting), -0.16 * self.x - 0.16 * self.y)
        strength = {"silhouette": 0.05, "backlighting": 0.32}.get(str(lighting), 1.0)
        shade = np.clip(1.0 + toward, 0.12, 1.45 if lighting else 1.2)[..., None] * strength
        return color * self.canvas.falls * shade

    def paint(self, distance: Array, color: Array) -> None:
        self.canvas.paint(distance * self.size, color)


def _box(x: Array, y: Array, half_width: float, half_height: float) -> Array:
    return np.maximum(np.abs(x) - half_width, np.abs(y) - half_height)


def _ball(_: _Canvas, body: _Body) -> None:
    body.paint(np.hypot(body.x, body.y) - 1, body.color)


def _balloon(_: _Canvas, body: _Body) -> None:
    body.paint(_box(body.x, body.y - 1.2, 0.26, 0.24), body.dark)
    taper = 1 + 0.9 * np.clip(body.y + 0.1, 0, 1.2)
    body.paint(np.hypot(body.x * taper, (body.y + 0.12) / 1.32) - 0.84, body.color)


def _sailboat(_: _Canvas, body: _Body) -> None:
    x, y = body.x, body.y
    body.paint(np.maximum(np.abs(y - 0.75) - 0.2, np.abs(x) - 1.15 + 0.9 * (y - 0.55)), body.dark)
    body.paint(np.maximum(y - 0.45, np.abs(x) - 0.52 * (y + 1.15)), body.color)


def _car(_: _Canvas, body: _Body) -> None:
    x, y = body.x, body.y
    body.paint(_box(x, y + 0.22, 0.62, 0.30), body.color * 0.86)
    body.paint(_box(x, y - 0.2, 1.15, 0.28), body.color)
    for wheel in (-0.62, 0.62):
        body.paint(np.hypot(x - wheel, y - 0.5) - 0.26, body.dark)


def _bird(canvas: _Canvas, body: _Body) -> None:
    x, y = body.x, body.y
    flap = 0.25 + 0.30 * np.sin(canvas.time * 4 * np.pi)
    wing = np.abs(y + flap * np.abs(x)) - 0.30 * np.clip(1.25 - np.abs(x), 0, 1)
    body.paint(np.maximum(wing, np.abs(x) - 1.2), body.color)
    body.paint((np.hypot(x / 0.40, y / 0.36) - 1) * 0.36, body.color)


def _rocket(canvas: _Canvas, body: _Body) -> None:
    x, y = body.x, body.y
    flame = 0.42 + 0.06 * np.sin(canvas.time * 22)
    fire = np.array((1.0, 0.62, 0.15), np.float32)
    if canvas.scene.lighting == "silhouette":
        fire = fire * 0.05
    body.paint((np.hypot(x / 0.2, (y - 0.95) / flame) - 1) * 0.2, fire)
    body.paint(np.maximum(np.abs(y - 0.62) - 0.3, np.abs(x) - 0.45 * (y + 0.25)), body.color * 0.7)
    nose = 0.36 * np.minimum(1, (y + 1.05) * 1.6)
    body.paint(np.maximum(np.abs(y + 0.1) - 0.95, np.abs(x) - nose), body.color)


_SUBJECTS = {
    "ball": _ball,
    "balloon": _balloon,
    "sailboat": _sailboat,
    "car": _car,
    "bird": _bird,
    "rocket": _rocket,
}


def _grade(image: Array, scene: Scene) -> Array:
    """Contrast, then tone, then style, over the whole picture."""
    image = image.clip(0, 1)
    if scene.lighting == "low-contrast":
        image = 0.5 + 0.35 * (image - 0.5)
    elif scene.lighting == "high-contrast":
        image = (0.5 + 2.1 * (image - 0.5)).clip(0, 1)
    if scene.style is not None:
        return np.repeat((image @ LUMA)[..., None], 3, -1)
    luma = (image @ LUMA)[..., None]
    if scene.tone in TINTS:
        image = 0.45 * image + 0.55 * luma * np.array(TINTS[scene.tone], np.float32)
    elif scene.tone == "saturated":
        image = luma + 1.7 * (image - luma)
    elif scene.tone == "desaturated":
        image = luma + 0.22 * (image - luma)
    return image.clip(0, 1)


def _spoil(image: Array, scene: Scene, short: int) -> Array:
    """The flaws that the official negative prompt names, so that its words mean something."""
    if scene.flaw == "blurred":
        return _blur(image, max(2, short // 10))
    if scene.flaw == "overexposed":
        return image * 1.5 + 0.25
    if scene.flaw == "gray":
        return 0.5 + 0.3 * (image @ LUMA - 0.5)[..., None] + np.zeros_like(image)
    if scene.flaw == "static":
        return np.repeat(image[len(image) // 2][None], len(image), 0)
    if scene.flaw == "noisy":
        coarse = np.random.default_rng(scene.seed).normal(size=(len(image), 8, 8, 3))
        rows = np.arange(image.shape[1]) * 8 // image.shape[1]
        columns = np.arange(image.shape[2]) * 8 // image.shape[2]
        return image + 0.12 * coarse[:, rows][:, :, columns].astype(np.float32)
    if scene.flaw == "gaudy":
        luma = (image @ LUMA)[..., None]
        return luma + 2.6 * (image - luma)
    return image


def _blur(image: Array, radius: int) -> Array:
    """Two box blurs along each side of the picture."""
    for axis in (1, 1, 2, 2):
        pads = [(0, 0)] * 4
        pads[axis] = (radius + 1, radius)
        sums = np.pad(image, pads, mode="edge").cumsum(axis)
        size = image.shape[axis]
        before = np.take(sums, np.arange(size), axis)
        after = np.take(sums, np.arange(size) + 2 * radius + 1, axis)
        image = (after - before) / (2 * radius + 1)
    return image
