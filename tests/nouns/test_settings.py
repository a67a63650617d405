"""Settings as a person may write them."""

from pathlib import Path

import pytest

from studio import settings
from studio.errors import StudioError


def test_no_file_means_the_defaults(tmp_path: Path) -> None:
    assert settings.load(tmp_path / "none.json") == settings.Settings()


def test_what_is_written_is_used(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text('{"library": "电影", "model": "pocket"}', encoding="utf-8")
    assert settings.load(file) == settings.Settings(library=Path("电影"), model="pocket")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"modle": "pocket"}', '{"model": 5}', "\udc00"])
def test_what_cannot_be_understood_is_said(tmp_path: Path, text: str) -> None:
    file = tmp_path / "settings.json"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(StudioError, match=r"settings\.json"):
        settings.load(file)
