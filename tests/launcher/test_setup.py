"""launch.py from an empty folder to the running app, and back on its feet after every accident."""

import importlib.util
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import launch
from tests.launcher.conftest import Index, Rushes

posix = pytest.mark.skipif(os.name == "nt", reason="a shell script stands for nvidia-smi")
AMPERE = "NVIDIA GeForce RTX 4090, 580.65.06, 8.9"


def installed(rushes: Rushes, name: str) -> list[str]:
    return [path.name.split("-")[1].removesuffix(".dist") for path in dists(rushes, name)]


def dists(rushes: Rushes, name: str) -> list[Path]:
    return list(rushes.packages.glob(f"{name}-*.dist-info"))


def app_answer(rushes: Rushes, version: str, *arguments: str) -> list[object]:
    return [str(rushes.venv), version, list(arguments)]


def test_from_nothing_to_the_app_and_then_fast(rushes: Rushes, index: Index) -> None:
    status, output, errors = rushes.start("--port", "7 8", "日本")
    assert status == 0, errors
    assert json.loads(output) == app_answer(rushes, "1.0", "--port", "7 8", "日本")
    assert "Making the private environment" in errors

    index.asked.clear()
    seconds = []
    for _ in range(3):
        began = time.monotonic()
        status, output, errors = rushes.start()
        seconds.append(time.monotonic() - began)
        assert status == 0
    assert index.asked == []
    assert "pip" not in errors
    assert "[" not in errors  # no step of a set-up
    assert min(seconds) < 1.0


def test_a_new_requirement_is_installed_and_the_rest_kept(ready: Rushes) -> None:
    made = ready.venv.joinpath("pyvenv.cfg").stat().st_mtime_ns
    ready.require("lantern==2.0")
    status, output, _ = ready.start()
    assert (status, json.loads(output)[1]) == (0, "2.0")
    assert installed(ready, "lantern") == ["2.0"]
    assert ready.venv.joinpath("pyvenv.cfg").stat().st_mtime_ns == made


def test_commands_and_tests_run_inside_the_environment(ready: Rushes) -> None:
    status, output, errors = ready.start("studio", "render", "a red ball", "--json")
    assert (status, json.loads(output)) == (0, ["studio", ["render", "a red ball", "--json"]]), (
        errors
    )
    assert installed(ready, "pytest") == []
    status, output, errors = ready.start("--test", "-k", "one thing")
    assert (status, json.loads(output.splitlines()[-1])) == (0, ["pytest", ["-k", "one thing"]]), (
        errors
    )
    assert installed(ready, "pytest") == ["9.9"]
    _, output, errors = ready.start("--test")
    assert json.loads(output.splitlines()[-1])[1][:2] == ["-n", "2"]
    assert "Setting up" not in errors
    assert "Setting up" not in ready.start()[2]


def test_what_cannot_be_had_is_said(ready: Rushes) -> None:
    ready.require("lantern==3.0")
    status, output, errors = ready.start()
    assert (status, output) == (1, "")
    assert "lantern==3.0" in errors
    assert "\nClose every running Rushes" in errors
    assert "check the internet connection and start again" in errors
    assert "Traceback" not in errors
    ready.require("lantern==2.0")
    assert ready.start()[0] == 0


@pytest.mark.soak
@posix
def test_killed_at_any_moment_the_next_start_mends_it(rushes: Rushes, rounds) -> None:
    moments, versions = random.Random(7), ["1.0", "2.0"]
    for turn in range(rounds(6, 200)):
        version = versions[turn % 2]
        rushes.require(f"lantern=={version}")
        if turn % 3 == 0:
            (rushes.venv / "pyvenv.cfg").unlink(missing_ok=True)  # so that it is made anew
        process = rushes.begin()
        time.sleep(moments.uniform(0.05, 5.0))
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        status, output, errors = rushes.start()
        assert status == 0, errors
        assert json.loads(output) == app_answer(rushes, version)
        assert installed(rushes, "lantern") == [version]


@pytest.mark.parametrize("damage", ["cut", "missing", "record"])
def test_after_an_interruption_damaged_files_are_found(ready: Rushes, damage: str) -> None:
    victim = ready.packages / "lantern/data.txt"
    whole = victim.read_text("utf-8")
    if damage == "cut":
        victim.write_text("light " * 98, "utf-8")
    elif damage == "missing":
        victim.unlink()
    else:
        (dists(ready, "lantern")[0] / "RECORD").write_bytes(b"\0" * 200)
    leftover = ready.packages / "~antern"
    leftover.mkdir()
    (ready.venv / "rushes.json").write_text("{}", "utf-8")  # as it is while a set-up runs
    status, _, errors = ready.start()
    assert status == 0, errors
    assert "lantern-1.0 is not whole and will be installed again" in errors
    assert "pip-" not in errors
    assert victim.read_text("utf-8") == whole
    assert not leftover.exists()


@posix
def test_a_python_that_is_slow_to_answer_is_not_taken_for_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = launch.Environment(folder=tmp_path)
    environment.python.parent.mkdir(parents=True)
    environment.python.write_text("#!/bin/sh\nexec sleep 60\n", "utf-8")
    environment.python.chmod(0o755)
    (environment.root / "pyvenv.cfg").touch()
    monkeypatch.setattr(launch, "ANSWER_SECONDS", 0.1)
    with pytest.raises(launch.SetupError, match="does not answer"):
        environment.python_version()


@pytest.mark.parametrize("part", ["python", "pyvenv.cfg", "pip"])
def test_a_broken_environment_is_made_anew(ready: Rushes, part: str) -> None:
    if part == "python":
        ready.python.unlink()
    elif part == "pyvenv.cfg":
        (ready.venv / "pyvenv.cfg").unlink()
    else:
        shutil.rmtree(dists(ready, "pip")[0])
        (ready.venv / "rushes.json").unlink()
    status, output, errors = ready.start()
    assert status == 0, errors
    assert "Making the private environment" in errors
    assert json.loads(output) == app_answer(ready, "1.0")


def test_a_moved_folder_goes_on_without_a_download(ready: Rushes, index: Index) -> None:
    ready.folder = ready.folder.rename(ready.folder.with_name("anderswo né"))
    index.asked.clear()
    status, output, errors = ready.start()
    assert status == 0, errors
    assert json.loads(output) == app_answer(ready, "1.0")
    assert index.asked == []
    assert "Setting up" not in ready.start()[2]


def test_a_folder_of_somebody_else_is_refused_and_left_alone(rushes: Rushes) -> None:
    rushes.venv.mkdir()
    (rushes.venv / "novel.txt").write_text("chapter one", "utf-8")
    status, output, errors = rushes.start()
    assert (status, output) == (1, "")
    assert "holds files that this program did not make" in errors
    assert [path.name for path in rushes.venv.iterdir()] == ["novel.txt"]


@posix
@pytest.mark.parametrize("target", ["folder", "nowhere"])
def test_a_link_to_elsewhere_is_refused_and_left_alone(
    rushes: Rushes, tmp_path: Path, target: str
) -> None:
    elsewhere = tmp_path / "elsewhere"
    if target == "folder":
        elsewhere.mkdir()
        (elsewhere / "pyvenv.cfg").write_text("home = /nowhere\n", "utf-8")
    rushes.venv.symlink_to(elsewhere, target_is_directory=True)
    status, _, errors = rushes.start()
    assert status == 1
    assert "is a link or a file" in errors
    assert rushes.venv.is_symlink()
    assert sorted(elsewhere.iterdir() if elsewhere.exists() else []) == (
        [elsewhere / "pyvenv.cfg"] if target == "folder" else []
    )


@posix
def test_emptying_does_not_follow_links(ready: Rushes, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "film.mp4").write_text("precious", "utf-8")
    (ready.venv / "link").symlink_to(outside, target_is_directory=True)
    (ready.packages / "link").symlink_to(outside, target_is_directory=True)
    ready.python.unlink()
    assert ready.start()[0] == 0
    assert (outside / "film.mp4").read_text("utf-8") == "precious"
    assert not (ready.venv / "link").is_symlink()


def test_two_starts_at_once(rushes: Rushes) -> None:
    both = [rushes.begin(), rushes.begin()]
    answers = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], answers
    assert [json.loads(output)[1] for output, _ in answers] == ["1.0", "1.0"]
    errors = sorted((errors for _, errors in answers), key=len)
    assert "waiting for it" in errors[0]
    assert "Setting up" not in errors[0]
    assert "Setting up" in errors[1]


@posix
def test_ctrl_c_says_that_the_next_start_goes_on(rushes: Rushes) -> None:
    process = rushes.begin()
    assert process.stderr is not None
    while "Making" not in process.stderr.readline():
        pass
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Stopped. Start again" in errors
    assert "Traceback" not in errors
    assert rushes.start()[0] == 0


def test_a_python_without_ensurepip_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(launch.SetupError) as refusal:
        launch.make_environment(launch.Environment(folder=tmp_path))
    assert "ensurepip is missing" in str(refusal.value)
    assert f"apt install python3.{sys.version_info[1]}-venv" in refusal.value.advice


@posix
@pytest.mark.parametrize(
    ("row", "build"),
    [
        ("", "2.13.0+cpu"),
        (AMPERE, "2.13.0+cu130"),
        ("NVIDIA GeForce GTX 1080, 580.65.06, 6.1", "2.13.0+cu126"),
        ("NVIDIA GeForce RTX 3060, 470.42.01, 8.6", "2.13.0+cpu"),
    ],
)
def test_torch_for_this_pc(ready: Rushes, row: str, build: str) -> None:
    ready.require("torch==2.13.0", "lantern==1.0")
    ready.graphics(row)
    status, _, errors = ready.start()
    assert status == 0, errors
    assert installed(ready, "torch") == [build]
    assert ("too old; PyTorch needs 525.60.13" in errors) == ("470" in row)


@posix
def test_a_torch_that_is_right_is_kept_and_a_wrong_one_replaced(ready: Rushes) -> None:
    ready.require("torch==2.13.0", "lantern==1.0")
    ready.graphics("NVIDIA GeForce RTX 4090, 550.90.07, 8.9")
    ready.start()
    assert installed(ready, "torch") == ["2.13.0+cu126"]
    ready.graphics(AMPERE)  # a newer driver: the older build still runs
    ready.require("torch==2.13.0", "lantern==2.0")
    assert ready.start()[0] == 0
    assert installed(ready, "torch") == ["2.13.0+cu126"]
    ready.graphics("NVIDIA GeForce RTX 5090, 580.65.06, 12.0")  # a card it has no kernels for
    assert ready.start()[0] == 0
    assert installed(ready, "torch") == ["2.13.0+cu130"]


@posix
def test_without_pytorchs_index_any_torch_is_taken_loudly_and_the_right_one_later(
    ready: Rushes, index: Index
) -> None:
    ready.require("torch==2.13.0", "lantern==1.0")
    ready.graphics(AMPERE)
    reachable = ready.environ["RUSHES_TORCH_INDEX"]
    ready.environ["RUSHES_TORCH_INDEX"] = "http://127.0.0.1:9/whl"  # nobody answers there
    for _ in range(2):
        status, output, errors = ready.start()
        assert status == 0, errors
        assert "RTX 4090 is NOT used: only PyTorch 2.13.0+cpu could be had" in errors
        assert json.loads(output)[1] == "1.0"
    assert "Setting up" not in errors  # the second time only the index is asked
    ready.environ["RUSHES_TORCH_INDEX"] = reachable
    status, _, errors = ready.start()
    assert status == 0
    assert "NOT used" not in errors
    assert installed(ready, "torch") == ["2.13.0+cu130"]
    index.asked.clear()
    assert ready.start()[0] == 0
    assert index.asked == []


@posix
def test_a_torch_that_does_not_load_is_said(ready: Rushes) -> None:
    ready.require("torch==2.13.0", "lantern==1.0")
    ready.start()
    (ready.packages / "torch/__init__.py").write_text("raise OSError('c10.dll')", "utf-8")
    ready.require("torch==2.13.0", "lantern==2.0")
    status, output, errors = ready.start()
    assert (status, output) == (1, "")
    assert "installed but does not load" in errors
    assert ready.start()[0] == 0  # the interrupted set-up is checked, and torch mended


def test_an_orphaned_pip_keeps_the_lock(tmp_path: Path) -> None:
    """What a killed launcher leaves running still keeps a second set-up out."""
    if os.name == "nt":
        pytest.skip("Windows ends the lock with the launcher")
    with launch.only_one(tmp_path) as lock:
        orphan = subprocess.Popen(
            [sys.executable, "-c", "import sys; sys.stdin.read()"],
            stdin=subprocess.PIPE,
            pass_fds=(lock,),
        )
    second = os.open(tmp_path / ".venv.lock", os.O_RDWR)
    try:
        assert not launch.locked(second)
        orphan.communicate()
        assert launch.locked(second)
    finally:
        os.close(second)
