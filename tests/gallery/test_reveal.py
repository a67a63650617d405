"""A folder is handed to the system's file manager as one argument, whatever it is called."""

import os
import stat
import sys
import time
from pathlib import Path

import pytest

from studio.errors import StudioError
from studio.gallery.reveal import reveal

PROGRAM = "open" if sys.platform == "darwin" else "xdg-open"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has a call for it, tested below")
def test_the_file_manager_gets_the_folder_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tmp_path / "told"
    program = tmp_path / PROGRAM
    program.write_text(
        f"#!{sys.executable}\nimport sys\nopen({str(told)!r}, 'w').write(repr(sys.argv[1:]))\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    folder = tmp_path / "给 Anna; touch $HOME && `ls`"
    reveal(folder)
    until = time.monotonic() + 20
    while not (told.exists() and told.read_text()) and time.monotonic() < until:
        time.sleep(0.05)
    assert told.read_text() == repr([str(folder)])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows always has its Explorer")
def test_a_system_without_a_file_manager_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StudioError, match="could not be opened"):
        reveal(tmp_path)


def test_windows_is_asked_by_its_own_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Path] = []
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(os, "startfile", asked.append, raising=False)
    reveal(tmp_path)
    assert asked == [tmp_path]
