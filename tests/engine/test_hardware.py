"""This computer: what is free for a render, now, with a card played by numbers."""

import os
import time
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import torch

from studio.attention import VARIABLE
from studio.engine import hardware, seams
from studio.errors import InvalidRequest
from studio.plan import GIB, VRAM_RESERVE_GB


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """GiB that the system and the card would tell, and the share that torch was told to keep to."""
    gb = SimpleNamespace(ram_free=20, process=1, vram_free=14, kept=0, share=None, bf16=True)
    ram = psutil.virtual_memory()
    monkeypatch.setattr(
        psutil, "virtual_memory", lambda: ram._replace(total=32 * GIB, available=gb.ram_free * GIB)
    )
    monkeypatch.setattr(
        psutil.Process, "memory_info", lambda _: SimpleNamespace(rss=gb.process * GIB)
    )
    monkeypatch.setattr(hardware, "_teraflops", lambda _: 1.0)
    monkeypatch.delenv(VARIABLE, raising=False)
    card = {
        "is_available": lambda: True,
        "is_bf16_supported": lambda including_emulation: including_emulation or gb.bf16,
        "get_device_name": lambda: "a card",
        "get_device_capability": lambda: (8, 6) if gb.bf16 else (7, 5),
        "mem_get_info": lambda: (gb.vram_free * GIB, 16 * GIB),
        "memory_reserved": lambda: gb.kept * GIB,
        "set_per_process_memory_fraction": lambda share: setattr(gb, "share", share),
    }
    for name, said in card.items():
        monkeypatch.setattr(torch.cuda, name, said)
    return gb


def test_what_the_process_holds_itself_counts_as_free(memory: SimpleNamespace) -> None:
    computer = hardware.Computer()
    first = computer.now()
    assert (first.ram_free_gb, first.vram_free_gb) == (21, 14)
    memory.ram_free, memory.process = 12, 9  # a model of 8
    memory.vram_free, memory.kept = 4, 10
    assert computer.now() == first
    memory.ram_free, memory.vram_free = 15, 5  # and another program has gone
    now = computer.now()
    assert (now.ram_free_gb, now.vram_free_gb) == (24, 15)


def test_torch_leaves_the_desktop_its_share(memory: SimpleNamespace) -> None:
    computer = hardware.Computer()
    computer.now()
    assert memory.share == pytest.approx((14 - VRAM_RESERVE_GB) / 16)
    memory.vram_free, memory.kept = 5, 10
    computer.now()
    assert memory.share == pytest.approx((15 - VRAM_RESERVE_GB) / 16)
    memory.vram_free, memory.kept = 0, 0
    computer.now()
    assert memory.share == 0


def test_a_card_is_told_with_what_it_can_do(
    memory: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that only emulates bf16 does not count as having it."""
    speed = {torch.bfloat16: 100.0, torch.float32: 25.0}
    monkeypatch.setattr(hardware, "_teraflops", speed.__getitem__)
    found = hardware.look()
    told = (found.device, found.capability, found.bf16, found.teraflops)
    assert told == ("a card", "8.6", True, 100.0)
    assert found.page_file_gb == psutil.swap_memory().total / GIB
    memory.bf16 = False
    found = hardware.look()
    assert (found.capability, found.bf16, found.teraflops) == ("7.5", False, 25.0)


@pytest.mark.parametrize(
    ("agrees", "name", "why"),
    [
        (True, "sage", "SageAttention 2.2.0 is installed"),
        (False, "native", "SageAttention 2.2.0 is installed and gives wrong numbers on this card"),
    ],
)
@pytest.mark.usefixtures("memory")
def test_another_attention_is_tried_before_it_is_used(
    agrees: bool, name: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seams, "sage_version", lambda: "2.2.0")
    monkeypatch.setattr(seams, "attention_agrees", lambda *_: agrees)
    found = hardware.look()
    assert (found.attention, found.attention_reason) == (name, why)


@pytest.mark.usefixtures("memory")
def test_a_bad_attention_of_the_environment_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "_sage_qk_int8_pv_fp8_cuda_sm90")
    with pytest.raises(InvalidRequest, match="noise"):
        hardware.look()


def test_the_disk_of_the_models_is_written_to_and_nothing_stays(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    assert hardware.disk_speed(folder) > 0
    assert list(folder.iterdir()) == []


def test_a_slower_disk_is_told_as_slower(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.fsync

    def slow(file: int) -> None:
        real(file)
        time.sleep(2.0)

    monkeypatch.setattr(os, "fsync", slow)
    assert 0 < hardware.disk_speed(tmp_path) < hardware.DISK_BYTES / 2.0


def test_a_disk_that_takes_nothing_is_not_measured(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert hardware.disk_speed(tmp_path / "file") == 0.0


def test_this_computer_is_measured() -> None:
    found = hardware.look()
    assert 0 < found.ram_free_gb <= found.ram_total_gb
    assert found.teraflops > 0
    assert found.disk_gb_s > 0
    assert found.page_file_gb == psutil.swap_memory().total / GIB
    assert bool(found.capability) == (found.vram_total_gb > 0)
