"""Recipe → the text the model reads, with every stretch of it traceable to where it came from.

Only what was chosen is written. With nothing chosen the prompt is the person's text exactly. Order:
style, tags in lower case, full stop, the person's text unchanged, the presets' sentences, emotion
and motion, the camera last. A separator belongs to the part that follows it. What holds of several
presets and cards, and what is left out and why, is decided in `studio.combine`.
"""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from studio.combine import (
    Choice,
    Combination,
    LeftOut,
    Origin,
    Overruled,
    Reason,
    combine,
    negative,
)
from studio.lora import Lora
from studio.models import ModelSpec
from studio.presets import Preset
from studio.recipe import Recipe
from studio.vocabulary import Form, category

__all__ = [
    "CHINESE",
    "Expansion",
    "LeftOut",
    "Origin",
    "Overruled",
    "Part",
    "Reason",
    "expand",
    "template",
]

# Chinese, including extension A and compatibility ideographs.
CHINESE = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
LATIN_WORD = re.compile(r"[A-Za-z]+")
SENTENCE_END = re.compile(r"[.!?…。！？]['\"”’)）」』]*$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A stretch of the prompt. source: a preset's id, a card's `category=term`, or a model's id."""

    text: str
    origin: Origin
    source: str

    def to_json(self) -> dict[str, str]:
        return {"text": self.text, "origin": self.origin.value, "source": self.source}


@dataclass(frozen=True, kw_only=True, slots=True)
class Expansion:
    """What the model will read. The parts' texts joined are the prompts, exactly.

    left_out: chosen terms that are not in it. overruled: what else the presets state to no effect.
    steps, guidance: what the presets ask for, None where they leave it to the model. loras: theirs
    and then the recipe's. quick: the model's distillation LoRAs, for previews; none where other
    sampling was asked for.
    """

    language: str
    parts: tuple[Part, ...]
    negative_parts: tuple[Part, ...]
    left_out: tuple[LeftOut, ...]
    overruled: tuple[Overruled, ...]
    steps: int | None
    guidance: float | None
    loras: tuple[Lora, ...] = ()
    quick: tuple[Lora, ...] = ()

    @property
    def prompt(self) -> str:
        return "".join(part.text for part in self.parts)

    @property
    def negative_prompt(self) -> str:
        return "".join(part.text for part in self.negative_parts)

    def to_json(self) -> dict[str, Any]:
        """The expansion as the command line and the page tell it."""
        return {
            "prompt": self.prompt,
            "negative_prompt": self.negative_prompt,
            "parts": [part.to_json() for part in self.parts],
            "negative_parts": [part.to_json() for part in self.negative_parts],
            "left_out": [
                {
                    "category": left.term.category,
                    "term": left.term.id,
                    "source": left.source,
                    "reason": left.reason.value,
                    "by": left.by,
                }
                for left in self.left_out
            ],
            "overruled": [asdict(said) for said in self.overruled],
        }


def expand(
    recipe: Recipe, spec: ModelSpec, presets: Sequence[Preset], quick: tuple[Lora, ...] = ()
) -> Expansion:
    """The text for a recipe; presets are those it names, in order. quick: the model's distillation
    LoRAs, where they are here.

    Raises InvalidRequest for an unknown term or more terms of a category than it takes.
    """
    language = _language(recipe.prompt)
    combined = combine(recipe, presets)
    asked = (recipe.steps, combined.steps, combined.guidance)
    unwanted = negative(combined, recipe, spec, language)
    avoid = _Text(language)
    for word in unwanted.words:
        avoid.listed(word.text, word.origin, word.source)
    return Expansion(
        language=language,
        parts=_positive(recipe.prompt, combined, language),
        negative_parts=tuple(avoid.parts),
        left_out=combined.left_out,
        overruled=(*combined.overruled, *unwanted.overruled),
        steps=combined.steps,
        guidance=combined.guidance,
        loras=_loras(recipe, combined.presets),
        quick=quick if recipe.quick and asked == (None, None, None) else (),
    )


def _loras(recipe: Recipe, presets: Sequence[Preset]) -> tuple[Lora, ...]:
    """Of one file for one expert the last one counts, as for everything that presets state."""
    brought = (Lora(**one.model_dump()) for preset in presets for one in preset.loras)
    last = {(one.sha256, one.expert): one for one in (*brought, *recipe.loras)}
    return tuple(last.values())


def template(combined: Combination, language: str) -> str:
    """The sentences of all presets as those of one: around one `{prompt}`."""
    openings, closings = combined.around(language)
    text = _Text(language)
    for source, before in openings:
        text.add(before, Origin.PRESET, source)
    text.add("{prompt}", Origin.USER, "prompt")
    for source, after in closings[:1]:
        # How it joins depends on how the person's words end, and is decided when they are there.
        text.add(after.rstrip(), Origin.PRESET, source)
    _close(text, closings[1:])
    return text.text


def _language(prompt: str) -> str:
    """A shop sign in Chinese does not make a text Chinese, nor a brand name English."""
    return "zh" if len(CHINESE.findall(prompt)) > len(LATIN_WORD.findall(prompt)) else "en"


class _Text:
    """A text growing part by part; each part carries the separator in front of it."""

    def __init__(self, language: str) -> None:
        self.chinese = language == "zh"
        self.parts: list[Part] = []
        self.text = ""

    def add(self, text: str, origin: Origin, source: str) -> None:
        if text:
            self.parts.append(Part(text=text, origin=origin, source=source))
            self.text += text

    def listed(self, text: str, origin: Origin, source: str) -> None:
        comma = "，" if self.chinese else ", "
        self.add((comma if self.text else "") + text, origin, source)

    def sentence(self, text: str, origin: Origin, source: str) -> None:
        self.add(self._stop() + text, origin, source)

    def _stop(self) -> str:
        written = self.text.rstrip()
        if not written:
            return ""
        ended = bool(SENTENCE_END.search(written))
        if self.chinese:
            return "" if ended else "。"
        space = "" if self.text != written else " "
        return space if ended else ". "


def _positive(prompt: str, combined: Combination, language: str) -> tuple[Part, ...]:
    text = _Text(language)
    by_form: dict[Form, list[Choice]] = {form: [] for form in Form}
    for choice in combined.choices:
        by_form[category(choice.term.category).form].append(choice)
    for choice in by_form[Form.STYLE] + by_form[Form.TAG]:
        text.listed(choice.term.emit.get(language), choice.origin, choice.source)
    _user_text(text, prompt, combined)
    # The camera is the last sentence, as in the official guide's own prompts.
    for choice in sorted(by_form[Form.SENTENCE], key=lambda c: c.term.category == "camera_move"):
        text.sentence(choice.term.emit.get(language), choice.origin, choice.source)
    return tuple(text.parts)


def _user_text(text: _Text, prompt: str, combined: Combination) -> None:
    openings, closings = combined.around("zh" if text.chinese else "en")
    for number, (source, before) in enumerate(openings):
        put = text.add if number else text.sentence
        put(before, Origin.PRESET, source)
    if openings:
        text.add(prompt, Origin.USER, "prompt")
    elif prompt:
        text.sentence(prompt, Origin.USER, "prompt")
    _close(text, closings)


def _close(text: _Text, closings: Sequence[tuple[str, str]]) -> None:
    for source, after in closings:
        words = after.strip()
        if words[0].isalnum():
            text.sentence(words, Origin.PRESET, source)
        else:
            text.add(after.rstrip(), Origin.PRESET, source)
