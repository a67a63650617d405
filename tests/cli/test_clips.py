"""`clips` at a terminal: stars, tags, and what is listed by them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from studio import cli, models, shot
from studio.clip import Clip, Tag
from studio.events import Finished
from studio.gallery.library import Library
from studio.paths import places
from studio.prompt import expand
from studio.recipe import Recipe
from studio.shot import Kind

ASKED = Recipe(prompt="a ferry", seed=7)


@pytest.fixture
def clips(tmp_path: Path) -> list[Clip]:
    """Two clips, of two models. No ffmpeg: what is listed stands in the index."""
    library = Library(places())
    decided = shot.decide(
        ASKED, models.POCKET, expand(ASKED, models.POCKET, []), Kind.PREVIEW, 7, {}
    )
    kept = []
    for number, model in enumerate(("pocket", "ti2v-5b")):
        film = tmp_path / f"{number}.mp4"
        film.write_bytes(b"a film")
        tag = Tag(
            id=f"{number:012x}",
            created="2026-11-22T10:00:00+00:00",
            seconds=1.0,
            recipe=ASKED,
            shot=replace(decided, model=model),
        )
        kept.append(library.adopt(Finished(tag=tag, file=film, poster=tmp_path / "none.webp")))
    return kept


@pytest.fixture
def told(capfd: pytest.CaptureFixture[str]) -> Any:
    def run(*arguments: str) -> Any:
        assert cli.main(["clips", *arguments, "--json"]) == 0
        return json.loads(capfd.readouterr().out)

    return run


def test_stars_and_tags_are_given_and_listed_by(clips: list[Clip], told: Any) -> None:
    one, two = clips
    assert told("star", one.id, "3")["stars"] == 3
    assert told("tag", two.id, "for Anna", "海报")["tags"] == ["for Anna", "海报"]
    for asked, found in (
        (("--stars", "3"), one),
        (("--model", "ti2v-5b"), two),
        (("--tag", "海报"), two),
        (("--model", "ti2v-5b", "--tag", "for Anna", "--stars", "0"), two),
    ):
        assert [row["id"] for row in told(*asked)] == [found.id], asked
    assert told("--stars", "4") == []
    assert told("tag", two.id, "best", "--remove", "海报")["tags"] == ["for Anna", "best"]
    assert told("--tag", "海报") == []
    assert told("star", one.id, "0")["stars"] == 0


@pytest.mark.parametrize("wrong", [("star", "6"), ("star", "-1"), ("tag", " ")])
def test_what_is_not_allowed_is_said(
    clips: list[Clip], capfd: pytest.CaptureFixture[str], wrong: tuple[str, str]
) -> None:
    verb, value = wrong
    assert cli.main(["clips", verb, clips[0].id, "--", value]) == 2
    assert "not allowed" in (said := capfd.readouterr().err) or "cannot be a tag" in said
