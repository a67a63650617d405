"""What the page is told of presets and terms."""

from pathlib import Path

from studio.paths import BUNDLED_PRESETS
from studio.ui import wording
from studio.ui.cards import USES, catalogue
from tests.ui.fake_studio import FakeStudio


def test_every_bundled_preset_is_drawn_with_its_picture(studio: FakeStudio) -> None:
    shelf = catalogue(studio)["presets"]
    assert len(shelf) >= 64
    for preset in shelf:
        assert Path(preset["picture"]) == BUNDLED_PRESETS / f"{preset['id']}.webp"
        assert Path(preset["picture"]).is_file()
        assert preset["tags"] and preset["about"]["en"] and preset["about"]["zh"]


def test_the_uses_are_filters_and_have_a_word_in_both_languages(studio: FakeStudio) -> None:
    assert catalogue(studio)["uses"] == list(USES)
    for use in USES:
        words = wording.SENTENCES[f"use_{use.replace('-', '_')}"]
        assert words.en and words.zh


def test_only_uses_that_some_preset_has_are_offered(studio: FakeStudio) -> None:
    all_presets = studio.presets()
    studio.presets = lambda: [p for p in all_presets if "film" in p.tags][:3]  # type: ignore[method-assign]
    told = catalogue(studio)
    assert "film" in told["uses"]
    assert set(told["uses"]) == {use for p in studio.presets() for use in p.tags if use in USES}


def test_a_picture_that_is_missing_is_not_promised(studio: FakeStudio) -> None:
    studio.places.presets.mkdir(parents=True)
    (studio.places.presets / "mine.yaml").write_text(
        "schema: 1\nid: mine\nname: {en: Mine}\npicture: mine.webp\n", encoding="utf-8"
    )
    (mine,) = (each for each in catalogue(studio)["presets"] if each["id"] == "mine")
    assert (mine["picture"], mine["tags"], mine["about"]) == (None, [], None)
