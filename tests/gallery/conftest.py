"""Real clips for the gallery's tests: small films with a whole recipe inside."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from studio import mp4, paths
from studio.clip import Tag
from studio.events import Finished
from studio.gallery.library import Library
from studio.recipe import Recipe
from studio.shot import Kind, Shot

SIZE, FRAMES, FPS = 32, 9, 8
SHOT = Shot(
    kind=Kind.PREVIEW,
    model="pocket",
    prompt="soft lighting. a red ball",
    negative_prompt="blurry",
    width=SIZE,
    height=SIZE,
    frames=FRAMES,
    fps=FPS,
    steps=4,
    flow_shift=5.0,
    guidance_high=4.0,
    guidance_low=3.0,
    boundary=0.875,
    seed=7,
    picture=None,
    last_picture=None,
    refine=None,
)

Render = Callable[..., Finished]


def film(path: Path, words: dict[str, object], frames: int = FRAMES) -> None:
    """A grey film whose frame n has the brightness 20·n."""
    with mp4.Writer(path, SIZE, SIZE, FPS) as writer:
        for number in range(frames):
            writer.add(np.full((SIZE, SIZE, 3), 20 * number, np.uint8))
        writer.tell(words)


@pytest.fixture
def places() -> paths.Places:
    return paths.places()


@pytest.fixture
def library(places: paths.Places) -> Library:
    return Library(places)


@pytest.fixture
def render(places: paths.Places) -> Render:
    """``render("a red ball")``: what the worker leaves in its folder. Each a minute younger."""
    made = []

    def render(prompt: str = "a red ball", **recipe: object) -> Finished:
        made.append(prompt)
        number = len(made)
        tag = Tag(
            id=f"{number:012x}",
            created=f"2026-11-22T10:{number:02}:00+08:00",
            seconds=1.5,
            recipe=Recipe(prompt=prompt, seed=7, model="pocket", **recipe),
            shot=replace(SHOT, prompt=f"soft lighting. {prompt}"),
        )
        work = places.work / f"job-{number}"
        work.mkdir(parents=True)
        film(work / "out.mp4", tag.to_json())
        mp4.poster(np.full((SIZE, SIZE, 3), 200, np.uint8), work / "out.webp")
        return Finished(tag=tag, file=work / "out.mp4", poster=work / "out.webp")

    return render
