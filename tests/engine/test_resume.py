"""Nothing is lost: a render goes on from its checkpoint, to the bit, in an engine that is new."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKLWan

from studio import mp4
from studio.engine import Stopped, film, kept, load
from studio.engine.record import Record
from studio.engine.wan import WanEngine
from studio.errors import NotFound, OutOfMemory
from studio.events import Event, Progress, Task
from studio.plan import TILES
from studio.shot import Kind, PictureUse, Refine, Shot, Way
from tests.engine.making import ROOMY, Render, make_shot

Renders = Callable[..., Render]
KeepPicture = Callable[[int], PictureUse]


class _Stop:
    """Cancels once so many steps of sampling have been told."""

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.told: list[int] = []

    def say(self, event: Event) -> None:
        if isinstance(event, Progress) and event.stage == "sample":
            self.told.append(event.step)

    def cancelled(self) -> bool:
        return len(self.told) >= self.steps


def _stopped_after(steps: int, task: Task) -> list[int]:
    stop = _Stop(steps)
    with pytest.raises(Stopped):
        WanEngine(ROOMY).render(task, stop.say, stop.cancelled)
    return stop.told


@pytest.mark.parametrize("model", ["t2v-a14b", "i2v-a14b", "ti2v-5b"])
@pytest.mark.parametrize("after", [1, 3, 4, 5])
def test_a_stopped_render_goes_on_to_the_same_frames(
    model: str, after: int, render: Renders, keep_picture: KeepPicture, task: Callable[..., Task]
) -> None:
    use = None if model == "t2v-a14b" else keep_picture(90)
    shot = make_shot(model, picture=use)
    whole = render(shot, name="whole.mp4").frames
    told = _stopped_after(after, task(shot))
    assert told == list(range(1, after + 1))
    rest = render(shot, by=WanEngine(ROOMY))
    steps = [event.step for event in rest.progress if event.stage == "sample"]
    assert steps == list(range(after + 1, shot.steps + 1))
    np.testing.assert_array_equal(np.stack(whole), np.stack(rest.frames))
    assert not task(shot).checkpoint.exists()


def test_a_clip_took_as_long_as_all_its_tries_together(
    render: Renders, task: Callable[..., Task]
) -> None:
    shot = make_shot("t2v-a14b")
    _stopped_after(5, task(shot))
    path = task(shot).checkpoint
    before = kept.load_checkpoint(path, shot)
    assert before is not None and before.seconds > 0
    kept.save_checkpoint(path, shot, replace(before, seconds=1000.0))
    assert 1000 < render(shot, by=WanEngine(ROOMY)).finished.tag.seconds < 1600


def test_a_preview_whose_latents_cannot_be_kept_is_a_clip_all_the_same(
    render: Renders, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(kept, "save_preview", full)
    assert render(make_shot("t2v-a14b")).finished.file.exists()


def test_past_the_boundary_the_high_noise_expert_is_not_loaded_again(
    render: Renders, task: Callable[..., Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    shot = make_shot("t2v-a14b")
    _stopped_after(4, task(shot))
    asked: list[str] = []
    get = load.Parts.get
    monkeypatch.setattr(
        load.Parts, "get", lambda parts, name: asked.append(name) or get(parts, name)
    )
    assert render(shot, by=WanEngine(ROOMY)).experts == ["low"]
    assert load.HIGH not in asked


def test_another_shot_begins_anew(render: Renders, task: Callable[..., Task]) -> None:
    shot = make_shot("t2v-a14b")
    _stopped_after(3, task(shot))
    other = render(replace(shot, seed=8))
    assert [event.step for event in other.progress if event.stage == "sample"] == [1, 2, 3, 4, 5]


def test_a_damaged_checkpoint_is_no_checkpoint(render: Renders, task: Callable[..., Task]) -> None:
    shot = make_shot("t2v-a14b")
    _stopped_after(3, task(shot))
    path = task(shot).checkpoint
    path.write_bytes(path.read_bytes()[:1000])
    assert len(render(shot).experts) == shot.steps


def test_a_full_disk_costs_the_checkpoint_not_the_render(
    render: Renders, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(kept, "save_checkpoint", full)
    assert len(render(make_shot("t2v-a14b")).experts) == 5


def test_a_refine_that_was_begun_goes_on_without_its_preview(
    render: Renders, task: Callable[..., Task]
) -> None:
    preview = render(make_shot("t2v-a14b", steps=8), name="parent.mp4").finished
    left = next(task(make_shot()).latents.glob("*.safetensors"))
    for way in (Way.NOISY, Way.PIXELS):
        shot = make_shot(
            "t2v-a14b",
            kind=Kind.FINAL,
            width=96,
            height=64,
            steps=3,
            refine=Refine(parent=preview.tag.id, way=way, sigma=0.8, fidelity=0.0),
        )
        whole = render(shot, name="whole.mp4", parent_file=preview.file).frames
        stop = _Stop(2)
        with pytest.raises(Stopped):
            begun = task(shot, parent_file=preview.file)
            WanEngine(ROOMY).render(begun, stop.say, stop.cancelled)
        away = left.rename(left.with_suffix(".away"))
        again = render(shot, by=WanEngine(ROOMY), parent_file=None)
        np.testing.assert_array_equal(np.stack(whole), np.stack(again.frames))
        away.rename(left)


def test_a_failed_decode_is_tried_again_without_sampling(
    render: Renders, task: Callable[..., Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    shot = make_shot("t2v-a14b")
    whole = render(shot, name="whole.mp4").frames

    def full(*_: Any) -> None:
        raise OSError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(film.mp4, "poster", full)
        with pytest.raises(OSError, match="space"):
            WanEngine(ROOMY).render(task(shot), lambda _: None, lambda: False)
    again = render(shot, by=WanEngine(ROOMY))
    assert again.experts == []
    np.testing.assert_array_equal(np.stack(whole), np.stack(again.frames))


def test_decoding_falls_back_to_tiles_when_memory_runs_out(
    render: Renders, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found out before the first step; the clip is one tile here, so its frames are the same."""
    shot = make_shot("t2v-a14b")
    whole = render(shot, name="whole.mp4").frames

    probe = film.decode.probe
    roomy: list[int | None] = list(TILES)

    def narrow(vae: AutoencoderKLWan, shape: tuple[int, int, int], tile: int | None) -> None:
        if tile not in roomy:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        probe(vae, shape, tile)

    monkeypatch.setattr(film.decode, "probe", narrow)
    tiled = render(shot, by=WanEngine(ROOMY))
    np.testing.assert_array_equal(np.stack(whole), np.stack(tiled.frames))
    roomy.clear()
    told: list[Event] = []
    with pytest.raises(OutOfMemory):
        render(shot, by=WanEngine(ROOMY), name="never.mp4", say=told.append)
    assert "sample" not in [event.stage for event in told if isinstance(event, Progress)]


def test_an_early_end_shows_what_there_is(
    render: Renders, keep_picture: KeepPicture, task: Callable[..., Task]
) -> None:
    shot = make_shot("ti2v-5b", picture=keep_picture(90))
    early = replace(shot, ended_after=3)
    fresh = render(early, name="fresh.mp4")
    assert len(fresh.experts) == 3
    _stopped_after(3, task(shot))
    taken_up = render(early)
    assert taken_up.experts == []
    np.testing.assert_array_equal(np.stack(fresh.frames), np.stack(taken_up.frames))
    assert taken_up.finished.tag.shot.ended_after == 3


def test_a_preview_keeps_what_it_can_be_worked_up_from(
    render: Renders, task: Callable[..., Task], tmp_path: Path
) -> None:
    shot = make_shot("t2v-a14b", steps=8)
    done = render(shot)
    left = kept.load_preview(task(shot).latents / f"{done.finished.tag.id}.safetensors")
    assert left.shot == shot
    assert set(left.noisy) == {1.5, 2.0}
    assert left.finished.shape == left.noisy[1.5].shape == (1, 16, 3, 4, 6)
    assert left.text.prompt.shape == left.text.negative.shape
    final = replace(shot, kind=Kind.FINAL)
    other = replace(task(final), id="ba9876543210")
    WanEngine(ROOMY).render(other, lambda _: None, lambda: False)
    assert not (other.latents / "ba9876543210.safetensors").exists()
    with pytest.raises(NotFound, match="latents of this preview are gone"):
        kept.load_preview(tmp_path / "nothing.safetensors")


@pytest.mark.parametrize("way", [Way.NOISY, Way.FINISHED, Way.MIXED])
@pytest.mark.parametrize("model", ["t2v-a14b", "i2v-a14b"])
def test_latents_are_lifted_by_the_low_noise_expert_alone(
    model: str,
    way: Way,
    render: Renders,
    keep_picture: KeepPicture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    use = keep_picture(90) if model == "i2v-a14b" else None
    preview = make_shot(model, picture=use, steps=8)
    parent = render(preview, name="parent.mp4").finished
    asked: list[str] = []
    get = load.Parts.get
    monkeypatch.setattr(
        load.Parts, "get", lambda parts, name: asked.append(name) or get(parts, name)
    )
    refine = Refine(parent=parent.tag.id, way=way, sigma=0.8, fidelity=0.2)
    final = replace(preview, kind=Kind.FINAL, width=96, height=64, steps=3, refine=refine)
    done = render(final, by=WanEngine(ROOMY), parent_file=parent.file)
    assert done.experts == ["low"] * 3
    assert not {load.HIGH, load.TEXT_ENCODER} & set(asked)
    assert mp4.size(done.finished.file) == (96, 64)
    assert len(done.frames) == preview.frames


def test_checkpoints_cost_little_and_are_never_far_apart(tmp_path: Path) -> None:
    shot: Shot = make_shot("t2v-a14b", steps=12)
    written: list[int] = []
    record = Record(path=tmp_path / "c.safetensors", shot=shot, began=time.monotonic())
    record._write = lambda step, *_: written.append(step) or True  # type: ignore[method-assign]

    class Solver:
        def state(self) -> None:
            return None

    for step in range(1, 13):
        record.step(step, torch.zeros(1), Solver())  # type: ignore[arg-type]
        record._cost = 1e6 if step < 7 else 0.0
    assert written == [1, 3, 5, 7, 8, 9, 10, 11, 12]
