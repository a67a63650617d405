"""The project's rules as tests: the commands of scripts/check, one test each."""

import os
import re
import runpy
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis.strategies import integers

from tests.conftest import missing

FOLDER = Path(__file__).resolve().parent.parent
CHECK = runpy.run_path(str(FOLDER / "scripts/check"))
FILES = [FOLDER / "requirements.txt", FOLDER / "tests/requirements.txt"]


@pytest.mark.parametrize("rule", CHECK["RULES"])
def test_rule(rule: str) -> None:
    command = [sys.executable, *CHECK["RULES"][rule]]
    outcome = subprocess.run(command, cwd=FOLDER, capture_output=True, encoding="utf-8")
    assert outcome.returncode == 0, f"\n{outcome.stdout}{outcome.stderr}"


def test_scripts_check_knows_what_it_can_check() -> None:
    assert CHECK["main"](["nonsense"]) == 2


def test_the_torch_rule_names_every_module_but_the_engine() -> None:
    """A new module must not be able to escape it."""
    settings = tomllib.loads((FOLDER / "pyproject.toml").read_text("utf-8"))
    (contract,) = (
        contract
        for contract in settings["tool"]["importlinter"]["contracts"]
        if "torch" in contract.get("forbidden_modules", ())
    )
    modules = {
        f"studio.{path.stem}"
        for path in (FOLDER / "studio").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert set(contract["source_modules"]) == modules - {"studio.engine", "studio.__init__"}


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.parent.name)
def test_every_requirement_is_pinned_exactly(file: Path) -> None:
    lines = [line for line in file.read_text("utf-8").splitlines() if line]
    for line in lines:
        assert line.startswith("#") or re.fullmatch(r"[\w.-]+==\d[\w.]*", line), line


def test_a_missing_tool_skips_for_a_person_and_fails_in_ci(tmp_path: Path) -> None:
    missing("this file", __file__, in_ci=True)
    with pytest.raises(pytest.skip.Exception, match="Chromium is not installed"):
        missing("Chromium", None, in_ci=False)
    with pytest.raises(pytest.fail.Exception, match="CI must have it"):
        missing("Chromium", tmp_path / "chromium", in_ci=True)


@given(integers())
def test_a_property_test_has_a_home_of_its_own_too(_: int) -> None:
    assert Path(os.environ["STUDIO_HOME"]).parent.name.startswith("test_a_property")
