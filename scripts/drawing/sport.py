"""Stagings of the presets made for bodies in motion."""

from dataclasses import replace
from typing import Any

import numpy as np

from drawing import places, props
from drawing.air import Air
from drawing.film import Stagings
from drawing.people import (
    BOWLS,
    CARRY,
    CARTWHEEL,
    CROUCH,
    DANCE,
    DUNK,
    KICK,
    RUN,
    SERVE,
    Clothes,
    person,
)
from drawing.places import spot
from drawing.shapes import Array, Thing, ball, box, colour, limb, moved, pillar
from drawing.sky import Disc, Ridge, Sky
from drawing.staging import Place, Staging
from drawing.tracing import Ground


def kit(shirt: str, shorts: str, **more: Any) -> Clothes:
    """Sports clothes; more: as in `Clothes`."""
    return Clothes(top=colour(shirt), legs=colour(shorts), sleeves=False, **more)


def _stage_dance() -> Staging:
    beams = (
        spot((-3.6, 5.5, 3.2), (0, 0.6, 0.2), "#ff2a3a", 95, 22),
        spot((3.6, 5.5, 3.2), (0, 0.6, 0.2), "#2a5aff", 110, 22),
        spot((0, 6.5, 0.6), (0, 0, 0), "#fff0e0", 42, 24),
    )
    return Staging(
        place=Place(
            lamps=beams,
            ground=Ground(paint=colour("#16161c"), mirror=0.22),
            sky=places.DARK,
            inside=True,
            key=0.06,
            fill=0.08,
            shafts=0.0065,
            far=20,
        ),
        subject=person(
            DANCE, kit("#d8d4cc", "#26262e", hat="cap", hat_paint=colour("#c9402e")), turn=-14
        ),
        back=1.12,
        exposure=1.2,
        rise=0.12,
        blur=0.2,
    )


def _soccer() -> Staging:
    return Staging(
        place=places.pitch(),
        subject=(
            *person(KICK, kit("#d8372a", "#f0ede6"), turn=-34),
            Thing(shape=ball((1.15, 0.42, -0.35), 0.13), paint=colour("#f4f4f0"), gloss=0.3),
            *person(RUN, kit("#2f6fd0", "#1f2a4a"), (2.1, 0, 2.6), 70),
        ),
        back=1.15,
        sun=(-150, 50),
        exposure=1.0,
        blur=0.6,
        shift=0.04,
        airs=(Air(kind="motes", amount=1.4, x=0.42, y=0.8, size=0.3),),
    )


def _tennis() -> Staging:
    hand = SERVE.right
    racket = props.racket((hand[0], hand[1], hand[2]), 10, 22)
    player = (
        *person(SERVE, kit("#f4f1ea", "#f4f1ea", hat="cap", hat_paint=colour("#f4f1ea"))),
        *racket,
    )
    return Staging(
        place=places.clay_court(),
        subject=(
            *props.set_down(player, (0, 0, 0), 160),
            Thing(shape=ball((0.25, 2.7, 0.1), 0.075), paint=colour("#d9f04a"), glow=0.4),
        ),
        sun=(-68, 36),
        back=1.25,
        exposure=0.72,
        blur=0,
        shift=-0.06,
        walk=-18,
    )


def _table_tennis() -> Staging:
    lunge = replace(
        CROUCH,
        hips=(0, 0.78, 0.1),
        chest=(0, 1.12, -0.1),
        head=(0, 1.4, -0.18),
        right=(-0.45, 1.12, -0.42),
        left=(0.38, 1.0, -0.2),
    )
    bats = tuple(
        Thing(shape=moved(pillar((0, 0, 0), 0.085, 0.012), at, 0, 80), paint=colour("#c9302a"))
        for at in ((-1.36, 1.2, 0.42), (1.36, 1.2, -0.42))
    )
    table = (
        Thing(shape=box((0, 0.74, 0), (1.0, 0.02, 0.6)), paint=_table_top, gloss=0.2),
        *(
            Thing(shape=limb((x, 0, z), (x, 0.74, z), 0.03), paint=props.IRON)
            for x in (-0.8, 0.8)
            for z in (-0.4, 0.4)
        ),
        Thing(shape=box((0, 0.83, 0), (0.008, 0.075, 0.66)), paint=colour("#e8e8e0")),
        Thing(
            shape=limb((0.10, 1.06, -0.05), (0.46, 0.98, -0.08), 0.022, 0.008),
            paint=colour("#fffaf0"),
            glow=0.6,
        ),
    )
    left = person(lunge, kit("#c9402e", "#23262e"), (-1.75, 0, 0), -90)
    right = person(lunge, kit("#2f6fa8", "#23262e", hair=colour("#6a6660")), (1.75, 0, 0), 90)
    return Staging(
        place=places.hall(),
        subject=(*table, *bats, *left, *right),
        back=1.75,
        rise=-0.12,
        exposure=1.5,
        blur=0.3,
    )


def _table_top(points: Array, normals: Array) -> Array:
    del normals
    edge = (
        (np.abs(np.abs(points[:, 2]) - 0.57) < 0.02)
        | (np.abs(np.abs(points[:, 0]) - 0.97) < 0.02)
        | (np.abs(points[:, 2]) < 0.008)
    )
    return np.where(edge[:, None], np.array(colour("#e8ece8")), np.array(colour("#1f5a4a")))


def _basketball() -> Staging:
    jump = person(DUNK, kit("#e0552a", "#2a2438"), (0, 0, 0), -24)
    return Staging(
        place=places.asphalt_court(),
        subject=(
            *jump,
            *props.hoop((1.35, 0, 0.35)),
            Thing(shape=ball((-0.02, 2.56, -0.18), 0.13), paint=colour("#d8692a")),
        ),
        tall=2.35,
        eye=1.95,
        sun=(150, 10),
        back=1.12,
        rise=0.2,
        shift=0.1,
        exposure=1.2,
        tilt=-13,
        blur=0,
    )


def _rugby() -> Staging:
    runner = person(CARRY, kit("#7a2330", "#e0ddd4", face="angrily"), (0, 0, 0), -12)
    chasers = (
        *person(
            replace(RUN, left=(0.36, 1.2, -0.5), right=(-0.3, 1.25, -0.48)),
            kit("#27406a", "#23262c", face="angrily"),
            (-0.62, 0, 0.75),
            -24,
        ),
        *person(RUN, kit("#27406a", "#23262c"), (0.85, 0, 1.3), 14),
        *person(RUN, kit("#7a2330", "#e0ddd4"), (1.6, 0, 2.6), 10),
    )
    egg = Thing(
        shape=moved(ball((0, 0, 0), (0.17, 0.1, 0.1)), (-0.1, 1.22, -0.38), 30, 35),
        paint=colour("#e6e0d2"),
    )
    return Staging(
        place=places.pitch("#5a6a3f", night=False),
        subject=(*runner, *chasers, egg),
        exposure=1.35,
        back=1.2,
        airs=(
            Air(kind="rain", amount=0.8, seed=6),
            Air(kind="steam", amount=0.2, x=0.5, y=0.35, size=0.3),
        ),
    )


def _skate() -> Staging:
    board = (
        Thing(shape=box((0, 0.13, 0), (0.42, 0.015, 0.12), 0.015), paint=colour("#c9402e")),
        *(
            Thing(shape=ball((x, 0.06, z), 0.045), paint=colour("#f2e6c8"))
            for x in (-0.3, 0.3)
            for z in (-0.09, 0.09)
        ),
    )
    rider = person(
        replace(
            CROUCH, hips=(0, 0.66, 0.1), left_foot=(0.24, 0.2, -0.02), right_foot=(-0.26, 0.2, 0.02)
        ),
        kit("#f2c12e", "#2f4a6a", hat="helmet", hat_paint=colour("#20242c")),
    )
    tilted = props.set_down((*board, *rider), (0, 0.05, 0), -58, 6)
    return Staging(
        place=places.skate_bowl(),
        subject=tilted,
        back=1.75,
        tilt=-20,
        sun=(-60, 42),
        exposure=0.95,
        rise=0.0,
    )


def _powder() -> Staging:
    ski = replace(CROUCH, left=(0.46, 0.86, -0.34), right=(-0.46, 0.90, -0.30))
    skier = (
        *person(
            ski,
            Clothes(
                top=colour("#d8402a"),
                legs=colour("#22304a"),
                hat="helmet",
                hat_paint=colour("#22262e"),
            ),
        ),
        *(
            Thing(shape=box((x, 0.03, -0.12), (0.05, 0.015, 0.85), 0.015), paint=colour("#f2c12e"))
            for x in (-0.2, 0.2)
        ),
        *(
            Thing(
                shape=limb((s * 0.46, 0.88, -0.32), (s * 0.62, 0.1, 0.25), 0.012),
                paint=colour("#20242c"),
            )
            for s in (-1, 1)
        ),
    )
    down = props.set_down(skier, (0, 0.0, 0), -62, -12)
    sky = Sky(
        low=colour("#ffe0b4"),
        high=colour("#6f9fd6"),
        ridges=(
            Ridge(high=2.6, wide=4.5, paint=colour("#a9b8d8"), seed=6, sharp=1.0),
            Ridge(high=1.5, wide=3.2, paint=colour("#8094c0"), seed=2, sharp=1.0),
        ),
        disc=Disc(towards=(0.085, 0.045, 1), radius=0.55, paint=(2.6, 2.2, 1.5), halo=5),
    )
    return Staging(
        place=replace(places.slope(), sky=sky, fill=1.35, key=1.2),
        subject=down,
        back=1.0,
        rise=0.35,
        sun=(160, 14),
        exposure=0.72,
        blur=0.2,
        tilt=1,
        airs=(
            Air(
                kind="steam", amount=1.1, x=0.24, y=0.86, size=0.42, paint=colour("#fff0d8"), seed=5
            ),
            Air(kind="steam", amount=0.9, x=0.14, y=0.8, size=0.5, paint=colour("#ffe8cc"), seed=9),
            Air(kind="motes", amount=2.2, x=0.2, y=0.6, size=0.5),
        ),
    )


def _bowl_dance() -> Staging:
    robe = Clothes(top=colour("#2f6fb5"), legs=colour("#24507f"), coat=1.0, style="bun", hat="none")
    stack = tuple(
        part
        for n in range(4)
        for part in props.bowl(
            (0.0, 1.735 + 0.075 * n, 0.0), 0.115, colour(("#f2ead8", "#3a6a9a")[n % 2])
        )
    )
    sleeves = tuple(
        Thing(
            shape=limb(hand, (hand[0] * 1.25, hand[1] - 0.45, hand[2]), 0.07, 0.13),
            paint=colour("#e8e2d4"),
        )
        for hand in (BOWLS.left, BOWLS.right)
    )
    return Staging(
        place=places.courtyard(),
        subject=(*person(BOWLS, robe), *stack, *sleeves),
        back=1.4,
        exposure=1.5,
        blur=0.4,
        rise=0.22,
        tilt=2,
    )


def _cartwheel() -> Staging:
    sky = Sky(
        low=colour("#ffc27a"),
        high=colour("#7a6fa8"),
        disc=Disc(towards=(-0.16, 0.16, 1), radius=4.2, paint=(2.6, 1.9, 1.0), halo=3.0),
    )
    roof = places.rooftop(1.0)
    return Staging(
        place=replace(roof, sky=sky),
        subject=person(CARTWHEEL, kit("#20242c", "#20242c"), (0, 0.02, 0), -10),
        eye=1.35,
        back=0.86,
        sun=(170, 16),
        exposure=1.0,
        rise=0.1,
        blur=0,
        tilt=10,
    )


SPORT: Stagings = {
    "stage-light-street-dance": _stage_dance,
    "floodlit-soccer": _soccer,
    "clay-court-noon": _tennis,
    "table-tennis-hall": _table_tennis,
    "basketball-at-dusk": _basketball,
    "rugby-in-the-rain": _rugby,
    "fisheye-skateboard": _skate,
    "powder-at-first-light": _powder,
    "lantern-bowl-dance": _bowl_dance,
    "rooftop-cartwheel": _cartwheel,
}
