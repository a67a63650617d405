"""Which PyTorch build suits which PC: launch.py's table on answers of nvidia-smi.

Each file of nvidia-smi/ is one PC: the questions, the tool's words and its exit status."""

import ast
import os
from pathlib import Path

import pytest

import launch

PCS = Path(__file__).parent / "nvidia-smi"

BUILD_OF = {
    "windows-rtx5090-581": "cu130",
    "windows-rtx4070-566": "cu126",
    "windows-gtx1650-580": "cu130",
    "windows-rtx3060-528.49": "cu126",
    "windows-gtx1080ti-581": "cu126",  # a new driver, but CUDA 13 has no kernels for Pascal
    "linux-rtx4090-580": "cu130",
    "linux-rtx3090-535": "cu126",
    "linux-a100-525.60.13": "cu126",
    "linux-two-cards": "cu130",  # the stronger card decides
    "linux-name-with-comma": "cu130",
    "linux-not-available": "cu126",  # the card does not tell: the driver decides
}
PROBLEM_OF = {
    "windows-rtx3060-528.24": ("RTX 3060 is too old; PyTorch needs 528.33", "Update it"),
    "windows-rtx5070-572": ("RTX 5070 Ti is too old; PyTorch needs 580", "Update it"),
    "windows-gtx1060-456": ("driver 456.71 of the GeForce GTX 1060 6GB is too old", "Update it"),
    "linux-a100-525.60.11": ("is too old; PyTorch needs 525.60.13", "Update it"),
    "linux-k80-470": ("driver 470.256.02 of the Tesla K80 is too old", "Update it"),
    "linux-k40-of-tomorrow": ("Tesla K40m is too old for today's PyTorch", "GTX 900"),
    "linux-no-devices": ("finds no graphics card", "restart"),
    "linux-no-driver": ("couldn't communicate with the NVIDIA driver", "Restart"),
    "linux-mismatch": ("Driver/library version mismatch", "Restart"),
    "linux-nothing": ("does not answer (no answer)", "Restart"),
    "windows-gpu-lost": ("GPU is lost", "Restart"),
}


@pytest.fixture(autouse=True)
def _system_of_the_pc(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "pc" in request.fixturenames:
        windows = request.getfixturevalue("pc").startswith("windows")
        monkeypatch.setattr(launch.CudaBuild, "driver", _driver_of(windows))


def _driver_of(windows: bool):
    return lambda build: build.windows_driver if windows else build.linux_driver


def recorded(pc: str) -> launch.Graphics:
    """The launcher's reading of a recorded PC."""
    answers = {}
    for part in (PCS / f"{pc}.txt").read_text("utf-8").split("$ nvidia-smi ")[1:]:
        question, _, rest = part.partition("\n")
        words, _, status = rest.rpartition("exit ")
        answers[question] = (int(status), words)
    return launch.read_graphics(lambda arguments: answers[" ".join(arguments)])


def test_every_recorded_pc_is_tested() -> None:
    assert {file.stem for file in PCS.glob("*.txt")} == {*BUILD_OF, *PROBLEM_OF}


@pytest.mark.parametrize("pc", BUILD_OF)
def test_build(pc: str) -> None:
    graphics = recorded(pc)
    assert graphics.problem == ""
    assert graphics.builds()[0].tag == BUILD_OF[pc]


@pytest.mark.parametrize("pc", PROBLEM_OF)
def test_no_build_and_what_to_do(pc: str) -> None:
    problem, advice = PROBLEM_OF[pc]
    graphics = recorded(pc)
    assert graphics.builds() == []
    assert problem in graphics.problem
    assert advice in graphics.advice


def test_an_older_build_that_runs_is_kept_and_one_that_cannot_run_is_not() -> None:
    ampere = launch.Graphics(card="RTX 3060", capability=(8, 6), driver=(581, 0))
    blackwell = launch.Graphics(card="RTX 5090", capability=(12, 0), driver=(581, 0))
    assert ampere.runs("cu130")
    assert ampere.runs("cu126")
    assert not ampere.runs("cpu")
    assert blackwell.runs("cu130")
    assert not blackwell.runs("cu126")


def test_no_nvidia_card_is_no_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "find_nvidia_smi", lambda: None)
    assert launch.this_pc() == launch.Graphics()


def test_a_tool_that_cannot_start_is_a_broken_driver(tmp_path: Path) -> None:
    status, words = launch.ask_nvidia_smi(str(tmp_path / "nvidia-smi"), [])
    assert status != 0
    assert words != ""


@pytest.mark.skipif(os.name == "nt", reason="a shell script stands for the tool")
def test_the_tool_is_really_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text('#!/bin/sh\necho "NVIDIA RTX 4090, 580.65.06, 8.9"\n', "utf-8")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert launch.this_pc().driver == (580, 65, 6)


def test_an_old_python_is_told_so_before_it_meets_anything_new() -> None:
    """Python 3.7 can read the file, and nothing newer is evaluated before the version check."""
    source = Path(launch.__file__).read_text("utf-8")
    body = ast.parse(source, feature_version=(3, 7)).body
    check = next(i for i, node in enumerate(body) if "sys.exit" in ast.unparse(node))
    plain = (ast.Expr, ast.Import, ast.ImportFrom, ast.If)
    assert all(isinstance(node, plain) for node in body[:check])
