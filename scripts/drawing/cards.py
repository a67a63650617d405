"""The cards of single terms: the same person in the same place, and one word that changes it."""

from dataclasses import replace

import numpy as np
from PIL import Image, ImageDraw

from drawing import places, props
from drawing.looks import Look
from drawing.people import STAND, Clothes, person
from drawing.places import lamp
from drawing.shapes import Thing, colour, pillar
from drawing.sky import Sky
from drawing.staging import Place, Staging

COAT = Clothes(top=colour("#a8473a"), legs=colour("#2c3344"), coat=0.6, style="long")
MODEL = person(STAND, COAT, turn=-16)
HILLS = replace(
    places.meadow("#a39a62"),
    sky=Sky(
        low=colour("#f0d3b2"),
        high=colour("#7f9cc6"),
        ridges=places.ridges("#a9a3ab", "#867f86", high=8),
    ),
)
EVENING: Look = {"time_of_day": ("sunrise",)}
PILLARS = tuple(
    Thing(shape=pillar((side * 2.0, 1.7, z), 0.2, 1.7), paint=colour("#b5a48e"))
    for z in (-0.5, 2.5, 5.5, 8.5, 11.5)
    for side in (-1, 1)
)
TREE = props.tree((2.0, 0, 0.8), 0.95, seed=3)
# Terms that a card shows better with a little help: the frame around them.
HELP = {
    "high-angle": ("wide",),
    "low-angle": ("medium-wide",),
    "aerial": ("extreme-wide",),
    "overhead": ("wide",),
    "eye-level": ("medium",),
    "dutch-angle": ("medium-wide",),
    "over-the-shoulder": ("medium-close-up",),
}


def card(category: str, term: str) -> tuple[Look, Staging]:
    """The look and the staging under a term."""
    match category:
        case "lighting_type":
            return _lighting(term)
        case "light_source":
            night: Look = {"time_of_day": ("night",)} if term == "moonlight" else {}
            return {"shot_size": ("medium-long",), "light_source": (term,), **night}, _source(term)
        case "time_of_day":
            near = Staging(place=replace(HILLS, sky=None), subject=MODEL, back=1.2, rise=0.6)
            return {"time_of_day": (term,), "shot_size": ("wide",)}, near
        case "camera_angle":
            return {**EVENING, "camera_angle": (term,), "shot_size": HELP[term]}, _angle(term)
        case "focal_length":
            return {**EVENING, "focal_length": (term,), "shot_size": ("medium-wide",)}, _lens(term)
        case "color_tone":
            scene = Staging(place=HILLS, subject=(*MODEL, *TREE), sun=(-60, 30), shift=0.12)
            return {**EVENING, "color_tone": (term,), "shot_size": ("medium-long",)}, scene
        case "composition":
            return {**EVENING, "composition": (term,), "shot_size": ("medium-wide",)}, _frame(term)
    staging = Staging(place=HILLS, subject=MODEL, sun=(-60, 30), blur=0.6)
    return {**EVENING, category: (term,)}, staging


def finished(shown: np.ndarray, category: str, term: str, size: tuple[int, int]) -> Image.Image:
    """Shown values → the card, with the lines or colours that explain it."""
    whole = Image.fromarray((np.clip(shown, 0, 1) * 255).astype(np.uint8))
    small = whole.resize(size, Image.Resampling.LANCZOS)
    if category == "composition":
        return _guides(small, term)
    return _palette(small) if category == "color_tone" else small


def _lighting(term: str) -> tuple[Look, Staging]:
    back = {
        "soft": "#6d7077",
        "hard": "#4d463f",
        "backlighting": "#8a6236",
        "silhouette": "#e08a4a",
        "low-contrast": "#a3a6a9",
        "high-contrast": "#050506",
    }.get(term, "#17181c")
    place = places.studio(back, back)
    # Where the light comes from behind, none may come from the room.
    if term in ("silhouette", "edge", "backlighting"):
        place = replace(place, fill=0.1 if term == "backlighting" else 0.0)
    if term in ("silhouette", "edge"):
        place = replace(place, key=0.02 if term == "silhouette" else 0.3)
    staging = Staging(place=place, subject=MODEL, sun=None, exposure=1.05, blur=0.4)
    # An edge alone is seen best on somebody dark.
    terms = ("silhouette", term) if term == "edge" else (term,)
    return {
        "lighting_type": terms,
        "light_source": ("artificial",),
        "shot_size": ("medium-close-up",),
    }, staging


def _source(term: str) -> Staging:
    meadow = replace(HILLS, sky=None)
    match term:
        case "artificial":
            box = Thing(
                shape=props.box((-1.25, 2.0, 0.3), (0.4, 0.4, 0.06), 0.03, 35),
                paint=(1, 1, 1),
                glow=2.4,
                casts=False,
            )
            stand = Thing(shape=pillar((-1.25, 0.8, 0.3), 0.02, 0.8), paint=props.IRON)
            return _inside(replace(places.studio(), things=(box, stand)))
        case "practical":
            room = replace(
                places.living_room("#4a4038"),
                key=0.7,
                lamps=(lamp((0.95, 1.4, 0.2), "#ffbe6e", 2.2),),
            )
            shade = Thing(
                shape=pillar((0.95, 1.45, 0.3), 0.24, 0.15, 0.16),
                paint=colour("#ffd79a"),
                glow=2.0,
                casts=False,
            )
            leg = Thing(shape=pillar((0.95, 0.65, 0.3), 0.02, 0.65), paint=props.BRASS)
            return _inside(replace(room, things=(*room.things, shade, leg)))
        case "firelight":
            fire = props.fire((-0.85, 0, -0.5), 0.9)
            light = lamp((-0.8, 0.5, -0.5), "#ff8a3a", 2.2, 0.2)
            dark = replace(
                places.studio("#4a3628", "#0c0a0d"), things=fire, lamps=(light,), key=0.05
            )
            return _inside(replace(dark, haze=0.15))
        case "fluorescent":
            return _inside(places.corridor())
        case "mixed":
            return _inside(places.studio("#3a3840", "#1c1a22"))
        case "moonlight":
            return Staging(place=meadow, subject=MODEL, sun=(150, 24), exposure=1.3, blur=0)
    return Staging(place=meadow, subject=MODEL, blur=0.5)


def _inside(place: Place) -> Staging:
    return Staging(place=place, subject=MODEL, exposure=1.15, blur=0.4)


def _angle(term: str) -> Staging:
    tiles = replace(HILLS.ground, paint=props.checked(colour("#8f8660"), colour("#6d6547"), 1.0))
    ground = replace(HILLS, ground=tiles)
    if term == "over-the-shoulder":
        other = person(
            STAND, replace(COAT, top=colour("#23262e"), style="short"), (0.46, 0, -1.2), 165
        )
        return Staging(place=HILLS, subject=(*MODEL, *other), sun=(-60, 30), shift=0.08)
    if term == "aerial":
        trees = tuple(
            part
            for x, z in ((-7, 3), (-5, 7), (-8, 10), (5, 8), (8, 4), (3, 13), (-2, 15), (10, 11))
            for part in props.tree((x, 0, z), 1.0, seed=abs(x * z))
        )
        ground = replace(ground, things=trees)
    straight = term not in ("high-angle", "overhead", "aerial")
    return Staging(place=HILLS if straight else ground, subject=MODEL, sun=(-60, 30), blur=0.3)


def _lens(term: str) -> Staging:
    tiles = props.checked(colour("#a39a62"), colour("#857c50"), 1.0)
    ground = replace(HILLS.ground, paint=tiles) if HILLS.ground else None
    court = replace(HILLS, ground=ground, things=(*HILLS.things, *PILLARS[2:]))
    return Staging(
        place=court, subject=MODEL, sun=(-60, 30), back=1.25 if term == "fisheye" else 1.0
    )


def _frame(term: str) -> Staging:
    things = {"symmetrical": PILLARS, "balanced": TREE}.get(term, ())
    return Staging(place=HILLS, subject=(*MODEL, *things), sun=(-60, 30), blur=0.5, back=1.2)


def _palette(card: Image.Image) -> Image.Image:
    """A strip of the five main colours along the top, to tell tones apart at a glance."""
    few = card.quantize(5, kmeans=2).convert("RGB").getcolors(card.width * card.height) or []
    pen = ImageDraw.Draw(card)
    for place, (_, paint) in enumerate(sorted(few, key=lambda each: sum(each[1]))):
        left = place * card.width // len(few)
        pen.rectangle((left, 0, (place + 1) * card.width // len(few), 13), fill=paint)
    return card


def _guides(card: Image.Image, name: str) -> Image.Image:
    """The lines along which a composition is built, as shares of the width."""
    uprights = {
        "center": (1 / 2,),
        "balanced": (1 / 3, 2 / 3),
        "left-weighted": (1 / 3,),
        "right-weighted": (2 / 3,),
        "symmetrical": (1 / 2,),
        "short-side": (2 / 3,),
    }[name]
    shade = Image.new("RGBA", card.size, (0, 0, 0, 0))
    pen = ImageDraw.Draw(shade)
    for share in uprights:
        pen.line(
            [(card.width * share, 0), (card.width * share, card.height)], fill=(255, 236, 200, 130)
        )
    if name == "center":
        pen.line([(0, card.height / 2), (card.width, card.height / 2)], fill=(255, 236, 200, 130))
    return Image.alpha_composite(card.convert("RGBA"), shade).convert("RGB")
