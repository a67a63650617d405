"""Editing YAML: what changes is new, all else stays as it was written."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from studio.paths import BUNDLED_PRESETS
from studio.plain_yaml import PlainYamlError, load
from studio.yaml_edit import rewritten, written

FILES = sorted(BUNDLED_PRESETS.glob("*.yaml"))
BY_HAND = """\
# top
---
schema: 1     # one
id:   spaced-out    # two
name: { en:  A,
        zh: B }   # three

look:

  # about light
  lighting_type:   # types
    - soft      # so soft
    - side      # and aside
    # after list
  # about tone
  color_tone: [ warm,  saturated ]

# about sentences
prompt:
  en: >-
    {prompt} Folded
    over lines.
  zh: |
    {prompt} # not a comment

    last
# the end
tags:
- plain
- 'no'
...
"""

Change = Callable[[dict[str, Any]], object]


def changed(text: str, change: Change) -> str:
    document = load(text.encode())[0]
    change(document)
    return rewritten(text.encode(), document).decode()


@pytest.mark.parametrize(
    ("change", "old", "new"),
    [
        (lambda d: d.update(id="b"), "id:   spaced-out    # two", "id: b               # two"),
        (
            lambda d: d["name"].update(en="New: #1"),
            "name: { en:  A,\n        zh: B }   # three",
            "name: {en: 'New: #1', zh: B} # three",
        ),
        (lambda d: d["look"]["lighting_type"].remove("soft"), "    - soft      # so soft\n", ""),
        (
            lambda d: d["look"]["lighting_type"].insert(1, "edge"),
            "    - side ",
            "    - edge\n    - side ",
        ),
        (
            lambda d: d["look"].pop("lighting_type"),
            "  lighting_type:   # types\n    - soft      # so soft\n    - side      # and aside\n"
            "    # after list\n",
            "",
        ),
        (
            lambda d: d["look"].update(color_tone="warm", style="felt"),
            "  color_tone: [ warm,  saturated ]\n",
            "  color_tone: warm\n  style: felt\n",
        ),
        (
            lambda d: d["prompt"].update(zh="{prompt} 新"),
            "  zh: |\n    {prompt} # not a comment\n\n    last\n",
            "  zh: |-\n    {prompt} 新\n",
        ),
        (lambda d: d["tags"].append("x"), "- 'no'\n", "- 'no'\n- x\n"),
        (lambda d: d.pop("tags"), "tags:\n- plain\n- 'no'\n", ""),
        (
            lambda d: d.update(about={"en": "A", "zh": "啊"}),
            "- 'no'\n",
            "- 'no'\nabout:\n  en: A\n  zh: 啊\n",
        ),
        (
            lambda d: (d["tags"].append("x"), d.update(author="Me")),
            "- 'no'\n",
            "- 'no'\n- x\nauthor: Me\n",
        ),
        (lambda d: d, "", ""),
    ],
)
def test_one_entry_changes_and_nothing_else(change: Change, old: str, new: str) -> None:
    assert BY_HAND.count(old) == 1 or not old
    assert changed(BY_HAND, change) == BY_HAND.replace(old, new)


def test_additions_within_the_last_entry_and_after_it_keep_apart() -> None:
    text = "id: a\nlook:\n  tone: warm\n"
    wanted = {"id": "a", "look": {"tone": "cool", "move": "arc"}, "tags": ["x"], "author": "Me"}
    assert rewritten(text.encode(), wanted).decode() == (
        "id: a\nlook:\n  tone: cool\n  move: arc\ntags: [x]\nauthor: Me\n"
    )


def test_line_ends_and_byte_order_mark_stay() -> None:
    data = b"\xef\xbb\xbf" + BY_HAND.replace("\n", "\r\n").encode()
    document = load(data)[0]
    document["id"], document["author"] = "b", "Me"
    lines = rewritten(data, document).split(b"\r\n")
    assert lines[:4] == [b"\xef\xbb\xbf# top", b"---", b"schema: 1     # one", lines[3]]
    assert b"author: Me" in lines and not any(b"\n" in line for line in lines)


@pytest.mark.parametrize(
    ("text", "then"),
    [
        ('{"id": "a", "b": [1, 2]}', '{"id": "new", "b": [1, 2]}\n'),
        ("{id: a}  # c\n", "{id: new} # c\n"),
        ("  id: a\n  b: 1\n", "  id: new\n  b: 1\n"),
        ("\"id\": 'a'   # c\nb: 1", "\"id\": 'new' # c\nb: 1"),
        ("b: 1\n? id\n: a\n", "b: 1\nid: new\n"),
    ],
)
def test_other_ways_to_write_it(text: str, then: str) -> None:
    assert changed(text, lambda document: document.update(id="new")) == then


LIST = """\
tags:  # all of them
  # the first
  - a  # so a

  # about b
  - b
    # below b
  # about c
  - 'c'
  # the last
id: x
"""


@pytest.mark.parametrize(
    ("tags", "then"),
    [
        ("bc", "  # the first\n\n  # about b\n  - b\n    # below b\n  # about c\n  - 'c'\n"),
        ("ac", "  # the first\n  - a  # so a\n\n  # about b\n  # about c\n  - 'c'\n"),
        ("ab", "  # the first\n  - a  # so a\n\n  # about b\n  - b\n    # below b\n  # about c\n"),
        (
            "cxab",
            "  # the first\n  # about c\n  - 'c'\n  - x\n  - a  # so a\n\n  # about b\n  - b\n"
            "    # below b\n",
        ),
        ("x", "  # the first\n  - x\n\n  # about b\n  # about c\n"),
    ],
)
def test_an_item_that_stays_in_a_list_keeps_its_comments(tags: str, then: str) -> None:
    text = changed(LIST, lambda document: document.update(tags=list(tags)))
    assert text == f"tags:  # all of them\n{then}  # the last\nid: x\n"


@settings(max_examples=60, deadline=None)
@given(tags=st.lists(st.sampled_from("aabcxy") | st.just({"k": "# v"}), min_size=1, max_size=6))
def test_a_list_becomes_any_other_without_losing_a_comment_between(tags: list[Any]) -> None:
    text = changed(LIST, lambda document: document.update(tags=tags))
    assert load(text.encode())[0]["tags"] == tags
    for comment in ("all of them", "the first", "about b", "about c", "the last"):
        assert text.count(f"# {comment}\n") == 1
    assert ("so a" in text, "below b" in text) == ("a" in tags, "b" in tags)


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("name: {en: A,  # English\n  zh: B}\n", lambda d: d["name"].update(en="C")),
        ("tags: [\n  a,  # about a\n  b]\n", lambda d: d["tags"].append("c")),
        ("tags: [\n  a,\n  # above b\n  b]\n", lambda d: d["tags"].remove("a")),
        ("{id: a,  # its id\n b: 1}\n", lambda d: d.update(b=2)),
        ("all:\n- x: 1  # one\n  y: 2\n", lambda d: d["all"][0].update(y=3)),
    ],
)
def test_a_comment_that_the_round_trip_would_lose_is_not_lost(text: str, change: Change) -> None:
    with pytest.raises(PlainYamlError, match="disturb the rest"):
        changed(text, change)


@pytest.mark.parametrize(
    ("text", "change", "then"),
    [
        ("tags: [a, 'b # c']  # two\n", lambda d: d["tags"].pop(), "tags: [a]           # two\n"),
        (
            "tags: [\n  a]  # all\nid: b\n",
            lambda d: d["tags"].append("c"),
            "tags: [a, c] # all\nid: b\n",
        ),
        ("all:\n- x: 1  # one\n- x: 2\n", lambda d: d["all"].pop(0), "all:\n- x: 2\n"),
        ("tags: [\n  a,  # about a\n  b]\n", lambda d: d.update(tags=["c"]), "tags: [c]\n"),
    ],
)
def test_what_goes_takes_its_comment_along(text: str, change: Change, then: str) -> None:
    assert changed(text, change) == then


def test_what_would_be_disturbed_is_refused() -> None:
    # To the round trip this is a merge of mappings, to us a key like any other.
    with pytest.raises(PlainYamlError):
        changed("{<<: {a: 1}, id: b}", lambda document: document.update(id="c"))


def test_a_new_file_is_written_for_people() -> None:
    document = {
        "id": "a",
        "name": {"en": "A: b", "zh": "我"},
        "look": {"color_tone": ["warm", "cool"], "style": "felt"},
        "negative": {"add": {"en": ["a, b"]}},
        "tags": [],
        "long": "word " * 100,
    }
    text = written(document)
    assert load(text)[0] == document
    assert text.decode().splitlines() == [
        *("id: a", "name:", "  en: 'A: b'", "  zh: 我"),
        *("look:", "  color_tone: [warm, cool]", "  style: felt"),
        *("negative:", "  add: {en: ['a, b']}", "tags: []", f"long: '{'word ' * 100}'"),
    ]


def test_a_word_may_begin_with_a_colon() -> None:
    author = {":0": [":a", {":b": ":c"}]}
    text = changed("author: me\nid: b\n", lambda document: document.update(author=author))
    assert load(text.encode())[0]["author"] == author


words = st.text(st.characters(exclude_categories=("Cs", "Cc"))) | st.sampled_from(
    ["no", "1", "2024-01-01", "{prompt} a", "- x", "# c", "a: b", "x\ny", "'", '"', "null", "~"]
)
values = st.recursive(
    words | st.integers() | st.booleans() | st.none(),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3)
        | st.dictionaries(words, inner, min_size=1, max_size=3)
    ),
    max_leaves=5,
)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_edit_of_any_bundled_file_says_what_was_wanted(data: st.DataObject) -> None:
    original = data.draw(st.sampled_from(FILES)).read_bytes()
    old = load(original)[0]
    wanted = copy.deepcopy(old)
    top = data.draw(st.sets(st.sampled_from(sorted(wanted)), max_size=3))
    for key in top:
        place = wanted
        if isinstance(wanted[key], dict) and data.draw(st.booleans()):
            place, key = wanted[key], data.draw(st.sampled_from(sorted(wanted[key])))
        if data.draw(st.booleans()):
            del place[key]
        else:
            place[key] = data.draw(values)
    if data.draw(st.booleans()):
        wanted[data.draw(words)] = data.draw(values)
    try:
        assume(load(written(wanted))[0] == wanted)
    except PlainYamlError:
        # Too deep, or a word that YAML cannot hold.
        assume(False)
    result = rewritten(original, wanted)
    assert load(result)[0] == wanted
    before, after = original.decode().splitlines(), set(result.decode().splitlines())
    comments = [line for line in before if line.startswith("#")]
    assert after.issuperset(comments)
    # A line of an entry that nobody touched is there as it was.
    for key in old.keys() - top:
        (first,) = (line for line in before if line.startswith(f"{key}:"))
        assert first in after
