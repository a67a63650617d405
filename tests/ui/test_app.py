"""Starting the program: behind a proxy, and a second time."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import app
from app import main
from studio.jobs.ownership import Owner
from studio.paths import PROJECT, places
from studio.settings import Settings
from studio.studio import Studio

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


def test_a_second_start_takes_over_from_a_first_that_ends() -> None:
    first, second = Owner(places()), Studio(places(), Settings())
    assert first.try_own()
    ending = threading.Timer(0.5, first.release)
    ending.start()
    try:
        assert app._start(second, places().data / "address.txt") is None
        assert not first.try_own()
    finally:
        ending.join()
        second.close()


def test_a_second_start_says_who_has_the_library(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Such as a render at a terminal; and an address that is not this computer's is not opened."""
    for name in ("GRADIO_ANALYTICS_ENABLED", "GRADIO_TEMP_DIR", "NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "")  # is put back after the test
    monkeypatch.setattr(app, "WAIT_SECONDS", 0.1)
    here = places()
    first = Owner(here)
    assert first.try_own()
    (here.data / "address.txt").write_text("http://example.com:80/", encoding="utf-8")
    assert main(["--no-browser"]) == 1
    said = capsys.readouterr()
    assert f"at work on {here.library}, in a window or at a terminal" in said.err
    assert "example.com" not in said.out
    first.release()
