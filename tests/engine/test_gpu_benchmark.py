"""The program that measures cards, tried on small layers without one."""

import json
import sys
from pathlib import Path

import pytest

from benchmarks import gpu
from studio.engine import hardware
from studio.plan import Hardware

PC = Hardware(
    device="a test",
    vram_total_gb=0.0,
    vram_free_gb=0.0,
    ram_total_gb=64.0,
    ram_free_gb=64.0,
    bf16=True,
    teraflops=1.0,
)


def test_every_stage_of_every_plan_is_run_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    results = tmp_path / "results.jsonl"
    asked = ["--tiny", "--model", "ti2v-5b", "--cap", "8", "--steps", "1", "--results"]
    monkeypatch.setattr(sys, "argv", ["gpu.py", *asked, str(results)])
    monkeypatch.setattr(hardware, "look", lambda: PC)
    assert gpu.main() == 0
    lines = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]
    assert {line["stage"] for line in lines} == {"sample", "text", "decode"}
    sampled = [line for line in lines if line["stage"] == "sample"]
    assert {tuple(line["size"]) for line in sampled} == {(832, 480), (1280, 704)}
    assert any(line["streamed"] for line in sampled)
    assert all(line["equal"] for line in sampled)
    assert all(line["predicted_gb"] <= 7.2 and line["seconds"] > 0 for line in lines)
    assert len(capsys.readouterr().out.splitlines()) == len(lines) + 3
