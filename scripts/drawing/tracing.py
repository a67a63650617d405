"""A scene, a camera → the light that reaches each pixel, and how far it came.

Rays are marched through signed distances; shadows, corners, one mirror bounce and lit haze are
worked out the same way. Knows nothing of vocabularies or looks.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from drawing.shapes import (
    ENDLESS,
    Array,
    Colour,
    Paint,
    Point,
    Thing,
    closer,
    length,
    vector,
)
from drawing.sky import Sky
from drawing.tree import Tree

STEPS = 100
SHADOW_STEPS = 24
SHAFT_SAMPLES = 24
HORIZON = 5000.0  # metres to where flat ground ends
FLOOR = -1  # the number of the ground among the things


@dataclass(frozen=True, kw_only=True)
class Light:
    """towards: direction to a light as far as the sun. at: place of a lamp instead; its paint is
    the light one metre away. size: how soft its shadow is, 0 hard, 1 very soft. aim, cone: a spot
    points at aim and opens by that many degrees. shadow: whether things stand in its way."""

    paint: Colour
    towards: Point = (0.0, 1.0, 0.0)
    at: Point | None = None
    size: float = 0.03
    aim: Point | None = None
    cone: float = 18.0
    shadow: bool = True


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What everything stands on: flat, or with a height (points [n, 3] → metres [n])."""

    paint: Paint
    height: Callable[[Array], Array] | None = None
    ripple: float = 0.0
    gloss: float = 0.0
    mirror: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Scene:
    """ambient: light from all around. rim: light that wraps around edges from behind. fog: share
    of light lost per metre beyond clear metres, to the colour of the horizon or to mist. haze: how
    much the air itself shows the light of lamps. shafts: the same for beams with shadows in them.
    far: where looking ends."""

    things: tuple[Thing, ...]
    lights: tuple[Light, ...]
    ambient: Colour
    sky: Sky
    ground: Ground | None
    rim: Colour = (0.0, 0.0, 0.0)
    fog: float = 0.0
    clear: float = 6.0
    mist: Colour | None = None
    haze: float = 0.0
    shafts: float = 0.0
    far: float = 160.0

    @cached_property
    def solids(self) -> Tree:
        """All shapes, in spheres within spheres."""
        return Tree.of([thing.shape for thing in self.things])

    @cached_property
    def casting(self) -> Tree:
        """The same of those that throw shadows."""
        return Tree.of([thing.shape for thing in self.things if thing.casts])


@dataclass(frozen=True, kw_only=True)
class Camera:
    """at, look: positions. width: field of view across in degrees. roll: degrees. fisheye: equal
    angles instead of straight lines."""

    at: Point
    look: Point
    width: float = 46.0
    roll: float = 0.0
    fisheye: bool = False


@dataclass(frozen=True, kw_only=True)
class Frame:
    """What came in: linear light [height, width, 3], distance [height, width] in metres (the far
    end where there is only sky), facing: surface normals as the camera sees them [height, width,
    3], thing: which one is seen [height, width]."""

    light: Array
    distance: Array
    facing: Array
    thing: Array


@dataclass
class _Hits:
    """Rays and what they hit; all [n] or [n, 3]."""

    start: Array
    ray: Array
    distance: Array
    points: Array
    normals: Array
    thing: Array = field(default_factory=lambda: np.zeros(0, np.int32))


def trace(scene: Scene, camera: Camera, size: tuple[int, int]) -> Frame:
    """The picture of a scene, size (width, height) in pixels."""
    start, rays = _rays(camera, size)
    hits = _look(scene, start, rays)
    light = _seen(scene, hits, mirrors=1)
    if scene.shafts:
        light += _shafts(scene, start, hits.distance, rays, size)
    shape = (size[1], size[0])
    facing = hits.normals @ _axes(camera).T
    return Frame(
        light=light.reshape(*shape, 3),
        distance=hits.distance.reshape(shape),
        facing=facing.reshape(*shape, 3),
        thing=hits.thing.reshape(shape),
    )


def distance_to(scene: Scene, points: Array, enough: float = 0.0) -> Array:
    """Metres to the nearest thing or uneven ground, or less where it is farther than enough."""
    nearest = _bare(scene, points)
    scene.solids.nearest(points, nearest, enough)
    return nearest


def _bare(scene: Scene, points: Array) -> Array:
    if scene.ground is None or scene.ground.height is None:
        return np.full(len(points), ENDLESS, np.float32)
    return (points[:, 1] - scene.ground.height(points)) * 0.6


def _axes(camera: Camera) -> Array:
    """Right, up, ahead as rows."""
    ahead = vector(camera.look) - vector(camera.at)
    ahead /= np.linalg.norm(ahead)
    up = vector((0, 1, 0)) if abs(ahead[1]) < 0.99 else vector((0, 0, 1))
    right = np.cross(up, ahead)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(ahead, right), ahead]).astype(np.float32)


def _rays(camera: Camera, size: tuple[int, int]) -> tuple[Array, Array]:
    """(starts [n, 3], directions [n, 3])"""
    width, height = size
    across, down = np.meshgrid(
        (np.arange(width) + 0.5) / width * 2 - 1,
        (1 - (np.arange(height) + 0.5) / height * 2) * height / width,
    )
    turn = np.radians(camera.roll)
    x = across * np.cos(turn) - down * np.sin(turn)
    y = across * np.sin(turn) + down * np.cos(turn)
    half = np.radians(camera.width / 2)
    if camera.fisheye:
        angle, spin = np.hypot(x, y) * half, np.arctan2(y, x)
        plane = (np.cos(spin) * np.sin(angle), np.sin(spin) * np.sin(angle), np.cos(angle))
    else:
        plane = (x * np.tan(half), y * np.tan(half), np.ones_like(x))
    rays = np.stack(plane, -1).reshape(-1, 3).astype(np.float32) @ _axes(camera)
    rays /= length(rays)[:, None]
    return np.broadcast_to(vector(camera.at), rays.shape), rays


def _look(scene: Scene, start: Array, rays: Array) -> _Hits:
    limit = np.full(len(rays), scene.far, np.float32)
    below = np.zeros(len(rays), bool)
    if scene.ground is not None and scene.ground.height is None:
        below = rays[:, 1] < -1e-5
        plane = -start[:, 1] / np.minimum(rays[:, 1], -1e-5)
        limit = np.where(below, np.minimum(plane, HORIZON), limit).astype(np.float32)
    distance, hit = _march(scene, start, rays, limit)
    on_ground = ~hit & below & (distance < HORIZON)
    points = start + rays * distance[:, None]
    normals = np.zeros_like(rays)
    thing = np.full(len(rays), FLOOR - 1, np.int32)  # the sky
    thing[on_ground] = FLOOR
    normals[on_ground] = (0, 1, 0)
    solid = np.flatnonzero(hit)
    thing[solid] = _which(scene, points[solid])
    normals[solid] = _normals(scene, points[solid], distance[solid])
    if scene.ground is not None and scene.ground.ripple:
        water = np.flatnonzero(thing == FLOOR)
        normals[water] = _ripples(points[water], scene.ground.ripple, distance[water])
    return _Hits(start, rays, distance, points, normals, thing)


def _march(scene: Scene, start: Array, rays: Array, limit: Array) -> tuple[Array, Array]:
    """(distance, whether something was hit before the limit)"""
    gone = np.full(len(rays), 0.02, np.float32)
    hit = np.zeros(len(rays), bool)
    alive = np.arange(len(rays))
    for _ in range(STEPS):
        way = distance_to(scene, start[alive] + rays[alive] * gone[alive, None])
        touched = way < 4e-4 + 6e-4 * gone[alive]
        hit[alive[touched]] = True
        gone[alive] += np.where(touched, 0, way * 0.92)
        alive = alive[~touched & (gone[alive] < limit[alive])]
        if not len(alive):
            break
    return np.where(hit, gone, np.minimum(limit, gone)), hit


def _which(scene: Scene, points: Array) -> Array:
    nearest = _bare(scene, points)
    which = np.full(len(points), FLOOR, np.int32)
    for number, thing in enumerate(scene.things):
        before = nearest.copy()
        nearest = closer(nearest, thing.shape, points)
        which[nearest < before] = number
    return which


def _normals(scene: Scene, points: Array, distance: Array) -> Array:
    corners = np.array([[1, -1, -1], [-1, -1, 1], [-1, 1, -1], [1, 1, 1]], np.float32)
    step = (1e-3 + 4e-4 * distance)[:, None]
    total = sum(
        corner * distance_to(scene, points + corner * step, 0.1)[:, None] for corner in corners
    )
    return total / np.maximum(length(total), 1e-9)[:, None]


def _ripples(points: Array, amount: float, distance: Array) -> Array:
    """Normals of water that is moved a little by the wind, calmer far away."""
    fade = amount / (1 + 0.05 * distance)
    x, z = points[:, 0], points[:, 2]
    lean = np.sin(x * 3.1 + z * 5.3) + np.sin(z * 11.0 - x * 2.3) * 0.7 + np.sin(z * 23 + x * 7) / 2
    side = np.sin(x * 4.7 - z * 1.9) + np.sin(x * 9.1 + z * 3.0) * 0.5
    normals = np.stack([side * fade * 0.5, np.ones_like(x), lean * fade], -1)
    return normals / length(normals)[:, None]


def _seen(scene: Scene, hits: _Hits, mirrors: int) -> Array:
    """The light along each ray [n, 3]."""
    light = scene.sky.seen(hits.ray)
    solid = np.flatnonzero(hits.thing >= FLOOR)
    if len(solid):
        near = _Hits(
            hits.start[solid],
            hits.ray[solid],
            hits.distance[solid],
            hits.points[solid],
            hits.normals[solid],
            hits.thing[solid],
        )
        paint, glow, gloss, mirror = _surface(scene, near)
        lit = _lit(scene, near, paint, gloss, full=mirrors > 0) + paint * glow[:, None]
        if mirrors:
            _reflect(scene, near, lit, mirror)
        light[solid] = _through_air(scene, near, lit)
    if scene.haze:
        light += _haze(scene, hits)
    return light


def _surface(scene: Scene, hits: _Hits) -> tuple[Array, Array, Array, Array]:
    """(colour, glow, gloss, mirror) of what each ray met."""
    paint = np.zeros_like(hits.points)
    glow, gloss, mirror = np.zeros((3, len(paint)), np.float32)
    stuff: list[tuple[int, Thing | Ground | None]] = [(FLOOR, scene.ground)]
    for number, thing in [*stuff, *enumerate(scene.things)]:
        mine = np.flatnonzero(hits.thing == number)
        if thing is None or not len(mine):
            continue
        coat = thing.paint
        paint[mine] = coat(hits.points[mine], hits.normals[mine]) if callable(coat) else coat
        gloss[mine], mirror[mine] = thing.gloss, thing.mirror
        shine = getattr(thing, "glow", 0.0)
        glow[mine] = shine(hits.points[mine], hits.normals[mine]) if callable(shine) else shine
    return paint, glow, gloss, mirror


def _lit(scene: Scene, hits: _Hits, paint: Array, gloss: Array, *, full: bool) -> Array:
    """What every light and the surroundings send to a surface, seen from the ray's start. full:
    with shadows and corners."""
    corner = _corners(scene, hits) if full else np.ones(len(paint), np.float32)
    around = np.array(scene.ambient, np.float32) * (0.62 + 0.38 * hits.normals[:, 1:2])
    lit = paint * around * corner[:, None]
    for lamp in scene.lights:
        towards, away, paints = _reach(lamp, hits.points)
        facing = np.clip((hits.normals * towards).sum(-1), 0, None)
        half = towards - hits.ray
        half /= np.maximum(length(half), 1e-6)[:, None]
        shine = np.clip((hits.normals * half).sum(-1), 0, 1) ** 48 * gloss * (facing > 0)
        if full and lamp.shadow:
            open_way = _open(scene, hits, towards, away, lamp.size, facing > 0)
            facing, shine = facing * open_way, shine * open_way
        lit += paints * (paint * facing[:, None] + shine[:, None])
    edge = np.clip(1 + (hits.normals * hits.ray).sum(-1), 0, 1) ** 3
    edge *= (hits.thing != FLOOR) & (hits.distance < 40)
    return lit + edge[:, None] * np.array(scene.rim, np.float32) * (0.4 + 0.6 * paint)


def _reach(lamp: Light, points: Array) -> tuple[Array, Array, Array]:
    """(direction to the light, metres to it, its light there) for each point."""
    paint = np.array(lamp.paint, np.float32)
    if lamp.at is None:
        towards = vector(lamp.towards)
        towards = towards / np.linalg.norm(towards)
        far = np.full(len(points), 60, np.float32)
        return np.broadcast_to(towards, points.shape), far, np.broadcast_to(paint, points.shape)
    offset = vector(lamp.at) - points
    away = np.maximum(length(offset), 1e-3)
    towards = offset / away[:, None]
    paints = paint / (0.15 + away * away)[:, None]
    if lamp.aim is not None:
        paints = paints * _spot(lamp, towards)[:, None]
    return towards, away, paints


def _spot(lamp: Light, towards: Array) -> Array:
    """How much of a spot goes each way, 0 to 1."""
    aim = vector(lamp.aim or (0, 0, 0)) - vector(lamp.at or (0, 0, 0))
    angle = np.degrees(np.arccos(np.clip(-(towards @ (aim / np.linalg.norm(aim))), -1, 1)))
    return np.clip((lamp.cone / 2 - angle) / (lamp.cone * 0.12) + 0.5, 0, 1)


def _open(
    scene: Scene, hits: _Hits, towards: Array, away: Array, size: float, wanted: Array
) -> Array:
    """Share of a light that reaches each point; narrow misses of a thing make soft edges."""
    share = wanted.astype(np.float32)
    alive = np.flatnonzero(wanted)
    start = hits.points + hits.normals * (4e-3 + 8e-4 * hits.distance)[:, None]
    gone = np.full(len(share), 0.02, np.float32)
    sharp = 1 / (0.02 + size)
    for _ in range(SHADOW_STEPS):
        points = start[alive] + towards[alive] * gone[alive, None]
        way = _bare(scene, points)
        scene.casting.nearest(points, way, gone[alive] / sharp)
        share[alive] = np.minimum(share[alive], np.clip(0.5 + sharp * way / gone[alive] / 2, 0, 1))
        gone[alive] += np.clip(way, 0.015 + 0.01 * gone[alive], 4.0)
        alive = alive[(share[alive] > 0.01) & (gone[alive] < away[alive])]
        if not len(alive):
            break
    return share * share * (3 - 2 * share)


def _corners(scene: Scene, hits: _Hits) -> Array:
    """How open the surroundings of each point are, 0 to 1."""
    closed = np.zeros(len(hits.points), np.float32)
    for reach, weight in ((0.04, 0.28), (0.12, 0.3), (0.32, 0.28), (0.8, 0.22)):
        way = distance_to(scene, hits.points + hits.normals * reach, reach)
        closed += weight * np.clip(1 - way / reach, 0, 1)
    return np.clip(1 - closed, 0.08, 1)


def _reflect(scene: Scene, hits: _Hits, lit: Array, mirror: Array) -> None:
    """Adds to lit what shiny surfaces throw back."""
    shiny = np.flatnonzero(mirror > 0)
    if not len(shiny):
        return
    ray, normals = hits.ray[shiny], hits.normals[shiny]
    against = (ray * normals).sum(-1)
    back = ray - 2 * against[:, None] * normals
    found = _look(scene, hits.points[shiny] + normals * 6e-3, back)
    share = mirror[shiny] + (1 - mirror[shiny]) * np.clip(1 + against, 0, 1) ** 5 * 0.8
    seen = _seen(scene, found, mirrors=0)
    lit[shiny] = lit[shiny] * (1 - share[:, None]) + seen * share[:, None]


def _through_air(scene: Scene, hits: _Hits, lit: Array) -> Array:
    """Fog and mist between the surface and the eye."""
    if not scene.fog:
        return lit
    thick = 1 - np.exp(-np.maximum(hits.distance - scene.clear, 0) * scene.fog)[:, None]
    flat = hits.ray * np.array([1, 0, 1], np.float32) + np.array([0, 0.02, 0], np.float32)
    veil = scene.sky.seen(flat / length(flat)[:, None]) if scene.mist is None else scene.mist
    return lit * (1 - thick) + veil * thick


def _haze(scene: Scene, hits: _Hits) -> Array:
    """Light that lamps send into the air along each ray, in closed form."""
    glow = np.zeros_like(hits.ray)
    for lamp in scene.lights:
        if lamp.at is None or lamp.aim is not None:
            continue
        offset = vector(lamp.at) - hits.start
        along = (offset * hits.ray).sum(-1)
        aside = np.sqrt(np.maximum((offset * offset).sum(-1) - along**2, 0.02))
        amount = (np.arctan((hits.distance - along) / aside) + np.arctan(along / aside)) / aside
        glow += amount[:, None] * np.array(lamp.paint, np.float32)
    return glow * scene.haze * 0.05


def _shafts(
    scene: Scene, start: Array, distance: Array, rays: Array, size: tuple[int, int]
) -> Array:
    """Beams with shadows in them: sampled on every third pixel, then smoothed."""
    width, height = size
    rows, columns = range(1, height, 3), range(1, width, 3)
    picked = (np.array(rows)[:, None] * width + np.array(columns)).ravel()
    total = np.zeros((len(picked), 3), np.float32)
    reach = np.minimum(distance[picked], 30)
    for sample in range(SHAFT_SAMPLES):
        along = reach * (sample + 0.5 + 0.4 * np.sin(picked * 12.9898)) / SHAFT_SAMPLES
        points = start[picked] + rays[picked] * along[:, None]
        here = _Hits(points, rays[picked], along * 0, points, rays[picked] * 0)
        for lamp in (each for each in scene.lights if each.at is None or each.aim is not None):
            towards, away, paints = _reach(lamp, points)
            wanted = paints.max(-1) > 1e-3
            total += (
                paints
                * _open(scene, here, towards, away, lamp.size, wanted)[:, None]
                * (reach / SHAFT_SAMPLES)[:, None]
            )
    small = total.reshape(len(rows), len(columns), 3)
    return _enlarged(small, size).reshape(-1, 3) * scene.shafts


def _enlarged(small: Array, size: tuple[int, int]) -> Array:
    """A small picture smoothly made as large as size."""
    for axis, wanted in ((0, size[1]), (1, size[0])):
        place = np.clip((np.arange(wanted) - 1) / 3, 0, small.shape[axis] - 1)
        low = np.floor(place).astype(int)
        share = (place - low).reshape([-1 if each == axis else 1 for each in range(3)])
        high = np.minimum(low + 1, small.shape[axis] - 1)
        small = np.take(small, low, axis) * (1 - share) + np.take(small, high, axis) * share
    return small.astype(np.float32)
