"""What the page is told before anything runs."""

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from studio.events import Failed
from studio.models import MODELS
from studio.recipe import Picture, Recipe
from studio.ui.cards import GROUPS, catalogue
from studio.ui.outlook import greyed, outlook
from tests.ui.fake_studio import FakeStudio


def test_the_parts_are_the_prompt_and_say_who_wrote_them(studio: FakeStudio) -> None:
    recipe = Recipe(prompt="a red ball", look={"color_tone": ("warm",)}, presets=("neon-noir",))
    told = outlook(studio, recipe)
    assert "".join(part["text"] for part in told["parts"]) == studio.expand(recipe).prompt
    assert {part["origin"] for part in told["parts"]} == {"user", "card", "preset"}
    card = next(part for part in told["parts"] if part["origin"] == "card")
    assert card["source"] == "color_tone=warm"


def test_the_answer_is_honest(studio: FakeStudio) -> None:
    told = outlook(studio, Recipe(prompt="a red ball"))
    assert told["problem"] is None
    assert told["plan"] == {
        "fits": True,
        "reason": {
            "en": "Pocket at 480×320 in fp32 fits: it runs on the processor.",
            "zh": "Pocket（480×320，fp32）可以运行：在处理器上运行。",
        },
        "seconds": 12.0,
        "measured": True,
    }
    assert told["shot"]["width"] == MODELS["pocket"].shapes[0].preview[0]
    assert told["note"] == {"en": MODELS["pocket"].note.en, "zh": MODELS["pocket"].note.zh}


def test_an_empty_form_is_a_problem_in_words(studio: FakeStudio) -> None:
    told = outlook(studio, Recipe())
    assert told["problem"]["message"] and told["problem"]["advice"]
    assert told["parts"] == []


def test_an_unknown_preset_is_a_problem_in_words(studio: FakeStudio) -> None:
    assert (
        "nowhere"
        in outlook(studio, Recipe(prompt="x", presets=("nowhere",)))["problem"]["message"]["en"]
    )


def test_a_preset_that_came_with_the_recipe_marks_its_cards(studio: FakeStudio) -> None:
    preset = {
        "schema": 1,
        "id": "loose",
        "name": {"en": "Loose"},
        "look": {"color_tone": ["warm"]},
    }
    told = outlook(studio, Recipe(prompt="x", presets=(preset,)))
    assert told["from_presets"] == [("color_tone", "warm")]


def test_the_page_knows_which_model_ends_on_a_picture(studio: FakeStudio) -> None:
    assert outlook(studio, Recipe(prompt="x"))["takes_last_picture"] is False
    i2v = outlook(studio, Recipe(prompt="x", model="i2v-a14b"))
    assert i2v["takes_last_picture"] is True and i2v["problem"]["message"]


def test_both_pictures_show_their_crop(studio: FakeStudio, tmp_path: Path) -> None:
    file = tmp_path / "start.png"
    Image.new("RGB", (1600, 480)).save(file)
    used = Picture(sha256=studio.keep_picture(file)[0], across=0.0)
    recipe = Recipe(
        prompt="x", model="i2v-a14b", picture=used, last_picture=replace(used, across=1.0)
    )
    told = outlook(studio, recipe)
    assert told["crop"] == [0, 0, 832, 480] and told["last_crop"] == [768, 0, 1600, 480]


def test_a_broken_preset_of_ones_own_is_told(studio: FakeStudio) -> None:
    assert catalogue(studio)["preset_problem"] is None
    studio.places.presets.mkdir(parents=True)
    (studio.places.presets / "mine.yaml").write_text("schema: 1\nid: mine\n", encoding="utf-8")
    assert "mine.yaml" in catalogue(studio)["preset_problem"]["message"]["en"]


def test_a_worker_that_cannot_start_is_told(studio: FakeStudio) -> None:
    studio.broken = Failed(error="The disk is full.", advice="Run it again.")
    told = outlook(studio, Recipe(prompt="x"))
    assert told["trouble"] == {
        "message": {"en": "The disk is full.", "zh": "磁盘已满。"},
        "advice": {"en": "Run it again.", "zh": "请重新运行。"},
    }


def test_a_camera_move_greys_the_angle(studio: FakeStudio) -> None:
    assert greyed(studio, Recipe(prompt="x")) == {}
    moving = Recipe(prompt="x", look={"camera_move": ("push-in",)})
    assert greyed(studio, moving) == {"camera_angle": "camera-move"}


def test_a_flat_style_greys_the_cinema_tags(studio: FakeStudio) -> None:
    told = greyed(studio, Recipe(prompt="x", look={"style": ("2d-anime",)}))
    assert set(told.values()) == {"flat-style"}
    assert {"lighting_type", "composition", "color_tone", "focal_length"} <= set(told)


def test_a_picture_greys_what_it_decides_unless_asked(studio: FakeStudio, tmp_path: Path) -> None:
    file = tmp_path / "start.png"
    Image.new("RGB", (300, 100)).save(file)
    digest, _ = studio.keep_picture(file)
    recipe = Recipe(prompt="x", picture=Picture(sha256=digest))
    told = outlook(studio, recipe)
    assert told["greyed"]["lighting_type"] == "picture"
    assert "camera_move" not in told["greyed"]
    left, top, right, bottom = told["crop"]
    assert (left, top, bottom) == (75, 0, 100) and right == 225
    over = Recipe(prompt="x", picture=Picture(sha256=digest), look_over_picture=True)
    assert greyed(studio, over) == {}


def test_every_category_is_on_the_page_once(studio: FakeStudio) -> None:
    shown = [category for categories in GROUPS.values() for category in categories]
    assert sorted(shown) == sorted(group.id for group in studio.categories())


@pytest.mark.parametrize("group", ["lighting", "composition", "tone"])
def test_every_card_of_the_visual_groups_has_a_picture(studio: FakeStudio, group: str) -> None:
    told = catalogue(studio)
    for category in GROUPS[group]:
        for term in told["categories"][category]["terms"]:
            assert term["picture"] and Path(term["picture"]).is_file(), term["id"]


def test_two_looks_tell_what_trying_each_would_take(studio: FakeStudio) -> None:
    assert outlook(studio, Recipe(prompt="x", presets=("neon-noir",)))["sweep"] is None
    recipe = Recipe(prompt="x", presets=("neon-noir", "claymation-workshop"))
    assert outlook(studio, recipe)["sweep"] == {"takes": 2, "seconds": 24.0, "alike": 0}
    studio.fits = False
    assert outlook(studio, recipe)["sweep"] == {"takes": 2, "seconds": None, "alike": 0}


def test_an_empty_form_can_still_show_how_many_takes(studio: FakeStudio) -> None:
    told = outlook(studio, Recipe(presets=("neon-noir", "claymation-workshop")))
    assert told["problem"] and told["sweep"] == {"takes": 2, "seconds": None, "alike": 0}


def test_looks_that_a_picture_makes_alike_are_counted(studio: FakeStudio, tmp_path: Path) -> None:
    file = tmp_path / "start.png"
    Image.new("RGB", (300, 200)).save(file)
    tones = [
        {"schema": 1, "id": tone, "name": {"en": tone}, "look": {"color_tone": [tone]}}
        for tone in ("warm", "cool")
    ]
    picture = Picture(sha256=studio.keep_picture(file)[0])
    recipe = Recipe(prompt="x", presets=tuple(tones), picture=picture)
    assert outlook(studio, recipe)["sweep"]["alike"] == 1
    assert outlook(studio, replace(recipe, look_over_picture=True))["sweep"]["alike"] == 0
