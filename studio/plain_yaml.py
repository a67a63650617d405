"""YAML text → plain values (dict, list, str, int, float, bool, None) and the line of each.

Knows nothing of presets. Refuses all that can build objects, grow or hide: tags, anchors, aliases,
directives, duplicate keys, a second document, files of more than 256 KB, 8 levels or 4,000 values.
"""

from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.nodes import ScalarNode

MAX_BYTES = 256 * 1024
MAX_DEPTH = 8
# Pure Python reads about as many in a second; no preset has a tenth of them.
MAX_VALUES = 4000

Place = tuple[str | int, ...]
Lines = dict[Place, int]

# Every other scalar (dates, binary, …) stays the text that was written.
_SCALARS: MappingProxyType[str, Callable[[str], Any]] = MappingProxyType(
    {
        "tag:yaml.org,2002:int": int,
        "tag:yaml.org,2002:float": float,
        "tag:yaml.org,2002:bool": lambda text: text.lower() == "true",
        "tag:yaml.org,2002:null": lambda _: None,
    }
)


class PlainYamlError(ValueError):
    """The text is not plain YAML. line: counted from 1, None where it cannot be said."""

    def __init__(self, message: str, advice: str, line: int | None = None) -> None:
        super().__init__(message)
        self.message, self.advice, self.line = message, advice, line


def load(data: bytes) -> tuple[Any, Lines]:
    """The value of the one document in data, None if there is none, and every place's line.

    Raises PlainYamlError.
    """
    if len(data) > MAX_BYTES:
        raise PlainYamlError(
            f"it is larger than {MAX_BYTES // 1024} KB", "Keep only the look in it."
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise PlainYamlError("it is not UTF-8 text", "Save it as UTF-8.", line) from error
    reader = _Reader()
    try:
        return reader.document(text), reader.lines
    except PlainYamlError:
        raise
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise PlainYamlError(
            f"it is not YAML: {error.problem or error.context}",
            "Check the indentation, quotes and brackets around that line.",
            mark.line + 1 if mark else None,
        ) from error
    except YAMLError as error:
        reason = str(error).strip().splitlines()[0]
        raise PlainYamlError(
            f"it is not YAML: {reason}", "Write it with an editor for plain text."
        ) from error
    except (ValueError, OverflowError) as error:
        # The parser lets `chr` complain of an escape like "\Uffffffff".
        raise PlainYamlError(
            "it is not YAML: an escape in quotes names no character", "Write the character itself."
        ) from error


class _Reader:
    """Builds values from parser events, so that nothing is made before it is allowed."""

    def __init__(self) -> None:
        self.lines: Lines = {}
        self._yaml = YAML(typ="safe", pure=True)

    def document(self, text: str) -> Any:
        value, documents = None, 0
        events: Iterator[Event] = self._yaml.parse(text)
        for event in events:
            if not isinstance(event, DocumentStartEvent):
                continue
            if event.version is not None or event.tags:
                raise _refused(event, "directives (%) are not allowed", "Leave that line out.")
            documents += 1
            if documents == 2:
                raise _refused(event, "a second document starts here", "Keep one to a file.")
            value = self._value(events, next(events), ())
        return value

    def _value(self, events: Iterator[Event], event: Event, at: Place) -> Any:
        self.lines.setdefault(at, _line(event))
        _refuse_references(event)
        if len(self.lines) > MAX_VALUES:
            raise _refused(event, f"it holds more than {MAX_VALUES} values", "Say less.")
        if len(at) > MAX_DEPTH:
            raise _refused(event, f"it is more than {MAX_DEPTH} levels deep", "Nest less.")
        if isinstance(event, MappingStartEvent):
            return self._mapping(events, at)
        if isinstance(event, SequenceStartEvent):
            return self._sequence(events, at)
        assert isinstance(event, ScalarEvent)
        return self._scalar(event)

    def _sequence(self, events: Iterator[Event], at: Place) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(events), SequenceEndEvent):
            items.append(self._value(events, event, (*at, len(items))))
        return items

    def _mapping(self, events: Iterator[Event], at: Place) -> dict[str, Any]:
        values: dict[str, Any] = {}
        while not isinstance(event := next(events), MappingEndEvent):
            _refuse_references(event)
            if not isinstance(event, ScalarEvent):
                raise _refused(event, "a key must be a plain word", "Name the key.")
            key = _text(event)
            if key in values:
                raise _refused(event, f"the key “{key[:40]}” is there twice", "Keep one of them.")
            self.lines[*at, key] = _line(event)
            values[key] = self._value(events, next(events), (*at, key))
        return values

    def _scalar(self, event: ScalarEvent) -> Any:
        tag = self._yaml.resolver.resolve(ScalarNode, event.value, event.implicit)
        text = _text(event)
        try:
            return _SCALARS.get(str(tag), str)(text)
        except ValueError as error:
            raise _refused(
                event, f"“{text[:40]}” is not a number", "Put it in quotes, or correct it."
            ) from error


def _refuse_references(event: Event) -> None:
    if isinstance(event, NodeEvent) and event.anchor is not None:
        raise _refused(event, "anchors (&) and aliases (*) are not allowed", "Write the value out.")
    if isinstance(event, CollectionStartEvent | ScalarEvent) and event.tag is not None:
        raise _refused(event, "tags (!) are not allowed", "Write the plain value.")


def _text(event: ScalarEvent) -> str:
    """The scalar, with the pairs of escapes by which JSON writes one character joined."""
    try:
        return str(event.value).encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError as error:
        raise _refused(
            event, "an escape in quotes is half a character", "Write the character itself."
        ) from error


def _line(event: Event) -> int:
    return int(event.start_mark.line) + 1


def _refused(event: Event, message: str, advice: str) -> PlainYamlError:
    return PlainYamlError(message, advice, _line(event))
