"""A render that runs out of memory takes the next plan, goes on from where it was, and the next
render begins with what was learned."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from studio import margins
from studio.engine import sample
from studio.engine.wan import WanEngine
from studio.errors import OutOfMemory
from studio.events import Started
from studio.models import T2V_A14B
from studio.plan import Margin, Plan, Precision
from tests.engine.making import ROOMY, Render, make_shot

# Plans for the published sizes: INT8 is the best that fits, and NF4 would too.
TIGHT = replace(ROOMY, ram_total_gb=60.0, ram_free_gb=60.0, bf16=True, device="a tight one")
FULL_AFTER = 3  # steps


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch, models: Path) -> Any:
    """``full(INT8)``: a forward in a plan of this precision finds no memory after a few steps."""
    real = sample._on_step_end

    def crowd(precisions: set[Precision]) -> None:
        def on_step_end(shot: Any, alone: bool, held: Any, aside: Any) -> Any:
            told = real(shot, alone, held, aside)

            def then(pipeline: Any, index: int, timestep: Any, tensors: Any) -> Any:
                result = told(pipeline, index, timestep, tensors)
                far = pipeline.scheduler.step_index >= FULL_AFTER
                if far and _precision(pipeline) in precisions:
                    raise torch.OutOfMemoryError("CUDA out of memory")
                return result

            return then

        monkeypatch.setattr(sample, "_on_step_end", on_step_end)

    yield crowd
    (models / margins.FILE).unlink(missing_ok=True)


def _precision(pipeline: Any) -> Precision:
    expert = pipeline.transformer or pipeline.transformer_2
    layer = type(expert.blocks[0].attn1.to_q).__name__
    return {"Linear8bitLt": Precision.INT8, "Linear4bit": Precision.NF4}[layer]


def started(render: Render) -> list[Plan]:
    return [event.plan for event in render.events if isinstance(event, Started)]


def test_the_next_plan_goes_on_where_the_first_was(
    render: Callable[..., Render], full: Any, models: Path
) -> None:
    full({Precision.INT8})
    shot = make_shot(frames=5, steps=6)
    done = render(shot, by=WanEngine(TIGHT))
    first, second = started(done)
    assert (first.precision, second.precision) == (Precision.INT8, Precision.NF4)
    assert second.reason.startswith("The computer ran out of memory before, so: ")
    steps = [event.step for event in done.progress if event.stage == "sample"]
    assert steps == [1, 2, 3, 4, 5, 6]
    assert margins.read(models, T2V_A14B, TIGHT).ram > 1.0
    # Remembered: the next one does not run into it.
    again = started(render(shot, by=WanEngine(TIGHT), name="again.mp4"))
    assert [plan.precision for plan in again] == [Precision.NF4]
    assert np.stack(done.frames).std() > 0


def test_where_there_is_no_other_plan_it_is_said(
    render: Callable[..., Render], full: Any, models: Path
) -> None:
    full({Precision.INT8, Precision.NF4})
    events: list[Any] = []
    with pytest.raises(OutOfMemory, match="ran out of memory"):
        render(make_shot(frames=5), by=WanEngine(TIGHT), say=events.append)
    plans = [event.plan for event in events if isinstance(event, Started)]
    assert len({(plan.placement, plan.tile) for plan in plans}) == len(plans) >= 2
    assert margins.read(models, T2V_A14B, TIGHT) == Margin()


def test_nothing_is_learned_where_another_program_took_the_memory(
    render: Callable[..., Render], full: Any, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full({Precision.INT8})
    engine = WanEngine(TIGHT)
    now = [TIGHT, *[replace(TIGHT, ram_free_gb=TIGHT.ram_free_gb - 1)] * 10]
    monkeypatch.setattr(engine, "hardware", lambda: now.pop(0) if len(now) > 1 else now[0])
    assert len(started(render(make_shot(frames=5), by=engine))) == 2
    assert margins.read(models, T2V_A14B, TIGHT) == Margin()


def test_a_note_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    assert margins.read(tmp_path, T2V_A14B, TIGHT) == Margin()
    margins.write(tmp_path, T2V_A14B, TIGHT, Margin(vram=1.21, ram=1.1))
    assert margins.read(tmp_path, T2V_A14B, TIGHT) == Margin(vram=1.21, ram=1.1)
    assert margins.read(tmp_path, T2V_A14B, replace(TIGHT, device="another")) == Margin()
    for text in ("", "[]", "{", '{"a": "b"}', '{"a": 1.2}'):
        (tmp_path / margins.FILE).write_text(text, encoding="utf-8")
        assert margins.read(tmp_path, T2V_A14B, TIGHT) == Margin()
