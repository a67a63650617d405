"""What stands before the camera: a place and somebody or something in it."""

from dataclasses import dataclass

from drawing.air import Air
from drawing.shapes import WHITE, Colour, Thing, colour
from drawing.sky import Sky
from drawing.tracing import Ground, Light

EARTH = Ground(paint=colour("#7d7a62"))


@dataclass(frozen=True, kw_only=True)
class Place:
    """inside: the time of day gives neither sky nor sun. sky: instead of the one it gives. lamps:
    lights that belong here. key, fill: share of the look's own key light and of its light from all
    around. fog, haze, shafts, mist, far: see `Scene`."""

    things: tuple[Thing, ...] = ()
    lamps: tuple[Light, ...] = ()
    ground: Ground | None = EARTH
    sky: Sky | None = None
    inside: bool = False
    key: float = 1.0
    fill: float = 1.0
    fog: float = 0.0
    clear: float = 2.0
    mist: Colour | None = None
    haze: float = 0.0
    shafts: float = 0.0
    far: float = 160.0


@dataclass(frozen=True, kw_only=True)
class Staging:
    """One picture before the look is put on. The subject stands at the origin, tall metres high;
    eye: what a close-up looks at. walk: degrees the camera has walked around it, to its left.
    back: how much farther away than the shot size says. shift, rise: the camera's aim moved, in
    frame widths and metres. sun: where the key light stands, (degrees to the right of the camera,
    degrees up), instead of where the look puts it. exposure: more or less light. focus: where the
    picture is sharp, in metres behind the subject. blur: more or less of it. tilt: the camera that
    many degrees higher. airs: what is in the air. film: mono or faded, where the look's own words
    say so."""

    place: Place
    subject: tuple[Thing, ...] = ()
    tall: float = 1.75
    eye: float = 1.585
    walk: float = 0.0
    back: float = 1.0
    shift: float = 0.0
    rise: float = 0.0
    sun: tuple[float, float] | None = None
    key_paint: Colour = WHITE
    exposure: float = 1.0
    focus: float = 0.0
    blur: float = 1.0
    tilt: float = 0.0
    airs: tuple[Air, ...] = ()
    film: str = ""
