"""The Library page's answers."""

import json
from dataclasses import replace

import pytest

from studio.gallery.filters import ANY, Filters
from studio.recipe import Recipe
from studio.shot import Kind
from studio.ui.library import PAGE, Shelf
from studio.ui.served import served
from tests.ui.fake_studio import FakeStudio


@pytest.fixture
def shelf(studio: FakeStudio) -> Shelf:
    for number in range(PAGE + 5):
        job = studio.render(Recipe(prompt=f"clip {number:02d}", look={"color_tone": ("warm",)}))[0]
        studio.finish(job.id)
    return Shelf(studio, anywhere=False)


def ids(shelf: Shelf, **asked: object) -> list[str]:
    return [clip["id"] for clip in shelf.browse(asked)["clips"]]


def test_pages(shelf: Shelf) -> None:
    first = shelf.browse({})
    assert len(first["clips"]) == PAGE and first["total"] == PAGE + 5
    assert len(shelf.browse({"offset": PAGE})["clips"]) == 5


def test_what_was_shown_is_asked_for_again_in_one_page(shelf: Shelf) -> None:
    assert len(shelf.browse({"count": PAGE + 5})["clips"]) == PAGE + 5


@pytest.mark.parametrize(
    ("menus", "filters"),
    [
        (
            {"kind": "final", "stars": 3, "model": "pocket", "preset": "noir", "tag": "给 Anna"},
            Filters(kind=Kind.FINAL, stars=(3, 5), model="pocket", preset="noir", tag="给 Anna"),
        ),
        ({"stars": 0, "since": 1.5, "model": ""}, Filters(stars=(0, 0), since=1.5)),
        ({"kind": "", "stars": None, "tag": "", "days": "7"}, ANY),
        ({"kind": "sideways", "stars": "many", "since": "yesterday"}, ANY),
        ("nonsense", ANY),
    ],
)
def test_the_menus_become_filters(
    shelf: Shelf, studio: FakeStudio, menus: object, filters: Filters
) -> None:
    shelf.browse({"filters": menus})
    assert studio.asked[-1] == ("clips", filters)


def test_what_can_be_chosen_has_names(shelf: Shelf) -> None:
    shelf.mark({"name": "tag", "ids": ids(shelf)[:2], "add": ["海报"]})
    told = shelf.choices({})
    assert told["model"] == [
        ["pocket", {"en": "Pocket"}, 3],
        ["from-elsewhere", {"en": "from-elsewhere"}, 1],
    ]
    assert [(id, clips) for id, _, clips in told["preset"]] == [("neon-noir", 2), ("lost", 1)]
    assert told["preset"][0][1]["zh"] and told["preset"][1][1] == {"en": "lost"}
    assert told["tag"] == [["海报", {"en": "海报"}, 2]]


def test_a_clip_of_a_model_nobody_knows_shows_its_id(shelf: Shelf, studio: FakeStudio) -> None:
    clip = next(iter(studio.kept_clips.values()))
    studio.kept_clips[clip.id] = replace(
        clip,
        shot=replace(clip.shot, model="from-elsewhere"),
        recipe=replace(clip.recipe, model="from-elsewhere"),
    )
    told = shelf.detail({"id": clip.id})
    assert told["clip"]["model"] == "from-elsewhere"
    assert "".join(part["text"] for part in told["parts"]) == clip.shot.prompt


def test_many_are_starred_thrown_away_brought_back_and_erased(shelf: Shelf) -> None:
    some = ids(shelf)[3:6]
    told = shelf.mark({"name": "star", "ids": some, "stars": 4})
    assert told == {"done": some, "problem": None}
    assert {clip["stars"] for clip in shelf.browse({})["clips"] if clip["id"] in some} == {4}
    shelf.mark({"name": "trash", "ids": some})
    assert ids(shelf, trash=True) == some
    shelf.mark({"name": "restore", "ids": some[:1]})
    shelf.mark({"name": "erase", "ids": some[1:]})
    assert ids(shelf, trash=True) == []
    assert shelf.browse({})["total"] == PAGE + 3


def test_one_that_refuses_does_not_keep_the_others(shelf: Shelf) -> None:
    some = ids(shelf)[:2]
    told = shelf.mark({"name": "trash", "ids": [some[0], "nobody", some[1]]})
    assert told["done"] == some
    assert "nobody" in told["problem"]["message"]["en"]


def test_detail_tells_the_prompt_by_origin_and_the_whole_recipe(shelf: Shelf) -> None:
    told = shelf.detail({"id": ids(shelf)[0]})
    assert [part["origin"] for part in told["parts"]] == ["card", "user"]
    recipe = json.loads(told["recipe"])
    assert recipe["recipe"]["prompt"] == told["clip"]["name"]
    assert recipe["shot"]["seed"] == told["clip"]["seed"]
    assert [clip["id"] for clip in told["family"]] == [told["clip"]["id"]]


def test_a_refined_clip_stands_beside_its_preview(shelf: Shelf, studio: FakeStudio) -> None:
    parent = ids(shelf)[0]
    child = studio.finish(shelf.act({"name": "refine", "id": parent, "fidelity": 0.5})["job"])
    for clip in (parent, child.id):
        assert [each["id"] for each in shelf.detail({"id": clip})["family"]] == [parent, child.id]
    assert shelf.detail({"id": child.id})["clip"]["parent"] == parent


def test_two_clips_are_compared(shelf: Shelf, studio: FakeStudio) -> None:
    looks = {"color_tone": ("cool", "saturated")}
    one, two = (
        studio.finish(studio.render(recipe)[0].id)
        for recipe in (
            Recipe(prompt="A red ball in the rain", seed=1, presets=("neon-noir",)),
            Recipe(prompt="A blue ball in the rain", seed=1, look=looks, steps=3),
        )
    )
    told = shelf.compare({"a": one.id, "b": two.id})
    assert (told["a"]["id"], told["b"]["id"]) == (one.id, two.id)
    rows = {(row["what"], (row["name"] or {}).get("en")): row for row in told["differs"]}
    assert set(rows) >= {("prompt", None), ("presets", None), ("steps", None)}
    assert "seed" not in [row["what"] for row in told["differs"]]
    words = rows["prompt", None]["b"]["words"]
    assert "".join(text for text, _ in words) == two.shot.prompt
    assert "blue" in [text for text, lacks in words if lacks]
    assert " ball in the rain" in [text for text, lacks in words if not lacks]
    (tone,) = (row for row in told["differs"] if row["what"] == "look")
    assert tone["name"]["zh"] and tone["a"] == {"en": "", "zh": ""}
    assert len(tone["b"]["en"].split(", ")) == 2
    assert shelf.compare({"a": one.id, "b": one.id})["differs"] == []


def test_a_refined_clip_differs_in_how_it_was_refined(shelf: Shelf, studio: FakeStudio) -> None:
    parent = ids(shelf)[0]
    child = studio.finish(shelf.act({"name": "refine", "id": parent, "fidelity": 0.5})["job"])
    rows = {row["what"]: row for row in shelf.compare({"a": parent, "b": child.id})["differs"]}
    assert (rows["kind"]["a"], rows["kind"]["b"]) == ("preview", "final")
    assert (rows["fidelity"]["a"], rows["fidelity"]["b"]) == ("", "0.5")
    assert "prompt" not in rows


def test_trim_and_gif_tell_the_new_file(shelf: Shelf, studio: FakeStudio) -> None:
    clip = ids(shelf)[0]
    assert shelf.act({"name": "trim", "id": clip, "from": 0.5, "to": 1})["name"] == "short.mp4"
    assert studio.asked[-1] == ("trim", clip, 0.5, 1.0)
    assert shelf.act({"name": "gif", "id": clip})["name"] == f"{clip}.gif"


def test_a_folder_opens_only_where_the_clips_are(shelf: Shelf, studio: FakeStudio) -> None:
    clip = ids(shelf)[0]
    assert shelf.detail({"id": clip})["folder"] is True
    assert shelf.act({"name": "folder", "id": clip}) == {}
    assert studio.asked[-1] == ("folder", clip)
    afar = Shelf(studio, anywhere=True)
    assert afar.detail({"id": clip})["folder"] is False
    told = served(afar.act)({"name": "folder", "id": clip})
    assert "computer that the studio runs on" in told["problem"]["message"]["en"]
    assert studio.asked.count(("folder", clip)) == 1


@pytest.mark.parametrize("asked", [{}, {"name": "refine", "id": "nobody", "fidelity": 0}, {"a": 1}])
def test_what_cannot_be_done_is_said(shelf: Shelf, asked: dict[str, object]) -> None:
    for answer in (shelf.act, shelf.detail, shelf.compare):
        assert served(answer)(asked)["problem"]["message"]
    one = ids(shelf)[:1]
    assert shelf.mark({**asked, "ids": one})["problem"]["message"]
