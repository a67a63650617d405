"""What clips are looked for by, beside words; and what there is to choose from.

Plain values; knows neither how they are asked of the index nor how they are shown.
"""

from dataclasses import dataclass

from studio.shot import Kind


@dataclass(frozen=True, kw_only=True, slots=True)
class Filters:
    """Which clips. What is None does not matter.

    stars: the fewest and the most. model, preset: ids. tag: exactly as it is written. since:
    seconds since 1970, the clip was made then or later.
    """

    stars: tuple[int, int] | None = None
    model: str | None = None
    preset: str | None = None
    kind: Kind | None = None
    tag: str | None = None
    since: float | None = None


ANY = Filters()

# A name, and how many clips have it.
Counted = tuple[str, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Choices:
    """What the clips of a library can be filtered by, each with how many there are; models and
    presets by their ids, the most used first, tags by name."""

    models: tuple[Counted, ...]
    presets: tuple[Counted, ...]
    tags: tuple[Counted, ...]
