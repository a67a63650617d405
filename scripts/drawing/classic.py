"""Stagings of the looks with a long history: noir, horror, comedy, the sky itself."""

from dataclasses import replace

import numpy as np

from drawing import places, props
from drawing.air import Air
from drawing.film import BLACK, GREY_COAT, LINEN, Stagings
from drawing.people import RUN, SAD, SIT, STAND, WALK, Clothes, person
from drawing.places import lamp
from drawing.shapes import Array, Thing, ball, box, clouds, colour, moved, pillar
from drawing.sky import Disc, Ridge, Sky
from drawing.staging import Place, Staging
from drawing.tracing import Ground


def _aerial() -> Staging:
    """Fields, a river, mist in the hollows."""

    def hills(points: Array) -> Array:
        x, z = points[:, 0], points[:, 2]
        wave = np.sin(x * 0.13 + 1) * np.sin(z * 0.11) + 0.5 * np.sin(x * 0.31 + z * 0.17)
        river = np.exp(-(((x - 3 * np.sin(z * 0.16)) / 1.6) ** 2))
        return 1.3 * wave - 2.2 * river

    def fields(points: Array, _: Array) -> Array:
        x, z = points[:, 0], points[:, 2]
        cell = np.floor(points / np.array([5.5, 1e6, 4.2], np.float32)) + 0.5
        pick = clouds(cell * 3.1, 1, 4)[:, None]
        rows = (0.9 + 0.1 * np.sin((x + z * (pick[:, 0] > 0.5)) * 6))[:, None]
        green, gold = colour("#5f7a3c"), colour("#c9a656")
        base = np.where(pick > 0.5, np.array(gold), np.array(green)) * (0.7 + 0.6 * pick) * rows
        water = (points[:, 1:2] < -1.25).astype(np.float32)
        return base * (1 - water) + np.array(colour("#b9c6d2")) * water

    chance = np.random.default_rng(8)
    woods = [
        Thing(
            shape=ball(
                (float(x), float(hills(np.array([[x, 0, z]]))[0]) + 0.35, float(z)),
                (0.65, 0.7, 0.65),
            ),
            paint=colour("#3f5a34"),
        )
        for x, z in chance.uniform((-16, -4), (16, 40), (60, 2))
    ]
    return Staging(
        place=Place(
            things=tuple(woods),
            ground=Ground(paint=fields, height=hills),
            fog=0.02,
            clear=12,
            far=150,
        ),
        tall=2.4,
        eye=1.0,
        back=1.0,
        sun=(-118, 13),
        exposure=1.0,
        tilt=-17,
        rise=1.0,
        blur=0,
    )


def _documentary() -> Staging:
    walls = (colour("#a8a094"), colour("#8f8a84"), colour("#b5a58c"))
    awnings = tuple(
        Thing(
            shape=box((side * 2.4, 2.3, 3 + 3.2 * n), (0.9, 0.05, 1.2), 0.02, side * 6),
            paint=colour(paint),
        )
        for n, (side, paint) in enumerate(
            ((-1, "#b5433a"), (1, "#3f6a8a"), (-1, "#c9a24a"), (1, "#6a7a4a"))
        )
    )
    crates = tuple(
        Thing(shape=box((x, 0.35, z), (0.4, 0.35, 0.4), 0.02, 10 * n), paint=colour(paint))
        for n, (x, z, paint) in enumerate(
            (
                (-1.7, 2.2, "#8a6a44"),
                (1.9, 3.0, "#5a7a8a"),
                (-2.0, 5.2, "#a05a3a"),
                (1.6, 6.0, "#c9b08a"),
            )
        )
    )
    passers = (
        *person(WALK, replace(LINEN, top=colour("#6a6f5a")), (-1.25, 0, 3.6), 30),
        *person(WALK, replace(GREY_COAT, top=colour("#5a4a5a")), (1.2, 0, 4.6), 170),
        *person(STAND, Clothes(top=colour("#3a5a6a")), (2.1, 0, 7), -60),
    )
    street = Place(
        things=(*props.street_sides(2.6, 0.0, walls), *awnings, *crates, *passers),
        ground=Ground(paint=props.speckled(colour("#6d6862"), colour("#8a857c"), 0.5)),
        fog=0.012,
    )
    return Staging(
        place=street,
        subject=person(
            WALK,
            Clothes(
                top=colour("#7a6a4a"),
                legs=colour("#3a4250"),
                hat="cap",
                hat_paint=colour("#4a4a3a"),
            ),
            (0, 0, 0),
            -22,
        ),
        back=1.15,
        walk=8,
        tilt=2,
        exposure=1.1,
    )


def _firelit() -> Staging:
    pair = (
        *person(
            SIT,
            replace(
                LINEN,
                top=colour("#6a4a34"),
                hat="hood",
                hat_paint=colour("#4a3424"),
                face="surprised",
            ),
            (-0.42, 0, 0.2),
            -28,
        ),
        *person(
            SIT,
            replace(GREY_COAT, style="long", coat=0, top=colour("#5a3a3a")),
            (0.45, 0, 0.25),
            26,
            0.97,
        ),
    )
    wood = tuple(
        props.trunk((x, 0, z), 0.25, 8)
        for x, z in ((-2.6, 4), (-1.1, 6), (1.6, 5), (3.2, 7), (0.4, 8))
    )
    return Staging(
        place=Place(
            things=(*wood, *props.fire((0, 0, -0.75), 0.75)),
            lamps=(lamp((0.0, 0.55, -0.72), "#ff8a3a", 1.5, 0.2),),
            ground=Ground(paint=colour("#3a2c20")),
            sky=places.NIGHT_AIR,
            inside=True,
            key=0.06,
            fill=0.7,
            haze=0.1,
            fog=0.03,
            clear=3,
            mist=colour("#0a0a10"),
            far=30,
        ),
        subject=pair,
        tall=1.5,
        eye=1.22,
        back=1.75,
        rise=-0.26,
        exposure=1.6,
        blur=0.25,
        airs=(
            Air(kind="motes", amount=2, x=0.5, y=0.5, size=0.6, paint=colour("#ff9a3a"), seed=4),
        ),
    )


def _fluorescent() -> Staging:
    return Staging(
        place=places.corridor(),
        subject=person(
            STAND,
            replace(GREY_COAT, top=colour("#7f8a84"), face="fear", style="long", coat=0),
            turn=-6,
        ),
        back=1.35,
        exposure=1.1,
        rise=-0.05,
    )


def _expressionist() -> Staging:
    claw = replace(
        STAND,
        right=(-0.62, 1.52, -0.32),
        left=(0.42, 1.22, -0.42),
        chest=(0, 1.28, -0.06),
        head=(0.02, 1.56, -0.14),
    )
    return Staging(
        place=places.expressionist(),
        subject=person(claw, replace(BLACK, hat="top", coat=1.0), (0.25, 0, -0.2), -14),
        film="mono",
        sun=(-26, -24),
        exposure=0.95,
        rise=0.45,
        back=1.35,
        shift=0.04,
    )


def _neon() -> Staging:
    return Staging(
        place=places.neon_street(),
        subject=person(WALK, replace(GREY_COAT, hat="brim", top=colour("#2b2c34")), turn=-64),
        walk=6,
        exposure=1.25,
        airs=(Air(kind="rain", amount=0.5, seed=1),),
        back=1.25,
        rise=-0.04,
    )


def _overcast() -> Staging:
    field = replace(places.meadow("#8f8f78"), fog=0.03)
    return Staging(
        place=field,
        subject=person(
            SAD,
            replace(GREY_COAT, top=colour("#5a6470"), face="sadly", scarf=colour("#7a3f3a")),
            turn=-52,
        ),
        exposure=1.0,
    )


def _pastel() -> Staging:
    mint, peach, pink = colour("#a9d6c2"), colour("#f4bd94"), colour("#f2b5bd")
    wall = Thing(shape=box((0, 2, 2.0), (6, 3, 0.1)), paint=peach)
    door = (
        Thing(shape=box((0, 1.15, 1.88), (0.62, 1.15, 0.06)), paint=mint),
        Thing(shape=box((0, 2.36, 1.86), (0.74, 0.07, 0.08)), paint=colour("#fff2e4")),
        *(
            Thing(shape=box((s * 0.68, 1.15, 1.86), (0.07, 1.2, 0.08)), paint=colour("#fff2e4"))
            for s in (-1, 1)
        ),
    )
    sides = tuple(
        part
        for s in (-1, 1)
        for part in (
            Thing(
                shape=box((s * 1.55, 1.5, 1.88), (0.42, 0.55, 0.06)),
                paint=colour("#cfe6f2"),
                gloss=0.3,
            ),
            Thing(shape=box((s * 1.55, 1.5, 1.90), (0.5, 0.63, 0.05)), paint=colour("#fff2e4")),
            Thing(shape=pillar((s * 1.15, 0.25, 1.2), 0.2, 0.25, 0.26), paint=pink),
            Thing(shape=ball((s * 1.15, 0.9, 1.2), (0.3, 0.45, 0.3)), paint=colour("#6fae86")),
            Thing(
                shape=moved(box((0, 0, 0), (0.24, 0.16, 0.12), 0.03), (s * 0.5, 0.16, -0.1)),
                paint=colour("#d98a5a"),
            ),
        )
    )
    porter = Clothes(
        top=colour("#c65a74"), legs=colour("#c65a74"), hat="band", hat_paint=colour("#c65a74")
    )
    return Staging(
        place=Place(
            things=(wall, *door, *sides),
            ground=Ground(paint=props.checked(pink, colour("#fbeee0"), 0.5)),
            fill=1.05,
        ),
        subject=person(STAND, replace(porter, hat="helmet"), turn=0),
        back=1.25,
        sun=(-8, 40),
        exposure=0.92,
        blur=0.3,
    )


def _tilt_shift() -> Staging:
    return Staging(
        place=places.town(),
        tall=3.6,
        eye=2.0,
        back=1.1,
        tilt=2,
        sun=(-62, 48),
        exposure=0.9,
        rise=-1.0,
        walk=22,
    )


def _time_lapse() -> Staging:
    sky = Sky(
        low=colour("#ffb46a"),
        high=colour("#4a3f86"),
        cloud=0.72,
        cloud_paint=colour("#f2a08a"),
        streak=1.0,
        cloud_size=0.8,
        disc=Disc(towards=(0.16, 0.07, 1), radius=2.6, paint=(2.6, 1.7, 0.8), halo=6),
        ridges=(
            Ridge(high=5, wide=24, paint=colour("#5a3f5c"), seed=3, sharp=0.5),
            Ridge(high=2.6, wide=13, paint=colour("#33253c"), seed=9, sharp=0.3),
        ),
    )
    return Staging(
        place=Place(
            ground=Ground(paint=colour("#2b2233"), mirror=0.35, ripple=0.02),
            sky=sky,
            key=0.4,
            far=200,
        ),
        tall=1.75,
        back=1.0,
        tilt=-8,
        rise=0.7,
        exposure=1.05,
        blur=0,
    )


def _wasteland() -> Staging:
    runner = Clothes(
        top=colour("#5a4a3a"),
        legs=colour("#3a322a"),
        hat="hood",
        hat_paint=colour("#6a4a34"),
        scarf=colour("#a8432e"),
    )
    return Staging(
        place=places.wasteland(),
        subject=person(RUN, runner, turn=-66),
        back=0.92,
        sun=(-48, 58),
        shift=0.1,
        exposure=0.72,
        airs=(Air(kind="steam", amount=0.5, x=0.30, y=0.86, size=0.3, paint=colour("#d8b080")),),
    )


def _blue_hour() -> Staging:
    sky = Sky(
        low=colour("#93a6d6"),
        high=colour("#32467f"),
        ridges=places.ridges("#7686b4", "#4f6294", high=5),
    )
    return Staging(
        place=replace(places.snowfield(), sky=sky, mist=colour("#8496c8")),
        subject=person(
            WALK, replace(GREY_COAT, top=colour("#a8432e"), coat=1.0), (0, 0.05, 0), 168
        ),
        back=0.85,
        exposure=1.05,
        blur=0.2,
        airs=(Air(kind="snow", amount=0.18, seed=3),),
    )


CLASSIC: Stagings = {
    "aerial-establishing": _aerial,
    "documentary-handheld": _documentary,
    "firelit-tale": _firelit,
    "fluorescent-unease": _fluorescent,
    "german-expressionist-shadows": _expressionist,
    "neon-noir": _neon,
    "overcast-melancholy": _overcast,
    "symmetrical-pastel-comedy": _pastel,
    "tilt-shift-city": _tilt_shift,
    "time-lapse-sky": _time_lapse,
    "wasteland-pursuit": _wasteland,
    "winter-blue-hour": _blue_hour,
}
