"""The tiny models, one engine for the session, and a short way to render with it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from studio import mp4, picture
from studio.engine import miniature
from studio.engine.wan import WanEngine
from studio.events import Event, Task
from studio.picture import Box
from studio.recipe import Recipe
from studio.shot import PictureUse, Shot
from tests.engine.making import ROOMY, Render


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with the tiny set of every family."""
    folder = tmp_path_factory.mktemp("models")
    for name in miniature.FAMILIES:
        miniature.build(name, folder / name)
    return folder


@pytest.fixture(scope="session")
def engine() -> WanEngine:
    return WanEngine(ROOMY)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    return tmp_path / "Pictures"


@pytest.fixture
def keep_picture(pictures: Path, tmp_path: Path) -> Callable[[int], PictureUse]:
    """A smooth picture of a given brightness, kept in the library's folder; crops off its edges."""

    def keep(level: int) -> PictureUse:
        rows, columns = np.mgrid[0:80, 0:120]
        pixels = np.stack([rows * 2, columns, np.full_like(rows, level)], axis=-1)
        path = tmp_path / f"{level}.png"
        Image.fromarray(pixels.astype(np.uint8)).save(path)
        return PictureUse(sha256=picture.keep(path, pictures), crop=Box(6, 4, 114, 76))

    return keep


@pytest.fixture
def task(models: Path, pictures: Path, tmp_path: Path) -> Callable[..., Task]:
    def make(shot: Shot, name: str = "clip.mp4", parent_file: Path | None = None) -> Task:
        return Task(
            id="0123456789ab",
            created="2026-11-22T10:00:00+01:00",
            recipe=Recipe(prompt=shot.prompt),
            shot=shot,
            output=tmp_path / name,
            parent_file=parent_file,
            pictures=pictures,
            models=models,
            texts=tmp_path / "texts",
            checkpoint=tmp_path / "checkpoints" / f"{name}.safetensors",
            latents=tmp_path / "latents",
            glimpses=tmp_path / "glimpses",
        )

    return make


@pytest.fixture
def render(
    engine: WanEngine, task: Callable[..., Task], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Render]]:
    """Render a shot, watching the frames on their way into the film."""
    seen: list[np.ndarray] = []
    add = mp4.Writer.add

    def watched(film: mp4.Writer, frame: np.ndarray) -> None:
        seen.append(frame.copy())
        add(film, frame)

    monkeypatch.setattr(mp4.Writer, "add", watched)

    def run(shot: Shot, by: WanEngine | None = None, say: Any = None, **others: Any) -> Render:
        seen.clear()
        events: list[Event] = []
        finished = (by or engine).render(task(shot, **others), say or events.append, lambda: False)
        return Render(finished=finished, frames=list(seen), events=events)

    return run


@pytest.fixture(autouse=True)
def _no_gradients() -> Iterator[None]:
    with torch.no_grad():
        yield


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    """Tiny matrices on many threads spend their time waiting for each other."""
    torch.set_num_threads(1)
