"""People, 1.75 m tall, made of a few dozen rounded solids; they look towards the camera (−z).

A pose says where hips, chest, head, hands and feet are; elbows and knees follow.
"""

from dataclasses import dataclass, replace

import numpy as np

from drawing.shapes import (
    Colour,
    Point,
    Shape,
    Thing,
    ball,
    blend,
    box,
    carve,
    colour,
    join,
    limb,
    pillar,
    ring,
    set_down,
)

UPPER_ARM, FOREARM, THIGH, SHIN = 0.29, 0.28, 0.43, 0.44


@dataclass(frozen=True, kw_only=True)
class Pose:
    """Where the parts are, standing at the origin. bow: the head's nod in degrees, down is more.
    elbow, knee: the way the joints point."""

    hips: Point = (0.0, 0.92, 0.0)
    chest: Point = (0.0, 1.30, 0.0)
    head: Point = (0.0, 1.60, -0.01)
    left: Point = (0.27, 0.80, -0.03)
    right: Point = (-0.27, 0.80, -0.03)
    left_foot: Point = (0.10, 0.06, 0.0)
    right_foot: Point = (-0.10, 0.06, 0.0)
    elbow: Point = (0.0, -0.2, 1.0)
    knee: Point = (0.0, 0.2, -1.0)
    nod: float = 0.0
    look: float = 0.0


STAND = Pose()
WALK = Pose(
    hips=(0, 0.90, 0),
    left=(0.25, 0.84, -0.22),
    right=(-0.25, 0.84, 0.20),
    left_foot=(0.08, 0.10, 0.34),
    right_foot=(-0.08, 0.06, -0.30),
)
RUN = Pose(
    hips=(0, 0.94, 0.02),
    chest=(0, 1.28, -0.16),
    head=(0, 1.57, -0.26),
    left=(0.20, 1.22, -0.52),
    right=(-0.26, 1.00, 0.20),
    left_foot=(0.09, 0.42, 0.62),
    right_foot=(-0.09, 0.12, -0.42),
)
SIT = Pose(
    hips=(0, 0.52, 0.05),
    chest=(0, 0.92, 0.0),
    head=(0, 1.22, -0.03),
    left=(0.16, 0.60, -0.36),
    right=(-0.16, 0.60, -0.36),
    left_foot=(0.12, 0.06, -0.42),
    right_foot=(-0.12, 0.06, -0.42),
)
CROUCH = Pose(
    hips=(0, 0.60, 0.14),
    chest=(0, 0.92, -0.10),
    head=(0, 1.20, -0.22),
    left=(0.52, 0.88, -0.16),
    right=(-0.56, 0.98, 0.10),
    left_foot=(0.22, 0.10, -0.04),
    right_foot=(-0.24, 0.10, 0.04),
)
KICK = Pose(
    hips=(0, 0.92, 0.05),
    chest=(0.08, 1.27, 0.12),
    head=(0.12, 1.56, 0.06),
    left=(0.66, 1.22, 0.10),
    right=(-0.58, 1.16, 0.22),
    left_foot=(0.16, 0.06, 0.05),
    right_foot=(-0.66, 0.48, -0.22),
)
SERVE = Pose(
    hips=(0, 0.95, 0),
    chest=(0.05, 1.32, 0.02),
    head=(0.04, 1.62, 0.06),
    left=(0.36, 1.82, -0.10),
    right=(-0.34, 1.92, 0.16),
    left_foot=(0.16, 0.10, -0.12),
    right_foot=(-0.18, 0.10, 0.16),
    nod=-22,
)
DANCE = Pose(
    hips=(0.06, 0.86, 0),
    chest=(-0.06, 1.22, 0),
    head=(-0.12, 1.50, -0.02),
    left=(0.58, 1.50, -0.06),
    right=(-0.58, 0.98, -0.16),
    left_foot=(0.46, 0.06, -0.05),
    right_foot=(-0.22, 0.06, 0.08),
)
RAISED = Pose(
    left=(0.34, 1.98, -0.04),
    right=(-0.36, 1.96, -0.04),
    elbow=(0.0, 0.0, 1.0),
)
BOWLS = Pose(
    hips=(0.05, 0.88, 0),
    left=(0.56, 1.50, -0.10),
    right=(-0.48, 1.16, -0.18),
    left_foot=(0.20, 0.06, 0.12),
    right_foot=(-0.12, 0.06, -0.10),
)
DUNK = Pose(
    hips=(0, 1.30, 0),
    chest=(0.06, 1.68, -0.02),
    head=(0.04, 1.98, -0.02),
    left=(0.40, 1.46, -0.16),
    right=(-0.16, 2.42, -0.10),
    left_foot=(0.16, 0.72, 0.28),
    right_foot=(-0.18, 0.52, 0.06),
    nod=-20,
)
CARTWHEEL = Pose(
    hips=(0.0, 1.28, 0),
    chest=(0.03, 0.92, 0),
    head=(0.02, 0.64, -0.02),
    left=(0.46, 0.48, 0.0),
    right=(-0.40, 0.42, 0.0),
    left_foot=(0.74, 1.66, 0),
    right_foot=(-0.66, 1.74, 0),
    nod=180,
)
CARRY = replace(RUN, left=(0.10, 1.16, -0.30), right=(-0.30, 1.30, -0.34))
HOLD = Pose(left=(0.14, 1.18, -0.34), right=(-0.14, 1.18, -0.34), nod=14)
SAD = Pose(nod=26, head=(0, 1.57, -0.06), left=(0.22, 0.80, -0.10), right=(-0.22, 0.80, -0.10))


@dataclass(frozen=True, kw_only=True)
class Clothes:
    """Colours, and what is worn. hair: short, long, bun, none. hat: none, brim, cap, helmet, hood,
    band. coat: how far it reaches down, 0 to 1. face: an emotion of the vocabulary, or calm."""

    skin: Colour = colour("#c98f70")
    top: Colour = colour("#7a3b30")
    legs: Colour = colour("#2c3140")
    shoes: Colour = colour("#1d1a18")
    hair: Colour = colour("#251a15")
    style: str = "short"
    hat: str = "none"
    hat_paint: Colour = colour("#241f1c")
    coat: float = 0.0
    sleeves: bool = True
    face: str = "calm"
    scarf: Colour | None = None


def person(
    pose: Pose = STAND,
    wear: Clothes | None = None,
    at: Point = (0, 0, 0),
    turn: float = 0.0,
    size: float = 1.0,
) -> tuple[Thing, ...]:
    """Somebody; turn: degrees to their left from facing the camera."""
    wear = wear or Clothes()
    things = (*_body(pose, wear), *_placed_head(pose, wear))
    return set_down(things, at, turn, size=size)


def joint(start: Point, end: Point, lengths: tuple[float, float], towards: Point) -> Point:
    """The elbow or knee between two ends, bent towards a direction."""
    first, last = np.array(start), np.array(end)
    reach = float(np.clip(np.linalg.norm(last - first), 1e-3, sum(lengths) * 0.999))
    along = (last - first) / max(np.linalg.norm(last - first), 1e-6)
    out = np.array(towards) - along * float(np.dot(towards, along))
    out /= max(float(np.linalg.norm(out)), 1e-6)
    near = (lengths[0] ** 2 - lengths[1] ** 2 + reach**2) / (2 * reach)
    aside = np.sqrt(max(lengths[0] ** 2 - near**2, 0))
    place = first + along * near + out * aside
    return tuple(map(float, place))


def _between(start: Point, end: Point, share: float) -> Point:
    return tuple(a + (b - a) * share for a, b in zip(start, end, strict=True))  # type: ignore[return-value]


def _offset(point: Point, x: float = 0, y: float = 0, z: float = 0) -> Point:
    return point[0] + x, point[1] + y, point[2] + z


def _body(pose: Pose, wear: Clothes) -> tuple[Thing, ...]:
    upright = 1 if pose.chest[1] > pose.hips[1] else -1
    trunk = [
        ball(_offset(pose.chest, y=0.02 * upright), (0.185, 0.17, 0.115)),
        limb(pose.chest, pose.hips, 0.155, 0.135),
        ball(_offset(pose.hips, y=-0.02 * upright), (0.165, 0.13, 0.125)),
    ]
    if wear.coat:
        hem = _offset(pose.hips, y=-(0.12 + 0.5 * wear.coat))
        trunk.append(pillar(_between(pose.hips, hem, 0.5), 0.24, 0.06 + 0.25 * wear.coat, 0.17))
    arms, bare, legs, shoes = [], [], [], []
    for side, hand, foot in (
        (1, pose.left, pose.left_foot),
        (-1, pose.right, pose.right_foot),
    ):
        shoulder = _offset(pose.chest, x=0.19 * side * upright, y=0.09 * upright)
        elbow = joint(shoulder, hand, (UPPER_ARM, FOREARM), pose.elbow)
        sleeve = arms if wear.sleeves else bare
        arms.append(limb(shoulder, _between(shoulder, elbow, 0.5), 0.075, 0.062))
        sleeve += [limb(shoulder, elbow, 0.062, 0.05), limb(elbow, hand, 0.05, 0.038)]
        bare.append(ball(hand, (0.045, 0.06, 0.045)))
        hip = _offset(pose.hips, x=0.09 * side * upright, y=-0.05 * upright)
        knee = joint(hip, foot, (THIGH, SHIN), pose.knee)
        legs += [limb(hip, knee, 0.098, 0.068), limb(knee, foot, 0.066, 0.048)]
        toe = _offset(foot, z=-0.10, y=-0.02)
        shoes.append(limb(_offset(foot, y=-0.02, z=0.03), toe, 0.055, 0.045))
    return (
        Thing(shape=blend(0.08, *trunk, *arms), paint=wear.top),
        Thing(shape=join(*bare), paint=wear.skin),
        Thing(shape=blend(0.05, *legs), paint=wear.legs),
        Thing(shape=join(*shoes), paint=wear.shoes, gloss=0.2),
    )


def _placed_head(pose: Pose, wear: Clothes) -> tuple[Thing, ...]:
    neck = Thing(
        shape=limb(
            _between(pose.chest, pose.head, 0.35), _between(pose.chest, pose.head, 0.9), 0.06
        ),
        paint=wear.skin,
    )
    upside = pose.nod == 180
    nod = 0 if upside else pose.nod
    head = tuple(
        Thing(
            shape=_nodded(part.shape, nod),
            paint=part.paint,
            glow=part.glow,
            gloss=part.gloss,
        )
        for part in head_of(wear)
    )
    around = set_down(head, pose.head, pose.look, 180 if upside else 0)
    if wear.scarf is None:
        return (neck, *around)
    wrap = blend(
        0.04,
        ring(_between(pose.chest, pose.head, 0.5), 0.085, 0.05),
        limb(
            _offset(pose.chest, x=0.06, y=0.14, z=-0.11),
            _offset(pose.chest, 0.09, -0.14, -0.14),
            0.05,
        ),
    )
    return neck, Thing(shape=wrap, paint=wear.scarf), *around


def _nodded(shape: Shape, degrees: float) -> Shape:
    """Turned about the ear-to-ear axis."""
    turn = np.radians(degrees)
    spin = np.array(
        [[1, 0, 0], [0, np.cos(turn), -np.sin(turn)], [0, np.sin(turn), np.cos(turn)]], np.float32
    )
    return Shape(lambda points: shape.distance(points @ spin.T), shape.centre, shape.radius + 0.2)


def head_of(wear: Clothes) -> tuple[Thing, ...]:
    """A head about its own middle, facing −z."""
    skull = blend(
        0.06,
        ball((0, 0.035, 0.015), (0.098, 0.112, 0.118)),
        ball((0, -0.045, -0.03), (0.073, 0.085, 0.082)),
        ball((0, -0.105, -0.062), (0.034, 0.026, 0.03)),
    )
    sockets = [ball((0.038 * side, 0.006, -0.118), (0.027, 0.019, 0.024)) for side in (-1, 1)]
    nose = blend(
        0.014,
        limb((0, 0.012, -0.098), (0, -0.034, -0.124), 0.009, 0.0135),
        ball((0.013, -0.041, -0.112), 0.011),
        ball((-0.013, -0.041, -0.112), 0.011),
    )
    cheeks = [ball((0.045 * side, -0.028, -0.077), (0.024, 0.020, 0.021)) for side in (-1, 1)]
    ears = [ball((0.098 * side, -0.005, 0.015), (0.014, 0.032, 0.021)) for side in (-1, 1)]
    face = blend(0.018, carve(skull, *sockets), nose, *cheeks, *ears)
    return (
        Thing(shape=face, paint=wear.skin, gloss=0.08),
        *_eyes(wear),
        *_mouth(wear),
        *_hair(wear),
        *_hat(wear),
    )


# Emotion → (how wide the eyes are, brow height inside, brow height outside, mouth width, mouth
# height where it is open, how far its corners rise).
FACES = {
    "calm": (0.62, 0.033, 0.035, 0.028, 0.005, 0.0),
    "happy": (0.5, 0.040, 0.036, 0.042, 0.011, 0.019),
    "sadly": (0.42, 0.046, 0.030, 0.024, 0.004, -0.012),
    "angrily": (0.55, 0.020, 0.042, 0.028, 0.009, -0.008),
    "fear": (1.05, 0.050, 0.040, 0.022, 0.014, -0.006),
    "surprised": (1.15, 0.052, 0.050, 0.017, 0.021, 0.0),
}


def _eyes(wear: Clothes) -> tuple[Thing, ...]:
    wide, inner, outer, *_ = FACES[wear.face]
    white, dark, lid, brow = [], [], [], []
    for side in (-1, 1):
        at = (0.037 * side, 0.004, -0.089)
        white.append(ball(at, (0.021, 0.012 * min(wide, 1.2) + 0.002, 0.018)))
        dark.append(
            ball((0.036 * side, 0.004, -0.1025), (0.0085, 0.0085 * min(wide + 0.2, 1), 0.007))
        )
        lid.append(
            ball((0.037 * side, 0.004 + 0.0105 * wide + 0.004, -0.090), (0.026, 0.007, 0.020))
        )
        brow.append(
            limb((0.016 * side, inner, -0.112), (0.060 * side, outer, -0.094), 0.0052, 0.0032)
        )
    return (
        Thing(shape=join(*white), paint=colour("#e6ded6"), gloss=0.5),
        Thing(shape=join(*dark), paint=colour("#1d120d"), gloss=0.8),
        Thing(shape=join(*lid), paint=wear.skin),
        Thing(shape=join(*brow), paint=wear.hair),
    )


def _mouth(wear: Clothes) -> tuple[Thing, ...]:
    _, _, _, wide, high, rise = FACES[wear.face]
    red, green, blue = wear.skin
    lips = (red * 0.62, green * 0.36, blue * 0.36)
    if wear.face in ("surprised", "fear"):
        return (
            Thing(shape=ball((0, -0.079, -0.104), (wide, high + 0.006, 0.012)), paint=lips),
            Thing(
                shape=ball((0, -0.079, -0.109), (wide * 0.7, high, 0.011)), paint=colour("#180806")
            ),
        )
    line = [
        (wide * share, -0.078 + rise * share * share, -0.1135 + 0.013 * share * share)
        for share in (-1, -0.45, 0.45, 1)
    ]
    thick = ((0.003, 0.006), (0.006, 0.006), (0.006, 0.003))
    parts = [limb(line[n], line[n + 1], *thick[n]) for n in range(3)]
    return (Thing(shape=blend(0.006, *parts), paint=lips),)


def _hair(wear: Clothes) -> tuple[Thing, ...]:
    if wear.style == "none":
        return ()
    cap = carve(
        blend(
            0.03,
            ball((0, 0.058, 0.026), (0.114, 0.116, 0.126)),
            ball((0, 0.0, 0.07), (0.1, 0.1, 0.09)),
        ),
        ball((0, -0.035, -0.115), (0.115, 0.112, 0.095)),
    )
    parts = [cap]
    if wear.style == "long":
        parts += [
            limb((0.075, 0.03, 0.045), (0.098, -0.22, 0.03), 0.052, 0.035),
            limb((-0.075, 0.03, 0.045), (-0.098, -0.22, 0.03), 0.052, 0.035),
            limb((0, 0.02, 0.08), (0, -0.25, 0.06), 0.085, 0.06),
        ]
    if wear.style == "bun":
        parts.append(ball((0, 0.12, 0.10), 0.062))
    if wear.style == "tail":
        parts += [limb((0, 0.07, 0.12), (0.04, -0.14, 0.24), 0.045, 0.022)]
    return (Thing(shape=blend(0.03, *parts), paint=wear.hair, gloss=0.12),)


def _hat(wear: Clothes) -> tuple[Thing, ...]:
    shapes = {
        "none": (),
        "brim": (
            pillar((0, 0.155, 0.012), 0.108, 0.062, 0.09),
            pillar((0, 0.098, 0.012), 0.2, 0.008, 0.19),
        ),
        "wide": (
            pillar((0, 0.165, 0.012), 0.108, 0.075, 0.082),
            pillar((0, 0.108, 0.012), 0.225, 0.009, 0.245),
        ),
        "cap": (
            ball((0, 0.075, 0.02), (0.121, 0.092, 0.13)),
            ball((0, 0.075, -0.15), (0.075, 0.012, 0.07)),
        ),
        "helmet": (ball((0, 0.065, 0.02), (0.135, 0.115, 0.145)),),
        "hood": (
            carve(
                ball((0, 0.02, 0.03), (0.145, 0.175, 0.155)),
                ball((0, -0.03, -0.13), (0.1, 0.125, 0.12)),
            ),
        ),
        "cone": (pillar((0, 0.13, 0.01), 0.25, 0.075, 0.012),),
        "top": (pillar((0, 0.2, 0.012), 0.1, 0.11), pillar((0, 0.098, 0.012), 0.165, 0.009)),
        "bulb": (box((0, 0.1, 0), (0.05, 0.05, 0.05), 0.02),),
    }[wear.hat]
    return (Thing(shape=join(*shapes), paint=wear.hat_paint),) if shapes else ()
