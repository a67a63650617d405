"""The engine end to end, on tiny models of every family."""

import shutil
import weakref
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import torch

from studio import clip, manifest, mp4
from studio.engine import Stopped, film, load, stream, wan
from studio.engine.wan import WanEngine
from studio.errors import (
    CardLost,
    DoesNotFit,
    InvalidRequest,
    ModelMissing,
    OutOfMainMemory,
    OutOfMemory,
)
from studio.events import Progress, Started, Task
from studio.plan import GIB, Plan, Precision, Residency
from studio.shot import PictureUse
from tests.engine.making import ROOMY, Render, make_shot

Renders = Callable[..., Render]
KeepPicture = Callable[[int], PictureUse]


def test_the_same_shot_gives_the_same_film_and_every_part_of_it_matters(
    render: Renders, keep_picture: KeepPicture
) -> None:
    shot = make_shot("pocket", frames=5, steps=3)
    first = render(shot)
    shown = list(mp4.frames(first.finished.file))
    again = render(shot, name="again.mp4")
    assert all(map(np.array_equal, shown, mp4.frames(again.finished.file)))
    others = [
        replace(shot, prompt="a blue cat sleeps"),
        replace(shot, prompt="一只红色的球"),
        replace(shot, prompt="一只红色的猫"),
        replace(shot, negative_prompt=""),
        replace(shot, seed=8),
        replace(shot, guidance_low=6.0),
        replace(shot, flow_shift=3.0),
        replace(shot, picture=keep_picture(90)),
    ]
    pictures = {np.stack(render(other).frames).tobytes() for other in [shot, *others]}
    assert len(pictures) == len(others) + 1


def test_a_clip_carries_what_made_it(render: Renders) -> None:
    done = render(make_shot()).finished
    assert clip.tag_from_json(mp4.words(done.file)) == replace(
        done.tag, recipe=replace(done.tag.recipe, seed=7, model="t2v-a14b")
    )
    assert mp4.size(done.file) == (48, 32)
    assert done.tag.seconds > 0
    assert done.poster.read_bytes()[8:12] == b"WEBP"


def test_the_smallest_shots(render: Renders, keep_picture: KeepPicture) -> None:
    single = make_shot("pocket", frames=1, steps=1, width=16, height=16)
    assert len(render(single).frames) == 1
    wordless = replace(single, prompt="", negative_prompt="", picture=keep_picture(90))
    assert len(render(wordless).frames) == 1
    unguided = make_shot(guidance_high=1.0, guidance_low=1.0, frames=5, steps=2)
    assert len(render(unguided).frames) == 5


def test_what_is_said_on_the_way(render: Renders) -> None:
    heard = render(make_shot("t2v-a14b", prompt="never said before")).events
    assert isinstance(heard[0], Started)
    steps = [(event.stage, event.expert, event.step, event.of) for event in heard[1:]]
    high_steps = 4  # of 5, at shift 12 and boundary .875
    sampling = [
        ("sample", "high" if step <= high_steps else "low", step, 5) for step in range(1, 6)
    ]
    assert [step for step in steps if step[0] == "sample"] == sampling
    stages = [stage for stage, *_ in steps]
    assert [stage for i, stage in enumerate(stages) if stages[i - 1 : i] != [stage]] == [
        "load",
        "text",
        "load",
        "sample",
        "decode",
    ]
    assert steps[-1] == ("decode", None, 3, 3)


def test_a_dense_model_names_no_expert(render: Renders) -> None:
    assert render(make_shot("ti2v-5b")).experts == [None] * 5


def test_the_experts_are_called_at_their_own_noise_levels(
    render: Renders, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[str, float]] = []
    get = load.Parts.get

    def watched(parts: load.Parts, name: str) -> Any:
        new = not parts.loaded(name)
        part = get(parts, name)
        if new and name in (load.HIGH, load.LOW):
            part.register_forward_pre_hook(
                lambda _, __, inputs: calls.append((name, float(inputs["timestep"].max()))),
                with_kwargs=True,
            )
        return part

    monkeypatch.setattr(load.Parts, "get", watched)
    render(make_shot("t2v-a14b"), by=WanEngine(ROOMY))
    # Twice a step: with the prompt and with the negative prompt.
    assert [name for name, _ in calls] == [load.HIGH] * 8 + [load.LOW] * 2
    assert all((timestep >= 875) == (name == load.HIGH) for name, timestep in calls)


def test_parts_stay_warm_and_new_words_alone_load_the_text_encoder(render: Renders) -> None:
    engine = WanEngine(ROOMY)
    shot = make_shot()
    assert [event.stage for event in render(shot, by=engine).progress[:2]] == ["load", "text"]
    high = engine._parts.get(load.HIGH)
    assert "text" not in [
        event.stage for event in render(replace(shot, seed=9), by=engine).progress
    ]
    assert not engine._parts.loaded(load.TEXT_ENCODER)
    render(replace(shot, prompt="other words"), by=engine)
    assert engine._parts.get(load.HIGH) is high
    render(make_shot("ti2v-5b"), by=engine)
    assert engine._parts.get(load.HIGH) is not high


def test_the_text_encoder_is_gone_before_the_experts_come(
    render: Renders, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoders: list[weakref.ref[Any]] = []
    there: list[bool] = []
    get = load.Parts.get

    def watched(parts: load.Parts, name: str) -> Any:
        if name == load.HIGH:
            there.append(encoders[0]() is not None)
        part = get(parts, name)
        if name == load.TEXT_ENCODER:
            encoders.append(weakref.ref(part))
        return part

    monkeypatch.setattr(load.Parts, "get", watched)
    render(make_shot(), by=WanEngine(ROOMY))
    assert there == [False]


@pytest.mark.parametrize("after", [0, 1, 2, 4, 6, 9])
def test_a_wish_to_stop_is_heard_within_one_step_and_leaves_nothing(
    after: int, engine: WanEngine, render: Renders, task: Callable[..., Task]
) -> None:
    told: list[Any] = []
    with pytest.raises(Stopped):
        engine.render(task(make_shot()), told.append, lambda: len(told) > after)
    assert len(told) <= after + 1
    output = task(make_shot()).output
    assert not list(output.parent.glob("clip*"))
    render(make_shot())  # and the engine is as good as before


def test_the_text_encoder_is_gone_also_where_a_render_stops_at_it(
    task: Callable[..., Task],
) -> None:
    """It takes more memory than anything else, and the next words may be remembered ones."""
    engine, told = WanEngine(ROOMY), []
    with pytest.raises(Stopped):
        engine.render(
            task(make_shot()),
            told.append,
            lambda: any(isinstance(one, Progress) and one.stage == "load" for one in told),
        )
    assert not engine._parts.loaded(load.TEXT_ENCODER)


def test_a_card_that_is_lost_is_told_apart(
    task: Callable[..., Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise torch.AcceleratorError("CUDA error: unspecified launch failure")

    monkeypatch.setattr(film.decode, "frames", fail)
    with pytest.raises(CardLost, match="stopped answering"):
        WanEngine(ROOMY).render(task(make_shot()), lambda _: None, lambda: False)


def test_a_file_that_finds_no_room_in_the_page_file_is_not_called_damaged(
    task: Callable[..., Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise OSError("The paging file is too small for this operation. (os error 1455)")

    monkeypatch.setattr(load.place, "fill", fail)
    with pytest.raises(OutOfMainMemory):
        WanEngine(ROOMY).render(task(make_shot()), lambda _: None, lambda: False)


def test_files_that_were_got_anew_are_read_anew(
    render: Renders, models: Path, tmp_path: Path
) -> None:
    folder = models / "t2v-a14b"
    engine, shot = WanEngine(ROOMY), make_shot()
    render(shot, by=engine)
    high = engine._parts.get(load.HIGH)
    manifest.finish(folder)
    try:
        render(shot, by=engine)
        assert engine._parts.get(load.HIGH) is not high
        high = engine._parts.get(load.HIGH)
        render(shot, by=engine)
        assert engine._parts.get(load.HIGH) is high
    finally:
        (folder / manifest.WHOLE).unlink()


def test_a_film_that_cannot_be_decoded_leaves_nothing(
    engine: WanEngine, task: Callable[..., Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(film.mp4, "poster", fail)
    with pytest.raises(OutOfMemory, match="memory"):
        engine.render(task(make_shot()), lambda _: None, lambda: False)
    assert not list(task(make_shot()).output.parent.glob("clip*"))


def test_any_other_error_is_not_mistaken_for_missing_memory(
    engine: WanEngine, task: Callable[..., Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("shapes do not match")

    monkeypatch.setattr(film.decode, "frames", fail)
    with pytest.raises(RuntimeError, match="shapes"):
        engine.render(task(make_shot()), lambda _: None, lambda: False)


def test_words_beyond_the_encoder_are_refused_with_their_number(
    engine: WanEngine, task: Callable[..., Task]
) -> None:
    fits = make_shot(prompt="a " * 510)
    engine.render(task(fits), lambda _: None, lambda: False)
    with pytest.raises(InvalidRequest, match="prompt is 3 tokens too long: the model reads 512"):
        engine.render(task(make_shot(prompt="a " * 514)), lambda _: None, lambda: False)
    with pytest.raises(InvalidRequest, match="negative prompt is"):
        engine.render(task(make_shot(negative_prompt="q" * 10_000)), lambda _: None, lambda: False)


def test_a_model_that_is_not_here_says_how_to_get_it(
    engine: WanEngine, task: Callable[..., Task], tmp_path: Path
) -> None:
    here = replace(task(make_shot("t2v-a14b")), models=tmp_path)
    with pytest.raises(ModelMissing, match="python -m studio models get t2v-a14b"):
        engine.render(here, lambda _: None, lambda: False)


@pytest.mark.parametrize("damage", ["tokenizer", "part", "cut", "gone", "foreign"])
def test_a_damaged_model_says_so(
    damage: str, task: Callable[..., Task], models: Path, tmp_path: Path
) -> None:
    shutil.copytree(models / "t2v-a14b", tmp_path / "t2v-a14b")
    weights = tmp_path / "t2v-a14b/transformer/diffusion_pytorch_model.safetensors"
    if damage == "tokenizer":
        shutil.rmtree(tmp_path / "t2v-a14b/tokenizer")
    elif damage == "part":
        shutil.rmtree(tmp_path / "t2v-a14b/vae")
    elif damage == "cut":
        weights.write_bytes(weights.read_bytes()[:10_000])
    elif damage == "gone":
        weights.unlink()
    else:
        shutil.copy(models / "t2v-a14b/vae/diffusion_pytorch_model.safetensors", weights)
    here = replace(task(make_shot("t2v-a14b")), models=tmp_path)
    with pytest.raises(ModelMissing, match="not whole"):
        WanEngine(ROOMY).render(here, lambda _: None, lambda: False)


def test_memory_that_others_gave_back_is_seen_by_the_next_render(
    render: Renders, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = WanEngine()
    shot = make_shot("ti2v-5b", frames=5, steps=1)
    memory = psutil.virtual_memory()
    free = {"gb": 1}
    monkeypatch.setattr(
        psutil,
        "virtual_memory",
        lambda: memory._replace(total=1000 * GIB, available=free["gb"] * GIB),
    )
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    own = psutil.Process().memory_info().rss / GIB  # which it can give back
    assert engine.hardware().ram_free_gb == pytest.approx(1 + own, abs=0.5)
    with pytest.raises(DoesNotFit):
        render(shot, by=engine)
    free["gb"] = 900
    started = render(shot, by=engine).events[0]
    assert isinstance(started, Started) and started.plan.precision is Precision.FP32


@pytest.mark.parametrize(("ram_gb", "precision"), [(60.0, Precision.INT8), (28.0, Precision.NF4)])
def test_a_smaller_computer_renders_in_fewer_bits(
    ram_gb: float, precision: Precision, render: Renders
) -> None:
    computer = replace(ROOMY, ram_total_gb=ram_gb, ram_free_gb=ram_gb, bf16=True)
    shot = make_shot("t2v-a14b", frames=5)
    done = render(shot, by=WanEngine(computer))
    assert isinstance(done.events[0], Started)
    assert done.events[0].plan.precision is precision
    full = np.stack(render(shot).frames).astype(float)
    off = np.abs(np.stack(done.frames) - full)
    assert 0 < off.mean() < 0.5 * full.std()


@pytest.mark.parametrize(
    ("family", "precision", "residency", "streamed"),
    [
        ("t2v-a14b", Precision.FP32, Residency.SWAP, 0),
        ("i2v-a14b", Precision.NF4, Residency.SWAP, 1),
        ("t2v-a14b", Precision.NF4, Residency.DISK, 1),
        ("ti2v-5b", Precision.FP32, Residency.DISK, 0),
    ],
)
def test_parts_that_take_turns_change_nothing(
    family: str,
    precision: Precision,
    residency: Residency,
    streamed: int,
    render: Renders,
    keep_picture: KeepPicture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As on a card that one part fills, with the processor in its place; again with other words."""
    shot = make_shot(family, picture=None if family == "t2v-a14b" else keep_picture(90))
    choose = wan.choose
    streams: set[tuple[str, int]] = set()

    class Watched(stream.OnCall):
        def __init__(self, part: Any, blocks: Any, count: int, mover: stream.Mover) -> None:
            super().__init__(part, blocks, count, mover)
            streams.add((type(part).__name__, count))

    monkeypatch.setattr(stream, "OnCall", Watched)
    frames = []
    for way in ((Residency.CPU, 0), (residency, streamed)):

        def forced(*asked: Any, way: tuple[Residency, int] = way) -> Plan:
            plan = choose(*asked)
            return replace(plan, precision=precision, residency=way[0], streamed_blocks=way[1])

        monkeypatch.setattr(wan, "choose", forced)
        engine = WanEngine(ROOMY)
        render(replace(shot, steps=2, prompt="other words"), by=engine)
        frames.append(np.stack(render(shot, by=engine).frames))
    np.testing.assert_array_equal(*frames)
    assert engine._parts is not None
    waiting = {name: engine._parts.get(name) for name in ("transformer", "vae")}
    on_disk = residency is Residency.DISK
    assert all(p.is_meta is on_disk for part in waiting.values() for p in part.parameters())
    assert not any(hasattr(part, "_hf_hook") for part in waiting.values())
    assert not engine._parts.loaded("text_encoder")
    assert not streamed or ("WanTransformer3DModel", streamed) in streams
