"""The Create page's own steps between the form and the studio."""

from dataclasses import fields, replace
from typing import Any

import gradio as gr

from studio.recipe import Picture, Recipe
from studio.shot import PICTURE_SHAPE
from studio.ui import form
from studio.ui.create import Fields, _choices_of, _filled, _foresee, _shapes_of
from tests.ui.fake_studio import FakeStudio

BALL = Recipe(prompt="a red ball", model="pocket")


def filled(studio: FakeStudio, recipe: Recipe) -> dict[str, Any]:
    names = [field.name for field in fields(Fields)]
    return dict(zip(names, _filled(studio, recipe), strict=True))


def test_a_size_that_is_no_shape_is_shown(studio: FakeStudio) -> None:
    shape = filled(studio, replace(BALL, width=96, height=48))["shape"]
    assert shape["value"] == "96×48" and ("96×48", "96×48") in shape["choices"]


def test_a_model_nobody_knows_is_shown_by_its_id(studio: FakeStudio) -> None:
    shown = filled(studio, replace(BALL, model="from-elsewhere", shape="21:9", frames=33))
    assert shown["model"]["value"] == "from-elsewhere"
    assert ("from-elsewhere", "from-elsewhere") in shown["model"]["choices"]
    assert shown["shape"]["value"] == "21:9" and shown["frames"]["value"] == 33
    assert [each["__type__"] for each in _choices_of("21:9", 33, "from-elsewhere", {})] == [
        "update",
        "update",
    ]


def test_the_pictures_own_shape_comes_and_goes_with_the_picture() -> None:
    def shown(update: dict[str, Any]) -> tuple[list[str], str]:
        return [value for _, value in update["choices"]], update["value"]

    own = ["3:2", "2:3", "1:1", PICTURE_SHAPE]
    picture = {"sha256": "a" * 64}
    assert shown(_shapes_of("1:1", "pocket", picture)) == (own, "1:1")
    assert shown(_shapes_of(PICTURE_SHAPE, "pocket", picture)) == (own, PICTURE_SHAPE)
    assert shown(_shapes_of(PICTURE_SHAPE, "pocket", {})) == (own[:3], "3:2")
    assert shown(_shapes_of("96×48", "pocket", {})) == ([*own[:3], "96×48"], "96×48")
    other, _ = _choices_of(PICTURE_SHAPE, 33, "ti2v-5b", picture)
    assert shown(other) == (["16:9", "9:16", PICTURE_SHAPE], PICTURE_SHAPE)


def test_a_picture_that_is_gone_leaves_the_rest(studio: FakeStudio) -> None:
    shown = filled(studio, replace(BALL, picture=Picture(sha256="a" * 64)))
    assert "no longer" in shown["picture"]["problem"]["message"]["en"]
    assert shown["prompt"] == "a red ball"


def test_a_number_nobody_can_read_leaves_the_rest_in_the_draft(studio: FakeStudio) -> None:
    shown = form.write(replace(BALL, steps=4, frames=33), {}, {}, takes=2)
    told, draft = _foresee(studio, replace(shown, seed="seven"))
    assert "seven" in told["problem"]["message"]["en"]
    assert draft == {"recipe": replace(BALL, frames=33).to_json(), "takes": 2}
    gone = {"problem": {"message": {"en": "It is no longer in the library."}}}
    assert _foresee(studio, replace(shown, picture=gone))[1] == gr.skip()
