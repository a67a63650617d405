"""What the picture of each bundled preset shows."""

from drawing.cards import HILLS, MODEL
from drawing.classic import CLASSIC
from drawing.drawn import DRAWN
from drawing.film import FILM
from drawing.goods import GOODS
from drawing.sport import SPORT
from drawing.staging import Staging

STAGINGS = FILM | CLASSIC | GOODS | SPORT | DRAWN


def staging(id: str) -> Staging:
    """A preset's own staging, or a person on a plain."""
    return STAGINGS[id]() if id in STAGINGS else Staging(place=HILLS, subject=MODEL)
