"""A clip → the look it was made with, as a preset.

Knows recipes and prompts; not where clips or presets are kept. As long as the clip's presets still
say what they said then, theirs and the cards' statements become one preset. Otherwise, as of a clip
from another computer, the look is read out of the text that the model read.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, replace
from typing import Any

from studio.clip import Tag
from studio.combine import Combination, Origin, combine, negative
from studio.errors import InvalidRequest
from studio.lora import Lora
from studio.models import MODELS, ModelSpec
from studio.preset_schema import UNREADABLE
from studio.preset_versions import SCHEMA
from studio.presets import Preset, from_document, to_document
from studio.prompt import CHINESE, Expansion, expand, template
from studio.recipe import Recipe
from studio.vocabulary import CATEGORIES, Form, Term

Document = dict[str, Any]
Resolve = Callable[[str | dict[str, Any]], Preset]

LANGUAGES = ("en", "zh")
# What stands between the parts of a prompt.
SEPARATORS = " ,.，。"
NAME_WORDS = 6
NAME_LENGTH = 60
ID_LENGTH = 40


def extract(tag: Tag, resolve: Resolve) -> Document:
    """The look of a clip as a new preset, which gives the same prompt again.

    resolve: the preset that a recipe names, raises InvalidRequest where it is not here. Raises
    InvalidRequest if the clip was made without a look.
    """
    spec = MODELS.get(tag.shot.model)
    if spec is None:
        raise InvalidRequest(
            f"This clip was made with “{tag.shot.model}”, which this Rushes does not know.",
            "Update Rushes, or choose another clip.",
        )
    said = _as_asked(tag, spec, resolve)
    if said is None:
        said = _as_read(tag, spec)
    said |= _worn(tag.shot.loras)
    if not said:
        raise InvalidRequest("This clip was made without a look.", "Choose another clip.")
    return _named(_title(tag.recipe.prompt)) | said


def of_recipe(recipe: Recipe, spec: ModelSpec, presets: Sequence[Preset], name: str) -> Document:
    """What the presets and cards of a recipe state, as one new preset of that name.

    Raises InvalidRequest if they state nothing.
    """
    # Its own negative prompt is the person's, not the look's.
    asked = replace(recipe, negative_prompt=None)
    said = _merged(combine(asked, presets), asked, spec)
    said |= _worn(expand(asked, spec, presets).loras)
    if not said:
        raise InvalidRequest(
            "There is no look to keep yet.", "Choose cards or presets on the Create page first."
        )
    return _named(name) | said


def _as_asked(tag: Tag, spec: ModelSpec, resolve: Resolve) -> Document | None:
    """What its presets and cards state, as one; None if that is not what the model read."""
    try:
        presets = [resolve(entry) for entry in tag.recipe.presets]
        if not _reads_the_same(expand(tag.recipe, spec, presets), tag):
            return None
    except InvalidRequest:
        return None
    if len(presets) == 1 and not tag.recipe.look:
        return to_document(presets[0])
    # Its own negative prompt is the person's, not the look's.
    recipe = replace(tag.recipe, negative_prompt=None)
    said = _merged(combine(recipe, presets), recipe, spec)
    return said if _gives(said, tag, spec) else None


def _worn(loras: Iterable[Lora]) -> Document:
    return _filled({"loras": [asdict(one) for one in loras]})


def _reads_the_same(expansion: Expansion, tag: Tag) -> bool:
    return (expansion.prompt, expansion.negative_prompt) == (
        tag.shot.prompt,
        tag.shot.negative_prompt,
    )


# -- from what was asked


def _merged(combined: Combination, recipe: Recipe, spec: ModelSpec) -> Document:
    sentences = [preset.prompt for preset in combined.presets if preset.prompt]
    said = {
        "look": _look(choice.term for choice in combined.wanted),
        "prompt": {
            language: template(combined, language)
            for language in LANGUAGES
            if any(getattr(each, language) for each in sentences)
        },
        "negative": _merged_edits(combined, recipe, spec),
        "sampling": _filled({"steps": combined.steps, "guidance": combined.guidance}),
    }
    return _filled(said)


def _merged_edits(combined: Combination, recipe: Recipe, spec: ModelSpec) -> Document:
    said = {language: negative(combined, recipe, spec, language) for language in LANGUAGES}
    added = {
        language: list(said[language].added)
        for language in LANGUAGES
        if any(getattr(preset.negative.add, language) for preset in combined.presets)
    }
    left = [word.text for word in said["en"].words if word.origin is Origin.MODEL]
    terms = [choice.term for choice in combined.choices]
    return _edits(added, left, terms, spec, "en")


def _edits(
    added: Document, left: Sequence[str], terms: Iterable[Term], spec: ModelSpec, language: str
) -> Document:
    """Edits to a negative prompt of whose own words only left are left; terms strike theirs."""
    fought = {word for term in terms for word in term.fights}
    gone = [word.en for word in spec.negative if word.get(language) not in left]
    removed = [word for word in dict.fromkeys(gone) if word not in fought]
    return _filled({"add": _filled(added), "remove": removed})


def _look(terms: Iterable[Term]) -> Document:
    """The terms by category, a single one without brackets."""
    ids: dict[str, list[str]] = {}
    for term in terms:
        ids.setdefault(term.category, []).append(term.id)
    return {category: each[0] if len(each) == 1 else each for category, each in ids.items()}


# -- from what was read


def _as_read(tag: Tag, spec: ModelSpec) -> Document:
    """The look in the text itself: its terms where they can be told, and else the words as they
    stand. What the sampler was told is no part of it."""
    language = expand(Recipe(prompt=tag.recipe.prompt), spec, []).language
    before, after = _around(tag)
    terms, front, back = _recognised(before, after, language)
    as_it_stands = _said([], before, after, language)
    candidates = [
        _said(terms, front, back, language)
        | _filled({"negative": _read_edits(tag, spec, terms, language)}),
        as_it_stands | _filled({"negative": _read_edits(tag, spec, [], language)}),
    ]
    return next((said for said in candidates if _gives(said, tag, spec)), as_it_stands)


def _around(tag: Tag) -> tuple[str, str]:
    """What stands before and after the person's own words."""
    if not tag.recipe.prompt:
        return "", tag.shot.prompt
    before, _, after = tag.shot.prompt.partition(tag.recipe.prompt)
    return before, after


def _recognised(before: str, after: str, language: str) -> tuple[list[Term], str, str]:
    """The terms at the beginning and at the end, and what is left of the two texts."""
    leading: list[Term] = []
    while found := _term(before.startswith, (Form.STYLE, Form.TAG), language):
        leading.append(found)
        before = before.removeprefix(found.emit.get(language)).lstrip(SEPARATORS)
    closing: list[Term] = []
    while found := _term(after.rstrip().endswith, (Form.SENTENCE,), language):
        closing.append(found)
        after = after.rstrip().removesuffix(found.emit.get(language)).rstrip()
    return [*leading, *closing], before, after if after.strip(SEPARATORS) else ""


def _term(fits: Callable[[str], bool], forms: tuple[Form, ...], language: str) -> Term | None:
    """The term whose words fit, the longest if there are several."""
    fitting = [
        term
        for category in CATEGORIES
        if category.form in forms
        for term in category.terms
        if fits(term.emit.get(language))
    ]
    return max(fitting, key=lambda term: len(term.emit.get(language)), default=None)


def _said(terms: Iterable[Term], before: str, after: str, language: str) -> Document:
    prompt = {language: f"{before}{{prompt}}{after.rstrip()}"} if before or after else {}
    return _filled({"look": _look(terms), "prompt": prompt})


def _read_edits(tag: Tag, spec: ModelSpec, terms: Iterable[Term], language: str) -> Document:
    if tag.recipe.negative_prompt is not None:
        return {}
    words = re.split("，" if language == "zh" else ", ", tag.shot.negative_prompt)
    own = [word.get(language) for word in spec.negative]
    left: list[str] = []
    added: list[str] = []
    for word in filter(None, words):
        # What is left of the model's words is in their order; out of it, a word was added.
        if word in own:
            own = own[own.index(word) + 1 :]
            left.append(word)
        else:
            added.append(word)
    return _edits({language: added}, left, terms, spec, language)


def _gives(said: Document, tag: Tag, spec: ModelSpec) -> bool:
    """Whether the model would read the same again."""
    recipe = replace(tag.recipe, presets=(), look={})
    try:
        preset = from_document(_named("") | said)
        return _reads_the_same(expand(recipe, spec, [preset]), tag)
    except InvalidRequest:
        return False


# -- a name for it


def _title(prompt: str) -> str:
    """A prompt's first words."""
    return " ".join(prompt.split()[:NAME_WORDS])[:NAME_LENGTH]


def _named(title: str) -> Document:
    name = " ".join(UNREADABLE.sub("", title).split())
    ascii_words = re.findall("[a-z0-9]+", unicodedata.normalize("NFKD", title).lower())
    id = "-".join(ascii_words[:NAME_WORDS])[:ID_LENGTH].strip("-")
    language = "zh" if CHINESE.search(name) else "en"
    return {
        "schema": SCHEMA,
        "id": f"look-{id}" if id else "look",
        "name": {language: name} if name else {"en": "A look", "zh": "一种风格"},
    }


def _filled(document: Document) -> Document:
    """Without what says nothing."""
    return {key: value for key, value in document.items() if value}
