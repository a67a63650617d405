"""How long a stage still takes, by its last steps."""

import pytest

from studio.engine import watch
from studio.engine.watch import Watch
from studio.events import Event, Progress

HOURS = 3600.0


def told(
    monkeypatch: pytest.MonkeyPatch, seconds: list[float], of: int, before: int = 0
) -> list[float | None]:
    """The seconds_left of a stage whose steps take so long."""
    heard: list[Event] = []
    now = [5.0]
    monkeypatch.setattr(watch.time, "monotonic", lambda: now[0])
    one = Watch(heard.append, lambda: False)
    one.begin("load")
    one.step(1, 1)
    one.begin("sample", before)
    for step, each in enumerate(seconds, before + 1):
        now[0] += each
        one.step(step, of)
    return [event.seconds_left for event in heard[1:] if isinstance(event, Progress)]


def test_neither_loading_nor_sleep_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = [20.0] * 20
    seconds[0] += 120.0
    seconds[11] += 8 * HOURS
    left = [20.0 * steps for steps in reversed(range(19))]
    assert told(monkeypatch, seconds, 20) == [None, *left]


def test_the_pace_may_change(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, [1.0] * 10 + [9.0] * 4, 20)[-4:] == [9.0, 8.0, 63.0, 54.0]


def test_a_second_of_two_loads_too(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, [140.0, 20.0, 140.0, 20.0], 4) == [None, 40.0, 20.0, 0.0]


def test_a_stage_gone_on_with_tells_its_own_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, [140.0, 20.0, 20.0], 20, before=14) == [None, 80.0, 60.0]


def test_a_single_step_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, [140.0], 20, before=19) == [0.0]
