"""A finished picture → the same, painted, inked, pressed or knitted, by a style of the vocabulary.

Outlines come from what the tracer knows: which thing is seen, how far, facing where.
"""

import numpy as np
from PIL import Image

from drawing.shapes import Array
from drawing.tracing import FLOOR, Frame
from drawing.treatment import LUMA, bell, convolved, grained, grey, plane_noise, sampled, vignetted

PAPER = np.array([0.965, 0.95, 0.915], np.float32)
PIXELS = 80  # of pixel art, across


def styled(name: str, shown: Array, frame: Frame) -> Array:
    """shown and the result: values 0 to 1, [height, width, 3]."""
    black, plum = np.zeros(3), np.array([0.16, 0.1, 0.16])
    ways = {
        "2d-anime": lambda: _inked(_cel(shown, 5, 1.25), frame, plum, 0.85),
        "line-art-illustration": lambda: _line_art(shown, frame),
        "watercolor-painting": lambda: _watercolour(shown, frame),
        "oil-painting": lambda: _oil(shown),
        "pixel-art": lambda: _pixels(_inked(shown, frame, black, 0.55)),
        "black-and-white-animation": lambda: _old_cartoon(shown, frame),
        "felt": lambda: _felt(shown),
        "cyberpunk": lambda: _fringed(shown, 1.6),
    }
    return ways[name]() if name in ways else shown


def outlines(frame: Frame, wide: float = 1.0) -> Array:
    """How much of a drawn line lies on each pixel, 0 to 1 [height, width]."""
    scale = frame.distance.shape[0] / 300
    found = np.zeros(frame.distance.shape, np.float32)
    distance = np.log(np.clip(frame.distance, 0.05, 200))
    for axis in (0, 1):
        step = np.abs(np.diff(distance, axis=axis, append=np.take(distance, [-1], axis)))
        bend = np.diff(frame.facing, axis=axis, append=np.take(frame.facing, [-1], axis))
        beyond = np.roll(frame.thing, -1, axis)
        other = frame.thing != beyond
        step = step * ((frame.thing > FLOOR) | (beyond > FLOOR))  # the ground draws no lines
        fold = np.sqrt((bend**2).sum(-1)) * (frame.thing != FLOOR)
        found = np.maximum(found, ((step > 0.07) | (fold > 0.55) | (other & (step > 0.008))) * 1.0)
    found[-1], found[:, -1] = 0, 0
    thick = convolved(found[..., None], bell(max(0.75 * wide * scale, 0.4)))[..., 0]
    return np.clip(thick * (2.4 + wide), 0, 1)


def _inked(shown: Array, frame: Frame, ink: Array, amount: float) -> Array:
    line = outlines(frame)[..., None] * amount
    return shown * (1 - line) + ink * line


def _cel(shown: Array, steps: int, saturation: float) -> Array:
    """Light in a few flat steps."""
    smooth = _kuwahara(shown, max(round(3 * shown.shape[0] / 300), 1))
    luma = (smooth @ LUMA)[..., None]
    level = (np.floor(luma * steps) + np.clip((luma * steps % 1) * 5 - 2, 0, 1)) / steps
    flat = smooth * (level + 0.06) / np.maximum(luma, 0.02)
    return np.clip(luma + (flat - luma) * saturation, 0, 1)


def _line_art(shown: Array, frame: Frame) -> Array:
    line = outlines(frame, 1.3)[..., None]
    peak, low = shown.max(-1, keepdims=True), shown.min(-1, keepdims=True)
    accent = np.clip(((peak - low) / np.maximum(peak, 0.1) - 0.55) * 8, 0, 1)
    wash = PAPER * (1 - accent) + np.array([0.96, 0.52, 0.24]) * accent
    return wash * (1 - line) + np.array([0.13, 0.15, 0.2]) * line


def _watercolour(shown: Array, frame: Frame) -> Array:
    height, width = shown.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    scale = height / 300
    wander = [
        (plane_noise((height, width), 26 * scale, seed, 3) - 0.5) * 16 * scale for seed in (1, 2)
    ]
    run = sampled(_kuwahara(shown, max(round(4 * scale), 2)), x + wander[0], y + wander[1])
    run = np.clip(run * 0.78 + 0.3, 0, 1) ** 1.15
    soft = convolved(run, bell(5 * scale))
    run = np.clip(run + (run - soft) * 0.9, 0, 1)  # pigment gathers where a wash ends
    pool = plane_noise((height, width), 42 * scale, 4)[..., None]
    wash = np.clip(run * (0.86 + 0.3 * pool), 0, 1)
    edge = np.minimum(np.minimum(x, width - x) / width * 1.6, np.minimum(y, height - y) / height)
    ragged = np.clip((edge - 0.035 - 0.1 * plane_noise((height, width), 34 * scale, 9)) * 26, 0, 1)[
        ..., None
    ]
    line = outlines(frame, 0.6)[..., None] * 0.3
    wash = wash * (1 - line) + np.array([0.3, 0.26, 0.28]) * line
    tooth = 0.95 + 0.1 * plane_noise((height, width), 2.2 * scale, 6, 2)[..., None]
    return np.clip((PAPER * (1 - ragged) + wash * PAPER * ragged) * tooth, 0, 1)


def _oil(shown: Array) -> Array:
    """Strokes that follow the forms, thick enough to catch light."""
    height, width = shown.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    blurred = convolved((shown @ LUMA)[..., None], bell(4))[..., 0]
    down, across = np.gradient(blurred)
    scale = height / 300
    turn = np.arctan2(across, -down) + (plane_noise((height, width), 46 * scale, 3, 2) - 0.5) * 1.3
    flat = _kuwahara(shown, max(round(4 * scale), 2))
    dab = plane_noise((height, width), 3.4 * scale, 8, 2)
    painted, ridge = np.zeros_like(flat), np.zeros_like(dab)
    for step in np.linspace(-5, 5, 9) * scale:
        place = x + np.cos(turn) * step, y + np.sin(turn) * step
        painted += sampled(flat, *place)
        ridge += sampled(dab[..., None], *place)[..., 0]
    bump = np.gradient(ridge / 9, axis=0) + np.gradient(ridge / 9, axis=1)
    return np.clip(painted / 9 * (1 + 1.8 * bump[..., None]) + 0.12 * bump[..., None], 0, 1)


def _pixels(shown: Array) -> Array:
    height, width = shown.shape[:2]
    rows = round(PIXELS * height / width)
    grey_of = (shown @ LUMA)[..., None]
    shown = grey_of + (shown - grey_of) * 1.7
    whole = Image.fromarray((np.clip(shown, 0, 1) * 255).astype(np.uint8))
    few = whole.resize((PIXELS, rows), Image.Resampling.BOX).quantize(
        20, kmeans=3, dither=Image.Dither.NONE
    )
    large = few.convert("RGB").resize((width, height), Image.Resampling.NEAREST)
    return np.asarray(large, np.float32) / 255


def _old_cartoon(shown: Array, frame: Frame) -> Array:
    cel = grey(_cel(shown, 4, 1.0)) * 0.92 + 0.05
    inked = _inked(cel, frame, np.full(3, 0.06), 1.0)
    chance = np.random.default_rng(3)
    height, width = inked.shape[:2]
    for _ in range(7):
        column, top = int(chance.integers(width)), int(chance.integers(height // 2))
        inked[top : top + int(chance.integers(40, 160)), column : column + 1] += 0.25
    worn = np.clip(inked * np.array([1.0, 0.985, 0.94]), 0, 1)
    return grained(vignetted(worn, 0.75), 0.05)


def _felt(shown: Array) -> Array:
    """Short fibres that blur every edge."""
    height, width = shown.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    scale = height / 300
    hair = [
        (plane_noise((height, width), 3.6 * scale, seed, 2) - 0.5) * 12 * scale for seed in (5, 6)
    ]
    fuzzy = sampled(shown, x + hair[0], y + hair[1])
    wool = 0.82 + 0.36 * plane_noise((height, width), 3.4 * scale, 7, 3)[..., None]
    return np.clip(fuzzy * wool, 0, 1)


def _fringed(shown: Array, pixels: float) -> Array:
    """Red and blue a little apart towards the sides, as in a cheap wide lens."""
    height, width = shown.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    for channel, sign in ((0, 1), (2, -1)):
        size = 1 + sign * pixels / width * 2
        moved = sampled(
            shown, (x - width / 2) * size + width / 2, (y - height / 2) * size + height / 2
        )
        shown = shown.copy()
        shown[..., channel] = moved[..., channel]
    return shown


def _kuwahara(shown: Array, reach: int) -> Array:
    """Each pixel takes the mean of the calmest of the four squares that meet in it: flat areas
    without soft edges."""
    luma = (shown @ LUMA)[..., None]
    stack = np.concatenate([shown, luma, luma * luma], -1)
    side = reach + 1
    wide = np.pad(stack, ((reach + 1, reach), (reach + 1, reach), (0, 0)), mode="edge")
    total = wide.cumsum(0).cumsum(1)
    height, width = shown.shape[:2]
    best, chosen = np.full((height, width), np.inf), np.zeros_like(shown)
    for down in (0, reach):
        for right in (0, reach):
            corner = [
                total[down + dy : down + dy + height, right + dx : right + dx + width]
                for dy, dx in ((side, side), (0, side), (side, 0), (0, 0))
            ]
            mean = (corner[0] - corner[1] - corner[2] + corner[3]) / side**2
            spread = mean[..., 4] - mean[..., 3] ** 2
            calmer = spread < best
            best = np.where(calmer, spread, best)
            chosen = np.where(calmer[..., None], mean[..., :3], chosen)
    return np.clip(chosen, 0, 1)
