"""One owner per library, whatever becomes of it."""

import multiprocessing
import threading
from pathlib import Path

from studio.jobs.ownership import Owner
from studio.paths import Places, places
from tests.jobs.making import wait_until
from tests.jobs.owner import only_own


def test_one_owner_at_a_time(where: Places, tmp_path: Path) -> None:
    first, second = Owner(where), Owner(where)
    assert first.try_own()
    assert not second.try_own()
    assert not first.try_own()
    assert Owner(places(tmp_path / "another library")).try_own()
    # The window's thread takes it, another may let go.
    releasing = threading.Thread(target=first.release)
    releasing.start()
    releasing.join()
    assert second.try_own()
    second.release()
    second.release()
    assert first.try_own()
    first.release()


def test_a_killed_owner_owns_no_more(where: Places) -> None:
    spawn = multiprocessing.get_context("spawn")
    process = spawn.Process(target=only_own, args=(where,), daemon=True)
    process.start()
    wait_until((where.data / "owned").exists)
    here = Owner(where)
    assert not here.try_own()
    process.kill()
    process.join()
    wait_until(here.try_own)
    here.release()
