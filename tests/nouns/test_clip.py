"""What is written inside a clip comes back from it, and its name is safe."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from studio.clip import Clip, Tag, file_name, tag_from_json
from studio.errors import InvalidRequest
from studio.picture import Box
from studio.recipe import Picture, Recipe
from studio.shot import Kind, PictureUse, Refine, Shot, Way

SHOT = Shot(
    kind=Kind.FINAL,
    model="i2v-a14b",
    prompt="soft lighting. 一只猫咪",
    negative_prompt="",
    width=1280,
    height=720,
    frames=81,
    fps=16,
    steps=40,
    flow_shift=5.0,
    guidance_high=3.5,
    guidance_low=3.5,
    boundary=0.9,
    seed=7,
    picture=PictureUse(sha256="a" * 64, crop=Box(1, 2, 3, 4)),
    last_picture=None,
    refine=Refine(parent="0123456789ab", way=Way.PIXELS, sigma=0.5, fidelity=0.7),
)
TAG = Tag(
    id="ba9876543210",
    created="2026-11-22T10:00:00+08:00",
    seconds=12,
    recipe=Recipe(
        prompt="一只猫咪",
        presets=("golden-hour", {"schema": 1, "id": "mine"}),
        look={"time_of_day": ("sunset",)},
        picture=Picture(sha256="a" * 64, down=0.0),
    ),
    shot=SHOT,
)


def words(**changes: object) -> dict[str, object]:
    return json.loads(json.dumps(TAG.to_json())) | changes


def test_a_tag_comes_back_from_json_with_the_seed_and_the_model_that_were_used() -> None:
    found = tag_from_json(words())
    assert found == replace(TAG, recipe=replace(TAG.recipe, seed=7, model="i2v-a14b"))
    assert tag_from_json(json.loads(json.dumps(found.to_json()))) == found
    assert isinstance(found.shot.picture.crop, Box)


@pytest.mark.parametrize(
    "changes",
    [
        {"rushes": 2},
        {"rushes": None},
        {"id": "../../secrets"},
        {"id": "BA9876543210"},
        {"id": "ba9876543210\n"},
        {"id": 123456789012},
        {"created": "yesterday"},
        {"created": "2026-11-22T10:00:00"},
        {"created": None},
        {"seconds": "long"},
        {"recipe": None},
        {"recipe": {"prompt": 5}},
        {"recipe": {"prompt": "a", "look": {"a": 5}}},
        {"recipe": {"prompt": "a", "look": []}},
        {"recipe": {"prompt": "a", "picture": {"sha256": 5}}},
        {"recipe": {"prompt": "a", "seed": "b"}},
        {"recipe": {"prompt": "a", "unknown": 1}},
        {"shot": {}},
        {"shot": TAG.shot.to_json() | {"kind": "draft"}},
        {"shot": TAG.shot.to_json() | {"width": "wide"}},
        {"shot": TAG.shot.to_json() | {"picture": {"sha256": "a", "crop": [1]}}},
        {"shot": TAG.shot.to_json() | {"refine": {"parent": "a"}}},
        {"shot": TAG.shot.to_json() | {"frames": 10**20}},
        {"shot": TAG.shot.to_json() | {"flow_shift": 1e400}},
        {"shot": TAG.shot.to_json() | {"model": "\ud800"}},
        {"shot": TAG.shot.to_json() | {"picture": {"sha256": "a", "crop": [0, 0, 10**400, 1]}}},
        {"seconds": 1e400},
        {"recipe": {"prompt": "a", "presets": [{"id": "a", "b": [-(10**20)]}]}},
    ],
    ids=str,
)
def test_other_words_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(InvalidRequest):
        tag_from_json(words(**changes))


@pytest.mark.parametrize("missing", ["rushes", "id", "created", "seconds", "recipe", "shot"])
def test_missing_words_are_refused(missing: str) -> None:
    found = words()
    del found[missing]
    with pytest.raises(InvalidRequest):
        tag_from_json(found)


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("A red ball, bouncing", "2026-11-22_A-red-ball-bouncing_7_final.mp4"),
        ("一只猫咪", "2026-11-22_一只猫咪_7_final.mp4"),
        ("../../..", "2026-11-22_picture_7_final.mp4"),
        ("", "2026-11-22_picture_7_final.mp4"),
        ("con", "2026-11-22_con-_7_final.mp4"),
        ("long " * 2000, "2026-11-22_long-long-long-long-long-long-long-long_7_final.mp4"),
    ],
)
def test_a_clips_name_says_what_it_is(prompt: str, name: str) -> None:
    assert file_name(replace(TAG, recipe=Recipe(prompt=prompt))) == name


def test_the_clip_object_has_every_name_that_scripts_rely_on(tmp_path: Path) -> None:
    clip = Clip(
        id=TAG.id,
        file=tmp_path / "a.mp4",
        poster=tmp_path / "a.webp",
        created=TAG.created,
        seconds=TAG.seconds,
        recipe=TAG.recipe,
        shot=TAG.shot,
        stars=2,
        tags=("best",),
    )
    told = json.loads(json.dumps(clip.to_json()))
    expected = {
        "id": "ba9876543210",
        "name": "一只猫咪",
        "file": str(tmp_path / "a.mp4"),
        "poster": str(tmp_path / "a.webp"),
        "parent": "0123456789ab",
        "kind": "final",
        "seed": 7,
        "width": 1280,
        "height": 720,
        "frames": 81,
        "fps": 16,
        "model": "i2v-a14b",
        "prompt": "soft lighting. 一只猫咪",
        "negative_prompt": "",
        "stars": 2,
        "tags": ["best"],
        "created": "2026-11-22T10:00:00+08:00",
    }
    assert expected.items() <= told.items()
    assert replace(clip, shot=replace(SHOT, refine=None)).to_json()["parent"] is None
    assert replace(clip, recipe=Recipe()).to_json()["name"] == "a"
