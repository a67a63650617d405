"""How a command tells what becomes of its jobs, and what its exit status says about them."""

import json
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from studio import cli
from studio.errors import NotFound
from studio.jobs.job import State

FINISHED = {"event": "finished", "clip": {"file": "a.mp4"}, "seconds": 1.0}
FAILED = {"event": "failed", "error": "It broke.", "advice": "Try again."}
INTERRUPTED = {"event": "interrupted", "error": "It stopped.", "advice": "Try again."}
CANCELLED = {"event": "cancelled"}


class Studio:
    """Two jobs, of which exactly this is told. A job without an end was forgotten elsewhere."""

    told: tuple[dict[str, Any] | None, ...] = ()
    pressed = False

    def __init__(self, *_: object) -> None:
        self.jobs = [SimpleNamespace(id=10 + take, take=take) for take in (1, 2)]

    def render(self, *_: object) -> list[SimpleNamespace]:
        return self.jobs

    def follow(self, jobs: Sequence[SimpleNamespace]) -> Iterator[dict[str, Any]]:
        for job in jobs:
            body = self.told[job.take - 1]
            if body is not None:
                yield {**body, "job": job.id, "take": job.take}
            if self.pressed:
                type(self).pressed = False
                raise KeyboardInterrupt

    def job(self, job_id: int) -> SimpleNamespace:
        if self.told[job_id - 11] is None:
            raise NotFound("There is no job.", "Choose another.")
        return SimpleNamespace(state=State.FINISHED)

    def close(self) -> None: ...


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ((FINISHED, FINISHED), 0),
        ((FINISHED, FAILED), 1),
        ((FINISHED, INTERRUPTED), 1),
        ((CANCELLED, FAILED), 1),
        ((FINISHED, None), 1),
        ((None, None), 1),
        ((CANCELLED, None), 1),
        ((FINISHED, CANCELLED), 130),
    ],
)
def test_the_exit_status_is_0_only_for_a_clip_from_every_job(
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    told: tuple[dict[str, Any] | None, ...],
    status: int,
) -> None:
    monkeypatch.setattr(cli, "Studio", Studio)
    monkeypatch.setattr(Studio, "told", told)
    assert cli.main(["render", "x", "--json"]) == status
    events = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    said = [
        {**body, "event": "failed" if body is INTERRUPTED else body["event"], "job": 10 + take}
        | {"take": take}
        for take, body in enumerate(told, 1)
        if body is not None
    ]
    names = [event["event"] for event in said]
    counts = {name: names.count(name) for name in ("finished", "failed", "cancelled")}
    assert events == [*said, {"event": "done", **counts}]


@pytest.mark.parametrize("second", [FINISHED, CANCELLED, None])
def test_after_ctrl_c_what_has_ended_is_still_told_once(
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    second: dict[str, Any] | None,
) -> None:
    monkeypatch.setattr(cli, "Studio", Studio)
    monkeypatch.setattr(Studio, "told", (FINISHED, second))
    monkeypatch.setattr(Studio, "pressed", True)
    assert cli.main(["render", "x", "--json"]) == 130
    events = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    ends = [(event["take"], event["event"]) for event in events[:-1]]
    assert ends == [(1, "finished"), *([(2, second["event"])] if second else [])]
    assert events[-1]["event"] == "done"
