"""Solids as signed distances, and what they are made of.

Lengths in metres: x to the right, y up, z away from the camera. A shape takes points [n, 3] and
gives how far each lies outside it [n], negative inside; a lower bound will do where the exact
distance is dear.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Array = np.ndarray
Point = tuple[float, float, float]
Colour = tuple[float, float, float]
Distance = Callable[[Array], Array]
Paint = Colour | Callable[[Array, Array], Array]  # one colour, or points and normals → colours

ENDLESS = 1e9
WHITE: Colour = (1.0, 1.0, 1.0)


def colour(text: str) -> Colour:
    """ "#rrggbb" → linear light, 0 to 1."""
    red, green, blue = ((int(text[i : i + 2], 16) / 255) ** 2.2 for i in (1, 3, 5))
    return red, green, blue


def dim(paint: Colour, share: float) -> Colour:
    """The same colour, that much as bright."""
    return paint[0] * share, paint[1] * share, paint[2] * share


@dataclass(frozen=True)
class Shape:
    """distance: see above. centre, radius: a sphere that holds all of it."""

    distance: Distance
    centre: Point
    radius: float


@dataclass(frozen=True, kw_only=True)
class Thing:
    """A solid in the scene. glow: light it sends out by itself, as a share of its colour. gloss:
    strength of highlights. mirror: share of light it throws back like a mirror. casts: whether it
    throws a shadow."""

    shape: Shape
    paint: Paint
    glow: float | Callable[[Array, Array], Array] = 0.0
    gloss: float = 0.0
    mirror: float = 0.0
    casts: bool = True


def vector(point: Point) -> Array:
    return np.array(point, np.float32)


def length(vectors: Array) -> Array:
    return np.sqrt(np.einsum("ij,ij->i", vectors, vectors))


def ball(at: Point, half: float | Point) -> Shape:
    """A sphere, or an ellipsoid by its half axes."""
    centre = vector(at)
    if isinstance(half, float | int):
        return Shape(lambda points: length(points - centre) - half, at, float(half))
    axes = vector(half)

    def distance(points: Array) -> Array:
        scaled = (points - centre) / axes
        near = length(scaled)
        return near * (near - 1) / np.maximum(length(scaled / axes), 1e-6)

    return Shape(distance, at, max(half))


def limb(start: Point, end: Point, thick: float, thin: float | None = None) -> Shape:
    """A rod with round ends, thick at its start."""
    thin = thick if thin is None else thin
    first, along = vector(start), vector(end) - vector(start)
    square = max(float(along @ along), 1e-9)

    def distance(points: Array) -> Array:
        offset = points - first
        share = np.clip(offset @ along / square, 0, 1)
        return length(offset - share[:, None] * along) - (thick + (thin - thick) * share)

    middle = vector(start) + along / 2
    radius = float(np.sqrt(square)) / 2 + max(thick, thin)
    return Shape(distance, tuple(map(float, middle)), radius)


def box(at: Point, half: Point, round_by: float = 0.0, turn: float = 0.0) -> Shape:
    """A box, its edges rounded, turned by that many degrees about the upright."""
    centre, size = vector(at), vector(half) - round_by
    spin = _spin(turn)

    def distance(points: Array) -> Array:
        beyond = np.abs((points - centre) @ spin) - size
        return length(np.maximum(beyond, 0)) + np.minimum(beyond.max(-1), 0) - round_by

    return Shape(distance, at, float(np.linalg.norm(half)))


def pillar(at: Point, radius: float, half: float, top: float | None = None) -> Shape:
    """An upright cylinder about its middle; top: its radius up there, for cones and cups."""
    centre, upper = vector(at), radius if top is None else top
    lean = np.float32(1 / np.hypot(1, (radius - upper) / (2 * half)))

    def distance(points: Array) -> Array:
        offset = points - centre
        share = np.clip(offset[:, 1] / (2 * half) + 0.5, 0, 1)
        side = np.hypot(offset[:, 0], offset[:, 2]) - (radius + (upper - radius) * share)
        ends = np.abs(offset[:, 1]) - half
        outside = np.hypot(np.maximum(side, 0), np.maximum(ends, 0))
        return (outside + np.minimum(np.maximum(side, ends), 0)) * lean

    return Shape(distance, at, float(np.hypot(max(radius, upper), half)))


def ring(at: Point, radius: float, thick: float, *, upright: bool = False) -> Shape:
    """A hoop lying flat, or standing and facing the camera."""
    centre, axis = vector(at), 2 if upright else 1
    plane = [each for each in range(3) if each != axis]

    def distance(points: Array) -> Array:
        offset = points - centre
        around = np.hypot(offset[:, plane[0]], offset[:, plane[1]]) - radius
        return np.hypot(around, offset[:, axis]) - thick

    return Shape(distance, at, radius + thick)


def cutout(outline: list[tuple[float, float]], deep: float, round_by: float = 0.0) -> Shape:
    """A board seen from the front, its corners in order, that thick to each side of z = 0."""
    corners = np.array(outline, np.float32)

    def distance(points: Array) -> Array:
        flat = _off_outline(points[:, :2], corners) - round_by
        side = np.abs(points[:, 2]) - deep + round_by
        both = np.stack([flat + round_by, side], -1)
        return length(np.maximum(both, 0)) + np.minimum(both.max(-1), 0) - round_by

    low, high = corners.min(0), corners.max(0)
    middle = (float((low + high)[0] / 2), float((low + high)[1] / 2), 0.0)
    return Shape(distance, middle, float(np.hypot(*(high - low)) / 2 + deep + round_by))


def _off_outline(points: Array, corners: Array) -> Array:
    """Distance to a closed outline on the plane, negative inside."""
    nearest = np.full(len(points), ENDLESS, np.float32)
    crossings = np.zeros(len(points), bool)
    for start, end in zip(corners, np.roll(corners, -1, 0), strict=True):
        edge, offset = end - start, points - start
        share = np.clip(offset @ edge / max(float(edge @ edge), 1e-9), 0, 1)
        nearest = np.minimum(nearest, ((offset - share[:, None] * edge) ** 2).sum(-1))
        spans = (start[1] > points[:, 1]) != (end[1] > points[:, 1])
        rise = edge[1] if edge[1] else 1e-9
        crossings ^= spans & (points[:, 0] < edge[0] * (points[:, 1] - start[1]) / rise + start[0])
    return np.where(crossings, -1, 1) * np.sqrt(nearest)


def join(*shapes: Shape) -> Shape:
    """All of them as one."""

    def distance(points: Array) -> Array:
        nearest = np.full(len(points), ENDLESS, np.float32)
        for shape in shapes:
            nearest = closer(nearest, shape, points)
        return nearest

    return Shape(distance, *_around(shapes))


def closer(nearest: Array, shape: Shape, points: Array) -> Array:
    """The smaller of what is known and the distance to a shape, which is worked out only for
    points whose way to the sphere around it is shorter than what is known."""
    if shape.radius >= ENDLESS:
        return np.minimum(nearest, shape.distance(points))
    bound = length(points - vector(shape.centre)) - shape.radius
    worth = np.flatnonzero(bound < nearest)
    if len(worth):
        nearest[worth] = np.minimum(nearest[worth], shape.distance(points[worth]))
    return nearest


def blend(soft: float, *shapes: Shape) -> Shape:
    """All of them as one, their seams filled over that many metres, as in flesh or clay."""

    def distance(points: Array) -> Array:
        nearest = shapes[0].distance(points)
        for shape in shapes[1:]:
            other = shape.distance(points)
            overlap = np.maximum(soft - np.abs(nearest - other), 0) / soft
            nearest = np.minimum(nearest, other) - overlap * overlap * soft / 4
        return nearest

    centre, radius = _around(shapes)
    return Shape(distance, centre, radius + soft / 2)


def carve(shape: Shape, *holes: Shape) -> Shape:
    """A shape without the holes."""

    def distance(points: Array) -> Array:
        nearest = shape.distance(points)
        for hole in holes:
            nearest = np.maximum(nearest, -hole.distance(points))
        return nearest

    return Shape(distance, shape.centre, shape.radius)


def inside(shape: Shape, other: Shape) -> Shape:
    """What both have in common."""
    return Shape(
        lambda points: np.maximum(shape.distance(points), other.distance(points)),
        shape.centre,
        shape.radius,
    )


def moved(
    shape: Shape, by: Point = (0, 0, 0), turn: float = 0.0, tilt: float = 0.0, size: float = 1.0
) -> Shape:
    """The shape made larger, leaned to its left by tilt, turned about the upright, then moved."""
    spin = _lean(tilt) @ _spin(turn).T
    place = vector(by)

    def distance(points: Array) -> Array:
        return shape.distance(((points - place) / size) @ spin.T) * size

    centre = vector(shape.centre) * size @ spin + place
    return Shape(distance, tuple(map(float, centre)), shape.radius * size)


def bumpy(shape: Shape, high: float, wide: float, seed: int = 0) -> Shape:
    """A surface pressed and pulled: bumps that high and about that wide."""

    def distance(points: Array) -> Array:
        return shape.distance(points) - high * (2 * noise(points / wide, seed) - 1)

    return Shape(distance, shape.centre, shape.radius + high)


def placed(thing: Thing, shape: Shape) -> Thing:
    """The same thing in another shape."""
    return Thing(
        shape=shape,
        paint=thing.paint,
        glow=thing.glow,
        gloss=thing.gloss,
        mirror=thing.mirror,
        casts=thing.casts,
    )


def set_down(
    things: tuple[Thing, ...],
    by: Point = (0, 0, 0),
    turn: float = 0.0,
    tilt: float = 0.0,
    size: float = 1.0,
) -> tuple[Thing, ...]:
    """Things moved together, as `moved`. Colours that depend on the place stay where they are."""
    return tuple(placed(thing, moved(thing.shape, by, turn, tilt, size)) for thing in things)


def noise(points: Array, seed: int = 0) -> Array:
    """Smooth random values [n] from 0 to 1 that change over about one metre."""
    whole = np.floor(points).astype(np.int32)
    part = (points - whole).astype(np.float32)
    part = part * part * (3 - 2 * part)
    total = np.zeros(len(points), np.float32)
    for corner in range(8):
        step = np.array([corner & 1, corner >> 1 & 1, corner >> 2 & 1], np.int32)
        weight = np.abs(1 - step - part).prod(-1)
        total += weight * _hash(whole + step, seed)
    return total


def clouds(points: Array, octaves: int = 4, seed: int = 0) -> Array:
    """Noise with finer and finer detail, 0 to 1."""
    total, weight = np.zeros(len(points), np.float32), 0.5
    for octave in range(octaves):
        total += weight * noise(points * 2.03**octave, seed + octave)
        weight /= 2
    return total / (1 - 0.5**octaves)


def _hash(cells: Array, seed: int) -> Array:
    """A random number from 0 to 1 for each whole-numbered cell [n, 3]."""
    mixed = cells.astype(np.uint32) * np.array([0x8DA6B343, 0xD8163841, 0xCB1AB31F], np.uint32)
    value = mixed[:, 0] ^ mixed[:, 1] ^ mixed[:, 2] ^ np.uint32(seed * 0x9E3779B1 & 0xFFFFFFFF)
    value = (value ^ value >> np.uint32(15)) * np.uint32(0x2C1B3C6D)
    value = (value ^ value >> np.uint32(12)) * np.uint32(0x297A2D39)
    return ((value ^ value >> np.uint32(15)) & np.uint32(0xFFFFFF)).astype(np.float32) / 0x1000000


def _around(shapes: tuple[Shape, ...]) -> tuple[Point, float]:
    """A sphere that holds all of them."""
    centres = np.array([shape.centre for shape in shapes], np.float32)
    radii = np.array([[shape.radius] for shape in shapes], np.float32)
    middle = ((centres - radii).min(0) + (centres + radii).max(0)) / 2
    radius = (np.linalg.norm(centres - middle, axis=1) + radii[:, 0]).max()
    return tuple(map(float, middle)), float(radius)


def _spin(degrees: float) -> Array:
    """Turns about the upright; `points @ it` undoes the turn."""
    turn = np.radians(degrees)
    return np.array(
        [[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]], np.float32
    )


def _lean(degrees: float) -> Array:
    turn = np.radians(degrees)
    return np.array(
        [[np.cos(turn), np.sin(turn), 0], [-np.sin(turn), np.cos(turn), 0], [0, 0, 1]], np.float32
    )
