"""Animals and toy figures; like people, they look towards the camera unless turned."""

import itertools

import numpy as np

from drawing.people import FACES, Clothes, Pose, joint, person
from drawing.shapes import (
    Colour,
    Point,
    Thing,
    ball,
    blend,
    box,
    bumpy,
    carve,
    colour,
    cutout,
    dim,
    join,
    limb,
    pillar,
    set_down,
)

BLACK = colour("#0d0b0b")


def deer(
    at: Point = (0, 0, 0), turn: float = 0.0, paint: Colour = colour("#8a5f3d")
) -> tuple[Thing, ...]:
    """A stag, 1.7 m to the tips of its antlers, its head to the left."""
    body = blend(
        0.12,
        limb((-0.32, 1.0, 0), (0.42, 1.0, 0), 0.2, 0.185),
        limb((-0.38, 1.08, 0), (-0.60, 1.42, 0), 0.12, 0.075),
        limb((-0.60, 1.46, 0), (-0.84, 1.40, 0), 0.075, 0.04),
        ball((0.5, 1.03, 0), (0.14, 0.16, 0.15)),
    )
    legs = []
    for x, z, bend in (
        (-0.34, -0.09, -0.03),
        (-0.30, 0.09, 0.06),
        (0.46, -0.09, 0.05),
        (0.52, 0.09, -0.04),
    ):
        legs += [
            limb((x, 0.95, z), (x + bend, 0.5, z), 0.075, 0.038),
            limb((x + bend, 0.5, z), (x, 0.03, z), 0.036, 0.026),
        ]
    horns = []
    for side in (-1, 1):
        root, fork = (-0.55, 1.52, 0.04 * side), (-0.44, 1.80, 0.16 * side)
        horns += [
            limb(root, fork, 0.02, 0.016),
            limb(fork, (-0.52, 2.06, 0.24 * side), 0.016, 0.008),
        ]
        horns += [limb(fork, (-0.66, 1.90, 0.16 * side), 0.013, 0.007)]
        horns += [limb((-0.47, 1.93, 0.2 * side), (-0.34, 2.06, 0.2 * side), 0.012, 0.007)]
    ears = [ball((-0.52, 1.50, 0.11 * side), (0.03, 0.03, 0.07)) for side in (-1, 1)]
    things = (
        Thing(shape=blend(0.04, body, *legs, *ears), paint=paint),
        Thing(shape=join(*horns), paint=colour("#c9b18f")),
        Thing(
            shape=join(ball((-0.86, 1.39, 0), 0.03), ball((-0.68, 1.475, -0.062), 0.014)),
            paint=BLACK,
            gloss=0.8,
        ),
        Thing(shape=ball((0.64, 1.06, 0), (0.05, 0.1, 0.06)), paint=colour("#e8dcc8")),
    )
    return set_down(things, at, turn)


def camel(at: Point, turn: float = 0.0, size: float = 1.0) -> tuple[Thing, ...]:
    """Two humps, its head to the left, 2.1 m tall."""
    body = blend(
        0.15,
        limb((-0.5, 1.25, 0), (0.55, 1.25, 0), 0.28, 0.26),
        ball((-0.22, 1.62, 0), (0.19, 0.26, 0.16)),
        ball((0.30, 1.62, 0), (0.19, 0.26, 0.16)),
        limb((-0.62, 1.2, 0), (-1.0, 1.35, 0), 0.15, 0.10),
        limb((-1.0, 1.35, 0), (-1.12, 1.85, 0), 0.10, 0.075),
        limb((-1.12, 1.9, 0), (-1.38, 1.86, 0), 0.08, 0.05),
    )
    legs = [
        limb((x, 1.15, z), (x + 0.05 * s, 0.04, z), 0.10, 0.05)
        for x, z, s in ((-0.5, -0.14, -3), (-0.45, 0.14, 3), (0.5, -0.14, 3), (0.55, 0.14, -3))
    ]
    thing = Thing(shape=blend(0.05, body, *legs), paint=colour("#9a7148"))
    return set_down((thing,), at, turn, size=size)


def horse_and_rider(at: Point, turn: float = 0.0) -> tuple[Thing, ...]:
    """Walking to the left."""
    body = blend(
        0.14,
        limb((-0.45, 1.15, 0), (0.5, 1.15, 0), 0.26, 0.25),
        limb((-0.55, 1.25, 0), (-0.92, 1.72, 0), 0.17, 0.10),
        limb((-0.92, 1.78, 0), (-1.22, 1.60, 0), 0.10, 0.065),
        limb((0.72, 1.2, 0), (0.88, 0.7, 0), 0.07, 0.03),
    )
    legs = [
        limb((x, 1.05, z), (x + 0.06 * s, 0.04, z), 0.10, 0.045)
        for x, z, s in ((-0.48, -0.12, -3), (-0.42, 0.12, 3), (0.5, -0.12, 3), (0.56, 0.12, -3))
    ]
    horse = (Thing(shape=blend(0.05, body, *legs), paint=colour("#3d2a20")),)
    seat = Pose(
        hips=(0, 0.92, 0),
        left_foot=(0.3, 0.42, -0.1),
        right_foot=(-0.3, 0.42, -0.1),
        left=(0.12, 1.12, -0.4),
        right=(-0.12, 1.12, -0.4),
    )
    rider = person(seat, Clothes(hat="wide"), (0, 0.48, 0), turn=-90)
    return set_down((*horse, *rider), at, turn)


def fish(at: Point, size: float, paint: Colour, turn: float = 0.0) -> tuple[Thing, ...]:
    body = blend(
        0.06, ball((0, 0, 0), (0.3, 0.14, 0.07)), limb((0.24, 0, 0), (0.36, 0, 0), 0.05, 0.03)
    )
    tail = cutout([(0.32, 0), (0.52, 0.16), (0.46, 0), (0.52, -0.16)], 0.012)
    fin = cutout([(-0.05, 0.1), (0.14, 0.24), (0.16, 0.08)], 0.012)
    return set_down(
        (Thing(shape=join(body, tail, fin), paint=paint, gloss=0.5),), at, turn, size=size
    )


def critter(
    body: Colour, belly: Colour, *, face: str = "happy", arms_up: bool = True, ears: str = "round"
) -> tuple[Thing, ...]:
    """A round cartoon animal with large eyes, 1.7 m tall."""
    trunk = blend(
        0.12, ball((0, 0.55, 0), (0.40, 0.46, 0.34)), ball((0, 1.18, 0), (0.43, 0.40, 0.37))
    )
    hand = (0.72, 1.28) if arms_up else (0.55, 0.45)
    limbs = [
        limb((side * 0.34, 0.78, 0), (side * hand[0], hand[1], -0.12), 0.09, 0.11)
        for side in (-1, 1)
    ]
    feet = [ball((side * 0.22, 0.1, -0.12), (0.17, 0.11, 0.24)) for side in (-1, 1)]
    found = [
        Thing(shape=blend(0.08, trunk, *limbs, *feet, *_ears(ears)), paint=body, gloss=0.1),
        Thing(shape=ball((0, 0.52, -0.09), (0.29, 0.34, 0.27)), paint=belly),
        Thing(shape=ball((0, 1.04, -0.29), (0.2, 0.14, 0.12)), paint=belly),
        Thing(shape=ball((0, 1.11, -0.405), (0.06, 0.04, 0.03)), paint=BLACK, gloss=1.0),
    ]
    return (*found, *_big_eyes(face), *_grin(face))


def _ears(kind: str) -> list:
    if kind == "long":
        return [
            limb((side * 0.18, 1.45, 0), (side * 0.26, 2.05, 0.05), 0.09, 0.075) for side in (-1, 1)
        ]
    return [ball((side * 0.33, 1.52, 0.02), (0.15, 0.15, 0.08)) for side in (-1, 1)]


def _big_eyes(face: str) -> tuple[Thing, ...]:
    wide = min(FACES[face][0], 1.1) * 0.35 + 0.65
    white = [ball((side * 0.155, 1.27, -0.27), (0.125, 0.15 * wide, 0.10)) for side in (-1, 1)]
    dark = [ball((side * 0.145, 1.265, -0.355), (0.065, 0.085 * wide, 0.03)) for side in (-1, 1)]
    spark = [ball((side * 0.145 - 0.025, 1.30, -0.382), 0.02) for side in (-1, 1)]
    return (
        Thing(shape=join(*white), paint=colour("#fbf7f0"), gloss=0.8),
        Thing(shape=join(*dark), paint=colour("#1a1210"), gloss=1.0),
        Thing(shape=join(*spark), paint=(1, 1, 1), glow=0.8),
    )


def _grin(face: str) -> tuple[Thing, ...]:
    if face == "surprised":
        return (Thing(shape=ball((0, 0.955, -0.40), (0.06, 0.075, 0.03)), paint=colour("#3a0d10")),)
    mouth = carve(
        ball((0, 0.985, -0.375), (0.13, 0.09, 0.05)), box((0, 1.08, -0.4), (0.3, 0.09, 0.3))
    )
    return (Thing(shape=mouth, paint=colour("#5a1418")),)


def clay_pair() -> tuple[Thing, ...]:
    """Two lumps of clay with eyes, pressed by thumbs: a tall one and a small one."""
    found = []
    for x, high, paint, seed in ((-0.3, 1.25, "#d9743a", 1), (0.52, 0.85, "#5b8fb0", 4)):
        body = blend(
            0.2,
            ball((x, high * 0.33, 0), (0.34, high * 0.34, 0.3)),
            ball((x, high * 0.78, 0), 0.27),
        )
        arms = [
            limb((x + side * 0.25, high * 0.5, 0), (x + side * 0.5, high * 0.62, -0.1), 0.08, 0.09)
            for side in (-1, 1)
        ]
        nose = ball((x, high * 0.76, -0.28), (0.07, 0.06, 0.07))
        found += [
            Thing(shape=bumpy(blend(0.06, body, *arms), 0.018, 0.09, seed), paint=colour(paint))
        ]
        found += [Thing(shape=bumpy(nose, 0.006, 0.05), paint=dim(colour(paint), 0.75))]
        eyes = [ball((x + side * 0.1, high * 0.86, -0.22), 0.075) for side in (-1, 1)]
        dots = [ball((x + side * 0.095, high * 0.86, -0.285), 0.028) for side in (-1, 1)]
        found += [
            Thing(shape=join(*eyes), paint=colour("#f2ece0")),
            Thing(shape=join(*dots), paint=BLACK),
        ]
    return tuple(found)


def puppet(
    at: Point = (0, 0, 0), pose: Pose | None = None, cloth: str = "#8c2f2a"
) -> tuple[Thing, ...]:
    """A jointed wooden figure on strings, 1.75 m tall."""
    pose = pose or Pose(
        left=(0.42, 1.32, -0.2), right=(-0.40, 1.05, -0.25), left_foot=(0.14, 0.06, -0.2)
    )
    wood = colour("#c99a62")
    sticks, knobs, strings = [], [], []
    for side, hand, foot in ((1, pose.left, pose.left_foot), (-1, pose.right, pose.right_foot)):
        shoulder, hip = (0.2 * side, 1.36, 0), (0.1 * side, 0.86, 0)
        elbow = joint(shoulder, hand, (0.29, 0.28), pose.elbow)
        knee = joint(hip, foot, (0.43, 0.44), pose.knee)
        sticks += [limb(shoulder, elbow, 0.05, 0.04), limb(elbow, hand, 0.045, 0.035)]
        sticks += [limb(hip, knee, 0.06, 0.05), limb(knee, foot, 0.055, 0.04)]
        knobs += [ball(point, 0.058) for point in (shoulder, elbow, knee)] + [ball(hand, 0.06)]
        knobs.append(ball((foot[0], foot[1], foot[2] - 0.05), (0.06, 0.05, 0.12)))
        strings += [
            limb(hand, (hand[0] * 0.8, 4.0, hand[2]), 0.005),
            limb(knee, (knee[0], 4.0, 0), 0.005),
        ]
    head = blend(
        0.02,
        ball((0, 1.64, 0), (0.13, 0.155, 0.13)),
        limb((0, 1.63, -0.11), (0, 1.60, -0.19), 0.02, 0.026),
    )
    strings.append(limb((0, 1.78, 0), (0, 4.0, 0), 0.005))
    eyes = [ball((side * 0.05, 1.67, -0.115), (0.026, 0.03, 0.012)) for side in (-1, 1)]
    things = (
        Thing(shape=join(*sticks), paint=wood, gloss=0.25),
        Thing(shape=join(*knobs), paint=dim(wood, 0.8), gloss=0.25),
        Thing(
            shape=blend(
                0.04, pillar((0, 1.15, 0), 0.13, 0.26, 0.19), pillar((0, 0.85, 0), 0.23, 0.14, 0.14)
            ),
            paint=colour(cloth),
        ),
        Thing(shape=head, paint=wood, gloss=0.3),
        Thing(shape=join(*eyes), paint=BLACK, gloss=0.6),
        Thing(shape=box((0, 1.545, -0.12), (0.04, 0.012, 0.012)), paint=colour("#7a2a22")),
        Thing(shape=pillar((0, 1.82, 0), 0.13, 0.06, 0.1), paint=colour(cloth)),
        Thing(shape=join(*strings), paint=colour("#d8cdb8"), casts=False),
    )
    return set_down(things, at)


def noodle_man() -> tuple[Thing, ...]:
    """A cartoon egg of the early days: limbs like hoses, pie eyes, a top hat; 1.9 m tall."""
    black, white = BLACK, colour("#f4f1ea")
    hoses, gloves = [], []
    for side in (-1, 1):
        raised = 1.5 if side < 0 else 1.2
        arm = [(0.28, 1.05, 0), (0.55, 0.9, -0.1), (0.72, 1.05, -0.1), (0.7, raised, -0.1)]
        leg = [(0.12, 0.76, 0), (0.3, 0.46, 0), (0.16, 0.14, 0)]
        for line in (arm, leg):
            bent = [(x * side, y, z) for x, y, z in line]
            hoses += [limb(start, end, 0.04) for start, end in itertools.pairwise(bent)]
        palm = (0.7 * side, raised + 0.08, -0.1)
        fingers = [
            limb(palm, ((0.6 + 0.1 * n) * side, raised + 0.24, -0.1), 0.038) for n in range(3)
        ]
        gloves.append(blend(0.03, ball(palm, 0.1), *fingers))
    eyes = [
        carve(
            ball((side * 0.11, 1.3, -0.31), (0.07, 0.13, 0.03)),
            cutout([(side * 0.11, 1.3), (side * 0.11 + 0.2, 1.42), (side * 0.11 + 0.2, 1.3)], 0.5),
        )
        for side in (-1, 1)
    ]
    shoes = [ball((side * 0.2, 0.09, -0.1), (0.15, 0.1, 0.24)) for side in (-1, 1)]
    hat = join(pillar((0, 1.74, 0), 0.21, 0.16, 0.23), pillar((0, 1.58, 0), 0.36, 0.018))
    return (
        Thing(shape=ball((0, 1.16, 0), (0.36, 0.46, 0.34)), paint=white),
        Thing(shape=join(*hoses, hat, *shoes), paint=black, gloss=0.3),
        Thing(shape=join(*gloves), paint=white),
        Thing(shape=join(*eyes), paint=black),
        Thing(shape=ball((0, 1.02, -0.33), (0.07, 0.085, 0.03)), paint=colour("#3a1414")),
        Thing(shape=pillar((0, 1.63, 0), 0.235, 0.035), paint=colour("#8a8478")),
    )


def shadow_figure(at: Point, side: float, paint: Colour) -> tuple[Thing, ...]:
    """A cut-out of leather for a lit screen; side: which way it faces, −1 left, 1 right."""
    outline = [
        (0.0, 0.0),
        (0.14, 0.06),
        (0.1, 0.4),
        (0.2, 0.72),
        (0.3, 0.9),
        (0.62, 1.02),
        (0.66, 1.1),
        (0.34, 1.06),
        (0.2, 1.22),
        (0.17, 1.36),
        (0.24, 1.42),
        (0.19, 1.47),
        (0.22, 1.56),
        (0.34, 1.78),
        (0.14, 1.72),
        (0.02, 1.92),
        (-0.06, 1.7),
        (-0.28, 1.66),
        (-0.12, 1.56),
        (-0.12, 1.34),
        (-0.24, 1.2),
        (-0.3, 0.86),
        (-0.5, 0.6),
        (-0.34, 0.56),
        (-0.42, 0.2),
        (-0.3, 0.02),
        (-0.16, 0.02),
        (-0.12, 0.3),
        (-0.06, 0.02),
    ]
    flipped = [(x * side, y) for x, y in outline]
    rods = join(
        limb((0.64 * side, 1.06, 0.02), (0.3 * side, -0.4, 0.1), 0.012),
        limb((0, 1.2, 0.02), (-0.2 * side, -0.4, 0.1), 0.012),
    )
    holes = [
        ball((0.02 * side + dx, y, 0), (0.035, 0.07, 0.2))
        for dx, y in ((0, 1.0), (-0.08, 0.75), (0.06, 0.72), (0, 0.5))
    ]
    things = (
        Thing(shape=carve(cutout(flipped, 0.012), *holes), paint=paint),
        Thing(shape=rods, paint=BLACK),
    )
    return set_down(things, at)


def crowd(
    where: tuple[float, float, float, float], count: int, pose: Pose, wear: Clothes, seed: int = 3
) -> tuple[Thing, ...]:
    """Many of the same build between (left, right, near, far), as a background."""
    chance = np.random.default_rng(seed)
    found: list[Thing] = []
    for _ in range(count):
        at = (float(chance.uniform(*where[:2])), 0.0, float(chance.uniform(*where[2:])))
        found += person(
            pose, wear, at, float(chance.uniform(-30, 30)), float(chance.uniform(0.93, 1.06))
        )
    return tuple(found)
