"""The PC is kept awake around a render, by the right words to Windows and by none elsewhere."""

import multiprocessing
import sys
import threading

import pytest

from studio.jobs import awake, worker
from studio.paths import Places
from tests.jobs.fake_engine import FakeEngine
from tests.jobs.making import a_task

STAY_AWAKE, AS_BEFORE = 0x80000001, 0x80000000


class Kernel32:
    def __init__(self) -> None:
        self.asked: list[int] = []

    def SetThreadExecutionState(self, state: int) -> int:
        self.asked.append(state)
        return AS_BEFORE


@pytest.fixture
def kernel32(monkeypatch: pytest.MonkeyPatch) -> Kernel32:
    fake = Kernel32()
    monkeypatch.setattr(awake, "_kernel32", lambda: fake)
    return fake


def test_windows_is_asked_and_released_whatever_happens(kernel32: Kernel32) -> None:
    with pytest.raises(ZeroDivisionError), awake.awake():
        assert kernel32.asked == [STAY_AWAKE]
        raise ZeroDivisionError
    assert kernel32.asked == [STAY_AWAKE, AS_BEFORE]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has the library")
def test_elsewhere_nobody_is_asked() -> None:
    assert awake._kernel32() is None
    with awake.awake():
        pass


def test_a_worker_asks_while_it_renders_and_not_while_it_waits(
    kernel32: Kernel32, where: Places
) -> None:
    class Watched(FakeEngine):
        def do(self, *_: object) -> None:
            during.extend(kernel32.asked)

    during: list[int] = []
    ours, theirs = multiprocessing.Pipe()
    ours.send(a_task(where, "anything"))
    flag = multiprocessing.get_context("spawn").Event()
    listener = threading.Thread(target=lambda: [ours.recv() for _ in range(5)] and ours.close())
    listener.start()
    with pytest.raises(EOFError):
        worker._perform(Watched(), theirs, flag, where.log)
    listener.join()
    assert during == [STAY_AWAKE]
    assert kernel32.asked == [STAY_AWAKE, AS_BEFORE]
