"""Files written whole, and names that every system accepts."""

import hashlib
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from studio import files


def test_data_is_written_with_its_folders(tmp_path: Path) -> None:
    path = tmp_path / "新 folder" / "a.bin"
    files.write_whole(path, b"\r\n\x00")
    assert path.read_bytes() == b"\r\n\x00"
    files.write_whole(path, b"second")
    assert path.read_bytes() == b"second"
    assert [file.name for file in path.parent.iterdir()] == ["a.bin"]


@pytest.mark.parametrize("moment", ["flush", "replace"])
def test_a_failure_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    if moment == "flush":
        monkeypatch.setattr(files.os, "fsync", fail)
    else:
        monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="No space left"):
        files.write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]


def test_a_reader_never_sees_a_part(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    whole = [bytes([letter]) * 300_000 for letter in b"ab"]
    files.write_whole(path, whole[0])
    writers = [
        threading.Thread(
            target=lambda data=data: [files.write_whole(path, data) for _ in range(10)]
        )
        for data in whole
    ]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        assert path.read_bytes() in whole
    assert [file.name for file in tmp_path.iterdir()] == ["a.bin"]


def test_the_sum_is_that_of_the_bytes(tmp_path: Path) -> None:
    data = bytes(range(256)) * 5000
    (tmp_path / "a.bin").write_bytes(data)
    assert files.sha256_of(tmp_path / "a.bin") == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a red ball", "a-red-ball"),
        ("  A red,  ball! ", "A-red-ball"),
        ("一只猫咪 在跑。", "一只猫咪-在跑"),
        ("../../etc/passwd", "etc-passwd"),
        ("C:\\Windows\\con", "C-Windows-con"),
        ('<>:"|?*\x00\n', ""),
        ("CON", "CON-"),
        ("lpt1", "lpt1-"),
        ("ＡＢＣ ﬁlm", "ABC-film"),
        ("trailing dot. ", "trailing-dot"),
        ("snake_case", "snake-case"),
        ("🎬🎬", ""),
        ("", ""),
        ("x" * 50, "x" * 40),
        ("aaaa " * 8 + "b", "aaaa-aaaa-aaaa-aaaa-aaaa-aaaa-aaaa-aaaa"),
    ],
)
def test_words_for_a_name(text: str, words: str) -> None:
    assert files.safe_words(text) == words


@given(some.text(max_size=200))
def test_any_text_makes_a_name_that_every_system_takes(text: str) -> None:
    words = files.safe_words(text)
    assert len(words) <= 41
    assert not set(words) & set('<>:"/\\|?*. _')
    assert words.isprintable() and not words.startswith("-")
    assert words.casefold() not in files.RESERVED_NAMES
    words.encode("utf-8")


def test_what_a_killed_program_had_begun_is_swept(tmp_path: Path) -> None:
    whole, other = tmp_path / "a.safetensors", tmp_path / "a.partial.mp4"
    for path in (whole, other, tmp_path / "a.safetensors.0123abcd.partial"):
        path.write_bytes(b"x")
    files.sweep_partials(tmp_path)
    assert set(tmp_path.iterdir()) == {whole, other}
    files.sweep_partials(tmp_path / "nothing")


def test_a_file_that_somebody_holds_for_a_moment_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusals = [PermissionError(13, "held")] * 2
    replace = Path.replace

    def held(path: Path, target: Path) -> Path:
        if refusals:
            raise refusals.pop()
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", held)
    files.write_whole(tmp_path / "a.bin", b"new")
    assert (tmp_path / "a.bin").read_bytes() == b"new" and not refusals
    monkeypatch.setattr(files, "PATIENCE_SECONDS", 0.2)
    refusals += [PermissionError(13, "held")] * 99
    with pytest.raises(PermissionError):
        files.write_whole(tmp_path / "a.bin", b"newer")
    assert (tmp_path / "a.bin").read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]
