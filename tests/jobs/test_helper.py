"""A worker process beside the renders: what it gives, how it is stopped, how it dies."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.errors import StudioError
from studio.events import Answered, Asking, Preparing
from studio.jobs.helper import Helper
from studio.paths import Places
from studio.plan import Precision
from tests.jobs.fake_engine import LONG_SECONDS
from tests.jobs.making import FAKE


@pytest.fixture
def helper(where: Places) -> Iterator[Helper]:
    made = Helper(FAKE, where.log)
    yield made
    made.close()


def asked(tmp_path: Path, word: str) -> Preparing:
    file = tmp_path / f"{word}.safetensors"
    return Preparing(file=file, folder=tmp_path / "kept", precision=Precision.NF4)


def test_one_file_after_another_by_one_process(helper: Helper, tmp_path: Path) -> None:
    for word in ("a", "b"):
        made = helper.prepare(asked(tmp_path, word), lambda: False)
        assert made == tmp_path / "kept" / f"nf4-{word}.safetensors"
    child = helper._worker._child
    assert child is not None and child.process.is_alive()
    helper.close()
    assert helper._worker._child is None


def test_experts_are_asked(helper: Helper, where: Places) -> None:
    asked = Asking(model="t2v-a14b", models=where.models)
    assert helper.ask(asked) == Answered(same=("t2v-a14b",))


def test_what_goes_wrong_is_said_and_the_next_is_done(helper: Helper, tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="The disk is full"):
        helper.prepare(asked(tmp_path, "refuse"), lambda: False)
    with pytest.raises(StudioError, match="ended unexpectedly"):
        helper.prepare(asked(tmp_path, "exit"), lambda: False)
    assert helper.prepare(asked(tmp_path, "a"), lambda: False)


def test_a_stop_does_not_wait_for_the_file(helper: Helper, tmp_path: Path) -> None:
    file, began = asked(tmp_path, "deaf"), time.monotonic()
    assert helper.prepare(file, file.file.exists) is None
    assert time.monotonic() - began < LONG_SECONDS / 2
    assert helper.prepare(asked(tmp_path, "a"), lambda: False)
