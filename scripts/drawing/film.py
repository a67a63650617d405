"""Stagings of the presets made for stories: people, rooms, landscapes."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from drawing import places, props
from drawing.air import Air
from drawing.beings import camel, deer, fish, horse_and_rider
from drawing.people import (
    HOLD,
    RAISED,
    RUN,
    SAD,
    SIT,
    STAND,
    WALK,
    Clothes,
    Pose,
    person,
)
from drawing.places import lamp, spot
from drawing.shapes import Array, Thing, ball, box, bumpy, colour, dim, limb, pillar, set_down
from drawing.sky import Disc, Ridge, Sky
from drawing.staging import Place, Staging

Stagings = dict[str, Callable[[], Staging]]

GREY_COAT = Clothes(top=colour("#4a4d55"), legs=colour("#22252c"), coat=0.9)
DRESS = Clothes(top=colour("#a8443a"), legs=colour("#7a2f2a"), style="long", coat=0.7)
LINEN = Clothes(top=colour("#d9cdb8"), legs=colour("#6a5a48"), style="bun")
BLACK = Clothes(top=colour("#15151a"), legs=colour("#101014"), style="short", coat=0.8)


def _golden_hour() -> Staging:
    couple = (
        *person(STAND, DRESS, (-0.2, 0, 0), -75),
        *person(STAND, GREY_COAT, (0.26, 0, 0.05), 80, 1.05),
    )
    return Staging(
        place=places.meadow("#b08a44"),
        subject=couple,
        sun=(172, 9),
        back=1.15,
        airs=(
            Air(kind="motes", amount=1.2, x=0.6, y=0.45, size=0.7),
            _glow(0.62, 0.4, 0.3),
            Air(kind="blades", amount=60, size=0.2, paint=dim(colour("#d8a04a"), 0.6)),
        ),
    )


def _glow(x: float, y: float, amount: float = 0.5, size: float = 0.55) -> Air:
    return Air(kind="flare", x=x, y=y, amount=amount, size=size, paint=colour("#ffb765"))


def _cinematic() -> Staging:
    wall = Thing(
        shape=box((0, 1.6, 4.2), (6, 2.4, 0.1)),
        paint=props.speckled(colour("#16262c"), colour("#22373e"), 1.4),
    )
    shade = Thing(
        shape=pillar((1.15, 1.62, 3.2), 0.3, 0.2, 0.2),
        paint=colour("#ffc27a"),
        glow=1.7,
        casts=False,
    )
    glints = tuple(
        props.bulb((x, y, 3.9), 0.05, "#ffb765", 4.0)
        for x, y in ((0.35, 1.35), (1.9, 1.25), (2.2, 1.9), (0.1, 1.95))
    )
    room = Place(
        things=(wall, shade, *glints),
        lamps=(lamp((1.15, 1.6, 3.0), "#ffae5c", 3.2),),
        ground=places.Ground(paint=colour("#241c18")),
        sky=places.DARK,
        inside=True,
        key=1.25,
        fill=0.8,
        far=30,
    )
    wear = replace(GREY_COAT, style="bun", top=colour("#2f4d58"), coat=0)
    return Staging(
        place=room,
        subject=person(STAND, wear, turn=22),
        sun=(-62, 24),
        exposure=1.1,
        shift=-0.03,
    )


def _motion_blur() -> Staging:
    walls = (colour("#8a8f98"), colour("#b9a68c"), colour("#9a6f5c"))
    street = Place(
        things=tuple(
            props.block((x, 0, 7), (2.0, 3.2, 1.5), walls[n % 3])
            for n, x in enumerate((-13, -8.6, -4.2, 0.2, 4.6, 9, 13.4))
        ),
        ground=places.Ground(paint=colour("#6d6b68")),
    )
    return Staging(
        place=street,
        subject=person(RUN, Clothes(top=colour("#e0742e"), legs=colour("#20242c")), turn=-82),
        back=1.1,
        exposure=1.3,
    )


def _candles() -> Staging:
    spots = ((-0.45, 0.77, -0.1), (0.1, 0.77, 0.15), (0.5, 0.77, -0.1))
    sitters = (
        *person(
            replace(SIT, left=(0.2, 0.82, -0.3)),
            replace(LINEN, top=colour("#7a4a3a")),
            (-0.95, 0, 0.15),
            -65,
        ),
        *person(SIT, replace(DRESS, style="bun", coat=0), (0.1, 0, 0.85), 5),
        *person(
            SIT,
            replace(BLACK, coat=0, top=colour("#2c3a4a"), legs=colour("#1a1c22")),
            (1.05, 0, 0.1),
            70,
        ),
    )
    room = replace(
        places.living_room("#4a2f26"),
        lamps=(
            lamp((-0.35, 1.0, -0.05), "#ff9a44", 0.85, 0.3),
            lamp((0.35, 1.0, 0.0), "#ff9a44", 0.85, 0.3),
        ),
        key=0.05,
        fill=0.35,
        haze=0.12,
    )
    things = (
        *props.round_table((0.05, 0, 0.1), 0.75, 0.74, colour("#e6d8c0")),
        *(part for at in spots for part in props.candle(at)),
    )
    return Staging(
        place=replace(room, things=(*room.things, *things)),
        subject=sitters,
        eye=1.35,
        tall=1.5,
        back=1.25,
        exposure=1.5,
    )


def _rain_pane() -> Staging:
    return Staging(
        place=replace(places.studio("#5a646c", "#8f9aa3"), fill=1.0),
        subject=person(SAD, replace(GREY_COAT, style="long", top=colour("#55606a")), turn=-40),
        shift=0.05,
        sun=(75, 20),
        exposure=1.0,
        airs=(Air(kind="drops", amount=0.55, seed=4),),
    )


def _interrogation() -> Staging:
    suspect = person(
        replace(SIT, left=(0.25, 0.80, -0.42), right=(-0.2, 0.80, -0.42)),
        Clothes(top=colour("#8a8478"), face="angrily"),
        (0, 0, 0.25),
        6,
    )
    officer = person(SIT, replace(BLACK, top=colour("#1a1b20"), coat=0), (-0.72, 0, -1.45), 195)
    shade = Thing(shape=pillar((0, 1.98, -0.35), 0.26, 0.09, 0.05), paint=colour("#2f3a34"))
    things = (
        *props.table((0, 0, -0.45), (0.75, 0.42), 0.74, colour("#6a5a48")),
        shade,
        props.bulb((0, 1.88, -0.35), 0.06, "#fff0d0", 6.0),
        Thing(shape=limb((0, 2.05, -0.35), (0, 4, -0.35), 0.01), paint=colour("#111111")),
        Thing(shape=box((0, 2, 3.2), (6, 2.5, 0.1)), paint=colour("#55584f")),
    )
    return Staging(
        place=Place(
            things=things,
            lamps=(spot((0, 1.9, -0.35), (0, 0, -0.35), "#fff2d8", 3.4, 118),),
            ground=places.Ground(paint=colour("#3a3a36")),
            sky=places.DARK,
            inside=True,
            key=0.0,
            fill=0.3,
            shafts=0.025,
            far=30,
        ),
        subject=(*suspect, *officer),
        tall=1.6,
        eye=1.30,
        back=1.5,
        rise=0.22,
        exposure=1.25,
        focus=0.2,
        tilt=3,
    )


def _high_noon() -> Staging:
    far = person(
        STAND,
        Clothes(top=colour("#3b3630"), legs=colour("#2a2622"), hat="wide", coat=0.9),
        (0.0, 0, 9.5),
        0,
    )
    near = person(
        replace(STAND, left=(0.36, 0.84, 0.02), right=(-0.36, 0.84, 0.02)),
        Clothes(top=colour("#4a3a2c"), legs=colour("#2b2a30"), hat="wide", coat=1.0),
        (0.0, 0, -1.2),
        180,
    )
    shifted = set_down(near, (-0.52, 0, 0))
    return Staging(
        place=places.old_town_street(),
        subject=(*shifted, *set_down(far, (0.45, 0, 0))),
        back=0.78,
        rise=0.1,
        sun=(-30, 62),
        exposure=0.82,
        focus=6.0,
        blur=0.5,
        tilt=12,
    )


def _dialogue() -> Staging:
    listener = person(STAND, replace(LINEN, top=colour("#8f6a5a"), style="long"), (0, 0, 0), 14)
    shoulder = person(
        STAND, replace(GREY_COAT, top=colour("#2b2f38")), (-0.47, 0, -1.25), 195, 1.04
    )
    room = replace(places.living_room("#8a7a66", night=False), fill=0.9)
    return Staging(place=room, subject=(*listener, *shoulder), exposure=1.2)


def _heroes() -> Staging:
    coats = ("#2c3038", "#5a3428", "#38423a", "#4a4350", "#2f3a4a")
    group = tuple(
        part
        for n, (x, z) in enumerate(((-1.5, 0.7), (-0.75, 0.25), (0, 0), (0.78, 0.3), (1.55, 0.75)))
        for part in person(
            WALK,
            Clothes(
                top=colour(coats[n]),
                coat=0.9,
                style=("short", "long", "short", "tail", "short")[n],
                hat=("none", "none", "none", "none", "brim")[n],
            ),
            (x, 0, z),
            (18, 8, 0, -8, -16)[n],
            (1.02, 0.96, 1.06, 0.97, 1.03)[n],
        )
    )
    return Staging(
        place=replace(places.rooftop(), fill=1.0),
        subject=group,
        sun=(172, 10),
        back=1.05,
        shift=-0.1,
        airs=(_glow(0.46, 0.42, 0.35, 0.4),),
        exposure=1.05,
    )


def _home_movie() -> Staging:
    child = person(
        RAISED,
        Clothes(
            top=colour("#e8c24a"),
            legs=colour("#4a6a9a"),
            face="happy",
            style="short",
            sleeves=False,
        ),
        (0.1, 0, 0),
        -12,
    )
    return Staging(
        place=replace(places.meadow("#8fa05a"), fill=2.0),
        subject=child,
        sun=(150, 24),
        back=1.3,
        film="faded",
        rise=0.15,
        airs=(
            Air(kind="flare", x=0.02, y=0.3, amount=1.0, size=0.5, paint=colour("#ff7a2a")),
            _glow(0.7, 0.1, 0.4),
        ),
        exposure=1.0,
    )


def _torch() -> Staging:
    walker = person(
        replace(WALK, right=(-0.25, 1.12, 0.32)),
        replace(GREY_COAT, hat="hood", hat_paint=colour("#3a3f48")),
        (0, 0, 0),
        172,
    )
    wood = places.forest("#0d1418", 34, 8)
    return Staging(
        place=replace(
            wood,
            sky=places.DARK,
            inside=True,
            key=0.03,
            fill=0.12,
            fog=0.035,
            lamps=(spot((-0.25, 1.15, 0.5), (-0.9, 1.5, 9), "#dbe8ff", 26, 26),),
            shafts=0.07,
            far=30,
        ),
        subject=walker,
        exposure=1.35,
        back=0.95,
        blur=0.3,
    )


def _dunes() -> Staging:
    places_of = [(-3.4 + 1.5 * n, 0.0, 9.2 + 0.22 * n) for n in range(6)]
    heights = places.dune_height(np.array(places_of, np.float32))
    feet = [(x, float(high) - 0.02, z) for (x, _, z), high in zip(places_of, heights, strict=True)]
    train = tuple(part for at in feet[1:] for part in camel(at, 0, 0.62))
    robe = replace(LINEN, hat="hood", hat_paint=colour("#d9cdb8"), coat=1.0)
    guide = person(WALK, robe, feet[0], 80, 0.62)
    return Staging(
        place=places.dunes(),
        subject=(*train, *guide),
        sun=(-84, 14),
        rise=1.9,
        tilt=4,
        back=0.95,
        focus=9,
        blur=0.2,
        exposure=0.9,
    )


def _reunion() -> Staging:
    seats = (
        (-1.15, 0.2, -70),
        (-0.72, 0.85, -28),
        (0.05, 1.05, 0),
        (0.8, 0.85, 28),
        (1.2, 0.2, 70),
    )
    tops = ("#b8433a", "#5a6a8a", "#8a2a2a", "#c79a4a", "#6a4a5a")
    family = tuple(
        part
        for n, (x, z, turn) in enumerate(seats)
        for part in person(
            replace(SIT, left=(0.18, 0.82, -0.36)),
            Clothes(
                top=colour(tops[n]),
                face="happy",
                style=("bun", "short", "short", "long", "tail")[n],
                hair=colour(("#8a8680", "#1d1714", "#b9b4ac", "#1d1714", "#1d1714")[n]),
            ),
            (x, 0, z),
            turn,
            (1, 1, 1, 1, 0.88)[n],
        )
    )
    dishes = [
        ((0.0, 0.15), "#b5562a"),
        ((-0.4, 0.3), "#6a8a3a"),
        ((0.42, 0.25), "#c9822e"),
        ((-0.15, -0.2), "#d9b04a"),
        ((0.35, -0.15), "#8a3a2a"),
    ]
    things = (
        *props.round_table((0.03, 0, 0.2), 0.95, 0.76, colour("#7a2a20")),
        *(
            part
            for n, ((x, z), food) in enumerate(dishes)
            for part in props.plate((x, 0.79, z), 0.16, colour(food), seed=n)
        ),
        *(
            part
            for x, y, z in ((-1.5, 2.25, 1.5), (0.0, 2.35, 2.1), (1.5, 2.25, 1.5))
            for part in props.lantern((x, y, z), 1.3)
        ),
        Thing(
            shape=box((0, 1.6, 3.0), (5, 2.0, 0.1)),
            paint=props.speckled(colour("#5a4a3c"), colour("#7a6450"), 0.8),
        ),
    )
    return Staging(
        place=Place(
            things=things,
            lamps=(lamp((0, 2.1, -0.1), "#ffc08a", 3.2, 0.4), lamp((0, 2.2, 1.9), "#ff8a5a", 1.2)),
            ground=places.Ground(paint=props.planks(colour("#5a3a28"))),
            sky=places.DARK,
            inside=True,
            key=0.2,
            fill=1.0,
            haze=0.15,
            far=30,
        ),
        subject=family,
        tall=1.5,
        eye=1.42,
        back=1.6,
        tilt=7,
        shift=-0.1,
        rise=0.22,
        exposure=1.2,
        blur=0.4,
        airs=(Air(kind="steam", amount=0.35, x=0.5, y=0.68, size=0.35, paint=(1, 0.85, 0.7)),),
    )


def _surveillance() -> Staging:
    hallway = replace(places.corridor(), fill=0.7)
    return Staging(
        place=hallway,
        subject=person(
            WALK, replace(GREY_COAT, hat="hood", hat_paint=colour("#2c3036")), (0, 0, 2.0), 160
        ),
        back=1.05,
        walk=0,
        rise=0.3,
        shift=0.12,
        exposure=1.15,
        tilt=-8,
        blur=0.0,
    )


def _inside_outside() -> Staging:
    front = box((0, 1.6, 0.6), (6, 2.6, 0.12))
    hole = box((0.35, 1.35, 0.6), (1.15, 0.95, 0.6))
    wall = Thing(
        shape=places.carve(front, hole),
        paint=props.speckled(colour("#4a5260"), colour("#5d6672"), 0.4),
    )
    inside = (
        Thing(shape=box((0.3, 1.5, 3.4), (2.6, 2.0, 0.1)), paint=colour("#b98a5a")),
        Thing(shape=box((-0.45, 1.1, 3.0), (0.5, 1.1, 0.15)), paint=colour("#6a4630")),
        props.bulb((1.0, 2.0, 2.3), 0.17, "#ffd49a", 3.2),
        props.window_frame((0.35, 1.35, 0.55), (1.15, 0.95)),
        *(
            part
            for x, s in ((-2.1, 0.5), (2.6, 0.65))
            for part in props.tree((x, 0, -0.5), s, colour("#3f5a4a"), 3)
        ),
    )
    return Staging(
        place=Place(
            things=(wall, *inside),
            lamps=(lamp((1.0, 2.0, 2.2), "#ffa653", 7.0), lamp((0.2, 1.8, 1.6), "#ffa653", 2.0)),
            ground=places.Ground(paint=props.speckled(colour("#39443c"), colour("#4c5a4a"), 0.4)),
            key=0.55,
            fill=1.0,
            haze=0.25,
        ),
        subject=person(HOLD, replace(LINEN, top=colour("#a85a48")), (0.25, 0, 1.5), 25),
        back=1.55,
        eye=1.55,
        exposure=1.15,
        blur=0.25,
        shift=0.08,
    )


def _ink_wash() -> Staging:
    paints = ("#cdd0d0", "#b4baba", "#939a9b", "#6a7173")
    sky = Sky(
        low=colour("#e3e4e2"),
        high=colour("#cfd2d2"),
        ridges=tuple(
            Ridge(high=h, wide=w, paint=colour(p), seed=s, sharp=0.55)
            for h, w, p, s in (
                (3.6, 3.2, paints[0], 2),
                (2.4, 2.6, paints[1], 8),
                (1.3, 2.1, paints[2], 4),
                (0.45, 1.6, paints[3], 13),
            )
        ),
    )
    rower = person(
        SIT, replace(BLACK, hat="cone", hat_paint=colour("#2b2b2c")), (0, 0.05, 0), 90, 0.9
    )
    return Staging(
        place=replace(places.lake(), sky=sky, fill=1.0, key=0.3),
        subject=(*props.boat((0, 0, 0), 1.0, colour("#25282a")), *rower),
        exposure=0.92,
        back=0.9,
        rise=2.0,
        tilt=-1.3,
        blur=0.15,
    )


def _underwater() -> Staging:
    swim = Pose(
        hips=(0, 1.5, 0),
        chest=(0.02, 1.86, -0.05),
        head=(0.03, 2.14, -0.1),
        left=(0.42, 2.35, 0),
        right=(-0.34, 2.42, 0),
        left_foot=(0.12, 0.82, 0.25),
        right_foot=(-0.1, 0.72, 0.05),
        nod=-25,
    )
    school = tuple(
        part
        for x, y, z, s in (
            (-1.9, 2.3, 1.6, 0.9),
            (-1.5, 2.65, 2.2, 0.8),
            (-2.3, 2.7, 2.6, 0.8),
            (-1.2, 2.2, 2.9, 0.7),
            (1.7, 1.2, 1.2, 1.0),
            (2.1, 1.5, 2.0, 0.8),
        )
        for part in fish((x, y, z), s, colour("#e8a24a"), 10)
    )
    return Staging(
        place=places.sea_floor(),
        subject=(
            *person(
                swim, Clothes(top=colour("#1a2a3a"), legs=colour("#16222e"), style="tail"), turn=-25
            ),
            *school,
        ),
        sun=(172, 66),
        rise=0.75,
        tilt=-14,
        exposure=0.62,
        back=0.95,
        airs=(
            Air(kind="bubbles", amount=0.8, x=0.58, seed=2),
            Air(kind="flare", x=0.5, y=-0.05, size=0.5, amount=0.8, paint=(0.6, 0.95, 1.0)),
        ),
    )


def _cathedral() -> Staging:
    wood = places.forest("#8a7a3a", 30, 8)
    leaves = (*wood.things, *_canopy())
    beams = replace(wood, things=leaves, fog=0.03, clear=3, shafts=0.045, fill=0.7)
    return Staging(
        place=beams,
        subject=person(WALK, replace(GREY_COAT, top=colour("#8f3a2c")), (-0.7, 0, 0), 170),
        sun=(168, 26),
        back=1.25,
        rise=0.75,
        exposure=0.8,
        airs=(Air(kind="motes", amount=0.6, x=0.55, y=0.4, size=0.6),),
        blur=0.0,
    )


def _canopy() -> tuple[Thing, ...]:
    """Leaves overhead with gaps for the light."""
    return tuple(
        Thing(
            shape=bumpy(ball((x, 6.6 + (n % 3) * 0.5, z), (1.7, 0.8, 1.7)), 0.5, 0.5, n),
            paint=colour("#4a6a34"),
        )
        for n, (x, z) in enumerate(
            ((-4.5, 9), (-1.6, 12), (1.8, 10), (4.6, 13), (-3, 17), (2.8, 18))
        )
    )


def _wildlife() -> Staging:
    return Staging(
        place=places.meadow("#a99a5a"),
        subject=deer(turn=-8),
        tall=2.0,
        eye=1.55,
        sun=(158, 14),
        exposure=1.05,
        back=1.08,
        shift=-0.05,
        airs=(
            Air(kind="steam", amount=0.5, x=0.52, y=0.33, size=0.16),
            _glow(0.7, 0.2, 0.15, 0.8),
            Air(kind="blades", amount=70, size=0.34, paint=dim(colour("#8f8a50"), 0.7), seed=2),
        ),
    )


def _portrait() -> Staging:
    sitter = Clothes(skin=colour("#a87458"), top=colour("#1c1c20"), hair=colour("#2f2a28"))
    return Staging(
        place=places.studio("#0c0c0e", "#08080a"),
        subject=person(STAND, sitter, turn=-18),
        film="mono",
        sun=(-82, 16),
        exposure=1.3,
    )


def _moonlit_shore() -> Staging:
    pair = (
        *person(
            WALK,
            replace(DRESS, top=colour("#c9c2c8"), legs=colour("#b8b0b8")),
            (-0.28, 0, 0.05),
            -150,
        ),
        *person(WALK, GREY_COAT, (0.28, 0, 0), 160, 1.05),
    )
    sky = Sky(
        low=colour("#32466e"),
        high=colour("#0a1024"),
        stars=1.0,
        disc=Disc(towards=(0.24, 0.13, 1), radius=2.2, paint=(1.5, 1.55, 1.7), halo=3.0),
    )
    return Staging(
        place=replace(places.shore(), sky=sky, fill=1.0),
        subject=pair,
        sun=(164, 22),
        back=1.1,
        exposure=1.15,
        rise=0.1,
    )


def _moonlit_silhouette() -> Staging:
    sky = Sky(
        low=colour("#24365e"),
        high=colour("#0a1128"),
        disc=Disc(towards=(0.012, 0.036, 1), radius=1.9, paint=(1.25, 1.3, 1.4), halo=1.0),
    )
    rider = horse_and_rider((0, 0.02, 0))
    return Staging(
        place=Place(
            ground=places.Ground(paint=colour("#0b0d14"), height=_hilltop), sky=sky, far=90
        ),
        subject=rider,
        tall=2.3,
        eye=1.95,
        rise=0.0,
        back=0.8,
        exposure=1.0,
        tilt=0.3,
        blur=0.0,
    )


def _hilltop(points: Array) -> Array:
    return -0.10 * points[:, 0] ** 2 / 4 - 0.02 * points[:, 2] ** 2


FILM: Stagings = {
    "golden-hour-drift": _golden_hour,
    "cinematic-lighting": _cinematic,
    "natural-motion-blur": _motion_blur,
    "candlelit-drawing-room": _candles,
    "rain-on-the-pane": _rain_pane,
    "interrogation-lamp": _interrogation,
    "high-noon-standoff": _high_noon,
    "over-the-shoulder-dialogue": _dialogue,
    "heroes-from-below": _heroes,
    "faded-home-movie": _home_movie,
    "torch-in-the-woods": _torch,
    "dune-caravan": _dunes,
    "spring-festival-reunion": _reunion,
    "surveillance-corner": _surveillance,
    "inside-outside-dusk": _inside_outside,
    "ink-wash-morning": _ink_wash,
    "sunlit-underwater": _underwater,
    "cathedral-forest": _cathedral,
    "wildlife-telephoto": _wildlife,
    "black-and-white-portrait": _portrait,
    "moonlit-shore": _moonlit_shore,
    "moonlit-silhouette": _moonlit_silhouette,
}
