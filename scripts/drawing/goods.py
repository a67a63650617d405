"""Stagings of the presets made to show, sell and explain things."""

import itertools
from dataclasses import replace

import numpy as np

from drawing import places, props
from drawing.air import Air
from drawing.film import BLACK, DRESS, GREY_COAT, LINEN, Stagings
from drawing.people import HOLD, RAISED, STAND, Clothes, person
from drawing.places import lamp, spot
from drawing.shapes import (
    Point,
    Thing,
    ball,
    blend,
    box,
    bumpy,
    carve,
    colour,
    join,
    limb,
    moved,
    pillar,
    ring,
)
from drawing.sky import Sky
from drawing.staging import Place, Staging
from drawing.tracing import Ground

AMBER, PALE = colour("#c8691e"), colour("#e9e1d4")


def _macro_white() -> Staging:
    paper = replace(places.sweep("#e8e8e8"), fill=1.5)
    flask = props.bottle(colour("#c22f44"), colour("#17171a"), mirror=0.2)
    return Staging(
        place=paper,
        subject=props.set_down(flask, (0, 0, 0), 32),
        tall=1.35,
        eye=0.85,
        back=3.0,
        exposure=1.05,
        sun=(-30, 62),
        blur=0.4,
    )


def _glass() -> Staging:
    sky = Sky(low=colour("#ffd39a"), high=colour("#2a1408"), steep=3.0)
    return Staging(
        place=Place(
            ground=Ground(paint=colour("#1d120c"), mirror=0.32),
            sky=sky,
            fog=0.0,
            key=0.6,
            fill=0.5,
            inside=True,
            far=30,
        ),
        subject=props.bottle(AMBER, colour("#1a1512"), glow=0.3),
        tall=1.35,
        eye=0.68,
        back=4.3,
        rise=0.02,
        walk=14,
        exposure=0.85,
        blur=0.6,
        airs=(Air(kind="flare", x=0.5, y=0.42, amount=0.15, size=0.5, paint=colour("#ffc27a")),),
    )


def _metal() -> Staging:
    return Staging(
        place=Place(
            ground=None,
            sky=Sky(low=colour("#060709"), high=colour("#1d2026"), steep=1.0),
            key=0.5,
            fill=0.2,
            inside=True,
            far=20,
            lamps=(lamp((-1.3, 1.4, -0.5), "#dfe8ff", 2.4), lamp((1.1, 0.2, 0.8), "#8fb0ff", 2.0)),
        ),
        subject=props.set_down(props.watch(), (0, 0, 0), 26),
        tall=1.2,
        eye=0.62,
        back=2.2,
        exposure=0.9,
        blur=0.25,
        shift=0.02,
    )


def _colour_block() -> Staging:
    gold, black, red = colour("#d9a94e"), colour("#17171a"), colour("#d81f35")
    slanted = carve(
        pillar((0, 1.02, 0), 0.13, 0.26),
        moved(box((0, 0.3, 0), (0.5, 0.3, 0.5)), (0, 1.14, 0), 0, 34),
    )
    stick = (
        Thing(shape=pillar((0, 0.28, 0), 0.2, 0.28), paint=black, gloss=0.8, mirror=0.08),
        Thing(shape=pillar((0, 0.66, 0), 0.165, 0.12), paint=gold, gloss=1.2, mirror=0.2),
        Thing(shape=slanted, paint=red, gloss=0.5),
    )
    lying = moved(pillar((0, 0, 0), 0.2, 0.36), (-0.72, 0.2, 0.35), 24, 90)
    cap = Thing(shape=lying, paint=black, gloss=0.8, mirror=0.08)
    yellow = colour("#f2b91d")
    return Staging(
        place=Place(
            ground=Ground(paint=yellow), sky=Sky(low=yellow, high=yellow), far=40, fill=0.8
        ),
        subject=(*stick, cap),
        tall=1.25,
        eye=0.55,
        back=1.95,
        sun=(-58, 30),
        walk=-12,
        exposure=0.62,
        blur=0.0,
    )


def _leaf_shadow() -> Staging:
    chance = np.random.default_rng(5)
    leaves = []
    for _ in range(26):
        x, y, z = chance.uniform((-3.2, 1.6, -2.6), (-1.0, 3.4, 1.6))
        leaves.append(
            Thing(
                shape=moved(
                    ball((0, 0, 0), (0.34, 0.03, 0.1)),
                    (float(x), float(y), float(z)),
                    float(chance.uniform(0, 180)),
                    float(chance.uniform(-40, 40)),
                ),
                paint=colour("#4a6a34"),
            )
        )
    wall = Thing(shape=box((0, 1.5, 1.5), (6, 3, 0.1)), paint=colour("#e8dccb"))
    return Staging(
        place=Place(
            things=(wall, *leaves),
            ground=Ground(paint=props.speckled(colour("#d9cbb6"), colour("#ece2d2"), 0.5)),
            sky=Sky(low=colour("#efe4d4"), high=colour("#cfd8e2")),
            fill=0.8,
            key=0.3,
            lamps=(places.sunbeam((-0.70, 0.62, -0.37), 2.0),),
            far=30,
        ),
        subject=props.tube(colour("#f0e9dc"), colour("#c49a5a")),
        tall=1.2,
        eye=0.62,
        back=3.9,
        sun=(-62, 38),
        exposure=0.98,
        walk=6,
        blur=0.3,
        rise=0.05,
    )


def _pour() -> Staging:
    cup = props.bowl((0, 0, 0), 0.42, colour("#2c3a40"), colour("#5a2a10"))
    stream = blend(
        0.05,
        limb((0.02, 1.7, 0), (0.0, 0.32, 0), 0.05, 0.035),
        ball((0, 0.31, 0), (0.11, 0.03, 0.11)),
    )
    handle = ring((0.47, 0.24, 0), 0.13, 0.03, upright=True)
    spout = blend(
        0.08,
        limb((0.6, 2.0, 0.05), (0.05, 1.68, 0), 0.16, 0.05),
        ball((0.9, 2.1, 0.05), (0.5, 0.42, 0.4)),
    )
    back = lamp((0.7, 0.9, 1.8), "#ffb45e", 4.5)
    return Staging(
        place=Place(
            things=(
                props.bulb((-0.85, 0.95, 3.6), 0.15, "#ffb45e", 2.6),
                props.bulb((0.95, 1.25, 4.2), 0.15, "#ffb45e", 2.2),
            ),
            ground=Ground(paint=props.planks(colour("#4a2f1e"), 0.35, 2), mirror=0.12),
            sky=places.DARK,
            inside=True,
            lamps=(back, lamp((-1.2, 0.9, 0.7), "#ffcf9a", 1.6)),
            key=0.15,
            fill=0.5,
            far=30,
        ),
        subject=(
            *cup,
            Thing(shape=stream, paint=AMBER, glow=0.35, gloss=1.2),
            Thing(shape=handle, paint=colour("#2c3a40"), gloss=0.4),
            Thing(shape=spout, paint=colour("#1f2a2e"), gloss=0.7),
        ),
        tall=1.2,
        eye=0.55,
        back=4.5,
        exposure=1.25,
        tilt=9,
        rise=0.14,
        blur=0.6,
        airs=(
            Air(
                kind="steam",
                amount=0.55,
                x=0.42,
                y=0.72,
                size=0.62,
                paint=colour("#ffcf98"),
                seed=3,
            ),
        ),
    )


def _road() -> Staging:
    posts = tuple(
        Thing(shape=box((-9 + 3.0 * n, 0.35, 3.4), (0.05, 0.35, 0.05)), paint=colour("#d8dce0"))
        for n in range(9)
    )
    rail = Thing(shape=box((0, 0.6, 3.4), (16, 0.06, 0.03)), paint=colour("#aab2ba"))
    sky = Sky(
        low=colour("#f0cdbd"),
        high=colour("#6f8fbf"),
        cloud=0.35,
        cloud_paint=colour("#f7e2da"),
        streak=0.5,
        ridges=places.ridges("#8a90ac", "#5f6a88", high=2.6),
    )
    return Staging(
        place=Place(
            things=(*posts, rail),
            ground=Ground(paint=colour("#3a3e46"), ripple=0.012, mirror=0.28),
            sky=sky,
            fog=0.01,
            fill=1.0,
            key=0.8,
        ),
        subject=props.set_down(props.car(colour("#8f1f22")), (0, 0, 0), 0),
        tall=1.75,
        eye=0.9,
        back=1.8,
        walk=14,
        rise=-0.15,
        sun=(-120, 12),
        exposure=1.25,
        blur=0.4,
        shift=0.05,
        airs=(Air(kind="steam", amount=0.35, x=0.86, y=0.80, size=0.25, paint=colour("#d8dfe8")),),
    )


def _floating() -> Staging:
    sky = Sky(low=colour("#b9cbdc"), high=colour("#5f7f9f"), steep=1.2)
    return Staging(
        place=Place(ground=None, sky=sky, fill=1.2, inside=True, far=20),
        subject=props.headphones(colour("#27405a"), 0.34),
        tall=1.4,
        eye=0.72,
        back=2.0,
        rise=0.13,
        walk=24,
        exposure=0.95,
        blur=0.0,
        sun=(-40, 40),
    )


def _flash() -> Staging:
    wall = Thing(shape=box((0, 2, 0.55), (5, 3, 0.1)), paint=colour("#4a7f7c"))
    star = Clothes(
        top=colour("#e83a6a"),
        legs=colour("#141418"),
        style="bun",
        coat=0.2,
        hair=colour("#141010"),
        sleeves=False,
    )
    pose = replace(
        STAND,
        left=(0.34, 1.04, -0.05),
        right=(-0.22, 1.78, -0.08),
        elbow=(0, 0.3, 0.6),
        hips=(0.05, 0.9, 0),
    )
    return Staging(
        place=Place(
            things=(wall,),
            ground=Ground(paint=colour("#1e2326")),
            sky=places.DARK,
            inside=True,
            fill=0.45,
            key=1.15,
            far=20,
        ),
        subject=person(pose, star, turn=-8),
        sun=(16, 12),
        back=1.05,
        exposure=0.55,
        blur=0,
    )


def _creator() -> Staging:
    talk = replace(HOLD, left=(0.26, 1.22, -0.34), right=(-0.24, 1.28, -0.34), nod=0)
    room = replace(places.living_room("#b9a892", night=False), fill=1.1)
    plant = tuple(
        Thing(
            shape=moved(ball((0, 0.25, 0), (0.06, 0.3, 0.02)), (-1.05, 1.0, 2.6), 40 * n, 38),
            paint=colour("#5a8a4a"),
        )
        for n in range(9)
    )
    return Staging(
        place=replace(room, things=(*room.things, *plant)),
        subject=person(talk, Clothes(top=colour("#e0a83a"), face="happy", style="tail"), turn=0),
        sun=(-14, 26),
        exposure=0.92,
        back=1.08,
    )


def _from_above() -> Staging:
    board = props.planks(colour("#a8794c"), 0.24, 1)
    table = props.planks(colour("#8a5c38"), 0.34, 0)
    chance = np.random.default_rng(3)
    greens = tuple(
        Thing(shape=ball((float(x), 0.05, float(z)), (0.045, 0.02, 0.03)), paint=colour("#5a8a34"))
        for x, z in chance.uniform((-0.25, -0.55), (0.2, -0.25), (14, 2))
    )
    reds = tuple(
        Thing(shape=ball((float(x), 0.07, float(z)), 0.06), paint=colour("#d8372a"), gloss=0.6)
        for x, z in ((0.92, 0.42), (1.04, 0.3), (0.98, 0.52))
    )
    hands = []
    for side, x, z, tilt in ((-1, -0.42, -0.45, 0.3), (1, 0.34, -0.5, -0.2)):
        arm = limb((x + side * 0.75, 0.16, z - 0.75), (x + side * 0.12, 0.13, z - 0.1), 0.10, 0.065)
        fingers = [
            limb((x, 0.1, z), (x - side * 0.12, 0.07, z + 0.05 * n + tilt * 0.1), 0.03)
            for n in range(4)
        ]
        hands += [
            Thing(shape=arm, paint=colour("#d8dcd8")),
            Thing(
                shape=blend(
                    0.03, ball((x + side * 0.05, 0.12, z - 0.04), (0.1, 0.05, 0.1)), *fingers
                ),
                paint=colour("#d0977a"),
            ),
        ]
    things = (
        Thing(shape=box((-0.05, 0.02, -0.42), (0.5, 0.025, 0.33), 0.02), paint=board),
        *props.plate((-0.95, 0.0, 0.32), 0.4, colour("#c9682e"), seed=2),
        *props.plate((0.78, 0.0, 0.42), 0.3, colour("#6f9a3a"), seed=4),
        *props.bowl((0.05, -0.08, 0.5), 0.26, colour("#35566a"), colour("#e0a53a")),
        *props.bowl((1.15, -0.05, -0.35), 0.18, colour("#e4ded2"), colour("#b5382a")),
        *greens,
        *reds,
        *hands,
        Thing(
            shape=box((0.12, 0.07, -0.38), (0.17, 0.012, 0.025)),
            paint=colour("#c9ced4"),
            gloss=1.5,
            mirror=0.2,
        ),
    )
    return Staging(
        place=Place(
            ground=Ground(paint=table),
            sky=Sky(low=colour("#c8d0d4"), high=colour("#c8d0d4")),
            fill=0.95,
            far=20,
        ),
        subject=things,
        tall=1.75,
        eye=0.3,
        back=1.42,
        rise=-0.3,
        sun=(-80, 34),
        exposure=1.0,
        blur=0,
        shift=-0.1,
    )


def _night_market() -> Staging:
    bulbs = [
        (-2.3 + 0.75 * n, 2.15 + 0.12 * np.cos(n * 1.3), 1.5 + 0.2 * (n % 2)) for n in range(7)
    ]
    cook = person(
        replace(HOLD, right=(-0.34, 1.02, -0.46), nod=16),
        replace(
            LINEN, hat="cap", hat_paint=colour("#c9402e"), top=colour("#d8c9a8"), style="short"
        ),
        (0, 0, 0),
        -16,
    )
    guests = (
        *person(STAND, replace(GREY_COAT, style="long"), (1.25, 0, 0.6), 35),
        *person(STAND, replace(DRESS, style="tail"), (1.75, 0, 0.0), 60),
        *person(STAND, BLACK, (-1.35, 0, 2.2), -20),
    )
    stall = (
        Thing(
            shape=box((-0.1, 0.45, -0.55), (1.1, 0.45, 0.28), 0.03),
            paint=props.planks(colour("#7a3a2a"), 0.2),
        ),
        *props.bowl((-0.32, 0.88, -0.58), 0.26, colour("#1a1a1c"), colour("#c9702e")),
        *(
            part
            for n in range(3)
            for part in props.bowl(
                (0.35 + 0.26 * n, 0.9, -0.6), 0.11, colour("#d8d0c0"), colour("#b5562a")
            )
        ),
        Thing(shape=box((0, 2.45, 1.0), (2.8, 0.05, 1.0), 0.02), paint=colour("#a8322a")),
        *(part for x in (-1.9, 2.2) for part in props.lantern((x, 2.0, 2.6), 1.4)),
        props.sign((2.5, 2.3, 4.5), (0.35, 0.9), "#ffd23a", turn=-40),
        props.sign((-2.6, 2.5, 5.0), (0.8, 0.3), "#ff4a3a", turn=40),
    )
    return Staging(
        place=Place(
            things=(
                *stall,
                *guests,
                *(
                    props.bulb((float(x), float(y), float(z)), 0.06, "#ffd9a0", 6.0)
                    for x, y, z in bulbs
                ),
            ),
            lamps=(
                *tuple(
                    lamp((float(x), float(y), float(z)), "#ffb868", 1.5) for x, y, z in bulbs[1::2]
                ),
                lamp((0.4, 2.0, -0.9), "#ffb868", 0.7),
            ),
            ground=Ground(paint=colour("#2b2622"), mirror=0.12),
            sky=places.NIGHT_AIR,
            inside=True,
            key=0.15,
            fill=0.5,
            haze=0.16,
            fog=0.03,
            far=30,
        ),
        subject=cook,
        back=1.35,
        exposure=1.25,
        walk=-6,
        rise=0.05,
        blur=0.5,
        airs=(
            Air(
                kind="steam", amount=0.6, x=0.34, y=0.8, size=0.62, paint=colour("#ffd9a8"), seed=1
            ),
            Air(kind="steam", amount=0.4, x=0.62, y=0.8, size=0.4, paint=colour("#ffd9a8"), seed=8),
        ),
    )


def _concert() -> Staging:
    rows = tuple(
        part
        for n, (x, z) in enumerate(
            (
                (-1.9, 0.4),
                (-1.2, 0.0),
                (-0.55, 0.5),
                (0.05, -0.1),
                (0.7, 0.4),
                (1.3, 0.0),
                (1.95, 0.45),
                (-1.6, 1.5),
                (-0.8, 1.6),
                (0.3, 1.5),
                (1.0, 1.6),
                (1.7, 1.5),
            )
        )
        for part in person(
            replace(
                RAISED,
                left=(0.3, 1.7 + 0.3 * ((n * 7) % 3) / 2, -0.04),
                right=(-0.34, 1.4 + 0.55 * ((n * 5) % 3) / 2, -0.04),
            ),
            replace(BLACK, style=("short", "long", "tail")[n % 3], coat=0),
            (x, 0, z),
            180,
            0.95 + 0.03 * (n % 4),
        )
    )
    beams = tuple(
        spot((x, 6.5, 11), (aim, 0.5, 2), paint, 90, 17)
        for x, aim, paint in (
            (-4.5, -3.5, "#ff8a2a"),
            (-2.2, 1.5, "#c03aff"),
            (0.4, -1.8, "#ff4a8a"),
            (2.6, 3.4, "#7a4aff"),
            (4.8, 0.5, "#ffab3a"),
        )
    )
    lampsize = tuple(
        Thing(shape=ball((x, 6.5, 11.2), 0.22), paint=colour(paint), glow=5, casts=False)
        for x, paint in (
            (-4.5, "#ffb05a"),
            (-2.2, "#d07aff"),
            (0.4, "#ff7aaa"),
            (2.6, "#9a7aff"),
            (4.8, "#ffc06a"),
        )
    )
    sky = Sky(low=colour("#8a3a7a"), high=colour("#1c0c38"), steep=1.3)
    return Staging(
        place=Place(
            things=lampsize,
            lamps=beams,
            ground=Ground(paint=colour("#0c0810")),
            sky=sky,
            inside=True,
            key=0.0,
            fill=1.0,
            far=30,
            shafts=0.02,
        ),
        subject=rows,
        back=0.62,
        rise=0.5,
        exposure=1.0,
        blur=0.2,
        airs=(
            Air(kind="flare", x=0.3, y=0.05, amount=0.9, size=0.4, paint=colour("#ff9a3a")),
            Air(kind="flare", x=0.72, y=0.08, amount=0.8, size=0.4, paint=colour("#a04aff")),
        ),
    )


def _interior() -> Staging:
    sofa = (
        Thing(shape=box((0, 0.32, 4.4), (1.35, 0.2, 0.5), 0.12), paint=colour("#7d8a80")),
        Thing(shape=box((0, 0.72, 4.85), (1.35, 0.34, 0.16), 0.14), paint=colour("#7d8a80")),
        *(
            Thing(shape=box((s * 1.4, 0.5, 4.5), (0.14, 0.28, 0.5), 0.12), paint=colour("#74817a"))
            for s in (-1, 1)
        ),
        Thing(shape=box((0, 1.95, 6.85), (0.9, 0.55, 0.03)), paint=colour("#c9a57a")),
        Thing(
            shape=box((0, 1.95, 6.83), (0.78, 0.44, 0.03)),
            paint=props.speckled(colour("#5a6f7a"), colour("#d8cbb0"), 0.5),
        ),
        *(part for s in (-1, 1) for part in _vase((s * 2.3, 0, 5.6))),
        Thing(shape=box((0, 0.01, 3.6), (1.7, 0.012, 1.1)), paint=colour("#d8cdb8")),
        Thing(shape=pillar((0, 0.38, 3.2), 0.55, 0.03), paint=props.WOOD, gloss=0.3),
        Thing(shape=pillar((0, 0.18, 3.2), 0.06, 0.18), paint=props.WOOD),
        props.curtain((-3.75, 0.05, 1.0), 0.5, 3.0, colour("#efe8dc"), 8),
    )
    room = replace(
        places.window_room(), lamps=(places.sunbeam((-0.86, 0.46, -0.12), 3.4),), key=0.2
    )
    return Staging(
        place=replace(room, shafts=0.012, fill=0.9),
        subject=sofa,
        tall=1.75,
        eye=1.5,
        back=1.15,
        sun=(-78, 26),
        exposure=1.0,
        blur=0,
        rise=0.0,
    )


def _vase(at: Point) -> tuple[Thing, ...]:
    x, y, z = at
    stems = [
        limb(
            (x, y + 0.5, z),
            (x + 0.3 * np.cos(n * 1.1), y + 1.25 + 0.08 * (n % 3), z + 0.3 * np.sin(n * 1.1)),
            0.012,
        )
        for n in range(7)
    ]
    leaves = [
        ball(
            (
                x + 0.3 * float(np.cos(n * 1.1)),
                y + 1.3 + 0.08 * (n % 3),
                z + 0.3 * float(np.sin(n * 1.1)),
            ),
            (0.09, 0.13, 0.09),
        )
        for n in range(7)
    ]
    return (
        Thing(
            shape=blend(
                0.1, ball((x, y + 0.26, z), (0.22, 0.26, 0.22)), pillar((x, y + 0.5, z), 0.09, 0.08)
            ),
            paint=colour("#b5694a"),
        ),
        Thing(shape=join(*stems), paint=colour("#5a6a3a")),
        Thing(shape=join(*leaves), paint=colour("#7a8f5a")),
    )


def _interview() -> Staging:
    room = replace(
        places.living_room("#35403f"),
        lamps=(lamp((1.05, 1.35, 2.9), "#ffb060", 2.6),),
        key=2.1,
        fill=0.6,
    )
    shade = Thing(
        shape=pillar((1.05, 1.42, 3.0), 0.26, 0.17, 0.17),
        paint=colour("#ffcf8f"),
        glow=1.6,
        casts=False,
    )
    stand = Thing(shape=limb((1.05, 0, 3.0), (1.05, 1.3, 3.0), 0.025), paint=props.BRASS)
    elder = Clothes(top=colour("#5a4a3c"), hair=colour("#a8a29a"), skin=colour("#b98468"))
    return Staging(
        place=replace(room, things=(*room.things, shade, stand)),
        subject=person(STAND, elder, turn=-26),
        exposure=1.05,
    )


def _seedling() -> Staging:
    curve = [(-0.06, 0.0, 0), (-0.05, 0.3, 0), (0.02, 0.58, 0), (0.05, 0.76, 0)]
    stem = blend(0.02, *(limb(a, b, 0.035) for a, b in itertools.pairwise(curve)))
    leaves = [
        moved(ball((0.26, 0, 0), (0.27, 0.03, 0.13)), (0.05, 0.76, 0), turn, tilt)
        for turn, tilt in ((20, 24), (195, 20))
    ]
    bud = ball((0.06, 0.82, 0), (0.05, 0.09, 0.05))
    others = tuple(
        Thing(
            shape=blend(
                0.02,
                limb((x, 0, z), (x + 0.04, h * 0.8, z), 0.025),
                ball((x + 0.02, h * 0.8, z - 0.02), (0.06, 0.05, 0.05)),
            ),
            paint=colour("#8fbf4a"),
        )
        for x, z, h in ((-0.75, 0.5, 0.3), (0.72, 0.35, 0.42), (-0.4, 1.2, 0.5), (0.3, 1.6, 0.35))
    )
    soil = Thing(
        shape=bumpy(ball((0, -0.55, 0.4), (3.2, 0.58, 2.4)), 0.07, 0.13, 4),
        paint=props.speckled(colour("#2c1d14"), colour("#5a3d28"), 0.07),
    )
    sky = Sky(low=colour("#3d5a3a"), high=colour("#1a2c22"))
    return Staging(
        place=Place(things=(soil, *others), ground=None, sky=sky, fill=0.9, inside=True, far=20),
        subject=(
            Thing(shape=stem, paint=colour("#a9d05a")),
            Thing(shape=join(*leaves, bud), paint=colour("#6fae34"), gloss=0.3),
        ),
        tall=1.0,
        eye=0.45,
        back=6.6,
        sun=(-64, 40),
        exposure=1.0,
        blur=0.8,
        airs=(Air(kind="motes", amount=0.7, x=0.3, y=0.3, size=0.6),),
    )


def _bench() -> Staging:
    wood = colour("#b07a48")
    plank = Thing(
        shape=box((0.1, 0.82, 0), (0.95, 0.05, 0.24), 0.01), paint=props.planks(wood, 0.2, 1)
    )
    plane = (
        Thing(
            shape=box((0.12, 0.94, 0), (0.30, 0.065, 0.1), 0.02), paint=colour("#6a3a20"), gloss=0.4
        ),
        Thing(
            shape=box((0.02, 1.02, 0), (0.05, 0.08, 0.07), 0.01),
            paint=colour("#9aa0a8"),
            gloss=1.2,
            mirror=0.15,
        ),
    )
    curls = tuple(
        Thing(
            shape=moved(ring((0, 0, 0), r, 0.012, upright=True), (x, y, z), t, 30),
            paint=colour("#e0b883"),
        )
        for x, y, z, r, t in (
            (-0.42, 0.95, -0.1, 0.08, 20),
            (-0.55, 0.93, 0.1, 0.06, 70),
            (-0.3, 1.03, 0.02, 0.07, -30),
            (-0.62, 0.92, -0.16, 0.05, 10),
        )
    )
    hands = []
    for x, y, _reach in ((0.38, 1.05, 1.5), (-0.06, 1.06, 1.1)):
        fingers = [
            limb((x, y, -0.02), (x - 0.07, y - 0.045, -0.09 + 0.05 * n), 0.024) for n in range(4)
        ]
        hands += [
            Thing(
                shape=blend(0.03, ball((x + 0.02, y + 0.01, 0), (0.065, 0.045, 0.07)), *fingers),
                paint=colour("#b98060"),
            ),
            Thing(
                shape=limb((x + 0.06, y + 0.02, 0.02), (x + 0.55, y + 0.35, 0.35), 0.055, 0.09),
                paint=colour("#3f5266"),
            ),
        ]
    dark = Thing(
        shape=box((0, 1.4, 2.2), (4, 2, 0.1)),
        paint=props.speckled(colour("#3a2c22"), colour("#5a4634"), 0.6),
    )
    bench = Thing(
        shape=box((0, 0.7, 0), (2.2, 0.07, 0.6)), paint=props.planks(colour("#6a4a30"), 0.22, 2)
    )
    tools = tuple(
        Thing(
            shape=limb((x, 1.15, 2.05), (x, 1.6 + 0.1 * (n % 2), 2.05), 0.03),
            paint=colour("#8a6a44"),
        )
        for n, x in enumerate((-1.2, -0.9, -0.6, 0.7, 1.0))
    )
    return Staging(
        place=Place(
            things=(dark, bench, *tools),
            ground=Ground(paint=colour("#2c231b")),
            sky=places.DARK,
            inside=True,
            fill=0.8,
            far=20,
            shafts=0.0,
        ),
        subject=(plank, *plane, *curls, *hands),
        tall=1.75,
        eye=1.0,
        back=2.4,
        sun=(-78, 24),
        exposure=1.7,
        tilt=16,
        rise=0.08,
        blur=0.7,
        airs=(Air(kind="motes", amount=1.6, x=0.25, y=0.35, size=0.5, paint=colour("#ffe2b0")),),
    )


GOODS: Stagings = {
    "product-macro-on-white": _macro_white,
    "glass-and-backlight": _glass,
    "metal-in-the-dark": _metal,
    "hard-sun-colour-block": _colour_block,
    "leaf-shadow-skincare": _leaf_shadow,
    "slow-pour": _pour,
    "dawn-road-drive": _road,
    "floating-parts": _floating,
    "direct-flash-editorial": _flash,
    "creator-window-light": _creator,
    "table-from-above": _from_above,
    "night-market-steam": _night_market,
    "concert-silhouettes": _concert,
    "quiet-interior": _interior,
    "seated-interview": _interview,
    "seedling-time-lapse": _seedling,
    "hands-at-the-bench": _bench,
}
