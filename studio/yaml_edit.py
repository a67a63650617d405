"""Changing a plain YAML file as a careful person would: comments, order and spacing stay.

Knows nothing of presets. The smallest entry around a change is written anew by ruamel.yaml's round
trip; every other line stays byte for byte.
"""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scalarstring import ScalarString, SingleQuotedScalarString

from studio.plain_yaml import PlainYamlError, load

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class _Edit:
    """These lines take the place of lines[start:stop]."""

    start: int
    stop: int
    lines: list[str]


def rewritten(data: bytes, wanted: dict[str, Any]) -> bytes:
    """The file with the values of wanted; what does not change stays as it was written.

    data: plain YAML whose document is keys and values. Raises PlainYamlError if it is not, or if
    it is written so unusually that the rest would not stay as it is.
    """
    old, _ = load(data)
    text = data.removeprefix(_BOM).decode()
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.replace("\r\n", "\n").split("\n")
    try:
        edits = list(_edits(lines, old, wanted))
    except (YAMLError, ValueError) as error:
        # The round trip knows dates and other scalars that are plain words to us.
        raise _unusual() from error
    # They come in the order of the file, and none must move the lines of one before it.
    for edit in reversed(edits):
        lines[edit.start : edit.stop] = edit.lines
    new = newline.join(lines).encode()
    result = _BOM + new if data.startswith(_BOM) else new
    if load(result)[0] != wanted:
        raise _unusual()
    return result


def written(document: dict[str, Any]) -> bytes:
    """A new file of plain values: a line for each, lists in brackets."""
    return "\n".join([*_dumped(_block(document)), ""]).encode()


def _edits(lines: list[str], old: object, wanted: dict[str, Any]) -> Iterator[_Edit]:
    root = _yaml(lines).load("\n".join(lines))
    if not isinstance(root, CommentedMap) or not isinstance(old, dict):
        raise _unusual()
    if _in_lines(root, lines):
        yield from _entries(root, old, wanted, lines, len(lines))
    elif old != wanted:
        _assign(root, wanted)
        yield _Edit(0, len(lines), [*_dumped(root, _yaml(lines)), ""])


def _entries(
    node: CommentedMap, old: dict[str, Any], wanted: dict[str, Any], lines: list[str], end: int
) -> Iterator[_Edit]:
    """The edits within a mapping whose entries have lines of their own; end: where it ends."""
    keys = list(node)
    column = node.lc.key(keys[0])[1]
    starts = [node.lc.key(key)[0] for key in keys]
    stop = starts[0]
    for key, start, limit in zip(keys, starts, [*starts[1:], end], strict=True):
        stop = _last_line(lines, start, limit, column) + 1
        if key not in wanted:
            yield _Edit(start, stop, [])
        elif wanted[key] == old[key]:
            continue
        elif _goes_on_within(node[key], wanted[key], lines):
            yield from _entries(node[key], old[key], wanted[key], lines, stop)
        else:
            yield _Edit(start, stop, _again(lines[start:stop], column, key, wanted[key]))
    added = {key: value for key, value in wanted.items() if key not in old}
    if added:
        yield _Edit(stop, stop, _indented(_dumped(_block(added)), column))


def _goes_on_within(node: object, wanted: object, lines: list[str]) -> bool:
    """Whether some of the entries of a mapping with its own lines stay."""
    return (
        isinstance(node, CommentedMap)
        and isinstance(wanted, dict)
        and _in_lines(node, lines)
        and bool(wanted.keys() & node.keys())
    )


def _in_lines(node: CommentedMap, lines: list[str]) -> bool:
    """Whether every entry begins a line, all in one column."""
    if not node or node.fa.flow_style():
        return False
    places = [node.lc.key(key) for key in node]
    return len({column for _, column in places}) == 1 and all(
        not lines[line][:column].strip() for line, column in places
    )


def _last_line(lines: list[str], start: int, limit: int, column: int) -> int:
    """Where an entry ends: blank lines, and comments no deeper than it, belong to what follows."""
    last = limit - 1
    while last > start and _between(lines[last], column):
        last -= 1
    return last


def _between(line: str, column: int) -> bool:
    words = line.lstrip()
    return not words or line == "..." or (words[0] == "#" and len(line) - len(words) <= column)


def _again(lines: list[str], column: int, key: str, value: object) -> list[str]:
    """The lines of one entry with a new value, its comments kept."""
    outdented = [line[column:] if not line[:column].strip() else line.lstrip() for line in lines]
    yaml = _yaml(outdented)
    entry = yaml.load("\n".join(outdented))
    _put(entry, key, value)
    return _indented(_dumped(entry, yaml), column)


def _assign(node: CommentedMap, wanted: dict[str, Any]) -> None:
    for key in [key for key in node if key not in wanted]:
        del node[key]
    for key, value in wanted.items():
        _put(node, key, value)


def _put(node: CommentedMap, key: str, value: object) -> None:
    """Set a value, as near to how the one before it was written as can be."""
    old = node.get(key)
    if key in node and old == value:
        return
    if isinstance(old, CommentedMap) and isinstance(value, dict) and value:
        _assign(old, value)
    elif isinstance(old, CommentedSeq) and isinstance(value, list) and value:
        _fill(old, value)
    elif isinstance(old, ScalarString) and isinstance(value, str):
        node[key] = type(old)(value)
    else:
        node[key] = _flow(value)


def _fill(node: CommentedSeq, wanted: list[Any]) -> None:
    """Make a list equal to wanted; what stays in it keeps its comment."""
    for number in reversed(range(len(node))):
        if node[number] not in wanted:
            del node[number]
    for number, value in enumerate(wanted):
        if number == len(node) or (node[number] != value and value not in node):
            node.insert(number, _flow(value))
        elif node[number] != value:
            node[number] = _flow(value)
    del node[len(wanted) :]


def _block(document: dict[str, Any]) -> CommentedMap:
    """Keys on lines of their own, and so those of the mappings in it; all deeper in brackets."""
    node = CommentedMap()
    for key, value in document.items():
        within = isinstance(value, dict) and value
        node[key] = CommentedMap(_flow_items(value)) if within else _flow(value)
    return node


def _flow(value: Any) -> Any:
    """The value as ruamel writes it in brackets on one line."""
    if isinstance(value, dict):
        node = CommentedMap(_flow_items(value))
        node.fa.set_flow_style()
        return node
    if isinstance(value, list):
        items = CommentedSeq(_flow(item) for item in value)
        items.fa.set_flow_style()
        return items
    return _quoted(value) if isinstance(value, str) else value


def _flow_items(value: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(_quoted(key), _flow(item)) for key, item in value.items()]


def _quoted(word: str) -> str:
    """In brackets ruamel writes a word that begins with a colon bare, and cannot read it then."""
    return SingleQuotedScalarString(word) if word.startswith(":") else word


def _yaml(lines: list[str]) -> YAML:
    """A round trip that breaks no lines and indents lists as these lines do."""
    yaml = YAML(typ="rt", pure=True)
    yaml.preserve_quotes = True
    yaml.width = 1 << 20
    dashes = (re.match(r"( *)- ", line) for line in lines)
    offset = min((len(dash[1]) for dash in dashes if dash), default=2)
    yaml.indent(mapping=2, sequence=offset + 2, offset=offset)
    return yaml


def _dumped(node: CommentedMap, yaml: YAML | None = None) -> list[str]:
    stream = io.StringIO()
    (yaml or _yaml([])).dump(node, stream)
    return stream.getvalue().removesuffix("\n").split("\n")


def _indented(lines: list[str], column: int) -> list[str]:
    return [" " * column + line if line else line for line in lines]


def _unusual() -> PlainYamlError:
    return PlainYamlError(
        "it is written so unusually that a change would disturb the rest", "Edit it by hand."
    )
