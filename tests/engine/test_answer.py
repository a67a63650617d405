"""Experts are known again by what they answer: the same wherever they wait, another once what is
kept is no longer what it was, and noted when they are made."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from studio import cli, preparation, weights
from studio.engine import answer, load
from studio.engine.load import Parts
from studio.engine.wan import WanEngine
from studio.events import Answered, Asking
from studio.models import MODELS, T2V_A14B
from studio.plan import Placement, Precision, Residency
from studio.studio import Studio
from tests.engine.making import make_shot
from tests.engine.test_prepared import TIGHT, home

__all__ = ["home"]
FORM = "int8-bfloat16"
NAMES = (f"{FORM}/transformer", f"{FORM}/transformer_2")


@pytest.fixture
def kept(home: Path, task: Callable[..., Any]) -> Path:
    """What a render leaves."""
    here = replace(task(make_shot(frames=5, steps=2)), models=home.parent)
    WanEngine(TIGHT).render(here, lambda _: None, lambda: False)
    return home / weights.PREPARED


def ask(home: Path) -> Answered:
    return WanEngine(TIGHT).ask(Asking(model=T2V_A14B.id, models=home.parent))


def change(folder: Path, key: str, by: Callable[[torch.Tensor], torch.Tensor]) -> None:
    """Of every block's key, in a file that is whole and of the same original."""
    (file,) = folder.glob("*.safetensors")
    with safe_open(file, framework="pt") as opened:
        about = opened.metadata()
    changed = {
        name: by(value) if name.endswith(key) else value for name, value in load_file(file).items()
    }
    save_file(changed, file, about)


def test_a_render_that_makes_experts_notes_their_answers(home: Path, kept: Path) -> None:
    first = [preparation.answer(kept / name) for name in NAMES]
    for numbers in first:
        assert numbers is not None and len(numbers) == answer.NUMBERS
        assert len(set(numbers)) > answer.NUMBERS // 2
    assert first[0] != first[1]
    assert all(preparation.find(kept / name, home / Path(name).name) for name in NAMES)
    assert ask(home) == Answered(same=NAMES)
    assert [preparation.answer(kept / name) for name in NAMES] == first


def test_other_weights_answer_otherwise(home: Path, kept: Path) -> None:
    change(kept / NAMES[0], "ffn.net.2.SCB", lambda scale: scale * 3)
    assert ask(home) == Answered(same=NAMES[1:], otherwise=NAMES[:1])
    change(kept / NAMES[1], "attn1.to_q.bias", lambda bias: bias * torch.nan)
    assert ask(home) == Answered(otherwise=NAMES)


def test_what_was_never_asked_is_noted(home: Path, kept: Path) -> None:
    index = kept / NAMES[0] / preparation.INDEX
    first = preparation.answer(kept / NAMES[0])
    preparation.finish(kept / NAMES[0], home / load.HIGH)
    assert preparation.answer(kept / NAMES[0]) is None
    assert ask(home) == Answered(same=NAMES)
    assert preparation.answer(kept / NAMES[0]) == first
    index.unlink()
    assert ask(home) == Answered(same=NAMES[1:])  # what is not kept is not made for it


@pytest.mark.parametrize("id", ["t2v-a14b", "i2v-a14b", "ti2v-5b"])
@pytest.mark.parametrize("precision", [Precision.BF16, Precision.INT8, Precision.NF4])
def test_every_family_answers_the_same_wherever_it_waits(
    id: str, precision: Precision, models: Path, tmp_path: Path
) -> None:
    def parts(residency: Residency, bf16: bool = False) -> Parts:
        way = Placement(precision, residency)
        return Parts(MODELS[id], models / id, way, bf16, tmp_path / "kept")

    opened = parts(Residency.CPU)
    opened.get(load.HIGH)
    assert opened.made == [load.HIGH]
    answer.note(opened)
    assert opened.made == []
    folder = opened.kept(load.HIGH)
    assert folder is not None
    first = preparation.answer(folder)
    for residency in (Residency.CPU, Residency.DISK):
        assert answer._answer(parts(residency), load.HIGH).tolist() == first
    if precision is not Precision.BF16:
        # Computed in 16 bits it is off by a little, as another card is.
        rounded = answer._answer(parts(Residency.CPU, bf16=True), load.HIGH)
        off = (rounded - torch.tensor(first)).norm() / torch.tensor(first).norm()
        assert 0 < off < answer.TOLERANCE


def test_an_answer_that_cannot_be_noted_costs_nothing(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    opened = Parts(
        T2V_A14B, home, Placement(Precision.NF4, Residency.CPU), False, tmp_path / "kept"
    )
    opened.get(load.LOW)
    monkeypatch.setattr(preparation, "note_answer", full)
    answer.note(opened)
    assert opened.made == []


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Answered], int]]:
    def run(answered: Answered, *more: str) -> int:
        monkeypatch.setattr(Studio, "check_model", lambda *_: ())
        monkeypatch.setattr(Studio, "ask_model", lambda *_: answered)
        return cli.main(["models", "check", T2V_A14B.id, *more])

    yield run


def test_the_command_says_it_in_a_sentence(
    check: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(Answered()) == cli.DONE
    assert capsys.readouterr().out == "Every file of t2v-a14b is as it should be.\n"
    assert check(Answered(same=NAMES)) == cli.DONE
    assert "answer as when they were made" in capsys.readouterr().out
    assert check(Answered(otherwise=NAMES[:1])) == cli.FAILED
    assert f"but {NAMES[0]} no longer answer as when they were made" in capsys.readouterr().out
    assert check(Answered(otherwise=NAMES[:1]), "--json") == cli.FAILED
    assert f'"otherwise": ["{NAMES[0]}"]' in capsys.readouterr().out


def test_without_anything_kept_no_process_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.studio.Helper", None)
    assert cli.main(["models", "check", "pocket"]) == cli.DONE
