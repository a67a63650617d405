"""Places to film in, outside and inside, with the light that belongs to them."""

import numpy as np

from drawing.props import (
    IRON,
    WOOD,
    block,
    bulb,
    checked,
    city,
    curtain,
    lantern,
    lined,
    pine,
    planks,
    room,
    sign,
    speckled,
    street_sides,
    tree,
    trunk,
    window_frame,
)
from drawing.shapes import (
    Array,
    Thing,
    ball,
    box,
    bumpy,
    carve,
    clouds,
    colour,
    dim,
    join,
    limb,
    pillar,
    vector,
)
from drawing.sky import Ridge, Sky
from drawing.staging import Place
from drawing.tracing import Ground, Light

NIGHT_AIR = Sky(low=colour("#0e1018"), high=colour("#05060b"))
DARK = Sky(low=colour("#0b0b0f"), high=colour("#050507"))


def lamp(at: tuple[float, float, float], paint: str, power: float, size: float = 0.1) -> Light:
    red, green, blue = colour(paint)
    return Light(paint=(red * power, green * power, blue * power), at=at, size=size)


def spot(
    at: tuple[float, float, float],
    aim: tuple[float, float, float],
    paint: str,
    power: float,
    cone: float = 18.0,
) -> Light:
    red, green, blue = colour(paint)
    return Light(
        paint=(red * power, green * power, blue * power), at=at, aim=aim, cone=cone, size=0.03
    )


def sunbeam(towards: tuple[float, float, float], power: float = 2.4) -> Light:
    """The sun itself, with clean shadows, where a look's own light is soft."""
    return Light(paint=(power, power * 0.86, power * 0.66), towards=towards, size=0.02)


def ridges(*paints: str, high: float = 9.0) -> tuple[Ridge, ...]:
    """Chains of hills, each nearer and lower than the one before."""
    return tuple(
        Ridge(
            high=high * (1 - 0.26 * number),
            wide=26 - 5 * number,
            paint=colour(paint),
            seed=number * 5 + 1,
            sharp=0.35,
        )
        for number, paint in enumerate(paints)
    )


# -- outside


def meadow(paint: str = "#8c8a4c") -> Place:
    """Grass to the horizon, a few trees far away."""
    trees = [tree((x, 0, z), 1.2, seed=int(z)) for x, z in ((-9, 22), (-6, 26), (7, 20), (12, 25))]

    def streaks(points: Array, normals: Array) -> Array:
        del normals
        fine = clouds(points * np.array([9, 1, 2.5], np.float32), 3, 2)[:, None]
        patch = clouds(points / 1.7, 3, 5)[:, None]
        return vector(colour(paint)) * (0.45 + 0.6 * fine) * (0.75 + 0.5 * patch)

    return Place(
        things=tuple(part for each in trees for part in each),
        ground=Ground(paint=streaks),
        fog=0.012,
    )


def dunes() -> Place:
    """Sand in long crests."""
    return Place(
        ground=Ground(
            paint=speckled(colour("#c9935a"), colour("#e0b478"), 3.0), height=dune_height
        ),
        fog=0.004,
        clear=20,
        far=140,
    )


def dune_height(points: Array) -> Array:
    x, z = points[:, 0], points[:, 2]
    bend = z * 0.24 + 1.5 * np.sin(x * 0.11) + 0.5 * np.sin(x * 0.23 + 1)
    crest = 1 - np.abs((bend / 3.0) % 2 - 1)
    near = np.clip((z + 3) / 8, 0, 1)
    return (3.6 * crest**1.7 + 0.3 * np.sin(x * 0.21)) * near


def snowfield(trees: bool = True) -> Place:
    firs = [
        pine((x, 0, z), size, colour("#4a5f6b"))
        for x, z, size in (
            (-11, 16, 1.3),
            (-8.5, 19, 1.0),
            (-13, 22, 1.6),
            (-6.5, 25, 1.2),
            (9, 21, 1.2),
            (12, 17, 1.5),
            (5.5, 27, 1.1),
        )
    ]

    def high(points: Array) -> Array:
        x, z = points[:, 0], points[:, 2]
        return 0.25 * np.sin(x * 0.25 + 0.4) * np.sin(z * 0.22) + 0.03 * np.sin(x * 1.3 + z)

    return Place(
        things=tuple(part for each in firs for part in each) if trees else (),
        ground=Ground(paint=colour("#dfe6f2"), height=high),
        fog=0.012,
        far=90,
    )


def shore() -> Place:
    """Standing at the edge of calm water."""
    return Place(ground=Ground(paint=colour("#18263a"), ripple=0.05, mirror=0.45), far=200)


def lake() -> Place:
    """Still water under chains of hills."""
    return Place(
        ground=Ground(paint=colour("#7f8789"), ripple=0.006, mirror=0.6),
        fog=0.012,
        clear=14,
        far=200,
    )


def forest(mist: str = "#a9bf9a", stems: int = 26, reach: float = 9.0) -> Place:
    chance = np.random.default_rng(4)
    found = []
    for _ in range(stems):
        x, z = float(chance.uniform(-reach, reach)), float(chance.uniform(1.5, 24))
        if abs(x) > 0.9 + 0.05 * z:
            found.append(trunk((x, 0, z), float(chance.uniform(0.14, 0.34)), 11))
    return Place(
        things=tuple(found),
        ground=Ground(paint=speckled(colour("#33331c"), colour("#6b6a3a"), 0.5)),
        fog=0.05,
        clear=4,
        mist=colour(mist),
        far=60,
    )


def neon_street() -> Place:
    """A wet street at night, lit by its signs alone."""
    pink, cyan, amber = "#ff2f86", "#22d3ff", "#ffb14a"
    walls = (colour("#23242c"), colour("#2b2530"), colour("#1f2730"))
    return Place(
        things=(
            *street_sides(2.7, 0.25, walls),
            sign((-2.55, 2.9, 3.0), (0.32, 0.95), pink, turn=70),
            sign((2.5, 2.5, 4.6), (0.36, 1.1), cyan, turn=-70),
            sign((-2.5, 2.2, 8.5), (0.8, 0.35), amber, turn=70),
            sign((2.4, 3.6, 10.0), (0.3, 1.0), pink, turn=-60),
            sign((-2.4, 3.9, 13.0), (0.35, 1.2), cyan, turn=60),
        ),
        lamps=(
            lamp((-2.0, 2.7, 2.2), pink, 6.5),
            lamp((2.0, 2.4, 3.4), cyan, 6.5),
            lamp((-1.6, 2.2, 8.0), amber, 7.0),
            lamp((1.8, 3.2, 10.0), pink, 7.0),
        ),
        ground=Ground(
            paint=speckled(colour("#0c0d11"), colour("#1b1c22"), 0.4),
            ripple=0.04,
            mirror=0.35,
            gloss=0.4,
        ),
        sky=NIGHT_AIR,
        inside=True,
        key=0.12,
        fill=0.5,
        fog=0.02,
        haze=0.1,
        far=60,
    )


def cyber_alley() -> Place:
    """Towers, cables, holograms, light from below."""
    walls = (colour("#1a1c26"), colour("#22202c"), colour("#15202a"))
    cables = [
        limb((-4.5, 5.0 + 0.7 * n, 3 + 2 * n), (4.5, 4.4 + 0.9 * n, 4 + 2 * n), 0.03)
        for n in range(6)
    ]
    ghost = box((2.7, 4.4, 7), (0.9, 1.5, 0.02), 0.02)
    return Place(
        things=(
            *street_sides(2.6, 0.22, walls, depth=7, high=9),
            block((0.4, 0, 34), (3.4, 15, 2), colour("#171a26"), lit=0.5, pane=colour("#6ad8ff")),
            block((-6.5, 0, 38), (2.2, 12, 2), colour("#1c1826"), lit=0.4, pane=colour("#ff6ad0")),
            Thing(shape=join(*cables), paint=colour("#0b0b0e")),
            Thing(shape=ghost, paint=colour("#2be8ff"), glow=_scanlines, casts=False),
            sign((-2.4, 3.4, 4.5), (0.4, 1.3), "#ff2bd0", turn=65),
            sign((-2.3, 6.2, 8.0), (1.0, 0.45), "#ffd23a", turn=60),
            sign((2.3, 2.2, 4.0), (0.9, 0.35), "#ff5a3a", turn=-65),
        ),
        lamps=(
            lamp((2.2, 4.2, 6.0), "#22d8ff", 9.0),
            lamp((-2.0, 3.2, 3.6), "#ff2bd0", 8.0),
            lamp((1.8, 2.0, 3.2), "#ff6a3a", 3.5),
            lamp((0.0, 0.5, -1.6), "#38f0d0", 1.6),
        ),
        ground=Ground(paint=colour("#101218"), ripple=0.03, mirror=0.4),
        sky=Sky(low=colour("#3a2048"), high=colour("#0a0a18")),
        inside=True,
        key=0.25,
        fill=0.6,
        fog=0.03,
        mist=colour("#35204a"),
        haze=0.22,
        far=60,
    )


def _scanlines(points: Array, _: Array) -> Array:
    return 0.5 + 0.6 * np.sin(points[:, 1] * 42) + 0.8 * clouds(points * 2.2, 2, 4)


def town(lit: float = 0.0, high: tuple[float, float] = (3, 9), street: float = 7.0) -> Place:
    """Blocks and streets, to be seen from high up."""
    walls = (
        colour("#c9826a"),
        colour("#d9c7a4"),
        colour("#9aa9b4"),
        colour("#c7b08e"),
        colour("#8f9a7d"),
        colour("#e2dccf"),
    )
    if lit:
        walls = tuple(dim(wall, 0.35) for wall in walls)
    chance = np.random.default_rng(9)
    traffic = []
    for _ in range(80):
        line = float(chance.integers(-4, 5)) * street + street / 2
        along = float(chance.uniform(-20, 50))
        side = 0.45 if chance.random() < 0.5 else -0.45
        at, half = ((line + side, 0.35, along), (0.32, 0.3, 0.75))
        if chance.random() < 0.5:
            at, half = ((along - 15, 0.35, line + side), (0.75, 0.3, 0.32))
        paint = ("#d8372a", "#f2c12e", "#2f6fb5", "#f2efe8", "#2a8f6a")[int(chance.integers(5))]
        traffic.append(Thing(shape=box(at, half, 0.12), paint=colour(paint), gloss=0.4))
    trees = [
        Thing(shape=ball((x, 0.7, z), (0.7, 0.8, 0.7)), paint=colour("#5d8a3f"))
        for x, z in chance.uniform((-18, -6), (18, 40), (26, 2))
        if abs(((x / street) + 0.5) % 1 - 0.5) > 0.30
    ]
    return Place(
        things=(
            *city((-28, 29, -7, 64), street, high=high, walls=walls, lit=lit),
            *traffic,
            *(trees if not lit else ()),
        ),
        ground=Ground(paint=_streets(street, lit > 0)),
        far=180,
        fog=0.004,
        clear=30,
    )


def _streets(street: float, night: bool):
    dark = colour("#17181d") if night else colour("#6d6c6a")
    line = colour("#3a3a3d") if night else colour("#d9d4c6")

    def marks(points: Array) -> Array:
        x = np.abs((points[:, 0] / street) % 1 - 0.5) * street
        z = np.abs((points[:, 2] / street) % 1 - 0.5) * street
        dashes = (points[:, 2] % 2 < 1.1) & (x < 0.06) & (z > 1)
        other = (points[:, 0] % 2 < 1.1) & (z < 0.06) & (x > 1)
        return dashes | other

    return lined(dark, line, marks)


def old_town_street(dust: str = "#b98f62") -> Place:
    """Wooden fronts on both sides of a dirt street."""
    walls = (colour("#8a6a4c"), colour("#9a7a58"), colour("#7a5a42"), colour("#a58a68"))
    porches = [
        box((side * 3.1, 2.3, 4 + 4.0 * n), (0.7, 0.06, 1.8)) for n in range(5) for side in (-1, 1)
    ]
    posts = [
        limb((side * 2.5, 0, 2.6 + 2.0 * n), (side * 2.5, 2.3, 2.6 + 2.0 * n), 0.06)
        for n in range(9)
        for side in (-1, 1)
    ]
    return Place(
        things=(
            *street_sides(3.6, 0.0, walls, high=2.2),
            Thing(shape=join(*porches), paint=colour("#6a4c34")),
            Thing(shape=join(*posts), paint=colour("#5a402c")),
        ),
        ground=Ground(paint=speckled(colour(dust), colour("#d2ab7c"), 1.2)),
        fog=0.022,
        clear=6,
        mist=colour("#e2c79c"),
        far=90,
    )


def rooftop(low: float = 0.0) -> Place:
    """A flat roof above a skyline."""
    chance = np.random.default_rng(2)
    towers = []
    for x in np.arange(-46, 47, 3.4):
        tall = float(chance.uniform(2.0, 9.0)) - low
        towers.append(
            block(
                (float(x), -3, 42 + float(chance.uniform(0, 14))),
                (1.45, tall, 1.4),
                colour("#4a4650"),
            )
        )
    edge = box((0, 0.15, 6), (40, 0.15, 0.3))
    return Place(
        things=(*towers, Thing(shape=edge, paint=colour("#6a6660"))),
        ground=Ground(paint=_roof),
        fog=0.012,
        clear=12,
        far=120,
    )


def _roof(points: Array, normals: Array) -> Array:
    del normals
    share = clouds(points / 0.8, 4, 2)[:, None]
    seam = np.clip((np.abs(points[:, :1] / 2 % 1 - 0.5) - 0.48) * 40, 0, 1)
    near = (points[:, 2:] < 6.4).astype(np.float32)
    slab = (vector(colour("#5d5a58")) * (1 - share) + vector(colour("#7c7874")) * share) * (
        1 - 0.4 * seam
    )
    return slab * near + vector(colour("#3a3840")) * (1 - near)


def pitch(paint: str = "#3f7a3a", *, night: bool = True) -> Place:
    """A field of mown grass with lines and a stand behind it."""

    def marks(points: Array) -> Array:
        side = np.abs(np.abs(points[:, 2] - 6) - 0.0) < 0.06
        box_line = (np.abs(points[:, 0] - 3.2) < 0.06) & (points[:, 2] < 6)
        return side | box_line

    def mown(points: Array, normals: Array) -> Array:
        del normals
        band = np.sin(points[:, 0] * 1.25 + 0.8) > 0
        blades = 0.75 + 0.5 * clouds(points / 0.12, 3, 8)
        return vector(colour(paint)) * (blades * np.where(band, 1.0, 0.82))[:, None]

    stand = box((0, 1.6, 22), (40, 2.2, 3))
    masts = [limb((x, 0, 20), (x, 11, 20), 0.12) for x in (-13, 12)]
    floods = [box((x, 11.2, 19.7), (1.3, 0.6, 0.15)) for x in (-13, 12)]
    crowd = Thing(shape=stand, paint=_heads)
    if not night:
        return Place(
            things=(crowd,), ground=Ground(paint=lined(mown, colour("#e8e8e2"), marks)), fog=0.03
        )
    return Place(
        things=(
            crowd,
            Thing(shape=join(*masts), paint=IRON),
            Thing(shape=join(*floods), paint=colour("#f4f8ff"), glow=5.0, casts=False),
        ),
        lamps=(
            spot((-13, 11, 19), (0, 0, 0), "#e6f0ff", 260, 60),
            spot((12, 11, 19), (0, 0, 0), "#e6f0ff", 260, 60),
        ),
        ground=Ground(paint=lined(mown, colour("#e8e8e2"), marks)),
        sky=NIGHT_AIR,
        inside=True,
        key=0.55,
        fill=0.8,
        fog=0.015,
        mist=colour("#141c26"),
        haze=0.6,
        shafts=0.0006,
        far=70,
    )


def _heads(points: Array, normals: Array) -> Array:
    """A stand full of people, far away."""
    del normals
    cells = np.floor(points * np.array([3.5, 3.5, 1], np.float32)) + 0.5
    pick = clouds(cells * 1.7, 1, 6)[:, None]
    return vector(colour("#20242c")) * (1 - pick) + vector(colour("#a08f86")) * pick


def clay_court() -> Place:
    def marks(points: Array) -> Array:
        x, z = points[:, 0], points[:, 2]
        lines = (np.abs(z + 0.9) < 0.05) | (np.abs(x - 3.0) < 0.05) | (np.abs(x - 2.0) < 0.05)
        lines |= (np.abs(z - 4.2) < 0.05) & (x < 3.0)
        return lines & (z > -1.0)

    net = box((0, 0.45, 7.4), (9, 0.45, 0.02))
    return Place(
        things=(
            Thing(shape=net, paint=colour("#2b2b2b")),
            Thing(shape=box((0, 0.92, 7.4), (9, 0.04, 0.03)), paint=colour("#f2efe8")),
        ),
        ground=Ground(
            paint=lined(
                speckled(colour("#8f4c33"), colour("#a8603f"), 0.9), colour("#f2e9dc"), marks
            )
        ),
    )


def asphalt_court() -> Place:
    fence = [limb((-9 + 1.5 * n, 0, 9), (-9 + 1.5 * n, 3, 9), 0.03) for n in range(13)]
    rails = [limb((-9, y, 9), (9, y, 9), 0.025) for y in (0.1, 1.5, 3.0)]
    walls = (colour("#3a3648"), colour("#42384a"), colour("#35384a"))
    houses = [
        block((x, 0, 20 + (n % 3) * 3), (2.2, tall, 2), walls[n % 3], lit=0.35)
        for n, (x, tall) in enumerate(
            ((-14, 4), (-9, 5.5), (-4.2, 3.6), (0.6, 4.4), (5.4, 6.4), (10.4, 4.2), (15, 5))
        )
    ]

    def marks(points: Array) -> Array:
        x, z = points[:, 0], points[:, 2]
        return (np.abs(np.hypot(x - 0.5, z - 1) - 2.4) < 0.05) | (np.abs(z - 1) < 0.04)

    return Place(
        things=(
            Thing(shape=join(*fence, *rails), paint=IRON),
            *houses,
            bulb((-5, 4.6, 8), 0.2, "#ffcf8a", 5),
        ),
        lamps=(lamp((-5, 4.5, 7.8), "#ffb45e", 22.0),),
        ground=Ground(
            paint=lined(
                speckled(colour("#38404e"), colour("#505a68"), 0.5), colour("#d8c9b0"), marks
            )
        ),
        haze=0.7,
        fog=0.012,
    )


def skate_bowl() -> Place:
    """Concrete rising at both sides."""

    def high(points: Array) -> Array:
        side = np.clip(np.abs(points[:, 0]) - 1.6, 0, 2.2)
        back = np.clip(points[:, 2] - 2.6, 0, 2.2)
        return 0.28 * side**2 + 0.28 * back**2

    return Place(
        ground=Ground(paint=speckled(colour("#9a948a"), colour("#c2bbae"), 0.7), height=high),
        things=(
            Thing(
                shape=join(
                    limb((-3.9, 1.45, -4), (-3.9, 1.45, 8), 0.06),
                    limb((3.9, 1.45, -4), (3.9, 1.45, 8), 0.06),
                ),
                paint=colour("#d8572a"),
            ),
            *(
                part
                for x, z in ((-8, 9), (9, 11), (2, 14))
                for part in tree((x, 1, z), 1.6, seed=int(z))
            ),
        ),
        far=60,
    )


def slope() -> Place:
    """A steep snowfield."""

    def high(points: Array) -> Array:
        x, z = points[:, 0], points[:, 2]
        return np.clip(z, -40, 12) * 0.015 - x * 0.13 + 0.18 * np.sin(x * 0.5 + z * 0.3)

    return Place(ground=Ground(paint=colour("#e8eef8"), height=high), fog=0.006, far=120)


def courtyard() -> Place:
    """Lanterns between carved eaves."""
    lights = [(-2.3, 2.9, 3.4), (-0.8, 3.2, 4.2), (0.8, 3.2, 4.2), (2.3, 2.9, 3.4)]
    posts = [pillar((x, 1.8, 4.8), 0.13, 1.8) for x in (-3.2, -1.1, 1.1, 3.2)]
    return Place(
        things=(
            Thing(shape=join(*posts), paint=colour("#6a2a20"), gloss=0.3),
            Thing(shape=box((0, 3.75, 4.9), (5, 0.16, 0.7)), paint=colour("#3a4a3f")),
            Thing(
                shape=box((0, 1.8, 6.4), (6, 2.4, 0.2)),
                paint=speckled(colour("#232a33"), colour("#37414c"), 0.5),
            ),
            *(part for at in lights for part in lantern(at, 1.5)),
        ),
        lamps=tuple(lamp((x, y - 0.3, z - 0.5), "#ffab6a", 4.5) for x, y, z in lights),
        ground=Ground(paint=checked(colour("#5a4a3e"), colour("#6a5848"), 0.9), mirror=0.06),
        sky=Sky(low=colour("#141a34"), high=colour("#080b1a"), stars=1.0),
        inside=True,
        key=0.25,
        fill=0.7,
        haze=0.12,
        far=60,
    )


def plaza() -> Place:
    """A drawing in stone, to be seen from straight above."""

    def marks(points: Array) -> Array:
        x, z = points[:, 0], points[:, 2]
        circle = np.hypot(x, z)
        rings = (np.abs(circle % 2.4 - 1.2) < 0.09) & (circle < 9.8)
        rays = np.abs((np.arctan2(z, x) / (np.pi / 8)) % 1 - 0.5) > 0.47
        return rings | (rays & (circle > 1.2) & (circle < 9.8))

    stone = speckled(colour("#b9ad99"), colour("#cfc4b0"), 1.5)
    trees = [
        Thing(
            shape=bumpy(ball((sx * x, 0.9, sz * 5.6), (0.95, 0.9, 0.95)), 0.2, 0.3),
            paint=colour("#5f7448"),
        )
        for x in (7.2, 9.8, 12.4)
        for sx in (-1, 1)
        for sz in (-1, 1)
    ]
    return Place(
        things=(
            *trees,
            Thing(shape=pillar((0, 0.3, 0), 0.7, 0.3), paint=colour("#7d8f98"), mirror=0.2),
        ),
        ground=Ground(paint=lined(stone, colour("#7d6f5e"), marks)),
    )


def sea_floor() -> Place:
    """Blue water over sand, light from the surface."""
    rocks = [
        Thing(
            shape=bumpy(ball((x, 0.0, z), (w, h, w)), 0.25, 0.5, int(z)),
            paint=speckled(colour("#2b4a52"), colour("#4f7a70"), 0.5),
        )
        for x, z, w, h in (
            (-4.5, 5, 1.8, 1.5),
            (5, 7, 2.2, 2.2),
            (-7, 11, 2.5, 3.2),
            (2.6, 12, 1.6, 1.2),
        )
    ]
    return Place(
        things=tuple(rocks),
        ground=Ground(paint=_caustics),
        sky=Sky(low=colour("#1577a0"), high=colour("#4fb8d8"), steep=1.1),
        fog=0.075,
        clear=1.5,
        mist=colour("#1577a0"),
        shafts=0.005,
        far=40,
    )


def _caustics(points: Array, normals: Array) -> Array:
    """Sand under moving light."""
    del normals
    web = (
        np.abs(2 * clouds(points * 0.9, 2, 3) - 1) * 0.5
        + np.abs(2 * clouds(points * 1.7, 2, 9) - 1) * 0.5
    )
    return vector(colour("#b9b08a")) * (0.7 + 1.4 * np.clip(0.22 - web, 0, 1) * 5)[:, None]


# -- inside


def studio(floor: str = "#2a2b30", back: str = "#16171b", *, mirror: float = 0.0) -> Place:
    """An empty floor that fades into the dark, or the light, behind."""
    sky = Sky(low=colour(back), high=dim(colour(back), 0.55), steep=0.9)
    return Place(
        ground=Ground(paint=colour(floor), mirror=mirror),
        sky=sky,
        inside=True,
        fog=0.09,
        clear=3.5,
        far=40,
    )


def sweep(paint: str) -> Place:
    """Seamless paper: floor and background are one."""
    tone = colour(paint)
    return Place(
        ground=Ground(paint=tone),
        sky=Sky(low=tone, high=tone),
        inside=True,
        fog=0.5,
        clear=3.2,
        far=30,
    )


def living_room(wall: str = "#7a6a58", *, night: bool = True) -> Place:
    """A window in the back wall, a shelf, boards on the floor."""
    hole = box((1.5, 1.75, 4.0), (0.95, 0.85, 0.5))
    outside = (
        Sky(low=colour("#3a4f86"), high=colour("#1c2a58"))
        if night
        else Sky(low=colour("#e8f0f4"), high=colour("#a9c8e4"))
    )
    return Place(
        things=(
            *room(
                4.2,
                3.2,
                4.0,
                speckled(dim(colour(wall), 0.85), colour(wall), 1.5),
                openings=(hole,),
            ),
            window_frame((1.5, 1.75, 3.95), (0.95, 0.85)),
            Thing(
                shape=join(*(box((-2.2, 0.7 + 0.5 * n, 3.7), (0.9, 0.03, 0.2)) for n in range(4))),
                paint=WOOD,
            ),
            *_books((-2.2, 0.73, 3.62)),
        ),
        ground=Ground(paint=planks(colour("#7a5234")), mirror=0.04),
        sky=outside,
        inside=True,
        far=40,
    )


def _books(at: tuple[float, float, float]) -> tuple[Thing, ...]:
    chance = np.random.default_rng(1)
    paints = ("#8a3b2f", "#c7a25a", "#3f5a6a", "#6a7a4a", "#d8cbb0")
    return tuple(
        Thing(
            shape=box(
                (at[0] - 0.8 + 0.13 * n, at[1] + 0.5 * row + 0.17, at[2]),
                (0.045, float(chance.uniform(0.12, 0.18)), 0.12),
            ),
            paint=colour(paints[int(chance.integers(5))]),
        )
        for row in range(3)
        for n in range(13)
    )


def window_room(wall: str = "#a89a88") -> Place:
    """Large windows to the left; sun falls on the floor."""
    holes = tuple(box((-4.1, 1.75, z), (0.6, 1.25, 0.8)) for z in (-0.6, 1.9, 4.4))
    frames = tuple(window_frame((-4.1, 1.75, z), (0.8, 1.25), side=True) for z in (-0.6, 1.9, 4.4))
    return Place(
        things=(*room(4.0, 3.6, 7.0, colour(wall), openings=holes), *frames),
        ground=Ground(paint=planks(colour("#a07a52")), mirror=0.08),
        sky=Sky(low=colour("#f4f6f4"), high=colour("#bcd4ea")),
        inside=True,
        far=50,
    )


def corridor() -> Place:
    """Green tubes along a long ceiling, doors on both sides."""
    tubes = [box((0, 2.72, 1.5 + 3.0 * n), (0.75, 0.03, 0.09), 0.02) for n in range(6)]
    doors = [
        box((side * 1.62, 1.05, 2.5 + 4.0 * n), (0.04, 1.05, 0.5))
        for n in range(4)
        for side in (-1, 1)
    ]
    return Place(
        things=(
            *room(1.7, 2.8, 19.0, colour("#8fa393")),
            Thing(shape=join(*tubes), paint=colour("#e6fff0"), glow=3.0, casts=False),
            Thing(shape=join(*doors), paint=colour("#4a5a50")),
        ),
        lamps=(
            *(lamp((0, 2.6, 1.5 + 3.0 * n), "#c9ffd9", 1.8, 0.4) for n in range(3)),
            lamp((0, 2.6, -0.6), "#c9ffd9", 2.0, 0.2),
        ),
        ground=Ground(paint=checked(colour("#9fb3a4"), colour("#5a6b60"), 0.6), mirror=0.12),
        sky=DARK,
        inside=True,
        key=0.0,
        fill=0.55,
        fog=0.05,
        mist=colour("#41524a"),
        haze=0.5,
        far=30,
    )


def hall(wall: str = "#7f9484") -> Place:
    """A sports hall under rows of tubes."""
    tubes = [
        box((x, 4.2, 1 + 3.0 * n), (0.9, 0.04, 0.1), 0.02) for n in range(4) for x in (-3, 0, 3)
    ]
    return Place(
        things=(
            *room(6.5, 4.4, 10.0, speckled(dim(colour(wall), 0.8), colour(wall), 2.0)),
            Thing(shape=join(*tubes), paint=colour("#eafff2"), glow=3.0, casts=False),
            Thing(shape=box((0, 0.55, 9.8), (6.5, 0.55, 0.1)), paint=colour("#3f5a4a")),
        ),
        lamps=tuple(
            lamp((x, 4.0, z), "#d6ffe4", 5.0, 0.5) for x in (-2.6, 2.6) for z in (0.5, 5.0)
        ),
        ground=Ground(paint=planks(colour("#a58458"), 0.16, 2), mirror=0.10),
        sky=DARK,
        inside=True,
        key=0.25,
        fill=0.9,
        haze=0.15,
        far=40,
    )


def stage(*, drapes: str = "#9c1420") -> Place:
    """A curtain, boards, one spot from above."""
    return Place(
        things=(curtain((0, 0, 1.6), 16, 7, colour(drapes), 4.0),),
        ground=Ground(paint=planks(colour("#4a2f20"), 0.3), mirror=0.08),
        sky=DARK,
        inside=True,
        fill=0.5,
        far=40,
    )


def expressionist() -> Place:
    """A bare wall, a crooked window, stairs at an angle."""
    wall = box((0, 3, 2.2), (9, 3.4, 0.1))
    hole = box((2.6, 2.5, 2.2), (0.5, 0.8, 0.5), 0, 0)
    steps = [
        box((-2.9 - 0.35 * n, 0.18 + 0.32 * n, 1.4), (0.5, 0.18 + 0.32 * n, 0.7), 0, 12)
        for n in range(5)
    ]
    return Place(
        things=(
            Thing(
                shape=carve(wall, hole), paint=speckled(colour("#8d8a84"), colour("#b5b1a8"), 0.9)
            ),
            Thing(shape=join(*steps), paint=colour("#7c7973")),
            window_frame((2.6, 2.5, 2.2), (0.5, 0.8)),
        ),
        ground=Ground(paint=planks(colour("#77736c"), 0.4)),
        sky=DARK,
        inside=True,
        far=30,
    )


def wasteland() -> Place:
    """Cracked earth, a wreck, pylons in the dust."""
    hulk = box((3.6, 0.7, 7.5), (1.9, 0.7, 0.9), 0.25, 22)
    roof = box((3.3, 1.6, 7.6), (1.0, 0.45, 0.75), 0.25, 22)
    masts = []
    for x, z in ((-6, 17), (1.5, 26), (8, 34)):
        masts += [limb((x - 0.7, 0, z), (x, 7, z), 0.09), limb((x + 0.7, 0, z), (x, 7, z), 0.09)]
        masts += [limb((x - 1.8, 5.6, z), (x + 1.8, 5.6, z), 0.08)]
    return Place(
        things=(
            Thing(
                shape=join(hulk, roof), paint=speckled(colour("#5a2d1c"), colour("#9a5a34"), 0.35)
            ),
            Thing(shape=join(*masts), paint=colour("#4a3a30")),
        ),
        ground=Ground(paint=_cracked),
        fog=0.028,
        clear=5,
        mist=colour("#dcb887"),
        far=110,
    )


def _cracked(points: Array, normals: Array) -> Array:
    del normals
    web = np.abs(2 * clouds(points / 1.1, 3, 17) - 1)
    sand = clouds(points / 0.35, 3, 3)[:, None]
    base = vector(colour("#b5824f")) * (1 - sand) + vector(colour("#d6a872")) * sand
    return base * np.where(web < 0.035, 0.5, 1.0)[:, None]
