"""Presets and cards → one look: every choice with who made it, and what lost out with the reason.

Knows the order and the rules; not how a choice is written into a prompt. The rules:

- Presets count in the order they are named, the cards after all of them. A preset that is named
  twice counts once, at its last place.
- A category takes its newest choices up to its limit. Then a reference picture decides light,
  framing, lens and tone; a two-dimensional style drops the cinema tags; a camera move drops the
  camera angle.
- The sentences of all presets are kept, one that two presets share once.
- Steps and guidance are those of the last preset that states them; the person's own win.
- The negative prompt begins as the model's. Each preset, then each card, first strikes what it
  removes or what its terms cannot bear, then adds its own: an earlier word can be struck, a later
  one stands. The person's own negative prompt takes the place of all.

Whatever was stated and does not hold is in `left_out` (terms) or `overruled` (the rest).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from studio.errors import InvalidRequest
from studio.models import ModelSpec
from studio.preset_schema import Preset
from studio.recipe import Recipe
from studio.vocabulary import CATEGORIES, Category, Form, Term, category, term


class Origin(StrEnum):
    """Who put a part into the prompt."""

    USER = "user"
    PRESET = "preset"
    CARD = "card"
    MODEL = "model"


class Reason(StrEnum):
    """Why a chosen term is not in the prompt."""

    REPLACED = "replaced"  # a later choice took its place
    FLAT_STYLE = "flat-style"
    CAMERA_MOVE = "camera-move"
    PICTURE = "picture"


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """A chosen term. source: a preset's id or a card's `category=term`."""

    term: Term
    origin: Origin
    source: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LeftOut:
    """A chosen term that is not in the prompt, and why. by: the source of what took its place or
    forbids it, “picture” for the reference picture."""

    term: Term
    source: str
    reason: Reason
    by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Overruled:
    """Something else that a preset states and that has no effect.

    key: where it stands in the file, as `sampling.steps`. value: what it says. by: who said
    otherwise: a preset's id, a card's `category=term`, or the recipe's `steps` or
    `negative_prompt`.
    """

    key: str
    value: str
    source: str
    by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Combination:
    """What holds of several presets and cards.

    wanted: the choices within every limit, in the vocabulary's order. choices: those of them that
    nothing forbids. presets: each once, in order. steps, guidance: what the presets ask for.
    """

    wanted: tuple[Choice, ...]
    choices: tuple[Choice, ...]
    presets: tuple[Preset, ...]
    steps: int | None
    guidance: float | None
    left_out: tuple[LeftOut, ...]
    overruled: tuple[Overruled, ...]

    def around(self, language: str) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        """What stands before the person's words and what follows them, as (source, text), each in
        the order of the prompt."""
        templates = [
            (preset.id, *preset.prompt.get(language).split("{prompt}"))
            for preset in self.presets
            if preset.prompt is not None
        ]
        before = [(source, text) for source, text, _ in reversed(templates) if text]
        after = [(source, text) for source, _, text in templates if text.strip()]
        return _once(before), _once(after)


@dataclass(frozen=True, kw_only=True, slots=True)
class Unwanted:
    """A word of the negative prompt and who put it there."""

    text: str
    origin: Origin
    source: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Negative:
    """The negative prompt, word by word. added: what presets add that holds, also where the model
    says it anyway. overruled: what they say of it to no effect."""

    words: tuple[Unwanted, ...]
    added: tuple[str, ...]
    overruled: tuple[Overruled, ...]


def combine(recipe: Recipe, presets: Sequence[Preset]) -> Combination:
    """One look; presets are those that the recipe names, in order.

    Raises InvalidRequest for an unknown term or more cards of a category than it takes.
    """
    once = tuple(
        preset for number, preset in enumerate(presets) if preset not in presets[number + 1 :]
    )
    wanted, replaced = _within_limits(_chosen(recipe, once))
    choices, forbidden = _allowed(wanted, recipe)
    steps = [(one.id, one.sampling.steps) for one in once if one.sampling.steps is not None]
    guidance = [
        (one.id, one.sampling.guidance) for one in once if one.sampling.guidance is not None
    ]
    own_steps = [] if recipe.steps is None else [("steps", recipe.steps)]
    return Combination(
        wanted=tuple(wanted),
        choices=tuple(choices),
        presets=once,
        steps=steps[-1][1] if steps else None,
        guidance=guidance[-1][1] if guidance else None,
        left_out=(*replaced, *forbidden),
        overruled=(
            *_overruled("sampling.steps", [*steps, *own_steps]),
            *_overruled("sampling.guidance", guidance),
        ),
    )


def negative(combination: Combination, recipe: Recipe, spec: ModelSpec, language: str) -> Negative:
    """What becomes of the model's negative prompt, in a language."""
    if recipe.negative_prompt is not None:
        return _own_negative(combination, recipe.negative_prompt, language)
    edited = _Edited(spec, language)
    for preset in combination.presets:
        edited.remove(preset.negative.remove, preset.id)
        for choice in combination.choices:
            if choice.origin is Origin.PRESET and choice.source == preset.id:
                edited.strike(choice.term.fights, preset.id)
        edited.add(preset.negative.add.get(language), preset.id)
    for choice in combination.choices:
        if choice.origin is Origin.CARD:
            edited.strike(choice.term.fights, choice.source)
    return Negative(
        words=tuple(edited.words),
        added=tuple(said[0][0] for said in edited.added.values()),
        overruled=tuple(edited.overruled),
    )


def _own_negative(combination: Combination, text: str, language: str) -> Negative:
    """The person's, in whose place no preset can say anything."""
    overruled = (
        Overruled(key=key, value=word, source=preset.id, by="negative_prompt")
        for preset in combination.presets
        for key, words in (
            ("negative.remove", preset.negative.remove),
            ("negative.add", preset.negative.add.get(language)),
        )
        for word in words
    )
    own = Unwanted(text=text, origin=Origin.USER, source="negative_prompt")
    return Negative(words=(own,), added=(), overruled=tuple(overruled))


class _Edited:
    """The negative prompt while it is edited, by what each word means: case does not matter, nor
    the language of those that the model brings."""

    def __init__(self, spec: ModelSpec, language: str) -> None:
        self._english = {words.zh: words.en for words in spec.negative}
        # The models' own list names one meaning twice, so this is no dict.
        self.words = [
            Unwanted(text=words.get(language), origin=Origin.MODEL, source=spec.id)
            for words in spec.negative
        ]
        self.overruled: list[Overruled] = []
        # What presets said of each meaning so far, as (text, source).
        self.added: dict[str, list[tuple[str, str]]] = {}
        self._removed: dict[str, list[tuple[str, str]]] = {}

    def strike(self, texts: Sequence[str], by: str) -> None:
        for meaning in map(self._meaning, texts):
            self.words = [word for word in self.words if self._meaning(word.text) != meaning]
            self._overrule("negative.add", self.added.pop(meaning, []), by)

    def remove(self, texts: Sequence[str], by: str) -> None:
        """Strike as a preset states it, which a later one may take back."""
        self.strike(texts, by)
        for text in texts:
            self._removed.setdefault(self._meaning(text), []).append((text, by))

    def add(self, texts: Sequence[str], source: str) -> None:
        for text in texts:
            meaning = self._meaning(text)
            self._overrule("negative.remove", self._removed.pop(meaning, []), source)
            self.added.setdefault(meaning, []).append((text, source))
            if meaning not in map(self._meaning, (word.text for word in self.words)):
                word = Unwanted(text=text, origin=Origin.PRESET, source=source)
                self.words.append(word)

    def _meaning(self, text: str) -> str:
        return self._english.get(text, text).casefold()

    def _overrule(self, key: str, said: Sequence[tuple[str, str]], by: str) -> None:
        for value, source in said:
            self.overruled.append(Overruled(key=key, value=value, source=source, by=by))


def _overruled(key: str, stated: Sequence[tuple[str, float]]) -> list[Overruled]:
    """Those numbers that the last one takes the place of."""
    return [
        Overruled(key=key, value=f"{number:g}", source=source, by=stated[-1][0])
        for source, number in stated
        if number != stated[-1][1]
    ]


def _once(texts: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Of equal texts only the last, as (source, text)."""
    return [
        (source, text)
        for number, (source, text) in enumerate(texts)
        if text not in (later for _, later in texts[number + 1 :])
    ]


def _chosen(recipe: Recipe, presets: Sequence[Preset]) -> list[Choice]:
    """Every choice in the order it was made, and in a preset's or the recipe's own order."""
    chosen = [
        Choice(term=term(group_id, name), origin=Origin.PRESET, source=preset.id)
        for preset in presets
        for group_id, names in preset.look.items()
        for name in names
    ]
    for group_id, names in recipe.look.items():
        group = category(group_id)
        if len(names) > group.limit:
            raise InvalidRequest(
                f"{len(names)} terms of {group.name.en.lower()} are too many.",
                f"Choose at most {group.limit}.",
            )
        chosen += [
            Choice(term=term(group_id, name), origin=Origin.CARD, source=f"{group_id}={name}")
            for name in names
        ]
    return chosen


def _within_limits(chosen: list[Choice]) -> tuple[list[Choice], list[LeftOut]]:
    """The newest of each category, in the vocabulary's order."""
    kept: list[Choice] = []
    left_out: list[LeftOut] = []
    for kind in CATEGORIES:
        own = [choice for choice in chosen if choice.term.category == kind.id]
        # A term chosen twice belongs to the last who chose it and is no loss.
        newest: dict[str, Choice] = {}
        for choice in reversed(own):
            newest.setdefault(choice.term.id, choice)
        newest_first = list(newest.values())
        kept += reversed(newest_first[: kind.limit])
        left_out += [
            _left_out(choice, Reason.REPLACED, newest_first[0].source)
            for choice in newest_first[kind.limit :]
        ]
    return kept, left_out


def _allowed(choices: list[Choice], recipe: Recipe) -> tuple[list[Choice], list[LeftOut]]:
    flat = _first(choice for choice in choices if choice.term.flat)
    # A fixed camera moves nowhere, so its angle stays.
    move = _first(
        choice
        for choice in choices
        if choice.term.category == "camera_move" and choice.term.id != "fixed"
    )
    picture = "picture" if recipe.picture and not recipe.look_over_picture else None

    def forbidden(group: Category) -> tuple[Reason, str] | None:
        if picture and group.picture_decides:
            return Reason.PICTURE, picture
        if flat and group.form is Form.TAG:
            return Reason.FLAT_STYLE, flat
        if move and group.id == "camera_angle":
            return Reason.CAMERA_MOVE, move
        return None

    kept: list[Choice] = []
    left_out: list[LeftOut] = []
    for choice in choices:
        why = forbidden(category(choice.term.category))
        if why is None:
            kept.append(choice)
        else:
            left_out.append(_left_out(choice, *why))
    return kept, left_out


def _first(choices: Iterable[Choice]) -> str | None:
    """Who made the first of these choices, if there is one."""
    return next((choice.source for choice in choices), None)


def _left_out(choice: Choice, reason: Reason, by: str) -> LeftOut:
    return LeftOut(term=choice.term, source=choice.source, reason=reason, by=by)
