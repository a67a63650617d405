"""Where the library may be: only the one that is used is looked at."""

from pathlib import Path, PureWindowsPath

import pytest

from studio import cli, paths
from studio.errors import InvalidRequest, StudioError
from studio.paths import check_library

asked: list[Path] = []


class Shared(type(Path())):  # type: ignore[misc]
    """A folder as Windows gives it where the videos are redirected to a server."""

    drive = "\\\\server\\share"

    def resolve(self) -> Path:
        asked.append(self)
        return Path(super().resolve())


def test_videos_on_a_server_are_in_the_way_of_no_other_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        paths, "_whole", lambda path: Shared(path) if path.name == "library" else path
    )
    assert cli.main(["--library", str(tmp_path / "clips"), "clips"]) == cli.DONE
    assert asked == [] and capsys.readouterr().err == ""
    assert cli.main(["clips"]) == cli.USAGE
    assert "Give that folder a drive letter" in capsys.readouterr().err


def test_a_library_on_a_disk_that_is_not_there_is_told(tmp_path: Path) -> None:
    check_library(tmp_path / "not yet made")
    with pytest.raises(InvalidRequest, match="cannot show clips"):
        check_library(PureWindowsPath(r"\\server\share\Videos\Rushes"))
    with pytest.raises(StudioError, match=r"The disk of Q:\\Clips is not there"):
        check_library(PureWindowsPath(r"Q:\Clips"))
