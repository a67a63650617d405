"""The vocabulary is whole in both languages, and right where the official guide is not."""

import re

import pytest

from studio.errors import InvalidRequest
from studio.models import MODELS
from studio.vocabulary import CATEGORIES, Category, Form, Term, category, term

TERMS = [one for group in CATEGORIES for one in group.terms]
CHINESE = re.compile(r"[\u4e00-\u9fff]")

# Every category of the guide with how many terms it lists, misprints resolved.
SIZES = {
    "light_source": 9,
    "lighting_type": 10,
    "time_of_day": 6,
    "shot_size": 9,
    "composition": 6,
    "focal_length": 5,
    "camera_angle": 7,
    "shot_type": 5,
    "color_tone": 5,
    "camera_move": 11,
    "motion": 11,
    "emotion": 5,
    "style": 13,
    "effect": 2,
}


def named(one: Term) -> str:
    return f"{one.category}={one.id}"


def test_the_categories_and_their_sizes() -> None:
    assert {group.id: len(group.terms) for group in CATEGORIES} == SIZES


@pytest.mark.parametrize("group", CATEGORIES, ids=lambda group: group.id)
def test_a_category_has_unique_ids_both_names_and_a_limit(group: Category) -> None:
    ids = [one.id for one in group.terms]
    assert len(set(ids)) == len(ids)
    assert group.name.en and CHINESE.search(group.name.zh)
    assert 1 <= group.limit <= len(ids)
    assert all(one.category == group.id for one in group.terms)


@pytest.mark.parametrize("one", TERMS, ids=named)
def test_a_term_is_whole_in_both_languages(one: Term) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", one.id)
    assert one.name.en.strip() and one.emit.en.strip()
    assert CHINESE.search(one.name.zh) and CHINESE.search(one.emit.zh)
    assert not CHINESE.search(one.emit.en)


@pytest.mark.parametrize("one", TERMS, ids=named)
def test_a_term_is_written_as_its_form_wants(one: Term) -> None:
    form = category(one.category).form
    assert one.emit.en.endswith(".") == one.emit.zh.endswith("。") == (form is Form.SENTENCE)
    if form is Form.TAG:
        proper_names = one.emit.en.replace("Dutch", "dutch")
        assert proper_names == proper_names.lower()


@pytest.mark.parametrize(
    ("group", "id", "en", "zh"),
    [
        ("lighting_type", "backlighting", "backlighting", "背光"),
        ("time_of_day", "day", "day time", "白天"),
        ("time_of_day", "sunrise", "sunrise time", "日出"),
        ("camera_angle", "overhead", "top-down shot", "俯视角度"),
        ("light_source", "daylight", "daylight", "日光"),
        ("light_source", "sunny", "sunny lighting", "晴天光"),
    ],
)
def test_misprints_of_the_guide_are_not_copied(group: str, id: str, en: str, zh: str) -> None:
    assert (term(group, id).emit.en, term(group, id).emit.zh) == (en, zh)


def test_no_english_text_is_written_by_two_terms_of_one_category() -> None:
    for group in CATEGORIES:
        for language in ("en", "zh"):
            emitted = [one.emit.get(language) for one in group.terms]
            assert len(set(emitted)) == len(emitted), group.id


def test_the_design_s_ids() -> None:
    for group, id in [
        ("lighting_type", "soft"),
        ("shot_size", "close-up"),
        ("color_tone", "warm"),
        ("composition", "center"),
        ("camera_move", "push-in"),
    ]:
        assert term(group, id).id == id


def test_what_a_term_fights_is_really_in_a_negative_prompt() -> None:
    known = {words.en for spec in MODELS.values() for words in spec.negative}
    fought = {word for one in TERMS for word in one.fights}
    assert fought and fought <= known


def test_flat_styles_are_those_drawn_on_a_plane() -> None:
    flat = {one.id for one in TERMS if one.flat}
    assert {"2d-anime", "watercolor-painting", "pixel-art"} <= flat
    assert not flat & {"claymation", "felt", "3d-cartoon", "cyberpunk", "wasteland"}
    assert all(one.category == "style" for one in TERMS if one.flat)


def test_unknown_names_are_refused_with_the_allowed_ones() -> None:
    with pytest.raises(InvalidRequest, match=r"lens.*focal_length"):
        category("lens")
    with pytest.raises(InvalidRequest, match=r"sunrize.*dawn, sunrise"):
        term("time_of_day", "sunrize")
