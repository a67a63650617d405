"""Stagings of the drawn, modelled and graphic looks."""

from dataclasses import replace

import numpy as np

from drawing import places, props
from drawing.air import Air
from drawing.beings import clay_pair, critter, noodle_man, puppet, shadow_figure
from drawing.film import GREY_COAT, Stagings
from drawing.people import RUN, STAND, WALK, Clothes, person
from drawing.places import lamp, spot
from drawing.shapes import (
    Array,
    Thing,
    ball,
    blend,
    box,
    bumpy,
    colour,
    cutout,
    join,
    limb,
    moved,
    pillar,
    ring,
)
from drawing.sky import Disc, Ridge, Sky
from drawing.staging import Place, Staging
from drawing.tracing import Ground

SUMMER = Sky(low=colour("#cfeaf6"), high=colour("#2f86d8"), cloud=0.62, cloud_size=0.55, steep=1.7)


def _anime() -> Staging:
    girl = Clothes(
        top=colour("#f4f2ee"),
        legs=colour("#2f4a86"),
        style="long",
        face="happy",
        coat=0.5,
        sleeves=False,
        hair=colour("#4a2c22"),
        hat="wide",
        hat_paint=colour("#f2d58a"),
    )
    trees = tuple(
        part
        for x, z, s in ((-4.6, 7, 1.5), (5.2, 9, 1.8), (-7.5, 12, 1.6))
        for part in props.tree((x, 0, z), s, colour("#4f9a3c"), int(z))
    )
    rail = Thing(
        shape=join(
            *(limb((-9 + 1.2 * n, 0, 3.2), (-9 + 1.2 * n, 0.9, 3.2), 0.03) for n in range(16)),
            limb((-9, 0.9, 3.2), (9, 0.9, 3.2), 0.035),
        ),
        paint=colour("#f2f2f2"),
    )
    return Staging(
        place=Place(
            things=(*trees, rail),
            ground=Ground(paint=props.speckled(colour("#5fae4a"), colour("#86c85a"), 1.2)),
            sky=SUMMER,
            fill=1.1,
        ),
        subject=person(WALK, girl, turn=-32),
        back=0.8,
        rise=0.35,
        shift=0.18,
        sun=(-40, 48),
        exposure=1.0,
        blur=0,
        tilt=-9,
    )


def _watercolour() -> Staging:
    houses = []
    for n, (x, z, tall, paint) in enumerate(
        (
            (-3.4, 5, 1.3, "#d98a6a"),
            (-1.2, 6, 1.7, "#e6c07a"),
            (1.2, 5.5, 1.4, "#8fb0b8"),
            (3.5, 6.2, 1.2, "#c9a0a8"),
        )
    ):
        houses.append(
            props.block((x, 0, z), (0.9, tall, 0.8), colour(paint), pane=colour("#7f93a0"))
        )
        roof = cutout([(-1.1, 0), (0, 0.9), (1.1, 0)], 0.95)
        houses.append(
            Thing(
                shape=moved(roof, (x, tall * 2, z)),
                paint=colour(("#a8503a", "#8a4a3a", "#b5603f", "#94503f")[n]),
            )
        )
    boat = props.boat((0.2, 0, 0), 0.55, colour("#c9463a"))
    sail = Thing(
        shape=moved(cutout([(0, 0.2), (0, 2.1), (0.95, 0.35)], 0.02), (0.2, 0, 0)),
        paint=colour("#f6efe0"),
    )
    hill = Sky(
        low=colour("#f6e6cf"),
        high=colour("#9cc4dc"),
        ridges=places.ridges("#a9c0b4", "#7fa08a", high=11),
    )
    return Staging(
        place=Place(
            things=tuple(houses),
            ground=Ground(paint=colour("#6fa3b5"), mirror=0.35, ripple=0.05),
            sky=hill,
            fill=1.2,
        ),
        subject=(*boat, sail),
        tall=1.75,
        back=2.4,
        rise=0.5,
        sun=(-40, 40),
        exposure=1.05,
        blur=0,
    )


def _oil() -> Staging:
    cloth = Thing(
        shape=bumpy(ball((0.5, -0.35, 0.3), (1.7, 0.5, 0.9)), 0.06, 0.35, 2),
        paint=colour("#d8cfbd"),
    )
    fruit = tuple(
        Thing(shape=ball(at, size), paint=colour(paint), gloss=0.35)
        for at, size, paint in (
            ((-0.1, 0.33, -0.5), 0.2, "#c9302a"),
            ((0.3, 0.3, -0.62), 0.19, "#d9852a"),
            ((0.62, 0.34, -0.35), 0.21, "#b5a03a"),
            ((0.12, 0.36, -0.15), 0.2, "#8f2a3a"),
            ((-0.5, 0.26, -0.62), 0.14, "#5a2a4a"),
        )
    )
    jug = (
        Thing(
            shape=blend(
                0.14,
                ball((-0.62, 0.55, 0.15), (0.34, 0.4, 0.34)),
                pillar((-0.62, 1.1, 0.15), 0.16, 0.2, 0.2),
            ),
            paint=colour("#3f6a7a"),
            gloss=0.6,
        ),
        Thing(
            shape=moved(ring((0, 0, 0), 0.2, 0.04, upright=True), (-0.95, 0.95, 0.15)),
            paint=colour("#3f6a7a"),
            gloss=0.5,
        ),
    )
    flame = props.candle((0.95, 0.1, 0.1), 0.75)
    wall = Thing(
        shape=box((0, 1.4, 1.6), (4, 2, 0.1)),
        paint=props.speckled(colour("#4a3320"), colour("#7a5a38"), 0.7),
    )
    return Staging(
        place=Place(
            things=(wall, cloth),
            lamps=(lamp((0.95, 1.0, -0.05), "#ff9f4a", 0.8, 0.2),),
            ground=Ground(paint=colour("#3a2a1e")),
            sky=places.DARK,
            inside=True,
            fill=0.35,
            far=20,
        ),
        subject=(*fruit, *jug, *flame),
        tall=1.5,
        eye=0.9,
        back=1.25,
        rise=0.0,
        sun=(-70, 34),
        exposure=1.25,
        blur=0,
        walk=-8,
    )


def _line_art() -> Staging:
    mill = (
        Thing(shape=pillar((0, 1.3, 0), 0.62, 1.3, 0.4), paint=colour("#e9e9e6")),
        Thing(shape=pillar((0, 2.85, 0), 0.5, 0.28, 0.05), paint=colour("#f2803a")),
        Thing(
            shape=join(
                *(
                    moved(box((0, 0.85, 0), (0.13, 0.75, 0.02)), (0, 2.35, -0.55), 0, a)
                    for a in (20, 110, 200, 290)
                )
            ),
            paint=colour("#f2803a"),
        ),
        Thing(shape=ball((0, 2.35, -0.58), 0.1), paint=colour("#d8d8d8")),
        Thing(shape=box((0, 0.5, -0.6), (0.2, 0.42, 0.06)), paint=colour("#d0d0d0")),
    )
    houses = tuple(
        part
        for x, z in ((-2.6, 1.2), (2.7, 1.0))
        for part in (
            Thing(shape=box((x, 0.55, z), (0.7, 0.55, 0.6)), paint=colour("#e6e6e2")),
            Thing(
                shape=moved(cutout([(-0.85, 0), (0, 0.65), (0.85, 0)], 0.7), (x, 1.1, z)),
                paint=colour("#dcdcd8"),
            ),
        )
    )
    return Staging(
        place=Place(
            things=houses,
            ground=Ground(paint=colour("#f2f2f0")),
            sky=Sky(
                low=colour("#ffffff"),
                high=colour("#ffffff"),
                ridges=(Ridge(high=7, wide=30, paint=colour("#f4f4f2"), seed=3),),
            ),
            fill=1.5,
        ),
        subject=mill,
        tall=3.2,
        eye=1.8,
        back=1.6,
        rise=0.55,
        sun=(-40, 40),
        walk=14,
        blur=0,
        exposure=1.1,
    )


def _felt() -> Staging:
    stage_set = (
        Thing(shape=box((0, 1.6, 2.0), (3.6, 2.2, 0.05)), paint=colour("#7fb6d8")),
        *(
            Thing(
                shape=moved(
                    cutout(
                        [(-1.4, 0), (-1.1, 0.8), (-0.4, 1.25), (0.4, 1.2), (1.1, 0.75), (1.4, 0)],
                        0.04,
                    ),
                    (x, 0, 1.8),
                ),
                paint=colour(p),
            )
            for x, p in ((-1.7, "#6fae5a"), (1.6, "#5a9a52"))
        ),
        *(
            Thing(
                shape=moved(ball((0, 0, 0), (0.42, 0.2, 0.05)), (x, y, 1.9)),
                paint=colour("#f4f1ea"),
            )
            for x, y in ((-1.5, 2.3), (-1.15, 2.4), (1.3, 2.55), (1.65, 2.45))
        ),
        *(
            Thing(
                shape=props.curtain((s * 2.35, 0, 0.6), 0.8, 3.4, colour("#c9302a"), 9).shape,
                paint=colour("#c9302a"),
            )
            for s in (-1, 1)
        ),
        Thing(shape=ball((0.0, 2.5, 1.85), (0.3, 0.3, 0.05)), paint=colour("#f2c12e")),
    )
    rabbit = props.set_down(
        critter(colour("#cdb6d8"), colour("#f6eef2"), face="surprised", ears="long"),
        (-0.52, 0, 0),
        -14,
    )
    bear = props.set_down(
        critter(colour("#d98a4a"), colour("#f4dcb4"), face="surprised"),
        (0.55, 0, 0.1),
        14,
        size=0.86,
    )
    return Staging(
        place=Place(
            things=stage_set,
            ground=Ground(paint=colour("#8fbf6a")),
            sky=Sky(low=colour("#f2e0c8"), high=colour("#f2e0c8")),
            fill=1.1,
            inside=True,
            far=20,
        ),
        subject=(*rabbit, *bear),
        tall=1.85,
        eye=1.35,
        back=1.35,
        rise=0.12,
        exposure=0.92,
        blur=0,
    )


def _clay() -> Staging:
    desk = props.planks(colour("#8a5a34"), 0.35, 2)
    lamp_arm = (
        Thing(
            shape=join(
                limb((1.9, 0, 1.2), (1.7, 1.6, 1.2), 0.05),
                limb((1.7, 1.6, 1.2), (1.0, 2.1, 0.6), 0.045),
            ),
            paint=colour("#2f3a44"),
        ),
        Thing(
            shape=moved(pillar((0, 0, 0), 0.34, 0.18, 0.12), (0.9, 2.05, 0.5), 0, -28),
            paint=colour("#d8b23a"),
        ),
        props.bulb((0.86, 1.93, 0.45), 0.1, "#fff0c8", 5),
    )
    lumps = tuple(
        Thing(shape=bumpy(ball(at, size), 0.02, 0.1, n), paint=colour(p))
        for n, (at, size, p) in enumerate(
            (
                ((-1.35, 0.16, -0.3), 0.2, "#c94a5a"),
                ((1.25, 0.13, -0.4), 0.16, "#e6c04a"),
                ((-1.5, 0.2, 0.9), 0.26, "#6aa05a"),
            )
        )
    )
    return Staging(
        place=Place(
            things=(*lamp_arm, *lumps),
            lamps=(lamp((0.86, 1.9, 0.4), "#ffcf8a", 2.6, 0.25),),
            ground=Ground(paint=desk),
            sky=Sky(low=colour("#3a3028"), high=colour("#1c1814")),
            key=0.7,
            fill=0.9,
            fog=0.03,
            mist=colour("#2a221c"),
            inside=True,
            far=20,
        ),
        subject=clay_pair(),
        tall=1.35,
        eye=1.0,
        back=3.5,
        rise=-0.12,
        sun=(-60, 34),
        exposure=1.6,
        blur=0.7,
    )


def _cartoon() -> Staging:
    hills_sky = Sky(
        low=colour("#d4f0f6"),
        high=colour("#3f9ae0"),
        cloud=0.5,
        cloud_size=0.6,
        ridges=(
            Ridge(high=9, wide=20, paint=colour("#8fd08a"), seed=2),
            Ridge(high=5, wide=13, paint=colour("#6abf62"), seed=7),
        ),
    )
    path = props.lined(
        props.speckled(colour("#6fc24f"), colour("#8fd862"), 0.9),
        colour("#f0d490"),
        lambda points: (
            np.abs(points[:, 0] - 0.5 * np.sin(points[:, 2] * 0.5)) < 0.55 + 0.02 * points[:, 2]
        ),
    )
    trees = tuple(
        Thing(
            shape=blend(
                0.3,
                ball((x, 2.2 * s, z), 0.95 * s),
                ball((x + 0.5 * s, 1.8 * s, z), 0.6 * s),
                ball((x - 0.55 * s, 1.85 * s, z), 0.55 * s),
            ),
            paint=colour("#58b04a"),
        )
        for x, z, s in ((-2.9, 3.4, 1.0), (3.1, 3.0, 1.1), (4.8, 6.5, 1.3), (-4.9, 7, 1.3))
    )
    stems = tuple(
        Thing(shape=limb((x, 0, z), (x, 1.6 * s, z), 0.16 * s), paint=colour("#8a5a38"))
        for x, z, s in ((-2.9, 3.4, 1.0), (3.1, 3.0, 1.1), (4.8, 6.5, 1.3), (-4.9, 7, 1.3))
    )
    shrooms = tuple(
        part
        for x, z, s in ((-1.5, 0.2, 1.0), (1.55, 0.6, 0.8), (1.9, -0.1, 0.6))
        for part in (
            Thing(shape=pillar((x, 0.14 * s, z), 0.09 * s, 0.14 * s), paint=colour("#f6ecd8")),
            Thing(
                shape=ball((x, 0.34 * s, z), (0.26 * s, 0.16 * s, 0.26 * s)),
                paint=colour("#e0402e"),
                gloss=0.3,
            ),
        )
    )
    pack = Thing(shape=box((0.0, 0.85, 0.36), (0.28, 0.3, 0.14), 0.1), paint=colour("#3f6ab5"))
    return Staging(
        place=Place(
            things=(*trees, *stems, *shrooms), ground=Ground(paint=path), sky=hills_sky, fill=1.15
        ),
        subject=props.set_down(
            (*critter(colour("#f2942e"), colour("#fdf0d2")), pack), (0, 0, 0), -16
        ),
        tall=1.85,
        eye=1.35,
        back=1.25,
        sun=(-44, 44),
        exposure=0.98,
        blur=0.3,
    )


def _pixels() -> Staging:
    def brick(points: Array, normals: Array) -> Array:
        del normals
        row = np.floor(points[:, 1] / 0.4)
        seam = (np.abs((points[:, 0] / 0.8 + 0.5 * (row % 2)) % 1 - 0.5) > 0.45) | (
            np.abs((points[:, 1] / 0.4) % 1 - 0.5) > 0.4
        )
        return np.where(seam[:, None], np.array(colour("#2a1c2e")), np.array(colour("#8a4a3a")))

    blocks = tuple(
        Thing(shape=box(at, half), paint=brick)
        for at, half in (
            ((-2.6, 0.4, 0), (1.0, 0.4, 0.4)),
            ((2.2, 0.8, 0), (0.8, 0.8, 0.4)),
            ((0.6, 2.0, 0), (0.6, 0.2, 0.4)),
            ((3.4, 2.6, 0), (0.6, 0.2, 0.4)),
        )
    )
    coins = tuple(
        Thing(shape=ball((x, y, -0.1), (0.14, 0.18, 0.06)), paint=colour("#ffd83a"), glow=0.6)
        for x, y in ((0.3, 2.5), (0.9, 2.5), (-2.6, 1.15))
    )
    torches = tuple(
        part
        for x in (-1.9, 2.9)
        for part in (
            Thing(
                shape=box((x, 1.2 if x < 0 else 1.9, 0.3), (0.06, 0.25, 0.06)),
                paint=colour("#6a4a2a"),
            ),
            Thing(
                shape=ball((x, 1.55 if x < 0 else 2.25, 0.25), (0.14, 0.2, 0.1)),
                paint=colour("#ff9a2e"),
                glow=2.0,
                casts=False,
            ),
        )
    )
    hero = person(
        RUN,
        Clothes(
            top=colour("#e8432e"),
            legs=colour("#3f7fe0"),
            hat="cap",
            hat_paint=colour("#e8432e"),
            hair=colour("#8a4a24"),
        ),
        (-0.9, 0, 0),
        -88,
    )
    sky = Sky(
        low=colour("#5a3f86"),
        high=colour("#1c1840"),
        stars=1.5,
        disc=Disc(towards=(-0.35, 0.3, 1), radius=5, paint=(1.2, 1.15, 0.9), halo=1.0),
        ridges=(
            Ridge(high=9, wide=15, paint=colour("#3f3470"), seed=4, sharp=0.9),
            Ridge(high=5.5, wide=10, paint=colour("#2c2656"), seed=8, sharp=0.6),
        ),
    )
    grass_top = Ground(paint=colour("#5a4630"))
    return Staging(
        place=Place(
            things=(*blocks, *coins, *torches), ground=grass_top, sky=sky, fill=1.3, key=0.8
        ),
        subject=hero,
        back=1.85,
        rise=0.35,
        shift=0.08,
        sun=(-40, 45),
        exposure=1.15,
        blur=0,
    )


def _string_puppet() -> Staging:
    box_set = (
        Thing(
            shape=box((0, 2.0, 1.8), (3.0, 2.4, 0.05)),
            paint=props.speckled(colour("#2f3f5a"), colour("#46587a"), 0.8),
        ),
        *(
            Thing(
                shape=moved(cutout([(-0.9, 0), (0, 1.5), (0.9, 0)], 0.03), (x, 0, 1.5)),
                paint=colour("#27334a"),
            )
            for x in (-1.6, 0.2, 1.9)
        ),
        *(props.curtain((s * 2.15, 0, 0.3), 0.9, 4.0, colour("#8a2a24"), 8) for s in (-1, 1)),
        Thing(
            shape=box((0, 0.0, 0.4), (3, 0.04, 1.8)), paint=props.planks(colour("#7a4f30"), 0.25)
        ),
        Thing(
            shape=moved(pillar((0, 0, 0), 0.28, 0.02), (1.15, 2.5, 1.6), 0, 90),
            paint=colour("#f2dc9a"),
            glow=0.8,
        ),
    )
    second = puppet(
        (0.85, 0, 0.35),
        replace(
            STAND,
            left=(0.4, 1.0, -0.25),
            right=(-0.42, 1.42, -0.15),
            left_foot=(0.12, 0.06, -0.05),
            right_foot=(-0.16, 0.06, -0.2),
        ),
        "#2f6a6a",
    )
    return Staging(
        place=Place(
            things=box_set,
            lamps=(spot((0, 4.6, -0.8), (0, 0.4, 0.2), "#ffd9a0", 38, 52),),
            ground=Ground(paint=props.planks(colour("#5a3a26"), 0.25)),
            sky=places.DARK,
            inside=True,
            key=0.25,
            fill=0.9,
            far=20,
        ),
        subject=(*puppet((-0.45, 0, 0)), *second),
        back=1.08,
        exposure=1.3,
        rise=0.1,
        blur=0.3,
    )


def _shadow_play() -> Staging:
    def glow(points: Array, normals: Array) -> Array:
        del normals
        off = np.hypot(points[:, 0] * 0.8, points[:, 1] - 1.35)
        return 0.95 * np.exp(-((off / 1.7) ** 2)) + 0.1

    cloth = Thing(
        shape=box((0, 1.5, 0.6), (5, 3, 0.02)), paint=colour("#ffcc86"), glow=glow, casts=False
    )
    dark = colour("#1c0c08")
    frame = tuple(
        Thing(shape=box(at, half), paint=colour("#2c120c"))
        for at, half in (
            ((0, 2.75, -0.2), (3.6, 0.1, 0.1)),
            ((0, -0.05, -0.2), (3.6, 0.16, 0.1)),
        )
    )
    branch = join(
        limb((-2.6, 2.5, 0.4), (-1.2, 2.2, 0.4), 0.05, 0.012),
        limb((-2.0, 2.38, 0.4), (-1.7, 1.95, 0.4), 0.025, 0.008),
        *(
            ball((-2.1 + 0.17 * n, 2.42 - 0.07 * n + 0.1 * (-1) ** n, 0.4), (0.14, 0.05, 0.02))
            for n in range(7)
        ),
    )
    moon = ring((1.55, 2.2, 0.4), 0.24, 0.014, upright=True)
    return Staging(
        place=Place(
            things=(cloth, *frame, Thing(shape=branch, paint=dark), Thing(shape=moon, paint=dark)),
            ground=None,
            sky=places.DARK,
            inside=True,
            key=0.0,
            fill=0.3,
            far=20,
        ),
        subject=(
            *shadow_figure((-0.66, 0.12, 0.3), 1, colour("#5a160e")),
            *shadow_figure((0.78, 0.12, 0.3), -1, colour("#3a1c10")),
        ),
        tall=2.0,
        eye=1.5,
        back=1.6,
        rise=0.06,
        exposure=1.2,
        blur=0,
    )


def _game() -> Staging:
    hero = Clothes(
        top=colour("#2f5a6a"),
        legs=colour("#3a3028"),
        hat="hood",
        hat_paint=colour("#2f5a6a"),
        coat=0.7,
        scarf=colour("#d8432e"),
    )
    sword = Thing(
        shape=moved(box((0, 0, 0), (0.035, 0.55, 0.015)), (0.05, 1.3, 0.2), 0, 35),
        paint=colour("#c9d2da"),
        gloss=1.5,
        mirror=0.2,
    )
    stones = tuple(
        Thing(shape=box((x, h, z), (0.35, h, 0.3), 0.05, t), paint=colour("#8a8f88"))
        for x, h, z, t in (
            (-2.6, 0.9, 4, 20),
            (2.9, 1.2, 5.5, -15),
            (-3.6, 1.5, 9, 5),
            (3.8, 1.8, 12, 30),
        )
    )
    towers = tuple(
        Thing(
            shape=join(
                pillar((x, h, z), w, h, w * 0.8),
                pillar((x, 2 * h + 1.2 * w, z), w * 1.3, 1.2 * w, 0.02),
            ),
            paint=colour("#7a7488"),
        )
        for x, z, h, w in ((-7, 44, 6, 1.3), (-3.5, 50, 9, 1.6), (2.5, 56, 7, 1.4))
    )

    def high(points: Array) -> Array:
        return (
            0.35 * np.sin(points[:, 0] * 0.3 + 1) * np.sin(points[:, 2] * 0.25)
            + np.clip(points[:, 2] - 30, 0, 30) * 0.05
        )

    sky = Sky(
        low=colour("#ffc48a"),
        high=colour("#5f6fb8"),
        cloud=0.4,
        cloud_paint=colour("#f6c0a8"),
        disc=Disc(towards=(0.2, 0.1, 1), radius=2.8, paint=(2.4, 1.7, 0.9), halo=6),
        ridges=(
            Ridge(high=8, wide=16, paint=colour("#a88aa0"), seed=5, sharp=0.8),
            Ridge(high=4.5, wide=11, paint=colour("#7a6f94"), seed=1, sharp=0.7),
        ),
    )
    grass = Ground(paint=props.speckled(colour("#6a7a34"), colour("#a8a04a"), 0.8), height=high)
    return Staging(
        place=Place(
            things=(*stones, *towers), ground=grass, sky=sky, fog=0.012, clear=10, fill=1.0
        ),
        subject=props.set_down((*person(RUN, hero, turn=0), sword), (0, 0.05, 0), 180),
        back=0.92,
        rise=0.5,
        tilt=5,
        sun=(164, 12),
        exposure=1.05,
        blur=0,
    )


def _old_cartoon() -> Staging:
    post = (
        Thing(shape=limb((1.55, 0, 0.4), (1.4, 1.9, 0.4), 0.06), paint=colour("#2a2a2a")),
        Thing(shape=pillar((1.38, 2.1, 0.4), 0.18, 0.2, 0.24), paint=colour("#f2f0ea")),
        Thing(shape=pillar((1.38, 2.36, 0.4), 0.28, 0.06, 0.06), paint=colour("#2a2a2a")),
    )
    houses = tuple(
        Thing(
            shape=moved(box((0, 0.9, 0), (0.65, 0.9, 0.4), 0.05), (x, 0, 3), 0, t), paint=colour(p)
        )
        for x, t, p in (
            (-3.4, 4, "#a9a7a2"),
            (-1.8, -5, "#c4c2bc"),
            (2.9, 6, "#b5b3ae"),
            (4.6, -4, "#a5a39e"),
        )
    )
    return Staging(
        place=Place(
            things=(*post, *houses),
            ground=Ground(paint=colour("#d5d2ca")),
            sky=Sky(
                low=colour("#efece4"),
                high=colour("#c4c0b6"),
                ridges=(Ridge(high=9, wide=24, paint=colour("#d0cdc4"), seed=2),),
            ),
            fill=1.3,
        ),
        subject=props.set_down(noodle_man(), (-0.1, 0, 0), -14),
        tall=2.05,
        eye=1.5,
        back=1.15,
        shift=0.06,
        sun=(-40, 40),
        exposure=1.0,
        blur=0,
    )


def _cyberpunk() -> Staging:
    return Staging(
        place=places.cyber_alley(),
        subject=person(
            WALK,
            replace(
                GREY_COAT, hat="hood", hat_paint=colour("#14161c"), top=colour("#1d2028"), coat=1.0
            ),
            (-0.25, 0, 0.6),
            172,
        ),
        back=1.15,
        rise=0.75,
        tilt=3,
        exposure=1.3,
        blur=0,
        airs=(Air(kind="rain", amount=0.7, seed=9),),
    )


def _traffic() -> Staging:
    trails = []
    for line in (-10.5, -3.5, 3.5, 10.5):
        for side, paint in ((-0.5, "#fff0d0"), (0.5, "#ff3020")):
            for n in range(3):
                trails.append(
                    Thing(
                        shape=limb(
                            (line + side + 0.16 * n, 0.25 + 0.12 * n, -14),
                            (line + side + 0.16 * n, 0.25 + 0.12 * n, 75),
                            0.05,
                        ),
                        paint=colour(paint),
                        glow=2.4,
                        casts=False,
                    )
                )
    for row in (3.5, 17.5):
        for side, paint in ((-0.5, "#ff3020"), (0.5, "#ffe6b0")):
            trails.append(
                Thing(
                    shape=limb((-40, 0.3, row + side), (40, 0.3, row + side), 0.06),
                    paint=colour(paint),
                    glow=2.0,
                    casts=False,
                )
            )
    sky = Sky(
        low=colour("#3a4470"),
        high=colour("#0d1230"),
        cloud=0.5,
        cloud_paint=colour("#5a4f78"),
        streak=1.0,
    )
    city = places.town(0.55, (2.5, 7))
    return Staging(
        place=replace(
            city,
            things=(*city.things, *trails),
            sky=sky,
            key=0.12,
            fill=1.6,
            fog=0.006,
            mist=colour("#3a3a60"),
        ),
        tall=3.4,
        back=1.5,
        tilt=-6,
        rise=1.0,
        walk=0,
        shift=0.065,
        sun=(120, 20),
        exposure=1.25,
        blur=0,
    )


def _plaza() -> Staging:
    chance = np.random.default_rng(12)
    crowd = []
    for _ in range(22):
        turn, far = chance.uniform(0, 2 * np.pi), chance.uniform(1.6, 9.5)
        paint = ("#2b2f3a", "#8a3a2e", "#d8d0c0", "#3f5a6a", "#c9a24a")[int(chance.integers(5))]
        crowd += person(
            WALK,
            Clothes(top=colour(paint)),
            (float(far * 1.35 * np.cos(turn)), 0, float(far * 0.75 * np.sin(turn))),
            float(chance.uniform(0, 360)),
        )
    return Staging(
        place=places.plaza(),
        subject=tuple(crowd),
        back=1.25,
        rise=-0.5,
        sun=(-128, 24),
        exposure=1.0,
        blur=0,
    )


def _curtain() -> Staging:
    return Staging(
        place=replace(
            places.stage(),
            lamps=(spot((0.6, 5.6, -9.5), (0, 1.55, 1.5), "#fff4e0", 105, 12),),
            key=0.15,
            fill=0.55,
            shafts=0.004,
        ),
        back=1.15,
        rise=0.45,
        exposure=1.15,
        blur=0,
        airs=(Air(kind="motes", amount=0.9, x=0.5, y=0.35, size=0.4),),
    )


DRAWN: Stagings = {
    "2d-anime-afternoon": _anime,
    "watercolor-picture-book": _watercolour,
    "oil-painting-still": _oil,
    "line-art-explainer": _line_art,
    "felt-toy-theatre": _felt,
    "claymation-workshop": _clay,
    "3d-cartoon-adventure": _cartoon,
    "pixel-art-quest": _pixels,
    "string-puppet-legend": _string_puppet,
    "shadow-play-screen": _shadow_play,
    "game-world-chase": _game,
    "rubber-hose-cartoon": _old_cartoon,
    "cyberpunk-alley": _cyberpunk,
    "night-traffic-time-lapse": _traffic,
    "plaza-from-above": _plaza,
    "red-curtain-reveal": _curtain,
}
