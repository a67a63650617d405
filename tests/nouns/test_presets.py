"""Preset files: the bundled are good, wrong ones are explained, none is lost or overwritten."""

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from studio import preset_versions, presets
from studio.errors import InvalidRequest, PictureError, PresetError
from studio.models import MODELS
from studio.paths import BUNDLED_PRESETS, PROJECT, Places, places
from studio.plain_yaml import PlainYamlError, load
from studio.preset_schema import Preset, json_schema
from studio.prompt import CHINESE, expand
from studio.recipe import Recipe
from studio.vocabulary import CATEGORIES

FILES = sorted(BUNDLED_PRESETS.glob("*.yaml"))
SMALLEST = "schema: 1\nid: small\nname: {en: Small}\n"


@pytest.fixture
def here() -> Places:
    return places()


def written(folder: Path, text: str | bytes, name: str = "look.yaml") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


# --- the bundled pack ---------------------------------------------------------------------------


def test_the_pack_is_there_and_whole() -> None:
    found, errors = presets.folder(BUNDLED_PRESETS)
    assert errors == []
    assert len(found) == len(FILES) >= 14


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)
def test_a_bundled_preset_is_complete_in_both_languages(file: Path) -> None:
    preset = presets.read(file)
    assert preset.id == file.stem
    for text in (preset.name, preset.about, preset.prompt):
        if text is not None:
            assert text.en and text.zh
            assert CHINESE.search(text.zh) and not CHINESE.search(text.en)
    assert preset.about is not None
    assert (preset.author, preset.license) == ("Rushes", "CC0-1.0")
    assert preset.look and preset.tags
    assert len(preset.negative.add.en) == len(preset.negative.add.zh)


@pytest.mark.parametrize("text", ["A ferry leaves the pier.", "一艘渡轮驶离码头。"])
@pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)
def test_a_bundled_preset_expands_without_losing_a_term(file: Path, text: str) -> None:
    preset = presets.read(file)
    for spec in MODELS.values():
        expansion = expand(Recipe(prompt=text, presets=(preset.id,)), spec, [preset])
        assert expansion.left_out == ()
        assert text in expansion.prompt
        assert bool(CHINESE.search(expansion.prompt)) == (expansion.language == "zh")
        assert "{" not in expansion.prompt and ".." not in expansion.prompt
        assert "。。" not in expansion.prompt and ".。" not in expansion.prompt


def test_no_two_bundled_presets_look_the_same() -> None:
    found, _ = presets.folder(BUNDLED_PRESETS)
    looks = [json.dumps(presets.to_document(preset)["look"], sort_keys=True) for preset in found]
    assert len(set(looks)) == len(looks)
    for one in found:
        for other in found:
            if one is not other:
                shared = set(one.look.items()) & set(other.look.items())
                assert len(shared) < len(one.look) or len(one.look) < len(other.look)


def test_the_pack_reaches_every_category() -> None:
    found, _ = presets.folder(BUNDLED_PRESETS)
    assert {group for preset in found for group in preset.look} == {g.id for g in CATEGORIES}


# --- the file -----------------------------------------------------------------------------------


def test_the_design_s_own_example(tmp_path: Path) -> None:
    text = """\
schema: 1
id: golden-hour-drift
name: {en: Golden hour drift, zh: 金色时刻}
author: …
license: CC0-1.0
about: {en: Long warm rays, zh: 暖色长光}
look:                       # categories and terms of the vocabulary
  time_of_day: sunset
  lighting_type: [backlighting, edge]
  color_tone: [warm, saturated]
  camera_move: push-in
prompt: {en: "{prompt} Dust drifts through long rays of low sun.", zh: "{prompt}微尘。"}
negative: {add: {en: [flat light], zh: [平光]}, remove: [style]}
tags: [romance, landscape, advertising]
picture: golden-hour-drift.webp
models: [t2v-a14b, i2v-a14b]
loras: []
sampling: {}
"""
    preset = presets.read(written(tmp_path, text))
    assert preset.look["time_of_day"] == ("sunset",)
    assert preset.look["lighting_type"] == ("backlighting", "edge")
    assert preset.negative.add.get("zh") == ("平光",)
    assert preset.negative.remove == ("style",)
    assert (preset.sampling.steps, preset.sampling.guidance) == (None, None)
    assert preset.models == ("t2v-a14b", "i2v-a14b")


def test_all_optional_keys_may_be_absent(tmp_path: Path) -> None:
    preset = presets.read(written(tmp_path, SMALLEST))
    assert presets.to_document(preset) == {"schema": 1, "id": "small", "name": {"en": "Small"}}
    assert preset.name.get("zh") == "Small"


def test_a_byte_order_mark_and_windows_lines_are_read(tmp_path: Path) -> None:
    text = b"\xef\xbb\xbf" + SMALLEST.replace("\n", "\r\n").encode()
    assert presets.read(written(tmp_path, text)).id == "small"


def test_words_that_older_yaml_takes_for_booleans_stay_words(tmp_path: Path) -> None:
    preset = presets.read(written(tmp_path, SMALLEST + "tags: [no, on, 2024-01-01]\n"))
    assert preset.tags == ("no", "on", "2024-01-01")


def test_a_preset_cannot_be_changed(tmp_path: Path) -> None:
    preset = presets.read(written(tmp_path, SMALLEST))
    with pytest.raises(ValueError, match="frozen"):
        preset.id = "other"  # type: ignore[misc]


LORA = "loras: [{file: a.safetensors, sha256: " + "ab" * 32 + ", expert: high, strength: 1}]\n"

# What is wrong → (text, line or None, words of the message or advice).
BROKEN: dict[str, tuple[str | bytes, int | None, list[str]]] = {
    "empty": ("", None, ["is empty", "schema: 1"]),
    "only a comment": ("# soon\n", None, ["is empty"]),
    "a list": ("- a\n- b\n", None, ["list of keys and values"]),
    "a word": ("hello", None, ["list of keys and values"]),
    "unknown key": (SMALLEST + "colour: red\n", 4, ["colour", "unknown", "look, prompt, negative"]),
    "unknown key inside": (
        "schema: 1\nid: a\nname:\n  en: A\n  fr: B\n",
        5,
        ["name.fr", "unknown", "en, zh"],
    ),
    "unknown category": (
        SMALLEST + "look:\n  lens: long\n",
        5,
        ["look.lens", "There is no category “lens”", "focal_length"],
    ),
    "unknown term": (
        SMALLEST + "look:\n  lighting_type:\n    - soft\n    - sof\n",
        7,
        ["look.lighting_type", "“sof” is not a lighting term", "soft, hard, top"],
    ),
    "too many terms": (
        SMALLEST + "look: {time_of_day: [day, night]}\n",
        4,
        ["look.time_of_day", "2 terms are too many", "at most 1"],
    ),
    "a term twice": (SMALLEST + "look: {color_tone: [warm, warm]}\n", 4, ["twice"]),
    "no term": (SMALLEST + "look:\n  color_tone: []\n", 5, ["look.color_tone", "empty"]),
    "look is a list": (SMALLEST + "look: [warm]\n", 4, ["look", "keys and values"]),
    "missing id": ("schema: 1\nname: {en: A}\n", 1, ["id", "missing"]),
    "missing schema": ("id: a\nname: {en: A}\n", 1, ["schema", "missing"]),
    "a newer schema": (
        "id: a\nschema: 2\nname: {en: A}\nglow: 1\n",
        2,
        ["schema 2", "up to 1", "Update"],
    ),
    "schema as a word": ("schema: '1'\nid: a\nname: {en: A}\n", 1, ["schema", "should be 1"]),
    "id with capitals": ("schema: 1\nid: My Look\nname: {en: A}\n", 2, ["“My Look”", "a to z"]),
    "id that leaves the folder": ("schema: 1\nid: ../up\nname: {en: A}\n", 2, ["“../up”"]),
    "id that Windows keeps": ("schema: 1\nid: con\nname: {en: A}\n", 2, ["Windows", "con"]),
    "id too long": (f"schema: 1\nid: {'a' * 65}\nname: {{en: A}}\n", 2, ["at most 64"]),
    "name is a word": ("schema: 1\nid: a\nname: A\n", 3, ["name", "keys and values", "en, zh"]),
    "name is empty": ("schema: 1\nid: a\nname: {}\n", 3, ["name", "en, zh or both"]),
    "no {prompt}": (SMALLEST + "prompt: {en: Dust.}\n", 4, ["prompt.en", "exactly once"]),
    "two {prompt}": (SMALLEST + 'prompt: {en: "{prompt} {prompt}"}\n', 4, ["2 times"]),
    "nothing to remove": (
        SMALLEST + "negative:\n  remove: [rain]\n",
        5,
        ["negative.remove", "“rain”", "overexposed, static"],
    ),
    "negative without language": (
        SMALLEST + "negative: {add: [rain]}\n",
        4,
        ["negative.add", "keys and values", "en, zh"],
    ),
    "a picture elsewhere": (SMALLEST + "picture: ../../a.png\n", 4, ["picture", "plain file name"]),
    "a picture on a drive": (SMALLEST + "picture: C:a.png\n", 4, ["picture", "plain file name"]),
    "a reserved picture": (SMALLEST + "picture: nul.a.png\n", 4, ["picture", "plain file name"]),
    "a picture that Windows takes for a port": (
        SMALLEST + "picture: com¹.webp\n",
        4,
        ["picture", "plain file name"],
    ),
    "a picture in letters that only look Latin": (SMALLEST + "picture: ａ.webp\n", 4, ["picture"]),
    "a picture with a trailing dot": (SMALLEST + "picture: a.webp.\n", 4, ["picture"]),
    "a picture with a slash of another system": (SMALLEST + "picture: a\\b.webp\n", 4, ["picture"]),
    "a picture with a slash that only looks like one": (
        SMALLEST + "picture: a∕b.webp\n",
        4,
        ["picture"],
    ),
    "an id in letters that only look Latin": ("schema: 1\nid: аbc\nname: {en: A}\n", 2, ["а"]),
    "an id with a trailing dot": ("schema: 1\nid: a.\nname: {en: A}\n", 2, ["“a.”"]),
    "an id on a drive": ("schema: 1\nid: 'c:a'\nname: {en: A}\n", 2, ["“c:a”"]),
    "a picture we do not read": (SMALLEST + "picture: a.gif\n", 4, ["picture", ".webp or .png"]),
    "unknown model": (SMALLEST + "models: [sdxl]\n", 4, ["models", "“sdxl”", "t2v-a14b"]),
    "wrong expert": (
        SMALLEST + LORA.replace("expert: high", "expert: mid"),
        4,
        ["loras.0.expert", "'high', 'low' or 'both'"],
    ),
    "wrong hash": (SMALLEST + LORA.replace("abab", "xyz"), 4, ["loras.0.sha256"]),
    "a number for a word": (SMALLEST + "author: 2024\n", 4, ["author", "quotes"]),
    "LoRA that is a pickle": (SMALLEST + LORA.replace("safetensors", "pt"), 4, [".safetensors"]),
    "steps out of range": (SMALLEST + "sampling:\n  steps: 500\n", 5, ["sampling.steps", "200"]),
    "steps as text": (SMALLEST + "sampling: {steps: '20'}\n", 4, ["sampling.steps", "integer"]),
    "guidance without end": (SMALLEST + "sampling: {guidance: .inf}\n", 4, ["number"]),
    "guidance too big": (SMALLEST + "sampling: {guidance: 1e400}\n", 4, ["sampling.guidance"]),
    "what a terminal obeys": (SMALLEST + 'author: "\\e[2J"\n', 4, ["author", "U+001B"]),
    "what a terminal obeys, as a key": (SMALLEST + '"\\e[2J": 1\n', 4, ["�[2J", "unknown"]),
    "words that run backwards": (SMALLEST + 'author: "a\u202eb"\n', 4, ["U+202E"]),
    "a key without end": (SMALLEST + "k" * 900 + ": 1\n", 4, ["kkk", "unknown", "Use one of"]),
    "two documents": (SMALLEST + "---\nschema: 1\n", 4, ["second document"]),
    "a key twice": (SMALLEST + "id: other\n", 4, ["“id” is there twice"]),
    "an anchor": (SMALLEST + "tags: &a [x]\n", 4, ["anchors"]),
    "an alias of nothing": (SMALLEST + "tags: *a\n", 4, ["aliases"]),
    "an object": (SMALLEST + "tags: !!python/object/apply:os.system [ls]\n", 4, ["tags (!)"]),
    "a mapping as key": (SMALLEST + "? {a: b}\n: c\n", 4, ["plain word"]),
    "too deep": (SMALLEST + "tags: " + "[" * 20 + "]" * 20 + "\n", 4, ["8 levels"]),
    "no closing bracket": (SMALLEST + "tags: [a, b\n", None, ["not YAML"]),
    "a tab": (SMALLEST + "look:\n\tcolor_tone: warm\n", 5, ["not YAML"]),
    "not UTF-8": (SMALLEST.encode() + b"author: \xff\xfe\n", 4, ["not UTF-8"]),
    "a NUL byte": (SMALLEST.encode() + b"author: a\x00b\n", None, ["not YAML"]),
    "too large": (SMALLEST + "#" + "x" * 256 * 1024, None, ["larger than 256 KB"]),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_explained(case: str, tmp_path: Path) -> None:
    text, line, words = BROKEN[case]
    with pytest.raises(PresetError) as caught:
        presets.read(written(tmp_path, text, "mine.yaml"))
    error = caught.value
    assert error.message.startswith("mine.yaml")
    assert error.message.endswith(".") and error.advice.endswith(".")
    if line is not None:
        assert f"mine.yaml, line {line}" in error.message
    for word in words:
        assert word in str(error)


# Each line of it is wrong but for the first and those that only open a part.
MANY = """\
schema: 1
id: Bad Id
name: {en: A, fr: B}
colour: red
look:
  lens: long
  lighting_type:
    - soft
    - sof
    - hart
    - 3
  time_of_day: [day, night]
  color_tone: []
  style: 7
  camera_move: push
prompt: {en: Dust.}
negative:
  remove: [rain]
  sub: 1
sampling:
  steps: 500
  glow: 1
"""


def test_no_fault_hides_another_one() -> None:
    told = [(fault.line, fault.key) for fault in presets.faults(MANY)]
    assert told == [
        (2, "id"),
        (3, "name.fr"),
        (4, "colour"),
        (6, "look.lens"),
        (9, "look.lighting_type.1"),
        (10, "look.lighting_type.2"),
        (11, "look.lighting_type.3"),
        (12, "look.time_of_day"),
        (13, "look.color_tone"),
        (14, "look.style"),
        (15, "look.camera_move.0"),
        (16, "prompt.en"),
        (18, "negative.remove.0"),
        (19, "negative.sub"),
        (21, "sampling.steps"),
        (22, "sampling.glow"),
    ]


def test_a_billion_laughs_is_refused_at_once(tmp_path: Path) -> None:
    lines = ["a0: &a0 [lol, lol]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40)]
    with pytest.raises(PresetError, match="anchors"):
        presets.read(written(tmp_path, "\n".join(lines)))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(PresetError, match="gone"):
        presets.read(tmp_path / "gone.yaml")


def test_broken_documents_are_explained_without_a_file() -> None:
    with pytest.raises(PresetError, match=r"colour.*unknown"):
        presets.from_document({"schema": 1, "id": "a", "name": {"en": "A"}, "colour": 1})


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_mutated_file_is_read_or_refused_but_never_crashes(
    tmp_path: Path, data: st.DataObject
) -> None:
    original = data.draw(st.sampled_from(FILES)).read_bytes()
    start = data.draw(st.integers(0, len(original)))
    end = data.draw(st.integers(start, min(len(original), start + 20)))
    junk = st.binary(max_size=8) | st.text("[]{}:,&*!|>-?#'\"%@ \n\t~<", max_size=8).map(str.encode)
    mutated = original[:start] + data.draw(junk) + original[end:]
    path = written(tmp_path, mutated, "mutated.yaml")
    try:
        preset = presets.read(path)
    except PresetError:
        return
    assert presets.from_document(presets.to_document(preset)) == preset


# --- documents ----------------------------------------------------------------------------------


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)
def test_a_preset_travels_inside_a_recipe(file: Path, here: Places) -> None:
    preset = presets.read(file)
    document = json.loads(json.dumps(presets.to_document(preset)))
    assert presets.resolve(document, here) == preset
    assert presets.to_document(presets.from_document(document)) == document


# --- the shelf ----------------------------------------------------------------------------------


def test_a_bad_file_never_hides_the_others(tmp_path: Path) -> None:
    written(tmp_path, SMALLEST, "a.yaml")
    written(tmp_path, "schema: [", "b.yaml")
    written(tmp_path, SMALLEST.replace("small", "third"), "c.YML")
    written(tmp_path, SMALLEST, "d.yaml")
    written(tmp_path, "not one of ours", "notes.txt")
    found, errors = presets.folder(tmp_path)
    assert [preset.id for preset in found] == ["small", "third"]
    assert [error.message.split(".")[0] for error in errors] == ["b", "d"]
    assert "a.yaml" in errors[1].message


def test_a_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert presets.folder(tmp_path / "none") == ([], [])


def test_everything_is_bundled_and_own(here: Places) -> None:
    presets.keep(SMALLEST.encode(), None, here)
    found, errors = presets.everything(here)
    assert errors == []
    assert [preset.id for preset in found] == [*(file.stem for file in FILES), "small"]


def test_find_names_near_ids(here: Places) -> None:
    assert presets.find("neon-noir", here).id == "neon-noir"
    with pytest.raises(InvalidRequest, match="Did you mean: neon-noir"):
        presets.find("neon-noire", here)
    with pytest.raises(InvalidRequest, match="Choose another one"):
        presets.find("zzzzzzzz", here)


# --- the person's own ----------------------------------------------------------------------------


def test_what_is_kept_is_kept_byte_for_byte(tmp_path: Path, here: Places) -> None:
    data = b"\xef\xbb\xbf# mine\r\n" + SMALLEST.replace("\n", "\r\n").encode()
    assert presets.keep(data, None, here).id == "small"
    assert (here.presets / "small.yaml").read_bytes() == data
    presets.keep(SMALLEST.replace("Small", "New").encode(), None, here)
    assert presets.find("small", here).name.en == "New"
    assert [file.name for file in here.presets.iterdir()] == ["small.yaml"]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_text_from_the_page_keeps_the_files_line_ends(here: Places, end: str) -> None:
    presets.keep(SMALLEST.replace("\n", end).encode(), None, here)
    new = SMALLEST.replace("Small", "New")
    for typed in (new, new.replace("\n", "\r\n")):
        presets.rewrite("small", typed, here)
        assert presets.text("small", here) == new.replace("\n", end)


def test_only_the_file_that_has_the_id_is_replaced(here: Places) -> None:
    here.presets.mkdir(parents=True)
    written(here.presets, SMALLEST, "renamed by hand.yaml")
    other = written(here.presets, SMALLEST.replace("small", "other"), "third.yaml")
    presets.keep(SMALLEST.replace("Small", "New").encode(), None, here)
    assert "New" in (here.presets / "renamed by hand.yaml").read_text()
    with pytest.raises(InvalidRequest, match="in the way"):
        presets.keep(SMALLEST.replace("small", "third").encode(), None, here)
    assert "id: other" in other.read_text()
    assert len(list(here.presets.iterdir())) == 2


def test_a_picture_lies_under_the_preset_s_own_name(here: Places) -> None:
    here.presets.mkdir(parents=True)
    (here.presets / "other.webp").write_bytes(b"somebody else's")
    kept = presets.keep(f"{SMALLEST}picture: Sunset 1.png\n".encode(), b"drawn", here)
    assert kept.picture == "small.webp"
    assert (here.presets / "small.webp").read_bytes() == b"drawn"
    with pytest.raises(InvalidRequest, match=r"other\.webp is in the way"):
        presets.keep(SMALLEST.replace("small", "other").encode(), b"drawn", here)
    assert (here.presets / "other.webp").read_bytes() == b"somebody else's"
    assert not (here.presets / "other.yaml").exists()
    # The next version of it has none, and takes it along.
    presets.keep(SMALLEST.encode(), None, here)
    assert not (here.presets / "small.webp").exists()


def test_a_wrong_file_is_not_kept(here: Places) -> None:
    with pytest.raises(PresetError):
        presets.keep(b"schema: 1\n", None, here)
    assert not here.presets.exists()


# --- editing -------------------------------------------------------------------------------------

WRITTEN_BY_HAND = """\
# A look of mine.
schema: 1
id:   small     # short
name: { en: Small }

look:   # what it is about
  # the light
  lighting_type: [soft,  edge]
  color_tone: warm

tags: [ a, b ]
"""


def edited(here: Places, changes: dict[str, Any]) -> list[str]:
    presets.edit("small", changes, here)
    return (here.presets / "small.yaml").read_text("utf-8").splitlines()


def test_an_edit_touches_nothing_else(here: Places) -> None:
    presets.keep(WRITTEN_BY_HAND.encode(), None, here)
    before = WRITTEN_BY_HAND.splitlines()
    after = edited(here, {"look": {"color_tone": ["cool", "mixed"], "camera_move": "arc"}})
    assert after == [*before[:8], "  color_tone: [cool, mixed]", "  camera_move: arc", *before[9:]]
    assert edited(here, {"look": {"color_tone": "warm", "camera_move": None}}) == before
    assert edited(here, {"about": {"en": "New"}}) == [*before, "about:", "  en: New"]
    assert edited(here, {"about": {"en": None}}) == before
    without = edited(here, {"look": {"lighting_type": None, "color_tone": None}})
    assert without == [*before[:5], *before[9:]]
    assert presets.to_document(presets.find("small", here)) == {
        "schema": 1,
        "id": "small",
        "name": {"en": "Small"},
        "tags": ["a", "b"],
    }


def test_a_wrong_edit_is_refused_and_changes_nothing(here: Places) -> None:
    presets.keep(WRITTEN_BY_HAND.encode(), None, here)
    for changes, words in (
        ({"look": {"color_tone": "purple"}}, "“purple”"),
        ({"name": None}, "name.*missing"),
        ({"colour": 1}, "unknown"),
        ({"id": "other"}, "Duplicate it"),
    ):
        with pytest.raises(InvalidRequest, match=words):
            presets.edit("small", changes, here)
    assert (here.presets / "small.yaml").read_text("utf-8") == WRITTEN_BY_HAND


def test_an_edited_bundled_preset_becomes_an_own_one(here: Places) -> None:
    before = {file: file.read_bytes() for file in BUNDLED_PRESETS.iterdir()}
    presets.edit("neon-noir", {"name": {"en": "Mine"}}, here)
    presets.duplicate("golden-hour-drift", "my-drift", here)
    assert {file: file.read_bytes() for file in BUNDLED_PRESETS.iterdir()} == before
    assert presets.find("neon-noir", here).name.en == "Mine"
    assert presets.own_ids(here) == {"neon-noir", "my-drift"}
    ids = [preset.id for preset in presets.everything(here)[0]]
    assert ids.count("neon-noir") == 1


def test_a_duplicate_can_be_told_apart(here: Places) -> None:
    original = presets.find("golden-hour-drift", here)
    copy = presets.duplicate("golden-hour-drift", "my-drift", here)
    assert (copy.name.en, copy.name.zh) == ("Golden hour drift 2", "金色时刻 2")
    assert presets.duplicate("my-drift", "third", here).name.en == "Golden hour drift 2 2"
    assert copy.look == original.look and copy.prompt == original.prompt
    with pytest.raises(InvalidRequest, match="“neon-noir” already"):
        presets.duplicate("golden-hour-drift", "neon-noir", here)
    with pytest.raises(PresetError, match="is not an id"):
        presets.duplicate("golden-hour-drift", "../up", here)


def test_an_edited_preset_keeps_its_picture_or_gets_a_new_one(
    here: Places, tmp_path: Path, bundle: Path
) -> None:
    assert presets.edit("shown", {"author": "Me"}, here).picture == "shown.webp"
    kept = here.presets / "shown.webp"
    assert Image.open(kept).getpixel((0, 0)) == (255, 165, 0)
    assert presets.duplicate("shown", "again", here).picture == "again.webp"
    assert (here.presets / "again.webp").read_bytes() == kept.read_bytes()
    new = tmp_path / "new.png"
    Image.new("RGB", (30, 20), "blue").save(new)
    presets.edit("shown", {}, here, new)
    assert Image.open(kept).getpixel((0, 0)) == (0, 0, 255)
    with pytest.raises(PictureError):
        presets.edit("shown", {}, here, written(tmp_path, "no picture", "new.png"))


def test_an_own_preset_survives_an_update_of_the_bundled_ones(here: Places, bundle: Path) -> None:
    presets.edit("shown", {"author": "Me"}, here)
    own = {file: file.read_bytes() for file in here.presets.iterdir()}
    written(bundle, SMALLEST.replace("Small", "Update"), "small.yaml")
    for file in ("shown.yaml", "shown.webp"):
        (bundle / file).unlink()
    assert presets.find("shown", here).author == "Me"
    assert presets.find("small", here).name.en == "Update"
    assert {file: file.read_bytes() for file in here.presets.iterdir()} == own


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of bundled presets with one in it, picture and all."""
    folder = tmp_path / "bundled"
    folder.mkdir()
    monkeypatch.setattr(presets, "BUNDLED_PRESETS", folder)
    written(folder, SMALLEST.replace("small", "shown") + "picture: shown.webp\n", "shown.yaml")
    Image.new("RGB", (60, 40), "orange").save(folder / "shown.webp", lossless=True)
    return folder


# --- export --------------------------------------------------------------------------------------


def test_a_single_preset_is_exported_with_its_picture(
    tmp_path: Path, here: Places, bundle: Path
) -> None:
    copy = presets.export(["shown"], tmp_path, here)
    assert copy == tmp_path / "shown.yaml"
    assert copy.read_bytes() == (bundle / "shown.yaml").read_bytes()
    assert (tmp_path / "shown.webp").read_bytes() == (bundle / "shown.webp").read_bytes()


def test_export_never_overwrites(tmp_path: Path, here: Places, bundle: Path) -> None:
    mine = written(tmp_path, "precious", "shown.webp")
    for target in (tmp_path, mine, tmp_path / "other.yaml"):
        with pytest.raises(InvalidRequest, match="exists already"):
            presets.export(["shown"], target, here)
    assert mine.read_text() == "precious"
    assert not (tmp_path / "other.yaml").exists()


def test_several_presets_are_exported_as_a_pack(tmp_path: Path, here: Places) -> None:
    with pytest.raises(InvalidRequest, match=r"ends in \.zip"):
        presets.export(["neon-noir", "golden-hour-drift"], tmp_path / "pack.yaml", here)
    pack = presets.export(["neon-noir", "golden-hour-drift"], tmp_path / "pack.zip", here)
    with zipfile.ZipFile(pack) as archive:
        for id in ("neon-noir", "golden-hour-drift"):
            assert archive.read(f"{id}.yaml") == (BUNDLED_PRESETS / f"{id}.yaml").read_bytes()
    again = presets.export(["neon-noir", "golden-hour-drift"], tmp_path / "again.zip", here)
    assert again.read_bytes() == pack.read_bytes()


def test_a_picture_of_another_name_travels_under_the_preset_s(tmp_path: Path, here: Places) -> None:
    here.presets.mkdir(parents=True)
    written(here.presets, SMALLEST + "picture: by hand.png  # mine\n", "small.yaml")
    Image.new("RGB", (60, 40), "orange").save(here.presets / "by hand.png")
    copy = presets.export(["small"], tmp_path, here)
    assert copy.read_text().splitlines()[-1].split() == ["picture:", "small.webp", "#", "mine"]
    assert Image.open(tmp_path / "small.webp").getpixel((0, 0)) == (255, 165, 0)


def test_a_picture_that_is_too_large_is_told_with_whose_it_is(tmp_path: Path, here: Places) -> None:
    here.presets.mkdir(parents=True)
    written(here.presets, SMALLEST.replace("small", "other"), "other.yaml")
    written(here.presets, SMALLEST + "picture: by hand.png\n", "small.yaml")
    large = here.presets / "by hand.png"
    Image.new("RGB", (60, 40), "orange").save(large)
    with large.open("ab") as stream:
        stream.truncate((8 << 20) + 1)
    for act in (
        lambda: presets.export(["other", "small"], tmp_path / "pack.zip", here),
        lambda: presets.edit("small", {}, here, large),
    ):
        with pytest.raises(PictureError, match="“small” cannot be used: it is larger than 8 MB"):
            act()
    assert not (tmp_path / "pack.zip").exists()


# --- the JSON Schema -----------------------------------------------------------------------------

SCHEMA = json.loads((BUNDLED_PRESETS / "preset.schema.json").read_text("utf-8"))


def complaints(value: Any, schema: dict[str, Any]) -> list[str]:
    """What a validator would say; of JSON Schema only what ours uses, and it uses nothing else."""
    used = set(schema) - {"$schema", "$defs", "title", "description", "enumDescriptions"}
    assert used <= {*_CHECKS, "$ref", "properties", "items", "anyOf", "additionalProperties"}, used
    found = [name for name in used & _CHECKS.keys() if not _CHECKS[name](value, schema[name])]
    if "$ref" in schema:
        found += complaints(value, SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")])
    if "anyOf" in schema and all(complaints(value, each) for each in schema["anyOf"]):
        found.append("anyOf")
    if isinstance(value, dict) and "properties" in schema:
        assert schema["additionalProperties"] is False
        for key, item in value.items():
            known = key in schema["properties"]
            found += complaints(item, schema["properties"][key]) if known else [f"unknown {key}"]
    if isinstance(value, list) and "items" in schema:
        found += [fault for item in value for fault in complaints(item, schema["items"])]
    return found


_TYPES = {"object": dict, "array": list, "string": str, "null": type(None)}


def _is_of_type(value: Any, name: str) -> bool:
    if name in ("integer", "number"):
        return type(value) is int or (name == "number" and type(value) is float)
    return isinstance(value, _TYPES[name])


_CHECKS: dict[str, Any] = {
    "type": _is_of_type,
    "const": lambda value, wanted: value == wanted,
    "enum": lambda value, allowed: value in allowed,
    "required": lambda value, keys: not isinstance(value, dict) or set(keys) <= set(value),
    "pattern": lambda value, form: not isinstance(value, str) or bool(re.search(form, value)),
    "minLength": lambda value, least: not isinstance(value, str) or len(value) >= least,
    "maxLength": lambda value, most: not isinstance(value, str) or len(value) <= most,
    "minItems": lambda value, least: not isinstance(value, list) or len(value) >= least,
    "maxItems": lambda value, most: not isinstance(value, list) or len(value) <= most,
    "uniqueItems": lambda value, _: not isinstance(value, list) or len(set(value)) == len(value),
    "minProperties": lambda value, least: not isinstance(value, dict) or len(value) >= least,
    "minimum": lambda value, least: not isinstance(value, int | float) or value >= least,
    "maximum": lambda value, most: not isinstance(value, int | float) or value <= most,
}


def test_the_published_json_schema_is_current() -> None:
    assert json_schema() == SCHEMA, (
        "run: python -m studio presets schema --out presets/preset.schema.json"
    )
    assert SCHEMA["$schema"] == "http://json-schema.org/draft-07/schema#"


def test_the_json_schema_knows_every_key_and_term() -> None:
    keys = SCHEMA["properties"]
    assert set(keys) == {field.alias or name for name, field in Preset.model_fields.items()}
    assert all(part.get("description") or "$ref" in part for part in keys.values())
    for group in CATEGORIES:
        one, several = keys["look"]["properties"][group.id]["anyOf"]
        assert one["enum"] == several["items"]["enum"] == [term.id for term in group.terms]
        assert len(one["enumDescriptions"]) == len(one["enum"])
        assert several["maxItems"] == group.limit


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)
def test_the_json_schema_agrees_with_the_bundled_presets(file: Path) -> None:
    assert complaints(load(file.read_bytes())[0], SCHEMA) == []
    assert complaints(presets.to_document(presets.read(file)), SCHEMA) == []


# What an editor cannot know: our own names for devices, letters, and what is beyond YAML's values.
BEYOND = {
    *("id that Windows keeps", "a reserved picture", "a picture that Windows takes for a port"),
    "a picture in letters that only look Latin",
    *("a picture with a slash that only looks like one", "what a terminal obeys"),
    "words that run backwards",
}


@pytest.mark.parametrize("case", BROKEN)
def test_the_json_schema_refuses_what_the_code_refuses(case: str) -> None:
    text, _, _ = BROKEN[case]
    try:
        document, _ = load(text if isinstance(text, bytes) else text.encode())
    except PlainYamlError:
        return
    assert bool(complaints(document, SCHEMA)) == (case not in BEYOND)


# --- older and newer files -----------------------------------------------------------------------

OLD = "# kept\nschema: 0   # long ago\nid: old\ntitle: Old one\nlook:\n  color_tone: warm\n"


@pytest.fixture
def schema_0(monkeypatch: pytest.MonkeyPatch) -> None:
    """An invented schema in which a name was a title in one language."""

    def named(document: dict[str, Any]) -> dict[str, Any]:
        rest = {key: value for key, value in document.items() if key != "title"}
        return {**rest, "name": {"en": document["title"]}}

    monkeypatch.setattr(preset_versions, "MIGRATIONS", {0: named})


def test_an_older_file_is_read_and_left_as_it_is(here: Places, schema_0: None) -> None:
    here.presets.mkdir(parents=True)
    file = written(here.presets, OLD, "old.yaml")
    preset = presets.find("old", here)
    assert preset.name.en == "Old one" and preset.look == {"color_tone": ("warm",)}
    assert file.read_bytes() == OLD.encode()
    document = {"schema": 0, "id": "old", "title": "Old one"}
    assert presets.from_document(document).name.en == "Old one"


def test_an_edit_brings_an_older_file_up_to_date(here: Places, schema_0: None) -> None:
    here.presets.mkdir(parents=True)
    file = written(here.presets, OLD, "old.yaml")
    presets.edit("old", {"look": {"color_tone": "cool"}}, here)
    assert file.read_text().splitlines() == [
        *("# kept", "schema: 1   # long ago", "id: old"),
        *("look:", "  color_tone: cool", "name:", "  en: Old one"),
    ]


def test_what_an_older_file_gets_wrong_is_told_by_its_own_line(
    tmp_path: Path, schema_0: None
) -> None:
    with pytest.raises(PresetError, match=r"line 6, look\.color_tone"):
        presets.read(written(tmp_path, OLD.replace("warm", "purple")))


def test_without_a_way_from_it_an_older_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PresetError, match=r"schema.*should be 1"):
        presets.read(written(tmp_path, "schema: 0\nid: old\nname: {en: Old}\n"))


def test_the_schema_s_number_is_the_same_everywhere() -> None:
    assert Preset.model_fields["schema_version"].annotation == Literal[preset_versions.SCHEMA]
    assert set(preset_versions.MIGRATIONS) == set(range(1, preset_versions.SCHEMA))


def test_importing_presets_is_light() -> None:
    code = "import sys, studio.presets; print({'torch', 'gradio', 'numpy'} & set(sys.modules))"
    command: list[Any] = [sys.executable, "-c", code]
    assert subprocess.check_output(command, cwd=PROJECT, encoding="utf-8").strip() == "set()"
