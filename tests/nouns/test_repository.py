"""What weight files say of themselves, without their weights."""

import json
from pathlib import Path

import numpy as np
import psutil
import pytest
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from studio import preparation, repository

GIGABYTE = 1024**3


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "transformer" / "model.safetensors"
    path.parent.mkdir()
    tensors = {"b.weight": np.zeros((3, 4), np.float32), "a.bias": np.zeros(5, np.float16)}
    save_file(tensors, path, {preparation.ORIGIN: '["a", 1, 2]'})
    return path


def test_a_header_says_what_safetensors_reads_in_it(file: Path) -> None:
    tensors, notes = repository.header(file)
    with safe_open(file, framework="np") as opened:
        assert sorted(tensors) == list(opened.keys())
        assert notes == opened.metadata()
        for name, told in tensors.items():
            assert told["shape"] == opened.get_slice(name).get_shape()
    assert list(repository.cut_short(file.parent)) == []
    assert preparation.made_of(file) == ["a", 1, 2]


def test_a_file_that_is_damaged_is_told_as_safetensors_does(file: Path) -> None:
    whole = file.read_bytes()
    length = int.from_bytes(whole[:8], "little")
    damaged = {
        "cut": whole[:-1],
        "longer": whole + b"0",
        "cut in its header": whole[:20],
        "empty": b"",
        "noise": b"x" * 500,
        "a list": (2).to_bytes(8, "little") + b"[]",
        "without offsets": (8).to_bytes(8, "little") + b'{"a":{}}',
        "no words": whole[:8] + b"\xff" * length + whole[8 + length :],
    }
    for what, data in damaged.items():
        file.write_bytes(data)
        with pytest.raises(SafetensorError), safe_open(file, framework="np"):
            pass
        with pytest.raises(SafetensorError):
            repository.header(file)
        assert list(repository.cut_short(file.parent.parent)) == [
            "transformer/model.safetensors"
        ], what
        assert preparation.made_of(file) is None


def test_a_file_larger_than_memory_is_no_damaged_file(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    size, file = 8 * GIGABYTE, tmp_path / "model.safetensors"
    says = {
        "a": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]},
        "__metadata__": {preparation.ORIGIN: '["a", 1, 2]'},
    }
    header = json.dumps(says).encode()
    with file.open("wb") as stream:
        stream.write(len(header).to_bytes(8, "little") + header)
        stream.truncate(8 + len(header) + size)
    before = resource.getrlimit(resource.RLIMIT_AS)
    limit = psutil.Process().memory_info().vms + GIGABYTE
    resource.setrlimit(resource.RLIMIT_AS, (limit, before[1]))
    try:
        assert list(repository.cut_short(tmp_path)) == []
        assert preparation.made_of(file) == ["a", 1, 2]
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
