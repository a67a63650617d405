"""What every test gets: folders of its own, no network habits, and one way to be skipped.

Knows nothing of the studio itself."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

# Read by these libraries when they are imported, so set before any test imports them.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
if "PYTEST_XDIST_WORKER" in os.environ:
    # Several tests at a time: threads of one torch would wait for those of another.
    os.environ["OMP_NUM_THREADS"] = "1"


@pytest.fixture(scope="session", autouse=True)
def _home_of_the_session(tmp_path_factory: pytest.TempPathFactory) -> None:
    """For fixtures that outlive one test; what a test itself writes goes to its own home."""
    os.environ["STUDIO_HOME"] = str(tmp_path_factory.mktemp("home"))


@pytest.fixture(autouse=True)
def _home_of_the_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIO_HOME", str(tmp_path / "home"))


def missing(tool: str, path: str | Path | None, in_ci: bool) -> None:
    """Skip the test loudly where a person lacks the tool, fail it in CI, which must have it all."""
    if path is not None and Path(path).exists():
        return
    reason = f"{tool} is not installed here, so this was NOT tested"
    if in_ci:
        pytest.fail(f"{reason}; CI must have it (see .ci/run)", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def require() -> Callable[[str, str | Path | None], None]:
    """``require("Chromium", shutil.which("chromium"))``: go on only where this exists."""
    return lambda tool, path: missing(tool, path, in_ci=bool(os.environ.get("CI")))


@pytest.fixture(scope="session")
def rounds() -> Callable[[int, int], int]:
    """``rounds(20, 2000)``: the short count, or under scripts/soak the long one."""
    return lambda short, long: long if os.environ.get("RUSHES_SOAK") == "1" else short


class _ByFile(LoadFileScheduling):
    """Tests of a file are run one after the other, and so are all that share the browser."""

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith("tests/browser/"):
            return "tests/browser"
        return str(super()._split_scope(nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    return _ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if shutil.which("nvidia-smi") is None:
        for item in items:
            if item.get_closest_marker("gpu"):
                item.add_marker(pytest.mark.skip(reason="no NVIDIA graphics card here"))
