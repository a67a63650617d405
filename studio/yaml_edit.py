"""Changing a plain YAML file as a careful person would: comments, order and spacing stay.

Knows nothing of presets. The smallest entry around a change is written anew by ruamel.yaml's round
trip, where that keeps the comments of what stays; every other line stays byte for byte.
"""

import io
import re
from collections import Counter
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
        yield _Edit(0, len(lines), [*_commented(lines, _dumped(root, _yaml(lines))), ""])


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
        elif _goes_on_below(node[key], wanted[key], lines):
            yield _items(node[key], old[key], wanted[key], lines, stop)
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
        and _shares(node, wanted)
    )


def _goes_on_below(node: object, wanted: object, lines: list[str]) -> bool:
    """Whether a list has a line for each item, and is to have items."""
    return (
        isinstance(node, CommentedSeq)
        and isinstance(wanted, list)
        and bool(wanted)
        and len({_dash(node, number, lines) for number in range(len(node))} | {None}) == 2
    )


def _shares(old: object, wanted: object) -> bool:
    """Whether some of a mapping or a list stays."""
    if isinstance(old, CommentedMap) and isinstance(wanted, dict):
        return bool(wanted.keys() & old.keys())
    return (
        isinstance(old, CommentedSeq)
        and isinstance(wanted, list)
        and any(item in wanted for item in old)
    )


def _in_lines(node: CommentedMap, lines: list[str]) -> bool:
    """Whether every entry begins a line, all in one column."""
    if not node or node.fa.flow_style():
        return False
    places = [node.lc.key(key) for key in node]
    return len({column for _, column in places}) == 1 and all(
        not lines[line][:column].strip() for line, column in places
    )


def _dash(node: CommentedSeq, number: int, lines: list[str]) -> int | None:
    """The column of an item's dash; None where it does not begin the line."""
    line, column = node.lc.item(number)
    dash = re.fullmatch(r"( *)- +", lines[line][:column])
    return len(dash[1]) if dash else None


def _items(
    node: CommentedSeq, old: list[Any], wanted: list[Any], lines: list[str], end: int
) -> _Edit:
    """The edit of a list whose items have lines of their own; end: where it ends. An item that
    stays takes the comments above it along; those above one that goes are left to what follows."""
    column = _dash(node, 0, lines) or 0
    starts = [node.lc.item(number)[0] for number in range(len(old))]
    stop, above, gone = starts[0], list[str](), list[str]()
    kept: list[tuple[Any, list[str]]] = []
    added = list(wanted)
    for value, start, limit in zip(old, starts, [*starts[1:], end], strict=True):
        above += lines[stop:start]
        stop = _last_line(lines, start, limit, column) + 1
        if value in added:
            added.remove(value)
            kept.append((value, above + lines[start:stop]))
            above = []
        elif isinstance(value, dict):
            gone += lines[start:stop]
    new: list[str] = []
    for value in wanted:
        found = next((each for each in kept if each[0] == value), None)
        if found:
            kept.remove(found)
        new += found[1] if found else _indented(_item(value), column)
    # A mapping that goes while another one comes may be that one, changed.
    return _Edit(starts[0], stop, _commented(gone if added else [], new + above))


def _item(value: Any) -> list[str]:
    """A value as an item of a list, its dash at the beginning of the line."""
    return _dumped(CommentedSeq([_flow(value)]), _yaml(["- "]))


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
    stays = _shares(entry[key], value)
    _put(entry, key, value)
    new = _dumped(entry, yaml)
    return _indented(_commented(outdented, new) if stays else new, column)


def _commented(old: list[str], new: list[str]) -> list[str]:
    """The new lines. Raises PlainYamlError if they lack a comment of the old ones: the round trip
    loses those within brackets."""
    if Counter(_comments(old)) - Counter(_comments(new)):
        raise _unusual()
    return new


def _comments(lines: list[str]) -> Iterator[str]:
    text, end = "\n".join(lines), 0
    for token in _yaml(lines).scan(text):
        yield from re.findall("#.*", text[end : token.start_mark.index])
        end = token.end_mark.index


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
    """Make a list equal to wanted; what stays in it is not written anew."""
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


def _dumped(node: CommentedMap | CommentedSeq, yaml: YAML | None = None) -> list[str]:
    stream = io.StringIO()
    (yaml or _yaml([])).dump(node, stream)
    return stream.getvalue().removesuffix("\n").split("\n")


def _indented(lines: list[str], column: int) -> list[str]:
    return [" " * column + line if line else line for line in lines]


def _unusual() -> PlainYamlError:
    return PlainYamlError(
        "it is written so unusually that a change would disturb the rest", "Edit it by hand."
    )
