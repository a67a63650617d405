"""launch.sh and launch.bat: they find a Python and give launch.py to it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2]
BAT = FOLDER / "launch.bat"
OLD = "#!/bin/sh\nexit 1\n"
FITTING = '#!/bin/sh\n[ "$1" = -c ] && exit 0\nfor word; do echo "<$word>"; done\n'

posix = pytest.mark.skipif(os.name == "nt", reason="launch.sh is for Linux and macOS")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with launch.sh, and bin/ with no Python but what a test puts there."""
    folder = tmp_path / "mein Ordner 电影"
    (folder / "bin").mkdir(parents=True)
    shutil.copy(FOLDER / "launch.sh", folder)
    for tool in ("dirname", "uname"):
        (folder / "bin" / tool).symlink_to(str(shutil.which(tool)))
    return folder


def start(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(shutil.which("sh")), str(place / "launch.sh"), *arguments],
        env={"PATH": str(place / "bin")},
        cwd=place.parent,
        capture_output=True,
        encoding="utf-8",
    )


def put(place: Path, python: str, script: str) -> None:
    (place / "bin" / python).write_text(script, "utf-8")
    (place / "bin" / python).chmod(0o755)


@posix
def test_the_first_python_that_is_new_enough_gets_launch_py_and_the_options(place: Path) -> None:
    put(place, "python3.12", OLD)
    put(place, "python3", FITTING)
    outcome = start(place, "studio", "render", "a red ball")
    assert outcome.stdout.splitlines() == [
        f"<{place / 'launch.py'}>",
        "<studio>",
        "<render>",
        "<a red ball>",
    ]
    assert outcome.returncode == 0


@posix
def test_without_a_python_it_says_what_to_install(place: Path) -> None:
    put(place, "python3", OLD)
    outcome = start(place)
    assert outcome.returncode == 1
    assert "needs Python 3.11 or newer" in outcome.stderr
    assert "apt install python3" in outcome.stderr or "python.org" in outcome.stderr


def test_the_batch_file_is_as_cmd_wants_it() -> None:
    text = BAT.read_bytes()
    assert text.isascii()  # cmd reads it in whatever code page the PC has
    assert text.count(b"\r\n") == text.count(b"\n")
    # Without "call" a Python that is a batch file, as pyenv's, would not come back.
    assert b'call %FOUND% "%%LAUNCH%%" %%GIVEN%%' in text
    lines = [n for n in text.decode("ascii").splitlines() if not n.startswith("rem")]
    labels = {line[1:] for line in lines if line.startswith(":")}
    targets = [word for line in lines for word in _targets(line)]
    assert {*targets} <= labels
    assert "try" in targets


def _targets(line: str) -> list[str]:
    words = line.split()
    jumps = [i for i, word in enumerate(words) if word.lower() in ("goto", "call")]
    return [words[i + 1].lstrip(":") for i in jumps if not words[i + 1].startswith("%")]


def test_the_batch_file_installs_nothing_unasked() -> None:
    lines = BAT.read_text("ascii").splitlines()
    asked = next(i for i, line in enumerate(lines) if line.startswith("set /p"))
    installs = [i for i, line in enumerate(lines) if line.startswith("winget install")]
    assert len(installs) == 1
    assert "goto failed" in lines[asked + 1]
    assert installs[0] == asked + 2
