"""Plain YAML: values and lines, and nothing that builds, grows or hides."""

import contextlib
import time

import pytest

from studio.plain_yaml import MAX_BYTES, MAX_VALUES, PlainYamlError, load


def test_values_come_with_their_lines() -> None:
    value, lines = load(b"a: 1\nb:\n  - x\n  - {c: true}\n")
    assert value == {"a": 1, "b": ["x", {"c": True}]}
    assert lines == {
        (): 1,
        ("a",): 1,
        ("b",): 2,
        ("b", 0): 3,
        ("b", 1): 4,
        ("b", 1, "c"): 4,
    }


def test_json_is_yaml_too() -> None:
    assert load(rb'{"a": "\ud83d\ude00", "b": [1, null, false]}')[0] == {
        "a": "😀",
        "b": [1, None, False],
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (r'a: "\ud800"', "half a character"),
        (r'"\udfff": 1', "half a character"),
        (r'a: "\U0011ffff"', "names no character"),
        (r'a: "\Uffffffff"', "names no character"),
        ("%YAML 1.1\n---\na: no\n", "directives"),
        ("%TAG ! tag:x,2024:\n---\na: 1\n", "directives"),
        ("a: 0x1F", "“0x1F” is not a number"),
        ("a: .inf", "is not a number"),
        (f"a: {'9' * 5000}", "is not a number"),
        ("a: &a 1", "anchors"),
        ("a: !!int 1", "tags"),
        ("k: " + "[" * 9 + "]" * 9, "8 levels"),
    ],
)
def test_what_is_not_plain_is_refused(text: str, words: str) -> None:
    with pytest.raises(PlainYamlError, match=words):
        load(text.encode())


# Everything here has 256 KB to do its worst in.
LARGE = {
    "a list without end": "a:\n" + "- x\n" * 60_000,
    "a list on one line": "a: [" + "b," * 120_000 + "]",
    "keys": "".join(f"k{number}: v\n" for number in range(25_000)),
    "open brackets": "a: " + "[" * 250_000,
    "dashes": "- " * 120_000,
    "a word": "a: " + "x " * 120_000,
    "escapes": 'a: "' + "\\n" * 120_000 + '"',
    "empty lines": "\n" * 250_000,
    "a comment": "# " + "#" * 250_000,
    "an anchor": "a: &" + "x" * 250_000,
}


@pytest.mark.parametrize("case", LARGE)
def test_the_largest_file_is_read_or_refused_in_seconds(case: str) -> None:
    data = LARGE[case].encode()
    assert len(data) <= MAX_BYTES
    began = time.process_time()
    with contextlib.suppress(PlainYamlError):
        load(data)
    assert time.process_time() - began < 5


def test_there_is_an_end_to_the_values() -> None:
    keys = "".join(f"k{number}: v\n" for number in range(MAX_VALUES))
    with pytest.raises(PlainYamlError, match="more than 4000 values"):
        load(keys.encode())
