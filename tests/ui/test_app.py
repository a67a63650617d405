"""Starting the program: behind a proxy, and a second time."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import main
from studio.paths import PROJECT

START_SECONDS = 60
COMMAND = [sys.executable, "app.py", "--no-browser", "--port", "7970"]

pytestmark = pytest.mark.timeout(150)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Nobody listens at this proxy."""
    proxy = "http://127.0.0.1:9"
    return os.environ | {
        "STUDIO_HOME": str(tmp_path / "kept"),
        "PYTHONUNBUFFERED": "1",
        "HTTP_PROXY": proxy,
        "http_proxy": proxy,
        "NO_PROXY": "example.com",
    }


@pytest.fixture
def studio(tmp_path: Path, environment: dict[str, str]) -> Iterator[tuple[str, Path]]:
    """A running studio: its address, and the file where it says it."""
    log = tmp_path / "app.log"
    with log.open("w", encoding="utf-8") as stream:
        process = subprocess.Popen(
            COMMAND, cwd=PROJECT, env=environment, stdout=stream, stderr=subprocess.STDOUT
        )
    try:
        until = time.monotonic() + START_SECONDS
        found = None
        while found is None and time.monotonic() < until and process.poll() is None:
            found = re.search(r"open at (http://\S+)", log.read_text("utf-8"))
            time.sleep(0.2)
        assert found, log.read_text("utf-8")
        said = next((tmp_path / "kept" / "data" / "libraries").glob("*/address.txt"))
        yield found[1], said
    finally:
        process.send_signal(signal.SIGTERM if os.name == "nt" else signal.SIGINT)
        process.wait(timeout=30)
    if os.name != "nt":
        assert not said.exists()


@pytest.mark.parametrize("port", ["70000", "80", "-1", "1e4", ""])
def test_what_is_no_port_is_told(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--no-browser", f"--port={port}"])
    assert left.value.code == 2
    assert f"“{port}” is no port; use one from 1024 to 65535" in capsys.readouterr().err


def test_a_second_start_leads_to_the_first(
    studio: tuple[str, Path], environment: dict[str, str]
) -> None:
    address, said = studio
    assert said.read_text("utf-8") == address
    again = subprocess.run(
        COMMAND, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
    )
    assert again.returncode == 0, again.stderr
    assert address in again.stdout


def test_an_address_that_is_not_this_computers_is_not_opened(
    studio: tuple[str, Path], environment: dict[str, str]
) -> None:
    said = studio[1]
    said.write_text("http://example.com:80/", encoding="utf-8")
    again = subprocess.run(
        COMMAND, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
    )
    assert again.returncode == 1
    assert "already open" in again.stderr and "example.com" not in again.stdout
