"""Things to put into a place: plants, buildings, furniture, goods, machines."""

from collections.abc import Callable

import numpy as np

from drawing.shapes import (
    Array,
    Colour,
    Paint,
    Point,
    Shape,
    Thing,
    ball,
    blend,
    box,
    bumpy,
    carve,
    clouds,
    colour,
    cutout,
    dim,
    inside,
    join,
    limb,
    moved,
    noise,
    pillar,
    ring,
    set_down,
    vector,
)

BARK, LEAF, PINE = colour("#4a382b"), colour("#56713f"), colour("#2f4a3c")
IRON, WOOD, BRASS = colour("#26272c"), colour("#6b4a31"), colour("#b98a45")


# -- how surfaces look


def speckled(dark: Colour, light: Colour, wide: float, seed: int = 0) -> Paint:
    """Two colours mixed by noise: earth, grass, plaster."""

    def paint(points: Array, _: Array) -> Array:
        share = clouds(points / wide, 4, seed)[:, None]
        return vector(dark) * (1 - share) + vector(light) * share

    return paint


def checked(one: Colour, other: Colour, wide: float) -> Paint:
    """Tiles."""

    def paint(points: Array, _: Array) -> Array:
        odd = (np.floor(points[:, 0] / wide + 0.5) + np.floor(points[:, 2] / wide)) % 2
        return np.where(odd[:, None] > 0, vector(one), vector(other))

    return paint


def planks(light: Colour, wide: float = 0.22, axis: int = 0) -> Paint:
    """Boards with dark seams; axis: the one across them."""

    def paint(points: Array, _: Array) -> Array:
        across = points[:, axis] / wide
        seam = np.clip((np.abs(across % 1 - 0.5) - 0.44) * 16, 0, 1)
        stretched = points * np.where(np.arange(3) == axis, 9.0, 1.3).astype(np.float32)
        grain = 0.72 + 0.4 * noise(stretched, 3) + 0.18 * np.sin(np.floor(across) * 7.7)
        return vector(light) * (grain * (1 - 0.6 * seam))[:, None]

    return paint


def lined(base: Paint, line: Colour, marks: Callable[[Array], Array]) -> Paint:
    """A ground with painted lines; marks: points → how much of a line, 0 to 1."""

    def paint(points: Array, normals: Array) -> Array:
        under = base(points, normals) if callable(base) else vector(base)
        share = np.clip(marks(points), 0, 1)[:, None]
        return under * (1 - share) + vector(line) * share

    return paint


def windows(wall: Colour, pane: Colour, size: tuple[float, float], lit: float = 0.0) -> Paint:
    """A front with rows of windows; lit: share of them that are bright."""

    def paint(points: Array, normals: Array) -> Array:
        glass, bright = _panes(points, normals, size, lit)
        shade = vector(pane) * (0.25 + 0.75 * bright)[:, None]
        wash = vector(wall) * (0.85 + 0.3 * noise(points * 0.7, 9))[:, None]
        return np.where(glass[:, None], shade, wash)

    return paint


def window_glow(size: tuple[float, float], lit: float, power: float) -> Callable[..., Array]:
    """The light of the same windows."""

    def glow(points: Array, normals: Array) -> Array:
        glass, bright = _panes(points, normals, size, lit)
        return glass * bright * power

    return glow


def _panes(
    points: Array, normals: Array, size: tuple[float, float], lit: float
) -> tuple[Array, Array]:
    side = np.abs(normals[:, 0]) > np.abs(normals[:, 2])
    along = np.where(side, points[:, 2], points[:, 0]) / size[0]
    up = points[:, 1] / size[1]
    glass = (np.abs(along % 1 - 0.5) < 0.3) & (np.abs(up % 1 - 0.5) < 0.3) & (points[:, 1] > 0.4)
    glass &= np.abs(normals[:, 1]) < 0.5
    cell = np.stack([np.floor(along), np.floor(up), side * 17.0], -1) + 0.5
    return glass, (noise(cell * 1.37, 21) < 0.5 + (lit - 0.5) * 0.62) & (lit > 0)


# -- plants


def tree(at: Point, size: float = 1.0, leaf: Colour = LEAF, seed: int = 0) -> tuple[Thing, ...]:
    """A broad-leaved tree about 3.4 m high."""
    chance = np.random.default_rng(seed)
    crown = [
        ball(
            tuple(chance.normal((0, 2.35, 0), (0.45, 0.32, 0.4))), float(chance.uniform(0.5, 0.75))
        )
        for _ in range(6)
    ]
    trunk = limb((0, 0, 0), (0.06, 2.0, 0), 0.14, 0.08)
    things = (
        Thing(shape=trunk, paint=BARK),
        Thing(
            shape=bumpy(blend(0.25, *crown), 0.16, 0.26, seed),
            paint=speckled(dim(leaf, 0.6), leaf, 0.4),
        ),
    )
    return set_down(things, at, size=size)


def trunk(at: Point, radius: float = 0.22, high: float = 9.0, paint: Paint = BARK) -> Thing:
    """Only the stem, as deep in a forest."""
    lean = float(np.sin(at[0] * 12.9 + at[2] * 7.7)) * 0.35
    return Thing(
        shape=limb(at, (at[0] + lean, at[1] + high, at[2]), radius, radius * 0.6), paint=paint
    )


def pine(at: Point, size: float = 1.0, leaf: Colour = PINE) -> tuple[Thing, ...]:
    """A fir about 4 m high."""
    tiers = [pillar((0, 0.9 + 0.78 * n, 0), 0.95 - 0.22 * n, 0.55, 0.06) for n in range(4)]
    things = (
        Thing(shape=pillar((0, 0.4, 0), 0.12, 0.4), paint=BARK),
        Thing(shape=join(*tiers), paint=leaf),
    )
    return set_down(things, at, size=size)


# -- buildings


def block(
    at: Point, half: Point, wall: Colour, *, lit: float = 0.0, pane: Colour | None = None
) -> Thing:
    """A house; at: the middle of its foot."""
    size = (1.1, 1.3)
    glass = pane or (colour("#ffc878") if lit else colour("#5d7488"))
    return Thing(
        shape=box((at[0], at[1] + half[1], at[2]), half),
        paint=windows(wall, glass, size, lit),
        glow=window_glow(size, lit, 1.5) if lit else 0.0,
    )


def city(
    where: tuple[float, float, float, float],
    street: float,
    *,
    high: tuple[float, float],
    walls: tuple[Colour, ...],
    lit: float = 0.0,
) -> tuple[Thing, ...]:
    """Blocks on a grid between (left, right, near, far), a street's width apart."""
    chance = np.random.default_rng(11)
    found = []
    for x in np.arange(where[0], where[1], street):
        for z in np.arange(where[2], where[3], street):
            tall = float(chance.uniform(*high) * chance.uniform(0.6, 1.5))
            wall = walls[int(chance.integers(len(walls)))]
            half = (float(street * chance.uniform(0.30, 0.37)), tall / 2, street * 0.34)
            found.append(block((float(x), 0, float(z)), half, wall, lit=lit))
    return tuple(found)


def street_sides(
    width: float, lit: float, walls: tuple[Colour, ...], depth: int = 6, high: float = 5.0
) -> tuple[Thing, ...]:
    """House fronts on both sides of a street that runs away from the camera."""
    chance = np.random.default_rng(5)
    found = []
    for number in range(depth):
        for side in (-1, 1):
            tall = float(high * chance.uniform(0.7, 1.3))
            wall = walls[int(chance.integers(len(walls)))]
            at = (side * (width + 2 + float(chance.uniform(0, 0.3))), 0, 2 + number * 4.0)
            found.append(block(at, (2, tall, 1.95), wall, lit=lit))
    return tuple(found)


def room(
    wide: float, high: float, deep: float, wall: Paint, *, openings: tuple[Shape, ...] = ()
) -> tuple[Thing, ...]:
    """Two side walls, a back wall and a ceiling, with holes for windows."""
    sides = [
        box((side * (wide + 0.15), high / 2, 0), (0.15, high / 2 + 0.3, deep)) for side in (-1, 1)
    ]
    back = box((0, high / 2, deep), (wide + 0.3, high / 2 + 0.3, 0.15))
    shell = join(*sides, back)
    top = box((0, high + 0.15, 0), (wide + 0.3, 0.15, deep))
    return (
        Thing(shape=carve(shell, *openings) if openings else shell, paint=wall),
        Thing(shape=top, paint=wall),
    )


def window_frame(
    at: Point, half: tuple[float, float], bars: int = 1, *, side: bool = False
) -> Thing:
    """Its wood; side: in a wall to the left or right."""
    wide, high = half
    parts = [box((0, sign * high, 0), (wide + 0.04, 0.045, 0.07)) for sign in (-1, 1)] + [
        box((sign * wide, 0, 0), (0.045, high, 0.07)) for sign in (-1, 1)
    ]
    for number in range(bars):
        x = -wide + 2 * wide * (number + 1) / (bars + 1)
        parts.append(box((x, 0, 0), (0.025, high, 0.04)))
    parts.append(box((0, 0, 0), (wide, 0.025, 0.04)))
    return Thing(shape=moved(join(*parts), at, 90 if side else 0), paint=colour("#b9aa95"))


def curtain(at: Point, wide: float, high: float, paint: Paint, folds: float = 5.0) -> Thing:
    """Hanging cloth; at: the middle of its lower edge."""
    middle = vector(at)

    def distance(points: Array) -> Array:
        offset = points - middle
        wave = 0.06 * np.sin(offset[:, 0] * folds * 2) + 0.03 * np.sin(
            offset[:, 0] * folds * 4.7 + 1
        )
        deep = np.abs(offset[:, 2] - wave) - 0.03
        side = np.abs(offset[:, 0]) - wide / 2
        up = np.abs(offset[:, 1] - high / 2) - high / 2
        return np.maximum(np.maximum(side, up), deep) * 0.6

    shape = Shape(distance, (at[0], at[1] + high / 2, at[2]), float(np.hypot(wide, high)) / 2 + 0.1)
    return Thing(shape=shape, paint=paint)


# -- lamps


def lantern(
    at: Point, size: float = 1.0, paint: str = "#ff4a26", glow: float = 1.7
) -> tuple[Thing, ...]:
    """A paper lantern, ribbed and lit from within."""
    x, y, z = at
    body = carve(
        ball(at, (0.2 * size, 0.17 * size, 0.2 * size)),
        *(ring((x, y + 0.06 * n * size, z), 0.2 * size, 0.008 * size) for n in (-1, 0, 1)),
    )
    caps = join(
        pillar((x, y + 0.17 * size, z), 0.08 * size, 0.02 * size),
        pillar((x, y - 0.17 * size, z), 0.08 * size, 0.02 * size),
        limb((x, y - 0.19 * size, z), (x, y - 0.36 * size, z), 0.014 * size),
    )
    return (
        Thing(shape=body, paint=colour(paint), glow=glow, casts=False),
        Thing(shape=caps, paint=BRASS, glow=0.25, casts=False),
    )


def bulb(at: Point, size: float = 0.07, paint: str = "#ffd9a0", glow: float = 5.0) -> Thing:
    return Thing(shape=ball(at, size), paint=colour(paint), glow=glow, casts=False)


def candle(at: Point, high: float = 0.16) -> tuple[Thing, ...]:
    x, y, z = at
    flame = blend(
        0.02,
        ball((x, y + high + 0.035, z), (0.016, 0.026, 0.016)),
        ball((x, y + high + 0.066, z), 0.007),
    )
    return (
        Thing(
            shape=pillar((x, y + high / 2, z), 0.022, high / 2), paint=colour("#e8d8b8"), glow=0.25
        ),
        Thing(shape=flame, paint=colour("#ffc766"), glow=5.0, casts=False),
    )


def fire(at: Point, size: float = 1.0) -> tuple[Thing, ...]:
    """Logs and flames."""
    tongues = (
        (0, 0.10, 0, 0.16, 0.14),
        (0.05, 0.26, 0.02, 0.10, 0.18),
        (-0.08, 0.24, -0.02, 0.08, 0.16),
        (0.02, 0.44, 0.0, 0.05, 0.15),
        (0.12, 0.16, 0.0, 0.06, 0.13),
    )
    flames = blend(0.08, *(ball((x, y, z), (w, h, w)) for x, y, z, w, h in tongues))
    core = ball((0, 0.12, -0.07), (0.09, 0.11, 0.08))
    logs = join(
        *(
            limb(
                (-0.3 * np.cos(a), 0.04, -0.3 * np.sin(a)),
                (0.22 * np.cos(a), 0.1, 0.22 * np.sin(a)),
                0.045,
            )
            for a in (0.2, 1.2, 2.3)
        )
    )
    things = (
        Thing(shape=flames, paint=colour("#ff7a1e"), glow=2.6, casts=False),
        Thing(shape=core, paint=colour("#ffd36a"), glow=4.0, casts=False),
        Thing(shape=logs, paint=colour("#2a1a12")),
    )
    return set_down(things, at, size=size)


def sign(
    at: Point, half: tuple[float, float], paint: str, *, turn: float = 0.0, glow: float = 2.4
) -> Thing:
    """A neon sign: a frame of tube and bars of writing."""
    wide, high = half
    tube = [limb((-wide, sy * high, 0), (wide, sy * high, 0), 0.03) for sy in (-1, 1)] + [
        limb((sx * wide, -high, 0), (sx * wide, high, 0), 0.03) for sx in (-1, 1)
    ]
    step = 0.24
    count = int(max(high, wide) * 2 / step) - 1
    for number in range(max(count, 1)):
        place = -max(high, wide) + step * (number + 1)
        if high > wide:
            tube.append(
                limb((-wide * 0.55, place, 0), (wide * (0.2 + 0.4 * (number % 2)), place, 0), 0.035)
            )
        else:
            tube.append(
                limb((place, -high * 0.5, 0), (place, high * (0.1 + 0.4 * (number % 2)), 0), 0.035)
            )
    return Thing(shape=moved(join(*tube), at, turn), paint=colour(paint), glow=glow, casts=False)


# -- furniture and goods


def table(
    at: Point, half: tuple[float, float], high: float = 0.76, paint: Paint = WOOD
) -> tuple[Thing, ...]:
    x, y, z = at
    legs = [
        limb(
            (x + sx * half[0] * 0.9, y, z + sz * half[1] * 0.85),
            (x + sx * half[0] * 0.9, y + high, z + sz * half[1] * 0.85),
            0.03,
        )
        for sx in (-1, 1)
        for sz in (-1, 1)
    ]
    return (
        Thing(
            shape=box((x, y + high, z), (half[0], 0.025, half[1]), 0.01), paint=paint, gloss=0.15
        ),
        Thing(shape=join(*legs), paint=paint),
    )


def round_table(
    at: Point, radius: float, high: float = 0.74, paint: Paint = WOOD
) -> tuple[Thing, ...]:
    x, y, z = at
    return (
        Thing(shape=pillar((x, y + high, z), radius, 0.03), paint=paint, gloss=0.2),
        Thing(shape=pillar((x, y + high / 2, z), 0.09, high / 2), paint=paint),
    )


def plate(
    at: Point, radius: float, food: Colour, rim: Colour = colour("#e9e4da"), seed: int = 0
) -> tuple[Thing, ...]:
    x, y, z = at
    heap = bumpy(ball((x, y + 0.02, z), (radius * 0.68, 0.06, radius * 0.68)), 0.02, 0.07, seed)
    dish = blend(
        0.01,
        pillar((x, y + 0.008, z), radius * 0.85, 0.008),
        ring((x, y + 0.02, z), radius * 0.92, 0.014),
    )
    return (
        Thing(shape=dish, paint=rim, gloss=0.4),
        Thing(shape=heap, paint=speckled(dim(food, 0.6), food, 0.05, seed), gloss=0.15),
    )


def bowl(at: Point, radius: float, paint: Paint, soup: Colour | None = None) -> tuple[Thing, ...]:
    x, y, z = at
    cup = carve(
        inside(
            ball((x, y + radius, z), radius),
            box((x, y + radius * 0.45, z), (radius, radius * 0.5, radius)),
        ),
        ball((x, y + radius * 1.06, z), radius * 0.92),
    )
    found = [Thing(shape=cup, paint=paint, gloss=0.5)]
    if soup is not None:
        found.append(
            Thing(
                shape=pillar((x, y + radius * 0.72, z), radius * 0.87, 0.008), paint=soup, gloss=0.3
            )
        )
    return tuple(found)


def bottle(
    paint: Colour, cap: Colour, *, glow: float = 0.0, mirror: float = 0.12
) -> tuple[Thing, ...]:
    """A square flask, 1.2 units tall: glass, what is in it, a stopper."""
    glass = box((0, 0.42, 0), (0.36, 0.42, 0.2), 0.09)
    fluid = box((0, 0.36, -0.005), (0.31, 0.31, 0.198), 0.05)
    return (
        Thing(shape=glass, paint=paint, gloss=1.4, mirror=mirror, glow=glow),
        Thing(shape=fluid, paint=dim(paint, 0.85), glow=glow * 1.5),
        Thing(shape=pillar((0, 0.88, 0), 0.1, 0.06), paint=BRASS, gloss=1.0, mirror=0.2),
        Thing(
            shape=blend(0.03, pillar((0, 1.06, 0), 0.15, 0.13), ball((0, 1.06, 0), 0.13)),
            paint=cap,
            gloss=1.0,
            mirror=0.15,
        ),
    )


def tube(paint: Colour, cap: Colour) -> tuple[Thing, ...]:
    """A jar of cream and a slim flask, about 1.1 units tall."""
    return (
        Thing(shape=pillar((-0.18, 0.5, 0), 0.17, 0.48), paint=paint, gloss=0.5),
        Thing(shape=pillar((-0.18, 1.06, 0), 0.075, 0.07), paint=cap, gloss=0.8, mirror=0.1),
        Thing(shape=pillar((0.32, 0.19, -0.16), 0.24, 0.17), paint=paint, gloss=0.5),
        Thing(shape=pillar((0.32, 0.42, -0.16), 0.25, 0.065), paint=cap, gloss=0.8, mirror=0.1),
    )


def watch() -> tuple[Thing, ...]:
    """A wrist watch standing up, 1.2 units tall, its face to the camera."""
    steel = colour("#aab0b8")
    around = ring((0, 0.6, 0), 0.36, 0.055, upright=True)
    marks = [
        limb(
            (0.27 * np.sin(a), 0.6 + 0.27 * np.cos(a), -0.075),
            (0.31 * np.sin(a), 0.6 + 0.31 * np.cos(a), -0.075),
            0.012,
        )
        for a in np.radians(np.arange(0, 360, 30))
    ]
    hands = join(
        limb((0, 0.6, -0.085), (-0.12, 0.72, -0.085), 0.014),
        limb((0, 0.6, -0.085), (0.17, 0.75, -0.085), 0.009),
    )
    strap = join(
        *(
            box(
                (0, 0.6 + sign * (0.47 + 0.14 * n), 0.04 + 0.05 * n),
                (0.2 - 0.012 * n, 0.062, 0.035),
                0.025,
            )
            for sign in (-1, 1)
            for n in range(4)
        )
    )
    flat = inside(ball((0, 0.6, 0), (0.35, 0.35, 0.07)), box((0, 0.6, 0), (0.4, 0.4, 0.07)))
    return (
        Thing(shape=around, paint=steel, gloss=2.2, mirror=0.35),
        Thing(shape=flat, paint=colour("#10131a"), gloss=0.6),
        Thing(shape=join(*marks), paint=colour("#dfe4ea"), gloss=1.5, mirror=0.2),
        Thing(shape=hands, paint=colour("#e6b36a"), gloss=1.5, mirror=0.2),
        Thing(shape=strap, paint=steel, gloss=2.0, mirror=0.3),
        Thing(
            shape=limb((0.42, 0.6, 0), (0.47, 0.6, 0), 0.035), paint=BRASS, gloss=1.5, mirror=0.3
        ),
    )


def headphones(paint: Colour, gap: float = 0.0) -> tuple[Thing, ...]:
    """1.2 units tall; gap: how far the parts have drifted apart."""
    band = carve(
        ring((0, 0.62 + gap, 0), 0.42, 0.05, upright=True), box((0, 0.2 + gap, 0), (0.6, 0.42, 0.3))
    )
    things = [Thing(shape=band, paint=paint, gloss=1.0, mirror=0.08)]
    for side in (-1, 1):
        for layer, (radius, deep, tint) in enumerate(
            ((0.17, 0.05, paint), (0.14, 0.02, BRASS), (0.16, 0.045, colour("#2a2c33")))
        ):
            x = side * (
                0.42 + (0.09 if layer == 0 else 0.0) - 0.085 * layer + gap * (0.9 - 0.75 * layer)
            )
            wheel = moved(pillar((0, 0, 0), radius, deep), (x, 0.5, 0), 0, 90)
            things.append(Thing(shape=wheel, paint=tint, gloss=1.0, mirror=0.1))
    return tuple(things)


HULL = [(-2.2, 0.3), (-2.22, 0.56), (-1.9, 0.74), (-0.75, 0.88), (0.9, 0.9), (1.9, 0.86)]
HULL += [(2.2, 0.72), (2.2, 0.32), (1.9, 0.24), (-1.9, 0.22)]
CABIN = [(-0.85, 0.84), (-0.2, 1.2), (0.45, 1.28), (1.0, 1.16), (1.75, 0.86)]


def car(paint: Colour) -> tuple[Thing, ...]:
    """A low coupé driving to the left, 4.4 m long."""
    arches = [moved(_wheel(0.42, 0.3), (x, 0.34, z)) for x in (-1.38, 1.38) for z in (-0.9, 0.9)]
    roof = [(x * 0.94 + 0.02, y + 0.05) for x, y in CABIN]
    wheels = [moved(_wheel(0.33, 0.12), (x, 0.34, z)) for x in (-1.38, 1.38) for z in (-0.8, 0.8)]
    hubs = [moved(_wheel(0.2, 0.02), (x, 0.34, -0.91)) for x in (-1.38, 1.38)]
    white, red = (
        box((-2.16, 0.6, -0.6), (0.1, 0.05, 0.2), 0.03),
        box((2.16, 0.68, -0.6), (0.08, 0.04, 0.2), 0.03),
    )
    steel = colour("#9aa0a8")
    return (
        Thing(shape=carve(cutout(HULL, 0.9, 0.16), *arches), paint=paint, gloss=1.6, mirror=0.2),
        Thing(shape=cutout(roof, 0.62, 0.1), paint=paint, gloss=1.6, mirror=0.2),
        Thing(shape=cutout(CABIN, 0.7, 0.06), paint=colour("#0b0f14"), gloss=1.5, mirror=0.25),
        Thing(shape=join(*wheels), paint=colour("#111114")),
        Thing(shape=join(*hubs), paint=steel, gloss=1.0, mirror=0.2),
        Thing(shape=white, paint=colour("#fff2d8"), glow=4.0, casts=False),
        Thing(shape=red, paint=colour("#ff2a20"), glow=2.6, casts=False),
    )


def _wheel(radius: float, deep: float) -> Shape:
    """A disc that rolls along x."""

    def distance(points: Array) -> Array:
        side = np.hypot(points[:, 0], points[:, 1]) - radius
        return np.maximum(side, np.abs(points[:, 2]) - deep)

    return Shape(distance, (0, 0, 0), float(np.hypot(radius, deep)))


def boat(at: Point, size: float = 1.0, paint: Paint = WOOD) -> tuple[Thing, ...]:
    """A narrow wooden boat lying along x."""
    hull = carve(
        inside(ball((0, 0.35, 0), (1.9, 0.5, 0.42)), box((0, 0.0, 0), (2, 0.3, 0.5))),
        ball((0, 0.45, 0), (1.65, 0.42, 0.34)),
    )
    return set_down((Thing(shape=hull, paint=paint),), at, size=size)


def hoop(at: Point) -> tuple[Thing, ...]:
    """A basketball hoop on its pole; at: the pole's foot; the ring hangs towards −x."""
    x, y, z = at
    net = [
        limb(
            (x - 0.75 + 0.22 * np.cos(a), y + 3.0, z + 0.22 * np.sin(a)),
            (x - 0.75 + 0.12 * np.cos(a + 0.5), y + 2.6, z + 0.12 * np.sin(a + 0.5)),
            0.008,
        )
        for a in np.radians(np.arange(0, 360, 45))
    ]
    return (
        Thing(
            shape=join(
                limb((x + 0.4, y, z), (x + 0.4, y + 3.0, z), 0.07),
                limb((x + 0.4, y + 3.0, z), (x - 0.4, y + 3.2, z), 0.05),
            ),
            paint=IRON,
        ),
        Thing(shape=box((x - 0.45, y + 3.3, z), (0.03, 0.5, 0.8)), paint=colour("#8a8f98")),
        Thing(shape=ring((x - 0.75, y + 3.0, z), 0.23, 0.02), paint=colour("#d8572a")),
        Thing(shape=join(*net), paint=colour("#c9c9c9")),
    )


def racket(
    hand: Point, turn: float = 0.0, tilt: float = 20.0, size: float = 1.0
) -> tuple[Thing, ...]:
    frame = join(
        limb((0, 0, 0), (0, 0.3, 0), 0.018), carve(ring((0, 0.46, 0), 0.14, 0.016, upright=True))
    )
    strings = [
        limb((-0.12, 0.36 + 0.05 * n, 0), (0.12, 0.36 + 0.05 * n, 0), 0.003) for n in range(5)
    ]
    strings += [
        limb((-0.1 + 0.05 * n, 0.34, 0), (-0.1 + 0.05 * n, 0.58, 0), 0.003) for n in range(5)
    ]
    things = (
        Thing(shape=frame, paint=colour("#22262c")),
        Thing(shape=join(*strings), paint=colour("#e8e6dd")),
    )
    return set_down(things, hand, turn, tilt, size)
